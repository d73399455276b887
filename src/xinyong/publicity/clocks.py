"""The clock of every public record of an entity, computed when asked for, in one query."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.db import connection

from xinyong.catalogue import selectors as catalogue
from xinyong.ledger import rules as ledger
from xinyong.ledger.selectors import payload_of
from xinyong.publicity import clock, facts, inforce
from xinyong.publicity.clock import Clock
from xinyong.runtime import sql

#: (entity, record): what every table of a record is keyed by.
Key = tuple[int, int]


def of_entity(members: Sequence[int], today: date, *, records: Sequence[int] | None = None) -> dict[Key, Clock]:
    """Clocks of the records of these entries that are public on the day, by (entity, record).

    ``members``: what registry.selectors.members gives. ``records``: only these.
    """
    return _clocks(
        "clocks_of_entity",
        {"members": list(members), "records": None if records is None else list(records), "today": today},
    )


def of_record(entity_id: int, record_id: int) -> Clock | None:
    """The clock of one record, public or not; None when there is no such record."""
    return _clocks("clock_of_record", {"entity": entity_id, "record": record_id}).get((entity_id, record_id))


def _clocks(statement: str, parameters: dict[str, Any]) -> dict[Key, Clock]:
    book, profile = inforce.book(), inforce.profile()
    with connection.cursor() as cursor:
        cursor.execute(sql.statement("publicity", statement), parameters)
        rows = cursor.fetchall()
    found = {}
    for entity, record, dataset, digest, payload, decided_on, received_on, acts in rows:
        entry = catalogue.text_of(digest, dataset)
        done = [
            ledger.Done(number=number, act=act, cause=cause, effective_at=effective_at)
            for number, act, cause, effective_at in acts_of(acts)
        ]
        given = facts.of_payload(entry, decided_on, received_on, payload_of(payload), book)
        found[entity, record] = clock.compute(given, book, profile=profile, marks=facts.marks(done))
    return found


def acts_of(value: Any) -> list[tuple[int, str, str, Any]]:
    """Acts as the statements aggregate them."""
    loaded = json.loads(value) if isinstance(value, str) else value or []
    return [(item[0], item[1], item[2], datetime.fromisoformat(item[3])) for item in loaded]
