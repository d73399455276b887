"""Share links end to end: made, read, compared, taken back, expired, tampered with, checked offline."""

from __future__ import annotations

import base64
import importlib.util
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from xinyong.accounts import actions as accounts
from xinyong.accounts.models import Role, User
from xinyong.accounts.selectors import RightMissing
from xinyong.ledger import actions as ledger
from xinyong.registry import keys
from xinyong.registry import selectors as registry
from xinyong.registry.models import Entity
from xinyong.shares import actions, selectors
from xinyong.shares.errors import ShareRefused
from xinyong.shares.models import Share
from xinyong.shares.selectors import Scope

NAME = "示例分享机械有限公司"
ROOT = Path(__file__).parents[2]


def offline() -> Any:
    """tools/verify_share.py as a module."""
    spec = importlib.util.spec_from_file_location("verify_share", ROOT / "tools" / "verify_share.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def officers(desk: Any) -> dict[str, User]:
    """One with the right, one without."""
    return {
        role.value: accounts.create_user(
            username=f"share-{role.value}",
            display_name="操作员",
            department=None,
            role=role,
            password="a-long-password-1",
            acting="test",
        )
        for role in (Role.OPERATOR, Role.READER)
    }


@pytest.fixture
def entity(desk: Any) -> Entity:
    """An entity with a registration and three penalties."""
    number = 500 + Entity.objects.count()
    code = desk.code(number)
    desk.take([desk.registration(code, f"{NAME}{number}")])
    desk.take(
        [desk.penalty(code, f"{NAME}{number}", CF_WSH=f"（分享）罚{number}-{place}") for place in range(3)], "penalty"
    )
    desk.catch_up()
    found = registry.by_key(code)
    assert found is not None
    return found


def make(entity: Entity, *chapters: int, **more: Any) -> Share:
    wish = {"days": 30, "shown_to": "示例银行，贷款", "actor": "firm:test", **more}
    records = wish.pop("records", frozenset())
    return actions.share(entity, Scope(chapters=frozenset(chapters), records=records), **wish)


def get(address: str) -> Any:
    return Client(headers={"accept-language": "zh-CN"}).get(address)


def test_the_receiver_sees_the_snapshot_and_that_nothing_changed(entity: Entity) -> None:
    share = make(entity, 1, 2)
    answer = get(f"/s/{share.token}")
    page = answer.content.decode()
    assert answer.status_code == 200 and "签名有效，至今没有变化" in page
    assert "（分享）罚" in page and entity.name in page and "登记注册基础信息" in page
    assert answer["Cache-Control"] == "private, no-store" and answer["Referrer-Policy"] == "no-referrer"
    assert "noindex" in answer["X-Robots-Tag"]
    english = get(f"/en/s/{share.token}").content.decode()
    assert "Signature valid, nothing has changed since" in english and "Administrative acts" in english
    data = get(f"/s/{share.token}.json").json()
    assert data["seal"] == "valid" and data["changed_since"] is False and len(data["openings"]) == 4
    statement = offline().check(data)
    assert statement["subject"]["name"] == entity.name and len(statement["commitments"]) == 16
    share.refresh_from_db()
    assert share.opened == 3 and share.last_opened_at is not None


def test_only_what_was_chosen_is_shown(desk: Any, entity: Entity) -> None:
    one = desk.one("SELECT min(record_id) FROM publicity_window WHERE entity_id = %s AND severity <> ''", entity.pk)
    share = make(entity, 2, records=frozenset({keys.record_key(one)}))
    page = get(f"/s/{share.token}").content.decode()
    assert page.count('class="record ') == 1 and keys.record_key(one) in page and "主体逐条选定" in page
    licences = make(entity, 3)
    empty = get(f"/s/{licences.token}").content.decode()
    assert "今天没有可以显示的信息" in empty and "（分享）罚" not in empty


def test_what_is_withdrawn_leaves_and_no_gap_remains(desk: Any, entity: Entity, officers: dict[str, User]) -> None:
    share = make(entity, 2)
    record, title = desk.rows(
        "SELECT r.record_id, v.payload->>'CF_WSH' FROM publicity_window r JOIN ledger_version v USING (entity_id, record_id) "
        "WHERE entity_id = %s AND v.payload->>'CF_WSH' IS NOT NULL ORDER BY 1 LIMIT 1",
        entity.pk,
    )[0]
    ledger.record_status(officers["operator"], record, "withdrawn", cause="annulled", reason="测试", basis="（示）1号")
    desk.catch_up()
    page = get(f"/s/{share.token}").content.decode()
    data = get(f"/s/{share.token}.json")
    assert "此后有变化" in page and title not in page and keys.record_key(record) not in page
    assert title not in data.content.decode() and keys.record_key(record) not in data.content.decode()
    held = data.json()
    assert held["changed_since"] is True and len(held["openings"]) == 2 and held["corrected"] == []
    offline().check(held)
    kept = next(item for item in Share.objects.get(pk=share.pk).items if item["key"] == keys.record_key(record))
    assert kept["salt"] not in data.content.decode()


def test_what_is_corrected_or_new_is_told(desk: Any, entity: Entity) -> None:
    share = make(entity, 2)
    number = entity.name.removeprefix(NAME)
    desk.take(
        [
            desk.penalty(entity.credit_code, entity.name, CF_WSH=f"（分享）罚{number}-0", CF_SY="更正后的事由。"),
            desk.penalty(entity.credit_code, entity.name, CF_WSH=f"（分享）罚{number}-9", CF_SY="新增的事由。"),
        ],
        "penalty",
    )
    desk.catch_up()
    page = get(f"/s/{share.token}").content.decode()
    assert "新增 1 条" in page and "新增的事由" not in page
    assert "1 条的内容已经更正" in page and "更正后的事由" in page and "在分享之后更正过" in page
    data = get(f"/s/{share.token}.json").json()
    assert (data["added"], len(data["corrected"]), len(data["openings"])) == (1, 1, 2)


def test_an_ended_link_says_nothing(entity: Entity) -> None:
    taken, expired = make(entity, 1, 2), make(entity, 1, 2)
    actions.revoke(taken.pk, actor="firm:test", entity=entity)
    Share.objects.filter(pk=expired.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    for share in (taken, expired):
        for address in (f"/s/{share.token}", f"/s/{share.token}.json", f"/en/s/{share.token}"):
            answer = get(address)
            assert answer.status_code == 410
            assert entity.name not in answer.content.decode() and entity.credit_code not in answer.content.decode()
    with pytest.raises(ShareRefused):
        actions.revoke(taken.pk, actor="firm:test")


def test_a_mistyped_or_guessed_link_is_unknown(entity: Entity) -> None:
    token = make(entity, 1).token
    for place in (0, 13, 26):
        other = "0" if token[place] != "0" else "1"
        assert get(f"/s/{token[:place]}{other}{token[place + 1 :]}").status_code == 404
    assert get("/s/x").status_code == 404 and get("/s/%00").status_code == 404


def test_every_changed_byte_of_a_stored_snapshot_is_found(entity: Entity) -> None:
    share = make(entity, 1, 2)

    def seen() -> dict[str, Any]:
        data: dict[str, Any] = get(f"/s/{share.token}.json").json()
        return data

    text = share.statement
    for place in range(0, len(text), max(1, len(text) // 25)):
        other = "0" if text[place] != "0" else "1"
        Share.objects.filter(pk=share.pk).update(statement=text[:place] + other + text[place + 1 :])
        assert seen()["seal"] == "broken", place
    Share.objects.filter(pk=share.pk).update(statement=text)
    signature = bytearray(base64.b64decode(share.signature))
    for place in range(0, len(signature), 7):
        changed = bytearray(signature)
        changed[place] ^= 1
        Share.objects.filter(pk=share.pk).update(signature=base64.b64encode(changed).decode())
        assert seen()["seal"] == "broken", place
    Share.objects.filter(pk=share.pk).update(signature=share.signature)
    items = json.loads(json.dumps(share.items))
    items[0]["hash"] = "0" * 64
    Share.objects.filter(pk=share.pk).update(items=items)
    assert seen()["seal"] == "broken" and "签名无效" in get(f"/s/{share.token}").content.decode()
    items = json.loads(json.dumps(share.items))
    items[0]["salt"] = "0" * 32
    Share.objects.filter(pk=share.pk).update(items=items)
    assert seen()["corrected"] == [items[0]["key"]]
    Share.objects.filter(pk=share.pk).update(items=share.items)
    whole = seen()
    assert whole["seal"] == "valid"
    for opening in whole["openings"]:
        opening["content"]["title"] += "x"
        with pytest.raises(ValueError, match="not what was signed"):
            offline().check(whole)
        opening["content"]["title"] = opening["content"]["title"][:-1]


def test_wishes_that_cannot_be_met(desk: Any, entity: Entity) -> None:
    with pytest.raises(ShareRefused, match="1 to 180 days"):
        make(entity, 1, days=181)
    with pytest.raises(ShareRefused, match="no chapter"):
        make(entity)
    with pytest.raises(ShareRefused, match="no chapter"):
        make(entity, 10)
    with pytest.raises(ShareRefused, match="hold no public record"):
        make(entity, 1, 2, records=frozenset({"R1Y", keys.record_key(10**9)}))


def test_officers_need_the_right_and_the_request(entity: Entity, officers: dict[str, User]) -> None:
    wish = {"days": 3, "shown_to": "", "reason": "法定代表人到窗口申请"}
    scope = Scope(chapters=frozenset({1}))
    with pytest.raises(RightMissing):
        actions.share_on_request(officers["reader"], entity, scope, **wish)
    with pytest.raises(ShareRefused, match="request"):
        actions.share_on_request(officers["operator"], entity, scope, **{**wish, "reason": " "})
    made = actions.share_on_request(officers["operator"], entity, scope, **wish)
    from xinyong.audit.models import AuditEntry

    trace = AuditEntry.objects.filter(deed="share.made").latest("id")
    assert trace.actor == "share-operator" and trace.detail["reason"] == "法定代表人到窗口申请"
    with pytest.raises(ShareRefused):
        actions.revoke(made.pk, actor="firm:other", entity=Entity(pk=-1))
    actions.revoke_on_request(officers["operator"], made.pk, reason="申请人要求")
    assert selectors.state(Share.objects.get(pk=made.pk), timezone.now()) == "revoked"


def test_the_console_page(entity: Entity, officers: dict[str, User]) -> None:
    client = Client(headers={"accept-language": "zh-CN"})
    client.force_login(officers["operator"])
    assert "没有这个主体" in client.get("/console/shares?key=nobody").content.decode()
    page = client.get(f"/console/shares?key={entity.credit_code}").content.decode()
    assert "行政管理信息" in page and 'max="180"' in page
    wrong = client.post("/console/shares", {"key": entity.credit_code, "days": "30", "reason": "窗口申请"})
    assert (
        wrong.status_code == 422
        and "没有选择要分享的章节" in wrong.content.decode()
        and "窗口申请" in wrong.content.decode()
    )
    done = client.post(
        "/console/shares",
        {"key": entity.credit_code, "chapter": ["1", "2"], "days": "30", "shown_to": "银行", "reason": "窗口申请"},
        follow=True,
    )
    share = Share.objects.latest("pk")
    assert share.token in done.content.decode() and "已生成链接" in done.content.decode()
    assert client.post(f"/console/shares/{share.pk}/revoke", {"reason": ""}).status_code == 422
    gone = client.post(
        f"/console/shares/{share.pk}/revoke", {"reason": "申请人要求", "key": entity.credit_code}, follow=True
    )
    assert "已撤回" in gone.content.decode() and share.token not in gone.content.decode()
