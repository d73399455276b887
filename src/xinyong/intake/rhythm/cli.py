"""``xinyong silence``, ``xinyong zero``, ``xinyong duty``: who delivers, who does not, and what was said about it."""

from __future__ import annotations

import sys
from datetime import datetime

import click

from xinyong.runtime.command import command, emit, setup_django

_DAY = click.DateTime(["%Y-%m-%d"])


@click.command()
@click.option("--department", "slug", help="Only this department.")
@click.option("--all", "everything", is_flag=True, help="Also those that are in time, irregular or ended.")
@click.option("--on", "day", type=_DAY, help="As of this day; today without it.")
@command
def silence(slug: str | None, everything: bool, day: datetime | None, *, as_json: bool) -> None:
    """Which departments are silent: nothing delivered, or delivered in vain. Exit 1 when there is one."""
    setup_django()
    from django.utils import timezone

    from xinyong.accounts import selectors as accounts
    from xinyong.intake.rhythm import rules as rhythm
    from xinyong.intake.rhythm import selectors as rhythm_selectors

    department = accounts.department(slug) if slug else None
    found = rhythm_selectors.rows(
        department_id=department.pk if department else None,
        today=day.date() if day else timezone.localdate(),
        language="zh",
    )
    quiet = {rhythm.Silence.ON_TIME, rhythm.Silence.EMPTY, rhythm.Silence.IRREGULAR, rhythm.Silence.ENDED}
    trouble = 0
    for row in found:
        trouble += row.state in rhythm.TROUBLE
        if row.state in quiet and not everything:
            continue
        emit(
            {
                "department": row.department_slug,
                "dataset": row.dataset,
                "state": row.state.value,
                "last_good": row.last_good,
                "delivery": row.last_number,
                "zero_until": row.zero_until,
                "expected": row.expected,
                "overdue_working_days": row.overdue,
                "newest": row.newest_number,
            },
            as_json=as_json,
            text=f"{row.state_label}\t{row.department}\t{row.dataset_name}\t最近 {row.last_good or '-'}\t应报 "
            f"{row.expected or '-'}\t逾期 {row.overdue} 个工作日\t{row.newest_number}",
        )
    emit(
        {"rows": len(found), "trouble": trouble},
        as_json=as_json,
        text=f"共 {len(found)} 项，其中 {trouble} 项逾期未报或报送未成。{trouble} of {len(found)} need a hand.",
    )
    if trouble:
        sys.exit(1)


@click.command()
@click.argument("dataset")
@click.option("--department", "slug", required=True, help="Who has nothing to deliver.")
@click.option("--from", "from_day", type=_DAY, required=True, help="First day of the period.")
@click.option("--to", "to_day", type=_DAY, required=True, help="Last day of the period.")
@click.option("--by", "who", required=True, help="Who declares it.")
@click.option("--note", default="", help="What it rests on.")
@command
def zero(dataset: str, slug: str, from_day: datetime, to_day: datetime, who: str, note: str, *, as_json: bool) -> None:
    """Declare that a department has nothing to deliver for a period (零报送). It never ends a record."""
    setup_django()
    from xinyong.accounts import selectors as accounts
    from xinyong.intake import actions

    made = actions.declare_zero(
        department=accounts.department(slug),
        dataset=dataset,
        from_day=from_day.date(),
        to_day=to_day.date(),
        acting=who,
        note=note,
    )
    emit({"department": slug, "dataset": dataset, "until": made.to_day}, as_json=as_json, text=str(made))


@click.command()
@click.argument("dataset")
@click.option("--department", "slug", required=True, help="Who delivers.")
@click.option(
    "--cycle", default="", help="daily, weekly, monthly, quarterly, half-yearly, yearly, irregular; empty: the entry's."
)
@click.option("--since", type=_DAY, required=True, help="First day deliveries are expected.")
@click.option("--until", type=_DAY, help="Last day deliveries are expected.")
@click.option("--reason", default="", help="Document or agreement it rests on.")
@command
def duty(
    dataset: str,
    slug: str,
    cycle: str,
    since: datetime,
    until: datetime | None,
    reason: str,
    *,
    as_json: bool,
) -> None:
    """Say that a department delivers a dataset, and how often (报送责任)."""
    setup_django()
    from xinyong.accounts import selectors as accounts
    from xinyong.catalogue.checks import UPDATE_CYCLES
    from xinyong.intake import actions

    if cycle and cycle not in UPDATE_CYCLES:
        raise click.UsageError(f"--cycle is one of {', '.join(sorted(UPDATE_CYCLES))}")
    made = actions.set_duty(
        department=accounts.department(slug),
        dataset=dataset,
        cycle=cycle,
        since=since.date(),
        until=until.date() if until else None,
        reason=reason,
        acting="command duty",
    )
    emit({"department": slug, "dataset": dataset, "cycle": made.cycle}, as_json=as_json, text=str(made))
