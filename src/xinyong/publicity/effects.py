"""Keeps the publicity windows: reads the corridor from its own position and can be rebuilt from zero at any time."""

from __future__ import annotations

import io
from collections.abc import Iterator, Set
from datetime import date
from typing import Any

import psycopg

from xinyong.catalogue import selectors as catalogue
from xinyong.catalogue.entry import DatasetEntry, Disclosure, Layout
from xinyong.ledger import selectors as ledger
from xinyong.publicity import rules
from xinyong.runtime import database, sql

NAME = "publicity"
_FETCH = 20_000
_AUDIENCE = "audience"

Connection = psycopg.Connection[tuple[Any, ...]]


def period_of(
    entry: DatasetEntry, layout: Layout | None, decided_on: date | None, received_on: date, values: dict[str, Any]
) -> rules.Period | None:
    """The period of one record, or None when it may not be shown. ``values``: payload fields named by the entry."""
    if entry.disclosure is not Disclosure.PUBLIC:
        return None
    if layout is not None and layout.disclosure not in (None, Disclosure.PUBLIC):
        return None
    narrowed = entry.record_disclosure
    if narrowed is not None:
        said = values.get(_AUDIENCE)
        # An empty cell leaves it to the entry; a value the entry does not know is never read as public.
        if said and dict(narrowed.values).get(said) is not Disclosure.PUBLIC:
            return None
    day = decided_on or received_on
    kind = entry.publicity_rules
    if kind == "permanent":
        return rules.lasting(min(day, received_on), rule="permanent")
    if kind == "licence":
        return rules.lasting(day, rule="licence")
    if kind == "penalty":
        kinds = values.get("kinds") or []
        return rules.penalty(kinds, day, _date(values.get("named_end")))
    if kind.startswith("list-"):
        return rules.list_entry(
            kind.removeprefix("list-"), day, _date(values.get("left_on")), _date(values.get("planned_end"))
        )
    if kind == "commitment":
        return rules.lasting(day, rule="commitment")
    if kind == "honour":
        return rules.lasting(day, _date(values.get("until")), rule="honour")
    return None


def _date(text: Any) -> date | None:
    if not isinstance(text, str):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def catch_up() -> int:
    """Take in every event not seen yet. Returns how many events were taken in. Two callers never take one twice."""
    taken = 0
    with database.connect() as connection:
        while True:
            event = _next_event(connection)
            if event is None:
                connection.commit()
                return taken
            event_id, kind, dataset_code, first, last = event
            if kind == "status.recorded":
                # An act may hide a record or bring it back: its newest version is judged again.
                first = last = _newest_version(connection, event_id)
            if first is not None and dataset_code is not None:
                for edition_id, digest in connection.execute(
                    sql.statement("publicity", "editions_of_event"),
                    {"code": dataset_code, "first": first, "last": last},
                ).fetchall():
                    _apply(connection, catalogue.text_of(digest, dataset_code), int(edition_id), int(first), int(last))
            connection.execute("UPDATE ledger_effect_position SET event_id = %s WHERE effect = %s", (event_id, NAME))
            connection.commit()
            taken += 1


def rebuild() -> int:
    """Forget every window and read the corridor again from its beginning."""
    with database.connect() as connection:
        # The position first, as readers take it first: two of them never wait for each other in a circle.
        connection.execute("DELETE FROM ledger_effect_position WHERE effect = %s", (NAME,))
        connection.execute("TRUNCATE publicity_window")
        connection.commit()
    return catch_up()


def _newest_version(connection: Connection, event_id: int) -> int | None:
    touched = ledger.record_of_act(connection, event_id)
    if touched is None:
        return None
    row = connection.execute(sql.statement("publicity", "newest_version_of_record"), touched).fetchone()
    return int(row[0]) if row else None


def _next_event(connection: Connection) -> tuple[Any, ...] | None:
    connection.execute(
        "INSERT INTO ledger_effect_position (effect, event_id) VALUES (%s, 0) ON CONFLICT DO NOTHING", (NAME,)
    )
    return connection.execute(sql.statement("publicity", "next_event"), {"effect": NAME}).fetchone()


def _apply(connection: Connection, entry: DatasetEntry, edition_id: int, first: int, last: int) -> None:
    connection.execute(sql.statement("publicity", "create_fresh_windows"))
    fields = dict(entry.publicity_fields)
    if entry.record_disclosure is not None:
        fields[_AUDIENCE] = entry.record_disclosure.field
    columns = list(fields)
    hidden = ledger.hidden_records(connection, first, last)
    # Two sessions: one streams versions while the other takes the windows by COPY.
    with (
        database.connect() as source,
        source.cursor(name="publicity_versions") as reader,
        connection.cursor() as writer,
    ):
        reader.itersize = _FETCH
        reader.execute(
            sql.statement("publicity", "current_versions_of_event"),
            {"edition": edition_id, "first": first, "last": last, "fields": [fields[name] for name in columns]},
        )
        with writer.copy("COPY fresh_window FROM STDIN") as copy:
            for chunk in _lines(reader, entry, columns, hidden):
                copy.write(chunk)
    connection.execute(sql.statement("publicity", "drop_stale_windows"))
    connection.execute(sql.statement("publicity", "store_fresh_windows"))
    connection.execute("DROP TABLE fresh_window")


def _lines(reader: Any, entry: DatasetEntry, columns: list[str], hidden: Set[tuple[int, int]]) -> Iterator[str]:
    buffer = io.StringIO()
    layouts = {layout.code: layout for layout in entry.layouts}
    for entity_id, record_id, dataset_id, decided_on, received_on, layout_code, *cells in reader:
        values = dict(zip(columns, cells[0] or [], strict=False))
        period = None
        if (entity_id, record_id) not in hidden:
            period = period_of(entry, layouts.get(layout_code), decided_on, received_on, values)
        shown = period is not None
        line = (
            entity_id,
            record_id,
            dataset_id,
            decided_on,
            period.public_from if period else None,
            period.public_until if period else None,
            period.earliest_repair if period else None,
            period.severity if period else "",
            period.rule if period else "",
            shown,
        )
        buffer.write("\t".join("\\N" if value is None else str(value) for value in line) + "\n")
        if buffer.tell() > 1 << 18:
            yield buffer.getvalue()
            buffer = io.StringIO()
    yield buffer.getvalue()
