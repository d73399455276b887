"""The open lists of the registry load, and code refers only to kinds that are on them."""

from __future__ import annotations

from xinyong.registry import lists
from xinyong.registry.models import Identifier


def test_the_kinds_code_refers_to_are_on_the_lists() -> None:
    types = lists.identifier_types()
    assert {Identifier.Type.CREDIT_CODE, Identifier.Type.REGISTRATION_NUMBER} <= set(types)
    assert {"organisation_code", "tax_number", "institution_certificate", "social_certificate"} <= set(types)
    assert {item.ties for item in types.values()} == {"register", "anyone"}
    assert {"branch", "investment"} <= set(lists.relation_kinds())


def test_only_a_change_of_code_makes_two_codes_one_subject() -> None:
    kinds = lists.succession_kinds()
    assert {code for code, kind in kinds.items() if kind.joins} == {"code_change"}
    assert {"conversion", "absorption", "division"} <= set(kinds)


def test_labels() -> None:
    assert lists.identifier_label("tax_number", "zh") == "税务登记号"
    assert lists.identifier_label("tax_number", "en") == "Tax registration number"
    assert lists.identifier_label("unheard-of", "en") == "unheard-of"
