"""Cases in the database: opened, worked, decided, everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from xinyong.accounts.models import Role, User
from xinyong.accounts.selectors import RightMissing
from xinyong.ledger.errors import RecordNotFound
from xinyong.registry import keys
from xinyong.remedies import actions, officers, selectors, told, watch
from xinyong.remedies.applicant import Applicant, ApplicantRight, Material
from xinyong.remedies.errors import CaseUnknown, FileRefused, RemedyRefused
from xinyong.remedies.models import Case, CaseFile, Limit, Receipt

from .remedy_support import (
    MET,
    PROOF,
    acts,
    applicant,
    handed_in,
    objection,
    penalty,
    person,
    states,
    stock,
    stranger_of,
)


@pytest.fixture(scope="module", autouse=True)
def records(desk: Any) -> None:
    """Records of the tests, delivered at once."""
    stock(desk, range(101, 140))


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


def shown(desk: Any, record: int) -> bool:
    desk.catch_up()
    return bool(desk.one("SELECT count(*) FROM publicity_window WHERE record_id = %s", record))


# --- objection ----------------------------------------------------------------------------------------------------


def test_an_objection_is_marked_at_once_in_every_channel_and_its_outcome_stands_on_the_record(
    desk: Any, operator: User, unit: User
) -> None:
    entity, record = penalty(desk, 101)
    case = objection(entity, record)
    assert states(record) == {"disputed"} and acts(case) == ["submit", "accept"]
    key, site = keys.record_key(record), Client()
    code = desk.one("SELECT credit_code FROM registry_entity WHERE id = %s", entity)
    for address in (f"/records/{key}", f"/entities/{code}"):
        assert "chip--violet" in site.get(address).content.decode(), address
    for address in (f"/records/{key}.json", f"/entities/{code}.json"):
        assert "异议处理中" in site.get(address).content.decode(), address

    officers.act(operator, case, "compare")
    officers.act(operator, case, "forward", reason="请核查")
    officers.act(unit, case, "take_up")
    officers.act(unit, case, "uphold", reason="金额录入有误", basis="更正通知1号", remedy="correct")
    assert states(record) == {"disputed", "corrected"}, "the mark stays until the applicant is told"
    officers.act(operator, case, "notify", reason="异议成立")
    assert states(record) == {"corrected"}
    found = Case.objects.get(pk=case)
    assert (found.state, found.outcome, found.remedy, found.due_on) == ("closed", "upheld", "correct", None)
    page = site.get(f"/records/{key}").content.decode()
    assert "chip--violet" not in page and "更正" in page and "异议标注解除" in page
    assert not Limit.objects.filter(case_id=case, ended_on=None).exists()


def test_a_mark_and_its_step_stand_or_fall_together(desk: Any) -> None:
    entity, record = penalty(desk, 102)

    class Stop(Exception):
        pass

    def fail(heard: Sequence[told.Told]) -> None:
        if any(step.act == "accept" for step in heard):
            raise Stop

    told.listeners["test"] = fail
    try:
        with pytest.raises(Stop):
            objection(entity, record)
    finally:
        del told.listeners["test"]
    assert states(record) == set() and not Case.objects.filter(record_id=record).exists()
    assert objection(entity, record)


def test_rejected_and_reviewed_within_the_limit(desk: Any, operator: User, unit: User) -> None:
    entity, record = penalty(desk, 103)
    case = objection(entity, record, field="CF_NR_FK", wanted="0.01")
    officers.act(operator, case, "forward")
    officers.act(unit, case, "reject", reason="与决定书一致", basis="决定书")
    officers.act(operator, case, "notify", reason="不成立")
    assert states(record) == set()
    mine = selectors.case_for_applicant(case, entity)
    assert "ask_review" in mine.may and mine.review_until is not None and mine.answer == "与决定书一致"
    actions.ask_review(applicant(entity), case, reason="有新的证据")
    assert states(record) == {"disputed"}
    with pytest.raises(RemedyRefused, match="is for the platform"):
        officers.act(unit, case, "review_reject", reason="x")
    officers.act(operator, case, "review_uphold", reason="省级信用主管部门复核成立", remedy="delete", basis="复核决定")
    officers.act(operator, case, "notify", reason="复核成立，已删除")
    assert states(record) == {"withdrawn"} and not shown(desk, record)
    with pytest.raises(RemedyRefused, match="reviewed once"):
        actions.ask_review(applicant(entity), case, reason="再来")


def test_unresolved_keeps_the_mark_and_both_statements(desk: Any, operator: User, unit: User) -> None:
    entity, record = penalty(desk, 104)
    case = objection(entity, record)
    officers.act(operator, case, "forward")
    officers.act(unit, case, "cannot_verify", reason="档案遗失")
    officers.act(operator, case, "notify_unresolved", reason="不能核实，保留标注")
    found = Case.objects.get(pk=case)
    assert states(record) == {"disputed"} and (found.outcome, found.state) == ("unresolved", "closed")
    assert found.statement and found.answer == "档案遗失"


def test_own_fix_by_the_platform(desk: Any, operator: User, unit: User) -> None:
    entity, record = penalty(desk, 105)
    case = objection(entity, record, ground="clerical")
    officers.act(operator, case, "take_over", reason="平台展示与报送不一致")
    with pytest.raises(RemedyRefused, match="choose what is done"):
        officers.act(operator, case, "fix", reason="已更正", remedy="delete")
    officers.act(operator, case, "fix", reason="已更正", remedy="correct")
    assert states(record) == {"corrected"} and Case.objects.get(pk=case).state == "closed"


def test_two_objections_to_fields_share_one_mark(desk: Any, operator: User, unit: User) -> None:
    entity, record = penalty(desk, 106)
    first, second = objection(entity, record, field="CF_NR_FK"), objection(entity, record, field="CF_SY")
    with pytest.raises(RemedyRefused, match="is open"):
        objection(entity, record, field="CF_SY")
    for case in (first, second):
        assert states(record) == {"disputed"}
        officers.act(operator, case, "forward")
        officers.act(unit, case, "reject", reason="一致")
        officers.act(operator, case, "notify", reason="不成立")
    assert states(record) == set()


def test_the_same_again_is_looked_at_by_an_officer_first(desk: Any, operator: User, unit: User) -> None:
    entity, record = penalty(desk, 107)
    case = objection(entity, record)
    officers.act(operator, case, "forward")
    officers.act(unit, case, "reject", reason="一致")
    officers.act(operator, case, "notify", reason="不成立")
    again = objection(entity, record)
    assert Case.objects.get(pk=again).state == "form_check" and states(record) == set()
    officers.act(operator, again, "turn_away", reason="没有新的事实")
    assert Case.objects.get(pk=again).outcome == "not_accepted"


def test_taken_back_the_mark_goes(desk: Any) -> None:
    entity, record = penalty(desk, 108)
    case = objection(entity, record)
    actions.withdraw_case(applicant(entity), case)
    assert states(record) == set() and Case.objects.get(pk=case).outcome == "taken_back"
    assert Limit.objects.filter(case_id=case, met=True).count() == 0, "what falls away is neither in time nor late"


def test_silence_of_the_provider_is_escalated_and_display_may_be_suspended(
    desk: Any, operator: User, unit: User
) -> None:
    entity, record = penalty(desk, 109)
    case = objection(entity, record)
    officers.act(operator, case, "forward")
    with pytest.raises(RemedyRefused, match="has not passed"):
        officers.act(operator, case, "suspend", reason="逾期")
    late(case)
    heard: list[told.Told] = []
    told.listeners["test"] = heard.extend
    try:
        assert watch.escalate(timezone.localdate()) >= 1
    finally:
        del told.listeners["test"]
    assert any(item.case_id == case and item.act == "escalate" for item in heard)
    assert watch.escalate(timezone.localdate()) == 0, "told once"
    assert acts(case)[-1] == "escalate"
    officers.act(operator, case, "suspend", reason="来源单位逾期未答复")
    assert not shown(desk, record)
    officers.act(unit, case, "reject", reason="与决定书一致")
    assert states(record) == {"disputed"} and shown(desk, record), "answered: shown again, with the mark"


def late(case: int) -> None:
    """Move the limits of a case into the past: the clock is moved, nobody waits."""
    past = timezone.localdate() - timedelta(days=1)
    Limit.objects.filter(case_id=case, ended_on=None).update(due_on=past)
    Case.objects.filter(pk=case).update(due_on=past, escalated=False)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"statement": "  "}, "what is wrong and why"),
        ({"ground": "luck"}, "choose a ground"),
        ({"ground": "not_listable"}, "choose a ground"),
        ({"field": "NO_FIELD"}, "no field"),
        ({"statement": "长" * 6000}, "at most"),
    ],
)
def test_bad_input_is_refused_with_words(desk: Any, change: dict[str, str], why: str) -> None:
    entity, record = penalty(desk, 110)
    with pytest.raises(RemedyRefused, match=why) as refused:
        objection(entity, record, **change)
    assert refused.value.message("zh") and not Case.objects.filter(record_id=record).exists()


def test_files_are_judged_by_their_bytes_sealed_and_kept_once(desk: Any) -> None:
    entity, record = penalty(desk, 111)
    for content, why in ((b"", "empty"), (b"MZ program", "no PDF"), (b"%PDF" + b"x" * (10 * 1024 * 1024), "more than")):
        with pytest.raises(FileRefused, match=why):
            objection(entity, record, materials=[Material(kind="evidence", name="a.pdf", content=content)])
    good = Material(kind="evidence", name="决定书.pdf", content=b"%PDF-1.7 secret words")
    case = objection(entity, record, materials=[good, good])
    (stored,) = CaseFile.objects.filter(case_id=case)
    assert b"secret words" not in bytes(stored.content)
    assert selectors.material_for_applicant(case, stored.pk, entity)[2] == good.content
    with pytest.raises(CaseUnknown):
        selectors.material_for_applicant(case, stored.pk, penalty(desk, 112)[0])


def test_another_firms_record_and_case_are_not_there(desk: Any) -> None:
    entity, record = penalty(desk, 113)
    other, _ = penalty(desk, 114)
    with pytest.raises(RecordNotFound):
        actions.open_objection(applicant(other), record, ground="factual", statement="x")
    case = objection(entity, record)
    for deed in (
        lambda: actions.withdraw_case(applicant(other), case),
        lambda: selectors.case_for_applicant(case, other),
        lambda: actions.add_material(applicant(other), case, [], text="x"),
    ):
        with pytest.raises(CaseUnknown):
            deed()


def test_the_name_of_a_person_never_comes_in_clear() -> None:
    with pytest.raises(ValueError, match="token"):
        Applicant(entity_id=1, account_id=1, acting_name="张三", rights=frozenset())


# --- repair -------------------------------------------------------------------------------------------------------


def test_a_firm_repairs_and_the_record_is_gone_with_receipts(desk: Any, operator: User, unit: User) -> None:
    """The unit decides with an account of the platform; it needs no system of its own (REP-27)."""
    entity, record = penalty(desk, 121)
    assert selectors.repair_view(entity, record).may_apply
    case = handed_in(entity, record)
    assert acts(case) == ["draft", "sign", "submit", "route"] or acts(case)[-2:] == ["submit", "route"]
    officers.act(unit, case, "accept")
    officers.act(unit, case, "verify")
    with pytest.raises(RemedyRefused, match="not verified yet"):
        officers.act(unit, case, "grant", reason="x")
    with pytest.raises(RemedyRefused, match="is for the unit"):
        officers.act(operator, case, "grant", reason="x", checks=MET)
    officers.act(unit, case, "grant", reason="义务已履行", basis="修复决定1号", checks=MET)
    assert states(record) == {"repaired"}
    assert not shown(desk, record)
    desk.catch_up()
    found = Case.objects.get(pk=case)
    assert (found.state, found.outcome) == ("closed", "granted") and acts(case)[-2:] == ["sync", "close"]
    assert set(Receipt.objects.filter(case_id=case).values_list("channel", flat=True)) == {"site", "opendata"}
    assert Client().get(f"/records/{keys.record_key(record)}").status_code == 410
    with pytest.raises(RemedyRefused, match="nothing to repair"):
        handed_in(entity, record)


def test_rep_45_deceit_revokes_and_bars_for_36_months(desk: Any, unit: User) -> None:
    entity, record = penalty(desk, 122)
    _, other = penalty(desk, 122, days=210)
    case = handed_in(entity, record)
    for act in ("accept", "verify"):
        officers.act(unit, case, act)
    officers.act(unit, case, "grant", reason="已履行", checks=MET)
    assert not shown(desk, record)
    officers.act(unit, case, "revoke", reason="缴款凭证系伪造", basis="认定书1号")
    assert states(record) == set() and shown(desk, record), "publicity is restored"
    until = Case.objects.get(pk=case).barred_until
    assert until is not None and until > timezone.localdate() + timedelta(days=3 * 365 - 2)
    assert selectors.repair_view(entity, other).barred_until == until
    with pytest.raises(RemedyRefused, match="no application until"):
        actions.open_repair(applicant(entity), other)


def test_too_early_says_from_when(desk: Any) -> None:
    entity, record = penalty(desk, 123, days=20)
    view = selectors.repair_view(entity, record)
    assert not view.may_apply and view.ready_on is not None and view.ready_on > timezone.localdate()
    with pytest.raises(RemedyRefused) as refused:
        actions.open_repair(applicant(entity), record)
    assert view.ready_on.isoformat() in refused.value.message("zh")


def test_gaps_are_told_once_and_completely(desk: Any, unit: User) -> None:
    entity, record = penalty(desk, 124)
    case = handed_in(entity, record)
    with pytest.raises(RemedyRefused, match="choose every gap"):
        officers.act(unit, case, "gaps", reason="x")
    officers.act(unit, case, "gaps", reason="请补正", gaps=["proof_unclear", "other_missing"], gap_note="整改报告")
    mine = selectors.case_for_applicant(case, entity)
    assert len(mine.gaps) == 2 and "整改报告" in mine.gaps[1] and mine.line.waits_for == "申请人"
    actions.answer_gap(
        applicant(entity), case, text="已重新扫描", materials=[Material(kind="proof", name="b.pdf", content=b"%PDF-2")]
    )
    assert Case.objects.get(pk=case).state == "forwarded"
    with pytest.raises(RemedyRefused, match="told once"):
        officers.act(unit, case, "gaps", reason="又缺", gaps=["proof_other"])
    officers.act(unit, case, "refuse", reason="材料仍不符")
    assert Case.objects.get(pk=case).outcome == "not_accepted" and acts(case)[-1] == "close"


def test_rights_of_delegates(desk: Any) -> None:
    entity, record = penalty(desk, 125)
    filler = applicant(entity, ApplicantRight.FILL, account=8)
    signer = applicant(entity, ApplicantRight.SIGN, account=9)
    case = actions.open_repair(filler, record, materials=[PROOF])
    for deed, why in (
        (lambda: actions.sign_commitment(filler, case), "no right to sign"),
        (lambda: actions.submit_repair(filler, case), "no right to hand in"),
        (lambda: actions.submit_repair(signer, case), "no right to hand in"),
        (lambda: actions.open_objection(filler, record, ground="factual", statement="x"), "no right to hand in"),
    ):
        with pytest.raises(RemedyRefused, match=why):
            deed()
    with pytest.raises(RemedyRefused, match="Commitment letter"):
        actions.submit_repair(applicant(entity, ApplicantRight.SUBMIT), case)
    actions.sign_commitment(signer, case)
    actions.submit_repair(applicant(entity, ApplicantRight.SUBMIT), case)
    assert Case.objects.get(pk=case).state == "forwarded"
    with pytest.raises(RemedyRefused, match="is open"):
        actions.open_repair(filler, record)


def test_extension_once_told_beforehand(desk: Any, unit: User) -> None:
    entity, record = penalty(desk, 126)
    case = handed_in(entity, record)
    for act in ("accept", "verify"):
        officers.act(unit, case, act)
    before = Limit.objects.get(case_id=case, timer__startswith="repair-decide").due_on
    officers.act(unit, case, "extend", reason="需进一步核实")
    assert Limit.objects.get(case_id=case, timer__startswith="repair-decide").due_on > before
    with pytest.raises(RemedyRefused, match="once only"):
        officers.act(unit, case, "extend", reason="再延长")
    officers.act(unit, case, "deny", reason="义务未履行完毕", checks={"performed": "failing"})
    assert Case.objects.get(pk=case).outcome == "denied" and shown(desk, record)


# --- withdrawal ---------------------------------------------------------------------------------------------------


def test_withdrawal_is_one_act_and_can_be_undone(desk: Any, unit: User, operator: User) -> None:
    _, record = penalty(desk, 131)
    with pytest.raises(RemedyRefused, match="new document"):
        officers.withdraw_record(unit, record, cause="annulled", reason="法院判决撤销", basis=" ")
    with pytest.raises(RemedyRefused, match="choose a cause"):
        officers.withdraw_record(unit, record, cause="objection_upheld", reason="x", basis="y")
    case = officers.withdraw_record(unit, record, cause="annulled", reason="法院判决撤销", basis="（2026）示行终1号")
    assert states(record) == {"withdrawn"} and not shown(desk, record)
    desk.catch_up()
    assert Case.objects.get(pk=case).state == "closed"
    officers.act(operator, case, "reinstate", reason="再审改判", basis="（2026）示行再1号")
    assert states(record) == set() and shown(desk, record)


def test_a_late_source_is_told_and_the_platform_withdraws(desk: Any, unit: User, operator: User) -> None:
    entity, record = penalty(desk, 132)
    case = actions.report_annulment(applicant(entity), record, cause="void", reason="复议确认无效", basis="复议决定1号")
    assert Case.objects.get(pk=case).state == "received" and shown(desk, record)
    with pytest.raises(RemedyRefused, match="still has time"):
        officers.act(operator, case, "force_withdraw", reason="x")
    late(case)
    officers.act(operator, case, "force_withdraw", reason="来源单位逾期")
    assert states(record) == {"withdrawn"} and not shown(desk, record)


def test_a_stranger_sees_and_does_nothing(desk: Any, stranger: User, unit: User) -> None:
    entity, record = penalty(desk, 133)
    case = objection(entity, record)
    with pytest.raises(CaseUnknown):
        officers.act(stranger, case, "take_up")
    with pytest.raises(RemedyRefused, match="another unit"):
        officers.withdraw_record(person("remedy-other-operator", Role.SUPERVISOR, "elsewhere"), record, cause="void", reason="x", basis="y")  # fmt: skip
    with pytest.raises(RightMissing):
        officers.seen(person("remedy-reader", Role.READER, "demo"), case)


# --- tips ---------------------------------------------------------------------------------------------------------


def test_obj_09_a_tip_has_its_limit_and_only_its_number_tells_what_became_of_it(
    desk: Any, operator: User, unit: User
) -> None:
    from xinyong.publicity import timers
    from xinyong.remedies import desk as queue
    from xinyong.remedies import figures, tips
    from xinyong.remedies.models import Tip

    client, today = Client(), timezone.localdate()
    _, record = penalty(desk, 139)
    sent = client.post(
        f"/records/{keys.record_key(record)}/tip", {"text": "决定书日期有误", "contact": "138 0000 0000"}
    )
    tip = Tip.objects.get(record_id=record)
    row = next(item for item in timers.in_force() if item.id == tip.rule)
    assert (row.length, row.unit) == (20, "working_days") and tip.due_on == timers.due(row, today).day
    assert tip.number in sent.content.decode() and str(tip.due_on) in sent.content.decode()

    # No address holds the number, and guessing the next one is answered like nonsense.
    for wrong in ("", "1", str(tip.pk), tip.number[:-1] + ("A" if tip.number[-1] != "A" else "B")):
        answer = client.post("/tips", {"number": wrong})
        assert answer.status_code == 422 and "没有这个编号" in answer.content.decode()

    def told() -> str:
        return client.post("/tips", {"number": f" {tip.number.lower()} "}).content.decode()

    assert str(tip.due_on) in told() and "待查看" in told()
    officers.handle_tip(operator, tip.pk, state="forwarded", reply="内部意见：请查档案")
    assert "内部意见" not in told(), "what officers say to each other stays with them"

    Tip.objects.filter(pk=tip.pk).update(due_on=today - timedelta(days=1))
    line = tips.tips(unit, 1, "zh")[0][0]
    assert line.number == tip.number and line.overdue and line.late_days >= 0 and line.percent == 100
    assert tips.late_tips(unit) == tips.late_tips(operator) == 1
    assert [group for group, task in queue.tasks(unit, False) if task.note == tip.number] == ["overdue"]
    client.force_login(unit)
    assert str(today - timedelta(days=1)) in client.get("/console/tips").content.decode()
    assert "逾期 1" in client.get("/console/cases").content.decode()
    client.logout()

    officers.handle_tip(unit, tip.pk, state="done", reply="已更正，联系人 13812345678")
    page = told()
    assert "已更正" in page and "13812345678" not in page and "决定书日期有误" not in page
    assert keys.record_key(record) not in page and "救济有限公司" not in page
    assert tips.late_tips(operator) == 0
    counted = [item for item in figures.figures(operator, today, today, "en").limits if "OBJ-09" in item.article]
    assert [(item.good, item.total) for item in counted] == [(0, 1)], "dealt with late: counted as late"
