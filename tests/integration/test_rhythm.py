"""Silence: nothing to deliver, nothing delivered, delivered in vain. And silence never ends a record."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from xinyong.accounts import actions as accounts
from xinyong.accounts import selectors as departments
from xinyong.accounts.models import Role
from xinyong.intake import actions
from xinyong.intake.models import Delivery, ZeroDeclaration
from xinyong.intake.rhythm import rules as rhythm
from xinyong.intake.rhythm import selectors as rhythm_selectors
from xinyong.intake.rhythm.rules import Facts, Silence

MONDAY = date(2026, 11, 9)
SINCE = date(2026, 1, 5)
BASE = {"timely": 1_000_000, "empty": 2_000_000, "silent": 3_000_000, "vain": 5_000_000}


@pytest.mark.parametrize(
    ("facts", "today", "state", "expected", "overdue"),
    [
        # Daily: the next working day, one more of grace.
        (Facts(cycle="daily", since=SINCE, last_word=date(2026, 11, 6)), MONDAY, Silence.ON_TIME, MONDAY, 0),
        (Facts(cycle="daily", since=SINCE, last_word=date(2026, 11, 6)), date(2026, 11, 10), Silence.DUE, MONDAY, 1),
        (Facts(cycle="daily", since=SINCE, last_word=date(2026, 11, 6)), date(2026, 11, 11), Silence.MISSING, MONDAY, 2),
        # A weekend and a long holiday are no working days: 1 to 8 October 2026 has no delivery to miss.
        (Facts(cycle="daily", since=SINCE, last_word=date(2026, 9, 30)), date(2026, 10, 7), Silence.ON_TIME, date(2026, 10, 8), 0),
        # An empty delivery is a word, not silence; when the rhythm passes after it, it is silence.
        (Facts(cycle="daily", since=SINCE, last_word=date(2026, 11, 6), last_empty=True), MONDAY, Silence.EMPTY, MONDAY, 0),
        (Facts(cycle="daily", since=SINCE, last_word=date(2026, 11, 2), last_empty=True), MONDAY, Silence.MISSING, date(2026, 11, 3), 4),
        # Delivered in vain.
        (Facts(cycle="daily", since=SINCE, last_word=date(2026, 11, 2), newest="refused"), MONDAY, Silence.FAILED, date(2026, 11, 3), 4),
        (Facts(cycle="daily", since=SINCE, last_word=date(2026, 11, 2), newest="failed"), MONDAY, Silence.FAILED, date(2026, 11, 3), 4),
        (Facts(cycle="daily", since=SINCE, last_word=date(2026, 11, 2), newest="held"), MONDAY, Silence.HELD, date(2026, 11, 3), 4),
        (Facts(cycle="daily", since=SINCE, last_word=date(2026, 11, 2), newest="reading"), MONDAY, Silence.WORKING, date(2026, 11, 3), 4),
        # Monthly: the same day of the next month, moved to a working day; five more of grace.
        (Facts(cycle="monthly", since=SINCE, last_word=date(2026, 10, 31)), date(2026, 11, 30), Silence.ON_TIME, date(2026, 11, 30), 0),
        (Facts(cycle="monthly", since=SINCE, last_word=date(2026, 10, 31)), date(2026, 12, 7), Silence.DUE, date(2026, 11, 30), 5),
        (Facts(cycle="monthly", since=SINCE, last_word=date(2026, 10, 31)), date(2026, 12, 8), Silence.MISSING, date(2026, 11, 30), 6),
        # A duty that never had a delivery counts from its first day.
        (Facts(cycle="weekly", since=date(2026, 11, 2)), date(2026, 11, 12), Silence.MISSING, MONDAY, 3),
        # No rhythm, over, not begun.
        (Facts(cycle="irregular", since=SINCE, last_word=SINCE), MONDAY, Silence.IRREGULAR, None, 0),
        (Facts(cycle="daily", since=SINCE, until=date(2026, 6, 30)), MONDAY, Silence.ENDED, None, 0),
        (Facts(cycle="daily", since=date(2027, 1, 1)), MONDAY, Silence.ENDED, None, 0),
    ],
)  # fmt: skip
def test_states(facts: Facts, today: date, state: Silence, expected: date | None, overdue: int) -> None:
    judged = rhythm.judge(facts, today)
    assert (judged.state, judged.expected, judged.overdue) == (state, expected, overdue)


def test_a_year_without_a_notice_is_provisional() -> None:
    judged = rhythm.judge(Facts(cycle="monthly", since=date(2027, 1, 4), last_word=date(2027, 1, 4)), date(2027, 1, 5))
    assert judged.provisional and judged.state is Silence.ON_TIME


def test_every_cycle_names_its_source() -> None:
    for cycle, row in rhythm.cycles().items():
        assert row["source"] and row["status"] in ("confirmed", "to_be_confirmed"), cycle
        assert ("days" in row) != ("months" in row)


@pytest.fixture(scope="module")
def town(desk: Any) -> dict[str, Any]:
    """Four departments: one in time, one that said zero, one that fell silent, one whose file was refused."""
    made = {}
    for slug in ("timely", "empty", "silent", "vain"):
        made[slug] = accounts.register_department(slug=slug, name_zh=f"{slug}局", acting="test")
        accounts.create_user(
            username=slug,
            password="a-long-password-1",
            display_name=slug,
            role=Role.REPORTER,
            department=made[slug],
            acting="test",
        )
        for number in range(3):
            desk.take([desk.registration(desk.code(BASE[slug] + number), f"示例{slug}{number}")], department=slug)
    accounts.create_user(
        username="all",
        password="a-long-password-1",
        display_name="all",
        role=Role.OPERATOR,
        department=None,
        acting="test",
    )
    long_ago = timezone.now() - timedelta(days=40)
    Delivery.objects.filter(department__slug__in=["silent", "vain", "empty"]).update(received_at=long_ago)
    with pytest.raises(actions.DeliveryRefused):
        desk.deliver(desk.bytes("不是,表头\n1,2\n".encode()), department="vain")
    return made


def states(language: str = "zh") -> dict[str, Silence]:
    found = rhythm_selectors.rows(department_id=None, today=timezone.localdate(), language=language)
    return {row.department_slug: row.state for row in found if row.dataset == "registration"}


def test_three_states_of_silence_are_told_apart(desk: Any, town: dict[str, Any]) -> None:
    assert states()["silent"] is Silence.MISSING
    assert states()["vain"] is Silence.FAILED
    assert states()["timely"] is Silence.ON_TIME
    assert states()["empty"] is Silence.MISSING
    # A file with a header and no rows is a word.
    receipt = desk.deliver(desk.bytes("企业名称,统一社会信用代码,注册日期\n".encode()), department="empty")
    assert (receipt.state, receipt.read) == ("committed", 0)
    assert states()["empty"] is Silence.EMPTY
    # A correction is no delivery of the rhythm.
    parent = Delivery.objects.filter(department=town["silent"]).latest("id")
    actions.deliver(
        desk.csv([desk.registration(desk.code(4_000_001), "示例更正")]),
        dataset="registration",
        department=town["silent"],
        uploader="test",
        channel=Delivery.Channel.CORRECTION,
        parent=parent,
    )
    assert states()["silent"] is Silence.MISSING


def test_silence_and_emptiness_end_no_record(desk: Any, town: dict[str, Any]) -> None:
    heads = desk.one("SELECT count(*) FROM ledger_record")
    versions = desk.one("SELECT count(*) FROM ledger_version")
    desk.take([desk.registration(desk.code(BASE["silent"]), "示例silent0")], department="silent")
    desk.deliver(desk.bytes("企业名称,统一社会信用代码,注册日期\n".encode()), department="silent")
    assert desk.one("SELECT count(*) FROM ledger_record") == heads, "rows no longer mentioned are still there"
    assert desk.one("SELECT count(*) FROM ledger_version") == versions
    Delivery.objects.filter(department=town["silent"]).update(received_at=timezone.now() - timedelta(days=40))


def test_zero_by_form_and_by_command(desk: Any, town: dict[str, Any]) -> None:
    today = timezone.localdate()
    client = Client()
    assert client.login(username="silent", password="a-long-password-1")
    page = client.get("/console/rhythm").content.decode()
    assert "逾期未报" in page and "timely局" not in page
    values = {"dataset": "registration", "from_day": today - timedelta(days=30), "to_day": today + timedelta(days=1)}
    answer = client.post("/console/rhythm/zero", values)
    assert answer.status_code == 422 and "止日不得晚于今天" in answer.content.decode()
    assert client.post("/console/rhythm/zero", {**values, "dataset": "nothing", "to_day": today}).status_code == 422
    answer = client.post("/console/rhythm/zero", {**values, "to_day": today}, follow=True)
    assert "已登记零报送" in answer.content.decode()
    made = ZeroDeclaration.objects.get(department=town["silent"])
    assert made.declared_by == "silent"
    assert states()["silent"] is Silence.EMPTY
    result = desk.cli(
        "zero", "registration", "--department", "vain", "--from", "2026-10-01", "--to", "2026-10-31", "--by", "张示例"
    )
    assert result.exit_code == 0, result.output
    assert states()["vain"] is Silence.FAILED, "what was delivered in vain is not undone by a word"
    assert desk.one("SELECT count(*) FROM audit_auditentry WHERE deed = 'delivery.zero-declared'") == 2


def test_the_command_exits_1_while_somebody_is_silent(desk: Any, town: dict[str, Any]) -> None:
    del town
    result = desk.cli("silence", "--json")
    assert result.exit_code == 1
    assert '"vain"' in result.output and '"timely"' not in result.output
    result = desk.cli("silence", "--department", "timely", "--all", "--json")
    assert result.exit_code == 0 and '"on-time"' in result.output
    result = desk.cli("duty", "penalty", "--department", "timely", "--since", "2026-01-05", "--cycle", "weekly")
    assert result.exit_code == 0, result.output
    assert desk.cli("silence", "--department", "timely", "--json").exit_code == 1, "a duty without any delivery"
    desk.cli("duty", "penalty", "--department", "timely", "--since", "2026-01-05", "--until", "2026-02-01")
    assert desk.cli("silence", "--department", "timely", "--json").exit_code == 0
    assert (
        desk.cli("duty", "penalty", "--department", "timely", "--since", "2026-01-05", "--cycle", "hourly").exit_code
        == 2
    )


def test_the_operator_sees_all_and_a_reader_nothing(desk: Any, town: dict[str, Any]) -> None:
    del town
    client = Client()
    assert client.login(username="all", password="a-long-password-1")
    page = client.get("/en/console/rhythm?state=failed").content.decode()
    rows = page.partition("<tbody")[2]  # above it stands the choice of departments
    assert "vain局" in rows and "timely局" not in rows
    accounts.create_user(
        username="reads",
        password="a-long-password-1",
        display_name="reads",
        role=Role.READER,
        department=departments.department("timely"),
        acting="test",
    )
    assert client.login(username="reads", password="a-long-password-1")
    assert client.get("/console/rhythm").status_code == 403
    assert client.post("/console/rhythm/zero", {}).status_code == 403
    assert Client().post("/console/rhythm/zero", {}).status_code == 404
    del desk
