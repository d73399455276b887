"""Cases in the database when more than one acts: two officers at once, kills, batches, handover; the trail."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterable
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction

from xinyong.accounts.models import Role, User
from xinyong.audit.models import AuditEntry
from xinyong.remedies import officers, selectors, steps, store
from xinyong.remedies.errors import CaseMovedOn, RemedyRefused
from xinyong.remedies.models import Case, Limit, Step

from .remedy_support import MET, acts, handed_in, objection, penalty, person, states, stock, stranger_of


@pytest.fixture(scope="module", autouse=True)
def records(desk: Any) -> None:
    """Records of the tests, delivered at once."""
    stock(desk, range(141, 240))


@pytest.fixture(scope="module")
def operator(desk: Any) -> User:
    """Runs the platform."""
    return person("remedy-operator", Role.OPERATOR, None)


@pytest.fixture(scope="module")
def unit(desk: Any) -> User:
    """Decides for the unit the records came from."""
    return person("remedy-unit", Role.SUPERVISOR, "demo")


@pytest.fixture(scope="module")
def stranger(desk: Any) -> User:
    """Decides for another unit."""
    return stranger_of()


# --- two at once, kills, the trail --------------------------------------------------------------------------------


def test_two_officers_at_once_one_wins_and_the_other_is_told_who_did_what(desk: Any, unit: User) -> None:
    entity, record = penalty(desk, 141)
    case = handed_in(entity, record)
    revision = Case.objects.get(pk=case).revision
    gate, results = threading.Barrier(2), []

    def work(act: str) -> None:
        gate.wait()
        try:
            officers.act(unit, case, act, reason="材料不符", revision=revision)
            results.append(act)
        except CaseMovedOn as error:
            results.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(act,)) for act in ("accept", "refuse")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    won = [item for item in results if isinstance(item, str)]
    lost = [item for item in results if isinstance(item, CaseMovedOn)]
    assert len(won) == len(lost) == 1
    assert "remedy-unit" in lost[0].message("zh") or "平台" in lost[0].message("zh")
    assert "没有生效" in lost[0].message("zh")


@pytest.mark.parametrize(
    "place",
    ["xinyong.ledger.actions.record_act", "xinyong.remedies.store.write", "xinyong.remedies.told.tell"],
)
def test_a_kill_at_any_moment_leaves_the_whole_step_or_nothing(desk: Any, dying: Any, unit: User, place: str) -> None:
    number = 150 + len(place)
    entity, record = penalty(desk, number)
    case = handed_in(entity, record)
    for act in ("accept", "verify"):
        officers.act(unit, case, act)
    before = (Case.objects.get(pk=case).revision, len(acts(case)), states(record))
    module, name = place.rsplit(".", 1)
    dying(
        f"from importlib import import_module\nsetattr(import_module('{module}'), '{name}', die)\n"
        "from xinyong.accounts.models import User\nfrom xinyong.remedies import officers\n"
        f"officers.act(User.objects.get(username='remedy-unit'), {case}, 'grant', reason='x', checks={MET!r})\n"
    )
    assert (Case.objects.get(pk=case).revision, len(acts(case)), states(record)) == before
    officers.act(unit, case, "grant", reason="已履行", checks=MET)
    assert states(record) == {"repaired"}


def test_steps_of_one_moment_share_a_transaction_and_stand_or_fall_alone(
    desk: Any, operator: User, unit: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twelve officers press at once on eight cases: four of them are second, and nothing is lost or doubled."""
    cases = [objection(*penalty(desk, 180 + at)) for at in range(8)]
    at_revision = {case: Case.objects.get(pk=case).revision for case in cases}
    sizes: list[int] = []
    written = store.write

    def write(items: Iterable[store.Writing]) -> set[int]:
        given = list(items)
        sizes.append(len(given))
        return written(given)

    monkeypatch.setattr(store, "write", write)
    ready = threading.Barrier(12)
    results: list[Any] = [None] * 12

    def press(at: int) -> None:
        case = cases[at % 8]
        try:
            ready.wait()
            results[at] = officers.act(operator, case, "compare", revision=at_revision[case])
        except Exception as error:
            results[at] = error
        finally:
            connection.close()

    team = [threading.Thread(target=press, args=(at,)) for at in range(12)]
    for one in team:
        one.start()
    for one in team:
        one.join()
    assert sum(isinstance(item, steps.Taken) for item in results) == 8
    assert sum(isinstance(item, CaseMovedOn) for item in results) == 4
    for case in cases:
        assert [act for act in acts(case) if act == "compare"] == ["compare"]
        assert AuditEntry.objects.filter(target=f"case {case}", deed="remedies.compare").count() == 1
    assert sum(sizes) >= 8
    chosen = [(case, Case.objects.get(pk=case).revision) for case in cases]
    sizes.clear()
    assert all(line.done for line in officers.act_on_all(operator, chosen, "forward", reason="请核查"))
    assert sizes == [8]
    for case in cases:
        held = Case.objects.get(pk=case)
        assert held.state == "forwarded" and held.revision == Step.objects.filter(case_id=case).count()
        (limit,) = Limit.objects.filter(case_id=case, ended_on=None, timer="objection-provider")
        assert held.due_on is not None and limit.due_on >= held.due_on


def test_whoever_waits_for_a_case_is_judged_by_what_the_winner_left(desk: Any, operator: User, unit: User) -> None:
    """Judged under the lock: the limits that count are those after the other's step, not those from before the wait."""
    case = objection(*penalty(desk, 190))
    holds, answer = threading.Event(), []

    def second() -> None:
        try:
            holds.wait()
            with transaction.atomic():
                answer.append({limit.timer for limit in steps.hold(case).facts.limits})
        finally:
            connection.close()

    thread = threading.Thread(target=second)
    thread.start()
    with transaction.atomic():
        steps.hold(case)
        holds.set()
        time.sleep(0.3)
        steps.take(case, steps.Deed(act="forward", reason="请核查"), steps.Actor(party="platform", name="a"))
    thread.join()
    assert answer == [{"objection-all", "objection-provider"}]


def test_steps_are_never_changed_or_removed(desk: Any) -> None:
    entity, record = penalty(desk, 142)
    case = objection(entity, record)
    for statement in (
        f"UPDATE remedies_step SET reason = 'x' WHERE case_id = {case}",
        f"DELETE FROM remedies_step WHERE case_id = {case}",
        "TRUNCATE remedies_step",
    ):
        with pytest.raises(psycopg.errors.Error):
            desk.rows(statement)
    numbers = list(Step.objects.filter(case_id=case).order_by("number").values_list("number", flat=True))
    assert numbers == list(range(1, len(numbers) + 1))


def test_every_deed_of_a_person_leaves_an_audit_row_without_a_name(desk: Any) -> None:
    from xinyong.audit.models import AuditEntry

    entity, record = penalty(desk, 143)
    case = objection(entity, record)
    row = AuditEntry.objects.filter(target=f"case {case}", deed="remedies.submit").get()
    assert row.actor == "account:7" and "示例经办人" not in str(row.detail)
    found = Case.objects.get(pk=case)
    assert found.acting_name.startswith("enc1:")


# --- batches and handover -----------------------------------------------------------------------------------------


def test_a_batch_does_what_it_can_and_says_of_each_why_not(desk: Any, operator: User, unit: User) -> None:
    cases = [objection(*penalty(desk, 160 + at)) for at in range(3)]
    chosen = [(case, Case.objects.get(pk=case).revision) for case in cases]
    officers.act(operator, cases[1], "compare")
    lines = officers.act_on_all(operator, chosen, "forward", reason="请核查")
    assert [line.done for line in lines] == [True, False, True] and "没有生效" in lines[1].words
    with pytest.raises(RemedyRefused, match="case by case"):
        officers.act_on_all(unit, chosen, "reject", reason="x")


def test_a_grant_in_a_batch_passes_only_where_everything_is_known(desk: Any, unit: User) -> None:
    case = handed_in(*penalty(desk, 170))
    for act in ("accept", "verify"):
        officers.act(unit, case, act)
    (line,) = officers.act_on_all(unit, [(case, Case.objects.get(pk=case).revision)], "grant", reason="已履行")
    assert not line.done and "尚未核实" in line.words


def test_handover_only_to_somebody_who_may(desk: Any, unit: User, operator: User, stranger: User) -> None:
    case = handed_in(*penalty(desk, 171))
    colleague = person("remedy-colleague", Role.SUPERVISOR, "demo")
    assert officers.hand_over(unit, case, colleague.username) == colleague.username
    for nobody in (operator.username, stranger.username, "nobody"):
        with pytest.raises(RemedyRefused, match="may not deal"):
            officers.hand_over(unit, case, nobody)
    assert officers.hand_over(unit, case, "") == ""


def test_an_act_inside_a_callers_transaction_is_undone_with_it(desk: Any, operator: User) -> None:
    entity, record = penalty(desk, 172)
    case = objection(entity, record)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        officers.act(operator, case, "compare")
        raise ZeroDivisionError
    assert Case.objects.get(pk=case).state == "accepted"


def test_the_applicant_reads_stages_promises_and_history(desk: Any, operator: User, unit: User) -> None:
    entity, record = penalty(desk, 173)
    case = objection(entity, record)
    officers.act(operator, case, "forward", reason="仅供内部")
    mine = selectors.case_for_applicant(case, entity, "en")
    assert [stage.state for stage in mine.stages] == ["done", "done", "todo", "current", "todo", "todo"]
    assert mine.promises and all(item.words and item.late for item in mine.promises)
    assert "remedy-operator" not in str(mine), "officers are not named to the applicant"
    (line,) = selectors.cases_of(entity)
    assert line.number.startswith("YY-") and line.due_on is not None and not line.overdue


def test_the_function_of_the_database_writes_every_column_a_step_may_set(desk: Any) -> None:
    (body,) = desk.rows("SELECT prosrc FROM pg_proc WHERE proname = 'remedies_write_v1'")[0]
    assert set(re.findall(r"new\.(\w+)", body)) == store.COLUMNS
