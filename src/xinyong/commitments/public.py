"""What can be promised, in which words, and what follows from a breach: open to anybody, also as JSON (COM-06)."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import URLPattern, reverse
from django.views.decorators.http import require_safe

from xinyong.commitments import book, pages
from xinyong.ui import twins
from xinyong.ui.context import language


def _data() -> dict[str, Any]:
    known = book.book()
    return {
        "version": known.version,
        "kinds": [asdict(kind) for kind in known.kinds.values()],
        "texts": [asdict(text) for text in known.texts],
        "excluded": [asdict(row) for row in known.excluded],
        "never_asked": [asdict(row) for row in known.never],
        "consequences": [asdict(row) for row in known.consequences.values()],
    }


@require_safe
def catalogue(request: HttpRequest) -> HttpResponseBase:
    """Kinds, texts, matters that are excluded, what is never asked for, consequences."""
    known, words = book.book(), language()
    english = words == "en"
    url = reverse("commitment-texts")
    context = {
        "kinds": pages.catalogue(words),
        "elsewhere": [row["about_en" if english else "about_zh"] for row in known.elsewhere],
        "excluded": [row.label(words) for row in known.excluded],
        "excluded_basis": known.excluded_basis,
        "never": [(row.label(words), row.article) for row in known.never],
        "consequences": [
            (row.label(words), row.source_en if english else row.source, row.status == "confirmed")
            for row in known.consequences.values()
        ],
        "twins": twins.links(request, url),
    }
    return twins.answer(
        request,
        twins.Twins(
            canonical=url,
            page=lambda: render(request, "commitments/catalogue.html", context),
            json=_data,
            file_name="commitment-texts",
        ),
    )


urlpatterns: list[URLPattern] = twins.paths("commitments/texts", catalogue, name="commitment-texts", forms=("json",))
