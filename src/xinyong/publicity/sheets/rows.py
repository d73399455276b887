"""Rows of rule files other than the book of publicity, and the same with what officers confirmed or replaced. Pure.

A row that is replaced ends on the day before; a new row of its own number begins. Nothing is rewritten.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from importlib import resources
from typing import Any

import yaml

from xinyong.publicity.rulebook import CONFIRMED, TO_BE_CONFIRMED

CONFIRM, REPLACE, TAKE_BACK = "confirmed", "replaced", "taken_back"
SOURCES = ("source", "source_en", "article")
#: What an officer's act adds to a row, and no reader of the file knows.
OURS = ("confirmed_by", "confirmed_on", "base")
Raw = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a comparison: what is counted, how many, what that means."""

    zh: str
    en: str
    count: int
    tone: str = "grey"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A row as it is and as it would be, with all rows of the sheet before and after the day."""

    row: str
    on: date
    before: Raw
    after: Raw
    rows_before: tuple[Raw, ...]
    rows_after: tuple[Raw, ...]


#: What a change would do to things of a room: lines with counts, read only.
Comparison = Callable[[Change], list[Line]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A file of rules. ``dated``: its rows carry from and until. ``editable``: keys an officer may replace; none: a row is
    confirmed here, and changed by a release. ``check``: raises ValueError, with the row, for rows that do not hold."""

    code: str
    zh: str
    en: str
    load: Callable[[], tuple[Raw, ...]]
    editable: tuple[str, ...] = ()
    dated: bool = False
    check: Callable[[tuple[Raw, ...]], object] | None = None
    comparisons: dict[str, Comparison] = field(default_factory=dict)

    def label(self, language: str) -> str:
        """In the reader's language."""
        return self.en if language == "en" else self.zh


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What an officer did. ``row``: the number as in the file; ``undoes``: the act it takes back."""

    number: int
    row: str
    kind: str
    values: Mapping[str, Any]
    on: date
    actor: str
    undoes: int | None = None


#: By code, in the order of the page. Rooms add theirs.
SHEETS: dict[str, Sheet] = {}


def read(folder: str, name: str) -> Any:
    """A file of the data packs."""
    return yaml.safe_load((resources.files("xinyong.datapacks") / folder / name).read_text("utf-8"))


@cache
def stated(folder: str, name: str) -> tuple[Raw, ...]:
    """Every mapping of a file that says how sure it is, addressed by its way through the file."""
    return tuple(_stated(read(folder, name), ""))


def _stated(node: Any, way: str) -> Iterable[Raw]:
    if isinstance(node, dict):
        if node.get("status") in (CONFIRMED, TO_BE_CONFIRMED):
            plain = {str(key): value for key, value in node.items() if not isinstance(value, (dict, list))}
            yield {**plain, "id": way or "file"}
        for key, value in node.items():
            yield from _stated(value, f"{way}.{key}" if way else str(key))
    elif isinstance(node, list):
        for place, item in enumerate(node):
            name = next(
                (str(item[key]) for key in ("id", "code") if isinstance(item, dict) and key in item), str(place)
            )
            yield from _stated(item, f"{way}.{_plain(name)}")


def _plain(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]", "-", name)[:60]


def base(number: str) -> str:
    """The number of a row as in the file, without which revision it is."""
    return number.partition("~")[0]


def assembled(sheet: Sheet, acts: Iterable[Act], today: date | None = None) -> tuple[Raw, ...]:
    """The rows with every act. ``today``: for sheets without dates, what has begun by then; all for dated ones."""
    done = list(acts)
    undone = {act.undoes for act in done if act.kind == TAKE_BACK}
    rows = {str(row["id"]): dict(row) for row in sheet.load()}
    newest = {name: name for name in rows}
    for act in done:
        if act.kind == TAKE_BACK or act.number in undone or act.row not in newest:
            continue
        held = rows[newest[act.row]]
        if act.kind == CONFIRM:
            held |= act.values
        elif sheet.dated:
            _replace(rows, newest, act, held)
        elif today is None or act.on <= today:
            held |= act.values
    return tuple(rows.values())


def _replace(rows: dict[str, Raw], newest: dict[str, str], act: Act, held: Raw) -> None:
    revision = sum(1 for name in rows if base(name) == act.row)
    name = f"{act.row}~{revision}"
    made = {**held, **act.values, "id": name, "from": act.on}
    if not made.get("until"):
        made.pop("until", None)
    if _day(held.get("from")) >= act.on:
        # It never held a day: the new one stands in its place.
        del rows[str(held["id"])]
    else:
        held["until"] = act.on - timedelta(days=1)
    rows[name] = made
    newest[act.row] = name


def _day(value: Any) -> date:
    if value is None:
        return date.min
    return value if isinstance(value, date) else date.fromisoformat(str(value))


def plain(row: Mapping[str, Any]) -> Raw:
    """A row as the reader of its file knows it: days as days, nothing of ours."""
    found = {key: value for key, value in row.items() if key not in OURS}
    for key in ("from", "until"):
        # In a table of states "from" is a state.
        if key in found and re.fullmatch(r"\d{4}-\d\d-\d\d", str(found[key])):
            found[key] = _day(found[key])
    return found


def newest(rows: Iterable[Raw], number: str) -> Raw | None:
    """The latest row of a number."""
    found = [row for row in rows if base(str(row["id"])) == base(number)]
    return found[-1] if found else None
