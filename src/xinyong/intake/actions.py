"""Taking in a delivery: receive the file, read and check it, resolve, commit, write the receipt.

All rows of a delivery enter the ledger in one transaction, with their findings, registry changes, events and the
receipt. Working rows live in temporary tables of one session. So a kill at any moment leaves either the whole delivery
or nothing of it, and a repeat of the command takes it up again.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

import psycopg
from django.db import transaction
from django.utils import timezone

from xinyong.accounts.models import Department
from xinyong.audit import actions as audit
from xinyong.catalogue import selectors as catalogue
from xinyong.catalogue.entry import BundleEntry, DatasetEntry
from xinyong.errors import ErrorCode, XinyongError
from xinyong.intake import commit, engine, store
from xinyong.intake.models import Delivery
from xinyong.intake.receipt import Progress, Receipt
from xinyong.runtime import database

#: First key of the advisory lock a loader holds on its delivery; it ends with the process.
_LEASE = 0x0D31

Report = Callable[[Progress], None]


class DeliveryBusy(XinyongError):
    """Another process is taking in this very delivery."""

    code = ErrorCode.DELIVERY_BUSY
    status = 409
    exit_code = 5
    zh = "批次 {number} 正由另一进程处理，请稍候查看结果，不要重复提交。"
    en = "Delivery {number} is being taken in by another process; wait for its result."


class DeliveryRefused(XinyongError):
    """The whole delivery was refused; nothing of it was stored."""

    code: ClassVar[ErrorCode] = ErrorCode.DELIVERY_REFUSED
    status = 422
    exit_code = 5
    zh = "批次 {number} 整批退回，未入库任何一行：{why_zh}"
    en = "Delivery {number} was refused as a whole, no row was stored: {why_en}"


def deliver(
    path: Path, *, dataset: str, department: Department, uploader: str, report: Report | None = None
) -> Receipt:
    """Receive a file and take it in. Raises store errors before anything is recorded, DeliveryRefused afterwards."""
    today = timezone.localdate()
    entry = catalogue.entry(dataset, today)
    kept = store.keep(path)
    delivery = _receive(kept, path.name, entry, department, uploader)
    return process(delivery, entry, report)


def _receive(
    kept: store.KeptFile,
    file_name: str,
    entry: DatasetEntry | BundleEntry,
    department: Department,
    uploader: str,
) -> Delivery:
    with transaction.atomic():
        # One at a time per department: its number series has no gap or double, and a file sent twice at once is one delivery.
        Department.objects.select_for_update().get(pk=department.pk)
        unfinished = Delivery.objects.filter(
            sha256=kept.sha256,
            dataset_code=entry.code,
            department=department,
            state__in=[Delivery.State.RECEIVED, Delivery.State.READING],
        ).first()
        if unfinished is not None:
            return unfinished
        now = timezone.now()
        stem = f"{department.slug}-{timezone.localtime(now):%Y%m%d}-"
        last = (
            Delivery.objects.filter(department=department, number__startswith=stem)
            .order_by("-id")
            .values_list("number", flat=True)
            .first()
        )
        serial = int(last.removeprefix(stem)) + 1 if last else 1
        delivery = Delivery.objects.create(
            number=f"{stem}{serial:04d}",
            department=department,
            dataset_code=entry.code,
            edition=entry.edition,
            uploader=uploader,
            file_name=file_name[:255],
            sha256=kept.sha256,
            size_bytes=kept.size_bytes,
            received_at=now,
        )
        audit.record(
            actor=uploader,
            deed="delivery.received",
            target=delivery.number,
            detail={"dataset": entry.code, "sha256": kept.sha256, "bytes": kept.size_bytes},
        )
        return delivery


@contextlib.contextmanager
def _lease(delivery: Delivery) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    connection = database.connect()
    try:
        row = connection.execute("SELECT pg_try_advisory_lock(%s, %s)", (_LEASE, delivery.pk)).fetchone()
        if row is None or not row[0]:
            raise DeliveryBusy(number=delivery.number)
        connection.commit()
        yield connection
    finally:
        connection.close()


def process(delivery: Delivery, entry: DatasetEntry | BundleEntry, report: Report | None = None) -> Receipt:
    """Read, check and commit a received delivery. Raises DeliveryBusy or DeliveryRefused."""
    with _lease(delivery) as connection:
        delivery.refresh_from_db()
        if delivery.state == Delivery.State.COMMITTED:
            return commit.receipt(delivery)
        started = timezone.now()
        delivery.state = Delivery.State.READING
        delivery.attempts += 1
        delivery.save(update_fields=["state", "attempts"])
        try:
            return engine.take_in(connection, delivery, entry, report, started=started)
        except DeliveryRefused:
            raise
        except XinyongError as error:
            connection.rollback()
            if "path" in error.data:
                error.data["path"] = delivery.file_name  # the name the department knows, not the store's
            _refuse(delivery, error, started)
            refusal = DeliveryRefused(
                number=delivery.number, why_zh=error.message("zh"), why_en=error.message("en"), cause=error.code.value
            )
            raise refusal from error


def _refuse(delivery: Delivery, error: XinyongError, started: datetime) -> None:
    with transaction.atomic():
        delivery.state = Delivery.State.REFUSED
        delivery.failure = error.as_dict()
        delivery.seconds = (timezone.now() - started).total_seconds()
        delivery.save(update_fields=["state", "failure", "seconds"])
        audit.record(
            actor=delivery.uploader,
            deed="delivery.refused",
            target=delivery.number,
            detail={"error": error.code.value, "why": error.message("en")[:500]},
        )
    # A refused file may be hostile: its hash and the reason are the record, the bytes are not kept.
    others = Delivery.objects.filter(sha256=delivery.sha256).exclude(state=Delivery.State.REFUSED).exists()
    if not others:
        store.path_of(delivery.sha256).unlink(missing_ok=True)


def resume(report: Report | None = None) -> list[Receipt]:
    """Take up every delivery a killed process left behind. Those still being worked on are left alone."""
    receipts = []
    waiting = Delivery.objects.filter(state__in=[Delivery.State.RECEIVED, Delivery.State.READING]).order_by("id")
    for delivery in waiting:
        entry = catalogue.entry(delivery.dataset_code, timezone.localdate())
        with contextlib.suppress(DeliveryBusy, DeliveryRefused):
            receipts.append(process(delivery, entry, report))
    return receipts
