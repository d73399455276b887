"""Rows of rules.md 6 to 8 that stand in data: each by its number, with what it must give. See also test_machine, test_clock."""

from __future__ import annotations

from datetime import date, timedelta
from importlib import resources
from typing import Any

import pytest
import yaml

from xinyong.publicity import repair, rulebook, timers
from xinyong.publicity.clock import Facts, Marks, compute
from xinyong.publicity.rulebook import CONFIRMED, RulesInvalid, packaged
from xinyong.remedies import machine, rules
from xinyong.standards import calendar

#: article, timer, profile, day the time begins, length and unit; None: no limit of that kind runs then.
LIMITS: list[tuple[str, str, str, date, tuple[int, str] | None]] = [
    ("REP-28 R21: accept in 2 wd", "repair-accept-samr", "henan", date(2025, 12, 24), (2, "working_days")),
    ("REP-28 S107: as everywhere", "repair-accept-samr", "henan", date(2025, 12, 25), None),
    ("REP-29 R21: abnormal list in 5 wd", "list-abnormal-out", "henan", date(2025, 12, 24), (5, "working_days")),
    ("REP-31 R21: stop display in 3 wd", "repair-sync-samr", "henan", date(2025, 12, 24), (3, "working_days")),
    ("REP-31 S107: the day after", "repair-sync-samr", "henan", date(2025, 12, 25), None),
    ("REP-32 N58: accept in 2 wd", "repair-accept", "henan", date(2025, 6, 21), (2, "working_days")),
    ("REP-32 N58: decide in 3 wd", "repair-decide", "henan", date(2025, 6, 21), (3, "working_days")),
    ("REP-23 G22: accept in 3 wd", "repair-accept", "henan", date(2025, 6, 22), (3, "working_days")),
    ("REP-24 G22: decide in 7 wd", "repair-decide", "henan", date(2025, 6, 22), (7, "working_days")),
    ("REP-38 REP-47 three years without a new application", "repair-bar", "henan", date(2026, 5, 6), (36, "months")),
    ("REP-41 S107: push across provinces in 3 wd", "repair-push", "henan", date(2025, 12, 25), (3, "working_days")),
    ("REP-41 not before S107", "repair-push", "henan", date(2025, 12, 24), None),
    ("OBJ-09 EIP14 13: a tip is dealt with in 20 wd", "tip", "henan", date(2026, 5, 6), (20, "working_days")),
    ("OBJ-04 SH 36: agencies are no party here, sites have 5 wd", "objection-own", "shanghai", date(2026, 5, 6), (5, "working_days")),
]  # fmt: skip


@pytest.mark.parametrize(("article", "timer", "profile", "day", "wanted"), LIMITS, ids=[row[0] for row in LIMITS])
def test_limit(article: str, timer: str, profile: str, day: date, wanted: tuple[int, str] | None) -> None:
    row = timers.find(timer, profile, day)
    assert (None if row is None else (row.length, row.unit)) == wanted


@pytest.mark.parametrize(
    ("article", "act", "day", "wanted"),
    [
        ("REP-28", "route", date(2025, 12, 24), {"repair-accept": "T-REP-ACC-SAMR-21"}),
        ("REP-28", "route", date(2025, 12, 25), {"repair-accept": "T-REP-ACC"}),
        ("REP-30", "accept", date(2025, 12, 24), {"repair-decide": "T-REP-SAMR-21"}),
        ("REP-31", "grant", date(2025, 12, 24), {"repair-sync": "T-REP-SYNC-SAMR-21"}),
        ("REP-31", "grant", date(2025, 12, 25), {"repair-sync": "T-REP-SYNC"}),
    ],
)
def test_market_regulation_had_rows_of_its_own(article: str, act: str, day: date, wanted: dict[str, str]) -> None:
    begun = rules.begun(machine.table().acts["repair"][act], day, profile="national", market=True)
    assert wanted.items() <= {limit.timer: limit.row for limit in begun}.items()


@pytest.mark.parametrize("timer", ["objection-own", "objection-provider", "objection-all"])
def test_obj_12_obj_13_no_figure_is_claimed_where_the_national_rules_show_none(timer: str) -> None:
    """G22 says "promptly", and the figure of N36 was not visible: the platform's own limit runs, and says whose it is."""
    row = timers.find(timer, "national", date(2026, 5, 6))
    assert row is not None and row.profile == "any"
    assert row.certainty == "ours" and row.status != CONFIRMED


def conditions(kind: str, day: date, profile: str = "henan", kinds: tuple[str, ...] = ("罚款",)) -> set[str]:
    """Numbers of the conditions that are asked for."""
    which = kind.removeprefix("list-") if kind.startswith("list-") else ""
    facts = Facts(kind=kind, decided_on=day, received_on=day, kinds=kinds if not which else ())
    clock = compute(facts, packaged(), profile=profile)
    return {
        answer.condition.id
        for answer in repair.eligibility(clock, kind, day + timedelta(days=30), profile=profile).answers
    }


@pytest.mark.parametrize(
    ("article", "kind", "asked", "never"),
    [
        ("REP-03 REP-17 end of the publicity of a penalty", "penalty", {"REP-01A", "REP-01B", "REP-01C"}, set()),
        (
            "REP-03 REP-08 removal from a serious list",
            "list-serious",
            {"REP-01A", "REP-07A", "REP-07B", "REP-08"},
            set(),
        ),
        ("REP-03 REP-06 repair of an abnormal entry: cured", "list-abnormal", {"REP-01B", "REP-01C"}, {"REP-01A"}),
    ],
)
def test_what_can_be_repaired_and_on_which_conditions(
    article: str, kind: str, asked: set[str], never: set[str]
) -> None:
    found = conditions(kind, date(2026, 5, 6))
    assert asked <= found and not never & found


def test_rep_10_rep_11_shenzhen_asks_no_measure_beyond_the_national_ones_but_three_years_after_abuse() -> None:
    national, shenzhen = (conditions("penalty", date(2026, 5, 6), profile) for profile in ("national", "shenzhen"))
    assert shenzhen - national == {"REP-11"} and national <= shenzhen


def test_rep_16_nothing_costs_and_nothing_is_trained_for() -> None:
    """No timer, condition, material or act speaks of a fee, a training or a paid report."""
    for name in ("repair.yml", "remedies.yml", "timers.yml"):
        loaded = yaml.safe_load((resources.files("xinyong.datapacks") / "rules" / name).read_text("utf-8"))
        text = yaml.safe_dump({key: value for key, value in loaded.items() if key != "templates"}, allow_unicode=True)
        assert not [word for word in ("收费", "培训", "费用", "购买") if word in text], name


@pytest.mark.parametrize(
    ("article", "code", "years", "months"), [("REP-13", "wage-arrears", 3, 6), ("REP-14", "work-safety", 3, 12)]
)
def test_ministries_lists_end_and_can_be_left_early(article: str, code: str, years: int, months: int) -> None:
    loaded = yaml.safe_load((resources.files("xinyong.datapacks") / "lists" / f"{code}.yml").read_text("utf-8"))
    assert loaded["period"]["least"] == loaded["period"]["most"] == years * 12
    assert loaded["early_exit"]["after_months"] == months


@pytest.mark.parametrize(
    ("article", "question"),
    [
        ("WHO-03 abnormal status of an individual business", {"kind": "repair", "listed": True}),
        ("WHO-04 penalty of market regulation", {"kind": "repair"}),
        ("WHO-08 OBJ-11 objection to a listing", {"kind": "objection", "listed": True}),
    ],
)
def test_whoever_determined_decides(article: str, question: dict[str, Any]) -> None:
    assert machine.table().deciders[rules.matter(**question)].decides == "provider"


def test_pub_12_sev_10_a_ministrys_own_standard_governs_by_a_named_officer() -> None:
    day = date(2026, 5, 6)
    facts = Facts(kind="penalty", decided_on=day, received_on=day, kinds=("罚款",))
    assert compute(facts, packaged(), profile="henan").severity == "general"
    assert compute(facts, packaged(), profile="henan", marks=Marks(grade="serious")).severity == "serious"


def test_sev_08_a_local_scale_of_four_levels_is_no_severity() -> None:
    book = packaged()
    row = next(row.id for row in book.severity if row.scale == book.severity_scale and row.grade == "minor")
    with pytest.raises(RulesInvalid, match="only say minor, general and serious"):
        book.replaced({row: {"grade": "relatively-serious"}}, "x")


def test_rep_44_a_decision_is_a_paper_of_its_own() -> None:
    """The texts of the decisions on repair exist for every outcome, so that each can be downloaded."""
    loaded = yaml.safe_load((resources.files("xinyong.datapacks") / "notices" / "notices.yml").read_text("utf-8"))
    acts = {act for item in loaded["documents"] if item["kind"] == "repair" for act in item["acts"]}
    assert {"accept", "refuse", "gaps", "grant", "deny", "revoke"} <= acts


def test_rep_46_every_act_of_an_officer_that_decides_names_a_party_and_an_article() -> None:
    for act in machine.table().acts["repair"].values():
        if act.by & {"provider"} and act.outcome:
            assert act.article and act.reason, act.act


# --- calendar versions (rules.md 3) -----------------------------------------------------------------------------------

#: article, timer, first day, last day by the notices.
DAYS: list[tuple[str, str, date, date]] = [
    ("CLK-03 CLK-04 New Year 2024: 1 January off", "objection-own", date(2023, 12, 29), date(2024, 1, 4)),
    ("New Year 2025: one day in the week", "objection-own", date(2024, 12, 30), date(2025, 1, 3)),
    ("New Year 2023: 31 December to 2 January", "objection-own", date(2022, 12, 29), date(2023, 1, 4)),
    ("National Day 2025 with Mid-Autumn: 1 to 8 October, 28 September worked", "objection-own", date(2025, 9, 26), date(2025, 9, 30)),
    ("National Day 2025: 11 October worked", "objection-own", date(2025, 9, 30), date(2025, 10, 11)),
    ("National Day 2024: 29 September and 12 October worked", "objection-all", date(2024, 9, 28), date(2024, 10, 12)),
    ("National Day 2023: 7 and 8 October worked", "objection-own", date(2023, 9, 28), date(2023, 10, 9)),
    ("Spring Festival 2024: 4 and 18 February worked", "objection-own", date(2024, 2, 9), date(2024, 2, 20)),
    ("Spring Festival 2020, made longer in its midst", "objection-own", date(2020, 1, 23), date(2020, 2, 5)),
]  # fmt: skip


@pytest.mark.parametrize(("article", "timer", "start", "day"), DAYS, ids=[row[0] for row in DAYS])
def test_days_off_and_make_up_days(article: str, timer: str, start: date, day: date) -> None:
    row = timers.find(timer, "henan", start)
    assert row is not None
    found = timers.due(row, start)
    # Counted by hand from the notice: every day between is off or worked as it says.
    assert calendar.official().working_days_between(start, found.day) == row.length
    assert found.day == day


@pytest.mark.parametrize("year", range(2008, 2027))
def test_no_deadline_ends_on_a_day_off_at_the_turn_of_any_year(year: int) -> None:
    official = calendar.official()
    for timer in ("objection-own", "objection-all", "repair-bar", "objection-review-ask"):
        for start in (date(year, 1, 1) - timedelta(days=back) for back in range(1, 12)):
            row = timers.find(timer, "henan", start)
            assert row is not None
            due = timers.due(row, start, provisional=True)
            assert due.deadline.provisional or official.is_working_day(due.day)


def test_sev_07_the_national_code_list_has_a_place_and_is_not_made_up() -> None:
    """Its number and codes were not found (OPN-14): no row claims it, and an officer's class governs until it is loaded."""
    assert not [row.id for row in packaged().severity if "分类指南" in row.source and row.status == rulebook.CONFIRMED]
