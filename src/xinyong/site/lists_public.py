"""Addresses of the lists: double publicity, list of lists, one list, commitments."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from xinyong.publicity import show
from xinyong.site import lists
from xinyong.ui.context import language
from xinyong.ui.errors import PageNotFound
from xinyong.ui.paging import page_number


@require_safe
def double_publicity(request: HttpRequest) -> HttpResponse:
    """Licences and penalties, newest first, with filters and counts by day."""
    page = lists.list_page(
        "double-publicity", lists.DOUBLE, _("双公示"), reverse("double-publicity"), request.GET.dict(),
        page_number(request), language(), timezone.localdate(),
    )  # fmt: skip
    return render(request, "site/double_publicity.html", {"page": page})


@require_safe
def public_lists(request: HttpRequest) -> HttpResponse:
    """All public lists with authority, basis, and how one enters and leaves."""
    found = lists.public_lists(language(), timezone.localdate())
    return render(request, "site/lists.html", {"lists": found})


@require_safe
def public_list(request: HttpRequest, code: str) -> HttpResponse:
    """One list."""
    today = timezone.localdate()
    entry = next((item for item in lists.list_entries(today) if item.code == code), None)
    if entry is None:
        raise PageNotFound(path=request.path)
    name = show.name_of(entry, language())
    page = lists.list_page(
        code, (code,), name, reverse("public-list", args=[code]), request.GET.dict(), page_number(request), language(),
        today,
    )  # fmt: skip
    about = lists.public_list(entry, page.listing.total, language())
    return render(request, "site/list.html", {"page": page, "about": about})


@require_safe
def commitments(request: HttpRequest) -> HttpResponse:
    """Commitments and how they were kept."""
    page = lists.list_page(
        "commitments", lists.COMMITMENTS, _("信用承诺"), reverse("commitments"), request.GET.dict(),
        page_number(request), language(), timezone.localdate(),
    )  # fmt: skip
    return render(request, "site/commitments.html", {"page": page})


urlpatterns: list[URLPattern] = [
    path("double-publicity", double_publicity, name="double-publicity"),
    path("lists", public_lists, name="public-lists"),
    path("lists/<slug:code>", public_list, name="public-list"),
    path("commitments", commitments, name="commitments"),
]
