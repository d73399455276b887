"""Conditions of repair (rules.md 7.1): which are asked, which are met, and from which day."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from xinyong.publicity import repair
from xinyong.publicity.clock import NATIONAL_SYSTEM, Facts, Marks, compute
from xinyong.publicity.repair import FAILING, MET, OPEN, eligibility
from xinyong.publicity.rulebook import packaged

BOOK = packaged()


def clock(day: date, *kinds: str, channel: str = "credit-site", kind: str = "penalty", **more: Any) -> Any:
    """A clock."""
    facts = Facts(kind=kind, decided_on=day, received_on=day, kinds=kinds or ("罚款",), **more)
    return compute(facts, BOOK, channel=channel, marks=Marks())


def states(found: repair.Eligibility) -> dict[str, str]:
    """Condition to state."""
    return {answer.condition.id: answer.state for answer in found.answers}


@pytest.mark.parametrize(
    ("article", "day", "today", "kinds", "minimum", "ready"),
    [
        ("REP-01 N36 general, a day early", date(2026, 5, 6), date(2026, 8, 5), ("罚款",), FAILING, date(2026, 8, 6)),
        ("REP-01 N36 general, on the day", date(2026, 5, 6), date(2026, 8, 6), ("罚款",), MET, date(2026, 8, 6)),
        ("REP-01 N36 serious", date(2026, 5, 6), date(2027, 5, 5), ("吊销许可证件",), FAILING, date(2027, 5, 6)),
        (
            "REP-01 N36 serious, on the day",
            date(2026, 5, 6),
            date(2027, 5, 6),
            ("吊销许可证件",),
            MET,
            date(2027, 5, 6),
        ),
        ("PUB-04 N58", date(2025, 11, 30), date(2026, 2, 27), ("罚款",), FAILING, date(2026, 2, 28)),
        ("PUB-04 N58 end of February", date(2025, 11, 30), date(2026, 2, 28), ("罚款",), MET, date(2026, 2, 28)),
    ],
)
def test_minimum(article: str, day: date, today: date, kinds: tuple[str, ...], minimum: str, ready: date) -> None:
    found = eligibility(clock(day, *kinds), "penalty", today)
    assert states(found)["REP-01A"] == minimum and found.ready_on == ready
    assert found.may_apply == (minimum == MET)
    assert states(found)["REP-01B"] == OPEN, "proof is the applicant's"


def test_pub_05_food_waits_a_year() -> None:
    found = clock(date(2025, 12, 1), "吊销许可证件", sectors=frozenset({"food"}))
    assert eligibility(found, "penalty", date(2026, 11, 26)).ready_on == date(2026, 12, 1)


def test_pub_03_and_pub_17_never_early() -> None:
    """Every subject may apply unless the rules say that the item cannot be repaired (REP-02)."""
    specific = clock(date(2023, 4, 1), "责令停产停业", sectors=frozenset({"food"}))
    found = eligibility(specific, "penalty", date(2026, 3, 1))
    assert states(found)["REP-02"] == FAILING and found.ready_on is None and not found.may_apply
    heavy = clock(date(2025, 6, 1), "吊销许可证件", channel=NATIONAL_SYSTEM)
    assert states(eligibility(heavy, "penalty", date(2026, 11, 26)))["REP-05B"] == FAILING


def test_rep_05_conditions_of_the_national_system_end_with_2025() -> None:
    ordinary = clock(date(2025, 1, 2), channel=NATIONAL_SYSTEM)
    before = states(eligibility(ordinary, "penalty", date(2025, 12, 24), listed=True))
    after = states(eligibility(ordinary, "penalty", date(2025, 12, 25), listed=True))
    assert before["REP-05F"] == FAILING and {"REP-05D", "REP-05E"} <= set(before)
    assert not {"REP-05D", "REP-05E", "REP-05F"} & set(after)


def test_rep_07_serious_list_and_rep_12_zhejiang() -> None:
    entry = clock(date(2026, 1, 5), kind="list-serious")
    found = eligibility(entry, "list-serious", date(2026, 11, 26))
    assert states(found)["REP-01A"] == FAILING and found.ready_on == date(2027, 1, 5)
    assert {"REP-07A", "REP-07B"} <= set(states(found))
    general = clock(date(2026, 5, 6))
    zhejiang = eligibility(general, "penalty", date(2026, 11, 26), profile="zhejiang", listed=True)
    assert states(zhejiang)["REP-12"] == FAILING and not zhejiang.may_apply
    assert "REP-12" not in states(eligibility(general, "penalty", date(2026, 11, 26), listed=True))


def test_rep_09_henan_asks_for_removed_harm() -> None:
    general = clock(date(2026, 5, 6))
    found = eligibility(general, "penalty", date(2026, 11, 26), profile="henan", shown=["harm_removed", "performed"])
    assert states(found)["REP-09"] == MET and states(found)["REP-01B"] == MET and states(found)["REP-01C"] == OPEN
    untrue = eligibility(general, "penalty", date(2026, 11, 26), shown=["performed"], failing=["performed"])
    assert states(untrue)["REP-01B"] == FAILING and not untrue.may_apply


def test_lst_22_an_abnormal_entry_is_asked_for_cure_alone() -> None:
    entry = clock(date(2026, 11, 20), kind="list-abnormal")
    found = eligibility(entry, "list-abnormal", date(2026, 11, 26))
    assert found.may_apply and found.ready_on == date(2026, 11, 20) and "REP-01A" not in states(found)


def test_nothing_to_repair_in_what_is_not_public() -> None:
    assert not eligibility(clock(date(2026, 5, 6), "警告"), "penalty", date(2026, 11, 26)).may_apply
    over = clock(date(2025, 1, 6))
    assert eligibility(over, "penalty", date(2026, 11, 26)).answers == ()


def test_ref_15_no_fee_and_no_training_is_a_condition() -> None:
    assert {row.check for row in repair.packaged()} <= set(repair.CHECKS)
    assert not {"training", "fee", "paid_report"} & set(repair.CHECKS)
    with pytest.raises(repair.RepairInvalid, match=r"X-1.*training"):
        repair.parse({"conditions": [{**ROW, "check": "training"}]})


ROW: dict[str, Any] = {
    "id": "X-1", "check": "minimum", "regimes": ["N36"], "lists": [], "profile": "any", "zh": "某", "en": "x",
    "source": "s", "source_en": "s", "article": "a", "certainty": "text", "status": "confirmed",
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "says"),
    [({"certainty": "sure"}, "certainty"), ({"status": "maybe"}, "status"), ({"extra": 1}, "extra")],
)
def test_a_wrong_row_is_refused_by_name(change: dict[str, Any], says: str) -> None:
    with pytest.raises(repair.RepairInvalid, match=f"X-1.*{says}"):
        repair.parse({"conditions": [{**ROW, **change}]})


def test_every_row_is_reached_and_names_its_source() -> None:
    regimes = {row.regime for row in BOOK.regimes}
    for row in repair.packaged():
        assert row.regimes <= regimes and row.lists <= {"abnormal", "serious", "court"}
        assert row.article and row.source and row.source_en and row.profile in {"any", *BOOK.profiles}
