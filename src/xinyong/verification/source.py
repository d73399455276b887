"""Where packed values come from: the snapshot of this host while it is young enough and lacks nothing of the number that is
asked for, else the ledger itself.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from django.db import connection as django_connection

from xinyong.registry import keys
from xinyong.runtime import config, sql
from xinyong.verification import answers, asking, packing, rules, snapshot
from xinyong.verification.answers import Look, Scope, Versions

_local = threading.local()


def reader() -> snapshot.Reader:
    """The reader of this thread."""
    held: snapshot.Reader | None = getattr(_local, "reader", None)
    if held is None:
        held = _local.reader = snapshot.Reader()
    return held


def young(held: snapshot.Reader, now: float, oldest: int) -> Versions | None:
    """What the snapshot stands for; None when there is none or it is older than so many milliseconds."""
    if not held.begin():
        return None
    age = max(0, int((now - held.confirmed_when_begun) * 1000))
    if age > oldest:
        held.end()
        return None
    mark = held.mark()
    return Versions(mark.event, age, "snapshot", mark.rules)


def behind(held: snapshot.Reader, asked: str) -> bool:
    """Whether something was committed about what was asked that the snapshot may lack: then the ledger has to be asked."""
    return bool(held.filters) and any(held.behind(number.encode()) for number in asking.wanted(asked))


def oldest() -> int:
    """The oldest snapshot that answers, milliseconds."""
    return int(config.get("XINYONG_VERIFY_MAX_AGE_MS"))


def packed(session: packing.Connection, numbers: Iterable[str]) -> tuple[Look, Versions]:
    """Values of some numbers straight from the ledger, with the event they stand for."""
    event = session.execute(b"SELECT coalesce(max(id), 0) FROM ledger_event").fetchone()
    assert event is not None  # an aggregate yields one row
    packer = packing.Packer(session)
    roots = set()
    for number in numbers:
        found = session.execute(
            sql.statement("verification", "entity_of_number").encode(),
            {"number": number, "entity": keys.entity_id(number)},
        ).fetchone()
        if found is not None:
            roots.add(int(found[0]))
    values: dict[bytes, bytes] = {}
    for item in packer.pack(sorted(roots)):
        values.update(item.values)
    values.update(packer.constants)
    return values.get, Versions(event=int(event[0]), age_ms=0, source="ledger", publicity=packer.book.digest)


@contextlib.contextmanager
def looking(numbers: Iterable[str], now: float) -> Iterator[tuple[Look, Versions]]:
    """From numbers to values, for a thread of the site. ``numbers``: those that will be looked up."""
    held = reader()
    try:
        stands = young(held, now, oldest())
        if stands is None:
            yield packed(session(), numbers)
        else:
            yield around(held, numbers, stands)
    finally:
        held.end()


def around(held: snapshot.Reader, numbers: Iterable[str], stands: Versions) -> tuple[Look, Versions]:
    """Values from the snapshot, those it lacks from the ledger; what they stand for is what all of them stand for."""
    if not held.filters:
        return held.look, stands
    numbers = list(numbers)
    late = {number.encode() for number in numbers if held.behind(number.encode())}
    if not late:
        return held.look, stands
    newer, stand = packed(session(), [number.decode() for number in late])
    if len(late) == len(set(numbers)):
        return newer, stand

    def look(number: bytes) -> bytes | None:
        found = newer(number)
        return found if found is not None or number in late else held.look(number)

    return look, stands


def session() -> packing.Connection:
    """Django's own session, as psycopg knows it."""
    django_connection.ensure_connection()
    held: packing.Connection = django_connection.connection
    return held


@lru_cache(maxsize=4)
def _scopes(datasets: tuple[tuple[str, int], ...]) -> Mapping[str, Scope]:
    known = dict(datasets)
    return {code: answers.scope(item, known) for code, item in rules.rule_set().items.items()}


def scopes(datasets: Mapping[str, int]) -> Mapping[str, Scope]:
    """The scope of every item over the datasets there are."""
    return _scopes(tuple(sorted(datasets.items())))


def datasets() -> dict[str, int]:
    """Datasets of this installation by code."""
    held = session().execute(b"SELECT code, id FROM catalogue_dataset").fetchall()
    return {str(code): int(number) for code, number in held}


__all__ = ["around", "behind", "datasets", "looking", "oldest", "packed", "reader", "scopes", "session", "young"]
