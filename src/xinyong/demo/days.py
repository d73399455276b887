"""Days as numbers, working days, and their texts, prepared once for the span a city needs."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from importlib import resources
from typing import Any

import numpy as np

from xinyong.demo.draw import I64

FIRST = date(1984, 1, 1)
#: The sentinel for open-ended terms.
OPEN_ENDED = "2099-12-31"


def _exceptions() -> dict[date, bool]:
    """Published exceptions from the five-day week: day -> is it off."""
    text = resources.files("xinyong.datapacks").joinpath("standards/holidays.csv").read_text(encoding="utf-8")
    return {date.fromisoformat(row["date"]): row["day_off"] == "1" for row in csv.DictReader(text.splitlines())}


class Days:
    """Day ``n`` is ``FIRST`` + n. Texts reach twenty-five years beyond ``today`` for terms of licences."""

    def __init__(self, today: date) -> None:
        last = date(today.year + 25, 12, 31)
        self.count = (last - FIRST).days + 1
        self.today = (today - FIRST).days
        all_days = [FIRST + timedelta(days=at) for at in range(self.count)]
        self.iso: np.ndarray[Any, np.dtype[np.object_]] = np.array([day.isoformat() for day in all_days], dtype=object)
        self.slashed: np.ndarray[Any, np.dtype[np.object_]] = np.array(
            [day.strftime("%Y/%m/%d") for day in all_days], dtype=object
        )
        self.years: I64 = np.array([day.year for day in all_days], dtype=np.int64)
        exceptions = _exceptions()
        previous = np.zeros(self.count, dtype=np.int64)
        at_work = 0
        for at, day in enumerate(all_days):
            off = exceptions.get(day, day.weekday() >= 5)
            if not off:
                at_work = at
            previous[at] = at_work
        self._previous_working: I64 = previous

    def number(self, day: date) -> int:
        """The number of a day."""
        return (day - FIRST).days

    def working(self, numbers: I64) -> I64:
        """Each day, or the last working day before it."""
        return self._previous_working[numbers]

    def texts(self, numbers: I64) -> list[str]:
        """YYYY-MM-DD."""
        result: list[str] = self.iso[numbers].tolist()
        return result

    def after_years(self, numbers: I64, years: I64) -> list[str]:
        """The day before the anniversary (end of a term of years); 0 years is open-ended."""
        ends = np.minimum(numbers + years * 365 + years // 4 - 1, self.count - 1)
        texts = self.iso[ends]
        result: list[str] = np.where(years == 0, OPEN_ENDED, texts).tolist()
        return result
