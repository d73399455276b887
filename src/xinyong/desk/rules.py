"""When is a case decided? Pure decisions over plain values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What the opinions of a case amount to."""

    OPEN = "open"
    SECOND = "second"
    DISPUTED = "disputed"
    AGREED = "agreed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """One officer's opinion: ``choice`` entity or none, ``entity`` the id of the entry that speaks."""

    officer: str
    choice: str
    entity: int | None


def verdict(voices: Sequence[Voice], *, two: bool) -> tuple[Verdict, Voice | None]:
    """Decided by the first opinion, or by two equal ones of different officers where two persons are asked for.

    Two different opinions are a dispute; a third officer who agrees with one of them settles it.
    """
    if not voices:
        return Verdict.OPEN, None
    if not two:
        return Verdict.AGREED, voices[-1]
    by_meaning = Counter((voice.choice, voice.entity) for voice in voices)
    meaning, most = by_meaning.most_common(1)[0]
    if most >= 2:
        return Verdict.AGREED, next(voice for voice in voices if (voice.choice, voice.entity) == meaning)
    return (Verdict.SECOND if len(voices) == 1 else Verdict.DISPUTED), None
