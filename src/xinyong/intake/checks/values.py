"""The plain values that go into a check and come out of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from xinyong.errors import ErrorCode, XinyongError
from xinyong.intake.findings import Finding

#: Columns of :attr:`Checked.accepted`, in this order.
ACCEPTED_SCHEMA: dict[str, pl.DataType] = {
    "row": pl.Int64(),
    "subject_code": pl.String(),
    "registration_number": pl.String(),
    "organisation_code": pl.String(),
    "subject_name": pl.String(),
    "name_key": pl.String(),
    "subject_kind": pl.String(),
    "business_key": pl.String(),
    "decided_on": pl.Date(),
    "payload": pl.String(),
    "content_hash": pl.Binary(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckContext:
    """What a check needs to know besides the entry. Nothing here is read from a clock or a database."""

    #: The day "not in the future" is measured against.
    today: date
    #: Credit code of every known organ to its name. Empty: organ codes are not looked up.
    organs: Mapping[str, str] = field(default_factory=dict)
    #: (field code, plain text) to the token stored in place of a personal value.
    protect: Callable[[str, str], str]
    #: Keyed hash of a personal value: equal texts, equal bytes. It enters the content hash, never the payload.
    fingerprint: Callable[[str], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryNote:
    """A remark on the delivery as a whole: nothing is refused for it, and nothing is lost without one."""

    code: str
    zh: str
    en: str
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Checked:
    """The outcome of one batch: every row is either in ``accepted`` or in ``rejected``, exactly once."""

    accepted: pl.DataFrame
    findings: list[Finding]
    rejected: pl.Series


class HeaderWrong(XinyongError):
    """The header of a delivery fits no layout of its dataset."""

    code = ErrorCode.HEADER_WRONG
    status = 422
    exit_code = 2
    zh = "表头与“{dataset}”的任何一种版式都不相符，最接近的是“{layout}”。{problem_zh}{advice_zh}"
    en = "The header fits no layout of “{dataset_en}”; the nearest is “{layout_en}”. {problem_en}{advice_en}"


class ColumnsSwapped(XinyongError):
    """The code column holds names and the name column holds codes: one mistake, not one for each row."""

    code = ErrorCode.HEADER_WRONG
    status = 422
    exit_code = 2
    zh = (
        "“{code_column}”列与“{name_column}”列的内容疑似互换：本批 {rows} 行中有 {swapped} 行的“{name_column}”列"
        "是有效的统一社会信用代码（如第 {example} 行），而“{code_column}”列不是。"
        "请将两列表头对调后重新报送；本次未逐行列出错误。"
    )
    en = (
        "The columns “{code_column}” and “{name_column}” seem to be swapped: in {swapped} of {rows} rows of this batch "
        "“{name_column}” holds a valid unified social credit code (row {example}, for example) and “{code_column}” "
        "does not. Exchange the two headings and deliver again; the rows are not listed one by one."
    )
