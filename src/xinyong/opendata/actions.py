"""Cutting bulk files: one moment of one dataset as CSV and Parquet, put in place whole or not at all."""

from __future__ import annotations

import csv
import hashlib
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import IO, Any

import polars as pl
import psycopg
from django.utils import timezone

from xinyong.catalogue.entry import DatasetEntry
from xinyong.opendata import changes, selectors
from xinyong.opendata.errors import FilesUnwritable
from xinyong.opendata.models import Cut
from xinyong.opendata.rows import Maker, columns, schema
from xinyong.publicity import days, gone
from xinyong.runtime import database, sql
from xinyong.ui import twins

#: Rows read and written at a time; bounds the memory.
_BATCH = 20_000
_LOCK = 728452

Connection = psycopg.Connection[tuple[Any, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    path: Path
    bytes: int
    sha256: str


def cut(code: str) -> Cut | None:
    """Cut the files of a dataset now. None when another process is cutting it. Raises DatasetUnknown, FilesUnwritable."""
    entry = selectors.open_entry(code)
    folder = selectors.folder(code)
    days.close(timezone.localdate())
    with database.connect(autocommit=True) as session:
        row = session.execute("SELECT pg_try_advisory_lock(%s, hashtext(%s))", (_LOCK, code)).fetchone()
        if row is None or not row[0]:
            return None
        mark = secrets.token_hex(4)
        try:
            made = _write(session, entry, folder, mark)
        except OSError as error:
            raise FilesUnwritable(dataset=code, path=folder, why=error.strerror or str(error)) from error
        finally:
            for left in folder.glob(".*.tmp"):
                left.unlink(missing_ok=True)
        tidy(code)
        return made


def cut_due(code: str = "") -> list[Cut]:
    """Cut whatever is due: missing, holding a record that is not public any more, or older than the rule says."""
    made = []
    for entry in selectors.open_entries():
        if code in ("", entry.code) and selectors.due(entry.code):
            found = cut(entry.code)
            if found is not None:
                made.append(found)
    return made


def _write(session: Connection, entry: DatasetEntry, folder: Path, mark: str) -> Cut:
    now = timezone.now()
    today = timezone.localdate(now)
    name = f"{entry.code}-{timezone.localtime(now):%Y%m%dT%H%M%S}-{mark}"
    csv_part, parquet_part = folder / f".{mark}.csv.tmp", folder / f".{mark}.parquet.tmp"
    parts: list[Path] = []
    with session.transaction():
        # One state for the rows, the cursor of the changes, and the place in the deletion feed.
        session.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        dataset = selectors.dataset_number(session, entry.code)
        place = changes.end(session)
        checkpoint = session.execute(sql.statement("opendata", "newest_checkpoint")).fetchone()
        maker, count, until = Maker(entry), 0, None
        with csv_part.open("w", encoding="utf-8", newline="") as handle:
            handle.write(twins.BOM)
            writer = csv.writer(handle)
            writer.writerow([item.code for item in columns(entry)])
            for batch in _batches(session, dataset, today):
                rows = [maker.row(row) for row in batch]
                writer.writerows([[twins.cell(item) for item in row] for row in rows])
                ends = [row[9] for row in batch if row[9] is not None]
                until = min([*ends, *([until] if until else [])], default=None)
                part = folder / f".{mark}-{len(parts)}.part.tmp"
                pl.DataFrame(rows, schema=schema(entry), orient="row").write_parquet(part)
                parts.append(part)
                count += len(rows)
            _settle(handle)
        _join(parts, parquet_part, entry)
        with parquet_part.open("rb") as handle_b:
            os.fsync(handle_b.fileno())
    text, table = _seen(csv_part), _seen(parquet_part)
    os.replace(csv_part, folder / f"{name}.csv")
    os.replace(parquet_part, folder / f"{name}.parquet")
    _sync(folder)
    return Cut.objects.create(
        dataset=entry.code,
        edition=entry.edition,
        cut_at=now,
        name=name,
        rows=count,
        csv_bytes=text.bytes,
        csv_sha256=text.sha256,
        parquet_bytes=table.bytes,
        parquet_sha256=table.sha256,
        checkpoint=checkpoint[0] if checkpoint else "",
        changes_cursor=place.text(),
        gone_id=place.gone,
        valid_until=until,
    )


def _batches(session: Connection, dataset: int, today: date) -> Iterator[list[tuple[Any, ...]]]:
    with session.cursor(name="open_rows") as cursor:
        cursor.itersize = _BATCH
        cursor.execute(sql.statement("opendata", "open_rows"), {"dataset": dataset, "today": today})
        while rows := cursor.fetchmany(_BATCH):
            yield rows


def _join(parts: list[Path], target: Path, entry: DatasetEntry) -> None:
    if parts:
        pl.scan_parquet(parts, schema=schema(entry)).sink_parquet(target, compression="zstd")
    else:
        pl.DataFrame(schema=schema(entry)).write_parquet(target, compression="zstd")


def _settle(handle: IO[str]) -> None:
    handle.flush()
    os.fsync(handle.fileno())


def _seen(path: Path) -> _File:
    with path.open("rb") as handle:
        digest = hashlib.file_digest(handle, "sha256").hexdigest()
    return _File(path=path, bytes=path.stat().st_size, sha256=digest)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def tidy(code: str) -> int:
    """Remove the files of cuts that are not kept by the rule or may not be given out any more, and files of no cut."""
    keep = _kept_by_rule(code, timezone.now())
    dropped = 0
    for item in Cut.objects.filter(dataset=code, kept=True):
        if item.pk not in keep or not selectors.is_clean(item):
            Cut.objects.filter(pk=item.pk).update(kept=False)
            dropped += 1
    known = set(Cut.objects.filter(dataset=code, kept=True).values_list("name", flat=True))
    for file in selectors.folder(code).iterdir():
        if file.suffix in (".csv", ".parquet") and file.stem not in known:
            file.unlink(missing_ok=True)
    gone.prune(timezone.localdate())
    return dropped


def _kept_by_rule(code: str, now: datetime) -> set[int]:
    rule = gone.rule_set()["cuts"]
    cuts = list(Cut.objects.filter(dataset=code, kept=True).order_by("-cut_at", "-id"))
    keep = {item.pk for item in cuts[: int(rule["keep_newest"])]}
    since = now - timedelta(days=31 * int(rule["keep_monthly"]))
    first: dict[str, int] = {}
    for item in reversed(cuts):
        if item.cut_at >= since:
            first.setdefault(f"{timezone.localtime(item.cut_at):%Y-%m}", item.pk)
    return keep | set(first.values())
