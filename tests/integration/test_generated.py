"""A generated city, taken in whole: what the generator knows to be wrong is rejected, everything else comes in."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from xinyong.demo import errors, generator
from xinyong.demo.spec import GeneratorSpec, Manifest
from xinyong.runtime import clock


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Manifest]:
    """400 entities and 3,000 records, one row in twenty wrong."""
    folder = tmp_path_factory.mktemp("city")
    spec = GeneratorSpec(entities=400, records=3_000, seed=7, today=clock.today() - timedelta(days=1), error_rate=0.05)
    return folder, generator.generate(spec, folder)


@pytest.fixture(scope="module")
def taken(desk: Any, city: tuple[Path, Manifest]) -> dict[str, Any]:
    """Receipts of all files, in the order of the manifest."""
    from xinyong.accounts import actions as accounts

    folder, manifest = city
    for item in manifest.departments:
        accounts.register_department(
            slug=item["code"],
            name_zh=item["name_zh"],
            name_en=item["name_en"],
            credit_code=item["credit_code"],
            fictitious=True,
            acting="test",
        )
    return {file.path: desk.deliver(folder / file.path, file.dataset, file.department) for file in manifest.files}


def test_every_row_is_accounted_for(taken: dict[str, Any], city: tuple[Path, Manifest], desk: Any) -> None:
    _, manifest = city
    for file in manifest.files:
        receipt = taken[file.path]
        assert receipt.read == file.rows, file.path
        assert receipt.read == receipt.accepted + receipt.rejected + receipt.unchanged
    accepted = sum(receipt.accepted for receipt in taken.values())
    assert desk.totals()["versions"] == accepted
    assert desk.totals()["records"] <= accepted


def test_the_truth_about_every_odd_row_is_found(taken: dict[str, Any], city: tuple[Path, Manifest], desk: Any) -> None:
    _, manifest = city
    truth: dict[str, dict[int, Any]] = defaultdict(dict)
    for item in manifest.errors:
        truth[item.file][item.row] = item
    wrong = []
    for file in manifest.files:
        findings = desk.findings(taken[file.path].delivery)
        rejected = {item.row: item for item in findings if item.severity == "error"}
        assert len(rejected) == taken[file.path].rejected, f"{file.path}: a rejected row without a reason"
        for row, item in truth[file.path].items():
            if item.expected == errors.REJECT and row not in rejected:
                wrong.append(f"{file.path}:{row} {item.kind} in {item.field} was not rejected")
            if item.expected in (errors.ACCEPT, errors.DUPLICATE) and row in rejected:
                wrong.append(f"{file.path}:{row} {item.kind} was rejected: {rejected[row].reason_zh}")
        for row in set(rejected) - set(truth[file.path]):
            wrong.append(f"{file.path}:{row} is right and was rejected: {rejected[row].reason_zh}")
    assert wrong == []
    kinds = {item.kind for item in manifest.errors}
    assert len(kinds) > 12, kinds


def test_duplicates_change_nothing(taken: dict[str, Any], city: tuple[Path, Manifest]) -> None:
    _, manifest = city
    assert sum(file.expected_duplicates for file in manifest.files) > 3
    for file in manifest.files:
        assert taken[file.path].unchanged >= file.expected_duplicates, file.path


def test_every_entity_of_the_city_is_there_once(taken: dict[str, Any], city: tuple[Path, Manifest], desk: Any) -> None:
    _, manifest = city
    register = {file.path: file for file in manifest.files if file.dataset == "registration"}
    # The register's odd rows are entities more; those that may be accepted with a remark are the only strangers.
    strangers = sum(file.expected_remarked for file in register.values())
    assert 400 <= desk.one("SELECT count(*) FROM registry_entity WHERE registered") <= 400 + strangers
    assert (
        desk.one("SELECT count(*) - count(DISTINCT credit_code) FROM registry_entity WHERE credit_code IS NOT NULL")
        == 0
    )


def test_the_whole_city_again_adds_nothing(taken: dict[str, Any], city: tuple[Path, Manifest], desk: Any) -> None:
    folder, manifest = city
    before, events = desk.totals(), desk.one("SELECT count(*) FROM ledger_event")
    for file in manifest.files:
        again = desk.deliver(folder / file.path, file.dataset, file.department)
        assert again.accepted == 0, file.path
        assert again.entities_created == 0
        assert again.rejected == taken[file.path].rejected
    after = desk.totals()
    assert {**after, "findings": 0} == {**before, "findings": 0}
    assert desk.one("SELECT count(*) FROM ledger_event") == events
