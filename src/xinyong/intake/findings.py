"""What is wrong with a row, in words a department can act on.

A finding names the row, the field, the value as sent, the reason and a suggestion, in Chinese and English. The kinds
are closed so that the console can group and filter them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from xinyong.catalogue.entry import Severity

#: Longest value kept in a finding; the whole cell stays in the delivered file.
VALUE_LIMIT = 200


class FindingKind(StrEnum):
    """Groups of the error table."""

    ROW = "row"  # the row itself cannot be read: column count, encoding, NUL bytes, oversized cell
    REQUIRED = "required"  # 必填
    FORBIDDEN = "forbidden"  # must be empty, or must not be collected
    CODE = "code"  # 代码: credit code, registration number, organ code
    NAME = "name"  # 名称
    DATE = "date"  # 日期
    AMOUNT = "amount"  # 金额
    LENGTH = "length"  # 超长
    VALUE = "value"  # 取值: code lists, formats
    LOGIC = "logic"  # 逻辑: rules between fields
    DUPLICATE = "duplicate"  # 重复
    SUBJECT = "subject"  # 主体: no or more than one entity
    PERSON = "person"  # natural persons are not subjects
    ROUTE = "route"  # row belongs to no dataset of the catalogue


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One remark on one row. ``row`` is the row number the department sees (header = row 1; JSON Lines: line number)."""

    row: int
    kind: FindingKind
    code: str
    severity: Severity = Severity.ERROR
    field: str = ""
    column: str = ""
    value: str = ""
    reason_zh: str
    reason_en: str
    suggestion_zh: str = ""
    suggestion_en: str = ""
    #: The value to use instead, when exactly one explains the mistake; empty otherwise.
    fix: str = ""
