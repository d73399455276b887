"""The listing procedure over plain values: thousands of random sequences, and each guard by what it keeps out."""

from __future__ import annotations

import dataclasses
import random
from datetime import date, timedelta
from typing import Any

import pytest

from xinyong.lists import procedure, registry
from xinyong.lists.steps import GUARDS, Context, Step
from xinyong.ui.stated import Done

LISTS = registry.registry()
TODAY = date(2026, 11, 26)
TOLD = ["facts", "basis", "measures", "exit", "rights"]


def start(code: str, **more: Any) -> Context:
    config = LISTS[code]
    organ = f"示例市{config.organs[0]}局" if config.organs else "示例市某局"
    base = Context(
        config=config, state="", today=TODAY, profile="henan", actor="clerk", organ=organ, entity_kind="enterprise"
    )
    return dataclasses.replace(base, **more)


def moved(context: Context, step: Step, facts: dict[str, Any], actor: str = "clerk") -> tuple[Context, Any]:
    """The context after a step, or the reason it was refused, as the action does it."""
    kept, wrong = procedure.clean(step, context.config, facts)
    if wrong:
        return context, wrong[0]
    asked = dataclasses.replace(context, facts=kept, actor=actor)
    why = (
        procedure.refusal(step, asked)
        if not step.sources or context.state in step.sources
        else ("状态不对", "wrong state")
    )
    if why is not None:
        return context, why
    state = context.state if step.to == "same" else step.to
    after = dataclasses.replace(
        context, state=state, history=(*context.history, Done(step=step.code, facts=kept, actor=actor))
    )
    if step.code == "publish":
        listed = date.fromisoformat(kept["listed_on"])
        months = (after.last("decide") or {}).get("months")
        after = dataclasses.replace(
            after, listed_on=listed, planned_end=procedure.planned_end(context.config, listed, months)
        )
    if step.code == "stored":
        after = dataclasses.replace(after, has_record=True)
    return after, None


def facts_of(code: str, **more: Any) -> dict[str, dict[str, Any]]:
    """Right facts of every step of an adverse list."""
    config = LISTS[code]
    months = {"months": str(config.period.least)} if config.period.ends == "decision" else {}
    consent = {"consent_document": "示上〔2026〕1号"} if config.consent else {}
    facts = {
        "propose": {"ground": config.grounds[0].code, "facts": "查明的事实", "evidence": "检查笔录"},
        "serve_notice": {
            "notice_document": "示告〔2026〕1号", "served_on": "2026-10-08", "service_method": "direct",
            "service_proof": "回证1", "told": TOLD,
        },
        "lapse": {},
        "decide": {
            "decided_on": "2026-11-02", "document": "示列〔2026〕1号", "facts": "查明的事实", "basis": [config.bases[0].id],
            "measures_told": "依法采取的措施", "exit_terms": "满期移出", "relief": "六十日内申请复议", "signed_post": "局长",
            **months, **consent,
        },
        "serve_decision": {"served_on": "2026-11-04", "service_method": "mail", "service_proof": "EMS1"},
        "publish": {"listed_on": "2026-11-05"},
        "stored": {},
    }  # fmt: skip
    for step, value in more.items():
        facts[step] = {**facts[step], **value}
    return facts


WAY = ("propose", "serve_notice", "lapse", "decide", "serve_decision", "publish", "stored")


def run(code: str, facts: dict[str, dict[str, Any]], way: tuple[str, ...] = WAY, **more: Any) -> tuple[Context, Any]:
    context = start(code, **more)
    rows = procedure.procedure_of(context.config)
    for name in way:
        step = rows.step(name)
        assert step is not None
        context, why = moved(context, step, facts[name], "chief" if step.right == "decide" else "clerk")
        if why is not None:
            return context, (name, why[-2])
    return context, None


@pytest.mark.parametrize(
    "code", [code for code, item in LISTS.items() if item.procedure == "adverse" and item.kind != "historic"]
)
def test_every_adverse_list_can_be_run_to_the_entry(code: str) -> None:
    context, why = run(code, facts_of(code))
    assert why is None, why
    assert context.state == "listed"


def test_guards_of_the_data_and_of_the_code_are_the_same() -> None:
    assert set(procedure.GUARDS) == GUARDS
    used = {name for row in procedure.table().procedures.values() for step in row.steps for name in step.guards}
    assert used == GUARDS


@pytest.mark.parametrize(
    ("step", "change", "words"),
    [
        ("serve_notice", {"service_proof": ""}, "送达凭证"),
        ("serve_notice", {"notice_document": ""}, "告知书文号"),
        ("serve_notice", {"told": ["facts", "basis", "measures", "rights"]}, "移出条件"),
        ("serve_notice", {"served_on": "2026-11-24"}, "尚未届满"),
        ("serve_notice", {"service_method": "public", "served_on": "2026-10-20"}, "尚未届满"),
        ("serve_notice", {"served_on": "2027-01-01"}, "晚于今天"),
        ("decide", {"document": " "}, "决定书文号"),
        ("decide", {"basis": []}, "依据"),
        ("decide", {"basis": ["L44-999"]}, "不在可选范围"),
        ("decide", {"exit_terms": ""}, "移出条件"),
        ("decide", {"relief": ""}, "救济途径"),
        ("decide", {"measures_told": ""}, "管理措施"),
        ("decide", {"signed_post": ""}, "签发人职务"),
        ("decide", {"decided_on": "2026-10-08"}, "晚于告知送达"),
        ("decide", {"decided_on": "2026-10-12"}, "陈述申辩期限"),
        ("decide", {"consent_document": ""}, "上一级"),
        ("decide", {"months": "12"}, "期限由规定确定"),
        ("serve_decision", {"served_on": "2026-11-01"}, "早于决定日期"),
        ("publish", {"listed_on": "2026-11-03"}, "不早于"),
        ("publish", {"listed_on": "2026-12-03"}, "晚于今天"),
        ("propose", {"score": "31"}, "没有「score」"),
    ],
)
def test_ref_09_nothing_is_listed_without_notice_decision_basis_and_exit_terms(
    step: str, change: dict[str, Any], words: str
) -> None:
    context, why = run("market-serious", facts_of("market-serious", **{step: change}))
    assert why is not None and context.state not in ("publishing", "listed")
    assert words in why[1], why


def test_ref_09_a_lapse_needs_proof_of_service() -> None:
    context = start("market-serious", state="noticed", history=(Done(step="serve_notice", facts={}, actor="x"),))
    assert "送达凭证" in str(procedure.GUARDS["window_over"](context))


@pytest.mark.parametrize("word", ["score", "grade", "risk_class", "credit_rating", "points"])
def test_ref_10_no_score_is_a_ground_or_a_fact(word: str) -> None:
    """A list entry rests on a ground of its configuration and on facts, and nothing else can be given."""
    assert word not in procedure.table().facts
    for config in LISTS.values():
        assert not any(word in ground.code for ground in config.grounds)
    _, why = run("market-serious", facts_of("market-serious", propose={word: "D"}))
    assert why is not None
    _, why = run("market-serious", facts_of("market-serious", propose={"ground": word}))
    assert why is not None


def test_nobody_decides_on_the_own_proposal() -> None:
    context = start("market-serious")
    rows = procedure.procedure_of(context.config)
    for name in WAY[:3]:
        step = rows.step(name)
        assert step is not None
        context, _ = moved(context, step, facts_of("market-serious")[name])
    decide = rows.step("decide")
    assert decide is not None
    _, why = moved(context, decide, facts_of("market-serious")["decide"], "clerk")
    assert "另一名" in why[0]


def test_a_statement_has_to_be_answered_before_the_decision() -> None:
    facts = {**facts_of("market-serious"), "statement": {"statement_on": "2026-10-10", "statement": "已整改"},
             "answer": {"answer": "已复核", "adopted": "not-adopted"}}  # fmt: skip
    _, why = run("market-serious", facts, ("propose", "serve_notice", "statement", "decide"))
    assert why is not None and why[0] == "decide"
    context, why = run(
        "market-serious",
        facts,
        ("propose", "serve_notice", "statement", "answer", "decide", "serve_decision", "publish"),
    )
    assert why is None and context.state == "publishing"


def test_a_hearing_is_asked_within_its_time() -> None:
    facts = {**facts_of("market-serious"), "ask_hearing": {"asked_on": "2026-10-20"}}
    _, why = run("market-serious", facts, ("propose", "serve_notice", "ask_hearing"))
    assert why is not None and "届满" in why[1]
    facts["ask_hearing"] = {"asked_on": "2026-10-13"}
    context, why = run("market-serious", facts, ("propose", "serve_notice", "ask_hearing"))
    assert why is None and context.state == "hearing"


def test_court_list_refuses_individual_businesses_and_other_organs() -> None:
    _, why = run("court-defaulter", facts_of("court-defaulter"), entity_kind="individual_business")
    assert why is not None and "不适用" in why[1]
    _, why = run("court-defaulter", facts_of("court-defaulter"), organ="示例市市场监督管理局")
    assert why is not None and "无权" in why[1]


@pytest.mark.parametrize("code", [code for code, item in LISTS.items() if item.kind == "historic"])
def test_historic_kinds_list_nobody(code: str) -> None:
    facts = {"propose": {"ground": "history", "facts": "x", "evidence": "x"}}
    _, why = run(code, facts, ("propose",))
    assert why is not None and "历史" in why[1]


def test_early_exit_opens_after_its_time_and_needs_its_application() -> None:
    context, why = run("wage-arrears", facts_of("wage-arrears"))
    assert why is None
    rows = procedure.procedure_of(context.config)
    apply_early, leave = rows.step("apply_early"), rows.step("exit")
    assert apply_early is not None and leave is not None
    _, why = moved(context, apply_early, {"applied_on": "2026-11-20"})
    assert "2027-05-05" in why[0]
    _, why = moved(context, leave, {"exit_ground": "early", "exit_on": "2026-11-20", "exit_document": "x"}, "chief")
    assert "登记申请" in why[0]
    _, why = moved(context, leave, {"exit_ground": "cured", "exit_on": "2026-11-20", "exit_document": "x"}, "chief")
    assert "不在可选范围" in why[1]


def test_a_red_list_is_shown_first_and_checked_against_serious_lists() -> None:
    facts: dict[str, dict[str, Any]] = {
        "propose": {"ground": "standard", "facts": "x", "evidence": "x"},
        "display": {"shown_from": "2026-10-01", "shown_until": "2026-10-20", "channel": "信用网站"},
        "lapse": {},
        "decide": {"decided_on": "2026-10-28", "document": "示守〔2026〕1号", "basis": ["HN-28"], "signed_post": "局长",
                   "months": "12"},
        "publish": {"listed_on": "2026-10-29"},
        "stored": {},
    }  # fmt: skip
    way = ("propose", "display", "lapse", "decide", "publish", "stored")
    context, why = run("trustworthy", facts, way)
    assert why is None and context.state == "listed"
    assert context.planned_end == date(2027, 10, 29)
    _, why = run("trustworthy", facts, way, adverse=("安全生产严重失信主体名单",))
    assert why is not None and "LST-54" in why[1]
    facts["display"]["shown_until"] = "2026-12-01"
    _, why = run("trustworthy", facts, way)
    assert why is not None and "尚未届满" in why[1]


# --- random sequences -------------------------------------------------------------------------------------------------


def _random_facts(chance: random.Random, step: Step, context: Context, day: date) -> dict[str, Any]:
    """Facts around a day that goes on: mostly right, sometimes missing, odd, empty or out of order."""
    given: dict[str, Any] = {}
    for code in (*step.needs, *step.may):
        if chance.random() < 0.015:
            continue
        fact = procedure.table().facts[code]
        if fact.kind == "date":
            odd = timedelta(days=chance.choice([-40, -9, -1, 60]) if chance.random() < 0.1 else 0)
            until = timedelta(days=15 if code == "shown_until" else 0)
            given[code] = (day + odd + until).isoformat()
        elif fact.kind == "whole":
            period = context.config.period
            given[code] = str(chance.choice([period.least or 12, period.most or 36, 7, 120]))
        elif fact.kind in ("choice", "several"):
            choices = [row.code for row in fact.choices(context.config)]
            given[code] = choices if fact.kind == "several" and chance.random() < 0.9 else chance.choice(choices)
        else:
            given[code] = " " if chance.random() < 0.01 else "材料"
    if chance.random() < 0.01:
        given["score"] = "30"
    return given


#: Deeds that end a case early; drawn seldom, so that sequences live long enough to go wrong elsewhere.
_ENDING = frozenset({"drop", "decide_not", "annul"})


def assert_lawful(context: Context) -> None:
    """Invariant 26.5, read from the history and nothing else."""
    done = {row.step: row.facts for row in context.history}
    order = [row.step for row in context.history]
    decision = done["decide"]
    assert decision["document"] and decision["basis"]
    assert set(decision["basis"]) <= {row.id for row in context.config.bases}
    notice = done.get("serve_notice") or done["display"]
    first = "serve_notice" if "serve_notice" in done else "display"
    assert order.index(first) < order.index("decide") < order.index("publish")
    served = notice.get("served_on") or notice["shown_from"]
    assert served < decision["decided_on"] <= context.listed_on.isoformat()  # type: ignore[union-attr]
    assert set(order) & {"answer", "hold_hearing", "lapse", "waive"}
    if first == "serve_notice":
        assert notice["service_proof"] and set(notice["told"]) == set(TOLD)
        assert decision["exit_terms"] and decision["relief"] and decision["measures_told"]
    proposers = {row.actor for row in context.history if row.step == "propose"}
    assert proposers.isdisjoint({row.actor for row in context.history if row.step == "decide"})


@pytest.mark.parametrize("seed", range(4))
def test_26_5_random_sequences_never_list_without_notice_decision_and_basis(seed: int) -> None:
    """1 500 sequences a seed of up to 60 random deeds, half of them following the way, by two officers."""
    chance, listed = random.Random(seed), 0
    codes = sorted(code for code, item in LISTS.items() if item.kind != "historic")
    for _ in range(1500):
        context = start(chance.choice(codes), entity_kind=chance.choice(registry.SUBJECTS))
        rows = procedure.procedure_of(context.config).steps
        day = TODAY - timedelta(days=150)
        for _ in range(40):
            fitting = [row for row in rows if (context.state in row.sources if context.state else not row.sources)]
            likely = [row for row in fitting if row.code not in _ENDING]
            step = chance.choice(likely if likely and chance.random() < 0.85 else rows)
            facts = _random_facts(chance, step, context, day)
            before = context.state
            context, _ = moved(context, step, facts, chance.choice(["clerk", "chief"]))
            day += timedelta(days=chance.choice([0, 1, 4, 9, 16]))
            if context.state in ("publishing", "listed") and before != context.state:
                assert_lawful(context)
                listed += context.state == "listed"
            if context.state and procedure.table().states[context.state].over:
                break
    assert listed > 100, f"only {listed} entries came through: the test looks at nothing"
