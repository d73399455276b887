"""Entities are found by every spelling of their numbers and names, with what was corrected said, and nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinyong.ledger import corridor
from xinyong.registry import keys, selectors
from xinyong.standards.credit_code_diagnosis import diagnose

NUMBER = "410700600000014"


@pytest.fixture(scope="module")
def known(desk: Any) -> Any:
    """A company that changed its name, one with brackets, an individual business without a code, and namesakes."""
    desk.take([desk.registration(desk.code(1), "示例曾用贸易有限公司")])
    desk.take(
        [
            desk.registration(desk.code(1), "示例现名贸易有限公司"),
            desk.registration(desk.code(2), "示例（河南）国际贸易有限公司"),
            desk.registration(desk.code(3), "示例现名贸易有限公司分公司"),
            desk.registration(desk.code(4), "桦南县金桥建筑安装工程有限公司"),
            *[desk.registration(desk.code(100 + number), f"示例同姓{number:02d}有限公司") for number in range(45)],
        ]
    )
    receipt = desk.take([desk.penalty("", "示例老店", CF_XDR_LB="个体工商户", CF_XDR_GSZC=NUMBER)], "penalty")
    assert receipt.accepted == 1
    corridor.catch_up()
    return desk


def wide(text: str) -> str:
    """ASCII as full-width characters."""
    return "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in text)


def only(text: str) -> selectors.Match:
    """The single match of a search for a number."""
    found = selectors.search(text)
    assert found.total == 1 == len(found.matches), f"{text}: {found.total}"
    return found.matches[0]


def first(text: str) -> selectors.Match:
    """The best match of a search."""
    found = selectors.search(text)
    assert found.matches, text
    return found.matches[0]


@pytest.mark.parametrize(
    "spelling", [str, str.lower, wide, lambda code: f" {code} ", lambda code: f"{code[:8]} {code[8:]}"]
)
def test_a_code_is_found_in_every_spelling(known: Any, spelling: Any) -> None:
    code = next(known.code(number) for number in range(100, 145) if any(char.isalpha() for char in known.code(number)))
    match = only(spelling(code))
    assert match.reason == "code"
    assert match.entity.credit_code == code


def test_a_registration_number_finds_an_entity_without_a_code(known: Any) -> None:
    match = only(NUMBER)
    assert match.reason == "number"
    assert match.entity.credit_code is None
    assert match.entity.name == "示例老店"


@pytest.mark.parametrize(
    ("written", "reason", "correction"),
    [
        ("示例（河南）国际贸易有限公司", "name", ("", "")),
        ("示例(河南)国际贸易有限公司", "name", ("", "")),
        ("示例 (河南) 国际贸易 有限公司", "name", ("", "")),
        ("示例（河南）國際貿易有限公司", "name", ("", "")),
        ("　示例（河南）国际贸易有限公司　", "name", ("", "")),
        ("示例（河南）国际贸易有限责任公司", "form", ("", "")),
        ("示例（河南）国际", "prefix", ("", "")),
        ("际贸易", "part", ("", "")),
        ("国际贸易", "short", ("", "")),
        ("示例国际贸易有限公司", "form", ("", "")),
        ("示例河南国计贸易", "sound", ("计", "际")),
        ("示例河南国陆贸易", "shape", ("陆", "际")),
        ("示例河南国际大易", "typo", ("大", "贸")),
        ("示例河南国际易", "missing", ("", "贸")),
        ("示例河南国际大贸易", "extra", ("大", "")),
        ("示例河南际国贸易", "swap", ("际国", "国际")),
        ("示例（河南）国际贸易有线公司", "sound", ("线", "限")),
        ("shilihenanguojimaoyi", "pinyin", ("", "")),
        ("shili henan guoji", "pinyin", ("", "")),
        ("guojimaoyi", "pinyin", ("", "")),
        ("slhngj", "initials", ("", "")),
        ("示例henan国际", "pinyin", ("", "")),
    ],
)
def test_a_name_is_found_in_every_writing_and_says_why(
    known: Any, written: str, reason: str, correction: tuple[str, str]
) -> None:
    match = first(written)
    assert match.entity.credit_code == known.code(2)
    assert (match.reason, (match.wrote, match.meant)) == (reason, correction)


def test_a_former_name_finds_the_entity_and_says_so(known: Any) -> None:
    for written in ("示例曾用贸易有限公司", "曾用贸易", "示例曾用贸易有限责任公司"):
        match = first(written)
        assert (match.entity.credit_code, match.name_kind) == (known.code(1), "former")
        assert match.via == "示例曾用贸易有限公司"
    assert match.entity.name == "示例现名贸易有限公司"
    assert [item.name for item in selectors.former_names(match.entity)] == ["示例曾用贸易有限公司"]


def test_letters_that_can_be_read_in_many_ways_find_the_name(known: Any) -> None:
    """hua nan or huan an, zhu an or zhuan: the right way is not among the six that are tried at first."""
    found = first("huananxianjinqiaojianzhuanzhuanggongcheng")
    assert found.entity.name == "桦南县金桥建筑安装工程有限公司"


def test_a_slip_is_mended_however_many_names_share_its_pairs(known: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two swapped or one too many: looked up as it should stand, so no bound on the look-ups of pairs can lose it."""
    from xinyong.registry.search import find

    monkeypatch.setattr(find, "_SLIP_BUDGET", 0)
    for typed in ("金桥建安筑装工程", "金桥建筑安装大工程"):
        assert first(typed).entity.name == "桦南县金桥建筑安装工程有限公司", typed


def test_initials_that_are_the_whole_short_form_come_first(known: Any) -> None:
    """Others begin with the letters, by their short form or by their place."""
    assert [match.entity.name for match in selectors.search("jqjzazgc").matches][:1] == [
        "桦南县金桥建筑安装工程有限公司"
    ]


def test_a_slip_in_the_shortest_legal_form_finds_the_name(known: Any) -> None:
    assert first("桦南县金桥建筑安装工程公澌").entity.name == "桦南县金桥建筑安装工程有限公司"


def test_the_exact_name_comes_before_longer_ones(known: Any) -> None:
    found = selectors.search("示例现名贸易有限公司")
    assert [match.reason for match in found.matches[:2]] == ["name", "prefix"]


def test_the_marked_part_of_a_hit_is_the_part_that_answers(known: Any) -> None:
    match = first("名贸易")
    begin, length = match.span
    assert match.via[begin : begin + length] == "名贸易"
    match = first("示例河南国际")
    begin, length = match.span
    assert match.via[begin : begin + length] == "示例（河南）国际"


@pytest.mark.parametrize("text", ["无此公司", "绿野仙踪", "qqqqxx", "龘靐"])
def test_what_no_name_resembles_finds_nothing_and_says_what_was_tried(known: Any, text: str) -> None:
    found = selectors.search(text)
    assert (found.total, found.matches) == (0, ())
    assert found.tried


def test_every_page_counts_the_same_and_the_pages_add_up(known: Any) -> None:
    seen = []
    for page in (1, 2, 3):
        found = selectors.search("示例同姓", page)
        assert found.total == 45
        seen += [match.entity.pk for match in found.matches]
    assert len(seen) == len(set(seen)) == 45
    beyond = selectors.search("示例同姓", 99)
    assert (beyond.total, beyond.matches) == (45, ())


@pytest.mark.parametrize("text", ["示", "示例", "同", "司"])
def test_short_texts_are_answered_within_bounds(known: Any, text: str) -> None:
    found = selectors.search(text)
    assert found.total >= len(found.matches) > 0 or text == "司"


def test_a_facet_counts_what_choosing_it_gives(known: Any) -> None:
    whole = selectors.search("示例", facets=True)
    assert whole.facets
    for facet in whole.facets:
        narrowed = selectors.search("示例", chosen={facet.field: facet.value})
        assert narrowed.total == facet.count, facet
        assert {getattr(match.entity, facet.field) for match in narrowed.matches} == {facet.value}
    kinds = [facet.count for facet in whole.facets if facet.field == "kind"]
    assert sum(kinds) == whole.total


def test_one_wrong_character_offers_the_repaired_code(known: Any) -> None:
    code = known.code(1)
    for place in range(len(code)):
        wrong = code[:place] + ("2" if code[place] != "2" else "3") + code[place + 1 :]
        found = selectors.search(wrong)
        assert found.total == 0
        assert code in {offer.via for offer in found.offers}, wrong
        assert found.diagnosis is not None
        assert not found.diagnosis.valid
        # Offered alone when it is the only explanation, else among the candidates.
        assert code in {found.diagnosis.repaired, *(item.code for item in found.diagnosis.candidates)}, wrong
    slips = [code[:place] + "2" + code[place + 1 :] for place in range(len(code)) if code[place] != "2"]
    wrong = next(slip for slip in slips if diagnose(slip).repaired == code)
    answer = known.cli("search", wrong, "--json")
    assert answer.exit_code == 1
    assert json.loads(answer.stdout.splitlines()[-1])["repaired"] == code


# --- addresses --------------------------------------------------------------------------------------------------


@given(st.integers(min_value=0, max_value=2**63 - 1))
def test_a_public_id_comes_back_as_its_number(number: int) -> None:
    key = keys.public_key(number)
    assert keys.entity_id(key) == number
    assert keys.entity_id(key.lower()) == number


@given(st.integers(min_value=1, max_value=2**40), st.data())
def test_one_wrong_character_is_never_another_public_id(number: int, data: st.DataObject) -> None:
    key = keys.public_key(number)
    place = data.draw(st.integers(min_value=1, max_value=len(key) - 1))
    other = data.draw(st.sampled_from([char for char in "0123456789ABCDEFGHJKMNPQRSTVWXYZ" if char != key[place]]))
    assert keys.entity_id(key[:place] + other + key[place + 1 :]) is None


def test_every_other_spelling_of_an_address_moves_to_the_permanent_one(known: Any) -> None:
    code = next(known.code(number) for number in range(100, 145) if any(char.isalpha() for char in known.code(number)))
    entity = selectors.by_key(code)
    assert entity is not None
    for other in (code.lower(), wide(code), keys.public_key(entity.pk), keys.public_key(entity.pk).lower()):
        with pytest.raises(selectors.Moved) as moved:
            selectors.by_key(other)
        assert moved.value.key == code
    old = only(NUMBER).entity
    permanent = keys.public_key(old.pk)
    assert selectors.by_key(permanent) == old
    with pytest.raises(selectors.Moved) as moved:
        selectors.by_key(NUMBER)
    assert moved.value.key == permanent


@pytest.mark.parametrize(
    "text", ["\0", "a\0b", "无\0此", "\ud800", "E" + "Z" * 40, "%", "_", "'; --", "E11\n", "9" * 500, ""]
)
def test_nonsense_finds_nothing_and_breaks_nothing(known: Any, text: str) -> None:
    assert selectors.by_key(text) is None
    assert selectors.search(text).total >= 0
    assert selectors.search(text, 10**30).matches == ()
