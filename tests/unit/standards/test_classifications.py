"""Industries, enterprise types, subject kinds, registration statuses."""

from __future__ import annotations

import pytest

from xinyong.standards.entity_types import (
    Behaviour,
    EntityForm,
    EntityGroup,
    SubjectKind,
    entity_types,
    registration_status,
)
from xinyong.standards.industries import divisions, industries, section_of, sections


def test_industries_have_twenty_sections_and_ninety_seven_divisions() -> None:
    assert "".join(section.code for section in sections()) == "ABCDEFGHIJKLMNOPQRST"
    assert all(section.confirmed and section.label_en for section in sections())
    numbers = [division.code for section in sections() for division in divisions(section.code)]
    assert numbers == [f"{number:02}" for number in range(1, 98)]
    assert not any(industries()[number].confirmed for number in numbers)


@pytest.mark.parametrize(
    ("code", "section"),
    [("C", "C"), ("13", "C"), ("131", "C"), ("1310", "C"), ("C13", "C"), ("c1310", "C"), ("6510", "I"), (" 01 ", "A")],
)
def test_section_of_a_code(code: str, section: str) -> None:
    found = section_of(code)
    assert found is not None and found.code == section


@pytest.mark.parametrize("code", ["", "Z", "0", "00", "98", "A13", "13105", "CC", "1３"])
def test_unknown_or_contradictory_industry(code: str) -> None:
    assert section_of(code) is None


def test_entity_types() -> None:
    types = entity_types()
    assert len(types) == 153
    company = types["1130"]
    assert company.label == "有限责任公司(自然人投资或控股)"
    assert (company.group, company.form) == (EntityGroup.DOMESTIC_COMPANY, EntityForm.COMPANY)
    assert types["2130"].form is EntityForm.BRANCH and types["5840"].form is EntityForm.BRANCH
    assert types["4533"].form is EntityForm.PARTNERSHIP
    assert types["9100"].subject_kind is SubjectKind.OTHER_LEGAL_PERSON
    individual = types["9500"]
    assert individual.group is EntityGroup.INDIVIDUAL_BUSINESS
    assert individual.subject_kind is SubjectKind.INDIVIDUAL_BUSINESS
    assert individual.subject_kind.label == "个体工商户"
    assert {entity.group for entity in types.values()} == set(EntityGroup)
    assert {entity.form for entity in types.values()} == set(EntityForm)


@pytest.mark.parametrize(
    ("text", "behaviour"),
    [
        ("1", Behaviour.ACTIVE),
        ("存续（在营、开业、在册）", Behaviour.ACTIVE),
        ("在业", Behaviour.ACTIVE),
        ("歇业", Behaviour.SUSPENDED),
        ("注销", Behaviour.ENDED),
        ("吊销,未注销", Behaviour.ENDED_BY_FORCE),
        (" 吊销，未注销 ", Behaviour.ENDED_BY_FORCE),
        ("撤销", Behaviour.ENDED_BY_FORCE),
        ("责令关闭", Behaviour.ENDED_BY_FORCE),
    ],
)
def test_statuses_behave(text: str, behaviour: Behaviour) -> None:
    status = registration_status(text)
    assert status is not None and status.behaviour is behaviour


def test_an_unknown_status_is_not_guessed() -> None:
    assert registration_status("不知道") is None and registration_status("") is None
