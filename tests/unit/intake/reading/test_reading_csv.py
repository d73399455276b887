"""CSV: exact structure, tolerated spellings, and the reason for every row that is not passed on."""

from __future__ import annotations

import csv
import gzip
import io

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xinyong.catalogue.entry import Severity
from xinyong.intake.findings import FindingKind
from xinyong.intake.reading import (
    FileDamaged,
    FileTooLarge,
    HeaderAbsent,
    HeaderUnusable,
    HeaderWrong,
    Limits,
    streams,
)

KNOWN = frozenset({"企业名称", "统一社会信用代码", "注册日期"})


def test_rows_come_out_untouched_under_their_row_numbers(give):
    got = give('企业名称,代码\n 甲 公司 ,"a,""b"""\n乙\t公司,\n')
    assert got.info.header == ("企业名称", "代码")
    assert (got.info.format, got.info.encoding, got.info.delimiter) == ("csv", "utf-8", ",")
    assert got.rows == [(2, " 甲 公司 ", 'a,"b"'), (3, "乙\t公司", None)]


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16", "utf-16-be"])
def test_delimiters_and_encodings(give, delimiter, encoding):
    text = "企业名称|代码\n甲公司|1\n乙丂公司|2\n".replace("|", delimiter)
    content = text.encode(encoding)
    if encoding == "utf-16-be":
        content = b"\xfe\xff" + content
    got = give(content)
    assert got.rows == [(2, "甲公司", "1"), (3, "乙丂公司", "2")]
    assert got.info.delimiter == delimiter
    marked = encoding in ("utf-8-sig", "utf-16", "utf-16-be")
    assert [note.en for note in got.info.notes] == (["Byte order mark removed"] if marked else [])


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends(give, end):
    text = end.join(["a,b", "1,2", '"x\r\ny",3', ",5", '6,""']) + end
    assert give(text).rows == [(2, "1", "2"), (3, "x\r\ny", "3"), (4, None, "5"), (5, "6", None)]


def test_last_line_without_end_and_blank_lines(give):
    got = give("a,b\n\n1,2\n,,\n , \n3,4")
    assert got.rows == [(3, "1", "2"), (5, " ", " "), (6, "3", "4")]
    assert got.tally.blank == 2


def test_gzip_of_several_members(give):
    got = give(gzip.compress(b"a,b\n1,") + gzip.compress(b"2\n") + b"\0" * 100)
    assert got.info.compressed and got.rows == [(2, "1", "2")]


def test_header_only_is_an_empty_delivery(give):
    got = give("企业名称,代码\n")
    assert got.info.header == ("企业名称", "代码") and got.rows == [] and got.batches == 0


def test_cell_count_says_expected_found_and_why(give):
    got = give("a,b,c\n1,2\n1,2,3,,\n1,2,3,4\n" + ",".join("x" * 300) + "\n7,8,9\n")
    assert [row[0] for row in got.rows] == [3, 6]
    assert got.codes == [(2, "cell-count"), (4, "cell-count"), (5, "cell-count")]
    assert "应有 3 个单元格，实有 2 个" in got.finding(2).reason_zh
    assert "应有 3 个单元格，实有 300 个" in got.finding(5).reason_zh


def test_a_short_last_line_without_end_may_be_cut_off(give):
    assert give("a,b,c\n1,2,3\n4,5").codes == [(3, "cell-count-cut")]


def test_every_row_ends_in_one_empty_cell_more(give):
    got = give("a,b\n1,2,\n3,4,\n5,6,7\n8,9\n")
    assert got.rows == [(2, "1", "2"), (3, "3", "4"), (5, "8", "9")]
    assert got.codes == [(4, "cell-count")]


def test_header_with_empty_cells_at_its_end(give):
    assert give("a,b,,\n1,2,,\n3,4\n5,6,x,\n").rows == [(2, "1", "2"), (3, "3", "4")]


def test_stray_quote_in_a_cell_costs_its_row_only(give):
    got = give('a,b\n5" 管,1\n"甲"乙,2\n丙,3\n')
    assert got.rows == [(4, "丙", "3")]
    assert got.codes == [(2, "quote"), (3, "quote")]


def test_stray_quote_that_swallows_lines_is_located(give):
    lines = [f"公司{i},{i}\n" for i in range(3000)]
    lines[1200] = '"公司1200,1200\n'
    lines[2000] = '"公司2000",2000\n'
    got = give("名称,数\n" + "".join(lines))
    assert got.codes == [(1202, "quote")]
    assert got.findings[0].column == "名称" and "吞入" in got.findings[0].reason_zh
    assert len(got.rows) == 2999


def test_stray_quote_without_any_quote_after_it(give):
    got = give('名称,数\n甲,1\n"乙,2\n丙,3\n')
    assert got.codes == [(3, "quote")] and [row[0] for row in got.rows] == [2, 4]


def test_swallowing_quote_beyond_the_row_limit(give):
    text = 'a,b\n"x,1\n' + "y,2\n" * 20_000
    got = give(text, limits=Limits(max_row_bytes=4096))
    assert got.codes == [(2, "quote")] and len(got.rows) == 20_000


def test_cut_off_inside_quotes_is_told_at_the_end(give):
    got = give('a,b\n1,2\n3,"第一条\n第二', catch=True)
    assert got.rows == [(2, "1", "2")]
    assert got.codes == [(3, "truncated")]
    assert isinstance(got.error, FileDamaged) and "截断" in got.error.message("zh")


def test_controls_nul_and_lost_characters(give):
    got = give("a,b\n1,x\0y\n2,\x07\n3,\x85\n4,\ufffd\n5,ok\n")
    assert got.codes == [(2, "nul"), (3, "control"), (4, "control"), (5, "replacement-character")]
    assert [row[0] for row in got.rows] == [5, 6]
    assert got.finding(5).severity is Severity.WARNING


@pytest.mark.parametrize("cell", ["=cmd|' /C calc'!A0", "=1+1", "@SUM(A1)", "+cmd|x", "-A1+2", "\t=1", "=中", "= 1"])
@pytest.mark.parametrize("quoted", [False, True])
def test_formula_cells_are_rejected_and_quoted_inertly(give, cell, quoted):
    got = give(f'a,b\n1,"{cell}"\n' if quoted else f"a,b\n1,{cell}\n")
    assert got.rows == [] and got.findings[0].kind is FindingKind.VALUE and got.findings[0].code == "formula"
    assert got.findings[0].value.startswith("'") or got.findings[0].value.startswith("\\u0009")


@pytest.mark.parametrize("cell", ["-5", "+86 10 1234", "-", "--", "@", "=", "-0.5", "+", "\t文", "—A", "-无"])
def test_signs_that_are_no_formula(give, cell):
    assert give(f"a,b\n{cell},{cell}\n").rows == [(2, cell, cell)]


def test_mixed_encodings_reject_the_rows_in_the_minority(give):
    good = "".join(f"有限公司{i},说明文字\n" for i in range(20)).encode()
    odd = "广州市分公司,备注\n".encode("gb18030")
    head = "名称,说明\n".encode()
    got = give(head + good + odd + good)
    assert got.info.encoding == "utf-8" and len(got.rows) == 40
    assert got.codes == [(22, "encoding")]
    assert str(len(head + good)) in got.findings[0].reason_zh and "GB18030" in got.findings[0].reason_zh
    assert [note.zh[:10] for note in got.info.notes] == ["按 utf-8 读取"]


def test_utf8_rows_in_a_gb18030_file_do_not_become_nonsense(give):
    good = "".join(f"有限公司{i},说明文字\n" for i in range(20)).encode("gb18030")
    got = give("名称,说明\n".encode("gb18030") + good + "广州市分公司,备注\n".encode() + good)
    assert got.info.encoding == "gb18030" and len(got.rows) == 40
    assert got.codes == [(22, "encoding")] and "UTF-8" in got.findings[0].reason_en


def test_one_damaged_character_does_not_turn_utf8_into_gb18030(give):
    rows = "".join(f"中国公司{i},文\n" for i in range(50)).encode()
    got = give("名称,说明\n".encode() + rows.replace("国".encode(), b"\xe5\x9b", 1))
    assert got.info.encoding == "utf-8" and got.codes == [(2, "encoding")] and len(got.rows) == 49


def test_oversized_cell_and_row(give):
    limits = Limits(max_cell_chars=10, max_row_bytes=100)
    assert give("a,b\n1,12345678901\n2,x\n", limits=limits).codes == [(2, "oversized-cell")]
    with pytest.raises(FileTooLarge):
        give("a,b\n1," + "x" * 200 + "\n", limits=limits)


def test_batches_respect_rows_and_bytes(give):
    text = "a,b\n" + "1,2\n" * 1000
    assert give(text, limits=Limits(batch_rows=100)).batches == 10
    assert len(give(text, limits=Limits(batch_rows=7)).rows) == 1000


# -- header ----------------------------------------------------------------------------------------------------------


def test_header_below_title_rows(give):
    got = give("市场主体登记信息,,\n报送单位：市监局,,\n企业名称,统一社会信用代码,注册日期\n甲,1,2\n", known=KNOWN)
    assert got.info.header_row == 3 and got.rows == [(4, "甲", "1", "2")]
    assert [note.zh for note in got.info.notes] == ["表头在第 3 行，其上 2 行标题未作为数据"]


def test_header_in_another_order_and_with_blanks_is_fine(give):
    got = give(" 注册日期 ,企业名称,统一社会信用代码\n1,2,3\n", known=KNOWN)
    assert got.info.header == ("注册日期", "企业名称", "统一社会信用代码")


def test_wrong_header_names_missing_unknown_and_nearest(give):
    with pytest.raises(HeaderWrong) as caught:
        give("企业名字,社会信用代码,电话\n甲,1,2\n", known=KNOWN)
    message = caught.value.message("zh")
    assert "统一社会信用代码" in message and "企业名字 → 企业名称" in message and "电话" in message


@pytest.mark.parametrize("known", [KNOWN, frozenset()])
def test_missing_header_says_so(give, known):
    with pytest.raises(HeaderAbsent):
        give("甲公司,91510703205451059P,1978-01-01\n", known=known)


@pytest.mark.parametrize("header", ["a,a", "a,,b", "_row,b", "a,b\x00"])
def test_unusable_header_names(give, header):
    with pytest.raises(HeaderUnusable):
        give(f"{header}\n1,2,3\n")


def test_too_many_columns(give):
    with pytest.raises(FileTooLarge):
        give(",".join(f"c{i}" for i in range(600)) + "\n")


# -- against the standard library --------------------------------------------------------------------------------------

CELL = st.text(alphabet='ab中"",;\r\n\t é😀　', max_size=6)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.lists(CELL, min_size=3, max_size=3), min_size=1, max_size=30),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    delimiter=st.sampled_from([",", ";", "\t"]),
    chunk=st.sampled_from([1, 2, 3, 7, 64, 4096]),
    batch=st.sampled_from([1, 3, 50_000]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    encoding=st.sampled_from(["utf-8", "gb18030", "utf-16"]),
)
def test_same_as_the_csv_module(give, monkeypatch, rows, end, delimiter, chunk, batch, quoting, encoding):
    monkeypatch.setattr(streams, "CHUNK", chunk)
    if end != "\r\n":
        quoting = csv.QUOTE_ALL  # the module leaves a lone return unquoted otherwise
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, lineterminator=end, quoting=quoting)
    writer.writerow(["列一", "列二", "列三"])
    writer.writerows(rows)
    got = give(out.getvalue().encode(encoding), limits=Limits(batch_rows=batch))
    expected = [(number, *(cell or None for cell in cells)) for number, cells in enumerate(rows, start=2) if any(cells)]
    assert got.findings == []
    assert got.rows == expected


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(alphabet='ab,"\n\r', max_size=80), chunk=st.sampled_from([1, 5, 4096]))
def test_any_text_is_accounted_for_whatever_the_chunks(give, monkeypatch, text, chunk):
    content = "p,q\n" + text
    whole = give(content, catch=True)
    monkeypatch.setattr(streams, "CHUNK", chunk)
    parts = give(content, catch=True)
    assert (parts.rows, parts.codes) == (whole.rows, whole.codes)
    assert type(parts.error) is type(whole.error)
    assert whole.error is None or isinstance(whole.error, FileDamaged)
