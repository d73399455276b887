"""Candidates for a written name: ordinary variants are found, near names never link by themselves (R1, R2, R3)."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from xinyong.ledger import corridor
from xinyong.registry.candidates import Candidate, Tier, candidates
from xinyong.registry.search import index

NAMES = {
    1: "河南省新乡市宏达商贸有限公司",
    2: "新乡市华盛机械制造有限公司",
    3: "新乡市华胜机械制造有限公司",
    4: "中原智造（新乡）工业软件有限公司",
    5: "郑州同名科技有限公司",
    6: "郑州同名科技有限公司",
    7: "郑州市金水区瑞丰建筑工程有限公司",
    8: "洛阳老字号餐饮有限公司",
}


@pytest.fixture(scope="module")
def register(desk: Any) -> Any:
    """Eight companies, two that differ in one character, two namesakes, one that changed its name."""
    desk.take([desk.registration(desk.code(8), "洛阳旧名餐饮有限公司")])
    desk.take([desk.registration(desk.code(number), name) for number, name in NAMES.items()])
    corridor.catch_up()
    return desk


def first(name: str, **more: Any) -> Candidate:
    found = candidates(name, **more)
    assert found, name
    return found[0]


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("河南省新乡宏达商贸有限公司", 1),
        ("新乡市宏达商贸有限公司", 1),
        ("宏达商贸有限公司（河南）", 1),
        ("河南省新乡市宏达商贸有限责任公司", 1),
        ("宏达商贸", 1),
        ("河南省 新乡市 宏达商贸有限公司", 1),
        ("河南省新鄉市宏達商貿有限公司", 1),
        ("河南省新乡市宏答商贸有限公司", 1),
        ("hongda shangmao youxian gongsi", 1),
        ("中原智造工业软件有限公司", 4),
        ("郑州金水瑞丰建筑工程有限公司", 7),
        ("洛阳旧名餐饮有限公司", 8),
    ],
)
def test_ordinary_variants_are_candidates_with_reasons_in_words(register: Any, written: str, number: int) -> None:
    found = candidates(written)
    place = [item.credit_code for item in found].index(register.code(number))
    assert place < 3
    assert all(ground.zh and ground.en for ground in found[place].grounds)


@pytest.mark.parametrize(
    "written", ["河南省新乡市宏达商贸有限公司", " 河南省新乡市 宏达商贸有限公司", "河南省新鄉市宏達商貿有限公司"]
)
def test_the_registered_name_but_for_spelling_is_automatic(register: Any, written: str) -> None:
    found = first(written)
    assert (found.credit_code, found.tier, found.automatic) == (register.code(1), Tier.CERTAIN, True)
    assert [item.automatic for item in candidates(written)].count(True) == 1


def test_one_character_apart_is_never_the_same(register: Any) -> None:
    for written, other in ((NAMES[2], NAMES[3]), (NAMES[3], NAMES[2])):
        found = candidates(written)
        assert [item.name for item in found if item.automatic] == [written]
        assert other in [item.name for item in found]
    assert not any(item.automatic for item in candidates("新乡市华圣机械制造有限公司"))


def test_namesakes_are_never_automatic(register: Any) -> None:
    found = candidates("郑州同名科技有限公司")
    assert {item.credit_code for item in found[:2]} == {register.code(5), register.code(6)}
    assert not any(item.automatic for item in found)
    assert all("namesakes" in [ground.code for ground in item.grounds] for item in found[:2])


def test_a_former_name_is_no_registered_name(register: Any) -> None:
    found = first("洛阳旧名餐饮有限公司")
    assert (found.credit_code, found.name_kind, found.automatic) == (register.code(8), "former", False)


def test_a_valid_code_of_another_contradicts(register: Any) -> None:
    named = next(item for item in candidates(NAMES[1], code=register.code(2)) if item.credit_code == register.code(1))
    assert (named.tier, named.automatic) == (Tier.CONTRADICTED, False)
    holder = next(item for item in candidates(NAMES[1], code=register.code(2)) if item.credit_code == register.code(2))
    assert holder.tier is Tier.LIKELY and not holder.automatic


def test_a_code_with_a_slip_supports(register: Any) -> None:
    code = register.code(1)
    wrong = code[:12] + ("5" if code[12] != "5" else "6") + code[13:]
    found = first("新乡宏答商贸", code=wrong)
    assert "code-slip" in [ground.code for ground in found.grounds]
    assert not found.automatic


@pytest.mark.parametrize("written", ["", "  ", "\x00", "（）", "龘", "x" * 400])
def test_nothing_usable_gives_no_candidate_and_no_failure(register: Any, written: str) -> None:
    assert isinstance(candidates(written.replace("\x00", "")), tuple)


def test_the_index_rebuilt_is_the_index_kept_up(register: Any) -> None:
    rows = "SELECT * FROM registry_search ORDER BY name_id"
    counts = "SELECT * FROM registry_search_gram ORDER BY gram"
    before = (register.rows(rows), register.rows(counts))
    assert len(before[0]) == len(register.rows("SELECT id FROM registry_name"))
    index.rebuild()
    assert (register.rows(rows), register.rows(counts)) == before
    register.take([register.registration(register.code(50), "新乡市晚到物流有限公司")])
    assert index.catch_up() == 1
    assert first("新乡市晚到物流有限公司").automatic
    assert index.catch_up() == 0
    kept = (register.rows(rows), register.rows(counts))
    index.rebuild()
    assert (register.rows(rows), register.rows(counts)) == kept


def test_a_first_load_is_built_in_bulk(register: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "_BULK", 3)
    source = random.Random(3)
    names = ["".join(source.sample("天地人和山川日月风云春夏秋冬东南西北", 6)) + "有限公司" for _ in range(40)]
    register.take([register.registration(register.code(200 + number), name) for number, name in enumerate(names)])
    index.catch_up()
    assert first(names[7]).automatic


def test_a_file_is_linked_from_the_command_line(register: Any, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text(
        "企业名称,注册地址,成立日期\n河南省新乡市宏达商贸有限公司,,\n新乡市宏答商贸有限公司,,2015-03-02\n"
        "郑州同名科技有限公司,,\n绿野仙踪旅行社,,\n",
        encoding="utf-8",
    )
    out = tmp_path / "out.jsonl"
    answer = register.cli("link", str(file), "--out", str(out), "--json")
    assert answer.exit_code == 0, answer.output
    counts = json.loads(answer.stdout.splitlines()[-1])
    assert (counts["rows"], counts["linked"], counts["person"], counts["none"]) == (4, 2, 1, 1)
    lines = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert lines[0]["entity"] == lines[1]["entity"] == register.code(1)
    assert lines[1]["proposals"][0]["why"].startswith("近音 答→达")


def test_a_file_without_names_is_refused_with_its_columns(register: Any, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text("甲,乙\n1,2\n", encoding="utf-8")
    answer = register.cli("link", str(file))
    assert answer.exit_code == 2
    assert "甲, 乙" in answer.output
