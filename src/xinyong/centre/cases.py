"""Objection and repair as a firm uses them: eligibility first, then papers, commitment, check, receipt, and the way of a case."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from xinyong.centre import file, gate, selectors
from xinyong.centre.errors import FirmPageNotFound
from xinyong.centre.file import OwnRecordPage
from xinyong.centre.rules import FirmRight
from xinyong.centre.selectors import Seat
from xinyong.errors import XinyongError
from xinyong.notices import documents
from xinyong.remedies import actions as remedies
from xinyong.remedies import selectors as cases
from xinyong.remedies.applicant import Applicant, Material
from xinyong.reports.public import base_of
from xinyong.ui.context import demo_mark, language

_LARGEST_READ = 10 * 1024 * 1024 + 1


def materials_of(request: HttpRequest, kind: str, name: str = "files") -> list[Material]:
    """Files of a form. One that is too large is read as far as the refusal needs."""
    return [
        Material(kind=kind, name=item.name or "", content=item.read(_LARGEST_READ))
        for item in request.FILES.getlist(name)
    ]


# --- lists ----------------------------------------------------------------------------------------------------------


def _lines(seat: Seat, kind: str) -> list[Any]:
    return [line for line in cases.cases_of(seat.firm.entity_id, language()) if line.kind == kind]


@require_safe
@gate.firm_only
def objections(request: HttpRequest, seat: Seat) -> HttpResponseBase:
    """Objections of the firm, and how to make one."""
    return render(
        request,
        "centre/objections.html",
        {"seat": seat, "lines": [*_lines(seat, "objection"), *_lines(seat, "withdrawal")]},
    )


@require_safe
@gate.firm_only
def repairs(request: HttpRequest, seat: Seat) -> HttpResponseBase:
    """Applications for repair, and the records it can be asked for, each with its day."""
    today = timezone.localdate()
    context = {
        "seat": seat,
        "today": today,
        "lines": _lines(seat, "repair"),
        "adverse": file.adverse_public(seat.firm, today, language()),
    }
    return render(request, "centre/repairs.html", context)


# --- forms that open a case -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Form:
    """A form on a record that opens a case. ``more``: what its page shows beside the record, of what was typed so far."""

    template: str
    right: FirmRight
    begin: Callable[[HttpRequest, Applicant, int], int]
    more: Callable[[OwnRecordPage, int, Mapping[str, Any]], Mapping[str, Any]]
    received: bool


def _form(request: HttpRequest, seat: Seat, key: str, form: _Form) -> HttpResponseBase:
    """The form, or the case it opened; what was typed survives a refusal."""
    number = file.record_id_of(seat.firm, key)
    error: XinyongError | None = None
    if request.method == "POST":
        try:
            seat.require(form.right)
            return _to_case(form.begin(request, selectors.applicant(seat), number), received=form.received)
        except XinyongError as raised:
            if raised.status == 404:
                raise
            error = raised
    typed = request.POST if error else request.GET
    page = file.own_record(seat.firm, key, timezone.localdate(), language())
    context = {
        "seat": seat,
        "page": page,
        "typed": typed,
        "problem": error.message(language()) if error else "",
        "may": seat.may(form.right),
        **form.more(page, seat.firm.entity_id, typed),
    }
    return render(request, form.template, context, status=error.status if error else 200)


def _open_objection(request: HttpRequest, applicant: Applicant, record: int) -> int:
    return remedies.open_objection(
        applicant,
        record,
        ground=request.POST.get("ground", ""),
        statement=request.POST.get("statement", ""),
        field=request.POST.get("field", ""),
        wanted=request.POST.get("wanted", ""),
        materials=materials_of(request, "evidence"),
    )


def _beside_objection(page: OwnRecordPage, entity: int, typed: Mapping[str, Any]) -> Mapping[str, Any]:
    fields = [field for field in page.fields if not field.masked]
    said = next((field.value for field in fields if field.code == typed.get("field", "")), "")
    return {"grounds": cases.grounds(language()), "fields": fields, "said": said}


def _report_annulment(request: HttpRequest, applicant: Applicant, record: int) -> int:
    return remedies.report_annulment(
        applicant,
        record,
        cause=request.POST.get("cause", ""),
        reason=request.POST.get("reason", ""),
        basis=request.POST.get("basis", ""),
        materials=materials_of(request, "evidence"),
    )


def _beside_repair(page: OwnRecordPage, entity: int, typed: Mapping[str, Any]) -> Mapping[str, Any]:
    view = cases.repair_view(entity, page.record.record_id, language())
    return {"view": view, "today": timezone.localdate()}


_OBJECTION = _Form(
    template="centre/object.html", right=FirmRight.SUBMIT, begin=_open_objection, more=_beside_objection, received=True
)
_ANNULMENT = _Form(
    template="centre/annulled.html",
    right=FirmRight.SUBMIT,
    begin=_report_annulment,
    more=lambda page, entity, typed: {"causes": cases.causes(language())},
    received=True,
)
_REPAIR = _Form(
    template="centre/repair.html",
    right=FirmRight.FILL,
    begin=lambda request, applicant, record: remedies.open_repair(applicant, record),
    more=_beside_repair,
    received=False,
)


@require_http_methods(["GET", "HEAD", "POST"])
@gate.firm_only
def object_to(request: HttpRequest, seat: Seat, key: str) -> HttpResponseBase:
    """The form of an objection to a record or one of its fields."""
    return _form(request, seat, key, _OBJECTION)


@require_http_methods(["GET", "HEAD", "POST"])
@gate.firm_only
def annulled(request: HttpRequest, seat: Seat, key: str) -> HttpResponseBase:
    """Tell that the decision behind a record was changed, annulled or declared void."""
    return _form(request, seat, key, _ANNULMENT)


@require_http_methods(["GET", "HEAD", "POST"])
@gate.firm_only
def repair(request: HttpRequest, seat: Seat, key: str) -> HttpResponseBase:
    """Eligibility first: each condition with the day it will be met. POST begins the application."""
    return _form(request, seat, key, _REPAIR)


def _to_case(case: int, *, received: bool = False) -> HttpResponseRedirect:
    address = reverse("centre-case", args=[case])
    return HttpResponseRedirect(f"{address}?received=1" if received else address)


# --- one case -------------------------------------------------------------------------------------------------------


def _case(
    request: HttpRequest, seat: Seat, number: int, error: XinyongError | None = None, *, check: bool = False
) -> HttpResponse:
    case = cases.case_for_applicant(number, seat.firm.entity_id, language())
    draft = case.line.kind == "repair" and "submit" in case.may
    proofs = [item for item in case.materials if item.kind == "proof"]
    signed = draft and "sign" not in case.may
    context = {
        "seat": seat,
        "case": case,
        "draft": draft,
        "signed": signed,
        "proofs": proofs,
        "commitment": cases.commitment_text(language()).splitlines() if case.line.kind == "repair" else [],
        "papers": documents.of_case(number, list(seat.firm.members)),
        "received": request.GET.get("received") == "1",
        "typed": request.POST if error else {},
        "problem": error.message(language()) if error else "",
        "may_fill": seat.may(FirmRight.FILL),
        "may_submit": seat.may(FirmRight.SUBMIT),
        "may_sign": seat.may(FirmRight.SIGN),
        "ready": draft and signed and bool(proofs),
    }
    template = "centre/check.html" if check else "centre/case.html"
    return render(request, template, context, status=error.status if error else 200)


@require_safe
@gate.firm_only
def case(request: HttpRequest, seat: Seat, number: int) -> HttpResponseBase:
    """The way of a case: stages, promised dates, steps, papers, and what can be done now."""
    return _case(request, seat, number)


@require_safe
@gate.firm_only
def check(request: HttpRequest, seat: Seat, number: int) -> HttpResponseBase:
    """Everything of an application on one page, before it is handed in."""
    return _case(request, seat, number, check=True)


def _add(request: HttpRequest, seat: Seat, number: int) -> None:
    seat.require(FirmRight.FILL)
    kind = request.POST.get("kind", "evidence")
    remedies.add_material(
        selectors.applicant(seat), number, materials_of(request, kind), text=request.POST.get("text", "")
    )


def _sign(request: HttpRequest, seat: Seat, number: int) -> None:
    seat.require(FirmRight.SIGN)
    if request.POST.get("agreed") != "1":
        raise remedies.RemedyRefused(
            why_zh="请先阅读承诺书并勾选“我已阅读”", why_en="read the commitment and tick 'I have read it' first"
        )
    remedies.sign_commitment(selectors.applicant(seat), number)


def _submit(request: HttpRequest, seat: Seat, number: int) -> None:
    seat.require(FirmRight.SUBMIT)
    remedies.submit_repair(selectors.applicant(seat), number)


def _answer(request: HttpRequest, seat: Seat, number: int) -> None:
    seat.require(FirmRight.SUBMIT)
    remedies.answer_gap(
        selectors.applicant(seat), number, text=request.POST.get("text", ""), materials=materials_of(request, "proof")
    )


def _take_back(request: HttpRequest, seat: Seat, number: int) -> None:
    seat.require(FirmRight.SUBMIT)
    remedies.withdraw_case(selectors.applicant(seat), number, reason=request.POST.get("text", ""))


def _review(request: HttpRequest, seat: Seat, number: int) -> None:
    seat.require(FirmRight.SUBMIT)
    remedies.ask_review(selectors.applicant(seat), number, reason=request.POST.get("text", ""))


_DEEDS = {
    "material": _add,
    "sign": _sign,
    "submit": _submit,
    "answer": _answer,
    "take-back": _take_back,
    "review": _review,
}


@require_POST
@gate.firm_only
def deed(request: HttpRequest, seat: Seat, number: int, name: str) -> HttpResponseBase:
    """Something the firm does in a case; a refusal shows the case with the reason and what was typed."""
    do = _DEEDS.get(name)
    if do is None:
        raise FirmPageNotFound()
    try:
        do(request, seat, number)
    except XinyongError as error:
        if error.status == 404:
            raise
        return _case(request, seat, number, error, check=name == "submit")
    said = {
        "material": _("已加入。"),
        "sign": _("承诺已签署。"),
        "answer": _("补正已提交。"),
        "take-back": _("已撤回。"),
        "review": _("复核申请已提交。"),
    }
    if name in said:
        messages.success(request, said[name])
    return _to_case(number, received=name == "submit")


@require_safe
@gate.firm_only
def material(request: HttpRequest, seat: Seat, number: int, material: int) -> HttpResponseBase:
    """A file of the own case, as a download: never shown by the browser itself."""
    name, media_type, content = cases.material_for_applicant(number, material, seat.firm.entity_id)
    response = HttpResponse(content, content_type=media_type)
    response["Content-Disposition"] = f"attachment; filename=\"file\"; filename*=UTF-8''{quote(name)}"
    return response


@require_safe
@gate.firm_only
def paper(request: HttpRequest, seat: Seat, number: str) -> HttpResponseBase:
    """A paper of the own case as signed PDF."""
    found = documents.of_firm(list(seat.firm.members), number)
    if found is None:
        raise FirmPageNotFound()
    content = documents.pdf(found, base=base_of(request), demo=demo_mark())
    response = HttpResponse(content, content_type="application/pdf")
    name = f"{found.title}-{found.case_number}.pdf"
    response["Content-Disposition"] = f"attachment; filename=\"{found.number}.pdf\"; filename*=UTF-8''{quote(name)}"
    return response


def waiting(lines: tuple[Any, ...]) -> list[Any]:
    """Cases in which the firm has to do something."""
    return [line for line in lines if line.waits_for == "applicant"]


urlpatterns: list[URLPattern] = [
    path("centre/objections", objections, name="centre-objections"),
    path("centre/objections/new/<str:key>", object_to, name="centre-object"),
    path("centre/annulments/new/<str:key>", annulled, name="centre-annulled"),
    path("centre/repairs", repairs, name="centre-repairs"),
    path("centre/repairs/new/<str:key>", repair, name="centre-repair"),
    path("centre/cases/<int:number>", case, name="centre-case"),
    path("centre/cases/<int:number>/check", check, name="centre-check"),
    path("centre/cases/<int:number>/files/<int:material>", material, name="centre-file-of-case"),
    path("centre/cases/<int:number>/<str:name>", deed, name="centre-case-deed"),
    path("centre/papers/<str:number>.pdf", paper, name="centre-paper"),
]
