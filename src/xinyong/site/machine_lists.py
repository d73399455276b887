"""Lists of public records as JSON, CSV, JSON-LD and feed: the same question, rows and total as their page."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from xinyong.publicity import gone
from xinyong.site import listing
from xinyong.site.listing import Question
from xinyong.site.pages import ListedRecord, ListPage, PublicList
from xinyong.ui import twins
from xinyong.ui.twins import Feed, FeedItem, Table

#: Rows asked for at a time by a whole list.
_ROWS = 1000
_SCHEMA = "https://schema.org"
_COLUMNS = (
    ("id", "信息编号", "Record"),
    ("dataset", "信息资源", "Dataset"),
    ("title", "标题", "Title"),
    ("content", "内容", "Content"),
    ("subject_name", "主体名称", "Subject"),
    ("subject_code", "统一社会信用代码", "Unified social credit code"),
    ("department", "来源部门", "Source"),
    ("decided_on", "决定日期", "Decided on"),
    ("received_at", "接收时间", "Received at"),
    ("public_until", "公示截止日", "Public until"),
    ("severity", "失信程度", "Severity"),
    ("value", "履行状态", "State"),
    ("late_days", "迟报工作日", "Working days late"),
    ("url", "网址", "Address"),
)


def data(page: ListPage, asked: Mapping[str, str]) -> dict[str, Any]:
    """One page of the list; ``next`` while there is another."""
    shown = page.listing
    found: dict[str, Any] = {
        "title": page.title,
        "url": page.url,
        "filters": page.filters,
        "total": shown.total,
        "capped": shown.capped,
        "complete": shown.complete,
        "page": shown.page,
        "pages": shown.pages,
        "records": [_record(row) for row in shown.rows],
        "checked_on": page.checked_on,
    }
    if shown.page < shown.pages:
        found["next"] = f"{page.url}.json?{urlencode({**asked, 'page': shown.page + 1})}"
    return found


def _record(row: ListedRecord) -> dict[str, Any]:
    record: dict[str, Any] = twins.plain(row)
    return {"id": record.pop("key"), **record}


def _rows(question: Question, language: str) -> Iterator[ListedRecord]:
    page = 1
    while True:
        found = listing.listing(question, page, language, _ROWS)
        yield from found.rows
        if page >= found.pages:
            return
        page += 1


def table(question: Question, language: str) -> Table:
    """Every row a reader can page through."""
    english = language == "en"
    return Table(
        columns=tuple((code, en if english else zh) for code, zh, en in _COLUMNS),
        rows=(
            (
                row.key,
                row.dataset_name,
                row.title,
                row.content,
                row.subject_name,
                row.subject_code,
                row.department,
                row.decided_on,
                row.received_at,
                row.public_until,
                row.severity,
                row.value,
                row.late_days or "",
                row.url,
            )
            for row in _rows(question, language)
        ),
    )


def linked(page: ListPage) -> dict[str, Any]:
    """The page of the list as schema.org."""
    shown = page.listing
    size = max(1, math.ceil(shown.total / shown.pages)) if shown.pages == 1 else listing.PAGE
    first = (shown.page - 1) * size + 1
    return {
        "@context": _SCHEMA,
        "@type": "ItemList",
        "@id": page.url,
        "name": page.title,
        "numberOfItems": shown.total,
        "itemListElement": [
            {
                "@type": "ListItem",
                "position": first + place,
                "url": row.url,
                "name": row.title,
                "item": {
                    "@type": "GovernmentPermit" if row.dataset == "licence" else "CreativeWork",
                    "@id": row.url,
                    "identifier": row.key,
                    "name": row.title,
                    "about": {"@type": "Organization", "@id": row.subject_url, "name": row.subject_name},
                },
            }
            for place, row in enumerate(shown.rows)
        ],
    }


def feed(page: ListPage, question: Question, language: str) -> Feed:
    """The newest rows."""
    limit = int(gone.rule_set()["feeds"]["items"])
    rows = listing.listing(question, 1, language, limit).rows
    return Feed(
        title=page.title,
        summary="Public records, newest first" if language == "en" else "公示中的信息，从新到旧",
        items=tuple(
            FeedItem(
                id=row.key,
                title=f"{row.dataset_name} · {row.subject_name} · {row.title}",
                url=row.url,
                summary=row.content,
                published=row.received_at,
            )
            for row in rows
        ),
    )


def lists_data(lists: tuple[PublicList, ...]) -> dict[str, Any]:
    """The list of lists."""
    return {"lists": lists}


def lists_table(lists: tuple[PublicList, ...], language: str) -> Table:
    """The list of lists, one a row."""
    heads = (
        ("dataset", "代码", "Code"),
        ("name", "名单", "List"),
        ("total", "条数", "Records"),
        ("authority", "列入单位", "Authority"),
        ("checked_on", "核对日期", "Checked on"),
        ("url", "网址", "Address"),
    )
    return Table(
        columns=tuple((code, en if language == "en" else zh) for code, zh, en in heads),
        rows=[(item.dataset, item.name, item.total, item.authority, item.checked_on, item.url) for item in lists],
    )
