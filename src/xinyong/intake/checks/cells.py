"""Reading one column of one type.

Every type has a fast way, which passes whole columns that are written canonically, and a slow way, which reads one
distinct text at a time and says what is wrong with it. A healthy delivery never takes the slow way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl

from xinyong.catalogue.entry import Field, FieldType, Severity
from xinyong.intake.checks.canonical import special_characters
from xinyong.intake.checks.choices import EnumReader, plain_values
from xinyong.intake.checks.codes import (
    fine_code,
    fine_organ,
    read_credit_code,
    read_organ_code,
    read_organisation_code,
    read_personal_number,
    read_registration_number,
)
from xinyong.intake.checks.numbers import (
    CANONICAL_DECIMAL,
    PADDED_DECIMAL,
    fine_date,
    read_capital,
    read_date,
    read_decimal,
    read_integer,
    read_money,
)
from xinyong.intake.checks.reading import NOTHING, NULL_WORDS, Reading, is_null_text, refused_text
from xinyong.intake.checks.report import Report
from xinyong.intake.checks.values import CheckContext
from xinyong.standards import organisation_code, registration_number
from xinyong.standards._views import views

_FORMULA_FIRST = r"^[=@+\-＝＠＋－]"
_CONTROLS = r"[\x00-\x08\x0b\x0c\x0e-\x1f]"

_FORMULA_BYTE = np.zeros(256, dtype=np.bool_)
_FORMULA_BYTE[[word.encode()[0] for word in "=@+-＝＠＋－"]] = True
_NULL_BYTE = np.zeros(256, dtype=np.bool_)
_NULL_BYTE[[word.encode()[0] for word in NULL_WORDS]] = True
_LONGEST_NULL = max(len(word.encode()) for word in NULL_WORDS)

#: Types whose canonical values are digits, letters and signs only.
_PLAIN = frozenset(
    {
        FieldType.DATE,
        FieldType.INTEGER,
        FieldType.DECIMAL,
        FieldType.MONEY_WAN,
        FieldType.CREDIT_CODE,
        FieldType.ORGAN_CODE,
    }
)

SlowReader = Callable[[str], Reading]


@dataclass(slots=True)
class Column:
    """One field of a batch while it is checked."""

    field: Field
    #: Heading as sent, for findings.
    heading: str
    #: Cell as sent (null: empty) and the same without surrounding spaces.
    sent: pl.Series
    text: pl.Series
    #: Canonical value; null where empty, unreadable or refused.
    value: pl.Series
    #: Rows whose text could not be read: not to be called empty as well.
    unreadable: pl.Series | None = None
    #: Rows of a subject code that hold the official filler.
    filler: pl.Series | None = None
    #: No value needs an escape in JSON.
    plain: bool = False
    _days: tuple[pl.Series, pl.Series] | None = None

    @property
    def days(self) -> pl.Series:
        """The values of a date column as days, made once for all rules."""
        if self._days is None or self._days[0] is not self.value:
            self._days = self.value, self.value.str.to_date("%Y-%m-%d", strict=False)
        return self._days[1]

    def texts(self, mask: pl.Series) -> list[tuple[int, str | None]]:
        """Place and text of the cells under ``mask``."""
        at = mask.arg_true()
        return list(zip(at.to_list(), self.text.gather(at).to_list(), strict=True))


def trimmed(sent: pl.Series) -> pl.Series:
    """Cells without surrounding spaces (full-width ones too); what is then empty is null."""
    if sent.null_count() == len(sent):
        return sent
    text = sent.str.strip_chars()
    lengths = text.str.len_bytes()
    if lengths.min() == 0:
        return text.set(lengths == 0, None)
    # The same column, so that nobody compares the two.
    return sent if lengths.sum() == sent.str.len_bytes().sum() else text


def read_column(column: Column, context: CheckContext, report: Report) -> None:
    """Fill ``column.value`` from ``column.text``."""
    text = column.text
    if text.null_count() == len(text):
        return
    fine, slow = _reader(column, context)
    odd = text.is_not_null() & ~fine
    if odd.any():
        _settle(column, odd, slow, report)


def _settle(column: Column, odd: pl.Series, slow: SlowReader, report: Report) -> None:
    """Read the odd texts one distinct text at a time."""
    at = odd.arg_true()
    part = column.text.gather(at)
    distinct = part.unique()
    readings = {text: slow(text) for text in distinct.to_list()}
    values = pl.Series([reading.value for reading in readings.values()], dtype=pl.String)
    settled = part.replace_strict(pl.Series(list(readings), dtype=pl.String), values, return_dtype=pl.String)
    column.value = column.value.clone().scatter(at, settled)
    remarked = {text: reading.remark for text, reading in readings.items() if reading.remark is not None}
    if not remarked:
        return
    filler = [text for text, remark in remarked.items() if remark.code == "placeholder"]
    if filler:
        column.filler = column.text.is_in(filler).fill_null(value=False)
    unreadable = [
        text
        for text, remark in remarked.items()
        if readings[text].value is None and (remark.malformed or remark.severity is Severity.ERROR)
    ]
    if unreadable:
        column.unreadable = column.text.is_in(unreadable).fill_null(value=False)
    said = part.is_in(list(remarked))
    persons = [text for text, remark in remarked.items() if remark.code == "resident-number"]
    if persons:
        report.refuse_persons(at.filter(part.is_in(persons)).to_list())
    for index, text in zip(at.filter(said).to_list(), part.filter(said).to_list(), strict=True):
        remark = remarked[text]
        if remark.code == "placeholder":
            continue
        severity = column.field.malformed if remark.malformed else remark.severity
        report.add(
            index,
            column.field,
            column.heading,
            remark.code,
            value=text,
            severity=severity,
            fix=remark.fix,
            details=remark.details,
        )


def _reader(column: Column, context: CheckContext) -> tuple[pl.Series, SlowReader]:
    """Mask of the texts that are canonical already, and the slow way for the rest."""
    item, text = column.field, column.text
    column.plain = item.type in _PLAIN
    match item.type:
        case FieldType.TEXT:
            return _fine_text(column), _read_text
        case FieldType.DATE:
            return fine_date(text, item), lambda value: read_date(value, item)
        case FieldType.INTEGER:
            return text.str.contains(r"^(0|-?[1-9][0-9]{0,17})$"), read_integer
        case FieldType.DECIMAL:
            return _fine_decimal(column), read_decimal
        case FieldType.MONEY_WAN:
            return _fine_decimal(column), read_money
        case FieldType.CAPITAL:
            return _never(text), read_capital
        case FieldType.ENUM:
            return text.is_in(plain_values(item.code_list)), EnumReader(item).read
        case FieldType.ENUM_LIST:
            return _never(text), EnumReader(item).read_list
        case FieldType.CREDIT_CODE | FieldType.ORGAN_CODE:
            fine, slow = fine_code(text), read_credit_code
            if item.type is FieldType.ORGAN_CODE:
                return fine_organ(text, fine, context), lambda value: read_organ_code(value, context)
            return fine, slow
        case FieldType.ORGANISATION_CODE:
            return pl.Series(organisation_code.are_valid(text)), read_organisation_code
        case FieldType.REGISTRATION_NUMBER:
            return pl.Series(registration_number.are_valid(text)), read_registration_number
        case FieldType.PERSONAL_NUMBER:
            return _never(text), read_personal_number


def _never(text: pl.Series) -> pl.Series:
    return pl.repeat(value=False, n=len(text), dtype=pl.Boolean, eager=True)


def _fine_decimal(column: Column) -> pl.Series:
    """Plain amounts; trailing zeros (0.500000, as the standard's six decimals are often written) are dropped here."""
    text = column.text
    fine = text.str.contains(CANONICAL_DECIMAL).fill_null(value=False)
    padded = text.str.contains(PADDED_DECIMAL).fill_null(value=False) & ~fine
    if padded.any():
        stripped = text.filter(padded).str.strip_chars_end("0").str.strip_chars_end(".")
        column.value = column.value.clone().scatter(padded.arg_true(), stripped)
    return fine | padded


def _fine_text(column: Column) -> pl.Series:
    text = column.text
    seen = views(text)
    # The first byte and the length settle nearly every text: the rest is looked at as a text.
    first = seen.first
    asked = _FORMULA_BYTE[first] | (_NULL_BYTE[first] & (seen.lengths <= _LONGEST_NULL))
    column.plain = not seen.hold_special() or special_characters(text) is None
    odd = pl.Series(np.zeros(len(text), dtype=np.bool_))
    if asked.any():
        at = np.flatnonzero(asked)
        part = text.gather(at)
        odd = odd.scatter(at, part.str.contains(_FORMULA_FIRST) | part.is_in(NULL_WORDS))
    if not column.plain:
        odd |= text.str.contains(_CONTROLS).fill_null(value=False)
    return ~odd


def _read_text(text: str) -> Reading:
    if is_null_text(text):
        return NOTHING
    return refused_text(text) or Reading(text)
