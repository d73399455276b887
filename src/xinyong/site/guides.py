"""What the pages on repair and objection say: dates from each record's clock, words from the data pack with their source."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

import yaml
from django.urls import reverse

from xinyong.catalogue.entry import DatasetEntry, Nature
from xinyong.publicity import clocks, inforce, repair
from xinyong.publicity import selectors as publicity
from xinyong.publicity.clock import CREDIT_SITE, Clock
from xinyong.publicity.pages import RecordCard
from xinyong.publicity.rulebook import CONFIRMED
from xinyong.registry import keys
from xinyong.registry import selectors as registry
from xinyong.registry.models import Entity
from xinyong.site.pages import GuideLine, ObjectionPage, RepairCondition, RepairItem, RepairPage
from xinyong.standards import names

#: Records of one entity the guide judges; an entity with more is sent to its file.
_JUDGED = 50


@cache
def _guides() -> Mapping[str, Any]:
    text = (resources.files("xinyong.datapacks") / "rules" / "guides.yml").read_text(encoding="utf-8")
    loaded: Mapping[str, Any] = yaml.safe_load(text)
    return loaded


def lines(guide: str, part: str, language: str) -> tuple[GuideLine, ...]:
    """The sentences of a part of a guide."""
    return tuple(
        GuideLine(
            text=str(row["en" if language == "en" else "zh"]),
            source=str(row["source"]),
            confirmed=row["status"] == "confirmed",
        )
        for row in _guides()[guide][part]
    )


def objection_page(language: str) -> ObjectionPage:
    """What can be objected to, and how."""
    return ObjectionPage(grounds=lines("objection", "grounds", language), steps=lines("objection", "steps", language))


def repair_page(asked: str, language: str, today: date) -> RepairPage:
    """The guide, and how the public adverse records of the entity asked for stand. Only what is public is judged."""
    english = language == "en"
    entity, problem = _entity(asked, english=english) if asked else (None, "")
    items: tuple[RepairItem, ...] = ()
    total = 0
    if entity is not None:
        items, total = _items(entity, language, today)
    key = registry.address_key(entity) if entity is not None else ""
    return RepairPage(
        asked=asked,
        entity_name=(entity.name or key) if entity is not None else "",
        entity_url=reverse("entity", args=[key]) if entity is not None else "",
        entity_code=(entity.credit_code or "") if entity is not None else "",
        total=total,
        items=items,
        problem=problem,
        conditions=_conditions(language, today),
        materials=lines("repair", "materials", language),
        times=lines("repair", "times", language),
        elsewhere=lines("repair", "elsewhere", language),
    )


def _entity(asked: str, *, english: bool) -> tuple[Entity | None, str]:
    """The one entity meant by a code, number or whole name; else what is wrong."""
    found = registry.search(asked, 1, 5)
    wanted = names.matching_key(asked)
    exact = [
        match
        for match in found.matches
        if match.reason in ("code", "number") or (wanted and names.matching_key(match.via) == wanted)
    ]
    if len(exact) == 1:
        return exact[0].entity, ""
    if found.diagnosis is not None and not found.matches:
        return None, found.diagnosis.message_en if english else found.diagnosis.message_zh
    if found.matches:
        return None, (
            "That is not the whole name of one entity. Give the whole name or the credit code."
            if english
            else "这不是某一主体的完整名称。请填写完整名称或统一社会信用代码。"
        )
    return None, (
        "No entity is held under that name or code." if english else "没有找到这个名称或代码的主体，请核对用字。"
    )


def _items(entity: Entity, language: str, today: date) -> tuple[tuple[RepairItem, ...], int]:
    groups = [
        item
        for item in publicity.public_records(entity, today, language, _JUDGED)
        if item.entry.nature is Nature.ADVERSE
    ]
    cards = [(group, card) for group in groups for card in group.cards]
    numbers = [number for _, card in cards if (number := keys.record_id(card.key)) is not None]
    found = clocks.of_entity(registry.members(entity), today, records=numbers)
    by_record = {record: clock for (_, record), clock in found.items()}
    listed = any(group.entry.category in ("serious-list", "abnormal-list") for group in groups)
    items = [
        _item(card, group.entry, clock, language, today, listed=listed)
        for group, card in cards
        if (clock := by_record.get(keys.record_id(card.key) or 0)) is not None
    ]
    return tuple(items), sum(group.total for group in groups)


def _item(
    card: RecordCard, entry: DatasetEntry, clock: Clock, language: str, today: date, *, listed: bool
) -> RepairItem:
    """``listed``: the entity is publicly on an abnormal or serious list; the guide knows no other."""
    english = language == "en"
    judged = repair.eligibility(clock, entry.publicity_rules, today, profile=inforce.profile(), listed=listed)
    day = clock.earliest_repair
    state = "elsewhere" if not clock.repairable else "ready" if judged.may_apply else "waiting"
    met = {repair.MET: True, repair.FAILING: False, repair.OPEN: None}
    return RepairItem(
        title=card.title,
        url=reverse("record-page", args=[card.key]),
        dataset_name=entry.name_en if english else entry.name_zh,
        severity=card.severity,
        severity_tone=card.severity_tone,
        states=card.states,
        state=state,
        day=day,
        days_left=max(0, (day - today).days) if day is not None else 0,
        ends=clock.latest_end,
        authority=card.source.department,
        conditions=tuple(
            RepairCondition(
                text=(answer.condition.en if english else answer.condition.zh)
                + (f" ({answer.on})" if answer.on else ""),
                met=met[answer.state],
            )
            for answer in judged.answers
        )
        if state != "elsewhere"
        else (),
        certain=clock.certainty == CONFIRMED and all(a.condition.status == CONFIRMED for a in judged.answers),
    )


def _conditions(language: str, today: date) -> tuple[GuideLine, ...]:
    """The conditions in force for what is decided today."""
    newest = clock_regime(today)
    return tuple(
        GuideLine(
            text=row.en if language == "en" else row.zh,
            source=row.source_en if language == "en" else row.source,
            confirmed=row.status == CONFIRMED,
        )
        for row in repair.in_force()
        if row.profile in ("any", inforce.profile())
        and row.valid_from <= today <= row.valid_until
        and newest in row.regimes
    )


def clock_regime(today: date) -> str:
    """The regime of the credit site a penalty decided today falls under."""
    return next(
        row.regime
        for row in inforce.book().regimes
        if row.channel == CREDIT_SITE
        and row.decided_from <= today
        and (row.decided_until is None or today <= row.decided_until)
    )
