"""The listing procedure against the real ledger: entry, exit, annulment, imports, two officers at once."""

from __future__ import annotations

import threading
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.test import Client

from xinyong.errors import XinyongError

TODAY = date.today()
PASSWORD = "a-long-password-1"


def ago(days: int) -> str:
    return (TODAY - timedelta(days=days)).isoformat()


FACTS: dict[str, dict[str, Any]] = {
    "propose": {"ground": "grave-violation", "facts": "查明的事实", "evidence": "现场检查笔录"},
    "serve_notice": {
        "notice_document": "示应急告〔2026〕1号", "served_on": ago(60), "service_method": "direct",
        "service_proof": "送达回证〔2026〕1号", "told": ["facts", "basis", "measures", "exit", "rights"],
    },
    "lapse": {},
    "decide": {
        "decided_on": ago(30), "document": "示应急列〔2026〕1号", "facts": "存在重大事故隐患拒不整改", "basis": ["MEM-11"],
        "measures_told": "增加检查频次", "exit_terms": "满三年移出，满一年可申请提前移出", "relief": "六十日内申请行政复议",
        "signed_post": "局长",
    },
    "serve_decision": {"served_on": ago(28), "service_method": "mail", "service_proof": "EMS 1234"},
    "publish": {"listed_on": ago(20)},
    "exit": {"exit_ground": "corrected", "exit_on": ago(0), "exit_document": "示应急移〔2026〕1号"},
    "announce": {"announced_on": ago(0), "channel": "信用网站"},
    "annul": {
        "annulled_by": "court", "annulled_on": ago(0), "document": "（2026）示行初1号", "restored": "恢复名誉，通知各实施单位",
    },
}  # fmt: skip
DECIDES = {"decide", "decide_not", "publish", "exit", "annul", "refuse_early"}


class World:
    """A city with two officers of the deciding department."""

    def __init__(self, desk: Any) -> None:
        from xinyong.accounts import actions as accounts
        from xinyong.accounts import selectors
        from xinyong.accounts.models import Role

        self.desk = desk
        accounts.register_department(slug="safety", name_zh="示例市应急管理局", credit_code="", acting="test")
        accounts.register_department(slug="finance", name_zh="示例市财政局", credit_code="", acting="test")
        for name, role, slug in (
            ("clerk", Role.REPORTER, "safety"),
            ("chief", Role.SUPERVISOR, "safety"),
            ("chief2", Role.SUPERVISOR, "safety"),
            ("finance", Role.SUPERVISOR, "finance"),
            ("operator", Role.OPERATOR, None),
        ):
            accounts.create_user(
                username=name, password=PASSWORD, display_name=name, role=role, acting="test",
                department=selectors.department(slug) if slug else None,
            )  # fmt: skip
        self.serial = 0

    def user(self, name: str) -> Any:
        from xinyong.accounts.models import User

        return User.objects.select_related("department").get(username=name)

    def company(self, kind: str = "91") -> Any:
        from xinyong.registry import selectors as registry

        self.serial += 1
        code = self.desk.code(5000 + self.serial, f"{kind}410700")
        self.desk.take([self.desk.registration(code, f"示例第{self.serial}安全设备有限公司")])
        return registry.found(code)

    def open(self, entity: Any, list_code: str = "work-safety", **change: Any) -> Any:
        from xinyong.lists import actions

        return actions.propose(
            self.user("clerk"), list_code, entity, facts={**FACTS["propose"], **change}, reason="提请列入"
        )

    def take(self, case: Any, step: str, who: str = "", seen: int | None = None, **change: Any) -> Any:
        from xinyong.lists import actions

        user = self.user(who or ("chief" if step in DECIDES else "clerk"))
        return actions.take(
            user, case.pk, step, seen=case.seq if seen is None else seen, facts={**FACTS[step], **change}, reason="办理"
        )

    def listed(self, entity: Any | None = None, **decide: Any) -> Any:
        case = self.open(entity or self.company())
        for step in ("serve_notice", "lapse", "decide", "serve_decision", "publish"):
            case = self.take(case, step, **(decide if step == "decide" else {}))
        self.desk.catch_up()
        return case


@pytest.fixture(scope="module")
def world(desk: Any) -> World:
    return World(desk)


@pytest.fixture
def visitor() -> Client:
    return Client(headers={"accept-language": "zh-CN"})


def shown(visitor: Client, entity: Any) -> bool:
    page = visitor.get("/lists/list-entry").content.decode()
    return entity.name in page


def test_an_entity_is_listed_through_the_whole_procedure_and_leaves_again(world: World, visitor: Client) -> None:
    entity = world.company()
    case = world.open(entity)
    assert not shown(visitor, entity)
    for step in ("serve_notice", "lapse", "decide", "serve_decision"):
        case = world.take(case, step)
        world.desk.catch_up()
        assert not shown(visitor, entity), step
    case = world.take(case, "publish")
    world.desk.catch_up()
    assert case.state == "listed" and case.record_id
    assert shown(visitor, entity)
    assert "安全生产" in visitor.get(f"/entities/{entity.credit_code}").content.decode()

    case = world.take(case, "exit")
    world.desk.catch_up()
    assert case.state == "removed"
    assert not shown(visitor, entity)
    case = world.take(case, "announce")
    assert case.state == "closed"
    # One record of two versions through the one engine, with the audit row of each step.
    versions = world.desk.one("SELECT count(*) FROM ledger_version WHERE record_id = %s", case.record_id)
    assert versions == 2
    steps = world.desk.one(
        "SELECT count(*) FROM audit_auditentry WHERE deed = 'list.step' AND target = %s", f"list case {case.pk}"
    )
    assert steps == case.seq


def test_the_entry_says_basis_notice_exit_terms_and_relief(world: World) -> None:
    from xinyong.ledger import selectors as ledger

    case = world.listed()
    payload = ledger.record(case.record_id).versions[-1]["payload"]
    assert "第11号" in payload["BASIS"] and payload["DOCNUM"] == "示应急列〔2026〕1号"
    assert payload["NOTICE_ON"] == ago(60) and payload["NOTICE_PROOF"]
    assert payload["EXIT_TERMS"] and payload["RELIEF"] and payload["PLANNED_END"]
    # What officers only may see does not come to the public.
    page = Client().get("/lists/list-entry.json").content.decode()
    assert "送达回证" not in page


def test_ref_09_the_action_refuses_what_the_law_does_not_know(world: World) -> None:
    from xinyong.lists import actions
    from xinyong.lists.errors import ListRefused

    entity = world.company()
    case = world.open(entity)
    with pytest.raises(ListRefused, match="Proposed"):
        world.take(case, "decide")
    with pytest.raises(ListRefused, match="Proof of service"):
        world.take(case, "serve_notice", service_proof="")
    case = world.take(case, "serve_notice", served_on=ago(1))
    with pytest.raises(ListRefused, match="time to be heard"):
        world.take(case, "lapse")
    with pytest.raises(ListRefused, match="already"):
        world.open(entity)
    with pytest.raises(ListRefused, match="reason"):
        actions.take(world.user("clerk"), case.pk, "drop", seen=case.seq, facts={}, reason=" ")
    assert world.desk.one("SELECT count(*) FROM lists_casestep WHERE case_id = %s", case.pk) == 2


def test_ref_10_a_score_is_no_fact(world: World) -> None:
    from xinyong.lists.errors import ListRefused

    for word in ("score", "grade", "risk_class"):
        with pytest.raises(ListRefused, match=word):
            world.open(world.company(), **{word: "D"})


def test_no_bad_record_makes_a_list_entry_or_a_measure_by_itself(world: World) -> None:
    """Behaviour: whatever stands in a file, nobody is listed and no measure is applied without officers (CON-04, CON-05)."""
    from xinyong.lists import models

    entity = world.company()
    before = (models.Case.objects.count(), models.Joint.objects.count())
    rows = [
        world.desk.penalty(
            entity.credit_code, entity.name, CF_WSH=f"（示）罚〔2026〕{number}号", CF_CFLB="责令停产停业", CF_NR_FK="",
            CF_NR="责令停产停业。",
        )
        for number in range(40)
    ]  # fmt: skip
    assert world.desk.take(rows, "penalty").accepted == 40
    world.desk.catch_up()
    assert (models.Case.objects.count(), models.Joint.objects.count()) == before


def test_the_platform_lists_nobody(world: World) -> None:
    from xinyong.accounts.selectors import RightMissing
    from xinyong.lists import actions
    from xinyong.lists.errors import ListRefused

    entity = world.company()
    with pytest.raises(RightMissing):
        actions.propose(world.user("operator"), "work-safety", entity, facts=FACTS["propose"], reason="x")
    with pytest.raises(ListRefused, match="decided by"):
        actions.propose(world.user("finance"), "work-safety", entity, facts=FACTS["propose"], reason="x")
    case = world.open(entity)
    with pytest.raises(XinyongError):
        world.take(case, "serve_notice", who="finance")


def test_who_proposed_does_not_decide(world: World) -> None:
    from xinyong.lists import actions
    from xinyong.lists.errors import ListRefused

    entity = world.company()
    case = actions.propose(world.user("chief"), "work-safety", entity, facts=FACTS["propose"], reason="x")
    case = world.take(world.take(case, "serve_notice"), "lapse")
    with pytest.raises(ListRefused, match="another officer"):
        world.take(case, "decide", who="chief")
    assert world.take(case, "decide", who="chief2").state == "decided"


def test_two_officers_at_once_one_wins_one_is_told(world: World) -> None:
    from xinyong.lists.errors import CaseChanged

    case = world.take(world.take(world.open(world.company()), "serve_notice"), "lapse")
    outcome: list[Any] = []
    gate = threading.Barrier(2)

    def decide(who: str) -> None:
        gate.wait()
        try:
            outcome.append(world.take(case, "decide", who=who).state)
        except CaseChanged as error:
            outcome.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=decide, args=(who,)) for who in ("chief", "chief2")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcome.count("decided") == 1
    (told,) = [item for item in outcome if isinstance(item, CaseChanged)]
    assert "决定列入" in told.message("zh") and "已决定列入" in told.message("zh")
    assert world.desk.one("SELECT count(*) FROM lists_casestep WHERE case_id = %s", case.pk) == 4


def test_two_proposals_at_once_make_one_case(world: World) -> None:
    from xinyong.lists.errors import ListRefused
    from xinyong.lists.models import Case

    entity, outcome, gate = world.company(), [], threading.Barrier(2)

    def propose() -> None:
        gate.wait()
        try:
            outcome.append(world.open(entity))
        except ListRefused as error:
            outcome.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=propose) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Case.objects.filter(entity=entity).count() == 1
    assert sum(isinstance(item, ListRefused) for item in outcome) == 1


def test_annulment_takes_the_entry_down_at_once_and_is_the_end(world: World, visitor: Client) -> None:
    from xinyong.ledger import selectors as ledger
    from xinyong.lists.errors import ListRefused

    entity = world.company()
    case = world.listed(entity)
    assert shown(visitor, entity)
    case = world.take(case, "annul")
    world.desk.catch_up()
    assert case.state == "annulled" and not shown(visitor, entity)
    assert "withdrawn" in ledger.record(case.record_id).states()
    with pytest.raises(ListRefused):
        world.take(case, "exit")


def test_review_marks_the_record_and_changes_no_date(world: World, visitor: Client) -> None:
    from xinyong.ledger import selectors as ledger
    from xinyong.lists import actions

    entity = world.company()
    case = world.listed(entity)
    case = actions.take(
        world.user("clerk"), case.pk, "seek_relief", seen=case.seq, reason="主体申请复议",
        facts={"relief_kind": "reconsideration", "relief_document": "示复受〔2026〕9号"},
    )  # fmt: skip
    world.desk.catch_up()
    assert case.state == "listed" and "reviewed" in ledger.record(case.record_id).states()
    assert shown(visitor, entity)


def test_steps_are_append_only(world: World) -> None:
    from xinyong.runtime import database

    case = world.open(world.company())
    for statement in (
        "UPDATE lists_casestep SET reason = 'x' WHERE case_id = %s",
        "DELETE FROM lists_casestep WHERE case_id = %s",
    ):
        with pytest.raises(psycopg.Error), database.connect(autocommit=True) as session:
            session.execute(statement.encode(), (case.pk,))
    assert world.desk.one("SELECT count(*) FROM lists_casestep WHERE case_id = %s", case.pk) == 1


def test_an_imported_entry_keeps_its_facts_and_shows_what_is_missing(world: World, visitor: Client) -> None:
    from xinyong.ledger.models import Record
    from xinyong.lists import actions, selectors

    entity = world.company()
    row = {
        "名单": "安全生产严重失信主体名单", "主体名称": entity.name, "统一社会信用代码": entity.credit_code, "列入情形": "情节严重",
        "失信行为事实": "事实", "列入依据": "办法第四条", "认定机关": "示例市应急管理局", "列入决定文号": "示应急列〔2026〕77号",
        "列入日期": ago(50),
    }  # fmt: skip
    assert world.desk.take([row], "list-entry", "safety").accepted == 1
    world.desk.catch_up()
    assert shown(visitor, entity)
    record = Record.objects.filter(entity_id=entity.pk).order_by("-record_id")[0].record_id
    told = {item.code: item.value for item in selectors.said(record)}
    assert told["decided"] == "示应急列〔2026〕77号" and told["basis"] == "办法第四条"
    assert {code for code, value in told.items() if not value} == {"notice", "proof", "heard", "measures", "exit_terms",
                                                                   "relief"}  # fmt: skip
    case = actions.adopt(world.user("clerk"), record, reason="接续办理移出")
    assert case.origin == "imported" and case.state == "listed"
    assert actions.adopt(world.user("clerk"), record, reason="again").pk == case.pk
    case = actions.take(
        world.user("clerk"), case.pk, "note", seen=case.seq, reason="补记",
        facts={"record_note": "纸质卷宗第3页", "service_proof": "回证77", "served_on": ago(70)},
    )  # fmt: skip
    case = world.take(case, "exit")
    world.desk.catch_up()
    assert case.state == "removed" and not shown(visitor, entity)


def test_individual_businesses_are_marked(world: World) -> None:
    from xinyong.accounts import actions as accounts
    from xinyong.accounts import selectors as departments
    from xinyong.accounts.models import Role
    from xinyong.lists import actions
    from xinyong.lists.models import Case

    accounts.register_department(slug="market", name_zh="示例市市场监督管理局", credit_code="", acting="test")
    accounts.create_user(
        username="market", password=PASSWORD, display_name="m", role=Role.REPORTER, acting="test",
        department=departments.department("market"),
    )  # fmt: skip
    firm, shop = world.company(), world.company("92")
    assert shop.kind == "individual_business"
    facts = {"ground": "1", "facts": "未报送年度报告", "evidence": "系统记录"}
    marked = actions.propose(world.user("market"), "abnormal", shop, facts=facts, reason="x")
    listed = actions.propose(world.user("market"), "abnormal", firm, facts=facts, reason="x")
    assert (marked.variant, listed.variant) == (Case.Variant.MARK, Case.Variant.LIST)


def test_what_was_killed_after_the_step_is_brought_on(world: World, dying: Any) -> None:
    from xinyong.lists.models import Case

    case = world.open(world.company())
    for step in ("serve_notice", "lapse", "decide", "serve_decision"):
        case = world.take(case, step)
    dying(
        "from xinyong.intake import own\n"
        "from xinyong.lists import actions\n"
        "from xinyong.accounts.models import User\n"
        "own.take_in = die\n"
        "chief = User.objects.select_related('department').get(username='chief')\n"
        f"actions.take(chief, {case.pk}, 'publish', seen={case.seq}, facts={{'listed_on': {ago(20)!r}}}, reason='x')\n"
    )
    assert Case.objects.get(pk=case.pk).state == "publishing"
    from xinyong.intake import actions as intake

    intake.resume()
    world.desk.catch_up()
    case = Case.objects.get(pk=case.pk)
    assert case.state == "listed" and case.record_id
    assert world.desk.one("SELECT count(*) FROM ledger_version WHERE record_id = %s", case.record_id) == 1


def test_a_period_that_is_over_ends_the_entry(world: World) -> None:
    from xinyong.lists import actions
    from xinyong.lists.models import Case

    case = world.listed()
    Case.objects.filter(pk=case.pk).update(planned_end=TODAY - timedelta(days=1))
    assert actions.go_on() == 1
    assert Case.objects.get(pk=case.pk).state == "removed"


def test_historic_records_are_history_only(world: World, visitor: Client) -> None:
    from xinyong.ledger.models import Record
    from xinyong.lists import actions, objects
    from xinyong.lists.errors import ListRefused

    entity = world.company()
    row = {"名单种类": "重点关注名单", "主体名称": entity.name, "统一社会信用代码": entity.credit_code, "列入情形": "历史",
           "认定机关": "示例市应急管理局", "文号": "历〔2018〕1号", "列入日期": "2018-05-04"}  # fmt: skip
    assert world.desk.take([row], "list-history", "safety").accepted == 1
    world.desk.catch_up()
    assert entity.name not in visitor.get("/lists").content.decode()
    assert objects.of_entities([entity.pk], TODAY) == ()
    record = Record.objects.filter(entity_id=entity.pk).order_by("-record_id")[0].record_id
    with pytest.raises(ListRefused, match="no entry of a list"):
        actions.adopt(world.user("clerk"), record, reason="x")
