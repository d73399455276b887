"""The writer of what happens to a record after it was stored: dated acts of officers, each with reason and rule version."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from xinyong.accounts import selectors as accounts
from xinyong.accounts.models import User
from xinyong.accounts.rules import Right
from xinyong.audit import actions as audit
from xinyong.ledger import rules, selectors
from xinyong.ledger.errors import RecordNotFound, StatusRefused
from xinyong.ledger.selectors import RecordHistory
from xinyong.runtime import sql


def record_status(
    user: User,
    record_id: int,
    act: str,
    *,
    reason: str,
    basis: str,
    cause: str = "",
    effective_at: datetime | None = None,
    right: Right = Right.RECORD_STATUS,
) -> int:
    """Record an act on a record; returns its number, which is that of its event in the corridor.

    ``effective_at``: from when it holds (default: now); never ahead, never before the decision itself. ``right``: another
    right by which a room above lets its officers record the acts of its own procedure. Raises RightMissing,
    RecordNotFound, StatusRefused. Whoever asks how the record stood at an earlier moment is not affected.
    """
    accounts.require(user, right)
    return record_act(user.username, record_id, act, reason=reason, basis=basis, cause=cause, effective_at=effective_at)


def hold(record_id: int) -> RecordHistory:
    """Lock the head of a record for the caller's transaction and read it: nothing happens to it meanwhile.

    Raises RecordNotFound.
    """
    entity_id = selectors.record(record_id).entity_id
    with connection.cursor() as cursor:
        cursor.execute(sql.statement("ledger", "head_for_act"), {"entity": entity_id, "record": record_id})
    return selectors.record(record_id)


def record_act(
    actor: str,
    record_id: int,
    act: str,
    *,
    reason: str,
    basis: str,
    cause: str = "",
    effective_at: datetime | None = None,
) -> int:
    """The same for a room with a procedure of its own, which has judged who may do it; ``actor`` is named in the act.

    The event is the last thing written here: its lock orders commits, so the caller ends its transaction soon.
    """
    known = rules.rule_set().acts.get(act)
    now = timezone.now()
    effective_at = effective_at or now
    reason, basis = reason.strip(), basis.strip()

    def refuse(zh: str, en: str) -> StatusRefused:
        return StatusRefused(record=record_id, act=known.zh if known else act, why_zh=zh, why=en)

    if known is None:
        raise refuse(
            f"没有这种处理，可用：{'、'.join(rules.rule_set().acts)}",
            f"no such act; there are {', '.join(rules.rule_set().acts)}",
        )
    if not reason or not basis:
        raise refuse("须写明理由和依据文书", "a reason and the document it rests on must be given")
    if bool(known.causes or known.cause_from) != bool(cause) or (
        cause and not known.cause_from and cause not in known.causes
    ):
        allowed = ", ".join(known.causes) or "—"
        raise refuse(f"原因不对，可用：{allowed}", f"the cause is not one of: {allowed}")
    if effective_at > now:
        raise refuse("生效时间不能晚于现在", "it cannot take effect in the future")
    if not known.in_force(timezone.localdate(effective_at)):
        raise refuse("该日期尚无此项规定", "the rules did not know this act on that day")
    entity_id = selectors.record(record_id).entity_id
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql.statement("ledger", "head_for_act"), {"entity": entity_id, "record": record_id})
        head = cursor.fetchone()
        if head is None:
            raise RecordNotFound(record=record_id, when="", when_zh="")
        dataset, version, decided_on = head
        if decided_on and timezone.localdate(effective_at) < decided_on:
            raise refuse(
                f"生效时间早于决定日期 {decided_on}", f"it would take effect before the decision of {decided_on}"
            )
        history = [selectors._done(item) for item in selectors.acts_on_record(entity_id, record_id)]
        try:
            answers = rules.answered(known, history)
            proposal = rules.Proposal(
                entity_id=entity_id,
                record_id=record_id,
                act=known,
                cause=cause,
                day=timezone.localdate(effective_at),
                history=tuple(history),
            )
            for guard in rules.guards.values():
                guard(proposal)
        except rules.NotPossible as error:
            raise refuse(error.zh, error.en) from error
        audit.record(
            actor=actor,
            deed="record.status",
            target=f"record {record_id}",
            purpose=reason[:200],
            detail={"act": act, "cause": cause, "basis": basis[:500], "effective_at": effective_at.isoformat()},
        )
        # Last: the event takes the lock that orders commits, which is held until this transaction ends.
        cursor.execute(sql.statement("ledger", "insert_status_event"), {"dataset": dataset})
        event: tuple[Any, ...] = cursor.fetchone()
        cursor.execute(
            sql.statement("ledger", "insert_status"),
            {
                "entity": entity_id,
                "record": record_id,
                "event": event[0],
                "version": version,
                "effective_at": effective_at,
                "recorded_at": event[1],
                "act": act,
                "cause": cause,
                "actor": actor,
                "reason": reason,
                "basis": basis,
                "rule": f"record-status {rules.rule_set().version}",
                "answers": answers,
            },
        )
    return int(event[0])
