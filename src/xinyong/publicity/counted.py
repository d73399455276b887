"""Counts over all public records, kept by a process until the windows or the day change.

Such a count reads every window: about a quarter of a second for a million records. Windows change only together with the
position of the effect that computes them, in one transaction, so the row of the position says whether a kept count still holds.
Acts on the registry move entities and records at once, before any effect; the last of them is part of the key.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from threading import Lock
from typing import Any, TypeVar

from django.db import connection

from xinyong.runtime import sql

Count = TypeVar("Count")

_kept: dict[str, tuple[tuple[Any, ...], Any]] = {}
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
        if held is not None and held[0] == state:
            found: Count = held[1]
            return found
        fresh = count()
        _kept[name] = (state, fresh)
        return fresh
