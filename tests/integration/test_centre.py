"""The firm's own pages: the whole file with its reasons, authorisations, who looked; and nothing of any other firm."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from xinyong.audit import actions as audit
from xinyong.audit.models import AuditEntry
from xinyong.centre.models import Authorisation
from xinyong.registry import keys

from .centre_support import FIRM, OTHER, Crooked, provider_running, register, sign_in


@pytest.fixture(scope="module")
def world(desk: Any) -> dict[str, str]:
    """Two firms with records each: public and too early to repair, public and old enough, no longer public."""
    register(desk.folder)
    today = timezone.localdate()
    rows = [
        desk.penalty(code, name, CF_WSH=number, CF_JDRQ=day.isoformat(), CF_FRDB="李大示")
        for code, name, number, day in (
            (FIRM, "示例甲公司", "示罚〔2026〕1号", today - timedelta(days=10)),
            (FIRM, "示例甲公司", "示罚〔2026〕2号", today - timedelta(days=200)),
            (FIRM, "示例甲公司", "示罚〔2019〕3号", date(2019, 1, 8)),
            (OTHER, "示例乙公司", "乙罚〔2026〕9号", today - timedelta(days=20)),
        )
    ]
    receipt = desk.take(rows, "penalty")
    assert receipt.accepted == 4, receipt
    desk.catch_up()
    found = {}
    for version in desk.rows("SELECT record_id, payload::jsonb ->> 'CF_WSH' FROM ledger_version"):
        found[str(version[1])] = keys.record_key(version[0])
    return {
        "early": found["示罚〔2026〕1号"],
        "mine": found["示罚〔2026〕2号"],
        "theirs": found["乙罚〔2026〕9号"],
    }


@pytest.fixture
def provider(world: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Crooked]:
    with provider_running(tmp_path, monkeypatch) as running:
        yield running


@pytest.fixture
def lead(provider: Crooked) -> Client:
    return sign_in("lead")


def text(answer: Any) -> str:
    return str(answer.content.decode())


def test_the_whole_file_with_its_reasons(lead: Client) -> None:
    """A firm reads whatever is held of it, public or not, and objects from there (OBJ-10: CC 1029)."""
    page = text(lead.get("/centre/file"))
    for number in ("示罚〔2026〕1号", "示罚〔2026〕2号", "示罚〔2019〕3号"):
        assert number in page
    assert "乙罚" not in page
    assert "期满停止公示" in page and "公示中" in page and "PUB-" in page
    hidden = text(lead.get("/centre/file?only=hidden"))
    assert "示罚〔2019〕3号" in hidden and "示罚〔2026〕1号" not in hidden
    english = text(lead.get("/en/centre/file"))
    assert "Why" in english or "why" in english
    assert "示罚〔2019〕3号" not in text(Client().get(f"/entities/{FIRM}"))
    assert AuditEntry.objects.filter(deed="firm.file", target=FIRM).exists()


def test_a_record_shows_every_field_and_hides_people(lead: Client, world: dict[str, str]) -> None:
    page = text(lead.get(f"/centre/file/{world['mine']}"))
    assert "当事人未按规定公示有关信息" in page and "全部字段" in page and "期限是怎样算出来的" in page


def test_another_firms_record_answers_like_no_record(lead: Client, world: dict[str, str]) -> None:
    theirs = lead.get(f"/centre/file/{world['theirs']}")
    none = lead.get("/centre/file/R00000000000000000")
    assert theirs.status_code == none.status_code == 404
    assert "乙罚" not in text(theirs)


def grant(client: Client, **changes: object) -> Any:
    today = timezone.localdate()
    data: dict[str, object] = {
        "institution": "示例银行股份有限公司",
        "institution_code": "91350100M000100Y43",
        "purpose": "credit",
        "scope": ["not_public"],
        "valid_from": str(today),
        "valid_until": str(today + timedelta(days=90)),
        "agreed": "1",
    }
    return client.post("/centre/authorisations", {**data, **changes})


def test_authorisations_are_given_used_and_revoked(lead: Client) -> None:
    from xinyong.centre import authorisations

    assert grant(lead).status_code == 302
    held = Authorisation.objects.get()
    today = timezone.localdate()
    assert authorisations.in_force(held.number, "91350100M000100Y43", today) == held
    assert authorisations.in_force(held.number, OTHER, today) is None
    assert authorisations.in_force(held.number, "91350100M000100Y43", today + timedelta(days=91)) is None
    audit.record(
        actor="client:bank",
        deed="query.verification",
        target=FIRM,
        purpose="贷款审批",
        detail={"case": held.number, "item": "F-1"},
    )
    page = text(lead.get("/centre/authorisations"))
    assert held.number in page and "1 次" in page and "生效中" in page
    looked = text(lead.get(f"/centre/queries?reference={held.number}"))
    assert "贷款审批" in looked and "client:bank" in looked and "F-1" in looked
    assert "贷款审批" not in text(sign_in("other-lead").get("/centre/queries"))
    other = sign_in("other-lead")
    assert other.post(f"/centre/authorisations/{held.number}/revoke").status_code == 404
    assert lead.post(f"/centre/authorisations/{held.number}/revoke", {"why": "贷款已结清"}).status_code == 302
    assert authorisations.in_force(held.number, "91350100M000100Y43", today) is None
    assert lead.post(f"/centre/authorisations/{held.number}/revoke").status_code == 422
    deeds = list(
        AuditEntry.objects.filter(target=FIRM, deed__startswith="authorisation").values_list("deed", flat=True)
    )
    assert set(deeds) == {"authorisation.granted", "authorisation.revoked"}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"institution_code": "91350100M000100Y44"}, "机构代码有误"),
        ({"purpose": "curiosity"}, "请选择用途"),
        ({"scope": []}, "授权范围"),
        ({"valid_until": "2099-01-01"}, "不能长期授权"),
        ({"valid_from": "2020-01-01"}, "从今天或以后"),
        ({"valid_from": "soon"}, "起止日期"),
        ({"agreed": ""}, "请确认授权内容"),
    ],
)
def test_an_authorisation_that_is_not_right_says_what(lead: Client, changes: dict[str, object], words: str) -> None:
    answer = grant(lead, **changes)
    assert answer.status_code == 422 and words in text(answer)
    assert "示例银行股份有限公司" in text(answer)  # what was typed is still there


def test_only_the_legal_representative_authorises(provider: Crooked) -> None:
    lead, helper = sign_in("lead"), sign_in("nobody")
    until = str(timezone.localdate() + timedelta(days=3))
    made = text(
        lead.post("/centre/delegates", {"name": "孙示例", "rights": ["fill", "submit", "sign"], "until": until})
    )
    code = made.partition("data-invitation>")[2].partition("<")[0]
    assert helper.post("/centre/accept", {"code": code}).status_code == 302
    assert grant(helper).status_code == 403
    assert helper.get("/centre/file").status_code == 200


def test_a_report_given_out_is_seen_by_its_subject(lead: Client) -> None:
    audit.record(actor="anonymous", deed="report.issued", target=FIRM, detail={"number": "20261126000000ABCDEFGH"})
    assert "出具信用报告" in text(lead.get("/centre/queries"))


# --- objection and repair --------------------------------------------------------------------------------------------

PDF = b"%PDF-1.4 proof"


def upload(name: str = "proof.pdf", content: bytes = PDF) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def case_of(answer: Any) -> str:
    assert answer.status_code == 302, text(answer)[:3000]
    return str(answer.headers["Location"]).partition("?")[0]


def delegate(lead: Client, *rights: str) -> Client:
    """Somebody with exactly these rights."""
    helper = sign_in("nobody")
    until = str(timezone.localdate() + timedelta(days=3))
    made = text(lead.post("/centre/delegates", {"name": "孙示例", "rights": list(rights), "until": until}))
    code = made.partition("data-invitation>")[2].partition("<")[0]
    assert helper.post("/centre/accept", {"code": code}).status_code == 302
    return helper


def test_a_firm_tells_that_the_decision_was_annulled_and_the_source_withdraws(
    lead: Client, world: dict[str, str], desk: Any
) -> None:
    address = f"/centre/annulments/new/{world['early']}"
    assert "原决定发生了什么" in text(lead.get(address))
    assert address in text(lead.get(f"/centre/file/{world['early']}"))
    wrong = lead.post(address, {"cause": "objection_upheld", "reason": "复议撤销", "basis": "复议决定1号"})
    assert wrong.status_code == 422 and "复议决定1号" in text(wrong)
    assert lead.post(address, {"cause": "annulled", "reason": "", "basis": "复议决定1号"}).status_code == 422
    case = case_of(
        lead.post(
            address,
            {"cause": "annulled", "reason": "复议撤销", "basis": "复议决定1号", "files": upload("复议决定.pdf")},
        )
    )
    page = text(lead.get(case))
    assert "待来源单位确认" in page and "复议决定.pdf" in page
    assert sign_in("other-lead").get(address).status_code == 404


def test_an_objection_marks_the_record_everywhere_at_once(lead: Client, world: dict[str, str]) -> None:
    form = text(lead.get(f"/centre/objections/new/{world['mine']}?field=CF_NR"))
    assert "罚款二百元" in form
    wrong = lead.post(
        f"/centre/objections/new/{world['mine']}",
        {"ground": "clerical", "statement": "数额写错", "field": "CF_NR", "files": upload("x.exe", b"MZ")},
    )
    assert wrong.status_code == 422 and "x.exe" in text(wrong) and "数额写错" in text(wrong)
    made = lead.post(
        f"/centre/objections/new/{world['mine']}",
        {
            "ground": "clerical",
            "statement": "数额写错",
            "field": "CF_NR",
            "wanted": "罚款一百元",
            "files": upload("证据.pdf"),
        },
    )
    address = case_of(made)
    assert "chip--violet" in text(Client(headers={"accept-language": "zh-CN"}).get(f"/records/{world['mine']}"))
    page = text(lead.get(address))
    assert "数额写错" in page and "证据.pdf" in page and "异议受理通知书" in page
    assert "新" in text(lead.get("/centre/notices"))
    again = lead.post(
        f"/centre/objections/new/{world['mine']}", {"ground": "clerical", "statement": "再说一次", "field": "CF_NR"}
    )
    assert again.status_code == 422 and "办理中" in text(again)
    other = sign_in("other-lead")
    for path in (address, f"{address}/check"):
        assert other.get(path).status_code == 404
    assert other.post(f"{address}/take-back").status_code == 404
    file = page.partition("/files/")[2].partition('"')[0]
    got = lead.get(f"{address}/files/{file}")
    assert got.content == PDF and got.headers["Content-Disposition"].startswith("attachment")
    assert other.get(f"{address}/files/{file}").status_code == 404
    number = page.partition("/centre/papers/")[2].partition(".pdf")[0]
    paper = lead.get(f"/centre/papers/{number}.pdf")
    assert paper.status_code == 200 and paper.content.startswith(b"%PDF")
    assert other.get(f"/centre/papers/{number}.pdf").status_code == 404
    verified = text(Client(headers={"accept-language": "zh-CN"}).get("/verify", {"code": number}))
    assert "异议受理通知书" in verified and "有效" in verified
    assert lead.post(f"{address}/take-back", {"text": "说清楚了"}).status_code == 302
    assert "chip--violet" not in text(Client(headers={"accept-language": "zh-CN"}).get(f"/records/{world['mine']}"))


def test_another_firms_record_cannot_be_objected_to_or_repaired(lead: Client, world: dict[str, str]) -> None:
    for kind in ("objections", "repairs"):
        address = f"/centre/{kind}/new/{world['theirs']}"
        assert lead.get(address).status_code == 404
        assert lead.post(address, {"ground": "factual", "statement": "x"}).status_code == 404


def test_too_early_is_said_with_the_day_and_refused_to_a_forged_form(lead: Client, world: dict[str, str]) -> None:
    page = text(lead.get(f"/centre/repairs/new/{world['early']}"))
    assert "现在还不能申请" in page and "起可以申请" in page and "开始申请" not in page
    forged = lead.post(f"/centre/repairs/new/{world['early']}")
    assert forged.status_code == 422 and "没有办理" in text(forged)
    assert "起可修复" in text(lead.get("/centre/repairs"))


def test_a_repair_from_the_conditions_to_the_receipt(lead: Client, world: dict[str, str]) -> None:
    helper = delegate(lead, "fill")
    page = text(helper.get(f"/centre/repairs/new/{world['mine']}"))
    assert "时间条件已满足" in page and "开始申请" in page
    address = case_of(helper.post(f"/centre/repairs/new/{world['mine']}"))
    assert helper.post(f"{address}/material", {"kind": "proof", "files": upload()}).status_code == 302
    assert "没有“签署”权限" in text(helper.get(address))
    refused = helper.post(f"{address}/sign", {"agreed": "1"})
    assert refused.status_code == 403 and "没有「签署」权限" in text(refused) and "法定代表人" in text(refused)
    early = helper.post(f"{address}/submit")
    assert early.status_code == 403 and "提交" in text(early)
    unread = lead.post(f"{address}/sign")
    assert unread.status_code == 422 and "阅读" in text(unread)
    assert lead.post(f"{address}/submit").status_code == 422  # not signed yet
    assert lead.post(f"{address}/sign", {"agreed": "1"}).status_code == 302
    assert "已签署" in text(lead.get(f"{address}/check"))
    sent = lead.post(f"{address}/submit")
    assert sent.status_code == 302 and sent.headers["Location"].endswith("?received=1")
    page = text(lead.get(sent.headers["Location"]))
    assert "已收到" in page and "答应您的时间" in page and "XF-" in page
    assert "XF-" in text(lead.get("/centre/"))
    assert sign_in("other-lead").get(address).status_code == 404


def test_gaps_are_told_on_the_home_page_and_answered(lead: Client, world: dict[str, str]) -> None:
    from xinyong.accounts import actions as staff
    from xinyong.accounts import selectors as departments
    from xinyong.accounts.models import Role
    from xinyong.remedies import officers
    from xinyong.remedies.models import Case

    held = Case.objects.get(kind="repair", closed_at=None)
    officer = staff.create_user(
        username="unit",
        password="a-long-password-1",
        display_name="unit",
        role=Role.SUPERVISOR,
        department=departments.department("demo"),
        acting="test",
    )
    officers.act(officer, held.pk, "gaps", reason="请补正", gaps=["proof_missing"], revision=held.revision)
    home = text(lead.get("/centre/"))
    assert "补正 XF-" in home
    address = f"/centre/cases/{held.pk}"
    page = text(lead.get(address))
    assert "需要补正" in page and "缺少履行义务的证明" in page and "补正告知书" in page
    from xinyong.notices.models import Document

    paper = Document.objects.get(template="repair-gaps")
    assert any("缺少履行义务的证明" in line for line in paper.paragraphs)
    empty = lead.post(f"{address}/answer", {"text": ""})
    assert empty.status_code == 422
    assert lead.post(f"{address}/answer", {"text": "已补", "files": upload("缴款.pdf", PDF + b"2")}).status_code == 302
    assert "缴款.pdf" in text(lead.get(address))


def test_the_english_pages_of_a_case_hold(lead: Client) -> None:
    from xinyong.remedies.models import Case

    for held in Case.objects.all():
        assert lead.get(f"/en/centre/cases/{held.pk}").status_code == 200


def test_ways_to_be_told_are_shown_masked_and_ended(lead: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XINYONG_WEBHOOK_PRIVATE", "127.0.0.0/8")
    bad = lead.post("/centre/notices", {"channel": "webhook", "address": "https://10.0.0.1/", "groups": ["cases"]})
    assert bad.status_code == 422 and "内部网络" in text(bad) and "10.0.0.1" in text(bad)
    made = lead.post(
        "/centre/notices", {"channel": "webhook", "address": "http://127.0.0.1:8009/hook?secret=1", "groups": ["cases"]}
    )
    page = text(made)
    assert made.status_code == 200 and "只显示这一次" in page and "secret=1" not in page
    from xinyong.notices.models import Subscription

    held = Subscription.objects.get()
    assert sign_in("other-lead").post(f"/centre/notices/{held.pk}/end").status_code == 422
    assert delegate(lead, "fill").post(f"/centre/notices/{held.pk}/end").status_code == 403
    assert lead.post(f"/centre/notices/{held.pk}/end").status_code == 302
    held.refresh_from_db()
    assert held.ended_at is not None
