"""The state machine of rules.md 6.3: every row, and random sequences of acts that never leave it."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import yaml

from xinyong.ledger import rules as ledger
from xinyong.publicity import facts, machine
from xinyong.publicity.clock import Clock, Facts, Marks, compute
from xinyong.publicity.rulebook import packaged

BOOK = packaged()
TODAY = date(2026, 11, 26)


def penalty(days: int, *kinds: str) -> Facts:
    """A penalty decided so many days ago."""
    day = TODAY - timedelta(days=days)
    return Facts(kind="penalty", decided_on=day, received_on=day, kinds=kinds or ("罚款",))


def clock(days: int, *kinds: str, **marks: Any) -> Clock:
    """Its clock."""
    return compute(penalty(days, *kinds), BOOK, profile="henan", marks=Marks(**marks))


def refused(act: str, found: Clock | None, *opened: str, cause: str = "", kind: str = "penalty") -> str:
    """Why an act may not happen; empty when it may."""
    why = machine.refusal(act, cause, found, opened, TODAY, kind, BOOK)
    return why[1] if why else ""


@pytest.mark.parametrize(
    ("article", "found", "opened", "state"),
    [
        ("P45 2, 6, 8 publish due", clock(10), [], "public"),
        ("PUB-07 minor stays closed", clock(10, "警告"), [], "not_public"),
        ("PUB-07 necessity recorded", clock(10, "警告", necessary=True), [], "public"),
        ("COL-29 withdrawn", clock(10), ["withdrawn"], "withdrawn"),
        ("HN 41 objection stays public", clock(10), ["disputed"], "public"),
        ("PUB-28 review stays public", clock(10), ["reviewed"], "public"),
        ("N36 3 repair", clock(200), ["repaired"], "stopped_repaired"),
        ("PUB-10 maximum reached", clock(400), [], "stopped_expired"),
        ("REP-18 masked", clock(10), ["masked"], "masked"),
        ("HN 44 archived", clock(400), ["archived"], "archived"),
        ("withdrawn goes before repair", clock(200), ["repaired", "withdrawn"], "withdrawn"),
        ("a decision of tomorrow", clock(-1), [], "scheduled"),
        ("nothing for the public", None, [], "not_public"),
    ],
)
def test_state(article: str, found: Clock | None, opened: list[str], state: str) -> None:
    assert machine.state(found, opened, TODAY) == state


def test_the_day_alone_brings_a_record_in_and_out() -> None:
    found = clock(0)
    assert found.public_from is not None and found.latest_end is not None
    before, after = found.public_from - timedelta(days=1), found.latest_end + timedelta(days=1)
    states = [machine.state(found, (), day) for day in (before, found.public_from, found.latest_end, after)]
    assert states == ["scheduled", "public", "public", "stopped_expired"]


@pytest.mark.parametrize(
    ("article", "act", "found", "opened", "says"),
    [
        ("REP-01 too early", "repaired", clock(10), [], "shortest period"),
        ("REP-01 minimum reached", "repaired", clock(200), [], ""),
        ("PUB-03 no repair", "repaired", None, [], "cannot happen"),
        ("N36 3 after the end nothing is repaired", "repaired", clock(400), [], "cannot happen"),
        ("HN 44 only what stopped is archived", "archived", clock(10), [], "cannot happen"),
        ("HN 44 archived after the end", "archived", clock(400), [], ""),
        ("HN 44 archived after repair", "archived", clock(200), ["repaired"], ""),
        ("APL 48 withdrawn", "withdrawn", clock(10), [], ""),
        ("APL 48 once", "withdrawn", clock(10), ["withdrawn"], "cannot happen"),
        ("APL 48 reinstated", "reinstated", clock(10), ["withdrawn"], ""),
        ("REP-18 mask what is public", "masked", clock(10), [], ""),
        ("REP-18 not what is over", "masked", clock(400), [], "cannot happen"),
        ("PUB-10 expiry is automatic", "expired", clock(10), [], "cannot happen"),
        ("PUB-10 no ministry rule loaded", "held", clock(10), [], "PUB-10"),
        ("REF-06 necessity for minor only", "necessity_recorded", clock(10), [], "cannot happen"),
        ("REF-06 necessity", "necessity_recorded", clock(10, "警告"), [], ""),
        ("SEV-10 class", "classified", clock(10), [], ""),
        ("SEV-10 a closed case is not classed again", "classified", clock(400), [], "cannot happen"),
        ("HN 41 objection to what is withdrawn", "disputed", clock(10), ["withdrawn"], "cannot happen"),
    ],
)
def test_guard(article: str, act: str, found: Clock | None, opened: list[str], says: str) -> None:
    why = refused(act, found, *opened)
    assert (says in why) if says else why == ""


def test_pub_03_the_specific_serious_cannot_be_repaired() -> None:
    """An N527 case of that class ends early under no application, whatever the date."""
    facts_then = Facts(
        kind="penalty",
        decided_on=date(2023, 4, 1),
        received_on=date(2023, 4, 1),
        kinds=("责令停产停业",),
        sectors=frozenset({"food"}),
    )
    found = compute(facts_then, BOOK)
    why = machine.refusal("repaired", "", found, (), date(2026, 3, 1), "penalty", BOOK)
    assert why is not None and "cannot end early" in why[1]


def test_sev_01_list_entries_are_not_classed_one_by_one() -> None:
    assert "class of their list" in refused("classified", clock(10), kind="list-serious")


def test_lst_22_an_abnormal_entry_is_repaired_as_soon_as_it_is_cured() -> None:
    entry = Facts(kind="list-abnormal", decided_on=TODAY, received_on=TODAY)
    assert machine.refusal("repaired", "", compute(entry, BOOK), (), TODAY, "list-abnormal", BOOK) is None


TEXT = yaml.safe_dump(
    {
        "version": "1",
        "states": [{"code": "public", "zh": "公", "en": "p", "shown": True}],
        "acts": [
            {
                "id": "X-1",
                "act": "withdrawn",
                "from": ["public"],
                "to": "public",
                "source": "s",
                "source_en": "s",
                "article": "a",
                "certainty": "text",
                "status": "confirmed",
            }
        ],
    }
)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("act: withdrawn", "act: nonsense", "X-1.*knows no act"),
        ("- public\n", "- nowhere\n", "X-1.*no state"),
        ("to: public", "to: nowhere", "X-1.*no state"),
        ("to: public", "to: public\n  guard: someone", "X-1.*no guard"),
        ("version", "version", "acts without a row"),
    ],
)
def test_a_wrong_table_is_refused_with_its_row(old: str, new: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        machine.parse(yaml.safe_load(TEXT.replace(old, new, 1)))


def test_model_check_random_acts_never_leave_the_table_and_never_publish_what_may_not_be() -> None:
    """2000 records, each with up to 12 attempts at random acts over random days."""
    draw = random.Random(20261126)
    acts, states = ledger.rule_set().acts, set(machine.table().states)
    kinds = ["罚款", "警告", "吊销许可证件", "通报批评"]
    reached: Counter[str] = Counter()
    done_acts: Counter[str] = Counter()
    for _ in range(2000):
        given = penalty(draw.randrange(0, 500), draw.choice(kinds))
        history: list[ledger.Done] = []
        day = TODAY - timedelta(days=draw.randrange(0, 100))
        for number in range(draw.randrange(1, 12)):
            day += timedelta(days=draw.choice([0, 0, 1, 30, 120, 300]))
            act = acts[draw.choice(list(acts))]
            cause = draw.choice(list(act.causes)) if act.causes else "NO-RULE" if act.cause_from else ""
            marks = facts.marks(history)
            before = compute(given, BOOK, profile="henan", marks=marks)
            was = machine.state(before, marks.states, day)
            try:
                ledger.answered(act, history)
            except ledger.NotPossible:
                continue
            if machine.refusal(act.code, cause, before, marks.states, day, "penalty", BOOK) is not None:
                continue
            moment = datetime(day.year, day.month, day.day, tzinfo=UTC)
            history.append(ledger.Done(number=number, act=act.code, effective_at=moment, cause=cause))
            marks = facts.marks(history)
            after = compute(given, BOOK, profile="henan", marks=marks)
            now = machine.state(after, marks.states, day)
            step = machine.table().steps[act.code]
            assert was in step.origins and now in states
            assert step.to in ("same", "clock", now) and (step.to != "same" or now == was)
            reached[now] += 1
            done_acts[act.code] += 1
            if now == "public":
                # 26.3: nothing that was repaired, ended, withdrawn, archived or masked; REF-06: no minor without necessity.
                assert after.shown_on(day) and not ledger.hidden(marks.states)
                assert after.severity != "minor" or marks.necessary
            if now == "stopped_repaired":
                assert before.earliest_repair is None or was != "public" or day >= before.earliest_repair
            if was in ("archived",):
                assert now == "archived", "there is no way back from the archive"
    assert set(reached) == states
    assert set(done_acts) == set(acts) - {"held", "hold_ended"}, "every act happened somewhere"
