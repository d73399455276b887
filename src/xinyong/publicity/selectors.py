"""Reads for the public pages. One filter decides what is visible; every count and every list goes through it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from django.db import connection
from django.urls import reverse
from django.utils import timezone

from xinyong.catalogue import selectors as catalogue
from xinyong.catalogue.entry import DatasetEntry, Nature
from xinyong.intake.rhythm import selectors as rhythm
from xinyong.intake.rhythm.rules import Silence
from xinyong.ledger import rules as ledger_rules
from xinyong.publicity import show
from xinyong.publicity.counted import counted
from xinyong.publicity.pages import (
    EntityFile,
    FieldValue,
    Freshness,
    LatestRecord,
    LinkLine,
    RecordCard,
    Section,
    SiteFigures,
)
from xinyong.registry import keys, lists
from xinyong.registry import selectors as registry
from xinyong.registry.models import Entity
from xinyong.runtime import sql

PAGE = 10

#: Order of chapters: the official report's order (chapters 1 to 9), by class of the catalogue.
_ORDER = (
    "registration",
    "administrative",
    "honour",
    "serious-list",
    "abnormal-list",
    "commitment",
    "evaluation",
    "judicial",
)
#: Chapters shown even when nothing is held, because a reader asks for them.
_ALWAYS = ("licence", "penalty", "honours", "serious-violation-list", "abnormal-list", "commitments")


def _rows(name: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql.statement("publicity", name), parameters)
        return list(cursor.fetchall())


def site_figures() -> SiteFigures:
    """Figures of the home page, each counted through the same filter as its list."""
    today = timezone.localdate()
    entities = counted("entities", today, lambda: int(_rows("entities", {})[0][0]))
    records = counted("public_records", today, lambda: int(_rows("public_records", {"today": today})[0][0]))
    departments, datasets, newest = _rows("site_deliveries", {})[0]
    return SiteFigures(
        entities=entities, public_records=records, departments=departments, datasets=datasets, data_as_of=newest
    )


def latest_double_publicity(limit: int, language: str = "zh") -> tuple[LatestRecord, ...]:
    """The newest public licences and penalties."""
    latest = []
    for code, name, credit_code, entity_id, record_id, decided_on, payload, digest in _rows(
        "latest_records", {"today": timezone.localdate(), "datasets": ["licence", "penalty"], "limit": limit}
    ):
        entry = catalogue.text_of(digest, code)
        key = credit_code or keys.public_key(entity_id)
        latest.append(
            LatestRecord(
                dataset=code,
                dataset_name=show.name_of(entry, language),
                tone=show.tone(entry),
                number=show.text_of(entry, entry.number_field, payload),
                subject_name=name or credit_code or "",
                subject_url=reverse("entity", args=[key]),
                url=reverse("record-page", args=[keys.record_key(record_id)]),
                content=show.text_of(entry, entry.title_field or entry.summary_field, payload),
                decided_on=decided_on,
            )
        )
    return tuple(latest)


def entity_file(
    key: str,
    pages: dict[str, int],
    language: str,
    today: date,
    limit: Callable[[DatasetEntry], int] | None = None,
) -> EntityFile | None:
    """The entity file, or None when there is no such entity. Raises registry.selectors.Moved for other spellings.

    ``limit`` says how many records of a dataset are read, at most a page: a page that shows one chapter needs no others.
    The totals are always those of the whole file.
    """
    entity = registry.by_key(key)
    if entity is None:
        return None
    members = list(registry.members(entity))
    totals = {
        code: (total, newest)
        for code, total, newest in _rows("public_totals_of_entity", {"members": members, "today": today})
    }
    states = states_of_records(members)
    sections = []
    for entry in _chapters(today, set(totals)):
        total, newest = totals.get(entry.code, (0, None))
        size = min(PAGE, limit(entry)) if limit is not None else PAGE
        page = min(max(1, pages.get(entry.code, 1)), max(1, math.ceil(total / PAGE)))
        records = (
            sql.kept(
                "publicity",
                "public_records_of_entity",
                {
                    "members": members,
                    "speaks": entity.pk,
                    "today": today,
                    "code": entry.code,
                    "limit": size,
                    "offset": (page - 1) * PAGE,
                },
            )
            if total and size
            else []
        )
        sections.append(
            Section(
                code=entry.code,
                category=entry.category,
                adverse=entry.nature is Nature.ADVERSE,
                newest=newest,
                title=show.name_of(entry, language),
                icon=show.icon(entry),
                tone=show.tone(entry),
                total=total,
                records=tuple(show.card(row, language, today, states.get(row[0], ())) for row in records),
                page=page,
                pages=max(1, math.ceil(total / PAGE)),
                checked=show.checked(entry, language, today),
            )
        )
    freshness = _freshness(members, today, language)
    registration = next((item for item in sections if item.code == "registration" and item.records), None)
    facts = registration.records[0].fields if registration else ()
    successions = _successions(entity, language)
    links, links_total = _links(entity, language)
    return EntityFile(
        key=key,
        url=reverse("entity", args=[key]),
        name=entity.name or entity.credit_code or key,
        short_mark=show.short_mark(entity.name),
        code=entity.credit_code or "",
        registration_number=next(
            (item.value for item in registry.identifiers(entity) if item.type == "registration_number"), ""
        ),
        kind=show.kind_label(entity.kind, language),
        status=show.status_label(entity, language),
        status_tone=show.status_tone(entity),
        facts=show.head_facts(facts, today),
        former_names=tuple(item.name for item in registry.former_names(entity)),
        industry=show.first_value(facts, ("INDUSTRYCO", "INDUSTRYPHY")),
        departments=len(freshness),
        data_as_of=max((item.received_at for item in freshness), default=None),
        sections=tuple(sections),
        freshness=freshness,
        successions=successions,
        links=(*successions, *links),
        links_total=len(successions) + links_total,
    )


#: Branches and investments shown on the file; officers see all of them in the registry.
_LINKS = 20


def _successions(entity: Entity, language: str) -> tuple[LinkLine, ...]:
    """What became of the entity and what it came from: absorbed by, merged from, converted from …"""
    ids = set(registry.members(entity))
    lines = []
    for item in registry.successions(entity):
        kind = lists.succession_kinds()[item.kind]
        forward = item.predecessor_id in ids
        other = registry.canonical(item.successor if forward else item.predecessor)
        if other.pk == entity.pk or not kind.public:
            continue  # both sides of a change of code, merged into this file
        words = (kind.forward_en, kind.back_en) if language == "en" else (kind.forward_zh, kind.back_zh)
        lines.append(_link(words[0 if forward else 1], other, str(item.effective_on or "")))
    return tuple(lines)


def _links(entity: Entity, language: str) -> tuple[tuple[LinkLine, ...], int]:
    """Branches and investments between market entities, and how many there are in all."""
    english = language == "en"
    lines: list[LinkLine] = []
    kinds = [kind for kind in lists.relation_kinds().values() if kind.public]
    found = registry.relations_by_side(entity, [kind.code for kind in kinds], limit=_LINKS)
    for relation in kinds:
        for held in (True, False):
            label = (relation.en, relation.holder_en) if english else (relation.zh, relation.holder_zh)
            for row in found.get((relation.code, held), ([], 0))[0]:
                other = registry.canonical(row.entity if held else row.holder)
                share = f"{row.share.normalize():f}%" if row.share is not None else ""
                until = str(row.valid_until or "")
                note = " · ".join(filter(None, (share, str(row.valid_from or ""), until and f"– {until}")))
                lines.append(_link(label[0 if held else 1], other, note))
    return tuple(lines), sum(total for _, total in found.values())


def _link(words: str, other: Entity, note: str) -> LinkLine:
    key = registry.address_key(other)
    return LinkLine(words=words, name=other.name or key, url=reverse("entity", args=[key]), note=note)


def _chapters(today: date, held: set[str]) -> Sequence[DatasetEntry]:
    wanted = [
        item
        for item in catalogue.packaged().in_force(today)
        if item.code in held or item.code in _ALWAYS or item.code == "registration"
    ]
    rank = {code: place for place, code in enumerate(_ORDER)}
    inner = {"licence": 0, "penalty": 1}
    return sorted(wanted, key=lambda item: (rank.get(item.category, len(rank)), inner.get(item.code, 2), item.code))


def _freshness(members: list[int], today: date, language: str) -> tuple[Freshness, ...]:
    rows = sql.kept("publicity", "freshness_of_entity", {"members": members, "today": today})
    overdue = _overdue(int(time.time() // 60), today) if rows else frozenset()
    return tuple(
        Freshness(
            department=(name_en if language == "en" and name_en else name_zh),
            received_at=received_at,
            late=slug in overdue,
        )
        for slug, name_zh, name_en, received_at in rows
    )


@lru_cache(maxsize=2)
def _overdue(minute: int, today: date) -> frozenset[str]:
    """Departments that owe a delivery by their own rhythm; asked at most once a minute."""
    del minute
    rows = rhythm.rows(department_id=None, today=today, language="zh")
    return frozenset(row.department_slug for row in rows if row.state in (Silence.MISSING, Silence.FAILED))


def modified(key: str) -> datetime | None:
    """When the public records of an entity last changed: stored, begun, or stopped being public."""
    entity = registry.by_key(key)
    if entity is None:
        return None
    members = list(registry.members(entity))
    found: datetime | None = sql.kept(
        "publicity", "modified_of_entity", {"members": members, "today": timezone.localdate()}
    )[0][0]
    return found


def records_of_dataset(key: str, code: str, today: date, limit: int, offset: int) -> list[tuple[Any, ...]]:
    """Public records of one dataset about one entity as rows of ``public_records_of_entity``, newest first."""
    entity = registry.by_key(key)
    if entity is None:
        return []
    return sql.kept(
        "publicity",
        "public_records_of_entity",
        {
            "members": list(registry.members(entity)),
            "speaks": entity.pk,
            "today": today,
            "code": code,
            "limit": limit,
            "offset": offset,
        },
    )


def public_record(entity_id: int, record_id: int, today: date) -> tuple[Any, ...] | None:
    """One record as :func:`xinyong.publicity.show.card` reads it; None when it may not be shown today."""
    rows = sql.kept("publicity", "public_record", {"entity": entity_id, "record": record_id, "today": today})
    return rows[0] if rows else None


def neighbours(
    entity: Entity, record_id: int, dataset: str, today: date, limit: int
) -> list[tuple[int, str, str, Any, date | None]]:
    """(record, dataset, digest, payload, decided on) of the public records of a dataset nearest in time to one of them."""
    return sql.kept(
        "publicity",
        "neighbours_of_record",
        {
            "members": list(registry.members(entity)),
            "record": record_id,
            "code": dataset,
            "today": today,
            "limit": limit,
        },
    )


def states_of_records(members: list[int]) -> dict[int, frozenset[str]]:
    """States the records of an entity are in now, for those that were ever acted upon."""
    acts: dict[int, list[ledger_rules.Done]] = {}
    for record_id, event, act, effective_at in sql.kept("publicity", "acts_of_members", {"members": members}):
        acts.setdefault(record_id, []).append(ledger_rules.Done(number=event, act=act, effective_at=effective_at))
    return {record_id: frozenset(ledger_rules.open_states(done)) for record_id, done in acts.items()}


def months_of_entity(members: list[int], today: date) -> list[tuple[Any, ...]]:
    """(dataset, month, how many) of the public records, by the month of their decision."""
    return sql.kept("publicity", "months_of_entity", {"members": members, "today": today})


def fingerprint_of_records(members: list[int], today: date) -> str:
    """SHA-256 over number and version of every public record, in order. A version never changes, so this tells the content."""
    return str(sql.kept("publicity", "fingerprint_of_entity", {"members": members, "today": today})[0][0])


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicRecords:
    """The public records of one dataset about one entity, newest first; ``total`` also counts those beyond a limit."""

    entry: DatasetEntry
    total: int
    cards: tuple[RecordCard, ...]


def public_records(entity: Entity, today: date, language: str, limit: int) -> tuple[PublicRecords, ...]:
    """What a visitor may see of an entity, dataset by dataset in the official order, at most ``limit`` records each."""
    members = list(registry.members(entity))
    totals = {code: total for code, total, _ in _rows("public_totals_of_entity", {"members": members, "today": today})}
    found = []
    for entry in _chapters(today, set(totals)):
        if not totals.get(entry.code):
            continue
        rows = sql.kept(
            "publicity",
            "public_records_of_entity",
            {
                "members": members,
                "speaks": entity.pk,
                "today": today,
                "code": entry.code,
                "limit": limit,
                "offset": 0,
            },
        )
        found.append(
            PublicRecords(
                entry=entry,
                total=totals[entry.code],
                cards=tuple(show.card(row, language, today) for row in rows),
            )
        )
    return tuple(found)


def public_record_count(entity: Entity, today: date) -> int:
    """How many records of the entity a visitor may see today."""
    members = list(registry.members(entity))
    return sum(row[1] for row in _rows("public_totals_of_entity", {"members": members, "today": today}))


__all__ = [
    "FieldValue",
    "PublicRecords",
    "entity_file",
    "fingerprint_of_records",
    "latest_double_publicity",
    "months_of_entity",
    "neighbours",
    "public_record",
    "public_record_count",
    "public_records",
    "site_figures",
    "states_of_records",
]
