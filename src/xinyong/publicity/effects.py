"""Keeps the publicity windows: reads the corridor from its own position and can be rebuilt from zero at any time."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import polars as pl
import psycopg
import psycopg.sql
from django.utils import timezone

from xinyong.catalogue import selectors as catalogue
from xinyong.catalogue.entry import DatasetEntry, Layout
from xinyong.ledger import rules as ledger_rules
from xinyong.ledger import selectors as ledger
from xinyong.publicity import clock, facts, inforce
from xinyong.publicity import gone as departures
from xinyong.publicity.clock import NO_MARKS, Clock, Facts, Marks
from xinyong.publicity.rulebook import Rulebook
from xinyong.runtime import database, sql

NAME = "publicity"
#: Versions taken in at a time; bounds the memory.
_FETCH = 100_000

Connection = psycopg.Connection[tuple[Any, ...]]


def clock_of(
    entry: DatasetEntry,
    layout: Layout | None,
    facts_of_record: Facts,
    book: Rulebook,
    profile: str,
    marks: Marks = NO_MARKS,
    *,
    said: Any = None,
) -> Clock | None:
    """The clock of one record, or None when it may not be shown. ``said``: the audience the record names itself."""
    if not facts.open_to_public(entry, layout, said):
        return None
    found = clock.compute(facts_of_record, book, profile=profile, marks=marks)
    return found if found.public_from is not None else None


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
    judge = Judge(entry, inforce.book(), inforce.profile())
    statement = _versions(entry)
    (dataset_id,) = connection.execute(
        "SELECT dataset_id FROM catalogue_edition WHERE id = %s", (edition_id,)
    ).fetchone() or (0,)
    for start in range(first, last + 1, _FETCH):
        stop = min(start + _FETCH - 1, last)
        parameters = {"edition": edition_id, "first": start, "last": stop}
        with connection.cursor() as cursor, cursor.copy(statement, parameters) as copy:
            data = b"".join(bytes(piece) for piece in copy)
        if data:
            acts = ledger.acts_in_range(connection, start, stop)
            _store(connection, judge.windows(data, dataset_id, acts), direct=appended)


def _versions(entry: DatasetEntry) -> psycopg.sql.Composed:
    """The statement that reads the versions and the fields the rules need, each payload parsed once."""
    fields = list(facts.fields_read(entry).values())
    words = list(facts.words_read(entry).values())
    cells = [psycopg.sql.SQL(", said.{}::text").format(psycopg.sql.Identifier(name)) for name in (*fields, *words)]
    kinds = {**dict.fromkeys(words, "text"), **dict.fromkeys(fields, "json")}
    columns = [
        psycopg.sql.SQL("{} {}").format(psycopg.sql.Identifier(name), psycopg.sql.SQL(kind))
        for name, kind in kinds.items()
    ]
    return psycopg.sql.SQL(sql.statement("publicity", "current_versions_of_event")).format(
        cells=psycopg.sql.SQL("").join(cells),
        said=psycopg.sql.SQL(", ").join([psycopg.sql.SQL("_layout text"), *columns]),
    )


class Judge:
    """Windows of many records: each different combination of what the rules read is judged once.

    Words that tell the sector are looked for in whole columns and shrink to a few marks before that.
    """

    def __init__(self, entry: DatasetEntry, book: Rulebook, profile: str) -> None:
        self.entry, self.book, self.profile = entry, book, profile
        self.names = list(facts.fields_read(entry))
        self.layouts = {layout.code: layout for layout in entry.layouts}
        self.cells = [f"cell_{number}" for number in range(len(self.names))]
        self.words = [f"words_{purpose}" for purpose in facts.words_read(entry)]

    def windows(
        self, data: bytes, dataset_id: int, acts: Mapping[tuple[int, int], Sequence[ledger_rules.Done]]
    ) -> pl.DataFrame:
        """One row a version with its window; ``shown`` false where it may not be shown."""
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
                **dict.fromkeys(["layout", *self.cells, *self.words], pl.String),
            },
        )
        read = _marked(self._sectors(read), acts)
        keys = ["decided_on", "received_on", "layout", "sectors", "marks", *self.cells]
        combinations = read.select(keys).unique()
        rows = [self._window(*cells) for cells in combinations.iter_rows()]
        judged = combinations.with_columns(
            pl.Series(name, [row[at] for row in rows], dtype=kind) for at, (name, kind) in enumerate(_WINDOW.items())
        )
        return read.join(judged, on=keys, how="left", nulls_equal=True).with_columns(dataset_id=pl.lit(dataset_id))

    def _sectors(self, read: pl.DataFrame) -> pl.DataFrame:
        """``sectors``: codes of the fields a row belongs to, from its words; null where there are none."""
        marks = []
        for code, sector in self.book.sectors.items():
            hits = [
                pl.col(column).str.contains_any(list(words))
                for column, words in (("words_act", sector.words), ("words_organ", sector.organs))
                if words and column in self.words
            ]
            if hits:
                marks.append(pl.when(pl.any_horizontal(hits)).then(pl.lit(code)))
        if not marks:
            return read.with_columns(sectors=pl.lit(None, pl.String))
        joined = pl.concat_str(marks, separator=" ", ignore_nulls=True)
        return read.with_columns(sectors=pl.when(joined != "").then(joined)).drop(self.words)

    def _window(
        self,
        decided_on: date | None,
        received_on: date,
        layout: str | None,
        sectors: str | None,
        marks: str | None,
        *cells: str | None,
    ) -> tuple[Any, ...]:
        values = {
            name: None if cell is None else json.loads(_unescaped(cell))
            for name, cell in zip(self.names, cells, strict=True)
        }
        given = facts.of_values(
            self.entry, decided_on, received_on, values, sectors=frozenset(sectors.split(" ") if sectors else ())
        )
        recorded = NO_MARKS
        if marks is not None:
            said = json.loads(marks)
            if said is None:
                return _NOT_SHOWN
            recorded = Marks(grade=said[0], necessary=said[1], hold=said[2])
        found = clock_of(
            self.entry,
            self.layouts.get(_unescaped(layout)) if layout is not None else None,
            given,
            self.book,
            self.profile,
            recorded,
            said=values.get(facts.AUDIENCE),
        )
        if found is None:
            return _NOT_SHOWN
        return (found.public_from, found.latest_end, found.earliest_repair, found.severity, found.rule, True)


_NOT_SHOWN = (None, None, None, "", "", False)


def _marked(read: pl.DataFrame, acts: Mapping[tuple[int, int], Sequence[ledger_rules.Done]]) -> pl.DataFrame:
    """``marks``: what officers recorded and the dates depend on, as JSON; null for nothing, "null" for hidden."""
    found = []
    for (entity, record), done in acts.items():
        said = facts.marks(done)
        if ledger_rules.hidden(said.states):
            found.append((entity, record, "null"))
        elif said.grade or said.necessary or said.hold:
            found.append((entity, record, json.dumps([said.grade, said.necessary, said.hold])))
    if not found:
        return read.with_columns(marks=pl.lit(None, pl.String))
    schema = {"entity_id": pl.Int64, "record_id": pl.Int64, "marks": pl.String}
    return read.join(pl.DataFrame(found, schema=schema, orient="row"), on=["entity_id", "record_id"], how="left")


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
