"""Which entity? Numbers of every kind with their time, names, vetoes, merged entries, and rows a person decided."""

from __future__ import annotations

import itertools
from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

REASON = {"reason": "核对登记档案", "evidence": "（示）登记〔2026〕1号"}
NUMBER = "410700000000018"


@pytest.fixture(scope="module")
def officer(desk: Any) -> Any:
    from xinyong.accounts import actions as accounts
    from xinyong.accounts.models import Role

    return accounts.create_user(
        username="officer", password="a-long-password-1", display_name="officer", role=Role.OPERATOR,
        department=None, acting="test",
    )  # fmt: skip


@pytest.fixture(scope="module")
def world(desk: Any, officer: Any) -> dict[str, int]:
    """Companies 1 to 6; company 1 has a tax number and a certificate entered by act."""
    from xinyong.registry import actions

    rows = [desk.registration(desk.code(number), f"示例{number}号有限公司") for number in range(1, 7)]
    assert desk.take(rows).accepted == 6
    ids = {
        number: desk.one("SELECT id FROM registry_entity WHERE credit_code = %s", desk.code(number))
        for number in range(1, 7)
    }
    actions.enter_number(officer, ids[1], "tax_number", "410700123456789", **REASON)
    actions.enter_number(officer, ids[2], "registration_number", NUMBER, **REASON)
    return {str(number): pk for number, pk in ids.items()}


_serial = itertools.count(1)


def old(name: str = "示例无名有限公司", code: str = "", **cells: str) -> dict[str, str]:
    """A penalty in the 2015 layout, the one that may leave the credit code empty."""
    row = {
        "CF_WSH": f"（示）罚〔2026〕{next(_serial)}号",
        "CF_CFMC": "未按规定公示",
        "CF_CFLB1": "罚款",
        "CF_SY": "当事人未按规定公示有关信息。",
        "CF_YJ": "示例条例第一条",
        "CF_XDR_MC": name,
        "CF_XDR_SHXYM": code,
        "CF_XDR_ZDM": "",
        "CF_XDR_GSDJ": "",
        "CF_XDR_SWDJ": "",
        "CF_JG": "罚款二百元。",
        "CF_JDRQ": (timezone.localdate() - timedelta(days=20)).isoformat(),
        "CF_XZJG": "示例市某局",
        "CF_ZT": "0",
        "BZ": "",
    }
    return {**row, **cells}


def take(desk: Any, **cells: str) -> tuple[Any, int | None]:
    """One such row; the receipt, and the entity it was tied to."""
    row = old(**cells)
    receipt = desk.take([row], "penalty")
    found = desk.rows("SELECT entity_id FROM ledger_version WHERE payload ->> 'CF_WSH' = %s", row["CF_WSH"])
    return receipt, found[0][0] if found else None


def test_every_kind_of_number_leads(desk: Any, world: Any) -> None:
    organisation = desk.code(3)[8:17]
    for cells, who, rule in (
        ({"CF_XDR_SWDJ": "410700123456789"}, "1", "tax_number"),
        ({"CF_XDR_SWDJ": " 410700123456789 "}, "1", "tax_number"),
        ({"CF_XDR_ZDM": organisation}, "3", "organisation_code"),
        ({"CF_XDR_GSDJ": NUMBER}, "2", "registration_number"),
        ({"name": "示例4号有限公司"}, "4", "name"),
    ):
        receipt, entity = take(desk, **cells)
        assert entity == world[who], (cells, [(f.code, f.reason_en) for f in desk.findings(receipt.delivery)])
        assert receipt.entities_created == 0
        assert desk.rows(
            "SELECT link.rule, link.entity_id FROM registry_link AS link JOIN intake_delivery AS delivery "
            "ON delivery.id = link.delivery_id WHERE delivery.number = %s",
            receipt.delivery,
        ) == [(rule, world[who])]


def test_numbers_that_disagree_are_returned(desk: Any, world: Any) -> None:
    before = desk.totals()["entities"]
    for cells in (
        {"CF_XDR_GSDJ": NUMBER, "CF_XDR_ZDM": desk.code(3)[8:17]},
        {"CF_XDR_SWDJ": "410700123456789", "CF_XDR_ZDM": desk.code(3)[8:17]},
        {"CF_XDR_SWDJ": "410700123456789", "name": "示例4号有限公司"},
        {"CF_XDR_GSDJ": NUMBER, "name": "示例4号有限公司"},
    ):
        receipt, entity = take(desk, **cells)
        assert entity is None and receipt.rejected == 1
        assert [item.code for item in desk.findings(receipt.delivery) if item.severity == "error"] == [
            "subject-contradiction"
        ]
    assert desk.totals()["entities"] == before


def test_a_valid_code_is_never_overruled(desk: Any, world: Any) -> None:
    receipt = desk.take(
        [old("示例4号有限公司", desk.code(5), CF_XDR_GSDJ=NUMBER, CF_WSH="（示）罚〔2026〕千号")], "penalty"
    )
    assert receipt.accepted == 1
    assert (
        desk.one("SELECT entity_id FROM ledger_version WHERE payload ->> 'CF_WSH' = '（示）罚〔2026〕千号'")
        == world["5"]
    )
    assert "number-of-another" in {item.code for item in desk.findings(receipt.delivery)}
    assert desk.one("SELECT entity_id FROM registry_identifier WHERE value = %s", NUMBER) == world["2"]


def test_a_near_name_never_links(desk: Any, world: Any) -> None:
    for name in ("示例4号有限责任公司", "示例4号公司", "示例４号有限公苘", "示倒4号有限公司", "例4号有限公司"):
        receipt, entity = take(desk, name=name)
        assert entity is None
        assert [item.code for item in desk.findings(receipt.delivery) if item.severity == "error"] == [
            "subject-unknown"
        ]


def test_a_number_counts_for_its_time(desk: Any, world: Any, officer: Any) -> None:
    from xinyong.registry import actions

    turn = timezone.localdate() - timedelta(days=10)
    number = "410700000000026"
    actions.enter_number(officer, world["5"], "registration_number", number, **REASON)
    actions.enter_number(officer, world["6"], "registration_number", number, valid_from=turn, **REASON)
    actions.enter_number(officer, world["5"], "tax_number", "410700999999999", **REASON)
    actions.enter_number(officer, world["6"], "tax_number", "410700999999999", valid_from=turn, **REASON)
    for day, who in ((turn - timedelta(days=1), "5"), (turn, "6"), (date(2020, 5, 6), "5")):
        for cells in ({"CF_XDR_GSDJ": number}, {"CF_XDR_SWDJ": "410700999999999"}):
            _, entity = take(desk, CF_JDRQ=day.isoformat(), **cells)
            assert entity == world[who], (day, cells)


def test_merged_entries_neither_double_a_record_nor_confuse_a_name(desk: Any, world: Any, officer: Any) -> None:
    from xinyong.registry import actions

    number = "410700600000014"
    first = old("示例老店", CF_XDR_GSDJ=number, CF_WSH="（示）罚〔2026〕老1号")
    assert desk.take([first], "penalty").entities_created == 1
    entity = desk.one("SELECT entity_id FROM registry_identifier WHERE value = %s", number)
    actions.merge(officer, entity, world["6"], **REASON)
    records = desk.totals()["records"]
    # The same decision under the code of the entry that speaks, and changed once more under the old number.
    again = {**first, "CF_XDR_SHXYM": desk.code(6), "CF_XDR_GSDJ": ""}
    assert desk.take([again], "penalty").accepted == 1
    assert desk.take([{**first, "CF_JG": "罚款二百元整。"}], "penalty").accepted == 1
    assert desk.totals()["records"] == records
    assert desk.one("SELECT max(version_no) FROM ledger_version WHERE entity_id = %s", entity) == 3
    # A new decision under the old number stays with the old entry: a split gives it back to whom it was about.
    new = {**first, "CF_WSH": "（示）罚〔2026〕老2号"}
    assert desk.take([new], "penalty").accepted == 1
    assert desk.one("SELECT entity_id FROM ledger_version WHERE payload ->> 'CF_WSH' = %s", new["CF_WSH"]) == entity
    actions.split(officer, entity, **REASON)


def test_two_registered_namesakes_are_one_once_they_are_merged(desk: Any, world: Any, officer: Any) -> None:
    from xinyong.registry import actions

    one, two = desk.code(61), desk.code(62)
    desk.take([desk.registration(one, "示例同名有限公司"), desk.registration(two, "示例同名有限公司")])
    ids = [desk.one("SELECT id FROM registry_entity WHERE credit_code = %s", code) for code in (one, two)]
    receipt, entity = take(desk, name="示例同名有限公司")
    assert entity is None
    assert "name-not-unique" in {item.code for item in desk.findings(receipt.delivery)}
    actions.record_succession(officer, "code_change", *ids, effective_on=None, **REASON)
    actions.merge(officer, *ids, **REASON)
    _, entity = take(desk, name="示例同名有限公司")
    assert entity in ids


def test_a_rule_of_a_person_is_applied_for_its_department_and_time_only(desk: Any, world: Any, officer: Any) -> None:
    from xinyong.accounts import selectors as accounts
    from xinyong.registry import actions
    from xinyong.registry.models import NamingRule
    from xinyong.standards import names

    department = accounts.department("demo")
    written = "示例四号公司"
    assert take(desk, name=written)[1] is None
    today = timezone.localdate()
    act = actions.make_rule(
        officer, department.pk, names.matching_key(written), world["4"], until=today + timedelta(days=30), **REASON
    )
    _, entity = take(desk, name=written)
    assert entity == world["4"]
    rule = NamingRule.objects.get(act_id=act.pk)
    assert desk.one("SELECT reference FROM registry_link WHERE entity_id = %s AND rule = 'rule'", world["4"]) == rule.pk
    # A registered name goes before a rule; a number does too.
    assert take(desk, name=written, CF_XDR_SWDJ="410700123456789")[1] == world["1"]
    NamingRule.objects.filter(pk=rule.pk).update(valid_until=today - timedelta(days=1))
    assert take(desk, name=written)[1] is None
    NamingRule.objects.filter(pk=rule.pk).update(valid_until=today)
    actions.revoke_rule(officer, rule.pk, **REASON)
    assert take(desk, name=written)[1] is None


def test_order_does_not_matter_where_it_must_not(desk: Any, world: Any) -> None:
    """The same rows in any order, in one file or one by one, are tied to the same entities."""
    rows = [
        old("示例1号有限公司", desk.code(1), CF_WSH="（序）1号", CF_XDR_GSDJ="410700000000034"),
        old("示例甲乙", CF_WSH="（序）2号", CF_XDR_GSDJ="410700000000034"),
        old("示例3号有限公司", CF_WSH="（序）3号"),
        old("示例无名", CF_WSH="（序）4号", CF_XDR_ZDM=desk.code(2)[8:17]),
        old("示例无人知晓", CF_WSH="（序）5号"),
    ]

    def ties() -> list[tuple[Any, ...]]:
        return desk.rows(
            "SELECT payload ->> 'CF_WSH', min(entity_id), count(DISTINCT entity_id) FROM ledger_version "
            "WHERE payload ->> 'CF_WSH' LIKE '（序）%%' GROUP BY 1 ORDER BY 1"
        )

    expected = [
        ("（序）1号", world["1"], 1),
        ("（序）2号", world["1"], 1),
        ("（序）3号", world["3"], 1),
        ("（序）4号", world["2"], 1),
    ]
    for order in itertools.islice(itertools.permutations(range(5)), 0, 120, 17):
        receipt = desk.take([{**rows[at], "BZ": "".join(map(str, order))} for at in order], "penalty")
        assert receipt.rejected == 1
        assert ties() == expected
