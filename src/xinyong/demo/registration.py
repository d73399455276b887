"""Rows of the registration dataset: one for every entity of the city."""

from __future__ import annotations

from typing import Final

import numpy as np

from xinyong.demo.draw import I64
from xinyong.demo.entities import BLOCK, CIVIL, INDIVIDUAL, INSTITUTION, LAW
from xinyong.demo.rows import City, Columns, Slice

#: Registering department -> the classes it registers.
REGISTRARS: Final = {
    "market-regulation": tuple(range(CIVIL)),
    "civil-affairs": (CIVIL,),
    "justice": (LAW,),
    "institutional-staffing": (INSTITUTION,),
}


class Register:
    """Entity numbers by registering department, without a list of all of them."""

    def __init__(self, city: City, placeholders: bool = False) -> None:
        self._city, self._placeholders = city, placeholders
        layout = city.population.layout
        self._slots = {
            department: np.flatnonzero(np.isin(layout, classes)) for department, classes in REGISTRARS.items()
        }

    def total(self, department: str) -> int:
        """How many of the city's entities the department registers."""
        slots = self._slots[department]
        whole, rest = divmod(self._city.population.count, BLOCK)
        return whole * len(slots) + int(np.searchsorted(slots, rest))

    def numbers(self, department: str, index: I64) -> I64:
        """The entities of rows ``index``; beyond the total they are entities that the city does not have."""
        slots = self._slots[department]
        return index // len(slots) * BLOCK + slots[index % len(slots)]

    def rows(self, part: Slice) -> Columns:
        """Registration rows."""
        city = self._city
        numbers = self.numbers(part.department.code, part.index)
        identity = city.population.identity(numbers)
        particulars = city.population.particulars(identity)
        parents = city.population.parents(numbers, identity.classes)
        individual = (identity.classes == INDIVIDUAL).tolist()
        family = (city.draw.below("family", numbers, 5) == 0).tolist()
        count = len(numbers)
        return {
            "name": identity.names,
            "code": identity.sent_codes if self._placeholders else identity.credit_codes,
            "registration_number": identity.registration_numbers,
            "representative": [
                "" if alone else person for person, alone in zip(identity.representatives, individual, strict=True)
            ],
            "operator": [
                person if alone else "" for person, alone in zip(identity.representatives, individual, strict=True)
            ],
            "form": [
                ("家庭经营" if shared else "个人经营") if alone else ""
                for alone, shared in zip(individual, family, strict=True)
            ],
            **particulars,
            "internal": [_internal(number) for number in numbers.tolist()],
            "parent": [_internal(number) if number >= 0 else "" for number in parents.tolist()],
            "approved": particulars["established"],
            "term_from": particulars["established"],
            "term_to": np.where(draw_term(city, numbers), "2099-12-31", "").tolist(),
            "authority": [part.department.name_zh] * count,
        }


def _internal(number: int) -> str:
    """主体身份代码: the key of the registration system, by which a branch names its company."""
    return f"SL{number:014d}"


def draw_term(city: City, numbers: I64) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Whether the row writes the open-ended term out or leaves the cell empty."""
    return city.draw.below("term", numbers, 3) > 0
