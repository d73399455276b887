"""Real registrations: no published code is refused, and dirty ones are named as a person would name them."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from xinyong.standards.credit_code import KINDS, Kind, recognise
from xinyong.standards.credit_code_bulk import ORGANISATION_CHECK_FAILS, REGION_FICTITIOUS, REGION_UNKNOWN, classify
from xinyong.standards.credit_code_diagnosis import diagnose

_COLUMN = "统一社会信用代码"


def _codes(folder: Path, name: str, column: str = _COLUMN) -> pl.Series:
    return pl.read_csv(folder / "registration" / name, infer_schema=False)[column]


@pytest.mark.parametrize(
    ("name", "column", "rows", "bad_organisation", "unknown_region"),
    [
        ("registration_a.csv.gz", _COLUMN, 79_870, 8, 3_009),
        ("registration_slim_a.csv.gz", _COLUMN, 197_813, 12, 7_610),
        ("ningbo_entities_a.csv.gz", "uni_social_crd_cd", 508, 0, 29),
    ],
)
def test_every_published_code_is_accepted(
    shared_data: Path, name: str, column: str, rows: int, bad_organisation: int, unknown_region: int
) -> None:
    result = classify(_codes(shared_data, name, column))
    assert result.histogram() == {Kind.VALID: rows}
    assert int((result.advisories & ORGANISATION_CHECK_FAILS > 0).sum()) == bad_organisation
    assert int((result.advisories & REGION_UNKNOWN > 0).sum()) == unknown_region
    assert not (result.advisories & REGION_FICTITIOUS).any()


def test_dirty_codes_are_named(shared_data: Path) -> None:
    column = _codes(shared_data, "dirty_codes_a.csv.gz")
    result = classify(column)
    print(result.histogram())
    assert result.histogram() == {
        Kind.REPAIRED: 148,
        Kind.REGISTRATION_NUMBER_15: 3_375,
        Kind.REGISTRATION_NUMBER_COOPERATIVE: 341,
        Kind.REGISTRATION_NUMBER_13: 258,
        Kind.REGISTRATION_NUMBER_TEXT: 14,
        Kind.ORGANISATION_CODE: 4,
        Kind.NOT_AVAILABLE: 3,
        Kind.WRONG_ORGANISATION_CHECK: 14,
        Kind.WRONG_CHECK: 85,
    }
    for verdict, value in zip(result.verdicts, column.to_list(), strict=True):
        assert recognise(value)[0] is KINDS[verdict]
        if len(value) == 18 and value != value.upper():
            assert diagnose(value).kind in (Kind.REPAIRED, Kind.WRONG_CHECK, Kind.WRONG_ORGANISATION_CHECK)


def test_codes_that_pass_as_resident_numbers_stay_codes(shared_data: Path) -> None:
    result = classify(_codes(shared_data, "uscc_also_valid_resident_id_shape_a.csv.gz"))
    assert result.histogram() == {Kind.VALID: 3}
