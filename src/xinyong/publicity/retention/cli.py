"""``xinyong retention``: what would go, what went, and by which rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from xinyong.runtime.command import command, emit, setup_django

if TYPE_CHECKING:
    from xinyong.accounts.models import User


def _officer(name: str) -> User:
    from xinyong.accounts.models import User
    from xinyong.publicity.errors import RetentionRefused

    found = User.objects.filter(username=name, is_active=True).first()
    if found is None:
        raise RetentionRefused(why_zh=f"没有用户“{name}”", why_en=f"there is no user '{name}'")
    return found


@click.group()
def retention() -> None:
    """Archive and delete what is kept no longer: 'plan' lists and changes nothing, 'run' carries a plan out, 'report' shows it."""


@retention.command()
@click.option("--user", "username", required=True, help="Officer who runs it; needs the right to decide rules.")
@command
def plan(username: str, *, as_json: bool) -> None:
    """List everything whose time is over, by rule. Nothing is changed."""
    setup_django()
    from xinyong.publicity.retention import actions

    run = actions.plan(_officer(username))
    total = sum(row["planned"] for row in run.counts.values())
    emit(
        {"plan": run.pk, "total": total, "counts": run.counts, "cut": run.cut},
        as_json=as_json,
        text=f"预演 {run.pk}：共 {total} 项，没有改动任何数据。Plan {run.pk}: {total} items; nothing was changed.",
    )


@retention.command()
@click.argument("plan_id", type=int)
@click.option("--user", "username", required=True, help="Officer who runs it; needs the right to decide rules.")
@click.option("--reason", required=True, help="Why it is carried out.")
@command
def run(plan_id: int, username: str, reason: str, *, as_json: bool) -> None:
    """Carry out the plan PLAN_ID. An interrupted run goes on."""
    setup_django()
    from xinyong.publicity.retention import actions

    made = actions.carry_out(_officer(username), plan_id, reason=reason)
    made.refresh_from_db()
    went = sum(row.get("went", 0) for row in made.counts.values())
    kept = sum(row.get("kept", 0) for row in made.counts.values())
    emit(
        {"run": made.pk, "went": went, "kept": kept, "counts": made.counts},
        as_json=as_json,
        text=f"第 {made.pk} 号执行完毕：处理 {went} 项，保留 {kept} 项。Run {made.pk}: {went} went, {kept} kept.",
    )


@retention.command()
@click.argument("run_id", type=int)
@command
def report(run_id: int, *, as_json: bool) -> None:
    """What run RUN_ID planned or did: one line for each thing."""
    setup_django()
    from xinyong.publicity.retention import selectors

    for line in selectors.report(run_id):
        emit(line, as_json=as_json, text="  ".join(str(value) for value in line.values()))
