"""Acts on records, as-of reads that never change their answer, and field-level differences."""

from __future__ import annotations

import json
import threading
import time
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.utils import timezone

from xinyong.accounts import actions as accounts
from xinyong.accounts.models import Department, Role, User
from xinyong.accounts.selectors import RightMissing
from xinyong.ledger import actions, past, rules, selectors
from xinyong.ledger.errors import MomentAhead, RecordNotFound, StatusRefused
from xinyong.runtime import database

SHOWN = "SELECT count(*) FROM publicity_window WHERE record_id = %s"


@pytest.fixture(scope="module")
def officer(desk: Any) -> User:
    """An operator."""
    return accounts.create_user(
        username="status-operator",
        display_name="操作员",
        department=None,
        role=Role.OPERATOR,
        password="a-long-password-1",
        acting="test",
    )


@pytest.fixture(scope="module")
def reporter(desk: Any) -> User:
    """Somebody without the right."""
    return accounts.create_user(
        username="status-reporter",
        display_name="报送员",
        department=Department.objects.get(slug="demo"),
        role=Role.REPORTER,
        password="a-long-password-1",
        acting="test",
    )


def penalty(desk: Any, number: int, **more: str) -> tuple[int, int]:
    """(entity, record) of a penalty that is shown."""
    code, name = desk.code(number), f"示例{number}处理有限公司"
    desk.take([desk.registration(code, name)])
    desk.take([desk.penalty(code, name, CF_WSH=f"处{number}", **more)], "penalty")
    desk.catch_up()
    entity = desk.one("SELECT id FROM registry_entity WHERE credit_code = %s", code)
    record = desk.one(
        "SELECT record_id FROM ledger_record JOIN catalogue_dataset AS dataset ON dataset.id = dataset_id "
        "WHERE entity_id = %s AND code = 'penalty'",
        entity,
    )
    return entity, record


def act(user: User, record: int, code: str, **more: Any) -> int:
    """Record an act with the usual reason."""
    return actions.record_status(user, record, code, **{"reason": "测试", "basis": "（示）复〔2026〕1号", **more})


# --- acts -----------------------------------------------------------------------------------------------------------


def test_a_withdrawn_record_is_not_shown_and_comes_back_when_reinstated(desk: Any, officer: User) -> None:
    entity, record = penalty(desk, 1)
    assert desk.one(SHOWN, record) == 1
    before = desk.rows("SELECT * FROM publicity_window WHERE record_id = %s", record)
    number = act(officer, record, "withdrawn", cause="annulled")
    desk.catch_up()
    assert desk.one(SHOWN, record) == 0
    assert [item["states"] for item in selectors.records_of_entity(entity) if item["record_id"] == record] == [
        ["withdrawn"]
    ]
    # A further version of a withdrawn record is taken in, and is not shown either.
    desk.take([desk.penalty(desk.code(1), "示例1处理有限公司", CF_WSH="处1", CF_SY="改过的事实。")], "penalty")
    desk.catch_up()
    assert desk.one(SHOWN, record) == 0
    answer = act(officer, record, "reinstated")
    desk.catch_up()
    assert desk.rows("SELECT * FROM publicity_window WHERE record_id = %s", record) == before
    history = selectors.record(record)
    assert [(item["act"], item["answers"], item["version_no"]) for item in history.acts] == [
        ("withdrawn", None, 1),
        ("reinstated", number, 2),
    ]
    assert history.states() == {}
    assert answer > number
    assert desk.one("SELECT count(*) FROM audit_auditentry WHERE target = %s", f"record {record}") == 2


def test_a_mark_does_not_hide(desk: Any, officer: User) -> None:
    _, record = penalty(desk, 2)
    act(officer, record, "disputed")
    desk.catch_up()
    assert desk.one(SHOWN, record) == 1
    assert set(selectors.record(record).states()) == {"disputed"}


@pytest.mark.parametrize(
    ("code", "more", "match"),
    [
        ("nothing", {}, "no such act"),
        ("withdrawn", {}, "cause"),
        ("withdrawn", {"cause": "because"}, "cause"),
        ("disputed", {"cause": "annulled"}, "cause"),
        ("disputed", {"reason": "  "}, "reason"),
        ("disputed", {"basis": ""}, "reason"),
        ("reinstated", {}, "not in the state"),
        ("dispute_ended", {}, "not in the state"),
        ("disputed", {"effective_at": timedelta(minutes=5)}, "future"),
        ("disputed", {"effective_at": timedelta(days=-400)}, "before the decision"),
        ("repaired", {"effective_at": timedelta(days=-3000)}, "did not know"),
    ],
)
def test_an_act_that_does_not_fit_is_refused_and_leaves_nothing(
    desk: Any, officer: User, code: str, more: dict[str, Any], match: str
) -> None:
    record = desk.one("SELECT min(record_id) FROM ledger_record WHERE decided_on IS NOT NULL") or penalty(desk, 3)[1]
    _, record = penalty(desk, 3)
    if "effective_at" in more:
        more = {"effective_at": timezone.now() + more["effective_at"]}
    before = desk.rows("SELECT count(*) FROM ledger_event UNION ALL SELECT count(*) FROM audit_auditentry")
    with pytest.raises(StatusRefused, match=match):
        act(officer, record, code, **more)
    assert desk.rows("SELECT count(*) FROM ledger_event UNION ALL SELECT count(*) FROM audit_auditentry") == before


def test_an_open_state_is_not_opened_again_and_the_right_is_needed(desk: Any, officer: User, reporter: User) -> None:
    _, record = penalty(desk, 4)
    with pytest.raises(RightMissing):
        act(reporter, record, "disputed")
    act(officer, record, "disputed")
    with pytest.raises(StatusRefused, match="already"):
        act(officer, record, "disputed")
    for _ in range(2):
        act(officer, record, "corrected")
    with pytest.raises(RecordNotFound):
        act(officer, 10**12, "disputed")


def test_of_two_officers_at_once_one_is_told(desk: Any, officer: User) -> None:
    _, record = penalty(desk, 5)
    results: list[str] = []

    def work() -> None:
        from django.db import connection

        try:
            act(officer, record, "disputed")
            results.append("done")
        except StatusRefused:
            results.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["done", "refused", "refused"]


def test_the_first_clock_says_from_when_an_act_holds(desk: Any, officer: User) -> None:
    _, record = penalty(desk, 6)
    ten_days_ago = timezone.now() - timedelta(days=10)
    act(officer, record, "withdrawn", cause="changed", effective_at=ten_days_ago)
    history = selectors.record(record)
    assert set(history.states(timezone.now() - timedelta(days=11))) == set()
    assert set(history.states(timezone.now() - timedelta(days=9))) == {"withdrawn"}
    # On the second clock nobody knew ten days ago.
    with pytest.raises(RecordNotFound):
        selectors.record(record, ten_days_ago)


def test_acts_are_append_only_for_the_application(desk: Any, officer: User) -> None:
    _, record = penalty(desk, 7)
    act(officer, record, "disputed")
    for deed in ("UPDATE ledger_status SET reason = 'x'", "DELETE FROM ledger_status", "TRUNCATE ledger_status"):
        with database.connect() as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(deed.encode())
        with database.connect_owner() as connection, pytest.raises(psycopg.errors.IntegrityError):
            connection.execute(deed.encode())


def test_the_vocabulary_is_closed_and_every_inverse_fits() -> None:
    known = rules.rule_set()
    for item in known.acts.values():
        assert item.certainty in ("confirmed", "to_be_confirmed")
        assert item.article and item.source and item.source_en and item.zh and item.en
        if item.closes:
            assert any(other.opens == item.closes for other in known.acts.values())
    broken = {
        "version": "1",
        "states": [{"code": "a", "zh": "", "en": "", "hides": False}],
        "acts": [],
    }
    with pytest.raises(ValueError, match="no act opens"):
        rules.parse(broken)


def test_the_commands(desk: Any, officer: User) -> None:
    _, record = penalty(desk, 8)
    common = ("--officer", officer.username, "--reason", "原决定被撤销", "--basis", "（示）复〔2026〕9号")
    done = desk.cli("status", "record", record, "withdrawn", "--cause", "annulled", *common, "--json")
    assert done.exit_code == 0, done.output
    assert desk.one(SHOWN, record) == 0
    listed = json.loads(desk.cli("status", "list", record, "--json").stdout)
    assert (listed["states"], listed["hidden"], listed["acts"][0]["cause"]) == (["withdrawn"], True, "annulled")
    again = desk.cli("status", "record", record, "withdrawn", "--cause", "annulled", *common, "--json")
    assert (again.exit_code, json.loads(again.stdout)["error"]) == (2, "status-refused")
    nobody = desk.cli("status", "record", record, "reinstated", "--officer", "nobody", *common[2:])
    assert nobody.exit_code == 4
    vocabulary = json.loads(desk.cli("status", "acts", "--json").stdout)
    assert {row["act"]: row["inverse"] for row in vocabulary["acts"]}["withdrawn"] == "reinstated"
    assert "撤下" in desk.cli("status", "acts").stdout
    assert "撤下" in desk.cli("status", "list", record).stdout


# --- as of ----------------------------------------------------------------------------------------------------------


def file(entity: int, moment: datetime) -> str:
    """Everything as of a moment, as text."""
    return json.dumps(past.entity_file(entity, moment), ensure_ascii=False, default=str)


def test_the_file_of_an_entity_as_of_any_moment_never_changes(desk: Any, officer: User) -> None:
    """Writers go on while it is asked, also some that begin early and end late; every answer is asked for again."""
    codes = [desk.code(number) for number in range(50, 54)]
    desk.take([desk.registration(code, f"示例{code[-4:]}起初有限公司") for code in codes])
    entities = [desk.one("SELECT id FROM registry_entity WHERE credit_code = %s", code) for code in codes]
    stop, failures = threading.Event(), list[BaseException]()

    def write(worker: int) -> None:
        from django.db import connection

        turn = 0
        try:
            while not stop.is_set():
                turn += 1
                rows = [
                    desk.registration(code, f"示例{code[-4:]}第{worker}之{turn}有限公司") for code in codes[worker::2]
                ]
                desk.take(rows)
                rows = [desk.penalty(code, "示例", CF_WSH=f"时{worker}-{turn}") for code in codes[worker::2]]
                desk.take(rows, "penalty")
                record = desk.one("SELECT max(record_id) FROM ledger_record WHERE entity_id = %s", entities[worker])
                act(officer, record, "disputed")
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    writers = [threading.Thread(target=write, args=(worker,)) for worker in range(2)]
    for writer in writers:
        writer.start()
    answers: list[tuple[int, datetime, str]] = []
    deadline = time.monotonic() + 6
    while time.monotonic() < deadline and not failures:
        for entity in entities:
            moment = timezone.now()
            answers.append((entity, moment, file(entity, moment)))
    stop.set()
    for writer in writers:
        writer.join()
    assert failures == []
    assert len(answers) > 20
    assert len({text for _, _, text in answers}) > 8
    for entity, moment, text in answers:
        assert file(entity, moment) == text
    # Answers of one entity grow: what was there is still there.
    for entity in entities:
        counts = [len(json.loads(text)["records"]) for one, _, text in answers if one == entity]
        assert counts == sorted(counts)


def test_a_loader_that_began_before_the_moment_and_ended_after_it_is_not_in_the_answer(desk: Any) -> None:
    """Its versions carry an earlier time of writing; what counts is when they were committed."""
    code = desk.code(70)
    desk.take([desk.registration(code, "示例先到有限公司")])
    entity = desk.one("SELECT id FROM registry_entity WHERE credit_code = %s", code)
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"

    def late() -> None:
        from django.db import connection

        desk.take([desk.registration(code, "示例后到有限公司")])
        connection.close()

    with database.connect_owner() as holder:
        holder.execute("LOCK TABLE ledger_event IN SHARE MODE")
        thread = threading.Thread(target=late)
        thread.start()
        deadline = time.monotonic() + 30
        while desk.one(waiting) == 0:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        moment = timezone.now()
        early = file(entity, moment)
    thread.join()
    assert "示例后到有限公司" in file(entity, timezone.now())
    assert "示例后到有限公司" not in early
    assert file(entity, moment) == early
    written = desk.one("SELECT max(recorded_at) FROM ledger_version WHERE entity_id = %s", entity)
    assert written < moment


def test_names_numbers_and_status_as_they_stood(desk: Any) -> None:
    code = desk.code(80)
    desk.take([desk.registration(code, "示例旧名有限公司")])
    entity = desk.one("SELECT id FROM registry_entity WHERE credit_code = %s", code)
    first = timezone.now()
    desk.take([desk.registration(code, "示例新名有限公司")])
    second = timezone.now()
    desk.take([desk.registration(code, "示例旧名有限公司")])
    old, new, again = (past.entity_file(entity, moment) for moment in (first, second, timezone.now()))
    assert (old["name"], new["name"], again["name"]) == ("示例旧名有限公司", "示例新名有限公司", "示例旧名有限公司")
    assert [(item["name"], item["kind"]) for item in new["names"]] == [
        ("示例旧名有限公司", "former"),
        ("示例新名有限公司", "registered"),
    ]
    assert [item["kind"] for item in again["names"]] == ["former", "former", "registered"]
    assert [item["value"] for item in old["identifiers"]] == [code]
    shown = json.loads(desk.cli("show", code, "--as-of", second.isoformat(), "--json").stdout)
    assert shown == json.loads(json.dumps(new, default=str))
    assert "示例新名有限公司" in desk.cli("show", code, "--as-of", second.isoformat()).stdout


def test_what_is_to_come_cannot_be_asked(desk: Any) -> None:
    entity = desk.one("SELECT min(id) FROM registry_entity")
    with pytest.raises(MomentAhead):
        past.entity_file(entity, timezone.now() + timedelta(minutes=1))
    code = desk.one("SELECT min(credit_code) FROM registry_entity")
    done = desk.cli("show", code, "--as-of", "2099-01-01", "--json")
    assert (done.exit_code, json.loads(done.stdout)["error"]) == (2, "moment-ahead")


# --- differences ----------------------------------------------------------------------------------------------------


def test_the_difference_of_two_versions_field_by_field(desk: Any) -> None:
    _, record = penalty(desk, 90, CF_NR_FK="0.02")
    again = desk.penalty(desk.code(90), "示例90处理有限公司", CF_WSH="处90", CF_NR_FK="0.05", BZ="补充", CF_SY="")
    desk.take([{**again, "CF_SY": "事实已更正。"}], "penalty")
    shown = desk.cli("diff", record, "--json")
    assert shown.exit_code == 0, shown.output
    value = json.loads(shown.stdout)
    assert (value["first"], value["second"], value["source_row"]) == (1, 2, 2)
    found = {item["name_zh"]: (item["kind"], item["old"], item["new"]) for item in value["differences"]}
    assert found["备注"] == ("added", "", "补充")
    assert any(kind == "changed" and new == "事实已更正。" for kind, _, new in found.values())
    assert any(
        kind == "changed" and float(old) == 0.02 and float(new) == 0.05
        for kind, old, new in found.values()
        if "0.0" in old
    )
    assert len(found) == 3
    back = json.loads(desk.cli("diff", record, 2, 1, "--json").stdout)
    assert {item["name_zh"]: item["kind"] for item in back["differences"]}["备注"] == "removed"
    assert desk.cli("diff", record, 1, 9).exit_code == 1
    assert json.loads(desk.cli("diff", record, 1, 1, "--json").stdout)["differences"] == []


def test_a_difference_never_shows_a_personal_value(desk: Any) -> None:
    number = "110101199003074514"
    other = "110101198001010010"
    personal = {"CF_FR_ZJLX": "身份证", "CF_FR_ZJHM": number}
    _, record = penalty(desk, 91, **personal)
    row = desk.penalty(desk.code(91), "示例91处理有限公司", CF_WSH="处91", CF_SY="另一事实。", **personal)
    desk.take([row], "penalty")
    changed = desk.cli("diff", record, "--json").stdout
    kinds = [item for item in json.loads(changed)["differences"] if item["personal"]]
    assert kinds == []  # the same value in another token is no difference
    desk.take([{**row, "CF_FR_ZJHM": other}], "penalty")
    text = desk.cli("diff", record, "--json").stdout
    kinds = [item for item in json.loads(text)["differences"] if item["personal"]]
    assert [(item["old"], item["new"]) for item in kinds] == [("***", "***")]
    assert number not in text and other not in text
