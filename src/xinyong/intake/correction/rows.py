"""The rows of a delivery that something was found in, with all their cells, read from the kept file.

The file is the proof and is never edited; what is needed of it again and again is copied once into a folder of column
files, so that one row of a million is found in milliseconds. The folder holds what the kept file holds, under the same
rights; it can be removed at any time and is made anew when it is needed.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from datetime import time as clock_time
from pathlib import Path

import polars as pl
import python_calamine
from django.db import connection
from django.utils import timezone

from xinyong.catalogue import selectors as catalogue
from xinyong.catalogue.entry import BundleEntry, DatasetEntry, Field
from xinyong.errors import ErrorCode, XinyongError
from xinyong.intake import checking, store
from xinyong.intake.checks.layout import LayoutMatch, choose_layout
from xinyong.intake.checks.report import HIDDEN, is_private
from xinyong.intake.correction import layout as correction_layout
from xinyong.intake.models import Delivery
from xinyong.intake.reading import ROW, Limits, SourceInfo, open_source
from xinyong.runtime import config
from xinyong.standards import credit_code, redaction, resident_id

#: Copies nobody has used for so long are removed, seconds.
_STALE = 2 * 24 * 3600
#: Workbooks up to this size are read again for rows the strict reader refused, bytes.
_LENIENT = 32 << 20
_DIGIT = re.compile(r"\d")
#: Findings after which nothing of a row may be shown or kept: it speaks of a natural person.
CLOSED_CODES = ("natural-person", "resident-number", "not-to-be-collected")


class RowsGone(XinyongError):
    """The delivered file is not in the store any more, so its rows cannot be corrected here."""

    code = ErrorCode.FILE_MISSING
    status = 409
    zh = "批次 {number} 的原文件已不在存储中，无法在线修正。请在来源系统改正后重新报送。"
    en = "The file of delivery {number} is no longer kept; correct the rows at their source and deliver again."


@dataclass(frozen=True, slots=True)
class KeptRows:
    """Access to the rows; ``header`` is the department's own, without the extra columns of an error list."""

    folder: Path
    header: tuple[str, ...]
    format: str

    def scan(self) -> pl.LazyFrame:
        """All kept rows in the order of the file: the row number in ``_row``, a text column per heading."""
        return pl.scan_parquet(self.folder / "part-*.parquet")

    def rows(self, numbers: Sequence[int]) -> pl.DataFrame:
        """The rows with these numbers, in the order of the file."""
        wanted = pl.Series(ROW, sorted(set(numbers)), dtype=pl.Int64)
        return self.scan().filter(pl.col(ROW).is_in(wanted.implode())).collect()

    def parts(self) -> Iterator[pl.DataFrame]:
        """All kept rows part by part, for lists of any length."""
        for path in sorted(self.folder.glob("part-*.parquet")):
            yield pl.read_parquet(path)


def entry_of(delivery: Delivery, *, today: bool = False) -> DatasetEntry | BundleEntry:
    """The entry a delivery came under, or the one in force now, which judges what is sent again."""
    return catalogue.entry(delivery.dataset_code, timezone.localdate(None if today else delivery.received_at))


def entries_of(entry: DatasetEntry | BundleEntry, on: date) -> tuple[DatasetEntry, ...]:
    """The datasets of an entry or bundle."""
    if isinstance(entry, DatasetEntry):
        return (entry,)
    found = (catalogue.entry(code, on) for code in dict.fromkeys(route.dataset for route in entry.routes))
    return tuple(item for item in found if isinstance(item, DatasetEntry))


def known_columns(entry: DatasetEntry | BundleEntry) -> frozenset[str]:
    """Headings by which the header of a file is told from title rows; of a bundle the routes judge."""
    return frozenset() if isinstance(entry, BundleEntry) else checking.known_columns((entry,))


def match_of(delivery: Delivery, header: Sequence[str], *, today: bool = False) -> LayoutMatch | None:
    """Which field each column of the delivery goes to; None for a bundle, whose rows differ in that."""
    entry = entry_of(delivery, today=today)
    return choose_layout(entry, header) if isinstance(entry, DatasetEntry) else None


def fields_of(delivery: Delivery, header: Sequence[str]) -> dict[str, Field]:
    """Column to field, for the columns that have one."""
    match = match_of(delivery, header)
    entry = entry_of(delivery)
    if match is None or not isinstance(entry, DatasetEntry):
        return {}
    return {column: entry.field_by_code(target.to) for column, target in match.bound if target.to is not None}


def masked(field: Field | None, text: str | None) -> str:
    """A cell as it may be shown outside the kept file: personal values hidden, personal numbers in free text masked."""
    if not text:
        return ""
    if field is not None and is_private(field):
        return HIDDEN
    if len(_DIGIT.findall(text)) < 7:  # the shortest personal number has seven
        return text
    folded = credit_code.normalise(text).text
    if credit_code.is_valid(folded):
        return text
    if resident_id.is_valid(folded):
        return HIDDEN
    return redaction.redact(text).text


def kept(delivery: Delivery) -> KeptRows:
    """The rows of a delivery; made from the kept file when they are not there. Raises RowsGone."""
    base = config.home("returned")
    folder = base / f"{delivery.pk}-{delivery.sha256[:16]}"
    if not folder.is_dir():
        _sweep(base)
        _make(delivery, base, folder)
    with suppress(OSError):
        os.utime(folder)
    header, _, format_ = (folder / "header").read_text(encoding="utf-8").rpartition("\n")
    return KeptRows(folder, tuple(header.split("\n")) if header else (), format_)


def _sweep(base: Path) -> None:
    for old in base.iterdir():
        with suppress(OSError):
            if time.time() - old.stat().st_mtime > _STALE:
                shutil.rmtree(old)


def _numbers(delivery: Delivery) -> pl.Series:
    """Rows with a finding, less those that speak of a natural person: nothing of them is copied."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT row FROM intake_finding WHERE delivery_id = %s GROUP BY row "
            "HAVING NOT bool_or(code = ANY(%s)) ORDER BY row",
            [delivery.pk, list(CLOSED_CODES)],
        )
        return pl.Series(ROW, [row for (row,) in cursor.fetchall()], dtype=pl.Int64)


def _make(delivery: Delivery, base: Path, folder: Path) -> None:
    path = store.path_of(delivery.sha256)
    if not path.exists():
        raise RowsGone(number=delivery.number)
    wanted = _numbers(delivery)
    bound = int(config.get("XINYONG_MAX_FILE_MIB")) << 20
    limits = Limits(max_file_bytes=bound, max_expanded_bytes=bound)
    made = Path(tempfile.mkdtemp(prefix="making-", dir=base))
    try:
        found: list[int] = []
        with open_source(path, limits, known_columns=known_columns(entry_of(delivery))) as source:
            own = [column for column in source.info.header if not correction_layout.is_extra(column)]
            number = 0
            for batch in source.batches():
                rows = batch.rows.filter(batch.rows[ROW].is_in(wanted.implode())).select(ROW, *own)
                if rows.height:
                    found.extend(rows[ROW].to_list())
                    rows.write_parquet(made / f"part-{number:06d}.parquet", compression="zstd")
                    number += 1
            missing = sorted(set(wanted.to_list()) - set(found))
            if missing:
                rows = _lenient(path, source.info, own, missing)
                if number == 1:  # one list in the order of the file, the usual case
                    rows = pl.concat([pl.read_parquet(made / "part-000000.parquet"), rows]).sort(ROW)
                    number = 0
                rows.write_parquet(made / f"part-{number:06d}.parquet")
                number += 1
            if number == 0:
                _frame(own, []).write_parquet(made / "part-000000.parquet")
            (made / "header").write_text("\n".join([*own, source.info.format]), encoding="utf-8")
        made.chmod(0o700)
        with suppress(OSError):  # another process was faster; its copy is the same
            made.rename(folder)
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _frame(header: Sequence[str], rows: Sequence[Sequence[object]]) -> pl.DataFrame:
    schema: dict[str, pl.DataType] = {ROW: pl.Int64(), **dict.fromkeys(header, pl.String())}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _lenient(path: Path, info: SourceInfo, header: Sequence[str], missing: Sequence[int]) -> pl.DataFrame:
    """Rows the strict reader gave no cells of. Of a workbook the cells are read as a spreadsheet shows them."""
    cells: dict[int, list[str | None]] = {}
    if info.format == "xlsx" and path.stat().st_size <= _LENIENT and info.sheet is not None:
        with suppress(python_calamine.CalamineError):
            sheet = python_calamine.load_workbook(str(path)).get_sheet_by_name(info.sheet)
            table = sheet.to_python(skip_empty_area=False)
            for number in missing:
                if number <= len(table):
                    by_name = dict(zip(info.header, map(_text, table[number - 1]), strict=False))
                    cells[number] = [by_name.get(column) for column in header]
    return _frame(header, [[number, *cells.get(number, [None] * len(header))] for number in missing])


def _text(value: object) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == clock_time() else value.isoformat(sep=" ")
    if isinstance(value, date | clock_time):
        return value.isoformat()
    return str(value)
