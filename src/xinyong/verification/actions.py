"""The writers of this room: every answer leaves one row in the audit trail before it leaves the house."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from xinyong.audit import actions as audit
from xinyong.verification import rules
from xinyong.verification.answers import Answer, Versions

#: Rooms that answer queries of what is not public name their deeds so (audit.selectors.QUERY).
DEED = "query.verification"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Who asks, on whose behalf, for what."""

    actor: str
    department: str
    item: rules.Item
    case: str = ""


def purpose_words(item: rules.Item) -> str:
    """Purpose and item as the subject reads them."""
    return f"{rules.rule_set().purposes[item.purpose].zh}：{item.zh}"


def row(asked: Asked, query: str, found: Answer, given: Versions) -> dict[str, Any]:
    """One row of the audit trail."""
    return {
        "actor": asked.actor,
        "deed": DEED,
        "target": found.key,
        "purpose": purpose_words(asked.item),
        "detail": {
            "query": query,
            "department": asked.department,
            "item": asked.item.code,
            **({"case": asked.case} if asked.case else {}),
            "outcome": found.outcome,
            "facts": found.facts,
            "lists": found.lists,
            "shared": found.shared,
            "measures": found.measures,
            "event": given.event,
            "rules": rules.rule_set().digest[:12],
        },
    }


def record(rows: Sequence[dict[str, Any]]) -> None:
    """Write the rows in one transaction; when this returns they survive a crash."""
    audit.record_many(rows)
