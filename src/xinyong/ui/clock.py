"""Where the marks of the repair clock stand in its drawing. Pure: percentages in, attributes out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Protocol

#: Nearer than this to an edge, the earliest repair is written in the middle instead of at its mark. The words at the
#: right end are the longest.
_LEFT, _RIGHT = 18, 28
#: Nearer than this to another mark, the mark of today gets its label one line lower.
_NEAR = 16


class ClockDates(Protocol):
    """What a repair clock brings along; the pages of publicity satisfy it."""

    @property
    def earliest_repair(self) -> date | None: ...

    @property
    def minimum_percent(self) -> int: ...

    @property
    def today_percent(self) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockMarks:
    """Values of SVG attributes. ``minimum`` is None when the law gives the record no earliest repair date."""

    minimum: str | None
    minimum_width: str
    minimum_anchor: str
    minimum_low: bool
    open_width: str
    today: str
    today_anchor: str
    today_low: bool
    passed: bool


def _anchor(percent: int, left: int, right: int) -> str:
    if percent < left:
        return "start"
    return "end" if percent > 100 - right else "middle"


def marks(minimum: int | None, today: int) -> ClockMarks:
    """Positions for a period whose earliest repair stands at ``minimum`` and today at ``today`` percent."""
    today = min(100, max(0, today))
    minimum = None if minimum is None else min(100, max(0, minimum))
    reach = today if minimum is None else minimum
    low = not _LEFT <= reach <= 100 - _RIGHT
    others = [0, 100] if minimum is None else [0, 50 if low else minimum, 100]
    return ClockMarks(
        minimum=None if minimum is None else f"{minimum}%",
        minimum_width=f"{min(reach, today)}%",
        minimum_anchor=_anchor(reach, _LEFT, _RIGHT),
        minimum_low=low,
        open_width=f"{max(0, today - reach)}%",
        today=f"{today}%",
        today_anchor=_anchor(today, 10, 10),
        today_low=any(abs(today - other) < _NEAR for other in others),
        passed=minimum is not None and today >= minimum,
    )
