"""From what a department sent and officers recorded to the plain values the rules ask for. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from xinyong.catalogue.entry import DatasetEntry, Disclosure, Layout
from xinyong.ledger import rules as ledger
from xinyong.publicity.clock import Facts, Marks
from xinyong.publicity.rulebook import Rulebook

AUDIENCE = "audience"


def fields_read(entry: DatasetEntry) -> dict[str, str]:
    """Payload fields the dates depend on, by purpose."""
    fields = dict(entry.publicity_fields)
    if entry.record_disclosure is not None:
        fields[AUDIENCE] = entry.record_disclosure.field
    return fields


def words_read(entry: DatasetEntry, fine_field: str | None = None) -> dict[str, str]:
    """Payload fields read as text: what was done and who decided, which tell the sector; the fine where it matters.

    Penalties only. ``fine_field``: :func:`fine_field` of the book.
    """
    if entry.publicity_rules != "penalty":
        return {}
    named = {"act": entry.title_field, "organ": entry.authority_field, "fine": fine_field}
    return {purpose: name for purpose, name in named.items() if name}


def fine_field(entry: DatasetEntry, *books: Rulebook) -> str | None:
    """The field with the fine, where one of the books asks for a figure."""
    return next((book.fine_fields.get(entry.code) for book in books if book.fine_limits), None)


def fine_of(text: Any) -> float | None:
    """A fine in wan yuan as stored; None for anything else."""
    try:
        return float(str(text))
    except ValueError:
        return None


def open_to_public(entry: DatasetEntry, layout: Layout | None, said: Any) -> bool:
    """Whether entry, layout and the record itself (``said``: its audience) let anyone see it."""
    if entry.disclosure is not Disclosure.PUBLIC:
        return False
    if layout is not None and layout.disclosure not in (None, Disclosure.PUBLIC):
        return False
    narrowed = entry.record_disclosure
    # An empty cell leaves it to the entry; a value the entry does not know is never read as public.
    return narrowed is None or not said or dict(narrowed.values).get(said) is Disclosure.PUBLIC


def sectors(book: Rulebook, act: str, organ: str) -> frozenset[str]:
    """Fields of the rules a penalty belongs to, by the words of the act and of the organ."""
    return frozenset(
        code
        for code, sector in book.sectors.items()
        if any(word in act for word in sector.words) or any(word in organ for word in sector.organs)
    )


def market_regulation(book: Rulebook, organ: str) -> bool:
    """Whether the organ's penalties also stand in the national enterprise system."""
    return any(word in organ for word in book.market_organs)


def of_values(
    entry: DatasetEntry,
    decided_on: date | None,
    received_on: date,
    values: Mapping[str, Any],
    *,
    sectors: frozenset[str] = frozenset(),
    market_regulation: bool = False,
    fine: float | None = None,
) -> Facts:
    """``values``: payload values by purpose (:func:`fields_read`)."""
    kinds = values.get("kinds") or ()
    return Facts(
        kind=entry.publicity_rules,
        decided_on=decided_on,
        received_on=received_on,
        kinds=(kinds,) if isinstance(kinds, str) else tuple(map(str, kinds)),
        sectors=sectors,
        market_regulation=market_regulation,
        fine=fine,
        named_end=_date(values.get("named_end")),
        left_on=_date(values.get("left_on")),
        planned_end=_date(values.get("planned_end")),
        until=_date(values.get("until")),
    )


def of_payload(
    entry: DatasetEntry, decided_on: date | None, received_on: date, payload: Mapping[str, Any], book: Rulebook
) -> Facts:
    """The same from a whole payload."""
    values = {purpose: payload.get(name) for purpose, name in fields_read(entry).items()}
    named = words_read(entry, fine_field(entry, book))
    said = {purpose: str(payload.get(name) or "") for purpose, name in named.items()}
    act, organ = said.get("act", ""), said.get("organ", "")
    return of_values(
        entry,
        decided_on,
        received_on,
        values,
        sectors=sectors(book, act, organ),
        market_regulation=market_regulation(book, organ),
        fine=fine_of(said["fine"]) if "fine" in said else None,
    )


def marks(acts: Iterable[ledger.Done]) -> Marks:
    """What officers recorded, as far as it stands."""
    by_number = {done.number: done for done in acts}
    states = ledger.open_states(by_number.values())
    return Marks(
        states=frozenset(states),
        grade=by_number[states["classified"]].cause if "classified" in states else "",
        necessary="necessary" in states,
        hold=by_number[states["held"]].cause if "held" in states else "",
    )


def _date(text: Any) -> date | None:
    if not isinstance(text, str):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
