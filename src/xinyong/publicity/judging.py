"""Windows of many records at a time. What :func:`xinyong.publicity.clock.compute` says of one, said of columns.

A penalty's period depends on its day only through the regime in force and by whole months. So each different case
(regime, kinds, sectors, audience) is computed once, and its months are added to the day of every row. Lists, and records
an officer has acted on, are few and are computed one by one. A test holds both ways against each other row by row.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import polars as pl

from xinyong.catalogue.entry import DatasetEntry, Layout
from xinyong.ledger import rules as ledger
from xinyong.publicity import clock, facts
from xinyong.publicity.clock import CREDIT_SITE, NO_MARKS, Clock, Facts, Marks
from xinyong.publicity.rulebook import Rulebook

WINDOW: dict[str, pl.DataType] = {
    "public_from": pl.Date(),
    "public_until": pl.Date(),
    "earliest_repair": pl.Date(),
    "severity": pl.String(),
    "rule": pl.String(),
    "shown": pl.Boolean(),
}
_NOT_SHOWN = (None, None, None, "", "", False)
_LASTING = ("permanent", "licence", "honour", "commitment")


def clock_of(
    entry: DatasetEntry,
    layout: Layout | None,
    facts_of_record: Facts,
    book: Rulebook,
    profile: str,
    marks: Marks = NO_MARKS,
    *,
    said: Any = None,
) -> Clock | None:
    """The clock of one record, or None when it may not be shown. ``said``: the audience the record names itself."""
    if not facts.open_to_public(entry, layout, said):
        return None
    found = clock.compute(facts_of_record, book, profile=profile, marks=marks)
    return found if found.public_from is not None else None


class Judge:
    """Windows of the versions of one entry under one rule book.

    ``fine_field``: what was read as the fine; None where none was read.
    """

    def __init__(self, entry: DatasetEntry, book: Rulebook, profile: str, fine_field: str | None = None) -> None:
        self.entry, self.book, self.profile = entry, book, profile
        self.names = list(facts.fields_read(entry))
        self.layouts = {layout.code: layout for layout in entry.layouts}
        self.cells = [f"cell_{number}" for number in range(len(self.names))]
        self.words = [f"words_{purpose}" for purpose in facts.words_read(entry, fine_field)]

    def windows(
        self, data: bytes, dataset_id: int, acts: Mapping[tuple[int, int], Sequence[ledger.Done]]
    ) -> pl.DataFrame:
        """One row a version with its window; ``shown`` false where it may not be shown.

        ``data``: rows of ``current_versions_of_event``; ``acts``: what happened to their records.
        """
        read = pl.read_csv(
            data,
            has_header=False,
            separator="\t",
            quote_char=None,
            null_values=["\\N"],
            schema={
                "entity_id": pl.Int64,
                "record_id": pl.Int64,
                "version_no": pl.Int32,
                "decided_on": pl.Date,
                "received_on": pl.Date,
                **dict.fromkeys(["layout", *self.cells, *self.words], pl.String),
            },
        )
        return self.judge(_marked(self._sectors(self._fines(read)), acts)).with_columns(dataset_id=pl.lit(dataset_id))

    def judge(self, read: pl.DataFrame) -> pl.DataFrame:
        """Rows with ``decided_on, received_on, layout, sectors, marks`` and cells; their windows."""
        kind = self.entry.publicity_rules
        if kind not in ("penalty", *_LASTING) or (kind in _LASTING and "until" in self.names):
            return self._one_by_one(read)
        plain, marked = read.filter(pl.col("marks").is_null()), read.filter(pl.col("marks").is_not_null())
        judged = self._by_case(plain)
        return pl.concat([judged, self._one_by_one(marked)], how="diagonal") if marked.height else judged

    # --- columns ------------------------------------------------------------------------------------------------------

    def _fines(self, read: pl.DataFrame) -> pl.DataFrame:
        """``fine``, and ``fine_class``: how many figures of the rules it reaches; null where it is not known."""
        limits = self.book.fine_limits
        if "words_fine" not in self.words or not limits:
            return read.with_columns(fine=pl.lit(None, pl.Float64), fine_class=pl.lit(None, pl.Int8))
        fine = pl.col("words_fine").cast(pl.Float64, strict=False)
        reached = pl.sum_horizontal([(fine >= limit).cast(pl.Int8) for limit in limits])
        return read.with_columns(fine=fine, fine_class=pl.when(fine.is_not_null()).then(reached).cast(pl.Int8))

    def _sectors(self, read: pl.DataFrame) -> pl.DataFrame:
        """``sectors``: codes of the fields a row belongs to, from its words; null where there are none."""
        marks = []
        for code, sector in self.book.sectors.items():
            hits = [
                pl.col(column).str.contains_any(list(words))
                for column, words in (("words_act", sector.words), ("words_organ", sector.organs))
                if words and column in self.words
            ]
            if hits:
                marks.append(pl.when(pl.any_horizontal(hits)).then(pl.lit(code)))
        if not marks:
            return read.with_columns(sectors=pl.lit(None, pl.String)).drop(self.words)
        joined = pl.concat_str(marks, separator=" ", ignore_nulls=True)
        return read.with_columns(sectors=pl.when(joined != "").then(joined)).drop(self.words)

    def _regime(self) -> pl.Expr:
        """Which window of the credit site the day lies in, as a number."""
        day = pl.col("day")
        found: pl.Expr = pl.lit(-1)
        for number, row in enumerate(item for item in self.book.regimes if item.channel == CREDIT_SITE):
            inside = day >= row.decided_from
            if row.decided_until is not None:
                inside &= day <= row.decided_until
            found = pl.when(inside).then(number).otherwise(found)
        return found.cast(pl.Int8)

    def _by_case(self, read: pl.DataFrame) -> pl.DataFrame:
        """Each case computed on its first day; months added to the day of every row."""
        named = self.cells[self.names.index("named_end")] if "named_end" in self.names else None
        read = read.with_columns(day=pl.coalesce("decided_on", "received_on"))
        penalty = self.entry.publicity_rules == "penalty"
        read = read.with_columns(regime=self._regime() if penalty else pl.lit(0, pl.Int8))
        keys = ["regime", "layout", "sectors", "fine_class", *(cell for cell in self.cells if cell != named)]
        cases = read.group_by(keys).agg(pl.col("day").min(), pl.col("fine").min())
        shapes = [self._shape(row) for row in cases.iter_rows(named=True)]
        cases = cases.drop("day", "fine").with_columns(
            pl.Series(name, [shape[at] for shape in shapes], dtype=kind)
            for at, (name, kind) in enumerate(
                {
                    "repair_months": pl.Int32(),
                    "end_months": pl.Int32(),
                    "severity": pl.String(),
                    "rule": pl.String(),
                    "shown": pl.Boolean(),
                }.items()
            )
        )
        start = pl.min_horizontal("day", "received_on") if self.entry.publicity_rules == "permanent" else pl.col("day")
        windows = read.join(cases, on=keys, how="left", nulls_equal=True).with_columns(
            public_from=start, public_until=_later("end_months"), earliest_repair=_later("repair_months")
        )
        return _named(windows, named) if named is not None else windows

    def _shape(self, row: Mapping[str, Any]) -> tuple[int | None, int | None, str, str, bool]:
        """Months to the first day of repair and to the last day, severity, rule, and whether it is shown."""
        cells = [row.get(cell) for cell in self.cells]
        found = self._clock(row["day"], row["day"], row["layout"], row["sectors"], row["fine"], NO_MARKS, cells)
        if found is None or found.public_from is None:
            return None, None, "", "", False
        start = found.public_from
        return (
            _months(start, found.earliest_repair),
            _months(start, found.latest_end),
            found.severity,
            found.rule,
            True,
        )

    # --- one by one ---------------------------------------------------------------------------------------------------

    def _one_by_one(self, read: pl.DataFrame) -> pl.DataFrame:
        keys = ["decided_on", "received_on", "layout", "sectors", "fine", "marks", *self.cells]
        combinations = read.select(keys).unique()
        rows = [self._window(*cells) for cells in combinations.iter_rows()]
        judged = combinations.with_columns(
            pl.Series(name, [row[at] for row in rows], dtype=kind) for at, (name, kind) in enumerate(WINDOW.items())
        )
        return read.join(judged, on=keys, how="left", nulls_equal=True)

    def _window(
        self,
        decided_on: date | None,
        received_on: date,
        layout: str | None,
        sectors: str | None,
        fine: float | None,
        marks: str | None,
        *cells: str | None,
    ) -> tuple[Any, ...]:
        recorded = NO_MARKS
        if marks is not None:
            said = json.loads(marks)
            if said is None:
                return _NOT_SHOWN
            recorded = Marks(grade=said[0], necessary=said[1], hold=said[2])
        found = self._clock(decided_on, received_on, layout, sectors, fine, recorded, cells)
        if found is None:
            return _NOT_SHOWN
        return (found.public_from, found.latest_end, found.earliest_repair, found.severity, found.rule, True)

    def _clock(
        self,
        decided_on: date | None,
        received_on: date,
        layout: str | None,
        sectors: str | None,
        fine: float | None,
        marks: Marks,
        cells: Sequence[str | None],
    ) -> Clock | None:
        values = {
            name: None if cell is None else json.loads(_unescaped(cell))
            for name, cell in zip(self.names, cells, strict=True)
        }
        told = frozenset(sectors.split(" ") if sectors else ())
        given = facts.of_values(self.entry, decided_on, received_on, values, sectors=told, fine=fine)
        found = self.layouts.get(_unescaped(layout)) if layout is not None else None
        said = values.get(facts.AUDIENCE)
        return clock_of(self.entry, found, given, self.book, self.profile, marks, said=said)


def _months(start: date, day: date | None) -> int | None:
    return None if day is None else (day.year - start.year) * 12 + day.month - start.month


def _later(months: str) -> pl.Expr:
    """The day of the same number so many months later, or the last of a month that has none (CLK-02)."""
    return pl.col("day").dt.offset_by(pl.format("{}mo", pl.col(months)))


def _named(windows: pl.DataFrame, cell: str) -> pl.DataFrame:
    """An end the provider names shortens, and never lengthens (REF-08)."""
    named = pl.col(cell).str.strip_chars('"').str.to_date("%Y-%m-%d", strict=False)
    end = pl.col("public_until")
    return (
        windows.with_columns(named=named)
        .with_columns(cut=((pl.col("named") < end) | end.is_null()) & pl.col("named").is_not_null() & pl.col("shown"))
        .with_columns(
            public_until=pl.when("cut").then("named").otherwise(end),
            rule=pl.when("cut").then(pl.col("rule") + "+named").otherwise("rule"),
        )
        .with_columns(
            shown=pl.col("shown")
            & ((pl.col("public_until") >= pl.col("public_from")) | pl.col("public_until").is_null()),
            earliest_repair=pl.when(pl.col("earliest_repair") > pl.col("public_until"))
            .then("public_until")
            .otherwise("earliest_repair"),
        )
        .drop("named", "cut")
    )


def _marked(read: pl.DataFrame, acts: Mapping[tuple[int, int], Sequence[ledger.Done]]) -> pl.DataFrame:
    """``marks``: what officers recorded and the dates depend on, as JSON; null for nothing, "null" for hidden."""
    found = []
    for (entity, record), done in acts.items():
        said = facts.marks(done)
        if ledger.hidden(said.states):
            found.append((entity, record, "null"))
        elif said.grade or said.necessary or said.hold:
            found.append((entity, record, json.dumps([said.grade, said.necessary, said.hold])))
    if not found:
        return read.with_columns(marks=pl.lit(None, pl.String))
    schema = {"entity_id": pl.Int64, "record_id": pl.Int64, "marks": pl.String}
    return read.join(pl.DataFrame(found, schema=schema, orient="row"), on=["entity_id", "record_id"], how="left")


def _unescaped(cell: str) -> str:
    """COPY's text format doubles backslashes; JSON has no raw control characters."""
    return cell.replace("\\\\", "\\") if "\\" in cell else cell
