"""Nonces of signed requests that were used: kept for twice the time a signature holds, shared by all processes of a host.

They lie in a memory-mapped file (LMDB) without waiting for the disk: a process may die at any moment and every nonce it took
is there. When the machine itself stops, the last ones may be lost; a signature holds for a minute, less than a machine takes
to come up and serve. Several hosts that serve one installation each know their own.
"""

from __future__ import annotations

import hashlib
import threading
from typing import Any, Final

import lmdb

from xinyong.runtime import config

_KEEP: Final = 180
_SWEEP: Final = 256
_lock = threading.Lock()
_opened: dict[str, Any] = {}


def _environment() -> Any:
    place = str(config.home("keys", "nonces"))
    with _lock:
        if place not in _opened:
            _opened[place] = lmdb.open(place, map_size=1 << 30, sync=False, metasync=False, max_dbs=0)
        return _opened[place]


def take(keyid: str, nonce: str, now: float) -> bool:
    """Use a nonce. False when it was used before."""
    return take_many([(keyid, nonce)], now)[0]


def take_many(pairs: list[tuple[str, str]], now: float) -> list[bool]:
    """Use several nonces in one step; of two alike the first is taken."""
    moment = int(now)
    with _environment().begin(write=True) as txn:
        found = []
        for keyid, nonce in pairs:
            mark = hashlib.sha256(f"{keyid}\n{nonce}".encode()).digest()[:16]
            fresh = txn.put(b"n" + mark, moment.to_bytes(5, "big"), overwrite=False)
            if fresh:
                txn.put(b"t" + moment.to_bytes(5, "big") + mark, b"")
            found.append(bool(fresh))
        _sweep(txn, moment - _KEEP, 2 * len(pairs) + 2)
        return found


def _sweep(txn: Any, before: int, most: int) -> None:
    """Forget a few of those that are over, so that no clean-up has to be run."""
    with txn.cursor() as cursor:
        for _ in range(min(most, _SWEEP)):
            if not cursor.set_range(b"t") or int.from_bytes(cursor.key()[1:6], "big") >= before:
                return
            mark = cursor.key()[6:]
            cursor.delete()
            txn.delete(b"n" + mark)
