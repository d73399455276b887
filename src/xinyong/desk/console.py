"""The desk in the console: queue, case, opinion, question, answer, undo, export. Works with scripts off."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from xinyong.accounts.console import officer_only
from xinyong.accounts.models import User
from xinyong.desk import actions, selectors
from xinyong.desk.errors import ChoiceRefused
from xinyong.errors import XinyongError
from xinyong.registry.models import Entity
from xinyong.ui.context import language
from xinyong.ui.paging import page_number

_RISKY = ("=", "+", "-", "@", "\t", "\r")


@require_safe
@officer_only
def queue(request: HttpRequest, user: User) -> HttpResponse:
    """Cases by age, with counts by state and department."""
    found = selectors.queue(
        user, request.GET.get("state", ""), request.GET.get("department", ""), page_number(request), language()
    )
    return render(request, "desk/queue.html", {"queue": found})


@require_safe
@officer_only
def case(request: HttpRequest, user: User, number: int) -> HttpResponse:
    """One case: the row as written, candidates side by side, the ways to decide."""
    chosen = request.GET.get("choose", "")
    return render(
        request,
        "desk/case.html",
        {"page": selectors.case_page(user, number, language()), "chosen": chosen, "typed": {}},
    )


def _back(request: HttpRequest, user: User, number: int, error: XinyongError) -> HttpResponse:
    """The case again with what was typed, and why it was not taken."""
    context = {
        "page": selectors.case_page(user, number, language()),
        "problem": error.message(language()),
        "chosen": request.POST.get("choice", ""),
        "typed": request.POST,
    }
    return render(request, "desk/case.html", context, status=error.status)


@require_POST
@officer_only
def decide(request: HttpRequest, user: User, number: int) -> HttpResponse:
    """An opinion: this entity or none; then on to the next case."""
    selectors.one(user, number)
    choice, reason = request.POST.get("choice", ""), request.POST.get("reason", "")
    try:
        if choice not in ("none", "key") and not choice.isdecimal():
            raise ChoiceRefused(
                why_zh="请先选择一个主体，或选择“都不是”", why_en="choose an entity first, or none of them"
            )
        entity_id = _chosen(choice, request.POST.get("key", ""))
        decided = actions.say(user, number, entity_id=entity_id, reason=reason)
        done = 1
        if request.POST.get("all") == "1":
            done += actions.say_of_all(user, number, entity_id=entity_id, reason=reason)
        if request.POST.get("rule") == "1" and decided.state == decided.State.DECIDED:
            actions.make_rule(user, number, _until(request.POST.get("until", "")), reason)
    except XinyongError as error:
        return _back(request, user, number, error)
    if decided.state == decided.State.SECOND:
        messages.info(request, _("意见已提交，待另一人独立认定。"))
    elif decided.state == decided.State.DISPUTED:
        messages.warning(request, _("两人意见不一，转由第三人认定。"))
    elif decided.state == decided.State.RETURNED:
        messages.success(request, _("已退回部门。"))
    else:
        messages.success(
            request, _("已认定 %(count)s 行，%(seconds)s 秒后重新入库；在此之前可以撤回。")
            % {"count": done, "seconds": actions.undo_seconds()},
        )  # fmt: skip
    following = selectors.next_case(user, decided)
    target = reverse("desk-case", args=[following.pk]) if following else reverse("desk")
    return HttpResponseRedirect(f"{target}?undo={number}")


def _chosen(choice: str, key: str) -> int | None:
    if choice == "none":
        return None
    if choice != "key":
        return int(choice[:18])
    from xinyong.registry import selectors as registry

    found: Entity | None = registry.found(key) if key.strip() else None
    if found is None:
        raise ChoiceRefused(
            why_zh="没有这个代码、号码或编号的主体，请核对", why_en="no entity has this code, number or id; check it"
        )
    return found.pk


def _until(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ChoiceRefused(
            why_zh="名称规则须填写截止日期，格式为 2027-01-31", why_en="give the last day of the rule as 2027-01-31"
        ) from error


@require_POST
@officer_only
def undo(request: HttpRequest, user: User, number: int) -> HttpResponse:
    """Take back one's opinion."""
    actions.undo(user, number)
    messages.success(request, _("意见已撤回。"))
    return HttpResponseRedirect(reverse("desk-case", args=[number]))


@require_POST
@officer_only
def ask(request: HttpRequest, user: User, number: int) -> HttpResponse:
    """Ask the department."""
    selectors.one(user, number)
    try:
        asked = actions.ask(user, number, request.POST.get("question", ""))
    except XinyongError as error:
        return _back(request, user, number, error)
    messages.success(request, _("已转请部门答复。"))
    following = selectors.next_case(user, asked)
    return HttpResponseRedirect(reverse("desk-case", args=[following.pk]) if following else reverse("desk"))


@require_POST
@officer_only
def answer(request: HttpRequest, user: User, number: int) -> HttpResponse:
    """The department's answer."""
    selectors.one(user, number)
    try:
        actions.answer(user, number, request.POST.get("answer", ""))
    except XinyongError as error:
        return _back(request, user, number, error)
    messages.success(request, _("答复已提交。"))
    return HttpResponseRedirect(reverse("desk"))


@require_POST
@officer_only
def enter(request: HttpRequest, user: User, number: int) -> HttpResponse:
    """Enter an entity the register does not know."""
    selectors.one(user, number)
    try:
        made = actions.enter_entity(
            user,
            number,
            kind=request.POST.get("kind", ""),
            name=request.POST.get("name", ""),
            number_type=request.POST.get("number_type", ""),
            number=request.POST.get("number", ""),
            reason=request.POST.get("reason", ""),
        )
    except XinyongError as error:
        return _back(request, user, number, error)
    if made is None:
        messages.info(request, _("新主体已提出，待另一人复核后生效。"))
        return HttpResponseRedirect(reverse("desk-case", args=[number]))
    messages.success(request, _("新主体已登记，请在候选中选定并写明理由。"))
    return HttpResponseRedirect(f"{reverse('desk-case', args=[number])}?choose={made.pk}")


def _json_lines(rows: Iterator[dict[str, Any]]) -> Iterator[str]:
    for row in rows:
        yield json.dumps(row, ensure_ascii=False) + "\n"


def _csv_lines(rows: Iterator[dict[str, Any]]) -> Iterator[str]:
    buffer = io.StringIO(newline="")
    buffer.write("\ufeff")
    writer: csv.DictWriter[str] | None = None
    for row in rows:
        if writer is None:
            writer = csv.DictWriter(buffer, list(row))
            writer.writeheader()
        flat = {
            key: json.dumps(value, ensure_ascii=False) if isinstance(value, list) else str(value)
            for key, value in row.items()
        }
        writer.writerow({key: f"'{text}" if text.startswith(_RISKY) else text for key, text in flat.items()})
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue()


@require_safe
@officer_only
def export(request: HttpRequest, user: User, form: str) -> HttpResponseBase:
    """Every decision with its reasons, as JSON Lines or CSV."""
    from xinyong.accounts import selectors as accounts
    from xinyong.accounts.rules import Right

    accounts.require(user, Right.RESOLUTION_DECIDE)
    rows = selectors.decisions(user)
    lines, kind = (
        (_csv_lines(rows), "text/csv; charset=utf-8") if form == "csv" else (_json_lines(rows), "application/x-ndjson")
    )
    return StreamingHttpResponse(
        lines, content_type=kind, headers={"Content-Disposition": f'attachment; filename="decisions.{form}"'}
    )


urlpatterns: list[URLPattern] = [
    path("desk", queue, name="desk"),
    path("desk/decisions.csv", export, {"form": "csv"}, name="desk-decisions-csv"),
    path("desk/decisions.jsonl", export, {"form": "jsonl"}, name="desk-decisions-jsonl"),
    path("desk/<int:number>", case, name="desk-case"),
    path("desk/<int:number>/decide", decide, name="desk-decide"),
    path("desk/<int:number>/undo", undo, name="desk-undo"),
    path("desk/<int:number>/ask", ask, name="desk-ask"),
    path("desk/<int:number>/answer", answer, name="desk-answer"),
    path("desk/<int:number>/enter", enter, name="desk-enter"),
]
