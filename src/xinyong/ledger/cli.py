"""``xinyong show``, ``xinyong diff``, ``xinyong status`` and ``xinyong effects``."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from xinyong.runtime.command import command, emit, setup_django

_MOMENT = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S.%f%z", "%Y-%m-%dT%H:%M:%S%z"])


def _aware(moment: datetime | None) -> datetime | None:
    """A day or a time of day without a zone is meant where the platform stands."""
    from django.utils import timezone

    return timezone.make_aware(moment) if moment is not None and moment.tzinfo is None else moment


def _entity(code: str) -> Any:
    from xinyong.ledger.errors import EntityNotFound
    from xinyong.registry import selectors as registry

    try:
        entity = registry.by_key(code)
    except registry.Moved as moved:
        entity = registry.by_key(moved.key)
    if entity is None:
        raise EntityNotFound(key=code)
    return entity


def _record_lines(record: dict[str, Any]) -> list[str]:
    states = f" · {', '.join(record['states'])}" if record["states"] else ""
    head = (
        f"  [{record['dataset']} v{record['version_no']}] {record['decided_on'] or ''} · {record['delivery']} "
        f"第 {record['source_row']} 行 · {record['department']} · #{record['record_id']}{states}"
    )
    return [
        head,
        *(
            f"      {key}: {item}"
            for key, item in record["payload"].items()
            if not key.startswith("_") and not str(item).startswith("enc1:")
        ),
    ]


@click.command()
@click.argument("code")
@click.option("--as-of", type=_MOMENT, help="As the ledger stood then: names, numbers, status and records.")
@command
def show(code: str, as_of: datetime | None, *, as_json: bool) -> None:
    """Show an entity (by credit code, registration number or public id) with all its records and their sources."""
    setup_django()
    from xinyong.ledger import past, selectors
    from xinyong.registry import selectors as registry

    entity = _entity(code)
    if as_of is not None:
        file = past.entity_file(entity.pk, _aware(as_of))
        numbers = " ".join(item["value"] for item in file["identifiers"])
        lines = [f"{file['name']}  {file['id']}  {numbers}  {file['status']}  ({file['as_of']})"]
        emit(
            file,
            as_json=as_json,
            text="\n".join(lines + [line for item in file["records"] for line in _record_lines(item)]),
        )
        return
    records = [record for member in registry.members(entity) for record in selectors.records_of_entity(member)]
    value: dict[str, Any] = {
        "key": registry.address_key(entity),
        "credit_code": entity.credit_code,
        "name": entity.name,
        "kind": entity.kind,
        "status": entity.status,
        "registered": entity.registered,
        "identifiers": [{"type": item.type, "value": item.value} for item in registry.identifiers(entity)],
        "former_names": [item.name for item in registry.former_names(entity)],
        "records": [{**record, "payload": selectors.payload_of(record["payload"])} for record in records],
    }
    lines = [f"{entity.name}  {value['key']}  {entity.kind}  {entity.status}"]
    lines += [line for record in value["records"] for line in _record_lines(record)]
    emit(value, as_json=as_json, text="\n".join(lines))


@click.command()
@click.argument("record", type=int)
@click.argument("first", type=click.IntRange(1), required=False)
@click.argument("second", type=click.IntRange(1), required=False)
@command
def diff(record: int, first: int | None, second: int | None, *, as_json: bool) -> None:
    """Show field by field what changed from one version of a RECORD to another. Default: the last two versions."""
    setup_django()
    from xinyong.ledger import selectors

    before, after = selectors.versions_between(selectors.record(record), first, second)
    found = selectors.differences(before, after)
    lines = [
        f"记录 {record}：第 {before['version_no']} 版 → 第 {after['version_no']} 版（{after['delivery']} 第 {after['source_row']} 行）"
    ]
    lines += [f"  {item.name_zh} {item.field}: {item.old or '—'} → {item.new or '—'}" for item in found]
    if not found:
        lines.append("  没有字段变化 No field differs.")
    value = {
        "record": record,
        "first": before["version_no"],
        "second": after["version_no"],
        "delivery": after["delivery"],
        "source_row": after["source_row"],
        "differences": [item.as_dict() for item in found],
    }
    emit(value, as_json=as_json, text="\n".join(lines))


@click.group()
def status() -> None:
    """What happens to a record after it was stored: dispute, withdrawal, repair, and their inverses."""


@status.command("record")
@click.argument("record", type=int)
@click.argument("act")
@click.option("--officer", required=True, help="User name of the officer who decides.")
@click.option("--reason", required=True, help="Why, in the officer's words.")
@click.option("--basis", required=True, help="Document it rests on: number, date, authority.")
@click.option("--cause", default="", help="Which of the act's causes, where it has some.")
@click.option("--effective", type=_MOMENT, help="From when it holds. Default: now.")
@command
def record_act(
    record: int,
    act: str,
    officer: str,
    reason: str,
    basis: str,
    cause: str,
    effective: datetime | None,
    *,
    as_json: bool,
) -> None:
    """Record an ACT on a RECORD. It cannot be removed; 'xinyong status acts' names the act that answers it."""
    setup_django()
    from xinyong.accounts import selectors as accounts
    from xinyong.accounts.models import User
    from xinyong.accounts.rules import Right
    from xinyong.ledger import actions, corridor

    user = User.objects.filter(username=officer).first()
    if user is None:
        raise accounts.RightMissing(right=Right.RECORD_STATUS.value)
    number = actions.record_status(
        user, record, act, reason=reason, basis=basis, cause=cause, effective_at=_aware(effective)
    )
    corridor.catch_up()
    emit(
        {"record": record, "act": act, "number": number},
        as_json=as_json,
        text=f"记录 {record}：已登记 {act}（编号 {number}）。Recorded as act {number}.",
    )


@status.command("list")
@click.argument("record", type=int)
@click.option("--as-of", type=_MOMENT, help="As the ledger stood then (second clock).")
@click.option("--effective", type=_MOMENT, help="Counting what had taken effect by then (first clock).")
@command
def list_acts(record: int, as_of: datetime | None, effective: datetime | None, *, as_json: bool) -> None:
    """List what happened to a RECORD and the states it is in."""
    setup_django()
    from xinyong.ledger import rules, selectors

    history = selectors.record(record, _aware(as_of))
    states = sorted(history.states(_aware(effective)))
    known = rules.rule_set()
    lines = [f"记录 {record}: " + ("、".join(known.states[code].zh for code in states) or "—")]
    lines += [
        f"  {item['event_id']} {item['recorded_at']:%Y-%m-%d %H:%M} {known.acts[item['act']].zh} {item['cause']} "
        f"{item['actor']}: {item['reason']} ({item['basis']})"
        for item in history.acts
    ]
    value = {"record": record, "states": states, "hidden": rules.hidden(states), "acts": list(history.acts)}
    emit(value, as_json=as_json, text="\n".join(lines))


@status.command("acts")
@command
def acts(*, as_json: bool) -> None:
    """List the acts there are, with their causes, inverse and legal basis."""
    from xinyong.ledger import rules

    known = rules.rule_set()
    inverse = {act.closes: act.code for act in known.acts.values() if act.closes}
    rows = [
        {
            "act": act.code,
            "zh": act.zh,
            "en": act.en,
            "opens": act.opens,
            "closes": act.closes,
            "inverse": inverse.get(act.opens) if act.opens else None,
            "hides": bool(act.opens and known.states[act.opens].hides),
            "causes": list(act.causes),
            "source": act.source,
            "article": act.article,
            "certainty": act.certainty,
        }
        for act in known.acts.values()
    ]
    lines = [f"{row['act']:<15}{row['zh']}  → {row['inverse'] or '—'}  {', '.join(act.causes)}  {row['article']}"
             for row, act in zip(rows, known.acts.values(), strict=True)]  # fmt: skip
    emit({"version": known.version, "acts": rows}, as_json=as_json, text="\n".join(lines))


@click.command()
@click.option("--rebuild", is_flag=True, help="Forget the read models and read the corridor again from its beginning.")
@command
def effects(rebuild: bool, *, as_json: bool) -> None:
    """Let the effects (publicity windows, transparency log) read the event corridor; --rebuild starts from zero."""
    setup_django()
    from xinyong.ledger import corridor

    taken = corridor.rebuild() if rebuild else corridor.catch_up()
    emit({"events": taken}, as_json=as_json, text="\n".join(f"{name}: {count} events" for name, count in taken.items()))
