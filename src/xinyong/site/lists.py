"""The list pages: double publicity, the list of lists with its lists, commitments."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

import yaml
from django.db import connection
from django.urls import reverse

from xinyong.catalogue import selectors as catalogue
from xinyong.catalogue.entry import Certainty, DatasetEntry, Disclosure
from xinyong.publicity import show
from xinyong.publicity.counted import counted
from xinyong.runtime import sql
from xinyong.site import listing
from xinyong.site.pages import LegalBasis, ListPage, Option, PublicList

DOUBLE = ("licence", "penalty")
COMMITMENTS = ("commitments",)
#: Classes of the catalogue that are lists.
LIST_CLASSES = ("serious-list", "abnormal-list", "judicial", "honour")
#: The field a list can be narrowed by, beside what every list offers.
_VALUE_FIELDS = {"commitments": "CNLXZT", "list-entry": "LIST"}


@cache
def _notes() -> Mapping[str, Mapping[str, Any]]:
    text = (resources.files("xinyong.datapacks") / "rules" / "list-notes.yml").read_text(encoding="utf-8")
    return {str(row["dataset"]): row for row in yaml.safe_load(text)["lists"]}


def totals(today: date) -> dict[str, int]:
    """Public records by dataset."""

    def count() -> dict[str, int]:
        with connection.cursor() as cursor:
            cursor.execute(sql.statement("site", "public_totals"), {"today": today})
            return dict(cursor.fetchall())

    return dict(counted("public_totals", today, count))


def list_entries(today: date) -> tuple[DatasetEntry, ...]:
    """The datasets that are lists and whose items may be public."""
    rank = {code: place for place, code in enumerate(LIST_CLASSES)}
    found = [
        entry
        for entry in catalogue.packaged().in_force(today)
        if entry.category in rank and entry.disclosure is Disclosure.PUBLIC and entry.publicity_rules != "none"
    ]
    return tuple(sorted(found, key=lambda entry: (rank[entry.category], entry.code)))


def public_lists(language: str, today: date) -> tuple[PublicList, ...]:
    """The list of lists."""
    counts = totals(today)
    return tuple(_public_list(entry, counts.get(entry.code, 0), language) for entry in list_entries(today))


def public_list(entry: DatasetEntry, total: int, language: str) -> PublicList:
    """One list, with the number of its rows."""
    return _public_list(entry, total, language)


def _public_list(entry: DatasetEntry, total: int, language: str) -> PublicList:
    english = language == "en"
    note = _notes().get(entry.code, {})
    suffix = "en" if english else "zh"
    return PublicList(
        dataset=entry.code,
        name=show.name_of(entry, language),
        url=reverse("public-list", args=[entry.code]),
        tone=show.tone(entry),
        total=total,
        authority=entry.provider_en if english else entry.provider_zh,
        coverage=entry.coverage_en if english else entry.coverage_zh,
        basis=tuple(
            LegalBasis(title=item.title, article=item.article, confirmed=item.status is Certainty.CONFIRMED)
            for item in entry.legal_basis
        ),
        entry=str(note.get(f"entry_{suffix}", "")),
        exit=str(note.get(f"exit_{suffix}", "")),
        relief=str(note.get(f"relief_{suffix}", "")),
        source=str(note.get("source_en" if english else "source", "")),
        confirmed=note.get("status") == "confirmed",
        checked_on=listing.checked_on(entry.code),
    )


def question_of(
    code: str, datasets: tuple[str, ...], given: Mapping[str, str], language: str, today: date
) -> listing.Question:
    """A list with what it is narrowed by, before it is asked."""
    return listing.Question(
        entries=listing.entries_of(datasets, today),
        filters=listing.read_filters(given, datasets, language),
        today=today,
        value_field=_VALUE_FIELDS.get(code, ""),
    )


def list_page(
    code: str, datasets: tuple[str, ...], title: str, url: str, given: Mapping[str, str], page: int, language: str,
    today: date,
) -> ListPage:  # fmt: skip
    """A list with its filters. ``given``: parameters of the address."""
    question = question_of(code, datasets, given, language, today)
    entries, filters, field = question.entries, question.filters, question.value_field
    counts = listing.days(question, url) if code == "double-publicity" else ()
    return ListPage(
        code=code,
        title=title,
        url=url,
        filters=filters,
        listing=listing.listing(question, page, language),
        datasets=listing.dataset_options(entries, filters.dataset, language) if len(entries) > 1 else (),
        departments=listing.department_options(entries, filters.department, language),
        districts=listing.district_options(filters.district),
        values=_values(entries, field, filters.value, language),
        days=counts,
        days_total=sum(item.total for item in counts),
        late=listing.late_rule(entries),
        checked_on=max((day for entry in entries if (day := listing.checked_on(entry.code))), default=None),
    )


def _values(entries: tuple[DatasetEntry, ...], field: str, chosen: str, language: str) -> tuple[Option, ...]:
    if not field or not entries:
        return ()
    known = entries[0].field_by_code(field).code_list
    if known is None:
        return ()
    return tuple(
        Option(value=item.value, label=item.en if language == "en" else item.zh, chosen=item.value == chosen)
        for item in known.values
    )
