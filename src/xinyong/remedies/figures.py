"""Figures of the desk: limits kept, in time of all, what cases came to, and the queue as a table."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from xinyong.accounts import selectors as accounts
from xinyong.accounts.models import User
from xinyong.accounts.rules import Right
from xinyong.publicity import timers as timer_rows
from xinyong.remedies import lines, machine
from xinyong.remedies.desk import chosen, visible
from xinyong.remedies.desk_pages import Figure, Figures, OutcomeFigure
from xinyong.remedies.models import Case
from xinyong.remedies.pages import CaseLine
from xinyong.runtime import sql


def share(part: int, total: int) -> float | None:
    """Percent; None of nothing."""
    return 100 * part / total if total else None


def figures(user: User, since: date, until: date, language: str) -> Figures:
    """Limits kept in a span of days, in time of all, and what cases came to. Raises RightMissing."""
    accounts.require(user, Right.REMEDY_VIEW)
    platform = accounts.may(user, Right.REMEDY_PLATFORM)
    department = None if platform else user.department_id or 0
    english = language == "en"
    with connection.cursor() as cursor:
        cursor.execute(
            sql.statement("remedies", "limit_figures"), {"since": since, "until": until, "department": department}
        )
        limits = cursor.fetchall()
        cursor.execute(
            sql.statement("remedies", "outcome_figures"),
            {
                "since": timezone.make_aware(datetime.combine(since, time())),
                "until": timezone.make_aware(datetime.combine(until + timedelta(days=1), time())),
                "department": department,
            },
        )
        outcomes = cursor.fetchall()
    words = {row.timer: row for row in timer_rows.packaged()}
    totals: dict[str, int] = {}
    for kind, _, count, _ in outcomes:
        totals[kind] = totals.get(kind, 0) + count
    table, today = machine.table(), timezone.localdate()
    open_cases = visible(user).filter(closed_at=None)
    unit = user.department
    return Figures(
        since=since,
        until=until,
        limits=tuple(
            Figure(
                label=(words[timer].en if english else words[timer].zh) if timer in words else timer,
                good=good,
                total=total,
                percent=share(good, total),
                days=days,
                article=words[timer].article if timer in words else "",
            )
            for timer, total, good, days in limits
        ),
        outcomes=tuple(
            OutcomeFigure(
                kind=lines.kind_label(kind, language),
                outcome=table.outcomes[outcome].label(language) if outcome in table.outcomes else "—",
                count=count,
                total=totals[kind],
                days=days.days if days is not None else 0,
            )
            for kind, outcome, count, days in outcomes
        ),
        open_cases=open_cases.count(),
        overdue=open_cases.filter(due_on__lt=today).count(),
        unit="" if platform or unit is None else (english and unit.name_en) or unit.name_zh,
    )


def export(user: User, asked: dict[str, str], language: str) -> Iterator[dict[str, Any]]:
    """Every case of the queue as asked for, for a table; no text of an applicant is in it."""
    found = chosen(user, asked)
    batch: list[Case] = []
    for case in found.iterator(500):
        batch.append(case)
        if len(batch) == 500:
            yield from map(_flat, lines.lines(batch, language))
            batch = []
    yield from map(_flat, lines.lines(batch, language))


def _flat(line: CaseLine) -> dict[str, Any]:
    return {
        "number": line.number,
        "kind": line.kind_label,
        "entity": line.entity_name,
        "record": line.record_key,
        "title": line.title,
        "department": line.department,
        "state": line.state_label,
        "outcome": line.outcome,
        "opened_at": timezone.localtime(line.opened_at).isoformat(timespec="seconds"),
        "due_on": str(line.due_on or ""),
        "overdue": "1" if line.overdue else "0",
        "closed_at": timezone.localtime(line.closed_at).isoformat(timespec="seconds") if line.closed_at else "",
        "assignee": line.assignee,
    }
