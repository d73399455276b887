"""What a delivery looks like as a whole: rows, fill rates, and how often each value of a code list occurs."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from functools import reduce
from operator import or_

import polars as pl

from xinyong.catalogue.entry import DatasetEntry, FieldType
from xinyong.intake.checks.choices import EnumReader
from xinyong.intake.checks.layout import LayoutMatch


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Shares are 0 to 1. ``values``: field to value to rows; what a list does not know is counted in ``unknown`` only."""

    rows: int
    rejected: int
    fill: dict[str, float] = field(default_factory=dict)
    values: dict[str, dict[str, int]] = field(default_factory=dict)
    unknown: dict[str, float] = field(default_factory=dict)


class Collector:
    """Adds up batches of one dataset in one layout."""

    def __init__(self, entry: DatasetEntry, match: LayoutMatch) -> None:
        given: dict[str, list[str]] = {}
        for column, target in match.bound:
            if target.to is not None:
                given.setdefault(target.to, []).append(column)
        self._columns = given
        self._lists = {
            item.code: EnumReader(item)
            for item in entry.fields
            if item.type in (FieldType.ENUM, FieldType.ENUM_LIST) and item.code in given
        }
        self._several = {item.code for item in entry.fields if item.type is FieldType.ENUM_LIST}
        self._filled: Counter[str] = Counter()
        self._texts: dict[str, Counter[str]] = {code: Counter() for code in self._lists}

    def add(self, rows: pl.DataFrame) -> None:
        """One batch as read."""
        for code, columns in self._columns.items():
            present = [name for name in columns if name in rows.columns]
            if not present:
                continue
            if len(present) == 1:
                self._filled[code] += rows.height - rows[present[0]].null_count()
            else:
                self._filled[code] += int(reduce(or_, (rows[name].is_not_null() for name in present)).sum())
            if code in self._lists:
                self._count(code, [rows[name] for name in present])

    def _count(self, code: str, parts: list[pl.Series]) -> None:
        texts = self._texts[code]
        for part in parts:
            counted = part.drop_nulls().value_counts(name="_rows")
            for text, number in zip(counted.to_series(0).to_list(), counted["_rows"].to_list(), strict=True):
                # Free text in a coded column would fill the memory: beyond this every new text is an unknown one.
                texts[text if len(texts) < 1_000 or text in texts else ""] += number

    def _members(self, code: str, text: str) -> list[str] | None:
        """The list's own values in a cell; None where there is one the list does not know."""
        if not text:
            return None
        reader = self._lists[code]
        several = code in self._several
        reading = reader.read_list(text) if several else reader.read(text)
        if reading.value is None:
            return [] if reading.null_text else None
        return [str(item) for item in json.loads(reading.value)] if several else [reading.value]

    def profile(self, *, rows: int, rejected: int) -> Profile:
        """What was added up so far."""
        values: dict[str, dict[str, int]] = {}
        unknown: dict[str, float] = {}
        for code, texts in self._texts.items():
            known: Counter[str] = Counter()
            strange = 0
            for text, number in texts.items():
                members = self._members(code, text)
                if members is None:
                    strange += number
                for member in members or ():
                    known[member] += number
            # Open values carry words of their own (其他-…): only their prefix is counted, no free text is kept.
            values[code] = dict(Counter({key.split("-", 1)[0][:60]: n for key, n in known.items()}).most_common(60))
            total = sum(texts.values())
            unknown[code] = strange / total if total else 0.0
        fill = {code: self._filled[code] / rows for code in self._columns} if rows else {}
        return Profile(rows=rows, rejected=rejected, fill=fill, values=values, unknown=unknown)
