"""Reads of open data: which datasets there are, their newest files, whether a file may still be given out."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
from django.db import connection
from django.utils import timezone

from xinyong.catalogue import selectors as catalogue
from xinyong.catalogue.entry import DatasetEntry
from xinyong.catalogue.errors import DatasetUnknown
from xinyong.opendata.models import Cut
from xinyong.opendata.rows import Maker, is_open
from xinyong.publicity import gone
from xinyong.registry import keys
from xinyong.runtime import config, sql

Connection = psycopg.Connection[tuple[Any, ...]]


def open_entries() -> tuple[DatasetEntry, ...]:
    """Entries in force whose records may be public, in the order of the catalogue."""
    return tuple(item for item in catalogue.packaged().in_force(timezone.localdate()) if is_open(item))


def open_entry(code: str) -> DatasetEntry:
    """The open entry of this code. Raises DatasetUnknown; a dataset that is not open is as unknown here as none."""
    found = next((item for item in open_entries() if item.code == code), None)
    if found is None:
        raise DatasetUnknown(dataset=code, known=", ".join(item.code for item in open_entries()))
    return found


def folder(code: str) -> Path:
    """Where the files of a dataset lie."""
    return config.home("open-data", code)


def dataset_number(session: Connection | None, code: str) -> int:
    """The number of a dataset in the database."""
    statement, values = "SELECT id FROM catalogue_dataset WHERE code = %s", (code,)
    if session is not None:
        row = session.execute(statement, values).fetchone()
    else:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            row = cursor.fetchone()
    if row is None:
        raise DatasetUnknown(dataset=code, known=", ".join(item.code for item in open_entries()))
    return int(row[0])


def newest(code: str) -> Cut | None:
    """The newest cut, whether or not it may be given out."""
    return Cut.objects.filter(dataset=code).order_by("-cut_at", "-id").first()


def is_clean(cut: Cut) -> bool:
    """Whether every record in the cut is still public: asked at each download, so that nothing has to be told in time."""
    if cut.valid_until is not None and cut.valid_until < timezone.localdate():
        return False
    with connection.cursor() as cursor:
        cursor.execute(sql.statement("opendata", "clean"), {"code": cut.dataset, "gone": cut.gone_id})
        return bool(cursor.fetchone()[0])


def given_out(code: str) -> list[Cut]:
    """Cuts whose files can be downloaded, newest first."""
    return [item for item in Cut.objects.filter(dataset=code, kept=True) if is_clean(item)]


def due(code: str) -> bool:
    """Whether the dataset should be cut now."""
    last = newest(code)
    if last is None or not last.kept:
        return True
    if timezone.now() - last.cut_at > timedelta(hours=float(gone.rule_set()["cuts"]["every_hours"])):
        return True
    return not is_clean(last)


def sample(entry: DatasetEntry) -> list[tuple[Any, ...]]:
    """A few of the newest rows, as they stand in the files."""
    limit = int(gone.rule_set()["cuts"]["sample"])
    values: dict[str, Any] = {
        "dataset": dataset_number(None, entry.code),
        "today": timezone.localdate(),
        "limit": limit,
    }
    with connection.cursor() as cursor:
        cursor.execute(sql.statement("opendata", "sample_records"), values)
        found = cursor.fetchall()
    return [row for _, row in rows_of(entry, found)]


def rows_of(entry: DatasetEntry, records: list[tuple[int, int]]) -> list[tuple[str, tuple[Any, ...]]]:
    """Open rows of given records (entity, record), by id, as far as they are public now."""
    if not records:
        return []
    values: dict[str, Any] = {
        "dataset": dataset_number(None, entry.code),
        "today": timezone.localdate(),
        "entities": [entity for entity, _ in records],
        "records": [record for _, record in records],
    }
    maker = Maker(entry)
    with connection.cursor() as cursor:
        cursor.execute(sql.statement("opendata", "open_rows_of"), values)
        return [(keys.record_key(row[0]), maker.row(row)) for row in cursor.fetchall()]
