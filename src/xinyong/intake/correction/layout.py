"""The extra columns of an error list, by which a corrected copy of it is recognised when it is delivered again.

They stand at the right of the department's own columns and begin with ※. The heading of the first one names the delivery
whose rows were returned, so that the rows of the copy count against it. Nothing of them is stored as data.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

MARK = "※"
REASON = "※退回原因"
SUGGESTION = "※修改建议"
FIX = "※建议值"
#: Headings known in advance; the first column carries the number of the delivery and is known by its form.
FIXED = (REASON, SUGGESTION, FIX)
#: Characters a cell of a workbook can hold; a longer text is cut in the list and whole again when it is delivered.
CELL_LIMIT = 32_767

_ROW = re.compile(r"※\s*原行号\s*[（(]\s*([0-9A-Za-z-]{3,40})\s*[)）]")
#: A column that is not wanted in the department's own headings: nothing of a catalogue begins with the mark.
_ANY = re.compile(r"^\s*※")


def row_heading(number: str) -> str:
    """Heading of the column with the row numbers of the delivery ``number``."""
    return f"{MARK}原行号（{number}）"


def is_extra(column: str) -> bool:
    """Whether a column of a file belongs to an error list and not to the department's layout."""
    return _ANY.match(column) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnedFrom:
    """A header that answers a delivery: the column with row numbers, and the delivery's number."""

    column: str
    number: str


def answered(header: Iterable[str]) -> ReturnedFrom | None:
    """Which delivery a file with this header answers; None for a file of its own."""
    for column in header:
        found = _ROW.fullmatch(column.strip())
        if found is not None:
            return ReturnedFrom(column=column, number=found.group(1))
    return None
