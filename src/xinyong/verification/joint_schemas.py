"""Joint work as the API takes and tells it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from ninja import Schema
from pydantic import ConfigDict
from pydantic import Field as Described

#: Text without the character no database keeps.
PLAIN = r"^[^\x00]*$"
Officer = Described(
    pattern=r"^[A-Za-z0-9._-]{1,12}$",
    description="Staff number of the officer in the asking system; no name of a person.",
)
_STATES = "A code of /api/v1/joint-work/vocabulary."


class Body(Schema):
    """A body with no other members than its own."""

    model_config = ConfigDict(extra="forbid")


class DecisionIn(Body):
    """M3: what an officer decided on one measure and one entry, in a matter."""

    code: str = Described(max_length=60, pattern=PLAIN, description="Number of the entity, as it was asked.")
    record: str = Described(
        max_length=40, pattern=PLAIN, description="Number of the entry: `measures[].object.record` of the answer."
    )
    measure: str = Described(max_length=20, pattern=PLAIN, description="`measures[].id` of the answer.")
    item: str = Described(
        max_length=60, pattern=PLAIN, description="Item the question was asked for; it names scene, purpose and basis."
    )
    matter: str = Described(
        min_length=1, max_length=200, pattern=PLAIN, description="The matter at hand, as the unit calls it."
    )
    officer: str = Officer
    decision: Literal["applied", "not_applicable", "waived"]
    reason: str = Described(min_length=1, max_length=2000, pattern=PLAIN, description="Why, in the officer's words.")
    reason_code: str = Described(
        "",
        max_length=60,
        pattern=PLAIN,
        description="For not_applicable and waived: a code of /api/v1/joint-work/vocabulary.",
    )
    relation: str = Described(
        "", max_length=2000, pattern=PLAIN, description="Applied: how the act bears on the matter (MEA-03)."
    )
    notice: str = Described(
        "", max_length=200, pattern=PLAIN, description="Applied: number of the written notice (MEA-05)."
    )
    notice_served_on: date | None = Described(None, description="Applied: day it was served.")
    notice_says: list[Literal["basis", "reason", "relief"]] = Described(
        [], max_length=3, description="Applied: what it says; all three are needed."
    )
    months: int | None = Described(None, ge=1, le=1200, description="How long, where the row leaves it open.")


class ExecutionIn(Body):
    """M4: when and how it was carried out."""

    seen: int = Described(ge=0, le=1_000_000, description="`seq` the officer saw.")
    officer: str = Officer
    executed_on: date
    result: str = Described(min_length=1, max_length=2000, pattern=PLAIN)
    document: str = Described("", max_length=200, pattern=PLAIN)


class LiftingIn(Body):
    """M6: the measure is lifted."""

    seen: int = Described(ge=0, le=1_000_000, description="`seq` the officer saw.")
    officer: str = Officer
    lifted_on: date
    note: str = Described(min_length=1, max_length=2000, pattern=PLAIN)


class MessageOut(Schema):
    """One message of a piece of work: M3, M4, M5, M6, reminder or escalation."""

    seq: int
    message: str
    state: str
    actor: str
    at: datetime
    facts: dict[str, Any]
    reason: str


class JointOut(Schema):
    """A measure or incentive before one unit for one matter, with every message."""

    number: int
    state: str = Described(description=_STATES)
    seq: int = Described(description="Number of its last message; whoever goes on names it as `seen`.")
    entity: str
    record: str
    list: str | None
    measure: str
    favourable: bool
    scene: str
    matter: str
    until: date | None
    due_on: date | None = Described(description="Last day for the next message of the executor.")
    moved_at: datetime
    messages: tuple[MessageOut, ...]


class JointListOut(Schema):
    """A page of the unit's work, the longest unmoved first."""

    works: list[JointOut]
    page: int
    pages: int
    total: int


class WordOut(Schema):
    """A code in both languages. ``of``: the decision a reason belongs to."""

    code: str
    zh: str
    en: str
    of: str | None = None


class VocabularyOut(Schema):
    """Codes of joint work."""

    states: list[WordOut]
    messages: list[WordOut]
    triggers: list[WordOut]
    reasons: list[WordOut]
