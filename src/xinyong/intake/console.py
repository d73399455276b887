"""Deliveries in the department console: the list, the delivery page, and its downloads."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterator, Mapping
from datetime import date

from django.http import (
    FileResponse,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    StreamingHttpResponse,
)
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from xinyong.accounts.console import officer_only
from xinyong.accounts.models import User
from xinyong.intake import selectors
from xinyong.intake.correction import book as correction_book
from xinyong.intake.correction import console as correction_console
from xinyong.intake.correction import rows as correction_rows
from xinyong.intake.pages import DeliveryRow, ErrorRow, ListFilter
from xinyong.intake.release import console as release_console
from xinyong.ui.context import language
from xinyong.ui.paging import page_number


def headings() -> tuple[str, ...]:
    """Columns of the sheet with every remark."""
    return (_("行"), _("字段"), _("列名"), _("原值"), _("级别"), _("原因"), _("建议"), _("建议值"))


def cells(row: ErrorRow) -> tuple[str, ...]:
    """One remark as text cells."""
    level = _("提醒") if row.severity == "warning" else _("错误")
    return (str(row.row), row.field, row.column, row.value, level, row.reason, row.suggestion, row.fix)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def list_filter(query: Mapping[str, str]) -> ListFilter:
    """The filter a query asks for; what cannot be read narrows nothing."""
    return ListFilter(
        state=query.get("state", "")[:20],
        dataset=query.get("dataset", "")[:60],
        channel=query.get("channel", "")[:20],
        since=_day(query.get("since", "")),
        until=_day(query.get("until", "")),
        mine=query.get("mine", "") == "1",
        number=query.get("q", "").strip()[:100],
    )


@require_safe
@officer_only
def deliveries(request: HttpRequest, user: User) -> HttpResponse:
    """Deliveries the user may see, newest first."""
    chosen = list_filter(request.GET)
    found = selectors.delivery_list(user, chosen, page_number(request), language())
    return render(request, "intake/deliveries.html", {"list": found})


def _list_lines(rows: Iterator[DeliveryRow]) -> Iterator[str]:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    buffer.write("\ufeff")
    writer.writerow(
        [
            _("批次"),
            _("信息资源"),
            _("报送部门"),
            _("文件"),
            _("渠道"),
            _("上传人"),
            _("接收时间"),
            _("读取"),
            _("入库"),
            _("退回"),
            _("未变"),
            _("状态"),
        ]
    )
    for row in rows:
        texts = (
            row.number,
            row.dataset_name,
            row.department,
            row.file_name,
            row.channel_label,
            row.uploader,
            row.received_at.isoformat(timespec="seconds"),
            str(row.read),
            str(row.accepted),
            str(row.rejected),
            str(row.unchanged),
            row.state_label,
        )
        writer.writerow([correction_book.harmless(text) for text in texts])
        if buffer.tell() > 65_536:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


@require_safe
@officer_only
def deliveries_csv(request: HttpRequest, user: User) -> HttpResponseBase:
    """The list as it is filtered, whole, as CSV."""
    selectors.visible(user)  # a missing right is answered before the download begins
    lines = _list_lines(selectors.listed(user, list_filter(request.GET), language()))
    return StreamingHttpResponse(
        lines,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="deliveries.csv"'},
    )


@require_safe
@officer_only
def delivery(request: HttpRequest, user: User, number: str) -> HttpResponse:
    """One delivery with its errors, its draft, and what became of its rows."""
    found = selectors.delivery_page(
        user, number, request.GET.get("kind", ""), request.GET.get("show", ""), page_number(request), language()
    )
    return render(request, "intake/delivery.html", {"page": found})


@require_safe
@officer_only
def errors_csv(request: HttpRequest, user: User, number: str) -> HttpResponseBase:
    """The returned rows in the department's own columns as CSV, streamed."""
    found = selectors.one(user, number)
    kept = correction_rows.kept(found)
    rows = correction_book.listed(found, kept, every=request.GET.get("all") == "1", english=language() == "en")
    return StreamingHttpResponse(
        correction_book.csv_lines(correction_book.headings(found, kept.header), rows),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="errors-{number}.csv"'},
    )


@require_safe
@officer_only
def errors_xlsx(request: HttpRequest, user: User, number: str) -> HttpResponseBase:
    """The same as a workbook. The file is closed, and so removed, by the response."""
    found = selectors.one(user, number)
    kept = correction_rows.kept(found)
    file = tempfile.TemporaryFile()  # noqa: SIM115
    correction_book.write_xlsx(
        file,
        correction_book.headings(found, kept.header),
        correction_book.listed(found, kept, every=request.GET.get("all") == "1", english=language() == "en"),
        headings(),
        map(cells, selectors.error_rows(user, number, language())),
    )
    file.seek(0)
    return FileResponse(
        file,
        as_attachment=True,
        filename=f"errors-{number}.xlsx",
        content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    )


urlpatterns: list[URLPattern] = [
    path("deliveries", deliveries, name="deliveries"),
    path("deliveries.csv", deliveries_csv, name="deliveries-csv"),
    path("deliveries/<slug:number>", delivery, name="delivery"),
    path("deliveries/<slug:number>/errors.csv", errors_csv, name="delivery-errors-csv"),
    path("deliveries/<slug:number>/errors.xlsx", errors_xlsx, name="delivery-errors-xlsx"),
    *correction_console.urlpatterns,
    *release_console.urlpatterns,
]
