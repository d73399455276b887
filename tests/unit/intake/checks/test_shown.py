"""What a finding shows of a cell: short, inert, and never a personal number, wherever it stands."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from xinyong.intake.checks.report import shown
from xinyong.intake.findings import VALUE_LIMIT

#: A valid number of nobody: region 110101, 1949-12-31, with its check digit.
RESIDENT = "11010119491231002X"


@given(st.integers(0, 700), st.integers(0, 3000))
def test_a_resident_number_is_hidden_wherever_the_cell_is_cut(before: int, after: int) -> None:
    value = shown(None, "处" * before + RESIDENT + "罚" * after)
    assert len(value) <= VALUE_LIMIT
    assert "19491231" not in value and "1101011949" not in value


@given(st.text(min_size=VALUE_LIMIT * 3, max_size=VALUE_LIMIT * 4))
def test_a_long_cell_is_shortened_and_says_so(text: str) -> None:
    value = shown(None, text)
    assert len(value) <= VALUE_LIMIT + 1 and value.endswith("…")
    assert not any(character < " " for character in value)


def test_a_cell_of_millions_of_characters_is_looked_at_only_at_its_beginning() -> None:
    assert shown(None, "违" * 20_000_000) == "违" * (VALUE_LIMIT - 1) + "…"
