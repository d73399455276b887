"""Versions as the leaves they are: read packed from the database, many at a time, in the order of their numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, Final

import numpy as np

from xinyong.ledger.log import leaf
from xinyong.ledger.log.state import Connection
from xinyong.runtime import sql

#: Versions read at once: 14 MB of rows.
WINDOW: Final = 131_072


@dataclass(frozen=True, slots=True)
class Span:
    """A run of versions that are a run of leaves, and when their event was committed."""

    first: int
    last: int
    first_leaf: int
    recorded_at: datetime | None

    @property
    def count(self) -> int:
        """Number of versions."""
        return self.last - self.first + 1

    def parts(self) -> Iterator[Span]:
        """The same run in pieces that fit a window."""
        for first in range(self.first, self.last + 1, WINDOW):
            leaf_at = self.first_leaf + first - self.first
            yield Span(first, min(self.last, first + WINDOW - 1), leaf_at, self.recorded_at)


@dataclass(slots=True)
class Read:
    """The entries of a span: empty where a version is missing. ``doubled``: versions that are there twice. ``acts``: the
    span is one act, ``first`` its event."""

    span: Span
    entries: list[bytes]
    doubled: list[int] = field(default_factory=list)
    acts: bool = False

    @property
    def whole(self) -> bool:
        """Whether every version is there, once."""
        return all(self.entries) and not self.doubled


def moment(value: datetime | None) -> str:
    """A time as leaves write it: UTC with microseconds. Empty for none."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ") if value else ""


class Versions:
    """Reads versions of one database as entries of its log."""

    def __init__(self, connection: Connection, blinds: leaf.Blinds) -> None:
        self._connection = connection
        self._blinds = blinds
        self._contexts: dict[tuple[int, int], tuple[str, str, str, str]] = {}

    def read(self, spans: Iterable[Span]) -> Iterator[Read]:
        """Entries of each span, in pieces, in the order of the spans."""
        window: list[Span] = []
        for span in spans:
            for part in span.parts():
                if window and sum(item.count for item in window) + part.count > WINDOW:
                    yield from self._window(window)
                    window = []
                window.append(part)
        if window:
            yield from self._window(window)

    def _window(self, spans: list[Span]) -> Iterator[Read]:
        """Loaders number versions side by side, so neighbours in the log may be apart in the numbers, and the reverse."""
        order = sorted(range(len(spans)), key=lambda place: spans[place].first)
        starts = np.array([spans[place].first for place in order])
        groups: list[list[tuple[bytes, bytes]]] = [[] for _ in spans]
        for first, last in _runs([spans[place] for place in order]):
            for edition, delivery, received, written, packed in self._rows(first, last):
                ids = _ids(packed)
                places = np.searchsorted(starts, ids, "right") - 1
                cuts = [0, *(np.flatnonzero(np.diff(places)) + 1).tolist(), len(ids)]
                for low, high in pairwise(cuts):
                    at = order[int(places[low])]
                    context = self.context(edition, delivery, received, written, spans[at].recorded_at)
                    part = packed[low * leaf.ROW.size : high * leaf.ROW.size]
                    groups[at].append((leaf.context_digest(context), part))
        for span, rows in zip(spans, groups, strict=True):
            blinds = self._blinds.take(span.first_leaf, span.count)
            try:
                yield Read(span, leaf.entries(rows, span.first, span.count, blinds))
            except leaf.Doubled:
                entries, doubled = leaf.first_of_each(rows, span.first, span.count, blinds)
                yield Read(span, entries, doubled)

    def _rows(self, first: int, last: int) -> list[tuple[int, int, datetime, datetime, bytes]]:
        rows = self._connection.execute(
            sql.statement("ledger", "log_rows"), {"first": first, "last": last}, binary=True
        ).fetchall()
        return [(row[0], row[1], row[2], row[3], bytes(row[4])) for row in rows]

    def context(
        self, edition: int, delivery: int, received: datetime, written: datetime, recorded: datetime | None
    ) -> dict[str, str]:
        """What the rows of a delivery under one edition share."""
        known = self._contexts.get((edition, delivery))
        if known is None:
            row = self._connection.execute(
                sql.statement("ledger", "log_context"), {"edition": edition, "delivery": delivery}
            ).fetchone()
            # A row that names nothing that is there was altered: its leaf must differ from what was logged.
            known = self._contexts[edition, delivery] = row or (f"edition {edition}", "", f"delivery {delivery}", "")
            if len(self._contexts) > 4096:
                self._contexts = {(edition, delivery): known}
        dataset, digest, number, sha256 = known
        return {
            "dataset": dataset,
            "edition": digest,
            "delivery": number,
            "delivery_sha256": sha256,
            "received_at": moment(received),
            "recorded_at": moment(recorded),
            "written_at": moment(written),
            "type": leaf.TYPE,
        }

    def statement(self, version: int, first_leaf: int, recorded: datetime | None) -> leaf.Statement | None:
        """The leaf of one version opened; None when it is not there, or there twice."""
        rows = self._rows(version, version)
        if len(rows) != 1 or len(rows[0][4]) != leaf.ROW.size:
            return None
        edition, delivery, received, written, packed = rows[0]
        context = self.context(edition, delivery, received, written, recorded)
        return leaf.Statement(context, packed, self._blinds.take(first_leaf, 1))


def _ids(packed: bytes) -> Any:
    rows = np.frombuffer(packed, np.uint8).reshape(-1, leaf.ROW.size)
    return np.ascontiguousarray(rows[:, :8]).view(">i8").ravel().astype(np.int64)


def _runs(spans: Iterable[Span]) -> Iterator[tuple[int, int]]:
    """Sorted spans joined where one begins right behind another."""
    held: tuple[int, int] | None = None
    for span in spans:
        if held is not None and span.first == held[1] + 1:
            held = (held[0], span.last)
            continue
        if held is not None:
            yield held
        held = (span.first, span.last)
    if held is not None:
        yield held
