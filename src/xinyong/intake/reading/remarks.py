"""The sentences of the readers: one function a reason, Chinese and English side by side."""

from __future__ import annotations

import re

from xinyong.catalogue.entry import Severity
from xinyong.intake.findings import VALUE_LIMIT, Finding, FindingKind

#: Characters that no cell may hold: C0 and C1 controls but tab and line ends, delete, the non-characters
#: that readers of text use as marks.
UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufdd0\ufffe\uffff]")
SURROGATE = re.compile(r"[\ud800-\udfff]")
#: A spreadsheet would run this. ``-5``, ``+86 …``, ``-`` and ``@`` alone are plain values.
FORMULA = re.compile(r"[\t\r\n]*(?:=\s*[^\s=]|[+\-@]\s*[A-Za-z_(\"'=])")
FORMULA_FIRST = frozenset("=+-@\t\r\n")


def inert(value: str) -> str:
    """The value as it may be shown: cut, controls visible, never the start of a formula."""
    shown = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in value[:VALUE_LIMIT])
    return f"'{shown}"[:VALUE_LIMIT] if shown[:1] in FORMULA_FIRST else shown[:VALUE_LIMIT]


def cell_count(row: int, expected: int, found: int, *, cut: bool = False) -> Finding:
    if found < expected:
        cause_zh = (
            "可能是单元格内有未加引号的换行，或文件在此被截断"
            if cut
            else "可能是单元格内有未加引号的换行，或漏填分隔符"
        )
        cause_en = (
            "perhaps a line break without quotes, or the file was cut off here"
            if cut
            else ("perhaps a line break inside a cell without quotes, or a missing delimiter")
        )
    else:
        cause_zh = "可能是单元格内含有未加引号的分隔符或引号"
        cause_en = "perhaps a delimiter or a quote inside a cell that is not quoted"
    return Finding(
        row=row,
        kind=FindingKind.ROW,
        code="cell-count-cut" if cut else "cell-count",
        reason_zh=f"应有 {expected} 个单元格，实有 {found} 个：{cause_zh}",
        reason_en=f"{expected} cells expected, {found} found: {cause_en}",
        suggestion_zh="请给含分隔符、引号或换行的单元格加上双引号，单元格内的双引号写两次",
        suggestion_en="Quote cells that hold delimiters, quotes or line breaks, and double a quote inside a cell",
    )


def stray_quote(row: int, column: str, lines: bool) -> Finding:
    more_zh = "，其后各行被吞入同一单元格；已从下一行重新读起" if lines else ""
    more_en = " and swallowed the lines that follow; reading went on at the next line" if lines else ""
    return Finding(
        row=row,
        kind=FindingKind.ROW,
        code="quote",
        column=column,
        reason_zh=f"双引号不成对：引号在本行打开{more_zh}",
        reason_en=f"Unbalanced quote: it opens in this row{more_en}",
        suggestion_zh="请将单元格内的双引号写两次，并用双引号括住整个单元格",
        suggestion_en="Double a quote inside a cell and put the whole cell in quotes",
    )


def truncated(row: int, column: str) -> Finding:
    return Finding(
        row=row,
        kind=FindingKind.ROW,
        code="truncated",
        column=column,
        reason_zh="文件在引号字段内结束，可能被截断",
        reason_en="The file ends inside a quoted cell; it was probably cut off",
        suggestion_zh="请重新导出并完整传输",
        suggestion_en="Export and transfer the file again",
    )


def encoding(row: int, offset: int, raw: bytes, name: str, looks: str = "") -> Finding:
    more_zh = f"，本行像是 {looks} 编码" if looks else ""
    more_en = f"; the row looks like {looks}" if looks else ""
    return Finding(
        row=row,
        kind=FindingKind.ROW,
        code="encoding",
        value=raw.hex(" "),
        reason_zh=f"第 {offset} 字节起无法按 {name} 解码{more_zh}",
        reason_en=f"Bytes from offset {offset} on are not {name}{more_en}",
        suggestion_zh="一个文件只能用一种编码，请统一另存为 UTF-8",
        suggestion_en="A file has one encoding: save it all as UTF-8",
    )


def unprintable(row: int, column: str, value: str) -> Finding:
    found = UNPRINTABLE.search(value)
    point = ord(found.group()) if found else 0
    nul = point == 0
    return Finding(
        row=row,
        kind=FindingKind.ROW,
        code="nul" if nul else "control",
        column=column,
        value=inert(value),
        reason_zh=f"单元格含有{'空字节（NUL）' if nul else '不可见控制字符'} U+{point:04X}",
        reason_en=f"The cell holds the {'NUL' if nul else 'control'} character U+{point:04X}",
        suggestion_zh="请删除该字符后重新导出",
        suggestion_en="Remove the character and export again",
    )


def surrogate(row: int, column: str, value: str) -> Finding:
    return Finding(
        row=row,
        kind=FindingKind.ROW,
        code="surrogate",
        column=column,
        value=inert(value.encode("utf-8", "backslashreplace").decode("utf-8")),
        reason_zh="单元格含有半个字符（孤立代理项），原文已丢失",
        reason_en="The cell holds half a character (a lone surrogate): the original is lost",
        suggestion_zh="请从来源系统重新导出该行",
        suggestion_en="Export the row again from its system",
    )


def replacement(row: int, column: str, value: str) -> Finding:
    return Finding(
        row=row,
        kind=FindingKind.ROW,
        code="replacement-character",
        severity=Severity.WARNING,
        column=column,
        value=inert(value),
        reason_zh="单元格含有替换符 U+FFFD（�），原字在来源系统转码时已丢失",
        reason_en="The cell holds U+FFFD: a character was lost before the delivery",
        suggestion_zh="请核对原文（多为生僻字）",
        suggestion_en="Compare with the original; rare characters are the usual cause",
    )


def oversized(row: int, column: str, found: int, limit: int) -> Finding:
    return Finding(
        row=row,
        kind=FindingKind.ROW,
        code="oversized-cell",
        column=column,
        reason_zh=f"单元格有 {found} 个字符，超过上限 {limit}",
        reason_en=f"The cell has {found} characters, more than the limit of {limit}",
        suggestion_zh="请检查是否有引号未闭合",
        suggestion_en="Check for a quote that is never closed",
    )


def formula(row: int, column: str, value: str) -> Finding:
    return Finding(
        row=row,
        kind=FindingKind.VALUE,
        code="formula",
        column=column,
        value=inert(value),
        reason_zh="单元格是公式",
        reason_en="The cell is a formula",
        suggestion_zh="请粘贴为数值，或去掉开头的 = + - @",
        suggestion_en="Paste it as a value, or remove the leading = + - @",
    )


def merged(row: int, span: str) -> Finding:
    return Finding(
        row=row,
        kind=FindingKind.ROW,
        code="merged-cells",
        value=span,
        reason_zh=f"合并单元格 {span}，请取消合并并逐行填写",
        reason_en=f"Merged cells {span}: only the first cell holds a value",
        suggestion_zh="请取消合并并逐行填写",
        suggestion_en="Unmerge the cells and fill in every row",
    )


def digits_lost(row: int, column: str, value: str) -> Finding:
    return Finding(
        row=row,
        kind=FindingKind.VALUE,
        code="digits-lost",
        column=column,
        value=inert(value),
        reason_zh="Excel 已将代码转成数值并丢失末位（数值只保留 15 位有效数字）",
        reason_en="The spreadsheet turned a code into a number and lost its last digits (15 are kept)",
        suggestion_zh="请将该列设为“文本”格式后重新填写",
        suggestion_en="Set the column to text and type the code again",
    )


def bad_cell(row: int, column: str, value: str, reason_zh: str, reason_en: str) -> Finding:
    return Finding(
        row=row,
        kind=FindingKind.VALUE,
        code="cell-value",
        column=column,
        value=inert(value),
        reason_zh=reason_zh,
        reason_en=reason_en,
        suggestion_zh="请改正该单元格后重新报送",
        suggestion_en="Correct the cell and send again",
    )


def json_line(row: int, code: str, reason_zh: str, reason_en: str, value: str = "", column: str = "") -> Finding:
    return Finding(
        row=row,
        kind=FindingKind.ROW,
        code=code,
        column=column,
        value=inert(value),
        reason_zh=reason_zh,
        reason_en=reason_en,
        suggestion_zh="每行应是一个扁平的 JSON 对象，键不重复，值为文本、数值、布尔或空",
        suggestion_en="One flat JSON object a line, keys unique, values text, number, boolean or null",
    )


def unknown_keys(row: int, keys: list[str]) -> Finding:
    listed = ", ".join(inert(key) for key in keys[:10])
    return Finding(
        row=row,
        kind=FindingKind.ROW,
        code="unknown-key",
        severity=Severity.WARNING,
        value=inert(listed),
        reason_zh=f"出现前文没有的键，其值未读取：{listed}",
        reason_en=f"Keys that no earlier line had; their values were not read: {listed}",
        suggestion_zh="请让第一行包含全部键（没有值时写 null）",
        suggestion_en="Give the first line every key, with null where there is no value",
    )


def check_cell(row: int, column: str, value: str, limit: int) -> Finding | None:
    """The remark that rejects a row for this decoded cell, or None."""
    if len(value) > limit:
        return oversized(row, column, len(value), limit)
    if not value.isprintable():
        if SURROGATE.search(value):
            return surrogate(row, column, value)
        if UNPRINTABLE.search(value):
            return unprintable(row, column, value)
    if value[:1] in FORMULA_FIRST and FORMULA.match(value):
        return formula(row, column, value)
    return None
