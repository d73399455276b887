"""The registry in the console: an entry, acts on it with a preview, the second person, the export."""

from __future__ import annotations

import json
from datetime import date

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from xinyong.accounts import selectors as accounts
from xinyong.accounts.console import officer_only
from xinyong.accounts.models import User
from xinyong.accounts.rules import Right
from xinyong.desk import registry_pages
from xinyong.errors import XinyongError
from xinyong.registry import actions
from xinyong.registry import selectors as registry
from xinyong.registry.errors import ActRefused
from xinyong.registry.models import Act
from xinyong.ui.context import language
from xinyong.ui.paging import page_number


@require_safe
@officer_only
def acts(request: HttpRequest, user: User) -> HttpResponse:
    """Acts, and the preview of a merge when two entries are named."""
    found = registry_pages.act_list(
        user, request.GET.get("member", ""), request.GET.get("into", ""), page_number(request), language()
    )
    return render(request, "desk/acts.html", {"list": found})


@require_safe
@officer_only
def entity(request: HttpRequest, user: User, key: str) -> HttpResponse:
    """All the registry holds of one entry."""
    return render(request, "desk/registry_entity.html", {"page": registry_pages.registry_entity(user, key, language())})


@require_safe
@officer_only
def open_entry(request: HttpRequest, user: User) -> HttpResponse:
    """The page of the entry with this code, number or id; an unknown one is told on the page it was asked on."""
    accounts.require(user, Right.REGISTRY_ACT)
    key = request.GET.get("key", "").strip()[:60]
    try:
        found = registry_pages.entry(key)
    except XinyongError as error:
        shown = registry_pages.act_list(user, "", "", 1, language())
        return render(
            request, "desk/acts.html", {"list": shown, "problem": error.message(language())}, status=error.status
        )
    return HttpResponseRedirect(reverse("registry-entity", args=[registry.own_key(found)]))


@require_safe
@officer_only
def export(request: HttpRequest, user: User) -> HttpResponseBase:
    """Every act as JSON Lines."""
    accounts.require(user, Right.REGISTRY_ACT)
    lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in registry_pages.acts_for_export(user))
    return StreamingHttpResponse(
        lines,
        content_type="application/x-ndjson",
        headers={"Content-Disposition": 'attachment; filename="registry-acts.jsonl"'},
    )


def _told(request: HttpRequest, act: Act, done: str) -> None:
    if act.state == Act.State.PROPOSED:
        messages.info(request, _("第 %(number)s 号已提出，待另一人复核后生效。") % {"number": act.pk})
    else:
        messages.success(request, done)


@require_POST
@officer_only
def merge(request: HttpRequest, user: User) -> HttpResponse:
    """Merge as previewed."""
    accounts.require(user, Right.REGISTRY_ACT)
    member = registry_pages.entry(request.POST.get("member", ""))
    into = registry_pages.entry(request.POST.get("into", ""))
    try:
        act = actions.merge(
            user,
            member.pk,
            into.pk,
            reason=request.POST.get("reason", ""),
            evidence=request.POST.get("evidence", ""),
            seen=request.POST.get("seen", ""),
        )
    except XinyongError as error:
        found = registry_pages.act_list(user, registry.own_key(member), registry.own_key(into), 1, language())
        context = {"list": found, "problem": error.message(language()), "typed": request.POST}
        return render(request, "desk/acts.html", context, status=error.status)
    _told(request, act, _("已归并；两条的记录由保留条目一并展示，原网址自动转到保留条目。"))
    return HttpResponseRedirect(reverse("registry-entity", args=[registry.own_key(into)]))


def _on_entity(request: HttpRequest, user: User, key: str, error: XinyongError) -> HttpResponse:
    context = {
        "page": registry_pages.registry_entity(user, key, language()),
        "problem": error.message(language()),
        "typed": request.POST,
    }
    return render(request, "desk/registry_entity.html", context, status=error.status)


def _date(text: str) -> date | None:
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise ActRefused(why_zh="日期格式应为 2026-01-31", why_en="write the date as 2026-01-31") from error


@require_POST
@officer_only
def change(request: HttpRequest, user: User, key: str) -> HttpResponse:
    """Split, succession, revoked succession or number: which one the form says."""
    accounts.require(user, Right.REGISTRY_ACT)
    entry = registry_pages.entry(key)
    words = {"reason": request.POST.get("reason", ""), "evidence": request.POST.get("evidence", "")}
    deed = request.POST.get("deed", "")
    try:
        if deed == "split":
            act = actions.split(user, int(request.POST.get("member", "0") or 0), **words)
        elif deed == "succession":
            successor = registry_pages.entry(request.POST.get("successor", ""))
            act = actions.record_succession(
                user, request.POST.get("kind", ""), entry.pk, successor.pk,
                effective_on=_date(request.POST.get("on", "")), **words,
            )  # fmt: skip
        elif deed == "revoke":
            act = actions.revoke_succession(user, int(request.POST.get("succession", "0") or 0), **words)
        elif deed == "number":
            act = actions.enter_number(
                user, entry.pk, request.POST.get("type", ""), request.POST.get("value", ""),
                valid_from=_date(request.POST.get("on", "")), issuer=request.POST.get("issuer", "")[:200], **words,
            )  # fmt: skip
        else:
            raise ActRefused(why_zh="没有选择办理事项", why_en="no deed was chosen")
    except ValueError:
        return _on_entity(request, user, key, ActRefused(why_zh="编号不是数字", why_en="the id is no number"))
    except XinyongError as error:
        return _on_entity(request, user, key, error)
    _told(request, act, _("已办理，记为第 %(number)s 号。") % {"number": act.pk})
    return HttpResponseRedirect(reverse("registry-entity", args=[key]))


@require_POST
@officer_only
def second(request: HttpRequest, user: User, number: int) -> HttpResponse:
    """The second person agrees or does not."""
    act = actions.decide(user, number, agree=request.POST.get("agree") == "1", note=request.POST.get("note", ""))
    messages.success(request, _("已复核第 %(number)s 号。") % {"number": act.pk})
    return HttpResponseRedirect(reverse("registry-acts"))


urlpatterns: list[URLPattern] = [
    path("registry", acts, name="registry-acts"),
    path("registry/acts.jsonl", export, name="registry-acts-jsonl"),
    path("registry/open", open_entry, name="registry-open"),
    path("registry/merge", merge, name="registry-merge"),
    path("registry/acts/<int:number>/second", second, name="registry-second"),
    path("registry/entities/<str:key>", entity, name="registry-entity"),
    path("registry/entities/<str:key>/change", change, name="registry-change"),
]
