"""What the record pages of the console show. Every look is written to the audit trail: they show more than the public may see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from xinyong.accounts import selectors as accounts
from xinyong.accounts.models import User
from xinyong.accounts.rules import Right
from xinyong.audit import actions as audit
from xinyong.catalogue import selectors as catalogue
from xinyong.ledger import past, rules, selectors
from xinyong.ledger.errors import EntityNotFound, RecordNotFound
from xinyong.ledger.selectors import Difference, RecordHistory
from xinyong.registry import selectors as registry
from xinyong.registry.models import Entity


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A version against the one before it, or an act: one line of the history."""

    at: datetime
    title: str
    who: str
    source: str
    delivery: str
    differences: tuple[tuple[str, Difference], ...] = ()
    reason: str = ""
    basis: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPage:
    """One record for an officer."""

    number: int
    entity_key: str
    entity_name: str
    dataset_name: str
    as_of: datetime | None
    version_no: int
    states: tuple[str, ...]
    hidden: bool
    fields: tuple[tuple[str, str], ...]
    delivery: str
    source_row: int
    department: str
    decided_on: Any
    received_at: datetime
    recorded_at: datetime
    content_hash: str
    history: tuple[Change, ...]


def visible_record(user: User, number: int, as_of: datetime | None = None) -> RecordHistory:
    """A record the user may see: all of them, or those the own department delivered. Raises RightMissing, RecordNotFound."""
    everything = accounts.may(user, Right.DELIVERY_VIEW_ALL)
    if not everything:
        accounts.require(user, Right.DELIVERY_VIEW_OWN)
    history = selectors.record(number, as_of)
    own = any(version["department_id"] == user.department_id for version in history.versions)
    if not everything and not own:
        raise RecordNotFound(record=number, when="", when_zh="")
    return history


def record_page(user: User, number: int, as_of: datetime | None, language: str) -> RecordPage:
    """The page of a record. Raises RightMissing, RecordNotFound, MomentAhead."""
    history = visible_record(user, number, as_of)
    audit.record(
        actor=user.username,
        deed="record.viewed",
        target=f"record {number}",
        detail={"as_of": as_of.isoformat() if as_of else None},
    )
    english, known = language == "en", rules.rule_set()
    newest = history.versions[-1]
    entry = catalogue.text_of(newest["digest"], newest["dataset"])
    entity = registry.canonical(Entity.objects.get(pk=history.entity_id))
    states = history.states()
    return RecordPage(
        number=number,
        entity_key=registry.address_key(entity),
        entity_name=entity.name or entity.credit_code or "",
        dataset_name=entry.name_en if english else entry.name_zh,
        as_of=as_of,
        version_no=newest["version_no"],
        states=tuple(known.states[code].en if english else known.states[code].zh for code in sorted(states)),
        hidden=rules.hidden(states),
        fields=tuple(
            ((field.name_en if english else field.name_zh) if field else code, value)
            for field, code, value in selectors.shown_fields(newest)
        ),
        delivery=newest["delivery"],
        source_row=newest["source_row"],
        department=_department(newest, english),
        decided_on=newest["decided_on"],
        received_at=newest["received_at"],
        recorded_at=newest["recorded_at"],
        content_hash=newest["content_hash"],
        history=_history(history, english),
    )


def _department(version: Mapping[str, Any], english: bool) -> str:
    return str((english and version["department_en"]) or version["department_zh"])


def _history(history: RecordHistory, english: bool) -> tuple[Change, ...]:
    """Versions and acts in one line of time, newest first."""
    known = rules.rule_set()
    found: list[Change] = []
    before: Mapping[str, Any] | None = None
    for version in history.versions:
        differences = selectors.differences(before, version) if before else []
        found.append(
            Change(
                at=version["recorded_at"],
                title=f"Version {version['version_no']}" if english else f"第 {version['version_no']} 版",
                who=_department(version, english),
                source=str(version["source_row"]),
                delivery=version["delivery"],
                differences=tuple((item.name_en if english else item.name_zh, item) for item in differences),
            )
        )
        before = version
    for item in history.acts:
        act = known.acts[item["act"]]
        cause = act.causes.get(item["cause"], (item["cause"], item["cause"]))[1 if english else 0]
        title = act.en if english else act.zh
        found.append(
            Change(
                at=item["recorded_at"],
                title=f"{title}: {cause}" if cause and english else f"{title}：{cause}" if cause else title,
                who=item["actor"],
                source="",
                delivery="",
                reason=item["reason"],
                basis=item["basis"],
            )
        )
    return tuple(sorted(found, key=lambda change: change.at, reverse=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityPage:
    """An entity as of a moment, for an officer who sees everything."""

    key: str
    as_of: datetime | None
    file: Mapping[str, Any]
    records: tuple[tuple[Mapping[str, Any], str, tuple[str, ...]], ...]


def entity_page(user: User, key: str, as_of: datetime | None, language: str) -> EntityPage:
    """The file of an entity as of a moment. Raises RightMissing, EntityNotFound, MomentAhead."""
    accounts.require(user, Right.DELIVERY_VIEW_ALL)
    try:
        entity = registry.by_key(key)
    except registry.Moved as moved:
        entity = registry.by_key(moved.key)
    if entity is None:
        raise EntityNotFound(key=key[:60])
    file = past.entity_file(entity.pk, as_of)
    audit.record(
        actor=user.username,
        deed="entity.viewed",
        target=f"entity {registry.address_key(entity)}",
        detail={"as_of": as_of.isoformat() if as_of else None},
    )
    english, known = language == "en", rules.rule_set()
    names: dict[str, str] = {}
    for item in catalogue.packaged().entries.values():  # later editions come later, and name the dataset
        names[item.code] = item.name_en if english else item.name_zh
    rows = tuple(
        (
            record,
            names.get(record["dataset"], record["dataset"]),
            tuple(known.states[code].en if english else known.states[code].zh for code in record["states"]),
        )
        for record in file["records"]
    )
    return EntityPage(key=registry.address_key(entity), as_of=as_of, file=file, records=rows)
