"""Joint work by API: the system of an executor sends what its officers decided and did, and learns what is to be lifted.

M2, the hit, is the answer of a verification: ``measures`` holds only rows whose executor and scene fit. What officers of the
unit may do in the console, they may do here, through the same actions and the same gate.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Annotated, Any, cast

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Header, Query, Router, Schema
from ninja import Path as InPath

from xinyong.accounts import selectors as accounts
from xinyong.accounts.client_selectors import Caller
from xinyong.accounts.rules import Right
from xinyong.api import once
from xinyong.errors import XinyongError
from xinyong.lists import joint, joint_actions, joint_pages, measures
from xinyong.lists.errors import ListUnknown
from xinyong.lists.joint_actions import Decision, Officer, Question
from xinyong.lists.models import Joint
from xinyong.registry import keys
from xinyong.registry import selectors as entities
from xinyong.ui import errors
from xinyong.verification import actions, asking, rules
from xinyong.verification.errors import EntityUnknown, PersonQuery
from xinyong.verification.joint_schemas import (
    PLAIN,
    DecisionIn,
    ExecutionIn,
    JointListOut,
    JointOut,
    LiftingIn,
    MessageOut,
    VocabularyOut,
    WordOut,
)

PAGE = 50

router = Router(tags=["joint-work"])
Number = Annotated[int, InPath(ge=1, le=2**53, description="办理编号 / Number of the work.")]
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        max_length=255,
        description="使请求可以安全重试。 / Makes the request safe to repeat.",
    ),
]


def _caller(request: HttpRequest) -> Caller:
    caller = cast(Caller, request.auth)  # type: ignore[attr-defined]  # set by the gate
    caller.require(Right.MEASURE_DECIDE)
    return caller


def _officer(caller: Caller, staff: str) -> Officer:
    if rules.of_person(staff):
        raise PersonQuery()
    return Officer(department=accounts.department(caller.department_slug), actor=f"{caller.actor}/{staff}")


def _out(work: Joint) -> JointOut:
    return JointOut(
        number=work.pk,
        state=work.state,
        seq=work.seq,
        entity=entities.own_key(work.entity),
        record=keys.record_key(work.record_id),
        list=work.list_code or None,
        measure=work.measure,
        favourable=work.favourable,
        scene=work.scene,
        matter=work.matter,
        until=work.until,
        due_on=work.due_on,
        moved_at=timezone.localtime(work.moved_at),
        messages=tuple(
            MessageOut(
                seq=step.seq,
                message=step.message,
                state=step.to_state,
                actor=step.actor,
                at=timezone.localtime(step.at),
                facts=step.facts,
                reason=step.reason,
            )
            for step in sorted(work.steps.all(), key=lambda step: step.seq)
        ),
    )


def _json(value: Schema, status: int = 200) -> HttpResponse:
    text = json.dumps(value.model_dump(mode="json"), ensure_ascii=False)
    response = HttpResponse(text, status=status, content_type="application/json")
    response["Cache-Control"] = "no-store"
    return response


def _answered(request: HttpRequest, caller: Caller, work: Callable[[], Joint], status: int) -> HttpResponse:
    """The answer, kept under the idempotency key of the request."""
    key = once.key_of(request.headers.get("Idempotency-Key"))
    told = hashlib.sha256(request.body).hexdigest()
    mark = hashlib.sha256(f"{request.method} {request.path} {told}".encode()).hexdigest()
    with once.turn(caller, key, mark) as turn:
        if turn.answer is not None:
            return turn.answer
        try:
            made = _out(work())
            response = _json(made, status)
            if status == 201:
                response["Location"] = f"/api/v1/joint-work/{made.number}"
        except XinyongError as error:
            if error.status >= 500:
                raise
            response = errors.answer(request, error)
        turn.keep(response)
        return response


@router.get(
    "/joint-work/vocabulary",
    operation_id="joint_vocabulary",
    url_name="joint_vocabulary",
    summary="联合奖惩的代码 / Codes of joint work",
    description="状态、消息、解除原因和理由的代码。 / Codes of states, messages, triggers and reasons.",
    response=VocabularyOut,
)
def vocabulary(request: HttpRequest) -> VocabularyOut:
    """Codes with their words."""
    _caller(request)
    table = joint.table()

    def words(rows: Any) -> list[WordOut]:
        return [WordOut(code=row.code, zh=row.zh, en=row.en) for row in rows]

    return VocabularyOut(
        states=words(table.states.values()),
        messages=words(table.messages.values()),
        triggers=words(table.triggers.values()),
        reasons=[
            WordOut(code=row.code, zh=row.label("zh"), en=row.label("en"), of=row.of)
            for row in measures.book().reasons.values()
        ],
    )


@router.get(
    "/joint-work",
    operation_id="list_joint_work",
    url_name="list_joint_work",
    summary="本单位的联合奖惩办理 / Joint work of this unit",
    description="最久未变动的在前；按状态筛选，如 lift_due（待解除）。 / The longest unmoved first; narrowed by state, e.g. lift_due.",
    response=JointListOut,
)
def list_joint_work(
    request: HttpRequest,
    state: Annotated[str, Query(max_length=20, pattern=PLAIN, description="状态 / State")] = "",
    matter: Annotated[str, Query(max_length=200, pattern=PLAIN, description="办理事项 / Matter")] = "",
    page: Annotated[int, Query(ge=1, le=1_000_000, description="页码 / Page number")] = 1,
) -> HttpResponse:
    """A page."""
    caller = _caller(request)
    found, total = joint_pages.of_unit(caller.department_id, state=state, matter=matter, page=page, size=PAGE)
    works = [_out(work) for work in found]
    return _json(JointListOut(works=works, page=page, pages=max(1, -(-total // PAGE)), total=total))


@router.get(
    "/joint-work/{number}",
    operation_id="get_joint_work",
    url_name="get_joint_work",
    summary="一件联合奖惩办理 / One piece of joint work",
    description="全部消息按顺序列出。 / With every message in order.",
    response=JointOut,
)
def get_joint_work(request: HttpRequest, number: Number) -> HttpResponse:
    """One piece, of the own unit only."""
    caller = _caller(request)
    found = joint_pages.one_of_unit(caller.department_id, number)
    if found is None:
        raise ListUnknown(name=f"joint {number}")
    return _json(_out(found))


@router.post(
    "/joint-work",
    operation_id="decide_joint_work",
    url_name="decide_joint_work",
    summary="记录决定（M3） / Record a decision (M3)",
    description="工作人员对一项措施或激励作出的决定及理由；决定采取的须通过全部检验（MEA-01 至 MEA-11）。 / What an officer decided on one "
    "measure or incentive, with the reason; to apply it every test of the gate has to pass.",
    response={201: JointOut},
)
def decide(request: HttpRequest, body: DecisionIn, key: Key = None) -> HttpResponse:
    """M3."""
    del key  # read from the headers
    caller = _caller(request)

    def work() -> Joint:
        wanted = rules.rule_set().items.get(body.item)
        wanted = asking.item_of(wanted.purpose if wanted is not None else "—", body.item, caller.items)
        entity = entities.found(asking.number_of(body.code))
        if entity is None:
            raise EntityUnknown(asked=body.code)
        question = Question(
            scene=wanted.scene,
            matter=body.matter,
            purpose=actions.purpose_words(wanted),
            authority=f"{wanted.basis.title}{wanted.basis.article}",
        )
        given = Decision(
            decision=body.decision,
            reason=body.reason,
            reason_code=body.reason_code,
            relation=body.relation,
            notice=body.notice,
            notice_served_on=body.notice_served_on,
            notice_says=frozenset(body.notice_says),
            months=body.months,
        )
        return joint_actions.decide(
            _officer(caller, body.officer), entity, keys.record_id(body.record) or 0, body.measure, question, given
        )

    return _answered(request, caller, work, 201)


@router.post(
    "/joint-work/{number}/execution",
    operation_id="execute_joint_work",
    url_name="execute_joint_work",
    summary="反馈执行情况（M4） / Feed back the execution (M4)",
    description="执行日期和结果，须在十个工作日内反馈。 / Day and result, within ten working days.",
    response=JointOut,
)
def execute(request: HttpRequest, number: Number, body: ExecutionIn, key: Key = None) -> HttpResponse:
    """M4."""
    del key
    caller = _caller(request)
    return _answered(
        request,
        caller,
        lambda: joint_actions.execute(
            _officer(caller, body.officer), number, seen=body.seen, executed_on=body.executed_on, result=body.result,
            document=body.document,
        ),
        200,
    )  # fmt: skip


@router.post(
    "/joint-work/{number}/lifting",
    operation_id="lift_joint_work",
    url_name="lift_joint_work",
    summary="回执解除情况（M6） / Acknowledge the lifting (M6)",
    description="收到解除通知（M5）后三个工作日内回执。 / Within three working days after the message M5.",
    response=JointOut,
)
def lift(request: HttpRequest, number: Number, body: LiftingIn, key: Key = None) -> HttpResponse:
    """M6."""
    del key
    caller = _caller(request)
    return _answered(
        request,
        caller,
        lambda: joint_actions.lift(
            _officer(caller, body.officer), number, seen=body.seen, lifted_on=body.lifted_on, note=body.note
        ),
        200,
    )
