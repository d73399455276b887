"""What measures follow from: entries of lists and final decisions of an entity, as they stand on a day, from the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from django.db import connection

from xinyong.catalogue import selectors as catalogue
from xinyong.catalogue.entry import DatasetEntry
from xinyong.ledger import rules as ledger
from xinyong.ledger.selectors import payload_of
from xinyong.lists import gate, measures, registry
from xinyong.lists.registry import ListConfig
from xinyong.publicity import clock, facts, inforce
from xinyong.publicity.clocks import acts_of
from xinyong.publicity.rulebook import Rulebook
from xinyong.runtime import sql
from xinyong.standards import calendar

Row = tuple[Any, ...]


def datasets() -> list[str]:
    """Datasets whose records can be objects: those of lists that are no history, and those the measures name."""
    named = {code for row in measures.book().rows.values() for code in row.datasets}
    return sorted(registry.datasets() | named)


def rows(entities: Sequence[int], records: Sequence[int] | None = None) -> list[Row]:
    """The newest versions of such records of these entities (ids of ``registry.selectors.members``)."""
    with connection.cursor() as cursor:
        cursor.execute(
            sql.statement("lists", "objects_of_entities"),
            {
                "entities": list(entities),
                "datasets": datasets(),
                "records": None if records is None else list(records),
            },
        )
        return list(cursor.fetchall())


def of_entities(entities: Sequence[int], today: date, records: Sequence[int] | None = None) -> tuple[gate.Object, ...]:
    """Objects of these entities, those that do not stand any more included (``active`` says so)."""
    return tuple(found for row in rows(entities, records) if (found := of_row(row, today)) is not None)


def of_row(row: Row, today: date, rules: Rulebook | None = None, later: date | None = None) -> gate.Object | None:
    """One record as an object; None when it is an entry of no list and no decision. ``rules``: of publicity, else those in force.

    ``later``: the day to look at instead where a decision is not final on the first.
    """
    entity_id, record_id, dataset, digest, raw, decided_on, received_on, acts = row
    entry = catalogue.text_of(digest, dataset)
    payload = payload_of(raw)
    config = registry.of_record(dataset, payload)
    if config is None and dataset in registry.datasets():
        return None
    if config is not None and config.kind == "historic":
        return None
    book, profile = rules or inforce.book(), inforce.profile()
    marks = facts.marks(acts_of(acts))
    given = facts.of_payload(entry, decided_on, received_on, payload, book)
    found = clock.compute(given, book, profile=profile, marks=marks)
    hidden = ledger.hidden(marks.states)
    disputed = bool(marks.states & {"disputed", "reviewed"})
    if config is not None:
        return _entry(row, entry, config, payload, found, today, hidden=hidden, disputed=disputed)
    kinds = given.kinds
    final_on = calendar.same_day_later(given.day, measures.book().final_months)
    open_still = "reviewed" in marks.states
    if later is not None and (open_still or final_on >= today):
        today = later
    return gate.Object(
        entity_id=entity_id,
        record_id=record_id,
        dataset=dataset,
        text=_text(entry, payload),
        kinds=kinds,
        document=_of(payload, entry.number_field),
        authority=_of(payload, entry.authority_field),
        decided_on=decided_on,
        until=found.latest_end,
        active=not hidden and found.shown_on(today),
        final=final_on < today and not open_still,
        minor=found.severity == "minor",
        disputed=disputed,
    )


def _entry(
    row: Row,
    entry: DatasetEntry,
    config: ListConfig,
    payload: Mapping[str, Any],
    found: clock.Clock,
    today: date,
    *,
    hidden: bool,
    disputed: bool,
) -> gate.Object:
    listed_on = row[5] or row[6]
    ends = [_day(payload.get(config.record.planned)) if config.record.planned else None]
    if entry.publicity_rules != "none":
        ends.append(found.latest_end)
    if config.period.ends == "fixed" and config.period.most is not None:
        ends.append(calendar.same_day_later(listed_on, config.period.most))
    known = [end for end in ends if end is not None]
    until = min(known) if known else None
    left = _day(payload.get(config.record.left)) if config.record.left else None
    stands = listed_on <= today and (until is None or today <= until) and (left is None or today < left)
    return gate.Object(
        entity_id=row[0],
        record_id=row[1],
        dataset=row[2],
        list_code=config.code,
        ground=_ground(config, payload),
        text=_text(entry, payload),
        document=_of(payload, entry.number_field),
        authority=_of(payload, entry.authority_field),
        decided_on=listed_on,
        until=until,
        serious=config.kind == "adverse",
        favourable=config.kind == "favourable",
        active=stands and not hidden,
        disputed=disputed,
    )


def _ground(config: ListConfig, payload: Mapping[str, Any]) -> str:
    """The ground of entry, by its code where the record gives one, else by its words; "" when they are others."""
    for field, value in config.record.entry.items():
        said = str(payload.get(field) or "")
        if value == "ground_code" and config.ground(said) is not None:
            return said
        if value == "ground_text":
            for row in config.grounds:
                if said == row.zh:
                    return row.code
    return ""


def _text(entry: DatasetEntry, payload: Mapping[str, Any]) -> str:
    fields: Iterable[str | None] = dict.fromkeys((entry.title_field, entry.summary_field))
    return " ".join(_of(payload, name) for name in fields if name)


def _of(payload: Mapping[str, Any], name: str | None) -> str:
    value = payload.get(name) if name else None
    return "、".join(map(str, value)) if isinstance(value, list) else str(value or "")


def _day(value: Any) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
