"""Lists of results, page by page: the same total on every page, facets whose counts are what choosing them gives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from xinyong.registry.search import anatomy
from xinyong.registry.search.explain import Kind, Reason
from xinyong.registry.search.find import (
    COMMON,
    COMPARED,
    ENOUGH,
    FACETED,
    FACETS,
    LIMIT,
    MOST,
    Facet,
    Hit,
    Lookup,
    Page,
    Row,
    array,
    fetch,
    has_letters,
)

_NOTHING = Page(hits=(), total=0, capped=False, tried=())


def page(text: str, number: int, size: int, chosen: Mapping[str, str] | None = None, *, facets: bool = False) -> Page:
    """One page of the entities a text finds, narrowed by ``chosen`` (field to value) where the list can be narrowed.

    Pages of one text do not overlap and have the same total. A page beyond the last one is empty.
    """
    lookup = Lookup(text)
    if not lookup.key:
        return _NOTHING
    start = min((number - 1) * size, MOST)
    if has_letters(lookup.key):
        return _cut(lookup, _spelled(lookup), start, size, chosen, facets=facets)
    counted = lookup.part(size if start < MOST else 1, start if start < MOST else 0)
    if counted is None:
        return _common(lookup, start, size)
    rows, total = counted
    if not rows and start:
        total = (lookup.part(1) or ([], 0))[1]
    if total < ENOUGH:
        return _cut(lookup, _corrected(lookup, rows if not start else None), start, size, chosen, facets=facets)
    if total <= FACETED and (facets or chosen):
        every, _ = lookup.part(FACETED) or ([], 0)
        return _narrowed(lookup, every, start, size, chosen)
    shown = [] if start >= MOST else rows
    return Page(
        hits=tuple(_in_order(lookup, shown)), total=min(total, MOST), capped=total > MOST, tried=tuple(lookup.tried)
    )


def _in_order(lookup: Lookup, rows: Sequence[Row]) -> list[Hit]:
    """Hits in the order the database gave them."""
    if not rows:
        return []
    lookup.take(rows)
    place = {row[0]: at for at, row in enumerate(rows)}
    return sorted(lookup.ranked(len(rows), list(place)), key=lambda hit: place[hit.name_id])


def _corrected(lookup: Lookup, rows: Sequence[Row] | None) -> list[Hit]:
    """Few names have the text as it is: those, and where none is the text as a whole, the ones that nearly are."""
    if rows is None:
        rows = (lookup.part(LIMIT) or ([], 0))[0]
    lookup.take(rows)
    lookup.exact()
    lookup.shorts()
    if not lookup.answered():
        lookup.slips()
        if not lookup.nearly_answered():
            lookup.heard()
            lookup.seen()
    return [hit for hit in lookup.ranked(COMPARED) if relevant(hit.reason, lookup.query)]


def relevant(reason: Reason, query: anatomy.Anatomy) -> bool:
    """Whether a hit is shown in a list of results; names that only share words are left to the review desk."""
    return reason.kind is not Kind.WORDS or reason.distance <= max(1, len(query.short) // 4)


def _spelled(lookup: Lookup) -> list[Hit]:
    """A query with Latin letters: the letters as they stand, pinyin, initials, characters and pinyin mixed."""
    lookup.exact()
    counted = lookup.part(LIMIT) if len(lookup.key) >= 2 else None
    lookup.take(counted[0] if counted else [])
    if lookup.letters:
        lookup.pinyin()
    else:
        lookup.mixed()
        if len(lookup.found) < ENOUGH:
            lookup.slips()
    furthest = max(2, len(lookup.key) // 5)
    return [hit for hit in lookup.ranked(COMPARED) if hit.reason.distance <= furthest]


def _common(lookup: Lookup, start: int, size: int) -> Page:
    """A text of one character, or so common that it is in a hundredth of all names: those that begin with it."""
    lookup.exact()
    exact = [(name_id, *texts) for name_id, texts in lookup.found.items()]
    rows = lookup.begin(COMMON)
    every = list({row[0]: row for row in [*exact, *rows]}.values())
    hits = _in_order(lookup, every[start : start + size])
    return Page(hits=tuple(hits), total=len(every), capped=len(rows) >= COMMON, tried=tuple(lookup.tried))


Facts = dict[str, str]


def _matches(facts: Facts, chosen: Mapping[str, str], without: str = "") -> bool:
    return all(facts[field] == value for field, value in chosen.items() if field != without)


def _facets(every: Sequence[Facts], chosen: Mapping[str, str]) -> tuple[Facet, ...]:
    found = []
    for field in FACETS:
        counts = Counter(facts[field] for facts in every if facts[field] and _matches(facts, chosen, without=field))
        found += [
            Facet(field=field, value=value, count=count)
            for value, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        ]
    return tuple(found)


def _usable(chosen: Mapping[str, str] | None) -> dict[str, str]:
    return {field: value for field, value in (chosen or {}).items() if field in FACETS and value}


def _cut(
    lookup: Lookup, hits: Sequence[Hit], start: int, size: int, chosen: Mapping[str, str] | None, *, facets: bool
) -> Page:
    """A page of a list that is held whole."""
    wanted = _usable(chosen)
    pairs = [(hit, {"kind": hit.entity_kind, "status": hit.status, "place": hit.place}) for hit in hits]
    kept = [hit for hit, facts in pairs if _matches(facts, wanted)]
    return Page(
        hits=tuple(kept[start : start + size]),
        total=len(kept),
        capped=len(hits) >= COMPARED,
        tried=tuple(lookup.tried),
        facets=_facets([facts for _, facts in pairs], wanted) if facets else (),
    )


def _narrowed(lookup: Lookup, every: Sequence[Row], start: int, size: int, chosen: Mapping[str, str] | None) -> Page:
    """A page of a list the database counted, narrowed by facts of the entities."""
    wanted = _usable(chosen)
    facts: dict[int, Any] = {
        row[0]: {"kind": row[1], "status": row[2], "place": row[3]}
        for row in fetch("search_facts", names=array(row[0] for row in every))
    }
    kept = [row for row in every if row[0] in facts and _matches(facts[row[0]], wanted)]
    return Page(
        hits=tuple(_in_order(lookup, kept[start : start + size])),
        total=len(kept),
        capped=False,
        tried=tuple(lookup.tried),
        facets=_facets(list(facts.values()), wanted),
    )
