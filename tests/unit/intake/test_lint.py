"""The offline checker: findings and exit codes without database, settings or network."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner, Result

from xinyong.cli import main

HEADER = "企业名称,统一社会信用代码,注册日期\n"
GOOD = "示例甲公司,91350100M000100Y43,2020-01-01\n"
WRONG = "示例乙公司,91350100M000100Y44,2020-01-02\n"


def run(*arguments: str, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(main, ["lint", *arguments, "--dataset", "registration"], input=stdin)


@pytest.fixture
def give(tmp_path):
    def write(text: str, name: str = "f.csv") -> str:
        path = tmp_path / name
        path.write_bytes(text.encode())
        return str(path)

    return write


def test_a_good_file_exits_zero_and_says_what_was_not_checked(give):
    done = run(give(HEADER + GOOD))
    assert done.exit_code == 0, done.output
    assert "合格 1" in done.output
    assert "[name-differs]" in done.output


def test_wrong_rows_exit_one_with_row_value_and_reason(give):
    done = run(give(HEADER + GOOD + WRONG))
    assert done.exit_code == 1
    assert "91350100M000100Y44" in done.output and "不合格 1" in done.output
    english = run(give(HEADER + GOOD + WRONG), "--language", "en")
    assert "rejected 1" in english.output and "Not checked here" in english.output


def test_json_lines_end_with_an_account_that_adds_up(give):
    done = run(give(HEADER + GOOD + WRONG + GOOD + GOOD.replace("2020", "2021")), "--json")
    *findings, last = [json.loads(line) for line in done.output.splitlines()]
    account = last["account"]
    assert account["read"] == account["fit"] + account["rejected"] + account["repeated"] == 4
    assert account["repeated"] == 1 and account["passed"] is False
    assert {item["finding"]["code"] for item in findings} >= {"code-wrong"}


def test_standard_input(give):
    done = run("-", stdin=(HEADER + GOOD).encode("gb18030"))
    assert done.exit_code == 0, done.output
    assert "gb18030" in done.output


def test_error_lists_hold_every_finding_and_no_formula(give, tmp_path):
    rows = "".join(WRONG for _ in range(70)) + "=1+cmd|' /C calc'!A0,91350100M000100Y43,2020-01-01\n"
    done = run(give(HEADER + rows), "--csv", str(tmp_path / "e.csv"), "--xlsx", str(tmp_path / "e.xlsx"))
    assert done.exit_code == 1 and "未显示" in done.output
    listed = list(csv.reader((tmp_path / "e.csv").open(encoding="utf-8-sig")))
    sheet = openpyxl.load_workbook(tmp_path / "e.xlsx").active
    assert len(listed) == sheet.max_row >= 72
    assert not any(cell[:1] in "=+-@" for row in listed[1:] for cell in row if cell)
    assert all(cell.data_type in ("s", "n") for row in sheet.iter_rows() for cell in row)


@pytest.mark.parametrize(
    ("text", "name", "code"),
    [
        ("", "empty.csv", "file-empty"),
        ("a,b\n1,2\n", "other.csv", "header-wrong"),
        ("企业名称,企业名称,统一社会信用代码\n", "twice.csv", "header-wrong"),
        ("PK\x03\x04cut", "cut.xlsx", "file-damaged"),
        ("\x1f\x8b\x08", "cut.csv.gz", "file-damaged"),
    ],
)
def test_what_the_platform_refuses_as_a_whole_is_one_clear_error(give, text, name, code):
    path = Path(give("", name))
    path.write_bytes(text.encode("latin-1") if name.startswith("cut") else text.encode())
    done = run(str(path), "--json")
    assert done.exit_code == (2 if code == "header-wrong" else 5)
    assert json.loads(done.output.splitlines()[-1])["error"] == code, done.output


def test_an_unknown_dataset_or_a_missing_file_is_wrong_usage(give, tmp_path):
    assert CliRunner().invoke(main, ["lint", give(HEADER + GOOD), "--dataset", "nothing"]).exit_code == 2
    assert run(str(tmp_path / "absent.csv")).exit_code == 2


_ALONE = """
import socket, sys
def refuse(*_): raise OSError("no network")
socket.socket.connect = refuse
from xinyong.cli import main
try:
    main(["lint", sys.argv[1], "--dataset", "registration"])
finally:
    print([name for name in ("django", "psycopg") if name in sys.modules])
"""


def test_nothing_but_the_program_is_needed(give, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("XINYONG", "DJANGO"))}
    done = subprocess.run(
        [sys.executable, "-c", _ALONE, give(HEADER + GOOD)], cwd=elsewhere, env=bare, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("[]\n")
    assert not list(elsewhere.iterdir())


def test_the_bound_of_the_installation_is_the_checkers_too(give, monkeypatch):
    monkeypatch.setenv("XINYONG_MAX_FILE_MIB", "1")
    done = run(give(HEADER + GOOD * 30_000))
    assert done.exit_code not in (0, 1), "a file of more than 1 MiB is refused as the platform refuses it"
    assert "1048576" in done.output, done.output
