"""Counts over all public records or entities, kept by a process until the windows or the day change.

Most are read from the tally of the windows. Those that read every entity or every record take a second for some million, while
an installation of that size changes all the time: a count that took longer than :data:`DEAR` stands for :data:`REST` times as
long as it took, whatever changes. Windows change only together with the position of the effect that computes them, in one
transaction, so the row of the position says whether a kept count still holds. Acts on the registry move entities and records
at once, before any effect; the last of them is part of the key.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date
from threading import Lock
from typing import Any, TypeVar

from django.db import connection

from xinyong.runtime import sql

Count = TypeVar("Count")

#: Seconds.
DEAR = 1.0
REST = 20

_kept: dict[str, tuple[tuple[Any, ...], Any, float]] = {}
#: One request counts; those that come meanwhile wait for it instead of counting as well.
_locks: dict[str, Lock] = {}


def counted(name: str, today: date, count: Callable[[], Count]) -> Count:
    """What ``count()`` gave under the windows of now and of this day; ``name`` says which count it is."""
    with _locks.setdefault(name, Lock()):
        # Read before counting: what is committed in between makes the kept count old, never new.
        with connection.cursor() as cursor:
            cursor.execute(sql.statement("publicity", "windows_as_of"))
            state = (today, *cursor.fetchone())
        held = _kept.get(name)
        begun = time.monotonic()
        # The first two parts: day and database.
        if held is not None and (held[0] == state or (held[0][:2] == state[:2] and begun < held[2])):
            found: Count = held[1]
            return found
        fresh = count()
        took = time.monotonic() - begun
        _kept[name] = (state, fresh, begun + REST * took if took > DEAR else 0)
        return fresh
