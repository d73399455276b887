"""The line of waiting deliveries: the table of deliveries itself. Which is next, and how a worker waits for one.

Nothing is kept beside the table, so line and deliveries can never tell different stories; see docs/decisions/0016.
"""

from __future__ import annotations

import contextlib
import logging
from typing import Any

import psycopg

from xinyong.catalogue import selectors as catalogue
from xinyong.intake import actions, failures
from xinyong.intake.models import Delivery
from xinyong.intake.queue import lease
from xinyong.intake.receipt import Receipt
from xinyong.runtime import sql

Connection = psycopg.Connection[tuple[Any, ...]]
log = logging.getLogger("xinyong.worker")

#: Up to this size a delivery goes before the bulk ones, bytes.
SMALL = 16 << 20
#: A bulk delivery that has waited so long stands in line like any other, seconds.
PATIENCE = 600
#: Longest wait without looking again: files whose notice was lost, leases that fell silent, seconds.
LOOK = 15.0


def waiting(connection: Connection, *, small_only: bool = False) -> list[tuple[int, bool]]:
    """(delivery, whether a silent worker still holds it), fairest first, at most ten."""
    bundles = sorted({code for code, _ in catalogue.packaged().bundles})
    rows = connection.execute(
        sql.statement("intake", "next_deliveries"),
        {
            "lease": lease.LEASE,
            "silent": lease.SILENT,
            "bundles": bundles,
            "small": SMALL,
            "small_only": small_only,
            "patience": PATIENCE,
        },
    ).fetchall()
    return [(int(key), bool(leased)) for key, leased in rows]


def take_one(connection: Connection, *, small_only: bool = False) -> Receipt | None:
    """Take in the next delivery, whatever becomes of it. None when nothing waits that this process could take.

    Raises DeliveryFailed after the failure was recorded, so that a worker slows down while the machinery is broken.
    """
    for key, leased in waiting(connection, small_only=small_only):
        delivery = Delivery.objects.get(pk=key)
        if leased and lease.take_away(connection, key):
            log.warning("delivery %s: worker %s fell silent; its session was ended", delivery.number, delivery.worker)
        if delivery.tries >= failures.TRIES and actions.give_up(delivery):
            continue
        with contextlib.suppress(actions.DeliveryBusy):
            try:
                return actions.process(delivery)
            except actions.DeliveryRefused:
                delivery.refresh_from_db()
                return actions.receipt_of(delivery)
    return None


def listen(connection: Connection) -> None:
    """Hear of deliveries from now on. The connection is in autocommit mode."""
    connection.execute(f"LISTEN {actions.CHANNEL}".encode())


def wait(connection: Connection, seconds: float) -> None:
    """Return when a delivery was received, or a retry is due, or the time is over."""
    row = connection.execute(sql.statement("intake", "next_due")).fetchone()
    seconds = min(seconds, LOOK, max(0.2, float(row[0])) if row else LOOK)
    for _ in connection.notifies(timeout=seconds, stop_after=1):
        pass
