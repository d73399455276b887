"""A delivery that looks wrong as a whole waits for a named person, and nothing of it is visible before."""

from __future__ import annotations

import dataclasses
import secrets
import threading
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from xinyong.accounts import actions as accounts
from xinyong.accounts import selectors as departments
from xinyong.accounts.models import Role, User
from xinyong.catalogue import selectors as catalogue
from xinyong.catalogue.entry import Assertion
from xinyong.intake import actions
from xinyong.intake.models import Delivery, DeliveryProfile
from xinyong.intake.queue import worker

KINDS = ("警告", "罚款", "没收违法所得、没收非法财物")


def bound(kind: str, value: str, **more: Any) -> Assertion:
    return Assertion(
        code=f"{kind}-bound", kind=kind, value=Decimal(value), reason_zh="示例理由", reason_en="a reason", **more
    )


@pytest.fixture
def bounds(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Give the penalty entry other bounds, as an edited catalogue file would."""

    def give(*assertions: Assertion, **more: Any) -> None:
        real = catalogue.entry
        monkeypatch.setattr(
            catalogue,
            "entry",
            lambda code, on: (
                dataclasses.replace(real(code, on), assertions=assertions, **more)
                if code == "penalty"
                else real(code, on)
            ),
        )

    return give


@pytest.fixture(scope="module")
def officers(desk: Any) -> dict[str, User]:
    del desk
    made = {}
    accounts.register_department(slug="elsewhere", name_zh="另一部门", acting="test")
    for name, role, slug in (
        ("sender", Role.SUPERVISOR, "demo"),
        ("checker", Role.SUPERVISOR, "demo"),
        ("stranger", Role.SUPERVISOR, "elsewhere"),
        ("reporter", Role.REPORTER, "demo"),
        ("boss", Role.OPERATOR, None),
    ):
        made[name] = accounts.create_user(
            username=name,
            password="a-long-password-1",
            display_name=name,
            role=role,
            department=departments.department(slug) if slug else None,
            acting="test",
        )
    return made


@pytest.fixture
def department(desk: Any) -> Iterator[str]:
    """A department without history."""
    slug = f"d{secrets.token_hex(6)}"
    accounts.register_department(slug=slug, name_zh=slug, acting="test")
    yield slug
    del desk


def send(desk: Any, slug: str, rows: int, *, first: int = 1, uploader: str = "sender", **fixed: Any) -> Any:
    """Deliver penalties; every third has another kind unless one is given."""
    made = []
    for number in range(first, first + rows):
        more = {key: value(number) if callable(value) else value for key, value in fixed.items()}
        more.setdefault("CF_CFLB", KINDS[number % 3])
        made.append(desk.penalty(desk.code(number), f"示例{number}公司", CF_WSH=f"（示）罚〔2026〕{number}号", **more))
    return actions.deliver(
        desk.csv(made), dataset="penalty", department=departments.department(slug), uploader=uploader
    )


def history(desk: Any, slug: str, rows: int = 30) -> int:
    """Three ordinary deliveries; the next free number."""
    first = 1 + 1000 * (Delivery.objects.count() + 1)
    for _ in range(3):
        assert send(desk, slug, rows, first=first).state == "committed"
        first += rows
    return first


@pytest.mark.parametrize(
    ("assertion", "rows", "fixed"),
    [
        (bound("row_drift", "5", hold=True), 3, {}),
        (bound("row_drift", "5", hold=True), 200, {}),
        (bound("fill_drift", "0.3", field="CF_SY", hold=True), 30, {"CF_SY": lambda n: "" if n % 2 else "事实"}),
        (bound("value_drift", "0.3", field="CF_CFLB", hold=True), 30, {"CF_CFLB": "警告"}),
        (bound("unknown_rate", "0.1", field="CF_CFLB", hold=True), 30, {"CF_CFLB": "不存在的种类"}),
    ],
    ids=["shrunk", "swollen", "emptier", "other values", "unknown values"],
)
def test_drift_holds_before_anything_is_visible(
    desk: Any, bounds: Any, department: str, officers: Any, assertion: Assertion, rows: int, fixed: dict[str, Any]
) -> None:
    bounds(assertion)
    first = history(desk, department)
    before, events = desk.totals(), desk.one("SELECT count(*) FROM ledger_event")
    receipt = send(desk, department, rows, first=first, **fixed)
    assert receipt.state == "held"
    after = desk.totals()
    assert {**after, "findings": 0} == {**before, "findings": 0}, "nothing entered"
    assert desk.one("SELECT count(*) FROM ledger_event") == events
    delivery = Delivery.objects.get(number=receipt.delivery)
    assert [reason[0] for reason in delivery.hold] == [assertion.code]
    assert "示例理由" in delivery.hold[0][1]
    assert (delivery.read, delivery.committed_at) == (rows, None)
    again = send(desk, department, rows, first=first, **fixed)
    assert again.delivery == receipt.delivery, "the same file again is no way around"
    # An officer looks at it and lets it in.
    actions.release(delivery, officers["boss"], "核对无误，年初集中报送")
    worker.work(threading.Event(), once=True)
    delivery.refresh_from_db()
    assert delivery.state == "committed"
    assert delivery.accepted + delivery.rejected + delivery.unchanged == rows
    assert delivery.released_by == "boss"
    assert len(desk.findings(delivery.number)) == desk.one(
        "SELECT count(DISTINCT (row, code, field)) FROM intake_finding WHERE delivery_id = %s", delivery.pk
    ), "the findings of the hold are not doubled"


def test_an_ordinary_delivery_and_a_short_history_are_not_held(desk: Any, bounds: Any, department: str) -> None:
    bounds(
        bound("row_drift", "2", hold=True, history_least=3),
        bound("value_drift", "0.2", field="CF_CFLB", hold=True),
        bound("fill_drift", "0.2", field="CF_SY", hold=True),
    )
    first = 500_001
    for size in (30, 400, 30, 33):  # the second is large, but two are no history yet
        assert send(desk, department, size, first=first).state == "committed"
        first += size
    found = DeliveryProfile.objects.filter(delivery__department__slug=department).latest("delivery_id")
    assert found.rows == 33
    assert found.values["CF_CFLB"] == {kind: 11 for kind in KINDS}
    assert found.fill["CF_SY"] == 1.0


def test_an_abort_bound_refuses_and_a_bare_one_leaves_a_note(desk: Any, bounds: Any, department: str) -> None:
    bounds(bound("row_drift", "5", abort=True), bound("max_rows", "29"))
    first = history(desk, department)
    assert "max_rows-bound" in Delivery.objects.latest("id").notes[-1][1]
    with pytest.raises(actions.DeliveryRefused, match="row_drift-bound"):
        send(desk, department, 200, first=first)


def test_parts_by_nature_are_not_judged(desk: Any, bounds: Any, department: str) -> None:
    bounds(bound("row_drift", "5", hold=True), bound("min_rows", "10", abort=True))
    history(desk, department)
    path = desk.csv([desk.penalty(desk.code(77), "示例77公司")])
    receipt = actions.deliver(
        path,
        dataset="penalty",
        department=departments.department(department),
        uploader="sender",
        channel=Delivery.Channel.API,
    )
    assert receipt.state == "committed"


@pytest.mark.parametrize("by", ["entry", "rule"])
def test_four_eyes(desk: Any, bounds: Any, department: str, officers: dict[str, User], by: str) -> None:
    from datetime import date

    from xinyong.intake.models import ReleaseRule
    from xinyong.intake.release import actions as release_actions

    if by == "entry":
        bounds(release="four_eyes")
    else:
        release_actions.lay_down(
            department=departments.department(department),
            dataset="penalty",
            good_rows=ReleaseRule.GoodRows.AT_ONCE,
            four_eyes=True,
            effective_from=date(2026, 1, 1),
            reason="双人复核制度",
            acting="test",
        )
    receipt = send(desk, department, 2, first=900_001, uploader="boss")
    delivery = Delivery.objects.get(number=receipt.delivery)
    assert (delivery.state, delivery.hold[0][0]) == ("held", "four-eyes")
    with pytest.raises(actions.SameOfficer):
        actions.release(delivery, officers["boss"], "自己放行")
    with pytest.raises(departments.RightMissing):
        actions.release(delivery, officers["reporter"], "没有权限")
    with pytest.raises(departments.RightMissing):
        actions.release(delivery, officers["stranger"], "别的部门")
    with pytest.raises(departments.RightMissing):
        actions.discard(delivery, officers["stranger"], "别的部门")
    delivery.refresh_from_db()
    assert delivery.state == "held"
    user = officers["checker"]
    User.objects.filter(pk=user.pk).update(department=departments.department(department))
    user.refresh_from_db()
    with pytest.raises(actions.NoteMissing):
        actions.release(delivery, user, "  ")
    if by == "entry":
        actions.release(delivery, user, "两人复核")
        with pytest.raises(actions.DeliveryState):
            actions.release(delivery, user, "两次")
        assert actions.process(Delivery.objects.get(pk=delivery.pk)).state == "committed"
    else:
        actions.discard(delivery, user, "部门来函要求作废")
        delivery.refresh_from_db()
        assert delivery.state == "refused"
        assert "部门来函要求作废" in delivery.failure["message_zh"]
        assert desk.one("SELECT count(*) FROM ledger_version WHERE delivery_id = %s", delivery.pk) == 0
    deeds = desk.rows("SELECT actor, deed FROM audit_auditentry WHERE target = %s ORDER BY id", delivery.number)
    assert ("checker", "delivery.released" if by == "entry" else "delivery.discarded") in deeds
    User.objects.filter(pk=user.pk).update(department=departments.department("demo"))


def test_a_reason_nobody_saw_holds_again(desk: Any, bounds: Any, department: str, officers: dict[str, User]) -> None:
    bounds(release="four_eyes")
    delivery = Delivery.objects.get(number=send(desk, department, 30, first=950_001).delivery)
    actions.release(delivery, officers["boss"], "复核")
    bounds(bound("max_rows", "10", hold=True))
    receipt = actions.process(Delivery.objects.get(pk=delivery.pk))
    delivery.refresh_from_db()
    assert (receipt.state, delivery.released_by, delivery.hold[0][0]) == ("held", "", "max_rows-bound")
