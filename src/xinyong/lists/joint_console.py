"""联合奖惩 in the console: ask, decide, carry out, lift; the queue, the figures, the standing of an entity."""

from __future__ import annotations

import csv
import io
from dataclasses import asdict
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from xinyong.accounts import selectors as accounts
from xinyong.accounts.console import officer_only
from xinyong.accounts.models import User
from xinyong.accounts.rules import Right
from xinyong.errors import XinyongError
from xinyong.lists import gate, joint_actions, joint_pages, measures
from xinyong.lists.errors import ListUnknown, MeasureRefused
from xinyong.lists.joint_actions import Decision, Question
from xinyong.registry import selectors as entities
from xinyong.registry.models import Entity
from xinyong.ui.context import language
from xinyong.ui.paging import page_number


@require_safe
@officer_only
def queue(request: HttpRequest, user: User) -> HttpResponse:
    """Work, what is due first."""
    found = joint_pages.queue(user, request.GET.get("state", ""), page_number(request), language())
    return render(request, "lists/joint_queue.html", {"queue": found})


def _entity(key: str) -> Entity:
    found = entities.found(key[:60]) if key.strip() else None
    if found is None:
        raise MeasureRefused(
            why_zh="没有这个代码、号码或编号的主体，请核对", why_en="no entity has this code, number or id"
        )
    return found


def _question(request: HttpRequest) -> Question:
    sent = request.POST
    return Question(
        scene=sent.get("scene", ""),
        matter=sent.get("matter", "")[:200],
        purpose=sent.get("purpose", "")[:200],
        authority=sent.get("authority", "")[:500],
    )


def _ask_context(request: HttpRequest) -> dict[str, Any]:
    names = ("key", "scene", "matter", "purpose", "authority")
    return {
        "scenes": [(row.code, row.label(language())) for row in measures.book().scenes.values()],
        "typed": {name: request.POST.get(name, "") or request.GET.get(name, "") for name in names},
    }


@require_http_methods(["GET", "HEAD", "POST"])
@officer_only
def ask(request: HttpRequest, user: User) -> HttpResponse:
    """Ask which measures and incentives fit the matter at hand; the question is logged with its purpose."""
    accounts.require(user, Right.MEASURE_DECIDE)
    context = _ask_context(request)
    if request.method != "POST":
        return render(request, "lists/ask.html", context)
    try:
        entity = _entity(request.POST.get("key", ""))
        hits = joint_actions.ask(user, entity, _question(request))
    except XinyongError as error:
        return render(request, "lists/ask.html", {**context, "problem": error.message(language())}, status=error.status)
    return render(request, "lists/ask.html", {**context, **_answered(entity, hits)})


def _answered(entity: Entity, hits: tuple[Any, ...]) -> dict[str, Any]:
    return {
        "entity": entity,
        "hits": joint_pages.hits(hits, language()),
        "reasons": [(row.code, row.label(language()), row.of) for row in measures.book().reasons.values()],
        "asked_at": timezone.localtime(),
    }


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


@require_POST
@officer_only
def decide(request: HttpRequest, user: User) -> HttpResponse:
    """M3; refused, the answer comes back with what was typed and the tests that failed."""
    sent = request.POST
    months = sent.get("months", "")
    given = Decision(
        decision=sent.get("decision", ""),
        reason=sent.get("reason", "")[:2000],
        reason_code=sent.get("reason_code", ""),
        relation=sent.get("relation", "")[:2000],
        notice=sent.get("notice", "")[:200],
        notice_served_on=_day(sent.get("notice_served_on", "")),
        notice_says=frozenset(sent.getlist("notice_says")) & gate.NOTICE_PARTS,
        months=int(months[:4]) if months.isdecimal() else None,
    )
    entity = _entity(sent.get("key", ""))
    record, measure = sent.get("record", ""), sent.get("measure", "")
    try:
        work = joint_actions.decide(
            user, entity, int(record[:18]) if record.isdecimal() else 0, measure, _question(request), given
        )
    except XinyongError as error:
        # The question was answered and logged before: what is shown again is the same answer.
        from xinyong.lists import selectors

        hits = selectors.measures_for(entity, user.department.slug, sent.get("scene", "")) if user.department else ()
        context = {
            **_ask_context(request),
            **_answered(entity, hits),
            "problem": error.message(language()),
            "failed": f"{measure}-{record}",
            "given": sent,
            "says": sent.getlist("notice_says"),
        }
        return render(request, "lists/ask.html", context, status=error.status)
    messages.success(request, _("决定已记录。"))
    return HttpResponseRedirect(reverse("joint-work", args=[work.pk]))


@require_safe
@officer_only
def work(request: HttpRequest, user: User, number: int) -> HttpResponse:
    """One piece of work."""
    return render(request, "lists/joint_work.html", {"page": joint_pages.work_page(user, number, language())})


@require_POST
@officer_only
def act(request: HttpRequest, user: User, number: int) -> HttpResponse:
    """M4 or M6."""
    sent = request.POST
    seen = int(sent["seen"]) if sent.get("seen", "").isdecimal() else -1
    text, when = sent.get("note", "")[:2000], _day(sent.get("day", ""))
    try:
        if when is None:
            raise MeasureRefused(why_zh="请填写日期，格式为 2026-11-26", why_en="give the day as 2026-11-26")
        if sent.get("deed") == "execute":
            joint_actions.execute(
                user, number, seen=seen, executed_on=when, result=text, document=sent.get("document", "")
            )
        elif sent.get("deed") == "lift":
            joint_actions.lift(user, number, seen=seen, lifted_on=when, note=text)
        else:
            raise ListUnknown(name=sent.get("deed", "")[:20])
    except XinyongError as error:
        context = {
            "page": joint_pages.work_page(user, number, language()),
            "problem": error.message(language()),
            "typed": sent,
        }
        return render(request, "lists/joint_work.html", context, status=error.status)
    messages.success(request, _("已记录。"))
    return HttpResponseRedirect(reverse("joint-work", args=[number]))


@require_safe
@officer_only
def figures(request: HttpRequest, user: User) -> HttpResponse:
    """The funnel by unit, and who did not lift in time."""
    accounts.require(user, Right.LIST_VIEW)
    found = joint_pages.figures(timezone.localdate(), language())
    return render(request, "lists/joint_figures.html", {"figures": found})


@require_safe
@officer_only
def figures_csv(request: HttpRequest, user: User) -> HttpResponse:
    """The same figures as a table."""
    accounts.require(user, Right.LIST_VIEW)
    buffer = io.StringIO(newline="")
    buffer.write("\ufeff")
    writer = csv.writer(buffer)
    names = joint_pages.Unit.__slots__
    writer.writerow(names)
    for unit in joint_pages.figures(timezone.localdate()).units:
        writer.writerow([getattr(unit, name) for name in names])
    return HttpResponse(
        buffer.getvalue(),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="joint-work.csv"'},
    )


@require_safe
@officer_only
def standing(request: HttpRequest, user: User, key: str) -> HttpResponse:
    """What applies to an entity, why, until when, what ends it."""
    accounts.require(user, Right.LIST_VIEW)
    found = entities.found(key)
    if found is None:
        raise ListUnknown(name=key[:60])
    return render(request, "lists/standing.html", {"page": joint_pages.standing(user, found, language())})


@require_safe
@officer_only
def standing_json(request: HttpRequest, user: User, key: str) -> JsonResponse:
    """The same for machines."""
    accounts.require(user, Right.LIST_VIEW)
    found = entities.found(key)
    if found is None:
        raise ListUnknown(name=key[:60])
    page = joint_pages.standing(user, found, language())
    return JsonResponse(asdict(page), json_dumps_params={"ensure_ascii": False, "indent": 1})


@require_safe
@officer_only
def find_standing(request: HttpRequest, user: User) -> HttpResponse:
    """From a code or number to the standing of its entity."""
    accounts.require(user, Right.LIST_VIEW)
    key = request.GET.get("key", "").strip()
    found = entities.found(key[:60]) if key else None
    if found is None:
        return render(request, "lists/standing_find.html", {"key": key}, status=404 if key else 200)
    return HttpResponseRedirect(reverse("standing", args=[entities.own_key(found)]))


urlpatterns: list[URLPattern] = [
    path("measures", queue, name="joint"),
    path("measures/ask", ask, name="joint-ask"),
    path("measures/decide", decide, name="joint-decide"),
    path("measures/figures", figures, name="joint-figures"),
    path("measures/figures.csv", figures_csv, name="joint-figures-csv"),
    path("measures/<int:number>", work, name="joint-work"),
    path("measures/<int:number>/act", act, name="joint-act"),
    path("standing", find_standing, name="standing-find"),
    path("standing/<str:key>.json", standing_json, name="standing-json"),
    path("standing/<str:key>", standing, name="standing"),
]
