"""Keeps the snapshot: reads the corridor, packs what it touches, and says until when nothing newer was committed.

The position lies in the snapshot itself, so that both are one. Values are packed from the present state of the ledger, so
the order of events does not matter: a large delivery waits for the windows of publicity and holds up no small one.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import psycopg

from xinyong.publicity import inforce
from xinyong.runtime import database, sql
from xinyong.verification import measuring, packing, snapshot

NAME = "verification"
#: Events of at most so many versions are taken in at once, records judged one by one where the windows are behind.
_SMALL = 2_000
#: Entities packed and stored in one step.
_STEP = 2_000
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
    taken = 0
    with snapshot.writing() as writer:
        if writer is None:
            return 0  # another process of this host is at it
        mark = writer.mark()
        if mark is None or mark.measures != measuring.digest():
            return _build(writer)
        with database.lasting(autocommit=True) as session:
            began = time.monotonic()
            while True:
                asked_at = time.time()
                done, mark, rest = _round(session, writer, mark)
                taken += done
                if not rest:
                    writer.confirm(asked_at)
                    return taken
                if time.monotonic() - began > _ROUND or not done:
                    return taken


def _round(session: Connection, writer: snapshot.Writer, mark: snapshot.Mark) -> tuple[int, snapshot.Mark, bool]:
    """One look at the corridor: events taken in, the mark afterwards, and whether something is left."""
    events = _ask(session, "events_after", after=mark.event, limit=_EVENTS)
    mark = _new_rules(session, writer, mark)
    known = set(mark.ahead)
    _, windows, _ = _ask(session, "heads_of_corridor")[0]
    small = [event for event in events if event[0] not in known and _size(event) <= _SMALL]
    # Small ones first, and all in one step: whoever waits for one record does not wait for a load.
    large = [event for event in events if event[0] not in known and _size(event) > _SMALL and event[0] <= windows]
    taken = 0
    if small:
        touched = {entity for event in small for entity in _touched(session, event)}
        mark = _moved(mark, [event[0] for event in small])
        _store(session, writer, sorted(touched), mark)
        taken += len(small)
    for event in large[:1]:
        for piece in _pieces(_touched(session, event)):
            _store(session, writer, piece, mark)
        mark = _moved(mark, [event[0]])
        writer.store((), (), mark)
        taken += 1
    left = len(events) == _EVENTS or len(known) + taken < len(events)
    return taken, mark, left


def _size(event: tuple[Any, ...]) -> int:
    return 0 if event[1] is None else int(event[2]) - int(event[1]) + 1


def _touched(session: Connection, event: tuple[Any, ...]) -> list[int]:
    number, first, last = event
    if first is not None:
        return [int(row[0]) for row in _ask(session, "entities_of_versions", first=first, last=last)]
    return [int(row[0]) for row in _ask(session, "entities_of_acts", first=number, last=number)]


def _moved(mark: snapshot.Mark, taken: Iterable[int]) -> snapshot.Mark:
    """The mark with these events taken in: events are numbered without gaps."""
    ahead = {*mark.ahead, *taken}
    place = mark.event
    while place + 1 in ahead:
        place += 1
        ahead.discard(place)
    return dataclasses.replace(mark, event=place, ahead=tuple(sorted(ahead)))


def _new_rules(session: Connection, writer: snapshot.Writer, mark: snapshot.Mark) -> snapshot.Mark:
    """Windows that were computed anew under other rules are packed anew; the corridor does not tell of them."""
    version, done = (int(cell) for cell in _ask(session, "rules_in_force")[0])
    digest = inforce.book(session).digest
    windows = f"{version}:{done}"
    if mark.windows == windows and mark.rules == digest:
        return mark
    held_version, _, held_done = mark.windows.partition(":")
    first = int(held_done or 0) + 1 if held_version == str(version) else 1
    fresh = dataclasses.replace(mark, rules=digest, windows=windows)
    if done >= first:
        touched = [int(row[0]) for row in _ask(session, "entities_of_versions", first=first, last=done)]
        for piece in _pieces(touched):
            _store(session, writer, piece, mark)
    writer.store((), (), fresh)
    return fresh


def _pieces(entities: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(entities), _STEP):
        yield entities[start : start + _STEP]


def _store(session: Connection, writer: snapshot.Writer, entities: Sequence[int], mark: snapshot.Mark) -> None:
    """Pack these entities with all that speak for them, and put them in place."""
    with session.transaction():
        session.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        packer = packing.Packer(session)
        roots = packer.roots(entities)
        fresh = [(packed.root, packed.values) for packed in packer.pack(roots)]
    # An entry that was merged speaks for itself no longer: what it had goes before the new values come.
    writer.store(fresh, sorted(set(entities) - set(roots)), mark, packer.constants)


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
