"""Rows of the ``growth`` benchmark laid down beside the engine, so that the speed at 100 million can be looked at in an hour.

The rows are those the engine writes for the same files, sent as it sends them, with two differences: their hashes are drawn,
not computed, and indexes are built after the rows, so their pages are fuller than those of an installation that grew. Leaves
of the log are real. The search index of names is left out. For an empty installation only; never part of the product.
"""

from __future__ import annotations

import binascii
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

STRIDE = 7_368_787
_PARTITIONED = ("ledger_version", "ledger_record", "publicity_window")
_REGISTRY = ("registry_entity", "registry_identifier", "registry_name")
_FIRST = date(2020, 1, 1)
_DAYS = pl.Series([(_FIRST + timedelta(days=day)).isoformat() for day in range(2000)])


def _say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def _copy(connection: Any, table: str, frame: pl.DataFrame) -> None:
    """The columns of ``frame`` bear the names of the table's; an empty text is a text, never NULL."""
    columns = ", ".join(frame.columns)
    with connection.cursor().copy(
        f"COPY {table} ({columns}) FROM STDIN (FORMAT csv, NULL '\\N', FORCE_NOT_NULL ({columns}))"
    ) as copy:
        for start in range(0, frame.height, 100_000):
            copy.write(frame.slice(start, 100_000).write_csv(include_header=False).encode())


@contextmanager
def _bare(connection: Any) -> Iterator[None]:
    """The tables without indexes, which are built again at the end."""
    held = connection.execute(
        "SELECT index.indrelid::regclass::text, index.indexrelid::regclass::text, pg_get_indexdef(index.indexrelid), "
        "rule.conname, pg_get_constraintdef(rule.oid) FROM pg_index AS index "
        "LEFT JOIN pg_constraint AS rule ON rule.conindid = index.indexrelid AND rule.contype IN ('p', 'u') "
        "AND rule.conrelid = index.indrelid WHERE index.indrelid::regclass::text = ANY(%s)",
        ([*_PARTITIONED, *_REGISTRY],),
    ).fetchall()
    for table, index, _, rule, _ in held:
        connection.execute(
            f"ALTER TABLE {table} DROP CONSTRAINT {rule} CASCADE" if rule else f"DROP INDEX IF EXISTS {index}"
        )
    yield
    connection.execute("SET maintenance_work_mem = '1GB'")
    for table, _, definition, rule, meaning in held:
        connection.execute(
            f"ALTER TABLE {table} ADD CONSTRAINT {rule} {meaning}" if rule else definition.replace(" ONLY ", " ")
        )
        _say(f"index of {table} built")


def _registry(connection: Any, delivery: int, before: int, entities: int, codes: Any) -> None:
    at = connection.execute("SELECT recorded_at FROM ledger_version LIMIT 1").fetchone()[0]
    for start in range(0, entities, 1_000_000):
        numbers = np.arange(start, min(start + 1_000_000, entities), dtype=np.int64)
        frame = pl.DataFrame({"id": numbers + 1 + before, "code": codes(numbers)}).with_columns(
            name=pl.Series(numbers).cast(pl.String) + "号公司",
            first_delivery_id=pl.lit(delivery),
            at=pl.lit(str(at)),
            empty=pl.lit(""),
        )
        _copy(
            connection,
            "registry_entity",
            frame.select(
                "id",
                "name",
                "first_delivery_id",
                kind=pl.lit("enterprise"),
                credit_code="code",
                name_key="name",
                registered=pl.lit("f"),
                created_at="at",
                status="empty",
                place="empty",
            ),
        )
        _copy(
            connection,
            "registry_identifier",
            frame.select(
                "id",
                "first_delivery_id",
                type=pl.lit("credit_code"),
                value="code",
                entity_id="id",
                issuer="empty",
            ),
        )
        _copy(
            connection,
            "registry_name",
            frame.select(
                "id",
                "name",
                "first_delivery_id",
                name_key="name",
                kind=pl.lit("reported"),
                since="at",
                entity_id="id",
                from_change=pl.lit("f"),
            ),
        )
    for table in _REGISTRY:
        connection.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {entities + before})")


def _records(
    connection: Any, model: dict[str, Any], first: int, rows: int, entities: int, codes: Any, *, with_windows: bool
) -> None:
    """One delivery of ``rows`` rows whose places start at ``first`` (the walk of ``growth``)."""
    from xinyong.intake import encoding, loading

    draw = np.random.default_rng(first)
    places = np.arange(first, first + rows, dtype=np.int64)
    numbers = places * STRIDE % entities
    delivery = model["delivery"] + 1 + first // rows
    connection.execute(
        "INSERT INTO intake_delivery SELECT (jsonb_populate_record(delivery, jsonb_build_object('id', %s::bigint, "
        "'number', %s::text, 'sha256', %s::text, 'read', %s::int, 'accepted', %s::int))).* "
        "FROM intake_delivery AS delivery WHERE id = %s",
        (delivery, f"demo-filler-{delivery}", binascii.hexlify(draw.bytes(32)).decode(), rows, rows, model["delivery"]),
    )
    frame = pl.DataFrame(
        {
            "round": places // entities,
            "code": codes(numbers),
            "name": pl.Series(numbers).cast(pl.String) + "号公司",
            "decided_on": _DAYS.gather(pl.Series((numbers + places // entities) % 2000)),
        }
    )
    payload = frame.select(
        pl.concat_str(
            pl.lit('{"_layout":"ids","RDDW":"示例局","RYLB":"纳税信用A级","RDRQ":"'),
            "decided_on",
            pl.lit('","RYMC":"'),
            "round",
            pl.lit('号荣誉","ENTNAME":"'),
            "name",
            pl.lit('","UNISCID":"'),
            "code",
            pl.lit('"}'),
        )
    ).to_series()
    days = frame["decided_on"].str.to_date()
    record = model["record"] + 1 + places
    at = encoding.microseconds(model["at"])
    columns: dict[str, Any] = {
        "entity": numbers + 1 + model["entity"],
        "record": record,
        "version": record,
        "dataset": model["dataset"],
        "delivery": delivery,
        "department": model["department"],
        "edition": model["edition"],
        "received": at,
        "recorded": at,
        "number": 1,
        "row": places - first + 2,
        "key": np.frombuffer(draw.bytes(16 * rows), dtype="V16"),
        "hash": np.frombuffer(draw.bytes(32 * rows), dtype="V32"),
        "payload_hash": np.frombuffer(draw.bytes(32 * rows), dtype="V32"),
    }
    with connection.transaction():
        loading.copy_in(connection, "copy_versions", encoding.versions(columns, payload, days))
        loading.copy_in(connection, "copy_heads", encoding.heads(columns, days))
        if with_windows:
            _copy(
                connection,
                "publicity_window",
                frame.select(
                    "decided_on",
                    entity_id=pl.Series(columns["entity"]),
                    record_id=pl.Series(record),
                    dataset_id=pl.lit(model["dataset"]),
                    public_from="decided_on",
                    severity=pl.lit(""),
                    rule=pl.lit("PUB-22"),
                ),
            )
        connection.execute(
            "INSERT INTO ledger_event (id, kind, delivery_id, dataset_id, version_from, version_to, recorded_at) "
            "VALUES (%s, 'versions.appended', %s, %s, %s, %s, now())",
            (delivery, delivery, model["dataset"], int(record[0]), int(record[-1])),
        )


def fill(records: int, entities: int, per: int, codes: Any, enough: Path, *, with_log: bool, with_windows: bool) -> int:
    """Lay down ``records`` rows about ``entities`` entities; the installation holds one small delivery of other entities.

    Returns how many were laid down: fewer when the file ``enough`` appears meanwhile.
    """
    from xinyong.ledger import corridor
    from xinyong.runtime import database

    with database.connect_owner(autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET synchronous_commit = off")
        row = connection.execute(
            "SELECT delivery_id, department_id, edition_id, recorded_at, (SELECT max(record_id) FROM ledger_record), "
            "(SELECT dataset_id FROM ledger_record LIMIT 1), (SELECT max(id) FROM registry_entity) FROM ledger_version LIMIT 1"
        ).fetchone()
        assert row is not None
        model = dict(zip(("delivery", "department", "edition", "at", "record", "dataset", "entity"), row, strict=True))
        with _bare(connection):
            _registry(connection, model["delivery"], model["entity"], entities, codes)
            _say("registry written")
            for first in range(0, records, per):
                _records(connection, model, first, per, entities, codes, with_windows=with_windows)
                _say(f"{first + per} records written")
                if enough.exists():
                    records = first + per
                    break
        last = model["delivery"] + records // per
        top = model["record"] + records
        connection.execute(f"SELECT setval(pg_get_serial_sequence('intake_delivery', 'id'), {last})")
        connection.execute(f"SELECT setval('ledger_record_id_seq', {top})")
        connection.execute("UPDATE ledger_effect_position SET event_id = %s WHERE effect <> 'log'", (last,))
        connection.execute("UPDATE derived.registry_search_state SET name_id = (SELECT max(id) FROM registry_name)")
        for table in (*_PARTITIONED, *_REGISTRY):
            connection.execute(f"ANALYZE {table}")
        _say("analysed")
        connection.execute("CHECKPOINT")
    if with_log:
        corridor.catch_up_one("log")
        _say("log written")
    return records
