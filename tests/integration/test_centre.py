"""The firm's own pages: the whole file with its reasons, authorisations, who looked; and nothing of any other firm."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
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
