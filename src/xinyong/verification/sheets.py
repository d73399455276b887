"""The sheet of a file check, written row by row: CSV that spreadsheets read as UTF-8, or a workbook. No cell runs as a formula."""

from __future__ import annotations

import contextlib
import io
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import polars as pl
import xlsxwriter  # type: ignore[import-untyped]

from xinyong.ui.twins import BOM, cell

HEAD: Final = (
    "原行号", "查询代码", "结果", "现代码", "主体名称", "登记状态", "失信信息", "名单", "措施和激励", "说明", "查询编号",
    "数据事件", "核验时间",
)  # fmt: skip
KINDS: Final = (".xlsx", ".csv")
_WIDTHS: Final = (8, 21, 14, 21, 30, 12, 9, 7, 11, 80, 21, 10, 20)
#: Rows of one sheet of a workbook, and characters of one cell.
_ROWS, _CHARS = 1_048_576, 32_767


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Told:
    """What is said of a number. ``key``: the entity's number today, empty without an answer; ``detail``: its part of the audit row."""

    outcome: str
    cells: tuple[str | int, ...]
    #: The cells as CSV.
    text: str
    key: str = ""
    detail: str = ""
    adverse: bool = False


@dataclass(frozen=True, slots=True)
class Lines:
    """Rows of the sheet in columns: number in the file, what is said, query (empty without an answer); data and moment of all."""

    rows: Sequence[int]
    told: Sequence[Told]
    queries: Sequence[str]
    event: int
    at: str


class Sheet(Protocol):
    """Takes lines in their order."""

    def add(self, lines: Lines) -> None: ...


def told(cells: Sequence[str | int], **more: Any) -> Told:
    """What is said, with its cells made safe."""
    safe = tuple([cell(shown) if shown and isinstance(shown, str) else shown for shown in cells])
    return Told(cells=safe, text=_csv(safe), **more)


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
            handle.write((BOM + _csv(HEAD) + "\r\n").encode())
            yield _Text(handle)
        handle.flush()
        os.fsync(handle.fileno())


class _Text:
    def __init__(self, handle: io.BufferedWriter) -> None:
        self._handle = handle

    def add(self, lines: Lines) -> None:
        comma, columns = pl.lit(","), [pl.Series("row", lines.rows, pl.Int64).cast(pl.String)]
        columns += [pl.Series("text", [said.text for said in lines.told], pl.String)]
        columns += [pl.Series("query", lines.queries, pl.String)]
        line = pl.concat_str(columns[0], comma, columns[1], comma, columns[2], pl.lit(f",{lines.event},{lines.at}"))
        # Every cell is quoted where it needs to be already.
        pl.select(line).write_csv(self._handle, include_header=False, quote_style="never", line_terminator="\r\n")


class _Book:
    """Beyond the rows of a sheet another one is begun."""

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

    def add(self, lines: Lines) -> None:
        for row, said, query in zip(lines.rows, lines.told, lines.queries, strict=True):
            if self._row >= _ROWS:
                self._begin()
            number, string = self._sheet.write_number, self._sheet.write_string
            for at, shown in enumerate((row, *said.cells, query, lines.event, lines.at)):
                if isinstance(shown, int):
                    number(self._row, at, shown)
                elif shown:
                    string(self._row, at, shown if len(shown) <= _CHARS else shown[: _CHARS - 1] + "…")
            self._row += 1


_QUOTED: Final = re.compile(r'[",\r\n]')


def _csv(cells: Sequence[str | int]) -> str:
    """A row as RFC 4180 has it, without its end."""
    texts = [str(shown) for shown in cells]
    plain = ",".join(texts)
    if plain.count(",") == len(texts) - 1 and '"' not in plain and "\n" not in plain and "\r" not in plain:
        return plain
    return ",".join(['"' + text.replace('"', '""') + '"' if _QUOTED.search(text) else text for text in texts])
