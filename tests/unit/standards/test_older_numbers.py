"""Organisation codes, registration numbers and the shape of resident numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinyong.standards import organisation_code, registration_number, resident_id
from xinyong.standards.registration_number import EntityRange, RegistrationNumberForm, entity_range, form_of


@pytest.mark.parametrize(("body", "check"), [("MA000001", "5"), ("L0000001", "1"), ("00MW0000", "X")])
def test_organisation_code_uses_the_table_of_36(body: str, check: str) -> None:
    assert organisation_code.check_character(body) == check
    assert organisation_code.is_valid(body + check)


def test_organisation_code_shapes() -> None:
    assert not organisation_code.is_valid("13830295-X")
    assert organisation_code.is_valid("13830295X")
    assert organisation_code.hyphenated("13830295X") == "13830295-X"
    assert not organisation_code.is_valid("ma0000015")
    with pytest.raises(ValueError, match="eight"):
        organisation_code.check_character("MA00001")


@pytest.mark.parametrize("number", ["140100000000013", "410700600000014", "130000400000011"])
def test_registration_number_vectors(number: str) -> None:
    assert registration_number.is_valid(number)


@given(st.text(alphabet="0123456789", min_size=14, max_size=14), st.integers(0, 14), st.integers(1, 9))
def test_every_wrong_digit_of_a_registration_number_is_detected(body: str, at: int, shift: int) -> None:
    number = body + registration_number.check_digit(body)
    wrong = number[:at] + str((int(number[at]) + shift) % 10) + number[at + 1 :]
    assert registration_number.is_valid(number) and not registration_number.is_valid(wrong)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("140100000000013", RegistrationNumberForm.DIGITS_15),
        ("3209231100626", RegistrationNumberForm.DIGITS_13),
        ("320506NA000043X", RegistrationNumberForm.COOPERATIVE_15),
        ("企合苏镇分字第0010", RegistrationNumberForm.OLD_TEXT),
        ("12345678901234", None),
        ("", None),
    ],
)
def test_registration_number_forms(text: str, form: RegistrationNumberForm | None) -> None:
    assert form_of(text) is form


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        ("140100000000013", EntityRange.DOMESTIC),
        ("130000400000011", EntityRange.FOREIGN_INVESTED),
        ("410700600000014", EntityRange.INDIVIDUAL),
    ],
)
def test_entity_range(number: str, kind: EntityRange) -> None:
    assert entity_range(number) is kind


def test_registration_number_refuses_what_is_not_digits() -> None:
    with pytest.raises(ValueError, match="fourteen"):
        registration_number.check_digit("1401000000000X")
    with pytest.raises(ValueError, match="fifteen"):
        entity_range("12")


def test_resident_number_shape_date_and_check() -> None:
    assert resident_id.is_valid("11010519491231002X")
    assert resident_id.has_shape("110105194912310021") and not resident_id.is_valid("110105194912310021")
    assert not resident_id.has_shape("110105194913310021")
    assert not resident_id.has_shape("990105194912310021")
    assert not resident_id.has_shape("11010519491231002x")
    assert resident_id.has_shape_15("110105491231002") and not resident_id.has_shape_15("110105491331002")
