"""Keeps the snapshot: reads the corridor, packs what it touches, and says until when nothing newer was committed.

The position lies in the snapshot itself, so that both are one. Values are packed from the present state of the ledger, so
the order of events does not matter: a large delivery waits for the windows of publicity and holds up no small one. Whom it
is about is noted first, so that the snapshot stays young for all others.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import psycopg

from xinyong.publicity import inforce
from xinyong.registry import keys
from xinyong.runtime import database, sql
from xinyong.verification import measuring, packing, snapshot

NAME = "verification"
#: Events of at most so many versions are taken in at once, records judged one by one where the windows are behind.
_SMALL = 2_000
#: Entities packed and stored in one step where the snapshot is too old to answer meanwhile.
_STEP = 2_000
#: The same between two looks at the corridor, at first and at most; then so many as take so many seconds: on a machine that is
#: busy with a load four times as long, and the snapshot must not grow too old meanwhile.
_PIECE, _MOST = 50, 1_000
_PATIENCE = 0.15
#: Entities whose numbers are asked for at a time.
_NAMED = 50_000
#: Events looked at in one round.
_EVENTS = 1_000
#: How long one call goes on while something is left, seconds.
_ROUND = 30.0

Connection = psycopg.Connection[tuple[Any, ...]]


def _ask(session: Connection, name: str, **parameters: Any) -> list[tuple[Any, ...]]:
    return session.execute(sql.statement("verification", name).encode(), parameters).fetchall()


def catch_up() -> int:
    """Take in what the snapshot of this host does not hold yet. Returns how many events; 0 where there is no snapshot."""
    if not snapshot.exists():
        return 0
    with snapshot.writing() as writer:
        if writer is None:
            return 0  # another process of this host is at it
        mark = writer.mark()
        if mark is None or mark.measures != measuring.digest():
            return _build(writer)
        with database.lasting(autocommit=True) as session:
            return _Following(session, writer, mark).follow()


class _Following:
    """One call of :func:`catch_up`. Between two steps of a large event small ones are taken in, and the age is renewed."""

    def __init__(self, session: Connection, writer: snapshot.Writer, mark: snapshot.Mark) -> None:
        self.session, self.writer, self.mark = session, writer, mark
        self.taken = 0
        #: The first large event that waits and those of its entities that are still to be packed.
        self._under_way = 0
        self._rest: list[int] = []
        self._piece = _PIECE

    def follow(self) -> int:
        """Go on while something is left to do, for a while. Returns the number of events taken in."""
        began = time.monotonic()
        while self._round() and time.monotonic() - began < _ROUND:
            pass
        return self.taken

    def _round(self) -> bool:
        """One look at the corridor. Whether there is more to do at once."""
        asked_at = time.time()
        known = [*self.mark.ahead, *self.mark.waiting]
        fresh = _ask(self.session, "events_after", after=self.mark.event, known=known, limit=_EVENTS)
        self._follow_rules()
        _, windows, _ = _ask(self.session, "heads_of_corridor")[0]
        # Small ones first, and all in one step: whoever waits for one record does not wait for a load.
        small = [event for event in fresh if _size(event) <= _SMALL]
        if small:
            touched = {entity for event in small for entity in _touched(self.session, event)}
            self._store(sorted(touched), self._moved([event[0] for event in small]))
            self.taken += len(small)
        for event in fresh:
            if _size(event) > _SMALL:
                self._await(event)
        whole = len(fresh) < _EVENTS
        if whole:  # what is not in the snapshot is known by name
            self.writer.confirm(asked_at)
        if not self.mark.waiting or self.mark.waiting[0] > windows:
            return not whole
        self._go_on(self.mark.waiting[0])
        return True

    def _await(self, event: tuple[Any, ...]) -> None:
        """Note whom a large event is about: all others are answered from the snapshot meanwhile."""
        numbers = _numbers_of(self.session, _touched(self.session, event))
        mark = dataclasses.replace(self.mark, waiting=(*self.mark.waiting, event[0]))
        self.writer.await_event(event[0], numbers, mark)
        self.mark = mark

    def _go_on(self, number: int) -> None:
        """Pack some entities of a large event that waits; after the last ones nothing of it is waited for."""
        if self._under_way != number:
            event = _ask(self.session, "events_after", after=number - 1, known=[], limit=1)[0]
            self._rest = [one for one in _touched(self.session, event) if one > self.mark.place]
            self._under_way = number
        piece, self._rest = self._rest[: self._piece], self._rest[self._piece :]
        began = time.monotonic()
        if self._rest:
            self._store(piece, dataclasses.replace(self.mark, place=piece[-1]))
        else:
            self._store(piece, dataclasses.replace(self._moved([number]), waiting=self.mark.waiting[1:], place=0))
            self.taken += 1
        apt = self._piece * _PATIENCE / max(time.monotonic() - began, 1e-3)
        self._piece = max(1, min(_MOST, 2 * self._piece, round(apt)))

    def _moved(self, taken: Iterable[int]) -> snapshot.Mark:
        """The mark with these events taken in: events are numbered without gaps."""
        ahead = {*self.mark.ahead, *taken}
        place = self.mark.event
        while place + 1 in ahead:
            place += 1
            ahead.discard(place)
        return dataclasses.replace(self.mark, event=place, ahead=tuple(sorted(ahead)))

    def _follow_rules(self) -> None:
        """Windows that were computed anew under other rules are packed anew; the corridor does not tell of them."""
        version, done = (int(cell) for cell in _ask(self.session, "rules_in_force")[0])
        digest = inforce.book(self.session).digest
        windows = f"{version}:{done}"
        if self.mark.windows == windows and self.mark.rules == digest:
            return
        held_version, _, held_done = self.mark.windows.partition(":")
        first = int(held_done or 0) + 1 if held_version == str(version) else 1
        if done >= first:
            touched = [int(row[0]) for row in _ask(self.session, "entities_of_versions", first=first, last=done)]
            for start in range(0, len(touched), _STEP):
                self._store(touched[start : start + _STEP], self.mark)
        self._store((), dataclasses.replace(self.mark, rules=digest, windows=windows))

    def _store(self, entities: Sequence[int], mark: snapshot.Mark) -> None:
        """Pack these entities with all that speak for them, and put them in place with the mark."""
        fresh: list[tuple[int, Mapping[bytes, bytes]]] = []
        gone: list[int] = []
        shared: Mapping[bytes, bytes] = {}
        if entities:
            with self.session.transaction():
                self.session.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
                packer = packing.Packer(self.session)
                roots = packer.roots(entities)
                fresh = [(packed.root, packed.values) for packed in packer.pack(roots)]
            # An entry that was merged speaks for itself no longer: what it had goes before the new values come.
            gone, shared = sorted(set(entities) - set(roots)), packer.constants
        self.writer.store(fresh, gone, mark, shared)
        self.mark = mark


def _size(event: tuple[Any, ...]) -> int:
    return 0 if event[1] is None else int(event[2]) - int(event[1]) + 1


def _touched(session: Connection, event: tuple[Any, ...]) -> list[int]:
    number, first, last = event
    if first is not None:
        return [int(row[0]) for row in _ask(session, "entities_of_versions", first=first, last=last)]
    return [int(row[0]) for row in _ask(session, "entities_of_acts", first=number, last=number)]


def _numbers_of(session: Connection, entities: Sequence[int]) -> Iterator[bytes]:
    """Every number that leads to one of these entities, or to an entry that speaks for it."""
    for start in range(0, len(entities), _NAMED):
        for number, member in _ask(session, "numbers_behind", entities=list(entities[start : start + _NAMED])):
            yield keys.public_key(member).encode() if number is None else number.encode()


def rebuild() -> int:
    """Build the snapshot of this host from zero beside the present one. Returns the event it stands for."""
    with snapshot.writing(patience=60.0) as writer:
        if writer is None:
            return 0
        return _build(writer)


def ensure() -> None:
    """Build the snapshot where there is none yet."""
    if not snapshot.exists():
        rebuild()


def rebuild_existing() -> int:
    """The same where there is a snapshot; elsewhere nothing is built."""
    return rebuild() if snapshot.exists() else 0


def _build(writer: snapshot.Writer) -> int:
    asked_at = time.time()
    writer.start()
    with database.connect() as session:
        session.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        newest, _, _ = _ask(session, "heads_of_corridor")[0]
        version, done = (int(cell) for cell in _ask(session, "rules_in_force")[0])
        mark = snapshot.Mark(
            event=int(newest),
            rules=inforce.book(session).digest,
            windows=f"{version}:{done}",
            measures=measuring.digest(),
        )
        packer = packing.Packer(session)
        for page in packing.every_root(session):
            fresh = [(packed.root, packed.values) for packed in packer.pack(page)]
            writer.store(fresh, (), mark, packer.constants)
        writer.store((), (), mark)
    writer.publish(asked_at)
    return int(newest)
