"""Addresses of the guides, the statistics, the site map and the privacy notice."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from xinyong.content import selectors as content
from xinyong.runtime import config
from xinyong.site import accessibility as statement
from xinyong.site import guides, lists, statistics
from xinyong.site.pages import SiteMapGroup
from xinyong.ui.context import language

_LONGEST = 100


@require_safe
def repair(request: HttpRequest) -> HttpResponse:
    """Whether a record can be repaired, before anybody fills in a form."""
    asked = request.GET.get("q", "").strip()[:_LONGEST].replace("\0", "")
    page = guides.repair_page(asked, language(), timezone.localdate())
    return render(request, "site/repair.html", {"page": page, "contact": str(config.get("XINYONG_CONTACT"))})


@require_safe
def objection(request: HttpRequest) -> HttpResponse:
    """What can be objected to, how, and by whom."""
    context = {"page": guides.objection_page(language()), "contact": str(config.get("XINYONG_CONTACT"))}
    return render(request, "site/objection.html", context)


@require_safe
def statistics_view(request: HttpRequest) -> HttpResponse:
    """Public figures, each with its list."""
    page = statistics.statistics_page(language(), timezone.localdate())
    return render(request, "site/statistics.html", {"page": page})


@require_safe
def site_map(request: HttpRequest) -> HttpResponse:
    """All pages a visitor may want, in words."""
    today = timezone.localdate()
    groups = (
        SiteMapGroup(
            title=_("查询与核验"),
            pages=(
                (_("首页"), reverse("home")),
                (_("信用查询"), reverse("search")),
                (_("验证报告真伪"), reverse("verify")),
            ),
        ),
        SiteMapGroup(
            title=_("公示"),
            pages=(
                (_("双公示"), reverse("double-publicity")),
                (_("名单公示"), reverse("public-lists")),
                *((item.name, item.url) for item in lists.public_lists(language(), today)),
                (_("信用承诺"), reverse("commitments")),
                (_("统计"), reverse("statistics")),
            ),
        ),
        SiteMapGroup(
            title=_("办事"),
            pages=(
                (_("信用修复"), reverse("repair")),
                (_("异议申诉"), reverse("objection")),
                (_("查询线索处理情况"), reverse("tip-answer")),
            ),
        ),
        SiteMapGroup(
            title=_("政策与资讯"),
            pages=tuple((content.label(kind, language()), reverse(kind)) for kind in content.KINDS_EN),
        ),
        SiteMapGroup(
            title=_("数据与规则"),
            pages=(
                (_("数据开放"), reverse("open-data")),
                (_("停止公示的信息"), reverse("open-data-deletions")),
                (_("信用信息目录"), reverse("catalogue")),
                (_("接口说明"), reverse("api-reference")),
            ),
        ),
        SiteMapGroup(
            title=_("关于本站"),
            pages=(
                (_("隐私声明"), reverse("privacy")),
                (_("无障碍声明"), reverse("accessibility")),
                (_("部门工作台"), reverse("console-home")),
            ),
        ),
    )
    return render(request, "site/site_map.html", {"groups": groups})


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """What the site keeps of its visitors."""
    return render(request, "site/privacy.html", {"contact": str(config.get("XINYONG_CONTACT"))})


@require_safe
def accessibility(request: HttpRequest) -> HttpResponse:
    """What the last test run found."""
    context = {"page": statement.statement(), "contact": str(config.get("XINYONG_CONTACT"))}
    return render(request, "site/accessibility.html", context)


urlpatterns: list[URLPattern] = [
    path("repair", repair, name="repair"),
    path("objection", objection, name="objection"),
    path("statistics", statistics_view, name="statistics"),
    path("site-map", site_map, name="site-map"),
    path("privacy", privacy, name="privacy"),
    path("accessibility", accessibility, name="accessibility"),
]
