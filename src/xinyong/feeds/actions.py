"""The only writers of feeds: made, ended, sent. A message is leased, sent, then marked: a kill brings it back under the same id."""

from __future__ import annotations

import logging
import secrets
import uuid
from collections.abc import Iterable
from datetime import timedelta

from django.db import connection, transaction
from django.utils import timezone

from xinyong.accounts.models import ApiClient
from xinyong.audit import actions as audit
from xinyong.feeds.effects import KINDS
from xinyong.feeds.errors import FeedRefused
from xinyong.feeds.models import Feed, FeedMessage
from xinyong.notices import guard, ways
from xinyong.notices.errors import NotDelivered
from xinyong.registry import keys
from xinyong.registry import selectors as registry
from xinyong.registry.models import Entity
from xinyong.runtime import cryptography, sql

log = logging.getLogger("xinyong.feeds")
ADDRESS, SECRET = "feeds:address", "feeds:secret"
CONFIRM = "feed.confirm"
MOST = 5
#: How long a worker may take for one message; a killed one's comes back after it.
LEASE = timedelta(minutes=2)
#: Pauses between tries; after the last one the message is given up.
BACKOFF = tuple(timedelta(seconds=seconds) for seconds in (5, 30, 120, 600, 3600, 6 * 3600, 24 * 3600))
#: Messages given up in a row after which a feed is stopped.
PATIENCE = 3


@transaction.atomic
def make(client: ApiClient, *, address: str, kinds: Iterable[str], acting: str) -> tuple[Feed, str]:
    """A feed and the key its messages are signed with, shown this once. Raises FeedRefused."""
    address = address.strip()
    chosen = [kind for kind in KINDS if kind in set(kinds)]
    if not chosen:
        raise FeedRefused(why_zh="请至少选择一类消息", why_en="choose at least one kind of message")
    if not client.items:
        raise FeedRefused(
            why_zh="该系统没有登记核验事项，没有可推送的内容",
            why_en="the client has no items to verify for, so there is nothing to tell",
        )
    try:
        guard.checked(address)
    except NotDelivered as error:
        raise FeedRefused(why_zh=str(error.data["why"]), why_en=str(error.data["why"])) from error
    if Feed.objects.filter(client=client, ended_at__isnull=True).count() >= MOST:
        raise FeedRefused(
            why_zh=f"最多 {MOST} 个地址，请先停用不用的", why_en=f"{MOST} addresses at most; end one first"
        )
    now, key = timezone.now(), secrets.token_urlsafe(32)
    made = Feed.objects.create(
        client=client,
        address=cryptography.protect(ADDRESS, address),
        secret=cryptography.protect(SECRET, key),
        kinds=chosen,
        created_at=now,
        created_by=acting,
    )
    FeedMessage.objects.create(feed=made, key="confirm", mark=uuid.uuid4(), kind=CONFIRM, created_at=now, next_at=now)
    audit.record(
        actor=acting, deed="feed.made", target=f"client:{client.slug}", detail={"feed": made.pk, "kinds": chosen}
    )
    return made, key


@transaction.atomic
def end(feed: Feed, *, why: str, acting: str) -> None:
    """Stop a feed and what waits for it; ending twice changes nothing."""
    held = Feed.objects.select_for_update().select_related("client").get(pk=feed.pk)
    if held.ended_at is not None:
        return
    held.ended_at, held.ended_why = timezone.now(), why[:200]
    held.save(update_fields=["ended_at", "ended_why"])
    FeedMessage.objects.filter(feed=held, state=FeedMessage.State.WAITING).update(
        state=FeedMessage.State.DROPPED, trouble="feed ended"
    )
    audit.record(
        actor=acting, deed="feed.ended", target=f"client:{held.client.slug}", detail={"feed": held.pk, "why": why}
    )


def address_of(feed: Feed) -> str:
    """The address in clear, for those who manage clients."""
    return cryptography.reveal(ADDRESS, feed.address)


def work(limit: int = 1000) -> dict[str, int]:
    """Send what is due now; how many were sent, failed, dropped and given up."""
    done = {"sent": 0, "failed": 0, "dropped": 0, "given_up": 0}
    for _ in range(limit):
        now = timezone.now()
        with connection.cursor() as cursor:
            cursor.execute(sql.statement("feeds", "claim"), {"now": now, "until": now + LEASE})
            row = cursor.fetchone()
        if row is None:
            break
        done[_send(FeedMessage.objects.select_related("feed__client").get(pk=row[0]))] += 1
    return done


def _still_public(message: FeedMessage) -> bool:
    """A message of something public that has ended meanwhile is not sent: that it ended is a message of its own."""
    if message.kind not in ("list.published", "record.published", "record.changed"):
        return True
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM publicity_window WHERE entity_id = %s AND record_id = %s AND public_from <= %s "
            "AND (public_until IS NULL OR public_until >= %s)",
            [message.entity_id, message.record_id, timezone.localdate(), timezone.localdate()],
        )
        return cursor.fetchone() is not None


def _send(message: FeedMessage) -> str:
    feed = message.feed
    if feed.ended_at is not None or not _still_public(message):
        FeedMessage.objects.filter(pk=message.pk).update(state=FeedMessage.State.DROPPED)
        return "dropped"
    entity = Entity.objects.filter(pk=message.entity_id).first() if message.entity_id is not None else None
    content = {
        "delivery": str(message.mark),
        "type": message.kind,
        "created_at": timezone.localtime(message.created_at).isoformat(),
        "entity": registry.own_key(registry.canonical(entity)) if entity is not None else None,
        "data": {
            **message.data,
            **({"record": keys.record_key(message.record_id)} if message.record_id is not None else {}),
        },
    }
    try:
        receipt = ways.post(address_of(feed), cryptography.reveal(SECRET, feed.secret), str(message.mark), content)
    except NotDelivered as error:
        return _failed(message, str(error.data["why"]))
    now = timezone.now()
    FeedMessage.objects.filter(pk=message.pk).update(
        state=FeedMessage.State.SENT, sent_at=now, receipt=receipt, trouble=""
    )
    if message.kind == CONFIRM:
        Feed.objects.filter(pk=feed.pk, confirmed_at__isnull=True).update(confirmed_at=now)
    return "sent"


def _failed(message: FeedMessage, why: str) -> str:
    over = message.attempts > len(BACKOFF)
    now = timezone.now()
    FeedMessage.objects.filter(pk=message.pk).update(
        trouble=why[:300],
        state=FeedMessage.State.GIVEN_UP if over else FeedMessage.State.WAITING,
        next_at=now if over else now + BACKOFF[message.attempts - 1],
    )
    log.warning("message %s was not delivered (try %s): %s", message.mark, message.attempts, why)
    if not over:
        return "failed"
    newest = list(
        FeedMessage.objects.filter(feed=message.feed)
        .exclude(state=FeedMessage.State.WAITING)
        .order_by("-pk")
        .values_list("state", flat=True)[:PATIENCE]
    )
    if message.kind == CONFIRM or (len(newest) == PATIENCE and set(newest) == {FeedMessage.State.GIVEN_UP}):
        end(message.feed, why="多次未送达，已停用 / stopped after repeated failures", acting="platform")
    return "given_up"
