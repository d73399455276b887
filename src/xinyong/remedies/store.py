"""Rows of cases for a step: read in one statement, written in one. What is written was judged at a revision and counts at it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from xinyong.remedies import numbers
from xinyong.remedies.rules import Facts, Limit
from xinyong.runtime import prepared, sql

#: Columns a step may set. The function ``remedies_write_v1`` writes these and no other.
COLUMNS = frozenset(
    [
        *("state", "revision", "paused_on", "due_on", "escalated", "closed_at"),
        *("answer", "basis", "gaps", "gaps_told", "checks", "remedy", "outcome", "signed_at", "signed_text"),
        *("suspended", "marks", "reviewed", "assignee", "barred_until", "account_id", "acting_name", "statement"),
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A case as it stood when it was read."""

    id: int
    entity_id: int
    record_id: int
    department_id: int
    revision: int
    opened_at: datetime
    account_id: int | None
    marks: bool
    checks: Mapping[str, str]
    facts: Facts

    @property
    def number(self) -> str:
        """Its number."""
        return numbers.case_number(self.facts.kind, self.opened_at, self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """A step that was judged. ``values``: columns of the case; ``audit``: its row of the trail, None without one."""

    held: Held
    values: Mapping[str, Any]
    ended: tuple[str, ...]
    met: bool | None
    day: date
    moved: tuple[Limit, ...]
    begun: tuple[Limit, ...]
    step: Mapping[str, Any]
    audit: Mapping[str, Any] | None


def read(cases: Sequence[int], *, lock: bool = False) -> dict[int, Held]:
    """Cases by their id, those that exist. With ``lock`` (in a transaction) nobody acts on them before it ends."""
    if lock:
        # First the lock, then the look: whoever waited sees the limits the winner left, not those from before.
        prepared.run("SELECT FROM remedies_case WHERE id = ANY(%s::bigint[]) ORDER BY id FOR UPDATE", (list(cases),))
    return {
        row[0]: _held(row) for row in prepared.run(sql.statement("remedies", "cases_for_step"), {"cases": list(cases)})
    }


def write(writings: Iterable[Writing]) -> set[int]:
    """Write steps, one a case; ids of those whose case was still at the revision it was judged at. The others wrote nothing."""
    given: dict[str, list[Any]] = {name: [] for name in ("cases", "ended", "moved", "begun", "steps", "audit")}
    for item in writings:
        case = item.held.id
        if unknown := item.values.keys() - COLUMNS:
            raise ValueError(f"a step sets no {sorted(unknown)}")
        given["cases"].append({"case": case, "revision": item.held.revision, "set": item.values})
        given["ended"] += [{"case": case, "timer": name, "day": item.day, "met": item.met} for name in item.ended]
        given["moved"] += [
            {
                "case": case,
                "timer": limit.timer,
                "due_on": limit.due_on,
                "extended": limit.extended,
                "spans": limit.spans,
            }
            for limit in item.moved
        ]
        given["begun"] += [
            {"case": case, "timer": limit.timer, "row": limit.row, "starts_on": limit.starts_on, "due_on": limit.due_on}
            for limit in item.begun
        ]
        given["steps"].append({"case": case, **item.step})
        if item.audit is not None:
            given["audit"].append({"case": case, "entry": item.audit})
    # A NUL cannot be stored; what people write was freed of it before.
    text = json.dumps({name: rows for name, rows in given.items() if rows}, ensure_ascii=False, default=str)
    (row,) = prepared.run("SELECT remedies_write_v1(%s::jsonb)", (text,))
    return set(row[0])


def last_step(case: int, revision: int) -> tuple[str, str, bool] | None:
    """(party, actor) of the newest step, and whether anything but a passed limit came after ``revision``."""
    rows = prepared.run(sql.statement("remedies", "newest_steps"), {"case": case, "revision": revision})
    return (rows[0][0], rows[0][1], rows[0][2]) if rows else None


def _loaded(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def _held(row: tuple[Any, ...]) -> Held:
    (
        number, kind, state, entity, record, department, market, ground, outcome, gaps_told, checks, signed_at, suspended,
        marks, reviewed, revision, opened_at, closed_at, paused_on, profile, account, limits, files, receipts,
    ) = row  # fmt: skip
    facts = Facts(
        kind=kind,
        state=state,
        limits=tuple(_limit(item) for item in _loaded(limits) or ()),
        ground=ground,
        outcome=outcome,
        paused_on=paused_on,
        gaps_told=gaps_told,
        suspended=suspended,
        reviewed=reviewed,
        closed_on=timezone.localdate(closed_at) if closed_at else None,
        signed=signed_at is not None,
        materials=frozenset(files or ()),
        receipts=frozenset(receipts or ()),
        profile=profile,
        market=market,
    )
    return Held(
        id=number, entity_id=entity, record_id=record, department_id=department, revision=revision,
        opened_at=opened_at, account_id=account, marks=marks, checks=_loaded(checks) or {}, facts=facts,
    )  # fmt: skip


def _limit(item: list[Any]) -> Limit:
    timer, row, starts, due, extended, spans = item
    return Limit(
        timer=timer,
        row=row,
        starts_on=date.fromisoformat(starts),
        due_on=date.fromisoformat(due),
        extended=extended,
        spans=tuple((date.fromisoformat(first), date.fromisoformat(last)) for first, last in spans),
    )
