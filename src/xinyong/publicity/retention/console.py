"""Retention in the console: rules, plan, run, report, who may read the archive, and the reading itself."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date

from django.contrib import messages
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from xinyong.accounts import selectors as accounts
from xinyong.accounts.console import officer_only
from xinyong.accounts.models import User
from xinyong.accounts.rules import Right
from xinyong.errors import XinyongError
from xinyong.publicity.errors import ArchiveClosed, RetentionRefused
from xinyong.publicity.retention import actions, rules, selectors
from xinyong.registry import keys
from xinyong.ui.context import language
from xinyong.ui.paging import page_number

PAGE = 50


def _page(request: HttpRequest, user: User, *, problem: str = "", status: int = 200) -> HttpResponse:
    context = {"page": selectors.page(user, language()), "problem": problem, "typed": request.POST}
    return render(request, "publicity/retention.html", context, status=status)


@require_safe
@officer_only
def retention(request: HttpRequest, user: User) -> HttpResponse:
    """What is kept how long, and the runs so far."""
    return _page(request, user)


@require_POST
@officer_only
def act(request: HttpRequest, user: User) -> HttpResponse:
    """A plan, a run, a reader named or ended: which one the form says."""
    deed = request.POST.get("deed", "")
    try:
        if deed == "plan":
            made = actions.plan(user)
            messages.success(request, _("预演完成，没有改动任何数据。请核对清单后执行。"))
            return HttpResponseRedirect(reverse("retention-run", args=[made.pk]))
        if deed == "run":
            made = actions.carry_out(user, _number(request, "plan"), reason=request.POST.get("reason", ""))
            messages.success(request, _("已执行，报告见下。"))
            return HttpResponseRedirect(reverse("retention-run", args=[made.pk]))
        if deed == "name":
            actions.name_reader(
                user,
                request.POST.get("username", "").strip(),
                reason=request.POST.get("reason", ""),
                until=_day(request.POST.get("until", "")),
            )
            messages.success(request, _("已指定查阅人员。"))
        elif deed == "end":
            actions.end_reader(user, _number(request, "reader"))
            messages.success(request, _("已结束该项授权。"))
        else:
            accounts.require(user, Right.RULES_DECIDE)
    except RetentionRefused as error:
        return _page(request, user, problem=error.message(language()), status=error.status)
    return HttpResponseRedirect(reverse("retention"))


def _number(request: HttpRequest, name: str) -> int:
    text = request.POST.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise RetentionRefused(why_zh="日期格式应为 2026-01-31", why_en="write the day as 2026-01-31") from None


@require_safe
@officer_only
def run(request: HttpRequest, user: User, number: int) -> HttpResponse:
    """A plan with the button that carries it out, or the report of a run."""
    found = selectors.run(user, number)
    if found is None:
        raise Http404
    page = page_number(request)
    lines, total = selectors.lines(number, (page - 1) * PAGE, PAGE)
    shown = [
        (line, selectors.target_label(line.target, language()), keys.record_key(line.key) if line.target == rules.RECORD else str(line.key))
        for line in lines
    ]  # fmt: skip
    pages = max(1, -(-total // PAGE))
    carried = found.__class__.objects.filter(plan=found).first()
    context = {"run": found, "lines": shown, "total": total, "page": page, "pages": pages, "carried": carried}
    return render(request, "publicity/retention_run.html", context)


@require_safe
@officer_only
def report(request: HttpRequest, user: User, number: int) -> HttpResponseBase:
    """The report as CSV."""
    if selectors.run(user, number) is None:
        raise Http404

    def rows() -> Iterator[str]:
        buffer = io.StringIO(newline="")
        buffer.write("\ufeff")
        writer: csv.DictWriter[str] | None = None
        for line in selectors.report(number):
            if writer is None:
                writer = csv.DictWriter(buffer, list(line))
                writer.writeheader()
            writer.writerow(line)
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
        yield buffer.getvalue()

    return StreamingHttpResponse(
        rows(),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="retention-{number}.csv"'},
    )


@require_http_methods(["GET", "HEAD", "POST"])
@officer_only
def archive(request: HttpRequest, user: User) -> HttpResponse:
    """What the closed archive holds of a record, for a purpose, logged before it is shown."""
    if not actions.may_read(user):
        if request.method == "POST":
            actions.refused(user)
        raise ArchiveClosed(user=user.username)
    context: dict[str, object] = {"typed": request.POST, "found": None}
    status = 200
    if request.method == "POST":
        key = request.POST.get("record", "").strip()[:30]
        try:
            number = keys.record_id(key)
            if number is None:
                raise RetentionRefused(why_zh="没有这个编号的记录", why_en="no record has this number")
            context["found"] = selectors.readable(
                actions.read_archive(user, number, purpose=request.POST.get("purpose", "")), language()
            )
            context["key"] = key
        except XinyongError as error:
            context["problem"], status = error.message(language()), error.status
    return render(request, "publicity/archive.html", context, status=status)


urlpatterns: list[URLPattern] = [
    path("retention", retention, name="retention"),
    path("retention/act", act, name="retention-act"),
    path("retention/runs/<int:number>", run, name="retention-run"),
    path("retention/runs/<int:number>.csv", report, name="retention-report"),
    path("retention/archive", archive, name="archive"),
]
