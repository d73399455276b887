"""批量核验 in the console: an officer's file, its progress, its sheet; the rows in the log carry the officer."""

from __future__ import annotations

import io
import time
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from .conftest import Desk
from .test_verification import make_verifier

PASSWORD = "a-long-password-1"


@pytest.fixture(scope="module")
def officers(desk: Desk) -> dict[str, Client]:
    from xinyong.accounts import actions as accounts
    from xinyong.accounts import selectors
    from xinyong.accounts.models import Role, User

    accounts.register_department(slug="grants", name_zh="示例市财政局", acting="test")
    make_verifier("grants-system", ("subsidy",), department="grants")
    desk.take([desk.registration(desk.code(1), "示例批量有限公司")])
    desk.take([desk.penalty(desk.code(1), "示例批量有限公司")], "penalty")
    desk.catch_up()
    found = {}
    for name, slug in (("grants1", "grants"), ("grants2", "grants"), ("bare", "demo")):
        accounts.create_user(
            username=name, password=PASSWORD, display_name=name, role=Role.REPORTER, acting="test",
            department=selectors.department(slug),
        )  # fmt: skip
        found[name] = Client(headers={"accept-language": "zh-CN"})
        found[name].force_login(User.objects.get(username=name))
    return found


def send(officer: Client, content: bytes, name: str = "名单.xlsx", **more: str) -> Any:
    sent = {"which": "grants-system/subsidy", "case": "BT-2026-1", **more}
    return officer.post("/console/file-checks", {**sent, "file": SimpleUploadedFile(name, content)})


def book(rows: list[list[str]]) -> bytes:
    made = openpyxl.Workbook()
    for row in rows:
        made.active.append(row)  # type: ignore[union-attr]
    held = io.BytesIO()
    made.save(held)
    return held.getvalue()


def finished(officer: Client, address: str) -> Any:
    until = time.monotonic() + 60
    while True:
        page = officer.get(address)
        if "Refresh" not in page:
            return page
        assert time.monotonic() < until
        time.sleep(0.1)


def test_an_officer_checks_a_file_and_takes_the_sheet(desk: Desk, officers: dict[str, Client]) -> None:
    from xinyong.audit.models import AuditEntry

    rows = [["名称", "统一社会信用代码"], ["甲", desk.code(1)], ["乙", desk.code(77)], ["丙", "9141X"]]
    answer = send(officers["grants1"], book(rows))
    assert answer.status_code == 303
    page = finished(officers["grants1"], answer["Location"])
    assert "已完成" in page.content.decode() and "名单.xlsx" in page.content.decode()
    sheet = officers["grants1"].get(answer["Location"] + "/sheet.xlsx")
    read = list(openpyxl.load_workbook(io.BytesIO(b"".join(sheet.streaming_content))).active.values)  # type: ignore[union-attr]
    assert [row[2] for row in read[1:]] == ["已核验", "无此主体", "代码有误"] and "罚" in str(read[1][9])
    (row,) = AuditEntry.objects.filter(deed="query.verification", actor="grants1")
    assert row.target == desk.code(1) and row.detail["case"] == "BT-2026-1" and row.detail["department"] == "grants"
    assert "名单.xlsx" in officers["grants1"].get("/console/file-checks").content.decode()
    # Another officer, even of the same department, has no such check.
    assert "名单.xlsx" not in officers["grants2"].get("/console/file-checks").content.decode()
    for tail in ("", "/sheet.xlsx"):
        assert officers["grants2"].get(answer["Location"] + tail).status_code == 404


def test_what_cannot_be_checked_says_why(
    desk: Desk, officers: dict[str, Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    from xinyong.verification import file_jobs

    officer = officers["grants1"]
    assert send(officer, b"x", "a.docx").status_code == 422
    assert send(officer, b"x", which="grants-system/award").status_code == 422
    assert send(officer, b"x", case="张三").status_code == 422
    assert officer.post("/console/file-checks", {"which": "grants-system/subsidy"}).status_code == 422
    assert send(officers["bare"], book([["代码"], ["1"]])).status_code == 422
    assert "没有登记核验事项" in officers["bare"].get("/console/file-checks").content.decode()
    answer = send(officer, book([["名称", "备注"], ["甲", "乙"]]))
    page = finished(officer, answer["Location"]).content.decode()
    assert "不能核验" in page and "认不出代码所在的列" in page
    assert officer.get(answer["Location"] + "/sheet.xlsx").status_code == 404
    # A check whose process died is told as interrupted, and leaves nothing.
    monkeypatch.setattr(file_jobs, "_work", lambda *_: None)
    monkeypatch.setattr(file_jobs, "SILENT", 0.0)
    answer = send(officer, book([["代码"], [desk.code(1)]]))
    assert "已中断" in officer.get(answer["Location"]).content.decode()
