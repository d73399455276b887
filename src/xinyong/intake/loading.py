"""COPY of Polars frames into a session's working tables."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import astuple
from typing import Any

import polars as pl
import psycopg

from xinyong.catalogue.entry import DatasetEntry
from xinyong.catalogue.models import Edition
from xinyong.intake.findings import Finding
from xinyong.runtime import sql

Connection = psycopg.Connection[tuple[Any, ...]]

_FINDING_COLUMNS = (
    "row",
    "kind",
    "code",
    "severity",
    "field",
    "column",
    "value",
    "reason_zh",
    "reason_en",
    "suggestion_zh",
    "suggestion_en",
    "fix",
)


def create_stage(connection: Connection) -> None:
    """Make the session's temporary tables, with memory for them: the default of 8 MiB spills every pass to disk."""
    connection.execute("SET temp_buffers = '256MB'")
    connection.execute("SET work_mem = '256MB'")
    connection.execute(sql.statement("intake", "create_stage"))


def _text(frame: pl.DataFrame) -> str:
    # Every text is quoted, so an unquoted \N can only be a null.
    return frame.write_csv(include_header=False, quote_style="non_numeric", null_value="\\N")


def _copy(connection: Connection, statement: str, data: str) -> None:
    if not data:
        return
    with connection.cursor() as cursor, cursor.copy(sql.statement("intake", statement)) as copy:
        copy.write(data)


def source_keys(business_keys: pl.Series) -> pl.Series:
    """First 16 bytes of SHA-256 of each business key, as PostgreSQL's hexadecimal bytea text."""
    cache: dict[str, str] = {}
    keys = []
    for text in business_keys.to_list():
        key = cache.get(text)
        if key is None:
            key = "\\x" + hashlib.sha256(text.encode()).hexdigest()[:32]
            if len(cache) < 4096:
                cache[text] = key
        keys.append(key)
    return pl.Series("source_key", keys, dtype=pl.String)


def staged(accepted: pl.DataFrame, entry: DatasetEntry, layout: str, edition: Edition) -> str:
    """The accepted rows of one batch as COPY text (columns as :class:`xinyong.intake.checks.Checked` gives them)."""
    frame = accepted.select(
        pl.col("row"),
        pl.lit(edition.dataset_id).alias("dataset_id"),
        pl.lit(edition.pk).alias("edition_id"),
        "subject_code",
        "registration_number",
        "organisation_code",
        "subject_name",
        "name_key",
        "subject_kind",
        source_keys(accepted["business_key"]),
        pl.col("decided_on").dt.to_string("%Y-%m-%d"),
        (pl.lit("\\x") + pl.col("content_hash").bin.encode("hex")).alias("content_hash"),
        # The layout is bookkeeping: it stands in the payload and never in the content hash.
        (pl.lit('{"_layout":"' + layout + '",') + pl.col("payload").str.slice(1)).alias("payload"),
        pl.lit("true" if "exact_name" in entry.subject.resolve else "false").alias("resolve_name"),
        pl.lit("true" if entry.subject.creates else "false").alias("registers"),
    )
    return _text(frame)


def copy_rows(connection: Connection, data: str) -> None:
    """Stage the rows that :func:`staged` wrote."""
    _copy(connection, "copy_stage", data)


def copy_findings(connection: Connection, findings: Iterable[Finding]) -> None:
    """Stage findings of one batch."""
    rows: Sequence[tuple[Any, ...]] = [astuple(finding) for finding in findings]
    if not rows:
        return
    by_name = [field for field in Finding.__dataclass_fields__]
    frame = pl.DataFrame(
        {name: [row[by_name.index(name)] for row in rows] for name in _FINDING_COLUMNS},
        schema={name: pl.Int64 if name == "row" else pl.String for name in _FINDING_COLUMNS},
    )
    _copy(connection, "copy_findings", _text(frame))
