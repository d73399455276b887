"""The filter that says of whom a snapshot may lack something."""

from __future__ import annotations

import random

import pytest

from xinyong.verification import behind


@pytest.mark.parametrize("count", [0, 1, 3, 1000, 40_000])
def test_nobody_it_was_made_of_is_missed_and_few_others_are_taken_for_one(count: int) -> None:
    draw = random.Random(count)
    codes = [b"91410700%010d" % draw.randrange(10**10) for _ in range(count)]
    held = behind.filter_of(codes)
    assert all(behind.perhaps(held, code) for code in codes)
    others = [b"92310000%010d" % number for number in range(20_000)]
    assert sum(behind.perhaps(held, other) for other in others) <= 40
    size = 8 * len(held)
    assert size & (size - 1) == 0, "a mask of bits reaches every place"
