"""Addresses and keys of subscriptions that ended go when their time is over; asked by retention."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time

from django.utils import timezone

from xinyong.notices.models import Subscription
from xinyong.publicity.retention.actions import Item, Target


def _find(before: date, limit: int) -> list[Item]:
    moment = timezone.make_aware(datetime.combine(before, time()))
    found = Subscription.objects.filter(ended_at__lt=moment).exclude(address="").order_by("ended_at")[:limit]
    return [
        Item(key=one.pk, dataset="notices_subscription", ended_on=timezone.localdate(one.ended_at)) for one in found
    ]


def _erase(keys: Sequence[int]) -> int:
    return (
        Subscription.objects.filter(pk__in=keys, ended_at__isnull=False)
        .exclude(address="")
        .update(address="", secret="", code="")
    )


TARGET = Target(zh="停用的通知地址", en="Address of a subscription that ended", find=_find, erase=_erase)
