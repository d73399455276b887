"""Reports end to end: issued from the real ledger, signed, verified by every way in, changed, revoked."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pyhanko.pdf_utils.reader import PdfFileReader

from xinyong.reports import actions, codes, selectors, signing, typesetting
from xinyong.reports.models import Report

NAME = "示例甲机械有限公司"


@pytest.fixture(scope="module")
def code(desk: Any) -> str:
    """An entity with a registration and a public penalty."""
    own: str = desk.code(21)
    desk.take([desk.registration(own, NAME)])
    desk.take([desk.penalty(own, NAME, CF_WSH="（示）罚〔2026〕21号")], "penalty")
    desk.catch_up()
    return own


@pytest.fixture(scope="module", autouse=True)
def fonts() -> None:
    """The report is set in Noto CJK, which the test setup installs."""
    typesetting.font_folder()


def issue(code: str) -> actions.Issued:
    from xinyong.registry import selectors as registry

    entity = registry.by_key(code)
    assert entity is not None
    return actions.issue(entity, actor="test", base="https://credit.example", demo=True)


def standing(code: str) -> str:
    return selectors.judge(selectors.by_code(code), date.today()).standing.value


def test_the_document_declares_what_it_is(code: str) -> None:
    issued = issue(code)
    reader = PdfFileReader(io.BytesIO(issued.document))
    assert reader.root["/MarkInfo"]["/Marked"]
    metadata = reader.root["/Metadata"].data.decode()
    assert re.search(r"pdfaid:part\W+3\b", metadata) and re.search(r"pdfaid:conformance\W+A\b", metadata)
    assert issued.report.pages == int(reader.root["/Pages"]["/Count"]) >= 2
    assert signing.intact(issued.document) is True


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="poppler-utils is not installed")
def test_the_text_of_the_document(code: str, tmp_path: Path) -> None:
    file = tmp_path / "report.pdf"
    issued = issue(code)
    file.write_bytes(issued.document)
    text = subprocess.run(["pdftotext", "-layout", str(file), "-"], capture_output=True, check=True).stdout.decode()
    text = "".join(text.split())  # typesetting puts a thin space between Han and Latin
    for wanted in (
        NAME,
        code,
        issued.report.number,
        codes.grouped(issued.report.code),
        "（示）罚〔2026〕21号",
        "演示专用",
    ):
        assert wanted in text, wanted
    for number, title in enumerate(("登记注册基础信息", "行政管理信息", "诚实守信相关荣誉信息"), start=1):
        assert f"{'一二三'[number - 1]}、{title}" in text
    assert "查询期内无相关信息" in text
    assert "评分" in text and "得分" not in text  # the note says that there is no score


def test_one_changed_byte_is_found_anywhere(code: str) -> None:
    document = issue(code).document
    for place in range(200, len(document) - 1, len(document) // 60):
        changed = bytearray(document)
        changed[place] ^= 1
        assert signing.intact(bytes(changed)) is not True, place
    assert signing.intact(document + b"\n%appended") is not True
    assert signing.intact(document[:-40]) is not True
    assert signing.intact(b"no pdf at all") is None


def test_every_way_of_verifying_says_the_same(code: str) -> None:
    issued = issue(code)
    client = Client()
    asked = codes.grouped(issued.report.code)
    assert "verdict--valid" in client.get("/verify", {"code": asked}).content.decode()
    assert "verdict--valid" in client.get("/verify", {"code": issued.report.number}).content.decode()
    assert client.get(f"/v/{issued.report.code}")["Location"] == f"/verify?code={issued.report.code}"
    by_hash = client.get("/verify", {"sha256": issued.report.document_hash}).content.decode()
    assert "verdict--valid" in by_hash
    sent = client.post("/verify/file", {"file": SimpleUploadedFile("r.pdf", issued.document, "application/pdf")})
    assert "verdict--valid" in sent.content.decode() and "有效，覆盖全部内容" in sent.content.decode()
    answer = client.get(f"/api/v1/reports/{issued.report.code}")
    assert answer.status_code == 200 and answer.json()["standing"] == "valid"
    assert answer.json()["report"]["document_sha256"] == issued.report.document_hash


def test_a_changed_file_is_not_a_report(code: str) -> None:
    changed = bytearray(issue(code).document)
    changed[3000] ^= 1
    page = Client().post("/verify/file", {"file": SimpleUploadedFile("r.pdf", bytes(changed))}).content.decode()
    assert "verdict--unknown" in page


def test_bad_questions_get_an_answer() -> None:
    client = Client()
    assert "校验字符不符" in client.get("/verify", {"code": "AAAA-AAAA-AAAB"}).content.decode()
    assert "verdict--unknown" in client.get("/verify", {"code": codes.new_code()}).content.decode()
    assert client.get("/verify", {"sha256": "zz"}).status_code == 400
    assert client.post("/verify/file").status_code == 422
    assert client.post("/verify/file", {"file": SimpleUploadedFile("r.pdf", b"")}).status_code == 422
    assert client.get(f"/api/v1/reports/{codes.new_code()}").status_code == 404
    assert client.get("/api/v1/reports/%00%ff").status_code == 404
    assert client.get("/entities/91410100MA9D8EM00X/report").status_code == 404
    assert client.get("/entities/91410100MA9D8EM00X/report.pdf").status_code == 405


def test_the_page_offers_and_gives_the_report(code: str) -> None:
    client = Client()
    assert f"/entities/{code}/report" in client.get(f"/entities/{code}").content.decode()
    page = client.get(f"/entities/{code}/report").content.decode()
    assert NAME in page and "不作评分" in page
    before = Report.objects.count()
    given = client.post(f"/entities/{code}/report.pdf")
    assert given["Content-Type"] == "application/pdf" and given.content.startswith(b"%PDF")
    assert given["Cache-Control"] == "no-store" and Report.objects.count() == before + 1


def test_the_report_says_what_the_public_page_counts(code: str) -> None:
    from xinyong.publicity import selectors as publicity
    from xinyong.registry import selectors as registry

    entity = registry.by_key(code)
    assert entity is not None
    content = selectors.content(entity, date.today())
    file = publicity.entity_file(code, {}, "zh", date.today())
    assert file is not None
    assert sum(chapter.total for chapter in content.chapters) == sum(section.total for section in file.sections)


def test_new_facts_make_it_updated_and_expired_ones_too(desk: Any) -> None:
    own = desk.code(22)
    desk.take([desk.registration(own, "示例乙机械有限公司")])
    desk.catch_up()
    first = issue(own).report.code
    assert standing(first) == "valid"
    decided = date.today() - timedelta(days=30)
    desk.take([desk.penalty(own, "示例乙机械有限公司", CF_JDRQ=decided.isoformat())], "penalty")
    assert standing(first) == "valid"  # stored, not public before the effect has read it
    desk.catch_up()
    assert standing(first) == "updated"
    second = issue(own).report
    assert standing(second.code) == "valid"
    later = date.today() + timedelta(days=3660)
    assert selectors.judge(second, later).standing is selectors.Standing.UPDATED
    page = Client().get("/verify", {"code": first}).content.decode()
    assert "verdict--updated" in page and "（示）罚" not in page


def test_revoking_needs_right_and_reason_and_happens_once(code: str) -> None:
    from xinyong.accounts import actions as accounts
    from xinyong.accounts.models import Role
    from xinyong.accounts.selectors import RightMissing

    report = issue(code).report
    operator, reader = (
        accounts.create_user(
            username=f"report-{role}",
            password="a-long-password-1",
            display_name=role,
            role=role,
            department=None,
            acting="test",
        )
        for role in (Role.OPERATOR, Role.READER)
    )
    with pytest.raises(RightMissing):
        actions.revoke(report.code, acting=reader, reason="x")
    with pytest.raises(actions.ReportRefused):
        actions.revoke(report.code, acting=operator, reason="  ")
    actions.revoke(report.code, acting=operator, reason="出具有误")
    assert standing(report.code) == "revoked"
    assert "verdict--revoked" in Client().get("/verify", {"code": report.code}).content.decode()
    with pytest.raises(actions.ReportRefused):
        actions.revoke(report.code, acting=operator, reason="again")


def test_without_fonts_the_page_says_what_to_install(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typesetting, "FONT_FOLDERS", (Path("/nowhere"),))
    typesetting._compiler.cache_clear()
    try:
        answer = Client().post(f"/entities/{code}/report.pdf")
        assert answer.status_code == 503 and "fonts-noto-cjk" in answer.content.decode()
    finally:
        typesetting._compiler.cache_clear()


def test_values_are_never_markup(desk: Any) -> None:
    own = desk.code(23)
    name = '示例#set text(red) $x$ *粗* \\ " 公司'
    desk.take([desk.registration(own, name)])
    desk.catch_up()
    assert issue(own).document.startswith(b"%PDF")


def test_commands(desk: Any, code: str, tmp_path: Path) -> None:
    import json

    out = tmp_path / "r.pdf"
    made = json.loads(desk.cli("report", code, "--out", out, "--json").output.splitlines()[-1])
    assert out.read_bytes().startswith(b"%PDF") and len(made["code"]) == 12
    assert desk.cli("report", made["code"], "--verify").exit_code == 0
    assert desk.cli("report", codes.new_code(), "--verify").exit_code == 1
    assert desk.cli("report", "91410100MA9D8EM00X", "--out", out).exit_code == 1
    assert desk.cli("report", code).exit_code == 2
