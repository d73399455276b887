"""The clock of every public record of an entity, computed when asked for, in one query."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from xinyong.catalogue import selectors as catalogue
from xinyong.ledger import rules as ledger
from xinyong.ledger.selectors import payload_of
from xinyong.publicity import clock, facts, inforce, machine
from xinyong.publicity.clock import Clock
from xinyong.publicity.rulebook import Rulebook
from xinyong.runtime import sql

#: (entity, record): what every table of a record is keyed by.
Key = tuple[int, int]


def of_entity(members: Sequence[int], today: date, *, records: Sequence[int] | None = None) -> dict[Key, Clock]:
    """Clocks of the records of these entries that are public on the day, by (entity, record).

    ``members``: what registry.selectors.members gives. ``records``: only these.
    """
    book, profile = inforce.book(), inforce.profile()
    wanted = None if records is None else list(records)
    rows = sql.kept("publicity", "clocks_of_entity", {"members": list(members), "records": wanted, "today": today})
    return {(row[0], row[1]): _judged(row, book, profile).clock for row in rows}


def of_record(entity_id: int, record_id: int) -> Clock | None:
    """The clock of one record, public or not; None when there is no such record."""
    found = judged(entity_id, record_id)
    return found.clock if found is not None else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A record as the rules see it. ``open``: entry, layout and audience let the public see it at all."""

    kind: str
    open: bool
    clock: Clock
    states: frozenset[str]

    def state(self, today: date) -> str:
        """State of its publicity on a day (:mod:`xinyong.publicity.machine`)."""
        return machine.state(self.clock if self.open else None, self.states, today)


def judged(entity_id: int, record_id: int) -> Judged | None:
    """One record as it is now; None when there is none of that number."""
    rows = sql.kept("publicity", "clock_of_record", {"entity": entity_id, "record": record_id})
    return _judged(rows[0], inforce.book(), inforce.profile()) if rows else None


def _judged(row: tuple[Any, ...], book: Rulebook, profile: str) -> Judged:
    _, _, dataset, digest, payload, decided_on, received_on, acts = row
    entry = catalogue.text_of(digest, dataset)
    said = payload_of(payload)
    marks = facts.marks(acts_of(acts))
    layout = next((item for item in entry.layouts if item.code == said.get("_layout")), None)
    narrowed = entry.record_disclosure
    given = facts.of_payload(entry, decided_on, received_on, said, book)
    return Judged(
        kind=entry.publicity_rules,
        open=facts.open_to_public(entry, layout, said.get(narrowed.field) if narrowed is not None else None),
        clock=clock.compute(given, book, profile=profile, marks=marks),
        states=marks.states,
    )


def guard(proposal: ledger.Proposal) -> None:
    """Asked before an act is recorded: does its table let it happen to this record? Raises NotPossible."""
    found = judged(proposal.entity_id, proposal.record_id)
    if found is None:
        return
    why = machine.refusal(
        proposal.act.code,
        proposal.cause,
        found.clock if found.open else None,
        found.states,
        proposal.day,
        found.kind,
        inforce.book(),
    )
    if why is not None:
        raise ledger.NotPossible(*why)


def acts_of(value: Any) -> list[ledger.Done]:
    """Acts as the statements aggregate them."""
    loaded = json.loads(value) if isinstance(value, str) else value or []
    return [
        ledger.Done(number=number, act=act, cause=cause, effective_at=datetime.fromisoformat(at))
        for number, act, cause, at in loaded
    ]
