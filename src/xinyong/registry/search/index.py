"""Keeps the search index: an effect of the event corridor that adds new names within seconds and can build from zero.

A search row follows from one name and nothing else, and names are never changed or removed: what an entity is called
today, what speaks for it and where it is are read when a search is answered. So the effect only adds. When much is
missing (a first load), it builds new tables beside the live ones and swaps them, ten times as fast.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import psycopg

from xinyong.registry.search import columns
from xinyong.runtime import database, following, sql

NAME: Final = "search"
#: So many younger rows are looked at for names that came from elsewhere than the event.
_WINDOW: Final = 20_000
#: Above this many missing names, and a tenth of the index, building from zero is faster.
_BULK: Final = 100_000
_BATCH: Final = 50_000
_BUILD: Final = "registry_search_build"
#: Whether as many names wait. Looked at once where a large event begins: its pieces come one by one.
_MANY_AHEAD: Final = (
    "SELECT count(*) > %s AND count(*) * 10 > (SELECT count(*) FROM (SELECT FROM registry_search LIMIT %s) AS held)"
    " FROM registry_name WHERE id > (SELECT name_id FROM registry_search_state)"
)
_NAMES_AHEAD: Final = (
    "SELECT coalesce((SELECT max(id) FROM registry_name), 0) > (SELECT name_id FROM registry_search_state)"
)

Connection = psycopg.Connection[tuple[Any, ...]]


def _run(connection: Connection, name: str, table: str = "registry_search") -> None:
    for part in sql.statement("registry", name).format(name=table).split(";\n"):
        connection.execute(part.encode())


def catch_up() -> int:
    """Add the names of every event not seen yet. Returns how many events were taken in."""
    taken = 0
    with database.lasting() as connection:
        while True:
            piece = following.next_piece(connection, NAME)
            if piece is None:
                # Names that something else wrote behind the last event wait for no other one.
                if _one(connection, _NAMES_AHEAD) and not _take_in(connection, None, None):
                    connection.rollback()
                    return taken + rebuild()
                connection.commit()
                return taken
            large = not piece.ends and piece.begins
            many = large and _rows(connection, _MANY_AHEAD, (_BULK, 10 * _BULK))[0][0]
            if many or not _take_in(connection, piece.first, piece.last):
                connection.rollback()
                return taken + rebuild()
            following.read(connection, NAME, piece)
            connection.commit()
            taken += piece.ends


def rebuild() -> int:
    """Build the index from all names of one moment and put it in the place of the old one. Returns the events covered."""
    with database.connect() as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        following.next_piece(connection, NAME)  # holds the position, so that only one session builds
        newest = int(_one(connection, "SELECT coalesce(max(id), 0) FROM ledger_event"))
        connection.execute("SET LOCAL maintenance_work_mem = '512MB'")
        # What is made now is made where the live tables are.
        connection.execute(
            "SELECT set_config('search_path', relnamespace::regnamespace || ',public,pg_temp', true) FROM pg_class "
            "WHERE oid = 'registry_search'::regclass"
        )
        connection.execute(f"DROP TABLE IF EXISTS {_BUILD}, {_BUILD}_gram".encode())
        _run(connection, "search_table", _BUILD)
        _run(connection, "search_gram_table", _BUILD)
        seen = _load(connection)
        _run(connection, "search_indexes", _BUILD)
        _run(connection, "search_swap", _BUILD)
        connection.execute("ANALYZE registry_search")
        connection.execute("UPDATE registry_search_state SET name_id = %s, built_at = now()", (seen,))
        connection.execute(
            "UPDATE ledger_effect_position SET event_id = %s, version_id = NULL, ahead = NULL WHERE effect = %s",
            (newest, NAME),
        )
        connection.commit()
        return newest


def _load(connection: Connection) -> int:
    """All names into the tables being built. Returns the largest name row."""
    tally = _Tally()
    seen = 0
    with database.connect() as source, connection.cursor() as writer:
        # The same moment as the position was read at, whatever is committed meanwhile.
        snapshot = _one(connection, "SELECT pg_export_snapshot()")
        source.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        source.execute(f"SET TRANSACTION SNAPSHOT '{snapshot}'".encode())
        with writer.copy(f"COPY {_BUILD} ({','.join(columns.COLUMNS)}) FROM STDIN (FORMAT binary)".encode()) as copy:
            copy.write(columns.SIGNATURE)
            for batch in _batches(source, "SELECT id, entity_id, name_key FROM registry_name ORDER BY id", {}):
                rows, terms = columns.binary(batch)
                copy.write(rows)
                tally.add(terms)
                seen = batch[-1][0]
            copy.write(columns.END)
    _write_counts(connection, f"{_BUILD}_gram", tally)
    return seen


class _Tally:
    """How often each term occurs, summed over batches."""

    def __init__(self) -> None:
        self._terms = np.empty(0, np.int32)
        self._counts = np.empty(0, np.int32)
        self._waiting: list[Any] = []

    def add(self, terms: Any) -> None:
        """Count the terms of one batch."""
        self._waiting.append(terms)
        if len(self._waiting) >= 8:
            self._fold()

    def _fold(self) -> None:
        if not self._waiting:
            return
        terms = np.sort(np.concatenate(self._waiting))
        self._waiting = []
        starts = np.flatnonzero(np.append(True, terms[1:] != terms[:-1])) if len(terms) else np.empty(0, np.int64)
        counts = np.diff(np.append(starts, len(terms))).astype(np.int32)
        both = np.concatenate([self._terms, terms[starts]])
        order = np.argsort(both, kind="stable")
        both, amounts = both[order], np.concatenate([self._counts, counts])[order]
        firsts = np.flatnonzero(np.append(True, both[1:] != both[:-1])) if len(both) else np.empty(0, np.int64)
        self._terms = both[firsts]
        self._counts = np.add.reduceat(amounts, firsts).astype(np.int32) if len(both) else amounts

    def result(self) -> tuple[Any, Any]:
        """Terms in order, and their counts."""
        self._fold()
        return self._terms, self._counts


def _write_counts(connection: Connection, table: str, tally: _Tally) -> None:
    terms, counts = tally.result()
    cells = np.empty(
        len(terms), dtype=[("fields", ">i2"), ("a", ">i4"), ("term", ">i4"), ("b", ">i4"), ("count", ">i4")]
    )
    cells["fields"], cells["a"], cells["term"], cells["b"], cells["count"] = 2, 4, terms, 4, counts
    with (
        connection.cursor() as writer,
        writer.copy(f"COPY {table} (gram, names) FROM STDIN (FORMAT binary)".encode()) as copy,
    ):
        copy.write(columns.SIGNATURE + cells.tobytes() + columns.END)


def _take_in(connection: Connection, first: int | None, last: int | None) -> bool:
    """Add the names an event brought. False, with nothing done, when there are so many that building is faster."""
    seen, held = _rows(
        connection,
        "SELECT name_id, (SELECT count(*) FROM (SELECT FROM registry_search LIMIT %s) AS held) FROM registry_search_state",
        (10 * _BULK,),
    )[0]
    parameters = {"seen": seen, "window": _WINDOW, "first": first or 0, "last": last or -1}
    tally = _Tally()
    added = 0
    blocks: list[bytes] = []
    for batch in _batches(connection, sql.statement("registry", "search_missing_names"), parameters):
        added += len(batch)
        if added > _BULK and added * 10 > held:
            return False
        rows, terms = columns.binary(batch)
        tally.add(terms)
        blocks.append(rows)
        seen = max(seen, batch[-1][0])
    if not blocks:
        return True
    with (
        connection.cursor() as writer,
        writer.copy(f"COPY registry_search ({','.join(columns.COLUMNS)}) FROM STDIN (FORMAT binary)".encode()) as copy,
    ):
        for block in (columns.SIGNATURE, *blocks, columns.END):
            copy.write(block)
    connection.execute("CREATE TEMPORARY TABLE fresh_gram (gram integer, names integer) ON COMMIT DROP")
    _write_counts(connection, "fresh_gram", tally)
    connection.execute(sql.statement("registry", "search_count_terms"))
    connection.execute("UPDATE registry_search_state SET name_id = %s", (seen,))
    # Only the owner may; for another role autovacuum does it a little later.
    connection.execute(
        "SELECT gin_clean_pending_list(oid) FROM pg_class WHERE oid = 'registry_search_grams_v1'::regclass "
        "AND pg_has_role(relowner, 'USAGE')"
    )
    return True


def _batches(source: Connection, statement: str, parameters: dict[str, Any]) -> Iterator[list[columns.NameRow]]:
    with source.cursor(name="search_names") as reader:
        reader.itersize = _BATCH
        reader.execute(statement, parameters)
        while batch := reader.fetchmany(_BATCH):
            yield [(row[0], row[1], row[2]) for row in batch]


def _rows(connection: Connection, statement: str, parameters: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    return connection.execute(statement.encode(), parameters).fetchall()


def _one(connection: Connection, statement: str) -> Any:
    return _rows(connection, statement)[0][0]
