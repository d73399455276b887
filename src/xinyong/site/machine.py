"""The entity file, the record page and the search results as JSON, CSV, JSON-LD (schema.org) and feed, from the values their pages show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone

from xinyong.catalogue import selectors as catalogue
from xinyong.publicity import gone, searching, selectors, show
from xinyong.publicity.pages import EntityFile, FieldValue, RecordCard, SearchHit, SearchOutcome, Section
from xinyong.registry import selectors as registry
from xinyong.site.pages import RecordPage
from xinyong.ui import twins
from xinyong.ui.twins import Feed, FeedItem, Table

#: Hits looked up at a time for a whole list.
_HITS = 500
_SCHEMA = "https://schema.org"
_CODE_NAME = "统一社会信用代码"
#: Columns of every table of records, before the fields of the dataset: code, Chinese, English.
SOURCE_COLUMNS = (
    ("_id", "信息编号", "Record"),
    ("_dataset", "信息资源", "Dataset"),
    ("_title", "标题", "Title"),
    ("_decided_on", "决定日期", "Decided on"),
    ("_severity", "失信程度", "Severity"),
    ("_public_from", "公示起始日", "Public from"),
    ("_public_until", "公示截止日", "Public until"),
    ("_department", "来源部门", "Source"),
    ("_delivery", "批次", "Delivery"),
    ("_row", "行号", "Row"),
    ("_received_at", "接收时间", "Received"),
    ("_version", "版本", "Version"),
    ("_edition", "目录版本", "Catalogue edition"),
)


# --- the entity file -------------------------------------------------------------------------------------------------


def entity(file: EntityFile) -> dict[str, Any]:
    """The file as data. Each chapter says where its next page is."""
    data: dict[str, Any] = twins.plain(file)
    for section, shown in zip(file.sections, data["sections"], strict=True):
        if section.page < section.pages:
            page = urlencode({f"page-{section.code}": section.page + 1})
            shown["next"] = f"{file.url}.json?{page}"
        for record, card in zip(section.records, shown["records"], strict=True):
            card["id"] = card.pop("key")
            del card["anchor"]
            if record.clock is None:
                del card["clock"]
    return data


def columns(english: bool) -> tuple[tuple[str, str], ...]:
    """The columns every table of records begins with."""
    return tuple((code, en if english else zh) for code, zh, en in SOURCE_COLUMNS)


def entity_table(file: EntityFile, dataset: str, language: str) -> Table:
    """Every public record of the entity, not only those of one page; with ``dataset`` its fields as columns of their own."""
    english = language == "en"
    wanted = [section for section in file.sections if section.total and dataset in ("", section.code)]
    last = (("_content", "Content" if english else "内容"),)
    if not dataset:
        return Table(columns=columns(english) + last, rows=_entity_rows(file, wanted, language, fields=()))
    entry = catalogue.packaged().entry(dataset, timezone.localdate())
    fields = tuple(item for item in entry.fields if show.may_be_shown(item))
    heads = tuple((item.code, item.name_en if english else item.name_zh) for item in fields)
    codes = tuple(item.code for item in fields)
    return Table(columns=columns(english) + heads, rows=_entity_rows(file, wanted, language, fields=codes))


def _entity_rows(
    file: EntityFile, sections: list[Section], language: str, *, fields: tuple[str, ...]
) -> Iterator[tuple[Any, ...]]:
    today = timezone.localdate()
    for section in sections:

        def fetch(limit: int, offset: int, code: str = section.code) -> list[tuple[Any, ...]]:
            return selectors.records_of_dataset(file.key, code, today, limit, offset)

        for row in twins.pages(fetch):
            card = show.card(row, language, today)
            yield (*_front(card, section, row), *_rest(card, fields))


def _front(card: RecordCard, section: Section, row: tuple[Any, ...]) -> tuple[Any, ...]:
    return (
        card.key,
        section.title,
        card.title,
        card.decided_on,
        card.severity,
        row[12],
        row[13],
        card.source.department,
        card.source.delivery,
        card.source.row,
        card.source.received_at,
        card.source.version,
        card.source.edition,
    )


def _rest(card: RecordCard, fields: tuple[str, ...]) -> tuple[str, ...]:
    if not fields:
        return ("；".join(f"{item.label}：{item.value}" for item in card.fields),)
    held = {item.code: item.value for item in card.fields}
    return tuple(held.get(code, "") for code in fields)


def entity_linked(file: EntityFile) -> dict[str, Any]:
    """The entity as a schema.org Organization with its public records. No person is a node of it."""
    numbers = [
        {"@type": "PropertyValue", "propertyID": name, "value": value}
        for name, value in ((_CODE_NAME, file.code), ("注册号", file.registration_number))
        if value
    ]
    facts = {fact.code: fact.value for fact in file.facts}
    records = [_record_linked(file, section, card) for section in file.sections for card in section.records]
    return _filled(
        {
            "@context": _SCHEMA,
            "@type": "Organization",
            "@id": file.url,
            "url": file.url,
            "name": file.name,
            "legalName": file.name,
            "alternateName": list(file.former_names),
            "identifier": numbers,
            "taxID": file.code,
            "foundingDate": facts.get("ESTDATE", ""),
            "address": facts.get("DOM", ""),
            "subjectOf": records,
        }
    )


def _record_linked(file: EntityFile, section: Section, card: RecordCard) -> dict[str, Any]:
    kind = "GovernmentPermit" if section.code == "licence" else "CreativeWork"
    until = card.clock.end.isoformat() if card.clock else ""
    return _filled(
        {
            "@type": kind,
            "@id": _address(card),
            "identifier": card.key,
            "name": card.title,
            "genre": section.title,
            "url": _address(card),
            "datePublished" if kind == "CreativeWork" else "validFrom": card.decided_on and card.decided_on.isoformat(),
            "expires": until if kind == "CreativeWork" else "",
            "publisher" if kind == "CreativeWork" else "issuedBy": {
                "@type": "GovernmentOrganization",
                "name": card.source.department,
            },
            "about": {"@id": file.url} if kind == "CreativeWork" else "",
        }
    )


def _address(card: RecordCard) -> str:
    return reverse("record-page", args=[card.key])


def _filled(data: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in data.items() if value not in ("", None, [], ())}


def entity_feed(file: EntityFile, language: str) -> Feed:
    """The newest public records of the entity, for whoever follows it."""
    limit = int(gone.rule_set()["feeds"]["items"])
    cards: list[tuple[Section, RecordCard]] = []
    today = timezone.localdate()
    for section in file.sections:
        rows = selectors.records_of_dataset(file.key, section.code, today, limit, 0) if section.total else []
        cards += [(section, show.card(row, language, today)) for row in rows]
    cards.sort(key=lambda item: (item[1].source.received_at, item[1].key), reverse=True)
    return Feed(
        title=file.name,
        summary="Public records, newest first" if language == "en" else "公示中的信息，按接收时间从新到旧",
        items=tuple(
            FeedItem(
                id=f"{card.key}v{card.source.version}",
                title=f"{section.title} · {card.title}",
                url=_address(card),
                summary="；".join(f"{item.label}：{item.value}" for item in card.fields[:6]),
                published=card.source.received_at,
            )
            for section, card in cards[:limit]
        ),
    )


# --- one record ------------------------------------------------------------------------------------------------------


def record(page: RecordPage) -> dict[str, Any]:
    """The record as data."""
    data: dict[str, Any] = twins.plain(page)
    for name in ("card", "adverse"):
        data.pop(name, None)
    return {
        "id": data.pop("key"),
        **data,
        "severity": page.card.severity,
        "decided_on": page.card.decided_on,
        "public_from": page.card.clock.start if page.card.clock else None,
        "public_until": page.card.clock.end if page.card.clock else None,
        "rule": page.card.basis,
        "source": page.card.source,
    }


def record_table(fields: tuple[FieldValue, ...], language: str) -> Table:
    """The fields of one record, one a row."""
    heads = (
        ("code", "代码", "Code"),
        ("field", "字段", "Field"),
        ("value", "内容", "Value"),
        ("raw", "报送原文", "As sent"),
    )
    return Table(
        columns=tuple((code, en if language == "en" else zh) for code, zh, en in heads),
        rows=[(item.code, item.label, item.value, item.raw) for item in fields],
    )


def record_linked(page: RecordPage) -> dict[str, Any]:
    """The record as schema.org, about its entity."""
    card = page.card
    kind = "GovernmentPermit" if page.dataset == "licence" else "CreativeWork"
    work = kind == "CreativeWork"
    return _filled(
        {
            "@context": _SCHEMA,
            "@type": kind,
            "@id": page.url,
            "url": page.url,
            "identifier": page.key,
            "name": page.title,
            "genre": page.dataset_name,
            "datePublished" if work else "validFrom": card.decided_on.isoformat() if card.decided_on else "",
            "expires": card.clock.end.isoformat() if card.clock else "",
            "publisher" if work else "issuedBy": {"@type": "GovernmentOrganization", "name": card.source.department},
            "about" if work else "subjectOf": _filled(
                {
                    "@type": "Organization",
                    "@id": page.entity_url,
                    "name": page.entity_name,
                    "taxID": page.entity_code,
                }
            ),
        }
    )


# --- search ----------------------------------------------------------------------------------------------------------


def search(outcome: SearchOutcome, asked: Mapping[str, str]) -> dict[str, Any]:
    """The results as data; ``next`` while there is another page."""
    data: dict[str, Any] = twins.plain(outcome)
    data["facets"] = [
        {
            "title": group.title,
            "values": [{"label": item.label, "count": item.count, "chosen": item.chosen} for item in group.values],
        }
        for group in outcome.facets
    ]
    if outcome.page < outcome.pages:
        data["next"] = f"{reverse('search')}.json?{urlencode({**asked, 'page': outcome.page + 1})}"
    return data


def search_table(query: str, chosen: Mapping[str, str], language: str) -> Table:
    """Every result up to the length a list is counted to, not only those of one page."""
    heads = (
        ("name", "名称", "Name"),
        ("code", _CODE_NAME, "Unified social credit code"),
        ("kind", "主体类型", "Type"),
        ("status", "登记状态", "Status"),
        ("place", "登记地", "Place"),
        ("matched_name", "匹配的名称", "Matched name"),
        ("why", "匹配原因", "Why it matched"),
        ("url", "网址", "Address"),
    )
    english = language == "en"

    def rows() -> Iterator[tuple[str, ...]]:
        page = 1
        while True:
            hits = searching.hits(query, page, _HITS, chosen, language)
            yield from map(_hit_row, hits)
            if len(hits) < _HITS:
                return
            page += 1

    return Table(columns=tuple((code, en if english else zh) for code, zh, en in heads), rows=rows() if query else ())


def _hit_row(hit: SearchHit) -> tuple[str, ...]:
    other = hit.other_name.text if hit.other_name else ""
    why = "；".join(chip.text for chip in hit.why)
    return (hit.name.text, hit.code, hit.kind, hit.status, hit.region, other, why, hit.url)


def search_linked(outcome: SearchOutcome) -> dict[str, Any]:
    """The page of results as schema.org."""
    first = (outcome.page - 1) * registry.PAGE + 1
    return {
        "@context": _SCHEMA,
        "@type": "SearchResultsPage",
        "name": outcome.query,
        "mainEntity": {
            "@type": "ItemList",
            "numberOfItems": outcome.total,
            "itemListElement": [
                {
                    "@type": "ListItem",
                    "position": first + place,
                    "item": _filled(
                        {
                            "@type": "Organization",
                            "@id": hit.url,
                            "url": hit.url,
                            "name": hit.name.text,
                            "taxID": hit.code,
                        }
                    ),
                }
                for place, hit in enumerate(outcome.hits)
            ],
        },
    }
