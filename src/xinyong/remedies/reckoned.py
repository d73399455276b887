"""What a change of the dated rules does to cases: counted before it takes force, and reckoned anew where the calendar moves."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from django.db.models import QuerySet
from django.utils import timezone

from xinyong.audit import actions as audit
from xinyong.publicity import clocks, repair, timers
from xinyong.publicity.sheets import years
from xinyong.publicity.sheets.rows import Change, Line, base
from xinyong.remedies import machine, rules, steps
from xinyong.remedies.models import Case, Limit
from xinyong.standards.calendar import WorkingCalendar

#: Most things a comparison looks at one by one.
MOST = 20_000


def limits(wanted: Change) -> list[Line]:
    """A replaced limit: what runs is left alone; what began in the last year shows what it would mean."""
    rows = timers.parse({"timers": wanted.rows_after}, here=True)
    mine = [row for row in rows if base(row.id) == wanted.row]
    old, new = mine[-2 if len(mine) > 1 else -1], mine[-1]
    names = [row.id for row in mine]
    running = Limit.objects.filter(row__in=names, ended_on=None).count()
    earlier = later = seen = 0
    since = timezone.localdate() - timedelta(days=365)
    for starts_on in Limit.objects.filter(row__in=names, starts_on__gte=since).values_list("starts_on", flat=True)[
        :MOST
    ]:
        before, after = (timers.due(row, starts_on).day for row in (old, new))
        seen, earlier, later = seen + 1, earlier + (after < before), later + (after > before)
    return [
        Line(zh="正在按现行规定计时、不受影响的事项", en="Cases running under the row as it is, which they keep", count=running),
        Line(zh="近一年按该规定计时的事项", en="Cases of the last year under this row", count=seen),
        Line(zh="近一年的事项中，按改动后的规定会更早到期的", en="Of those, due earlier under the row as it would be", count=earlier, tone="amber"),
        Line(zh="近一年的事项中，按改动后的规定会更晚到期的", en="Of those, due later under the row as it would be", count=later, tone="blue"),
    ]  # fmt: skip


def applications(wanted: Change) -> list[Line]:
    """A replaced condition of repair: which open applications would have another checklist on that day."""
    before, after = (repair.parse({"conditions": rows}) for rows in (wanted.rows_before, wanted.rows_after))
    seen = stopped = freed = other = 0
    for case in Case.objects.filter(kind=machine.REPAIR, closed_at=None).order_by("pk")[:MOST]:
        found = clocks.judged(case.entity_id, case.record_id)
        if found is None:
            continue
        seen += 1
        listed = steps.on_list(case.entity_id, timezone.localdate())
        was, then = (
            repair.eligibility(found.clock, found.kind, wanted.on, profile=case.profile, listed=listed, rows=rows)
            for rows in (before, after)
        )
        checks = [[(answer.condition.check, answer.state) for answer in asked.answers] for asked in (was, then)]
        stopped += was.may_apply and not then.may_apply
        freed += then.may_apply and not was.may_apply
        other += checks[0] != checks[1]
    return [
        Line(zh="办理中的修复申请", en="Open applications for repair", count=seen),
        Line(zh="其中条件清单会改变的", en="Of those, with another checklist", count=other, tone="blue"),
        Line(zh="其中不再符合条件的", en="Of those, no longer eligible", count=stopped, tone="red"),
        Line(zh="其中变为符合条件的", en="Of those, eligible from then on", count=freed, tone="blue"),
    ]


def _running() -> QuerySet[Limit]:
    return Limit.objects.filter(ended_on=None, case__closed_at=None).select_related("case").order_by("pk")


def _last_day(limit: Limit, known: Iterable[timers.Timer], days: WorkingCalendar | None) -> date | None:
    row = next((item for item in known if item.id == limit.row), None)
    if row is None:
        return None
    spans = [(date.fromisoformat(first), date.fromisoformat(last)) for first, last in limit.spans]
    return timers.due(row, limit.starts_on, extended=limit.extended, pauses=spans, days=days).day


def moved(wanted: Change) -> list[Line]:
    """Another calendar: which running limits would end on another day."""
    days, known = years.parse(wanted.rows_after), timers.in_force()
    earlier = later = same = 0
    for limit in _running()[:MOST]:
        day = _last_day(limit, known, days) or limit.due_on
        earlier, later, same = (
            earlier + (day < limit.due_on),
            later + (day > limit.due_on),
            same + (day == limit.due_on),
        )
    return [
        Line(zh="最后一日会提前的期限", en="Running limits that would end earlier", count=earlier, tone="amber"),
        Line(zh="最后一日会推后的期限", en="Running limits that would end later", count=later, tone="blue"),
        Line(zh="最后一日不变的期限", en="Running limits that stay", count=same),
    ]


def again(sheet: str, day: date) -> None:
    """After another calendar: the last day of every running limit by it; cases that are affected stand anew in the queue."""
    if sheet != "calendar":
        return
    known, cases, changed = timers.in_force(), set[int](), 0
    for limit in _running().iterator(1_000):
        last = _last_day(limit, known, None)
        if last is not None and last != limit.due_on:
            Limit.objects.filter(pk=limit.pk).update(due_on=last)
            cases.add(limit.case_id)
            changed += 1
    for case in Case.objects.select_for_update().filter(pk__in=cases).order_by("pk"):
        running = [
            rules.Limit(timer=item.timer, row=item.row, starts_on=item.starts_on, due_on=item.due_on)
            for item in Limit.objects.filter(case=case, ended_on=None)
        ]
        due = rules.due_on(running, case.paused_on)
        late = due is not None and due < timezone.localdate()
        Case.objects.filter(pk=case.pk).update(due_on=due, escalated=case.escalated and late)
    if changed:
        audit.record(
            actor="system", deed="remedies.reckoned_anew", target="working calendar", detail={"limits": changed, "cases": len(cases), "day": day.isoformat()}
        )  # fmt: skip
