"""XLSX: which sheet holds the data, and its rows as text or findings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from xinyong.catalogue.columns import MARK_NAME
from xinyong.intake.findings import Finding
from xinyong.intake.reading import errors, remarks
from xinyong.intake.reading.container import Container, damaged
from xinyong.intake.reading.header import Header, find_header
from xinyong.intake.reading.model import Limits, Note, RawBatch, RowCollector, SourceInfo, Tally
from xinyong.intake.reading.sheet import Cell, MergedRanges, SheetRow, SheetStream, cell_text, traits_of
from xinyong.intake.reading.sniff import refuse
from xinyong.intake.reading.streams import Opened
from xinyong.intake.reading.strings import SharedStrings
from xinyong.intake.reading.values import GENERAL, CellProblem, number_text, style_kind

_TEXT_KINDS = frozenset(("s", "inlineStr", "str", "d"))


def _mark(hexadecimal: str) -> str:
    try:
        return bytes.fromhex(hexadecimal[:400]).decode("ascii")
    except ValueError:
        return ""


@dataclass(frozen=True, slots=True)
class _Sheet:
    name: str
    part: str
    visible: bool


@dataclass(frozen=True, slots=True)
class _Found:
    sheet: _Sheet
    header: Header
    row: int


class WorkbookReader:
    """Reads the one sheet of a workbook that carries the header."""

    def __init__(self, opened: Opened, limits: Limits, tally: Tally, known: frozenset[str]) -> None:
        self._limits = limits
        self._tally = tally
        self._epoch_1904 = False
        self._template = ""
        self._container = Container(opened, limits)
        self._strings: SharedStrings | None = None
        try:
            self._open(opened, known)
        except BaseException:
            self.close()
            raise

    def _open(self, opened: Opened, known: frozenset[str]) -> None:
        book = self._book()
        relations = self._container.relations(book)
        sheets = self._sheets(book, relations)
        by_type = dict(relations.values())
        self._styles = self._read_styles(by_type.get("styles"))
        self._strings = SharedStrings(self._container, by_type.get("sharedStrings"), self._limits)
        found = self._choose(sheets, known, opened)
        self._found = found
        self._traits = traits_of(self._container, found.sheet.part)
        self._merged = MergedRanges(self._container, found.sheet.part, self._limits, self._traits)
        notes = [*self._container.notes, *found.header.notes]
        if self._merged.above(found.row):
            notes.append(Note(zh="表头及以上的合并单元格未作处理", en="Merged cells in or above the header"))
        self.info = SourceInfo(
            format="xlsx",
            encoding="utf-8",
            compressed=False,
            delimiter="",
            header=found.header.names,
            header_row=found.row,
            sheet=found.sheet.name,
            template=self._template,
            # The other sheets of a form are ours: nothing in them was meant to be read.
            notes=(*notes, *([] if self._template else self._others(sheets, found.sheet))),
        )

    def close(self) -> None:
        if self._strings is not None:
            self._strings.close()
        self._container.close()

    # -- the workbook around the sheet --------------------------------------------------------------------------------

    def _book(self) -> str:
        for kind, part in self._container.relations("").values():
            if kind == "officeDocument":
                return part
        return "xl/workbook.xml"

    def _sheets(self, book: str, relations: dict[str, tuple[str, str]]) -> list[_Sheet]:
        if book not in self._container:
            raise refuse("不含工作簿的 Office 容器", "an Office container without a workbook")
        found: list[_Sheet] = []
        for element in self._container.elements(book):
            if element.name == "workbookPr":
                self._epoch_1904 = element.get("date1904") in ("1", "true")
            elif element.name == "definedName" and element.get("name").startswith(MARK_NAME):
                self._template = _mark(element.get("name").removeprefix(MARK_NAME))
            elif element.name == "sheet":
                # r:id and sheetId both end in "id"; the relation is the prefixed one
                identifier = next((v for k, v in element.attributes.items() if k.endswith(":id")), "")
                kind, part = relations.get(identifier, ("", ""))
                if kind == "worksheet":
                    found.append(_Sheet(element.get("name"), part, element.get("state", "visible") == "visible"))
        if len(found) > self._limits.max_sheets:
            raise errors.FileTooLarge(
                what_zh="工作表个数",
                what_en="The number of sheets",
                found=len(found),
                limit=self._limits.max_sheets,
                where="workbook",
                advice_zh="请只保留数据所在的工作表。",
                advice_en="Keep only the sheet with the data.",
            )
        return found

    def _read_styles(self, part: str | None) -> list[int]:
        if part is None or part not in self._container:
            return []
        codes: dict[str, str] = {}
        kinds: list[int] = []
        inside = False
        for element in self._container.elements(part):
            if element.name == "numFmt":
                codes[element.get("numFmtId")] = element.get("formatCode")[:256]
            elif element.name in ("cellXfs", "cellStyles", "dxfs"):
                inside = element.name == "cellXfs"
            elif element.name == "xf" and inside:
                number = element.get("numFmtId", "0")
                identifier = int(number) if number.isdecimal() and len(number) < 8 else 0
                kinds.append(style_kind(identifier, codes.get(number)))
        return kinds

    # -- which sheet --------------------------------------------------------------------------------------------------

    def _choose(self, sheets: list[_Sheet], known: frozenset[str], opened: Opened) -> _Found:
        """The first visible sheet with the header. Two of them are refused: half of the data would be lost."""
        found: list[_Found] = []
        trouble: errors.HeaderWrong | None = None
        for sheet in (sheet for sheet in sheets if sheet.visible):
            top = self._top(sheet)
            try:
                header = find_header([(number, cells) for number, cells in top], known, self._limits)
            except errors.HeaderWrong as error:
                trouble = trouble or error
                if not known and not found:
                    raise
                continue
            if header is not None:
                found.append(_Found(sheet, header, top[header.index][0]))
        if not found:
            if trouble is not None:
                raise trouble
            raise errors.FileEmpty(path=opened.path.name)
        twins = [other for other in found[1:] if set(other.header.names) == set(found[0].header.names) or known]
        if twins:
            names = "、".join(remarks.inert(one.sheet.name) for one in (found[0], *twins[:5]))
            raise refuse(
                f"有多个数据工作表的工作簿（{names}）",
                f"a workbook with more than one data sheet ({names})",
                "请把数据合并到一个工作表，或分别报送。",
                "Put the rows into one sheet, or send the sheets one by one.",
            )
        return found[0]

    def _top(self, sheet: _Sheet) -> list[tuple[int, list[str | None]]]:
        rows: list[tuple[int, list[str | None]]] = []
        for number, cells in SheetStream(self._container, sheet.part, self._limits):
            line: list[str | None] = [None] * (cells[-1].column + 1)
            for cell in cells:
                line[cell.column] = self._plain(cell)
            rows.append((number, line))
            if len(rows) >= self._limits.header_rows:
                break
        return rows

    def _plain(self, cell: Cell) -> str:
        """Text of a cell where a header is looked for; trouble shows as the raw text."""
        if cell.kind in _TEXT_KINDS:
            return cell_text(cell, self._table) or ""
        try:
            return number_text(cell.text, self._style(cell), self._epoch_1904) if cell.kind == "n" else cell.text
        except CellProblem:
            return cell.text

    def _others(self, sheets: list[_Sheet], chosen: _Sheet) -> list[Note]:
        names = "、".join(remarks.inert(s.name) + ("" if s.visible else "（隐藏）") for s in sheets if s is not chosen)
        note = Note(zh=f"其他工作表未读取：{names[:200]}", en=f"Sheets not read: {names[:200]}")
        return [note] if names else []

    # -- rows ---------------------------------------------------------------------------------------------------------

    @property
    def _table(self) -> SharedStrings:
        if self._strings is None:
            raise damaged("工作簿已关闭", "the workbook is closed", "?")
        return self._strings

    def _style(self, cell: Cell) -> int:
        return self._styles[cell.style] if cell.style < len(self._styles) else GENERAL

    def batches(self) -> Iterator[RawBatch]:
        found = self._found
        stream = SheetStream(self._container, found.sheet.part, self._limits)
        collector = RowCollector(found.header.names, self._limits, self._tally)
        before = found.row
        for row in stream.quick() if self._traits.plain else stream:
            if row[0] <= found.row:
                continue
            outcome = self._read(row)
            if outcome is None:
                continue
            self._tally.blank += row[0] - before - 1
            before = row[0]
            if isinstance(outcome, Finding):
                collector.rejected(outcome)
            else:
                cells, size = outcome
                collector.passed(row[0], cells, size)
                self._warn(collector, row[0], cells)
            if collector.full:
                yield from collector.flush(stream.position)
        yield from collector.flush(1.0)

    def _warn(self, collector: RowCollector, number: int, cells: list[str | None]) -> None:
        for name, cell in zip(self.info.header, cells, strict=True):
            if cell is not None and "\ufffd" in cell:
                collector.warned(remarks.replacement(number, name, cell))
                return

    def _read(self, row: SheetRow) -> tuple[list[str | None], int] | Finding | None:
        """Cells of a row with their size, the reason why it is rejected, or None for a row without content."""
        number, cells = row
        names, strings = self.info.header, self._table
        span = self._merged.at(number)
        line: list[str | None] = [None] * len(names)
        size = 0
        remark: Finding | None = None
        beyond = 0
        for cell in cells:
            column = names[cell.column] if cell.column < len(names) else f"#{cell.column + 1}"
            value = self._value(number, column, cell, strings)
            if isinstance(value, Finding):
                remark = remark or value
            elif value:
                if cell.column < len(names):
                    line[cell.column] = value
                    size += len(value) * 3
                else:
                    beyond = cell.column + 1
        if remark is None and not size and not beyond:
            return None
        if span is not None:
            return remarks.merged(number, span)
        if beyond:
            return remarks.cell_count(number, len(names), beyond)
        return remark or (line, size)

    def _value(self, number: int, column: str, cell: Cell, strings: SharedStrings) -> str | Finding:
        if cell.formula is not None:
            return remarks.formula(number, column, f"={cell.formula}")
        if cell.kind == "n":
            if not cell.text.strip():
                return ""
            try:
                return number_text(cell.text, self._style(cell), self._epoch_1904)
            except CellProblem as problem:
                if problem.lost:
                    return remarks.digits_lost(number, column, cell.text)
                return remarks.bad_cell(number, column, cell.text, problem.zh, problem.en)
        if cell.kind == "b":
            return "TRUE" if cell.text.strip() == "1" else "FALSE"
        if cell.kind == "e":
            zh, en = f"单元格是错误值 {cell.text[:20]}", "the cell holds an error value"
            return remarks.bad_cell(number, column, cell.text, zh, en)
        if cell.kind not in _TEXT_KINDS:
            return remarks.bad_cell(number, column, cell.kind, "单元格类型未知", "the cell type is unknown")
        text = cell_text(cell, strings)
        if text is None:
            return remarks.bad_cell(number, column, cell.text, "共享字符串编号无效", "no such shared string")
        return remarks.check_cell(number, column, text, self._limits.max_cell_chars) or text
