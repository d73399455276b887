"""Parts of a delivery on their way into the session's working tables."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import psycopg

from xinyong.intake import encoding
from xinyong.intake.parts import PART_ROWS, Part, Target
from xinyong.registry import lists
from xinyong.registry import selectors as registry
from xinyong.runtime import config, sql

__all__ = ["Connection", "Part", "Target"]

Connection = psycopg.Connection[tuple[Any, ...]]

#: Rows that wait for the end of the file are kept in memory up to this size, then on disk.
_HELD_BYTES = 48 << 20
#: Names of entities remembered within a delivery, at most.
_NAMES_SEEN = 1_000_000


def create_stage(connection: Connection) -> None:
    """Make the transaction's temporary tables, with memory for them: the default of 8 MiB spills every pass to disk."""
    connection.execute("SET LOCAL work_mem = '256MB'")
    # What is in the page cache is not far: a look into an index is cheaper than the default believes.
    connection.execute("SET LOCAL random_page_cost = 1.1")
    connection.execute(sql.statement("intake", "create_stage"))
    connection.execute(sql.statement("intake", "create_asked"))


def other_numbers(part: Part) -> bytes:
    """Numbers of other kinds (tax, certificates …) in rows without a credit code, as COPY text; see identifier-types.yml."""
    entry, kinds = part.target.entry, lists.number_fields()
    fields = [item.code for item in entry.fields if item.code in kinds]
    if not fields:
        return b""
    rows = part.rows.filter(pl.col("subject_code").is_null()).select("row", "payload")
    if not rows.height:
        return b""
    parts = [
        rows.select(
            "row",
            pl.lit(kinds[field]).alias("type"),
            pl.col("payload").str.json_path_match(f'$["{field}"]').alias("value"),
        )
        for field in fields
    ]
    found = pl.concat(parts).drop_nulls("value")
    values = pl.Series(
        "value", [registry.normalised_number(text) for text in found["value"].to_list()], dtype=pl.String
    )
    return encoding.text(found.with_columns(values).filter(pl.col("value").str.len_chars().is_between(4, 50)).unique())


def staged(part: Part) -> bytes:
    """The part as COPY text for ``copy_stage``, in the order of the codes: near codes lie near each other in an index."""
    subject = part.target.entry.subject
    return encoding.text(
        part.rows.sort("subject_code").select(
            "row",
            pl.lit(part.target.dataset_id).alias("dataset_id"),
            "subject_code",
            "registration_number",
            "organisation_code",
            "subject_name",
            "name_key",
            "subject_kind",
            encoding.hexadecimal("source_key"),
            pl.col("decided_on").dt.to_string("%Y-%m-%d"),
            encoding.hexadecimal("content_hash"),
            "status",
            "place",
            pl.lit("t" if "exact_name" in subject.resolve else "f").alias("resolve_name"),
            pl.lit("t" if subject.creates else "f").alias("registers"),
        ),
        safe=("source_key", "content_hash"),
    )


def copy_in(connection: Connection, statement: str, data: bytes | memoryview | Iterable[bytes]) -> None:
    """Write to a COPY … FROM STDIN of this room."""
    with connection.cursor() as cursor, cursor.copy(sql.statement("intake", statement)) as copy:
        if isinstance(data, bytes | memoryview):
            copy.write(data)
        else:
            for piece in data:
                copy.write(piece)


def copy_out(connection: Connection, statement: str, parameters: Mapping[str, Any] | None = None) -> bytes:
    """Everything a COPY … TO STDOUT sends."""
    with connection.cursor() as cursor, cursor.copy(statement, parameters) as copy:
        return b"".join(bytes(piece) for piece in copy)


def copy_findings(connection: Connection, text: bytes | memoryview) -> None:
    """Store findings of one batch, as :func:`xinyong.intake.parts.findings_text` gives them."""
    if text:
        copy_in(connection, "copy_findings", text)


class Unchanged:
    """Which records a row of this file found as they are, and which row: a later, different one contradicts it."""

    def __init__(self) -> None:
        self._runs: list[tuple[encoding.Array, encoding.Array]] = []

    def __bool__(self) -> bool:
        return bool(self._runs)

    def add(self, records: encoding.Array, rows: encoding.Array) -> None:
        """Note rows of a part. Runs of like size are merged, so that there are never many."""
        if not len(records):
            return
        order = np.argsort(records, kind="stable")
        self._runs.append((records[order].astype(np.int64), rows[order].astype(np.int32)))
        while len(self._runs) > 1 and len(self._runs[-2][0]) <= 2 * len(self._runs[-1][0]):
            (left, left_rows), (right, right_rows) = self._runs[-2:]
            both = np.concatenate((left, right))
            order = np.argsort(both, kind="stable")
            self._runs[-2:] = [(both[order], np.concatenate((left_rows, right_rows))[order])]

    def rows_of(self, records: encoding.Array) -> encoding.Array:
        """The first row that found each record unchanged, 0 where there was none."""
        found = np.zeros(len(records), dtype=np.int32)
        for known, rows in reversed(self._runs):
            at = np.minimum(np.searchsorted(known, records), len(known) - 1)
            found = np.where(known[at] == records, rows[at], found)
        return found


class Names:
    """Names the rows of a delivery give their entities: each combination goes to the database once."""

    def __init__(self) -> None:
        self._seen: set[int] = set()

    def fresh(self, rows: pl.DataFrame, entities: encoding.Array, *, registers: bool) -> pl.DataFrame:
        """Rows for ``copy_names``: those with a name not seen before of this entity. The register's rows are all kept."""
        named = rows.select(
            "row",
            pl.Series("entity_id", entities.astype(np.int64)),
            "subject_kind",
            "subject_name",
            pl.col("name_key").fill_null(""),
            "status",
            "place",
            pl.lit("t" if registers else "f").alias("registers"),
        ).filter(pl.col("subject_name").is_not_null())
        if registers:
            return named
        hashes = named.select("entity_id", "subject_name").hash_rows()
        new = [value for value in hashes.unique().to_list() if value not in self._seen]
        self._seen.update(new)
        if len(self._seen) > _NAMES_SEEN:
            self._seen.clear()  # a name sent twice is stored once all the same
        return named.filter(hashes.is_first_distinct() & hashes.is_in(pl.Series(new, dtype=hashes.dtype)))


class Waiting:
    """Rows without a credit code: they wait for the end of the file, because any row may tie their number to a code.

    Memory stays flat: beyond a bound they go to a folder of their own, which ends with the process.
    """

    def __init__(self) -> None:
        self._held: dict[str, list[pl.DataFrame]] = {}
        self._targets: dict[str, Target] = {}
        self._bytes = 0
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._files: list[tuple[str, Path]] = []

    def split(self, part: Part) -> Part:
        """The part without those rows, which are kept here."""
        rows = part.rows
        if rows["subject_code"].null_count() == 0:
            return part
        coded = rows["subject_code"].is_not_null()
        late = rows.filter(~coded)
        code = part.target.entry.code
        self._targets[code] = part.target
        self._held.setdefault(code, []).append(late)
        self._bytes += int(late.estimated_size())
        if self._bytes > _HELD_BYTES:
            self._spill()
        return Part(target=part.target, rows=rows.filter(coded))

    def _spill(self) -> None:
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="waiting-", dir=config.home("tmp"))
        for code, frames in self._held.items():
            path = Path(self._folder.name) / f"{len(self._files)}.arrow"
            pl.concat(frames).write_ipc(path)
            self._files.append((code, path))
        self._held, self._bytes = {}, 0

    def parts(self) -> Iterator[Part]:
        """All of them in the order of the file, dataset by dataset."""
        for code, target in self._targets.items():
            for owner, path in self._files:
                if owner == code:
                    yield from _cut(target, pl.read_ipc(path))
            if code in self._held:
                yield from _cut(target, pl.concat(self._held[code]))

    def close(self) -> None:
        """Forget them."""
        self._held = {}
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None


def _cut(target: Target, rows: pl.DataFrame) -> Iterator[Part]:
    for start in range(0, rows.height, PART_ROWS):
        yield Part(target=target, rows=rows.slice(start, PART_ROWS))
