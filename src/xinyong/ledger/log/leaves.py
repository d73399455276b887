"""All leaves of the log in their order, read from the ledger as it stands now: versions and acts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from xinyong.ledger.log.acts import Acts
from xinyong.ledger.log.leaf import Blinds
from xinyong.ledger.log.rows import Read, Span, Versions
from xinyong.ledger.log.state import Connection, Range

#: Acts looked up at once.
_ACTS = 4_096


class Leaves:
    """Reads the ledger of one database as entries of its log."""

    def __init__(self, connection: Connection, blinds: Blinds) -> None:
        self.versions = Versions(connection, blinds)
        self.acts = Acts(connection, blinds)

    def read(self, ranges: Iterable[Range]) -> Iterator[Read]:
        """Entries of each range in the order of the ranges, a long one in pieces."""
        for is_act, run in groupby(ranges, key=lambda item: item.versions is None):
            if is_act:
                yield from self._acts(run)
            else:
                yield from self.versions.read(_span(item) for item in run)

    def _acts(self, run: Iterable[Range]) -> Iterator[Read]:
        waiting: list[Range] = []
        for item in run:
            waiting.append(item)
            if len(waiting) == _ACTS:
                yield from self._read_acts(waiting)
                waiting = []
        yield from self._read_acts(waiting)

    def _read_acts(self, items: list[Range]) -> Iterator[Read]:
        known = self.acts.statements({item.event: item.first_leaf for item in items})
        for item in items:
            entry = known[item.event].entry if item.event in known else b""
            yield Read(Span(item.event, item.event, item.first_leaf, item.recorded_at), [entry], acts=True)


def _span(item: Range) -> Span:
    assert item.versions is not None  # acts go another way
    return Span(*item.versions, item.first_leaf, item.recorded_at)
