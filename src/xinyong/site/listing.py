"""Lists of public records with filters. The rows, their number and the counts by day come from one builder.

The work of one question is bounded however many records there are: at most :data:`SCAN` windows of a dataset are looked
through for a filter the window table cannot answer, and at most :data:`CAP` rows are counted and paged through. Where a
bound was met the page says so and asks for a narrower span of days.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from django.db import connection
from django.urls import reverse
from django.utils import timezone

from xinyong.accounts.models import Department
from xinyong.catalogue import selectors as catalogue
from xinyong.catalogue.entry import DatasetEntry, Nature
from xinyong.intake.rhythm import selectors as rhythm
from xinyong.publicity import show
from xinyong.registry import keys
from xinyong.registry import selectors as registry
from xinyong.runtime import sql
from xinyong.site.pages import DayCount, Filters, LateRule, ListedRecord, Listing, Option
from xinyong.standards import calendar, regions

PAGE = 20
CAP = 10_000
SCAN = 20_000
DAYS = 14
#: Entities a keyword may stand for.
_NAMED = 200
_NUMBER = re.compile(r"[〔〕\[\]［］（）()第号]|\d{3}")
_PLATFORM = "credit-platform"
_LONGEST = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A list before it is asked. ``value_field``: the field the filter ``value`` is compared with."""

    entries: tuple[DatasetEntry, ...]
    filters: Filters
    today: date
    value_field: str = ""


def entries_of(codes: Sequence[str], today: date) -> tuple[DatasetEntry, ...]:
    """The entries of these datasets that are in force."""
    known = {entry.code: entry for entry in catalogue.packaged().in_force(today)}
    return tuple(known[code] for code in codes if code in known)


def read_filters(given: Mapping[str, str], allowed: Sequence[str], language: str) -> Filters:
    """Filters from the parameters of an address. What cannot be used is said and left out, never an error page."""
    english = language == "en"
    found = {name: given.get(name, "").strip()[:_LONGEST].replace("\0", "") for name in
             ("type", "department", "district", "from", "to", "keyword", "value")}  # fmt: skip
    problem = ""
    days: dict[str, date] = {}
    for name in ("from", "to"):
        if not found[name]:
            continue
        try:
            days[name] = date.fromisoformat(found[name])
        except ValueError:
            problem = (
                f"'{found[name]}' is not a date; write it as 2026-11-20."
                if english
                else f"「{found[name]}」不是日期，请写成 2026-11-20 的样子。"
            )
            found[name] = ""
    if len(days) == 2 and days["from"] > days["to"]:
        problem = (
            "The first day lies after the last; the span is empty."
            if english
            else "起始日期晚于截止日期，这段日期内不会有记录。"
        )
    if found["type"] and found["type"] not in allowed:
        found["type"] = ""
    if found["district"] and not re.fullmatch(r"\d{6}", found["district"]):
        found["district"] = ""
    return Filters(
        dataset=found["type"],
        department=found["department"],
        district=found["district"],
        since=found["from"],
        until=found["to"],
        keyword=found["keyword"],
        value=found["value"],
        problem=problem,
    )


def _built(question: Question, *, cap: int) -> tuple[str, dict[str, Any], bool]:
    """The statement ``matched`` with its parameters, and whether it looks at more than the windows."""
    filters = question.filters
    entries = [item for item in question.entries if filters.dataset in ("", item.code)]
    parameters: dict[str, Any] = {"datasets": [item.code for item in entries], "today": question.today}
    first: list[str] = []
    second: list[str] = []
    joins: list[str] = []
    if filters.since:
        first.append("newest.decided_on >= %(since)s")
        parameters["since"] = filters.since
    if filters.until:
        first.append("newest.decided_on <= %(until)s")
        parameters["until"] = filters.until
    version = False
    if filters.keyword:
        if _NUMBER.search(filters.keyword) and not _entities_of(filters.keyword):
            version = True
            fields = {item.number_field or item.title_field or "" for item in entries} - {""}
            second.append(
                "EXISTS (SELECT FROM unnest(%(fields)s::text[]) AS named (field) "
                "WHERE strpos(version.payload ->> named.field, %(number)s) > 0)"
            )
            parameters |= {"fields": sorted(fields), "number": filters.keyword}
        else:
            first.append("newest.entity_id = ANY(%(entities)s)")
            parameters["entities"] = _entities_of(filters.keyword)
    if filters.value and question.value_field:
        version = True
        second.append("version.payload ->> %(value_field)s = %(value)s")
        parameters |= {"value_field": question.value_field, "value": filters.value}
    if filters.department:
        version = True
        joins.append("JOIN accounts_department AS department ON department.id = version.department_id")
        second.append("department.slug = %(department)s")
        parameters["department"] = filters.department
    if filters.district:
        joins.append(
            "CROSS JOIN LATERAL (SELECT credit_code FROM registry_entity WHERE id = shown.entity_id LIMIT 1) AS subject"
        )
        second.append("substr(subject.credit_code, 3, 6) = %(district)s")
        parameters["district"] = filters.district
    if version:
        joins.insert(
            0,
            # LIMIT 1 keeps the planner from reading whole tables for the windows it looks through.
            "CROSS JOIN LATERAL (SELECT version_no FROM ledger_record "
            "WHERE entity_id = shown.entity_id AND record_id = shown.record_id LIMIT 1) AS head "
            "CROSS JOIN LATERAL (SELECT payload, department_id FROM ledger_version WHERE entity_id = shown.entity_id "
            "AND record_id = shown.record_id AND version_no = head.version_no LIMIT 1) AS version",
        )
    beyond = bool(joins)
    statement = sql.statement("site", "matched").format(
        cap=cap,
        scan=SCAN if beyond else cap,
        first="".join(f" AND {test}" for test in first),
        # Few entities are found by their numbers; the index of days would be walked to its end for the last of them.
        day="(newest.decided_on + 0)" if "entities" in parameters else "newest.decided_on",
        joins=" ".join(joins),
        second="".join(f" AND {test}" for test in second),
    )
    return statement, parameters, beyond


@lru_cache(maxsize=256)
def _named(keyword: str, minute: int) -> tuple[int, ...]:
    del minute
    found = registry.search(keyword, 1, _NAMED)
    ids: list[int] = []
    for match in found.matches:
        ids += registry.members(match.entity)
    return tuple(ids)


def _entities_of(keyword: str) -> list[int]:
    """Entities a keyword may stand for: by code, number or name, as the search finds them."""
    return list(_named(keyword, int(time.time() // 60)))


def _query(name: str, statement: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql.statement("site", name).replace("{matched}", statement), parameters)
        return list(cursor.fetchall())


def listing(question: Question, page: int, language: str, size: int = PAGE) -> Listing:
    """One page of the list. A page beyond the last one is the last."""
    statement, parameters, beyond = _built(question, cap=CAP + 1)
    rows = _query("list_page", statement, {**parameters, "limit": size, "offset": (page - 1) * size})
    counted = int(rows[0][0]) if rows else 0
    total = min(counted, CAP)
    pages = max(1, math.ceil(total / size))
    if page > pages:
        return listing(question, pages, language, size)
    late = {entry.code: _deadline(entry) for entry in question.entries}
    kept = rows[: total - (page - 1) * size] if total else []
    return Listing(
        rows=tuple(_row(row, late, question, language) for row in kept if row[1] is not None),
        total=total,
        capped=counted > CAP,
        complete=not beyond or not _scan_met(question),
        page=page,
        pages=pages,
    )


def _scan_met(question: Question) -> bool:
    """Whether a dataset has more windows in the span of days than are looked through."""
    plain = Question(
        entries=question.entries,
        filters=Filters(
            dataset=question.filters.dataset,
            department="",
            district="",
            since=question.filters.since,
            until=question.filters.until,
            keyword="",
            value="",
            problem="",
        ),
        today=question.today,
    )
    for entry in question.entries:
        if question.filters.dataset not in ("", entry.code):
            continue
        statement, parameters, _ = _built(
            Question(entries=(entry,), filters=plain.filters, today=plain.today), cap=SCAN + 1
        )
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM ({statement}) AS matched", parameters)  # noqa: S608 - named statement
            if cursor.fetchall()[0][0] > SCAN:
                return True
    return False


def _deadline(entry: DatasetEntry) -> int | None:
    """Working days the platform channel gives from the decision on."""
    for item in entry.deadlines:
        if item.channel == _PLATFORM and item.counted_from == entry.decided_on:
            return item.working_days
    return None


@lru_cache(maxsize=2)
def _delivering_since(minute: int) -> dict[tuple[int, str], date]:
    """(department, dataset) to the day of the first delivery. Older decisions are history, which no deadline covers."""
    del minute
    with connection.cursor() as cursor:
        cursor.execute(sql.statement("site", "delivering_since"))
        return {(department, code): day for department, code, day in cursor.fetchall()}


def late_rule(entries: Sequence[DatasetEntry]) -> LateRule | None:
    """The rule behind the mark 迟报, where all these datasets share one."""
    for entry in entries:
        for item in entry.deadlines:
            if item.channel == _PLATFORM and item.counted_from == entry.decided_on:
                return LateRule(working_days=item.working_days, basis=item.basis.title)
    return None


def working_days_late(decided_on: date | None, received_on: date, allowed: int | None) -> int:
    """Working days between decision and receipt when they are more than allowed, else 0."""
    if decided_on is None or allowed is None or received_on <= decided_on:
        return 0
    taken = calendar.official().working_days_between(decided_on, received_on, provisional=True)
    return taken if taken > allowed else 0


def _row(row: tuple[Any, ...], late: Mapping[str, int | None], question: Question, language: str) -> ListedRecord:
    (
        _,
        record_id,
        code,
        digest,
        payload,
        decided_on,
        public_until,
        severity,
        entity_id,
        name,
        credit_code,
        department_zh,
        department_en,
        received_at,
        department_id,
    ) = row
    entry = catalogue.text_of(digest, code)
    english = language == "en"
    number = show.text_of(entry, entry.number_field, payload)
    what = show.text_of(entry, entry.title_field, payload) or show.text_of(entry, entry.summary_field, payload)
    key = keys.record_key(record_id)
    since = _delivering_since(int(time.time() // 60)).get((department_id, code))
    allowed = late.get(code) if decided_on and since and decided_on >= since else None
    days = working_days_late(decided_on, timezone.localdate(received_at), allowed)
    word, tone = show.severity_label(severity, language) if entry.nature is Nature.ADVERSE else ("", "")
    return ListedRecord(
        key=key,
        url=reverse("record-page", args=[key]),
        dataset=code,
        dataset_name=show.name_of(entry, language),
        tone=show.tone(entry),
        title=number or what or key,
        content=what if number else show.text_of(entry, entry.summary_field, payload),
        subject_name=name or credit_code or keys.public_key(entity_id),
        subject_code=credit_code or "",
        subject_url=reverse("entity", args=[credit_code or keys.public_key(entity_id)]),
        department=department_en if english and department_en else department_zh,
        decided_on=decided_on,
        received_at=received_at,
        public_until=public_until,
        severity=word,
        severity_tone=tone,
        value=show.field_text(entry, question.value_field, payload, language),
        late=bool(days),
        late_days=days,
    )


def days(question: Question, url: str) -> tuple[DayCount, ...]:
    """How many were decided on each of the last days; each links to the list narrowed to that day."""
    since = question.today - timedelta(days=DAYS - 1)
    filters = question.filters
    narrowed = Filters(
        dataset=filters.dataset,
        department=filters.department,
        district=filters.district,
        since=since.isoformat(),
        until=question.today.isoformat(),
        keyword=filters.keyword,
        value=filters.value,
        problem="",
    )
    statement, parameters, _ = _built(
        Question(entries=question.entries, filters=narrowed, today=question.today, value_field=question.value_field),
        cap=1_000_000,
    )
    counts = dict(_query("list_days", statement, parameters))
    most = max(counts.values(), default=0)
    found = []
    for offset in range(DAYS):
        day = since + timedelta(days=offset)
        total = counts.get(day, 0)
        query = {
            "type": filters.dataset,
            "department": filters.department,
            "district": filters.district,
            "keyword": filters.keyword,
            "value": filters.value,
            "from": day.isoformat(),
            "to": day.isoformat(),
        }
        address = f"{url}?{urlencode({name: value for name, value in query.items() if value})}"
        found.append(DayCount(day=day, total=total, url=address, height=round(100 * total / most) if most else 0))
    return tuple(found)


# --- what a list can be narrowed by --------------------------------------------------------------------------------------


def dataset_options(entries: Sequence[DatasetEntry], chosen: str, language: str) -> tuple[Option, ...]:
    """The datasets of a list."""
    return tuple(Option(value=e.code, label=show.name_of(e, language), chosen=e.code == chosen) for e in entries)


def department_options(entries: Sequence[DatasetEntry], chosen: str, language: str) -> tuple[Option, ...]:
    """Departments that deliver one of the datasets."""
    codes = {entry.code for entry in entries}
    delivering = {slug for slug, dataset in _pairs(int(time.time() // 60)) if dataset in codes}
    rows = Department.objects.filter(slug__in=delivering).order_by("slug").values_list("slug", "name_zh", "name_en")
    return tuple(
        Option(value=slug, label=en if language == "en" and en else zh, chosen=slug == chosen) for slug, zh, en in rows
    )


@lru_cache(maxsize=2)
def _pairs(minute: int) -> frozenset[tuple[str, str]]:
    del minute
    return frozenset((slug, dataset) for slug, dataset, _ in _rhythm(int(time.time() // 60)))


@lru_cache(maxsize=2)
def _rhythm(minute: int) -> tuple[tuple[str, str, date | None], ...]:
    """(department, dataset, last day it was delivered or declared empty), asked at most once a minute."""
    del minute
    rows = rhythm.rows(department_id=None, today=timezone.localdate(), language="zh")
    return tuple(
        (row.department_slug, row.dataset, max((day for day in (row.last_good, row.zero_until) if day), default=None))
        for row in rows
    )


def checked_on(dataset: str) -> date | None:
    """The last day a department delivered the dataset or declared that there was nothing."""
    return max((day for _, code, day in _rhythm(int(time.time() // 60)) if code == dataset and day), default=None)


def district_options(chosen: str) -> tuple[Option, ...]:
    """Districts in which entities are registered, by the region in their credit codes."""
    return tuple(
        Option(value=code, label=label, chosen=code == chosen) for code, label in _districts(int(time.time() // 3600))
    )


@lru_cache(maxsize=2)
def _districts(hour: int) -> tuple[tuple[str, str], ...]:
    del hour
    with connection.cursor() as cursor:
        cursor.execute(sql.statement("site", "districts"))
        codes = [row[0] for row in cursor.fetchall()]
    found = []
    for code in codes:
        table = regions.fictitious_table() if regions.is_fictitious(code) else regions.table()
        region = table.latest(code)
        if region is not None:
            found.append((code, region.name))
    return tuple(found)
