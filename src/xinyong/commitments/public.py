"""What can be promised, in which words, and what follows from a breach: open to anybody, also as JSON (COM-06)."""

from __future__ import annotations

from dataclasses import asdict

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.views.decorators.http import require_safe

from xinyong.commitments import book, pages
from xinyong.ui.context import language


@require_safe
def catalogue(request: HttpRequest) -> HttpResponse:
    """Kinds, texts, matters that are excluded, what is never asked for, consequences."""
    known = book.book()
    words = language()
    context = {
        "kinds": pages.catalogue(words),
        "elsewhere": [
            (row["en" if words == "en" else "zh"], row["about_en" if words == "en" else "about_zh"])
            for row in known.elsewhere
        ],
        "excluded": [row.label(words) for row in known.excluded],
        "excluded_basis": known.excluded_basis,
        "never": [(row.label(words), row.article) for row in known.never],
        "consequences": [
            (row.label(words), row.source_en if words == "en" else row.source, row.grave, row.status == "confirmed")
            for row in known.consequences.values()
        ],
    }
    return render(request, "commitments/catalogue.html", context)


@require_safe
def catalogue_json(request: HttpRequest) -> JsonResponse:
    """The same for machines, in both languages."""
    known = book.book()
    return JsonResponse(
        {
            "version": known.version,
            "kinds": [asdict(kind) for kind in known.kinds.values()],
            "texts": [asdict(text) for text in known.texts],
            "excluded": [asdict(row) for row in known.excluded],
            "never_asked": [asdict(row) for row in known.never],
            "consequences": [asdict(row) for row in known.consequences.values()],
        },
        json_dumps_params={"ensure_ascii": False, "indent": 1},
    )


urlpatterns: list[URLPattern] = [
    path("commitments/texts", catalogue, name="commitment-texts"),
    path("commitments/texts.json", catalogue_json, name="commitment-texts-json"),
]
