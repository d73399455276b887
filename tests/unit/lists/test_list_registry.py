"""The lists there are: complete against the register of the rules, and impossible to make without a basis."""

from __future__ import annotations

from datetime import date
from importlib import resources
from typing import Any

import pytest
import yaml

from xinyong.catalogue.loader import load_packaged
from xinyong.lists import registry
from xinyong.lists.errors import ListsInvalid

LISTS = registry.registry()
CATALOGUE = load_packaged()


def text(code: str) -> str:
    return (resources.files("xinyong.datapacks") / "lists" / f"{code}.yml").read_text(encoding="utf-8")


def changed(code: str, **values: Any) -> str:
    return yaml.safe_dump({**yaml.safe_load(text(code)), **values}, allow_unicode=True)


def mistakes(code: str, **values: Any) -> str:
    with pytest.raises(ListsInvalid) as error:
        registry.load({f"{code}.yml": changed(code, **values)})
    return error.value.message("zh")


def test_every_list_of_the_register_has_a_configuration() -> None:
    adverse = {code for code, item in LISTS.items() if item.kind in ("adverse", "state")}
    assert adverse >= {
        "abnormal", "market-serious", "court-defaulter", "tax-serious", "wage-arrears", "work-safety", "procurement",
        "bidding", "customs-dishonest", "environment",
    }  # fmt: skip
    assert {"tax-a", "customs-advanced", "honour", "trustworthy"} <= set(LISTS)
    assert sum(item.kind == "historic" for item in LISTS.values()) == 5


@pytest.mark.parametrize("code", sorted(LISTS))
def test_every_list_says_what_the_law_asks(code: str) -> None:
    """LST-05, LST-06: authority, basis, grounds, period, exit, relief, who is named, publication."""
    item = LISTS[code]
    assert item.bases and item.grounds and item.exits
    for language in ("zh", "en"):
        for key in ("name", "authority", "named", "publication", "exit", "relief"):
            assert str(getattr(item, f"{key}_{language}")).strip(), key
    assert item.period.zh and item.period.en
    # Every field of the record that is to be written is one of the dataset, and the required ones are all written.
    entry = CATALOGUE.entry(item.record.dataset, date(2026, 11, 26))
    fields = {field.code: field for field in entry.fields}
    named = {*item.record.entry, *item.record.exit, *item.record.said.values()}
    assert named | {item.record.left, item.record.planned, item.record.select} - {""} <= set(fields)
    if item.kind != "historic":
        required = {field.code for field in entry.fields if field.required}
        assert required <= set(item.record.entry), f"{code} leaves required fields of {entry.code} empty"
        assert set(item.subjects) <= {kind.value for kind in entry.subject_kinds}


@pytest.mark.parametrize("code", sorted(LISTS))
def test_ref_01_no_list_takes_a_natural_person(code: str) -> None:
    assert set(LISTS[code].subjects) <= {"enterprise", "organisation", "individual_business"}
    assert "REF-01" in mistakes(code, subjects=["natural_person"])


def test_a_list_without_a_basis_cannot_be_made() -> None:
    assert "没有依据的名单不能设立" in mistakes("market-serious", bases=[])


def test_a_normative_document_alone_carries_no_adverse_list() -> None:
    basis = {**yaml.safe_load(text("market-serious"))["bases"][0], "level": "normative"}
    assert "规范性文件" in mistakes("market-serious", bases=[basis])


def test_only_the_four_fields_may_have_a_serious_list() -> None:
    assert "四个领域" in mistakes("work-safety", field="traffic-manners")


def test_individual_businesses_are_marked_not_listed() -> None:
    """LST-24."""
    item = LISTS["abnormal"]
    assert item.marks("individual_business") and not item.marks("enterprise")
    assert not any(other.marks("individual_business") for code, other in LISTS.items() if code != "abnormal")


def test_court_defaulters_are_organisations_only() -> None:
    assert LISTS["court-defaulter"].subjects == ("enterprise", "organisation")


def test_a_recalled_basis_is_never_confirmed() -> None:
    basis = {**yaml.safe_load(text("tax-a"))["bases"][0], "status": "confirmed"}
    assert "须待确认" in mistakes("tax-a", bases=[basis])


def test_a_historic_list_lists_nobody() -> None:
    record = {**yaml.safe_load(text("focus-list"))["record"], "entry": {"LIST": "list_code"}}
    assert "历史名单不能办理" in mistakes("focus-list", record=record)
    assert not LISTS["focus-list"].in_force(date(2026, 11, 26))


def test_ver_06_the_list_of_2014_ended_with_the_regulation_of_2024() -> None:
    assert LISTS["seriously-illegal-2014"].in_force(date(2024, 4, 30))
    assert not LISTS["seriously-illegal-2014"].in_force(date(2024, 5, 1))


def test_ver_12_the_abnormal_list_rests_on_the_rules_of_2025_which_are_to_be_confirmed() -> None:
    (row,) = [item for item in LISTS["abnormal"].bases if item.id == "ABN"]
    assert "2025" in row.title and row.status == "to_be_confirmed"


def test_every_mistake_is_named_at_once() -> None:
    words = mistakes("bidding", bases=[], subjects=[], relief_zh="", period={"least": 24, "most": 12, "ends": "fixed",
                     "zh": "x", "en": "x", "certainty": "text", "status": "confirmed"})  # fmt: skip
    for part in ("bases", "subjects", "relief_zh", "period"):
        assert part in words


def test_the_list_of_a_record_is_told_by_dataset_and_field() -> None:
    assert registry.of_record("list-entry", {"LIST": "work-safety"}) is LISTS["work-safety"]
    assert registry.of_record("honours", {"RYLB": "纳税信用A级"}) is LISTS["tax-a"]
    assert registry.of_record("honours", {"RYLB": "高新技术企业"}) is None
    assert registry.of_record("list-history", {"LIST": "memorandum"}) is LISTS["memorandum"]
    assert registry.of_record("abnormal-list", {}) is LISTS["abnormal"]
    assert registry.of_record("penalty", {}) is None
