"""Was a record ever public? Derived from the ledger each time, so it needs no list of what was taken down."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from xinyong.catalogue import selectors as catalogue
from xinyong.ledger import rules as ledger_rules
from xinyong.ledger.selectors import RecordHistory
from xinyong.publicity import facts, inforce, judging
from xinyong.publicity.clock import Clock


def clock_of_version(version: Mapping[str, Any], done: Iterable[ledger_rules.Done] = ()) -> Clock | None:
    """The clock a version of :class:`RecordHistory` had under the rules in force, after these acts; None: not public."""
    entry = catalogue.text_of(version["digest"], version["dataset"])
    payload = version["payload"]
    layout = next((item for item in entry.layouts if item.code == payload.get("_layout")), None)
    book = inforce.book()
    given = facts.of_payload(entry, version["decided_on"], timezone.localdate(version["received_at"]), payload, book)
    narrowed = entry.record_disclosure
    return judging.clock_of(
        entry,
        layout,
        given,
        book,
        inforce.profile(),
        facts.marks(done),
        said=payload.get(narrowed.field) if narrowed is not None else None,
    )


def acts(history: RecordHistory) -> list[tuple[datetime, ledger_rules.Done]]:
    """What happened to the record, each with the time it was recorded."""
    return [
        (
            act["recorded_at"],
            ledger_rules.Done(
                number=act["event_id"], act=act["act"], effective_at=act["effective_at"], cause=act["cause"]
            ),
        )
        for act in history.acts
    ]


def was_public(history: RecordHistory, today: date) -> bool:
    """Whether a visitor could see the record at any time up to ``today``.

    A version counts from when it was recorded, until the next one came or its period ended, while no act hid it.
    """
    done_at = acts(history)
    times = [version["recorded_at"] for version in history.versions]
    for version, until in zip(history.versions, [*times[1:], None], strict=True):
        begin = version["recorded_at"]
        for moment in [begin, *(at for at, _ in done_at if at > begin)]:
            if until is not None and moment >= until:
                break
            done = [act for at, act in done_at if at <= moment]
            clock = clock_of_version(version, done)
            if clock is None or clock.public_from is None or clock.public_from > today:
                continue
            day = max(timezone.localdate(moment), clock.public_from)
            if day <= min(today, clock.latest_end or today) and not ledger_rules.hidden(ledger_rules.open_states(done)):
                return True
    return False
