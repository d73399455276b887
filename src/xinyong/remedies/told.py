"""Rooms above that want to know of every step of a case (notices, documents), told in the transaction of the step. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A step as others hear of it. ``account_id`` None: nobody applied; ``due_on``: last day of what comes next.

    ``reason``: what the applicant is told; empty where the step concerns officers only.
    """

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
    for_applicant: bool


#: By name of the room. Each is called inside the transaction: what it raises undoes the step.
listeners: dict[str, Callable[[Told], None]] = {}


def tell(step: Told) -> None:
    """Tell every room that registered."""
    for listener in listeners.values():
        listener(step)
