"""Random sequences of acts on real cases: no state outside the tables, nothing public that may not be, no case lost."""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from xinyong.accounts.models import Role
from xinyong.errors import XinyongError
from xinyong.ledger import rules as ledger_rules
from xinyong.ledger import selectors as ledger
from xinyong.remedies import actions, machine, officers, watch
from xinyong.remedies.models import Case, Limit, Step

from .remedy_support import MET, PROOF, applicant, penalty, person, stock


@pytest.mark.slow
@pytest.mark.parametrize("count", [1_200, pytest.param(10_000, marks=pytest.mark.long)])
def test_thousands_of_random_acts_stay_within_the_tables(desk: Any, count: int) -> None:
    # Twelve records of their own for each length, and more the longer it is: a withdrawn record is worked no more.
    numbers = range(301 + count, 301 + count + 12 * max(1, count // 2_000))
    stock(desk, numbers)
    firms = [penalty(desk, number) for number in numbers]
    operator = person(f"model-operator-{count}", Role.OPERATOR, None)
    unit = person(f"model-unit-{count}", Role.SUPERVISOR, "demo")
    table, draw = machine.table(), random.Random(20261126)
    names = sorted({act for acts in table.acts.values() for act in acts})
    done: Counter[str] = Counter()
    for _ in range(count):
        entity, record = draw.choice(firms)
        firm = applicant(entity)
        # Drawn here, not by the database, so that a run can be repeated.
        case = draw.choice(
            list(Case.objects.filter(record_id=record).order_by("pk").values_list("pk", flat=True)) or [0]
        )
        choice = draw.random()
        try:
            if choice < 0.08:
                actions.open_objection(firm, record, ground=draw.choice([*table.grounds]), statement="理由", field=draw.choice(["", "CF_SY"]))  # fmt: skip
                done["open_objection"] += 1
            elif choice < 0.16:
                made = actions.open_repair(firm, record, materials=[PROOF], commitment=draw.random() < 0.8)
                actions.submit_repair(firm, made)
                done["open_repair"] += 1
            elif choice < 0.165:
                officers.withdraw_record(
                    draw.choice([operator, unit]), record, cause="changed", reason="变更", basis="文书"
                )
                done["withdraw"] += 1
            elif choice < 0.2:
                deed = draw.choice(["take_back", "review", "gap", "sign"])
                if deed == "take_back":
                    actions.withdraw_case(firm, case)
                elif deed == "review":
                    actions.ask_review(firm, case, reason="新证据")
                elif deed == "gap":
                    actions.answer_gap(firm, case, text="已补", materials=[PROOF])
                else:
                    actions.sign_commitment(firm, case)
                done[deed] += 1
            elif choice < 0.22:
                past = timezone.localdate() - timedelta(days=1)
                Limit.objects.filter(case_id=case, ended_on=None).update(due_on=past)
                Case.objects.filter(pk=case, due_on__isnull=False).update(due_on=past, escalated=False)
                watch.escalate(timezone.localdate())
            else:
                held = Case.objects.filter(pk=case).first()
                fitting = [
                    act
                    for act in (table.of(held.kind, held.state) if held else [])
                    if act.by & {"provider", "platform"}
                ]
                name, who = draw.choice(names), draw.choice([operator, unit])
                if held and fitting and draw.random() < 0.85:
                    chosen = draw.choice(fitting)
                    name, who = chosen.act, unit if "provider" in chosen.by else operator
                ground = table.grounds.get(held.ground) if held else None
                remedy = ground.remedies[0] if ground and draw.random() < 0.8 else draw.choice([*table.remedies, ""])
                officers.act(who, case, name, reason="理由", remedy=remedy, gaps=["proof_unclear"], checks=MET)
                done["act"] += 1
        except XinyongError as error:
            assert error.message("zh") and error.message("en")
            done["refused"] += 1
    desk.catch_up()
    assert done["act"] > 150 and done["refused"] > 200, done
    today = timezone.localdate()
    for case in Case.objects.filter(record_id__in=[record for _, record in firms]):
        assert case.state in table.states[case.kind], "no state outside the table"
        steps = list(Step.objects.filter(case=case).order_by("number"))
        assert [step.number for step in steps] == list(range(1, case.revision + 1)), "no step is lost or doubled"
        before = machine.NEW
        for step in steps:
            act = table.acts[case.kind][step.act]
            assert step.state_before == before and before in act.origins and step.party in act.by
            assert act.after(before) == step.state_after
            before = step.state_after
        assert before == case.state
        over = table.states[case.kind][case.state].over
        assert over == (case.closed_at is not None)
        running = list(Limit.objects.filter(case=case, ended_on=None).values_list("due_on", flat=True))
        assert not (over and running)
        assert case.due_on == (None if case.paused_on else min(running, default=None))
        if case.kind == machine.OBJECTION and not over and case.state not in ("submitted", "form_check"):
            states = ledger.record(case.record_id).states()
            assert "disputed" in states or "withdrawn" in states, "an open objection is marked"
    for _, record in firms:
        states = ledger.record(record).states()
        shown = desk.one(
            "SELECT count(*) FROM publicity_window WHERE record_id = %s AND public_from <= %s "
            "AND (public_until IS NULL OR public_until >= %s)",
            record,
            today,
            today,
        )
        assert not (shown and ledger_rules.hidden(states)), "nothing hidden is public"
        marked = Case.objects.filter(record_id=record, marks=True).exists()
        assert marked == ("disputed" in states), "the mark stands exactly while a case holds it"
