"""The desk of cases in the console: queue, case, acts, batch, handover, figures, tips. Works with scripts off."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    QueryDict,
    StreamingHttpResponse,
)
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from xinyong.accounts import selectors as accounts
from xinyong.accounts.console import officer_only
from xinyong.accounts.models import User
from xinyong.accounts.rules import Right
from xinyong.errors import XinyongError
from xinyong.registry import keys
from xinyong.remedies import desk, figures, officers, selectors, tips
from xinyong.remedies.applicant import Material
from xinyong.remedies.errors import CaseMovedOn, RemedyRefused
from xinyong.ui.context import language
from xinyong.ui.paging import page_number

_RISKY = ("=", "+", "-", "@", "\t", "\r")
_ASKED = ("kind", "turn", "due", "department", "q", "size")
#: Days the figures look back unless asked otherwise.
_WINDOW = 90
#: Files of one form.
_FILES = 10


def _asked(request: HttpRequest) -> dict[str, str]:
    return {name: request.GET.get(name, "")[:60].replace("\0", "") for name in _ASKED}


@require_safe
@officer_only
def queue(request: HttpRequest, user: User) -> HttpResponse:
    """Cases by deadline."""
    found = desk.queue(user, _asked(request), page_number(request), language())
    return render(request, "remedies/queue.html", {"queue": found})


@require_safe
@officer_only
def case(request: HttpRequest, user: User, number: int) -> HttpResponse:
    """One case: the record as published beside what was sent, the checklist, limits, acts, history."""
    return render(
        request, "remedies/case.html", {"page": desk.case_page(user, number, language()), "typed": {}, "chosen": ""}
    )


def _back(request: HttpRequest, user: User, number: int, error: XinyongError) -> HttpResponse:
    """The case as it is now, with what was typed, and why nothing was done."""
    context = {
        "page": desk.case_page(user, number, language()),
        "problem": error.message(language()),
        "moved_on": isinstance(error, CaseMovedOn),
        "typed": request.POST,
        "chosen": request.POST.get("act", ""),
        "typed_gaps": request.POST.getlist("gaps"),
    }
    return render(request, "remedies/case.html", context, status=error.status)


def _revision(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else None


@require_POST
@officer_only
def act(request: HttpRequest, user: User, number: int) -> HttpResponse:
    """One act on a case; then on to the next one that waits."""
    held = officers.seen(user, number)
    name = request.POST.get("act", "")
    checks = {
        key.removeprefix("check-"): str(value)
        for key, value in request.POST.items()
        if key.startswith("check-") and value
    }
    try:
        if not name:
            raise RemedyRefused(why_zh="请先选择一种办理", why_en="choose what to do first")
        taken = officers.act(
            user,
            number,
            name,
            reason=request.POST.get("reason", ""),
            basis=request.POST.get("basis", ""),
            remedy=request.POST.get("remedy", ""),
            gaps=request.POST.getlist("gaps"),
            gap_note=request.POST.get("gap_note", ""),
            checks=checks,
            own_proof=request.POST.get("own_proof") == "1",
            revision=_revision(request.POST.get("revision", "")),
        )
    except XinyongError as error:
        return _back(request, user, number, error)
    messages.success(request, _("%(number)s 已办理，结果已记入经过。") % {"number": taken.number})
    if request.POST.get("stay") == "1":
        return HttpResponseRedirect(reverse("case", args=[number]))
    return HttpResponseRedirect(desk.next_url(user, held) or reverse("remedy-cases"))


@require_POST
@officer_only
def hand_over(request: HttpRequest, user: User, number: int) -> HttpResponse:
    """Give the case to a colleague, or back to the queue."""
    officers.seen(user, number)
    try:
        to = officers.hand_over(user, number, request.POST.get("to", ""), note=request.POST.get("note", ""))
    except XinyongError as error:
        return _back(request, user, number, error)
    messages.success(request, _("已交给 %(who)s。") % {"who": to} if to else _("已放回队列。"))
    return HttpResponseRedirect(reverse("case", args=[number]))


@require_POST
@officer_only
def add_files(request: HttpRequest, user: User, number: int) -> HttpResponse:
    """Files of the deciding side."""
    officers.seen(user, number)
    given = request.FILES.getlist("files")[:_FILES]
    try:
        if not given:
            raise RemedyRefused(why_zh="请选择文件", why_en="choose a file")
        made = officers.answer_with_files(
            user, number, [Material(kind="other", name=item.name or "file", content=item.read()) for item in given]
        )
    except XinyongError as error:
        return _back(request, user, number, error)
    messages.success(
        request, ngettext("已加入 %(count)s 个文件。", "已加入 %(count)s 个文件。", made) % {"count": made}
    )
    return HttpResponseRedirect(reverse("case", args=[number]))


@require_safe
@officer_only
def file(request: HttpRequest, user: User, number: int, file_id: int) -> HttpResponse:
    """A file of a case, as it was handed in; the look is recorded."""
    name, kind, content = desk.file_of(user, number, file_id)
    answer = HttpResponse(content, content_type=kind)
    answer.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{_quoted(name)}"
    return answer


def _quoted(name: str) -> str:
    from urllib.parse import quote

    return quote(name, safe="")


@require_POST
@officer_only
def batch(request: HttpRequest, user: User) -> HttpResponse:
    """One act on every case that was ticked; what was not done is listed with its reason."""
    accounts.require(user, Right.REMEDY_VIEW)
    chosen = []
    for item in request.POST.getlist("case")[: desk.SIZES[-1]]:
        number, _sep, revision = item.partition(":")
        if number.isascii() and number.isdecimal() and len(number) < 18:
            chosen.append((int(number), _revision(revision) or 0))
    kind, _sep, name = request.POST.get("act", "").partition(":")
    back = f"{reverse('remedy-cases')}?{QueryDict(request.POST.get('back', '')[:500]).urlencode()}".rstrip("?")
    if not chosen or not name:
        messages.warning(request, _("请勾选事项并选择办理方式，没有办理任何事项。"))
        return HttpResponseRedirect(back)
    lines = officers.act_on_all(
        user, chosen, name, reason=request.POST.get("reason", ""), language=language(), kind=kind
    )
    return render(
        request, "remedies/batch.html", {"lines": lines, "done": sum(line.done for line in lines), "back": back}
    )


# --- withdrawal ---------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@officer_only
def withdraw(request: HttpRequest, user: User) -> HttpResponse:
    """Take a record down because its decision was changed or annulled: look it up, say why, one act."""
    accounts.require(user, Right.REMEDY_VIEW)
    if not (accounts.may(user, Right.REMEDY_DECIDE) or accounts.may(user, Right.REMEDY_PLATFORM)):
        accounts.require(user, Right.REMEDY_DECIDE)
    given = request.POST if request.method == "POST" else request.GET
    key = given.get("record", "").strip()[:30]
    context: dict[str, Any] = {
        "record_key": key,
        "causes": selectors.causes(language()),
        "typed": given,
        "found": None,
        "may_report": accounts.may(user, Right.REMEDY_PLATFORM),
    }
    status = 200
    try:
        if key:
            context["found"] = desk.record_to_withdraw(user, key, language())
        if request.method == "POST":
            number = keys.record_id(key)
            if number is None or context["found"] is None:
                raise RemedyRefused(why_zh="没有这个编号的记录", why_en="no record has this number")
            deed = officers.report_change if request.POST.get("deed") == "report" else officers.withdraw_record
            made = deed(
                user,
                number,
                cause=request.POST.get("cause", ""),
                reason=request.POST.get("reason", ""),
                basis=request.POST.get("basis", ""),
            )
            messages.success(request, _("已记录。各渠道的回执见事项页。"))
            return HttpResponseRedirect(reverse("case", args=[made]))
    except XinyongError as error:
        context["problem"], status = error.message(language()), error.status
    return render(request, "remedies/withdraw.html", context, status=status)


# --- figures and exports ------------------------------------------------------------------------------------------


def _span(request: HttpRequest) -> tuple[date, date]:
    today = timezone.localdate()

    def day(name: str, otherwise: date) -> date:
        try:
            return date.fromisoformat(request.GET.get(name, ""))
        except ValueError:
            return otherwise

    until = min(day("until", today), today)
    since = min(day("since", until - timedelta(days=_WINDOW - 1)), until)
    return since, until


@require_safe
@officer_only
def statistics(request: HttpRequest, user: User) -> HttpResponse:
    """Limits kept, in time of all, and what cases came to."""
    since, until = _span(request)
    return render(request, "remedies/figures.html", {"page": figures.figures(user, since, until, language())})


def _csv(rows: Iterator[dict[str, Any]]) -> Iterator[str]:
    buffer = io.StringIO(newline="")
    buffer.write("\ufeff")
    writer: csv.DictWriter[str] | None = None
    for row in rows:
        if writer is None:
            writer = csv.DictWriter(buffer, list(row))
            writer.writeheader()
        writer.writerow({key: f"'{text}" if str(text).startswith(_RISKY) else text for key, text in row.items()})
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue()


@require_safe
@officer_only
def export(request: HttpRequest, user: User) -> HttpResponseBase:
    """The queue as asked for, as CSV."""
    accounts.require(user, Right.REMEDY_VIEW)
    rows = figures.export(user, _asked(request), language())
    return StreamingHttpResponse(
        _csv(rows),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="cases.csv"'},
    )


@require_safe
@officer_only
def statistics_csv(request: HttpRequest, user: User) -> HttpResponseBase:
    """The figures as CSV: numerator, denominator, share, median days."""
    since, until = _span(request)
    page = figures.figures(user, since, until, language())
    rows = (
        {
            "limit": item.label,
            "in_time": item.good,
            "of": item.total,
            "percent": f"{item.percent:.1f}" if item.percent is not None else "",
            "median_days": item.days if item.days is not None else "",
            "article": item.article,
        }
        for item in page.limits
    )
    return StreamingHttpResponse(
        _csv(rows),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="case-figures.csv"'},
    )


# --- tips ---------------------------------------------------------------------------------------------------------


@require_safe
@officer_only
def tip_list(request: HttpRequest, user: User) -> HttpResponse:
    """What the public told about records."""
    found, page, pages, total = tips.tips(user, page_number(request), language())
    return render(request, "remedies/tips.html", {"tips": found, "page": page, "pages": pages, "total": total})


@require_POST
@officer_only
def tip_handle(request: HttpRequest, user: User, number: int) -> HttpResponse:
    """What becomes of a tip."""
    try:
        officers.handle_tip(user, number, state=request.POST.get("state", ""), reply=request.POST.get("reply", ""))
    except RemedyRefused as error:
        messages.warning(request, error.message(language()))
        return HttpResponseRedirect(reverse("tips"))
    messages.success(request, _("线索已处理。"))
    return HttpResponseRedirect(reverse("tips"))


urlpatterns: list[URLPattern] = [
    path("cases", queue, name="remedy-cases"),
    path("cases.csv", export, name="cases-csv"),
    path("cases/batch", batch, name="cases-batch"),
    path("cases/withdraw", withdraw, name="cases-withdraw"),
    path("cases/figures", statistics, name="cases-figures"),
    path("cases/figures.csv", statistics_csv, name="cases-figures-csv"),
    path("cases/<int:number>", case, name="case"),
    path("cases/<int:number>/act", act, name="case-act"),
    path("cases/<int:number>/hand-over", hand_over, name="case-hand-over"),
    path("cases/<int:number>/files", add_files, name="case-files"),
    path("cases/<int:number>/files/<int:file_id>", file, name="case-file"),
    path("tips", tip_list, name="tips"),
    path("tips/<int:number>", tip_handle, name="tip"),
]
