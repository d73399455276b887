"""One open row from one public record: which fields may leave in bulk, and as what. Pure but for the catalogue.

Bulk is narrower than a page: whoever looks up one entity may read its representative, but a file of all of them would be a
list of persons. No personal field leaves, statutory or not; of an individual business, a person in trade, neither its name
nor its address nor free text does.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

import polars as pl

from xinyong.catalogue import selectors as catalogue
from xinyong.catalogue.entry import DatasetEntry, Disclosure, Field, FieldType
from xinyong.publicity import gone, show
from xinyong.registry import keys
from xinyong.runtime import cryptography
from xinyong.standards import redaction

#: Before the fields of the dataset: code, Chinese, English, type.
BASE: tuple[tuple[str, str, str, str], ...] = (
    ("_id", "信息编号", "Record", "string"),
    ("_subject_code", "主体代码", "Code of the subject", "string"),
    ("_subject_name", "主体名称", "Name of the subject", "string"),
    ("_decided_on", "决定日期", "Decided on", "date"),
    ("_public_from", "公示起始日", "Public from", "date"),
    ("_public_until", "公示截止日", "Public until", "date"),
    ("_severity", "失信程度", "Severity", "string"),
    ("_department", "来源部门", "Source", "string"),
    ("_received_at", "接收时间", "Received at", "datetime"),
    ("_version", "版本", "Version", "integer"),
)
_TYPES = {
    FieldType.DATE: "date",
    FieldType.INTEGER: "integer",
    FieldType.MONEY_WAN: "number",
    FieldType.DECIMAL: "number",
}
_POLARS: dict[str, Any] = {
    "string": pl.String,
    "date": pl.Date,
    "integer": pl.Int64,
    "number": pl.Decimal(30, 6),
    "datetime": pl.Datetime("us", "UTC"),
}
_CODES = frozenset({FieldType.CREDIT_CODE, FieldType.ORGAN_CODE, FieldType.ORGANISATION_CODE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of an open dataset. ``type``: string, date, datetime, integer or number."""

    code: str
    name_zh: str
    name_en: str
    type: str
    code_list: str
    note: str


def is_open(entry: DatasetEntry) -> bool:
    """Whether records of the dataset can be public at all."""
    return entry.disclosure is Disclosure.PUBLIC and entry.publicity_rules != "none"


def may_leave(field: Field) -> bool:
    """Whether a field may leave in bulk."""
    return field.publication is Disclosure.PUBLIC and not field.personal and field.type is not FieldType.PERSONAL_NUMBER


def fields(entry: DatasetEntry) -> tuple[Field, ...]:
    """The fields of the dataset that leave; what the first columns already say is not repeated."""
    subject = entry.subject
    said = {subject.code, subject.name, subject.kind, subject.registration_number, subject.organisation_code}
    return tuple(item for item in entry.fields if may_leave(item) and (subject.creates or item.code not in said))


def columns(entry: DatasetEntry) -> tuple[Column, ...]:
    """All columns in their order."""
    base = [Column(code=code, name_zh=zh, name_en=en, type=kind, code_list="", note="") for code, zh, en, kind in BASE]
    own = [
        Column(
            code=item.code,
            name_zh=item.name_zh,
            name_en=item.name_en,
            type=_TYPES.get(item.type, "string"),
            code_list=item.code_list.code if item.code_list else "",
            note=item.note_zh,
        )
        for item in fields(entry)
    ]
    return (*base, *own)


def schema(entry: DatasetEntry) -> dict[str, Any]:
    """The columns as types of a Parquet file."""
    return {item.code: _POLARS[item.type] for item in columns(entry)}


def _withheld(entry: DatasetEntry) -> frozenset[str]:
    """Fields that do not leave for an individual business."""
    kept_back = set(gone.rule_set()["individual_business"]["leave_out"])
    free = {
        item.code for item in entry.fields if item.redact or (item.type is FieldType.TEXT and item.max_length is None)
    }
    return frozenset(kept_back | free | ({entry.subject.name} if entry.subject.name else set()))


class Maker:
    """Makes open rows of one dataset; columns are those of the entry in force."""

    def __init__(self, entry: DatasetEntry) -> None:
        self.entry = entry
        self.codes = [item.code for item in fields(entry)]
        self._of_edition: dict[str, tuple[list[Field | None], frozenset[str]]] = {}

    def row(self, found: Sequence[Any]) -> tuple[Any, ...]:
        """One open row of a row of ``open_rows``."""
        (
            record,
            code,
            speaks,
            name,
            person,
            digest,
            payload,
            decided,
            begins,
            ends,
            severity,
            source,
            received,
            number,
        ) = found
        loaded = json.loads(payload) if isinstance(payload, str) else payload
        own, withheld = self._edition(digest)
        # Found to hold a person's number when it arrived: not published until it is delivered again without.
        unsafe = loaded.get("_redact") or ()
        return (
            keys.record_key(record),
            code or keys.public_key(speaks),
            None if person else _masked(name),
            decided,
            begins,
            ends,
            severity or None,
            source,
            received,
            number,
            *(
                None
                if field is None or field.code in unsafe or (person and field.code in withheld)
                else value(field, loaded)
                for field in own
            ),
        )

    def _edition(self, digest: str) -> tuple[list[Field | None], frozenset[str]]:
        known = self._of_edition.get(digest)
        if known is None:
            entry = catalogue.text_of(digest, self.entry.code)
            by_code = {item.code: item for item in entry.fields if may_leave(item)}
            # A field that was personal under the edition it came under stays personal.
            withheld = _withheld(entry) | _withheld(self.entry)
            known = self._of_edition[digest] = ([by_code.get(code) for code in self.codes], withheld)
        return known


def value(field: Field, loaded: dict[str, Any]) -> Any:
    """A field in its type: dates and numbers as such, codes of a list in words, text masked once more."""
    stored = loaded.get(field.code)
    if stored in (None, "", []):
        return None
    if isinstance(stored, str) and stored.startswith(cryptography.TOKEN_PREFIX):
        return None
    kind = _TYPES.get(field.type, "string")
    text = str(stored)
    if kind == "date":
        return date.fromisoformat(text)
    if kind == "integer":
        return int(text)
    if kind == "number":
        try:
            return Decimal(text).quantize(Decimal("0.000001"))
        except InvalidOperation:
            return None
    if field.type in (FieldType.ENUM, FieldType.ENUM_LIST):
        return show.value(field, loaded, "zh")
    return text if field.type in _CODES else _masked(text)


@lru_cache(maxsize=100_000)
def _masked(text: str) -> str:
    return redaction.redact(text).text
