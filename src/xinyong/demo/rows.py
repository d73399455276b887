"""What all builders of rows share: the city, decision days, departments' texts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np

from xinyong.demo import wording
from xinyong.demo.days import Days
from xinyong.demo.draw import I64, Draw
from xinyong.demo.entities import Identity, Population

#: A chunk of rows: one list of texts per column.
Columns = dict[str, list[str]]
#: Years of decisions before today.
YEARS: Final = 8
#: The 2015 layout was accepted until this day; its files hold the four years before.
OLD_LAYOUT_UNTIL: Final = date(2019, 1, 31)
_OLD_LAYOUT_DAYS: Final = 4 * 365
#: How often an entity is drawn again that did not exist on the day; the old layouts need older entities.
_ATTEMPTS: Final = 3
_OLD_ATTEMPTS: Final = 40


@dataclass(frozen=True, slots=True)
class City:
    """Everything builders draw from."""

    draw: Draw
    days: Days
    population: Population
    departments: dict[str, wording.Department]

    def span(self, old: bool) -> tuple[int, int]:
        """First and last day of decisions."""
        if old:
            last = min(self.days.number(OLD_LAYOUT_UNTIL), self.days.today)
            return last - _OLD_LAYOUT_DAYS, last
        return self.days.today - YEARS * 365, self.days.today


@dataclass(frozen=True, slots=True)
class Slice:
    """Rows ``index`` of ``total`` rows that one department delivers of one dataset."""

    dataset: str
    department: wording.Department
    index: I64
    total: int

    @property
    def stream(self) -> str:
        """Prefix of the streams of this department's dataset."""
        return f"{self.dataset}/{self.department.code}"

    @property
    def old(self) -> bool:
        """Whether the rows come in the 2015 layout."""
        return self.dataset.endswith("-2015")

    def serials(self) -> list[int]:
        """Running numbers, from 1."""
        numbers: list[int] = (self.index + 1).tolist()
        return numbers


def _target(city: City, part: Slice) -> I64:
    """The day each row is meant for: rising with the row."""
    first, last = city.span(part.old)
    jitter = city.draw.below(part.stream + "/jitter", part.index, 21) - 10
    target: I64 = np.clip(first + part.index * (last - first) // max(part.total, 1) + jitter, first, last)
    return target


def decided(city: City, part: Slice, established: I64) -> I64:
    """Decision days, on working days and never before the entity existed (but within the years of an old layout)."""
    _, last = city.span(part.old)
    return city.days.working(np.minimum(np.maximum(_target(city, part), established), last))


def choose(city: City, part: Slice, weights: list[int], letters: list[str]) -> tuple[I64, I64]:
    """A matter for every row and an entity that the matter is for, if possible one that existed on the day."""
    matter = city.draw.weighted(part.stream + "/matter", part.index, weights)
    target = _target(city, part)
    subject = np.zeros(len(part.index), dtype=np.int64)
    for group in sorted(set(letters)):
        members = np.array([at for at, value in enumerate(letters) if value == group], dtype=np.int64)
        rows = np.flatnonzero(np.isin(matter, members))
        for attempt in range(_OLD_ATTEMPTS if part.old else _ATTEMPTS):
            if not len(rows):
                break
            picked = city.population.pick(group, f"{part.stream}/subject/{group}/{attempt}", part.index[rows])
            subject[rows] = picked
            rows = rows[city.population.established(picked, city.population.class_of(picked)) > target[rows]]
    return matter, subject


def subject_columns(identity: Identity, prefix: str, empty_code: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Columns:
    """Name, category, six codes, representative and documents of the 2018 layouts.

    An entity known by registration number alone gets the placeholder, or an empty cell where ``empty_code`` says so.
    """
    count = len(identity.names)
    blank = [""] * count
    credit_codes = identity.sent_codes
    organisation = [
        code[8:17] if use else "" for code, use in zip(credit_codes, (identity.numbers % 3 == 0).tolist(), strict=True)
    ]
    if identity.number_only.any():
        for at in np.flatnonzero(identity.number_only).tolist():
            organisation[at] = ""
            if empty_code[at]:
                credit_codes[at] = ""
    return {
        f"{prefix}_XDR_MC": identity.names,
        f"{prefix}_XDR_LB": identity.categories,
        f"{prefix}_XDR_SHXYM": credit_codes,
        f"{prefix}_XDR_GSZC": identity.registration_numbers,
        f"{prefix}_XDR_ZZJG": organisation,
        f"{prefix}_XDR_SWDJ": blank,
        f"{prefix}_XDR_SYDW": blank,
        f"{prefix}_XDR_SHZZ": blank,
        f"{prefix}_FRDB": identity.representatives,
        f"{prefix}_FR_ZJLX": blank,
        f"{prefix}_FR_ZJHM": blank,
        f"{prefix}_XDR_ZJLX": blank,
        f"{prefix}_XDR_ZJHM": blank,
    }


def old_subject_columns(identity: Identity, prefix: str, name: str) -> Columns:
    """The same in the 2015 layouts, whose code columns stand in another order."""
    count = len(identity.names)
    return {
        name: identity.names,
        f"{prefix}_XDR_SHXYM": [
            "" if none else code
            for code, none in zip(identity.credit_codes, identity.number_only.tolist(), strict=True)
        ],
        f"{prefix}_XDR_ZDM": [
            "" if none or at % 2 else code[8:17]
            for at, (code, none) in enumerate(zip(identity.credit_codes, identity.number_only.tolist(), strict=True))
        ],
        f"{prefix}_XDR_GSDJ": identity.registration_numbers,
        f"{prefix}_XDR_SWDJ": [""] * count,
        f"{prefix}_XDR_SFZ": [""] * count,
        f"{prefix}_FR": identity.representatives,
    }


def numbers_in_text(city: City, part: Slice) -> tuple[list[int], list[int], list[int]]:
    """Small numbers that facts and contents mention: 1-9, 10-99, 100-9999."""
    luck = city.draw.bits(part.stream + "/text", part.index)
    small = (luck % np.uint64(9)).astype(np.int64) + 1
    middle = ((luck >> np.uint64(8)) % np.uint64(90)).astype(np.int64) + 10
    large = ((luck >> np.uint64(20)) % np.uint64(9900)).astype(np.int64) + 100
    return small.tolist(), middle.tolist(), large.tolist()
