"""Reads over the ledger for operators and officers: every record and version of an entity, public or not, as of any moment.

A moment is answered by the order of commits: it stands for the last event committed no later than it, and everything
written afterwards is left out, so the same question has the same answer for ever. ``as_of`` None is the present.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from django.db import connection, transaction

from xinyong.catalogue import selectors as catalogue
from xinyong.catalogue.entry import Field, FieldType
from xinyong.ledger import rules
from xinyong.ledger.errors import MomentAhead, RecordNotFound, VersionNotFound
from xinyong.runtime import cryptography, sql


@dataclass(frozen=True, slots=True)
class Horizon:
    """The last event of a moment; None: no bound, the present."""

    event: int | None = None


PRESENT = Horizon()


def horizon(as_of: datetime | None) -> Horizon:
    """What had been committed at a moment. Waits for a commit that is just ending; raises MomentAhead."""
    if as_of is None:
        return PRESENT
    # Its own transaction: the lock that settles the moment must not outlive the question.
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql.statement("ledger", "horizon"), {"moment": as_of})
        row = cursor.fetchone()
    if row is None or row[0] is None:
        raise MomentAhead(moment=as_of.isoformat())
    return Horizon(int(row[0]))


def _rows(statement: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(sql.statement("ledger", statement), parameters)
        columns = [column[0] for column in cursor.description or ()]
        return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]


def payload_of(value: Any) -> dict[str, Any]:
    """A payload as read by either kind of connection."""
    found: dict[str, Any] = json.loads(value) if isinstance(value, str) else value
    return found


def records_of_entity(
    entity_id: int, as_of: datetime | None = None, *, at: Horizon | None = None
) -> list[dict[str, Any]]:
    """Newest version of each record as the ledger stood at ``as_of``, in the order the records were first stored.

    ``states``: what the record was in then (datapacks/rules/record-status.yml). ``recorded_at``: when it was committed.
    """
    at = at or horizon(as_of)
    records = _rows("records_of_entity", {"entity": entity_id, "last": at.event})
    states: dict[int, list[rules.Done]] = {}
    for act in _rows("acts_on_records", {"entity": entity_id, "record": None, "last": at.event}):
        states.setdefault(act["record_id"], []).append(_done(act))
    return [{**record, "states": sorted(rules.open_states(states.get(record["record_id"], ())))} for record in records]


def _done(act: Mapping[str, Any]) -> rules.Done:
    return rules.Done(number=act["event_id"], act=act["act"], effective_at=act["effective_at"], cause=act["cause"])


def acts_on_record(entity_id: int, record_id: int, at: Horizon = PRESENT) -> list[dict[str, Any]]:
    """What happened to a record, in the order recorded."""
    return _rows("acts_on_records", {"entity": entity_id, "record": record_id, "last": at.event})


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordHistory:
    """A record with all its versions, oldest first, and everything that happened to it."""

    record_id: int
    entity_id: int
    dataset: str
    versions: tuple[dict[str, Any], ...]
    acts: tuple[dict[str, Any], ...]

    def states(self, on: datetime | None = None) -> dict[str, int]:
        """States it is in with the act that opened each; ``on``: as the first clock stood then."""
        return rules.open_states([_done(act) for act in self.acts], on)


def record(record_id: int, as_of: datetime | None = None) -> RecordHistory:
    """A record as it stood. Raises RecordNotFound, MomentAhead."""
    at = horizon(as_of)
    versions = sql.kept_dicts("ledger", "versions_of_record", {"record": record_id, "last": at.event})
    if not versions:
        when = as_of.isoformat() if as_of else ""
        raise RecordNotFound(
            record=record_id, when=f" as of {when}" if when else "", when_zh=f"（{when}）" if when else ""
        )
    entity = versions[0]["entity_id"]
    return RecordHistory(
        record_id=record_id,
        entity_id=entity,
        dataset=versions[0]["dataset"],
        versions=tuple({**version, "payload": payload_of(version["payload"])} for version in versions),
        acts=tuple(acts_on_record(entity, record_id, at)),
    )


def record_of_act(session: psycopg.Connection[tuple[Any, ...]], event_id: int) -> tuple[int, int] | None:
    """(entity, record) an act in the corridor speaks of."""
    row = session.execute("SELECT entity_id, record_id FROM ledger_status WHERE event_id = %s", (event_id,)).fetchone()
    return (row[0], row[1]) if row else None


def acts_in_range(
    session: psycopg.Connection[tuple[Any, ...]], first: int, last: int
) -> dict[tuple[int, int], list[rules.Done]]:
    """What happened to the records of a range of versions, by (entity, record); only records something happened to."""
    acts: dict[tuple[int, int], list[rules.Done]] = {}
    if session.execute("SELECT FROM ledger_status LIMIT 1").fetchone() is None:
        return acts
    query = sql.statement("ledger", "acts_on_range")
    for entity, record_id, event, act, effective_at, cause in session.execute(query, {"first": first, "last": last}):
        done = rules.Done(number=event, act=act, effective_at=effective_at, cause=cause)
        acts.setdefault((entity, record_id), []).append(done)
    return acts


# --- differences ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One field that two versions say differently. Personal values are told apart and never shown."""

    field: str
    name_zh: str
    name_en: str
    kind: str
    old: str
    new: str
    personal: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Form for ``--json``."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


#: Stands for a personal value.
MASK = "***"


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """Field by field from one version (of :class:`RecordHistory`) to another, in the order of the catalogue entry."""
    known = {field.code: field for field in (*_fields(before), *_fields(after))}
    old, new = before["payload"], after["payload"]
    codes = [code for code in known if code in old or code in new]
    codes += sorted(code for code in {*old, *new} if not code.startswith("_") and code not in known)
    found = []
    for code in codes:
        left, right = old.get(code), new.get(code)
        field = known.get(code)
        personal = _personal(field, left, right)
        if left == right or (personal and _same_person_value(code, left, right)):
            continue
        kind = "added" if left is None else "removed" if right is None else "changed"
        found.append(
            Difference(
                field=code,
                name_zh=field.name_zh if field else code,
                name_en=field.name_en if field else code,
                kind=kind,
                old=_shown(left, personal),
                new=_shown(right, personal),
                personal=personal,
            )
        )
    return found


def _fields(version: Mapping[str, Any]) -> tuple[Field, ...]:
    return catalogue.text_of(version["digest"], version["dataset"]).fields


def _personal(field: Field | None, *values: Any) -> bool:
    if any(isinstance(value, str) and value.startswith(cryptography.TOKEN_PREFIX) for value in values):
        return True
    return field is not None and (
        field.type is FieldType.PERSONAL_NUMBER or (field.personal and not field.statutory_public)
    )


def _same_person_value(code: str, left: Any, right: Any) -> bool:
    """Two tokens of one value differ; what they hold is compared, and forgotten."""
    if not (isinstance(left, str) and isinstance(right, str)):
        return False
    return cryptography.fingerprint(_opened(code, left)) == cryptography.fingerprint(_opened(code, right))


def _opened(code: str, value: str) -> str:
    return cryptography.reveal(code, value) if value.startswith(cryptography.TOKEN_PREFIX) else value


def _shown(value: Any, personal: bool) -> str:
    if value is None:
        return ""
    if personal:
        return MASK
    return "；".join(map(str, value)) if isinstance(value, list) else str(value)


def shown_fields(version: Mapping[str, Any]) -> list[tuple[Field | None, str, str]]:
    """(field, code, value) of a version for an officer: personal values masked, bookkeeping keys left out."""
    known = {field.code: field for field in _fields(version)}
    payload = version["payload"]
    codes = [code for code in known if code in payload]
    codes += sorted(code for code in payload if not code.startswith("_") and code not in known)
    return [(known.get(code), code, _shown(payload[code], _personal(known.get(code), payload[code]))) for code in codes]


def versions_between(
    history: RecordHistory, first: int | None, second: int | None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Two versions of a record; by default the last two. Raises VersionNotFound."""
    count = len(history.versions)
    second = second or count
    first = first or max(1, second - 1)
    for wanted in (first, second):
        if not 1 <= wanted <= count:
            raise VersionNotFound(record=history.record_id, version=wanted, count=count)
    return history.versions[first - 1], history.versions[second - 1]


def totals() -> dict[str, int]:
    """Rows of the ledger: records, versions, events. Counted, not estimated."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM ledger_record), (SELECT count(*) FROM ledger_version), "
            "(SELECT count(*) FROM ledger_event), (SELECT count(*) FROM registry_entity)"
        )
        row = cursor.fetchone() or (0, 0, 0, 0)
    return dict(zip(("records", "versions", "events", "entities"), row, strict=True))
