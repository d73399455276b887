"""One pull: new rows of a front-end table become a delivery of their own, and are flagged back after its commit.

A row is flagged only when it still holds what was read. Whoever kills the process between commit and flag has the same
rows pulled again: they are unchanged, and flagged then.
"""

from __future__ import annotations

import json
import logging
import tempfile
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from datetime import time as clock_time
from decimal import Decimal
from pathlib import Path
from typing import IO, Any

from django.db import close_old_connections
from django.utils import timezone

from xinyong.accounts import selectors as accounts
from xinyong.errors import XinyongError
from xinyong.intake import actions
from xinyong.intake.models import Delivery, StoredFinding
from xinyong.intake.pull import sources
from xinyong.intake.pull.dialects import Row, connected
from xinyong.intake.pull.errors import SourceTable
from xinyong.intake.pull.sources import SourceDefinition
from xinyong.intake.receipt import Receipt
from xinyong.ledger import corridor
from xinyong.runtime import database

log = logging.getLogger("xinyong.pull")

#: First key of the advisory lock on a source: one puller at a time.
_PULL = 0x0D35
_FLAG_AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulled:
    """What one pull did. ``state``: empty (nothing new), busy (another process pulls), or the state of the delivery.

    ``changed``: rows the department changed between reading and flagging; they are pulled again.
    """

    source: str
    state: str
    rows: int = 0
    taken: int = 0
    failed: int = 0
    changed: int = 0
    receipt: Receipt | None = None


def pull(source: SourceDefinition) -> Pulled:
    """Pull one batch. Raises errors of the source, and DeliveryFailed; a refused delivery fails its rows."""
    department = accounts.department(source.department)
    with _alone(source) as alone:
        if not alone:
            return Pulled(source=source.source, state="busy")
        held = _finish_earlier(source)
        if held is not None:
            return held
        with connected(source) as link, tempfile.TemporaryDirectory(prefix="xinyong-pull-") as place:
            path = Path(place) / f"{source.source}-{timezone.localtime():%Y%m%d-%H%M%S}.jsonl"
            rows: list[Row] = []
            with open(path, "w", encoding="utf-8") as handle:
                for row in link.read():
                    rows.append(row)
                    _write(handle, source, row)
            if not rows:
                return Pulled(source=source.source, state="empty")
            why: str | None = None
            receipt: Receipt | None = None
            try:
                receipt = actions.deliver(
                    path,
                    dataset=source.dataset,
                    department=department,
                    uploader=f"pull {source.source}",
                    channel=Delivery.Channel.PULL,
                    origin=f"{_prefix(source)}{time.time_ns()}",
                )
                if receipt.state != Delivery.State.COMMITTED:
                    return Pulled(source=source.source, state=receipt.state, rows=len(rows), receipt=receipt)
            except actions.DeliveryRefused as error:
                why = error.message("zh")
            reasons = {} if receipt is None else _reasons(receipt.delivery)
            taken, failed = _flag(source, link, rows, reasons, why)
            return Pulled(
                source=source.source,
                state="committed" if receipt is not None else "refused",
                rows=len(rows),
                taken=taken,
                failed=failed,
                changed=len(rows) - taken - failed,
                receipt=receipt,
            )


def pull_all(source: SourceDefinition) -> Iterator[Pulled]:
    """Batch after batch until nothing new is left, or nothing can be done now."""
    while True:
        found = pull(source)
        yield found
        if found.rows < source.batch or found.state not in ("committed", "refused") or found.changed == found.rows:
            return


def check(source: SourceDefinition) -> int:
    """Connect, read the first rows, change nothing. Returns how many of a batch are new. Raises errors of the source."""
    accounts.department(source.department)
    count = 0
    with connected(source) as link, tempfile.TemporaryFile("w", encoding="utf-8") as nowhere:
        for row in link.read():
            _write(nowhere, source, row)
            count += 1
    return count


def keep_pulling(stop: threading.Event) -> None:
    """Pull every source on its rhythm until told to stop. A source that fails does not hold up the others."""
    due: dict[str, float] = {}
    while not stop.is_set():
        for name in sources.names():
            if stop.is_set() or due.get(name, 0.0) > time.monotonic():
                continue
            every = 60.0
            try:
                close_old_connections()
                source = sources.load(name)
                every = source.every_minutes * 60.0
                for found in pull_all(source):
                    log.info("source %s: %s, %s rows", name, found.state, found.rows)
                    corridor.catch_up()
            except Exception as error:  # one source that is away must not stop the others; it is tried again when due
                known = error if isinstance(error, XinyongError) else database.explain(error)
                log.warning("source %s: %s", name, known.message("en") if known else error, exc_info=not known)
            due[name] = time.monotonic() + every
        stop.wait(1.0)


# --- parts ------------------------------------------------------------------------------------------------------------


def _prefix(source: SourceDefinition) -> str:
    return f"pull:{source.source}@"


@contextmanager
def _alone(source: SourceDefinition) -> Iterator[bool]:
    number = zlib.crc32(source.source.encode()) & 0x7FFFFFFF
    with database.connect(autocommit=True) as connection:
        row = connection.execute("SELECT pg_try_advisory_lock(%s, %s)", (_PULL, number)).fetchone()
        yield bool(row and row[0])


def _finish_earlier(source: SourceDefinition) -> Pulled | None:
    """Finish what a killed pull left; a held delivery keeps its rows waiting, whatever came since."""
    earlier = Delivery.objects.filter(
        channel=Delivery.Channel.PULL, origin__startswith=_prefix(source), state__in=actions.UNFINISHED
    ).order_by("id")
    for delivery in earlier:
        if delivery.state != Delivery.State.HELD:
            try:
                actions.process(delivery)
            except actions.DeliveryBusy:
                return Pulled(source=source.source, state="busy")
            except actions.DeliveryRefused:
                continue  # its rows are pulled again and get the reason
        delivery.refresh_from_db()
        if delivery.state == Delivery.State.HELD:
            return Pulled(source=source.source, state="held", receipt=actions.receipt_of(delivery))
    return None


def _write(handle: IO[str], source: SourceDefinition, row: Row) -> None:
    first = len(source.key) + 1
    flag = _text(source, source.flag.column, row[first - 1])
    if flag not in source.flag.new:  # MariaDB compares 'i' with a number column as 0
        raise SourceTable(
            source=source.source,
            table=source.table,
            why_zh=f"标记列 {source.flag.column} 的值与定义的类型不符",
            why_en=f"flag column {source.flag.column} is of another type than its values in the definition",
        )
    values = {}
    for (column, place), value in zip(source.columns, row[first:], strict=True):
        text = _text(source, place, value)
        if text is not None:
            values[column] = text
    for column, _ in source.columns:
        values.setdefault(column, "")
    handle.write(json.dumps(values, ensure_ascii=False) + "\n")


def _text(source: SourceDefinition, column: str, value: Any) -> str | None:
    """A value of the database as a department would write it."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, datetime):
        midnight = value.timetz() == clock_time(0, 0)
        return value.date().isoformat() if midnight else value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, date | clock_time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    kind = type(value).__name__
    raise SourceTable(
        source=source.source,
        table=source.table,
        why_zh=f"列 {column} 的类型（{kind}）不能作为文字读取",
        why_en=f"column {column} is of a type ({kind}) that cannot be read as text",
    )


def _reasons(number: str) -> dict[int, str]:
    """Row of the delivery to the reasons it was sent back for."""
    found: dict[int, list[str]] = {}
    rows = StoredFinding.objects.filter(delivery__number=number, severity="error").order_by("row", "id")
    for row, column, reason in rows.values_list("row", "column", "reason_zh").iterator(2000):
        found.setdefault(row, []).append(f"{column}：{reason}" if column else reason)
    return {row: "；".join(parts) for row, parts in found.items()}


def _flag(
    source: SourceDefinition, link: Any, rows: list[Row], reasons: dict[int, str], why: str | None
) -> tuple[int, int]:
    taken = failed = 0
    for start in range(0, len(rows), _FLAG_AT_ONCE):
        good: list[tuple[Row, str, str | None]] = []
        bad: list[tuple[Row, str, str | None]] = []
        for number, row in enumerate(rows[start : start + _FLAG_AT_ONCE], start + 1):
            reason = why or reasons.get(number)
            if reason is None:
                good.append((row, source.flag.taken, None))
            else:
                bad.append((row, source.flag.failed, reason[: source.result_length]))
        taken += link.flag(good) if good else 0
        failed += link.flag(bad) if bad else 0
    return taken, failed
