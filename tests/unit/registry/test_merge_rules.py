"""Two different valid codes never become one entry without a recorded change of code."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from xinyong.registry.rules import WORDS, Group, Refusal, refusal


def group(speaks: int, *codes: int) -> Group:
    members = (speaks, *(number for number in codes if number != speaks))
    return Group(speaks=speaks, members=members, codes={number: f"C{number}" for number in codes})


def test_without_codes_any_two_may_merge() -> None:
    assert refusal(group(1), group(2), (1, 2), set()) is None
    assert refusal(group(1), group(2, 2), (1, 2), set()) is None


def test_the_entry_with_the_code_speaks() -> None:
    assert refusal(group(1, 1), group(2), (1, 2), set()) is Refusal.CODE_MUST_SPEAK


def test_different_codes_need_a_recorded_change() -> None:
    one, two = group(1, 1), group(2, 2)
    assert refusal(one, two, (1, 2), set()) is Refusal.CODES_DIFFER
    assert refusal(one, two, (1, 2), {(1, 2)}) is None
    assert refusal(two, one, (2, 1), {(1, 2)}) is Refusal.SUCCESSOR_MUST_SPEAK


def test_merged_entries_are_not_merged_again() -> None:
    assert refusal(group(1, 1), group(1, 1), (1, 1), set()) is Refusal.SAME
    assert refusal(group(1, 1), group(1, 1), (3, 1), set()) is Refusal.MEMBER_MERGED
    assert refusal(group(1), group(2), (5, 2), set()) is Refusal.MEMBER_MERGED
    assert refusal(group(1), group(2), (1, 5), set()) is Refusal.TARGET_MERGED


def test_every_refusal_has_words() -> None:
    assert set(WORDS) == set(Refusal)


pairs = st.sets(st.tuples(st.integers(1, 6), st.integers(1, 6)), max_size=8)


@given(st.sets(st.integers(1, 3), min_size=1), st.sets(st.integers(4, 6), min_size=1), pairs)
def test_property_no_merge_of_codes_without_a_record(
    left: set[int], right: set[int], joins: set[tuple[int, int]]
) -> None:
    """Whatever is recorded about others: without a pair that leads from the one to the other it is refused."""
    one, two = group(min(left), *left), group(min(right), *right)
    allowed = refusal(one, two, (one.speaks, two.speaks), joins) is None
    assert allowed == any(before in left and after in right for before, after in joins)
