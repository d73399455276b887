"""Writes messages for what happened: from events, from what stopped being public, from measures that have to be lifted.

A repeat writes nothing twice: the key of a message is the number of what it tells. A large load is one message.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from xinyong.feeds.models import Feed, FeedMessage, Place
from xinyong.lists import registry as lists
from xinyong.runtime import sql
from xinyong.verification import rules

NAME = "feeds"
KINDS = (
    "list.published", "list.lifted", "record.published", "record.changed", "record.lifted", "joint.lift-due",
    "dataset.changed",
)  # fmt: skip
#: An event of more versions is told as one message: whoever wants them all reads the change feed of the open data.
LARGE = 500
#: Steps of joint work are numbered before they commit; so many are looked at again.
_AGAIN = 1_000
_EVENTS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What one feed is told of."""

    feed: Feed
    datasets: list[str]
    kinds: list[str]


def _wishes() -> list[Wish]:
    items = rules.rule_set().items
    found = []
    for feed in Feed.objects.select_related("client").filter(confirmed_at__isnull=False, ended_at__isnull=True):
        if feed.client.is_active:
            seen = {
                code for name in feed.client.items if name in items for code in items[name].sees | items[name].shared
            }
            found.append(Wish(feed=feed, datasets=sorted(seen), kinds=list(feed.kinds)))
    return found


def catch_up() -> int:
    """Write what has to be told; how many events were taken in."""
    if not Feed.objects.exists():
        return 0
    taken = 0
    while True:
        with transaction.atomic():
            places = {place.source: place for place in Place.objects.select_for_update().order_by("source")}
            if len(places) < 3:
                _begin()
                continue
            done = _round(places, timezone.now())
            taken += done
        if done < _EVENTS:
            return taken


def _begin() -> None:
    """A first feed is told of what happens from now on."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO feeds_place (source, seen) VALUES ('events', (SELECT coalesce(max(id), 0) FROM ledger_event)), "
            "('gone', (SELECT coalesce(max(id), 0) FROM publicity_gone)), "
            "('joint', (SELECT coalesce(max(id), 0) FROM lists_jointstep)) ON CONFLICT DO NOTHING"
        )


def _round(places: dict[str, Place], now: datetime) -> int:
    wishes = _wishes()
    with connection.cursor() as cursor:
        # Not past what publicity has read: a record it has not judged yet would seem to be public to nobody.
        cursor.execute(
            "SELECT event.id, event.kind, dataset.code, event.version_from, event.version_to FROM ledger_event AS event "
            "LEFT JOIN catalogue_dataset AS dataset ON dataset.id = event.dataset_id WHERE event.id > %s AND event.id <= "
            "(SELECT coalesce(min(event_id), 0) FROM ledger_effect_position WHERE effect = 'publicity') "
            "ORDER BY event.id LIMIT %s",
            [places["events"].seen, _EVENTS],
        )
        events = cursor.fetchall()
        cursor.execute("SELECT coalesce(max(id), 0) FROM publicity_gone")
        gone = int(cursor.fetchone()[0])
        cursor.execute("SELECT coalesce(max(id), 0) FROM lists_jointstep")
        steps = int(cursor.fetchone()[0])
        for wish in wishes:
            given: dict[str, Any] = {
                "feed": wish.feed.pk, "datasets": wish.datasets, "kinds": wish.kinds, "lists": sorted(lists.datasets()),
                "now": now, "today": timezone.localdate(now), "department": wish.feed.client.department_id,
                "since": wish.feed.confirmed_at,
            }  # fmt: skip
            for number, _, dataset, first, last in events:
                if first is None:
                    cursor.execute(sql.statement("feeds", "act_of_event"), {**given, "event": number})
                elif last - first < LARGE:
                    bounds = {"event": number, "first": first, "last": last}
                    cursor.execute(sql.statement("feeds", "versions_of_event"), {**given, **bounds})
                elif dataset in wish.datasets and "dataset.changed" in wish.kinds:
                    _large(wish.feed, number, dataset, last - first + 1, now)
            cursor.execute(sql.statement("feeds", "gone_after"), {**given, "after": places["gone"].seen, "until": gone})
            cursor.execute(
                sql.statement("feeds", "to_be_lifted"), {**given, "after": max(0, places["joint"].seen - _AGAIN)}
            )
    for source, seen in (("events", events[-1][0] if events else 0), ("gone", gone), ("joint", steps)):
        if seen > places[source].seen:
            Place.objects.filter(source=source).update(seen=seen)
    return len(events)


def _large(feed: Feed, event: int, dataset: str, count: int, now: datetime) -> None:
    FeedMessage.objects.get_or_create(
        feed=feed,
        key=f"e{event}",
        defaults={
            "mark": uuid.uuid4(),
            "kind": "dataset.changed",
            "data": json.loads(json.dumps({"dataset": dataset, "event": event, "versions": count})),
            "created_at": now,
            "next_at": now,
        },
    )
