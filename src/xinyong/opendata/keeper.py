"""Keeps the bulk files up beside a served site: looks every few seconds, cuts in a process of its own."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading

log = logging.getLogger("xinyong.opendata")

#: Seconds between looks; and after a cut of all that was due, so that a busy day does not cut without end.
LOOK, REST = 5.0, 30.0
#: Readers and deliveries come first.
_CUT = [
    sys.executable,
    "-c",
    "import os; os.nice(10); from xinyong.cli import main; main()",
    "opendata",
    "cut",
    "--due",
]


def keep(stop: threading.Event) -> None:
    """Cut what is due until told to stop. A cut that fails is logged and tried again; the older files stay."""
    from django.db import close_old_connections

    from xinyong.opendata import selectors

    pause = LOOK
    while not stop.wait(pause):
        pause = LOOK
        try:
            close_old_connections()
            if not any(selectors.due(entry.code) for entry in selectors.open_entries()):
                continue
            child = subprocess.Popen(_CUT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
            while child.poll() is None:
                if stop.wait(0.5):
                    child.terminate()
                    child.wait(20)
            pause = REST
            if child.returncode and not stop.is_set():
                log.error("bulk files could not be cut (exit %s); trying again", child.returncode)
        except Exception:  # the loop must outlive a database restart
            log.exception("bulk files could not be looked after; trying again")
            pause = REST


def start(stop: threading.Event) -> threading.Thread:
    """The keeper in a thread."""
    thread = threading.Thread(target=keep, args=(stop,), name="open-data", daemon=True)
    thread.start()
    return thread
