"""``xinyong show`` and ``xinyong effects``."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import click

from xinyong.errors import ErrorCode, XinyongError
from xinyong.runtime.command import command, emit, setup_django


class EntityNotFound(XinyongError):
    """No entity of this code, number or public id."""

    code = ErrorCode.NOT_FOUND
    status = 404
    zh = "没有代码、号码或编号为「{key}」的主体。可用 xinyong search 按名称查找。"
    en = "There is no entity with the code, number or id '{key}'. Try xinyong search with its name."


@click.command()
@click.argument("code")
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]), help="As the ledger stood then.")
@command
def show(code: str, as_of: datetime | None, *, as_json: bool) -> None:
    """Show an entity (by credit code, registration number or public id) with all its records and their sources."""
    setup_django()
    from django.utils import timezone

    from xinyong.ledger import selectors
    from xinyong.registry import selectors as registry

    try:
        entity = registry.by_key(code)
    except registry.Moved as moved:
        entity = registry.by_key(moved.key)
    if entity is None:
        raise EntityNotFound(key=code)
    moment = timezone.make_aware(as_of) if as_of else None
    records = [record for member in registry.members(entity) for record in selectors.records_of_entity(member, moment)]
    value: dict[str, Any] = {
        "key": registry.address_key(entity),
        "credit_code": entity.credit_code,
        "name": entity.name,
        "kind": entity.kind,
        "status": entity.status,
        "registered": entity.registered,
        "identifiers": [{"type": item.type, "value": item.value} for item in registry.identifiers(entity)],
        "former_names": [item.name for item in registry.former_names(entity)],
        "records": [
            {
                **record,
                "payload": json.loads(record["payload"]) if isinstance(record["payload"], str) else record["payload"],
            }
            for record in records
        ],
    }
    lines = [f"{entity.name}  {value['key']}  {entity.kind}  {entity.status}"]
    for record in value["records"]:
        lines.append(
            f"  [{record['dataset']} v{record['version_no']}] {record['decided_on'] or ''} · {record['delivery']} "
            f"第 {record['source_row']} 行 · {record['department']}"
        )
        lines += [
            f"      {key}: {item}"
            for key, item in record["payload"].items()
            if not key.startswith("_") and not str(item).startswith("enc1:")
        ]
    emit(value, as_json=as_json, text="\n".join(lines))


@click.command()
@click.option("--rebuild", is_flag=True, help="Forget the read models and read the corridor again from its beginning.")
@command
def effects(rebuild: bool, *, as_json: bool) -> None:
    """Let the effects (publicity windows) read the event corridor; --rebuild starts from zero."""
    setup_django()
    from xinyong.ledger import corridor

    taken = corridor.rebuild() if rebuild else corridor.catch_up()
    emit({"events": taken}, as_json=as_json, text="\n".join(f"{name}: {count} events" for name, count in taken.items()))
