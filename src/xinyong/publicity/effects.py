"""Keeps the publicity windows: reads the corridor from its own position and can be rebuilt from zero at any time."""

from __future__ import annotations

import json
from collections.abc import Set
from datetime import date
from typing import Any

import polars as pl
import psycopg
import psycopg.sql
from django.utils import timezone

from xinyong.catalogue import selectors as catalogue
from xinyong.catalogue.entry import DatasetEntry, Disclosure, Layout
from xinyong.ledger import selectors as ledger
from xinyong.publicity import gone as departures
from xinyong.publicity import rules
from xinyong.runtime import database, sql

NAME = "publicity"
#: Versions taken in at a time; bounds the memory.
_FETCH = 100_000
AUDIENCE = "audience"

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
        said = values.get(AUDIENCE)
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
    departures.close_days(timezone.localdate())
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
                    _apply(
                        connection,
                        catalogue.text_of(digest, dataset_code),
                        int(edition_id),
                        (int(first), int(last)),
                        appended=kind == "versions.appended",
                    )
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


def _apply(
    connection: Connection, entry: DatasetEntry, edition_id: int, versions: tuple[int, int], *, appended: bool
) -> None:
    """Windows of one range of versions, some at a time: new records straight to their place, others by replacement.

    ``appended``: the event that brought the versions is read, so a first version has no window yet.
    """
    first, last = versions
    fields = dict(entry.publicity_fields)
    if entry.record_disclosure is not None:
        fields[AUDIENCE] = entry.record_disclosure.field
    judge = _Judge(entry, list(fields))
    statement = _versions(list(fields.values()))
    (dataset_id,) = connection.execute(
        "SELECT dataset_id FROM catalogue_edition WHERE id = %s", (edition_id,)
    ).fetchone() or (0,)
    for start in range(first, last + 1, _FETCH):
        stop = min(start + _FETCH - 1, last)
        parameters = {"edition": edition_id, "first": start, "last": stop}
        with connection.cursor() as cursor, cursor.copy(statement, parameters) as copy:
            data = b"".join(bytes(piece) for piece in copy)
        if data:
            hidden = ledger.hidden_records(connection, start, stop)
            _store(connection, judge.windows(data, dataset_id, hidden), direct=appended)


def _versions(fields: list[str]) -> psycopg.sql.Composed:
    """The statement that reads the versions and the fields the rules need, each payload parsed once."""
    named = [psycopg.sql.Identifier(name) for name in dict.fromkeys(fields)]
    columns = [psycopg.sql.SQL("{} json").format(name) for name in named]
    return psycopg.sql.SQL(sql.statement("publicity", "current_versions_of_event")).format(
        cells=psycopg.sql.SQL("").join(
            psycopg.sql.SQL(", said.{}::text").format(psycopg.sql.Identifier(name)) for name in fields
        ),
        said=psycopg.sql.SQL(", ").join([psycopg.sql.SQL("_layout text"), *columns]),
    )


class _Judge:
    """Periods of many records: each different combination of what the rules read is judged once."""

    def __init__(self, entry: DatasetEntry, names: list[str]) -> None:
        self.entry, self.names = entry, names
        self.layouts = {layout.code: layout for layout in entry.layouts}
        self.cells = [f"cell_{number}" for number in range(len(names))]

    def windows(self, data: bytes, dataset_id: int, hidden: Set[tuple[int, int]]) -> pl.DataFrame:
        """One row a version with its window; ``shown`` false where it may not be shown."""
        texts = ["layout", *self.cells]
        read = pl.read_csv(
            data,
            has_header=False,
            separator="\t",
            quote_char=None,
            null_values=["\\N"],
            schema={
                "entity_id": pl.Int64,
                "record_id": pl.Int64,
                "version_no": pl.Int32,
                "decided_on": pl.Date,
                "received_on": pl.Date,
                **dict.fromkeys(texts, pl.String),
            },
        )
        keys = ["decided_on", "received_on", *texts]
        combinations = read.select(keys).unique()
        rows = [self._window(*cells) for cells in combinations.iter_rows()]
        judged = combinations.with_columns(
            pl.Series(name, [row[at] for row in rows], dtype=kind) for at, (name, kind) in enumerate(_WINDOW.items())
        )
        windows = read.join(judged, on=keys, how="left", nulls_equal=True).with_columns(dataset_id=pl.lit(dataset_id))
        if not hidden:
            return windows
        places = pl.DataFrame(sorted(hidden), schema={"entity_id": pl.Int64, "record_id": pl.Int64}, orient="row")
        kept = windows.join(places, on=["entity_id", "record_id"], how="anti")
        gone = windows.join(places, on=["entity_id", "record_id"], how="semi").with_columns(shown=pl.lit(value=False))
        return pl.concat([kept, gone])

    def _window(
        self, decided_on: date | None, received_on: date, layout: str | None, *cells: str | None
    ) -> tuple[Any, ...]:
        values = {
            name: None if cell is None else json.loads(_unescaped(cell))
            for name, cell in zip(self.names, cells, strict=True)
        }
        found = self.layouts.get(_unescaped(layout)) if layout is not None else None
        period = period_of(self.entry, found, decided_on, received_on, values)
        if period is None:
            return (None, None, None, "", "", False)
        return (
            period.public_from,
            period.public_until,
            period.earliest_repair,
            period.severity,
            period.rule,
            True,
        )


_WINDOW: dict[str, pl.DataType] = {
    "public_from": pl.Date(),
    "public_until": pl.Date(),
    "earliest_repair": pl.Date(),
    "severity": pl.String(),
    "rule": pl.String(),
    "shown": pl.Boolean(),
}
_STORED = ("entity_id", "record_id", "dataset_id", "decided_on", *list(_WINDOW)[:-1])


def _unescaped(cell: str) -> str:
    """COPY's text format doubles backslashes; JSON has no raw control characters."""
    return cell.replace("\\\\", "\\") if "\\" in cell else cell


def _store(connection: Connection, windows: pl.DataFrame, *, direct: bool) -> None:
    new = (pl.col("version_no") == 1) & pl.lit(direct)
    # Near by near in the index.
    fresh = windows.filter(new & pl.col("shown")).sort("entity_id", "record_id")
    _copy(connection, "copy_windows", fresh.select(_STORED))
    later = windows.filter(~new)
    if later.height:
        connection.execute(sql.statement("publicity", "create_fresh_windows"))
        _copy(connection, "copy_fresh_windows", later.select(*_STORED, "shown"))
        connection.execute(sql.statement("publicity", "drop_stale_windows"))
        connection.execute(sql.statement("publicity", "store_fresh_windows"))
        connection.execute("DROP TABLE fresh_window")


def _copy(connection: Connection, statement: str, rows: pl.DataFrame) -> None:
    if not rows.height:
        return
    text = rows.write_csv(include_header=False, separator="\t", quote_style="never", null_value="\\N")
    with connection.cursor() as cursor, cursor.copy(sql.statement("publicity", statement)) as copy:
        copy.write(text)
