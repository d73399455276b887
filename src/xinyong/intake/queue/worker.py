"""Workers: one process takes in one delivery at a time; several processes work on one line.

A worker may be killed at any moment. What it held is free at once, and the next worker begins it again.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable

from django.db import close_old_connections

from xinyong.errors import XinyongError
from xinyong.intake.failures import DeliveryFailed
from xinyong.intake.queue import jobs
from xinyong.intake.receipt import Receipt
from xinyong.ledger import corridor
from xinyong.runtime import database

log = logging.getLogger("xinyong.worker")

#: How long a worker is given to end by itself; then it is killed, which loses nothing, seconds.
PATIENCE = 20
#: Pauses while the database is away or fails, seconds.
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0


def work(
    stop: threading.Event,
    *,
    once: bool = False,
    small_only: bool = False,
    told: Callable[[Receipt], None] | None = None,
    parent: int | None = None,
) -> int:
    """Take in deliveries until told to stop, or, with ``once``, until none is left. Returns how many were finished.

    ``parent``: end when this process is gone. With ``once`` a failure of the database is raised; otherwise it is
    waited out.
    """
    done = 0
    pause = _FIRST_PAUSE

    def orphaned() -> bool:
        return parent is not None and os.getppid() != parent

    while not (stop.is_set() or orphaned()):
        try:
            with database.connect(autocommit=True) as connection:
                jobs.listen(connection)
                while not (stop.is_set() or orphaned()):
                    close_old_connections()
                    failed = False
                    try:
                        receipt = jobs.take_one(connection, small_only=small_only)
                    except DeliveryFailed:  # recorded and logged; the next one may fare better
                        receipt, failed = None, True
                    if receipt is not None:
                        done += 1
                        pause = _FIRST_PAUSE
                        if told is not None:
                            told(receipt)
                        _catch_up()
                    elif failed:
                        # Short, so that one bad delivery holds up nobody; growing, so that a full disk fills no log.
                        stop.wait(min(pause, 5.0))
                        pause = min(pause * 2, _LONGEST_PAUSE)
                    elif once:
                        return done
                    else:
                        jobs.wait(connection, 1.0 if parent is not None else jobs.LOOK)
        except Exception as error:  # a worker outlives a restart of the database; what it had begun is taken up again
            if once:
                raise
            known = error if isinstance(error, XinyongError) else database.explain(error)
            log.warning("worker waits %.0f s: %s", pause, known.message("en") if known else error, exc_info=not known)
            until = time.monotonic() + pause
            while time.monotonic() < until and not (stop.wait(1.0) or orphaned()):
                pass
            pause = min(pause * 2, _LONGEST_PAUSE)
    return done


def _catch_up() -> None:
    try:
        corridor.catch_up()
    except Exception:  # the effects go on from where they stand; their failure says nothing about the delivery
        log.exception("effects could not catch up")


def start_ways(stop: threading.Event) -> list[threading.Thread]:
    """Threads that watch the folder, where one is set, and pull the sources. They end with the event or the process."""
    from xinyong.intake.folder import watch as folder
    from xinyong.intake.pull import run
    from xinyong.runtime import config

    threads = [threading.Thread(target=run.keep_pulling, args=(stop,), name="pull", daemon=True)]
    inbox = folder.inbox()
    if inbox is not None:
        watcher = folder.Watcher(inbox, float(config.get("XINYONG_INBOX_QUIET")))
        threads.append(threading.Thread(target=folder.watch, args=(watcher, stop), name="watch", daemon=True))
    for thread in threads:
        thread.start()
    return threads


def command(*arguments: str) -> list[str]:
    """``xinyong`` in a process of its own, whatever the way this one was started."""
    return [sys.executable, "-c", "from xinyong.cli import main; main()", *arguments]


class Crew:
    """Worker processes under one parent. From two on, one takes only small deliveries, so that a bulk one blocks nobody."""

    def __init__(self, processes: int, *more: str, ways: bool = False) -> None:
        self.lines = [
            command(
                "worker",
                "--child",
                *more,
                *(["--small"] if processes > 1 and index == processes - 1 else []),
                *(["--ways"] if ways and index == 0 else []),
            )
            for index in range(processes)
        ]
        self.children: list[subprocess.Popen[bytes] | None] = [None] * processes
        self.died: list[float] = [0.0] * processes
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._keep, name="worker-crew", daemon=True)

    def start(self) -> None:
        """Start the processes and keep them alive from a thread."""
        self._fill()
        self.thread.start()

    def end(self) -> None:
        """Ask the processes to end, and end those that do not."""
        self.stop.set()
        if self.thread.is_alive():
            self.thread.join()
        living = [child for child in self.children if child is not None and child.poll() is None]
        for child in living:
            child.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + PATIENCE
        for child in living:
            try:
                child.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()

    def _fill(self) -> None:
        for index, child in enumerate(self.children):
            if child is not None and child.poll() is None:
                continue
            if child is not None:
                log.error("a worker ended with %s; another takes its place", child.returncode)
            # One that dies at once is not started again in a tight loop.
            if time.monotonic() - self.died[index] < 2 and self.died[index]:
                continue
            self.died[index] = time.monotonic()
            self.children[index] = subprocess.Popen(self.lines[index], stdin=subprocess.DEVNULL)

    def _keep(self) -> None:
        while not self.stop.wait(1.0):
            self._fill()
