"""Decision tables of rules.md 6 and the dates of 7, article by article, and the invariants of 26 over random facts."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinyong.publicity import clock, facts
from xinyong.publicity.clock import Facts, Marks, compute
from xinyong.publicity.rulebook import Rulebook, packaged
from xinyong.standards import calendar

BOOK = packaged()
FINE, WARNING, REVOCATION = ("罚款",), ("警告",), ("吊销许可证件",)
CRITICISM, STOP, SUSPENSION = ("通报批评",), ("责令停产停业",), ("暂扣许可证件",)
FOOD = frozenset({"food"})
GSXT = clock.NATIONAL_SYSTEM


def penalty(kinds: tuple[str, ...], day: date, **more: Any) -> Facts:
    """A penalty received five days after its decision."""
    return Facts(kind="penalty", decided_on=day, received_on=day + timedelta(days=5), kinds=kinds, **more)


def holding() -> Rulebook:
    """The packaged rules with a ministry's rule that holds stops back (a made-up one: none was read)."""
    raw = dict(BOOK.raw)
    raw["HOLD-X"] = {
        "section": "holds",
        "id": "HOLD-X",
        "ministry": "示例部",
        "ministry_en": "Example ministry",
        "effective_from": "2026-04-01",
        "effective_until": None,
        "source": "示例规定",
        "source_en": "Example rule",
        "article": "PUB-10",
        "certainty": "text",
        "status": "confirmed",
    }
    from xinyong.publicity import rulebook

    return rulebook._bound("test", BOOK.rest, raw, {})


# --- 6.1 by regime ------------------------------------------------------------------------------------------------

#: Article; facts; profile, channel; months to the first day of repair (None: never early) and to the last public day
#: (None: no end by itself); "closed": not public; "start": the clock begins on the first public day.
PERIODS: list[tuple[str, Facts, str, str, Any]] = [
    ("PUB-01 N527 general", penalty(FINE, date(2020, 5, 6)), "national", "credit-site", (3, 12)),
    ("PUB-02 N527 serious", penalty(REVOCATION, date(2020, 5, 6)), "national", "credit-site", (6, 36)),
    ("PUB-03a N527 specific", penalty(STOP, date(2020, 5, 6), sectors=FOOD), "national", "credit-site", (None, 36)),
    (
        "PUB-03b N527 bribery",
        penalty(REVOCATION, date(2020, 5, 6), sectors=frozenset({"integrity"})),
        "national",
        "credit-site",
        (None, 36),
    ),
    (
        "PUB-03 a fine is not specific",
        penalty(FINE, date(2020, 5, 6), sectors=FOOD),
        "national",
        "credit-site",
        (3, 12),
    ),
    ("PUB-04+08 N58 ends with N36", penalty(FINE, date(2024, 5, 6)), "national", "credit-site", (3, 12)),
    ("PUB-04 N58 serious", penalty(REVOCATION, date(2024, 5, 6)), "national", "credit-site", (3, 36)),
    ("PUB-05 N58 food", penalty(REVOCATION, date(2024, 5, 6), sectors=FOOD), "national", "credit-site", (12, 36)),
    (
        "PUB-05 N58 environment is not heavy",
        penalty(REVOCATION, date(2024, 5, 6), sectors=frozenset({"ecology"})),
        "national",
        "credit-site",
        (3, 36),
    ),
    ("PUB-06 N58 warning", penalty(WARNING, date(2024, 5, 6)), "national", "credit-site", "closed"),
    ("PUB-07 N36 minor", penalty(WARNING, date(2026, 5, 6)), "national", "credit-site", "closed"),
    ("PUB-08 N36 general", penalty(FINE, date(2026, 5, 6)), "national", "credit-site", (3, 12)),
    ("PUB-09 N36 serious", penalty(REVOCATION, date(2026, 5, 6)), "national", "credit-site", (12, 36)),
    ("PUB-13 P45 criticism", penalty(CRITICISM, date(2024, 5, 6)), "national", GSXT, (None, 3)),
    ("PUB-13 P45 warning only", penalty(WARNING, date(2024, 5, 6)), "national", GSXT, "closed"),
    ("PUB-14+16 P45 ordinary", penalty(FINE, date(2024, 5, 6)), "national", GSXT, (6, 36)),
    ("PUB-16 P45 food", penalty(FINE, date(2024, 5, 6), sectors=FOOD), "national", GSXT, (12, 36)),
    ("PUB-17 P45 never early", penalty(REVOCATION, date(2024, 5, 6)), "national", GSXT, (None, 36)),
    ("PUB-17 P45 stop-production", penalty(STOP, date(2024, 5, 6)), "national", GSXT, (None, 36)),
    ("PUB-23 S107 warning", penalty(WARNING, date(2026, 1, 6)), "national", GSXT, "closed"),
    ("PUB-24 S107 minor", penalty(CRITICISM, date(2026, 1, 6)), "national", GSXT, (0, 3)),
    ("PUB-25 S107 general", penalty(FINE, date(2026, 1, 6)), "national", GSXT, (3, 12)),
    ("PUB-26 S107 serious", penalty(REVOCATION, date(2026, 1, 6)), "national", GSXT, (12, 36)),
    ("VER-01 N527 first day", penalty(FINE, date(2019, 7, 1)), "national", "credit-site", (3, 12)),
    ("VER-01 N527 last day", penalty(REVOCATION, date(2023, 4, 30)), "national", "credit-site", (6, 36)),
    ("VER-02 N58 first day", penalty(REVOCATION, date(2023, 5, 1)), "national", "credit-site", (3, 36)),
    ("VER-02 N58 last day", penalty(REVOCATION, date(2026, 3, 31)), "national", "credit-site", (3, 36)),
    ("VER-03 N36 first day", penalty(REVOCATION, date(2026, 4, 1)), "national", "credit-site", (12, 36)),
    ("VER-04 P45 last day", penalty(FINE, date(2025, 12, 24)), "national", GSXT, (6, 36)),
    ("VER-11 S107 first day", penalty(FINE, date(2025, 12, 25)), "national", GSXT, (3, 12)),
    ("VER-04 before P45 no national system", penalty(FINE, date(2021, 8, 31)), "national", GSXT, "closed"),
    ("R1 before N527", penalty(FINE, date(2018, 1, 31)), "national", "credit-site", (0, 12)),
    ("CLK-02 end of February", penalty(FINE, date(2027, 11, 30)), "national", "credit-site", (3, 12)),
]


@pytest.mark.parametrize(
    ("article", "given_facts", "profile", "channel", "months"), PERIODS, ids=[p[0] for p in PERIODS]
)
def test_period(article: str, given_facts: Facts, profile: str, channel: str, months: Any) -> None:
    """Counted from the decision under N58 (CLK-06) and N36 (CLK-07), from the first public day under P45 (CLK-08), S107 (CLK-10)."""
    found = compute(given_facts, BOOK, profile=profile, channel=channel)
    if months == "closed":
        assert found.public_from is None and found.latest_end is None
        assert not found.shown_on(given_facts.day) and found.steps
        return
    start = given_facts.day if channel == "credit-site" else given_facts.received_on
    shortest, longest = months
    assert found.public_from == start
    assert found.earliest_repair == (None if shortest is None else calendar.same_day_later(start, shortest))
    assert found.latest_end == calendar.same_day_later(start, longest)
    assert found.shown_on(found.latest_end) and not found.shown_on(found.latest_end + timedelta(days=1))
    assert any(tag.startswith("PUB-") for tag in found.rule.split("+"))
    assert all(step.zh and step.en for step in found.steps)
    for tag in found.rule.split("+"):
        assert BOOK.row(tag) is not None


def test_ver_11_one_penalty_has_two_ends_while_two_regimes_run() -> None:
    """2025-12-25 to 2026-03-31: S107 on the national system, N58 on credit sites."""
    given_facts = penalty(REVOCATION, date(2026, 2, 2), market_regulation=True)
    found = compute(given_facts, BOOK)
    (other,) = found.elsewhere
    assert found.regime == "N58"
    assert found.latest_end == date(2029, 2, 2) and other.latest_end == date(2029, 2, 7)
    assert found.earliest_repair == date(2026, 5, 2) and other.earliest_repair == date(2027, 2, 7)
    assert compute(penalty(REVOCATION, date(2026, 2, 2)), BOOK).elsewhere == ()


def test_pub_15_a_longer_restriction_is_the_period_on_the_national_system() -> None:
    given_facts = penalty(("限制从业",), date(2024, 5, 6), restriction_until=date(2029, 5, 5))
    assert compute(given_facts, BOOK, channel=GSXT).latest_end == date(2029, 5, 5)
    shorter = replace(given_facts, restriction_until=date(2025, 5, 5))
    assert compute(shorter, BOOK, channel=GSXT).latest_end == date(2027, 5, 11)


def test_pub_07_minor_is_public_for_three_months_with_recorded_necessity() -> None:
    found = compute(penalty(WARNING, date(2026, 5, 6)), BOOK, marks=Marks(necessary=True))
    assert (found.public_from, found.earliest_repair, found.latest_end) == (
        date(2026, 5, 6),
        date(2026, 5, 6),
        date(2026, 8, 6),
    )
    assert compute(penalty(WARNING, date(2024, 5, 6)), BOOK, marks=Marks(necessary=True)).public_from is None, "PUB-06"


def test_pub_10_the_maximum_is_automatic_unless_a_loaded_ministry_rule_is_named() -> None:
    given_facts = penalty(FINE, date(2026, 5, 6))
    assert compute(given_facts, BOOK, marks=Marks(hold="HOLD-X")).latest_end == date(2027, 5, 6), "no such rule"
    held = compute(given_facts, holding(), marks=Marks(hold="HOLD-X"))
    assert held.latest_end is None
    assert "HOLD-X" in held.rule.split("+") and held.frozen_by == ("hold:HOLD-X",)
    assert compute(given_facts, holding()).latest_end == date(2027, 5, 6)


@pytest.mark.parametrize(
    ("article", "profile", "end", "after"),
    [
        ("national: none", "national", None, "stop"),
        ("PUB-18 HN", "henan", date(2021, 5, 6), "archive"),
        ("PUB-19 SD", "shandong", date(2021, 5, 6), "delete"),
        ("PUB-20 ZJ", "zhejiang", date(2021, 5, 6), "delete"),
        ("PUB-21 SH", "shanghai", date(2021, 5, 6), "no_query"),
        ("OPN-09 HB: no figure read", "hebei", None, "stop"),
        ("SZ: no figure read", "shenzhen", None, "stop"),
    ],
)
def test_ceiling_of_the_province(article: str, profile: str, end: date | None, after: str) -> None:
    """A serious entry without a maximum would stand for good; the province ends it after five years."""
    raw = {**BOOK.raw, "LST-25B": {**BOOK.raw["LST-25B"], "maximum_months": None}}
    from xinyong.publicity import rulebook

    book = rulebook._bound("test", BOOK.rest, raw, {})
    entry = Facts(kind="list-serious", decided_on=date(2016, 5, 6), received_on=date(2016, 5, 9))
    found = compute(entry, book, profile=profile)
    assert (found.latest_end, found.after) == (end, after)


def test_pub_18_longer_only_while_still_listed() -> None:
    raw = {**BOOK.raw, "LST-25B": {**BOOK.raw["LST-25B"], "maximum_months": None}}
    from xinyong.publicity import rulebook

    book = rulebook._bound("test", BOOK.rest, raw, {})
    entry = Facts(
        kind="list-serious", decided_on=date(2016, 5, 6), received_on=date(2016, 5, 9), listed_until=date(2023, 1, 1)
    )
    assert compute(entry, book, profile="henan").latest_end == date(2023, 1, 1)
    assert compute(entry, book, profile="shanghai").latest_end == date(2021, 5, 6)


def test_pub_19_and_21_count_from_the_end_of_the_act() -> None:
    raw = {**BOOK.raw, "LST-25B": {**BOOK.raw["LST-25B"], "maximum_months": None}}
    from xinyong.publicity import rulebook

    book = rulebook._bound("test", BOOK.rest, raw, {})
    entry = Facts(
        kind="list-serious", decided_on=date(2016, 5, 6), received_on=date(2016, 5, 9), act_ended_on=date(2015, 1, 1)
    )
    for profile in ("shandong", "shanghai"):
        assert compute(entry, book, profile=profile).latest_end == date(2020, 1, 1)
    assert compute(entry, book, profile="zhejiang").latest_end == date(2021, 5, 6)


def test_pub_11_what_an_administrative_regulation_sets_is_not_bounded_by_the_province() -> None:
    entry = Facts(kind="list-abnormal", decided_on=date(2016, 5, 6), received_on=date(2016, 5, 9))
    assert compute(entry, BOOK, profile="henan").latest_end is None


def test_pub_22_trustworthy_items_may_stay() -> None:
    honour = Facts(kind="honour", decided_on=date(2016, 5, 6), received_on=date(2016, 5, 9))
    assert compute(honour, BOOK, profile="henan").latest_end is None
    assert compute(replace(honour, until=date(2019, 1, 1)), BOOK).latest_end == date(2019, 1, 1)


def test_pub_27_a_spot_check_stops_with_the_penalty_for_the_same_act() -> None:
    check = penalty(FINE, date(2026, 5, 6), linked_kind="spot-check", linked_end=date(2026, 9, 1))
    assert compute(check, BOOK).latest_end == date(2026, 9, 1)
    assert compute(replace(check, linked_kind="other"), BOOK).latest_end == date(2027, 5, 6)
    assert compute(replace(check, linked_end=date(2030, 1, 1)), BOOK).latest_end == date(2027, 5, 6)


@pytest.mark.parametrize("state", ["reviewed", "disputed"])
def test_pub_28_review_and_objection_mark_and_move_no_date(state: str) -> None:
    given_facts = penalty(FINE, date(2026, 5, 6))
    plain, marked = compute(given_facts, BOOK), compute(given_facts, BOOK, marks=Marks(states=frozenset({state})))
    assert marked.frozen_by == (state,) and plain.frozen_by == ()
    assert (plain.public_from, plain.latest_end, plain.earliest_repair) == (
        marked.public_from,
        marked.latest_end,
        marked.earliest_repair,
    )


# --- 6.2 severity -------------------------------------------------------------------------------------------------

SEVERITIES = [
    ("SEV-02 revocation", REVOCATION, "serious"),
    ("SEV-02 restriction of business", ("限制开展生产经营活动",), "serious"),
    ("SEV-02 stop-production", STOP, "serious"),
    ("SEV-02 closure", ("责令关闭",), "serious"),
    ("SEV-02 occupation ban", ("限制从业",), "serious"),
    ("SEV-03 suspension", SUSPENSION, "serious"),
    ("SEV-03 the joint kind of 2018", ("暂扣或者吊销许可证、暂扣或者吊销执照",), "serious"),
    ("SEV-03 downgrade", ("降低资质等级",), "serious"),
    ("SEV-04 fine", FINE, "general"),
    ("SEV-04 confiscation of goods", ("没收非法财物",), "general"),
    ("SEV-06 warning", WARNING, "minor"),
    ("SEV-06 criticism", CRITICISM, "minor"),
    ("SEV-06 both", ("警告", "通报批评"), "minor"),
    ("SEV-11 residual", ("其他-示例",), "general"),
    ("CLK-09 the gravest governs", ("警告", "罚款", "吊销许可证件"), "serious"),
    ("CLK-09 a fine beside a warning", ("警告", "罚款"), "general"),
    ("no kind is not minor", (), "general"),
]


@pytest.mark.parametrize(("article", "kinds", "grade"), SEVERITIES, ids=[row[0] for row in SEVERITIES])
def test_severity(article: str, kinds: tuple[str, ...], grade: str) -> None:
    assert compute(penalty(kinds, date(2026, 5, 6)), BOOK).severity == grade


@pytest.mark.parametrize(("kind", "grade"), [("serious", "serious"), ("abnormal", "general"), ("court", "serious")])
def test_sev_01_and_05_list_entries(kind: str, grade: str) -> None:
    entry = Facts(kind=f"list-{kind}", decided_on=date(2026, 5, 6), received_on=date(2026, 5, 9))
    assert compute(entry, BOOK).severity == grade


def test_sev_06_summary_procedure_is_minor() -> None:
    assert compute(penalty(FINE, date(2026, 5, 6), summary_procedure=True), BOOK).severity == "minor"


def test_sev_03_an_extremely_large_fine_sleeps_until_an_officer_enters_the_figure() -> None:
    large = penalty(FINE, date(2026, 5, 6), fine=500.0)
    assert compute(large, BOOK).severity == "general"
    book = BOOK.replaced({"SEV-03B": {"fine_from": 100.0, "revision": 1}}, "next")
    assert compute(large, book).severity == "serious"
    assert compute(replace(large, fine=99.9), book).severity == "general"
    assert compute(replace(large, fine=None), book).severity == "general"


def test_pub_13_the_lower_fine_of_a_province_sleeps_until_entered() -> None:
    small = penalty(("警告", "罚款"), date(2024, 5, 6), fine=0.5)
    assert compute(small, BOOK, channel=GSXT).latest_end == date(2027, 5, 11)
    book = BOOK.replaced({"SEV-33": {"fine_below": 1.0, "revision": 1}}, "next")
    assert compute(small, book, channel=GSXT).latest_end == date(2024, 8, 11)
    assert compute(replace(small, fine=1.0), book, channel=GSXT).latest_end == date(2027, 5, 11)


@pytest.mark.parametrize("grade", ["minor", "general", "serious"])
@pytest.mark.parametrize("day", [date(2018, 5, 6), date(2020, 5, 6), date(2024, 5, 6), date(2026, 5, 6)])
def test_sev_09_10_an_officers_class_governs_in_every_regime(grade: str, day: date) -> None:
    found = compute(penalty(FINE, day), BOOK, marks=Marks(grade=grade))
    assert found.severity == grade
    assert "经办人员" in found.steps[0].zh
    if grade == "minor":
        assert found.public_from is None
    else:
        assert found.latest_end == calendar.same_day_later(day, 12 if grade == "general" else 36)


# --- words that tell the sector -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("act", "organ", "sector"),
    [
        ("经营超过保质期的食品", "示例市市场监督管理局", "food"),
        ("销售劣药", "示例省药品监督管理局", "drug"),
        ("使用未经检验的电梯", "示例市市场监督管理局", "special-equipment"),
        ("未设置安全警示标志", "示例市应急管理局", "work-safety"),
        ("占用消防通道", "示例市住建局", "fire"),
        ("超标排放大气污染物", "示例市城管局", "ecology"),
        ("串通投标", "示例市住建局", "integrity"),
    ],
)
def test_sectors_are_told_by_words(act: str, organ: str, sector: str) -> None:
    assert sector in facts.sectors(BOOK, act, organ)


def test_market_regulation_is_told_by_the_organ() -> None:
    assert facts.market_regulation(BOOK, "示例市市场监督管理局") and not facts.market_regulation(BOOK, "示例市水利局")
    assert facts.sectors(BOOK, "未按规定公示", "示例市水利局") == frozenset()


# --- 26 invariants ------------------------------------------------------------------------------------------------

KINDS = [
    *("警告", "通报批评", "罚款", "没收违法所得", "没收非法财物", "暂扣许可证件", "降低资质等级", "吊销许可证件"),
    *("责令停产停业", "限制从业", "行政拘留", "其他-示例", "暂扣或者吊销许可证、暂扣或者吊销执照"),
]
DAYS = st.dates(min_value=date(2015, 1, 1), max_value=date(2035, 12, 31))
SETS = st.lists(st.sampled_from(KINDS), max_size=4).map(tuple)
MAYBE = st.none() | DAYS


@st.composite
def any_facts(draw: st.DrawFn) -> Facts:
    """Any record the rules may be asked about."""
    day = draw(DAYS)
    return Facts(
        kind=draw(
            st.sampled_from(["penalty"] * 4 + ["list-serious", "list-abnormal", "list-court", "honour", "licence"])
        ),
        decided_on=draw(st.none() | st.just(day)),
        received_on=day + timedelta(days=draw(st.integers(0, 900))),
        kinds=draw(SETS),
        sectors=draw(st.frozensets(st.sampled_from(sorted(BOOK.sectors)), max_size=3)),
        market_regulation=draw(st.booleans()),
        summary_procedure=draw(st.booleans()),
        fine=draw(st.none() | st.floats(0, 1e6)),
        restriction_until=draw(MAYBE),
        named_end=draw(MAYBE),
        left_on=draw(MAYBE),
        planned_end=draw(MAYBE),
        until=draw(MAYBE),
        act_ended_on=draw(MAYBE),
        listed_until=draw(MAYBE),
        linked_kind=draw(st.sampled_from(["", "spot-check"])),
        linked_end=draw(MAYBE),
    )


MARKS = st.builds(
    Marks,
    states=st.frozensets(st.sampled_from(["disputed", "reviewed", "classified"])),
    grade=st.sampled_from(["", "minor", "general", "serious"]),
    necessary=st.booleans(),
    hold=st.sampled_from(["", "HOLD-X", "NO-SUCH-RULE"]),
)
PROFILES = st.sampled_from(sorted(BOOK.profiles))
HOLDING = holding()


@given(any_facts(), MARKS, PROFILES, st.booleans())
def test_invariant_26_1_order_of_dates_and_the_maximum(
    given_facts: Facts, marks: Marks, profile: str, loaded: bool
) -> None:
    book = HOLDING if loaded else BOOK
    for channel in book.channels:
        found = compute(given_facts, book, profile=profile, channel=channel, marks=marks)
        assert len(found.rule) <= 60 and found.certainty in ("confirmed", "to_be_confirmed")
        if found.public_from is None:
            assert found.latest_end is None and found.earliest_repair is None
            continue
        assert found.latest_end is None or found.public_from <= found.latest_end
        if found.earliest_repair is not None:
            assert found.public_from <= found.earliest_repair
            assert found.latest_end is None or found.earliest_repair <= found.latest_end
        held = any(name.startswith("hold:") for name in found.frozen_by)
        if given_facts.kind == "penalty":
            assert held == (found.latest_end is None), "without an end only under a hold that names its rule"
            if not held and found.latest_end is not None and given_facts.restriction_until is None:
                assert found.latest_end <= calendar.same_day_later(found.public_from, 36)
                if channel == "credit-site" and found.severity == "general":
                    assert found.latest_end <= calendar.same_day_later(found.public_from, 12)
        if held:
            (hold,) = [name.removeprefix("hold:") for name in found.frozen_by if name.startswith("hold:")]
            assert hold in book.rows


@given(SETS, DAYS, st.frozensets(st.sampled_from(sorted(BOOK.sectors)), max_size=2))
def test_invariant_26_2_the_later_regime_never_ends_later(kinds: tuple[str, ...], day: date, sectors: Any) -> None:
    """Same facts decided under N58 and under N36."""
    shift = date(2024, day.month, min(day.day, 28)), date(2028, day.month, min(day.day, 28))
    older, newer = (compute(penalty(kinds, when, sectors=sectors), BOOK) for when in shift)
    if newer.public_from is None or older.public_from is None:
        assert newer.public_from is None
        return
    assert older.latest_end is not None and newer.latest_end is not None
    assert newer.latest_end <= calendar.same_day_later(older.latest_end, 48)


@given(any_facts(), PROFILES, DAYS)
def test_ref_08_a_named_end_never_lengthens(given_facts: Facts, profile: str, named: date) -> None:
    computed = compute(replace(given_facts, named_end=None), BOOK, profile=profile)
    with_end = compute(replace(given_facts, named_end=named), BOOK, profile=profile)
    if computed.public_from is None:
        assert with_end.public_from is None
    elif given_facts.kind == "penalty" and with_end.public_from is not None:
        assert computed.latest_end is not None
        assert with_end.latest_end == min(named, computed.latest_end)


@given(any_facts(), MARKS, PROFILES)
def test_ref_06_minor_is_never_public_without_recorded_necessity(
    given_facts: Facts, marks: Marks, profile: str
) -> None:
    found = compute(given_facts, BOOK, profile=profile, marks=marks)
    if found.severity == "minor" and not marks.necessary:
        assert found.public_from is None


@given(DAYS, MAYBE, MAYBE, st.sampled_from(["abnormal", "serious", "court"]))
def test_pub_26_list_entries_are_shown_while_they_stand(
    entered: date, left: date | None, planned: date | None, kind: str
) -> None:
    entry = Facts(kind=f"list-{kind}", decided_on=entered, received_on=entered, left_on=left, planned_end=planned)
    found = compute(entry, BOOK)
    if found.public_from is None:
        assert (left is not None and left <= entered) or (planned is not None and planned < entered)
        return
    assert found.public_from == entered
    if left is not None:
        assert found.latest_end is not None and found.latest_end < left, "still public on the day it left"
    if planned is not None:
        assert found.latest_end is not None and found.latest_end <= planned
    if kind == "serious":
        assert found.latest_end is not None and found.latest_end <= calendar.same_day_later(entered, 36)
