"""The one way of a delivery into the ledger, from the kept file to the receipt."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import datetime
from functools import partial

import psycopg
from django.utils import timezone

from xinyong.catalogue.entry import BundleEntry, DatasetEntry
from xinyong.intake import backflow, repeats
from xinyong.intake.commit import Loader, receipt
from xinyong.intake.correction import returned as correction_return
from xinyong.intake.loading import Connection
from xinyong.intake.models import Delivery
from xinyong.intake.reader import DeliveryReader
from xinyong.intake.receipt import Progress, Receipt
from xinyong.intake.release import holding

#: How often a delivery is begun anew after a circle of waiting.
_ATTEMPTS = 8
_RETRIED = (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure, psycopg.errors.LockNotAvailable)


def take_in(
    connection: Connection,
    delivery: Delivery,
    entry: DatasetEntry | BundleEntry,
    report: Callable[[Progress], None] | None = None,
    *,
    started: datetime | None = None,
    commit: bool = True,
) -> Receipt:
    """Read, check, resolve, decide and store a delivery: all of it, or nothing.

    ``commit=False`` does the whole work, keeps the findings and the counts (what would be accepted, rejected,
    unchanged), takes back everything in registry and ledger, and leaves the delivery ``held``. Call it again with
    ``commit=True`` to let the delivery in: it is decided anew against the ledger of that moment.

    A bound of the catalogue or the rule of four eyes may hold it as well (:mod:`xinyong.intake.release.holding`).

    Raises XinyongError when the delivery must be refused as a whole; the transaction is then rolled back. A circle of
    waiting between loaders is tried again here.
    """
    begun = started or timezone.now()
    under, whole = repeats.read_under(entry), False
    for attempt in range(1, _ATTEMPTS + 1):
        loader = Loader(connection, delivery)
        try:
            settled = None if whole else repeats.find(connection, delivery, entry, under)
            if settled is not None:
                loader.settle(settled)
            past, part = holding.history(delivery, entry), holding.is_partial(delivery)
            outcome = DeliveryReader(delivery, entry, report, past, partial=part, settled=settled).read(loader)
            why = holding.reasons(delivery, entry, outcome, rejected=outcome.rejected_rows + loader.rejected)
            now = timezone.now()
            counts = {
                "delivery": delivery.pk,
                "encoding": outcome.encoding,
                "layout": outcome.layout,
                "now": now,
                "committed_at": now,
                "seconds": (now - begun).total_seconds(),
                "read": outcome.read,
                "accepted": loader.accepted,
                "rejected": outcome.rejected_rows + loader.rejected,
                "unchanged": loader.unchanged,
                "created": loader.created,
                "late": loader.late,
                "oldest": loader.oldest,
                "notes": json.dumps(outcome.notes, ensure_ascii=False),
                "under": under,
            }
            if commit and not why:
                holding.keep_profile(connection, delivery, outcome)
                correction_return.store(connection, delivery, outcome.answer)
                backflow.tally(connection, delivery.pk)
                loader.commit(counts, delivery.uploader)
            else:
                loader.hold(counts, delivery.uploader, partial(holding.note, connection, delivery, outcome, why))
            break
        except repeats.Unsettled:
            connection.rollback()
            whole = True
        except _RETRIED:
            connection.rollback()
            if attempt == _ATTEMPTS:
                raise
            # Two that met begin again at different moments.
            time.sleep(0.1 * attempt + delivery.pk % 7 * 0.05)
        finally:
            loader.close()
    delivery.refresh_from_db()
    return receipt(delivery)
