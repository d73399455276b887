"""Whose row it is: kinds, fillers, and natural persons, who are never subjects."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from xinyong.catalogue.entry import Severity, SubjectKind
from xinyong.intake.checks import ColumnsSwapped
from xinyong.intake.findings import FindingKind

from .support import (
    ENTERPRISE,
    ENTRY,
    GOOD,
    INDIVIDUAL,
    ORGAN,
    PLACEHOLDER,
    REGISTRATION,
    RESIDENT,
    check,
    check_one,
    said,
)


@pytest.mark.parametrize(
    ("code", "kind", "expected"),
    [
        (ENTERPRISE, "法人及非法人组织", "enterprise"),
        (INDIVIDUAL, "个体工商户", "individual_business"),
        ("52140000MJ00000189", "法人及非法人组织", "organisation"),
        (ORGAN, "法人及非法人组织", "organisation"),
    ],
)
def test_kind(code: str, kind: str, expected: str) -> None:
    checked = check_one(code=code, kind=kind)
    assert checked.accepted["subject_kind"].to_list() == [expected]
    assert checked.findings == []


def test_kind_that_contradicts_the_code_is_a_warning() -> None:
    checked = check_one(kind="个体工商户")
    assert checked.accepted["subject_kind"].to_list() == ["individual_business"]
    assert said(checked, "kind-differs").severity is Severity.WARNING


def test_filler_is_taken_from_an_individual_business_with_a_registration_number() -> None:
    checked = check_one(code=PLACEHOLDER, kind="个体工商户", number=REGISTRATION)
    assert checked.findings == []
    row = checked.accepted.row(0, named=True)
    assert (row["subject_code"], row["registration_number"]) == (None, REGISTRATION)
    payload = json.loads(row["payload"])
    assert "code" not in payload
    assert payload["_raw"]["code"] == PLACEHOLDER


@pytest.mark.parametrize(("kind", "number"), [("个体工商户", None), ("法人及非法人组织", REGISTRATION)])
def test_filler_is_refused_otherwise(kind: str, number: str | None) -> None:
    checked = check_one(code=PLACEHOLDER, kind=kind, number=number)
    assert said(checked, "placeholder-without-number").kind is FindingKind.CODE
    assert checked.accepted.is_empty()


def test_natural_person_is_refused_and_nothing_of_it_is_shown() -> None:
    checked = check_one(kind="自然人", name="王某某", code=RESIDENT, person="王某某", document="=1+1", decided="?")
    assert checked.accepted.is_empty()
    assert {finding.kind for finding in checked.findings} == {FindingKind.PERSON}
    assert "王某某" not in repr(checked.findings)
    assert RESIDENT not in repr(checked.findings)


@pytest.mark.parametrize("field", ["code", "number", "organisation", "organ"])
def test_resident_number_in_a_code_column_is_refused_and_hidden(field: str) -> None:
    checked = check_one(**{field: RESIDENT})
    finding = said(checked, "resident-number")
    assert (finding.kind, finding.value) == (FindingKind.PERSON, "***")
    assert RESIDENT not in repr(checked)


def test_mistyped_resident_number_is_not_mended_on_the_screen() -> None:
    for cell in ("110105194912310021", "110105491231003"):
        checked = check_one(code=cell, number=cell)
        assert cell not in repr(checked.findings)
        assert all(not finding.fix for finding in checked.findings)


def test_personal_fields_are_stored_as_tokens() -> None:
    checked = check_one(person="王某某", identity=RESIDENT)
    assert checked.findings == []
    payload = checked.accepted["payload"][0]
    assert "王某某" not in payload
    assert RESIDENT not in payload
    assert json.loads(payload)["identity"].startswith("token:")


def test_wrong_personal_number_is_not_shown() -> None:
    finding = said(check_one(identity="110105194912310021"), "personal-number-check")
    assert finding.value == "***"


def test_kind_the_dataset_is_not_open_to() -> None:
    entry = replace(ENTRY, subject_kinds=(SubjectKind.ENTERPRISE,))
    checked = check_one(entry, code=INDIVIDUAL, kind="个体工商户")
    assert said(checked, "kind-not-open").kind is FindingKind.SUBJECT


def test_row_without_any_identifier() -> None:
    fields = tuple(
        replace(item, required_when=()) if item.code in ("code", "number") else item for item in ENTRY.fields
    )
    finding = said(check_one(replace(ENTRY, fields=fields), code=None), "no-identifier")
    assert "“字段code”、“字段number”" in finding.reason_zh


def test_name_keeps_its_spelling_and_has_a_key() -> None:
    row = check_one(name=" 河南某某食品（集團）有限公司 ").accepted.row(0, named=True)
    assert row["subject_name"] == "河南某某食品（集團）有限公司"
    assert row["name_key"] == "河南某某食品(集团)有限公司"


def test_swapped_columns_are_one_problem() -> None:
    rows = [{**GOOD, "code": f"某某公司{number}", "name": ENTERPRISE} for number in range(30)]
    with pytest.raises(ColumnsSwapped) as caught:
        check(rows)
    assert "“code”列与“name”列的内容疑似互换" in caught.value.message("zh")


def test_few_swapped_rows_are_told_one_by_one() -> None:
    checked = check([GOOD] * 30 + [{**GOOD, "code": "某某公司", "name": ENTERPRISE}] * 10)
    assert len(checked.rejected) == 10
