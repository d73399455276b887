"""The sheet of a file check, written row by row: CSV that spreadsheets read as UTF-8, or a workbook. No cell runs as a formula."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Protocol

import polars as pl
import xlsxwriter  # type: ignore[import-untyped]

from xinyong.ui.twins import BOM, FORMULA, NUMBER

HEAD: Final = (
    "原行号", "查询代码", "结果", "现代码", "主体名称", "登记状态", "失信信息", "名单", "措施和激励", "说明", "查询编号",
    "数据事件", "核验时间",
)  # fmt: skip
KINDS: Final = (".xlsx", ".csv")
_WIDTHS: Final = (8, 21, 14, 21, 30, 12, 9, 7, 11, 80, 21, 10, 20)
#: Columns whose texts may hold anything.
_FREE: Final = frozenset(("shown", "name", "status", "words"))
#: Rows of one sheet of a workbook, and characters of one cell.
_ROWS, _CHARS = 1_048_576, 32_767


#: The columns in which a number is explained, in the order of the sheet: texts made safe, null for an empty cell.
CELLS: Final = ("shown", "result", "now", "name", "status", "adverse", "lists", "measures", "words")


class Sheet(Protocol):
    """Takes rows in their order: the row in the file, ``columns``, then query, event and moment."""

    @property
    def columns(self) -> tuple[str, ...]: ...

    def prepare(self, told: pl.DataFrame) -> pl.DataFrame:
        """``columns`` added to explained numbers, once for all rows with the number."""

    def add(self, rows: pl.DataFrame) -> None: ...


def safe(column: pl.Expr) -> pl.Expr:
    """:func:`xinyong.ui.twins.cell` for a column of texts."""
    runs = pl.any_horizontal(*(column.str.starts_with(sign) for sign in FORMULA))
    number = column.str.contains(f"^(?:{NUMBER.pattern})$")
    return pl.when(~runs | number).then(column).otherwise("'" + column)


@contextlib.contextmanager
def open_sheet(place: Path) -> Iterator[Sheet]:
    """A sheet of the kind its name says; whole and on disk when the block ends well."""
    with place.open("wb") as handle:
        if place.suffix == ".xlsx":
            # Its parts lie beside it until it is put together: nothing stays elsewhere when the work is killed.
            options = {
                "constant_memory": True,
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "tmpdir": str(place.parent),
            }
            book = xlsxwriter.Workbook(handle, options)
            try:
                yield _Book(book)
            finally:
                book.close()
        else:
            handle.write((BOM + ",".join(HEAD) + "\r\n").encode())
            yield _Text(handle)
        handle.flush()
        os.fsync(handle.fileno())


class _Text:
    columns: tuple[str, ...] = ("text",)

    def __init__(self, handle: io.BufferedWriter) -> None:
        self._handle = handle

    def prepare(self, told: pl.DataFrame) -> pl.DataFrame:
        cells = [
            _quoted(pl.col(name)) if name in _FREE else pl.col(name).cast(pl.String).fill_null("") for name in CELLS
        ]
        return told.select(pl.exclude(CELLS), pl.concat_str(cells, separator=",").alias("text")).with_columns(
            adverse=told["adverse"]
        )

    def add(self, rows: pl.DataFrame) -> None:
        # Every cell is quoted where it needs to be already.
        rows.write_csv(self._handle, include_header=False, quote_style="never", line_terminator="\r\n")


class _Book:
    """Beyond the rows of a sheet another one is begun."""

    columns: tuple[str, ...] = CELLS

    def prepare(self, told: pl.DataFrame) -> pl.DataFrame:
        return told

    def __init__(self, book: Any) -> None:
        self._book = book
        self._bold = book.add_format({"bold": True, "bg_color": "#DCE6F1"})
        self._begin()

    def _begin(self) -> None:
        self._sheet = self._book.add_worksheet(f"核验结果{len(self._book.worksheets()) + 1}")
        for at, width in enumerate(_WIDTHS):
            self._sheet.set_column(at, at, width)
        self._sheet.freeze_panes(1, 2)
        self._sheet.write_row(0, 0, HEAD, self._bold)
        self._row = 1

    def add(self, rows: pl.DataFrame) -> None:
        for line in rows.iter_rows():
            if self._row >= _ROWS:
                self._begin()
            number, string = self._sheet.write_number, self._sheet.write_string
            for at, shown in enumerate(line):
                if isinstance(shown, int):
                    number(self._row, at, shown)
                elif shown:
                    string(self._row, at, shown if len(shown) <= _CHARS else shown[: _CHARS - 1] + "…")
            self._row += 1


def _quoted(column: pl.Expr) -> pl.Expr:
    """Texts as RFC 4180 has them."""
    text = column.fill_null("")
    needed = text.str.contains(r'[",\r\n]')
    return pl.when(needed).then('"' + text.str.replace_all('"', '""', literal=True) + '"').otherwise(text)
