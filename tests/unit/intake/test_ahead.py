"""Working ahead changes the time of things, never their order, number or errors."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinyong.intake.ahead import ahead


@given(st.lists(st.integers()), st.integers(min_value=1, max_value=4))
def test_items_come_whole_and_in_order(items: list[int], depth: int) -> None:
    assert list(ahead(items, depth)) == items


def test_an_error_comes_after_the_items_before_it() -> None:
    def items() -> Iterator[int]:
        yield 1
        yield 2
        raise ValueError("third")

    seen = []
    with pytest.raises(ValueError, match="third"):
        for item in ahead(items()):
            seen.append(item)
    assert seen == [1, 2]


def test_a_consumer_that_stops_early_ends_the_thread() -> None:
    made: list[int] = []

    def items() -> Iterator[int]:
        for number in range(1000):
            made.append(number)
            yield number

    before = threading.active_count()
    source = ahead(items())
    assert next(source) == 0
    source.close()
    assert threading.active_count() == before
    assert len(made) <= 4
