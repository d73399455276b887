"""Listing cases and joint work of an officer's unit by deadline, for the first page of the console."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.urls import reverse
from django.utils import timezone

from xinyong.accounts import selectors as accounts
from xinyong.accounts.models import User
from xinyong.accounts.rules import Right
from xinyong.desk.home import Task
from xinyong.lists import joint, measures, procedure, reading, registry
from xinyong.lists.models import Case, Joint

_LINES = 5


def tasks(user: User, english: bool) -> Iterator[tuple[str, Task]]:
    """Joint work that is late, due today or within the week, then cases that wait for the next step of the unit."""
    if user.department is None:
        return
    if accounts.may(user, Right.MEASURE_DECIDE):
        yield from _joint(user, english)
    if accounts.may(user, Right.LIST_PROPOSE):
        yield from _cases(user, english)


def _joint(user: User, english: bool) -> Iterator[tuple[str, Task]]:
    today, words = timezone.localdate(), "en" if english else "zh"
    due = Joint.objects.select_related("entity").filter(
        department=user.department, state__in=["applied", "lift_due"], due_on__lte=today + timedelta(days=7)
    )
    for work in due.order_by("due_on", "pk")[:_LINES]:
        day = work.due_on or today
        row = measures.book().rows.get(work.measure)
        state = joint.table().states[work.state].label(words)
        yield (
            "overdue" if day < today else "today" if day == today else "week",
            Task(
                title=f"{state} · {row.label(words) if row else work.measure}",
                note=work.entity.name,
                when=str(day),
                url=reverse("joint-work", args=[work.pk]),
            ),
        )


def _cases(user: User, english: bool) -> Iterator[tuple[str, Task]]:
    words = "en" if english else "zh"
    table = procedure.table()
    waiting = [code for code, row in table.states.items() if not (row.over or row.listed or row.waits)]
    found = Case.objects.select_related("entity", "department").filter(department=user.department, state__in=waiting)
    for case in found.exclude(state="removed").order_by("moved_at", "pk")[:_LINES]:
        config = registry.by_code(case.list_code)
        if config is None:
            continue
        end = procedure.window_end(reading.context_of(case, config, user.username)) if case.state == "noticed" else None
        state = table.states[case.state].label(words)
        until = f"to be heard until {end}" if english else f"陈述申辩至 {end}"
        since = f"{timezone.localtime(case.moved_at):%Y-%m-%d}"
        yield (
            "week",
            Task(
                title=f"{state} · {config.name(words)}",
                note=case.entity.name,
                when=until if end else (f"since {since}" if english else f"自 {since}"),
                url=reverse("list-case", args=[case.pk]),
            ),
        )
