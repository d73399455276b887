"""Keeps the publicity windows: reads the corridor from its own position and can be rebuilt from zero at any time."""

from __future__ import annotations

from typing import Any

import polars as pl
import psycopg
import psycopg.sql
from django.utils import timezone

from xinyong.catalogue import selectors as catalogue
from xinyong.catalogue.entry import DatasetEntry
from xinyong.ledger import selectors as ledger
from xinyong.publicity import days, facts, inforce
from xinyong.publicity.judging import WINDOW, Judge
from xinyong.runtime import database, following, sql

NAME = "publicity"
#: Versions taken in at a time; bounds the memory.
_FETCH = 100_000

Connection = psycopg.Connection[tuple[Any, ...]]


def catch_up() -> int:
    """Take in every event not seen yet. Returns how many events were taken in. Two callers never take one twice."""
    taken = 0
    days.close(timezone.localdate())
    with database.lasting() as connection:
        while True:
            piece = following.next_piece(connection, NAME)
            if piece is None:
                connection.commit()
                return taken
            _take_in(connection, piece)
            following.read(connection, NAME, piece)
            connection.commit()
            taken += piece.ends


def _take_in(connection: Connection, piece: following.Piece) -> None:
    first, last = piece.first, piece.last
    if piece.kind == "status.recorded":
        # An act may hide a record or bring it back: its newest version is judged again.
        first = last = _newest_version(connection, piece.event)
    if first is None or last is None or piece.dataset is None:
        return
    # What was read before its turn, or judged under new rules, may have a window already.
    direct = piece.kind == "versions.appended" and not piece.ahead
    for edition_id, digest in connection.execute(
        sql.statement("publicity", "editions_of_event"), {"code": piece.dataset, "first": first, "last": last}
    ).fetchall():
        entry = catalogue.text_of(digest, piece.dataset)
        try:
            with connection.transaction():
                _apply(connection, entry, int(edition_id), (first, last), appended=direct)
        except psycopg.errors.UniqueViolation:
            _apply(connection, entry, int(edition_id), (first, last), appended=False)


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


def ensure_position(connection: Connection) -> None:
    """The row that says how far this effect has read, whose lock lets one writer of windows work at a time."""
    connection.execute(
        "INSERT INTO ledger_effect_position (effect, event_id) VALUES (%s, 0) ON CONFLICT DO NOTHING", (NAME,)
    )


def _apply(
    connection: Connection, entry: DatasetEntry, edition_id: int, versions: tuple[int, int], *, appended: bool
) -> None:
    """Windows of one range of versions, some at a time: new records straight to their place, others by replacement.

    ``appended``: the event that brought the versions is read, so a first version has no window yet.
    """
    first, last = versions
    book = inforce.book(connection)
    fine = facts.fine_field(entry, book)
    judge = Judge(entry, book, inforce.profile(), fine)
    (dataset_id,) = connection.execute(
        "SELECT dataset_id FROM catalogue_edition WHERE id = %s", (edition_id,)
    ).fetchone() or (0,)
    for start in range(first, last + 1, _FETCH):
        stop = min(start + _FETCH - 1, last)
        data = read(connection, entry, edition_id, (start, stop), fine)
        if data:
            acts = ledger.acts_in_range(connection, start, stop)
            _store(connection, judge.windows(data, dataset_id, acts), direct=appended)


def recompute(connection: Connection, first: int, last: int) -> None:
    """Windows of a range of versions under the rules in force now, in the caller's transaction. Only what differs is written."""
    ensure_position(connection)
    # Written, not only locked: counts that are kept elsewhere end with the row's transaction (counted.py).
    connection.execute("UPDATE ledger_effect_position SET event_id = event_id WHERE effect = %s", (NAME,))
    for edition_id, digest, code, _ in connection.execute(
        sql.statement("publicity", "editions_in_range"), {"first": first, "last": last}
    ).fetchall():
        _apply(connection, catalogue.text_of(digest, code), int(edition_id), (first, last), appended=False)


def read(
    connection: Connection, entry: DatasetEntry, edition_id: int, versions: tuple[int, int], fine_field: str | None
) -> bytes:
    """Versions of a range that are still the newest of their record, as :meth:`Judge.windows` reads them."""
    parameters = {"edition": edition_id, "first": versions[0], "last": versions[1]}
    with connection.cursor() as cursor, cursor.copy(_versions(entry, fine_field), parameters) as copy:
        return b"".join(bytes(piece) for piece in copy)


def _versions(entry: DatasetEntry, fine_field: str | None) -> psycopg.sql.Composed:
    """The statement that reads the versions and the fields the rules need, each payload parsed once."""
    fields = list(facts.fields_read(entry).values())
    words = list(facts.words_read(entry, fine_field).values())
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


_STORED = ("entity_id", "record_id", "dataset_id", "decided_on", *list(WINDOW)[:-1])


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
