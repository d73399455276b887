"""Collecting findings: one per row, field and code, with values that may be shown and cannot be executed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping

import numpy as np
import polars as pl

from xinyong.catalogue.entry import Field, FieldType, Severity
from xinyong.intake.checks.messages import MESSAGES, Message
from xinyong.intake.findings import VALUE_LIMIT, Finding
from xinyong.standards import credit_code, redaction, resident_id

#: Shown in place of a value that belongs to a natural person.
HIDDEN = "***"
#: Longer than any number that must be masked, separators included.
_SLACK = 200
#: All that is ever said of a natural person's row; none of these shows more than the kind of subject.
_SAID_OF_PERSONS = frozenset({"natural-person", "resident-number", "not-to-be-collected"})

_CALL = re.compile(
    r"[A-Za-z_][\w.]*\s*[(!|]|^.\s*(?:cmd|powershell|rundll32|mshta|regsvr32|msexcel|dde)\b", re.IGNORECASE
)
_FORMULA_STARTS = "=@+-＝＠＋－"


def looks_like_formula(text: str) -> bool:
    """Whether a spreadsheet would run ``text``. Plain signs, numbers, dates and e-mail handles are not formulas."""
    body = unicodedata.normalize("NFKC", text.strip())
    if not body or body[0] not in "=@+-":
        return False
    if body[0] == "=":
        return re.match(r"=+\s*[^\s=]", body) is not None
    return _CALL.search(body) is not None


def inert(text: str) -> str:
    """``text`` so that no spreadsheet runs it when the error list is opened: a leading sign gets an apostrophe."""
    if text[:1] in _FORMULA_STARTS and text[:1] and looks_like_formula(text):
        return "'" + text
    return text


def is_private(field: Field) -> bool:
    """Whether the field's values are kept encrypted and never shown."""
    return field.type is FieldType.PERSONAL_NUMBER or (field.personal and not field.statutory_public)


def shown(field: Field | None, text: str) -> str:
    """``text`` as a finding may show it: no personal value, nothing executable, no longer than the limit."""
    if not text:
        return ""
    if field is not None and is_private(field):
        return HIDDEN
    if len(text) > VALUE_LIMIT + _SLACK:
        # A cell may hold millions of characters; the beginning is all that will be shown. A number that the cut runs
        # through would not be recognised, so the last characters before it are not shown either.
        beginning = redaction.redact(text[: VALUE_LIMIT + _SLACK]).text
        return _tidy(beginning[: min(VALUE_LIMIT - 1, len(beginning) - _SLACK // 2)]) + "…"
    folded = credit_code.normalise(text).text
    if resident_id.is_valid(folded) and not credit_code.is_valid(folded):
        return HIDDEN
    if not credit_code.is_valid(folded):
        text = redaction.redact(text).text
    text = _tidy(text)
    return text if len(text) <= VALUE_LIMIT else text[: VALUE_LIMIT - 1] + "…"


def _tidy(text: str) -> str:
    return inert("".join(character if character >= " " else " " for character in text))


class Report:
    """The findings of one batch, and which of its rows are refused."""

    def __init__(self, rows: pl.Series) -> None:
        self._rows = rows.to_list()
        self._seen: set[tuple[int, str, str]] = set()
        self._findings: list[tuple[int, int, Finding]] = []
        #: Rows with at least one error.
        self.refused = np.zeros(len(self._rows), dtype=np.bool_)
        #: Rows that speak of a natural person: nothing else is said about them.
        self.persons = np.zeros(len(self._rows), dtype=np.bool_)

    def add(
        self,
        index: int,
        field: Field | None,
        column: str,
        code: str,
        *,
        value: str = "",
        severity: Severity = Severity.ERROR,
        message: Message | None = None,
        fix: str = "",
        details: Mapping[str, str] | None = None,
    ) -> None:
        """Note a finding on the row at ``index``; ``details`` fill the message (values in them must be shown ones)."""
        message = message if message is not None else MESSAGES[code]
        if self.persons[index] and code not in _SAID_OF_PERSONS:
            return
        if severity is Severity.ERROR:
            self.refused[index] = True
        name = field.code if field is not None else column
        key = (index, name, code)
        if key in self._seen:
            return
        self._seen.add(key)
        words = {
            "name": field.name_zh if field is not None else column,
            "name_en": field.name_en if field is not None else column,
            "value": shown(field, value),
            "fix": fix,
            **(details or {}),
        }
        advice_zh, advice_en = message.advice_zh, message.advice_en
        if fix and severity is Severity.ERROR:
            advice_zh, advice_en = "建议改为 {fix}", "Probably {fix}"
        finding = Finding(
            row=self._rows[index],
            kind=message.kind,
            code=code,
            severity=severity,
            field=field.code if field is not None else "",
            column=column,
            value=words["value"],
            reason_zh=message.zh.format(**words),
            reason_en=message.en.format(**words),
            suggestion_zh=advice_zh.format(**words),
            suggestion_en=advice_en.format(**words),
            fix=fix,
        )
        self._findings.append((index, len(self._findings), finding))

    def refuse_persons(self, at: Iterable[int]) -> None:
        """These rows speak of a natural person."""
        for index in at:
            self.persons[index] = True
            self.refused[index] = True

    def findings(self) -> list[Finding]:
        """All findings in the order of the rows. Of a natural person's row only that it is one."""
        kept = (
            (index, number, finding)
            for index, number, finding in self._findings
            if not self.persons[index] or finding.code in _SAID_OF_PERSONS
        )
        return [finding for _, _, finding in sorted(kept, key=lambda item: item[:2])]
