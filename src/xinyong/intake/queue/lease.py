"""The lease on a delivery: who works on it, how far it is, and how a dead or silent worker loses it.

The lease is an advisory lock of the very session that stages and commits. It ends with the process, or with the session:
whoever takes a lease away ends that session first, so the old worker can never commit after the new one began.
The heartbeat beside it serves people (progress) and shows a worker that is alive in the eyes of the server only.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

import psycopg

from xinyong.intake.models import Delivery
from xinyong.intake.receipt import Progress
from xinyong.runtime import database

#: First key of the advisory lock; the second is the delivery.
LEASE = 0x0D31
#: A heartbeat is written this often, seconds. A delivery that is done sooner writes none.
BEAT = 2.0
#: Without a heartbeat for so long, a lease may be taken away, seconds.
SILENT = 180

Connection = psycopg.Connection[tuple[Any, ...]]
Report = Callable[[Progress], None]


def me() -> str:
    """Machine and process, as the console names a worker."""
    return f"{socket.gethostname()[:80]}:{os.getpid()}"


@contextlib.contextmanager
def held(delivery: Delivery) -> Iterator[Connection | None]:
    """The session that holds the lease; None when another process has it."""
    with database.lasting() as connection:
        row = connection.execute("SELECT pg_try_advisory_lock(%s, %s)", (LEASE, delivery.pk)).fetchone()
        connection.commit()
        yield connection if row is not None and row[0] else None
        with contextlib.suppress(psycopg.OperationalError):  # a session that died gave its lock back
            connection.rollback()
            connection.execute("SELECT pg_advisory_unlock_all()")


def take_away(connection: Connection, delivery_id: int) -> bool:
    """End the session that holds the lease of a silent worker. True when there was one and it was ended."""
    row = connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 2 "
        "AND classid = %s AND objid = %s AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
        (LEASE, delivery_id),
    ).fetchone()
    return bool(row and row[0])


class Heartbeat:
    """Writes progress of one delivery every few seconds from a thread and a session of its own."""

    def __init__(self, delivery: Delivery, report: Report | None) -> None:
        self.delivery, self.report = delivery, report
        self.progress: Progress | None = None
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._run, name="intake-heartbeat", daemon=True)

    def __call__(self, progress: Progress) -> None:
        self.progress = progress
        if self.report is not None:
            self.report(progress)

    def __enter__(self) -> Heartbeat:
        self.thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop.set()
        self.thread.join()

    def _run(self) -> None:
        while not self.stop.wait(BEAT):
            # A heartbeat that cannot be written is no reason to stop: the lease itself is the session's lock.
            with contextlib.suppress(Exception), database.connect(autocommit=True) as connection:
                while True:
                    self._beat(connection)
                    if self.stop.wait(BEAT):
                        return

    def _beat(self, connection: Connection) -> None:
        known = asdict(self.progress) if self.progress is not None else {}
        connection.execute(
            "UPDATE intake_delivery SET heartbeat_at = clock_timestamp(), progress = %s::jsonb "
            "WHERE id = %s AND state = 'reading'",
            (json.dumps(known), self.delivery.pk),
        )
