"""A delivery adds up, a repeat adds nothing, a change becomes a version, and what is wrong comes back with its reason."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest

from xinyong.runtime import cryptography, database
from xinyong.standards import resident_id

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def resident(front: str = "41070219900307123") -> str:
    """A resident number that passes its check; the person does not exist."""
    number = front + "10X98765432"[sum(int(digit) * weight for digit, weight in zip(front, WEIGHTS, strict=True)) % 11]
    assert resident_id.is_valid(number)
    return number


def head_of(desk: Any, code: str, dataset: str = "registration") -> list[tuple[Any, ...]]:
    """(record, newest version, name in it) of the records of an entity in a dataset."""
    rows: list[tuple[Any, ...]] = desk.rows(
        "SELECT head.record_id, head.version_no, version.payload ->> 'ENTNAME' FROM ledger_record AS head "
        "JOIN registry_entity AS entity ON entity.id = head.entity_id JOIN ledger_version AS version "
        "USING (entity_id, record_id, version_no) JOIN catalogue_dataset AS dataset ON dataset.id = head.dataset_id "
        "WHERE entity.credit_code = %s AND dataset.code = %s",
        code,
        dataset,
    )
    return rows


# --- the receipt ------------------------------------------------------------------------------------------------


def test_the_receipt_adds_up_and_a_repeat_adds_nothing(desk: Any) -> None:
    rows = [desk.registration(desk.code(number), f"示例{number}号有限公司") for number in range(1, 41)]
    rows += [desk.registration("91410700L0000001", "示例短码有限公司"), desk.registration("", "示例无码有限公司")]
    rows += [rows[0]]
    path = desk.csv(rows)
    first = desk.deliver(path)
    assert (first.read, first.accepted, first.rejected, first.unchanged) == (43, 40, 2, 1)
    assert first.entities_created == 40
    before, events = desk.totals(), desk.one("SELECT count(*) FROM ledger_event")
    again = desk.deliver(path)
    assert (again.read, again.accepted, again.rejected, again.unchanged) == (43, 0, 2, 41)
    assert again.delivery != first.delivery
    assert again.entities_created == 0
    assert {**desk.totals(), "findings": 0} == {**before, "findings": 0}
    assert desk.one("SELECT count(*) FROM ledger_event") == events


def test_a_receipt_that_does_not_add_up_cannot_be_stored(desk: Any) -> None:
    desk.take([desk.registration(desk.code(50), "示例五十有限公司")])
    with (
        database.connect() as connection,
        pytest.raises(psycopg.errors.CheckViolation, match="intake_delivery_adds_up"),
    ):
        connection.execute("UPDATE intake_delivery SET accepted = accepted + 1")


def test_numbers_of_deliveries_are_a_series_of_the_department_and_day(desk: Any) -> None:
    first = desk.take([desk.registration(desk.code(60), "示例六十有限公司")]).delivery
    second = desk.take([desk.registration(desk.code(61), "示例六一有限公司")]).delivery
    assert first.rpartition("-")[0] == second.rpartition("-")[0]
    assert int(second.rpartition("-")[2]) == int(first.rpartition("-")[2]) + 1


# --- versions ---------------------------------------------------------------------------------------------------


def test_a_changed_row_is_version_two_and_the_former_one_stays(desk: Any) -> None:
    code = desk.code(100)
    desk.take([desk.registration(code, "示例旧名有限公司", 注册地址="示例路1号")])
    ((record, version, name),) = head_of(desk, code)
    assert (version, name) == (1, "示例旧名有限公司")
    changed = desk.take([desk.registration(code, "示例新名有限公司", 注册地址="示例路1号")])
    assert (changed.accepted, changed.entities_created) == (1, 0)
    assert head_of(desk, code) == [(record, 2, "示例新名有限公司")]
    versions = desk.rows(
        "SELECT version_no, payload ->> 'ENTNAME', encode(content_hash, 'hex') FROM ledger_version "
        "WHERE record_id = %s ORDER BY version_no",
        record,
    )
    assert [row[:2] for row in versions] == [(1, "示例旧名有限公司"), (2, "示例新名有限公司")]
    ((head_hash,),) = desk.rows("SELECT encode(content_hash, 'hex') FROM ledger_record WHERE record_id = %s", record)
    assert head_hash == versions[1][2] != versions[0][2]


def test_a_name_change_makes_a_former_name_and_back_again(desk: Any) -> None:
    code = desk.code(110)
    for name in ("示例甲有限公司", "示例乙有限公司", "示例甲有限公司"):
        desk.take([desk.registration(code, name)])
    names = desk.rows(
        "SELECT name.name, name.kind, name.until IS NULL FROM registry_name AS name JOIN registry_entity AS entity "
        "ON entity.id = name.entity_id WHERE entity.credit_code = %s ORDER BY name.name",
        code,
    )
    assert names == [("示例乙有限公司", "former", False), ("示例甲有限公司", "registered", True)]
    assert desk.one("SELECT name FROM registry_entity WHERE credit_code = %s", code) == "示例甲有限公司"
    assert [row[1] for row in head_of(desk, code)] == [3]


def test_the_same_decision_again_never_doubles_the_record(desk: Any) -> None:
    code, name = desk.code(120), "示例处罚有限公司"
    desk.take([desk.registration(code, name)])
    first = desk.take([desk.penalty(code, name)], "penalty")
    assert first.accepted == 1, desk.findings(first.delivery)
    again = desk.take([desk.penalty(code, name, CF_NR="罚款三百元。", CF_NR_FK="0.03")], "penalty")
    assert (again.accepted, again.unchanged) == (1, 0)
    same = desk.take([desk.penalty(code, name, CF_NR="罚款三百元。", CF_NR_FK="0.03")], "penalty")
    assert (same.accepted, same.unchanged) == (0, 1)
    records = head_of(desk, code, "penalty")
    assert [row[1] for row in records] == [2]
    # Another number is another decision; the same number about another party is another record.
    other = desk.code(121)
    desk.take(
        [desk.penalty(code, name, CF_WSH="（示）罚〔2026〕2号"), desk.penalty(other, "示例他人有限公司")], "penalty"
    )
    assert len(head_of(desk, code, "penalty")) == 2
    assert len(head_of(desk, other, "penalty")) == 1


def test_repeats_inside_one_file_keep_the_first_row(desk: Any) -> None:
    code = desk.code(130)
    rows = [
        desk.registration(code, "示例先有限公司"),
        desk.registration(code, "示例先有限公司"),
        desk.registration(code, "示例后有限公司"),
    ]
    receipt = desk.take(rows)
    assert (receipt.accepted, receipt.unchanged, receipt.rejected) == (1, 1, 1)
    (finding,) = desk.findings(receipt.delivery)
    assert (finding.row, finding.code, finding.severity) == (4, "contradicts-row", "error")
    assert "第 2 行" in finding.reason_zh
    assert head_of(desk, code)[0][2] == "示例先有限公司"


def test_a_number_and_a_code_tied_in_the_same_file_are_one_entity(desk: Any) -> None:
    """Whether the row with both numbers comes in the same file or in an earlier one must not decide who is who."""
    number, code = "410700600000014", desk.code(140)
    rows = [
        desk.penalty("", "示例号码商行", CF_XDR_LB="个体工商户", CF_XDR_GSZC=number, CF_WSH="号1"),
        desk.penalty(code, "示例号码商行", CF_XDR_GSZC=number, CF_WSH="号2"),
    ]
    receipt = desk.take(rows, "penalty")
    assert receipt.rejected == 0, [item.reason_zh for item in desk.findings(receipt.delivery)]
    assert receipt.entities_created == 1
    owners = desk.rows("SELECT DISTINCT entity_id FROM registry_identifier WHERE value IN (%s, %s)", number, code)
    assert len(owners) == 1
    later = desk.take(
        [desk.penalty("", "示例号码商行", CF_XDR_LB="个体工商户", CF_XDR_GSZC=number, CF_WSH="号3")], "penalty"
    )
    assert (later.accepted, later.entities_created) == (1, 0)


# --- writings ---------------------------------------------------------------------------------------------------


def test_every_encoding_and_format_gives_the_same_content(desk: Any) -> None:
    rows = [
        desk.registration(
            desk.code(number), f"示例{number}號（龘）有限公司", 注册资金="100(万元人民币)", 注册地址="示例，路“1”号"
        )
        for number in range(200, 230)
    ]
    first = desk.csv(rows)
    receipt = desk.deliver(first)
    assert receipt.accepted == 30
    assert receipt.encoding == "utf-8"
    stored = desk.rows("SELECT record_id, version_no, content_hash FROM ledger_version ORDER BY 1, 2")
    writings = {
        "gb18030": desk.csv(rows, encoding="gb18030"),
        "utf-8-sig": desk.csv(rows, encoding="utf-8-sig"),
        "utf-16": desk.csv(rows, encoding="utf-16"),
        "xlsx": desk.xlsx(rows),
        "jsonl": desk.jsonl(rows),
    }
    for writing, path in writings.items():
        again = desk.deliver(path)
        assert (writing, again.unchanged, again.accepted, again.rejected) == (writing, 30, 0, 0)
    assert desk.rows("SELECT record_id, version_no, content_hash FROM ledger_version ORDER BY 1, 2") == stored


# --- findings ---------------------------------------------------------------------------------------------------


def test_findings_hold_row_field_value_reason_and_suggestion(desk: Any) -> None:
    code = desk.code(300)
    wrong = code[:-1] + ("0" if code[-1] != "0" else "1")
    rows = [desk.registration(desk.code(301), "示例对的有限公司"), desk.registration(wrong, "示例错的有限公司")]
    receipt = desk.take(rows)
    (finding,) = desk.findings(receipt.delivery)
    assert (finding.row, finding.field, finding.column, finding.value) == (3, "UNISCID", "统一社会信用代码", wrong)
    assert (finding.severity, finding.kind, finding.fix) == ("error", "code", code)
    assert "校验" in finding.reason_zh
    assert finding.reason_en
    assert finding.suggestion_zh
    assert finding.suggestion_en


def test_natural_persons_are_refused_and_leave_no_entity(desk: Any) -> None:
    before = desk.totals()
    number = resident("41070219900307124")
    row = desk.penalty("", "王示例", CF_XDR_LB="自然人", CF_FRDB="", CF_XDR_ZJLX="身份证", CF_XDR_ZJHM=number)
    receipt = desk.take([row], "penalty")
    assert receipt.rejected == 1
    findings = desk.findings(receipt.delivery)
    assert {item.code for item in findings} == {"natural-person"}
    assert "自然人" in findings[0].reason_zh
    after = desk.totals()
    assert {**after, "findings": 0} == {**before, "findings": 0}


def test_personal_numbers_are_stored_nowhere_in_clear(desk: Any) -> None:
    numbers = {
        place: resident(f"4107021990030712{index}")
        for index, place in enumerate(["encrypted", "code", "person", "text"])
    }
    code, name = desk.code(310), "示例保密有限公司"
    desk.take([desk.registration(code, name)])
    rows = [
        desk.penalty(code, name, CF_WSH="密1", CF_FR_ZJLX="身份证", CF_FR_ZJHM=numbers["encrypted"]),
        desk.penalty(numbers["code"], "示例填错有限公司", CF_WSH="密2"),
        desk.penalty(
            "",
            "李示例",
            CF_XDR_LB="自然人",
            CF_FRDB="",
            CF_XDR_ZJLX="身份证",
            CF_XDR_ZJHM=numbers["person"],
            CF_WSH="密3",
        ),
        desk.penalty(code, name, CF_WSH="密4", CF_SY=f"当事人（身份证号{numbers['text']}）未公示。"),
    ]
    receipt = desk.take(rows, "penalty")
    assert (receipt.accepted, receipt.rejected) == (2, 2), [item.reason_zh for item in desk.findings(receipt.delivery)]
    tables = desk.rows(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
    )
    for (table,) in tables:
        for place, number in numbers.items():
            hits = desk.one(f'SELECT count(*) FROM "{table}" AS line WHERE line::text LIKE %s', f"%{number}%")
            # Running text stays as the organ wrote it, in the ledger only, marked for masking wherever it is shown.
            kept = place == "text" and table.startswith("ledger_version")
            assert hits == (1 if kept and hits else 0), f"{table} holds the number given in the {place} field"
    ((marked,),) = desk.rows("SELECT payload -> '_redact' FROM ledger_version WHERE payload ->> 'CF_WSH' = %s", "密4")
    assert "CF_SY" in marked
    # It is kept, but only under the key.
    ((token,),) = desk.rows(
        "SELECT payload ->> 'CF_FR_ZJHM' FROM ledger_version WHERE payload ->> 'CF_WSH' = %s", "密1"
    )
    assert token.startswith(cryptography.TOKEN_PREFIX)
    assert cryptography.reveal("CF_FR_ZJHM", token) == numbers["encrypted"]
    # Encryption is different every time; the content is still the same.
    assert desk.take(rows, "penalty").unchanged == 2


# --- bundle -----------------------------------------------------------------------------------------------------


def test_a_real_file_of_several_lists_is_routed_row_by_row(desk: Any, shared_data: Path) -> None:
    import gzip

    path = shared_data / "public-lists" / "records_a.jsonl.gz"
    with gzip.open(path, "rt", encoding="utf-8") as handle:
        rows = [json.loads(line) for line in handle]
    names = sorted({row["entity_name"] for row in rows if row.get("entity_name")})
    # The lists name their entities only, so the register must know the names first.
    desk.take([desk.registration(desk.code(400 + index), name) for index, name in enumerate(names)])
    receipt = desk.deliver(path, "public-lists")
    assert receipt.read == len(rows)
    assert receipt.accepted > 0
    findings = desk.findings(receipt.delivery)
    routed = {
        "经营异常名录",
        "严重违法失信名单",
        "行政处罚",
        "重大税收违法",
        "失信被执行人(法人)",
        "排污许可",
        "建筑业资质",
    }
    strays = {number for number, row in enumerate(rows, start=1) if row["kind"] not in routed}
    # Every row is either stored or has an error of its own. Rows with nested values are refused before they are routed.
    errors = {item.row for item in findings if item.severity == "error"}
    assert {item.row for item in findings if item.code == "no-dataset"} <= strays <= errors
    assert any(item.code == "no-dataset" for item in findings)
    assert receipt.rejected == len(errors)
    stored = Counter(
        code
        for (code,) in desk.rows(
            "SELECT dataset.code FROM ledger_version AS version JOIN catalogue_edition AS edition ON edition.id = edition_id "
            "JOIN catalogue_dataset AS dataset ON dataset.id = edition.dataset_id JOIN intake_delivery AS delivery "
            "ON delivery.id = version.delivery_id WHERE delivery.number = %s",
            receipt.delivery,
        )
    )
    assert sum(stored.values()) == receipt.accepted
    assert {"abnormal-list", "penalty-notice"} <= set(stored)
    # One event a dataset, all over the same range.
    events = desk.rows(
        "SELECT dataset.code FROM ledger_event JOIN catalogue_dataset AS dataset ON dataset.id = dataset_id "
        "JOIN intake_delivery AS delivery ON delivery.id = delivery_id WHERE delivery.number = %s",
        receipt.delivery,
    )
    assert sorted(code for (code,) in events) == sorted(stored)
    again = desk.deliver(path, "public-lists")
    assert (again.accepted, again.rejected) == (0, receipt.rejected)
    assert again.unchanged == receipt.accepted + receipt.unchanged


# --- command line -----------------------------------------------------------------------------------------------


def test_the_last_line_of_json_output_is_the_receipt(desk: Any) -> None:
    path = desk.csv([desk.registration(desk.code(500), "示例命令有限公司"), desk.registration("1", "示例坏码有限公司")])
    done = desk.cli("intake", path, "--dataset", "registration", "--department", "demo", "--json", "--findings")
    assert done.exit_code == 0, done.output
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines[0]["row"] == 3
    assert lines[0]["reason_zh"]
    last = lines[-1]
    assert {"read", "accepted", "rejected", "unchanged", "seconds", "delivery", "dataset"} <= set(last)
    assert (last["read"], last["accepted"], last["rejected"], last["unchanged"]) == (2, 1, 1, 0)
    assert last["seconds"] > 0


@pytest.mark.parametrize(
    ("arguments", "error", "word"),
    [
        (("--dataset", "no-such", "--department", "demo"), "dataset-unknown", "目录中没有数据集"),
        (("--dataset", "registration", "--department", "nobody"), "department-unknown", "没有代码为「nobody」的部门"),
    ],
)
def test_unknown_datasets_and_departments_are_told(
    desk: Any, arguments: tuple[str, ...], error: str, word: str
) -> None:
    path = desk.csv([desk.registration(desk.code(510), "示例未知有限公司")])
    deliveries = desk.one("SELECT count(*) FROM intake_delivery")
    told = desk.cli("intake", path, *arguments, "--json")
    assert told.exit_code == 2
    assert json.loads(told.stdout)["error"] == error
    assert word in json.loads(told.stdout)["message_zh"]
    spoken = desk.cli("intake", path, *arguments)
    assert spoken.exit_code == 2
    assert word in spoken.stderr
    assert spoken.stdout == ""
    assert desk.one("SELECT count(*) FROM intake_delivery") == deliveries


def test_a_dataset_that_is_not_in_force_takes_nothing(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    path = desk.csv([desk.registration(desk.code(511), "示例早有限公司")])
    before = desk.totals()
    monkeypatch.setattr("django.utils.timezone.localdate", lambda *_: date(2010, 1, 1))
    told = desk.cli("intake", path, "--dataset", "registration", "--department", "demo", "--json")
    assert told.exit_code == 2
    answer = json.loads(told.stdout)
    assert answer["error"] == "dataset-not-in-force"
    assert "没有生效的版本" in answer["message_zh"]
    assert desk.totals() == before


def test_a_command_without_its_arguments_says_what_it_needs(desk: Any) -> None:
    told = desk.cli("intake")
    assert told.exit_code == 2
    assert "--dataset" in told.stderr
