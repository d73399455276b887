"""Check of a file: every row is answered as the service answers it or says why not, every answer leaves a row, no cell runs."""

from __future__ import annotations

import csv
import json
import random
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from .api_support import NAME
from .conftest import Desk
from .test_verification import ask, make_verifier

HEAD = "统一社会信用代码"
COUNTED = "SELECT count(*) FROM audit_auditentry WHERE deed = 'query.verification'"


@pytest.fixture(scope="module")
def filled(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Entities, clients, and a home where journal and snapshot of this module lie."""
    from xinyong.runtime import config
    from xinyong.verification import effects, source

    place = tmp_path_factory.mktemp("filecheck")
    patch = pytest.MonkeyPatch()
    patch.setattr(config, "home", lambda *parts: config._made(place.joinpath(*parts)))
    desk.take([desk.registration(desk.code(1), NAME), desk.registration(desk.code(2), "示例第二有限公司")])
    desk.take([desk.penalty(desk.code(1), NAME)], "penalty")
    desk.take([desk.abnormal(desk.code(1), NAME)], "abnormal-list")
    desk.catch_up()
    make_verifier("files", ("food-licence", "credit-service", "supplier-check"))
    make_verifier("narrow", ("credit-service",))
    effects.rebuild()
    yield place
    source.reader().close()
    patch.undo()


def run(desk: Desk, file: Path, out: Path, *more: str, item: str = "food-licence", client: str = "files") -> Any:
    return desk.cli("verification", "check", file, "--item", item, "--client", client, "--out", out, "--json", *more)


def said(answer: Any) -> dict[str, Any]:
    assert answer.exit_code == 0, answer.output
    found: dict[str, Any] = json.loads(answer.stdout)
    return found


def rows_of(out: Path, *, numbers: bool = False) -> list[dict[str, str]]:
    """The rows of a sheet of either kind; none of its cells may be a formula, with ``numbers`` a signed number may stand."""
    if out.suffix == ".csv":
        with out.open(encoding="utf-8-sig", newline="") as handle:
            lines: Sequence[Sequence[Any]] = list(csv.reader(handle))
    else:
        sheet = openpyxl.load_workbook(out).worksheets[0]
        assert {cell.data_type for line in sheet.iter_rows() for cell in line} <= {"s", "n"}
        lines = [["" if cell is None else str(cell) for cell in line] for line in sheet.iter_rows(values_only=True)]
    signs = ("=", "@", "\t", "\r") if numbers else ("=", "+", "-", "@", "\t", "\r")
    assert not any(str(cell).startswith(signs) for line in lines for cell in line)
    return [dict(zip(lines[0], line, strict=True)) for line in lines[1:]]


def left(place: Path) -> list[Path]:
    """What lies about after the work."""
    return [item for name in ("journal", "checks") for item in (place / name).glob("*")]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_every_row_is_answered_or_says_why_not(desk: Desk, filled: Path, tmp_path: Path, kind: str) -> None:
    right = desk.code(1)
    wrong = right[:-1] + ("A" if right[-1] != "A" else "B")
    codes = [right, desk.code(2), desk.code(77), wrong, "11010519491231002X", "张三", "=1+1", right.lower(), "", right]
    rows = [{"备注": "x", HEAD: code} for code in codes]
    file = desk.csv(rows, encoding="gb18030") if kind == "csv" else desk.xlsx(rows)
    file = file.rename(file.with_suffix(".dat"))  # bytes are judged, never the name
    out = tmp_path / f"out.{kind}"
    before = desk.one(COUNTED)
    found = said(run(desk, file, out, "--case", "XK-1"))
    assert {key: found[key] for key in ("read", "answered", "known", "unknown", "invalid", "refused", "unreadable")} == {
        "read": 10, "answered": 4, "known": 4, "unknown": 1, "invalid": 2, "refused": 2, "unreadable": 1,
    }  # fmt: skip
    assert found["with_adverse"] == 3 and found["column"] == HEAD
    body = rows_of(out)
    assert [row["原行号"] for row in body] == [str(number) for number in range(2, 12)]
    assert [row["结果"] for row in body] == [
        "已核验", "已核验", "无此主体", "代码有误", "不予核验", "不予核验", "无法读取", "已核验", "代码有误", "已核验",
    ]  # fmt: skip
    first = body[0]
    assert (first["现代码"], first["主体名称"], first["失信信息"], first["名单"]) == (right, NAME, "1", "1")
    assert "（示）罚〔2026〕1号" in first["说明"] and "使用至" in first["说明"] and "异常名录" in first["说明"]
    assert "行政处罚法（2021修订）第四十八条" in first["说明"], "the basis is named"
    assert body[1]["说明"] == "所查范围内没有正在使用的失信信息、名单和措施"
    assert right in body[3]["说明"], "a slip names the entity it may stand for"
    assert body[3]["查询代码"] == wrong and "为空" in body[8]["说明"]
    assert body[6]["查询代码"] == "'=1+1" and body[6]["说明"].startswith(f"「{HEAD}」单元格是公式")
    whole = out.read_bytes() + str(body).encode()
    assert b"11010519491231002X" not in whole and "张三".encode() not in whole, "what a person is told by is not kept"
    answered = [row["查询编号"] for row in body if row["查询编号"]]
    assert desk.one(COUNTED) == before + 4 and len(set(answered)) == 4
    logged = desk.rows(
        "SELECT detail->>'query', actor, target, detail->>'case', detail->>'check' FROM audit_auditentry WHERE deed = "
        "'query.verification' ORDER BY id DESC LIMIT 4"
    )
    assert sorted(row[0] for row in logged) == sorted(answered)
    assert {row[1:] for row in logged} == {
        ("client:files", right, "XK-1", found["check"]),
        ("client:files", desk.code(2), "XK-1", found["check"]),
    }
    assert not left(filled)


@pytest.mark.parametrize("item", ["food-licence", "credit-service", "supplier-check"])
@pytest.mark.parametrize("snapshot_answers", [True, False])
def test_a_file_is_answered_as_the_service_answers(
    desk: Desk, filled: Path, tmp_path: Path, item: str, snapshot_answers: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    from xinyong.verification import rules, snapshot

    if not snapshot_answers:
        monkeypatch.setattr(snapshot, "folder", lambda: tmp_path)  # nothing was built there
    system = make_verifier("files", ("food-licence", "credit-service", "supplier-check"))
    codes = [desk.code(1), desk.code(2)]
    said(run(desk, desk.csv([{HEAD: code} for code in codes]), tmp_path / "out.csv", item=item))
    given = rules.rule_set().items[item]
    for code, row in zip(codes, rows_of(tmp_path / "out.csv"), strict=True):
        body = ask(system, code, f"{given.purpose}/{item}").json()
        assert (row["现代码"], row["主体名称"], row["登记状态"]) == tuple(
            body["entity"][key] for key in ("key", "name", "status")
        )
        assert int(row["失信信息"]) == sum(fact["nature"] == "adverse" for fact in body["facts"])
        assert (int(row["名单"]), int(row["措施和激励"])) == (len(body["lists"]), len(body["measures"]))
        for told in [*body["lists"], *(fact for fact in body["facts"] if fact["nature"] == "adverse")]:
            assert (told["number"] or "") in row["说明"] and (told["ends_on"] or "长期") in row["说明"]
        # The audit rows of both differ in nothing but the number of the query and of the check.
        rows = desk.rows(
            "SELECT actor, deed, target, purpose, detail FROM audit_auditentry WHERE detail->>'query' IN (%s, %s)",
            row["查询编号"], body["query"],
        )  # fmt: skip
        mine, theirs = ([*row[:4], {k: v for k, v in row[4].items() if k not in ("query", "check")}] for row in rows)
        assert mine == theirs


def test_the_same_parts_are_chosen_for_a_sheet_and_for_an_answer(desk: Desk, filled: Path) -> None:
    import polars as pl

    from xinyong.verification import answers, explaining, packing, source

    draw = random.Random(3)
    constant = b"x" * packing.NAMED

    def value(number: int) -> bytes:
        head = b'"key":"K%d","name":"N%d","kind":"k","status":"s"' % (number, number)
        parts = b"".join(
            packing.PART.pack(draw.choice([1, 2, 3, 9]), draw.choice([0, 1, 2]), draw.choice([0, 1]), first, first + 9, len(text))
            + text
            for first in range(5, 5 + draw.randrange(40))
            for text in [
                b'"number":"%d","content":null,"authority":"","decided_on":null,"ends_on":null,"states":[],"other":{"n":1},'
                b'"source":{"department":"d","row":7}%s' % (draw.randrange(1000, 9999), constant)
            ]
        )  # fmt: skip
        return b"A" + len(head).to_bytes(4, "little") + head + parts

    values = {f"91410000MA{number:08d}": value(number) for number in range(30)}
    shared = b'"kind":"measure","name":"m","basis":[{"title":"t","article":"a"}]'
    look = {packing.CONSTANT + constant: shared, **{code.encode(): held for code, held in values.items()}}.get
    names = dict.fromkeys(range(10), "d")
    for scope in source.scopes(source.datasets()).values():
        explainer = explaining.Explainer(scope, "示例市某局", names, frozenset(names))
        for day in (0, 10, 20, 40):
            told = explainer.explain(pl.Series(list(values)), look, day)
            assert told.schema == explaining.SCHEMA and told["code"].to_list() == list(values)
            for row in told.iter_rows(named=True):
                one = answers.answer(look, values[row["code"]], "", "K", scope, "示例市某局", day, "Q")
                assert (one.key, one.facts, one.lists, one.measures) == (
                    row["key"], row["adverse"], row["lists"], row["measures"],
                )  # fmt: skip
                assert row["detail"] == (
                    f'"outcome": "known", "facts": {one.facts}, "lists": {one.lists}, "shared": {one.shared}, '
                    f'"measures": {one.measures}, '
                )
                body = json.loads(b"{%b}" % one.body)
                spoken = [f"d：{said['number']}（d，—，长期，ta）" for said in [*body["facts"], *body["lists"]]]
                spoken += ["措施（供参考）：m，依据 ta"] * one.measures
                assert row["words"] == ("；".join(spoken) or explaining.NOTHING)


def test_rows_nobody_can_read_stand_in_their_place(desk: Desk, filled: Path, tmp_path: Path) -> None:
    text = f"{HEAD},备注\n{desk.code(1)},x\n{desk.code(2)},x,身份证110105194912310020,y\n{desk.code(2)},x\n"
    found = said(run(desk, desk.bytes(text.encode()), tmp_path / "out.csv"))
    assert (found["read"], found["answered"], found["unreadable"]) == (3, 2, 1)
    body = rows_of(tmp_path / "out.csv")
    assert [(row["原行号"], row["结果"]) for row in body] == [("2", "已核验"), ("3", "无法读取"), ("4", "已核验")]
    assert "应有 2 个单元格" in body[1]["说明"] and "1101051949" not in str(body)


def test_the_column_is_recognised_or_named(desk: Desk, filled: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    rows = [{"序号": str(number), "供应商编码": desk.code(number % 2 + 1), "备注": "x"} for number in range(9)]
    assert said(run(desk, desk.csv(rows), out))["column"] == "供应商编码"
    two = [{"甲": desk.code(1), "乙": desk.code(2)}]
    refused = run(desk, desk.csv(two), out)
    assert refused.exit_code == 2 and "甲、乙" in refused.output
    assert said(run(desk, desk.csv(two), out, "--column", "乙"))["known"] == 1
    missing = run(desk, desk.csv(two), out, "--column", "丙")
    assert missing.exit_code == 2 and "「丙」" in missing.output and "甲、乙" in missing.output
    only = said(run(desk, desk.bytes(f"{HEAD}\n".encode()), out))
    assert only["read"] == 0 and rows_of(out) == []


def test_a_number_longer_than_any_key_is_no_number(desk: Desk, filled: Path, tmp_path: Path) -> None:
    long = "9" * 600
    assert said(run(desk, desk.csv([{HEAD: long}, {HEAD: desk.code(1)}]), tmp_path / "out.csv"))["invalid"] == 1
    system = make_verifier("files", ("food-licence", "credit-service", "supplier-check"))
    sent = {"purpose": "permit", "item": "food-licence", "codes": [long, desk.code(1)]}
    answer = system.send("POST", "/api/v1/verify", sent)
    assert answer.status_code == 200, answer.content
    assert [one["outcome"] for one in answer.json()["answers"]] == ["invalid", "known"]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_no_cell_runs(tmp_path: Path, kind: str) -> None:
    import polars as pl

    from xinyong.ui import twins
    from xinyong.verification import explaining, sheets

    bad = ["=1+1", "+1+1", "-cmd|' /C calc'!A0", "@SUM(1)", "\t=1", "＝1", "-12.5", 'a"b,c', "两\n行", "x" * 40_000]
    told = explaining.not_answered([(text, "known", text, text) for text in bad])
    with sheets.open_sheet(tmp_path / f"out.{kind}") as sheet:
        rows = sheet.prepare(told).select(
            *sheet.columns, pl.lit("Q1"), pl.lit(7).alias("event"), pl.lit("2026-11-26").alias("at")
        )
        sheet.add(rows.with_row_index("row", offset=2))
    lines = rows_of(tmp_path / f"out.{kind}", numbers=True)
    assert [line["原行号"] for line in lines] == [str(row) for row in range(2, 12)]
    assert {(line["查询编号"], line["数据事件"], line["核验时间"]) for line in lines} == {("Q1", "7", "2026-11-26")}
    for column in ("查询代码", "说明"):
        cells = [line[column] for line in lines]
        assert cells[:9] == [twins.cell(text) for text in bad[:9]]
        assert cells[:7] == ["'=1+1", "'+1+1", "'-cmd|' /C calc'!A0", "'@SUM(1)", "'\t=1", "'＝1", "-12.5"]
        assert len(cells[9]) == (40_000 if kind == "csv" else 32_767)


def bad_files(desk: Desk) -> Iterator[tuple[Path, str]]:
    book = desk.xlsx([{HEAD: desk.code(1)}] * 500).read_bytes()
    yield desk.bytes(b""), "file-empty"
    yield desk.bytes(book[: len(book) // 2], ".xlsx"), "file-damaged"
    yield desk.bytes(f'{HEAD}\n{desk.code(1)}\n"{desk.code(2)}'.encode()), "file-damaged"
    yield desk.bytes(f"{HEAD}\n{desk.code(1)}\n".encode("utf-16") + b"\x00\xd8\x01"), "file-encoding"
    yield desk.bytes(b"%PDF-1.7\n" + b"x" * 100, ".csv"), "file-format"
    yield desk.csv([{"甲": "x", "乙": "y"}]), "check-refused"
    yield desk.bytes(f"{desk.code(1)}\n{desk.code(2)}\n".encode()), "header-wrong"
    yield desk.folder / "nowhere.csv", "file-missing"


def test_what_cannot_be_checked_leaves_nothing(desk: Desk, filled: Path, tmp_path: Path) -> None:
    before = desk.one(COUNTED)
    (tmp_path / "out.csv").write_text("kept")
    for file, code in bad_files(desk):
        answer = run(desk, file, tmp_path / "out.csv")
        assert answer.exit_code != 0 and code in answer.output, (code, answer.output)
    assert [item.name for item in tmp_path.iterdir()] == ["out.csv"]
    assert (tmp_path / "out.csv").read_text() == "kept", "a sheet of before is not lost"
    assert desk.one(COUNTED) == before and not left(filled)


def test_a_file_gives_no_more_rights_than_a_question(desk: Desk, filled: Path, tmp_path: Path) -> None:
    from xinyong.accounts import client_selectors

    file, out = desk.csv([{HEAD: desk.code(1)}] * 3), tmp_path / "out.csv"
    for more, code in (
        ({"client": "nobody"}, "client-unknown"),
        ({"client": "narrow"}, "item-not-allowed"),
        ({"item": "nothing"}, "item-unknown"),
    ):
        assert code in run(desk, file, out, **more).output
    assert "request-invalid" in run(desk, file, out, "--case", "张三").output
    assert "check-refused" in run(desk, file, tmp_path / "out.pdf").output
    assert "check-refused" in run(desk, file, tmp_path / "nowhere" / "out.csv").output
    make_verifier("little", rows_per_day=2)
    assert said(run(desk, file, out, client="little"))["answered"] == 3, "taken whole as long as something is left"
    out.unlink()
    assert "quota-used-up" in run(desk, file, out, client="little").output
    client = client_selectors.client("little")
    assert client is not None
    client.is_active = False
    client.save()
    assert "client-unknown" in run(desk, file, out, client="little").output
    assert not out.exists() and not left(filled)


def test_what_is_committed_meanwhile_is_in_the_rows_behind(
    desk: Desk, filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from xinyong.accounts import client_selectors
    from xinyong.verification import effects, filecheck, journal_import

    code = desk.code(5)
    desk.take([desk.registration(code, "示例第五有限公司")])
    desk.catch_up()
    effects.catch_up()
    client = client_selectors.client("files")
    assert client is not None
    caller = client_selectors.caller_of(client, key_id=0, key_prefix="", key_used_at=None)
    monkeypatch.setattr(filecheck, "_BATCH", 2)

    def tell(rows: int, share: float) -> None:
        if rows == 2:
            desk.take([desk.penalty(code, "示例第五有限公司", CF_WSH="（示）罚〔2026〕5号")], "penalty")
            desk.catch_up()
            effects.catch_up()

    filecheck.check(desk.csv([{HEAD: code}] * 4), tmp_path / "o.csv", caller=caller, item="food-licence", tell=tell)
    journal_import.take_in()
    rows = rows_of(tmp_path / "o.csv")
    assert [row["失信信息"] for row in rows] == ["0", "0", "1", "1"]
    assert int(rows[3]["数据事件"]) > int(rows[0]["数据事件"])


def test_what_a_killed_check_left_is_removed_and_what_runs_is_not(desk: Desk, filled: Path, tmp_path: Path) -> None:
    from xinyong.verification import filecheck

    dead = filled / "checks" / "dead"
    dead.mkdir(parents=True)
    (dead / "sheet.csv").write_text("x")
    running, done = threading.Event(), threading.Event()

    def work() -> None:
        with filecheck._workplace() as place:
            (place / "sheet.csv").write_text("x")
            running.set()
            done.wait(30)
            assert (place / "sheet.csv").exists()

    thread = threading.Thread(target=work)
    thread.start()
    running.wait(30)
    try:
        assert not dead.exists()
        assert said(run(desk, desk.csv([{HEAD: desk.code(1)}]), tmp_path / "out.csv"))["known"] == 1
        assert len(left(filled)) == 1
    finally:
        done.set()
        thread.join(30)
    assert not left(filled)
