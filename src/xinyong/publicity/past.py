"""Was a record ever public? Derived from the ledger each time, so it needs no list of what was taken down."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from xinyong.catalogue import selectors as catalogue
from xinyong.ledger import rules as ledger_rules
from xinyong.ledger.selectors import RecordHistory
from xinyong.publicity import effects
from xinyong.publicity.rules import Period


def period_of_version(version: Mapping[str, Any]) -> Period | None:
    """The period a version of :class:`RecordHistory` had, as far as its own text decides."""
    entry = catalogue.text_of(version["digest"], version["dataset"])
    layout = next((item for item in entry.layouts if item.code == version["payload"].get("_layout")), None)
    fields = dict(entry.publicity_fields)
    if entry.record_disclosure is not None:
        fields[effects.AUDIENCE] = entry.record_disclosure.field
    values = {name: version["payload"].get(code) for name, code in fields.items()}
    received_on = timezone.localdate(version["received_at"])
    return effects.period_of(entry, layout, version["decided_on"], received_on, values)


def was_public(history: RecordHistory, today: date) -> bool:
    """Whether a visitor could see the record at any time up to ``today``.

    A version counts from when it was recorded, until the next one came or its period ended, while no act hid it.
    """
    times = [version["recorded_at"] for version in history.versions]
    for version, until in zip(history.versions, [*times[1:], None], strict=True):
        period = period_of_version(version)
        if period is None or period.public_from > today:
            continue
        begin = version["recorded_at"]
        last = min(today, period.public_until or today)
        moments = [begin, *(act["recorded_at"] for act in history.acts if act["recorded_at"] > begin)]
        for moment in moments:
            if until is not None and moment >= until:
                break
            day = max(timezone.localdate(moment), period.public_from)
            if day <= last and not _hidden(history, moment):
                return True
    return False


def _hidden(history: RecordHistory, moment: datetime) -> bool:
    done = [
        ledger_rules.Done(number=act["event_id"], act=act["act"], effective_at=act["effective_at"])
        for act in history.acts
        if act["recorded_at"] <= moment
    ]
    return ledger_rules.hidden(ledger_rules.open_states(done))
