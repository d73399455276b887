"""信用承诺 in the enterprise centre: to sign, signed, kept or broken; taking back; being heard; the letter."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from xinyong.centre import gate
from xinyong.centre.errors import FirmPageNotFound
from xinyong.centre.rules import FirmRight
from xinyong.centre.selectors import Seat
from xinyong.commitments import actions, book, letters, pages, procedure, selectors
from xinyong.commitments.actions import Signer
from xinyong.commitments.models import Commitment
from xinyong.errors import XinyongError
from xinyong.notices import documents
from xinyong.registry import keys
from xinyong.registry.models import Entity
from xinyong.reports.public import base_of
from xinyong.ui.context import demo_mark, language


def signer_of(seat: Seat) -> Signer:
    """The person as the room of commitments knows a signer: rights, and the role in words without a name."""
    rights = {name for name, right in (("begin", FirmRight.SUBMIT), ("sign", FirmRight.SIGN)) if seat.may(right)}
    return Signer(
        entity_ids=seat.firm.members,
        entity_id=seat.firm.entity_id,
        actor=seat.actor,
        rights=frozenset(rights),
        role="法定代表人（负责人、经营者）" if seat.leads else "有签署权限的经办人",
    )


def _list(request: HttpRequest, seat: Seat, error: XinyongError | None = None) -> HttpResponse:
    own = selectors.of_entity(Entity.objects.get(pk=seat.firm.entity_id))
    held = {promise.code for promise in own}
    context = {
        "seat": seat,
        "to_sign": [pages.row(promise, language()) for promise in own if promise.state == "offered"],
        "rows": [pages.row(promise, language()) for promise in own if promise.state != "offered"],
        "reported": [
            (row, reverse("centre-record", args=[keys.record_key(row.record_id)]))
            for row in selectors.reported(seat.firm.members)
            if row.code not in held
        ],
        "texts": pages.free_texts(language()),
        "units": [
            (unit.slug, unit.name_en or unit.name_zh if language() == "en" else unit.name_zh) for unit in pages.units()
        ],
        "typed": request.POST if error else {},
        "problem": error.message(language()) if error else "",
        "may": seat.may(FirmRight.SUBMIT),
    }
    return render(request, "centre/commitments.html", context, status=error.status if error else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@gate.firm_only
def commitments(request: HttpRequest, seat: Seat) -> HttpResponseBase:
    """Commitments of the firm. POST chooses one of those a firm makes of its own accord; it is then read and signed."""
    if request.method != "POST":
        return _list(request, seat)
    try:
        seat.require(FirmRight.SUBMIT)
        made = actions.begin(signer_of(seat), request.POST.get("text", ""), request.POST.get("department", ""))
    except XinyongError as error:
        return _list(request, seat, error)
    return HttpResponseRedirect(reverse("centre-commitment", args=[made.pk]))


def _one(seat: Seat, number: int) -> Commitment:
    try:
        return selectors.of_firm(seat.firm.members, number)
    except XinyongError:
        raise FirmPageNotFound() from None


def _page(
    request: HttpRequest, seat: Seat, number: int, error: XinyongError | None = None, failed: str = ""
) -> HttpResponse:
    promise = _one(seat, number)
    rights = frozenset({"begin", "sign"})
    page = pages.commitment_page(promise, rights, seat.actor, language(), own=True)
    table = procedure.table()
    known: dict[str, Any] = {form.step: form for form in page.forms}
    context = {
        "seat": seat,
        "page": page,
        "kind": book.book().kinds[promise.kind],
        "about": book.book().kinds[promise.kind].about_en
        if language() == "en"
        else book.book().kinds[promise.kind].about_zh,
        "signs": "sign" in known or "sign_missing" in known,
        "choices": [(row.code, row.label(language())) for row in table.facts["publicity"].choices(book.book())],
        "withdraw": known.get("withdraw"),
        "decline": known.get("decline"),
        "state": known.get("state"),
        "told": selectors.context_of(promise, seat.actor).last("suspect") if promise.state == "suspected" else None,
        "typed": request.POST if error else {},
        "failed": failed,
        "problem": error.message(language()) if error else "",
        "may_sign": seat.may(FirmRight.SIGN),
        "may_submit": seat.may(FirmRight.SUBMIT),
    }
    return render(request, "centre/commitment.html", context, status=error.status if error else 200)


@require_safe
@gate.firm_only
def commitment(request: HttpRequest, seat: Seat, number: int) -> HttpResponseBase:
    """One commitment: its words, what the public will see, and what can be done now."""
    return _page(request, seat, number)


@require_POST
@gate.firm_only
def deed(request: HttpRequest, seat: Seat, number: int, name: str) -> HttpResponseBase:
    """Sign, decline, take back, be heard."""
    _one(seat, number)
    sent = request.POST
    seen = int(sent["seen"]) if sent.get("seen", "").isdecimal() and len(sent["seen"]) < 9 else -1
    reason = sent.get("reason", "")[:2000]
    try:
        if name == "sign":
            seat.require(FirmRight.SIGN)
            if sent.get("agreed") != "1":
                raise actions.refused(
                    "签署", "请先阅读承诺书并勾选“我已阅读”", "read the text and tick 'I have read it' first"
                )
            actions.sign(signer_of(seat), number, seen=seen, publicity=sent.get("publicity", ""))
        elif name in ("withdraw", "decline", "state"):
            seat.require(FirmRight.SUBMIT)
            facts = {"statement": sent.get("statement", "")} if name == "state" else {}
            actions.act(signer_of(seat), number, name, seen=seen, facts=facts, reason=reason)
        else:
            raise FirmPageNotFound()
    except XinyongError as error:
        if error.status == 404:
            raise
        return _page(request, seat, number, error, name)
    said = {
        "sign": _("已签署，承诺书可以下载和核验。"),
        "withdraw": _("已撤回，公示已停止，按一般程序办理。"),
        "decline": _("未签署，按一般程序办理，不影响其他事项。"),
        "state": _("陈述申辩已提交。"),
    }
    messages.success(request, said[name])
    return HttpResponseRedirect(reverse("centre-commitment", args=[number]))


@require_safe
@gate.firm_only
def letter(request: HttpRequest, seat: Seat, number: int) -> HttpResponseBase:
    """The letter as signed PDF with its number and verification code."""
    found = letters.of(_one(seat, number))
    if found is None:
        raise FirmPageNotFound()
    response = HttpResponse(
        documents.pdf(found, base=base_of(request), demo=demo_mark()), content_type="application/pdf"
    )
    name = quote(f"{found.title}-{found.case_number}.pdf")
    response["Content-Disposition"] = f"attachment; filename=\"{found.number}.pdf\"; filename*=UTF-8''{name}"
    return response


urlpatterns: list[URLPattern] = [
    path("centre/commitments", commitments, name="centre-commitments"),
    path("centre/commitments/<int:number>", commitment, name="centre-commitment"),
    path("centre/commitments/<int:number>/letter.pdf", letter, name="centre-commitment-letter"),
    path("centre/commitments/<int:number>/<str:name>", deed, name="centre-commitment-deed"),
]
