"""The page of a record: what was public answers 410 with nothing in it, what never was cannot be told from nothing."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client

from xinyong.accounts import actions as accounts
from xinyong.accounts.models import Role, User
from xinyong.ledger import actions
from xinyong.registry import keys


@pytest.fixture(scope="module")
def officer(desk: Any) -> User:
    """Somebody who may act on records."""
    del desk
    return accounts.create_user(
        username="site-officer",
        display_name="操作员",
        department=None,
        role=Role.OPERATOR,
        password="a-long-password-1",
        acting="test",
    )


def penalty(desk: Any, number: int, **more: str) -> tuple[int, str]:
    """(record, address) of a penalty of an entity of its own."""
    code, name = desk.code(number), f"示例{number}公示有限公司"
    if not desk.rows("SELECT FROM registry_entity WHERE credit_code = %s", code):
        desk.take([desk.registration(code, name)])
    desk.take([desk.penalty(code, name, CF_WSH=f"（示）站〔2026〕{number}号", **more)], "penalty")
    desk.catch_up()
    record = desk.one(
        "SELECT record_id FROM ledger_record AS head JOIN registry_entity AS entity ON entity.id = head.entity_id "
        "JOIN catalogue_dataset AS dataset ON dataset.id = dataset_id WHERE credit_code = %s AND code = 'penalty'",
        code,
    )
    return record, f"/records/{keys.record_key(record)}"


def text(address: str, status: int) -> str:
    """The page, which must answer with this status."""
    answer = Client(headers={"accept-language": "zh-CN"}).get(address)
    assert answer.status_code == status, address
    return answer.content.decode()


def test_a_public_record_shows_its_fields_source_and_basis(desk: Any) -> None:
    record, address = penalty(desk, 501)
    page = text(address, 200)
    for part in (
        "（示）站〔2026〕501号",
        "示例501公示有限公司",
        "示例条例第一条",
        "第 1 版",
        "法律依据",
        keys.record_key(record),
    ):
        assert part in page
    assert "示例负责人" in page  # the representative of a firm is public by law; an operator's name is not
    assert text(address.lower(), 404)  # one spelling is the address


@pytest.mark.parametrize("act", ["withdrawn", "repaired", "archived"])
def test_a_record_taken_down_answers_410_and_tells_nothing(desk: Any, officer: User, act: str) -> None:
    number = 510 + ["withdrawn", "repaired", "archived"].index(act)
    # Old enough for repair (REP-01), and still public.
    record, address = penalty(desk, number, CF_JDRQ=(date.today() - timedelta(days=200)).isoformat())
    more = {"cause": "annulled"} if act == "withdrawn" else {}
    if act == "archived":  # only what is no longer public is archived (HN 44)
        actions.record_status(officer, record, "repaired", reason="测试", basis="（示）复〔2026〕1号")
    actions.record_status(officer, record, act, reason="测试", basis="（示）复〔2026〕1号", **more)
    desk.catch_up()
    for prefix in ("", "/en"):
        page = text(prefix + address, 410)
        for part in (f"示例{number}", "站〔2026〕", desk.code(number), "示例市某局", "示例条例", "罚款"):
            assert part not in page
        text(f"{prefix}{address}/proof.json", 410)
    assert "该信息已依法停止公示" in text(address, 410)


def test_what_never_was_public_cannot_be_told_from_nothing(desk: Any, officer: User) -> None:
    """A minor penalty, an internal one, one whose time had ended before it came: exactly as a number nobody has."""
    minor = penalty(desk, 520, CF_CFLB="警告", CF_NR="警告。", CF_NR_FK="")[1]
    late = penalty(desk, 521, CF_JDRQ=(date.today() - timedelta(days=1500)).isoformat())[1]
    record, hidden = penalty(desk, 522, CF_CFLB="警告", CF_NR="警告。", CF_NR_FK="")
    actions.record_status(officer, record, "withdrawn", cause="annulled", reason="测试", basis="（示）复〔2026〕2号")
    desk.catch_up()
    nobody = f"/records/{keys.record_key(987654321)}"

    def told(address: str) -> str:
        return text(address, 404).replace(address, "").replace(quote(address, safe=""), "")

    assert {told(address) for address in (minor, late, hidden)} == {told(nobody)}
    assert text("/records/nonsense", 404)
    assert text(f"/records/{keys.record_key((1 << 63) - 1)}", 404)


def test_a_corrected_penalty_does_not_repeat_what_it_said(desk: Any) -> None:
    _, address = penalty(desk, 530, CF_NR="罚款九千九百元。")
    penalty(desk, 530, CF_NR="罚款二百元。")
    page = text(address, 200)
    assert "第 2 版" in page and "罚款二百元" in page
    assert "九千九百" not in page


def test_a_disputed_record_says_so_and_stays(desk: Any, officer: User) -> None:
    record, address = penalty(desk, 540)
    actions.record_status(officer, record, "disputed", reason="当事人王某称未违法", basis="（示）异〔2026〕1号")
    desk.catch_up()
    page = text(address, 200)
    assert "异议处理中" in page
    assert "王某" not in page  # the officer's words and the applicant are nobody else's business
    file = text(f"/entities/{desk.code(540)}", 200)
    assert "异议处理中" in file and address in file
