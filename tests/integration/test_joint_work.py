"""Joint work end to end: a unit asks, an officer decides, the executor feeds back, what ended is lifted, what is late is told."""

from __future__ import annotations

import threading
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest
from django.db import connection

from .test_lists import World, ago

TODAY = date.today()
WHY = {"purpose": "投标资格审查", "authority": "招标投标法实施条例"}


@pytest.fixture(scope="module")
def world(desk: Any) -> World:
    from xinyong.accounts import actions as accounts
    from xinyong.accounts import selectors
    from xinyong.accounts.models import Role

    made = World(desk)
    accounts.register_department(slug="market", name_zh="示例市市场监督管理局", acting="test")
    accounts.register_department(slug="bank", name_zh="示例银行", acting="test")
    for name, slug in (("market", "market"), ("bank", "bank"), ("market2", "market")):
        accounts.create_user(
            username=name, password="a-long-password-1", display_name=name, role=Role.REPORTER, acting="test",
            department=selectors.department(slug),
        )  # fmt: skip
    return made


def question(scene: str = "inspection", matter: str = "年度检查", **more: str) -> Any:
    from xinyong.lists.joint_actions import Question

    return Question(**{"scene": scene, "matter": matter, **WHY, **more})


def decision(kind: str = "applied", **more: Any) -> Any:
    from xinyong.lists import gate
    from xinyong.lists.joint_actions import Decision

    base: dict[str, Any] = {
        "decision": kind, "reason": "在列的安全生产严重失信主体", "relation": "检查事项与安全生产失信行为直接相关",
        "notice": "示市监告〔2026〕8号", "notice_served_on": TODAY - timedelta(days=2), "notice_says": gate.NOTICE_PARTS,
    }  # fmt: skip
    return Decision(**{**base, **more})


def apply(
    world: World, case: Any, matter: str = "年度检查", who: str = "clerk", measure: str = "MEA-31", **more: Any
) -> Any:
    from xinyong.lists import joint_actions

    return joint_actions.decide(
        world.user(who), case.entity, case.record_id, measure, question(matter=matter), decision(**more)
    )


def test_a_unit_is_shown_its_own_measures_for_its_scene_only(world: World) -> None:
    from xinyong.lists import joint_actions, selectors

    case = world.listed()
    hits = joint_actions.ask(world.user("clerk"), case.entity, question())
    assert {hit.measure.id for hit in hits} == {"MEA-31", "HN-32-5"}
    assert all(hit.object.record_id == case.record_id for hit in hits)
    assert selectors.measures_for(case.entity, "safety", "bidding") == ()
    permit = {hit.measure.id for hit in selectors.measures_for(case.entity, "market", "permit")}
    assert permit == {"HN-32-1", "HN-32-3", "MEA-31"}
    assert selectors.measures_for(case.entity, "bank", "financing") == ()  # MEA-07
    assert selectors.measures_for(world.company(), "safety", "inspection") == ()


def test_26_12_every_question_leaves_exactly_one_row_with_purpose_and_authority(world: World) -> None:
    from xinyong.lists import joint_actions

    entity = world.listed().entity
    count = "SELECT count(*) FROM audit_auditentry WHERE deed = 'measures.asked'"
    before = world.desk.one(count)
    for _ in range(3):
        joint_actions.ask(world.user("clerk"), entity, question())
    assert world.desk.one(count) == before + 3
    purpose, detail = world.desk.rows(
        "SELECT purpose, detail FROM audit_auditentry WHERE deed = 'measures.asked' ORDER BY id DESC LIMIT 1"
    )[0]
    assert purpose == WHY["purpose"] and detail["authority"] == WHY["authority"]


@pytest.mark.parametrize("missing", ["purpose", "authority", "matter"])
def test_ref_14_no_answer_without_purpose_authority_and_matter(world: World, missing: str) -> None:
    from xinyong.lists import joint_actions
    from xinyong.lists.errors import MeasureRefused

    count = "SELECT count(*) FROM audit_auditentry WHERE deed = 'measures.asked'"
    before = world.desk.one(count)
    with pytest.raises(MeasureRefused, match="REF-14"):
        joint_actions.ask(world.user("clerk"), world.company(), question(**{missing: " "}))
    assert world.desk.one(count) == before


def test_decided_carried_out_lifted_and_acknowledged(world: World) -> None:
    from xinyong.lists import joint_actions
    from xinyong.lists.models import JointStep

    case = world.listed()
    work = apply(world, case)
    assert work.state == "applied" and work.due_on and work.until == case.planned_end
    work = joint_actions.execute(
        world.user("clerk"),
        work.pk,
        seen=work.seq,
        executed_on=TODAY,
        result="已增加检查频次",
        document="示应急〔2026〕5号",
    )
    assert work.state == "executed" and work.due_on is None
    assert joint_actions.follow() == 0
    world.take(case, "exit")
    world.desk.catch_up()
    work.refresh_from_db()
    assert work.state == "lift_due" and work.due_on
    messages = list(JointStep.objects.filter(joint=work).values_list("message", flat=True))
    assert messages == ["M3", "M4", "M5"]
    assert JointStep.objects.get(joint=work, message="M5").facts["trigger"] == "removed"
    work = joint_actions.lift(world.user("clerk"), work.pk, seen=work.seq, lifted_on=TODAY, note="已恢复正常检查频次")
    assert work.state == "lifted"
    world.desk.catch_up()
    assert JointStep.objects.filter(joint=work).count() == 4


def test_a_finished_piece_of_work_becomes_a_case_that_names_nobody(world: World) -> None:
    from django.test import Client

    from xinyong.lists import joint_actions
    from xinyong.lists.errors import MeasureRefused

    case = world.listed()
    name, code = case.entity.name, case.entity.credit_code
    work = apply(world, case, reason=f"{name}在列", matter=f"对{code}的检查")
    client = Client(headers={"accept-language": "zh-CN"})
    client.force_login(world.user("operator"))
    early = client.get(f"/console/content/new?work={work.pk}")
    assert early.status_code == MeasureRefused.status and "还没有办完" in early.content.decode()
    assert "起草典型案例" not in client.get(f"/console/measures/{work.pk}").content.decode()
    work = joint_actions.execute(
        world.user("clerk"),
        work.pk,
        seen=work.seq,
        executed_on=TODAY,
        result="已增加检查频次",
        document="示应急〔2026〕5号",
    )
    world.take(case, "exit")
    world.desk.catch_up()
    work.refresh_from_db()
    joint_actions.lift(world.user("clerk"), work.pk, seen=work.seq, lifted_on=TODAY, note="已恢复正常检查频次")
    assert f"/console/content/new?work={work.pk}" in client.get(f"/console/measures/{work.pk}").content.decode()

    page = client.get(f"/console/content/new?work={work.pk}")
    text, wish = page.content.decode(), page.context["text"]
    assert name not in text and code not in text and "某单位在列" in wish.body
    for words in ("已增加检查频次", "已恢复正常检查频次", "解除原因：移出名单"):
        assert words in wish.body
    form = {"kind": "typical-cases", "title": wish.title, "summary": wish.summary, "source": wish.source, "index_number": "",
            "issued_on": "", "body": wish.body, "work": str(work.pk), "deed": "save"}  # fmt: skip
    told = client.post("/console/content/new", {**form, "body": f"{wish.body}\n\n{name}已整改。"})
    assert told.status_code == 422 and "典型案例中出现了主体名称" in told.content.decode()
    assert "已整改" in told.content.decode(), "what was typed is kept"
    saved = client.post("/console/content/new", form)
    assert saved.status_code == 302
    # A later text is held to the same, whatever the form says.
    later = client.post(saved["Location"], {**form, "work": "", "body": f"{wish.body}\n\n{name}已整改。"})
    assert later.status_code == 422 and "典型案例中出现了主体名称" in later.content.decode()
    assert client.post(saved["Location"], {**form, "work": "", "body": f"{wish.body}\n\n已整改。"}).status_code == 302
    assert client.post(f"{saved['Location']}/act", {"deed": "publish", "revision": "1"}).status_code == 302
    public = Client(headers={"accept-language": "zh-CN"}).get("/typical-cases").content.decode()
    assert wish.title in public and name not in public
    reader = Client(headers={"accept-language": "zh-CN"})
    reader.force_login(world.user("finance"))
    assert reader.get(f"/console/content/new?work={work.pk}").status_code in (403, 404)


def test_repair_and_annulment_lift_too(world: World) -> None:
    from xinyong.lists.models import JointStep

    case = world.listed()
    work = apply(world, case)
    world.desk.catch_up()
    world.take(case, "annul")
    world.desk.catch_up()
    assert JointStep.objects.get(joint=work, message="M5").facts["trigger"] == "annulled"


def test_ref_11_what_the_list_does_not_name_is_not_attached(world: World) -> None:
    from xinyong.lists.errors import ListUnknown, MeasureRefused

    case = world.listed()
    with pytest.raises(ListUnknown):
        apply(world, case, measure="MEA-99")
    with pytest.raises(MeasureRefused, match="MEA-06"):
        apply(world, case, who="finance")
    with pytest.raises(MeasureRefused, match="MEA-05"):
        apply(world, case, notice="")
    with pytest.raises(MeasureRefused, match="MEA-01"):
        apply(world, case, measure="MEMO-01")
    with pytest.raises(MeasureRefused, match="no such entry"):
        apply(world, type("X", (), {"entity": world.company(), "record_id": case.record_id}))


def test_ref_12_the_platform_applies_nothing(world: World) -> None:
    from xinyong.accounts.selectors import RightMissing

    with pytest.raises(RightMissing):
        apply(world, world.listed(), who="operator")


def test_ref_13_a_measure_never_reaches_the_people_of_an_entity(world: World) -> None:
    from xinyong.lists.errors import MeasureRefused

    with pytest.raises(MeasureRefused, match="REF-13"):
        apply(world, world.listed(), target="legal-representative")


def test_not_applicable_and_waived_need_a_reason_that_fits(world: World) -> None:
    from xinyong.lists.errors import MeasureRefused

    case = world.listed()
    with pytest.raises(MeasureRefused, match="reason"):
        apply(world, case, kind="waived", reason_code="not-related")
    with pytest.raises(MeasureRefused, match="reason"):
        apply(world, case, kind="waived", reason=" ", reason_code="hardship")
    work = apply(world, case, kind="not_applicable", reason_code="not-related", notice="")
    assert work.state == "not_applicable" and work.due_on is None
    work = apply(world, case, kind="waived", reason_code="disproportionate", notice="")
    assert work.state == "waived"


def test_incentives_run_the_same_way(world: World) -> None:
    from xinyong.lists import joint_actions
    from xinyong.lists.models import JointStep

    entity = world.company()
    row = {"主体名称": entity.name, "统一社会信用代码": entity.credit_code, "荣誉类别": "纳税信用A级", "荣誉名称": "纳税信用A级纳税人",
           "认定单位": "示例市税务局", "认定日期": ago(100), "有效期至": (TODAY + timedelta(days=200)).isoformat()}  # fmt: skip
    assert world.desk.take([row], "honours", "safety").accepted == 1
    world.desk.catch_up()
    (hit,) = joint_actions.ask(world.user("clerk"), entity, question(matter="减少检查"))
    assert hit.measure.id == "INC-04" and hit.until
    work = joint_actions.decide(
        world.user("clerk"), entity, hit.object.record_id, "INC-04", question(matter="减少检查"),
        decision(relation="A级纳税人，降低检查频次", notice="", notice_served_on=None),
    )  # fmt: skip
    assert work.state == "applied" and work.favourable
    world.desk.take([{**row, "有效期至": ago(1)}], "honours", "safety")
    world.desk.catch_up()
    assert JointStep.objects.filter(joint=work, message="M5").count() == 1


def test_late_work_is_reminded_once_a_day_then_escalated(world: World) -> None:
    from xinyong.lists import joint_actions, joint_pages
    from xinyong.lists.models import Joint, JointStep

    work = apply(world, world.listed())
    Joint.objects.filter(pk=work.pk).update(due_on=TODAY - timedelta(days=1))
    joint_actions.follow(anew=True)
    joint_actions.follow(anew=True)
    sent = list(JointStep.objects.filter(joint=work, message="reminder"))
    assert len(sent) <= 1  # none when the day before is no working day
    Joint.objects.filter(pk=work.pk).update(due_on=TODAY - timedelta(days=14), reminders=0)
    joint_actions.follow(anew=True)
    assert JointStep.objects.filter(joint=work, message="escalation").exists()
    row = next(item for item in joint_pages.figures(TODAY).units if item.slug == "safety")
    assert row.late >= 1 and row.late <= row.live


def test_two_officers_one_answer(world: World) -> None:
    from xinyong.lists import joint_actions
    from xinyong.lists.errors import CaseChanged, MeasureRefused

    case, outcome, gate = world.listed(), [], threading.Barrier(2)

    def go(who: str) -> None:
        gate.wait()
        try:
            outcome.append(apply(world, case, who=who))
        except MeasureRefused as error:
            outcome.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=go, args=(who,)) for who in ("clerk", "chief")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (told,) = [item for item in outcome if isinstance(item, MeasureRefused)]
    (work,) = [item for item in outcome if not isinstance(item, MeasureRefused)]
    assert "同一事项" in told.message("zh")
    joint_actions.execute(world.user("clerk"), work.pk, seen=1, executed_on=TODAY, result="办结", document="")
    with pytest.raises(CaseChanged, match="clerk"):
        joint_actions.execute(world.user("chief"), work.pk, seen=1, executed_on=TODAY, result="办结", document="")


def test_messages_are_append_only(world: World) -> None:
    from xinyong.runtime import database

    work = apply(world, world.listed())
    for statement in (
        "UPDATE lists_jointstep SET reason = 'x' WHERE joint_id = %s",
        "DELETE FROM lists_jointstep WHERE joint_id = %s",
    ):
        with pytest.raises(psycopg.Error), database.connect(autocommit=True) as session:
            session.execute(statement.encode(), (work.pk,))


def test_26_6_whatever_was_applied_passed_every_test(world: World) -> None:
    """Invariant 26.6 over everything this module wrote."""
    from xinyong.lists import measures
    from xinyong.lists.models import JointStep

    rows = JointStep.objects.filter(message="M3", to_state="applied").select_related("joint__department")
    assert rows
    for row in rows:
        assert all(row.facts["tests"].values()) and set(row.facts["tests"]) >= {f"MEA-{n:02d}" for n in range(1, 12)}
        measure = measures.book().rows[row.joint.measure]
        assert measures.book().roles(row.joint.department.name_zh) & set(measure.executors)
        assert row.facts["notice"] or measure.kind == "incentive"


def test_the_standing_of_an_entity_says_what_why_until_when_and_what_ends_it(world: World) -> None:
    from xinyong.lists import joint_pages

    case = world.listed()
    work = apply(world, case)
    standing = joint_pages.standing(world.user("clerk"), case.entity, "zh")
    (entry,) = standing.entries
    assert entry.list_name.startswith("安全生产") and entry.until == case.planned_end and "移出" in entry.ends
    assert [item.number for item in standing.work] == [work.pk]
    assert {item.measure for item in standing.open} >= {"MEA-31"}
