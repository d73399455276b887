"""Public pages: the configuration of every list (LST-06) and the list of measures (LST-07: what is not published is not applied)."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils import timezone
from django.views.decorators.http import require_safe

from xinyong.lists import case_pages, measures, registry
from xinyong.lists.errors import ListUnknown
from xinyong.lists.registry import LEVELS
from xinyong.ui.context import language


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureLine:
    """One measure as the public reads it."""

    id: str
    label: str
    target: str
    means: str
    executors: str
    scenes: str
    bases: tuple[tuple[str, str], ...]
    degree: str
    confirmed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureGroup:
    """A part of the list of measures."""

    code: str
    name: str
    note: str
    rows: tuple[MeasureLine, ...]


_NOTES = {
    "national": ("全国清单中已读到法定依据的条目", "Rows of the national list whose statutory basis was read"),
    "local": ("地方补充清单，只在本地适用", "Local supplement, for this place only"),
    "incentive": ("守信激励与惩戒措施同样办理", "Incentives go the same way as measures"),
    "historic": ("备忘录仅作历史留存，不能据以采取任何措施", "Memoranda are history: no measure rests on them"),
}


def groups(words: str) -> tuple[MeasureGroup, ...]:
    """The measures by the list they come from."""
    book, english, today = measures.book(), words == "en", timezone.localdate()
    rank = {kind: place for place, kind in enumerate(measures.KINDS)}
    return tuple(
        MeasureGroup(
            code=source.code,
            name=source.name_en if english else source.name_zh,
            note=_NOTES[source.kind][english],
            rows=tuple(
                MeasureLine(
                    id=row.id,
                    label=row.label(words),
                    target=row.target_en if english else row.target_zh,
                    means=row.means_en if english else row.means_zh,
                    executors=book.executor_words(row.executors, words),
                    scenes=book.scene_words(row.scenes, words),
                    bases=tuple((base.words(words), LEVELS[base.level][english]) for base in row.bases),
                    degree=row.degree.en if english else row.degree.zh,
                    confirmed=row.confirmed,
                )
                for row in book.rows.values()
                if row.source is source and (source.kind == "historic" or row.in_force(today))
            ),
        )
        for source in sorted(book.lists.values(), key=lambda item: rank[item.kind])
    )


@require_safe
def list_registry(request: HttpRequest) -> HttpResponse:
    """Every list there is, with its basis, and those that are history."""
    return render(request, "lists/public_registry.html", {"lists": case_pages.config_pages(language())})


@require_safe
def list_config(request: HttpRequest, code: str) -> HttpResponse:
    """The configuration of one list."""
    config = registry.by_code(code)
    if config is None:
        raise ListUnknown(name=code)
    return render(request, "lists/public_config.html", {"page": case_pages.config_page(config, language())})


@require_safe
def measure_list(request: HttpRequest) -> HttpResponse:
    """Every measure and incentive with target, executor, basis, degree."""
    return render(request, "lists/public_measures.html", {"groups": groups(language())})


urlpatterns: list[URLPattern] = [
    path("list-registry", list_registry, name="list-registry"),
    path("list-registry/<slug:code>", list_config, name="list-config"),
    path("measures", measure_list, name="measures"),
]
