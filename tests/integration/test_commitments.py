"""Commitments against the real ledger: signing, letter, publication, checks, findings, papers, taking back, reports of departments."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.db.models import F
from django.test import Client

from xinyong.errors import XinyongError

TODAY = date.today()
PASSWORD = "a-long-password-1"
MARK = "承诺消隐标记"


def ago(days: int) -> str:
    return (TODAY - timedelta(days=days)).isoformat()


RULED_OUT = ["security", "safety", "life", "risk", "foreign", "law"]


class World:
    """A department with two officers, and firms that sign."""

    def __init__(self, desk: Any) -> None:
        from xinyong.accounts import actions as accounts
        from xinyong.accounts import selectors
        from xinyong.accounts.models import Role

        self.desk = desk
        accounts.register_department(
            slug="promised", name_zh="示例市市场监督管理局", credit_code=desk.code(81, "11410100"), acting="test"
        )
        accounts.register_department(
            slug="elsewhere", name_zh="示例市财政局", credit_code=desk.code(82, "11410100"), acting="test"
        )
        for name, role, slug in (
            ("p-clerk", Role.REPORTER, "promised"),
            ("p-chief", Role.SUPERVISOR, "promised"),
            ("p-other", Role.SUPERVISOR, "elsewhere"),
        ):
            accounts.create_user(
                username=name, password=PASSWORD, display_name=name, role=role, acting="test",
                department=selectors.department(slug),
            )  # fmt: skip
        self.serial = 0

    def user(self, name: str) -> Any:
        from xinyong.accounts.models import User

        return User.objects.select_related("department").get(username=name)

    def company(self) -> Any:
        from xinyong.registry import selectors as registry

        self.serial += 1
        code = self.desk.code(7000 + self.serial, "91410700")
        self.desk.take([self.desk.registration(code, f"示例第{self.serial}承诺食品有限公司")])
        return registry.found(code)

    def signer(self, entity: Any, *rights: str) -> Any:
        from xinyong.commitments.actions import Signer

        return Signer(
            entity_ids=(entity.pk,), entity_id=entity.pk, actor="firm:1",
            rights=frozenset(rights or ("begin", "sign")), role="法定代表人",
        )  # fmt: skip

    def offer(self, entity: Any, text: str = "food-permit", **facts: Any) -> Any:
        from xinyong.commitments import actions

        given = {"matter": f"食品经营许可{MARK}", "ruled_out": RULED_OUT, **facts}
        return actions.offer(self.user("p-clerk"), text, entity, facts=given, reason="")

    def signed(self, entity: Any, text: str = "food-permit", publicity: str = "可向社会公开", **facts: Any) -> Any:
        from xinyong.commitments import actions

        made = self.offer(entity, text, **facts)
        made = actions.sign(self.signer(entity), made.pk, seen=made.seq, publicity=publicity)
        self.desk.catch_up()
        made.refresh_from_db()
        return made

    def take(self, promise: Any, step: str, who: str = "p-clerk", **facts: Any) -> Any:
        from xinyong.commitments import actions

        promise.refresh_from_db()
        made = actions.take(self.user(who), promise.pk, step, seen=promise.seq, facts=facts, reason="办理")
        self.desk.catch_up()
        made.refresh_from_db()
        return made


@pytest.fixture(scope="module")
def world(desk: Any) -> World:
    return World(desk)


@pytest.fixture
def visitor() -> Client:
    return Client(headers={"accept-language": "zh-CN"})


def record(promise: Any) -> dict[str, Any]:
    from xinyong.ledger import selectors as ledger
    from xinyong.ledger.selectors import payload_of

    return dict(payload_of(ledger.record(promise.record_id).versions[-1]["payload"]))


def said(visitor: Client, address: str) -> str:
    """The body of an answer, streamed or not."""
    answer = visitor.get(address)
    assert answer.status_code == 200, address
    return (b"".join(answer) if answer.streaming else answer.content).decode()


def shown(visitor: Client, promise: Any) -> bool:
    """Whether any list, search, file or feed mentions it."""
    from xinyong.registry import keys

    pages = [
        said(visitor, address)
        for address in (
            "/commitments", "/commitments.json", "/commitments.csv", "/commitments.rss",
            f"/entities/{promise.entity.credit_code}", f"/entities/{promise.entity.credit_code}.json",
        )
    ]  # fmt: skip
    page = visitor.get(f"/records/{keys.record_key(promise.record_id)}")
    found = [promise.code in text for text in (*pages, page.content.decode())]
    assert len(set(found)) == 1, "every surface says the same"
    assert page.status_code == (200 if found[0] else 410)
    return found[0]


def test_a_commitment_is_signed_published_checked_and_kept_under_one_code(world: World, visitor: Client) -> None:
    from xinyong.commitments import letters

    entity = world.company()
    promise = world.signed(entity)
    assert (promise.state, promise.trouble) == ("in_force", "")
    assert promise.code == f"410100{TODAY:%Y%m%d}500001" or promise.code.startswith(f"410100{TODAY:%Y%m%d}5")
    held = record(promise)
    assert held["CNLXZT"] == "尚未认定" and "WLXNR" not in held and "LXRDRQ" not in held
    assert held["CNLX"] == "审批替代型" and held["SLDWDM"] == world.desk.code(81, "11410100")
    assert shown(visitor, promise)
    letter = letters.of(promise)
    assert letter is not None and promise.code == letter.case_number
    verified = visitor.get(f"/verify?code={letter.code}").content.decode()
    assert "有效" in verified and letter.title in verified
    kept = world.take(promise, "find_kept", checked_on=ago(0), checked_how="现场核查，符合条件")
    assert kept.state == "kept"
    assert record(kept) == {**held, "CNLXZT": "全部履行", "LXRDRQ": ago(0), "LXRDDW": "示例市市场监督管理局",
                            "LXRDDWDM": world.desk.code(81, "11410100")}  # fmt: skip
    assert kept.record_id == promise.record_id, "performance is reported under the same code"


def test_what_the_promiser_does_not_want_public_is_public_nowhere(world: World, visitor: Client) -> None:
    promise = world.signed(world.company(), publicity="不可公开")
    assert record(promise)["GKLX"] == "不可公开"
    from xinyong.registry import keys

    assert promise.code not in visitor.get("/commitments").content.decode()
    assert visitor.get(f"/records/{keys.record_key(promise.record_id)}").status_code == 404


def test_taken_back_it_is_gone_from_every_surface(world: World, visitor: Client) -> None:
    """COM-05, W1."""
    from xinyong.commitments import actions, letters

    promise = world.signed(world.company())
    assert shown(visitor, promise)
    with pytest.raises(XinyongError, match="reason"):
        actions.act(world.signer(promise.entity), promise.pk, "withdraw", seen=promise.seq, facts={})
    actions.act(
        world.signer(promise.entity), promise.pk, "withdraw", seen=promise.seq, facts={}, reason="改按一般程序办理"
    )
    world.desk.catch_up()
    promise.refresh_from_db()
    assert promise.state == "withdrawn" and not shown(visitor, promise)
    letter = letters.of(promise)
    assert letter is not None and "已作废" in visitor.get(f"/verify?code={letter.code}").content.decode()


def test_a_breach_needs_notice_hearing_and_another_officer(world: World, visitor: Client) -> None:
    """COM-08."""
    from xinyong.commitments import actions
    from xinyong.notices.models import Notice

    promise = world.signed(world.company())
    finding = {
        "decided_on": ago(0), "document": "示市监诺〔2026〕1号", "facts": "场所不符", "extent": "部分履行",
        "unmet": "经营场所不符合条件", "consequences": ["fix", "record"], "relief": "六十日内申请行政复议",
    }  # fmt: skip
    with pytest.raises(XinyongError):
        world.take(promise, "find_broken", "p-chief", **finding)
    promise = world.take(
        promise, "suspect", facts="场所不符", evidence="笔录", notice_document="告〔2026〕1号", served_on=ago(3),
        service_proof="回证1号", answer_by=ago(-5),
    )  # fmt: skip
    assert Notice.objects.filter(
        entity_id=promise.entity_id, kind="commitment-step", parameters__facts="场所不符"
    ).exists()
    assert record(promise)["CNLXZT"] == "尚未认定", "a doubt is not reported"
    with pytest.raises(XinyongError, match="heard"):
        world.take(promise, "find_broken", "p-chief", **finding)
    actions.act(world.signer(promise.entity), promise.pk, "state", seen=promise.seq, facts={"statement": "已经整改"})
    with pytest.raises(XinyongError, match="answer"):
        world.take(promise, "find_broken", "p-chief", **finding)
    with pytest.raises(XinyongError):
        world.take(promise, "find_broken", "p-clerk", **finding, answer="不采纳")
    promise = world.take(promise, "find_broken", "p-chief", **finding, answer="不采纳")
    held = record(promise)
    assert (held["CNLXZT"], held["WLXNR"]) == ("部分履行", "经营场所不符合条件")
    assert "限期改正" in held["WNZRZJ"]
    with pytest.raises(XinyongError, match="before repair"):
        world.offer(promise.entity, matter="另一事项")
    promise = world.take(promise, "carry_out", done_on=ago(0), done_document="处〔2026〕1号")
    promise = world.take(promise, "repair", "p-chief", document="修〔2026〕1号")
    assert promise.state == "repaired" and not shown(visitor, promise)
    assert world.offer(promise.entity, matter="另一事项").state == "offered", "open again after repair"


def test_papers_are_completed_reminded_of_and_never_lapse_by_themselves(world: World, visitor: Client) -> None:
    """COM-11 to COM-13."""
    from xinyong.commitments import actions
    from xinyong.commitments.models import Commitment
    from xinyong.notices.models import Notice

    facts = {
        "matter": f"资质延续{MARK}",
        "papers": "社保证明\n租赁合同",
        "complete_by": ago(-15),
        "how": "窗口或网上补交",
    }
    with pytest.raises(XinyongError, match="time limit"):
        world.offer(world.company(), "minor-papers", **{**facts, "complete_by": ago(-30)})
    promise = world.signed(world.company(), "minor-papers", **facts)
    assert promise.state == "completing" and "社保证明、租赁合同" in promise.content
    with pytest.raises(XinyongError, match="due on"):
        world.take(promise, "lapse", document="止〔2026〕1号")
    Commitment.objects.filter(pk=promise.pk).update(check_on=TODAY + timedelta(days=2))
    actions.go_on()
    actions.go_on()
    soon = Notice.objects.filter(entity_id=promise.entity_id, kind="commitment-papers-due")
    assert soon.count() == 1
    Commitment.objects.filter(pk=promise.pk).update(check_on=TODAY - timedelta(days=1))
    actions.go_on()
    assert Notice.objects.filter(entity_id=promise.entity_id, kind="commitment-papers-late").count() == 1
    promise.refresh_from_db()
    assert promise.state == "completing", "a missed day ends nothing"
    promise = world.take(promise, "complete", completed_on=ago(0))
    assert promise.state == "kept" and record(promise)["CNLXZT"] == "全部履行"


def test_checks_fall_due_and_terms_end_by_the_day(world: World) -> None:
    from xinyong.commitments import actions
    from xinyong.commitments.models import Commitment

    promise = world.signed(world.company())
    assert promise.check_on == TODAY + timedelta(days=60)
    actions.go_on()
    promise.refresh_from_db()
    assert promise.state == "in_force"
    Commitment.objects.filter(pk=promise.pk).update(check_on=TODAY + timedelta(days=10))
    actions.go_on()
    promise.refresh_from_db()
    assert promise.state == "check_due"
    Commitment.objects.filter(pk=promise.pk).update(valid_until=TODAY - timedelta(days=1))
    actions.go_on()
    promise.refresh_from_db()
    assert promise.state == "expired"


def test_an_officer_plans_the_check_of_one_commitment_with_standard_and_reason(world: World) -> None:
    """COM-07: by item and by an officer, never by who the promiser is."""
    from xinyong.commitments import actions
    from xinyong.commitments.models import CommitmentStep

    promise = world.signed(world.company())
    for refused, why in ((ago(0), "ahead"), (ago(-800), "term")):
        with pytest.raises(XinyongError, match=why):
            world.take(promise, "plan_check", check_by=refused, check_standard="现场核查")
    with pytest.raises(XinyongError, match="standard"):
        world.take(promise, "plan_check", check_by=ago(-200))
    with pytest.raises(XinyongError, match="reason"):
        actions.take(
            world.user("p-clerk"), promise.pk, "plan_check", seen=promise.seq,
            facts={"check_by": ago(-200), "check_standard": "现场核查"},
        )  # fmt: skip
    promise = world.take(promise, "plan_check", check_by=ago(-200), check_standard="现场核查经营场所与设备")
    assert (promise.state, promise.check_on) == ("in_force", TODAY + timedelta(days=200))
    actions.go_on()
    promise.refresh_from_db()
    assert promise.state == "in_force", "the day of the text does not hold any more"
    promise = world.take(promise, "plan_check", check_by=ago(-5), check_standard="现场核查经营场所与设备")
    actions.go_on()
    promise.refresh_from_db()
    assert promise.state == "check_due"
    with pytest.raises(XinyongError):
        world.take(promise, "exempt_check", "p-clerk", exempt_basis="核查办法第三条")
    promise = world.take(promise, "exempt_check", "p-chief", exempt_basis="核查办法第三条")
    actions.go_on()
    promise.refresh_from_db()
    assert (promise.state, promise.check_on) == ("in_force", None)
    with pytest.raises(XinyongError, match="no check is planned"):
        world.take(promise, "exempt_check", "p-chief", exempt_basis="核查办法第三条")
    steps = CommitmentStep.objects.filter(commitment=promise, step="plan_check").order_by("seq")
    assert [step.facts["check_by"] for step in steps] == [ago(-200), ago(-5)] and all(step.reason for step in steps)
    with pytest.raises(XinyongError):
        papers = {"papers": "社保证明", "complete_by": ago(-15), "how": "窗口补交"}
        missing = world.signed(world.company(), "minor-papers", **papers)
        world.take(missing, "plan_check", check_by=ago(-5), check_standard="现场核查")


@pytest.mark.parametrize(("performance", "state"), [("全部履行", "kept"), ("全部未履行", "check_due")])
def test_what_a_department_reports_under_the_same_code_is_followed(world: World, performance: str, state: str) -> None:
    """Kept is kept; not performed waits for a finding: a delivery breaks no commitment."""
    promise = world.signed(world.company())
    row = {**record(promise), "CNLXZT": performance, "LXRDRQ": ago(0), "LXRDDW": "示例市市场监督管理局"}
    if performance != "全部履行":
        row |= {"WLXNR": "未达到条件", "WNZRZJ": "责令整改"}
    world.desk.take([row], "commitments", department="promised")
    world.desk.catch_up()
    promise.refresh_from_db()
    assert promise.state == state


def test_a_commitment_for_repair_belongs_to_the_application_it_names(world: World) -> None:
    """Of the promiser, before the accepting unit, open on the day; one that names none belongs to a repair elsewhere."""
    from xinyong.remedies import actions as remedies
    from xinyong.remedies.models import Case

    from . import remedy_support as support

    desk = world.desk
    entity, penalty = support.penalty(desk, 7900)
    case = Case.objects.get(pk=remedies.open_repair(support.applicant(entity), penalty, commitment=True))
    Case.objects.filter(pk=case.pk).update(department=world.user("p-clerk").department)
    other, _ = desk.code(7901), desk.take([desk.registration(desk.code(7901), "示例旁人有限公司")])
    day = f"{TODAY:%Y%m%d}"

    def row(serial: int, **more: str) -> dict[str, str]:
        return {
            "承诺编码": f"410100{day}{serial:06d}", "承诺人名称": "示例7900救济有限公司", "承诺人类别": "法人及非法人组织",
            "承诺人代码": desk.code(7900), "承诺类型": "信用修复型", "承诺事由": f"信用修复（{case.number}）",
            "承诺内容": "已经履行处罚决定，不再违法", "违诺责任": "依法承担责任", "承诺作出日期": ago(0), "承诺有效期": "",
            "承诺履行状态": "尚未认定", "未履行的承诺内容": "", "违诺责任追究内容": "", "履行状态认定日期": "", "履行状态认定单位": "",
            "履行状态认定单位代码": "", "受理单位": "示例市市场监督管理局", "受理单位代码": desk.code(81, "11410100"),
            "公开类型": "不可公开", "备注": "", **more,
        }  # fmt: skip

    theirs = {"承诺人名称": "示例旁人有限公司", "承诺人代码": other}
    rows = [
        row(1),
        row(2, 承诺事由="信用修复", 备注="在信用中国办理"),
        row(3, 承诺事由="信用修复", 备注=f"申请编号ｘｆ－{day}－{case.pk:04d}、XF-{day}-999999"),
        row(4, **theirs),
        row(5, 受理单位="示例市财政局", 受理单位代码=desk.code(82, "11410100")),
        row(6, 承诺作出日期=ago(1)),
        row(7, 承诺事由=f"信用修复（XF-20200101-{case.pk:04d}）"),
        row(8, 承诺事由=f"信用修复（{case.number.replace('XF', 'YY')}）"),
        row(9, 承诺类型="主动型", 承诺事由=f"食品XF-{day}-999999"),
    ]
    receipt = desk.take(rows, "commitments", department="promised")
    assert (receipt.read, receipt.accepted, receipt.rejected) == (9, 3, 6)
    found = [item for item in desk.findings(receipt.delivery) if item.severity == "error"]
    assert {item.code for item in found} == {"repair-application"}
    said = {item.row - 1: item for item in found}
    assert set(said) == {3, 4, 5, 6, 7, 8}
    assert (said[3].field, said[3].value) == ("BZ", f"XF-{day}-999999")
    assert all("没有编号为" in said[serial].reason_zh for serial in (3, 4, 7, 8))
    assert case.number in said[4].reason_zh and "7900" not in said[4].reason_zh, "nothing is told of another's case"
    assert "不是受理单位" in said[5].reason_zh and "不在办理期间" in said[6].reason_zh
    assert "尚未办结" in said[6].reason_zh and "lies with" in said[5].reason_en
    # Once the application is over no promise is made under it any more; what was promised in its time can be reported on.
    Case.objects.filter(pk=case.pk).update(
        opened_at=F("opened_at") - timedelta(days=9), closed_at=F("opened_at") - timedelta(days=1)
    )
    case.refresh_from_db()
    named = f"信用修复（{case.number}）"
    later = [
        row(10, 承诺事由=named),
        row(11, 承诺事由=named, 承诺作出日期=ago(9), 承诺履行状态="全部履行", 履行状态认定日期=ago(0),
            履行状态认定单位="示例市市场监督管理局"),
    ]  # fmt: skip
    receipt = desk.take(later, "commitments", department="promised")
    assert (receipt.accepted, receipt.rejected) == (1, 1)
    (refused,) = [item for item in desk.findings(receipt.delivery) if item.severity == "error"]
    assert refused.row == 2 and "办结" in refused.reason_zh
    # The whole file once more: what was refused is refused again, and nothing is stored twice.
    again = desk.take(later, "commitments", department="promised")
    assert (again.accepted, again.unchanged, again.rejected) == (0, 1, 1)


def test_a_firm_chooses_a_voluntary_commitment_and_nobody_asks_for_it(world: World, visitor: Client) -> None:
    from xinyong.commitments import actions

    entity = world.company()
    with pytest.raises(XinyongError, match="free will"):
        world.offer(entity, "honest-business")
    made = actions.begin(world.signer(entity), "honest-business", "promised")
    with pytest.raises(XinyongError):
        actions.sign(world.signer(entity, "begin"), made.pk, seen=made.seq, publicity="可向社会公开")
    made = actions.sign(world.signer(entity), made.pk, seen=made.seq, publicity="可向社会公开")
    world.desk.catch_up()
    assert shown(visitor, made)


def test_an_excluded_matter_and_forbidden_words_are_refused(world: World) -> None:
    """COM-04, REF-15."""
    with pytest.raises(XinyongError, match="rule out"):
        world.offer(world.company(), ruled_out=RULED_OUT[:-1])
    with pytest.raises(XinyongError, match="promise"):
        world.offer(world.company(), matter="参加培训并缴费")


def test_another_department_and_another_firm_see_nothing(world: World) -> None:
    from xinyong.commitments import actions

    promise = world.signed(world.company())
    stranger = world.signer(world.company())
    with pytest.raises(XinyongError) as refused:
        actions.visible(world.user("p-other"), promise.pk)
    assert refused.value.status == 404
    with pytest.raises(XinyongError) as refused:
        actions.act(stranger, promise.pk, "withdraw", seen=promise.seq, facts={}, reason="x")
    assert refused.value.status == 404


def test_of_two_at_once_one_wins(world: World) -> None:
    from xinyong.commitments import actions

    promise = world.signed(world.company())
    seen = promise.seq
    world.take(promise, "find_kept", checked_on=ago(0), checked_how="核查")
    with pytest.raises(XinyongError, match="Somebody"):
        actions.act(world.signer(promise.entity), promise.pk, "withdraw", seen=seen, facts={}, reason="x")


def test_steps_are_never_changed(world: World) -> None:
    promise = world.signed(world.company())
    with pytest.raises(DatabaseError, match=r"append-only|permission denied"), connection.cursor() as cursor:
        cursor.execute("UPDATE commitments_commitmentstep SET reason = 'x' WHERE commitment_id = %s", [promise.pk])
