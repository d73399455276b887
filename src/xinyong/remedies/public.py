"""The public entrance: what anybody may tell about a public record. It is a tip, which is not an objection."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from xinyong.errors import XinyongError
from xinyong.ledger import selectors as ledger
from xinyong.ledger.errors import RecordNotFound
from xinyong.publicity import past, show
from xinyong.publicity import selectors as publicity
from xinyong.registry import keys
from xinyong.remedies import officers, opening, tips
from xinyong.remedies.errors import TipTooLate
from xinyong.ui.context import language
from xinyong.ui.errors import PageNotFound


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def tip(request: HttpRequest, key: str) -> HttpResponse:
    """The form, and the thanks with a number. A record that is not public is not there."""
    number = keys.record_id(key)
    if number is None or keys.record_key(number) != key:
        raise PageNotFound(path=request.path)
    today = timezone.localdate()
    try:
        history = ledger.record(number)
    except RecordNotFound:
        raise PageNotFound(path=request.path) from None
    row = publicity.public_record(history.entity_id, number, today)
    if row is None:
        if past.was_public(history, today):
            raise TipTooLate
        raise PageNotFound(path=request.path)
    card = show.card(row, language(), today)
    context = {"key": key, "card": card, "typed": request.POST, "longest": officers.TIP_LONGEST}
    if request.method != "POST":
        return render(request, "remedies/tip.html", context)
    if request.POST.get("website"):  # a field no person sees: what fills it in is a program
        return render(request, "remedies/tip.html", {**context, "sent": 0}, status=202)
    try:
        sent = officers.leave_tip(
            key, text=request.POST.get("text", ""), contact=request.POST.get("contact", ""), path=request.path
        )
    except XinyongError as error:
        return render(
            request, "remedies/tip.html", {**context, "problem": error.message(language())}, status=error.status
        )
    return render(request, "remedies/tip.html", {**context, "sent": sent}, status=201)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def tip_answer(request: HttpRequest) -> HttpResponse:
    """What became of a tip, for whoever has its number. The number goes by POST, so that no log keeps it."""
    if request.method != "POST":
        return render(request, "remedies/tip_answer.html")
    typed = request.POST.get("number", "")[:40]
    found = tips.answer(typed, language())
    if found is None:
        problem = opening.refuse(
            "没有这个编号的线索，请核对后重新输入", "there is no tip of this number; check it and try again"
        )
        context = {"typed": typed, "problem": problem.message(language())}
        return render(request, "remedies/tip_answer.html", context, status=problem.status)
    return render(request, "remedies/tip_answer.html", {"answer": found})


urlpatterns: list[URLPattern] = [
    path("records/<str:key>/tip", tip, name="record-tip"),
    path("tips", tip_answer, name="tip-answer"),
]
