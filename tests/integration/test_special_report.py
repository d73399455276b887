"""The special report end to end: what belongs in it, what does not, who gets it, how it is verified."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pyhanko.pdf_utils.reader import PdfFileReader

from xinyong.accounts import actions as accounts
from xinyong.accounts.models import Role, User
from xinyong.accounts.selectors import RightMissing
from xinyong.ledger import actions as ledger
from xinyong.registry import selectors as registry
from xinyong.registry.models import Entity
from xinyong.reports import actions, selectors, signing, special, typesetting
from xinyong.reports.actions import Issued, SpecialRefused
from xinyong.reports.models import Report

NAME = "示例专报机械有限公司"
TODAY = date.today()
YEARS = special.Scope(fields=(), first=special.years_before(TODAY, 3), last=TODAY)


@pytest.fixture(scope="module", autouse=True)
def fonts() -> None:
    """The report is set in Noto CJK, which the test setup installs."""
    typesetting.font_folder()


@pytest.fixture(scope="module")
def officers(desk: Any) -> dict[str, User]:
    """One with the right, one without."""
    return {
        role.value: accounts.create_user(
            username=f"special-{role.value}",
            display_name="操作员",
            department=None,
            role=role,
            password="a-long-password-1",
            acting="test",
        )
        for role in (Role.OPERATOR, Role.READER)
    }


@pytest.fixture(scope="module")
def entity(desk: Any, officers: dict[str, User]) -> Entity:
    """Penalties of every fate: public, too small to be public, withdrawn, too old, ended, of another field."""
    code = desk.code(700)
    desk.take([desk.registration(code, NAME)])

    def penalty(mark: str, days: int = 30, **more: str) -> dict[str, str]:
        decided = (TODAY - timedelta(days=days)).isoformat()
        row: dict[str, str] = desk.penalty(code, NAME, CF_WSH=f"（专报{mark}）1号", CF_JDRQ=decided, **more)
        return row

    desk.take(
        [
            penalty("公示", CF_CFJG="示例市市场监督管理局"),
            penalty("警告", CF_CFLB="警告", CF_NR="警告。", CF_NR_FK="", CF_CFJG="示例市市场监督管理局"),
            penalty("撤下", CF_CFJG="示例市市场监督管理局"),
            penalty("税务", CF_CFJG="国家税务总局示例市税务局"),
            penalty("久远", days=6 * 365, CF_CFJG="示例市市场监督管理局"),
            penalty("期满", days=2 * 365, CF_CFJG="示例市市场监督管理局"),
        ],
        "penalty",
    )
    desk.catch_up()
    withdrawn = desk.one("SELECT record_id FROM ledger_version WHERE payload->>'CF_WSH' = '（专报撤下）1号'")
    ledger.record_status(
        officers["operator"], withdrawn, "withdrawn", cause="annulled", reason="测试", basis="（示）1号"
    )
    desk.catch_up()
    found = registry.by_key(code)
    assert found is not None
    return found


def issue(entity: Entity, scope: special.Scope = YEARS) -> Issued:
    return actions.issue_special(entity, scope, actor="firm:test", base="https://credit.example", demo=True)


def titles(content: special.Content) -> set[str]:
    return {value for matter in content.matters for item in matter.items for _, value in item.pairs if "专报" in value}


def test_what_belongs_in_it(desk: Any, entity: Entity) -> None:
    content = special.content(entity, YEARS, TODAY)
    assert titles(content) == {"（专报公示）1号", "（专报警告）1号", "（专报税务）1号"}
    assert {matter.title: matter.collected for matter in content.matters}["行政强制"] is False
    table = dict(content.table)
    assert table["市场监管"] == (2, 0) and table["税务"] == (1, 0) and table["消防救援"] == (0, 0)
    assert content.total == sum(sum(counts) for counts in table.values()) == 3
    # The one too small to be public is public nowhere else.
    assert "（专报警告）" not in Client().get(f"/entities/{entity.credit_code}?tab=administrative").content.decode()


def test_the_scope_narrows_it(entity: Entity) -> None:
    tax = special.content(entity, special.Scope(fields=("tax",), first=YEARS.first, last=TODAY), TODAY)
    assert titles(tax) == {"（专报税务）1号"} and [name for name, _ in tax.table] == ["税务"]
    week = special.Scope(fields=(), first=TODAY - timedelta(days=7), last=TODAY)
    assert special.content(entity, week, TODAY).total == 0


def test_the_document(entity: Entity, tmp_path: Path) -> None:
    issued = issue(entity)
    assert signing.intact(issued.document) is True
    reader = PdfFileReader(io.BytesIO(issued.document))
    assert reader.root["/MarkInfo"]["/Marked"]
    (Path(os.environ.get("XINYONG_LOOK", tmp_path)) / "special.pdf").write_bytes(issued.document)
    if shutil.which("pdftotext") is None:
        pytest.skip("poppler-utils is not installed")
    file = tmp_path / "r.pdf"
    file.write_bytes(issued.document)
    said = subprocess.run(["pdftotext", "-layout", str(file), "-"], capture_output=True, check=True).stdout.decode()
    said = "".join(said.split())
    for wanted in (NAME, "专用信用报告", "（专报警告）1号", "不向社会公示", "未归集", "565号", issued.report.number):
        assert wanted in said, wanted
    for absent in ("（专报撤下）", "（专报久远）", "（专报期满）", "得分"):
        assert absent not in said, absent


def test_every_way_of_verifying_knows_it(desk: Any, officers: dict[str, User]) -> None:
    code = desk.code(701)
    desk.take([desk.registration(code, NAME + "二")])
    desk.catch_up()
    own = registry.by_key(code)
    assert own is not None
    issued = issue(own, special.Scope(fields=("market", "tax"), first=YEARS.first, last=TODAY))
    client = Client(headers={"accept-language": "zh-CN"})
    page = client.get("/verify", {"code": issued.report.code}).content.decode()
    assert "verdict--valid" in page and "专用信用报告" in page and "市场监管、税务" in page and str(YEARS.first) in page
    sent = client.post("/verify/file", {"file": SimpleUploadedFile("r.pdf", issued.document, "application/pdf")})
    assert "verdict--valid" in sent.content.decode()
    answer = client.get(f"/api/v1/reports/{issued.report.code}").json()
    assert answer["standing"] == "valid" and answer["report"]["kind"] == "special"
    assert answer["report"]["scope"] == {"fields": ["market", "tax"], "first": str(YEARS.first), "last": str(TODAY)}
    # A warning, which the public never sees, makes it out of date: the receiver learns that, and nothing else.
    desk.take(
        [
            desk.penalty(
                code,
                NAME + "二",
                CF_WSH="（专报后来）1号",
                CF_CFLB="警告",
                CF_NR="警告。",
                CF_NR_FK="",
                CF_CFJG="示例市税务局",
            )
        ],
        "penalty",
    )
    desk.catch_up()
    page = client.get("/verify", {"code": issued.report.code}).content.decode()
    assert "verdict--updated" in page and "专报后来" not in page
    actions.revoke(issued.report.code, acting=officers["operator"], reason="测试")
    assert "verdict--revoked" in client.get("/verify", {"code": issued.report.code}).content.decode()
    standard = actions.issue(own, actor="public", base="https://credit.example", demo=True)
    assert client.get(f"/api/v1/reports/{standard.report.code}").json()["report"]["kind"] == "standard"


def test_what_is_repaired_later_makes_it_out_of_date(desk: Any, entity: Entity, officers: dict[str, User]) -> None:
    issued = issue(entity)
    assert selectors.judge(issued.report, TODAY).standing is selectors.Standing.VALID
    record = desk.one("SELECT record_id FROM ledger_version WHERE payload->>'CF_WSH' = '（专报税务）1号'")
    ledger.record_status(officers["operator"], record, "withdrawn", cause="annulled", reason="测试", basis="（示）1号")
    desk.catch_up()
    assert selectors.judge(issued.report, TODAY).standing is selectors.Standing.UPDATED
    assert "（专报税务）1号" not in titles(special.content(entity, YEARS, TODAY))


@pytest.mark.parametrize(
    ("scope", "why"),
    [
        (special.Scope(fields=("nothing",), first=YEARS.first, last=TODAY), "no such fields: nothing"),
        (special.Scope(fields=(), first=TODAY, last=YEARS.first), "first day is after"),
        (special.Scope(fields=(), first=YEARS.first, last=TODAY + timedelta(days=1)), "after today"),
        (special.Scope(fields=(), first=date(2000, 1, 1), last=TODAY), "5 years"),
    ],
)
def test_wishes_that_cannot_be_met(entity: Entity, scope: special.Scope, why: str) -> None:
    with pytest.raises(SpecialRefused, match=why):
        issue(entity, scope)


def test_officers_need_the_right_and_the_request(entity: Entity, officers: dict[str, User]) -> None:
    wish = {"base": "https://credit.example", "demo": True}
    with pytest.raises(RightMissing):
        actions.issue_special_on_request(officers["reader"], entity, YEARS, reason="窗口申请", **wish)
    with pytest.raises(SpecialRefused, match="request"):
        actions.issue_special_on_request(officers["operator"], entity, YEARS, reason=" ", **wish)
    before = Report.objects.count()
    client = Client(headers={"accept-language": "zh-CN"})
    client.force_login(officers["operator"])
    form = {"key": entity.credit_code, "first": str(YEARS.first), "last": str(TODAY), "reason": "窗口申请"}
    page = client.get(f"/console/special-reports?key={entity.credit_code}").content.decode()
    assert "市场监管" in page and "（专报" not in page
    assert client.post("/console/special-reports", {**form, "reason": ""}).status_code == 422
    assert client.post("/console/special-reports", {**form, "first": "昨天"}).status_code == 422
    assert client.post("/console/special-reports", {**form, "key": "nobody"}).status_code == 422
    given = client.post("/console/special-reports", {**form, "field": ["tax", "market"]})
    assert given["Content-Type"] == "application/pdf" and "no-store" in given["Cache-Control"]
    assert Report.objects.count() == before + 1
    from xinyong.audit.models import AuditEntry

    trace = AuditEntry.objects.filter(deed="report.issued").latest("id")
    assert (trace.actor, trace.purpose, trace.detail["kind"]) == ("special-operator", "窗口申请", "special")
    page = client.get(f"/console/special-reports?key={entity.credit_code}").content.decode()
    made = Report.objects.latest("pk")
    assert made.number in page
    revoked = client.post(f"/console/special-reports/{made.number}/revoke", {"reason": "出具有误"}, follow=True)
    assert "已作废" in revoked.content.decode()
