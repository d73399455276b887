"""Reads: what a report would say of an entity today, and how an issued report stands."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from django.utils import timezone

from xinyong.audit import selectors as audit
from xinyong.catalogue.entry import DatasetEntry, Nature
from xinyong.publicity import selectors as publicity
from xinyong.publicity import show
from xinyong.publicity.pages import RecordCard
from xinyong.registry import selectors as registry
from xinyong.registry.models import Entity
from xinyong.reports import codes
from xinyong.reports.chapters import Content, Group, Item, Source, Subject, arrange
from xinyong.reports.models import Report

#: Records of one dataset that are printed; the others are counted and named.
PRINTED = 1000
_YEAR = timedelta(days=365)


class Standing(StrEnum):
    """How an issued report stands today."""

    VALID = "valid"
    UPDATED = "updated"
    REVOKED = "revoked"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Answer of a verification. ``report`` is None for an unknown report; nothing of its content is repeated."""

    standing: Standing
    report: Report | None = None


def items(entry: DatasetEntry, cards: tuple[RecordCard, ...]) -> tuple[Item, ...]:
    """Records as a report prints them."""
    made = []
    for card in cards:
        clock = ""
        if card.clock is not None:
            clock = f"{card.clock.start} 至 {card.clock.end}"
            if card.clock.earliest_repair is not None:
                clock += f"；{card.clock.earliest_repair} 起可申请修复"
        source = card.source
        pairs = [(field.label, field.value) for field in card.fields]
        key = _title_field(entry, {field.code for field in card.fields})
        if key is not None:
            pairs.insert(0, (entry.field_by_code(key).name_zh, card.title))
        made.append(
            Item(
                title=card.title,
                severity=card.severity,
                pairs=tuple(pairs),
                clock=clock,
                source=f"数据来源：{source.department}　批次 {source.delivery} 第 {source.row} 行　"
                f"接收 {timezone.localtime(source.received_at):%Y-%m-%d %H:%M}",
            )
        )
    return tuple(made)


def _title_field(entry: DatasetEntry, shown: set[str]) -> str | None:
    """The field whose value the card shows as its title, apart from the others; None where it stands among them."""
    if entry.subject.creates:
        return None
    return next((code for code in (entry.number_field, entry.title_field) if code and code not in shown), None)


def _table(entry: DatasetEntry, cards: tuple[RecordCard, ...]) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Heads and rows of a dataset that prints as a table: number, what, by whom, when, until when."""
    until = dict(entry.publicity_fields).get("until")
    what = entry.title_field or entry.summary_field  # the summary may run over pages; the title names the thing
    wanted = [
        code
        for code in dict.fromkeys((entry.number_field, what, entry.authority_field, entry.decided_on, until))
        if code is not None
    ]
    values = [{field.code: field.value for field in card.fields} for card in cards]
    for card, row in zip(cards, values, strict=True):
        key = _title_field(entry, set(row))
        if key is not None:
            row[key] = card.title
    kept = [code for code in wanted if any(row.get(code) for row in values)]
    heads = tuple(entry.field_by_code(code).name_zh for code in kept)
    return heads, tuple(tuple(row.get(code, "") for code in kept) for row in values)


def _advice(groups: list[Group], today: date, cards: list[RecordCard]) -> tuple[str, ...]:
    adverse = [card for card in cards if card.clock is not None]
    if not adverse:
        if any(group.adverse for group in groups):
            return ("该主体有正在公示的失信信息，移出条件由作出认定的部门依其规定办理，请向该部门咨询。",)
        return ("截至生成时点，没有正在公示的失信信息，无须信用修复。",)
    ready = [
        card
        for card in adverse
        if card.clock is not None and card.clock.earliest_repair is not None and card.clock.earliest_repair <= today
    ]
    lines = [f"该主体有 {len(adverse)} 条失信信息正在公示。"]
    if ready:
        lines.append(
            f"其中 {len(ready)} 条最短公示期已满；义务履行完毕、影响消除的，可以申请信用修复，修复后停止公示、共享和使用。修复不收费。"
        )
    waiting = sorted(
        card.clock.earliest_repair
        for card in adverse
        if card.clock is not None and card.clock.earliest_repair is not None and card.clock.earliest_repair > today
    )
    if waiting:
        lines.append(f"另有 {len(waiting)} 条最短公示期未满，最早 {waiting[0]} 起可以申请。")
    return tuple(lines)


def content(entity: Entity, today: date) -> Content:
    """What a report on the entity says on this day, read through the one filter of the public pages."""
    groups: list[Group] = []
    cards: list[RecordCard] = []
    sources: dict[str, dict[str, Any]] = {}
    for found in publicity.public_records(entity, today, "zh", PRINTED):
        adverse = found.entry.nature is Nature.ADVERSE
        heads, rows = ((), ()) if adverse or found.entry.subject.creates else _table(found.entry, found.cards)
        groups.append(
            Group(
                dataset=found.entry.code,
                title=found.entry.name_zh,
                category=found.entry.category,
                adverse=adverse,
                total=found.total,
                items=items(found.entry, found.cards),
                heads=heads,
                rows=rows,
            )
        )
        if adverse:
            cards.extend(found.cards)
        for card in found.cards:
            source = sources.setdefault(
                card.source.department, {"resources": {}, "records": 0, "received": card.source.received_at}
            )
            source["resources"][found.entry.name_zh] = None
            source["records"] += 1
            source["received"] = max(source["received"], card.source.received_at)
    return Content(
        subject=subject(entity),
        chapters=arrange(groups),
        sources=tuple(
            Source(
                department=name,
                resources="、".join(source["resources"]),
                records=source["records"],
                received=f"{timezone.localtime(source['received']):%Y-%m-%d %H:%M}",
            )
            for name, source in sorted(sources.items(), key=lambda item: -item[1]["records"])
        ),
        advice=_advice(groups, today, cards),
    )


def subject(entity: Entity) -> Subject:
    """Of whom a report speaks."""
    return Subject(
        name=entity.name or entity.credit_code or registry.address_key(entity),
        code=registry.address_key(entity),
        code_label="统一社会信用代码" if entity.credit_code else "主体编号",
        kind=entity.kind,
        status=show.status_label(entity, "zh"),
    )


def queries(entity: Entity, since: date) -> list[list[str]]:
    """Logged queries of what is not public about the entity: who, for what, when (Henan regulation art. 40)."""
    return [
        [entry.actor, entry.purpose, f"{timezone.localtime(entry.at):%Y-%m-%d %H:%M}"]
        for entry in audit.queries_about(registry.address_key(entity), since)
    ]


def last_year(today: date) -> date:
    """First day of the twelve months that the annex of queries covers."""
    return today - _YEAR


def by_code(text: str) -> Report | None:
    """The issued report with this verification code or report number, as typed by a person."""
    code = codes.normalise(text)
    if code is not None:
        return Report.objects.filter(code=code).first()
    number = codes.normalise_number(text)
    return Report.objects.filter(number=number).first() if number is not None else None


def by_document(sha256: str) -> Report | None:
    """The issued report whose PDF has this SHA-256."""
    return Report.objects.filter(document_hash=sha256.lower()).first()


def judge(report: Report | None, today: date) -> Verdict:
    """How a report stands: would the platform print the same facts today?"""
    if report is None:
        return Verdict(standing=Standing.UNKNOWN)
    if report.revoked_at is not None:
        return Verdict(standing=Standing.REVOKED, report=report)
    same = digest_today(report, today) == report.content_hash
    return Verdict(standing=Standing.VALID if same else Standing.UPDATED, report=report)


def of_entity(entity: Entity, today: date, limit: int = 20) -> tuple[Verdict, ...]:
    """The newest reports about the subject, each with its standing; what equal scopes say today is read once."""
    said: dict[tuple[str, str], str] = {}
    found = []
    for report in Report.objects.filter(entity_id__in=registry.members(entity)).order_by("-pk")[:limit]:
        if report.revoked_at is not None:
            found.append(Verdict(standing=Standing.REVOKED, report=report))
            continue
        scope = (str(report.kind), json.dumps(report.scope, sort_keys=True))
        if scope not in said:
            said[scope] = digest_today(report, today)
        standing = Standing.VALID if said[scope] == report.content_hash else Standing.UPDATED
        found.append(Verdict(standing=standing, report=report))
    return tuple(found)


#: How the facts of each kind of report are read again; the room of a kind adds itself.
DIGESTS: dict[str, Callable[[Entity, dict[str, Any], date], str]] = {
    Report.Kind.STANDARD: lambda entity, _scope, today: content(entity, today).digest(),
}


def digest_today(report: Report, today: date) -> str:
    """Digest of what a report of the same kind and scope would say today; empty for an entity that is no more."""
    entity = Entity.objects.filter(pk=report.entity_id).first()
    return DIGESTS[report.kind](entity, report.scope, today) if entity is not None else ""
