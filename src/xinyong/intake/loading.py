"""COPY of Polars frames into a session's working tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import astuple
from typing import Any

import polars as pl
import psycopg

from xinyong.catalogue.entry import DatasetEntry
from xinyong.catalogue.models import Edition
from xinyong.intake import copytext
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


def _copy(connection: Connection, statement: str, data: bytes) -> None:
    if not data:
        return
    with connection.cursor() as cursor, cursor.copy(sql.statement("intake", statement)) as copy:
        copy.write(data)


def staged(accepted: pl.DataFrame, entry: DatasetEntry, layout: str, edition: Edition) -> bytes:
    """The accepted rows of one batch as COPY text (columns as :class:`xinyong.intake.checks.Checked` gives them)."""
    batch = copytext.Batch(
        dataset_id=edition.dataset_id,
        edition_id=edition.pk,
        layout=layout,
        resolve_name="exact_name" in entry.subject.resolve,
        registers=entry.subject.creates,
    )
    return copytext.accepted_text(accepted, batch)


def copy_rows(connection: Connection, data: bytes) -> None:
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
    _copy(connection, "copy_findings", copytext.table_text(frame))
