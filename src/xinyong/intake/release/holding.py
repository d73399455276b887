"""Deliveries that wait for a named person: why, what is kept of the check, and what they are compared with."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import psycopg

from xinyong.catalogue.entry import BundleEntry, DatasetEntry
from xinyong.intake.models import Delivery, DeliveryProfile
from xinyong.intake.quality.profile import Profile
from xinyong.intake.reader import Outcome
from xinyong.intake.release import rules as release
from xinyong.runtime import sql

Connection = psycopg.Connection[tuple[Any, ...]]

#: Ways in whose files are parts by nature: no bound on a whole delivery fits them.
PARTIAL = frozenset({Delivery.Channel.API, Delivery.Channel.CORRECTION, Delivery.Channel.RESOLUTION})
FOUR_EYES = release.FOUR_EYES


def is_partial(delivery: Delivery) -> bool:
    """Whether this is a part by nature: single records, corrections, decisions about rows."""
    return delivery.parent_id is not None or delivery.channel in PARTIAL


def history(delivery: Delivery, entry: DatasetEntry | BundleEntry) -> tuple[Profile, ...]:
    """The last good deliveries this one is compared with, newest first: same dataset, department and way in."""
    if isinstance(entry, BundleEntry) or is_partial(delivery) or not entry.assertions:
        return ()
    found = (
        DeliveryProfile.objects.filter(
            delivery__department=delivery.department_id,
            delivery__dataset_code=delivery.dataset_code,
            delivery__channel=delivery.channel,
            delivery__parent=None,
            delivery__state=Delivery.State.COMMITTED,
            delivery__id__lt=delivery.pk,
            rows__gt=0,
        )
        .order_by("-delivery_id")
        .values("rows", "rejected", "fill", "values", "unknown")
    )
    return tuple(Profile(**row) for row in found[: max(item.history for item in entry.assertions)])


def reasons(
    delivery: Delivery, entry: DatasetEntry | BundleEntry, outcome: Outcome, *, rejected: int
) -> list[tuple[str, str, str]]:
    """Why it has to wait: everything that holds it and that no officer has released yet."""
    found = [] if is_partial(delivery) else list(outcome.hold)
    if delivery.channel != Delivery.Channel.RESOLUTION:
        rules = release.for_delivery(delivery, entry, rejected=rejected)
        # A correction holds the rows somebody has corrected: the rule about good rows is for the delivery it answers.
        found.extend(rule for rule in rules if rule[0] == FOUR_EYES or not is_partial(delivery))
    seen = {str(reason[0]) for reason in delivery.hold} if delivery.released_by else set()
    return found if any(reason[0] not in seen for reason in found) else []


def note(connection: Connection, delivery: Delivery, outcome: Outcome, why: list[tuple[str, str, str]]) -> None:
    """In the session that holds the delivery: why, and what it looks like. An earlier release is used up."""
    connection.execute(
        "UPDATE intake_delivery SET hold = %s::jsonb, released_by = '', released_at = NULL, release_note = '' "
        "WHERE id = %s",
        (json.dumps(why, ensure_ascii=False), delivery.pk),
    )
    keep_profile(connection, delivery, outcome)


def keep_profile(connection: Connection, delivery: Delivery, outcome: Outcome) -> None:
    """In the session that commits: what the delivery looks like as a whole, for those that come after it."""
    if outcome.profile is None:
        return
    found = asdict(outcome.profile)
    connection.execute(
        sql.statement("intake", "keep_profile"),
        {
            "delivery": delivery.pk,
            "rows": outcome.profile.rows,
            "rejected": outcome.profile.rejected,
            **{name: json.dumps(found[name], ensure_ascii=False) for name in ("fill", "values", "unknown")},
        },
    )
