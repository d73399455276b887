"""Every form can be filled in and delivered without a remark; nothing in it runs; an old one is recognised."""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path

import openpyxl
import pytest

from xinyong.catalogue import template
from xinyong.catalogue.columns import MARK_NAME
from xinyong.catalogue.entry import DatasetEntry, Field, FieldType, Layout
from xinyong.catalogue.errors import LayoutUnknown
from xinyong.catalogue.loader import load_packaged
from xinyong.intake.checking import template_notes
from xinyong.intake.findings import Finding
from xinyong.intake.lint.offline import check_file
from xinyong.standards import credit_code

TODAY = date(2026, 11, 25)
FORMS = [(entry, layout) for entry in load_packaged().in_force(TODAY) for layout in entry.layouts]
NAMES = [f"{entry.code}-{layout.code}" for entry, layout in FORMS]
ORGAN = "11410700000000001" + credit_code.check_character("11410700000000001")
#: What a department writes; the form's own examples and lists give the rest.
WRITTEN = {
    FieldType.TEXT: "示例内容",
    FieldType.DATE: date(2018, 6, 1),
    FieldType.INTEGER: 2018,
    FieldType.DECIMAL: 0.5,
    FieldType.MONEY_WAN: 0.5,
    FieldType.CAPITAL: "100万元人民币",
    FieldType.CREDIT_CODE: "91350100M000100Y43",
    FieldType.ORGAN_CODE: ORGAN,
    FieldType.ORGANISATION_CODE: "M000100Y4",
    FieldType.REGISTRATION_NUMBER: "350100100000017",
}


def book(entry: DatasetEntry, layout: Layout) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(template.write(entry, layout)))


def fill(path: Path, entry: DatasetEntry, layout: Layout, wanted: set[str]) -> None:
    filled = book(entry, layout)
    sheet = filled["数据"]
    for place, column in enumerate(template.form_columns(entry, layout), start=1):
        assert sheet.cell(1, place).value == column.name
        item = column.field
        if item is not None and item.code in wanted:
            sheet.cell(2, place).value = value(entry, item)
    filled.save(path)


def value(entry: DatasetEntry, item: Field) -> object:
    if item.type in (FieldType.ENUM, FieldType.ENUM_LIST) and item.code_list is not None:
        persons = set(entry.subject.person_values)
        allowed = [
            one for one in item.code_list.values
            if not persons & {one.value, one.zh, *one.aliases} and "个体" not in one.zh
        ]  # fmt: skip
        return template.value_text(allowed[0])
    if item.type is FieldType.TEXT and item.max_length is not None:
        return WRITTEN[item.type][: item.max_length]
    return WRITTEN[item.type]


def lint(path: Path, entry: DatasetEntry) -> tuple[list[Finding], list[tuple[str, str]], str]:
    findings: list[Finding] = []
    result = check_file(path, entry.code, load_packaged(), TODAY, findings.extend)
    assert result.read == 1
    return findings, result.notes, result.layout


@pytest.mark.parametrize(("entry", "layout"), FORMS, ids=NAMES)
def test_a_filled_form_is_taken_without_a_remark(entry, layout, tmp_path):
    path = tmp_path / "filled.xlsx"
    subject = entry.subject
    wanted = {item.code for item in entry.fields if item.required} | {subject.code, subject.name, subject.kind}
    wanted |= {rule.field for rule in entry.rules if rule.fields}
    fill(path, entry, layout, wanted)
    findings, notes, recognised = lint(path, entry)
    # As its author would: what the conditions of the entry ask for in this case is filled in too.
    missing = {item.field for item in findings if item.code == "required-when"}
    if missing:
        fill(path, entry, layout, wanted | missing)
        findings, notes, recognised = lint(path, entry)
    assert findings == []
    assert recognised == layout.code
    # A form of today is no old one, and its other sheets need no word.
    assert not [zh for zh, _ in notes if "模板" in zh or "工作表" in zh]


@pytest.mark.parametrize(("entry", "layout"), FORMS, ids=NAMES)
def test_every_form_explains_its_fields_and_holds_no_formula(entry, layout):
    form = book(entry, layout)
    columns = template.form_columns(entry, layout)
    data = form["数据"]
    assert data.freeze_panes == "A2"
    assert data.max_row == 1
    fields = [column.field.code for column in columns if column.field is not None]
    assert set(fields) == {target.to for target in layout.columns if target.to is not None}
    assert {column.name for column in columns} >= {
        name for name in layout.signature if any(target.column == name for target in layout.columns)
    }
    explained = {str(row[0].value) for row in form["填报说明"].iter_rows()}
    assert {column.name for column in columns} <= explained
    for sheet in form.worksheets:
        for row in sheet.iter_rows():
            assert all(cell.data_type in ("s", "n") and cell.data_type != "f" for cell in row), sheet.title
    assert [name for name in form.defined_names if name.startswith(MARK_NAME)]
    assert all(form.defined_names[name].hidden for name in form.defined_names)
    assert entry.edition in (form.properties.subject or "")
    for place, column in enumerate(columns, start=1):
        item = column.field
        if item is not None and item.type in (FieldType.CREDIT_CODE, FieldType.REGISTRATION_NUMBER, FieldType.TEXT):
            letter = openpyxl.utils.get_column_letter(place)
            style = next(dim for dim in data.column_dimensions.values() if dim.min <= place <= dim.max)
            assert style.number_format == "@", letter


def test_lists_dates_and_lengths_are_validated():
    entry = load_packaged().entry("penalty", TODAY)
    layout = template.layout_of(entry, "2018")
    form = book(entry, layout)
    rules = {}
    for rule in form["数据"].data_validations.dataValidation:
        for area in rule.sqref.ranges:
            rules[form["数据"].cell(1, area.min_col).value] = rule
            assert area.max_row == 1_048_576
    kind = rules["CF_XDR_LB"]
    assert kind.type == "list"
    lists = form["代码表"]
    start, stop = kind.formula1.removeprefix("代码表!").replace("$", "").split(":")
    offered = [cell.value for [cell] in lists[start:stop]]
    item = entry.field_by_code("CF_XDR_LB")
    assert offered == [one.zh for one in item.code_list.values]
    assert rules["CF_JDRQ"].type == "date"
    assert rules["CF_NR_FK"].type == "decimal"
    assert rules["CF_XDR_SHXYM"].type == "textLength"
    assert rules["CF_XDR_MC"].prompt


def test_the_same_entry_gives_the_same_bytes():
    entry, layout = FORMS[0]
    assert template.write(entry, layout) == template.write(entry, layout)


def test_an_unknown_layout_names_the_known_ones():
    with pytest.raises(LayoutUnknown) as caught:
        template.layout_of(load_packaged().entry("penalty", TODAY), "2031")
    assert "2018-zh" in caught.value.message("zh")


def test_a_form_of_another_dataset_or_an_older_text_is_told():
    entry = load_packaged().entry("penalty", TODAY)
    layout = entry.layouts[0]
    assert template_notes(entry, template.mark(entry, layout)) == []
    assert template_notes(entry, "") == []
    [(zh, en)] = template_notes(entry, f"penalty|2018|2018|{'0' * 16}")
    assert "旧模板" in zh and "old form" in en
    [(zh, _)] = template_notes(entry, template.mark(load_packaged().entry("licence", TODAY), layout))
    assert "licence" in zh
