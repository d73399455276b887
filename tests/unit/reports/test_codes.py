from __future__ import annotations

from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st

from xinyong.reports import codes

characters = st.sampled_from(codes.ALPHABET)


def test_a_new_code_is_valid_and_groups() -> None:
    code = codes.new_code()
    assert codes.normalise(code) == code
    assert codes.normalise(codes.grouped(code).lower()) == code


@given(st.integers(0, codes.LENGTH - 1), characters)
def test_every_single_wrong_character_is_found(place: int, wrong: str) -> None:
    code = codes.new_code()
    changed = code[:place] + wrong + code[place + 1 :]
    assert (codes.normalise(changed) == code) is (wrong == code[place])
    if wrong != code[place]:
        assert codes.normalise(changed) is None


@given(st.integers(0, codes.LENGTH - 2))
def test_swaps_of_neighbours_are_found(place: int) -> None:
    code = codes.new_code()
    a, b = code[place], code[place + 1]
    changed = code[:place] + b + a + code[place + 2 :]
    if a != b and {a, b} != {"0", "Z"}:  # the one pair Luhn cannot tell apart
        assert codes.normalise(changed) is None


def test_misread_letters_are_read_as_what_was_printed() -> None:
    code = next(code for code in iter(codes.new_code, None) if "1" in code and "0" in code)
    assert codes.normalise(code.replace("1", "I").replace("0", "o")) == code


@given(st.text(max_size=30))
def test_any_text_is_answered(text: str) -> None:
    found = codes.normalise(text)
    assert found is None or len(found) == codes.LENGTH


def test_a_number_begins_with_its_time() -> None:
    number = codes.new_number(datetime(2026, 11, 20, 8, 0, 1))
    assert number.startswith("20261120080001") and len(number) == 22
