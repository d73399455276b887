"""Region codes of the People's Republic of China at county level and above (GB/T 2260), 1981 to now, with history.

A region code is not a stable name. The same digits got a new name (410711: 郊区 until 2003, then 牧野区), the same
place got new digits (长垣 410728 → 410783 in 2019), and digits were given to another place after a pause. So every
question here takes a date, and a code has lifetimes.

The source knows years, taken at the end of the year: a lifetime from 2003 until 2019 covers the year-ends 2003 to
2018. A date is looked up by its year, so in the year of a change the new state answers for the whole year.

Not in the list: development zones, 雄安新区, 市辖区 as an authority's own code, townships. A code outside the list is
therefore unknown, not wrong. Jurisdiction must not be derived from digits (定州 130682 is managed by the province).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from itertools import pairwise
from typing import Final

import polars as pl

from xinyong.standards._data import read_rows

#: Code of the national registration authority in credit codes and registration numbers.
NATIONAL_CODE: Final = "100000"
#: No real region begins with it: GB/T 2260 uses 1-8 for the first digit. For demonstration and test data only.
FICTITIOUS_REGION_PREFIX: Final = "99"
_DIRECT: Final = "直辖"
_SUCCESSOR: Final = re.compile(r"([0-9]{6})(?:\[([0-9]{4})\])?", re.ASCII)


class Level(StrEnum):
    """Administrative level."""

    PROVINCE = "province"
    PREFECTURE = "prefecture"
    COUNTY = "county"


@dataclass(frozen=True, slots=True)
class Lifetime:
    """A code with one name in one place, from year-end ``from_year`` to before year-end ``until_year``.

    ``successors`` took over when it ended. ``transfers`` are (year, code) of parts given away while it went on.
    ``prefecture`` is empty for provinces and 直辖 for counties directly under a province or municipality.
    """

    code: str
    name: str
    level: Level
    province: str
    prefecture: str
    from_year: int
    until_year: int | None
    successors: tuple[str, ...]
    transfers: tuple[tuple[int, str], ...]

    def covers(self, year: int) -> bool:
        """Whether the lifetime is in force at the end of ``year``."""
        return self.from_year <= year and (self.until_year is None or year < self.until_year)

    @property
    def path(self) -> tuple[str, ...]:
        """Names from the province down to this region."""
        if self.level is Level.PROVINCE:
            return (self.name,)
        if self.level is Level.PREFECTURE or self.prefecture == _DIRECT:
            return (self.province, self.name)
        return (self.province, self.prefecture, self.name)


class RegionTable:
    """Lifetimes of region codes and the questions asked of them. Iterates over lifetimes by code and year."""

    def __init__(self, lifetimes: Iterable[Lifetime]) -> None:
        by_code: defaultdict[str, list[Lifetime]] = defaultdict(list)
        for lifetime in lifetimes:
            by_code[lifetime.code].append(lifetime)
        self._by_code = {
            code: tuple(sorted(by_code[code], key=lambda lifetime: lifetime.from_year)) for code in sorted(by_code)
        }

    def __contains__(self, code: object) -> bool:
        return code in self._by_code

    def __iter__(self) -> Iterator[Lifetime]:
        return (lifetime for lifetimes in self._by_code.values() for lifetime in lifetimes)

    @property
    def codes(self) -> tuple[str, ...]:
        """All codes ever in force, ascending."""
        return tuple(self._by_code)

    def lifetimes(self, code: str) -> tuple[Lifetime, ...]:
        """Lifetimes of ``code``, oldest first; empty for a code never in the list."""
        return self._by_code.get(code, ())

    def at(self, code: str, day: date) -> Lifetime | None:
        """The lifetime of ``code`` on ``day``, or ``None`` when the code was not in force."""
        return next((lifetime for lifetime in self.lifetimes(code) if lifetime.covers(day.year)), None)

    def name_at(self, code: str, day: date) -> str | None:
        """Name of ``code`` on ``day``, or ``None``."""
        lifetime = self.at(code, day)
        return lifetime.name if lifetime else None

    def path_at(self, code: str, day: date) -> tuple[str, ...]:
        """Names of province, prefecture and county of ``code`` on ``day``; empty when not in force."""
        lifetime = self.at(code, day)
        return lifetime.path if lifetime else ()

    def latest(self, code: str) -> Lifetime | None:
        """The youngest lifetime of ``code``: the name to show for a code whose date is not known."""
        lifetimes = self.lifetimes(code)
        return lifetimes[-1] if lifetimes else None

    def children_at(self, code: str, day: date) -> tuple[Lifetime, ...]:
        """Regions directly below ``code`` on ``day``, by the managing region recorded, not by digits."""
        parent = self.at(code, day)
        if parent is None or parent.level is Level.COUNTY:
            return ()
        return tuple(lifetime for lifetime in self if lifetime.covers(day.year) and self._is_below(lifetime, parent))

    def is_current(self, code: str) -> bool:
        """Whether ``code`` is in force today, as far as the list reaches."""
        latest = self.latest(code)
        return latest is not None and latest.until_year is None

    def successors(self, code: str) -> tuple[str, ...]:
        """Codes that took over directly when ``code`` last ended; empty when in force or not recorded."""
        latest = self.latest(code)
        return latest.successors if latest and latest.until_year is not None else ()

    def current_of(self, code: str) -> tuple[str, ...]:
        """Codes in force today that ``code`` became, through any number of changes, ascending.

        Itself when it is in force. Several when the region was divided. Empty when the chain is not recorded.
        """
        found: set[str] = set()
        seen: set[str] = set()
        waiting = [code]
        while waiting:
            step = waiting.pop()
            if step in seen:
                continue
            seen.add(step)
            if self.is_current(step):
                found.add(step)
            else:
                waiting.extend(self.successors(step))
        return tuple(sorted(found))

    def renamed(self) -> tuple[str, ...]:
        """Codes that kept their digits under a new name without a pause."""
        return tuple(
            code
            for code, lifetimes in self._by_code.items()
            if any(a.until_year == b.from_year and a.name != b.name for a, b in _neighbours(lifetimes))
        )

    def reused(self) -> tuple[str, ...]:
        """Codes given out again after a pause: the most treacherous, since the place may be another one."""
        return tuple(
            code
            for code, lifetimes in self._by_code.items()
            if any(a.until_year is not None and a.until_year < b.from_year for a, b in _neighbours(lifetimes))
        )

    def moved(self) -> tuple[str, ...]:
        """Ended codes with exactly one successor of the same level: the place went on under new digits."""
        return tuple(
            code
            for code, lifetimes in self._by_code.items()
            if len(self.successors(code)) == 1
            and (successor := self.latest(self.successors(code)[0])) is not None
            and successor.level is lifetimes[-1].level
        )

    def frame(self) -> pl.DataFrame:
        """All lifetimes for joins: code, name, level, province, prefecture, from_year, until_year (null: open)."""
        rows = [
            (row.code, row.name, row.level.value, row.province, row.prefecture, row.from_year, row.until_year)
            for row in self
        ]
        schema: dict[str, pl.DataType | type[pl.DataType]] = {
            "code": pl.String,
            "name": pl.String,
            "level": pl.Enum([level.value for level in Level]),
            "province": pl.String,
            "prefecture": pl.String,
            "from_year": pl.Int16,
            "until_year": pl.Int16,
        }
        return pl.DataFrame(rows, schema=schema, orient="row")

    @staticmethod
    def _is_below(child: Lifetime, parent: Lifetime) -> bool:
        if parent.level is Level.PROVINCE:
            same = child.province == parent.name
            return same and (
                child.level is Level.PREFECTURE or (child.level is Level.COUNTY and child.prefecture == _DIRECT)
            )
        return child.level is Level.COUNTY and (child.province, child.prefecture) == (parent.province, parent.name)


def _neighbours(lifetimes: tuple[Lifetime, ...]) -> Iterator[tuple[Lifetime, Lifetime]]:
    return pairwise(lifetimes)


@cache
def table() -> RegionTable:
    """The real regions, from ``regions.csv`` (CC0) and ``region_successors.csv`` (MIT) of the package."""
    # The first source records no successors of prefectures; the second does (驻马店地区 412800 → 驻马店市 411700).
    added = defaultdict(list)
    for row in read_rows("region_successors.csv"):
        added[row["code"], row["year"]].append(row["successor"])
    return RegionTable(_lifetime(row, added[row["code"], row["until_year"]]) for row in read_rows("regions.csv"))


def _lifetime(row: dict[str, str], added: list[str]) -> Lifetime:
    links = [(match[1], match[2]) for match in _SUCCESSOR.finditer(row["successors"])]
    return Lifetime(
        code=row["code"],
        name=row["name"],
        level=Level(row["level"]),
        province=row["province"],
        prefecture=row["prefecture"],
        from_year=int(row["from_year"]),
        until_year=int(row["until_year"]) if row["until_year"] else None,
        successors=(*(code for code, year in links if not year), *added),
        transfers=tuple((int(year), code) for code, year in links if year),
    )


def is_fictitious(code: str) -> bool:
    """Whether ``code`` lies in the range reserved for demonstration and test data."""
    return code.startswith(FICTITIOUS_REGION_PREFIX)


@cache
def fictitious_table() -> RegionTable:
    """The made-up province and city of the demonstration, kept apart from the real table."""
    province, city = "示例省", "示例市"
    regions = (
        ("990000", province, Level.PROVINCE, ""),
        ("990100", city, Level.PREFECTURE, city),
        ("990102", "云栖区", Level.COUNTY, city),
        ("990103", "望潮区", Level.COUNTY, city),
        ("990104", "青禾区", Level.COUNTY, city),
        ("990121", "松岭县", Level.COUNTY, city),
        ("990181", "星河市", Level.COUNTY, city),
    )
    return RegionTable(
        Lifetime(code, name, level, province, prefecture, 1981, None, (), ())
        for code, name, level, prefecture in regions
    )
