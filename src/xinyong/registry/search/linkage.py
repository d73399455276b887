"""Linking files without codes to the register: closed world first, near names only where other fields settle them. Pure.

What a row becomes depends on the row and the register alone, never on other rows or on any order: a row that comes
later is linked as if it had been there from the beginning, and the register may be read in any pieces.

Three tiers. ``linked``: the written name is exactly one entity's registered name but for spelling, or one near name
alone is supported by another field and contradicted by none. ``person``: there are candidates. ``none``: nothing near.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from rapidfuzz import fuzz

from xinyong.registry.search import anatomy
from xinyong.registry.search.explain import Kind, Reason, explain
from xinyong.registry.search.neighbours import Neighbourhood
from xinyong.standards import names

#: Near names kept a row; a short form borne by more entities than this says nothing.
_KEPT: Final = 40
#: Likeness of addresses (0 to 100) from which they agree, and below which they differ.
_ADDRESS_AGREES: Final = 82
_ADDRESS_DIFFERS: Final = 45


class Tier(StrEnum):
    """What becomes of a row."""

    LINKED = "linked"
    PERSON = "person"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A row of the file. Empty texts: not given."""

    row: int
    name: str
    address: str = ""
    date: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A name of the register. ``registered``: the entity's present registered name, not a former or reported one."""

    entity_id: int
    key: str
    registered: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What else is known of an entity."""

    address: str = ""
    date: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A near entity and what speaks for and against it, in words."""

    entity_id: int
    key: str
    reason: Reason
    support: tuple[str, ...] = ()
    against: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What became of a row. ``rule``: name (closed world), settled (near name and another field), or empty."""

    row: int
    tier: Tier
    entity_id: int | None
    rule: str
    proposals: tuple[Proposal, ...] = ()


@dataclass(slots=True)
class _Row:
    written: Written
    part: anatomy.Anatomy
    exact: dict[int, bool] = field(default_factory=dict)
    near: dict[tuple[int, str], Reason] = field(default_factory=dict)


class Linkage:
    """The rows of a file, held against the register piece by piece, then decided."""

    def __init__(self, rows: Iterable[Written]) -> None:
        self._rows = [_Row(item, anatomy.of(item.name)) for item in rows]
        self._by_key: dict[str, list[int]] = defaultdict(list)
        self._by_form: dict[str, list[int]] = defaultdict(list)
        self._by_short: dict[str, list[int]] = defaultdict(list)
        for place, row in enumerate(self._rows):
            self._by_key[row.part.key].append(place)
            if row.part.key:
                misspelt = anatomy.misspelt_forms(row.part.key)
                for text in {row.part.body, row.part.plain, *misspelt} - {""}:
                    self._by_form[text].append(place)
                for text in _shorts(row.part, misspelt):
                    self._by_short[text].append(place)
        self._bodies = list(self._by_form)
        self._shorts = [text for text in self._by_short if len(text) >= 4]
        self._near_bodies = Neighbourhood(self._bodies)
        self._near_shorts = Neighbourhood(self._shorts)

    def meet(self, known: Sequence[Known]) -> None:
        """Hold a piece of the register against the rows."""
        parts = [anatomy.dissect(item.key) for item in known]
        pairs: set[tuple[int, int]] = set()
        for at, (item, part) in enumerate(zip(known, parts, strict=True)):
            for place in self._by_key.get(item.key, ()):
                row = self._rows[place]
                row.exact[item.entity_id] = row.exact.get(item.entity_id, False) or item.registered
            for text in {part.body, part.plain} - {""}:
                pairs.update((place, at) for place in self._by_form.get(text, ()))
            pairs.update((place, at) for place in self._by_short.get(part.short, ()))
        for kept, at in self._near_bodies.meet([part.body for part in parts]):
            pairs.update((place, at) for place in self._by_form[self._bodies[kept]])
        for kept, at in self._near_shorts.meet([part.short for part in parts]):
            pairs.update((place, at) for place in self._by_short[self._shorts[kept]])
        for place, at in pairs:
            row = self._rows[place]
            if not row.exact:
                reason = explain(row.part, parts[at])
                if reason.kind is not Kind.WORDS:
                    row.near[known[at].entity_id, known[at].key] = reason

    def wanted(self) -> set[int]:
        """The entities whose facts can settle a row."""
        return {entity for row in self._rows if not row.exact for (entity, _), _ in _nearest(row)}

    def decide(self, facts: Mapping[int, Facts]) -> list[Decision]:
        """What becomes of each row, in the order of the rows."""
        return [_decided(row, facts) for row in self._rows]


def _shorts(part: anatomy.Anatomy, misspelt: Sequence[str]) -> set[str]:
    """The short forms a written name may have, by each way its region may be read."""
    found = {part.short, part.short[anatomy.bare_county_length(part.short) :]}
    found |= {text[anatomy.region_length(text) :] for text in (part.plain, *misspelt) if text}
    return {text for text in found if len(text) >= 2}


def _nearest(row: _Row) -> list[tuple[tuple[int, str], Reason]]:
    ordered = sorted(row.near.items(), key=lambda item: (item[1].distance, item[1].kind, item[0]))
    kept: dict[int, tuple[tuple[int, str], Reason]] = {}
    for item in ordered:
        kept.setdefault(item[0][0], item)
    return list(kept.values())[:_KEPT]


def _decided(row: _Row, facts: Mapping[int, Facts]) -> Decision:
    number = row.written.row
    if row.exact:
        registered = [entity for entity, is_registered in row.exact.items() if is_registered]
        proposals = tuple(
            Proposal(entity_id=entity, key=row.part.key, reason=Reason(kind=Kind.NAME)) for entity in sorted(row.exact)
        )
        if len(row.exact) == 1 and registered:
            return Decision(row=number, tier=Tier.LINKED, entity_id=registered[0], rule="name", proposals=proposals)
        return Decision(row=number, tier=Tier.PERSON, entity_id=None, rule="", proposals=proposals)
    proposals = tuple(_proposal(row, entity, key, reason, facts) for (entity, key), reason in _nearest(row))
    if not proposals:
        return Decision(row=number, tier=Tier.NONE, entity_id=None, rule="")
    settled = [item for item in proposals if settles(item)]
    if len(settled) == 1:
        return Decision(
            row=number, tier=Tier.LINKED, entity_id=settled[0].entity_id, rule="settled", proposals=proposals
        )
    return Decision(row=number, tier=Tier.PERSON, entity_id=None, rule="", proposals=proposals)


def _proposal(row: _Row, entity: int, key: str, reason: Reason, facts: Mapping[int, Facts]) -> Proposal:
    known = facts.get(entity, Facts())
    support, against = [], []
    for rule in (address_agrees, date_agrees):
        verdict = rule(row.written, known)
        if verdict is True:
            support.append(rule.__name__)
        elif verdict is False:
            against.append(rule.__name__)
    if not anatomy_agrees(row.part, reason):
        against.append("place_differs")
    return Proposal(entity_id=entity, key=key, reason=reason, support=tuple(support), against=tuple(against))


def settles(item: Proposal) -> bool:
    """A near name is settled when another field supports it and none contradicts. 另有字段印证且无矛盾。"""
    return bool(item.support) and not item.against and item.reason.distance <= 1


def address_agrees(written: Written, known: Facts) -> bool | None:
    """The addresses are the same street and number, or clearly different; None when one is missing or it is unclear. 地址。"""
    if not written.address or not known.address:
        return None
    one, other = names.matching_key(written.address), names.matching_key(known.address)
    numbers = [_numbers(text) for text in (one, other)]
    likeness = max(fuzz.ratio(one, other), fuzz.partial_ratio(one, other) if min(len(one), len(other)) >= 8 else 0)
    if likeness >= _ADDRESS_AGREES and (
        numbers[0] == numbers[1]
        or not all(numbers)
        or numbers[0][: len(numbers[1])] == numbers[1]
        or numbers[1][: len(numbers[0])] == numbers[0]
    ):
        return True
    return False if likeness < _ADDRESS_DIFFERS else None


def _numbers(text: str) -> list[str]:
    found, current = [], ""
    for char in text:
        if char.isdigit():
            current += char
        elif current:
            found.append(current)
            current = ""
    return [*found, current] if current else found


def date_agrees(written: Written, known: Facts) -> bool | None:
    """The dates of establishment are equal, or differ; None when one is missing. 成立日期。"""
    if not written.date or not known.date:
        return None
    return written.date == known.date


def anatomy_agrees(part: anatomy.Anatomy, reason: Reason) -> bool:
    """The region in front of the names does not contradict. 名称中的地名。"""
    del part
    return reason.kind is not Kind.PLACE and not (reason.distance == 2 and reason.wrote == "")


#: What the names of the rules mean to a reader.
WORDS: Final[dict[str, tuple[str, str]]] = {
    "name": ("名称与登记名称一致，且登记中唯一", "The name is one entity's registered name, and no other's"),
    "settled": ("名称相近，另有字段印证且无矛盾", "A near name, supported by another field, contradicted by none"),
    "address_agrees": ("地址", "address"),
    "date_agrees": ("成立日期", "date of establishment"),
    "place_differs": ("名称中的地名", "place in the name"),
}

Source = Callable[[set[int]], Mapping[int, Facts]]


def link(rows: Iterable[Written], register: Iterable[Sequence[Known]], facts: Source) -> list[Decision]:
    """Link ``rows`` to a register read piece by piece; ``facts`` is asked once, for the entities that matter."""
    linkage = Linkage(rows)
    for piece in register:
        linkage.meet(piece)
    return linkage.decide(facts(linkage.wanted()))
