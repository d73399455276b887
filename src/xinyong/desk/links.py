"""How a row was tied to its entity, in words an official can read."""

from __future__ import annotations

from typing import Any

from xinyong.desk.models import Decision
from xinyong.errors import ErrorCode, XinyongError
from xinyong.intake.models import Delivery, StoredFinding
from xinyong.ledger.models import Version
from xinyong.registry import lists
from xinyong.registry import selectors as registry
from xinyong.registry.models import Entity, Link, NamingRule


class RowUnknown(XinyongError):
    """The delivery has no such row, or the row changed nothing."""

    code = ErrorCode.NOT_FOUND
    status = 404
    zh = "批次 {delivery} 没有第 {row} 行的入库记录。请核对批次号与行号；未变的行不另记。"
    en = "Delivery {delivery} has no stored row {row}. Check both; a row that changed nothing leaves no version."


def why(number: str, row: int) -> dict[str, Any]:
    """The rule, what it went by, and the entity. Raises RowUnknown."""
    delivery = Delivery.objects.filter(number=number).first()
    if delivery is None:
        raise RowUnknown(delivery=number, row=row)
    link = Link.objects.filter(delivery_id=delivery.pk, row=row).first()
    if link is None:
        return _without_link(delivery, row)
    entity = Entity.objects.get(pk=link.entity_id)
    words = {
        "name": (
            f"名称「{link.value}」在登记库中只有一个主体登记使用，全文一致（仅书写形式可不同）",
            f"'{link.value}' is the registered name of exactly one entity, but for the way it is written",
        ),
        "rule": _of_rule(link),
        "decided": _of_decision(link),
    }.get(link.rule) or (
        f"{lists.identifier_label(link.rule, 'zh')}「{link.value}」指向该主体",
        f"The {lists.identifier_label(link.rule, 'en').lower()} '{link.value}' leads to this entity",
    )
    return _answer(number, row, link.rule, entity, words)


def _of_rule(link: Link) -> tuple[str, str]:
    rule = NamingRule.objects.filter(pk=link.reference or 0).first()
    act = rule.act_id if rule else "?"
    return (
        f"该部门所写名称「{link.value}」按第 {act} 号名称规则认定",
        f"Rule of act {act} for the name '{link.value}' of this department",
    )


def _of_decision(link: Link) -> tuple[str, str]:
    decision = Decision.objects.filter(case=link.reference, undone_at=None).order_by("-pk").first()
    who = "、".join(decision.officers) if decision else "?"
    why_ = "；".join(decision.reasons) if decision else ""
    return (
        f"主体认定第 {link.reference} 件，由 {who} 认定：{why_}",
        f"Case {link.reference} of the desk, decided by {who}: {why_}",
    )


def _without_link(delivery: Delivery, row: int) -> dict[str, Any]:
    version = Version.objects.filter(delivery_id=delivery.pk, source_row=row).first()
    if version is not None:
        entity = Entity.objects.get(pk=version.entity_id)
        words = ("行中有有效的统一社会信用代码，以代码为准", "The row gives a valid credit code, which decides")
        return _answer(delivery.number, row, "credit_code", entity, words)
    finding = StoredFinding.objects.filter(delivery=delivery, row=row, severity="error").first()
    if finding is None:
        raise RowUnknown(delivery=delivery.number, row=row)
    return {
        "delivery": delivery.number,
        "row": row,
        "rule": "",
        "entity": "",
        "words_zh": f"未入库：{finding.reason_zh}",
        "words_en": f"Not stored: {finding.reason_en}",
    }


def _answer(delivery: str, row: int, rule: str, entity: Entity, words: tuple[str, str]) -> dict[str, Any]:
    name = entity.name or registry.own_key(entity)
    return {
        "delivery": delivery,
        "row": row,
        "rule": rule,
        "entity": registry.own_key(entity),
        "name": name,
        "words_zh": f"{words[0]} → {name}",
        "words_en": f"{words[1]} → {name}",
    }
