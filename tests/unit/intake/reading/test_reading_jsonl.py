"""JSON Lines: digits as written, flat objects only, keys never lost."""

from __future__ import annotations

import gzip

import pytest

from xinyong.catalogue.entry import Severity
from xinyong.intake.reading import FileTooLarge, HeaderUnusable, HeaderWrong, Limits


def test_values_as_text(give):
    first = '{"名称": " 甲 ", "额": 1.10, "大": 12345678901234567890, "e": 1E5, "是": true, "空": null, "无": ""}'
    got = give(first + '\r\n\n{"额": -0.0}')
    assert got.info.format == "jsonl" and got.info.delimiter == ""
    assert got.info.header == ("名称", "额", "大", "e", "是", "空", "无")
    assert got.rows[0] == (1, " 甲 ", "1.10", "12345678901234567890", "1E5", "true", None, None)
    assert got.rows[1][:3] == (3, None, "-0.0")
    assert got.tally.blank == 1


def test_gzip_and_gb18030(give):
    got = give(gzip.compress('{"名称": "甲公司"}\n'.encode("gb18030")))
    assert got.rows == [(1, "甲公司")] and got.info.compressed and got.info.encoding == "gb18030"


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ('{"a": {"b": 1}}', "json-nested"),
        ('{"a": []}', "json-nested"),
        ('{"a": 1, "a": 2}', "json-duplicate-key"),
        ('{"a": 1', "json"),
        ('{"a": NaN}', "json"),
        ('{"a": 1} x', "json"),
        ("[1]", "json"),
        ("7", "json"),
        ('{"a": "\\u0000"}', "nul"),
        ('{"a": "\\ud800"}', "surrogate"),
        ('{"a": "\\u0007"}', "control"),
        ('{"a": "=1+1"}', "formula"),
        ('{"a": ' + "[" * 100_000, "json-nested"),
        ('{"a":' * 50_000, "json-nested"),
        ('{"a": "' + "x" * 1_000_001 + '"}', "oversized-cell"),
    ],
)
def test_lines_that_are_rejected(give, line, code):
    got = give('{"a": 1}\n' + line + '\n{"a": 2}\n')
    assert got.codes == [(2, code)] and got.rows == [(1, "1"), (3, "2")]


def test_undecodable_line(give):
    rows = '{"a": "中文文字"}\n'.encode()
    got = give(rows * 3 + b'{"a": "\xff"}\n' + rows)
    assert got.codes == [(4, "encoding")] and len(got.rows) == 4
    assert f"第 {len(rows) * 3 + 7} 字节" in got.findings[0].reason_zh


def test_later_keys_become_a_warning(give):
    got = give('{"a": 1}\n' * 5 + '{"a": 2, "b": 3}\n', limits=Limits(batch_rows=5))
    assert got.codes == [(6, "unknown-key")] and got.findings[0].severity is Severity.WARNING
    assert len(got.rows) == 6 and "b" in got.findings[0].reason_zh


def test_keys_are_judged_like_a_header(give):
    with pytest.raises(HeaderWrong):
        give('{"x": 1, "y": 2}\n', known=frozenset({"a", "b"}))
    with pytest.raises(HeaderUnusable):
        give('{"_row": 1}\n')
    with pytest.raises(FileTooLarge):
        give("{" + ",".join(f'"k{i}": 1' for i in range(600)) + "}\n")


def test_nothing_readable_is_no_header(give):
    got = give('{"a": \n{"b"\n')
    assert got.rows == [] and len(got.findings) == 2 and got.info.header == ()
