"""Which market entity a row speaks of, of which kind, and that it is not a natural person."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from xinyong.catalogue.entry import CodeValue, DatasetEntry, Severity, SubjectKind
from xinyong.intake.checks.cells import Column
from xinyong.intake.checks.conditions import find_value
from xinyong.intake.checks.report import Report

ENTERPRISE = SubjectKind.ENTERPRISE.value
ORGANISATION = SubjectKind.ORGANISATION.value
INDIVIDUAL = SubjectKind.INDIVIDUAL_BUSINESS.value

KIND_NAMES = {
    ENTERPRISE: ("企业", "enterprise"),
    ORGANISATION: ("其他组织", "other organisation"),
    INDIVIDUAL: ("个体工商户", "individual business"),
}
#: Spellings of a kind field that say the kind outright. 法人及非法人组织 does not: the code tells the two apart.
_SAID = {
    **dict.fromkeys(("个体工商户", INDIVIDUAL), INDIVIDUAL),
    **dict.fromkeys(("企业", ENTERPRISE), ENTERPRISE),
    **dict.fromkeys(("其他组织", ORGANISATION), ORGANISATION),
}
#: First two characters of a credit code; every other prefix is an organisation.
_BY_PREFIX = {"91": ENTERPRISE, "93": ENTERPRISE, "92": INDIVIDUAL}
_IDENTIFIERS = {"code": "code", "registration_number": "registration_number", "exact_name": "name"}


class SubjectReader:
    """The subject of an entry's rows."""

    def __init__(self, entry: DatasetEntry) -> None:
        self._entry = entry
        self._subject = entry.subject
        self._fields = {item.code: item for item in entry.fields}
        self._open = [kind.value for kind in entry.subject_kinds]
        kinds = self._fields[self._subject.kind].code_list if self._subject.kind is not None else None
        self._kind_list = kinds
        #: Stored value of the kind field to the kind it says outright, or to nothing.
        self._said = {item.value: _said(item) for item in (kinds.values if kinds is not None else ())} or dict(_SAID)

    def refuse_persons(self, columns: Mapping[str, Column], report: Report) -> None:
        """Rows whose kind is natural person are refused before anything else is read of them (REF-01)."""
        if self._subject.kind is None:
            return
        column = columns[self._subject.kind]
        spellings = set(self._subject.person_values)
        for text in self._subject.person_values:
            found = find_value(self._kind_list, text)
            if found is not None:
                spellings |= {found.value, found.zh, *found.aliases}
        at = column.text.is_in(sorted(spellings)).fill_null(value=False).arg_true().to_list()
        for index in at:
            report.add(index, column.field, column.heading, "natural-person", value=column.text[index])
        report.refuse_persons(at)

    def read(self, columns: Mapping[str, Column], report: Report) -> pl.Series:
        """The kind of every row's subject; findings where there is no subject, or not of a kind this dataset takes."""
        code = self._value(columns, self._subject.code)
        number = self._value(columns, self._subject.registration_number)
        organisation = self._value(columns, self._subject.organisation_code)
        height = len(next(iter(columns.values())).value)
        by_code = _by_code(code) if code is not None else _nothing(height)
        said = _nothing(height)
        if self._subject.kind is not None:
            said = columns[self._subject.kind].value.replace_strict(
                list(self._said), pl.Series(list(self._said.values()), dtype=pl.String), default=None
            )
        kinds = said.cast(pl.String).zip_with(said.is_not_null(), by_code)
        if kinds.null_count():
            other = _by_other(number, organisation, self._open[0], height)
            if self._subject.kind is not None:
                # 法人及非法人组织 says at least that it is no individual business.
                unsaid = columns[self._subject.kind].value.is_not_null() & said.is_null()
                other = other.set(unsaid & (other == INDIVIDUAL), ENTERPRISE)
            kinds = kinds.zip_with(kinds.is_not_null(), other)
        self._check_filler(columns, kinds, number, report)
        self._check_difference(columns, code, by_code, said, report)
        self._check_open(columns, kinds, report)
        self._check_identifiers(columns, report)
        return kinds

    @staticmethod
    def _value(columns: Mapping[str, Column], code: str | None) -> pl.Series | None:
        return columns[code].value if code is not None else None

    def _check_filler(
        self, columns: Mapping[str, Column], kinds: pl.Series, number: pl.Series | None, report: Report
    ) -> None:
        if self._subject.code is None:
            return
        column = columns[self._subject.code]
        if column.filler is None:
            return
        allowed = kinds == INDIVIDUAL
        if number is not None:
            allowed &= number.is_not_null()
        else:
            allowed = pl.repeat(value=False, n=len(kinds), dtype=pl.Boolean, eager=True)
        for index in (column.filler & ~allowed).arg_true().to_list():
            report.add(index, column.field, column.heading, "placeholder-without-number", value=column.text[index])

    def _check_difference(
        self,
        columns: Mapping[str, Column],
        code: pl.Series | None,
        by_code: pl.Series,
        said: pl.Series,
        report: Report,
    ) -> None:
        if self._subject.kind is None or code is None:
            return
        column = columns[self._subject.kind]
        unsaid = column.value.is_not_null() & said.is_null()
        differs = (said != by_code).fill_null(value=False) | (unsaid & (by_code == INDIVIDUAL).fill_null(value=False))
        for index in differs.arg_true().to_list():
            kind, kind_en = KIND_NAMES[by_code[index]]
            report.add(
                index,
                column.field,
                column.heading,
                "kind-differs",
                value=column.text[index] or "",
                severity=Severity.WARNING,
                details={"prefix": code[index][:2], "kind": kind, "kind_en": kind_en},
            )

    def _check_open(self, columns: Mapping[str, Column], kinds: pl.Series, report: Report) -> None:
        closed = ~kinds.is_in(self._open)
        if not closed.any():
            return
        column = columns[self._subject.kind or self._subject.code or self._subject.name or next(iter(columns))]
        for index in closed.arg_true().to_list():
            kind, kind_en = KIND_NAMES[kinds[index]]
            value = column.text[index] or ""
            details = {"kind": kind, "kind_en": kind_en}
            report.add(index, column.field, column.heading, "kind-not-open", value=value, details=details)

    def _check_identifiers(self, columns: Mapping[str, Column], report: Report) -> None:
        ways = [getattr(self._subject, _IDENTIFIERS[way]) for way in self._subject.resolve]
        fields = [columns[code] for code in ways if code is not None]
        if not fields:
            return
        missing = fields[0].value.is_null()
        for column in fields[1:]:
            missing &= column.value.is_null()
        for index in missing.arg_true().to_list():
            if report.refused[index]:
                continue  # something more exact has been said of it
            report.add(
                index,
                fields[0].field,
                fields[0].heading,
                "no-identifier",
                details={
                    "identifiers": "、".join(f"“{column.field.name_zh}”" for column in fields),
                    "identifiers_en": ", ".join(f"“{column.field.name_en}”" for column in fields),
                },
            )


def _said(item: CodeValue) -> str | None:
    for spelling in (item.value, item.zh, *item.aliases):
        if spelling in _SAID:
            return _SAID[spelling]
    return None


def _nothing(height: int) -> pl.Series:
    return pl.Series([None], dtype=pl.String).new_from_index(0, height)


def _by_code(code: pl.Series) -> pl.Series:
    prefix = code.str.slice(0, 2)
    kinds = prefix.replace_strict(list(_BY_PREFIX), list(_BY_PREFIX.values()), default=ORGANISATION)
    return kinds.set(code.is_null(), None)


def _by_other(number: pl.Series | None, organisation: pl.Series | None, fallback: str, height: int) -> pl.Series:
    """Without a code: what the registration number says, then that there is an organisation code."""
    kinds = pl.Series([fallback]).new_from_index(0, height)
    if organisation is not None:
        kinds = kinds.set(organisation.is_not_null(), ORGANISATION)
    if number is not None:
        # Position 7 of a fifteen-digit number: 6 to 9 is an individual business (GS15-2006).
        kinds = kinds.set(number.is_not_null(), ENTERPRISE)
        kinds = kinds.set(number.str.contains("^[0-9]{6}[6-9][0-9]{8}$").fill_null(value=False), INDIVIDUAL)
    return kinds
