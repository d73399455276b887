"""The returned row of a case: its cells as the department wrote them, personal values masked for showing.

The delivered file is the proof and is read again; nothing of a row is copied into the tables of the desk but the name the
finding already shows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from xinyong.catalogue.entry import DatasetEntry
from xinyong.desk.errors import RowGone
from xinyong.desk.models import Case
from xinyong.intake.correction import rows as returned
from xinyong.registry import lists
from xinyong.registry import selectors as registry

#: Words in the Chinese name of a field by which it is known for an address.
_ADDRESS = ("地址", "住所", "经营场所")


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenRow:
    """``cells``: column to text for showing; ``header`` and ``raw``: for sending the very row again.

    ``numbers``: kind of number to its normalised value, for those that may lead to an entity.
    """

    header: tuple[str, ...]
    raw: tuple[str, ...]
    cells: tuple[tuple[str, str], ...]
    name: str
    code: str
    numbers: Mapping[str, str]
    representative: str
    address: str
    place: str


def _raw(case: Case) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Header and cells of the row. Raises RowGone."""
    try:
        held = returned.kept(case.delivery)
    except returned.RowsGone as error:
        raise RowGone(number=case.delivery.number, row=case.row) from error
    found = held.rows([case.row])
    if not found.height:
        raise RowGone(number=case.delivery.number, row=case.row)
    cells = found.select(held.header).row(0)
    return held.header, tuple("" if cell is None else str(cell) for cell in cells)


def read(case: Case) -> WrittenRow:
    """The row from the kept file. Raises RowGone when the file is not kept any more."""
    header, raw = _raw(case)
    fields = returned.fields_of(case.delivery, header)
    by_field: dict[str, str] = {}
    cells, address, representative = [], "", ""
    for column, text in zip(header, raw, strict=True):
        field = fields.get(column)
        shown = returned.masked(field, text)
        if shown:
            cells.append((column, shown))
        if field is None or not text.strip():
            continue
        by_field.setdefault(field.code, text.strip())
        if field.personal and field.statutory_public and not representative:
            representative = shown
        if any(word in field.name_zh for word in _ADDRESS) and not field.personal and not address:
            address = shown
    entry = returned.entry_of(case.delivery)
    name, code, place, numbers = case.name, "", "", {}
    if isinstance(entry, DatasetEntry):
        subject = entry.subject
        name = by_field.get(subject.name or "", case.name)
        code = by_field.get(subject.code or "", "")
        place = " ".join(by_field[item] for item in subject.place if item in by_field)
        known: dict[str | None, str] = {
            subject.registration_number: "registration_number",
            subject.organisation_code: "organisation_code",
        }
        known.update(lists.number_fields())
        numbers = {
            kind: registry.normalised_number(by_field[field])
            for field, kind in known.items()
            if field is not None and field in by_field
        }
    return WrittenRow(
        header=header, raw=raw, cells=tuple(cells), name=name, code=code, numbers=numbers,
        representative=representative, address=address, place=place,
    )  # fmt: skip
