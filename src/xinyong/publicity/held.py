"""What is held of an entity beyond what a visitor sees, for the subject's own special report (rules RPT-05, RPT-06)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection

from xinyong.catalogue import selectors as catalogue
from xinyong.catalogue.entry import DatasetEntry
from xinyong.ledger import rules as ledger_rules
from xinyong.publicity import show
from xinyong.publicity.clocks import acts_of
from xinyong.publicity.pages import RecordCard
from xinyong.registry import selectors as registry
from xinyong.registry.models import Entity
from xinyong.runtime import sql


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A record with its deciding organ. ``ended``: it was public once, and its time is over. ``never_public``: no period."""

    dataset: str
    entry: DatasetEntry
    authority: str
    card: RecordCard
    never_public: bool
    ended: bool


def held_records(
    entity: Entity, datasets: Sequence[str], first: date, last: date, today: date, limit: int
) -> tuple[Held, ...]:
    """Records decided from ``first`` to ``last``, newest first. Left out is what an act hides: repaired, withdrawn …

    Fields the public may not read stay out of the cards here too: the report shows more records, not more of a person.
    """
    parameters: dict[str, Any] = {
        "members": list(registry.members(entity)),
        "datasets": list(datasets),
        "first": first,
        "last": last,
        "limit": limit,
    }
    with connection.cursor() as cursor:
        cursor.execute(sql.statement("publicity", "held_records_of_entity"), parameters)
        rows: list[tuple[Any, ...]] = list(cursor.fetchall())
    found = []
    for *row, acts in rows:
        states = ledger_rules.open_states(acts_of(acts))
        if ledger_rules.hidden(states):
            continue
        dataset, digest, payload, public_from, public_until = row[1], row[2], row[4], row[12], row[13]
        entry = catalogue.text_of(digest, dataset)
        found.append(
            Held(
                dataset=dataset,
                entry=entry,
                authority=show.text_of(entry, entry.authority_field, payload) if entry.authority_field else "",
                card=show.card(row, "zh", today, states),
                never_public=public_from is None,
                ended=public_until is not None and public_until < today,
            )
        )
    return tuple(found)
