"""Rules in the database: confirmed, replaced, compared on the ledger before they count, put in force, taken by the day."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from xinyong.accounts import actions as accounts
from xinyong.accounts.models import Department, Role, User
from xinyong.accounts.selectors import RightMissing
from xinyong.ledger import actions as ledger
from xinyong.ledger.errors import StatusRefused
from xinyong.publicity import actions, clocks, days, inforce, rulebook, work
from xinyong.publicity.errors import RulesRefused, RuleUnknown
from xinyong.publicity.models import RuleAct, RuleDifference, RuleVersion, Turn
from xinyong.publicity.rulebook import RulesInvalid
from xinyong.runtime import clock, database
from xinyong.standards import calendar

WINDOW = "SELECT public_from, public_until, severity, rule FROM publicity_window WHERE record_id = %s"
WHY = {"reason": "测试", "basis": "（示）法〔2026〕1号"}


@pytest.fixture(scope="module")
def officer(desk: Any) -> User:
    """An operator."""
    return accounts.create_user(
        username="rules-operator",
        display_name="操作员",
        department=None,
        role=Role.OPERATOR,
        password="a-long-password-1",
        acting="test",
    )


@pytest.fixture(autouse=True)
def clean(desk: Any) -> Iterator[None]:
    """Every test begins with the packaged rules in force and nothing waiting."""
    desk.catch_up()
    yield
    with database.connect_owner() as session:
        session.execute("ALTER TABLE publicity_ruleact DISABLE TRIGGER USER")
        session.execute("TRUNCATE publicity_ruleact, publicity_ruledifference, publicity_ruleversion, publicity_turn")
        session.execute("ALTER TABLE publicity_ruleact ENABLE TRIGGER USER")
        session.execute("UPDATE publicity_day SET closed_through = %s", (clock.today() - timedelta(days=1),))
    desk.catch_up()


NUMBERS = iter(range(7000, 8000))


def penalty(desk: Any, days: int, **more: str) -> int:
    """A penalty decided so many days ago, of an entity of its own; its record."""
    number = next(NUMBERS)
    code, name = desk.code(number), f"示例{number}规则有限公司"
    day = (clock.today() - timedelta(days=days)).isoformat()
    desk.take([desk.registration(code, name)])
    desk.take([desk.penalty(code, name, CF_WSH=f"规{number}", CF_JDRQ=day, **more)], "penalty")
    desk.catch_up()
    return int(
        desk.one(
            "SELECT record_id FROM ledger_record AS head JOIN registry_entity AS entity ON entity.id = head.entity_id "
            "JOIN catalogue_dataset AS dataset ON dataset.id = dataset_id WHERE credit_code = %s AND code = 'penalty'",
            code,
        )
    )


def window(desk: Any, record: int) -> Any:
    """The window of a record, or None."""
    rows = desk.rows(WINDOW, record)
    return rows[0] if rows else None


def draft(officer: User, row: str = "PUB-08", **values: Any) -> RuleVersion:
    """A draft with one change."""
    return actions.replace(officer, row, values or {"maximum_months": 6}, **WHY)


def in_force(desk: Any, officer: User, row: str = "PUB-08", **values: Any) -> RuleVersion:
    """The change compared and in force, windows computed."""
    draft(officer, row, **values)
    seen = actions.compare(officer).compared_digest
    desk.catch_up()
    version = actions.put_in_force(officer, on=timezone.localdate(), seen=seen, **WHY)
    desk.catch_up()
    return version


def test_the_packaged_rules_are_the_first_version_in_force(desk: Any) -> None:
    version = RuleVersion.objects.get(state="in_force")
    assert version.label == rulebook.packaged().version and version.put_by == "release"
    assert inforce.current().number == version.pk and inforce.book().digest == rulebook.packaged().digest


def test_an_officer_confirms_a_row_with_reason_and_document(desk: Any, officer: User) -> None:
    record = penalty(desk, 100)
    entity = desk.one("SELECT entity_id FROM ledger_record WHERE record_id = %s", record)
    before = window(desk, record)
    found = clocks.of_record(entity, record)
    assert found is not None and found.certainty == "to_be_confirmed"
    reporter = accounts.create_user(
        username="rules-reporter",
        display_name="报送员",
        department=Department.objects.get(slug="demo"),
        role=Role.REPORTER,
        password="a-long-password-1",
        acting="test",
    )
    with pytest.raises(RightMissing):
        actions.confirm(reporter, "PUB-08", **WHY)
    with pytest.raises(RulesRefused, match="reason"):
        actions.confirm(officer, "PUB-08", reason=" ", basis="x")
    with pytest.raises(RuleUnknown, match="PUB-99"):
        actions.confirm(officer, "PUB-99", **WHY)
    for row in ("PUB-08", "VER-03", "SEV-04"):
        actions.confirm(officer, row, **WHY)
    with pytest.raises(RulesRefused, match="already"):
        actions.confirm(officer, "PUB-08", **WHY)
    again = clocks.of_record(entity, record)
    assert again is not None and again.certainty == "confirmed"
    row = inforce.book().rows["PUB-08"]
    assert (row.status, row.confirmed_by, row.confirmed_on) == ("confirmed", officer.username, timezone.localdate())
    act = RuleAct.objects.get(row="PUB-08")
    assert (act.kind, act.actor, act.reason, act.basis) == ("confirmed", officer.username, *WHY.values())
    assert desk.one("SELECT count(*) FROM audit_auditentry WHERE deed = 'rules.confirmed'") >= 3
    assert window(desk, record) == before, "a confirmation moves no date"
    assert RuleVersion.objects.filter(state="replaced").count() == 3


def test_acts_on_rules_are_append_only(desk: Any, officer: User) -> None:
    actions.confirm(officer, "PUB-08", **WHY)
    for deed in ("UPDATE publicity_ruleact SET reason = 'x'", "DELETE FROM publicity_ruleact"):
        with database.connect() as session, pytest.raises(psycopg.errors.InsufficientPrivilege):
            session.execute(deed.encode())
        with database.connect_owner() as session, pytest.raises(psycopg.errors.IntegrityError):
            session.execute(deed.encode())


def test_a_change_is_compared_on_the_ledger_before_it_takes_force(desk: Any, officer: User) -> None:
    ends, goes, over, grave = (penalty(desk, days) for days in (60, 250, 500, 61))
    with pytest.raises(RulesRefused, match="no value"):
        draft(officer, "PUB-08", maximum_months=12)
    version = draft(officer, "PUB-08", maximum_months=6)
    assert version.state == "draft" and window(desk, goes) is not None
    with pytest.raises(RulesRefused, match="compare"):
        actions.put_in_force(officer, on=timezone.localdate(), seen="", **WHY)
    digest = actions.compare(officer).compared_digest
    assert inforce.book().digest == rulebook.packaged().digest
    desk.catch_up()
    version.refresh_from_db()
    assert version.state == "compared"
    rows = {row.record_id: row for row in RuleDifference.objects.filter(version=version)}
    today = timezone.localdate()
    assert rows[goes].effect == "vanishes" and rows[ends].effect == rows[grave].effect == "earlier"
    assert over not in rows, "what had ended is not touched"
    assert rows[ends].old_until == calendar.same_day_later(today - timedelta(days=60), 12)
    assert rows[ends].new_until == calendar.same_day_later(today - timedelta(days=60), 6)
    counted = version.comparison["penalty"]
    for effect in ("vanishes", "earlier"):
        assert counted[effect] == sum(row.effect == effect for row in rows.values())
    assert window(desk, goes)[1] > today, "nothing has changed yet"
    # Who looked at another comparison is told.
    with pytest.raises(RulesRefused, match="changed since"):
        actions.put_in_force(officer, on=today, seen="x", **WHY)
    actions.put_in_force(officer, on=today, seen=digest, **WHY)
    desk.catch_up()
    assert window(desk, ends) == (
        today - timedelta(days=60),
        calendar.same_day_later(today - timedelta(days=60), 6),
        "general",
        "PUB-08.1",
    )
    assert window(desk, goes)[1] < today
    # And back: the inverse is another change, compared and put in force.
    actions.replace(officer, "PUB-08", {"maximum_months": 12}, **WHY)
    seen = actions.compare(officer).compared_digest
    desk.catch_up()
    found = {row.record_id: row.effect for row in RuleDifference.objects.filter(version=actions.waiting())}
    assert found[goes] == "appears" and found[ends] == "later"
    actions.put_in_force(officer, on=today, seen=seen, **WHY)
    desk.catch_up()
    assert "PUB-08.2" in window(desk, goes)[3] and window(desk, goes)[1] > today


def test_what_was_compared_equals_what_then_happens(desk: Any, officer: User) -> None:
    for age in (10, 100, 200, 300, 364):
        penalty(desk, age)
        penalty(desk, age, CF_CFLB="吊销许可证件", CF_NR_ZKDX="示例许可证", CF_NR_FK="")
    shown = "SELECT record_id FROM publicity_window WHERE public_from <= %s AND (public_until IS NULL OR public_until >= %s)"
    today = timezone.localdate()
    before = {row[0] for row in desk.rows(shown, today, today)}
    draft(officer, "PUB-09", minimum_months=1, maximum_months=3)
    seen = actions.compare(officer).compared_digest
    desk.catch_up()
    waiting = actions.waiting()
    effects = {row.record_id: row.effect for row in RuleDifference.objects.filter(version=waiting)}
    actions.put_in_force(officer, on=today, seen=seen, **WHY)
    desk.catch_up()
    after = {row[0] for row in desk.rows(shown, today, today)}
    assert before - after == {record for record, effect in effects.items() if effect == "vanishes"}
    assert after - before == {record for record, effect in effects.items() if effect == "appears"}
    assert before - after


def test_a_draft_may_be_inconsistent_and_is_then_not_compared(desk: Any, officer: User) -> None:
    actions.replace(officer, "VER-03", {"decided_from": "2026-05-01"}, **WHY)
    with pytest.raises(RulesInvalid, match="gap"):
        actions.compare(officer)
    actions.replace(officer, "VER-02", {"decided_until": "2026-04-30"}, **WHY)
    assert actions.compare(officer).state == "comparing"
    with pytest.raises(RulesInvalid, match="longer"):
        actions.replace(officer, "PUB-08", {"minimum_months": 13}, **WHY)
        actions.compare(officer)
    actions.take_back(officer, "PUB-08", reason="笔误")
    assert set(actions.waiting().changes) == {"VER-03", "VER-02"}  # type: ignore[union-attr]
    with pytest.raises(RulesInvalid, match="unusable"):
        actions.replace(officer, "PUB-08", {"maximum_months": "many"}, **WHY)
    actions.drop(officer, reason="不改了")
    assert actions.waiting() is None and RuleVersion.objects.get(state="dropped").changes


def test_a_version_with_a_later_day_takes_force_at_the_turn_of_that_day(desk: Any, officer: User) -> None:
    record = penalty(desk, 60)
    draft(officer, "PUB-08", maximum_months=6)
    seen = actions.compare(officer).compared_digest
    desk.catch_up()
    today = clock.today()
    with pytest.raises(RulesRefused, match="before today"):
        actions.put_in_force(officer, on=today - timedelta(days=1), seen=seen, **WHY)
    actions.put_in_force(officer, on=today + timedelta(days=3), seen=seen, **WHY)
    with pytest.raises(RulesRefused, match="takes force"):
        draft(officer, "PUB-09", maximum_months=24)
    desk.catch_up()
    assert window(desk, record)[3] == "PUB-08"
    assert days.turn(today + timedelta(days=2)) == 2
    assert inforce.book().digest == rulebook.packaged().digest
    # A pause of days: each is taken, once.
    assert days.turn(today + timedelta(days=6)) == 4
    assert days.turn(today + timedelta(days=6)) == 0
    assert inforce.book().rows["PUB-08"].revision == 1
    assert Turn.objects.count() == 6
    desk.catch_up()
    assert window(desk, record)[3] == "PUB-08.1"


def test_the_turn_counts_what_ended_and_began_and_tells_the_rooms(desk: Any) -> None:
    today = clock.today()
    last = calendar.same_day_later(today - timedelta(days=300), 12)
    penalty(desk, 300)
    told: list[date] = []
    days.turned["test"] = told.append
    try:
        days.turn(last + timedelta(days=1))
    finally:
        del days.turned["test"]
    taken = Turn.objects.get(day=last + timedelta(days=1))
    assert taken.ended >= 1 and taken.by_dataset["penalty"][0] >= 1
    assert told == [today + timedelta(days=number) for number in range(1, (last - today).days + 2)]
    assert {turn.day for turn in Turn.objects.filter(told_at__isnull=False)} == set(told)


def test_a_missed_day_is_caught_up_once_by_whoever_comes_first(desk: Any) -> None:
    """A pause over the last public day; then a reader of the feed, the corridor and several at once: one end of the day."""
    last = calendar.same_day_later(clock.today() - timedelta(days=300), 12)
    record, after = penalty(desk, 300), last + timedelta(days=3)
    told: list[date] = []

    def gone() -> int:
        return int(desk.one("SELECT count(*) FROM publicity_gone WHERE record_id = %s", record))

    def dies(day: date) -> None:
        told.append(day)
        if day == last + timedelta(days=1) and told.count(day) == 1:
            raise RuntimeError("killed while the rooms were told")

    days.close(last - timedelta(days=1))
    days.tell(last - timedelta(days=1))
    assert gone() == 0
    days.turned["test"] = dies
    try:
        with ThreadPoolExecutor(4) as pool:  # readers: the day is closed, the rooms are not told by them
            assert sum(pool.map(days.close, [after] * 4)) == 4, "four days began, each counted by one of them"
        assert gone() == 1 and told == []
        assert Turn.objects.get(day=last + timedelta(days=1)).by_dataset["penalty"][0] >= 1
        with pytest.raises(RuntimeError):
            days.turn(after)
        assert days.turn(after) == 3 and days.turn(after) == 0
    finally:
        del days.turned["test"]
    assert told == [last, *[last + timedelta(days=number) for number in (1, 1, 2, 3)]], "the killed day again, no other"
    assert gone() == 1 and Turn.objects.filter(day__gte=last, told_at=None).count() == 0


def test_work_goes_on_where_it_stopped(desk: Any, officer: User, monkeypatch: pytest.MonkeyPatch) -> None:
    records = [penalty(desk, 250) for _ in range(3)]
    draft(officer, "PUB-08", maximum_months=6)
    monkeypatch.setattr(work, "PIECE", 2)
    seen = actions.compare(officer).compared_digest
    with database.connect() as session:
        for _ in range(3):
            assert work.piece(session)
    version = actions.waiting()
    assert version is not None and version.state == "comparing" and version.done_to == 6
    desk.catch_up()
    version.refresh_from_db()
    assert version.state == "compared" and version.done_to == version.work_to
    effects = [row.record_id for row in RuleDifference.objects.filter(version=version, effect="vanishes")]
    assert len(effects) == len(set(effects)) and set(records) <= set(effects)
    actions.put_in_force(officer, on=timezone.localdate(), seen=seen, **WHY)
    with database.connect() as session:
        assert work.piece(session)
    version.refresh_from_db()
    assert version.state == "in_force" and version.done_to < version.work_to
    actions.confirm(officer, "PUB-09", **WHY)  # the work an earlier version left is not forgotten
    desk.catch_up()
    assert all("PUB-08.1" in window(desk, record)[3] for record in records)


def test_a_change_of_the_draft_ends_the_comparison(desk: Any, officer: User) -> None:
    penalty(desk, 250)
    draft(officer, "PUB-08", maximum_months=6)
    actions.compare(officer)
    draft(officer, "PUB-09", maximum_months=24)
    desk.catch_up()
    version = actions.waiting()
    assert version is not None and version.state == "draft"


def test_pub_10_a_ministrys_rule_must_be_loaded_before_a_stop_is_held(desk: Any, officer: User) -> None:
    record = penalty(desk, 200)
    act = {"reason": "罚款未缴", "basis": "（示）函〔2026〕1号"}
    with pytest.raises(StatusRefused, match="PUB-10"):
        ledger.record_status(officer, record, "held", cause="HOLD-1", **act)
    values = {
        "ministry": "示例部",
        "ministry_en": "Example ministry",
        "effective_from": "2026-04-01",
        "source": "示例部令第1号",
        "source_en": "Example order 1",
        "article": "第一条",
    }
    with pytest.raises(RulesRefused, match="article"):
        actions.add_hold(officer, "HOLD-1", {**values, "article": ""}, **WHY)
    actions.add_hold(officer, "HOLD-1", values, **WHY)
    seen = actions.compare(officer).compared_digest
    desk.catch_up()
    actions.put_in_force(officer, on=timezone.localdate(), seen=seen, **WHY)
    ledger.record_status(officer, record, "held", cause="HOLD-1", **act)
    desk.catch_up()
    assert window(desk, record)[1] is None and "HOLD-1" in window(desk, record)[3]
    ledger.record_status(officer, record, "hold_ended", **act)
    desk.catch_up()
    assert window(desk, record)[1] is not None


def test_an_officer_sets_the_class_of_a_record_and_takes_it_back(desk: Any, officer: User) -> None:
    record = penalty(desk, 60)
    act = {"reason": "屡罚屡犯", "basis": "（示）认〔2026〕1号"}
    before = window(desk, record)
    ledger.record_status(officer, record, "classified", cause="serious", **act)
    desk.catch_up()
    assert window(desk, record)[2] == "serious"
    assert window(desk, record)[1] == calendar.same_day_later(clock.today() - timedelta(days=60), 36)
    ledger.record_status(officer, record, "classified", cause="minor", **act)
    desk.catch_up()
    assert window(desk, record) is None, "REF-06: minor, and no necessity recorded"
    ledger.record_status(officer, record, "necessity_recorded", **act)
    desk.catch_up()
    assert window(desk, record)[2] == "minor"
    ledger.record_status(officer, record, "necessity_ended", **act)
    ledger.record_status(officer, record, "classification_ended", **act)
    desk.catch_up()
    assert window(desk, record) == before


def test_rep_01_repair_before_its_time_is_refused_and_names_the_day(desk: Any, officer: User) -> None:
    early, ripe = penalty(desk, 60), penalty(desk, 120)
    act = {"reason": "已履行", "basis": "（示）修〔2026〕1号"}
    day = calendar.same_day_later(clock.today() - timedelta(days=60), 3)
    with pytest.raises(StatusRefused, match=day.isoformat()):
        ledger.record_status(officer, early, "repaired", **act)
    ledger.record_status(officer, ripe, "repaired", **act)
    desk.catch_up()
    assert window(desk, ripe) is None
    with pytest.raises(StatusRefused, match="cannot happen"):
        ledger.record_status(officer, ripe, "masked", **act)
    ledger.record_status(officer, ripe, "repair_revoked", **act)
    desk.catch_up()
    assert window(desk, ripe) is not None


def test_the_clocks_of_an_entity_are_one_query(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[str] = []
    ask = clocks.sql.kept

    def noted(room: str, name: str, parameters: Any) -> list[tuple[Any, ...]]:
        kept.append(name)  # Django does not see what its session keeps the plan of
        return ask(room, name, parameters)

    monkeypatch.setattr(clocks.sql, "kept", noted)
    record = penalty(desk, 60, CF_WFXW="经营超过保质期的食品")
    entity = desk.one("SELECT entity_id FROM ledger_record WHERE record_id = %s", record)
    inforce.book()
    with CaptureQueriesContext(connection) as asked:
        found = clocks.of_entity([entity], clock.today())
    assert kept == ["clocks_of_entity"] and len(asked) <= 2
    given = found[entity, record]
    held = window(desk, record)
    assert (given.public_from, given.latest_end, given.severity, given.rule) == held
    assert set(found) == {
        (entity, number)
        for (number,) in desk.rows("SELECT record_id FROM publicity_window WHERE entity_id = %s", entity)
    }


# --- pages ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def browser(officer: User) -> Client:
    """The officer, signed in."""
    client = Client(headers={"accept-language": "zh-CN"})
    client.force_login(officer)
    return client


def page(client: Client, address: str, status: int = 200, **typed: str) -> str:
    """A page as text; a form is sent when something was typed."""
    answer = client.post(address, typed) if typed else client.get(address)
    assert answer.status_code == status, answer.content.decode()[:2000]
    return answer.content.decode() if not answer.streaming else b"".join(answer).decode()


def test_the_list_shows_what_is_to_be_confirmed_and_a_row_is_confirmed(desk: Any, browser: Client) -> None:
    first = page(browser, "/console/rules")
    assert "PUB-08" in first and "待确认" in first and "DIS-20" not in first
    assert "DIS-20" in page(browser, "/console/rules?show=all")
    assert "To be confirmed" in page(browser, "/en/console/rules/rows/PUB-08")
    page(browser, "/console/rules/rows/PUB-99", 404)
    refused = page(browser, "/console/rules/rows/PUB-08/decide", 409, deed="confirm", reason="已核对", basis="")
    assert "依据文书" in refused and "已核对" in refused, "what was typed is kept"
    page(browser, "/console/rules/rows/PUB-08/decide", 302, deed="confirm", **WHY)
    assert 'rows/PUB-08"' not in page(browser, "/console/rules").split("最近办理")[0]
    assert "（示）法〔2026〕1号" in page(browser, "/console/rules/rows/PUB-08")


def test_a_change_goes_through_comparison_on_the_pages(desk: Any, browser: Client) -> None:
    record = penalty(desk, 250)
    wrong = page(browser, "/console/rules/rows/PUB-08/decide", 409, deed="replace", maximum_months="六", **WHY)
    assert "六" in wrong and "没有办理" in wrong
    invalid = page(browser, "/console/rules/rows/PUB-08/decide", 422, deed="replace", public="sometimes", **WHY)
    assert "PUB-08" in invalid
    page(browser, "/console/rules/rows/PUB-08/decide", 302, deed="replace", maximum_months="6", **WHY)
    draft_page = page(browser, "/console/rules/waiting")
    assert "12</span> → <b" in draft_page and "与现有数据比较" in draft_page
    page(browser, "/console/rules/waiting/act", 302, deed="compare")
    assert "正在比较" in page(browser, "/console/rules/waiting")
    desk.catch_up()
    for address in ("/console/rules/waiting", "/console/rules/waiting?effect=vanishes"):
        assert f"/console/records/{record}" in page(browser, address)
    assert f"/console/records/{record}" not in page(browser, "/console/rules/waiting?effect=appears")
    rows = list(csv.DictReader(io.StringIO(page(browser, "/console/rules/waiting/differences.csv").lstrip("\ufeff"))))
    assert {"record": str(record), "effect": "vanishes"}.items() <= next(
        row for row in rows if row["record"] == str(record)
    ).items()
    assert len(rows) == RuleDifference.objects.count()
    day = timezone.localdate().isoformat()
    seen = actions.waiting().compared_digest  # type: ignore[union-attr]
    page(browser, "/console/rules/waiting/act", 409, deed="put", on="soon", seen=seen, **WHY)
    page(browser, "/console/rules/waiting/act", 302, deed="put", on=day, seen=seen, **WHY)
    assert "正按现行规则重新计算" in page(browser, "/console/rules")
    desk.catch_up()
    assert "正按现行规则重新计算" not in page(browser, "/console/rules")
    assert window(desk, record)[1] < timezone.localdate()
    assert "没有待生效的版本" in page(browser, "/console/rules/waiting")


def test_other_rules_of_a_release_wait_to_be_compared(
    desk: Any, browser: Client, officer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer = rulebook.packaged().replaced({"PUB-08": {"maximum_months": 9}}, "2027-01")
    monkeypatch.setattr(rulebook, "packaged", lambda: newer)
    assert inforce.book().rows["PUB-08"].maximum_months == 12, "a release changes nothing by itself"
    assert "本次发布的软件带来了不同的规则" in page(browser, "/console/rules")
    record = penalty(desk, 60)
    page(browser, "/console/rules/waiting/act", 302, deed="compare")
    desk.catch_up()
    assert RuleDifference.objects.get(record_id=record).effect == "earlier"
    seen = actions.waiting().compared_digest  # type: ignore[union-attr]
    actions.put_in_force(officer, on=timezone.localdate(), seen=seen, **WHY)
    desk.catch_up()
    assert inforce.book().rows["PUB-08"].maximum_months == 9 and not actions.release_differs()
    assert window(desk, record)[1] == calendar.same_day_later(clock.today() - timedelta(days=60), 9)


def test_a_large_fine_counts_once_a_figure_is_entered(desk: Any, officer: User) -> None:
    large, small = penalty(desk, 60, CF_NR_FK="500"), penalty(desk, 60, CF_NR_FK="0.5")
    assert window(desk, large)[2] == "general"
    in_force(desk, officer, "SEV-03B", fine_from=100.0)
    assert window(desk, large)[2] == "serious" and window(desk, small)[2] == "general"
