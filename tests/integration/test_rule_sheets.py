"""Every dated rule beside the book of publicity is confirmed or replaced here: with reason and day, the old one stays."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from xinyong.accounts.models import Role, User
from xinyong.accounts.selectors import RightMissing
from xinyong.publicity import repair, timers
from xinyong.publicity.errors import RulesRefused, RuleUnknown
from xinyong.publicity.models import SheetAct
from xinyong.publicity.retention import rules as retention
from xinyong.publicity.rulebook import CONFIRMED
from xinyong.publicity.sheets import actions, inforce, known, rows
from xinyong.publicity.sheets.rows import SHEETS
from xinyong.remedies.models import Case, Limit
from xinyong.runtime import database
from xinyong.standards import calendar

from .remedy_support import objection, penalty, person

WORDS = {"reason": "法制机构核对原文", "basis": "法制意见〔2026〕3号"}
#: What New Year 2027 would be by a notice: three days off, one Sunday worked.
OFF_2027 = "2027-01-01 元旦; 2027-01-02 元旦; 2027-01-03 元旦; 2027-05-01 劳动节; 2027-10-01 国庆节; 2027-10-04 国庆节; 2027-10-05 国庆节"
WINDOWS = "SELECT * FROM publicity_window ORDER BY entity_id, record_id"


@pytest.fixture(scope="module")
def legal(desk: Any) -> User:
    """The officer of the operator's legal office."""
    return person("sheets-legal", Role.OPERATOR, None)


@pytest.fixture(autouse=True)
def no_acts_before(desk: Any) -> Iterator[None]:
    """Each test begins with the packaged rules. What officers did cannot be deleted, so it is put out of the way here."""
    yield
    with database.connect_owner() as session:
        session.autocommit = True
        for deed in (b"DISABLE TRIGGER USER", b"", b"ENABLE TRIGGER USER"):
            session.execute(b"ALTER TABLE publicity_sheetact " + deed if deed else b"DELETE FROM publicity_sheetact")
    inforce.forget()


@contextmanager
def refused(words: str) -> Iterator[None]:
    """Refused, in these words."""
    with pytest.raises(RulesRefused) as caught:
        yield
    assert words in caught.value.message("zh"), caught.value.message("zh")


def change(user: User, sheet: str, row: str, on: date, **values: Any) -> tuple[SheetAct, dict[str, int]]:
    """Compared, then put in force on a day."""
    seen, lines = actions.compare(user, sheet, row, values, on=on, **WORDS)
    made = actions.replace(user, sheet, row, values, on=on, seen=seen, **WORDS)
    return made, {line.zh: line.count for line in lines}


def test_every_file_of_rules_is_a_sheet_and_every_row_of_it_can_be_confirmed(desk: Any, legal: User) -> None:
    """No row that waits for the legal office is out of reach of the page."""
    waits = [(code, str(row["id"])) for code in SHEETS for row in known.current(code) if row["status"] != CONFIRMED]
    assert len(waits) == known.unconfirmed() > 100
    for code, row in waits:
        if row != "CAL-2027":
            actions.confirm(legal, code, row, **WORDS)
    with refused("2027-01-01"):  # a year without its notice cannot be confirmed, only entered
        actions.confirm(legal, "calendar", "CAL-2027", **WORDS)
    change(
        legal,
        "calendar",
        "CAL-2027",
        timezone.localdate(),
        off=OFF_2027,
        source="通知",
        article="国办发明电〔2026〕1号",
    )
    assert known.unconfirmed() == 0
    assert {row.status for row in (*timers.in_force(), *repair.in_force(), *retention.all_rows())} == {CONFIRMED}
    assert SheetAct.objects.count() == len(waits)
    with refused("已经确认"):
        actions.confirm(legal, *waits[0], **WORDS)


def test_a_confirmation_moves_no_date_and_names_who_and_when(desk: Any, legal: User) -> None:
    before = timers.find("repair-accept", "henan", date(2026, 11, 26))
    assert before is not None and before.status != CONFIRMED
    actions.confirm(legal, "timers", before.id, **WORDS)
    after = timers.find("repair-accept", "henan", date(2026, 11, 26))
    assert after is not None and after.status == CONFIRMED and (after.length, after.id) == (before.length, before.id)
    row = rows.newest(inforce.rows("timers"), before.id)
    assert row is not None
    assert (row["confirmed_by"], row["confirmed_on"]) == (legal.username, timezone.localdate().isoformat())


@pytest.mark.parametrize("words", [{"reason": "", "basis": "文件"}, {"reason": "理由", "basis": " "}])
def test_reason_and_document_are_asked_for(desk: Any, legal: User, words: dict[str, str]) -> None:
    with refused("理由和依据"):
        actions.confirm(legal, "retention", "RTN-01", **words)
    assert not SheetAct.objects.exists()


def test_who_may_not_decide_rules_is_refused_and_an_unknown_row_is_named(desk: Any, legal: User) -> None:
    with pytest.raises(RightMissing):
        actions.confirm(person("sheets-reader", Role.READER, "demo"), "timers", "T-REPORT", **WORDS)
    for sheet, row in (("timers", "T-NOTHING"), ("nothing", "T-REPORT")):
        with pytest.raises(RuleUnknown):
            actions.confirm(legal, sheet, row, **WORDS)


def test_a_replaced_limit_holds_from_its_day_and_the_old_one_before_it(desk: Any, legal: User) -> None:
    entity, record = penalty(desk, 711)
    case = objection(entity, record)
    running = Limit.objects.get(case=case, timer="objection-all")
    today, on = timezone.localdate(), timezone.localdate() + timedelta(days=3)
    windows = desk.rows(WINDOWS)
    made, lines = change(legal, "timers", "OBJ-01B", on, length=5, article="HN 第四十一条（2026年修正）")
    assert made.comparison and lines["正在按现行规定计时、不受影响的事项"] >= 1
    assert lines["近一年的事项中，按改动后的规定会更早到期的"] >= 1
    desk.catch_up()
    assert desk.rows(WINDOWS) == windows, "days of publicity rest on the book of publicity alone"
    old, new = (timers.find("objection-all", "henan", day) for day in (on - timedelta(days=1), on))
    assert old is not None and new is not None
    assert (old.length, old.valid_until) == (7, on - timedelta(days=1))
    assert (new.length, new.valid_from, new.status) == (5, on, CONFIRMED)
    # What runs goes on under the row of the day it began, and can still be extended by it.
    assert Limit.objects.get(pk=running.pk).due_on == running.due_on
    assert next(row for row in timers.in_force() if row.id == running.row).length == 7
    assert timers.find("objection-all", "henan", today) == old
    # Twice: the second ends the first.
    later = on + timedelta(days=30)
    change(legal, "timers", "OBJ-01B", later, length=6)
    spans = [
        (row.length, row.valid_from, row.valid_until) for row in timers.in_force() if rows.base(row.id) == "OBJ-01B"
    ]
    assert [span[0] for span in spans] == [7, 5, 6]
    assert [span[2] for span in spans[:2]] == [on - timedelta(days=1), later - timedelta(days=1)]


def test_nothing_is_replaced_that_was_not_compared_as_it_is(desk: Any, legal: User) -> None:
    today = timezone.localdate()
    seen, _ = actions.compare(legal, "timers", "OBJ-01B", {"length": 5}, on=today, **WORDS)
    for values, on, digest in (
        ({"length": 6}, today, seen),
        ({"length": 5}, today + timedelta(days=1), seen),
        ({"length": 5}, today, ""),
    ):
        with refused("比较"):
            actions.replace(legal, "timers", "OBJ-01B", values, on=on, seen=digest, **WORDS)
    actions.confirm(legal, "timers", "T-REPORT", **WORDS)  # somebody else was faster
    with refused("重新比较"):
        actions.replace(legal, "timers", "OBJ-01B", {"length": 5}, on=today, seen=seen, **WORDS)


@pytest.mark.parametrize(
    ("sheet", "row", "values", "says"),
    [
        ("timers", "OBJ-01B", {"length": 0}, "length"),
        ("timers", "OBJ-01B", {"length": 7}, "没有变化"),
        ("retention", "RTN-01", {"months": 601}, "months"),
        ("retention", "RTN-01", {"then": "archive"}, "archive"),
        ("repair", "REP-09", {"zh": "不良影响已消除"}, "没有变化"),
        ("calendar", "CAL-2027", {"off": "2027-1-1"}, "2027-1-1"),
        ("calendar", "CAL-2027", {"off": "2027-05-01; 2027-10-01"}, "2027-01-01"),
        ("calendar", "CAL-2027", {"off": OFF_2027, "worked": "2027-01-04"}, "2027-01-04"),
        ("calendar", "CAL-2027", {"off": OFF_2027, "worked": "2027-01-02"}, "2027-01-02"),
        ("calendar", "CAL-2027", {"off": OFF_2027 + "; 2029-01-01"}, "2029-01-01"),
    ],
)
def test_what_does_not_hold_together_is_refused_by_name(
    desk: Any, legal: User, sheet: str, row: str, values: dict[str, Any], says: str
) -> None:
    with refused(says):
        actions.compare(legal, sheet, row, values, on=timezone.localdate(), **WORDS)


def test_a_day_that_is_past_and_a_change_that_holds_already_are_refused(desk: Any, legal: User) -> None:
    today = timezone.localdate()
    with refused("早于今天"):
        actions.compare(legal, "timers", "OBJ-01B", {"length": 5}, on=today - timedelta(days=1), **WORDS)
    made, _ = change(legal, "timers", "OBJ-01B", today, length=5)
    with refused("已经生效"):
        actions.take_back(legal, "timers", made.pk, reason="写错")


def test_a_change_is_taken_back_before_its_day_and_both_stay_readable(desk: Any, legal: User) -> None:
    on = timezone.localdate() + timedelta(days=9)
    made, _ = change(legal, "retention", "RTN-13", on, months=24)
    assert any(row.months == 24 for row in retention.in_force(on, "henan"))
    actions.take_back(legal, "retention", made.pk, reason="条例修订草案未通过")
    assert not any(row.months == 24 for row in retention.in_force(on, "henan"))
    assert list(SheetAct.objects.order_by("pk").values_list("kind", flat=True)) == ["replaced", "taken_back"]
    with refused("撤回"):
        actions.take_back(legal, "retention", made.pk, reason="再次")


def test_retention_is_compared_by_what_would_go(desk: Any, legal: User) -> None:
    Case.objects.filter(closed_at=None).update(closed_at=timezone.now())
    on = timezone.localdate() + timedelta(days=40)
    _, lines = change(legal, "retention", "RTN-03", on, months=0)
    assert lines["按现行规定，当日应处理的"] == 0
    assert lines["改动后，当日应处理的"] >= 1 == min(1, lines["其中因改动而增加"])
    Case.objects.filter(state__in=["accepted", "comparing"]).update(closed_at=None)


def test_a_condition_of_repair_ends_and_open_applications_are_counted(desk: Any, legal: User) -> None:
    on = timezone.localdate() + timedelta(days=5)
    _, lines = change(legal, "repair", "REP-09", on, zh="不良影响已消除或者已采取补救措施")
    assert "办理中的修复申请" in lines
    texts = [row.zh for row in repair.in_force() if rows.base(row.id) == "REP-09"]
    assert texts == ["不良影响已消除", "不良影响已消除或者已采取补救措施"]


def test_the_notice_of_the_next_year_moves_what_runs_into_it(desk: Any, legal: User) -> None:
    """2027 is reckoned by weekends until the notice is entered; then what runs over New Year has another last day."""
    entity, record = penalty(desk, 712)
    case = objection(entity, record)
    limit = Limit.objects.get(case=case, timer="objection-all")
    start = date(2026, 12, 29)
    row = next(row for row in timers.in_force() if row.id == limit.row)
    provisional = timers.due(row, start)
    assert provisional.deadline.provisional
    Limit.objects.filter(pk=limit.pk).update(starts_on=start, due_on=provisional.day)
    version = calendar.official().version
    made, lines = change(legal, "calendar", "CAL-2027", timezone.localdate(), off=OFF_2027, worked="2027-01-10 元旦", source="国务院办公厅通知", article="国办发明电〔2026〕1号")  # fmt: skip
    assert lines["最后一日会提前的期限"] + lines["最后一日会推后的期限"] >= 1
    official = calendar.official()
    assert official.version != version and official.covers(date(2027, 6, 1))
    assert official.is_working_day(date(2027, 1, 10)) and not official.is_working_day(date(2027, 10, 5))
    moved = Limit.objects.get(pk=limit.pk)
    assert moved.due_on == timers.due(row, start).day != provisional.day
    assert not timers.due(row, start).deadline.provisional
    assert Case.objects.get(pk=case).due_on == min(
        Limit.objects.filter(case=case, ended_on=None).values_list("due_on", flat=True)
    )
    assert made.kind == rows.REPLACE and calendar.packaged().version == version, "the packaged one stays as it was"


def test_a_day_to_come_is_taken_at_its_turn(desk: Any, legal: User, monkeypatch: pytest.MonkeyPatch) -> None:
    on = timezone.localdate() + timedelta(days=2)
    change(legal, "calendar", "CAL-2027", on, off=OFF_2027)
    assert not calendar.official().covers(date(2027, 6, 1))
    heard: list[tuple[str, date]] = []
    monkeypatch.setitem(actions.taken, "test", lambda sheet, day: heard.append((sheet, day)))
    actions.turned(on - timedelta(days=1))
    assert heard == []
    actions.turned(on)
    assert heard == [("calendar", on)]


def test_a_piece_of_work_asks_once_whether_officers_changed_anything(desk: Any, legal: User) -> None:
    """Limits are asked for hundreds of times in one transaction: that costs one query a second, with acts and without."""
    for change_first in (False, True):
        if change_first:
            change(legal, "timers", "OBJ-01B", timezone.localdate() + timedelta(days=3), length=5)
        inforce.forget()
        with transaction.atomic(), CaptureQueriesContext(connection) as asked:
            for _ in range(500):
                timers.find("objection-all", "henan", timezone.localdate())
                calendar.official()
        assert len(asked) <= 4 + 3, [query["sql"] for query in asked]


def test_acts_are_append_only(desk: Any, legal: User) -> None:
    actions.confirm(legal, "timers", "T-REPORT", **WORDS)
    for deed in (
        "UPDATE publicity_sheetact SET reason = 'x'",
        "DELETE FROM publicity_sheetact",
        "TRUNCATE publicity_sheetact",
    ):
        with database.connect_owner() as session, pytest.raises(psycopg.Error, match="append-only"):
            session.execute(deed.encode())


def test_the_pages(desk: Any, legal: User) -> None:
    """Listed, confirmed, compared, put in force, taken back: by forms alone."""
    client = Client()
    client.force_login(legal)
    page = client.get(reverse("rule-sheet", args=["timers"])).content.decode()
    assert "T-REPORT" in page and "T-REPORT-SAMR" not in page, "confirmed rows are left out until asked for"
    assert "T-REPORT-SAMR" in client.get(reverse("rule-sheet", args=["timers"]) + "?show=all").content.decode()
    assert reverse("rule-sheet", args=["calendar"]) in client.get(reverse("rules")).content.decode()
    decide = reverse("rule-sheet-decide", args=["timers", "T-REPORT"])
    on = (timezone.localdate() + timedelta(days=7)).isoformat()
    form = {**WORDS, "on": on, "length": "10", "unit": "working_days", "deed": "compare"}
    compared = client.post(decide, form)
    seen = compared.context["seen"]
    assert compared.status_code == 200 and "近一年按该规定计时的事项" in compared.content.decode()
    refused = client.post(decide, {**form, "length": "many"})
    assert refused.status_code == 409 and "many" in refused.content.decode()
    assert client.post(decide, {**form, "deed": "put", "seen": seen}).status_code == 302
    shown = client.get(reverse("rule-sheet-row", args=["timers", "T-REPORT"])).content.decode()
    assert on in shown and "撤回" in shown
    act = SheetAct.objects.get()
    assert client.post(decide, {"deed": "take-back", "act": act.pk, "why": "写错"}).status_code == 302
    assert client.post(decide, {**WORDS, "deed": "confirm"}).status_code == 302
    for code in SHEETS:
        for language in ("", "/en"):
            assert client.get(f"{language}/console/rules/sheets/{code}?show=all").status_code == 200
    assert client.get("/console/rules/sheets/nothing").status_code == 404
