"""The desk: cases open by themselves, are decided by people, and their rows enter the ledger through the engine."""

from __future__ import annotations

import csv
import io
import json
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

PASSWORD = "a-long-password-1"
WORDS = {"reason": "住所和法定代表人一致"}


@pytest.fixture(scope="module")
def people(desk: Any) -> dict[str, Any]:
    """Two officers of the platform, the department's reporter, one of another department."""
    from xinyong.accounts import actions as accounts
    from xinyong.accounts import selectors
    from xinyong.accounts.models import Role

    accounts.register_department(slug="another", name_zh="另一部门", acting="test")
    return {
        name: accounts.create_user(
            username=name,
            password=PASSWORD,
            display_name=name,
            role=role,
            department=selectors.department(slug) if slug else None,
            acting="test",
        )
        for name, role, slug in (
            ("first", Role.OPERATOR, None),
            ("second", Role.OPERATOR, None),
            ("third", Role.OPERATOR, None),
            ("reporter", Role.REPORTER, "demo"),
            ("stranger", Role.REPORTER, "another"),
        )
    }


@pytest.fixture(scope="module")
def world(desk: Any, people: Any) -> dict[str, int]:
    """Registered companies, two of one name."""
    names = ["示例宏达商贸有限公司", "示例宏远商贸有限公司", "示例同名有限公司", "示例同名有限公司"]
    rows = [
        desk.registration(desk.code(number), name, 法定代表人="示例甲", 住所=f"示例路{number}号")
        for number, name in enumerate(names, start=1)
    ]
    assert desk.take(rows).accepted == 4
    desk.catch_up()
    return {
        str(number): desk.one("SELECT id FROM registry_entity WHERE credit_code = %s", desk.code(number))
        for number in range(1, 5)
    }


def returned(desk: Any, *names: str, **cells: str) -> list[Any]:
    """Rows of the abnormal list under these names and without a code; their cases."""
    from xinyong.desk import actions
    from xinyong.desk.models import Case

    receipt = desk.take([desk.abnormal("", name, **cells) for name in names], "abnormal-list")
    assert receipt.rejected == len(names), [(item.code, item.reason_en) for item in desk.findings(receipt.delivery)]
    actions.open_cases()
    return list(Case.objects.filter(delivery__number=receipt.delivery).order_by("row"))


def client(name: str) -> Client:
    visitor = Client(headers={"accept-language": "zh-CN"})
    assert visitor.login(username=name, password=PASSWORD)
    return visitor


def test_every_returned_row_becomes_one_case_and_stays_until_it_is_decided(desk: Any, world: Any) -> None:
    from xinyong.desk import actions

    cases = returned(desk, "示例宏大商贸有限公司", "示例同名有限公司", "完全不相干")
    assert [case.reason for case in cases] == ["subject-unknown", "name-not-unique", "subject-unknown"]
    assert [case.state for case in cases] == ["open"] * 3
    assert actions.open_cases() == 0, "a delivery is looked through once"
    assert actions.send_decided(now=True) == 0


def test_candidates_stand_beside_the_row_with_what_differs_marked(desk: Any, world: Any, people: Any) -> None:
    (case,) = returned(desk, "示例宏大商贸有限公司")
    page = client("first").get(f"/console/desk/{case.pk}")
    text = page.content.decode()
    assert page.status_code == 200
    assert "示例宏<mark>达</mark>商贸有限公司" in text
    assert desk.code(1) in text and "示例路1号" in text


def test_a_decision_sends_the_very_row_again_as_a_delivery_of_its_own(desk: Any, world: Any, people: Any) -> None:
    from xinyong.desk import actions, links
    from xinyong.desk.models import Decision
    from xinyong.intake import store

    (case,) = returned(desk, "示例宏大商贸有限公司")
    versions = desk.totals()["versions"]
    actions.say(people["first"], case.pk, entity_id=world["1"], **WORDS)
    assert actions.send_decided() == 0, "there is time to take it back"
    assert actions.send_decided(now=True) == 1
    case.refresh_from_db()
    assert case.state == "stored" and desk.totals()["versions"] == versions + 1
    sent = case.sent
    assert (sent.channel, sent.parent_id, sent.accepted) == ("resolution", case.delivery_id, 1)
    lines = list(csv.reader(io.StringIO(store.path_of(sent.sha256).read_text("utf-8"))))
    assert lines[1][0] == "示例宏大商贸有限公司" and lines[1][1] == "", "nothing is added to what the department wrote"
    row = desk.rows("SELECT entity_id, department_id FROM ledger_version WHERE delivery_id = %s", sent.pk)
    assert row == [(world["1"], case.department_id)]
    assert actions.send_decided(now=True) == 0 and desk.totals()["versions"] == versions + 1
    told = links.why(sent.number, 2)
    assert told["rule"] == "decided" and "住所和法定代表人一致" in told["words_zh"]
    decision = Decision.objects.get(case=case)
    assert decision.officers == ["first"] and ["企业名称", "示例宏大商贸有限公司"] in decision.evidence
    assert any(item["name"] == "示例宏达商贸有限公司" and item["grounds"] for item in decision.candidates)


def test_a_killed_sender_is_taken_up_again_and_doubles_nothing(
    desk: Any, world: Any, people: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from xinyong.desk import actions
    from xinyong.intake import actions as intake

    (case,) = returned(desk, "示例宏大商贸有限公司", 列入日期=(date.today() - timedelta(days=77)).isoformat())
    actions.say(people["first"], case.pk, entity_id=world["1"], **WORDS)
    versions = desk.totals()["versions"]

    def killed(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    for broken in ("receive", "process"):
        with monkeypatch.context() as patch:
            patch.setattr(intake, broken, killed)
            with pytest.raises(KeyboardInterrupt):
                actions.send_decided(now=True)
    intake.resume()
    actions.send_decided(now=True)
    case.refresh_from_db()
    assert case.state == "stored" and desk.totals()["versions"] == versions + 1


def test_none_of_them_goes_back_and_can_be_taken_back(desk: Any, world: Any, people: Any) -> None:
    from xinyong.desk import actions
    from xinyong.desk.errors import CaseMovedOn, ChoiceRefused
    from xinyong.desk.models import Decision

    (case,) = returned(desk, "完全不相干")
    with pytest.raises(ChoiceRefused, match="reason"):
        actions.say(people["first"], case.pk, entity_id=None, reason=" ")
    assert actions.say(people["first"], case.pk, entity_id=None, **WORDS).state == "returned"
    with pytest.raises(CaseMovedOn):
        actions.say(people["second"], case.pk, entity_id=world["1"], **WORDS)
    with pytest.raises(CaseMovedOn, match="no opinion of yours"):
        actions.undo(people["second"], case.pk)
    assert actions.undo(people["first"], case.pk).state == "open"
    assert Decision.objects.get(case=case).undone_by == "first"
    actions.say(people["first"], case.pk, entity_id=world["2"], **WORDS)
    actions.send_decided(now=True)
    with pytest.raises(CaseMovedOn, match="cannot be taken back"):
        actions.undo(people["first"], case.pk)


def test_two_persons_decide_blind(desk: Any, world: Any, people: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from xinyong.desk import actions
    from xinyong.desk.errors import CaseMovedOn

    monkeypatch.setenv("XINYONG_SECOND_PERSON", "resolution")
    one, two = returned(desk, "示例宏大商贸有限公司", "示例宏大商贸公司")
    assert actions.say(people["first"], one.pk, entity_id=world["1"], reason="只有我知道的理由").state == "second"
    with pytest.raises(CaseMovedOn, match="another officer must"):
        actions.say(people["first"], one.pk, entity_id=world["1"], **WORDS)
    assert "只有我知道的理由" not in client("second").get(f"/console/desk/{one.pk}").content.decode()
    assert "只有我知道的理由" in client("first").get(f"/console/desk/{one.pk}").content.decode()
    assert actions.say(people["second"], one.pk, entity_id=world["1"], **WORDS).state == "decided"
    assert "只有我知道的理由" in client("second").get(f"/console/desk/{one.pk}").content.decode()
    actions.say(people["first"], two.pk, entity_id=world["1"], **WORDS)
    assert actions.say(people["second"], two.pk, entity_id=world["2"], **WORDS).state == "disputed"
    assert actions.say(people["third"], two.pk, entity_id=world["2"], **WORDS).state == "decided"
    two.refresh_from_db()
    assert two.entity_id == world["2"]


def test_the_department_is_asked_and_answers(desk: Any, world: Any, people: Any) -> None:
    from xinyong.desk import actions

    (case,) = returned(desk, "示例宏大商贸有限公司")
    visitor = client("reporter")
    assert visitor.get(f"/console/desk/{case.pk}").status_code == 404, "a department sees what it was asked about"
    actions.ask(people["first"], case.pk, "是宏达还是宏远？")
    page = visitor.get(f"/console/desk/{case.pk}").content.decode()
    assert "是宏达还是宏远？" in page and "候选主体" not in page
    assert client("stranger").get(f"/console/desk/{case.pk}").status_code == 404
    answered = visitor.post(f"/console/desk/{case.pk}/answer", {"answer": "是宏达，原件写错。"})
    assert answered.status_code == 302
    case.refresh_from_db()
    assert (case.state, case.answered_by) == ("open", "reporter")
    assert "是宏达，原件写错。" in client("first").get(f"/console/desk/{case.pk}").content.decode()


def test_the_form_decides_all_of_one_name_and_makes_a_rule(desk: Any, world: Any, people: Any) -> None:
    from xinyong.desk import actions
    from xinyong.registry.models import NamingRule

    written = "示例宏大贸易"
    cases = returned(desk, written, written, written, **{"列入日期": "2024-01-02"})
    visitor = client("first")
    answer = visitor.post(
        f"/console/desk/{cases[0].pk}/decide",
        {
            "choice": str(world["1"]),
            "reason": "部门一贯的写法",
            "all": "1",
            "rule": "1",
            "until": (timezone.localdate() + timedelta(days=9)).isoformat(),
        },
    )
    assert answer.status_code == 302
    for case in cases:
        case.refresh_from_db()
        assert case.state == "decided"
    assert NamingRule.objects.get(department_id=cases[0].department_id).entity_id == world["1"]
    actions.send_decided(now=True)
    receipt = desk.take([desk.abnormal("", written, 列入日期="2025-03-04")], "abnormal-list")
    assert receipt.accepted == 1 and desk.one(
        "SELECT entity_id FROM registry_link AS link JOIN intake_delivery AS delivery ON delivery.id = link.delivery_id "
        "WHERE delivery.number = %s AND link.rule = 'rule'", receipt.delivery
    ) == world["1"]  # fmt: skip
    wrong = visitor.post(f"/console/desk/{cases[0].pk}/decide", {"reason": "x"})
    assert wrong.status_code == 422 and "请先选择一个主体" in wrong.content.decode()


def test_a_new_entity_only_where_the_law_allows(desk: Any, world: Any, people: Any) -> None:
    from xinyong.desk import actions
    from xinyong.registry.errors import ActRefused
    from xinyong.registry.models import Entity

    (case,) = returned(desk, "示例村老年协会")
    enter = {"reason": "登记证原件", "number": "", "number_type": ""}
    for kind, name, more in (
        ("enterprise", "示例某某有限公司", {}),
        ("organisation", "示例村老年协会", {}),
        ("individual_business", "张三", {}),
        ("individual_business", "欧阳示例", {}),
        ("person", "张三", {}),
    ):
        with pytest.raises(ActRefused):
            actions.enter_entity(people["first"], case.pk, kind=kind, name=name, **{**enter, **more})
    number = {"number_type": "social_certificate", "number": "社证字第4107号"}
    made = actions.enter_entity(
        people["first"], case.pk, kind="organisation", name="示例村老年协会", **{**enter, **number}
    )
    assert isinstance(made, Entity) and not made.registered
    actions.say(people["first"], case.pk, entity_id=made.pk, **WORDS)
    assert actions.send_decided(now=True) == 1
    case.refresh_from_db()
    assert case.state in ("stored", "open"), case.trouble


def test_decisions_are_exported_with_everything_that_was_looked_at(desk: Any, world: Any, people: Any) -> None:
    visitor = client("first")
    lines = b"".join(visitor.get("/console/desk/decisions.jsonl").streaming_content).decode().splitlines()
    rows = [json.loads(line) for line in lines]
    assert len(rows) == desk.one("SELECT count(*) FROM desk_decision") > 3
    assert all(row["evidence"] and row["officers"] and row["reasons"] for row in rows)
    table = b"".join(visitor.get("/console/desk/decisions.csv").streaming_content).decode("utf-8-sig")
    assert len(list(csv.reader(io.StringIO(table)))) == len(rows) + 1
    assert client("reporter").get("/console/desk/decisions.jsonl").status_code == 403
    from click.testing import CliRunner

    from xinyong.cli import main

    told = CliRunner().invoke(main, ["desk", "decisions", "--by", "first", "--json"])
    assert [json.loads(line)["decision"] for line in told.output.splitlines()] == [row["decision"] for row in rows]


def test_no_case_is_ever_lost(desk: Any, world: Any) -> None:
    """Every returned row of the whole module stands in exactly one case."""
    open_rows = desk.one(
        "SELECT count(*) FROM intake_finding AS finding JOIN intake_delivery AS delivery ON delivery.id = finding.delivery_id "
        "WHERE finding.code IN ('subject-unknown', 'name-not-unique', 'subject-contradiction') "
        "AND delivery.channel <> 'resolution'"
    )
    assert open_rows == desk.one("SELECT count(*) FROM desk_case")
    stored = "SELECT count(*) FROM desk_case WHERE state = 'stored' AND (sent_id IS NULL OR entity_id IS NULL)"
    assert desk.one(stored) == 0


def correction(desk: Any, case: Any, row: dict[str, str]) -> Any:
    """The department sends the returned row again as a copy of the error list, corrected."""
    from xinyong.intake.correction import layout
    from xinyong.intake.models import Delivery

    heading = layout.row_heading(case.delivery.number)
    receipt = desk.take([{**row, heading: str(case.row)}], "abnormal-list")
    return Delivery.objects.get(number=receipt.delivery)


def test_a_case_ends_when_the_department_corrects_the_row_itself(desk: Any, world: Any, people: Any) -> None:
    """Open or decided but not sent: the corrected row counts, the old one is not sent any more, the page says why."""
    from xinyong.desk import actions
    from xinyong.desk.errors import CaseMovedOn
    from xinyong.desk.models import Decision

    name = "示例宏大商贸有限公司"
    opened, decided = returned(desk, name, "示例宏大商贸公司", 列入原因="通过登记的住所无法联系")
    actions.say(people["first"], decided.pk, entity_id=world["2"], **WORDS)
    versions = desk.totals()["versions"]
    for case in (opened, decided):
        sent = correction(desk, case, desk.abnormal(desk.code(1), "示例宏达商贸有限公司", 列入原因=f"更正{case.row}"))
        assert (sent.accepted, sent.parent_id) == (1, case.delivery_id)
        actions.open_cases()
        case.refresh_from_db()
        assert (case.state, case.closed_in_id, case.closed_row) == ("corrected", sent.pk, 2)
        with pytest.raises(CaseMovedOn, match="dealt with the row itself"):
            actions.say(people["second"], case.pk, entity_id=world["1"], **WORDS)
    assert Decision.objects.get(case=decided).undone_by == "department"
    assert actions.send_decided(now=True) == 0 and desk.totals()["versions"] == versions + 2, "nothing more is sent"
    text = client("first").get(f"/console/desk/{opened.pk}").content.decode()
    assert "报送部门已自行更正这一行" in text and opened.closed_in.number in text and "提交认定" not in text


def test_a_decision_meets_the_correction_at_the_last_moment(desk: Any, world: Any, people: Any) -> None:
    """The correction entered after the cases were looked through: sending looks once more."""
    from xinyong.desk import actions

    (case,) = returned(desk, "示例宏大商贸有限公司", 列入原因="最后一刻")
    actions.say(people["first"], case.pk, entity_id=world["1"], **WORDS)
    correction(desk, case, desk.abnormal(desk.code(2), "示例宏远商贸有限公司", 列入原因="最后一刻更正"))
    versions = desk.totals()["versions"]
    assert actions.send_decided(now=True) == 1
    case.refresh_from_db()
    assert (case.state, case.sent_id) == ("corrected", None) and desk.totals()["versions"] == versions


def test_a_correction_that_is_returned_too_is_a_case_of_its_own(desk: Any, world: Any, people: Any) -> None:
    from xinyong.desk import actions
    from xinyong.desk.models import Case

    (case,) = returned(desk, "示例宏大商贸有限公司", 列入原因="再次退回")
    sent = correction(desk, case, desk.abnormal("", "示例同名有限公司", 列入原因="再次退回"))
    actions.open_cases()
    case.refresh_from_db()
    again = Case.objects.get(delivery=sent)
    assert (case.state, again.state, again.reason) == ("corrected", "open", "name-not-unique")


def test_a_row_given_up_ends_its_case_and_opens_it_again_when_taken_up(desk: Any, world: Any, people: Any) -> None:
    from xinyong.desk import actions
    from xinyong.intake.correction import draft

    (case,) = returned(desk, "示例宏大商贸有限公司", 列入原因="不再报送")
    draft.give_up(case.delivery, case.row, "原决定已撤销", people["reporter"])
    assert actions.send_decided() == 1
    case.refresh_from_db()
    assert (case.state, case.closed_in_id, case.closed_why) == ("corrected", None, "原决定已撤销")
    text = client("first").get(f"/console/desk/{case.pk}").content.decode()
    assert "报送部门不再报送这一行：原决定已撤销" in text
    draft.take_up(case.delivery, case.row, people["reporter"])
    assert actions.send_decided() == 1 and actions.send_decided() == 0
    case.refresh_from_db()
    assert (case.state, case.closed_at) == ("open", None)


def test_the_department_reads_at_its_own_row_that_the_desk_stored_it(desk: Any, world: Any, people: Any) -> None:
    from xinyong.desk import actions

    (case,) = returned(desk, "示例宏大商贸有限公司", 列入原因="去向")
    actions.say(people["first"], case.pk, entity_id=world["1"], **WORDS)
    actions.send_decided(now=True)
    case.refresh_from_db()
    fate = desk.rows('SELECT "row", fate, answer_id FROM intake_fates_v1(%s)', case.delivery_id)
    assert fate == [(case.row, "corrected", case.sent_id)]
