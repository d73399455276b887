"""Random ways through the procedure of commitments over plain values, and what the data may not say."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import date, timedelta
from importlib import resources
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xinyong.commitments import book as books
from xinyong.commitments import procedure
from xinyong.commitments.errors import CommitmentsInvalid
from xinyong.commitments.procedure import Context, Done

BEGIN = date(2026, 3, 2)


def loaded(name: str) -> Any:
    text = (resources.files("xinyong.datapacks") / "commitments" / name).read_text(encoding="utf-8")
    return yaml.safe_load(text)


def value(code: str, today: date, ahead: int) -> Any:
    """A fact of the right shape; days lie around today."""
    fact = procedure.table().facts[code]
    if fact.kind == "date":
        return (today + timedelta(days=ahead)).isoformat()
    if fact.kind in ("choice", "several"):
        codes = [row.code for row in fact.choices(books.book())]
        return codes if fact.kind == "several" else codes[0]
    return "内容"


@st.composite
def walks(draw: st.DrawFn) -> tuple[str, list[tuple[str, int, int, str, bool]]]:
    """A text, then (step, days that pass, where the days of its facts lie, officer, the subject is unclean)."""
    text = draw(st.sampled_from([row.code for row in books.book().texts]))
    steps = draw(
        st.lists(
            st.tuples(
                st.sampled_from(list(procedure.table().steps)),
                st.integers(0, 40),
                st.integers(-3, 12),
                st.sampled_from(["a", "b"]),
                st.booleans(),
            ),
            max_size=25,
        )
    )
    return text, steps


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(walks())
def test_no_way_leads_to_a_breach_without_notice_hearing_and_another_officer(
    walk: tuple[str, list[tuple[str, int, int, str, bool]]],
) -> None:
    """COM-08: broken only by a finding, after the firm was told and heard; COM-05: taking back only before completion."""
    code, steps = walk
    text = next(row for row in books.book().texts if row.code == code)
    kind = books.book().kinds[text.kind]
    table, state, today = procedure.table(), "", BEGIN
    done: list[Done] = []
    taken: list[tuple[str, str, date, dict[str, Any]]] = []
    for name, passed, ahead, officer, unclean in steps:
        today += timedelta(days=passed)
        step = table.steps[name]
        facts, wrong = procedure.clean(step, {fact: value(fact, today, ahead) for fact in (*step.needs, *step.may)})
        assert not wrong
        context = Context(
            text=text, kind=kind, state=state, today=today, organ="示例市人力资源和市场监督管理局", actor=officer,
            history=tuple(done), facts=facts, unclean=("违诺未修复",) if unclean and kind.clean else (),
            valid_until=BEGIN + timedelta(days=300), check_on=BEGIN + timedelta(days=60),
        )  # fmt: skip
        if procedure.refusal(step, context) is not None:
            continue
        if not state:
            assert not step.sources
        if name in ("offer", "offer_missing", "sign", "sign_missing"):
            assert not (kind.clean and unclean), "COM-04"
        state = state if step.to == "same" else step.to
        done.append(Done(step=name, facts=facts, actor=officer))
        taken.append((name, officer, today, facts))
        if table.states[state].broken and name == "find_broken":
            told = next(row for row in taken if row[0] == "suspect")
            served = date.fromisoformat(told[3]["served_on"])
            assert served < date.fromisoformat(facts["decided_on"]) <= today
            assert told[1] != officer
            answered = any(row[0] == "state" for row in taken)
            assert answered or today > date.fromisoformat(told[3]["answer_by"])
            orders = [row for row in taken if row[0] == "order"]
            if orders and table.states["rectifying"]:
                assert today > date.fromisoformat(orders[-1][3]["fix_by"])
    names = [row[0] for row in taken]
    if state in ("broken", "consequences", "repaired"):
        assert "suspect" in names and "find_broken" in names
    if "withdraw" in names:
        assert not {"find_broken", "find_kept", "complete"} & set(names[: names.index("withdraw")])
    assert names.count("sign") + names.count("sign_missing") <= 1


def test_every_state_is_reached_and_only_over_states_end() -> None:
    table = procedure.table()
    reached = {step.to for step in table.steps.values()} - {"same"}
    assert reached == set(table.states)
    leading = {source for step in table.steps.values() for source in step.sources}
    for code, state in table.states.items():
        if state.over:
            assert code not in leading
        if state.withdrawable:
            assert code in table.steps["withdraw"].sources
    assert set(table.steps["withdraw"].sources) == {code for code, row in table.states.items() if row.withdrawable}


def test_each_kind_has_one_way_in_by_whoever_may_begin_it() -> None:
    for kind in books.book().kinds.values():
        right = "begin" if kind.begun_by == "firm" else "handle"
        other = "handle" if right == "begin" else "begin"
        assert procedure.first_step(kind, right) is not None
        assert procedure.first_step(kind, other) is None, "nobody is asked for a voluntary commitment"


@pytest.mark.parametrize("row", [row.code for row in books.book().never])
def test_a_text_that_asks_for_what_nobody_may_ask_for_cannot_be_loaded(row: str) -> None:
    """REF-15, DIS-28, NAT-17 and the rest of the rows, each by its words."""
    never = next(item for item in books.book().never if item.code == row)
    for word in never.words:
        texts = loaded("texts.yml")
        texts["texts"][0]["content"].append(f"同意{word}。")
        with pytest.raises(CommitmentsInvalid) as refused:
            books.parse(loaded("kinds.yml"), texts)
        assert never.zh in refused.value.message()


def _broken_by_time(data: dict[str, Any]) -> None:
    data["steps"].append(
        {
            "code": "late",
            "zh": "x",
            "en": "x",
            "from": ["completing"],
            "to": "broken",
            "right": "system",
            "needs": [],
            "guards": [],
        }
    )


def _unknown_guard(data: dict[str, Any]) -> None:
    data["steps"][0]["guards"] = ["guessed"]


def _unknown_state(data: dict[str, Any]) -> None:
    data["steps"][0]["to"] = "nowhere"


@pytest.mark.parametrize("spoil", [_broken_by_time, _unknown_guard, _unknown_state])
def test_a_spoilt_procedure_is_refused(spoil: Callable[[dict[str, Any]], None]) -> None:
    """A missed day cannot be made a breach by a change of the data either (COM-08)."""
    data = copy.deepcopy(loaded("procedure.yml"))
    spoil(data)
    with pytest.raises(CommitmentsInvalid):
        procedure.parse(data, books.book())


def test_papers_are_never_due_later_than_the_item_itself() -> None:
    """COM-12."""
    text = next(row for row in books.book().texts if row.kind == "missing")
    step = procedure.table().steps["offer_missing"]
    base = {fact: value(fact, BEGIN, 1) for fact in step.needs}
    for days, ok in (
        (1, True),
        (text.completion_days or 0, True),
        ((text.completion_days or 0) + 1, False),
        (0, False),
    ):
        facts = {**base, "complete_by": (BEGIN + timedelta(days=days)).isoformat()}
        context = Context(
            text=text, kind=books.book().kinds["missing"], state="", today=BEGIN, organ="示例局", actor="a", facts=facts
        )
        assert (procedure.refusal(step, context) is None) is ok, days


def test_two_versions_of_a_text_never_hold_on_one_day() -> None:
    texts = loaded("texts.yml")
    texts["texts"].append({**texts["texts"][0], "version": "2", "effective_from": date(2026, 6, 1)})
    with pytest.raises(CommitmentsInvalid):
        books.parse(loaded("kinds.yml"), texts)
    texts["texts"][0]["effective_until"] = date(2026, 5, 31)
    made = books.parse(loaded("kinds.yml"), texts)
    code = texts["texts"][0]["code"]
    assert [made.text(code, day).version for day in (date(2026, 5, 31), date(2026, 6, 1))] == ["1", "2"]  # type: ignore[union-attr]
