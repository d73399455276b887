"""The form of a dataset as a workbook: one sheet to fill in, one that explains every field, one with the code lists.

Everything in it comes from the catalogue entry. Cells are written as text and never as formulas, and code columns are
formatted as text, so that a spreadsheet program neither runs anything nor turns eighteen digits into a rounded number.
The mark of the edition lies in a hidden name, so that a delivery made with an old form can be told so.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

import xlsxwriter  # type: ignore[import-untyped]
from xlsxwriter.utility import xl_col_to_name  # type: ignore[import-untyped]

from xinyong.catalogue.columns import MARK_NAME
from xinyong.catalogue.entry import (
    CodeValue,
    ColumnMap,
    Condition,
    DatasetEntry,
    Disclosure,
    Field,
    FieldType,
    Layout,
    RuleKind,
)
from xinyong.catalogue.errors import LayoutUnknown

#: Last row of a worksheet; validations hold for all rows below the heading.
_LAST_ROW = 1_048_575
#: Excel's own limits of validation texts.
_TITLE, _MESSAGE = 32, 255
_FIRST_DAY, _LAST_DAY = date(1900, 3, 1), date(2099, 12, 31)

TYPES: dict[FieldType, tuple[str, str]] = {
    FieldType.TEXT: ("文字", "text"),
    FieldType.DATE: ("日期（年-月-日）", "date (YYYY-MM-DD)"),
    FieldType.INTEGER: ("整数", "whole number"),
    FieldType.DECIMAL: ("数字，最多六位小数", "number, at most six decimals"),
    FieldType.MONEY_WAN: ("金额（万元），最多六位小数", "amount in 10,000 yuan, at most six decimals"),
    FieldType.CAPITAL: ("注册资本，如 100万元人民币", "capital with its currency"),
    FieldType.ENUM: ("代码，单选", "one value of a list"),
    FieldType.ENUM_LIST: ("代码，可多选", "one or more values of a list"),
    FieldType.CREDIT_CODE: ("统一社会信用代码，18 位", "unified social credit code, 18 characters"),
    FieldType.ORGAN_CODE: ("机关统一社会信用代码，18 位", "credit code of an organ, 18 characters"),
    FieldType.ORGANISATION_CODE: ("组织机构代码，9 位", "organisation code, 9 characters"),
    FieldType.REGISTRATION_NUMBER: ("注册号，15 位或 13 位", "registration number"),
    FieldType.PERSONAL_NUMBER: ("证件号码（加密保存，不公开）", "identity number (encrypted, never published)"),
}
_AUDIENCES: dict[Disclosure, tuple[str, str]] = {
    Disclosure.PUBLIC: ("社会公开", "public"),
    Disclosure.GOVERNMENT: ("政务共享", "government"),
    Disclosure.AUTHORISED: ("授权查询", "with authorisation"),
    Disclosure.NEVER: ("不公开", "never published"),
}
_EXAMPLES: dict[FieldType, str] = {
    FieldType.DATE: "2026-01-15",
    FieldType.INTEGER: "3",
    FieldType.DECIMAL: "0.5",
    FieldType.MONEY_WAN: "0.5",
    FieldType.CAPITAL: "100万元人民币",
    FieldType.CREDIT_CODE: "91350100M000100Y43",
    FieldType.ORGANISATION_CODE: "M000100Y4",
}
_NUMBERS = (FieldType.INTEGER, FieldType.DECIMAL, FieldType.MONEY_WAN)


@dataclass(frozen=True, slots=True)
class FormColumn:
    """One column of the form. ``field`` None: the layout's header needs the column, but it must stay empty."""

    name: str
    field: Field | None
    target: ColumnMap


def layout_of(entry: DatasetEntry, code: str | None) -> Layout:
    """The layout of this code; without one the first that is in use. Raises LayoutUnknown."""
    if code is None:
        return next((layout for layout in entry.layouts if layout.valid_until is None), entry.layouts[0])
    for layout in entry.layouts:
        if layout.code == code:
            return layout
    raise LayoutUnknown(
        layout=code,
        dataset=entry.name_zh,
        dataset_en=entry.name_en,
        known=", ".join(item.code for item in entry.layouts),
    )


def mark(entry: DatasetEntry, layout: Layout) -> str:
    """What tells one form from another: dataset, edition, layout and the text of the edition."""
    return "|".join((entry.code, entry.edition, layout.code, entry.digest[:16]))


def form_columns(entry: DatasetEntry, layout: Layout) -> tuple[FormColumn, ...]:
    """The columns of a form in this layout: each field once, under the name that suits the layout's own spelling."""
    signature = set(layout.signature)
    style = _style(layout.signature)
    fields = {item.code: item for item in entry.fields}
    spellings: dict[str, list[ColumnMap]] = {}
    for target in layout.columns:
        if target.to is not None:
            spellings.setdefault(target.to, []).append(target)
    chosen: set[str] = set()
    for targets in spellings.values():
        signed = [target for target in targets if target.column in signature]
        fitting = [target for target in targets if _style((target.column,)) == style]
        if any(target.join for target in targets):
            chosen.update(target.column for target in (fitting or targets))
        else:
            chosen.add((signed or fitting or targets)[0].column)
    return tuple(
        FormColumn(target.column, fields[target.to] if target.to is not None else None, target)
        for target in layout.columns
        if target.column in chosen or (target.to is None and target.column in signature)
    )


def _style(names: Iterable[str]) -> str:
    """How a layout writes its names: Chinese, capitals or small letters."""
    text = "".join(names)
    if not text.isascii():
        return "chinese"
    return "capitals" if text == text.upper() else "small"


def value_text(value: CodeValue) -> str:
    """How a value of a list is chosen in the form: by its Chinese label, which intake reads as the stored value."""
    return value.zh or value.value


def write(entry: DatasetEntry, layout: Layout) -> bytes:
    """The workbook. The same entry gives the same bytes."""
    return _Form(entry, layout).write()


class _Form:
    def __init__(self, entry: DatasetEntry, layout: Layout) -> None:
        self._entry, self._layout = entry, layout
        self._columns = form_columns(entry, layout)
        self._out = io.BytesIO()
        options = {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        }
        self._book = xlsxwriter.Workbook(self._out, options)
        add = self._book.add_format
        head = {"bold": True, "border": 1, "text_wrap": True, "valign": "vcenter", "num_format": "@"}
        self._required = add({**head, "bg_color": "#F8DCD4"})
        self._conditional = add({**head, "bg_color": "#FBEFD0"})
        self._optional = add({**head, "bg_color": "#E8EEF7"})
        self._closed = add({**head, "bg_color": "#DDDDDD"})
        self._as_text = add({"num_format": "@"})
        self._as_date = add({"num_format": "yyyy-mm-dd"})
        self._as_number = add({"num_format": "0.######"})
        self._as_whole = add({"num_format": "0"})
        self._bold = add({"bold": True, "num_format": "@"})
        self._wrapped = add({"text_wrap": True, "valign": "top", "border": 1, "num_format": "@"})
        self._title = add({"bold": True, "font_size": 14, "num_format": "@"})
        self._lists: dict[str, str] = {}

    def write(self) -> bytes:
        entry, layout = self._entry, self._layout
        data = self._book.add_worksheet("数据")
        self._explain()
        self._write_lists()
        self._write_data(data)
        title = f"{entry.name_zh} · {layout.name_zh}"
        self._book.set_properties(
            {
                "title": title,
                "subject": f"{entry.code} {entry.edition} {layout.code}",
                "comments": f"xinyong-template {mark(entry, layout)}",
                "category": "报送模板",
                # A fixed time: the same entry gives the same file.
                "created": datetime.combine(entry.effective_from, datetime.min.time()),
            }
        )
        self._book.set_custom_property("xinyong-template", mark(entry, layout))
        hidden_name = MARK_NAME + mark(entry, layout).encode().hex()
        self._book.defined_names.append([hidden_name, -1, "'数据'!$A$1", True])
        self._book.close()
        return self._out.getvalue()

    # the sheet to fill in ------------------------------------------------------------------------------------------

    def _write_data(self, sheet: xlsxwriter.worksheet.Worksheet) -> None:
        sheet.freeze_panes(1, 0)
        sheet.set_row(0, 32)
        for place, column in enumerate(self._columns):
            item = column.field
            sheet.set_column(place, place, _width(column), self._format_of(item))
            heading = self._closed
            if item is not None:
                required = item.required and item.code not in self._layout.not_required
                heading = self._required if required else self._conditional if item.required_when else self._optional
            sheet.write_string(0, place, column.name, heading)
            validation = self._validation(column)
            if validation is not None:
                sheet.data_validation(1, place, _LAST_ROW, place, validation)

    def _format_of(self, item: Field | None) -> xlsxwriter.format.Format:
        if item is None:
            return self._as_text
        if item.type is FieldType.DATE:
            return self._as_date
        if item.type is FieldType.INTEGER:
            return self._as_whole
        return self._as_number if item.type in _NUMBERS else self._as_text

    def _validation(self, column: FormColumn) -> dict[str, object] | None:
        item = column.field
        if item is None:
            return {
                "validate": "length",
                "criteria": "==",
                "value": 0,
                "error_title": "不得填写 must stay empty",
                "error_message": (column.target.why or "本列不得归集，请留空。This column must stay empty.")[:_MESSAGE],
            }
        rule = self._rule(item)
        zh, en = TYPES[item.type]
        message = "\n".join(part for part in (item.note_zh, zh, en, self._needed(item)[0]) if part)
        return {
            **(rule or {"validate": "any"}),
            "input_title": item.name_zh[:_TITLE],
            "input_message": message[:_MESSAGE],
            **({"error_title": item.name_zh[:_TITLE], "error_message": f"{zh}。{en}"[:_MESSAGE]} if rule else {}),
        }

    def _rule(self, item: Field) -> dict[str, object] | None:
        if item.type is FieldType.ENUM and item.code_list is not None and item.code_list.values:
            # A list with open words (其他-…) only advises.
            kind = "warning" if item.code_list.open_prefixes else "stop"
            return {"validate": "list", "source": self._lists[item.code], "error_type": kind}
        if item.type is FieldType.DATE:
            return {"validate": "date", "criteria": "between", "minimum": _FIRST_DAY, "maximum": _LAST_DAY}
        if item.type is FieldType.INTEGER:
            return {"validate": "integer", "criteria": "between", "minimum": -(10**15), "maximum": 10**15}
        if item.type in _NUMBERS:
            return {"validate": "decimal", "criteria": "between", "minimum": -(10**12), "maximum": 10**12}
        if item.type in (FieldType.CREDIT_CODE, FieldType.ORGAN_CODE):
            return {"validate": "length", "criteria": "==", "value": 18, "error_type": "warning"}
        if item.type is FieldType.ORGANISATION_CODE:
            return {"validate": "length", "criteria": "between", "minimum": 9, "maximum": 10, "error_type": "warning"}
        limit = item.hard_max_length or item.max_length
        if item.type is FieldType.TEXT and limit is not None:
            kind = "stop" if item.hard_max_length else "warning"
            return {"validate": "length", "criteria": "<=", "value": min(limit, 32_767), "error_type": kind}
        return None

    # the sheet that explains ---------------------------------------------------------------------------------------

    def _explain(self) -> None:
        entry, layout = self._entry, self._layout
        sheet = self._book.add_worksheet("填报说明")
        lines = [
            (f"{entry.name_zh}（{entry.name_en}）", self._title),
            (
                f"资源目录 {entry.code}，版本 {entry.edition}，自 {entry.effective_from.isoformat()} 起施行 · edition",
                None,
            ),
            (f"版式 {layout.code}：{layout.name_zh}（{layout.name_en}） · layout", None),
            ("请在“数据”表填写，一行一条；不要改动表头，不要合并单元格，不要用公式。", None),
            ("Fill in the sheet 数据, one record a row; keep the heading, merge nothing, use no formulas.", None),
            (
                "表头颜色：红为必填，黄为有条件必填，蓝为选填，灰为不得填写。 Red: required; yellow: when; blue: optional.",
                None,
            ),
        ]
        if layout.valid_until is not None:
            day = layout.valid_until.isoformat()
            lines.append((f"本版式 {day} 后停用，仅供补报历史数据。 In use until {day}; for past records only.", None))
        for basis in entry.legal_basis:
            lines.append((f"归集依据 legal basis：{basis.title} {basis.article}".rstrip(), None))
        row = 0
        for text, look in lines:
            sheet.write_string(row, 0, text, look or self._as_text)
            row += 1
        row += 1
        headings = (
            "列名 column", "含义 meaning", "English", "类型 type", "长度 length", "必填 required", "取值 values",
            "示例 example", "公开范围 audience",
        )  # fmt: skip
        for place, (heading, width) in enumerate(zip(headings, (26, 40, 30, 26, 12, 40, 30, 26, 16), strict=True)):
            sheet.set_column(place, place, width)
            sheet.write_string(row, place, heading, self._optional)
        for column in self._columns:
            row += 1
            for place, text in enumerate(self._explained(column)):
                sheet.write_string(row, place, text, self._wrapped)

    def _explained(self, column: FormColumn) -> tuple[str, ...]:
        item = column.field
        if item is None:
            why = column.target.why or "不得归集"
            return (column.name, why, "must stay empty", "", "0", "不得填写 must stay empty", "", "", "")
        limit = item.hard_max_length or item.max_length
        order = list(Disclosure)
        audience = max(self._entry.disclosure, item.publication, key=order.index)
        note = f"。{item.note_zh}" if item.note_zh else ""
        return (
            column.name,
            f"{item.name_zh}（{item.code}）{note}",
            item.name_en,
            " / ".join(TYPES[item.type]),
            f"≤ {limit}" if limit is not None else "",
            "\n".join(self._needed(item)),
            f"见“代码表”：{item.name_zh}" if item.code_list is not None else "",
            item.example or _EXAMPLES.get(item.type, ""),
            " / ".join(_AUDIENCES[audience]),
        )

    def _needed(self, item: Field) -> tuple[str, str]:
        if item.code in self._layout.not_required:
            return "选填", "optional"
        if item.required and item.default is None:
            return "必填", "required"
        if item.required_when:
            zh, en = self._words(item.required_when)
            return f"{zh}时必填", f"required when {en}"
        if item.empty_when:
            zh, en = self._words(item.empty_when)
            return f"选填；{zh}时应为空", f"optional; empty when {en}"
        group = next((r for r in self._entry.rules if r.kind is RuleKind.ONE_OF_FILLED and item.code in r.fields), None)
        if group is not None:
            names = [self._entry.field_by_code(code) for code in group.fields]
            return (
                "与下列各项至少填一项：" + "、".join(other.name_zh for other in names),
                "at least one of: " + ", ".join(other.name_en for other in names),
            )
        return "选填", "optional"

    def _words(self, conditions: Iterable[Condition]) -> tuple[str, str]:
        zh, en = [], []
        for condition in conditions:
            item = self._entry.field_by_code(condition.field)
            if condition.filled is not None:
                zh.append(f"“{item.name_zh}”{'已填写' if condition.filled else '未填写'}")
                en.append(f"“{item.name_en}” is {'filled' if condition.filled else 'empty'}")
            for values, verb, verb_en in (
                (condition.any_of, "为", "is"),
                (condition.none_of, "不为", "is not"),
                (condition.contains, "含", "contains"),
                (condition.prefix_none_of, "开头不为", "does not begin with"),
            ):
                if values:
                    zh.append(f"“{item.name_zh}”{verb}“{'”或“'.join(values)}”")
                    en.append(f"“{item.name_en}” {verb_en} “{'” or “'.join(values)}”")
        return "且".join(zh), " and ".join(en)

    # the code lists ------------------------------------------------------------------------------------------------

    def _write_lists(self) -> None:
        listed = [column.field for column in self._columns if column.field is not None]
        fields = {item.code: item for item in listed if item.code_list is not None and item.code_list.values}
        if not fields:
            return
        sheet = self._book.add_worksheet("代码表")
        sheet.freeze_panes(1, 0)
        for number, item in enumerate(fields.values()):
            assert item.code_list is not None  # chosen above
            first = number * 3
            values = item.code_list.values
            for place, heading in enumerate((f"取值：{item.name_zh}", "代码 code", "English")):
                sheet.write_string(0, first + place, heading, self._bold)
            for row, value in enumerate(values, start=1):
                for place, text in enumerate((value_text(value), value.value, value.en)):
                    sheet.write_string(row, first + place, text, self._as_text)
            for row, prefix in enumerate(item.code_list.open_prefixes, start=len(values) + 1):
                sheet.write_string(row, first, f"{prefix.rstrip('-')}-（请写明内容 with own words）", self._as_text)
            sheet.set_column(first, first, 30)
            sheet.set_column(first + 1, first + 2, 18)
            name = xl_col_to_name(first)
            self._lists[item.code] = f"=代码表!${name}$2:${name}${len(values) + 1}"


def _width(column: FormColumn) -> int:
    item = column.field
    if item is None:
        return 12
    wide = 14 if item.type in (*_NUMBERS, FieldType.DATE) else 22
    return max(wide, min(40, sum(2 if character > "\x7f" else 1 for character in column.name) + 2))
