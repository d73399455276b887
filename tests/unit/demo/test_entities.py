"""Entities computed from their numbers: unique, fictitious, mixed as a city is."""

from __future__ import annotations

from collections import Counter
from datetime import date

import numpy as np

from xinyong.demo import wording
from xinyong.demo.days import Days
from xinyong.demo.draw import Draw, Permutation, apportion
from xinyong.demo.entities import BRANCH, CLASSES, Population
from xinyong.standards import credit_code, organisation_code, registration_number

DAYS = Days(date(2026, 11, 20))

#: Core words of companies that everybody knows; none may come out of the word lists.
WELL_KNOWN = (
    "华为 腾讯 阿里 百度 京东 美团 小米 茅台 格力 海尔 联想 万科 恒大 平安 比亚 迪信 中兴 海信 美的 伊利 蒙牛 顺丰 "
    "圆通 申通 韵达 网易 新浪 搜狐 携程 滴滴 字节 快手 拼多 吉利 奇瑞 长安 长城 一汽 东风 上汽 广汽 北汽 蔚来 理想 "
    "小鹏 宁德 隆基 双汇 五粮 汾酒 青岛 燕京 农夫 娃哈 康师 统一 海底 安踏 李宁 特步 波司 老干 海天 云南 同仁 白云 "
    "三一 徐工 中联 潍柴 宇通 大疆 科大 商汤 旷视 寒武 紫光 浪潮 用友 金蝶 金山 三七 完美 盛大 苏宁 国美 旭升 鹭燕"
)


def population(seed: int = 3, count: int = 1000) -> Population:
    return Population(Draw(seed), DAYS, count)


def test_codes_agree_with_the_standard() -> None:
    identity = population().identity(np.arange(2000))
    for code, number in zip(identity.credit_codes, identity.registration_numbers, strict=True):
        assert credit_code.is_valid(code)
        assert organisation_code.is_valid(code[8:17])
        if number:
            assert registration_number.is_valid(number)


def test_names_and_codes_stay_unique_far_up() -> None:
    city = population()
    far = (0, 2_000_000, 4_194_304 - 20_000, 9_980_000, 16_000_000)
    numbers = np.concatenate([np.arange(start, start + 40_000) for start in far])
    numbers = np.unique(numbers)
    identity = city.identity(numbers)
    assert len(set(identity.names)) == len(numbers)
    assert len(set(identity.credit_codes)) == len(numbers)
    written = [number for number in identity.registration_numbers if number]
    assert len(set(written)) == len(written)


def test_permutations_are_bijections() -> None:
    for bits in (9, 16):
        images = Permutation(5, "test", bits).apply(np.arange(1 << bits))
        assert sorted(images.tolist()) == list(range(1 << bits))


def test_code_serials_of_ten_million_are_distinct() -> None:
    images = Permutation(5, "codes", 25).apply(np.arange(10_000_000))
    seen = np.zeros(1 << 25, dtype=bool)
    seen[images] = True
    assert int(seen.sum()) == 10_000_000


def test_an_entity_does_not_depend_on_its_company() -> None:
    city = population()
    alone = city.identity(np.array([123]))
    among = city.identity(np.arange(500))
    assert alone.names[0] == among.names[123]
    assert alone.credit_codes[0] == among.credit_codes[123]


def test_mixture() -> None:
    city = population()
    classes = Counter(CLASSES[number] for number in city.class_of(np.arange(2000)).tolist())
    assert classes["individual"] == 1100
    assert set(classes) == set(CLASSES)


def test_branches_carry_the_name_of_a_company_before_them() -> None:
    city = population()
    numbers = np.arange(2000)
    identity = city.identity(numbers)
    parents = city.parents(numbers, identity.classes)
    for number in np.flatnonzero(identity.classes == BRANCH).tolist():
        parent = int(parents[number])
        assert parent < number
        assert CLASSES[int(identity.classes[parent])] == "company"
        assert identity.names[number].startswith(identity.names[parent])


def test_records_are_skewed() -> None:
    city = population(count=20_000)
    picked = Counter(city.pick("EICSLN", "test", np.arange(100_000)).tolist())
    assert max(picked) < 20_000
    top = picked.most_common(1)[0][1]
    assert 200 <= top <= 5_000
    assert sum(1 for count in picked.values() if count <= 3) > len(picked) * 0.4


def test_days_are_working_days() -> None:
    city = population()
    identity = city.identity(np.arange(500))
    for text in DAYS.texts(identity.established):
        assert date.fromisoformat(text) <= date(2026, 11, 20)
    assert DAYS.texts(DAYS.working(np.array([DAYS.number(date(2026, 10, 1))]))) == ["2026-09-30"]


def test_no_core_word_is_that_of_a_known_company() -> None:
    names = wording.names()
    made = {first + second for first in names.first for second in names.second}
    assert not made & set(WELL_KNOWN.split())


def test_industry_words_are_in_one_group_each() -> None:
    words = [word for group in wording.industries() for word in group.words]
    assert len(set(words)) == len(words)
    assert all(len(group.words) == wording.WORDS for group in wording.industries())


def test_departments_have_valid_codes_of_state_organs() -> None:
    departments = wording.departments("示例市")
    assert len(departments) >= 24
    assert len({item.credit_code for item in departments}) == len(departments)
    for item in departments:
        assert item.credit_code.startswith("1199")
        assert credit_code.is_valid(item.credit_code)


def test_apportion_is_exact() -> None:
    assert apportion(10, [1, 1, 1]) == [4, 3, 3]
    assert apportion(0, [3, 4]) == [0, 0]
    assert sum(apportion(12_345, [520, 40, 140, 20, 80, 3])) == 12_345
