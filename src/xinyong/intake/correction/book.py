"""The error list a department corrects: its own rows in its own columns, what is wrong marked in place.

Columns, order and headings are the department's; the extra columns at the right say which row it was, why it came back and
what to do, and make a corrected copy recognisable when it is delivered again. Every cell is text, so that codes keep their
digits and nothing is ever a formula. Personal values show as they do everywhere: hidden, and restored on delivery.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO

import xlsxwriter  # type: ignore[import-untyped]
from django.db import connection
from django.utils.translation import gettext as _

from xinyong.catalogue.entry import Field
from xinyong.intake.correction import layout as correction_layout
from xinyong.intake.correction import rows as correction_rows
from xinyong.intake.models import Delivery, StoredFinding
from xinyong.intake.reading import ROW

#: First characters a spreadsheet program may take for a formula or a command.
_RISKY = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
#: Rows of one worksheet, less the heading. Only one sheet may hold rows, or the copy could not be delivered again.
SHEET_ROWS = 1_048_575
#: Notes beside cells make a workbook slow to open; beyond these the marks and the columns at the right must do.
_NOTES = 10_000
#: Rows whose findings are read at a time.
_CHUNK = 5_000


@dataclass(frozen=True, slots=True)
class ListedRow:
    """One returned row: its number, its cells as they may be shown, which columns are wrong and why."""

    number: int
    cells: tuple[str, ...]
    wrong: dict[int, str]
    reason: str
    suggestion: str
    fix: str


def harmless(cell: str) -> str:
    """A CSV cell that no spreadsheet program runs."""
    return f"'{cell}" if cell.startswith(_RISKY) else cell


def headings(delivery: Delivery, header: Sequence[str]) -> list[str]:
    """The department's headings and the extra ones."""
    return [*header, correction_layout.row_heading(delivery.number), *correction_layout.FIXED]


def listed(delivery: Delivery, kept: correction_rows.KeptRows, *, every: bool, english: bool) -> Iterator[ListedRow]:
    """The returned rows in the order of the file; without ``every`` only those not yet corrected or given up."""
    fields = correction_rows.fields_of(delivery, kept.header)
    places = {column: place for place, column in enumerate(kept.header)}
    by_field: dict[str, list[int]] = {}
    for column, field in fields.items():
        by_field.setdefault(field.code, []).append(places[column])
    wanted = _wanted(delivery, every=every)
    kinds = [fields.get(column) for column in kept.header]
    for part in kept.parts():
        numbers = [number for number in part[ROW].to_list() if number in wanted]
        findings = _findings(delivery, numbers)
        for row in part.iter_rows():
            number, *cells = row
            if number in findings:
                yield _row(number, cells, findings[number], kinds, places, by_field, english=english)


def _wanted(delivery: Delivery, *, every: bool) -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT row FROM intake_fates_v1(%s) WHERE fate <> 'closed' AND (%s OR fate NOT IN ('corrected', 'given_up'))",
            [delivery.pk, every],
        )
        return {row for (row,) in cursor.fetchall()}


def _findings(delivery: Delivery, numbers: Sequence[int]) -> dict[int, list[StoredFinding]]:
    found: dict[int, list[StoredFinding]] = {}
    for start in range(0, len(numbers), _CHUNK):
        part = numbers[start : start + _CHUNK]
        rows = StoredFinding.objects.filter(delivery=delivery, row__in=part, severity="error").order_by("row", "id")
        for finding in rows:
            found.setdefault(finding.row, []).append(finding)
    return found


def _row(
    number: int,
    cells: Sequence[str | None],
    findings: Sequence[StoredFinding],
    kinds: Sequence[Field | None],
    places: dict[str, int],
    by_field: dict[str, list[int]],
    *,
    english: bool,
) -> ListedRow:
    wrong: dict[int, str] = {}
    reasons, suggestions, fixes = [], [], []
    for finding in findings:
        reason = finding.reason_en if english else finding.reason_zh
        suggestion = finding.suggestion_en if english else finding.suggestion_zh
        at = [places[name] for name in finding.column.split("、") if name in places]
        at = at or ([places[finding.column]] if finding.column in places else by_field.get(finding.field, []))
        for place in at:
            wrong[place] = "\n".join(filter(None, (wrong.get(place, ""), reason, suggestion)))
        label = f"{finding.column}：" if finding.column else ""
        reasons.append(label + reason)
        suggestions.append(label + suggestion if suggestion else "")
        fixes.append(f"{label}{finding.fix}" if finding.fix and len(findings) > 1 else finding.fix)
    return ListedRow(
        number=number,
        cells=tuple(correction_rows.masked(field, cell) for field, cell in zip(kinds, cells, strict=True)),
        wrong=wrong,
        reason="\n".join(reasons),
        suggestion="\n".join(filter(None, suggestions)),
        fix="\n".join(filter(None, fixes)),
    )


def csv_lines(heads: Sequence[str], rows: Iterable[ListedRow]) -> Iterator[str]:
    """The CSV piece by piece, with the mark that makes spreadsheet programs read it as UTF-8."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    buffer.write("\ufeff")
    writer.writerow([harmless(head) for head in heads])
    for row in rows:
        texts = (*row.cells, str(row.number), row.reason, row.suggestion, row.fix)
        writer.writerow([harmless(cell) for cell in texts])
        if buffer.tell() > 65_536:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def write_xlsx(
    target: IO[bytes],
    heads: Sequence[str],
    rows: Iterable[ListedRow],
    detail_heads: Sequence[str],
    details: Iterable[Sequence[str]],
) -> None:
    """The workbook in constant memory: the rows to correct, then a sheet with every remark. All cells are text."""
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(target, options) as book:
        text = book.add_format({"num_format": "@", "text_wrap": False, "valign": "top"})
        wrong = book.add_format(
            {"num_format": "@", "bg_color": "#FDF1F1", "font_color": "#A3161F", "border": 1, "border_color": "#B91C27"}
        )
        bold = book.add_format(
            {"bold": True, "num_format": "@", "bg_color": "#EFF5FC", "border": 1, "border_color": "#D9E0EA"}
        )
        extra = book.add_format(
            {"bold": True, "num_format": "@", "bg_color": "#FEF7EA", "border": 1, "border_color": "#D9E0EA"}
        )
        sheet = book.add_worksheet(_("待修正的行")[:31])
        sheet.freeze_panes(1, 0)
        own = len(heads) - 1 - len(correction_layout.FIXED)
        sheet.set_column(0, max(0, own - 1), 18, text)
        sheet.set_column(own, own, 16, text)
        sheet.set_column(own + 1, own + 2, 44, text)
        sheet.set_column(own + 3, own + 3, 24, text)
        for place, head in enumerate(heads):
            sheet.write_string(0, place, head, bold if place < own else extra)
        left_out = notes = 0
        for index, row in enumerate(rows, start=1):
            if index > SHEET_ROWS:
                left_out += 1
                continue
            for place, cell in enumerate((*row.cells, str(row.number), row.reason, row.suggestion, row.fix)):
                sheet.write_string(
                    index, place, cell[: correction_layout.CELL_LIMIT], wrong if place in row.wrong else text
                )
            for place, note in row.wrong.items():
                if notes < _NOTES:
                    sheet.write_comment(index, place, note[:1000], {"author": "Xinyong", "x_scale": 2})
                    notes += 1
        _details(book, bold, text, detail_heads, details, left_out)


def _details(
    book: xlsxwriter.Workbook,
    bold: object,
    text: object,
    heads: Sequence[str],
    details: Iterable[Sequence[str]],
    left_out: int,
) -> None:
    sheet = book.add_worksheet(_("错误与提醒明细")[:31])
    sheet.freeze_panes(1, 0)
    for place, width in enumerate((7, 24, 24, 32, 8, 48, 40, 28)):
        sheet.set_column(place, place, width, text)
    for place, head in enumerate(heads):
        sheet.write_string(0, place, head, bold)
    at = 0
    if left_out:
        at = 1
        sheet.write_string(
            1, 0, _("另有 %(rows)s 行超出工作表行数，请下载 CSV 清单。") % {"rows": f"{left_out:,}"}, bold
        )
    for index, cells in enumerate(details, start=at + 1):
        if index > SHEET_ROWS:
            return
        for place, cell in enumerate(cells):
            sheet.write_string(index, place, cell[: correction_layout.CELL_LIMIT], text)
