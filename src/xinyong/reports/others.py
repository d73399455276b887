"""Papers of other rooms that the verification page knows too: each room registers how to find its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from xinyong.reports.selectors import Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked for: one of the three is filled."""

    code: str = ""
    number: str = ""
    sha256: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A paper that was issued, with the few facts a holder compares. What it decides is not repeated."""

    title: str
    number: str
    code: str
    subject_name: str
    subject_code: str
    issuer: str
    issued_at: datetime
    content_hash: str
    standing: Standing
    revoked_at: datetime | None = None


#: By name of the room.
finders: dict[str, Callable[[Question], Paper | None]] = {}


def find(question: Question) -> Paper | None:
    """The paper asked for, of whichever room; None when no room knows it."""
    for finder in finders.values():
        found = finder(question)
        if found is not None:
            return found
    return None
