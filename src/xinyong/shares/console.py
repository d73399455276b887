"""Share links in the console: an officer makes one on the subject's request, sees those there are, and takes them back."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from xinyong.accounts import selectors as accounts
from xinyong.accounts.console import officer_only
from xinyong.accounts.models import User
from xinyong.accounts.rules import Right
from xinyong.errors import XinyongError
from xinyong.registry import selectors as registry
from xinyong.registry.models import Entity
from xinyong.shares import actions, pages, selectors
from xinyong.shares.models import Share
from xinyong.shares.selectors import Scope
from xinyong.ui.context import language

_NEWEST = 100
_LONG = 1000


def _entity(key: str) -> Entity | None:
    found = registry.found(key.strip()[:60]) if key.strip() else None
    return registry.canonical(found) if found is not None else None


def _show(request: HttpRequest, entity: Entity | None, *, problem: str = "", status: int = 200) -> HttpResponse:
    typed: Any = request.POST if request.method == "POST" else request.GET
    shares = selectors.shares_of(entity) if entity is not None else list(Share.objects.order_by("-pk")[:_NEWEST])
    limits = selectors.limits()
    key = typed.get("key", "").strip()[:60]
    context = {
        "entity": entity,
        "entity_key": registry.address_key(entity) if entity is not None else "",
        "asked": key,
        "unknown": bool(key) and entity is None,
        "choices": pages.choices(entity, dict(typed.lists()), language()) if entity is not None else (),
        "lines": [pages.line(share, language()) for share in shares],
        "limits": limits,
        "typed": typed,
        "days": typed.get("days", "")[:4] or str(limits.days),
        "problem": problem,
        "base": f"{request.scheme}://{request.get_host()}",
    }
    return render(request, "shares/console.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@officer_only
def shares(request: HttpRequest, user: User) -> HttpResponse:
    """The links there are, of one subject or the newest; with a subject the form for a new one."""
    accounts.require(user, Right.SUBJECT_SERVE)
    if request.method != "POST":
        return _show(request, _entity(request.GET.get("key", "")))
    entity = _entity(request.POST.get("key", ""))
    if entity is None:
        return _show(request, None, problem=_("没有这个主体，没有生成链接。"), status=422)
    ticked = [int(text) for text in request.POST.getlist("chapter")[:20] if text.isascii() and text.isdecimal()]
    days = request.POST.get("days", "").strip()
    records = request.POST.get("records", "")[:_LONG].replace("，", " ").replace(",", " ").split()
    try:
        made = actions.share_on_request(
            user,
            entity,
            Scope(chapters=frozenset(ticked), records=frozenset(record.upper() for record in records)),
            days=int(days) if days.isascii() and days.isdecimal() and len(days) < 6 else 0,
            shown_to=request.POST.get("shown_to", ""),
            reason=request.POST.get("reason", "")[:_LONG],
        )
    except XinyongError as error:
        return _show(request, entity, problem=error.message(language()), status=error.status)
    messages.success(request, _("已生成链接，请交给申请人。"))
    return HttpResponseRedirect(f"{reverse('shares')}?key={registry.address_key(entity)}#share-{made.pk}")


@require_POST
@officer_only
def revoke(request: HttpRequest, user: User, number: int) -> HttpResponse:
    """Take a link back."""
    accounts.require(user, Right.SUBJECT_SERVE)
    key = request.POST.get("key", "")[:60]
    try:
        actions.revoke_on_request(user, number, reason=request.POST.get("reason", "")[:_LONG])
    except XinyongError as error:
        return _show(request, _entity(key), problem=error.message(language()), status=error.status)
    messages.success(request, _("已撤回，链接不再显示任何内容。"))
    return HttpResponseRedirect(reverse("shares") + (f"?key={key}" if _entity(key) is not None else ""))


urlpatterns: list[URLPattern] = [
    path("shares", shares, name="shares"),
    path("shares/<int:number>/revoke", revoke, name="share-revoke"),
]
