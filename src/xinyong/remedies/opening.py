"""What a new case needs to know of its record: whose it is, which unit determined it, under which rules. Reads only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Max

from xinyong.catalogue import selectors as catalogue
from xinyong.catalogue.entry import DatasetEntry
from xinyong.ledger import selectors as ledger
from xinyong.ledger.errors import RecordNotFound
from xinyong.ledger.selectors import RecordHistory
from xinyong.publicity import facts, inforce
from xinyong.registry import selectors as registry
from xinyong.registry.models import Entity
from xinyong.remedies import machine
from xinyong.remedies.errors import RemedyRefused
from xinyong.remedies.models import Case


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A record as a case sees it. ``listed``: an entry of a list; ``market``: determined by market regulation."""

    history: RecordHistory
    entry: DatasetEntry
    department_id: int
    version_no: int
    market: bool
    listed: bool

    def values(self) -> dict[str, Any]:
        """Columns of a new case."""
        return {
            "entity_id": self.history.entity_id,
            "record_id": self.history.record_id,
            "version_no": self.version_no,
            "dataset_code": self.entry.code,
            "department_id": self.department_id,
            "market": self.market,
            "listed": self.listed,
            "profile": inforce.profile(),
            "rules": rules_version(),
        }


def rules_version() -> str:
    """The versions a case is decided under; it keeps them."""
    return f"remedies {machine.table().version}; publicity {inforce.book().version}"[:60]


def subject(history: RecordHistory) -> Subject:
    """The record of a history, by its newest version."""
    newest = history.versions[-1]
    entry = catalogue.text_of(newest["digest"], newest["dataset"])
    payload: Mapping[str, Any] = newest["payload"]
    organ = str(payload.get(entry.authority_field or "") or "")
    return Subject(
        history=history,
        entry=entry,
        department_id=int(newest["department_id"]),
        version_no=int(newest["version_no"]),
        market=facts.market_regulation(inforce.book(), organ),
        listed=entry.publicity_rules.startswith("list-"),
    )


def members(entity_id: int) -> tuple[int, ...]:
    """Ids of every entry that speaks for the same entity."""
    found = Entity.objects.filter(pk=entity_id).first()
    return registry.members(registry.canonical(found)) if found is not None else (entity_id,)


def own(entity_id: int, record_id: int) -> RecordHistory:
    """A record of the entity. Raises RecordNotFound for another's, as for none."""
    history = ledger.record(record_id)
    if history.entity_id not in members(entity_id):
        raise RecordNotFound(record=record_id, when="", when_zh="")
    return history


def barred_until(entity_id: int, today: date) -> date | None:
    """Last day the entity may not apply for repair after deceit (REP-45); None when it may."""
    found: date | None = Case.objects.filter(entity_id__in=members(entity_id), barred_until__gte=today).aggregate(
        last=Max("barred_until")
    )["last"]
    return found


def refuse(zh: str, en: str) -> RemedyRefused:
    """The error in words."""
    return RemedyRefused(why_zh=zh, why_en=en)
