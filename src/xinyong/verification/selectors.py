"""Reads for others: who asked about an entity, for which purpose, and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from xinyong.accounts.models import Department
from xinyong.audit import selectors as audit
from xinyong.registry import keys
from xinyong.registry import selectors as registry
from xinyong.registry.models import Entity
from xinyong.verification import rules
from xinyong.verification.actions import DEED


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One answered query about an entity, as the subject reads it (HN 40: who queried and why)."""

    at: datetime
    query: str
    department: str
    actor: str
    purpose: str
    item: str
    case: str
    facts: int
    lists: int
    shared: int


def queries_of(entity: Entity, since: date | None = None, *, limit: int = 1000) -> list[Query]:
    """Answered verifications of the entity and of the entries it speaks for, newest first."""
    root = registry.canonical(entity)
    entries = [root, *registry.merged_entries(root)]
    targets = {key for item in entries for key in (registry.address_key(item), keys.public_key(item.pk))}
    rows = audit.entries_about(targets, DEED, since, limit)
    names = dict(Department.objects.values_list("slug", "name_zh"))
    return [
        Query(
            at=row.at,
            query=str(row.detail.get("query", "")),
            department=names.get(row.detail.get("department", ""), ""),
            actor=row.actor,
            purpose=row.purpose,
            item=str(row.detail.get("item", "")),
            case=str(row.detail.get("case", "")),
            facts=int(row.detail.get("facts", 0)),
            lists=int(row.detail.get("lists", 0)),
            shared=int(row.detail.get("shared", 0)),
        )
        for row in rows
    ]


def published_scope() -> rules.RuleSet:
    """Purposes and items with what each may see: the scope of queries is published (SH 17)."""
    return rules.rule_set()
