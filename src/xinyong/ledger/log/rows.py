"""Versions as the leaves they are: read packed from the database, many at a time, in the order of their numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
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
    """The entries of a span: empty where a version is missing. ``strays``: versions that should not be there."""

    span: Span
    entries: list[bytes]
    strays: list[int] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """Whether every version is there, and nothing else."""
        return all(self.entries) and not self.strays


def moment(value: datetime | None) -> str:
    """A time as leaves write it: UTC with microseconds. Empty for none."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ") if value else ""


class Versions:
    """Reads versions of one database as entries of its log."""

    def __init__(self, connection: Connection, blinds: leaf.Blinds) -> None:
        self._connection = connection
        self._blinds = blinds
        self._contexts: dict[tuple[int, int], tuple[str, str, str, str]] = {}

    def read(self, spans: Iterable[Span], *, after: int | None = None) -> Iterator[Read]:
        """Entries of each span, in pieces; ``after``: also look for strays between this version and the first span."""
        window: list[Span] = []
        for span in spans:
            for part in span.parts():
                if window and part.last - window[0].first >= WINDOW:
                    yield from self._window(window, after)
                    after = None if after is None else window[-1].last
                    window = []
                window.append(part)
        if window:
            yield from self._window(window, after)

    def _window(self, spans: list[Span], after: int | None) -> Iterator[Read]:
        first = spans[0].first if after is None else after + 1
        starts = np.array([span.first for span in spans])
        groups: list[list[tuple[bytes, bytes]]] = [[] for _ in spans]
        strays: list[list[int]] = [[] for _ in spans]
        for edition, delivery, received, written, packed in self._rows(first, spans[-1].last):
            ids = _ids(packed)
            places = np.searchsorted(starts, ids, "right") - 1
            cuts = [0, *(np.flatnonzero(np.diff(places)) + 1).tolist(), len(ids)]
            for low, high in pairwise(cuts):
                if low == high:
                    continue
                at = int(places[low])
                inside = 0 if at < 0 else int(np.searchsorted(ids[low:high], spans[at].last, "right"))
                strays[max(at, 0)] += ids[low + inside : high].tolist()
                if inside:
                    digest = leaf.context_digest(
                        self.context(edition, delivery, received, written, spans[at].recorded_at)
                    )
                    part = packed[low * leaf.ROW.size : (low + inside) * leaf.ROW.size]
                    groups[at].append((digest, part))
        for span, rows, astray in zip(spans, groups, strays, strict=True):
            blinds = self._blinds.take(span.first_leaf, span.count)
            try:
                entries = leaf.entries(rows, span.first, span.count, blinds)
            except leaf.Doubled:
                entries, doubled = leaf.first_of_each(rows, span.first, span.count, blinds)
                astray = [*astray, *doubled]
            yield Read(span, entries, astray)

    def _rows(self, first: int, last: int) -> list[tuple[int, int, datetime, datetime, bytes]]:
        bounds = {"first": first, "last": last}
        rows = self._connection.execute(sql.statement("ledger", "log_rows"), bounds, binary=True).fetchall()
        if any(row[5] for row in rows):
            hashes = {
                version: leaf.payload_hash(payload)
                for version, payload in self._connection.execute(
                    sql.statement("ledger", "log_payloads_of_rows"), bounds
                ).fetchall()
            }
            rows = [(*row[:4], _filled(bytes(row[4]), row[5] or (), hashes)) for row in rows]
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


def _filled(packed: bytes, missing: Sequence[int], hashes: Mapping[int, bytes]) -> bytes:
    """Packed rows with the payload hashes that were computed just now."""
    wanted, size = set(missing), leaf.ROW.size
    parts = [packed[at : at + size] for at in range(0, len(packed), size)]
    return b"".join(
        leaf.with_payload_hash(part, hashes[version])
        if (version := int.from_bytes(part[:8], "big")) in wanted
        else part
        for part in parts
    )
