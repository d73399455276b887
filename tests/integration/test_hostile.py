"""Hostile and broken files: each gets a clear answer in time, nothing of it is stored, and the next good file works."""

from __future__ import annotations

import gzip
import io
import json
import os
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

HEADER = "企业名称,统一社会信用代码,注册日期\n"


def book(*, sheets: int = 1) -> bytes:
    """A right workbook with so many sheets."""
    made = openpyxl.Workbook()
    sheet = made.active
    assert sheet is not None
    sheet.append(["企业名称", "统一社会信用代码", "注册日期"])
    sheet.append(["示例工作簿有限公司", "", "2015-01-01"])
    for _ in range(sheets - 1):
        made.create_sheet()
    buffer = io.BytesIO()
    made.save(buffer)
    return buffer.getvalue()


def with_macro() -> bytes:
    """A workbook with a macro part."""
    buffer = io.BytesIO(book())
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"\xd0\xcf\x11\xe0 macro")
    return buffer.getvalue()


def bomb() -> bytes:
    """A workbook whose sheet unpacks to 300 MB of nothing."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book())) as source, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for item in source.infolist():
            if item.filename == "xl/worksheets/sheet1.xml":
                with target.open(item.filename, "w") as member:
                    for _ in range(300):
                        member.write(b" " * 1_000_000)
            else:
                target.writestr(item.filename, source.read(item.filename))
    return buffer.getvalue()


def many_sheets() -> bytes:
    """2,000 sheets: written as a zip, openpyxl would take long."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book())) as source, zipfile.ZipFile(buffer, "w") as target:
        for item in source.infolist():
            text = source.read(item.filename)
            if item.filename == "xl/workbook.xml":
                sheet = text.split(b"<sheets>")[1].split(b"</sheets>")[0]
                more = b"".join(
                    sheet.replace(b'"Sheet"', b'"S%d"' % number).replace(b'sheetId="1"', b'sheetId="%d"' % number)
                    for number in range(2, 2001)
                )
                text = text.replace(sheet, sheet + more)
            target.writestr(item.filename, text)
        for number in range(2, 2001):
            target.writestr(f"xl/worksheets/sheet{number}.xml", "<worksheet/>")
    return buffer.getvalue()


def good(name: str = "示例好行有限公司", code: str = "91410700000000013C") -> str:
    """A line that would be accepted or not, if it were read at all."""
    return f"{name},{code},2015-01-01\n"


#: name: (content, suffix, words of the answer in Chinese, error of the cause)
REFUSED: dict[str, tuple[Callable[[], bytes], str, tuple[str, ...], str]] = {
    "empty": (lambda: b"", ".csv", ("为空", "连表头也没有"), "file-empty"),
    "wrong-header": (lambda: ("甲,乙,丙\n" + good()).encode(), ".csv", ("表头不符", "甲、乙、丙"), "header-wrong"),
    "no-header": (lambda: good().encode() * 3, ".csv", ("表头",), "header-wrong"),
    "truncated-in-a-quoted-field": (
        lambda: (HEADER + good() + '"示例截断有限').encode(),
        ".csv",
        ("损坏或不完整", "引号"),
        "file-damaged",
    ),
    "truncated-gzip": (
        lambda: gzip.compress((HEADER + good() * 5000).encode())[:-40],
        ".csv.gz",
        ("损坏或不完整",),
        "file-damaged",
    ),
    "300-names-in-no-header": (
        lambda: (",".join(f"列{n}" for n in range(300)) + "\n").encode() * 2,
        ".csv",
        ("列",),
        "header-wrong",
    ),
    "macro": (with_macro, ".xlsm", ("含宏", ".xlsx"), "file-format"),
    "zip-bomb": (bomb, ".xlsx", ("超过上限",), "file-too-large"),
    "2000-sheets": (many_sheets, ".xlsx", ("工作表", "超过上限"), "file-too-large"),
    "old-workbook": (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(4096), ".xls", ("另存为",), "file-format"),
    "pdf": (lambda: b"%PDF-1.7\n" + bytes(200), ".csv", ("不能作为数据文件读取",), "file-format"),
    "truncated-workbook": (lambda: book()[:-200], ".xlsx", ("损坏或不完整",), "file-damaged"),
}


def intake(desk: Any, path: Path) -> tuple[int, dict[str, Any]]:
    """Deliver by the command line: exit code and the last line."""
    done = desk.cli("intake", path, "--dataset", "registration", "--department", "demo", "--json")
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, json.loads(done.stdout.splitlines()[-1])


def stored(desk: Any) -> dict[str, int]:
    """Everything a file could leave behind, the delivery's own row left out."""
    return {**desk.totals(), "events": desk.one("SELECT count(*) FROM ledger_event")}


def kept_file(sha256: str) -> Path:
    """Where the file of a delivery would be kept."""
    from xinyong.intake import store

    return store.path_of(sha256)


def takes_a_good_file(desk: Any, number: int) -> None:
    """After whatever happened before, a right file is taken in."""
    receipt = desk.take([desk.registration(desk.code(number), f"示例之后{number}有限公司")])
    assert (receipt.accepted, receipt.rejected) == (1, 0)


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_cannot_be_trusted_is_refused_as_a_whole(desk: Any, name: str) -> None:
    content, suffix, words, cause = REFUSED[name]
    path = desk.bytes(content(), suffix)
    before = stored(desk)
    began = time.monotonic()
    status, answer = intake(desk, path)
    assert time.monotonic() - began < 60
    assert status == 5, answer
    assert answer["error"] == "delivery-refused"
    assert "整批退回" in answer["message_zh"]
    for word in words:
        assert word in answer["message_zh"], answer["message_zh"]
    assert answer["message_en"]
    assert stored(desk) == before
    # What stays: a refused delivery with its reason, and no copy of the file.
    ((state, failure, sha256, counts),) = desk.rows(
        "SELECT state, failure, sha256, read + accepted + rejected + unchanged FROM intake_delivery ORDER BY id DESC LIMIT 1"
    )
    assert (state, counts) == ("refused", 0)
    assert failure["error"] == cause
    assert failure["message_zh"] in answer["message_zh"]
    assert not kept_file(sha256).exists()
    assert desk.one("SELECT deed FROM audit_auditentry ORDER BY id DESC LIMIT 1") == "delivery.refused"
    takes_a_good_file(desk, 1_000 + list(REFUSED).index(name))


def test_a_header_alone_is_a_lawful_empty_delivery(desk: Any) -> None:
    """Nothing to report, nothing delivered and failed to deliver are three different things."""
    before = stored(desk)
    status, answer = intake(desk, desk.bytes(HEADER.encode()))
    assert status == 0, answer
    assert (answer["read"], answer["accepted"], answer["rejected"], answer["unchanged"]) == (0, 0, 0, 0)
    assert answer["state"] == "committed"
    assert stored(desk) == before
    failed, _ = intake(desk, desk.bytes(b""))
    assert failed == 5
    states = [state for (state,) in desk.rows("SELECT state FROM intake_delivery ORDER BY id DESC LIMIT 2")]
    assert states == ["refused", "committed"]


#: name: (content with one good row of code {code}, finding code or part of its reason)
ROWS: dict[str, tuple[Callable[[str], bytes], str]] = {
    "nul-bytes": (
        lambda code: (HEADER + f"示例好行有限公司,{code},2015-01-01\n示例\0坏行有限公司,{code},2015-01-01\n").encode(),
        "NUL",
    ),
    "mixed-encodings": (
        lambda code: (
            HEADER.encode()
            + f"示例好行有限公司,{code},2015-01-01\n".encode()
            + "示例国标有限公司,1,2015-01-01\n".encode("gb18030")
        ),
        "编码",
    ),
    "formula-cells": (
        lambda code: (HEADER + f"示例好行有限公司,{code},2015-01-01\n=cmd|' /C calc'!A0,{code},2015-01-01\n").encode(),
        "公式",
    ),
    "300-column-row": (
        lambda code: (
            HEADER + f"示例好行有限公司,{code},2015-01-01\n示例长行有限公司," + ",".join(["x"] * 299) + "\n"
        ).encode(),
        "300 个",
    ),
}


@pytest.mark.parametrize("name", ROWS)
def test_a_hostile_row_goes_back_and_the_good_one_beside_it_stays(desk: Any, name: str) -> None:
    content, word = ROWS[name]
    code = desk.code(2_000 + list(ROWS).index(name))
    status, answer = intake(desk, desk.bytes(content(code)))
    assert status == 0, answer
    assert (answer["read"], answer["accepted"], answer["rejected"]) == (2, 1, 1)
    errors = [item for item in desk.findings(answer["delivery"]) if item.severity == "error"]
    assert {item.row for item in errors} == {3}
    assert any(word in item.reason_zh for item in errors), [item.reason_zh for item in errors]
    assert desk.one("SELECT name FROM registry_entity WHERE credit_code = %s", code) == "示例好行有限公司"


def test_a_byte_order_mark_is_no_part_of_the_first_column(desk: Any) -> None:
    code = desk.code(2_100)
    status, answer = intake(
        desk, desk.bytes(b"\xef\xbb\xbf" + (HEADER + f"示例标记有限公司,{code},2015-01-01\n").encode())
    )
    assert (status, answer["accepted"]) == (0, 1)
    assert desk.one("SELECT name FROM registry_entity WHERE credit_code = %s", code) == "示例标记有限公司"


def test_swapped_columns_are_told_as_such_and_store_nothing(desk: Any) -> None:
    before = stored(desk)
    # Names under the heading of the code and codes under that of the name.
    swapped = "统一社会信用代码,企业名称,注册日期\n" + "".join(
        f"示例对调{number}有限公司,{desk.code(2_200 + number)},2015-01-01\n" for number in range(60)
    )
    status, answer = intake(desk, desk.bytes(swapped.encode()))
    assert status == 5, answer
    assert "列" in answer["message_zh"]
    assert any(word in answer["message_zh"] for word in ("对调", "错位", "颠倒", "填反")), answer["message_zh"]
    assert stored(desk) == before
    # The order of columns itself is no matter.
    status, answer = intake(
        desk,
        desk.bytes(f"注册日期,统一社会信用代码,企业名称\n2015-01-01,{desk.code(2_300)},示例次序有限公司\n".encode()),
    )
    assert (status, answer["accepted"]) == (0, 1)


def test_merged_cells_never_lend_their_value_to_other_rows(desk: Any) -> None:
    made = openpyxl.Workbook()
    sheet = made.active
    assert sheet is not None
    sheet.append(["企业名称", "统一社会信用代码", "注册日期"])
    for number in range(4):
        sheet.append([f"示例合并{number}有限公司", desk.code(2_400 + number), "2015-01-01"])
    sheet.merge_cells("B3:B4")
    path = desk.path(".xlsx")
    made.save(path)
    status, answer = intake(desk, path)
    assert status == 0, answer
    assert (answer["read"], answer["accepted"], answer["rejected"]) == (4, 2, 2)
    errors = [item for item in desk.findings(answer["delivery"]) if item.severity == "error"]
    assert {item.row for item in errors} == {3, 4}
    assert any("合并" in item.reason_zh for item in errors), [item.reason_zh for item in errors]


def test_a_directory_a_pipe_and_nothing_are_no_files(desk: Any) -> None:
    fifo = desk.path(".csv")
    os.mkfifo(fifo)
    deliveries = desk.one("SELECT count(*) FROM intake_delivery")
    for path in (desk.folder, fifo, desk.folder / "不存在.csv"):
        began = time.monotonic()
        status, answer = intake(desk, path)
        assert time.monotonic() - began < 60, "waits on a pipe"
        assert status == 2, answer
        assert answer["error"] == "file-missing"
        assert "找不到可读取的文件" in answer["message_zh"]
    assert desk.one("SELECT count(*) FROM intake_delivery") == deliveries


def test_a_file_beyond_the_limit_is_refused_before_it_is_copied(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    path = desk.path(".csv")
    with open(path, "wb") as handle:
        handle.truncate(3 << 20)
    monkeypatch.setenv("XINYONG_MAX_FILE_MIB", "2")
    status, answer = intake(desk, path)
    assert status == 5
    assert answer["error"] == "file-too-large"
    assert "超过上限 2 MiB" in answer["message_zh"]


@pytest.mark.parametrize(("filler", "size", "word"), [("\0", 1 << 30, "二进制"), ("长", 96 << 20, "上限")])
def test_an_endless_line_is_refused_in_time_and_in_little_memory(desk: Any, filler: str, size: int, word: str) -> None:
    path = desk.path(".csv")
    with open(path, "wb") as handle:
        handle.write((HEADER + "示例").encode())
        if filler == "\0":
            handle.truncate(size)
        else:
            handle.write(filler.encode() * (size // len(filler.encode())))
    before = stored(desk)
    script = (
        # VmHWM starts anew with the program; ru_maxrss would count the test runner this process was forked from.
        "import sys\n"
        "from xinyong.cli import main\n"
        "try:\n    main()\n"
        "finally:\n    peak = [line for line in open('/proc/self/status') if line.startswith('VmHWM')]\n"
        "    print(int(peak[0].split()[1]) // 1024, file=sys.stderr)\n"
    )
    arguments = ["intake", str(path), "--dataset", "registration", "--department", "demo", "--json"]
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], capture_output=True, text=True, timeout=120, check=False
    )
    path.unlink()
    answer = json.loads(done.stdout.splitlines()[-1])
    if done.returncode == 0:  # the one row is sent back, told by its finding
        assert (answer["read"], answer["rejected"]) == (1, 1)
        (finding,) = desk.findings(answer["delivery"])
        assert word in finding.reason_zh
        assert len(finding.value) <= 200
    else:
        assert done.returncode == 5, done.stderr
        assert word in answer["message_zh"]
    assert {**stored(desk), "findings": 0} == {**before, "findings": 0}
    assert int(done.stderr.splitlines()[-1]) < 700, "memory grows with the line"
    takes_a_good_file(desk, 2_500 + size % 97)
