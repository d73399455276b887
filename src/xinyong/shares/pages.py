"""What the console shows of share links."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils import timezone

from xinyong.registry import selectors as registry
from xinyong.registry.models import Entity
from xinyong.reports.chapters import CHAPTERS
from xinyong.shares import selectors
from xinyong.shares.models import Share


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareLine:
    """One link in a list."""

    number: int
    subject: str
    subject_key: str
    chapters: str
    chosen: int
    shown_to: str
    made_at: datetime
    made_by: str
    expires_at: datetime
    state: str
    opened: int
    last_opened_at: datetime | None
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A chapter that can be shared, and how many public records it holds now."""

    number: int
    title: str
    total: int
    chosen: bool


def line(share: Share, language: str) -> ShareLine:
    """A link as a row."""
    entity = selectors.entity_of(share)
    return ShareLine(
        number=share.pk,
        subject=(entity.name or registry.address_key(entity)) if entity is not None else "",
        subject_key=registry.address_key(entity) if entity is not None else "",
        chapters=(", " if language == "en" else "、").join(
            selectors.title_of(number, language) for number in share.chapters
        ),
        chosen=len(share.records),
        shown_to=share.shown_to,
        made_at=share.made_at,
        made_by=share.made_by,
        expires_at=share.expires_at,
        state=selectors.state(share, timezone.now()),
        opened=share.opened,
        last_opened_at=share.last_opened_at,
        path=reverse("share", args=[share.token]),
    )


def choices(entity: Entity, typed: Mapping[str, list[str]], language: str) -> tuple[Choice, ...]:
    """The chapters of the entity's file, those typed before ticked again."""
    everything = selectors.Scope(chapters=frozenset(range(1, len(CHAPTERS) + 1)))
    totals: dict[int, int] = {}
    for part in selectors.parts(entity, everything, timezone.localdate(), language):
        totals[part.chapter] = totals.get(part.chapter, 0) + part.total
    ticked = typed.get("chapter", [])
    return tuple(
        Choice(
            number=number,
            title=selectors.title_of(number, language),
            total=totals.get(number, 0),
            chosen=str(number) in ticked,
        )
        for number in range(1, len(CHAPTERS) + 1)
    )
