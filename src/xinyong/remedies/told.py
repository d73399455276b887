"""Rooms above that tell the applicant of steps of a case (notices, documents); they hear in the transaction of the step. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A step the applicant is told of. ``account_id`` None: nobody applied; ``due_on``: last day of what comes next."""

    case_id: int
    number: str
    kind: str
    entity_id: int
    record_id: int
    account_id: int | None
    act: str
    before: str
    after: str
    at: datetime
    reason: str
    due_on: date | None


#: By name of the room. Each is called inside the transaction with steps of different cases: what it raises undoes them.
listeners: dict[str, Callable[[Sequence[Told]], None]] = {}


def tell(steps: Sequence[Told]) -> None:
    """Tell every room that registered."""
    for listener in listeners.values():
        listener(steps)
