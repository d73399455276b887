"""What a snapshot signs, and how it is compared with today."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from xinyong.shares import rules
from xinyong.shares.rules import Fact

contents = st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3)
worlds = st.dictionaries(st.text("R0123456789", min_size=2, max_size=5), contents, max_size=40)


def facts(world: dict[str, dict[str, str]]) -> dict[str, Fact]:
    return {key: Fact(key=key, content=content) for key, content in world.items()}


@given(worlds, worlds)
def test_compared_with_today(before: dict[str, dict[str, str]], after: dict[str, dict[str, str]]) -> None:
    kept = rules.items(facts(before).values())
    found = rules.compare(kept, facts(after), chosen=False)
    assert found.same == {key for key in before if key in after and before[key] == after[key]}
    assert found.changed == {key for key in before if key in after and before[key] != after[key]}
    assert found.added == len(set(after) - set(before))
    assert found.ended == bool(set(before) - set(after))
    assert found.unchanged == (before == after)


@given(worlds)
def test_the_number_of_commitments_tells_nothing(world: dict[str, dict[str, str]]) -> None:
    kept = rules.items(facts(world).values())
    committed = rules.commitments(kept)
    assert len(committed) % 16 == 0 and len(committed) > len(kept)
    assert committed == sorted(committed) and {item.commitment for item in kept} <= set(committed)
    assert len(set(committed)) == len(committed)


def test_a_commitment_depends_on_every_part() -> None:
    fact = Fact(key="R1", content={"title": "甲"})
    base = rules.commitment("aa", fact)
    assert base != rules.commitment("ab", fact)
    assert base != rules.commitment("aa", Fact(key="R2", content={"title": "甲"}))
    assert base != rules.commitment("aa", Fact(key="R1", content={"title": "乙"}))
