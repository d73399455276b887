"""What a firm is told of its cases, in the transaction of each step."""

from __future__ import annotations

from collections.abc import Sequence

from xinyong.notices import actions, documents
from xinyong.remedies import machine
from xinyong.remedies.told import Told

#: Words of the kinds of cases.
KINDS = {
    machine.OBJECTION: ("异议", "Objection"),
    machine.REPAIR: ("信用修复", "Credit repair"),
    machine.WITHDRAWAL: ("信息撤下", "Withdrawal"),
}


def listen(steps: Sequence[Told]) -> None:
    """One notice for each step, all in one statement, and the papers that go with some of them."""
    actions.announce_all([_notice(step) for step in steps])
    for step in steps:
        documents.issue(step, _key(step))


def _key(step: Told) -> str:
    return f"case:{step.case_id}:{step.at.isoformat()}:{step.act}"


def _notice(step: Told) -> actions.Announced:
    act = machine.table().acts[step.kind].get(step.act)
    kind_zh, kind_en = KINDS[step.kind]
    due = step.due_on
    return actions.Announced(
        kind="case-step",
        key=_key(step),
        entity_id=step.entity_id,
        parameters={
            "case_kind": step.kind,
            "kind_zh": kind_zh,
            "kind_en": kind_en,
            "number": step.number,
            "act": step.act,
            "act_zh": act.zh if act is not None else step.act,
            "act_en": act.en if act is not None else step.act,
            "state": step.after,
            "reason": step.reason,
            "due_zh": f"下一步应于 {due} 前办结。" if due else "",
            "due_en": f" The next step is due on {due}." if due else "",
        },
        link=f"cases/{step.case_id}",
        due_on=due,
    )
