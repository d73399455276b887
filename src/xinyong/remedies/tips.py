"""Tips of the public as officers read them, and as whoever gave one does: the platform all, a unit those forwarded to it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Case, F, Q, QuerySet, Value, When
from django.urls import reverse
from django.utils import timezone

from xinyong.accounts import selectors as accounts
from xinyong.accounts.models import User
from xinyong.accounts.rules import Right
from xinyong.desk.home import Task
from xinyong.publicity import timers
from xinyong.registry import keys
from xinyong.remedies import lines, numbers, officers, rules
from xinyong.remedies.desk_pages import TipLine
from xinyong.remedies.models import Tip
from xinyong.runtime import cryptography
from xinyong.standards import redaction

PAGE = 20
_TIPS = {
    "new": ("待查看", "To be looked at", "amber"),
    "forwarded": ("已转来源单位", "Forwarded to the unit", "blue"),
    "done": ("已处理", "Dealt with", "green"),
    "set_aside": ("不作处理", "Set aside", "grey"),
}
_OVER = (Tip.State.DONE, Tip.State.SET_ASIDE)


def _tips(user: User) -> QuerySet[Tip]:
    accounts.require(user, Right.REMEDY_VIEW)
    found = Tip.objects.select_related("department")
    if accounts.may(user, Right.REMEDY_PLATFORM):
        return found
    return found.filter(department=user.department_id).exclude(state=Tip.State.NEW)


def _waiting(user: User) -> QuerySet[Tip]:
    """Tips that wait for this officer."""
    state = Tip.State.NEW if accounts.may(user, Right.REMEDY_PLATFORM) else Tip.State.FORWARDED
    return _tips(user).filter(state=state)


def waiting_tips(user: User) -> int:
    """How many tips wait for this officer."""
    return _waiting(user).count() if accounts.may(user, Right.REMEDY_VIEW) else 0


def late_tips(user: User) -> int:
    """How many of the tips this officer sees are open though their last day has passed."""
    return _tips(user).exclude(state__in=_OVER).filter(due_on__lt=timezone.localdate()).count()


def tasks(user: User, english: bool) -> Iterator[tuple[str, Task]]:
    """Tips on the first page of the console, by deadline; those a unit is late with are the platform's too."""
    if not accounts.may(user, Right.REMEDY_VIEW):
        return
    today = timezone.localdate()
    found, late = _waiting(user), _tips(user).exclude(state__in=_OVER)
    for group, some in (
        ("overdue", late.filter(due_on__lt=today)),
        ("today", found.filter(due_on=today)),
        ("week", found.filter(due_on__gt=today, due_on__lte=today + timedelta(days=7))),
    ):
        first = some.order_by("due_on", "pk").first()
        if first is not None:
            count = some.count()
            yield (
                group,
                Task(
                    title=f"Tips of the public: {count:,} to deal with" if english else f"公众线索 {count:,} 条待处理",
                    note=first.number,
                    when=str(first.due_on),
                    url=reverse("tips"),
                ),
            )


def tips(user: User, page: int, language: str) -> tuple[tuple[TipLine, ...], int, int, int]:
    """(tips, page, pages, total): the open ones first by their last day, then the newest."""
    english = language == "en"
    found = _tips(user)
    total = found.count()
    pages = max(1, math.ceil(total / PAGE))
    page = min(max(1, page), pages)
    over = Q(state__in=_OVER)
    ordered = found.annotate(over=Case(When(over, then=Value(1)), default=Value(0))).order_by(
        "over", Case(When(over, then=None), default=F("due_on")).asc(nulls_last=True), F("handled_at").desc(), "pk"
    )
    listed = list(ordered[(page - 1) * PAGE : page * PAGE])
    said = lines.records_of([(item.entity_id, item.record_id) for item in listed], language)
    names = lines.names_of(item.entity_id for item in listed)
    may_read = accounts.may(user, Right.REMEDY_PLATFORM)
    known, today = {row.id: row for row in timers.in_force()}, timezone.localdate()
    return (
        tuple(
            TipLine(
                tip_id=item.pk,
                number=item.number,
                record_key=keys.record_key(item.record_id),
                record_url=reverse("ledger-record", args=[item.record_id]),
                title=said[item.record_id].title if item.record_id in said else "",
                entity_name=names.get(item.entity_id, ""),
                department=(english and item.department.name_en) or item.department.name_zh,
                text=redaction.redact(item.text).text,
                contact=cryptography.reveal(officers.CONTACT_CONTEXT, item.contact)
                if item.contact and may_read
                else "",
                state=item.state,
                state_label=_TIPS[item.state][english],
                state_tone=_TIPS[item.state][2],
                at=item.at,
                reply=item.reply,
                handled_by=item.handled_by,
                open=item.state not in _OVER,
                due_words=known[item.rule].article if item.rule in known else "",
                **_limit(item, today),
            )
            for item in listed
        ),
        page,
        pages,
        total,
    )


def _limit(item: Tip, today: date) -> dict[str, Any]:
    due = item.due_on if item.state not in _OVER else None
    if due is None:
        return {"due_on": None, "overdue": False, "days_left": None, "percent": 0}
    limit = rules.Limit(timer=officers.TIP_TIMER, row=item.rule, starts_on=timezone.localdate(item.at), due_on=due)
    return {
        "due_on": due,
        "overdue": due < today,
        "days_left": lines.days_left(due, today),
        "percent": rules.used(limit, today),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class TipAnswer:
    """What whoever holds the number is told: how far it is, and the result; nothing of the record and of nobody."""

    number: str
    state_label: str
    state_tone: str
    over: bool
    at: date
    due_on: date | None
    handled_on: date | None
    late: bool
    reply: str


def answer(typed: str, language: str) -> TipAnswer | None:
    """What became of the tip of a number; None when there is none. What officers wrote meanwhile stays with them."""
    number = numbers.tip_number_of(typed)
    item = Tip.objects.filter(number=number).first() if number else None
    if item is None:
        return None
    over = item.state in _OVER
    handled = timezone.localdate(item.handled_at) if over and item.handled_at else None
    return TipAnswer(
        number=item.number,
        state_label=_TIPS[item.state][language == "en"],
        state_tone=_TIPS[item.state][2],
        over=over,
        at=timezone.localdate(item.at),
        due_on=item.due_on,
        handled_on=handled,
        late=item.due_on is not None and (handled or timezone.localdate()) > item.due_on,
        reply=redaction.redact(item.reply).text if over else "",
    )
