"""``xinyong cases``: cases by deadline, and what is overdue."""

from __future__ import annotations

import click

from xinyong.runtime.command import command, emit, setup_django


@click.group()
def cases() -> None:
    """Cases of objection, repair and withdrawal: 'list' by deadline, 'overdue' tells what has passed its limit."""


@cases.command("list")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000), help="Cases at most.")
@command
def list_cases(limit: int, *, as_json: bool) -> None:
    """Open cases, the nearest deadline first."""
    setup_django()
    from django.db.models import F

    from xinyong.remedies import lines
    from xinyong.remedies.models import Case

    found = (
        Case.objects.filter(closed_at=None)
        .select_related("department")
        .order_by(F("due_on").asc(nulls_last=True), "pk")
    )
    for line in lines.lines(list(found[:limit]), "zh"):
        emit(
            {
                "number": line.number,
                "kind": line.kind,
                "state": line.state,
                "department": line.department,
                "due_on": line.due_on,
                "overdue": line.overdue,
            },
            as_json=as_json,
            text=f"{line.number}  {line.state_label}  {line.department}  {line.due_on or '—'}{'  逾期' if line.overdue else ''}",
        )


@cases.command()
@command
def overdue(*, as_json: bool) -> None:
    """Write into each case whose limit passed that it did, once. 'serve' does this by itself."""
    setup_django()
    from django.utils import timezone

    from xinyong.remedies import watch

    told = watch.escalate(timezone.localdate())
    emit({"told": told}, as_json=as_json, text=f"已督办 {told} 件。{told} cases were told.")
