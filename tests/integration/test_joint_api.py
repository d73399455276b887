"""Joint work through the API: a unit's own system is shown a hit, sends the decision, the execution and the lifting."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client

from .api_support import System, problem
from .test_lists import World

TODAY = date.today()


def make(slug: str, department: str, items: tuple[str, ...] = ("random-inspection",), **more: Any) -> System:
    """A system whose officers decide on measures."""
    from xinyong.accounts import client_actions, selectors
    from xinyong.accounts.client_selectors import Quota

    client = client_actions.save_client(
        slug=slug, name=slug, department=selectors.department(department), datasets=(), items=items, joint=True,
        quota=Quota(**more), acting="test",
    )  # fmt: skip
    return System(client_actions.make_key(client, days=30, acting="test").text)


@pytest.fixture(scope="module")
def world(desk: Any) -> World:
    return World(desk)


@pytest.fixture(scope="module")
def hall(world: World) -> System:
    return make("inspections", "safety")


def decision(case: Any, **more: Any) -> dict[str, Any]:
    from xinyong.registry import keys
    from xinyong.registry import selectors as registry

    return {
        "code": registry.own_key(case.entity), "record": keys.record_key(case.record_id), "measure": "MEA-31",
        "item": "random-inspection", "matter": "CC-2026-7", "officer": "0173", "decision": "applied",
        "reason": "在列的安全生产严重失信主体", "relation": "检查事项与安全生产失信行为直接相关", "notice": "示应急告〔2026〕8号",
        "notice_served_on": (TODAY - timedelta(days=2)).isoformat(), "notice_says": ["basis", "reason", "relief"], **more,
    }  # fmt: skip


def test_hit_decision_execution_lifting_and_receipt(world: World, hall: System) -> None:
    from xinyong.audit.models import AuditEntry

    case = world.listed()
    world.desk.catch_up()
    code = case.entity.credit_code
    hit = hall.send("GET", f"/api/v1/verify/{code}?purpose=inspection&item=random-inspection&case=CC-2026-7").json()
    shown = {one["id"]: one["object"]["record"] for one in hit["measures"]}
    assert "MEA-31" in shown and decision(case)["record"] == shown["MEA-31"]
    sent = hall.send("POST", "/api/v1/joint-work", decision(case), key="once-1")
    assert sent.status_code == 201, sent.content.decode()
    work = sent.json()
    assert sent["Location"] == f"/api/v1/joint-work/{work['number']}"
    assert work["state"] == "applied" and work["due_on"] and work["messages"][0]["actor"] == "client:inspections/0173"
    again = hall.send("POST", "/api/v1/joint-work", decision(case), key="once-1")
    assert again.json() == work and again["Idempotent-Replayed"] == "true"
    problem(
        hall.send("POST", "/api/v1/joint-work", decision(case, reason="另一理由"), key="once-1"), 422, "idempotency-key"
    )
    problem(hall.send("POST", "/api/v1/joint-work", decision(case)), 409, "measure-refused")
    place = f"/api/v1/joint-work/{work['number']}"
    done = {
        "seen": 1,
        "officer": "0173",
        "executed_on": TODAY.isoformat(),
        "result": "已增加检查频次",
        "document": "5号",
    }
    assert hall.send("POST", f"{place}/execution", done).json()["state"] == "executed"
    problem(hall.send("POST", f"{place}/execution", done), 409, "list-changed")
    assert hall.send("GET", "/api/v1/joint-work?state=lift_due").json()["total"] == 0
    world.take(case, "exit")
    world.desk.catch_up()
    due = hall.send("GET", "/api/v1/joint-work?state=lift_due&matter=CC-2026-7").json()
    assert [one["number"] for one in due["works"]] == [work["number"]]
    assert due["works"][0]["messages"][-1]["facts"]["trigger"] == "removed"
    body = hall.send("GET", f"/api/v1/verify/{code}?purpose=inspection&item=random-inspection").json()
    assert "MEA-31" not in {one["id"] for one in body["measures"]}
    receipt = {"seen": 3, "officer": "0201", "lifted_on": TODAY.isoformat(), "note": "已恢复一般检查频次"}
    lifted = hall.send("POST", f"{place}/lifting", receipt).json()
    assert lifted["state"] == "lifted" and [one["message"] for one in lifted["messages"]] == ["M3", "M4", "M5", "M6"]
    assert hall.send("GET", place).json() == lifted
    deeds = AuditEntry.objects.filter(target=f"joint {work['number']}").order_by("id").values_list("deed", flat=True)
    assert list(deeds) == ["joint.m3", "joint.m4", "joint.m5", "joint.m6"]


def test_the_gate_is_the_same_as_in_the_console(world: World, hall: System) -> None:
    case = world.listed()
    world.desk.catch_up()
    for change, words in (
        ({"notice": ""}, "MEA-05"),
        ({"notice_says": ["basis"]}, "MEA-05"),
        ({"relation": ""}, "MEA-03"),
        ({"measure": "HN-32-1"}, "MEA-06"),
    ):
        said = problem(hall.send("POST", "/api/v1/joint-work", decision(case, **change)), 409, "measure-refused")
        assert words in said["message_zh"], said
    problem(hall.send("POST", "/api/v1/joint-work", decision(case, measure="MEA-99")), 404, "not-found")
    problem(hall.send("POST", "/api/v1/joint-work", decision(case, officer="张三")), 422, "request-invalid")
    problem(hall.send("POST", "/api/v1/joint-work", decision(case, code="11010519491231002X")), 422, "person-query")
    waived = decision(case, decision="waived", notice="", notice_says=[], notice_served_on=None)
    problem(hall.send("POST", "/api/v1/joint-work", waived), 409, "measure-refused")
    reasons = hall.send("GET", "/api/v1/joint-work/vocabulary").json()["reasons"]
    reason = next(one["code"] for one in reasons if one["of"] == "waived")
    assert hall.send("POST", "/api/v1/joint-work", {**waived, "reason_code": reason}).json()["state"] == "waived"


def test_another_units_work_does_not_exist(world: World, hall: System) -> None:
    case = world.listed()
    world.desk.catch_up()
    number = hall.send("POST", "/api/v1/joint-work", decision(case, matter="CC-8")).json()["number"]
    other = make("funds", "finance", ("subsidy",))
    problem(other.send("GET", f"/api/v1/joint-work/{number}"), 404, "not-found")
    assert other.send("GET", "/api/v1/joint-work").json()["total"] == 0
    body = {"seen": 1, "officer": "1", "executed_on": TODAY.isoformat(), "result": "x"}
    problem(other.send("POST", f"/api/v1/joint-work/{number}/execution", body), 404, "not-found")


def _examples() -> list[Any]:
    from xinyong.verification.joint_examples import EXAMPLES

    return EXAMPLES


@pytest.fixture(scope="module")
def example_system(world: World) -> System:
    world.desk.take([world.desk.registration("91410700000000019K", "示例接口有限公司")])
    return make("joint-examples", "demo", ("food-licence",))


@pytest.mark.parametrize("example", _examples(), ids=lambda item: f"{item.method} {item.path} {item.name}")
def test_every_example_of_the_description_is_true(example_system: System, example: Any) -> None:
    from xinyong.accounts.models import ApiClient

    client = ApiClient.objects.get(slug="joint-examples")
    machine = System(example_system.key)
    if example.set_up == "no-key":
        problem(Client().generic(example.method, example.path, b"{}"), example.status, example.code)
        return
    if example.set_up == "bad-key":
        machine = System("xyk_00000000_" + "0" * 43)
    changed = {"requests": ("requests_per_minute", 0), "no-right": ("rights", [])}
    name, value = changed.get(example.set_up, ("name", client.name))
    before = getattr(client, name)
    ApiClient.objects.filter(pk=client.pk).update(**{name: value})
    try:
        answer = machine.send(example.method, example.path, example.body, media=example.media)
    finally:
        ApiClient.objects.filter(pk=client.pk).update(**{name: before})
    if example.code:
        problem(answer, example.status, example.code)
    else:
        assert answer.status_code == example.status, answer.content.decode()
