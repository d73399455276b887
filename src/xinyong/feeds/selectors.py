"""Reads over feeds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q

from xinyong.accounts.models import ApiClient
from xinyong.feeds import actions
from xinyong.feeds.errors import FeedRefused
from xinyong.feeds.models import Feed, FeedMessage


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedRow:
    """A feed with how its messages fare."""

    number: int
    address: str
    kinds: tuple[str, ...]
    created_at: datetime
    confirmed_at: datetime | None
    ended_at: datetime | None
    ended_why: str
    sent: int
    waiting: int
    given_up: int
    trouble: str


def feed(number: int) -> Feed:
    """One feed. Raises FeedRefused."""
    found = Feed.objects.select_related("client").filter(pk=number).first()
    if found is None:
        raise FeedRefused(why_zh=f"没有消息订阅 {number}", why_en=f"there is no feed {number}")
    return found


def of_client(client: ApiClient) -> tuple[FeedRow, ...]:
    """Feeds of a client, the newest first."""
    states = FeedMessage.State
    rows = Feed.objects.filter(client=client).order_by("-pk").annotate(
        sent=Count("messages", filter=Q(messages__state=states.SENT)),
        waiting=Count("messages", filter=Q(messages__state=states.WAITING)),
        given_up=Count("messages", filter=Q(messages__state=states.GIVEN_UP)),
    )  # fmt: skip
    found = []
    for row in rows:
        last = row.messages.exclude(trouble="").order_by("-pk").values_list("trouble", flat=True).first()
        found.append(
            FeedRow(
                number=row.pk,
                address=actions.address_of(row),
                kinds=tuple(row.kinds),
                created_at=row.created_at,
                confirmed_at=row.confirmed_at,
                ended_at=row.ended_at,
                ended_why=row.ended_why,
                sent=row.sent,
                waiting=row.waiting,
                given_up=row.given_up,
                trouble=last or "",
            )
        )
    return tuple(found)
