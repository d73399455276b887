"""Which terms a name must have to be what was typed, exactly or but for one slip. Pure.

One slip (wrong, missing, extra, two swapped) spoils only the pairs that touch its place. So a name one slip away has
all pairs of the query but those around one place: a handful of conjunctions says exactly that, and each is looked up
by its rarest pairs alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from xinyong.registry.search import grams

#: Of a conjunction the rarest so many terms are looked up; more would cost time and exclude hardly anything.
_RAREST: Final = 4
#: Of a whole text more of them: it is looked up once, and what is excluded here need not be read from the table.
_RAREST_WHOLE: Final = 8
#: Names one page of a term's list in the index holds, about.
_A_PAGE: Final = 4_000
#: Entries of the index that are read in the time of one name.
_ENTRIES_A_NAME: Final = 16
#: What a further term leaves of the names, about: terms of one word go together.
_LEFT: Final = 3
#: From this length on, places are left out by two; from the next on, by three.
_TWO: Final = 10
_THREE: Final = 14


@dataclass(frozen=True, slots=True)
class Pair:
    """Two characters of the query (their places) and their term."""

    first: int
    second: int
    term: int


def pairs(text: str) -> list[Pair]:
    """Pairs of characters at most two apart."""
    places = [(i, i + step) for step in (1, 2) for i in range(len(text) - step)]
    terms = grams.of_pairs([(text[i], text[j]) for i, j in places])
    return [Pair(i, j, term) for (i, j), term in zip(places, terms, strict=True)]


def syllable_pairs(parts: Sequence[str]) -> list[Pair]:
    """Neighbouring syllables; a gap (empty syllable) joins nothing."""
    places = [i for i in range(len(parts) - 1) if parts[i] and parts[i + 1]]
    terms = grams.of_syllables([(parts[i], parts[i + 1]) for i in places])
    return [Pair(i, i + 1, term) for i, term in zip(places, terms, strict=True)]


@dataclass(frozen=True, slots=True)
class Conjunction:
    """Terms a name must all have; ``cost``: how many names have the rarest of them; ``left``: about how many have them all."""

    terms: tuple[int, ...]
    cost: int
    left: int

    @property
    def work(self) -> int:
        """Names read from the table, about; so many entries of the index take as long as one."""
        return self.left + self.cost // _ENTRIES_A_NAME


def conjunction(kept: Iterable[Pair], counts: Mapping[int, int], most: int = _RAREST) -> Conjunction | None:
    """The rarest terms of ``kept``, at most so many; None when there are none or no name has one of them.

    A common term ends them: to look into its list for each name costs more than to read the few names it would exclude.
    """
    terms = sorted({pair.term for pair in kept}, key=lambda term: (counts.get(term, 0), term))
    if not terms or not counts.get(terms[0], 0):
        return None
    chosen, left = [terms[0]], counts[terms[0]]
    for term in terms[1:most]:
        if counts[term] // _A_PAGE > left // 2:
            break
        chosen.append(term)
        left //= _LEFT
    return Conjunction(tuple(chosen), counts[terms[0]], max(1, left))


def whole(all_pairs: Sequence[Pair], counts: Mapping[int, int]) -> Conjunction | None:
    """For a name that has the query as it is."""
    return conjunction(all_pairs, counts, _RAREST_WHOLE)


def slipped(all_pairs: Sequence[Pair], size: int, counts: Mapping[int, int]) -> list[Conjunction]:
    """For names one slip away from a query of ``size`` characters, the cheapest first, none implied by another."""
    found = {item for kept in _kept(all_pairs, size) if (item := conjunction(kept, counts))}
    ordered = sorted(found, key=lambda item: (item.work, item.terms))
    # A conjunction that asks for more of the same terms finds nothing that the other does not.
    sets = [frozenset(item.terms) for item in ordered]
    return [item for item, mine in zip(ordered, sets, strict=True) if not any(other < mine for other in sets)]


def _kept(all_pairs: Sequence[Pair], size: int) -> Iterable[list[Pair]]:
    if size >= _TWO:
        width, step = (3, 2) if size >= _THREE else (2, 1)
        for begin in range(0, size - 1, step):
            left_out = range(begin, begin + width)
            yield [pair for pair in all_pairs if pair.first not in left_out and pair.second not in left_out]
        return
    for place in range(size):  # wrong or extra
        yield [pair for pair in all_pairs if place not in (pair.first, pair.second)]
    for gap in range(size - 1):  # missing between gap and gap + 1
        yield [pair for pair in all_pairs if not (pair.first <= gap < pair.second and pair.second - pair.first == 2)]
    for place in range(size - 1):  # swapped with the next
        spoiled = {(place, place + 1), (place - 2, place), (place + 1, place + 3)}
        yield [pair for pair in all_pairs if (pair.first, pair.second) not in spoiled]


def mended(text: str) -> list[str]:
    """What ``text`` is with two neighbours swapped back or one character too many taken away: slips with few ways to be."""
    swapped = [text[:i] + text[i + 1] + text[i] + text[i + 2 :] for i in range(len(text) - 1)]
    shorter = [text[:i] + text[i + 1 :] for i in range(len(text))]
    return [other for other in dict.fromkeys(swapped + shorter) if other != text and len(other) > 1]
