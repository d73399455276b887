"""The column verdicts are the scalar verdicts."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinyong.standards import credit_code_bulk
from xinyong.standards.credit_code import ALPHABET, KINDS, PLACEHOLDER, Advisory, Kind, advisories_of, recognise
from xinyong.standards.credit_code_bulk import classify
from xinyong.standards.registration_number import check_digit

from .conftest import credit_codes, make_code

_BITS = {
    Advisory.REGION_UNKNOWN: credit_code_bulk.REGION_UNKNOWN,
    Advisory.REGION_FICTITIOUS: credit_code_bulk.REGION_FICTITIOUS,
    Advisory.ORGANISATION_CHECK_FAILS: credit_code_bulk.ORGANISATION_CHECK_FAILS,
}

near_codes = st.builds(
    lambda code, at, character: code[:at] + character + code[at + 1 :],
    credit_codes,
    st.integers(0, 17),
    st.sampled_from(ALPHABET + "IOSVZaxz０１- 中\n"),
)
cells = st.one_of(
    st.none(),
    credit_codes,
    credit_codes.map(str.lower),
    near_codes,
    st.text(max_size=24),
    st.text(alphabet="0123456789", min_size=13, max_size=19),
    st.text(alphabet="0123456789", min_size=14, max_size=14).map(lambda body: body + check_digit(body)),
    st.sampled_from(
        [
            "11010519491231002X",
            PLACEHOLDER,
            "140100000000013",
            "无",
            "13830295-X",
            "",
            "0" * 15,
            "0" * 14 + check_digit("0" * 14),
        ]
    ),
)


def check_against_scalar(values: list[str | None]) -> None:
    result = classify(pl.Series("code", values, dtype=pl.String))
    normalised = result.normalised.to_list()
    assert result.verdicts.dtype == np.uint8 and len(normalised) == len(values)
    for row, value in enumerate(values):
        kind, form = recognise(value)
        assert KINDS[result.verdicts[row]] is kind
        kept = None if kind in (Kind.RESIDENT_ID, Kind.EMPTY) else form.text or None
        assert normalised[row] == kept
        is_code = kind in (Kind.VALID, Kind.REPAIRED)
        bits = sum(_BITS[advisory] for advisory in advisories_of(form.text)) if is_code else 0
        assert result.advisories[row] == bits


@given(st.lists(cells, max_size=30))
def test_a_column_has_the_verdicts_of_its_cells(values: list[str | None]) -> None:
    check_against_scalar(values)


@given(st.lists(credit_codes, min_size=1, max_size=20))
def test_a_clean_column_is_returned_as_it_is(values: list[str]) -> None:
    column = pl.Series("code", values)
    result = classify(column)
    assert result.valid.all()
    assert result.normalised.equals(column)


@given(credit_codes)
def test_every_substitution_and_swap_is_refused_in_bulk(code: str) -> None:
    wrong = [code[:at] + c + code[at + 1 :] for at in range(17) for c in ALPHABET if c != code[at]]
    wrong += [code[:at] + code[at + 1] + code[at] + code[at + 2 :] for at in range(16) if code[at] != code[at + 1]]
    assert not classify(pl.Series(wrong)).valid.any()


def test_edge_columns() -> None:
    assert len(classify(pl.Series([], dtype=pl.String)).verdicts) == 0
    nothing = classify(pl.Series([None, None], dtype=pl.String))
    assert nothing.histogram() == {Kind.EMPTY: 2}
    assert nothing.kinds().to_list() == ["empty", "empty"]
    sliced = pl.Series([make_code("91", "410711", "MA000001")] * 5)[1:3]
    assert classify(sliced).valid.tolist() == [True, True]


def test_eighteen_bytes_that_are_not_eighteen_characters() -> None:
    check_against_scalar(["中文中文中文", "é" * 9, "91350100M000100Y43"])


def test_blocks_join_without_a_seam() -> None:
    code = make_code("91", "410711", "MA000001")
    column = pl.Series([code] * 70_000)
    column = column.scatter([32_767, 32_768, 69_999], ["x", None, code.lower()])
    assert classify(column).histogram() == {
        Kind.VALID: 69_997,
        Kind.REPAIRED: 1,
        Kind.EMPTY: 1,
        Kind.WRONG_LENGTH: 1,
    }


def test_a_number_column_is_refused() -> None:
    with pytest.raises(TypeError, match="String"):
        classify(pl.Series([1, 2]))
