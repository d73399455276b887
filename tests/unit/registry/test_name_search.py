"""The pure parts of the name search: what a name consists of, how it sounds and looks, and why two names answer."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinyong.registry.search import anatomy, explain, grams, neighbours, shape, sound, terms
from xinyong.registry.search.explain import Kind

HAN = st.text(alphabet="中原智造华盛商贸宏达科技新乡源河南国际建工程", min_size=4, max_size=12)


@pytest.mark.parametrize(
    ("name", "body", "short", "plain"),
    [
        ("河南省新乡市牧野区宏达商贸有限公司", "河南省新乡市牧野区宏达商贸", "宏达商贸", ""),
        ("新乡市宏达商贸有限责任公司", "新乡市宏达商贸", "宏达商贸", ""),
        ("中原智造（新乡）工业软件有限公司", "中原智造新乡工业软件", "中原智造新乡工业软件", "中原智造工业软件"),
        ("天利配件厂有限公司（安徽）", "天利配件厂安徽", "天利配件厂安徽", "天利配件厂"),
        ("有限公司", "有限公司", "有限公司", ""),
        ("上海市", "上海市", "上海市", ""),
    ],
)
def test_a_name_is_taken_apart(name: str, body: str, short: str, plain: str) -> None:
    part = anatomy.of(name)
    assert (part.body, part.short, part.plain) == (body, short, plain)


@pytest.mark.parametrize("text", ["河南省", "河南省新乡市", "新乡"])
def test_the_last_region_is_told_bare(text: str) -> None:
    assert anatomy.bare_region(text) in ("河南", "新乡")


@pytest.mark.parametrize(
    ("key", "bodies"),
    [
        ("广州机床工具有线公司", ("广州机床工具",)),
        ("广州机床工具有限公", ("广州机床工具",)),
        ("广州机床工具有限公司", ()),
        ("中原云启银行股份有限司新乡支行", ("中原云启银行新乡支行",)),
        ("中原云启银行股份有限公肢司新乡支行", ("中原云启银行新乡支行", "中原云启银行肢司新乡支行")),
        ("中原云启(集团)股份限有公司建设分公司", ("中原云启建设分",)),
        ("中原云启银行股分有限公司新乡支行", ("中原云启银行新乡支行",)),
        ("中原云启银行股份有限公司新乡支行", ()),
        ("信家技术讼司", ("信家技术",)),
        ("信家技术司公", ("信家技术",)),
        ("信家技术股份公澌", ("信家技术", "信家技术澌")),
        ("长治市兰公阳司", ("长治市兰阳", "长治市兰")),
        ("信家技术公司", ()),
        ("亳州市药材聪公司采购站", ("亳州市药材采购站", "亳州市药材聪采购站")),
        ("中原云启集团公澌巨龙邮政所", ("中原云启巨龙邮政所", "中原云启澌巨龙邮政所")),
    ],
)
def test_a_legal_form_with_a_slip_is_still_one(key: str, bodies: tuple[str, ...]) -> None:
    assert anatomy.misspelt_forms(key) == bodies


@pytest.mark.parametrize(
    ("one", "other", "agree"),
    [
        ("新乡宏达商贸", "河南省新乡市牧野区宏达商贸", True),
        ("德州宏达商贸", "德州市宏达商贸", True),
        ("吉林宏达商贸", "吉林省吉林市宏达商贸", True),
        ("常德宏达商贸", "德州宏达商贸", False),
        ("山南宏达商贸", "佛山市南海区宏达商贸", False),
        ("开封宏达商贸", "河南省新乡市宏达商贸", False),
    ],
)
def test_places_agree_where_one_is_a_part_of_the_other(one: str, other: str, agree: bool) -> None:
    assert explain.regions_agree(anatomy.of(one), anatomy.of(other)) is agree


def test_a_pair_decides_how_a_character_is_read() -> None:
    assert sound.syllables("重庆银行") == ["chong", "qing", "yin", "hang"]
    assert sound.syllables("行政") == ["xing", "zheng"]
    assert sound.syllables("绿A1") == ["lv", "a", "1"]


@pytest.mark.parametrize(
    ("letters", "first"),
    [
        ("zhongyuanzhizao", ("zhong", "yuan", "zhi", "zao")),
        ("hongdasha", ("hong", "da", "sha")),
        ("hongd", ("hong", "d")),
        ("zyzz", None),
    ],
)
def test_letters_are_read_as_syllables(letters: str, first: tuple[str, ...] | None) -> None:
    ways = sound.segment(letters)
    assert (ways[0] if ways else None) == first
    assert all("".join(way) == letters for way in ways)


def test_both_ways_to_read_letters_are_kept() -> None:
    assert {("xian",), ("xi", "an")} <= set(sound.segment("xian"))


def test_more_ways_are_told_when_asked_for() -> None:
    said = ("hua", "nan", "xian", "jin", "qiao", "jian", "zhu", "an", "zhuang", "gong", "cheng")
    assert said not in sound.segment("".join(said)) and len(sound.segment("".join(said))) == sound.SEGMENTATIONS
    assert said in sound.segment("".join(said), 48)


def test_near_sounds_and_shapes() -> None:
    assert sound.near("源", "原") and sound.near("造", "皂") and sound.near("林", "玲")
    assert not sound.near("源", "造")
    assert shape.near("货", "贷") and shape.near("原", "源") and shape.near("己", "已")
    assert not shape.near("达", "迭")
    assert "青" in shape.lookalikes("清")


def _slipped(source: random.Random, text: str) -> str:
    at = source.randrange(len(text) - 1)
    how = source.randrange(4)
    if how == 0:
        return text[:at] + "龘" + text[at + 1 :]
    if how == 1:
        return text[:at] + text[at + 1 :]
    if how == 2:
        return text[:at] + "龘" + text[at:]
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


@given(HAN, st.integers())
def test_property_one_slip_always_leaves_a_conjunction_whole(text: str, seed: int) -> None:
    """Whatever the slip, the name that was meant has all terms of at least one conjunction."""
    typed = _slipped(random.Random(seed), text)
    held = {pair.term for pair in terms.pairs(text)}
    pairs = terms.pairs(typed)
    found = terms.slipped(pairs, len(typed), dict.fromkeys(held, 5))
    if len(typed) >= 4:
        assert any(held.issuperset(item.terms) for item in found), typed


def test_a_term_that_would_exclude_less_than_it_costs_is_not_looked_up() -> None:
    pairs = terms.pairs("宏达商贸")
    rare, near, common, *_ = (pair.term for pair in pairs)
    counts = {pair.term: 5_000_000 for pair in pairs} | {rare: 40, near: 30_000, common: 4_000_000}
    found = terms.whole(pairs, counts)
    assert found is not None
    assert found.terms == (rare, near)
    assert (found.cost, found.left) == (40, 13)
    assert terms.whole(pairs, counts | {near: 4_000_000}) == terms.Conjunction((rare,), 40, 40)


@given(HAN, st.integers())
def test_property_one_slip_is_told_as_one(text: str, seed: int) -> None:
    typed = _slipped(random.Random(seed), text)
    if typed == text:
        return
    edit = explain.slip(typed, text)
    assert edit is not None
    assert explain.slip(text, text) is None


@given(HAN, st.data())
def test_property_swaps_and_characters_too_many_are_mended(text: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(text) - 2))
    for typed in (text[:at] + text[at + 1] + text[at] + text[at + 2 :], text[:at] + "龘" + text[at:]):
        assert typed == text or text in terms.mended(typed)
    assert text not in terms.mended(text)


@given(st.lists(HAN, min_size=1, max_size=8), st.integers())
def test_property_neighbours_meet_in_bulk(texts: list[str], seed: int) -> None:
    source = random.Random(seed)
    others = [_slipped(source, text) for text in texts]
    met = set(neighbours.Neighbourhood(texts).meet(others))
    assert {(at, at) for at in range(len(texts))} <= met


def test_strangers_do_not_meet() -> None:
    assert neighbours.Neighbourhood(["宏达商贸", "华盛科技"]).meet(["绿野仙踪", "宏达华盛"]) == []
    assert neighbours.Neighbourhood([]).meet(["宏达"]) == []
    assert neighbours.Neighbourhood(["宏达"]).meet([]) == []


def test_terms_of_one_text_and_of_columns_are_the_same() -> None:
    column = grams.Terms(["中原智造", "宏达商贸"])
    for row, text in enumerate(("中原智造", "宏达商贸")):
        held = set(column.term[column.row == row].tolist())
        single = {pair.term for pair in terms.pairs(text)}
        spoken = {pair.term for pair in terms.syllable_pairs(sound.syllables(text))}
        assert held == single | spoken


@pytest.mark.parametrize(
    ("typed", "name", "kind", "wrote", "meant"),
    [
        ("中原智造装备（示例）有限公司", "中原智造装备(示例)有限公司", Kind.NAME, "", ""),
        ("中原智造装备有限责任公司", "中原智造装备有限公司", Kind.FORM, "", ""),
        ("宏达商贸", "新乡市宏达商贸有限公司", Kind.SHORT, "", ""),
        ("新乡宏达商贸", "河南省新乡市宏达商贸有限公司", Kind.SHORT, "", ""),
        ("新乡牧野宏达商贸", "新乡市牧野区宏达商贸有限公司", Kind.SHORT, "", ""),
        ("宏达商贸（河南）", "河南省宏达商贸有限公司", Kind.SHORT, "", ""),
        ("开封宏达商贸", "新乡市宏达商贸有限公司", Kind.PLACE, "开封", "新乡市"),
        ("宏达", "新乡市宏达商贸有限公司", Kind.PREFIX, "", ""),
        ("达商", "新乡市宏达商贸有限公司", Kind.PART, "", ""),
        ("中源智造", "中原智造装备有限公司", Kind.SOUND, "源", "原"),
        ("中原智皂", "中原智造有限公司", Kind.SOUND, "皂", "造"),
        ("化贷商贸", "化货商贸有限公司", Kind.SHAPE, "贷", "货"),
        ("宏木商贸", "宏达商贸有限公司", Kind.TYPO, "木", "达"),
        ("宏商贸", "宏达商贸有限公司", Kind.MISSING, "", "达"),
        ("宏大达商贸", "宏达商贸有限公司", Kind.EXTRA, "大", ""),
        ("宏商达贸", "宏达商贸有限公司", Kind.SWAP, "商达", "达商"),
        ("绿野仙踪", "宏达商贸有限公司", Kind.WORDS, "", ""),
    ],
)
def test_each_feature_says_why(typed: str, name: str, kind: Kind, wrote: str, meant: str) -> None:
    reason = explain.explain(anatomy.of(typed), anatomy.of(name))
    assert (reason.kind, reason.wrote, reason.meant) == (kind, wrote, meant)


@pytest.mark.parametrize(
    ("typed", "name", "kind"),
    [
        ("hongdashangmao", "新乡市宏达商贸有限公司", Kind.PINYIN),
        ("hongdasha", "新乡市宏达商贸有限公司", Kind.PINYIN),
        ("xinxiangshihongda", "新乡市宏达商贸有限公司", Kind.PINYIN),
        ("hdsm", "新乡市宏达商贸有限公司", Kind.INITIALS),
        ("xxshdsm", "新乡市宏达商贸有限公司", Kind.INITIALS),
        ("宏da商贸", "新乡市宏达商贸有限公司", Kind.PINYIN),
        ("宏dsm", "新乡市宏达商贸有限公司", Kind.PINYIN),
    ],
)
def test_letters_say_why(typed: str, name: str, kind: Kind) -> None:
    key = anatomy.names.matching_key(typed)
    letters = key.lower() if key.isascii() else ""
    reason = explain.explain_letters(key, letters, anatomy.of(name))
    assert (reason.kind, reason.distance) == (kind, 0)


@pytest.mark.parametrize(("typed", "whole"), [("hdsm", True), ("xxshdsm", True), ("hds", False), ("xxshds", False)])
def test_initials_of_the_whole_name_are_told_from_its_beginning(typed: str, whole: bool) -> None:
    reason = explain.explain_letters(typed.upper(), typed, anatomy.of("新乡市宏达商贸有限公司"))
    assert (reason.kind, reason.whole) == (Kind.INITIALS, whole)


def test_every_feature_is_explained_to_the_official() -> None:
    for feature in (
        explain.slip, explain.of_edit, explain.same_key, explain.same_body, explain.same_short, explain.regions_agree,
        explain.part_of, explain.one_slip, explain.whole_slip, explain.form_slip, explain.sounds_alike,
        explain.shared_words, explain.explain_letters,
    ):  # fmt: skip
        assert feature.__doc__ and any("\u4e00" <= char <= "\u9fff" for char in feature.__doc__), feature
