"""A demonstration city of any size, as the files its departments would deliver.

``generate`` writes the files and ``manifest.json`` into a folder. The registration holds one right row for every
entity; its wrong rows are rows *more*, of entities the city does not have, so that no record depends on a row that
intake refuses. In all other files the wrong rows are part of the count.

Memory does not grow with the city: entities are computed from their numbers (``entities``), rows are written in
chunks. Only the truth about odd rows is kept until the end.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import numpy as np

from xinyong.demo import decisions, errors, listings
from xinyong.demo.days import Days
from xinyong.demo.draw import I64, Draw
from xinyong.demo.entities import Population
from xinyong.demo.plan import PlannedFile, departments_of, plan
from xinyong.demo.registration import Register
from xinyong.demo.rows import City, Columns, Slice
from xinyong.demo.spec import JSON_LINES, GeneratedFile, GeneratorOptionError, GeneratorSpec, Manifest, WrongRow
from xinyong.demo.writers import open_writer

#: Rows computed at a time.
CHUNK: Final = 8_192
MANIFEST: Final = "manifest.json"
Progress = Callable[[str, int, int], None]

_BUILDERS: Final[dict[str, Callable[[City, Slice], Columns]]] = {
    "licence": decisions.licence,
    "licence-2015": decisions.licence,
    "penalty": decisions.penalty,
    "penalty-2015": decisions.penalty,
    "abnormal-list": listings.abnormal,
    "serious-violation-list": listings.serious,
    "commitments": listings.commitment,
    "honours": listings.honour,
    "annual-report-head": listings.annual,
}


def generate(spec: GeneratorSpec, out: Path, progress: Progress | None = None) -> Manifest:
    """Write the city of ``spec`` into the folder ``out`` and return its manifest.

    ``progress`` is called with the file being written, rows done and rows in all. The folder must be empty or new.
    """
    if out.exists() and any(out.iterdir()):
        raise GeneratorOptionError(
            option="out", value=out, reason_zh="目录不为空，请换一个空目录", reason_en="the folder is not empty"
        )
    out.mkdir(parents=True, exist_ok=True)
    draw, days = Draw(spec.seed), Days(spec.today)
    city = City(draw, days, Population(draw, days, spec.entities), departments_of(spec))
    run = _Run(city, Register(city, spec.register_by_number), out, progress)
    files = plan(spec, city, run.register)
    run.total = sum(_rows(file) for file in files)
    made = tuple(run.make(file) for file in files)
    manifest = Manifest(
        spec=spec,
        files=made,
        counts=_counts(spec, files, made, run.odd_rows),
        departments=tuple(
            {"code": item.code, "name_zh": item.name_zh, "name_en": item.name_en, "credit_code": item.credit_code}
            for item in city.departments.values()
        ),
        errors=tuple(run.odd_rows),
    )
    (out / MANIFEST).write_text(manifest.to_json(), encoding="utf-8", newline="\n")
    return manifest


def _is_registration(file: PlannedFile) -> bool:
    return file.layout.key == "registration"


def _rows(file: PlannedFile) -> int:
    """Rows of the file: the wrong rows of the registration come on top."""
    return file.rows + (file.wrong if _is_registration(file) else 0)


def _counts(
    spec: GeneratorSpec, planned: list[PlannedFile], made: tuple[GeneratedFile, ...], odd_rows: list[WrongRow]
) -> dict[str, int]:
    per_dataset: Counter[str] = Counter()
    for file, result in zip(planned, made, strict=True):
        per_dataset[f"rows/{file.layout.key}"] += result.rows
    kinds = Counter(f"kind/{row.kind}" for row in odd_rows)
    expected = Counter(f"expected/{row.expected}" for row in odd_rows)
    return {
        "entities": spec.entities,
        "records": spec.records,
        "files": len(made),
        "rows": sum(item.rows for item in made),
        "wrong_rows": sum(row.expected != errors.ACCEPT for row in odd_rows),
        "odd_rows": sum(row.expected == errors.ACCEPT for row in odd_rows),
        **per_dataset,
        **dict(sorted(expected.items())),
        **dict(sorted(kinds.items())),
    }


class _Run:
    """One run over the files, in order: the turn of the kinds of odd rows goes on from file to file."""

    def __init__(self, city: City, register: Register, out: Path, progress: Progress | None) -> None:
        self._city, self.register, self._out, self._progress = city, register, out, progress
        self.odd_rows: list[WrongRow] = []
        self._turns: dict[str, errors.Turns] = {}
        self._done = 0
        self.total = 0

    def make(self, file: PlannedFile) -> GeneratedFile:
        """Write one file."""
        layout = file.layout
        header = layout.header(file.form)
        first_odd = len(self.odd_rows)
        writer = open_writer(self._out / file.path, file.form, header, layout.dates, layout.amounts)
        odd = self._odd_positions(file)
        above: dict[str, str] | None = None
        for start, columns in self._chunks(file, odd):
            count = len(columns[layout.names[0]])
            here = [at - start for at in odd if start <= at < start + count] if odd else []
            if here:
                columns = {name: list(columns[name]) for name in layout.names}
                self._spoil(file, columns, here, start, odd, above)
            above = None if start + count - 1 in odd else {name: columns[name][-1] for name in layout.names}
            writer.write([columns[name] for name in layout.names])
            self._done += count
            if self._progress is not None:
                self._progress(file.path, self._done, self.total)
        expected = Counter(row.expected for row in self.odd_rows[first_odd:])
        return GeneratedFile(
            path=file.path,
            dataset=layout.dataset,
            layout=layout.layout(file.form),
            department=file.department.code,
            encoding=file.encoding,
            format=file.form,
            rows=_rows(file),
            expected_rejected=expected[errors.REJECT],
            expected_duplicates=expected[errors.DUPLICATE],
            expected_remarked=expected[errors.REMARK],
            sha256=writer.close(),
        )

    def _odd_positions(self, file: PlannedFile) -> dict[int, bool]:
        """Positions of odd rows in the file, ascending, spread evenly; True for those that are wrong."""
        rows, wanted = _rows(file), file.wrong + file.odd
        if not wanted:
            return {}
        number = np.arange(wanted, dtype=np.int64)
        low = number * rows // wanted
        width = (number + 1) * rows // wanted - low
        places = low + self._city.draw.below_each(f"odd/{file.path}", number, width)
        wrong = (number + 1) * file.wrong // wanted > number * file.wrong // wanted
        return dict(zip(places.tolist(), wrong.tolist(), strict=True))

    def _chunks(self, file: PlannedFile, odd: dict[int, bool]) -> Iterator[tuple[int, Columns]]:
        """Chunks of right rows, with the position of their first row."""
        rows = _rows(file)
        extra = np.array([at for at, wrong in odd.items() if wrong], dtype=np.int64)
        for start in range(0, rows, CHUNK):
            at = np.arange(start, min(start + CHUNK, rows), dtype=np.int64)
            if _is_registration(file):
                index = self._registration_index(file, at, extra)
                yield start, self.register.rows(Slice("registration", file.department, index, file.total))
            else:
                part = Slice(file.layout.key, file.department, at + file.start, file.total)
                yield start, _BUILDERS[file.layout.key](self._city, part)

    @staticmethod
    def _registration_index(file: PlannedFile, at: I64, extra: I64) -> I64:
        """Which entity of the department each row holds; wrong rows hold entities beyond its total."""
        before = np.searchsorted(extra, at)
        index = file.start + at - before
        if len(extra):
            wrong = extra[np.minimum(before, len(extra) - 1)] == at
            index = np.where(wrong, file.total + file.start + before, index)
        return index.astype(np.int64)

    def _spoil(
        self,
        file: PlannedFile,
        columns: Columns,
        here: list[int],
        start: int,
        odd: dict[int, bool],
        last: dict[str, str] | None,
    ) -> None:
        """Make the rows ``here`` odd and note the truth about them."""
        layout = file.layout
        header = dict(zip(layout.names, layout.header(file.form), strict=True))
        turns = self._turns.setdefault(layout.key, errors.Turns(layout.skip))
        first_row = 1 if file.form == JSON_LINES else 2
        for at in here:
            above = last if at == 0 else None
            if at and start + at - 1 not in odd:
                above = {name: columns[name][at - 1] for name in layout.names}
            wrong = odd[start + at]
            row = errors.Row(columns, at, layout.roles, len(self.odd_rows), above)
            kind = turns.spoil(row, wrong)
            self.odd_rows.append(
                WrongRow(
                    file=file.path,
                    row=start + at + first_row,
                    field=header[row.field],
                    kind=kind.name,
                    expected=row.expected or layout.expect.get(kind.name, kind.expected),
                )
            )
