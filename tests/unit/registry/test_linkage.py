"""Linking files without codes: closed world first, near names only where another field settles them, order indifferent."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinyong.registry.search import linkage
from xinyong.registry.search.linkage import Decision, Facts, Known, Tier, Written
from xinyong.standards import names

REGISTER = {
    1: "新乡市宏达商贸有限公司",
    2: "开封市宏达商贸有限公司",
    3: "新乡市华盛机械制造有限公司",
    4: "新乡市华胜机械制造有限公司",
    5: "中原智造（新乡）工业软件有限公司",
    6: "郑州同名科技有限公司",
    7: "郑州同名科技有限公司",
}
FACTS = {
    1: Facts(address="新乡市牧野区和平路12号", date="2015-03-02"),
    2: Facts(address="开封市龙亭区解放路88号", date="2011-07-01"),
    3: Facts(address="新乡市红旗区人民路100号3幢", date="2012-05-06"),
    4: Facts(address="新乡市卫滨区中山路7号", date="2018-09-09"),
    5: Facts(address="新乡市高新区科技大道1号", date="2020-01-01"),
}
KNOWN = [Known(entity_id=number, key=names.matching_key(name)) for number, name in REGISTER.items()]


def decide(*rows: Written, pieces: Sequence[Sequence[Known]] = (KNOWN,)) -> list[Decision]:
    return linkage.link(rows, pieces, lambda wanted: {number: FACTS[number] for number in wanted if number in FACTS})


def one(name: str, **fields: str) -> Decision:
    return decide(Written(row=2, name=name, **fields))[0]


@pytest.mark.parametrize("name", ["新乡市宏达商贸有限公司", "新鄉市宏達商貿有限公司", "新乡市 宏达商贸　有限公司"])
def test_a_unique_registered_name_links_but_for_spelling(name: str) -> None:
    found = one(name)
    assert (found.tier, found.entity_id, found.rule) == (Tier.LINKED, 1, "name")


def test_two_bearers_of_a_name_go_to_a_person() -> None:
    found = one("郑州同名科技有限公司")
    assert (found.tier, found.entity_id) == (Tier.PERSON, None)
    assert {item.entity_id for item in found.proposals} == {6, 7}


def test_a_registered_name_is_never_the_near_one() -> None:
    """华盛 and 华胜 are both registered: whoever is written is meant, whatever the other fields say."""
    found = one("新乡市华胜机械制造有限公司", address=FACTS[3].address, date=FACTS[3].date)
    assert found.entity_id == 4


def test_a_near_name_alone_is_a_candidate() -> None:
    found = one("新乡市宏答商贸有限公司")
    assert (found.tier, found.entity_id) == (Tier.PERSON, None)
    assert found.proposals[0].entity_id == 1


@pytest.mark.parametrize("fields", [{"address": "新乡市牧野区和平路12号"}, {"date": "2015-03-02"}])
def test_a_near_name_with_another_field_is_settled(fields: dict[str, str]) -> None:
    found = one("新乡市宏答商贸有限公司", **fields)
    assert (found.tier, found.entity_id, found.rule) == (Tier.LINKED, 1, "settled")


def test_a_contradicting_field_is_never_overruled() -> None:
    found = one("新乡市宏答商贸有限公司", address="新乡市牧野区和平路12号", date="1999-01-01")
    assert (found.tier, found.entity_id) == (Tier.PERSON, None)
    assert found.proposals[0].against == ("date_agrees",)


def test_another_place_is_a_contradiction() -> None:
    found = one("洛阳市宏达商贸有限公司", date="2015-03-02")
    assert found.tier is Tier.PERSON
    assert all("place_differs" in item.against for item in found.proposals)


@pytest.mark.parametrize("name", ["绿野仙踪旅行社", "", "有限公司"])
def test_nothing_near_is_none(name: str) -> None:
    assert one(name).tier is Tier.NONE


@pytest.mark.parametrize(
    ("one_", "other", "verdict"),
    [
        ("新乡市和平路12号", "河南省新乡市和平路12号3室", True),
        ("新乡市和平路12号", "新乡市和平路18号", None),
        ("新乡市和平路12号", "开封市宋门街办事处", False),
        ("", "新乡市和平路12号", None),
    ],
)
def test_addresses_agree_by_street_and_number(one_: str, other: str, verdict: bool | None) -> None:
    assert linkage.address_agrees(Written(row=1, name="x", address=one_), Facts(address=other)) is verdict


ROWS = [
    Written(row=number, name=name, address=address, date=date)
    for number, (name, address, date) in enumerate(
        [
            ("新乡市宏达商贸有限公司", "", ""),
            ("宏达商贸", "新乡市牧野区和平路12号", ""),
            ("新乡市华盛机戒制造有限公司", "", "2012-05-06"),
            ("中原智造工业软件有限责任公司", "", "2020-01-01"),
            ("新乡宏达商贸有限公司", "", ""),
            ("无此公司", "", ""),
        ],
        2,
    )
]


@given(st.randoms(use_true_random=False), st.integers(min_value=1, max_value=7))
def test_property_neither_order_nor_pieces_nor_other_rows_matter(source: random.Random, size: int) -> None:
    """Rows that come later, alone or in any order, and a register read in any pieces: every row fares the same."""
    whole = {item.row: item for item in decide(*ROWS)}
    known = list(KNOWN)
    source.shuffle(known)
    pieces = [known[at : at + size] for at in range(0, len(known), size)]
    rows = list(ROWS)
    source.shuffle(rows)
    half = source.randrange(len(rows) + 1)
    parted = [*decide(*rows[:half], pieces=pieces), *decide(*rows[half:], pieces=pieces)]
    assert {item.row: item for item in parted} == whole
