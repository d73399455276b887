"""The real registration files: every valid row comes in once, every dirty code is told for what it is."""

from __future__ import annotations

import csv
import gzip
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from xinyong.standards import credit_code
from xinyong.standards.credit_code import Kind
from xinyong.standards.credit_code_diagnosis import diagnose

FILE = "registration/registration_a.csv.gz"


@pytest.fixture(scope="module")
def whole(desk: Any, shared_data: Path) -> Any:
    """The receipt of the whole file, and what was stored then."""
    receipt = desk.deliver(shared_data / FILE)
    return receipt, desk.totals(), desk.one("SELECT count(*) FROM ledger_event")


def test_every_valid_row_of_the_whole_file_is_stored(whole: Any, desk: Any, shared_data: Path) -> None:
    receipt, totals, _ = whole
    with gzip.open(shared_data / FILE, "rt", encoding="utf-8", newline="") as handle:
        codes = [row["统一社会信用代码"] for row in csv.DictReader(handle)]
    assert len(codes) == receipt.read > 10_000
    assert all(credit_code.is_valid(code) for code in codes)
    assert receipt.rejected == 0
    assert receipt.accepted + receipt.unchanged == receipt.read
    assert receipt.accepted == len(set(codes)) == receipt.entities_created
    assert totals["entities"] == totals["records"] == totals["versions"] == len(set(codes))
    stored = {code for (code,) in desk.rows("SELECT credit_code FROM registry_entity")}
    assert stored == set(codes)


def test_no_two_codes_share_an_entity_and_none_is_doubled(whole: Any, desk: Any) -> None:
    shared = desk.one(
        "SELECT count(*) FROM (SELECT entity_id FROM registry_identifier WHERE type = 'credit_code' "
        "GROUP BY entity_id HAVING count(*) > 1) AS several"
    )
    assert shared == 0
    assert desk.one("SELECT count(*) - count(DISTINCT credit_code) FROM registry_entity") == 0
    # The identifier, the entity and the payload of its registration agree on the code.
    wrong = desk.one(
        "SELECT count(*) FROM ledger_version AS version JOIN registry_entity AS entity ON entity.id = version.entity_id "
        "LEFT JOIN registry_identifier AS identifier ON identifier.entity_id = entity.id "
        "AND identifier.type = 'credit_code' WHERE version.payload ->> 'UNISCID' IS DISTINCT FROM entity.credit_code "
        "OR identifier.value IS DISTINCT FROM entity.credit_code"
    )
    assert wrong == 0


def test_the_second_intake_of_the_whole_file_adds_nothing(whole: Any, desk: Any, shared_data: Path) -> None:
    first, totals, events = whole
    receipt = desk.deliver(shared_data / FILE)
    assert (receipt.accepted, receipt.rejected, receipt.unchanged) == (0, 0, first.read)
    assert receipt.entities_created == 0
    assert {**desk.totals(), "findings": totals["findings"]} == totals
    assert desk.one("SELECT count(*) FROM ledger_event") == events


def test_every_dirty_code_is_repaired_or_rejected_with_its_diagnosis(desk: Any, real: Any, shared_data: Path) -> None:
    rows = real("registration/dirty_codes_a.csv.gz")
    receipt = desk.deliver(shared_data / "registration/dirty_codes_a.csv.gz")
    kinds = [diagnose(row["统一社会信用代码"]).kind for row in rows]
    repaired = sum(kind is Kind.REPAIRED for kind in kinds)
    assert repaired > 0, "the file no longer holds lower-case codes"
    assert receipt.read == len(rows)
    assert receipt.rejected == len(rows) - repaired
    assert receipt.accepted + receipt.unchanged == repaired
    errors: dict[int, list[Any]] = {}
    remarks: dict[int, list[Any]] = {}
    for finding in desk.findings(receipt.delivery):
        if finding.field == "UNISCID":
            (errors if finding.severity == "error" else remarks).setdefault(finding.row, []).append(finding)
    said = Counter()
    for number, (row, kind) in enumerate(zip(rows, kinds, strict=True), start=2):
        sent = row["统一社会信用代码"]
        if kind is Kind.REPAIRED:
            assert number not in errors
            assert remarks[number][0].fix == diagnose(sent).normalised
            continue
        finding = errors[number][0]
        said[kind] += 1
        assert finding.reason_zh
        assert finding.reason_en
        assert finding.suggestion_zh, f"row {number} is rejected without advice"
        words = {
            Kind.REGISTRATION_NUMBER_15: "15位注册号",
            Kind.REGISTRATION_NUMBER_15_BAD_CHECK: "15位数字",
            Kind.REGISTRATION_NUMBER_13: "13位旧注册号",
            Kind.REGISTRATION_NUMBER_COOPERATIVE: "NA",
            Kind.ORGANISATION_CODE: "组织机构代码",
        }.get(kind, "")
        assert words in finding.reason_zh, f"row {number}: {sent} is {kind}, told as {finding.reason_zh}"
    assert {Kind.REGISTRATION_NUMBER_15, Kind.REGISTRATION_NUMBER_13, Kind.REGISTRATION_NUMBER_COOPERATIVE} <= set(said)
    assert said[Kind.OTHER] < len(rows) / 20, "too many codes are called neither this nor that"


def test_lower_case_codes_name_the_same_entity(desk: Any) -> None:
    code = desk.code(7_000_011)
    letters = next(desk.code(number, "91410700") for number in range(7_000_020, 7_000_400) if "X" in desk.code(number))
    desk.take([desk.registration(letters, "示例小写有限公司"), desk.registration(code, "示例数字有限公司")])
    before = desk.totals()["entities"]
    receipt = desk.take([desk.registration(letters.lower(), "示例小写有限公司")])
    assert (receipt.rejected, receipt.entities_created) == (0, 0)
    assert desk.totals()["entities"] == before


def test_codes_given_twice_keep_the_first_row_and_name_it_to_the_second(desk: Any, real: Any) -> None:
    rows = [row for row in real("registration/same_code_a.csv.gz") if credit_code.is_valid(row["统一社会信用代码"])]
    path = desk.csv(rows)
    receipt = desk.deliver(path)
    first: dict[str, tuple[int, dict[str, str]]] = {}
    contradicting: dict[int, int] = {}
    for number, row in enumerate(rows, start=2):
        code = row["统一社会信用代码"]
        if code not in first:
            first[code] = (number, row)
        elif row != first[code][1]:
            contradicting[number] = first[code][0]
    findings = {item.row: item for item in desk.findings(receipt.delivery) if item.code == "contradicts-row"}
    assert contradicting, "the file no longer holds contradicting rows"
    assert set(findings) <= set(contradicting)
    for number, item in findings.items():
        assert re.search(rf"第 {contradicting[number]} 行", item.reason_zh)
        assert item.severity == "error"
    assert receipt.rejected == len(findings)
    # Rows that differ in writing only (spaces, width) are the same record and not a contradiction.
    for number in set(contradicting) - set(findings):
        assert "".join(rows[number - 2].values()) != "".join(first[rows[number - 2]["统一社会信用代码"]][1].values())
    for code, (_, row) in first.items():
        ((name, entities),) = desk.rows("SELECT min(name), count(*) FROM registry_entity WHERE credit_code = %s", code)
        assert entities == 1
        assert name == row["企业名称"]


def test_equal_names_with_different_codes_stay_different_entities(desk: Any, real: Any) -> None:
    rows = real("registration/same_name_a.csv.gz")
    receipt = desk.take(rows)
    assert receipt.rejected == 0
    for name in {row["企业名称"] for row in rows}:
        codes = {row["统一社会信用代码"] for row in rows if row["企业名称"] == name}
        assert len(codes) >= 2
        stored = {code for (code,) in desk.rows("SELECT credit_code FROM registry_entity WHERE name = %s", name)}
        assert stored >= codes
    # A row that gives the name alone is not tied to either of them.
    name = rows[0]["企业名称"]
    refused = desk.take([desk.abnormal("", name)], "abnormal-list")
    assert refused.rejected == 1
    assert desk.findings(refused.delivery)[0].code == "name-not-unique"


def test_codes_of_the_shape_of_an_identity_number_are_accepted(desk: Any, real: Any) -> None:
    rows = real("registration/uscc_also_valid_resident_id_shape_a.csv.gz")
    receipt = desk.take(rows)
    assert (receipt.read, receipt.rejected) == (len(rows), 0)
    for row in rows:
        code = row["统一社会信用代码"]
        assert (
            desk.one(
                "SELECT payload ->> 'UNISCID' FROM ledger_version JOIN registry_entity AS entity "
                "ON entity.id = entity_id WHERE credit_code = %s",
                code,
            )
            == code
        )
