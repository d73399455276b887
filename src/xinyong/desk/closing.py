"""Cases the department ends itself: it corrected the row in a delivery of its own, or gave the row up.

Nobody is asked to decide what has been answered, and a decision that was still waiting to be sent is not sent any more: the
row as it once stood must not replace the corrected one. What officers said stays in the history of the case.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from xinyong.audit import actions as audit
from xinyong.desk.models import Case, Decision, Opinion
from xinyong.intake.models import CorrectedRow, Delivery
from xinyong.runtime import sql

_OVER = (Case.State.STORED, Case.State.RETURNED, Case.State.CORRECTED)


def _rows(name: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql.statement("desk", name), values)
        return list(cursor.fetchall())


def _open(case_id: int) -> Case | None:
    """The case under a lock, where it is neither over nor sent."""
    return Case.objects.select_for_update(of=("self",)).filter(pk=case_id, sent=None).exclude(state__in=_OVER).first()


def _close(case: Case, at: datetime, actor: str, **values: Any) -> None:
    for name, value in {
        **values,
        "state": Case.State.CORRECTED,
        "closed_at": at,
        "entity": None,
        "decided_at": None,
    }.items():
        setattr(case, name, value)
    case.save()
    Decision.objects.filter(case=case, undone_at=None).update(undone_by="department", undone_at=at)
    audit.record(
        actor=actor,
        deed="desk.case.ended-by-department",
        target=str(case.pk),
        detail={"delivery": case.delivery_id, "row": case.row, "correction": case.closed_in_id},
    )


@transaction.atomic
def close_answered(delivery: Delivery) -> int:
    """Close the cases whose rows this committed delivery answers, or that were answered before it was. How many."""
    closed = 0
    for case_id, correction in _rows("answered_cases", {"delivery": delivery.pk}):
        case = _open(case_id)
        if case is not None and close_if_answered(case, correction=correction):
            closed += 1
    return closed


def close_if_answered(case: Case, *, correction: int | None = None) -> bool:
    """Close this locked case where a committed correction answers its row; whether it was closed."""
    answers = CorrectedRow.objects.filter(
        parent=case.delivery_id, parent_row=case.row, delivery__state=Delivery.State.COMMITTED
    )
    if correction is not None:
        answers = answers.filter(delivery=correction)
    answer = answers.select_related("delivery").order_by("-delivery_id", "-row").first()
    if answer is None:
        return False
    at = answer.delivery.committed_at or timezone.now()
    _close(case, at, answer.delivery.uploader, closed_in=answer.delivery, closed_row=answer.row)
    return True


@transaction.atomic
def follow_given_up() -> int:
    """Close cases of rows the department gave up, open those again whose row it has taken up again. How many moved."""
    moved = 0
    for case_id, reason, who, at in _rows("given_up_cases", {}):
        case = _open(case_id)
        if case is not None:
            _close(case, at, who, closed_why=reason)
            moved += 1
    for (case_id,) in _rows("taken_up_cases", {}):
        case = Case.objects.select_for_update(of=("self",)).get(pk=case_id)
        case.state, case.closed_why, case.closed_at = Case.State.OPEN, "", None
        case.save(update_fields=["state", "closed_why", "closed_at"])
        Opinion.objects.filter(case=case, withdrawn_at=None).update(withdrawn_at=timezone.now())
        moved += 1
    return moved
