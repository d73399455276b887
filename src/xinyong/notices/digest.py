"""One message a day for those who chose it: what was gathered since the last one, as a notice of its own and by the way they chose."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from xinyong.notices import texts
from xinyong.notices.models import Dispatch, Gathered, Notice, Subscription

KIND = "daily-digest"
#: Hour of the day, in China, from which the message of the day is made.
HOUR = 8
#: Notices a message names one by one.
NAMED = 100


def make(now: datetime | None = None) -> int:
    """Make today's messages, each once; how many. A kill leaves whole messages, and the rest for the next call."""
    moment = now or timezone.now()
    day, hour = timezone.localdate(moment), timezone.localtime(moment).hour
    if hour < HOUR:
        return 0
    made = 0
    while True:
        with transaction.atomic():
            held = (
                Subscription.objects.select_for_update(skip_locked=True)
                .filter(rhythm="daily", confirmed_at__isnull=False, ended_at__isnull=True)
                .exclude(digested_on__gte=day)
                .order_by("pk")
                .first()
            )
            if held is None:
                return made
            waiting = list(
                Gathered.objects.filter(subscription=held, notice__created_at__lte=moment)
                .select_related("notice")
                .order_by("notice")
            )
            if waiting:
                _digest(held, [item.notice for item in waiting], day.isoformat(), moment)
                Gathered.objects.filter(pk__in=[item.pk for item in waiting]).delete()
                made += 1
            held.digested_on = day
            held.save(update_fields=["digested_on"])


def _digest(held: Subscription, told: Sequence[Notice], day: str, now: datetime) -> None:
    lines = [texts.words(notice.kind, notice.parameters, held.language)[0] for notice in told[:NAMED]]
    more = len(told) - len(lines)
    notice, _ = Notice.objects.get_or_create(
        key=f"digest:{held.pk}:{day}",
        defaults={
            "entity_id": held.entity_id,
            "kind": KIND,
            "parameters": {
                "day": day,
                "count": len(told),
                "items": lines,
                "lines": "\n".join(f"- {line}" for line in lines) + (f"\n… +{more}" if more else ""),
            },
            "link": "notices",
            "created_at": now,
        },
    )
    Dispatch.objects.get_or_create(notice=notice, subscription=held, defaults={"mark": uuid.uuid4(), "next_at": now})
