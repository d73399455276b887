"""XLSX: what the sheet shows comes out as text, and workbooks that hide or bend something are told."""

from __future__ import annotations

import io
import random
import zipfile
from datetime import date, datetime

import openpyxl
import pytest
import xlsxwriter

from xinyong.intake.reading import FileDamaged, FileEmpty, FileFormat, FileTooLarge, HeaderWrong, Limits


def book(*rows, merge=(), sheets=("数据",), shared=True):
    """A workbook written by openpyxl (shared strings) or XlsxWriter (inline strings)."""
    out = io.BytesIO()
    if shared:
        target = openpyxl.Workbook()
        target.active.title = sheets[0]
        for row in rows:
            target.active.append(row)
        for span in merge:
            target.active.merge_cells(span)
        for name in sheets[1:]:
            target.create_sheet(name)
        target.save(out)
    else:
        with xlsxwriter.Workbook(out, {"constant_memory": True, "strings_to_formulas": False}) as target:
            sheet = target.add_worksheet(sheets[0])
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
    return out.getvalue()


def rewrite(content, changes):
    """The same container with members replaced (None: left out) or added."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            data = changes.get(name, old.read(name))
            if data is not None:
                new.writestr(name, data)
        for name in changes.keys() - set(old.namelist()):
            new.writestr(name, changes[name])
    return out.getvalue()


SHEET = "xl/worksheets/sheet1.xml"


def sheet_xml(data, before="", after=""):
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">{before}'
        f"<sheetData>{data}</sheetData>{after}</worksheet>"
    ).encode()


def with_sheet(data, **parts):
    return rewrite(book(("a", "b")), {SHEET: sheet_xml(data, **parts)})


def inline(reference, text):
    return f'<c r="{reference}" t="inlineStr"><is><t>{text}</t></is></c>'


HEAD = '<row r="1">' + inline("A1", "a") + inline("B1", "b") + "</row>"


@pytest.mark.parametrize("shared", [True, False])
def test_texts_numbers_and_row_numbers(give, shared):
    got = give(
        book(("名称", "额"), (" 甲&乙<丙>\"'", 0.1 + 0.2), ("x\ny", 12), (None, None), ("丁", -5), shared=shared)
    )
    assert got.info.format == "xlsx" and got.info.sheet == "数据"
    assert got.rows == [(2, " 甲&乙<丙>\"'", "0.3"), (3, "x\ny", "12"), (5, "丁", "-5")]
    assert got.tally.blank == 1


def test_dates_booleans_and_number_formats(give):
    target = openpyxl.Workbook()
    sheet = target.active
    sheet.append(["d", "t", "b", "z", "n"])
    sheet.append([date(2024, 1, 31), datetime(2024, 1, 31, 8, 5, 9), True, 1234, 1e-7])
    sheet["D2"].number_format = "000000"
    sheet.append([date(1900, 1, 5), 0.5, False, 5, 123456789012345])
    sheet["B3"].number_format = "hh:mm"
    out = io.BytesIO()
    target.save(out)
    assert give(out.getvalue()).rows == [
        (2, "2024-01-31", "2024-01-31 08:05:09", "TRUE", "001234", "0.0000001"),
        (3, "1900-01-05", "12:00:00", "FALSE", "5", "123456789012345"),
    ]


def test_codes_typed_as_numbers(give):
    got = give(book(("名称", "代码"), ("甲", 320582198001010000), ("乙", 123456789012345)))
    assert got.codes == [(2, "digits-lost")] and "丢失末位" in got.findings[0].reason_zh
    assert got.rows == [(3, "乙", "123456789012345")]


@pytest.mark.parametrize("cell", ["=1+1", "=SUM(A1:A9)", "=cmd|' /C calc'!A0"])
def test_formula_cells(give, cell):
    assert give(book(("a", "b"), ("x", cell), ("y", 1))).codes == [(2, "formula")]
    assert give(book(("a", "b"), ("x", cell), ("y", 1), shared=False)).codes == [(2, "formula")]


def test_merged_cells_reject_their_rows_only(give):
    rows = [("标题", None), ("a", "b"), *[(f"x{i}", i) for i in range(3, 10)]]
    got = give(book(*rows, merge=("A1:B1", "A5:A7")), known=frozenset({"a", "b"}))
    assert got.codes == [(5, "merged-cells"), (6, "merged-cells"), (7, "merged-cells")]
    assert "合并单元格 A5:A7，请取消合并并逐行填写" in got.findings[0].reason_zh
    assert [row[0] for row in got.rows] == [3, 4, 8, 9]
    assert "Merged cells in or above the header" in {note.en for note in got.info.notes}


def test_cells_beyond_the_header_and_errors(give):
    data = (
        HEAD
        + f'<row r="2">{inline("A2", "1")}{inline("F2", "x")}</row><row r="3"><c r="A3" t="e"><v>#N/A</v></c></row>'
    )
    assert give(with_sheet(data)).codes == [(2, "cell-count"), (3, "cell-value")]


def test_header_only_and_empty_workbook(give):
    assert give(book(("a", "b"))).rows == []
    with pytest.raises(FileEmpty):
        give(book())


def test_sheet_is_chosen_by_its_header(give):
    target = openpyxl.Workbook()
    target.active.title = "填报说明"
    target.active.append(["请按模板填写"])
    sheet = target.create_sheet("数据")
    sheet.append(["a", "b"])
    sheet.append(["1", "2"])
    out = io.BytesIO()
    target.save(out)
    got = give(out.getvalue(), known=frozenset({"a", "b"}))
    assert got.info.sheet == "数据" and got.rows == [(2, "1", "2")]
    assert "其他工作表未读取：填报说明" in {note.zh for note in got.info.notes}
    with pytest.raises(HeaderWrong):
        give(out.getvalue(), known=frozenset({"c"}))


def test_two_data_sheets_are_refused(give):
    target = openpyxl.Workbook()
    for sheet in (target.active, target.create_sheet("二")):
        sheet.append(["a", "b"])
        sheet.append(["1", "2"])
    out = io.BytesIO()
    target.save(out)
    with pytest.raises(FileFormat):
        give(out.getvalue())


# -- hostile -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"xl/vbaProject.bin": b"x"}, "含宏"),
        ({"xl/macrosheets/sheet1.xml": b"x"}, "含宏"),
        ({"xl/workbook.bin": b"x"}, "xlsb"),
        ({"word/document.xml": b"x"}, "Word"),
        ({"mimetype": b"x"}, "OpenDocument"),
    ],
)
def test_other_containers_are_named(give, changes, word):
    with pytest.raises(FileFormat) as caught:
        give(rewrite(book(("a", "b")), changes))
    assert word in caught.value.message("zh")


def test_plain_zip(give):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as target:
        target.writestr("a.csv", "a,b\n")
    with pytest.raises(FileFormat):
        give(out.getvalue())


def test_zip_bomb(give):
    with pytest.raises(FileTooLarge):
        give(rewrite(book(("a", "b")), {SHEET: sheet_xml(HEAD + " " * 100_000_000)}))
    with pytest.raises(FileTooLarge):
        give(rewrite(book(("a", "b")), {"xl/extra.bin": b"\0" * 100_000_000}))


def test_two_thousand_sheets(give):
    with pytest.raises(FileTooLarge) as caught:
        give(book(("a", "b"), sheets=tuple(f"表{i}" for i in range(2000))))
    assert "2000" in caught.value.message("zh") and "工作表" in caught.value.message("zh")


def test_too_many_members(give):
    with pytest.raises(FileTooLarge):
        give(rewrite(book(("a", "b")), {f"xl/x{i}": b"" for i in range(5100)}))


def test_huge_dimension_and_far_cell_take_no_memory(give):
    data = HEAD + f'<row r="1048576">{inline("A1048576", "x")}{inline("XFD1048576", "y")}</row>'
    got = give(with_sheet(data, before='<dimension ref="A1:XFD1048576"/>'))
    assert got.codes == [(1_048_576, "cell-count")]


@pytest.mark.parametrize(
    "xml",
    [
        b'<!DOCTYPE x [<!ENTITY a "b">]><worksheet><sheetData/></worksheet>',
        b"<a>" * 5000,
        b"<worksheet><sheetData><row r='1'>",
        b"<worksheet " + b"x" * 9_000_000,
        sheet_xml(HEAD + '<row r="1"><c r="A1"/></row>'),
        sheet_xml(HEAD + '<row r="2"><c r="B2"><v>1</v></c><c r="A2"><v>1</v></c></row>'),
        sheet_xml(HEAD + '<row r="2"><c r="ZZZ2"><v>1</v></c></row>'),
        sheet_xml(HEAD + '<row r="99999999"><c r="A2"><v>1</v></c></row>'),
        sheet_xml(HEAD + '<row r="2"><c r="A2" t="inlineStr"><is><t>&unknown;</t></is></c></row>'),
        sheet_xml(HEAD, after='<mergeCells><mergeCell ref="nonsense"/></mergeCells>'),
    ],
)
def test_hostile_xml(give, xml):
    with pytest.raises(FileDamaged):
        give(rewrite(book(("a", "b")), {SHEET: xml}))


def test_cut_off_and_corrupt_containers(give):
    content = book(("a", "b"), *[(f"公司{i}", i) for i in range(500)])
    for broken in (content[:-30], content[: len(content) // 2], b"PK\x03\x04" + b"\0" * 50):
        with pytest.raises(FileDamaged):
            give(broken)
    with pytest.raises((FileDamaged, FileFormat)):
        give(rewrite(content, {"xl/workbook.xml": None}))


def test_limits_of_cells_rows_and_strings(give):
    data = HEAD + f'<row r="2">{inline("A2", "x" * 50)}</row>'
    assert give(with_sheet(data), limits=Limits(max_cell_chars=10)).codes == [(2, "oversized-cell")]
    data = HEAD + '<row r="2"><c r="A2" t="s"><v>99</v></c></row>' + '<row r="3"><c r="A3" t="s"><v>-1</v></c></row>'
    assert give(with_sheet(data)).codes == [(2, "cell-value"), (3, "cell-value")]


def test_escaped_controls(give):
    data = HEAD + f'<row r="2">{inline("A2", "x_x0000_y")}</row><row r="3">{inline("A3", "x_x000D_&#10;y")}</row>'
    got = give(with_sheet(data))
    assert got.codes == [(2, "nul")] and got.rows == [(3, "x\r\ny", None)]


def test_prefixes_comments_and_rich_text_read_the_same(give):
    rich = '<row r="2"><c r="A2" t="inlineStr"><is><r><t>甲</t></r><r><t>乙</t></r><rPh><t>no</t></rPh></is></c></row>'
    plain = give(with_sheet(HEAD + rich))
    assert plain.rows == [(2, "甲乙", None)]
    assert give(with_sheet(HEAD + "<!-- </row> -->" + rich)).rows == plain.rows
    prefixed = sheet_xml(HEAD + rich).decode()
    for tag in ("worksheet", "sheetData", "row", "c", "is", "t", "r", "rPh"):
        for end in (" ", ">"):
            prefixed = prefixed.replace(f"<{tag}{end}", f"<x:{tag}{end}").replace(f"</{tag}{end}", f"</x:{tag}{end}")
    prefixed = prefixed.replace("xmlns=", "xmlns:x=")
    assert give(rewrite(book(("a",)), {SHEET: prefixed.encode()})).rows == plain.rows
    assert give(rewrite(book(("a",)), {SHEET: prefixed.replace("UTF-8", "UTF-16").encode("utf-16")})).rows == plain.rows


def test_both_ways_through_a_sheet_agree(give):
    """A comment in front switches the quick way off; the rows must be the same."""
    random.seed(5)
    rows = [tuple(f"列{i}" for i in range(6))]
    for _ in range(400):
        rows.append(
            tuple(random.choice(["甲&乙", " x ", 1.5, 10**12, None, "a\nb", True, -3, "=1", "0012"]) for _ in range(6))
        )
    for shared in (True, False):
        content = book(*rows, shared=shared)
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            xml = archive.read(SHEET)
        slow = give(rewrite(content, {SHEET: xml.replace(b"<sheetData>", b"<!-- slow --><sheetData>")}))
        quick = give(content)
        assert quick.rows == slow.rows and quick.codes == slow.codes
        assert len(quick.rows) > 100
