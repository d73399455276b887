"""Rows of retention.yml: how long something is kept, and what then becomes of it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

import yaml

from xinyong.publicity.rulebook import CERTAINTIES, CONFIRMED, TO_BE_CONFIRMED

ARCHIVE, DESTROY, ERASE, KEEP = "archive", "destroy", "erase", "keep"
RECORD, ARCHIVED = "record", "archive"
STARTS = ("publicity_end", "repair", "archived", "closed", "ended")
_THEN = {RECORD: (ARCHIVE,), ARCHIVED: (DESTROY,)}


class RetentionInvalid(ValueError):
    """A row of retention.yml cannot be used; the text names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One row. ``personal``: only records that hold values of natural persons."""

    id: str
    target: str
    starts: str
    months: int
    then: str
    profile: str
    zh: str
    en: str
    source: str
    source_en: str
    article: str
    certainty: str
    status: str
    personal: bool = False
    valid_from: date = date.min
    valid_until: date = date.max

    def ended_before(self, today: date) -> date:
        """What ended before this day has been kept long enough: its period ended on an earlier day than today (CLK-02)."""
        month = today.year * 12 + today.month - 1 - self.months
        year, number = divmod(month, 12)
        day = today.day
        while True:
            try:
                return date(year, number + 1, day)
            except ValueError:
                day -= 1

    def label(self, language: str) -> str:
        """In the reader's language."""
        return self.en if language == "en" else self.zh


_source: list[Callable[[], tuple[Rule, ...]]] = []


def source(found: Callable[[], tuple[Rule, ...]]) -> None:
    """Where the rows in force come from once officers may have replaced some."""
    _source[:] = [found]


def all_rows() -> tuple[Rule, ...]:
    """Every row with its span of days: the packaged ones, and what officers here confirmed or replaced."""
    return _source[0]() if _source else packaged()


@cache
def packaged() -> tuple[Rule, ...]:
    """The rows this release comes with, in the order they are taken."""
    text = (resources.files("xinyong.datapacks") / "rules" / "retention.yml").read_text(encoding="utf-8")
    return parse(yaml.safe_load(text))


def parse(loaded: Mapping[str, Any], *, here: bool = False) -> tuple[Rule, ...]:
    """Rows from their YAML form. Raises RetentionInvalid, with the row."""
    found: list[Rule] = []
    for raw in loaded["rules"]:
        name = raw.get("id", "?")
        try:
            row = Rule(
                **{key: value for key, value in raw.items() if key not in ("from", "until")},
                valid_from=raw.get("from", date.min),
                valid_until=raw.get("until", date.max),
            )
        except TypeError as error:
            raise RetentionInvalid(f"retention.yml, {name}: {error}") from error
        if row.starts not in STARTS or type(row.months) is not int or not 0 <= row.months <= 600:
            raise RetentionInvalid(f"retention.yml, {name}: starts or months cannot be used")
        if row.then not in _THEN.get(row.target, (ERASE, KEEP)):
            raise RetentionInvalid(f"retention.yml, {name}: '{row.then}' cannot be done with {row.target}")
        if row.certainty not in CERTAINTIES or row.status not in (CONFIRMED, TO_BE_CONFIRMED):
            raise RetentionInvalid(f"retention.yml, {name}: certainty or status cannot be used")
        if not here and row.status == CONFIRMED and row.certainty in ("recalled", "fragments", "ours"):
            raise RetentionInvalid(f"retention.yml, {name}: {row.certainty} is to be confirmed")
        if any(other.id == row.id for other in found):
            raise RetentionInvalid(f"retention.yml, {name}: given twice")
        found.append(row)
    return tuple(found)


def in_force(day: date, profile: str, rows: Iterable[Rule] | None = None) -> list[Rule]:
    """Rows that hold on a day under a profile: its own row goes before the one for any of the same matter.

    ``here``: officers may have confirmed what the file says is not sure.
    """
    held = [
        row
        for row in (all_rows() if rows is None else rows)
        if row.profile in (profile, "any") and row.valid_from <= day <= row.valid_until
    ]
    own = {(row.target, row.starts, row.personal) for row in held if row.profile == profile}
    return [row for row in held if row.profile == profile or (row.target, row.starts, row.personal) not in own]
