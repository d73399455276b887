"""Marks, verdicts and who may be entered: pure parts of the desk and the registry."""

from __future__ import annotations

import dataclasses
import itertools
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinyong.desk.marks import pieces
from xinyong.desk.rules import Verdict, Voice, verdict
from xinyong.registry import lists
from xinyong.registry.rules import may_enter

han = st.text(alphabet="示例宏达商贸有限公司（）()A1 ", max_size=30)


@given(han, han)
def test_pieces_lose_nothing_and_mark_nothing_of_an_equal_text(one: str, two: str) -> None:
    marked = pieces(one, two)
    assert "".join(text for text, _ in marked) == one
    assert not any(differs for _, differs in pieces(one, one))
    assert all(first[1] != second[1] for first, second in itertools.pairwise(marked))


def test_the_one_different_character_is_marked() -> None:
    assert pieces("示例宏达商贸", "示例宏大商贸") == (("示例宏", False), ("达", True), ("商贸", False))
    assert pieces("（示例）", "(示例)") == (("（示例）", False),), "width does not count"
    assert pieces("410700", "") == (("410700", False),)


def voice(officer: str, entity: int | None) -> Voice:
    return Voice(officer=officer, choice="none" if entity is None else "entity", entity=entity)


def test_verdicts() -> None:
    assert verdict([], two=True) == (Verdict.OPEN, None)
    assert verdict([voice("a", 1)], two=False)[0] is Verdict.AGREED
    assert verdict([voice("a", 1)], two=True) == (Verdict.SECOND, None)
    assert verdict([voice("a", 1), voice("b", 2)], two=True) == (Verdict.DISPUTED, None)
    assert verdict([voice("a", 1), voice("b", None)], two=True) == (Verdict.DISPUTED, None)
    assert verdict([voice("a", 1), voice("b", 2), voice("c", 2)], two=True) == (Verdict.AGREED, voice("b", 2))


@given(st.permutations([("a", 1), ("b", 2), ("c", 2)]))
def test_the_order_of_opinions_does_not_matter(order: list[tuple[str, int]]) -> None:
    outcome, winner = verdict([voice(*item) for item in order], two=True)
    assert outcome is Verdict.AGREED and winner is not None and winner.entity == 2


@pytest.mark.parametrize(
    ("kind", "name", "number", "allowed"),
    [
        ("enterprise", "示例有限公司", "registration_number", False),
        ("organisation", "示例村老年协会", "", False),
        ("organisation", "示例村老年协会", "social_certificate", True),
        ("individual_business", "张三", "", False),
        ("individual_business", "欧阳示例", "", False),
        ("individual_business", "示例区张三饭店", "", True),
        ("individual_business", "张三", "registration_number", True),
        ("person", "张三", "registration_number", False),
    ],
)
def test_who_may_be_entered(kind: str, name: str, number: str, allowed: bool) -> None:
    rule = lists.entry_rule(kind, date(2026, 11, 26))
    assert (may_enter(rule, name, number) is None) is allowed


def test_what_may_be_entered_is_dated_data() -> None:
    """Every rule names its source, its certainty and both refusals; outside its days a kind is not taken."""
    for rule in lists.entry_rules():
        assert rule.source and rule.article and rule.refusal_zh and rule.refusal_en
        assert rule.status in ("confirmed", "to_be_confirmed")
        assert lists.entry_rule(rule.kind, rule.effective_from - timedelta(days=1)) is None
    ended = dataclasses.replace(lists.entry_rules()[2], allowed=False)
    assert may_enter(ended, "示例区张三饭店", "") == (ended.refusal_zh, ended.refusal_en)
