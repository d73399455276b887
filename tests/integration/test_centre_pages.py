"""Reports, share links, what applies, commitments and signing out of the enterprise centre, through a real identity provider."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
import requests
from django.test import Client

from .centre_support import FIRM, OTHER, Crooked, provider_running, register, sign_in

TODAY = date.today()


@pytest.fixture(scope="module")
def place(desk: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crooked]:
    """A provider that runs, and two firms; the first has a penalty and an honour."""
    from xinyong.accounts import actions as accounts

    register(tmp_path_factory.mktemp("firms"))
    accounts.register_department(
        slug="promised", name_zh="示例市市场监督管理局", credit_code=desk.code(81, "11410100"), acting="test"
    )
    desk.take([desk.penalty(FIRM, "示例甲公司", CF_CFJG="示例市市场监督管理局")], "penalty")
    desk.catch_up()
    with pytest.MonkeyPatch.context() as patch, provider_running(tmp_path_factory.mktemp("provider"), patch) as made:
        yield made


def text(client: Client, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status, answer.content.decode()[:2000]
    return str(answer.content.decode())


def delegate(client: Client, login: str, *rights: str) -> Client:
    """Somebody the legal representative gave these rights."""
    page = client.post(
        "/centre/delegates", {"name": "受托人", "rights": rights, "until": (TODAY + timedelta(days=9)).isoformat()}
    ).content.decode()
    found = re.search(r"data-invitation[^>]*>([^<]+)<", page)
    assert found, page[:2000]
    made = sign_in(login)
    assert made.post("/centre/accept", {"code": found.group(1)}).status_code == 302
    return made


def test_a_firm_makes_a_special_report_and_sees_how_it_verifies(place: Crooked) -> None:
    """RPT-05, RPT-06."""
    lead = sign_in("lead")
    assert "还没有出具过报告" in text(lead, "/centre/reports")
    given = {"kind": "special", "first": (TODAY - timedelta(days=365)).isoformat(), "last": TODAY.isoformat()}
    answer = lead.post("/centre/reports", {**given, "reason": "投标"})
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    assert answer.content.startswith(b"%PDF")
    page = text(lead, "/centre/reports")
    assert "专用信用报告" in page and "有效" in page
    refused = lead.post("/centre/reports", {**given, "first": "2026-13-01"})
    assert refused.status_code == 422 and "不是日期" in refused.content.decode()
    assert lead.post("/centre/reports", {"kind": "standard"}).content.startswith(b"%PDF")
    assert "投标" in text(lead, "/centre/queries"), "every report is in the record of use"
    assert "还没有出具过报告" in text(sign_in("other-lead"), "/centre/reports")


def test_a_firm_shares_a_scope_and_takes_it_back(place: Crooked) -> None:
    lead, visitor = sign_in("lead"), Client(headers={"accept-language": "zh-CN"})
    assert lead.post("/centre/shares", {"days": "7"}).status_code in (409, 422), "no chapter"
    done = lead.post("/centre/shares", {"days": "7", "chapter": ["1", "2", "3", "4", "5"], "shown_to": "某银行"})
    assert done.status_code == 302, done.content.decode()[:2000]
    page = text(lead, "/centre/shares")
    found = re.search(r'href="(/s/[^"]+)"', page)
    assert found and "某银行" in page
    assert "示例甲公司" in text(visitor, found.group(1))
    number = re.search(r'id="share-(\d+)"', page)
    assert number
    stolen = sign_in("other-lead").post(f"/centre/shares/{number.group(1)}/revoke")
    assert stolen.status_code in (404, 409, 422) and visitor.get(found.group(1)).status_code == 200
    assert lead.post(f"/centre/shares/{number.group(1)}/revoke").status_code == 302
    assert "示例甲公司" not in visitor.get(found.group(1)).content.decode()


def test_what_applies_is_told_with_basis_and_way_out(place: Crooked) -> None:
    """REF-16."""
    page = text(sign_in("lead"), "/centre/applies")
    assert "激励与措施" in page and "依法可能采取的措施" in page
    assert "没有依法可以采取的措施" in text(sign_in("other-lead"), "/centre/applies")


def test_commitments_are_read_signed_and_taken_back(place: Crooked, desk: Any) -> None:
    lead = sign_in("lead")
    begun = lead.post("/centre/commitments", {"text": "honest-business", "department": "promised"})
    assert begun.status_code == 302, begun.content.decode()[:2000]
    address = begun["Location"]
    page = text(lead, address)
    seen = re.search(r'name="seen" value="(\d+)"', page)
    assert seen and "守法诚信经营承诺书" in page
    helper = delegate(lead, "nobody", "submit")
    unsigned = helper.post(f"{address}/sign", {"seen": seen.group(1), "publicity": "可向社会公开", "agreed": "1"})
    assert unsigned.status_code == 403 and "签署" in unsigned.content.decode()
    unread = lead.post(f"{address}/sign", {"seen": seen.group(1), "publicity": "可向社会公开"})
    assert unread.status_code == 409 and "我已阅读" in unread.content.decode()
    signed = lead.post(f"{address}/sign", {"seen": seen.group(1), "publicity": "可向社会公开", "agreed": "1"})
    assert signed.status_code == 302
    desk.catch_up()
    page = text(lead, address)
    assert "生效中" in page and "公示页面" in page
    letter = lead.get(f"{address}/letter.pdf")
    assert letter.content.startswith(b"%PDF")
    assert sign_in("other-lead").get(f"{address}/letter.pdf").status_code == 404
    assert "守法诚信经营" in text(lead, "/centre/commitments")
    seen = re.search(r'name="seen" value="(\d+)"', page)
    assert seen
    back = lead.post(f"{address}/withdraw", {"seen": seen.group(1), "reason": "改变安排"})
    assert back.status_code == 302
    desk.catch_up()
    assert "已撤回" in text(lead, address) and "公示页面" not in text(lead, address)


def test_signing_out_here_offers_to_sign_out_at_the_provider(place: Crooked) -> None:
    """RP-initiated logout: with the id_token as hint, back to the registered page only."""
    lead = sign_in("lead")
    assert lead.get("/centre/leave")["Location"] == "/centre/", "it ends nothing while somebody is signed in"
    assert lead.post("/centre/sign-out").status_code == 302
    assert "一并退出" in text(lead, "/centre/sign-in")
    away = lead.get("/centre/leave")["Location"]
    assert away.startswith(f"{place.issuer}/end-session?") and "id_token_hint=" in away
    with requests.Session() as browser:
        back = browser.get(away, allow_redirects=False, timeout=10)
        elsewhere = browser.get(away.replace("sign-in", "elsewhere"), allow_redirects=False, timeout=10)
        forged = browser.get(away.replace("id_token_hint=e", "id_token_hint=f"), allow_redirects=False, timeout=10)
    assert (back.status_code, back.headers["Location"]) == (303, "http://testserver/centre/sign-in")
    assert (elsewhere.status_code, forged.status_code) == (200, 200), "no open redirect"
    assert "一并退出" not in text(lead, "/centre/sign-in")


def test_a_provider_without_its_own_sign_out_is_left_alone(place: Crooked, monkeypatch: pytest.MonkeyPatch) -> None:
    from xinyong.centre.identity import client as oidc

    plain = {key: value for key, value in place.discovery().items() if key != "end_session_endpoint"}
    monkeypatch.setattr(place, "discovery", lambda: plain)
    oidc.forget()
    lead = sign_in("other-lead")
    lead.post("/centre/sign-out")
    assert lead.get("/centre/leave")["Location"] == "/centre/sign-in"
    oidc.forget()
    assert OTHER
