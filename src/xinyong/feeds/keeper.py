"""Sends messages beside a served site."""

from __future__ import annotations

import logging
import threading

log = logging.getLogger("xinyong.feeds")
#: Seconds between looks.
LOOK = 1.0


def keep(stop: threading.Event) -> None:
    """Send what is due until told to stop. The loop outlives a database restart."""
    from django.db import close_old_connections

    from xinyong.feeds import actions

    while not stop.wait(LOOK):
        try:
            close_old_connections()
            actions.work(limit=50)
        except Exception:  # the loop must outlive a database restart
            log.exception("messages could not be sent; trying again")
            stop.wait(30)


def start(stop: threading.Event) -> threading.Thread:
    """The keeper in a thread."""
    thread = threading.Thread(target=keep, args=(stop,), name="feeds", daemon=True)
    thread.start()
    return thread
