"""Addresses of the lists: double publicity, list of lists, one list, commitments."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import URLPattern, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from xinyong.publicity import show
from xinyong.site import lists, machine_lists
from xinyong.ui import twins
from xinyong.ui.context import language
from xinyong.ui.errors import PageNotFound
from xinyong.ui.paging import page_number

#: Parameters a list is narrowed by.
_ASKED = ("type", "department", "district", "from", "to", "keyword", "value")
_FORMS = ("json", "csv", "jsonld", "rss", "atom")


def _list(
    request: HttpRequest, code: str, datasets: tuple[str, ...], title: str, url: str, template: str, **more: Any
) -> HttpResponseBase:
    """A list in the form that was asked for."""
    given, today = request.GET.dict(), timezone.localdate()
    page = lists.list_page(code, datasets, title, url, given, page_number(request), language(), today)
    question = lists.question_of(code, datasets, given, language(), today)
    asked = {name: given[name] for name in _ASKED if given.get(name)}
    context = {"page": page, "twins": twins.links(request, url, asked), **more}
    return twins.answer(
        request,
        twins.Twins(
            canonical=url,
            query=asked if page.listing.page == 1 else {**asked, "page": str(page.listing.page)},
            page=lambda: render(request, template, context),
            json=lambda: machine_lists.data(page, asked),
            csv=lambda: machine_lists.table(question, language()),
            jsonld=lambda: machine_lists.linked(page),
            feed=lambda: machine_lists.feed(page, question, language()),
            file_name=code,
        ),
    )


@require_safe
def double_publicity(request: HttpRequest) -> HttpResponseBase:
    """Licences and penalties, newest first, with filters and counts by day."""
    url = reverse("double-publicity")
    return _list(request, "double-publicity", lists.DOUBLE, _("双公示"), url, "site/double_publicity.html")


@require_safe
def public_lists(request: HttpRequest) -> HttpResponseBase:
    """All public lists with authority, basis, and how one enters and leaves."""
    found = lists.public_lists(language(), timezone.localdate())
    url = reverse("public-lists")
    context = {"lists": found, "twins": twins.links(request, url)}
    return twins.answer(
        request,
        twins.Twins(
            canonical=url,
            page=lambda: render(request, "site/lists.html", context),
            json=lambda: machine_lists.lists_data(found),
            csv=lambda: machine_lists.lists_table(found, language()),
            file_name="lists",
        ),
    )


@require_safe
def public_list(request: HttpRequest, code: str) -> HttpResponseBase:
    """One list."""
    today = timezone.localdate()
    entry = next((item for item in lists.list_entries(today) if item.code == code), None)
    if entry is None:
        raise PageNotFound(path=request.path)
    url = reverse("public-list", args=[code])
    name = show.name_of(entry, language())
    total = lists.totals(today).get(code, 0)
    about = lists.public_list(entry, total, language())
    return _list(request, code, (code,), name, url, "site/list.html", about=about)


@require_safe
def commitments(request: HttpRequest) -> HttpResponseBase:
    """Commitments and how they were kept."""
    url = reverse("commitments")
    return _list(request, "commitments", lists.COMMITMENTS, _("信用承诺"), url, "site/commitments.html")


urlpatterns: list[URLPattern] = [
    *twins.paths("double-publicity", double_publicity, name="double-publicity", forms=_FORMS),
    *twins.paths("lists", public_lists, name="public-lists", forms=("json", "csv")),
    *twins.paths("lists/<slug:code>", public_list, name="public-list", forms=_FORMS),
    *twins.paths("commitments", commitments, name="commitments", forms=_FORMS),
]
