"""GB 32100: published vectors, normalisation, kinds, and what the check detects."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinyong.standards import credit_code
from xinyong.standards.credit_code import ALPHABET, Advisory, Change, Kind, is_valid, normalise, recognise

from .conftest import credit_codes

VALID_VECTORS = [
    "91350100M000100Y43",
    "91410700L00000011X",
    "91130000123456788X",
    "52140000MJ00000189",
    "111400000000000003",
    "91140100MA00001700",
    "91140100MA000004X1",
    "91140100MA0000090C",
]


@pytest.mark.parametrize("code", VALID_VECTORS)
def test_published_vectors_are_valid(code: str) -> None:
    assert is_valid(code)
    assert recognise(code) == (Kind.VALID, credit_code.Normalised(code, ()))


def test_sum_divisible_by_31_has_check_0() -> None:
    assert credit_code.check_character("91140100MA0000170") == "0"


def test_placeholder_is_not_valid_and_has_its_own_kind() -> None:
    assert not is_valid(credit_code.PLACEHOLDER)
    assert credit_code.check_character("0" * 17) == "0"
    assert recognise("00000000000000000x")[0] is Kind.PLACEHOLDER


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        ("91350100m000100y43", (Change.LOWER_CASE,)),
        ("９１３５０１００Ｍ０００１００Ｙ４３", (Change.FULL_WIDTH,)),
        ("91350100 M000100Y43", (Change.SEPARATOR,)),
        (" 91350100-M000100Y-43\n", (Change.SEPARATOR,)),
        ("'91350100M000100Y43", (Change.QUOTE,)),
        ("\ufeff91350100M000100Y43", (Change.INVISIBLE,)),
        ("９１３５０１００ｍ000100y43\u3000", (Change.FULL_WIDTH, Change.SEPARATOR, Change.LOWER_CASE)),
    ],
)
def test_normalisation_repairs_the_way_of_writing(text: str, changes: tuple[Change, ...]) -> None:
    kind, normalised = recognise(text)
    assert kind is Kind.REPAIRED
    assert normalised == credit_code.Normalised("91350100M000100Y43", changes)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (None, Kind.EMPTY),
        ("", Kind.EMPTY),
        (" \u3000\t", Kind.EMPTY),
        ("\u200b", Kind.EMPTY),
        ("无", Kind.NOT_AVAILABLE),
        ("n/a", Kind.NOT_AVAILABLE),
        ("NA", Kind.NOT_AVAILABLE),
        ("— —", Kind.NOT_AVAILABLE),
        ("-", Kind.NOT_AVAILABLE),
        ("000000000000000000", Kind.NOT_AVAILABLE),
        ("140100000000013", Kind.REGISTRATION_NUMBER_15),
        ("140100000000014", Kind.REGISTRATION_NUMBER_15_BAD_CHECK),
        ("320506NA000043X", Kind.REGISTRATION_NUMBER_COOPERATIVE),
        ("500109na000176x", Kind.REGISTRATION_NUMBER_COOPERATIVE),
        ("3209231100626", Kind.REGISTRATION_NUMBER_13),
        ("企合苏总字第000063", Kind.REGISTRATION_NUMBER_TEXT),
        ("企独苏苏办字第0037号", Kind.REGISTRATION_NUMBER_TEXT),
        ("H-4601043500387-21", Kind.REGISTRATION_NUMBER_TEXT),
        ("（A）460002300000-", Kind.REGISTRATION_NUMBER_TEXT),
        ("13830295-X", Kind.ORGANISATION_CODE),
        ("MA0000015", Kind.ORGANISATION_CODE),
        ("MA0000018", Kind.ORGANISATION_CODE_BAD_CHECK),
        ("11010519491231002X", Kind.RESIDENT_ID),
        ("110105194912310021", Kind.RESIDENT_ID),
        ("身份证11010519491231002X", Kind.RESIDENT_ID),
        ("91350100M000100Y4", Kind.WRONG_LENGTH),
        ("91350100M000100Y433", Kind.WRONG_LENGTH),
        ("91350100M0001OOY43", Kind.WRONG_CHARACTER),
        ("9135O100M000100Y43", Kind.WRONG_CHARACTER),
        ("9135A100M000100Y43", Kind.WRONG_CHARACTER),
        ("97350100M000100Y43", Kind.WRONG_DEPARTMENT_OR_CATEGORY),
        ("B1350100M000100Y43", Kind.WRONG_DEPARTMENT_OR_CATEGORY),
        ("91350100M000200Y43", Kind.WRONG_ORGANISATION_CHECK),
        ("91350100M000100Y44", Kind.WRONG_CHECK),
        ("91350100M000100Y43、91410700L00000011X", Kind.MULTIPLE_CODES),
        ("91350100M000100Y43 140100000000013", Kind.MULTIPLE_CODES),
        ("统一社会信用代码：91350100M000100Y43", Kind.CODE_IN_TEXT),
        ("新乡市宏达商贸有限公司", Kind.OTHER),
    ],
)
def test_kind_of_a_text(text: str | None, kind: Kind) -> None:
    assert recognise(text)[0] is kind


@pytest.mark.parametrize(
    ("code", "advisories"),
    [
        ("91350100M000100Y43", ()),
        ("91410100300006194G", (Advisory.ORGANISATION_CHECK_FAILS,)),
        ("91610131MA6U000007", (Advisory.REGION_UNKNOWN,)),
        ("91990102MA6U00000N", (Advisory.REGION_FICTITIOUS,)),
    ],
)
def test_advisories_do_not_make_a_code_invalid(code: str, advisories: tuple[Advisory, ...]) -> None:
    code = code[:17] + credit_code.check_character(code[:17])
    found = credit_code.advisories_of(code)
    assert set(advisories) <= set(found)
    assert set(found) - {Advisory.ORGANISATION_CHECK_FAILS} <= set(advisories)
    assert is_valid(code)


def test_the_department_table_is_the_one_of_the_standard() -> None:
    assert "".join(credit_code.DEPARTMENTS) == "123456789ANY"
    assert {"11", "12", "31", "51", "52", "53", "91", "92", "93", "A1", "N3", "Y1"} <= credit_code.PREFIXES
    assert not {"97", "00", "B1", "13X"} & credit_code.PREFIXES
    assert len(ALPHABET) == 31 and not set("IOSVZ") & set(ALPHABET)


@given(credit_codes)
def test_every_single_substitution_in_1_to_17_is_detected(code: str) -> None:
    for at in range(17):
        for character in ALPHABET:
            if character != code[at]:
                assert not is_valid(code[:at] + character + code[at + 1 :])


@given(credit_codes)
def test_every_adjacent_swap_in_1_to_17_is_detected(code: str) -> None:
    for at in range(16):
        if code[at] != code[at + 1]:
            assert not is_valid(code[:at] + code[at + 1] + code[at] + code[at + 2 :])


@given(st.text(max_size=40))
def test_normalisation_is_idempotent_and_total(text: str) -> None:
    once = normalise(text)
    assert normalise(once.text) == credit_code.Normalised(once.text, ())
    assert isinstance(recognise(text)[0], Kind)


def test_check_character_refuses_what_is_not_a_body() -> None:
    for body in ("", "9135010", "91350100M000100YO"):
        with pytest.raises(ValueError, match="seventeen"):
            credit_code.check_character(body)
