"""What a visitor may see: periods by rule, nothing after its end, counts equal to lists. Articles: rules.md §6, §26."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest

from xinyong.publicity import selectors
from xinyong.runtime import clock
from xinyong.standards import calendar

FINE, WARNING, REVOCATION = ["罚款"], ["警告"], ["吊销许可证件"]
# --- through the database ---------------------------------------------------------------------------------------


def ago(days: int) -> str:
    """A date in the past as text."""
    return (clock.today() - timedelta(days=days)).isoformat()


def shown(code: str, today: date | None = None, language: str = "zh") -> dict[str, int]:
    """Section totals of the entity file."""
    file = selectors.entity_file(code, {}, language, today or clock.today())
    assert file is not None
    return {section.code: section.total for section in file.sections}


def register(desk: Any, number: int) -> tuple[str, str]:
    """A registered company: code and name."""
    code, name = desk.code(number), f"示例公示{number}有限公司"
    desk.take([desk.registration(code, name)])
    return code, name


def test_pub_07_a_minor_penalty_is_stored_and_not_shown(desk: Any) -> None:
    code, name = register(desk, 1)
    receipt = desk.take([desk.penalty(code, name, CF_CFLB="警告", CF_NR="警告。", CF_NR_FK="")], "penalty")
    assert receipt.accepted == 1, desk.findings(receipt.delivery)
    desk.catch_up()
    assert shown(code)["penalty"] == 0


def test_ref_07_an_expired_penalty_is_shown_to_the_last_day_and_not_after(desk: Any) -> None:
    code, name = register(desk, 2)
    desk.take([desk.penalty(code, name, CF_JDRQ=ago(20))], "penalty")
    desk.catch_up()
    decided = clock.today() - timedelta(days=20)
    last = calendar.same_day_later(decided, 12)
    assert shown(code)["penalty"] == 1
    assert shown(code, last)["penalty"] == 1
    assert shown(code, last + timedelta(days=1))["penalty"] == 0
    assert shown(code, decided - timedelta(days=1))["penalty"] == 0


def test_ref_08_the_providers_end_shortens_only(desk: Any) -> None:
    code, name = register(desk, 3)
    desk.take(
        [
            desk.penalty(code, name, CF_WSH="短", CF_GSJZQ=ago(5)),
            desk.penalty(code, name, CF_WSH="长", CF_GSJZQ="2099-12-31"),
        ],
        "penalty",
    )
    desk.catch_up()
    assert shown(code)["penalty"] == 1
    decided = clock.today() - timedelta(days=20)
    assert shown(code, calendar.same_day_later(decided, 12) + timedelta(days=1))["penalty"] == 0


def test_a_list_entry_vanishes_with_its_exit(desk: Any) -> None:
    code, name = register(desk, 4)
    row = desk.abnormal(code, name)
    desk.take([row], "abnormal-list")
    desk.catch_up()
    assert shown(code)["abnormal-list"] == 1
    left = desk.take([{**row, "移出日期": ago(1), "移出机关": "示例市市场监督管理局"}], "abnormal-list")
    assert left.accepted == 1
    desk.catch_up()
    assert shown(code)["abnormal-list"] == 0
    # It is a version of the same record; nothing was deleted.
    entity = desk.one("SELECT id FROM registry_entity WHERE credit_code = %s", code)
    assert desk.one("SELECT max(version_no) FROM ledger_version WHERE entity_id = %s", entity) == 2


def test_copies_without_a_document_number_are_for_officers_only(desk: Any) -> None:
    code, name = register(desk, 5)
    copy = {
        "kind": "x",
        "entity_name": name,
        "put_date": ago(40),
        "put_reason": "示例严重违法",
        "put_department": "示例局",
    }
    receipt = desk.deliver(desk.jsonl([copy]), "serious-violation-list")
    assert receipt.accepted == 1, desk.findings(receipt.delivery)
    desk.catch_up()
    assert shown(code)["serious-violation-list"] == 0


def test_datasets_that_are_not_public_have_no_window(desk: Any) -> None:
    from xinyong.catalogue import selectors as catalogue
    from xinyong.catalogue.entry import Disclosure
    from xinyong.publicity import facts, judging, rulebook

    book = rulebook.packaged()

    def judged(entry: Any, layout: Any) -> Any:
        values = facts.of_values(entry, ago_date(9), ago_date(5), {})
        return judging.clock_of(entry, layout, values, book, "national")

    entries = list(catalogue.packaged().entries.values())
    closed = [entry for entry in entries if entry.disclosure is not Disclosure.PUBLIC]
    assert closed, "every packaged dataset is public: test this with another one"
    for entry in closed:
        assert judged(entry, None) is None
    for entry in entries:
        for layout in entry.layouts:
            if layout.disclosure not in (None, Disclosure.PUBLIC):
                assert judged(entry, layout) is None


def ago_date(days: int) -> date:
    """A day in the past."""
    return clock.today() - timedelta(days=days)


@pytest.mark.parametrize(("said", "public"), [("可向社会公开", 1), ("特定范围内公开", 0), ("不可公开", 0)])
def test_dis_28_the_promisers_choice_binds(desk: Any, said: str, public: int) -> None:
    code, name = register(desk, 10 + len(said) * 2 + public)
    row = {
        "承诺编码": f"4107002026010100{10 + len(said) * 2 + public:04d}",
        "承诺人名称": name,
        "承诺人类别": "法人及非法人组织",
        "承诺人代码": code,
        "承诺类型": "主动型",
        "承诺事由": "示例事项",
        "承诺内容": "示例内容",
        "违诺责任": "示例责任",
        "承诺作出日期": ago(30),
        "承诺履行状态": "全部履行",
        "受理单位": "示例局",
        "受理单位代码": desk.code(90000001, "11410700"),
        "公开类型": said,
    }
    receipt = desk.take([row], "commitments")
    assert receipt.accepted == 1, [item.reason_zh for item in desk.findings(receipt.delivery)]
    desk.catch_up()
    assert shown(code)["commitments"] == public


def test_no_personal_field_and_no_number_reaches_a_page(desk: Any) -> None:
    secret = {
        "CF_FR_ZJHM": "41070219900307121X",
        "CF_FR_ZJLX": "身份证",
        "CF_SY": "当事人张某（身份证号：410702199003071236，电话13812345678）未公示。",
        "BZ": "内部备注",
        "CF_XDR_SWDJ": "410702199003071",
    }
    code, name = register(desk, 50)
    receipt = desk.take([desk.penalty(code, name, **secret)], "penalty")
    assert receipt.accepted == 1, [item.reason_zh for item in desk.findings(receipt.delivery)]
    desk.catch_up()
    for language in ("zh", "en"):
        file = selectors.entity_file(code, {}, language, clock.today())
        assert file is not None
        (section,) = [item for item in file.sections if item.code == "penalty"]
        (card,) = section.records
        names = {field.code for field in card.fields}
        assert "CF_CFLB" in names
        assert not names & {"CF_FR_ZJHM", "CF_FR_ZJLX", "CF_XDR_ZJHM", "CF_XDR_ZJLX", "BZ", "CF_XDR_SWDJ"}
        page = repr(file)
        for text in ("41070219900307", "13812345678", "enc1:", "内部备注"):
            assert text not in page, text
        assert "未公示" in page
    assert "41070219900307" not in repr(selectors.latest_double_publicity(50))


def test_every_count_equals_its_list(desk: Any) -> None:
    """For random records: totals = records reachable by paging = tiles, on any day."""
    draw = random.Random(20261122)
    companies = [register(desk, 100 + number) for number in range(6)]
    penalties, entries = [], []
    for number in range(140):
        code, name = companies[min(draw.randrange(9), 5)]
        kinds = draw.choice([FINE, WARNING, REVOCATION])
        penalties.append(
            desk.penalty(
                code,
                name,
                CF_WSH=f"数{number}",
                CF_JDRQ=ago(draw.randrange(1, 1500)),
                CF_CFLB=kinds[0],
                CF_NR_ZKDX="示例许可证" if kinds is REVOCATION else "",
                CF_NR_FK="0.02" if kinds is FINE else "",
                CF_GSJZQ=draw.choice(["", "", "2099-12-31", ago(draw.randrange(1, 40))]),
            )
        )
        days = draw.randrange(2, 900)
        left = draw.choice(["", ago(draw.randrange(1, days))])
        entries.append(
            desk.abnormal(
                code,
                name,
                列入日期=ago(days),
                列入原因=f"示例原因{number}",
                移出日期=left,
                移出机关="示例局" if left else "",
            )
        )
    for rows, dataset in ((penalties, "penalty"), (entries, "abnormal-list")):
        receipt = desk.take(rows, dataset)
        assert receipt.accepted > 130, [item.reason_zh for item in desk.findings(receipt.delivery)][:3]
    desk.catch_up()
    today = clock.today()
    pages_seen = 0
    for day in (today, today - timedelta(days=200), today + timedelta(days=200)):
        for code, _ in companies:
            totals = shown(code, day)
            for dataset, total in totals.items():
                seen: list[str] = []
                pages = 1
                page = 1
                while page <= pages:
                    file = selectors.entity_file(code, {dataset: page}, "zh", day)
                    assert file is not None
                    (section,) = [item for item in file.sections if item.code == dataset]
                    assert section.total == total
                    pages = section.pages
                    seen += [card.anchor for card in section.records]
                    page += 1
                    pages_seen += 1
                assert len(seen) == len(set(seen)) == total, (code, dataset, day)
            entity = file_entity(code)
            assert selectors.public_record_count(entity, day) == sum(totals.values())
    assert pages_seen > 60
    # The figure of the home page is the sum over all entities.
    counted: Counter[str] = Counter()
    for (code,) in desk.rows("SELECT credit_code FROM registry_entity WHERE credit_code IS NOT NULL"):
        counted.update(shown(code))
    assert selectors.site_figures().public_records == sum(counted.values())
    assert any(0 < total < 140 for total in counted.values())
    newest = selectors.latest_double_publicity(1000)
    assert len(newest) == counted["penalty"] + counted["licence"]


def file_entity(code: str) -> Any:
    """The entity of a code."""
    from xinyong.registry.models import Entity

    return Entity.objects.get(credit_code=code)
