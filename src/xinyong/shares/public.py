"""What the receiver of a share link sees: the snapshot, its signature, and whether anything has changed since."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from xinyong.shares import actions, selectors
from xinyong.shares.selectors import Opened, Part
from xinyong.ui.context import language
from xinyong.ui.errors import PageNotFound
from xinyong.ui.paging import page_number


def _opened(request: HttpRequest, token: str) -> Opened:
    share = selectors.by_token(token)
    if share is None:
        raise PageNotFound(path=request.path)
    found = selectors.opened(share, timezone.now(), language())
    if request.method == "GET":
        actions.count_opening(share)
    return found


def _kept_by_nobody(answer: HttpResponse) -> HttpResponse:
    """The address is a secret: no cache, no index, no referrer learns of it."""
    answer.headers["Cache-Control"] = "private, no-store"
    answer.headers["X-Robots-Tag"] = "noindex, noarchive"
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


def _page(parts: tuple[Part, ...], page: int, size: int) -> tuple[Part, ...]:
    """The cards of one page, each below its heading."""
    shown, place = [], 0
    for part in parts:
        first = max(0, (page - 1) * size - place)
        cards = part.cards[first : max(first, page * size - place)]
        if cards:
            shown.append(replace(part, cards=cards))
        place += len(part.cards)
    return tuple(shown)


@require_safe
def share(request: HttpRequest, token: str) -> HttpResponse:
    """The snapshot as a page."""
    found = _opened(request, token)
    size = selectors.limits().page
    total = sum(part.total for part in found.parts)
    pages = max(1, -(-total // size))
    page = min(page_number(request), pages)
    context = {
        "found": found,
        "parts": _page(found.parts, page, size),
        "changed": found.compared.changed,
        "page": page,
        "pages": pages,
        "total": total,
        "data_url": reverse("share-json", args=[token]),
        "chapters_line": (", " if language() == "en" else "、").join(found.chapters),
    }
    return _kept_by_nobody(render(request, "shares/share.html", context))


def as_json(found: Opened) -> dict[str, Any]:
    """The statement, its signature and what opens its commitments: everything a check without the platform needs."""
    share = found.share
    return {
        "statement": share.statement,
        "signature": share.signature,
        "certificate": share.certificate,
        "seal": found.seal.value if found.intact else "broken",
        "changed_since": not found.compared.unchanged,
        "openings": list(found.openings),
        "corrected": sorted(found.compared.changed),
        "added": found.compared.added,
        "checked_at": timezone.localtime().isoformat(timespec="seconds"),
        "note": _("没有打开的承诺值不说明任何内容；其中一部分是填充的随机数。"),
    }


@require_safe
def share_json(request: HttpRequest, token: str) -> HttpResponse:
    """The snapshot for programs."""
    data = json.loads(json.dumps(as_json(_opened(request, token)), default=str))
    return _kept_by_nobody(JsonResponse(data, json_dumps_params={"ensure_ascii": False}))


urlpatterns: list[URLPattern] = [
    path("s/<str:token>.json", share_json, name="share-json"),
    path("s/<str:token>", share, name="share"),
]
