"""``xinyong registry`` and ``xinyong desk``: acts on the registry, cases and decisions, from the command line."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from xinyong.runtime.command import command, emit, setup_django

_BY = click.option("--by", required=True, help="Sign-in name of the officer who does it.")
_WHY = click.option("--reason", required=True, help="Why, in the officer's words.")
_RESTS = click.option("--evidence", required=True, help="Document, number, date it rests on.")


def _officer(name: str) -> Any:
    from xinyong.accounts.models import User
    from xinyong.accounts.rules import Right
    from xinyong.accounts.selectors import RightMissing

    found = User.objects.filter(username=name, is_active=True).first()
    if found is None:
        raise RightMissing(right=Right.REGISTRY_ACT.value)
    return found


def _told(act: Any, *, as_json: bool) -> None:
    emit(
        {"act": act.pk, "kind": act.kind, "state": act.state, **act.detail},
        as_json=as_json,
        text=f"第 {act.pk} 号 {act.get_kind_display()}：{act.get_state_display()} act {act.pk} {act.state}",
    )


@click.group()
def registry() -> None:
    """Acts on the registry: merge, split, succession, numbers. Each names officer, reason and evidence."""


@registry.command()
@click.argument("member")
@click.argument("into")
@_BY
@_WHY
@_RESTS
@click.option("--preview", is_flag=True, help="Say what would change and change nothing.")
@command
def merge(member: str, into: str, by: str, reason: str, evidence: str, preview: bool, *, as_json: bool) -> None:
    """Merge entry MEMBER into entry INTO, which speaks for both (codes, numbers or public ids)."""
    setup_django()
    from xinyong.desk import registry_pages
    from xinyong.registry import actions

    user = _officer(by)
    one, other = registry_pages.entry(member), registry_pages.entry(into)
    if preview:
        seen = registry_pages.preview(one, other, "zh")
        emit(
            {"refusal": seen.refusal, "records": seen.total, "redirects": list(seen.redirects), "second": seen.second},
            as_json=as_json,
            text=seen.refusal or f"归并后共 {seen.total} 条记录 records；转址 redirects：{'、'.join(seen.redirects)}",
        )
        return
    _told(actions.merge(user, one.pk, other.pk, reason=reason, evidence=evidence), as_json=as_json)


@registry.command()
@click.argument("member")
@_BY
@_WHY
@_RESTS
@command
def split(member: str, by: str, reason: str, evidence: str, *, as_json: bool) -> None:
    """Take back the merge of entry MEMBER (its own code or public id)."""
    setup_django()
    from xinyong.desk import registry_pages
    from xinyong.registry import actions

    entry = registry_pages.entry(member)
    _told(actions.split(_officer(by), entry.pk, reason=reason, evidence=evidence), as_json=as_json)


@registry.command()
@click.argument("kind")
@click.argument("predecessor")
@click.argument("successor")
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="From when, by the document.")
@_BY
@_WHY
@_RESTS
@command
def succession(
    kind: str,
    predecessor: str,
    successor: str,
    on: datetime | None,
    by: str,
    reason: str,
    evidence: str,
    *,
    as_json: bool,
) -> None:
    """Record that SUCCESSOR follows PREDECESSOR. KIND: code_change, conversion, absorption, consolidation, division …"""
    setup_django()
    from xinyong.desk import registry_pages
    from xinyong.registry import actions

    before, after = registry_pages.entry(predecessor), registry_pages.entry(successor)
    act = actions.record_succession(
        _officer(by),
        kind,
        before.pk,
        after.pk,
        effective_on=on.date() if on else None,
        reason=reason,
        evidence=evidence,
    )
    _told(act, as_json=as_json)


@registry.command()
@click.argument("entity")
@click.argument("kind")
@click.argument("value")
@click.option("--from", "since", type=click.DateTime(["%Y-%m-%d"]), help="From when it leads here; needed to move one.")
@click.option("--issuer", default="", help="Who issued it.")
@_BY
@_WHY
@_RESTS
@command
def number(
    entity: str,
    kind: str,
    value: str,
    since: datetime | None,
    issuer: str,
    by: str,
    reason: str,
    evidence: str,
    *,
    as_json: bool,
) -> None:
    """Enter number VALUE of KIND for ENTITY, or move it there from a day on. KIND: tax_number, registration_number …"""
    setup_django()
    from xinyong.desk import registry_pages
    from xinyong.registry import actions

    act = actions.enter_number(
        _officer(by), registry_pages.entry(entity).pk, kind, value,
        valid_from=since.date() if since else None, issuer=issuer, reason=reason, evidence=evidence,
    )  # fmt: skip
    _told(act, as_json=as_json)


@registry.command()
@click.argument("act", type=int)
@click.option("--agree/--refuse", required=True, help="Whether the second person agrees.")
@click.option("--note", default="", help="What the second person has to say.")
@_BY
@command
def second(act: int, agree: bool, note: str, by: str, *, as_json: bool) -> None:
    """Confirm or refuse a proposed ACT as its second person."""
    setup_django()
    from xinyong.registry import actions

    _told(actions.decide(_officer(by), act, agree=agree, note=note), as_json=as_json)


@registry.command()
@_BY
@command
def acts(by: str, *, as_json: bool) -> None:
    """Every act, oldest first; with --json one line an act, as the export of the console."""
    setup_django()
    from xinyong.desk import registry_pages

    for row in registry_pages.acts_for_export(_officer(by)):
        emit(
            row,
            as_json=as_json,
            text=f"{row['act']:>6} {row['at']} {row['kind']:<20}{row['state']:<10}{row['entity']} {row['other']} {row['actor']}：{row['reason']}",
        )


@registry.command()
@click.argument("delivery")
@click.argument("row", type=int)
@command
def why(delivery: str, row: int, *, as_json: bool) -> None:
    """Say how ROW of DELIVERY was tied to its entity: by which number, name, rule or decision."""
    setup_django()
    from xinyong.desk import links

    found = links.why(delivery, row)
    emit(found, as_json=as_json, text=f"{found['words_zh']}\n{found['words_en']}")


@registry.command()
@command
def alarms(*, as_json: bool) -> None:
    """Registration statuses the list does not know: entities under them are never taken for in operation."""
    setup_django()
    from xinyong.registry import selectors

    found = selectors.unknown_statuses()
    for status, count in found:
        emit({"status": status, "entities": count}, as_json=as_json, text=f"{count:>8,} 「{status}」")
    if not found:
        emit({"unknown": 0}, as_json=as_json, text="没有未知的登记状态 no unknown status")


@click.group()
def desk() -> None:
    """The desk for rows whose entity is not certain: cases, sending, decisions for export."""


@desk.command()
@command
def run(*, as_json: bool) -> None:
    """Open the cases of new deliveries and send every decided row again, without waiting for the time to undo."""
    setup_django()
    from xinyong.desk import actions

    opened, moved = actions.open_cases(), actions.send_decided(now=True)
    emit(
        {"opened": opened, "moved": moved}, as_json=as_json, text=f"新开 {opened} 件，办结 {moved} 件 opened, moved on"
    )


@desk.command()
@_BY
@command
def decisions(by: str, *, as_json: bool) -> None:
    """Every decision with evidence, candidates and reasons, oldest first; --json gives JSON Lines."""
    setup_django()
    from xinyong.desk import selectors

    for row in selectors.decisions(_officer(by)):
        emit(
            row,
            as_json=as_json,
            text=f"{row['decision']:>6} {row['at']} {row['delivery']}:{row['row']} 「{row['written_name']}」→ "
            f"{row['entity_name'] or '退回 returned'} ({', '.join(row['officers'])})",
        )
