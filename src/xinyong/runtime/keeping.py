"""Work that a served site does beside its requests, again and again, in a thread of its own."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

#: Seconds to wait after a failure.
_AFTER_FAILURE = 30.0


def start(name: str, work: Callable[[], object], every: float, stop: threading.Event) -> threading.Thread:
    """Call ``work`` every so many seconds until told to stop. The loop outlives a restart of the database."""
    log = logging.getLogger(f"xinyong.{name}")

    def keep() -> None:
        from django.db import close_old_connections

        while not stop.wait(every):
            try:
                close_old_connections()
                work()
            except Exception:  # whatever it was, the next turn may do better
                log.exception("%s: the turn failed; trying again", name)
                stop.wait(_AFTER_FAILURE)

    thread = threading.Thread(target=keep, name=name, daemon=True)
    thread.start()
    return thread
