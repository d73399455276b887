"""The ways in of the console without a browser: upload, known files, limits, one record by form, API clients."""

from __future__ import annotations

import io
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client

from .conftest import Desk

PASSWORD = "a-long-password-1"
NAME = "示例填报有限公司"
UPLOAD = "/console/deliveries/new/registration"
RECORD = "/console/deliveries/new/penalty/record"


@pytest.fixture(scope="module")
def officers(desk: Desk) -> dict[str, Client]:
    """A reporter of 'demo', and an operator without a department."""
    from xinyong.accounts import actions as accounts
    from xinyong.accounts import selectors
    from xinyong.accounts.models import Role

    clients = {}
    for name, role, slug in (("reporter", Role.REPORTER, "demo"), ("operator", Role.OPERATOR, None)):
        accounts.create_user(
            username=name,
            password=PASSWORD,
            display_name=name,
            role=role,
            department=selectors.department(slug) if slug else None,
            acting="test",
        )
        clients[name] = Client(headers={"accept-language": "zh-CN"})
        assert clients[name].login(username=name, password=PASSWORD)
    desk.take([desk.registration(desk.code(1), NAME)])
    desk.catch_up()
    return clients


def _file(content: bytes, name: str = "登记.csv") -> io.BytesIO:
    file = io.BytesIO(content)
    file.name = name
    return file


def _deliveries() -> Any:
    from xinyong.intake.models import Delivery

    return Delivery.objects.order_by("-id")


def test_a_file_is_received_numbered_and_shown(desk: Desk, officers: dict[str, Client]) -> None:
    from xinyong.intake import actions
    from xinyong.intake.upload import incoming as uploads

    reporter = officers["reporter"]
    content = desk.csv([desk.registration(desk.code(2), "示例上传有限公司")]).read_bytes()
    answer = reporter.post(UPLOAD, {"file": _file(content)})
    assert answer.status_code == 303, answer.content.decode()
    delivery = _deliveries()[0]
    assert answer["Location"] == f"/console/deliveries/{delivery.number}"
    assert (delivery.channel, delivery.uploader, delivery.file_name) == ("console", "reporter", "登记.csv")
    assert [item for item in uploads.folder().iterdir() if not item.name.startswith("made-")] == []
    page = reporter.get(answer["Location"]).content.decode()
    assert f"/console/deliveries/{delivery.number}/progress" in page
    waiting = reporter.get(f"/console/deliveries/{delivery.number}/progress")
    assert waiting["X-Final"] == "0"
    assert actions.process(delivery).accepted == 1
    assert reporter.get(f"/console/deliveries/{delivery.number}/progress")["X-Final"] == "1"

    # The same file again is told first, then taken when the officer says so.
    count = _deliveries().count()
    again = reporter.post(UPLOAD, {"file": _file(content)})
    assert again.status_code == 409
    text = again.content.decode()
    assert delivery.number in text and "仍然报送" in text
    assert _deliveries().count() == count
    import hashlib

    sha256 = hashlib.sha256(content).hexdigest()
    told = reporter.get(f"{UPLOAD}/known?sha256={sha256}").json()
    assert told["known"] and told["number"] == delivery.number
    assert reporter.get(f"{UPLOAD}/known?sha256={'0' * 64}").json() == {"known": False}
    sure = reporter.post(UPLOAD, {"again": sha256})
    assert sure.status_code == 303
    assert actions.process(_deliveries()[0]).unchanged == 1
    assert reporter.post(UPLOAD, {"again": "0" * 64}).status_code == 422
    assert reporter.post(UPLOAD, {"again": "../../etc/passwd"}).status_code == 422


def test_what_cannot_be_taken_says_why_and_what_to_do(
    desk: Desk, officers: dict[str, Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    from xinyong.intake.upload import incoming as uploads

    reporter = officers["reporter"]
    count = _deliveries().count()
    for data, words in (({}, "没有选择文件"), ({"file": _file(b"")}, "是空的")):
        answer = reporter.post(UPLOAD, data)
        assert answer.status_code == 422
        page = answer.content.decode()
        assert words in page and "error-summary" in page and 'aria-invalid="true"' in page
    monkeypatch.setenv("XINYONG_UPLOAD_MIB", "1")
    for size in ((1 << 20) + 1, 3 << 20):
        answer = reporter.post(UPLOAD, {"file": _file(b"x" * size)})
        assert answer.status_code == 413
        assert "超过上限 1 MiB" in answer.content.decode()
    assert _deliveries().count() == count
    assert [item for item in uploads.folder().iterdir() if not item.name.startswith("made-")] == []


def test_a_form_without_its_mark_changes_nothing(desk: Desk, officers: dict[str, Client]) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.login(username="reporter", password=PASSWORD)
    count = _deliveries().count()
    for path in (UPLOAD, RECORD):
        assert strict.post(path, {"file": _file(b"x,y\n1,2\n"), "step": "save"}).status_code == 403
    assert _deliveries().count() == count


def test_only_what_the_department_delivers(desk: Desk, officers: dict[str, Client]) -> None:
    from xinyong.accounts import actions as accounts

    accounts.register_department(slug="narrow", name_zh="只报许可的部门", datasets=["licence"], acting="test")
    operator = officers["operator"]
    assert "代哪个部门报送" in operator.get("/console/deliveries/new").content.decode()
    page = operator.get("/console/deliveries/new?department=narrow").content.decode()
    assert "/new/licence" in page and "/new/penalty" not in page
    assert operator.get("/console/deliveries/new/licence?department=narrow").status_code == 200
    assert operator.get("/console/deliveries/new/penalty?department=narrow").status_code == 403
    assert operator.get("/console/deliveries/new/penalty").status_code == 422
    assert operator.get("/console/deliveries/new/penalty?department=nobody").status_code == 404
    # A reporter's own department counts, whatever the address says.
    reporter = officers["reporter"]
    assert "/new/penalty" in reporter.get("/console/deliveries/new?department=narrow").content.decode()


def _penalty(desk: Desk, **more: str) -> dict[str, str]:
    row = {f"f-{key}": value for key, value in desk.penalty(desk.code(1), NAME).items() if value}
    return {**row, **{f"f-{key}": value for key, value in more.items()}}


def test_one_record_by_form(desk: Desk, officers: dict[str, Client]) -> None:
    reporter = officers["reporter"]
    form = reporter.get(RECORD).content.decode()
    for text in ("处罚决定日期", 'type="checkbox" name="f-CF_CFLB"', '<select id="id-CF_XDR_LB"', "必填"):
        assert text in form, text
    assert "2015年标准）" not in form
    values = _penalty(desk, CF_WSH="（填）罚〔2026〕1号", CF_JDRQ=(date.today() - timedelta(days=2)).isoformat())

    wrong = reporter.post(RECORD, {**values, "f-CF_JDRQ": "2026-13-02", "f-CF_XDR_LB": "", "step": "check"})
    page = wrong.content.decode()
    assert wrong.status_code == 422
    assert 'href="#id-CF_JDRQ"' in page and 'href="#id-CF_XDR_LB"' in page
    assert 'id="error-CF_JDRQ"' in page and 'value="2026-13-02"' in page
    assert "（填）罚〔2026〕1号" in page

    count = _deliveries().count()
    checked = reporter.post(RECORD, {**values, "step": "check"})
    page = checked.content.decode()
    assert checked.status_code == 200, page
    assert "确认提交" in page and NAME in page and "平台已有" not in page
    assert _deliveries().count() == count
    back = reporter.post(RECORD, {**values, "step": "edit"}).content.decode()
    assert "（填）罚〔2026〕1号" in back and "下一步" in back

    saved = reporter.post(RECORD, {**values, "step": "save"})
    assert saved.status_code == 303, saved.content.decode()
    delivery = _deliveries()[0]
    assert (delivery.accepted, delivery.channel, delivery.uploader) == (1, "console", "reporter")

    # The same number again is told before it is saved; saving it unchanged adds nothing.
    assert "完全相同" in reporter.post(RECORD, {**values, "step": "check"}).content.decode()
    other = {**values, "f-CF_NR": "罚款四百元。", "f-CF_NR_FK": "0.04"}
    assert "成为新的一版" in reporter.post(RECORD, {**other, "step": "check"}).content.decode()
    assert reporter.post(RECORD, {**other, "step": "save"}).status_code == 303
    assert _deliveries()[0].accepted == 1


def test_several_kinds_and_other_words(desk: Desk, officers: dict[str, Client]) -> None:
    values: dict[str, Any] = _penalty(desk, CF_WSH="（填）罚〔2026〕2号")
    values["f-CF_CFLB"] = ["警告", "罚款"]
    values["o-CF_CFLB"] = "其他-责令改正"
    answer = officers["reporter"].post(RECORD, {**values, "step": "save"})
    assert answer.status_code == 303, answer.content.decode()
    from xinyong.ledger.models import Version

    payload = next(
        item.payload for item in Version.objects.all() if item.payload.get("CF_WSH") == "（填）罚〔2026〕2号"
    )
    assert payload["CF_CFLB"] == ["警告", "罚款", "其他-责令改正"]


def test_the_subject_is_looked_up(desk: Desk, officers: dict[str, Client]) -> None:
    reporter = officers["reporter"]
    found = reporter.post(RECORD, {"f-CF_XDR_MC": "示例填报", "f-CF_WSH": "文号", "step": "lookup"}).content.decode()
    assert desk.code(1) in found and 'name="take"' in found and "文号" in found
    none = reporter.post(RECORD, {"f-CF_XDR_MC": "查无此家", "step": "lookup"}).content.decode()
    assert "没有找到" in none
    taken = reporter.post(RECORD, {"f-CF_XDR_MC": "示例填报", "take": desk.code(1)}).content.decode()
    assert f'value="{NAME}"' in taken and f'value="{desk.code(1)}"' in taken
    assert reporter.post(RECORD, {"f-CF_XDR_MC": "x", "take": "\0nonsense"}).status_code == 200


def test_natural_persons_and_empty_forms_are_refused(desk: Desk, officers: dict[str, Client]) -> None:
    reporter = officers["reporter"]
    values = _penalty(desk, CF_XDR_LB="自然人", CF_WSH="（填）罚〔2026〕3号")
    values.pop("f-CF_XDR_SHXYM")
    answer = reporter.post(RECORD, {**values, "step": "save"})
    assert answer.status_code == 422
    assert "自然人" in answer.content.decode()
    assert reporter.post(RECORD, {"step": "save"}).status_code == 422
    assert reporter.get("/console/deliveries/new/public-lists/record").status_code == 422


@pytest.mark.parametrize("text", ["\0", "\ud800", "<script>", "x" * 300_000, "=1+1", "𠮷" * 10, "\r\n\r\n", "../../"])
def test_hostile_cells_are_findings_or_values(desk: Desk, officers: dict[str, Client], text: str) -> None:
    from urllib.parse import quote_from_bytes

    body = f"step=check&f-CF_XDR_MC={quote_from_bytes(text.encode('utf-8', 'surrogatepass'))}"
    answer = officers["reporter"].post(RECORD, body, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 422
    assert "<script>" not in answer.content.decode()


def test_every_dataset_has_a_form(desk: Desk, officers: dict[str, Client]) -> None:
    from django.utils import timezone

    from xinyong.catalogue import selectors as catalogue

    for entry in catalogue.packaged().in_force(timezone.localdate()):
        for prefix in ("", "/en"):
            page = officers["reporter"].get(f"{prefix}/console/deliveries/new/{entry.code}/record")
            assert page.status_code == 200, entry.code
            assert "personal_number" not in page.content.decode()
        empty = officers["reporter"].post(f"/console/deliveries/new/{entry.code}/record", {"step": "check"})
        assert empty.status_code == 422, entry.code


def test_clients_in_the_console(desk: Desk, officers: dict[str, Client]) -> None:
    import re

    operator = officers["operator"]
    bad = operator.post("/console/clients", {"slug": "No Good", "name": "", "department": "demo"})
    assert bad.status_code == 422
    assert 'href="#id_slug"' in bad.content.decode()
    quota = {"requests_per_minute": 10, "requests_per_day": 100, "rows_per_minute": 10, "rows_per_day": 100}
    facts = {"name": "审批系统", "department": "demo", "datasets": ["penalty"], "active": "on", **quota}
    made = operator.post("/console/clients", {"slug": "approvals", **facts})
    assert (made.status_code, made["Location"]) == (303, "/console/clients/approvals")
    assert operator.post("/console/clients", {"slug": "approvals", **facts}).status_code == 422
    shown = operator.post("/console/clients/approvals/keys", {"days": "90", "note": "正式"})
    key = re.search(r"xyk_[0-9a-f]{8}_[A-Za-z0-9_-]{43}", shown.content.decode())
    assert key and "no-store" in shown["Cache-Control"]
    assert key.group() not in operator.get("/console/clients/approvals").content.decode()
    header = {"Authorization": f"Bearer {key.group()}"}
    assert Client().get("/api/v1/datasets", headers=header).status_code == 200
    page = operator.get("/console/clients").content.decode()
    assert "审批系统" in page and "approvals" in page
    changed = operator.post(
        "/console/clients/approvals", {**facts, "datasets": ["penalty", "licence"], "rows_per_day": 7}
    )
    assert changed.status_code == 303
    assert len(Client().get("/api/v1/datasets", headers=header).json()["datasets"]) == 2
    prefix = key.group().split("_")[1]
    assert "确认撤销" in operator.get(f"/console/clients/approvals/keys/{prefix}").content.decode()
    assert operator.post(f"/console/clients/approvals/keys/{prefix}/revoke").status_code == 303
    assert Client().get("/api/v1/datasets", headers=header).status_code == 401
    assert operator.get("/console/clients/nobody").status_code == 404
    assert operator.get("/console/clients/approvals/keys/00000000").status_code == 404
