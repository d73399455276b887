"""Records in the department console: one record with its source, state and history; an entity as of any moment."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.views.decorators.http import require_safe

from xinyong.accounts.console import officer_only
from xinyong.accounts.models import User
from xinyong.ledger import pages
from xinyong.ledger.log import effect
from xinyong.ledger.log import proof as proofs
from xinyong.ui.context import language


def _moment(request: HttpRequest) -> tuple[str, datetime | None, bool]:
    """(as typed, moment, whether it can be read). A day alone means its end, as people say "on that day"."""
    typed = request.GET.get("as_of", "").strip()[:40]
    if not typed:
        return "", None, True
    try:
        moment = parse_datetime(typed)
        day = parse_date(typed) if moment is None or len(typed) == 10 else None
    except ValueError:
        return typed, None, False
    if day is not None:
        moment = datetime(day.year, day.month, day.day, 23, 59, 59, 999_999)
    if moment is None:
        return typed, None, False
    moment = timezone.make_aware(moment) if moment.tzinfo is None else moment
    # The end of a day that is not over yet is now.
    return typed, min(moment, timezone.now()) if day == timezone.localdate() else moment, True


@require_safe
@officer_only
def record(request: HttpRequest, user: User, number: int) -> HttpResponse:
    """One record: newest version, state, and who changed what when."""
    typed, moment, readable = _moment(request)
    page = pages.record_page(user, number, moment, language())
    return render(request, "ledger/record.html", {"page": page, "typed": typed, "unreadable": not readable})


@require_safe
@officer_only
def record_proof(request: HttpRequest, user: User, number: int) -> HttpResponse:
    """The proof of the newest version as a file."""
    pages.visible_record(user, number)
    effect.catch_up()
    answer = HttpResponse(proofs.text(proofs.make(number)), content_type="application/json")
    answer.headers["Content-Disposition"] = f'attachment; filename="proof-{number}.json"'
    return answer


@require_safe
@officer_only
def entity(request: HttpRequest, user: User, key: str) -> HttpResponse:
    """An entity with all its records as it stood at a moment; the present without one."""
    typed, moment, readable = _moment(request)
    page: Any = pages.entity_page(user, key, moment, language())
    return render(request, "ledger/entity.html", {"page": page, "typed": typed, "unreadable": not readable})


urlpatterns: list[URLPattern] = [
    path("records/<int:number>", record, name="ledger-record"),
    path("records/<int:number>/proof.json", record_proof, name="ledger-record-proof"),
    path("entities/<str:key>", entity, name="ledger-entity"),
]
