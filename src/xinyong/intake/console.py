"""Deliveries in the department console: the list, the error report, and its downloads."""

from __future__ import annotations

import csv
import io
import itertools
import tempfile
from collections.abc import Iterable, Iterator
from typing import IO

import xlsxwriter  # type: ignore[import-untyped]
from django.http import (
    FileResponse,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from xinyong.accounts.console import officer_only
from xinyong.accounts.models import User
from xinyong.intake import selectors
from xinyong.intake.pages import ErrorRow
from xinyong.ui.context import language
from xinyong.ui.paging import page_number

#: First characters a spreadsheet program may take for a formula or a command.
_RISKY = ("=", "+", "-", "@", "\t", "\r")
#: Rows of one worksheet, less the heading.
_SHEET_ROWS = 1_048_575
_CELL_LIMIT = 32_767


def headings() -> tuple[str, ...]:
    """Columns of both downloads."""
    return (_("行"), _("字段"), _("列名"), _("原值"), _("级别"), _("原因"), _("建议"), _("建议值"))


def cells(row: ErrorRow) -> tuple[str, ...]:
    """One error as text cells."""
    level = _("提醒") if row.severity == "warning" else _("错误")
    return (str(row.row), row.field, row.column, row.value, level, row.reason, row.suggestion, row.fix)


def harmless(cell: str) -> str:
    """A CSV cell that no spreadsheet program runs."""
    return f"'{cell}" if cell.startswith(_RISKY) else cell


def csv_lines(rows: Iterable[ErrorRow], heads: tuple[str, ...]) -> Iterator[str]:
    """The CSV piece by piece, with the mark that makes spreadsheet programs read it as UTF-8."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    buffer.write("\ufeff")
    writer.writerow(heads)
    for row in rows:
        writer.writerow([harmless(cell) for cell in cells(row)])
        if buffer.tell() > 65_536:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def write_xlsx(target: IO[bytes], rows: Iterable[ErrorRow], heads: tuple[str, ...]) -> None:
    """The workbook in constant memory. Every cell is written as a string, so nothing in it is ever a formula."""
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(target, options) as book:
        bold = book.add_format({"bold": True, "bg_color": "#EFF5FC", "border": 1, "border_color": "#D9E0EA"})
        sheet = _sheet(book, heads, bold)
        for index, row in enumerate(rows):
            at = index % _SHEET_ROWS
            if index and at == 0:
                sheet = _sheet(book, heads, bold)
            for column, cell in enumerate(cells(row)):
                sheet.write_string(at + 1, column, cell[:_CELL_LIMIT])


def _sheet(book: xlsxwriter.Workbook, heads: tuple[str, ...], bold: object) -> xlsxwriter.worksheet.Worksheet:
    sheet = book.add_worksheet()
    sheet.freeze_panes(1, 0)
    for column, width in enumerate((7, 24, 24, 32, 8, 48, 40, 28)):
        sheet.set_column(column, column, width)
    for column, head in enumerate(heads):
        sheet.write_string(0, column, head, bold)
    return sheet


def _started(rows: Iterator[ErrorRow]) -> Iterator[ErrorRow]:
    """The same rows with the first one fetched: a missing right is answered before the download begins."""
    first = next(rows, None)
    return iter(()) if first is None else itertools.chain((first,), rows)


@require_safe
@officer_only
def home(request: HttpRequest, user: User) -> HttpResponse:
    """The console opens on the deliveries."""
    return HttpResponseRedirect(reverse("deliveries"))


@require_safe
@officer_only
def deliveries(request: HttpRequest, user: User) -> HttpResponse:
    """Deliveries the user may see, newest first."""
    found = selectors.delivery_list(user, request.GET.get("state", ""), page_number(request), language())
    return render(request, "intake/deliveries.html", {"list": found})


@require_safe
@officer_only
def delivery(request: HttpRequest, user: User, number: str) -> HttpResponse:
    """One delivery with its errors."""
    found = selectors.delivery_page(user, number, request.GET.get("kind", ""), page_number(request), language())
    return render(request, "intake/delivery.html", {"page": found})


@require_safe
@officer_only
def errors_csv(request: HttpRequest, user: User, number: str) -> HttpResponseBase:
    """Every error of a delivery as CSV, streamed."""
    lines = csv_lines(_started(selectors.error_rows(user, number, language())), headings())
    return StreamingHttpResponse(
        lines,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="errors-{number}.csv"'},
    )


@require_safe
@officer_only
def errors_xlsx(request: HttpRequest, user: User, number: str) -> HttpResponseBase:
    """Every error of a delivery as a workbook. The file is closed, and so removed, by the response."""
    file = tempfile.TemporaryFile()  # noqa: SIM115
    write_xlsx(file, selectors.error_rows(user, number, language()), headings())
    file.seek(0)
    return FileResponse(
        file,
        as_attachment=True,
        filename=f"errors-{number}.xlsx",
        content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    )


urlpatterns: list[URLPattern] = [
    path("", home, name="console-home"),
    path("deliveries", deliveries, name="deliveries"),
    path("deliveries/<slug:number>", delivery, name="delivery"),
    path("deliveries/<slug:number>/errors.csv", errors_csv, name="delivery-errors-csv"),
    path("deliveries/<slug:number>/errors.xlsx", errors_xlsx, name="delivery-errors-xlsx"),
]
