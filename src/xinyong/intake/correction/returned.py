"""A delivered file that answers another one: a corrected error list, or a draft that was sent.

Its extra columns say which returned row each row answers. They are taken off before the checks, and a cell that still
shows only the mask of a personal value gets its value back from the file it was returned from: a department that corrects
one cell of an error list must not lose another because the list does not show it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl
import psycopg

from xinyong.catalogue.entry import Field
from xinyong.intake.correction import layout as correction_layout
from xinyong.intake.correction import rows as correction_rows
from xinyong.intake.models import Delivery
from xinyong.intake.reading import ROW

Note = tuple[str, str]


@dataclass(slots=True)
class Answer:
    """What a file with a column of original row numbers answers. ``taken`` collects row and original row."""

    column: str
    parent: Delivery
    rows: correction_rows.KeptRows | None
    fields: dict[str, Field]
    taken: list[tuple[int, int]] = field(default_factory=list)

    def take(self, batch: pl.DataFrame) -> pl.DataFrame:
        """The batch without the extra columns, hidden values restored. Never touches the database."""
        numbers = batch[self.column].str.strip_chars().cast(pl.Int64, strict=False)
        given = numbers.is_not_null()
        self.taken.extend(zip(batch[ROW].filter(given).to_list(), numbers.filter(given).to_list(), strict=True))
        own = [column for column in batch.columns if not correction_layout.is_extra(column)]
        return self._restored(batch.select(own), numbers)

    def _restored(self, batch: pl.DataFrame, numbers: pl.Series) -> pl.DataFrame:
        if self.rows is None:
            return batch
        shared = [column for column in batch.columns if column != ROW and column in self.rows.header]
        # Only a masked or an apostrophed cell can stand for another text.
        suspicious = [column for column in shared if batch[column].str.contains(r"\*|^'").fill_null(value=False).any()]
        if not suspicious:
            return batch
        wanted = [number for number in numbers.to_list() if number is not None]
        before = self.rows.rows(wanted).select(ROW, *suspicious)
        by_row = {row[ROW]: row for row in before.to_dicts()}
        for column in suspicious:
            cells = batch[column].to_list()
            for index, (cell, number) in enumerate(zip(cells, numbers.to_list(), strict=True)):
                original = by_row.get(number, {}).get(column)
                if (
                    cell is not None
                    and original is not None
                    and cell != original
                    and self._shows(column, cell, original)
                ):
                    cells[index] = original
            batch = batch.with_columns(pl.Series(column, cells, dtype=pl.String))
        return batch

    def _shows(self, column: str, cell: str, original: str) -> bool:
        """Whether ``cell`` is how an error list shows ``original``; CSV lists put an apostrophe before a risky sign."""
        shown = correction_rows.masked(self.fields.get(column), original)
        return cell in (shown, f"'{shown}", shown[: correction_layout.CELL_LIMIT])


def recognise(delivery: Delivery, header: Sequence[str]) -> tuple[Answer | None, list[Note]]:
    """What this file answers. A number that is no delivery of this department and dataset is told and passed over."""
    found = correction_layout.answered(header)
    if found is None:
        return None, []
    parent = (
        Delivery.objects.filter(
            number=found.number, department_id=delivery.department_id, dataset_code=delivery.dataset_code
        )
        .exclude(pk=delivery.pk)
        .first()
    )
    if parent is None:
        return None, [
            (
                f"文件注明是批次 {found.number} 的更正，但本部门这一资源没有该批次；已按普通报送处理。",
                f"The file says it corrects delivery {found.number}, but this department has no such delivery of this "
                "dataset; it was taken as an ordinary delivery.",
            )
        ]
    if delivery.parent_id is None:
        delivery.parent = parent
        delivery.save(update_fields=["parent"])
    notes = [
        (f"本批是批次 {parent.number} 退回行的更正。", f"This delivery corrects returned rows of {parent.number}.")
    ]
    try:
        rows = correction_rows.kept(parent)
        fields = correction_rows.fields_of(parent, rows.header)
    except correction_rows.RowsGone:
        return Answer(found.column, parent, None, {}), notes
    return Answer(found.column, parent, rows, fields), notes


def store(connection: psycopg.Connection[tuple[Any, ...]], delivery: Delivery, answer: Answer | None) -> None:
    """Write which returned rows this delivery answers, in the transaction that commits it."""
    if answer is None or not answer.taken:
        return
    with (
        connection.cursor() as cursor,
        cursor.copy("COPY intake_correctedrow (delivery_id, row, parent_id, parent_row) FROM STDIN") as copy,
    ):
        for row, parent_row in answer.taken:
            copy.write_row((delivery.pk, row, answer.parent.pk, parent_row))
