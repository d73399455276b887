"""Structure of CSV after RFC 4180, found with whole-array operations and no guessing.

A pass over the bytes marks the few that can matter (delimiter, quote, line ends, controls); everything else works on
their positions. Quotes toggle between inside and outside; each must stand where RFC 4180 lets it: an opening quote
at the start of a cell, a closing one at its end, or two together inside. The first that does not is a *violation*,
and nothing after the start of its record is taken as known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Positions = npt.NDArray[np.intp]
Mask = npt.NDArray[np.bool_]
Bytes = npt.NDArray[np.uint8]

QUOTE = 0x22
LF = 0x0A
CR = 0x0D
_LOW = ord(",")
_PLAIN, _DELIMITER, _QUOTE, _LF, _CR, _CONTROL, _C2 = range(7)


@dataclass(frozen=True, slots=True)
class Scan:
    """Positions within one piece of text that begins at the start of a record."""

    data: Bytes
    #: Last byte of the line end of every complete and sound record.
    ends: Positions
    #: Delimiters outside quotes.
    delimiters: Positions
    #: Carriage returns outside quotes that precede a line feed, and those that end a line alone.
    returns: Positions
    lone_returns: Positions
    #: Control characters, wherever they stand.
    controls: Positions
    quoted: bool
    #: First quote that RFC 4180 does not allow, and where its cell opened; -1 if none.
    violation: int
    opened: int
    #: The quote left open at the end of the text; -1 if none.
    unclosed: int


class Scanner:
    """Scans pieces of text for one delimiter."""

    def __init__(self, delimiter: str) -> None:
        self._delimiter = ord(delimiter)
        kinds = np.zeros(256, dtype=np.uint8)
        kinds[:32] = _CONTROL
        kinds[0x7F] = _CONTROL
        kinds[0x09] = _PLAIN
        kinds[0xC2] = _C2
        kinds[self._delimiter] = _DELIMITER
        kinds[QUOTE], kinds[LF], kinds[CR] = _QUOTE, _LF, _CR
        self._kinds = kinds
        edge = np.zeros(256, dtype=np.bool_)
        edge[[self._delimiter, QUOTE, LF, CR]] = True
        self._edge = edge

    def scan(self, text: bytes | memoryview, final: bool) -> Scan:
        data = np.frombuffer(text, dtype=np.uint8)
        size = len(data)
        # All that matters but DEL and the lead of the C1 controls lies below the comma or is the delimiter: one
        # comparison leaves a few bytes to look up.
        mask = data <= _LOW
        for byte in (0x7F, 0xC2, *([self._delimiter] if self._delimiter > _LOW else [])):
            here = data == byte
            if here.any():
                mask |= here
        places = np.flatnonzero(mask)
        kinds = self._kinds[data[places]]
        mattering = kinds != _PLAIN
        if not mattering.all():
            places, kinds = places[mattering], kinds[mattering]
        is_quote = kinds == _QUOTE
        quoted = bool(is_quote.any())
        violation = opened = unclosed = -1
        if quoted:
            parity = np.bitwise_xor.accumulate(is_quote.view(np.uint8))
            outside = parity == is_quote  # parity counts the quote itself
            quotes, opening = places[is_quote], outside[is_quote]
            violation, opened, unclosed = self._check_quotes(data, quotes, opening)
            outside &= ~is_quote
            if violation >= 0:
                outside &= places < violation
        else:
            outside = np.ones(len(places), dtype=np.bool_)
        feeds = places[outside & (kinds == _LF)]
        returns = places[outside & (kinds == _CR)]
        lone = returns[:0]
        if len(returns):
            following = np.minimum(returns + 1, size - 1)
            paired = (data[following] == LF) & (returns + 1 < size)
            undecided = (returns == size - 1) & (not final)
            lone = returns[~paired & ~undecided]
            returns = returns[paired]
        ends = np.sort(np.concatenate((feeds, lone))) if len(lone) else feeds
        controls = places[kinds == _CONTROL]
        latin = places[kinds == _C2]
        if len(latin):
            second = data[np.minimum(latin + 1, size - 1)]
            latin = latin[(second >= 0x80) & (second < 0xA0) & (latin + 1 < size)]
            if len(latin):
                controls = np.sort(np.concatenate((controls, latin)))
        return Scan(
            data,
            ends,
            places[outside & (kinds == _DELIMITER)],
            returns,
            lone,
            controls,
            quoted,
            violation,
            opened,
            unclosed,
        )

    def _check_quotes(self, data: Bytes, quotes: Positions, opening: Mask) -> tuple[int, int, int]:
        size = len(data)
        previous = data[np.maximum(quotes - 1, 0)]
        following = data[np.minimum(quotes + 1, size - 1)]
        allowed = np.where(opening, (quotes == 0) | self._edge[previous], (quotes == size - 1) | self._edge[following])
        # an opening quote right behind another quote goes on with the same cell: "" inside it
        starts = quotes[opening & ((quotes == 0) | (previous != QUOTE))]
        bad = np.flatnonzero(~allowed)
        if len(bad):
            violation = int(quotes[bad[0]])
            if opening[bad[0]]:
                return violation, violation, -1
            return violation, int(starts[starts <= violation][-1]), -1
        if len(quotes) % 2:
            return -1, -1, int(starts[-1])
        return -1, -1, -1


def record_of(places: Positions, ends: Positions) -> Positions:
    """Index of the record in which each position lies (``len(ends)`` for the unfinished one)."""
    return np.searchsorted(ends, places)


def among(places: Positions, sorted_places: Positions) -> Mask:
    """Which of ``places`` are in ``sorted_places``."""
    if not len(sorted_places):
        return np.zeros(len(places), dtype=np.bool_)
    at = np.minimum(np.searchsorted(sorted_places, places), len(sorted_places) - 1)
    found: Mask = sorted_places[at] == places
    return found


def count_delimiters(scan: Scan, records: int) -> npt.NDArray[Any]:
    """Delimiters in each of the first ``records`` records."""
    upto = np.searchsorted(scan.delimiters, scan.ends[:records])
    return np.diff(upto, prepend=0)


def cells_of(text: str, delimiter: str) -> list[str]:
    """Cells of one record without its line end; lenient where RFC 4180 is broken (used for remarks only then)."""
    cells: list[str] = []
    start, size = 0, len(text)
    while True:
        if start < size and text[start] == '"':
            stop = start + 1
            while True:
                stop = text.find('"', stop)
                if stop < 0:
                    stop = size
                    break
                if text.startswith('""', stop):
                    stop += 2
                    continue
                break
            end = text.find(delimiter, min(stop + 1, size))
            end = size if end < 0 else end
            cells.append(text[start + 1 : stop].replace('""', '"') + text[stop + 1 : end])
        else:
            end = text.find(delimiter, start)
            end = size if end < 0 else end
            cells.append(text[start:end])
        if end >= size:
            return cells
        start = end + 1
