"""Organisation codes as a column."""

from __future__ import annotations

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from xinyong.standards import organisation_code


@given(st.lists(st.none() | st.text(alphabet="0123456789ABYZX", min_size=8, max_size=9), max_size=30))
def test_a_column_has_the_verdicts_of_its_cells(codes: list[str | None]) -> None:
    completed = [code and code[:8] + organisation_code.check_character(code[:8]) for code in codes]
    cells = [*codes, *completed, "", "1234567a9", "12345678", "示范代"]
    expected = [cell is not None and organisation_code.is_valid(cell) for cell in cells]
    assert organisation_code.are_valid(pl.Series(cells, dtype=pl.String)).tolist() == expected
