"""What the platform does by itself with cases: tells that a limit passed, and closes what every channel has followed.

It decides nothing. ``catch_up`` runs with the effects, every second in ``serve``; each piece is one transaction, so that a
kill repeats a piece and two processes never do one twice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection, transaction
from django.utils import timezone

from xinyong.remedies import machine, numbers, steps, told
from xinyong.remedies.errors import RemedyRefused
from xinyong.remedies.models import Case, Receipt
from xinyong.remedies.steps import SYSTEM, Actor, Deed
from xinyong.runtime import sql

NAME = "remedies"
#: Cases told of in one transaction.
PIECE = 5_000
#: Cases whose channels are looked at in one turn.
_STOPPING = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopping:
    """A case whose record must vanish. ``event``: the act on the record that says so."""

    case_id: int
    entity_id: int
    record_id: int
    event: int
    since: datetime


#: By channel of remedies.yml: what proves that the record is gone there, None while it is not. Rooms register more.
channels: dict[str, Callable[[Stopping, date], str | None]] = {}


def catch_up() -> int:
    """Do what is due. Returns how many cases moved."""
    today = timezone.localdate()
    return sync(today) + escalate(today)


def rebuild() -> int:
    """Cases are no read model: nothing is built again, what is due is done."""
    return catch_up()


# --- overdue ------------------------------------------------------------------------------------------------------


def overdue(today: date, limit: int = PIECE) -> list[int]:
    """Cases whose nearest limit has passed and nobody was told, the longest first."""
    with connection.cursor() as cursor:
        cursor.execute(sql.statement("remedies", "overdue_cases"), {"today": today, "limit": limit})
        return [row[0] for row in cursor.fetchall()]


def escalate(today: date, now: datetime | None = None) -> int:
    """Write into each overdue case that its limit passed, and tell. Returns how many."""
    done = 0
    while found := overdue(today):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                sql.statement("remedies", "escalate"), {"cases": found, "today": today, "at": now or timezone.now()}
            )
            moved = [row[0] for row in cursor.fetchall()]
            if told.listeners:
                _tell(moved, now or timezone.now())
        done += len(moved)
        if not moved:  # others hold them; they see for themselves
            break
    return done


def _tell(cases: list[int], now: datetime) -> None:
    acts = machine.table().acts
    told.tell(
        [
            told.Told(
                case_id=case.pk,
                number=case.number,
                kind=case.kind,
                entity_id=case.entity_id,
                record_id=case.record_id,
                account_id=case.account_id,
                act="escalate",
                before=case.state,
                after=case.state,
                at=now,
                reason="",
                due_on=case.due_on,
            )
            for case in Case.objects.filter(pk__in=cases).iterator(1_000)
            if acts[case.kind]["escalate"].told
        ]
    )


# --- channels -----------------------------------------------------------------------------------------------------


def sync(today: date) -> int:
    """Take receipts of every channel of granted repairs and withdrawals; a case with all of them is closed."""
    done = 0
    for item in stopping():
        proofs = {code: look(item, today) for code, look in channels.items()}
        with transaction.atomic():
            held = steps.hold(item.case_id)
            missing = {code: proof for code, proof in proofs.items() if proof and code not in held.facts.receipts}
            Receipt.objects.bulk_create(
                [
                    Receipt(case_id=item.case_id, channel=code, at=timezone.now(), proof=proof[:200])
                    for code, proof in missing.items()
                ],
                ignore_conflicts=True,
            )
            if held.facts.state not in ("granted", "withdrawn"):
                continue
            try:
                with transaction.atomic():
                    steps.take(item.case_id, Deed(act="sync"), Actor(party=SYSTEM, name=SYSTEM))
                done += 1
            except RemedyRefused:
                pass  # a channel has not answered yet: the limit runs, and tells when it has passed
    return done


def stopping() -> list[Stopping]:
    """Cases whose record must vanish and that are not closed, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(sql.statement("remedies", "stopping"), {"limit": _STOPPING})
        return [
            Stopping(case_id=case, entity_id=entity, record_id=record, event=event, since=since)
            for case, entity, record, event, since in cursor.fetchall()
        ]


def on_site(item: Stopping, today: date) -> str | None:
    """The effect of publicity has taken the act in, and no window shows the record: pages, lists, search and API have none."""
    with connection.cursor() as cursor:
        cursor.execute(
            sql.statement("remedies", "window_of_record"),
            {"entity": item.entity_id, "record": item.record_id, "today": today},
        )
        row = cursor.fetchone()
    position, shown = row or (0, False)
    if shown or int(position or 0) < item.event:
        return None
    return f"publicity at event {position}, act {item.event}, no window"


def in_open_data(item: Stopping, today: date) -> str | None:
    """The deletion feed names the record, so that every copy of the open data follows; or it never was public."""
    if on_site(item, today) is None:
        return None
    with connection.cursor() as cursor:
        cursor.execute(
            sql.statement("remedies", "gone_of_record"), {"entity": item.entity_id, "record": item.record_id}
        )
        row = cursor.fetchone()
    if row and row[0] is not None:
        return f"deletion feed entry {row[0]}"
    return None if _was_shown(item) else "was not public"


def _was_shown(item: Stopping) -> bool:
    from xinyong.ledger import selectors as ledger
    from xinyong.publicity import past

    return past.was_public(ledger.record(item.record_id), timezone.localdate())


def number_of(case: Case) -> str:
    """Its number."""
    return numbers.case_number(case.kind, case.opened_at, case.pk)
