"""Industries of GB/T 4754-2017 (国民经济行业分类): sections A to T and two-digit divisions.

The sections were read in two sources and are confirmed. The divisions come from one registration authority's code
list without a stated licence, taken as facts and marked to be confirmed. The three- and four-digit classes are not
shipped: no list of the 2017 edition under a usable licence was found. A class code still leads to its section,
because its first two digits are the division.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from xinyong.standards._data import read_rows


@dataclass(frozen=True, slots=True)
class Industry:
    """A section (``code`` is its letter) or a division (``code`` has two digits).

    ``label_en`` is empty for divisions. ``confirmed`` is false while only one source was seen.
    """

    code: str
    section: str
    label: str
    label_en: str
    confirmed: bool


@cache
def industries() -> dict[str, Industry]:
    """Sections and divisions by code, in the order of the standard."""
    return {
        row["code"]: Industry(row["code"], row["section"], row["label"], row["label_en"], row["confirmed"] == "1")
        for row in read_rows("industries.csv")
    }


def sections() -> tuple[Industry, ...]:
    """The twenty sections A to T."""
    return tuple(industry for industry in industries().values() if industry.code == industry.section)


def divisions(section: str) -> tuple[Industry, ...]:
    """The divisions of ``section`` (a letter); empty for an unknown one."""
    return tuple(
        industry for industry in industries().values() if industry.section == section and industry.code != section
    )


def section_of(code: str) -> Industry | None:
    """Section of an industry code in any form in use, or ``None``.

    Forms: ``C``, ``13``, ``131``, ``1310``, and with the letter in front ``C13``, ``C1310``. A letter that
    contradicts the digits gives ``None``: one of the two is wrong and nobody knows which.
    """
    text = code.strip().upper()
    letter, digits = (text[0], text[1:]) if text[:1].isalpha() else ("", text)
    if not digits:
        return industries().get(letter)
    if not (digits.isascii() and digits.isdigit() and 2 <= len(digits) <= 4):
        return None
    division = industries().get(digits[:2])
    if division is None or letter not in ("", division.section):
        return None
    return industries()[division.section]
