"""The life of a delivery: received, taken in, held, released, refused, failed, tried again.

All rows of a delivery enter the ledger in one transaction, with their findings, registry changes, events and the
receipt. Working rows live in temporary tables of one session. So a kill at any moment leaves either the whole delivery
or nothing of it, and whoever comes next takes it up again.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import ClassVar

from django.db import connection as django_connection
from django.db import transaction
from django.utils import timezone

from xinyong.accounts import selectors as accounts
from xinyong.accounts.models import Department, User
from xinyong.accounts.rules import Right
from xinyong.audit import actions as audit
from xinyong.catalogue import selectors as catalogue
from xinyong.catalogue.entry import BundleEntry, DatasetEntry
from xinyong.errors import ErrorCode, XinyongError
from xinyong.intake import aside, commit, engine, failures, store
from xinyong.intake.failures import DeliveryFailed
from xinyong.intake.models import Delivery, Duty, ZeroDeclaration
from xinyong.intake.queue import lease
from xinyong.intake.receipt import Progress, Receipt
from xinyong.intake.release import rules as release_rules
from xinyong.runtime import database

log = logging.getLogger("xinyong.intake")

#: Workers listen here: a delivery was received or may be tried again.
CHANNEL = "xinyong_deliveries"

Report = Callable[[Progress], None]

#: The same file sent again while one of these is not finished is that delivery, not another.
UNFINISHED = (Delivery.State.RECEIVED, Delivery.State.READING, Delivery.State.HELD, Delivery.State.FAILED)


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


class SameOfficer(XinyongError):
    """Whoever delivered a file may not release it."""

    code = ErrorCode.RIGHT_MISSING
    status = 403
    exit_code = 4
    zh = "批次 {number} 由 {who} 报送，须由另一名工作人员放行或作废。"
    en = "Delivery {number} was sent by {who}; another officer has to release or discard it."


class WholeOnly(XinyongError):
    """This dataset enters as a whole only, and rows of the delivery are still wrong."""

    code = ErrorCode.DELIVERY_STATE
    status = 409
    exit_code = 1
    zh = "批次 {number} 须整批无误方可入库，仍有待修正的行，不能放行。请修正后重新报送整批，或退回本批。"
    en = "Delivery {number} enters as a whole only and has rows that are wrong; correct and deliver it again, or discard it."


class NoteMissing(XinyongError):
    """A release or a discard needs its reason in words."""

    code = ErrorCode.DELIVERY_STATE
    status = 422
    exit_code = 2
    zh = "放行或作废批次 {number} 须写明理由。"
    en = "Say why delivery {number} is released or discarded."


class Discarded(XinyongError):
    """An officer ended a held delivery."""

    code = ErrorCode.DELIVERY_REFUSED
    status = 422
    exit_code = 5
    zh = "批次 {number} 待放行期间由 {who} 作废：{note}"
    en = "Delivery {number} was discarded by {who} while it was held: {note}"


class PeriodWrong(XinyongError):
    """A period of a declaration that ends before it begins, or in the future."""

    code = ErrorCode.DELIVERY_STATE
    status = 422
    exit_code = 2
    zh = "零报送期间 {from_day} 至 {to_day} 不成立：起不得晚于止，止不得晚于今天。"
    en = "The period {from_day} to {to_day} cannot be declared: it ends before it begins, or in the future."


class DeliveryState(XinyongError):
    """What was asked for does not fit the state the delivery is in."""

    code = ErrorCode.DELIVERY_STATE
    status = 409
    exit_code = 1
    zh = "批次 {number} 现为「{state}」，不能这样处理。请刷新后查看当前状态。"
    en = "Delivery {number} is '{state_en}' now; this cannot be done with it. Look at its present state."


def receive(
    path: Path,
    *,
    dataset: str,
    department: Department,
    uploader: str,
    channel: Delivery.Channel = Delivery.Channel.COMMAND,
    parent: Delivery | None = None,
    file_name: str = "",
    origin: str = "",
    announce: bool = True,
    within: Path | None = None,
) -> Delivery:
    """Keep a file and give it a number. Returns at once; a worker takes it in.

    ``file_name``: the name the department knows, where ``path`` is a temporary file. ``origin``: where exactly it was
    found; the same file from the same origin is one delivery for good. Without an origin a file sent again is a delivery
    of its own once the first one is finished. ``announce``: wake a worker. ``within``: the folder the
    file must really lie in. Raises store errors and catalogue errors before anything is recorded.
    """
    entry = catalogue.entry(dataset, timezone.localdate())
    kept = store.keep(path, within=within)
    return _receive(kept, file_name or path.name, entry, department, uploader, channel, parent, origin, announce)


def deliver(
    path: Path,
    *,
    dataset: str,
    department: Department,
    uploader: str,
    report: Report | None = None,
    channel: Delivery.Channel = Delivery.Channel.COMMAND,
    parent: Delivery | None = None,
    file_name: str = "",
    origin: str = "",
) -> Receipt:
    """Receive a file and take it in here and now. Raises as :func:`receive` and :func:`process` do, but never Busy.

    Where another process is at the very same delivery, its result is waited for.
    """
    aside.warm(path)
    delivery = receive(
        path,
        dataset=dataset,
        department=department,
        uploader=uploader,
        channel=channel,
        parent=parent,
        file_name=file_name,
        origin=origin,
        announce=False,
    )
    pause = 0.05
    while True:
        try:
            return process(delivery, report=report)
        except DeliveryBusy:
            if report is not None and delivery.progress:
                report(Progress(**delivery.progress))
            time.sleep(pause)
            pause = min(pause * 2, 1.0)


def _receive(
    kept: store.KeptFile,
    file_name: str,
    entry: DatasetEntry | BundleEntry,
    department: Department,
    uploader: str,
    channel: Delivery.Channel,
    parent: Delivery | None,
    origin: str,
    announce: bool,
) -> Delivery:
    with transaction.atomic():
        # One at a time per department: its number series has no gap or double, and a file sent twice at once is one delivery.
        Department.objects.select_for_update().get(pk=department.pk)
        known = Delivery.objects.filter(
            sha256=kept.sha256, dataset_code=entry.code, department=department, parent=parent
        ).order_by("-id")
        same = (
            known.filter(channel=channel, origin=origin).first()
            if origin
            else known.filter(state__in=UNFINISHED).first()
        )
        if same is not None:
            return same
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
            channel=channel,
            parent=parent,
            uploader=uploader,
            file_name=file_name[:255],
            sha256=kept.sha256,
            size_bytes=kept.size_bytes,
            received_at=now,
            origin=origin,
        )
        audit.record(
            actor=uploader,
            deed="delivery.received",
            target=delivery.number,
            detail={
                "dataset": entry.code,
                "sha256": kept.sha256,
                "bytes": kept.size_bytes,
                "channel": channel.value,
                **({"parent": parent.number} if parent else {}),
            },
        )
        if announce:
            _notify()
        return delivery


def _notify() -> None:
    with django_connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, '')", [CHANNEL])


def process(
    delivery: Delivery, entry: DatasetEntry | BundleEntry | None = None, report: Report | None = None
) -> Receipt:
    """Read, check and commit a received delivery. Raises DeliveryBusy, DeliveryRefused or DeliveryFailed.

    A delivery that is finished or held is left as it is; its receipt says so.
    """
    with lease.held(delivery) as connection:
        delivery.refresh_from_db()
        if connection is None:
            raise DeliveryBusy(number=delivery.number)
        if delivery.state in (Delivery.State.COMMITTED, Delivery.State.HELD):
            return commit.receipt(delivery)
        if delivery.state == Delivery.State.REFUSED:
            raise _refusal(delivery)
        started = timezone.now()
        _begin(delivery, started)
        if aside.worth_it(store.path_of(delivery.sha256)):
            database.stand_back(connection)
        try:
            entry = entry or catalogue.entry(delivery.dataset_code, timezone.localdate(delivery.received_at))
            with lease.Heartbeat(delivery, report) as heartbeat:
                return engine.take_in(connection, delivery, entry, heartbeat, started=started)
        except Exception as error:  # whatever it was, the delivery says so: refused for its content, or failed
            with contextlib.suppress(Exception):  # a broken session is rolled back by the server
                connection.rollback()
            if failures.is_technical(error):
                raise _fail(delivery, error, started) from error
            assert isinstance(error, XinyongError)  # everything else is technical
            if "path" in error.data:
                error.data["path"] = delivery.file_name  # the name the department knows, not the store's
            _refuse(delivery, error, started)
            raise _refusal(delivery) from error


def _begin(delivery: Delivery, started: datetime) -> None:
    delivery.state = Delivery.State.READING
    delivery.attempts += 1
    delivery.tries += 1
    delivery.taken_at = delivery.heartbeat_at = started
    delivery.retry_at = None
    delivery.worker = lease.me()
    delivery.progress = {}
    delivery.failure = {}
    delivery.save(
        update_fields=[
            "state",
            "attempts",
            "tries",
            "taken_at",
            "heartbeat_at",
            "retry_at",
            "worker",
            "progress",
            "failure",
        ]
    )


def _refusal(delivery: Delivery) -> DeliveryRefused:
    failure = delivery.failure
    return DeliveryRefused(
        number=delivery.number,
        why_zh=failure.get("message_zh", ""),
        why_en=failure.get("message_en", ""),
        cause=failure.get("error", ""),
    )


def _still_mine(delivery: Delivery) -> None:
    """Lock the row; raise DeliveryBusy when the lease was taken away meanwhile: another try decides by now."""
    now = Delivery.objects.select_for_update().get(pk=delivery.pk)
    if (now.state, now.attempts) != (Delivery.State.READING, delivery.attempts):
        raise DeliveryBusy(number=delivery.number)


def _refuse(delivery: Delivery, error: XinyongError, started: datetime) -> None:
    with transaction.atomic():
        _still_mine(delivery)
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


def _fail(delivery: Delivery, error: BaseException, started: datetime) -> DeliveryFailed:
    """Write down a technical failure and when it is tried again. Where the database is gone too, the try stays open."""
    why_zh, why_en = failures.explained(error)
    pause = failures.pause(delivery.tries)
    if pause is None:
        next_zh, next_en = (
            "不再自动重试，请排除故障后手动重试。",
            "It is not tried again by itself; mend the cause and retry.",
        )
    else:
        next_zh, next_en = "稍后自动重试。", "It will be tried again by itself."
    failed = DeliveryFailed(number=delivery.number, why_zh=why_zh, why_en=why_en, next_zh=next_zh, next_en=next_en)
    log.error("delivery %s failed at try %s: %s", delivery.number, delivery.tries, why_en, exc_info=error)
    try:
        if django_connection.connection is not None and not django_connection.in_atomic_block:
            django_connection.close_if_unusable_or_obsolete()
        with transaction.atomic():
            _still_mine(delivery)
            now = timezone.now()
            delivery.state = Delivery.State.FAILED
            delivery.failure = failed.as_dict()
            delivery.retry_at = now + pause if pause is not None else None
            delivery.seconds = (now - started).total_seconds()
            delivery.save(update_fields=["state", "failure", "retry_at", "seconds"])
            audit.record(
                actor=delivery.worker or delivery.uploader,
                deed="delivery.failed",
                target=delivery.number,
                detail={"why": why_en[:500], "try": delivery.tries},
            )
    except DeliveryBusy:
        raise
    except Exception:  # the reason of the failure is often that nothing can be written; the lease has ended
        log.exception("the failure of delivery %s could not be recorded; it stays open", delivery.number)
    return failed


def give_up(delivery: Delivery) -> bool:
    """End the tries of a delivery whose workers were killed again and again. False when another process is at it."""
    with lease.held(delivery) as connection:
        if connection is None:
            return False
        delivery.refresh_from_db()
        if delivery.state != Delivery.State.READING:
            return False
        _fail(delivery, _Killed(tries=delivery.tries), timezone.now())
        return True


class _Killed(XinyongError):
    """Every try ended with the process, none with a reason."""

    zh = "处理进程连续 {tries} 次异常终止（内存不足或被强制结束）。"
    en = "The process ended {tries} times without a word (out of memory, or killed)."


def receipt_of(delivery: Delivery) -> Receipt:
    """The receipt of a delivery in whatever state it is."""
    return commit.receipt(delivery)


def retry(delivery: Delivery, *, acting: str) -> Delivery:
    """Let a failed delivery be tried again now, with all its tries. Raises DeliveryState for any other state."""
    with transaction.atomic():
        found = Delivery.objects.select_for_update().get(pk=delivery.pk)
        if found.state != Delivery.State.FAILED:
            raise DeliveryState(number=found.number, state=found.get_state_display(), state_en=found.state)
        found.tries = 0
        found.retry_at = timezone.now()
        found.save(update_fields=["tries", "retry_at"])
        audit.record(actor=acting, deed="delivery.retried", target=found.number)
        _notify()
    return found


def release(delivery: Delivery, acting: User, note: str) -> Delivery:
    """Let a held delivery enter: it goes back into the line and a worker takes in the kept file as it stands.

    Only what the officer has seen is released: a reason that arises later holds it again. Raises RightMissing,
    NoteMissing, SameOfficer, or DeliveryState when it is not held (any more).
    """
    with transaction.atomic():
        found = _held(delivery, acting, note, good_rows=release_rules.for_anybody(delivery))
        if release_rules.WHOLE in release_rules.codes(found.hold):
            raise WholeOnly(number=found.number)
        found.state = Delivery.State.RECEIVED
        found.released_by, found.released_at, found.release_note = acting.username, timezone.now(), note.strip()
        found.tries = 0
        found.save(update_fields=["state", "released_by", "released_at", "release_note", "tries"])
        audit.record(
            actor=acting.username,
            deed="delivery.released",
            target=found.number,
            purpose=note.strip()[:200],
            detail={"reasons": [reason[0] for reason in found.hold], "uploader": found.uploader},
        )
        _notify()
    return found


def discard(delivery: Delivery, acting: User, note: str) -> Delivery:
    """End a held delivery without taking anything of it in. The file stays as evidence. Raises as release does."""
    with transaction.atomic():
        found = _held(delivery, acting, note)
        found.state = Delivery.State.REFUSED
        found.failure = Discarded(number=found.number, who=acting.display_name, note=note.strip()).as_dict()
        found.save(update_fields=["state", "failure"])
        audit.record(actor=acting.username, deed="delivery.discarded", target=found.number, purpose=note.strip()[:200])
    return found


def _held(delivery: Delivery, acting: User, note: str, *, good_rows: bool = False) -> Delivery:
    """The delivery, locked, when this officer may decide about it now. ``good_rows``: it waits for nothing but that the
    good rows are confirmed, which is for whoever may deliver, the uploader included."""
    accounts.require(acting, Right.DELIVERY_SUBMIT if good_rows else Right.DELIVERY_RELEASE)
    found = Delivery.objects.select_for_update().get(pk=delivery.pk)
    if good_rows and not release_rules.for_anybody(found):
        raise DeliveryState(number=found.number, state=found.get_state_display(), state_en=found.state)
    if acting.department_id != found.department_id and not accounts.may(acting, Right.DELIVERY_VIEW_ALL):
        raise accounts.RightMissing(right=Right.DELIVERY_RELEASE.value)
    if acting.username == found.uploader and not good_rows:
        raise SameOfficer(number=found.number, who=acting.display_name)
    if not note.strip():
        raise NoteMissing(number=found.number)
    if found.state != Delivery.State.HELD:
        raise DeliveryState(number=found.number, state=found.get_state_display(), state_en=found.state)
    return found


def declare_zero(
    *, department: Department, dataset: str, from_day: date, to_day: date, acting: str, note: str = ""
) -> ZeroDeclaration:
    """Write down that a department has nothing to deliver for a period. Raises PeriodWrong or catalogue errors."""
    today = timezone.localdate()
    catalogue.entry(dataset, today)
    if from_day > to_day or to_day > today:
        raise PeriodWrong(from_day=from_day, to_day=to_day)
    with transaction.atomic():
        made = ZeroDeclaration.objects.create(
            department=department,
            dataset_code=dataset,
            from_day=from_day,
            to_day=to_day,
            declared_by=acting,
            declared_at=timezone.now(),
            note=note.strip(),
        )
        audit.record(
            actor=acting,
            deed="delivery.zero-declared",
            target=f"{department.slug}/{dataset}",
            detail={"from": from_day.isoformat(), "to": to_day.isoformat()},
        )
    return made


def set_duty(
    *,
    department: Department,
    dataset: str,
    cycle: str = "",
    since: date,
    until: date | None = None,
    reason: str = "",
    acting: str,
) -> Duty:
    """Say that a department delivers a dataset, and how often."""
    catalogue.entry(dataset, timezone.localdate())
    values = {"cycle": cycle, "since": since, "until": until, "reason": reason}
    with transaction.atomic():
        made, _ = Duty.objects.update_or_create(department=department, dataset_code=dataset, defaults=values)
        audit.record(
            actor=acting,
            deed="duty.set",
            target=f"{department.slug}/{dataset}",
            detail={key: str(value) for key, value in values.items()},
        )
    return made


def resume(report: Report | None = None) -> list[Receipt]:
    """Take up every delivery a killed process left behind, and those that failed. Others' work is left alone."""
    receipts = []
    waiting = Delivery.objects.filter(
        state__in=[Delivery.State.RECEIVED, Delivery.State.READING, Delivery.State.FAILED]
    ).order_by("id")
    for delivery in waiting:
        with contextlib.suppress(DeliveryBusy, DeliveryRefused, DeliveryFailed):
            receipts.append(process(delivery, report=report))
    return receipts
