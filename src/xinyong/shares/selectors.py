"""Reads: what a share would hold, what a link shows today, and the links of a subject."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache
from importlib import resources
from typing import Any

import yaml
from django.utils import timezone

from xinyong.publicity import selectors as publicity
from xinyong.publicity import show
from xinyong.publicity.pages import RecordCard
from xinyong.registry import keys
from xinyong.registry import selectors as registry
from xinyong.registry.models import Entity
from xinyong.reports import chapters, signing
from xinyong.reports.chapters import CHAPTERS, CHAPTERS_EN
from xinyong.reports.codes import is_token
from xinyong.shares import rules
from xinyong.shares.errors import ShareEnded
from xinyong.shares.models import Share


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Operator's decisions: ``datapacks/rules/shares.yml``."""

    days: int
    longest: int
    records: int
    page: int


@cache
def limits() -> Limits:
    """How long links work and how much they hold."""
    text = (resources.files("xinyong.datapacks") / "rules" / "shares.yml").read_text(encoding="utf-8")
    return Limits(**yaml.safe_load(text)["share"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What is shared: chapters of the report by number; ``records`` narrows them to chosen records by public id."""

    chapters: frozenset[int]
    records: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The records of one dataset within a scope."""

    chapter: int
    title: str
    total: int
    cards: tuple[RecordCard, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A link as its receiver sees it now."""

    share: Share
    key: str
    name: str
    code: str
    status: str
    chapters: tuple[str, ...]
    parts: tuple[Part, ...]
    seal: signing.Seal
    intact: bool
    compared: rules.Compared
    openings: tuple[dict[str, Any], ...]


def title_of(number: int, language: str) -> str:
    """Title of a chapter."""
    return CHAPTERS_EN[number - 1] if language == "en" else CHAPTERS[number - 1][0]


def entity_of(share: Share) -> Entity | None:
    """Who speaks for the shared entity today."""
    held = Entity.objects.filter(pk=share.entity_id).first()
    return registry.canonical(held) if held is not None else None


def parts(entity: Entity, scope: Scope, today: date, language: str) -> tuple[Part, ...]:
    """The public records of a scope, read through the one filter, in the order of the report."""
    states = publicity.states_of_records(list(registry.members(entity)))
    found = []
    for public in publicity.public_records(entity, today, language, limits().records + 1):
        number = chapters.chapter_of(public.entry.category)
        if number not in scope.chapters:
            continue
        cards = tuple(
            replace(card, states=show.state_chips(states.get(keys.record_id(card.key) or 0, ()), language))
            for card in public.cards
            if not scope.records or card.key in scope.records
        )
        if cards:
            title = show.name_of(public.entry, language)
            total = len(cards) if scope.records else public.total
            found.append(Part(chapter=number, title=title, total=total, cards=cards))
    return tuple(sorted(found, key=lambda part: part.chapter))


def facts(read: tuple[Part, ...]) -> dict[str, rules.Fact]:
    """What the snapshot commits to, by record. ``read`` must be in Chinese: a statement has one language."""
    return {
        card.key: rules.Fact(
            key=card.key,
            content={
                "dataset": card.dataset,
                "title": card.title,
                "fields": [[field.code, field.value] for field in card.fields],
            },
        )
        for part in read
        for card in part.cards
    }


def by_token(token: str) -> Share | None:
    """The link with this secret, ended ones too."""
    return Share.objects.filter(token=token).first() if is_token(token) else None


def shares_of(entity: Entity) -> list[Share]:
    """Every link of the subject, newest first: for the subject itself and for officers who serve it."""
    return list(Share.objects.filter(entity_id__in=registry.members(entity)).order_by("-made_at", "-pk"))


def state(share: Share, now: datetime) -> str:
    """``open``, ``expired`` or ``revoked``."""
    if share.revoked_at is not None:
        return "revoked"
    return "expired" if share.expires_at <= now else "open"


def kept(share: Share) -> tuple[rules.Item, ...]:
    """What was kept of the records."""
    return tuple(rules.Item(key=item["key"], salt=item["salt"], commitment=item["hash"]) for item in share.items)


def opened(share: Share, now: datetime, language: str) -> Opened:
    """The snapshot beside today. Raises ShareEnded: then nothing is said, not even of whom it was."""
    standing = state(share, now)
    entity = entity_of(share)
    if standing == "revoked" or entity is None:
        raise ShareEnded(why_zh="已由分享人撤回", why_en="was taken back by its sender")
    if standing == "expired":
        raise ShareEnded(why_zh="已过有效期", why_en="has expired")
    today = timezone.localdate(now)
    scope = Scope(chapters=frozenset(share.chapters), records=frozenset(share.records))
    chinese = parts(entity, scope, today, "zh")
    now_public = facts(chinese)
    items = kept(share)
    sealed = signing.Sealed(signature=share.signature, certificate=share.certificate)
    said = _statement(share)
    committed = set(said.get("commitments", ()))
    intact = all(item.commitment in committed for item in items)
    compared = rules.compare(items, now_public, chosen=bool(share.records))
    known = {item.key for item in items}
    shown = chinese if language == "zh" else parts(entity, scope, today, language)
    return Opened(
        share=share,
        key=registry.address_key(entity),
        name=entity.name or registry.address_key(entity),
        code=entity.credit_code or "",
        status=show.status_label(entity, language),
        chapters=tuple(title_of(number, language) for number in sorted(share.chapters)),
        parts=tuple(
            replace(part, cards=cards, total=len(cards))
            for part in shown
            if (cards := tuple(card for card in part.cards if card.key in known))
        ),
        seal=signing.text_seal(share.statement, sealed),
        intact=intact,
        compared=compared,
        openings=tuple(
            {"key": item.key, "salt": item.salt, "content": dict(now_public[item.key].content)}
            for item in items
            if item.key in compared.same
        ),
    )


def _statement(share: Share) -> dict[str, Any]:
    try:
        said = json.loads(share.statement)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
