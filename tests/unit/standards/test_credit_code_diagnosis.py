"""Diagnoses: repairs, positions, and messages that never repeat the text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinyong.standards.credit_code import ALPHABET, Kind, is_valid
from xinyong.standards.credit_code_diagnosis import diagnose
from xinyong.standards.credit_code_repair import RepairKind

from .conftest import credit_codes


@pytest.mark.parametrize(
    ("text", "repaired", "positions"),
    [
        ("9135O100M000100Y43", "91350100M000100Y43", (5,)),
        ("91350100M00O100Y43", "91350100M000100Y43", (12,)),
        ("9I350100M0001OOY43", "91350100M000100Y43", (2, 14, 15)),
        ("91350100M000100V43", "91350100M000100Y43", (16,)),
        ("91350100М000100Y43", "91350100M000100Y43", (9,)),  # Cyrillic М
    ],
)
def test_characters_outside_the_alphabet_are_located_and_repaired(
    text: str, repaired: str, positions: tuple[int, ...]
) -> None:
    diagnosis = diagnose(text)
    assert diagnosis.kind is Kind.WRONG_CHARACTER
    assert diagnosis.positions == positions
    assert diagnosis.repaired == repaired


def test_an_extra_character_is_found() -> None:
    diagnosis = diagnose("913350100M000100Y43")
    assert diagnosis.repaired == "91350100M000100Y43"
    assert diagnosis.candidates[0].kind is RepairKind.EXTRA_CHARACTER


def test_a_missing_character_is_not_guessed() -> None:
    assert diagnose("9135010M000100Y43").candidates == ()


def test_a_transposition_is_a_candidate_but_never_the_repair() -> None:
    diagnosis = diagnose("91350100M001000Y43")
    assert diagnosis.repaired is None
    assert any(
        candidate.code == "91350100M000100Y43" and candidate.kind is RepairKind.TRANSPOSITION
        for candidate in diagnosis.candidates
    )


@pytest.mark.parametrize("text", ["11010519491231002X", "１１０１０５１９４９１２３１００２ｘ", "110105194912310021"])
def test_a_resident_number_is_neither_kept_nor_echoed(text: str) -> None:
    diagnosis = diagnose(text)
    assert diagnosis.kind is Kind.RESIDENT_ID
    assert diagnosis.normalised is None and not diagnosis.candidates and not diagnosis.codes
    assert "19491231" not in repr(diagnosis)


def test_codes_inside_a_text() -> None:
    assert diagnose("代码：91350100M000100Y43（旧）").repaired == "91350100M000100Y43"
    several = diagnose("91350100M000100Y43;91410700L00000011X")
    assert several.codes == ("91350100M000100Y43", "91410700L00000011X")
    assert several.repaired is None and "2个" in several.message_zh


def test_messages_name_the_expected_check() -> None:
    assert "“3”" in diagnose("91350100M000100Y44").message_zh
    assert diagnose("91350100M000100Y44").positions == (1, 2, 3, 4, 5, 6, 7, 8, 18)
    assert diagnose("MA0000018").message_en.count("'5'") == 1


@given(credit_codes, st.integers(0, 17), st.sampled_from(ALPHABET + "IOSVZ"))
def test_a_repair_is_valid_and_close(code: str, at: int, character: str) -> None:
    diagnosis = diagnose(code[:at] + character + code[at + 1 :])
    assert len(diagnosis.candidates) <= 8
    for candidate in diagnosis.candidates:
        assert is_valid(candidate.code)
        differing = [i for i in range(1, 19) if (diagnosis.normalised or "")[i - 1] != candidate.code[i - 1]]
        assert tuple(differing) == candidate.positions
    if diagnosis.repaired:
        assert [candidate.code for candidate in diagnosis.candidates] == [diagnosis.repaired]


@given(credit_codes, st.integers(8, 16), st.sampled_from("IOSVZ"))
def test_a_foreign_letter_inside_the_organisation_code_is_always_repaired(code: str, at: int, letter: str) -> None:
    assert diagnose(code[:at] + letter + code[at + 1 :]).repaired == code


@given(st.one_of(st.none(), st.text(max_size=40)))
def test_messages_are_complete_and_do_not_repeat_the_text(text: str | None) -> None:
    diagnosis = diagnose(text)
    assert diagnosis.message_zh and diagnosis.message_en
    assert "{" not in diagnosis.message_zh + diagnosis.message_en
    if text and len(text) >= 8 and diagnosis.kind is Kind.OTHER:
        assert text not in diagnosis.message_zh
