"""The file of an entity as it stood at a moment: names, numbers and status as its versions said them until then.

Registry rows are kept up in place, so they cannot say how they stood. The versions can: everything here is folded from
what had been committed at the moment, so the same question has the same answer whenever it is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import F

from xinyong.catalogue import selectors as catalogue
from xinyong.ledger import selectors
from xinyong.ledger.selectors import Horizon, payload_of
from xinyong.registry import keys
from xinyong.registry.models import Act
from xinyong.runtime import cryptography


@dataclass(slots=True)
class _Facts:
    registered: bool = False
    name: str = ""
    status: str = ""
    place: str = ""
    names: list[dict[str, Any]] = field(default_factory=list)
    identifiers: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)


def entity_file(entity_id: int, as_of: datetime | None = None) -> dict[str, Any]:
    """Everything known of an entity at the moment, merged entries of that time included. Raises MomentAhead."""
    at = selectors.horizon(as_of)
    members = members_at(entity_id, as_of)
    facts = _Facts()
    rows = [
        row for member in members for row in selectors._rows("facts_of_entity", {"entity": member, "last": at.event})
    ]
    for row in sorted(rows, key=lambda item: (item["event"], item["version_id"])):
        _fold(facts, row)
    return {
        "as_of": as_of.isoformat() if as_of else None,
        "id": keys.public_key(entity_id),
        "registered": facts.registered,
        "name": facts.name,
        "status": facts.status,
        "place": facts.place,
        "identifiers": [facts.identifiers[key] for key in sorted(facts.identifiers)],
        "names": facts.names,
        "members": [keys.public_key(member) for member in members],
        "records": [_record(record) for record in records(members, at)],
    }


def records(members: Iterable[int], at: Horizon) -> list[dict[str, Any]]:
    """Records of some entities, oldest first."""
    found = [record for member in members for record in selectors.records_of_entity(member, at=at)]
    return sorted(found, key=lambda record: int(record["record_id"]))


def _record(record: Mapping[str, Any]) -> dict[str, Any]:
    payload = payload_of(record["payload"])
    # Personal values are no part of an entity's file as of a moment; the record itself says that they are there.
    shown = {
        code: "***" if isinstance(value, str) and value.startswith(cryptography.TOKEN_PREFIX) else value
        for code, value in payload.items()
    }
    times = {
        name: record[name].isoformat() if record[name] else None
        for name in ("received_at", "recorded_at", "decided_on")
    }
    return {**record, **times, "payload": shown}


def _fold(facts: _Facts, row: Mapping[str, Any]) -> None:
    """Take in what one version says. Later versions speak after earlier ones."""
    payload, entry = payload_of(row["payload"]), catalogue.text_of(row["digest"], row["code"])
    subject = entry.subject
    source = {"delivery": row["number"], "row": row["source_row"], "recorded_at": row["recorded_at"].isoformat()}
    for kind, code in (("credit_code", subject.code), ("registration_number", subject.registration_number)):
        value = payload.get(code) if code else None
        if isinstance(value, str) and value and not value.startswith(cryptography.TOKEN_PREFIX):
            facts.identifiers.setdefault((kind, value), {"type": kind, "value": value, "since": source})
    name = payload.get(subject.name) if subject.name else None
    if not isinstance(name, str) or name.startswith(cryptography.TOKEN_PREFIX):
        name = None
    if not subject.creates:
        if name and all(item["name"] != name for item in facts.names):
            facts.names.append({"name": name, "kind": "reported", "since": source, "until": None})
            if not facts.registered and not facts.name:
                facts.name = name
        return
    facts.registered = True
    if subject.status and payload.get(subject.status):
        facts.status = payload[subject.status]
    place = " ".join(str(payload[code]) for code in subject.place if payload.get(code))
    facts.place = place or facts.place
    if name:
        facts.name = name
        if not any(item["name"] == name and item["kind"] == "registered" for item in facts.names):
            for item in facts.names:
                if item["kind"] == "registered":
                    item.update(kind="former", until=source)
            facts.names.append({"name": name, "kind": "registered", "since": source, "until": None})


def members_at(entity_id: int, as_of: datetime | None = None) -> list[int]:
    """The entity and the entries merged into it by acts in force at the moment, its own first. Raises MomentAhead."""
    at = selectors.horizon(as_of)
    found, waiting = [entity_id], [entity_id]
    while waiting:
        into = waiting.pop()
        merged = Act.objects.filter(kind=Act.Kind.MERGE, other_id=into).values_list("entity_id", flat=True).distinct()
        for member in sorted(merged):
            if member not in found and _link(member, at, as_of) == into:
                found.append(member)
                waiting.append(member)
    return [entity_id, *sorted(found[1:])]


def _link(member: int, at: Horizon, as_of: datetime | None) -> int | None:
    """What an entry was merged into at the moment: merges and splits stand in the order of commits like everything else."""
    into: int | None = None
    acts = Act.objects.filter(entity_id=member, kind__in=[Act.Kind.MERGE, Act.Kind.SPLIT])
    for act in acts.order_by(F("event_id").asc(nulls_first=True), "id"):
        if act.event_id is not None:
            if at.event is not None and act.event_id > at.event:
                continue
        elif act.state in (Act.State.PROPOSED, Act.State.REFUSED):
            continue
        elif as_of is not None and (act.decided_at or act.at) > as_of:
            continue  # of before acts had a place in the corridor: their time is all there is
        into = act.other_id if act.kind == Act.Kind.MERGE else None
    return into
