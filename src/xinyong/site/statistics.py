"""Public statistics: counted by the statements of the lists they lead to, so a figure and its list agree."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db import connection
from django.urls import reverse

from xinyong.catalogue import selectors as catalogue
from xinyong.publicity import selectors as publicity
from xinyong.publicity import show
from xinyong.publicity.counted import counted
from xinyong.runtime import sql
from xinyong.site import lists
from xinyong.site.pages import Figure, MonthRow, StatisticsPage

MONTHS = 12


def _rows(name: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql.statement("site", name), parameters)
        return list(cursor.fetchall())


def _counted(name: str, today: date, **more: Any) -> list[tuple[Any, ...]]:
    return counted(name, today, lambda: _rows(name, {"today": today, **more}))


def list_url(dataset: str, today: date, **query: str) -> str:
    """The list that holds exactly the public records of a dataset; empty where no list does."""
    if dataset in lists.DOUBLE:
        query, address = {"type": dataset, **query}, reverse("double-publicity")
    elif dataset in lists.COMMITMENTS:
        address = reverse("commitments")
    elif any(entry.code == dataset for entry in lists.list_entries(today)):
        address = reverse("public-list", args=[dataset])
    else:
        return ""
    return f"{address}?{urlencode(query)}" if query else address


def statistics_page(language: str, today: date) -> StatisticsPage:
    """The figures of the day."""
    english = language == "en"
    figures = publicity.site_figures()
    entries = {entry.code: entry for entry in catalogue.packaged().in_force(today)}
    totals = lists.totals(today)
    most = max(totals.values(), default=1)
    datasets = tuple(
        Figure(
            label=show.name_of(entries[code], language) if code in entries else code,
            total=total,
            url=list_url(code, today),
            share=_share(total, most),
            tone=show.tone(entries[code]) if code in entries else "blue",
        )
        for code, total in sorted(totals.items(), key=lambda item: -item[1])
    )
    return StatisticsPage(
        entities=figures.entities,
        records=figures.public_records,
        data_as_of=figures.data_as_of,
        today=today,
        datasets=datasets,
        departments=_departments(today, english=english),
        **_months(today, language),
    )


def _share(total: int, most: int) -> int:
    return max(1, round(100 * total / most)) if total else 0


def _departments(today: date, *, english: bool) -> tuple[Figure, ...]:
    """Licences and penalties by the department that delivered them: the list narrowed to it holds exactly these."""
    counts: dict[str, tuple[str, int]] = {}
    for dataset, slug, zh, en, total in _counted("public_totals_by_department", today):
        if dataset in lists.DOUBLE:
            _, held = counts.get(slug, ("", 0))
            counts[slug] = (en if english and en else zh, held + total)
    most = max((total for _, total in counts.values()), default=1)
    return tuple(
        Figure(
            label=name,
            total=total,
            url=f"{reverse('double-publicity')}?{urlencode({'department': slug})}",
            share=_share(total, most),
        )
        for slug, (name, total) in sorted(counts.items(), key=lambda item: -item[1][1])
    )


def _months(today: date, language: str) -> dict[str, Any]:
    """Licences and penalties decided in each of the last months."""
    first = today.replace(day=1)
    starts = [first]
    while len(starts) < MONTHS:
        starts.append((starts[-1] - timedelta(days=1)).replace(day=1))
    starts.reverse()
    counts = {
        (month, code): total
        for code, month, total in _counted("public_totals_by_month", today, since=starts[0])
        if code in lists.DOUBLE
    }
    entries = {entry.code: entry for entry in catalogue.packaged().in_force(today)}
    sums = [sum(counts.get((month, code), 0) for code in lists.DOUBLE) for month in starts]
    most = max([*sums, 1])
    rows = []
    for month, total in zip(starts, sums, strict=True):
        last = (month + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        cells = tuple(
            Figure(
                label=code,
                total=counts.get((month, code), 0),
                url=list_url(code, today, **{"from": month.isoformat(), "to": last.isoformat()}),
                share=0,
            )
            for code in lists.DOUBLE
        )
        rows.append(MonthRow(month=month, cells=cells, total=total, share=_share(total, most)))
    return {
        "month_heads": tuple(show.name_of(entries[code], language) for code in lists.DOUBLE),
        "months": tuple(rows),
        "since": starts[0],
    }
