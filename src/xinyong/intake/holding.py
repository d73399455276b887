"""Deliveries that wait for a named person: why, what is kept of the check, and what they are compared with."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from typing import Any

import psycopg
from django.utils import timezone

from xinyong.catalogue.entry import BundleEntry, DatasetEntry
from xinyong.intake import release
from xinyong.intake.models import Delivery, DeliveryProfile, Duty
from xinyong.intake.profile import Profile
from xinyong.intake.reader import Outcome
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


def reasons(delivery: Delivery, entry: DatasetEntry | BundleEntry, outcome: Outcome) -> list[tuple[str, str, str]]:
    """Why it has to wait: everything that holds it and that no officer has released yet."""
    found = [] if is_partial(delivery) else list(outcome.hold)
    if delivery.channel != Delivery.Channel.RESOLUTION:
        rules = release.for_delivery(delivery, rejected=outcome.rejected_rows)
        if _four_eyes(delivery, entry) and FOUR_EYES not in release.codes(rules):
            rules.insert(0, release.FOUR_EYES_HOLD)
        # A correction holds the rows somebody has corrected: the rule about good rows is for the delivery it answers.
        found.extend(rule for rule in rules if rule[0] == FOUR_EYES or not is_partial(delivery))
    seen = {str(reason[0]) for reason in delivery.hold} if delivery.released_by else set()
    return found if any(reason[0] not in seen for reason in found) else []


def _four_eyes(delivery: Delivery, entry: DatasetEntry | BundleEntry) -> bool:
    if isinstance(entry, DatasetEntry) and entry.release == "four_eyes":
        return True
    return Duty.objects.filter(
        department=delivery.department_id, dataset_code=delivery.dataset_code, four_eyes=True
    ).exists()


def hold(
    connection: Connection,
    delivery: Delivery,
    outcome: Outcome,
    why: list[tuple[str, str, str]],
    started: datetime,
) -> None:
    """Keep findings and profile, set the state, forget the staged rows: nothing of the delivery is visible."""
    clear(connection, delivery, outcome)
    connection.execute(sql.statement("intake", "store_findings"), {"delivery": delivery.pk})
    now = timezone.now()
    connection.execute(
        sql.statement("intake", "hold_delivery"),
        {
            "delivery": delivery.pk,
            "attempts": delivery.attempts,
            "hold": json.dumps(why, ensure_ascii=False),
            "progress": json.dumps({"phase": "held", "read": outcome.read, "rejected": outcome.rejected_rows}),
            "encoding": outcome.encoding,
            "layout": outcome.layout,
            "seconds": (now - started).total_seconds(),
            "notes": json.dumps(outcome.notes, ensure_ascii=False),
            "now": now,
            "actor": delivery.uploader,
            "number": delivery.number,
            "reasons": json.dumps([reason[0] for reason in why]),
        },
    )
    connection.commit()
    delivery.refresh_from_db()


def clear(connection: Connection, delivery: Delivery, outcome: Outcome) -> None:
    """In the session that commits: forget what an earlier hold kept, keep what this try found as a whole."""
    connection.execute("DELETE FROM intake_finding WHERE delivery_id = %s", (delivery.pk,))
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
