"""Records that come back (数据回流) make no version; the same key is a version, another key a record with a hint."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xinyong.catalogue import selectors as catalogue
from xinyong.catalogue.entry import DatasetEntry
from xinyong.intake import backflow

_number = iter(range(30_000_000, 40_000_000))


@pytest.fixture(scope="module", autouse=True)
def province(desk: Any) -> None:
    """Another platform that passes records on."""
    from xinyong.accounts import actions

    actions.register_department(slug="province", name_zh="示例省平台", acting="test")


def in_chinese(row: dict[str, str]) -> dict[str, str]:
    """The row under the Chinese headings of the 2018 layout."""
    entry = catalogue.entry("penalty", date.today())
    assert isinstance(entry, DatasetEntry)
    return {entry.field_by_code(code).columns[0]: value for code, value in row.items()}


def of_2015(row: dict[str, str]) -> dict[str, str]:
    """The row in the layout of 2015, which has no column for the organ's code, the amounts and the source."""
    return {
        "CF_WSH": row["CF_WSH"],
        "CF_CFMC": "示例处罚",
        "CF_CFLB1": row["CF_CFLB"],
        "CF_CFLB2": "",
        "CF_SY": row["CF_SY"],
        "CF_YJ": row["CF_YJ"],
        "CF_XDR_MC": row["CF_XDR_MC"],
        "CF_XDR_SHXYM": row["CF_XDR_SHXYM"],
        "CF_XDR_ZDM": "",
        "CF_XDR_GSDJ": "",
        "CF_XDR_SWDJ": "",
        "CF_XDR_SFZ": "",
        "CF_FR": row["CF_FRDB"],
        "CF_JG": row["CF_NR"],
        "CF_JDRQ": row["CF_JDRQ"].replace("-", "/"),
        "CF_XZJG": row["CF_CFJG"],
        "CF_ZT": "0",
        "BZ": "省平台下发",
    }


LAYOUTS = {"2018": dict, "2018-zh": in_chinese, "2015": of_2015}
#: Texts in which white space, width and brackets carry no meaning.
TEXTS = ("CF_SY", "CF_YJ", "CF_NR", "CF_WFXW", "CF_WSH", "CF_XDR_MC")


def shaken(row: dict[str, str], blanks: list[int], other_organ: bool, wide: bool, desk: Any) -> dict[str, str]:
    """The row as it comes back: blanks in texts, other brackets, another source of the data."""
    copy = dict(row)
    for field, place in zip(TEXTS, blanks, strict=False):
        text = copy[field]
        place %= len(text) + 1
        copy[field] = f"{text[:place]} {text[place:]}"
    if wide:
        copy["CF_WSH"] = copy["CF_WSH"].replace("〔", "[").replace("〕", "]").replace("（", "(").replace("）", ")")
    if other_organ:
        copy["CF_SJLY"] = "示例省平台"
        copy["CF_SJLYDM"] = desk.code(90000077, "11410000")
    copy["BZ"] = "省平台下发"
    return copy


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    layout=st.sampled_from(sorted(LAYOUTS)),
    blanks=st.lists(st.integers(0, 30), min_size=len(TEXTS), max_size=len(TEXTS)),
    other_organ=st.booleans(),
    wide=st.booleans(),
    twice=st.booleans(),
)
def test_a_copy_that_comes_back_is_recognised(
    desk: Any, layout: str, blanks: list[int], other_organ: bool, wide: bool, twice: bool
) -> None:
    """Whatever the layout and the spelling: no version, no record, a finding, a tally; and none on the way back again."""
    number = next(_number)
    row = desk.penalty(desk.code(number), f"示例回流{number}公司", CF_WSH=f"（示）罚〔2026〕{number}号")
    assert desk.take([row], "penalty").accepted == 1
    before = desk.totals()
    copy = LAYOUTS[layout](shaken(row, blanks, other_organ, wide, desk))
    for _ in range(1 + twice):
        receipt = desk.take([copy], "penalty", "province")
        findings = desk.findings(receipt.delivery)
        assert (receipt.accepted, receipt.unchanged, receipt.rejected) == (0, 1, 0), findings
        assert "back-flow" in {finding.code for finding in findings}
        assert desk.one("SELECT back_flow FROM intake_delivery WHERE number = %s", receipt.delivery) == 1
    again = desk.take([{**row, "BZ": ""}], "penalty")
    assert (again.accepted, again.unchanged) == (0, 1)
    after = desk.totals()
    assert (after["records"], after["versions"]) == (before["records"], before["versions"])


def test_a_real_change_by_another_department_is_a_version(desk: Any) -> None:
    number = next(_number)
    row = desk.penalty(desk.code(number), f"示例变更{number}公司", CF_WSH=f"（示）罚〔2026〕{number}号")
    desk.take([row], "penalty")
    assert desk.take([{**row, "CF_NR": "罚款三百元。", "CF_NR_FK": "0.03"}], "penalty", "province").accepted == 1


def test_two_senders_do_not_play_ping_pong(desk: Any) -> None:
    """An old copy after a correction, and an own content that another has replaced: neither makes a version."""
    number = next(_number)
    row = desk.penalty(desk.code(number), f"示例往返{number}公司", CF_WSH=f"（示）罚〔2026〕{number}号")
    corrected = {**row, "CF_NR": "罚款五百元。", "CF_NR_FK": "0.05"}
    desk.take([row], "penalty")
    desk.take([corrected], "penalty")
    assert desk.take([row], "penalty", "province").unchanged == 1
    changed = {**corrected, "CF_WFXW": "另一违法行为"}
    assert desk.take([changed], "penalty", "province").accepted == 1
    for _ in range(3):
        repeat = desk.take([corrected], "penalty")
        assert (repeat.accepted, repeat.unchanged) == (0, 1)
        assert "replaced-by-another" in {finding.code for finding in desk.findings(repeat.delivery)}
        assert desk.take([changed], "penalty", "province").unchanged == 1
    # A department may go back on its own correction.
    own = {**row, "CF_WSH": f"（示）罚〔2026〕{number}-2号"}
    desk.take([own], "penalty")
    desk.take([{**own, "CF_NR": "罚款六百元。", "CF_NR_FK": "0.06"}], "penalty")
    assert desk.take([own], "penalty").accepted == 1


def test_version_numbers_stay_one_range_where_copies_stand_between(desk: Any) -> None:
    """Copies among new rows: events name a contiguous range, and every version is in it once."""
    numbers = [next(_number) for _ in range(4)]
    rows = [
        desk.penalty(desk.code(number), f"示例夹杂{number}公司", CF_WSH=f"（示）罚〔2026〕{number}号")
        for number in numbers
    ]
    desk.take([rows[1], rows[3]], "penalty")
    receipt = desk.take(rows, "penalty", "province")
    assert (receipt.accepted, receipt.unchanged) == (2, 2)
    (span,) = desk.rows(
        "SELECT version_from, version_to FROM ledger_event JOIN intake_delivery d ON d.id = delivery_id "
        "WHERE d.number = %s",
        receipt.delivery,
    )
    stored = desk.rows(
        "SELECT version_id, source_row FROM ledger_version JOIN intake_delivery d ON d.id = delivery_id "
        "WHERE d.number = %s ORDER BY version_id",
        receipt.delivery,
    )
    assert [version for version, _ in stored] == list(range(span[0], span[1] + 1))


# --- business keys, for every dataset of the catalogue --------------------------------------------------------------


def entries() -> list[DatasetEntry]:
    today = date.today()
    found = [catalogue.entry(code, today) for code in catalogue.packaged().dataset_codes()]
    return [item for item in found if isinstance(item, DatasetEntry)]


def test_every_dataset_says_how_its_copies_are_recognised() -> None:
    rules = backflow.rules()
    for entry in entries():
        assert entry.code in rules, entry.code
        for field in rules[entry.code].ignore:
            assert field not in entry.business_key
            entry.field_by_code(field)
        if rules[entry.code].hint:
            assert entry.number_field in entry.business_key


def a_row(entry: DatasetEntry, desk: Any, number: int) -> dict[str, str]:
    """A right row of any dataset, made from its fields alone."""
    from xinyong.catalogue.entry import FieldType

    row: dict[str, str] = {}
    day = (date.today() - timedelta(days=30)).isoformat()
    for item in entry.fields:
        column = item.code if _takes(entry, item.code) else (item.columns[0] if item.columns else "")
        if not column:
            continue
        wanted = item.required or item.code in entry.business_key or item.code in (entry.subject.code, entry.decided_on)
        wanted = (wanted or bool(item.required_when)) and not any(condition.none_of for condition in item.empty_when)
        if entry.code == "commitments":
            wanted = wanted and not item.empty_when  # what was left undone is empty where all was done
        value = ""
        if item.code == entry.subject.code:
            value = desk.code(number)
        elif item.code == entry.subject.name:
            value = f"示例{number}公司"
        elif not wanted:
            value = ""
        elif item.code_list is not None:
            value = next(v.value for v in item.code_list.values if v.value != "自然人")
        elif item.type is FieldType.DATE:
            value = day
        elif item.type in (FieldType.INTEGER,):
            value = "2025"
        elif item.type in (FieldType.DECIMAL, FieldType.MONEY_WAN):
            value = "1.5"
        elif item.type is FieldType.CAPITAL:
            value = "100万元人民币"
        elif item.type in (FieldType.ORGAN_CODE, FieldType.CREDIT_CODE):
            value = desk.code(90000001, "11410700")
        elif item.type is FieldType.TEXT:
            value = f"示例{item.name_zh}"
        row[column] = value
    return row


def _takes(entry: DatasetEntry, code: str) -> bool:
    return any(column.column == code for column in entry.layouts[0].columns)


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry.code)
def test_the_business_key_decides_between_version_and_record(desk: Any, entry: DatasetEntry) -> None:
    """Same key and other content: version 2. Another key: a new record, with a hint where only the number differs."""
    number = next(_number)
    if "code" not in entry.subject.resolve or entry.subject.code is None:
        desk.take([desk.registration(desk.code(number), f"示例{number}公司")])
    row = a_row(entry, desk, number)
    names = {
        item.code: item.code if _takes(entry, item.code) else (item.columns[0] if item.columns else "")
        for item in entry.fields
    }
    first = desk.take([row], entry.code)
    assert first.accepted == 1, [(f.code, f.column, f.reason_zh) for f in desk.findings(first.delivery)]
    same = desk.take([row], entry.code)
    assert (same.accepted, same.unchanged) == (0, 1)

    free = [
        item
        for item in entry.fields
        if item.code not in entry.business_key
        and item.code_list is None
        and item.type.value == "text"
        and not item.personal
        and item.code not in (entry.subject.code, entry.subject.name, entry.subject.kind)
        and names[item.code] in row
    ]
    if not free:
        pytest.skip("every text of this dataset is a part of its key")
    changed = {**row, names[free[0].code]: "示例另一内容"}
    second = desk.take([changed], entry.code)
    assert second.accepted == 1, [(f.code, f.column, f.reason_zh) for f in desk.findings(second.delivery)]
    assert versions(desk, second.delivery) == [2]

    key = [
        code
        for code in entry.business_key
        if code != entry.subject.code and entry.field_by_code(code).type.value == "text"
    ]
    if not key:
        return  # the register: its key is the entity itself
    target = entry.number_field if entry.number_field in key else key[0]
    assert target is not None
    third = desk.take([{**changed, names[target]: "示例改动之编号9"}], entry.code)
    assert third.accepted == 1, [(f.code, f.column, f.reason_zh) for f in desk.findings(third.delivery)]
    assert versions(desk, third.delivery) == [1]
    hinted = "looks-like-correction" in {finding.code for finding in desk.findings(third.delivery)}
    assert hinted == backflow.rules()[entry.code].hint


def versions(desk: Any, number: str) -> list[int]:
    return [
        version
        for (version,) in desk.rows(
            "SELECT version_no FROM ledger_version JOIN intake_delivery d ON d.id = delivery_id WHERE d.number = %s",
            number,
        )
    ]
