"""Matching keys, legal forms and cores of names."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinyong.standards import names as names_module
from xinyong.standards.names import core, matching_key, matching_keys, organisation_suffix


@pytest.mark.parametrize(
    "name",
    [
        "宏達商貿（新鄉）有限公司", "宏达商贸(新乡)有限公司", "宏达商贸【新乡】 有限公司", "宏达商贸〔新乡〕有限公司\u200b",
        "“宏达”商贸（新乡）有限公司", "宏·达商贸(新乡)有限公司\n", "　宏达商贸（新乡）有限公司",
    ],
)  # fmt: skip
def test_one_key_for_many_spellings(name: str) -> None:
    assert matching_key(name) == "宏达商贸(新乡)有限公司"


def test_keys_keep_what_distinguishes() -> None:
    assert matching_key("ＡＢＣ－abc") == "ABC-ABC"
    assert matching_key("宏达商贸一店") != matching_key("宏达商贸二店")
    assert matching_key("上海㈱") == "上海㈱"
    assert matching_key("") == ""


@pytest.mark.parametrize(
    ("name", "suffix"),
    [
        ("新乡市宏达商贸有限公司", "有限公司"),
        ("河南宏达股份有限公司", "股份有限公司"),
        ("宏达投资合伙企业（有限合伙）", "(有限合伙)"),
        ("宏达商贸有限公司郑州分公司", "郑州分公司"),
        ("中国工商银行股份有限公司新乡支行", "新乡支行"),
        ("佛山市宏达科技有限公司南海经营部", "南海经营部"),
        ("卫辉市宏达农民专业合作社", "农民专业合作社"),
        ("张三", ""),
        ("公司", ""),
    ],
)
def test_legal_form(name: str, suffix: str) -> None:
    assert organisation_suffix(name) == suffix


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("河南省新乡市牧野区宏达商贸有限公司", "宏达商贸"),
        ("新鄉宏達商貿有限責任公司", "宏达商贸"),
        ("北京市郊区宏达厂", "宏达"),
        ("示例市云栖区宏达商行", "宏达"),
        ("宏达投资合伙企业（有限合伙）", "宏达投资"),
        ("新乡市宏达商贸有限公司郑州分公司", "宏达商贸有限公司郑州分公司"),
        ("博白县沙陂供销合作社综合店", "沙陂供销合作社综合店"),
        ("内蒙古伊利实业集团股份有限公司", "伊利实业集团"),
        ("海南有限公司", "海南"),
        ("北京店", "北京"),
        ("某店", "某店"),
    ],
)
def test_core(name: str, expected: str) -> None:
    assert core(name) == expected


@given(st.lists(st.one_of(st.none(), st.text(max_size=20)), max_size=20))
def test_a_column_has_the_keys_of_its_cells(names: list[str | None]) -> None:
    keys = matching_keys(pl.Series("name", names, dtype=pl.String))
    assert keys.to_list() == [None if name is None else matching_key(name) for name in names]
    assert keys.name == "name"


@given(st.text())
def test_a_key_is_its_own_key(name: str) -> None:
    assert matching_key(matching_key(name)) == matching_key(name)


@given(st.text(max_size=20), st.text(max_size=20))
def test_the_key_of_a_part_is_that_part_of_the_key(first: str, second: str) -> None:
    assert matching_key(first + second) == matching_key(first) + matching_key(second)


@given(st.text(max_size=30))
def test_a_core_is_part_of_the_key(name: str) -> None:
    assert core(name) in matching_key(name)


def test_keys_of_real_names_collide_rarely(shared_data: Path) -> None:
    frame = pl.read_csv(shared_data / "registration" / "registration_a.csv.gz", infer_schema=False)
    names = frame["企业名称"].unique()
    assert names.len() - matching_keys(names).n_unique() <= names.len() // 1000


def test_the_table_knows_every_character_that_changes() -> None:
    simplified, table = names_module._simplified(), names_module._key_map()
    for point in range(0x2_0000, 0x4_0000):  # supplementary ideographs: the ranges leave nearly all of them out
        character = chr(point)
        assert table.apply(character) == names_module._fold(character, simplified)
    for first, last in (
        (0x3400, 0x9FFF),
        (0xAC00, 0xD7FF),
        (0xE000, 0xF8FF),
        (0x1_5000, 0x1_67FF),
        (0x1_7000, 0x1_AFFF),
    ):
        for character in map(chr, range(first, last + 1)):
            assert table.apply(character) == names_module._fold(character, simplified)
