"""The special report in the console: an officer makes one on the subject's request, and may declare it void."""

from __future__ import annotations

from datetime import date

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from xinyong.accounts import selectors as accounts
from xinyong.accounts.console import officer_only
from xinyong.accounts.models import User
from xinyong.accounts.rules import Right
from xinyong.errors import XinyongError
from xinyong.registry import selectors as registry
from xinyong.registry.models import Entity
from xinyong.reports import actions, codes, selectors, special
from xinyong.reports.models import Report
from xinyong.reports.public import as_file, base_of
from xinyong.ui.context import demo_mark, language

_NEWEST = 100
_LONG = 1000


def _entity(key: str) -> Entity | None:
    found = registry.found(key.strip()[:60]) if key.strip() else None
    return registry.canonical(found) if found is not None else None


def _show(request: HttpRequest, key: str, *, problem: str = "", status: int = 200) -> HttpResponse:
    entity = _entity(key)
    rules, today, english = special.rules(), timezone.localdate(), language() == "en"
    made = Report.objects.filter(kind=Report.Kind.SPECIAL).order_by("-pk")
    if entity is not None:
        made = made.filter(entity_id__in=registry.members(entity))
    ticked = request.POST.getlist("field")
    context = {
        "entity": entity,
        "entity_key": registry.address_key(entity) if entity is not None else "",
        "asked": key.strip()[:60],
        "unknown": bool(key.strip()) and entity is None,
        "fields": [(field.code, field.en if english else field.zh, field.code in ticked) for field in rules.fields],
        "matters": [(matter.en if english else matter.zh, bool(matter.datasets)) for matter in rules.matters],
        "rules": rules,
        "source": rules.source_en if english else rules.source,
        "first": request.POST.get("first", "")[:20] or special.years_before(today, rules.years).isoformat(),
        "last": request.POST.get("last", "")[:20] or today.isoformat(),
        "reason": request.POST.get("reason", "")[:_LONG],
        "lines": [
            (report, codes.grouped(report.code), special.scope_words(scope, language()), scope)
            for report in made[:_NEWEST]
            for scope in (special.Scope.from_json(report.scope),)
        ],
        "problem": problem,
    }
    return render(request, "reports/special.html", context, status=status)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text.strip()[:20])
    except ValueError:
        raise actions.SpecialRefused(
            why_zh=f"“{text[:20]}”不是日期，格式应为 2026-01-31",
            why_en=f"'{text[:20]}' is no date, write it as 2026-01-31",
        ) from None


@require_http_methods(["GET", "HEAD", "POST"])
@officer_only
def special_reports(request: HttpRequest, user: User) -> HttpResponse:
    """The reports made so far; with a subject the form for a new one, which answers with the signed PDF."""
    accounts.require(user, Right.SUBJECT_SERVE)
    if request.method != "POST":
        return _show(request, request.GET.get("key", ""))
    key = request.POST.get("key", "")
    entity = _entity(key)
    if entity is None:
        return _show(request, key, problem=_("没有这个主体，没有出具报告。"), status=422)
    try:
        scope = special.Scope(
            fields=special.ordered(request.POST.getlist("field")[:100]),
            first=_day(request.POST.get("first", "")),
            last=_day(request.POST.get("last", "")),
        )
        issued = actions.issue_special_on_request(
            user,
            entity,
            scope,
            base=base_of(request),
            demo=demo_mark(),
            reason=request.POST.get("reason", "")[:_LONG],
        )
    except XinyongError as error:
        return _show(request, key, problem=error.message(language()), status=error.status)
    return as_file(issued)


@require_POST
@officer_only
def revoke(request: HttpRequest, user: User, number: str) -> HttpResponse:
    """Declare a special report void."""
    accounts.require(user, Right.REPORT_REVOKE)
    report = selectors.by_code(number)
    key = report.subject_code if report is not None else ""
    try:
        actions.revoke(number, acting=user, reason=request.POST.get("reason", "")[:_LONG])
    except XinyongError as error:
        return _show(request, key, problem=error.message(language()), status=error.status)
    messages.success(request, _("已作废，核验结果随即说明。"))
    return HttpResponseRedirect(f"{reverse('special-reports')}?key={key}")


urlpatterns: list[URLPattern] = [
    path("special-reports", special_reports, name="special-reports"),
    path("special-reports/<str:number>/revoke", revoke, name="special-report-revoke"),
]
