"""The firm's own pages: what needs doing, the whole file, authorisations, who looked."""

from __future__ import annotations

from datetime import date

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from xinyong.audit import actions as audit
from xinyong.centre import authorisations, file, gate, todo
from xinyong.centre.selectors import Seat
from xinyong.errors import XinyongError
from xinyong.remedies import selectors as cases
from xinyong.ui.context import language
from xinyong.ui.paging import page_number

#: Cases under way shown on the home page.
MOST_RUNNING = 5


@require_safe
@gate.firm_only
def home(request: HttpRequest, seat: Seat) -> HttpResponseBase:
    """What needs doing, with deadlines."""
    today = timezone.localdate()
    running = [
        cases.case_for_applicant(line.case_id, seat.firm.entity_id, language())
        for line in cases.cases_of(seat.firm.entity_id, language())
        if line.closed_at is None
    ][:MOST_RUNNING]
    context = {
        "seat": seat,
        "today": today,
        "running": running,
        "todo": todo.of(seat, running, today, language()),
        "file": file.own_file(seat.firm, today, language()),
        "adverse": file.adverse_public(seat.firm, today, language()),
        "authorisations": authorisations.of_firm(seat.firm, language())[:5],
    }
    return render(request, "centre/home.html", context)


@require_safe
@gate.firm_only
def own_file(request: HttpRequest, seat: Seat) -> HttpResponseBase:
    """Everything held about the firm, public or not, and why."""
    found = file.own_file(
        seat.firm,
        timezone.localdate(),
        language(),
        only=request.GET.get("only", ""),
        dataset=request.GET.get("dataset", ""),
        page=page_number(request),
    )
    audit.record(actor=seat.actor, deed="firm.file", target=seat.firm.key, purpose="主体查看本企业档案")
    return render(request, "centre/file.html", {"seat": seat, "file": found})


@require_safe
@gate.firm_only
def own_record(request: HttpRequest, seat: Seat, key: str) -> HttpResponseBase:
    """One record with every field, and how its dates came about."""
    found = file.own_record(seat.firm, key, timezone.localdate(), language())
    audit.record(
        actor=seat.actor, deed="firm.record", target=seat.firm.key, purpose="主体查看本企业档案", detail={"record": key}
    )
    return render(request, "centre/record.html", {"seat": seat, "page": found})


@require_safe
@gate.firm_only
def queries(request: HttpRequest, seat: Seat) -> HttpResponseBase:
    """Who looked, when, for what, under which authority."""
    reference = request.GET.get("reference", "")[:40]
    found = authorisations.queries(seat.firm, page_number(request), language(), reference=reference)
    return render(request, "centre/queries.html", {"seat": seat, "queries": found, "reference": reference})


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None


def _authorisations(request: HttpRequest, seat: Seat, error: XinyongError | None = None) -> HttpResponse:
    known = authorisations.choices()
    context = {
        "seat": seat,
        "rows": authorisations.of_firm(seat.firm, language()),
        "purposes": [(word.code, word.text(language())) for word in known.purposes.values()],
        "scopes": [(word.code, word.text(language())) for word in known.scopes.values()],
        "longest": known.longest.days,
        "today": timezone.localdate(),
        "problem": error.message(language()) if error else "",
        "typed": request.POST if error else {},
        "typed_scope": request.POST.getlist("scope") if error else [],
    }
    return render(request, "centre/authorisations.html", context, status=error.status if error else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@gate.firm_only
def grants(request: HttpRequest, seat: Seat) -> HttpResponseBase:
    """Authorisations, and giving one."""
    if request.method != "POST":
        return _authorisations(request, seat)
    try:
        made = authorisations.grant(
            seat,
            institution=request.POST.get("institution", ""),
            institution_code=request.POST.get("institution_code", ""),
            purpose=request.POST.get("purpose", ""),
            scope=request.POST.getlist("scope"),
            valid_from=_day(request.POST.get("valid_from", "")),
            valid_until=_day(request.POST.get("valid_until", "")),
            agreed=request.POST.get("agreed") == "1",
        )
    except XinyongError as error:
        return _authorisations(request, seat, error)
    messages.success(
        request, _("已授权，编号 %(number)s。请把编号告诉对方，对方查询时须写明。") % {"number": made.number}
    )
    return HttpResponseRedirect(reverse("centre-authorisations"))


@require_POST
@gate.firm_only
def revoke(request: HttpRequest, seat: Seat, number: str) -> HttpResponseBase:
    """End an authorisation at once."""
    try:
        authorisations.revoke(seat, number, why=request.POST.get("why", ""))
    except XinyongError as error:
        if error.status == 404:
            raise
        return _authorisations(request, seat, error)
    messages.success(request, _("已撤销，立即生效。"))
    return HttpResponseRedirect(reverse("centre-authorisations"))


urlpatterns: list[URLPattern] = [
    path("centre/", home, name="centre"),
    path("centre/file", own_file, name="centre-file"),
    path("centre/file/<str:key>", own_record, name="centre-record"),
    path("centre/queries", queries, name="centre-queries"),
    path("centre/authorisations", grants, name="centre-authorisations"),
    path("centre/authorisations/<str:number>/revoke", revoke, name="centre-authorisation-revoke"),
]
