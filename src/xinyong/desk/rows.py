"""The returned row of a case: its cells as the department wrote them, personal values masked for showing.

The delivered file is the proof and is read again; nothing of a row is copied into the tables of the desk but the name the
finding already shows.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils import timezone

from xinyong.catalogue import selectors as catalogue
from xinyong.catalogue.entry import BundleEntry, DatasetEntry, Field
from xinyong.desk.errors import RowGone
from xinyong.desk.models import Case
from xinyong.intake import store
from xinyong.intake.checks import choose_layout
from xinyong.intake.checks.report import HIDDEN, is_private
from xinyong.intake.models import Delivery
from xinyong.intake.reading import ROW, Limits, open_source
from xinyong.registry import lists
from xinyong.registry import selectors as registry
from xinyong.runtime import config
from xinyong.standards import credit_code, redaction, resident_id

#: Words in the Chinese name of a field by which it is known for an address.
_ADDRESS = ("地址", "住所", "经营场所")
#: Rows kept in memory, and how many cases of one delivery are read in one pass: an officer goes from one to the next.
_KEPT = 400
_AT_ONCE = 100
_DIGIT = re.compile(r"\d")

_cache: OrderedDict[tuple[str, int], tuple[tuple[str, ...], tuple[str, ...]]] = OrderedDict()


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


def _entry(delivery: Delivery) -> DatasetEntry | BundleEntry:
    return catalogue.entry(delivery.dataset_code, timezone.localdate(delivery.received_at))


def _known_columns(entry: DatasetEntry | BundleEntry) -> frozenset[str]:
    if isinstance(entry, BundleEntry):
        return frozenset()
    known: set[str] = set()
    for item in entry.fields:
        known.update((item.code, item.name_zh, *item.columns))
    for layout in entry.layouts:
        known.update(column.column for column in layout.columns)
    return frozenset(known)


def _raw(case: Case) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Header and cells of the row. Raises RowGone."""
    delivery = case.delivery
    key = (delivery.sha256, case.row)
    if key not in _cache:
        _fill(case)
    if key not in _cache:
        raise RowGone(number=delivery.number, row=case.row)
    _cache.move_to_end(key)
    return _cache[key]


def _fill(case: Case) -> None:
    delivery = case.delivery
    path = store.path_of(delivery.sha256)
    if not path.exists():
        raise RowGone(number=delivery.number, row=case.row)
    following = Case.objects.filter(delivery=delivery, row__gt=case.row, decided_at=None).order_by("row")
    wanted = [case.row, *following.values_list("row", flat=True)[:_AT_ONCE]]
    bound = int(config.get("XINYONG_MAX_FILE_MIB")) << 20
    limits = Limits(max_file_bytes=bound, max_expanded_bytes=bound)
    last = max(wanted)
    with open_source(path, limits, known_columns=_known_columns(_entry(delivery))) as source:
        for batch in source.batches():
            rows = batch.rows.filter(batch.rows[ROW].is_in(wanted))
            header = tuple(column for column in rows.columns if column != ROW)
            for number, *cells in rows.select(ROW, *header).iter_rows():
                _cache[delivery.sha256, number] = (header, tuple("" if cell is None else str(cell) for cell in cells))
            if batch.rows.height and int(batch.rows[ROW][-1]) >= last:
                break
    while len(_cache) > _KEPT:
        _cache.popitem(last=False)


def _fields(delivery: Delivery, header: Sequence[str]) -> dict[str, Field]:
    """Column to field, for the columns that have one."""
    entry = _entry(delivery)
    if not isinstance(entry, DatasetEntry):
        return {}
    match = choose_layout(entry, header)
    return {column: entry.field_by_code(target.to) for column, target in match.bound if target.to is not None}


def _masked(field: Field | None, text: str) -> str:
    """A cell as it may be shown: personal values hidden, personal numbers in free text masked."""
    if not text:
        return ""
    if field is not None and is_private(field):
        return HIDDEN
    if len(_DIGIT.findall(text)) < 7:  # the shortest personal number has seven
        return text
    folded = credit_code.normalise(text).text
    if credit_code.is_valid(folded):
        return text
    return HIDDEN if resident_id.is_valid(folded) else redaction.redact(text).text


def read(case: Case) -> WrittenRow:
    """The row from the kept file. Raises RowGone when the file is not kept any more."""
    header, raw = _raw(case)
    fields = _fields(case.delivery, header)
    by_field: dict[str, str] = {}
    cells, address, representative = [], "", ""
    for column, text in zip(header, raw, strict=True):
        field = fields.get(column)
        shown = _masked(field, text)
        if shown:
            cells.append((column, shown))
        if field is None or not text.strip():
            continue
        by_field.setdefault(field.code, text.strip())
        if field.personal and field.statutory_public and not representative:
            representative = shown
        if any(word in field.name_zh for word in _ADDRESS) and not field.personal and not address:
            address = shown
    entry = _entry(case.delivery)
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
