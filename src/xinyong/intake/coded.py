"""Parts whose rows all have a credit code, which are nearly all: the loader decides them, the database is only asked.

A valid code is never overruled, so three questions settle such a part: who holds each code, which heads there are, and,
once the rows are stored, whether a registration number beside a code leads elsewhere. Each is asked once for many rows.
What comes out is what ``resolve`` and ``decide`` would say; rows of entries merged into one are left to those
(:class:`Grouped`). The working tables ``stage`` and ``decided`` hold only rows that a later statement looks at
(:meth:`Rows.stage`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
import psycopg

from xinyong.intake import encoding, loading, repeats
from xinyong.intake.loading import Connection, Part
from xinyong.runtime import sql

#: What is known of a decided row; ``record`` 0: a new one, ``other`` 0: no other row.
DECIDED = np.dtype(
    [("row", "i4"), ("entity", "i8"), ("record", "i8"), ("number", "i4"), ("outcome", "i4"), ("other", "i4")]
)
_FOUND = {"place": pl.Int64, "entity": pl.Int64, "grouped": pl.Boolean, "registered": pl.String}
_NUMBERS_SEEN = 1_000_000


class Grouped(Exception):
    """Some rows concern entries that were merged into one. ``rows``: which."""

    def __init__(self, rows: encoding.Array) -> None:
        super().__init__()
        self.rows = rows


@dataclass(slots=True)
class Rows:
    """A decided part. ``created``: entities first named by it."""

    connection: Connection
    part: Part
    decided: encoding.Array
    #: The name the register knows of each row's entity; null where there is none.
    registered: pl.Series
    created: int
    staged: encoding.Array

    def stage(self, rows: encoding.Array) -> None:
        """Put these rows (a mask) into ``stage`` and ``decided``, once."""
        rows = rows & ~self.staged
        if not rows.any():
            return
        self.staged |= rows
        chosen = Part(target=self.part.target, rows=self.part.rows.filter(pl.Series(rows)))
        loading.copy_in(self.connection, "copy_stage", loading.staged(chosen))
        found = self.decided[rows]
        names = np.array(["", "accepted", "unchanged", "unresolved", "contradiction", "refused"])
        frame = pl.DataFrame(
            {name: found[name] for name in ("row", "entity", "record", "number", "other")}
        ).with_columns(
            pl.Series("outcome", names[found["outcome"]].tolist(), dtype=pl.String),
            *(pl.when(pl.col(name) != 0).then(pl.col(name)).alias(name) for name in ("record", "other")),
        )
        loading.copy_in(self.connection, "copy_decided_rows", encoding.text(frame))

    def renamed(self) -> encoding.Array:
        """Rows that give a name the register does not know as the present one of their entity."""
        given, known = self.part.rows["name_key"], self.registered
        return np.asarray(((known != given) & (given != "")).fill_null(value=False).to_numpy())


class Numbers:
    """Registration numbers beside codes that a delivery has settled already."""

    def __init__(self) -> None:
        self._seen: set[int] = set()

    def elsewhere(
        self, connection: Connection, rows: Rows, accepted: encoding.Array, parameters: Mapping[str, Any]
    ) -> encoding.Array:
        """Tie the numbers of accepted rows to their entities. Rows whose number is tied to another one stay as they are."""
        given = (
            rows.part.rows.select("row", number="registration_number", entity_id=pl.Series(rows.decided["entity"]))
            .filter(pl.Series(accepted))
            .filter(pl.col("number").is_not_null())
        )
        nothing = np.zeros(len(accepted), dtype=bool)
        if not given.height:
            return nothing
        pairs = given.group_by("entity_id", "number").agg(pl.col("row").min()).sort("row")
        pairs = pairs.with_columns(hash=pairs.select("entity_id", "number").hash_rows())
        pairs = pairs.filter(
            pl.Series([value not in self._seen for value in pairs["hash"].to_list()], dtype=pl.Boolean)
        )
        if not pairs.height:
            return nothing
        connection.execute("TRUNCATE asked_number")
        loading.copy_in(connection, "copy_asked_numbers", encoding.text(pairs.select("row", "entity_id", "number")))
        connection.execute(sql.statement("intake", "add_numbers_beside_codes"), parameters)
        found = connection.execute(sql.statement("intake", "numbers_tied_elsewhere")).fetchall()
        others = pairs.filter(pl.col("row").is_in([row[0] for row in found]))
        if len(self._seen) > _NUMBERS_SEEN:
            self._seen.clear()  # asked again, with the same answer
        self._seen.update(pairs.filter(~pl.col("row").is_in(others["row"].to_list()))["hash"].to_list())
        if not others.height:
            return nothing
        told = given.join(others, on=["entity_id", "number"], how="semi")["row"]
        return np.isin(rows.decided["row"], told.to_numpy())


def decide(
    connection: Connection, part: Part, delivery: int, parameters: Mapping[str, Any], earlier: loading.Unchanged
) -> Rows:
    """Which entity, which record, and what becomes of each row of the part. Raises :class:`Grouped`, Unsettled.

    The same business key twice: an equal copy changes nothing, a different one contradicts the first. Equal to the newest
    version of its record: unchanged. A head that this very delivery wrote is an earlier row of the same file, and so is a
    record that an earlier row found as it was (``earlier``).
    """
    rows = part.rows
    place = rows["subject_code"].rank("dense").to_numpy().astype(np.int32) - 1
    _, first = np.unique(place, return_index=True)
    entities, registered, fresh = _entities(connection, rows[first], place, parameters)
    entity = entities[place]

    keys = encoding.fixed(rows["source_key"], 16)
    hashes = encoding.fixed(rows["content_hash"], 32)
    halves = keys.view(">u8").reshape(-1, 2)
    order = np.lexsort((halves[:, 1], halves[:, 0], entity))  # stable: within one record the order of the file
    ordered = np.column_stack((entity[order].view(np.uint64), halves[order].astype(np.uint64)))
    begins = np.append(True, (ordered[1:] != ordered[:-1]).any(axis=1))
    records = order[begins]  # the first row of each record
    group = np.empty(rows.height, dtype=np.int64)
    group[order] = np.cumsum(begins) - 1
    leader = records[group]

    heads = _heads(connection, records, entity, keys, fresh[place], parameters)
    head_hash = heads["hash"][group]
    decided = np.zeros(rows.height, dtype=DECIDED)
    decided["row"] = rows["row"].to_numpy()
    decided["entity"] = entity
    decided["record"] = heads["record"][group]
    decided["number"] = heads["number"][group] + 1
    decided["other"] = decided["row"][leader]
    follows = leader != np.arange(rows.height)
    found = decided["record"] != 0
    decided["outcome"] = np.select(
        [
            follows & (hashes == hashes[leader]),
            follows,
            found & (head_hash == hashes),
            found & (heads["delivery"][group] == delivery),
        ],
        [encoding.UNCHANGED, encoding.CONTRADICTION, encoding.UNCHANGED, encoding.CONTRADICTION],
        encoding.ACCEPTED,
    )
    changed = np.flatnonzero(found & (decided["outcome"] == encoding.ACCEPTED))
    if len(changed) and earlier:
        told = earlier.rows_of(decided["record"][changed])
        if (told > decided["row"][changed]).any():
            raise repeats.Unsettled
        decided["other"][changed] = np.where(told > 0, told, decided["other"][changed])
        decided["outcome"][changed] = np.where(told > 0, encoding.CONTRADICTION, encoding.ACCEPTED)
    return Rows(connection, part, decided, registered[place], int(fresh.sum()), np.zeros(rows.height, dtype=bool))


def _entities(
    connection: Connection, subjects: pl.DataFrame, place: encoding.Array, parameters: Mapping[str, Any]
) -> tuple[encoding.Array, pl.Series, encoding.Array]:
    """The entity of each code, in the order of the codes; the name the register knows; which were made just now."""
    asked = subjects.select(
        pl.int_range(pl.len(), dtype=pl.Int32).alias("place"),
        "subject_code",
        "subject_kind",
        "subject_name",
        "name_key",
    )
    found = _find(connection, asked)
    if found["grouped"].any():
        grouped = np.zeros(asked.height, dtype=bool)
        grouped[found.filter("grouped")["place"].to_numpy()] = True
        raise Grouped(grouped[place])
    entities = np.zeros(asked.height, dtype=np.int64)
    entities[found["place"].to_numpy()] = found["entity"].to_numpy()
    fresh = np.zeros(asked.height, dtype=bool)
    if found.height < asked.height:
        missing = asked.filter(pl.Series(entities == 0))
        connection.execute("TRUNCATE asked_code")
        loading.copy_in(connection, "copy_unknown_codes", encoding.text(missing))
        made = np.array(
            connection.execute(sql.statement("intake", "create_entities_of_codes"), parameters, binary=True).fetchall(),
            dtype=np.int64,
        ).reshape(-1, 2)
        entities[made[:, 0]] = made[:, 1]
        fresh[made[:, 0]] = True
        if len(made) < missing.height:
            # Another loader stored these in the meantime.
            rest = asked.filter(pl.Series(entities == 0))
            again = _find(connection, rest)
            again = again.with_columns(rest["place"].cast(pl.Int64).gather(again["place"]))
            entities[again["place"].to_numpy()] = again["entity"].to_numpy()
            found = pl.concat([found, again])
            if not entities.all():
                raise psycopg.errors.SerializationFailure("codes come and go")
    registered = pl.DataFrame({"place": asked["place"].cast(pl.Int64)}).join(
        found, on="place", how="left", maintain_order="left"
    )
    return entities, registered["registered"], fresh


def _find(connection: Connection, asked: pl.DataFrame) -> pl.DataFrame:
    """Who holds each code that anyone holds; ``place``: the row of ``asked``."""
    codes = f"{{{','.join(asked['subject_code'].to_list())}}}"  # as text: a list would be adapted code by code
    row = connection.execute(sql.statement("intake", "find_codes"), {"codes": codes}, binary=True).fetchone()
    if row is None or row[0] is None:
        return pl.DataFrame(schema=_FOUND)
    return pl.DataFrame(row, schema=_FOUND).with_columns(pl.col("place") - 1)


def _heads(
    connection: Connection,
    records: encoding.Array,
    entity: encoding.Array,
    keys: encoding.Array,
    fresh: encoding.Array,
    parameters: Mapping[str, Any],
) -> encoding.Array:
    """The head of each record, zeros where there is none. An entity made just now has none."""
    heads = np.zeros(len(records), dtype=encoding.FOUND_HEAD)
    asked = np.flatnonzero(~fresh[records])
    if len(asked):
        connection.execute("TRUNCATE asked_head")
        at = records[asked]
        columns = {"place": asked, "entity": entity[at], "key": keys[at]}
        loading.copy_in(connection, "copy_asked_heads", encoding.asked_heads(columns, len(asked)))
        row = connection.execute(sql.statement("intake", "find_heads"), parameters, binary=True).fetchone()
        found = np.frombuffer(row[0] if row and row[0] else b"", dtype=encoding.SENT_HEAD)
        for name in encoding.SENT_HEAD.names or ():
            heads[name][found["place"]] = found[name]
    return heads
