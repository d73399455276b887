"""Reads of notices and ways to be told, for the firm they belong to."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from xinyong.notices import actions, texts
from xinyong.notices.models import Dispatch, Notice, Subscription
from xinyong.runtime import cryptography

PAGE = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeRow:
    """A notice in words."""

    id: int
    title: str
    body: str
    link: str
    due_on: date | None
    created_at: datetime
    new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Notices:
    """A page of notices, newest first."""

    rows: tuple[NoticeRow, ...]
    total: int
    unread: int
    page: int
    pages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionRow:
    """A way to be told. ``address`` is masked; ``state``: unconfirmed, active or ended."""

    id: int
    channel: str
    address: str
    groups: tuple[str, ...]
    daily: bool
    state: str
    created_at: datetime
    ended_why: str
    last: str
    last_at: datetime | None
    trouble: str
    waiting: int


def unread(entity_ids: Sequence[int]) -> int:
    """How many notices nobody of the firm has read."""
    return Notice.objects.filter(entity_id__in=entity_ids, read_at__isnull=True).count()


def page_of(entity_ids: Sequence[int], page: int, language: str) -> Notices:
    """Notices of a firm."""
    found = Notice.objects.filter(entity_id__in=entity_ids).order_by("-pk")
    total = found.count()
    pages = max(1, math.ceil(total / PAGE))
    page = min(page, pages)
    rows = []
    for notice in found[(page - 1) * PAGE : page * PAGE]:
        title, body = texts.words(notice.kind, notice.parameters, language)
        rows.append(
            NoticeRow(
                id=notice.pk,
                title=title,
                body=body,
                link=notice.link,
                due_on=notice.due_on,
                created_at=notice.created_at,
                new=notice.read_at is None,
            )
        )
    return Notices(rows=tuple(rows), total=total, unread=unread(entity_ids), page=page, pages=pages)


def _masked(channel: str, address: str) -> str:
    if channel == Subscription.Channel.EMAIL:
        name, _, host = address.rpartition("@")
        return f"{name[:1]}***@{host}"
    front, _, rest = address.partition("://")
    return f"{front}://{rest.partition('/')[0]}/…"


def subscriptions(entity_ids: Sequence[int], language: str) -> list[SubscriptionRow]:
    """Ways of a firm to be told, newest first, with what became of the last message."""
    rows = []
    known = texts.packaged().groups
    for held in Subscription.objects.filter(entity_id__in=entity_ids).order_by("ended_at", "-pk")[:30]:
        last = Dispatch.objects.filter(subscription=held, attempts__gt=0).order_by("-pk").first()
        rows.append(
            SubscriptionRow(
                id=held.pk,
                channel=held.channel,
                address=_masked(held.channel, cryptography.reveal(actions.ADDRESS, held.address)),
                groups=tuple(known[group].text(language) for group in held.groups if group in known),
                daily=held.rhythm == "daily",
                state="ended" if held.ended_at else "active" if held.confirmed_at else "unconfirmed",
                created_at=held.created_at,
                ended_why=held.ended_why,
                last=last.state if last is not None else "",
                last_at=last.sent_at if last is not None else None,
                trouble=last.trouble if last is not None and last.state != Dispatch.State.SENT else "",
                waiting=Dispatch.objects.filter(subscription=held, state=Dispatch.State.WAITING).count(),
            )
        )
    return rows


def waiting() -> int:
    """Messages that have to go out."""
    return Dispatch.objects.filter(state=Dispatch.State.WAITING).count()
