"""Who may do what for a firm. Pure: no database."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from xinyong.centre.identity.claims import LEGAL_REPRESENTATIVE


class FirmRight(StrEnum):
    """What a delegate may be given, one by one. Looking is part of each."""

    FILL = "fill"
    SUBMIT = "submit"
    SIGN = "sign"


#: Words on pages; message ids and English.
WORDS = {
    FirmRight.FILL: ("填报", "fill in"),
    FirmRight.SUBMIT: ("提交", "submit"),
    FirmRight.SIGN: ("签署", "sign"),
}
#: What only the legal representative does: delegates, and who may see what is not public.
MANAGE = ("管理经办人和授权", "manage delegates and authorisations")


class State(StrEnum):
    """How a mandate stands."""

    ASKED = "asked"
    INVITED = "invited"
    LAPSED = "lapsed"
    ACTIVE = "active"
    EXPIRED = "expired"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the state of a mandate follows from."""

    role: str
    taken: bool
    rights: Collection[str]
    invited_until: datetime | None
    valid_until: date | None
    ended: bool


def state(facts: Facts, now: datetime, today: date) -> State:
    """How a mandate stands now. A delegate without a right has only been named by the provider, and waits."""
    if facts.ended:
        return State.ENDED
    if facts.role == LEGAL_REPRESENTATIVE:
        return State.ACTIVE
    if not facts.taken:
        return State.INVITED if facts.invited_until is not None and facts.invited_until > now else State.LAPSED
    if not facts.rights:
        return State.ASKED
    if facts.valid_until is not None and facts.valid_until < today:
        return State.EXPIRED
    return State.ACTIVE


def may(role: str, rights: Collection[str], right: FirmRight) -> bool:
    """Whether somebody whose mandate is active may do this. The legal representative may do everything."""
    return role == LEGAL_REPRESENTATIVE or right.value in rights


def masked(name: str) -> str:
    """A name as colleagues of the firm need it to recognise the person: the family name, the rest hidden."""
    name = name.strip()
    return name[:1] + "*" * min(2, len(name) - 1) if len(name) > 1 else "*"
