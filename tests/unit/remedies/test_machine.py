"""Decision tables of rules.md 7 and 8: every row, who may do it, which limits it begins, what stands in its way."""

from __future__ import annotations

import random
from copy import deepcopy
from dataclasses import replace
from datetime import date, timedelta
from importlib import resources
from typing import Any

import pytest
import yaml

from xinyong.publicity import repair
from xinyong.publicity.clock import Facts as ClockFacts
from xinyong.publicity.clock import compute
from xinyong.publicity.rulebook import packaged
from xinyong.remedies import machine, rules
from xinyong.remedies.rules import Facts, Limit, Wish

TODAY = date(2026, 11, 26)
TABLE = machine.table()
BOOK = packaged()


def limit(timer: str, row: str, due: date, **more: Any) -> Limit:
    return Limit(timer=timer, row=row, starts_on=due - timedelta(days=5), due_on=due, **more)


def eligible(days: int = 200, *shown: str, failing: tuple[str, ...] = ()) -> repair.Eligibility:
    """Conditions of an ordinary fine decided so many days ago."""
    day = TODAY - timedelta(days=days)
    clock = compute(ClockFacts(kind="penalty", decided_on=day, received_on=day, kinds=("罚款",)), BOOK, profile="henan")
    return repair.eligibility(clock, "penalty", TODAY, profile="henan", shown=shown, failing=failing)


MET = ("performed", "corrected", "committed", "harm_removed", "other_rules")
SIGNED = Facts(kind="repair", state="draft", signed=True, materials=frozenset({"proof"}), eligibility=eligible())
LATE = limit("objection-provider", "OBJ-01C", TODAY - timedelta(days=1))
RUNNING = limit("objection-all", "OBJ-01B", TODAY + timedelta(days=3))


def says(facts: Facts, act: str, party: str, **more: Any) -> str:
    """Why an act may not happen, in English; empty when it may."""
    wish = Wish(act=act, party=party, **{"reason": "经核实。", **more})
    why = rules.refusal(facts, wish, TODAY)
    return why[1] if why else ""


# --- rules.md 8.3: the machine of objection -----------------------------------------------------------------------

OBJECTION = [
    ("8.3 HN 41: handed in", "new", "submit", "applicant", "submitted", {}),
    ("8.3 HN 41 SZ 50: the form check passes, marked at once", "submitted", "accept", "system", "accepted", {}),
    ("8.3: a doubt goes to an officer", "submitted", "doubt", "system", "form_check", {}),
    ("8.3: an officer accepts", "form_check", "accept", "platform", "accepted", {}),
    ("8.3: an officer does not accept", "form_check", "turn_away", "platform", "notified", {}),
    ("8.3 SZ 50: compare with what was sent", "accepted", "compare", "platform", "comparing", {}),
    ("8.3 WHO-05 SZ 51: it differs, own fix", "comparing", "take_over", "platform", "own_fix", {}),
    ("8.3 WHO-06 SZ 51: it is the same, forward", "comparing", "forward", "platform", "forwarded", {}),
    ("8.3 OBJ-07: forward at once", "accepted", "forward", "platform", "forwarded", {}),
    ("8.3 OBJ-01: the provider checks", "forwarded", "take_up", "provider", "provider_checking", {}),
    ("8.3 HN 41: upheld", "provider_checking", "uphold", "provider", "upheld", {"remedy": "correct"}),
    ("8.3 HN 41: rejected", "provider_checking", "reject", "provider", "rejected", {}),
    ("8.3 OBJ-06 OBJ-08: unresolved", "forwarded", "cannot_verify", "provider", "unresolved", {}),
    ("8.3 OBJ-01: corrected and told", "own_fix", "fix", "platform", "notified", {"remedy": "correct"}),
    ("8.3: upheld and told", "upheld", "notify", "platform", "notified", {}),
    ("8.3: rejected and told", "rejected", "notify", "platform", "notified", {}),
    ("8.3 OBJ-08: unresolved and told", "unresolved", "notify_unresolved", "platform", "notified", {}),
    ("8.3: closed", "notified", "close", "system", "closed", {}),
    ("8.3 WHO-07 ZJ 31: review upholds", "review", "review_uphold", "platform", "upheld", {"remedy": "correct"}),
    ("8.3 WHO-07 ZJ 31: review rejects", "review", "review_reject", "platform", "rejected", {}),
    ("8.3: silence is escalated", "forwarded", "escalate", "system", "forwarded", {}),
]


@pytest.mark.parametrize(("article", "state", "act", "party", "after", "more"), OBJECTION)
def test_objection(article: str, state: str, act: str, party: str, after: str, more: dict[str, Any]) -> None:
    facts = Facts(kind="objection", state=state, ground="factual")
    assert says(facts, act, party, **more) == ""
    assert TABLE.acts["objection"][act].after(state) == after
    for other in {"applicant", "platform", "provider", "system"} - TABLE.acts["objection"][act].by:
        assert "is for" in says(facts, act, other, **more), "nobody stands in for another"


def test_obj_8_3_the_states_are_those_of_the_table() -> None:
    assert set(TABLE.states["objection"]) == {
        *("submitted", "form_check", "accepted", "comparing", "own_fix", "forwarded", "provider_checking", "upheld"),
        *("rejected", "unresolved", "notified", "closed", "review"),
    }


def test_rep_7_3_the_states_are_those_of_the_table() -> None:
    assert set(TABLE.states["repair"]) == {
        *("draft", "submitted", "returned_for_gaps", "forwarded", "accepted", "refused", "verifying", "granted"),
        *("denied", "synced", "closed", "revoked"),
    }


# --- rules.md 8.2: grounds and remedies ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("article", "ground", "remedies", "acts"),
    [
        ("OBJ-20 ZJ 30 SZ 51 factual error", "factual", ["correct", "delete"], ["corrected", "withdrawn"]),
        ("OBJ-21 ZJ 30 clerical error", "clerical", ["correct"], ["corrected"]),
        ("OBJ-22 ZJ 30 SZ 51 omission", "omission", ["supplement"], ["corrected"]),
        ("OBJ-23 ZJ 30 SZ 51 past its period", "past_period", ["stop_display"], ["withdrawn"]),
        ("OBJ-24 ZJ 30 SZ 51 not listable", "not_listable", ["remove_from_list"], ["withdrawn"]),
        (
            "OBJ-25 HN 41 SH 36 rights",
            "rights",
            ["as_found", "stop_display", "correct", "delete"],
            ["corrected", "withdrawn", "corrected", "withdrawn"],
        ),
        ("OBJ-26 HN 66 wrongly listed", "wrongly_listed", ["restore"], ["withdrawn"]),
    ],
)
def test_ground(article: str, ground: str, remedies: list[str], acts: list[str]) -> None:
    facts = Facts(kind="objection", state="forwarded", ground=ground)
    assert list(TABLE.grounds[ground].remedies) == remedies
    assert [TABLE.remedies[code].record for code in remedies] == acts
    for code in TABLE.remedies:
        refused = says(facts, "uphold", "provider", remedy=code)
        assert bool(refused) == (code not in remedies), code
    assert "choose what is done" in says(facts, "uphold", "provider")


def test_obj_24_26_only_list_entries_have_grounds_of_lists() -> None:
    assert {code for code, ground in TABLE.grounds.items() if ground.lists} == {"not_listable", "wrongly_listed"}


def test_hn_66_an_apology_is_owed_in_words() -> None:
    assert "赔礼道歉" in TABLE.remedies["restore"].duty("zh")


# --- rules.md 8.1: limits -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("article", "profile", "act", "expected"),
    [
        (
            "OBJ-01 HN: 3 wd own, 7 wd all",
            "henan",
            "accept",
            {"objection-own": 3, "objection-all": 7, "objection-compare": 1},
        ),
        (
            "OBJ-02 SD: 3 wd own, 7 wd all",
            "shandong",
            "accept",
            {"objection-own": 3, "objection-all": 7, "objection-compare": 1},
        ),
        ("OBJ-03 SH: 5 wd own", "shanghai", "accept", {"objection-own": 5, "objection-all": 7, "objection-compare": 1}),
        ("OBJ-05 ZJ: 5 wd", "zhejiang", "accept", {"objection-own": 5, "objection-all": 5, "objection-compare": 1}),
        (
            "OBJ-07 SZ: 1 wd compare",
            "shenzhen",
            "accept",
            {"objection-own": 1, "objection-all": 7, "objection-compare": 1},
        ),
        ("OBJ-01 HN: provider 3 wd", "henan", "forward", {"objection-provider": 3}),
        ("OBJ-03 SH: provider 5 wd", "shanghai", "forward", {"objection-provider": 5}),
        ("OBJ-07 SZ: provider 2 wd", "shenzhen", "forward", {"objection-provider": 2}),
    ],
)
def test_objection_limits(article: str, profile: str, act: str, expected: dict[str, int]) -> None:
    from xinyong.standards import calendar

    begun = rules.begun(TABLE.acts["objection"][act], TODAY, profile=profile, market=False)
    days = calendar.official()
    assert {item.timer: item.due_on for item in begun} == {
        timer: days.add_working_days(TODAY, count, provisional=True).day for timer, count in expected.items()
    }


def test_obj_01_the_seventh_working_day_over_new_year() -> None:
    """Received on 30 December 2025: 1 to 3 January are days off and 4 January is worked (notice for 2026)."""
    (found,) = (
        item
        for item in rules.begun(TABLE.acts["objection"]["accept"], date(2025, 12, 30), profile="henan", market=False)
        if item.timer == "objection-all"
    )
    assert found.due_on == date(2026, 1, 9)


def test_clk_05_hn_41_time_of_an_appraisal_does_not_count() -> None:
    facts = Facts(kind="objection", state="provider_checking", limits=(RUNNING,))
    assert says(facts, "pause", "provider") == ""
    paused = replace(facts, paused_on=TODAY)
    assert "stopped already" in says(paused, "pause", "provider")
    assert rules.due_on(paused.limits, paused.paused_on) is None, "nothing is overdue while the clock stands"
    later = TODAY + timedelta(days=7)
    (moved,) = rules.changed("resume", paused.limits, later, TODAY)
    assert moved.due_on > RUNNING.due_on and moved.spans == ((TODAY, later - timedelta(days=1)),)


def test_sd_39_has_no_such_exclusion() -> None:
    facts = Facts(kind="objection", state="comparing", limits=(limit("objection-all", "OBJ-02B", TODAY),))
    assert "appraisal" in says(facts, "pause", "platform")


@pytest.mark.parametrize(
    ("article", "row", "timer", "able"),
    [
        ("OBJ-01 HN knows none", "OBJ-01B", "objection-all", False),
        ("OBJ-05 ZJ to 20 wd in all", "OBJ-05B", "objection-all", True),
        ("OBJ-07 SZ 3 wd by the head", "OBJ-07C", "objection-provider", True),
    ],
)
def test_extension_of_an_objection(article: str, row: str, timer: str, able: bool) -> None:
    running = limit(timer, row, TODAY + timedelta(days=2))
    facts = Facts(kind="objection", state="provider_checking", limits=(running,))
    assert (says(facts, "extend", "provider") == "") == able
    if able:
        (moved,) = rules.changed("extend", facts.limits, TODAY, None)
        assert moved.extended and moved.due_on > running.due_on
        assert "once only" in says(replace(facts, limits=(moved,)), "extend", "provider")
        late = replace(facts, limits=(replace(running, due_on=TODAY - timedelta(days=1)),))
        assert "within the limit" in says(late, "extend", "provider")


def test_obj_8_3_display_is_suspended_only_once_the_provider_is_silent() -> None:
    facts = Facts(kind="objection", state="forwarded", limits=(RUNNING,))
    assert "has not passed" in says(facts, "suspend", "platform")
    late = replace(facts, limits=(LATE,))
    assert says(late, "suspend", "platform") == ""
    assert "already" in says(replace(late, suspended=True), "suspend", "platform")
    assert "not suspended" in says(late, "resume_display", "platform")


def test_obj_8_3_review_within_30_days_and_once() -> None:
    closed = Facts(kind="objection", state="closed", outcome="rejected", closed_on=TODAY - timedelta(days=30))
    until = rules.review_until(TODAY - timedelta(days=30), "henan")
    assert until >= TODAY and says(closed, "ask_review", "applicant") == ""
    over = replace(closed, closed_on=TODAY - timedelta(days=40))
    assert "could be asked for until" in says(over, "ask_review", "applicant")
    assert says(replace(closed, reviewed=True), "ask_review", "applicant")
    assert says(replace(closed, outcome="taken_back"), "ask_review", "applicant")


# --- rules.md 7.3: the machine of repair --------------------------------------------------------------------------

REPAIR = [
    ("7.3 REP-21: a draft", Facts(kind="repair", state="new"), "draft", "applicant", "draft"),
    ("7.3 REP-01 REP-15: handed in", SIGNED, "submit", "applicant", "submitted"),
    ("7.3 REP-22 WHO-01: routed", replace(SIGNED, state="submitted"), "route", "system", "forwarded"),
    ("7.3 REP-23: gaps, told once", replace(SIGNED, state="forwarded"), "gaps", "provider", "returned_for_gaps"),
    ("7.3 REP-23: answered", replace(SIGNED, state="returned_for_gaps"), "answer_gap", "applicant", "forwarded"),
    ("7.3 REP-23: accepted", replace(SIGNED, state="forwarded"), "accept", "provider", "accepted"),
    ("7.3 REP-43: refused with reasons", replace(SIGNED, state="forwarded"), "refuse", "provider", "refused"),
    ("7.3 REP-15: check with the source", replace(SIGNED, state="accepted"), "verify", "provider", "verifying"),
    (
        "7.3 REP-24 REP-42: extended once",
        replace(SIGNED, state="verifying", limits=(limit("repair-decide", "T-REP-DEC", TODAY),)),
        "extend",
        "provider",
        "verifying",
    ),
    (
        "7.3 WHO-01: granted by the unit",
        replace(SIGNED, state="verifying", eligibility=eligible(200, *MET)),
        "grant",
        "provider",
        "granted",
    ),
    ("7.3 REP-42: denied with reasons", replace(SIGNED, state="verifying"), "deny", "provider", "denied"),
    (
        "7.3 REP-04 REP-26: every channel answered",
        replace(SIGNED, state="granted", receipts=frozenset({"site", "opendata"})),
        "sync",
        "system",
        "synced",
    ),
    ("7.3 REP-25: closed", replace(SIGNED, state="synced"), "close", "system", "closed"),
    ("7.3 REP-45: revoked", replace(SIGNED, state="closed", outcome="granted"), "revoke", "provider", "revoked"),
]


@pytest.mark.parametrize(("article", "facts", "act", "party", "after"), REPAIR)
def test_repair(article: str, facts: Facts, act: str, party: str, after: str) -> None:
    assert says(facts, act, party) == ""
    assert TABLE.acts["repair"][act].after(facts.state) == after


@pytest.mark.parametrize(
    ("article", "facts", "act", "party", "why"),
    [
        (
            "REP-01 too early, with the day",
            replace(SIGNED, eligibility=eligible(10)),
            "submit",
            "applicant",
            "met from",
        ),
        ("REP-15 no proof", replace(SIGNED, materials=frozenset()), "submit", "applicant", "Proof of performance"),
        ("REP-15 not signed", replace(SIGNED, signed=False), "submit", "applicant", "Commitment letter"),
        (
            "REP-01 nothing public to repair",
            replace(SIGNED, eligibility=None),
            "submit",
            "applicant",
            "nothing to repair",
        ),
        (
            "REP-23 gaps a second time",
            replace(SIGNED, state="forwarded", gaps_told=True),
            "gaps",
            "provider",
            "told once",
        ),
        ("REP-01 not verified", replace(SIGNED, state="verifying"), "grant", "provider", "not verified yet"),
        (
            "REP-01 a duty is open",
            replace(SIGNED, state="verifying", eligibility=eligible(200, failing=("performed",))),
            "grant",
            "provider",
            "not met",
        ),
        (
            "REP-26 a channel is silent",
            replace(SIGNED, state="granted", receipts=frozenset({"site"})),
            "sync",
            "system",
            "Deletion feed",
        ),
        (
            "REP-45 nothing was granted",
            replace(SIGNED, state="closed", outcome="denied"),
            "revoke",
            "provider",
            "not granted",
        ),
        ("WHO-01 the platform decides nothing", replace(SIGNED, state="verifying"), "grant", "platform", "is for"),
        ("REP-23 only what is forwarded is accepted", SIGNED, "accept", "provider", "'Draft'"),
    ],
)
def test_repair_refused(article: str, facts: Facts, act: str, party: str, why: str) -> None:
    assert why in says(facts, act, party)


def test_rep_43_reasons_are_owed() -> None:
    for act in ("refuse", "deny", "grant", "revoke", "gaps", "extend"):
        state = next(iter(TABLE.acts["repair"][act].origins))
        assert "needs a reason" in says(replace(SIGNED, state=state), act, "provider", reason="  "), act


def test_rep_15_the_unit_that_holds_the_proof_itself_needs_none() -> None:
    facts = replace(SIGNED, state="forwarded", materials=frozenset())
    assert "Proof" in says(facts, "accept", "provider")
    assert says(facts, "accept", "provider", own_proof=True) == ""


def test_ref_15_no_fee_training_or_paid_report_is_a_material_or_a_condition() -> None:
    assert {code for code, kind in TABLE.materials.items() if "repair" in kind.cases and kind.required} == {
        "proof",
        "commitment",
    }


@pytest.mark.parametrize(
    ("article", "profile", "market", "act", "expected"),
    [
        ("REP-25: 10 wd to the applicant", "henan", False, "submit", {"repair-all": 10}),
        ("REP-23: 3 wd to accept", "henan", False, "route", {"repair-accept": 3}),
        ("REP-24: 7 wd to decide", "henan", False, "accept", {"repair-decide": 7}),
        ("REP-40: market regulation 7 wd", "henan", True, "accept", {"repair-decide": 7}),
        ("REP-34: SZ 3 wd beside", "shenzhen", False, "accept", {"repair-decide": 7, "repair-local": 3}),
        ("REP-33: HN 1 wd once met", "henan", False, "grant", {"repair-sync": 1, "repair-local": 1}),
        ("REP-35: SH 3 wd after the proof", "shanghai", False, "grant", {"repair-sync": 1, "repair-local": 3}),
        ("REP-23: gaps answered, limits anew", "henan", False, "answer_gap", {"repair-all": 10, "repair-accept": 3}),
    ],
)
def test_repair_limits(article: str, profile: str, market: bool, act: str, expected: dict[str, int]) -> None:
    from xinyong.standards import calendar

    begun = rules.begun(TABLE.acts["repair"][act], TODAY, profile=profile, market=market)
    days = calendar.official()
    assert {item.timer: item.due_on for item in begun} == {
        timer: days.add_working_days(TODAY, count, provisional=True).day for timer, count in expected.items()
    }
    if market:
        assert begun[0].row == "T-REP-SAMR"


def test_rep_30_market_regulation_had_15_working_days_until_2025_12_24() -> None:
    (found,) = rules.begun(TABLE.acts["repair"]["accept"], date(2025, 12, 24), profile="national", market=True)
    assert found.row == "T-REP-SAMR-21"


# --- withdrawal and who decides -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("article", "state", "act", "party", "limits", "why"),
    [
        ("COL-29 APL 48 one act", "new", "open_withdraw", "provider", (), ""),
        ("COL-29 the platform too", "new", "open_withdraw", "platform", (), ""),
        ("COL-29 the source within 3 wd", "received", "withdraw", "provider", (), ""),
        ("COL-29 not the platform while there is time", "received", "withdraw", "platform", (), "is for"),
        (
            "T-WITHDRAW HN 42 by force once late",
            "received",
            "force_withdraw",
            "platform",
            (limit("withdraw-platform", "T-WITHDRAW-HN", TODAY - timedelta(days=1)),),
            "",
        ),
        (
            "T-WITHDRAW HN 42 not before",
            "received",
            "force_withdraw",
            "platform",
            (limit("withdraw-platform", "T-WITHDRAW-HN", TODAY),),
            "still has time",
        ),
        ("APL 48 a mistake is undone", "closed", "reinstate", "provider", (), ""),
    ],
)
def test_withdrawal(article: str, state: str, act: str, party: str, limits: tuple[Limit, ...], why: str) -> None:
    found = says(Facts(kind="withdrawal", state=state, limits=limits), act, party)
    assert why in found if why else found == ""


@pytest.mark.parametrize(
    ("article", "question", "decides"),
    [
        ("WHO-01 repair", {"kind": "repair"}, "provider"),
        ("WHO-02 repair of a list entry", {"kind": "repair", "listed": True}, "provider"),
        ("WHO-05 the platform's own copy", {"kind": "objection", "own_copy": True}, "platform"),
        ("WHO-06 content", {"kind": "objection"}, "provider"),
        ("WHO-07 review of a listing", {"kind": "objection", "listed": True, "review": True}, "provider"),
        ("COL-29 withdrawal", {"kind": "withdrawal"}, "provider"),
    ],
)
def test_who_decides(article: str, question: dict[str, Any], decides: str) -> None:
    assert TABLE.deciders[rules.matter(**question)].decides == decides


def test_con_05_the_platform_by_itself_never_decides() -> None:
    """No act of the system reduces or restores a right: it marks what was asked for, routes, tells and closes."""
    for kind, acts in TABLE.acts.items():
        for act in acts.values():
            if "system" in act.by:
                assert act.record in ("", "disputed"), (kind, act.act)
                assert act.outcome == "", (kind, act.act)


# --- the table itself ---------------------------------------------------------------------------------------------


def loaded() -> Any:
    text = (resources.files("xinyong.datapacks") / "rules" / "remedies.yml").read_text(encoding="utf-8")
    return deepcopy(yaml.safe_load(text))


def test_every_row_has_its_article_and_says_how_sure_it_is() -> None:
    for acts in TABLE.acts.values():
        for act in acts.values():
            assert act.article and act.source and act.source_en, act.id
    assert any(act.status == "to_be_confirmed" for act in TABLE.acts["repair"].values())


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda rows: rows["acts"]["objection"][0].update({"to": "nowhere"}), "there is no state nowhere"),
        (lambda rows: rows["acts"]["objection"][1].update({"by": ["anybody"]}), "nobody is called anybody"),
        (lambda rows: rows["acts"]["repair"][2].update({"guard": "luck"}), "no guard luck"),
        (lambda rows: rows["acts"]["repair"][2].update({"begins": ["never"]}), "knows no never"),
        (lambda rows: rows["acts"]["repair"][0].pop("right"), "needs a right"),
        (lambda rows: rows["acts"]["repair"].append(dict(rows["acts"]["repair"][0])), "given twice"),
        (lambda rows: rows["acts"]["objection"][1].update({"record": "erased"}), "knows no act erased"),
        (lambda rows: rows["grounds"][0].update({"remedies": ["erase"]}), "no such remedy"),
        (lambda rows: rows["remedies"][0].update({"cause": "void"}), "no such act or cause"),
        (lambda rows: rows["acts"]["repair"][3].update({"status": "confirmed"}), "is to be confirmed"),
        (lambda rows: rows["states"]["repair"].append({"code": "limbo", "zh": "x", "en": "x", "tone": "grey", "waits": "nobody"}), "no act leads to limbo"),
        (lambda rows: rows["acts"]["objection"][12].update({"then": "fly"}), "cannot follow"),
    ],
)  # fmt: skip
def test_a_row_that_does_not_hold_together_is_refused_by_name(change: Any, why: str) -> None:
    rows = loaded()
    change(rows)
    with pytest.raises(machine.RemediesInvalid, match=why):
        machine.parse(rows)


# --- model check --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", machine.KINDS)
def test_random_sequences_never_leave_the_table_and_always_can_end(kind: str) -> None:
    """20 000 random wishes: whatever is let through is a row of the table, and from everywhere a way leads to an end."""
    draw, reached = random.Random(7), set[str]()
    facts = Facts(kind=kind, state=machine.NEW)
    parties = machine.PARTIES
    # Giving up is drawn seldom, else no case comes far.
    acts = [act for act in TABLE.acts[kind].values() for _ in range(1 if act.act in ("take_back", "turn_away") else 8)]
    for _ in range(20_000):
        if facts.state in TABLE.states[kind] and TABLE.states[kind][facts.state].over and draw.random() < 0.1:
            facts = Facts(kind=kind, state=machine.NEW)
        fitting = [act for act in acts if facts.state in act.origins] if draw.random() < 0.7 else acts
        act = draw.choice(fitting or acts)
        wish = Wish(
            act=act.act,
            party=draw.choice(sorted(act.by) if draw.random() < 0.7 else parties),
            reason=draw.choice(["", "理由"]),
            remedy=draw.choice([*TABLE.remedies, ""]),
            own_proof=draw.random() < 0.5,
        )
        facts = replace(
            facts,
            ground=draw.choice([*TABLE.grounds]),
            signed=draw.random() < 0.5,
            materials=frozenset({"proof"} if draw.random() < 0.5 else set()),
            receipts=frozenset({"site", "opendata"} if draw.random() < 0.5 else set()),
            eligibility=draw.choice([None, eligible(10), eligible(200), eligible(200, *MET)]),
            closed_on=TODAY,
        )
        why = rules.refusal(facts, wish, TODAY)
        if why is None:
            assert facts.state in act.origins and wish.party in act.by
            after = act.after(facts.state)
            assert after in TABLE.states[kind]
            reached.add(after)
            limits = [item for item in facts.limits if item not in rules.ended(act, facts.limits)]
            limits += rules.begun(act, TODAY, profile="henan", market=False)
            assert len({item.timer for item in limits}) == len(limits), "no limit runs twice"
            facts = replace(facts, state=after, limits=tuple(limits), outcome=act.outcome or facts.outcome)
            if TABLE.states[kind][after].over:
                assert facts.limits == (), "nothing runs once a case is over"
        else:
            assert all(why), "every refusal has words in both languages"
    assert reached == set(TABLE.states[kind]), "every state was reached"
