"""The only writers of joint work. A business system asks, an officer of the executor decides, the platform carries and counts.

Nothing is applied without the gate (``gate.py``), a notice and an officer; the platform blocks no transaction itself. Incentives
go the same way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from xinyong.accounts import selectors as accounts
from xinyong.accounts.models import Department, User
from xinyong.accounts.rules import Right
from xinyong.audit import actions as audit
from xinyong.ledger import selectors as ledger
from xinyong.lists import gate, joint, measures, objects, selectors
from xinyong.lists.errors import CaseChanged, ListUnknown, MeasureRefused
from xinyong.lists.models import Joint, JointStep
from xinyong.publicity import inforce
from xinyong.registry import selectors as entities
from xinyong.registry.models import Entity
from xinyong.runtime import sql

PLATFORM = "platform"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a unit is working on: ``matter`` as it calls it, ``scene`` as the measures do; why it may ask, on which item of
    law (RPT-09)."""

    scene: str
    matter: str
    purpose: str
    authority: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """M3 as the officer gives it."""

    decision: str
    reason: str
    reason_code: str = ""
    relation: str = ""
    notice: str = ""
    notice_served_on: date | None = None
    notice_says: frozenset[str] = frozenset()
    months: int | None = None
    target: str = "entity"


@dataclass(frozen=True, slots=True, kw_only=True)
class Officer:
    """An officer of an executor who works in the unit's own system, which vouches for them. ``actor``: as it is kept."""

    department: Department
    actor: str


def _refused(zh: str, en: str) -> MeasureRefused:
    return MeasureRefused(why_zh=zh, why_en=en)


def _officer(who: User | Officer) -> Officer:
    if isinstance(who, Officer):
        return who
    accounts.require(who, Right.MEASURE_DECIDE)
    if who.department is None:
        raise _refused(
            "平台不实施任何措施，须由实施主体的工作人员办理",
            "the platform carries out no measure; an officer of the executor has to",
        )
    return Officer(department=who.department, actor=who.username)


def _asked(question: Question) -> Question:
    missing = [
        (zh, en)
        for text, zh, en in (
            (question.matter, "办理事项", "the matter"),
            (question.purpose, "查询目的", "the purpose"),
            (question.authority, "法定依据或者授权", "the legal item or authorisation"),
        )
        if not text.strip()
    ]
    if question.scene not in measures.book().scenes:
        missing.append(("场景", "the scene"))
    if missing:
        raise _refused(
            f"请写明{'、'.join(zh for zh, _ in missing)}（REF-14）",
            f"give {', '.join(en for _, en in missing)} (REF-14)",
        )
    return question


def ask(who: User | Officer, entity: Entity, question: Question) -> tuple[selectors.Applicable, ...]:
    """M2: which measures and incentives of the own unit fit this scene. Exactly one audit row is written (26.12).

    Raises MeasureRefused without purpose and authority, RightMissing.
    """
    officer, question = _officer(who), _asked(question)
    department = officer.department
    hits = selectors.measures_for(entity, department.slug, question.scene)
    audit.record(
        actor=officer.actor,
        deed="measures.asked",
        target=f"entity {entities.own_key(entity)}",
        purpose=question.purpose.strip()[:200],
        detail={
            "authority": question.authority.strip()[:500],
            "scene": question.scene,
            "matter": question.matter.strip()[:200],
            "department": department.slug,
            "hits": [[hit.measure.id, hit.object.record_id] for hit in hits],
        },
    )
    return hits


def decide(
    who: User | Officer, entity: Entity, record_id: int, measure_id: str, question: Question, given: Decision
) -> Joint:
    """M3: the officer's decision on one measure and one entry. An applied one has passed every test of the gate.

    Raises MeasureRefused naming the tests that failed, ListUnknown, RightMissing.
    """
    officer, question = _officer(who), _asked(question)
    department = officer.department
    measure = measures.book().rows.get(measure_id)
    if measure is None:
        raise ListUnknown(name=measure_id)
    if given.decision not in joint.table().decisions:
        raise _refused("请选择采取、不适用或者免予采取", "choose: applied, not applicable or waived")
    if not given.reason.strip():
        raise _refused("请写明理由", "give the reason")
    today = timezone.localdate()
    members = entities.members(entities.canonical(entity))
    item = next(iter(objects.of_entities(members, today, [record_id])), None)
    if item is None:
        raise _refused("该主体没有这一条名单或者失信记录", "the entity has no such entry")
    proposal = gate.Proposal(
        measure=measure,
        object=item,
        scene=question.scene,
        day=today,
        profile=inforce.profile(),
        roles=measures.book().roles(department.name_zh),
        officer=officer.actor,
        relation=given.relation,
        notice=_notice(given),
        months=given.months,
        target=given.target,
    )
    verdicts = gate.judge(proposal, measures.book())
    _judge(given, measure, proposal, verdicts)
    now = timezone.now()
    try:
        with transaction.atomic():
            work = Joint.objects.create(
                entity=entities.canonical(entity),
                record_entity_id=item.entity_id,
                record_id=item.record_id,
                list_code=item.list_code,
                measure=measure.id,
                measure_digest=measure.source.digest,
                favourable=measure.kind == "incentive",
                scene=question.scene,
                matter=question.matter.strip()[:200],
                department=department,
                state=given.decision,
                seq=0,
                opened_at=now,
                moved_at=now,
                until=_until(item, given.months, today),
            )
            facts = {
                "reason_code": given.reason_code,
                "relation": given.relation.strip()[:2000],
                "notice": given.notice.strip()[:200],
                "notice_served_on": given.notice_served_on.isoformat() if given.notice_served_on else "",
                "notice_says": sorted(given.notice_says),
                "months": given.months,
                "purpose": question.purpose.strip()[:200],
                "authority": question.authority.strip()[:500],
                "object": item.document,
                "tests": {row.id: row.passed for row in verdicts},
            }
            _write(work, "M3", given.decision, officer.actor, facts, given.reason)
    except IntegrityError as error:
        raise _refused(
            "同一事项已对同一对象作出采取该措施的决定，请在办理列表中继续",
            "this measure was already decided for the same matter; go on from its page",
        ) from error
    return work


def _notice(given: Decision) -> gate.Notice | None:
    if not given.notice.strip() or given.notice_served_on is None:
        return None
    return gate.Notice(document=given.notice, served_on=given.notice_served_on, says=given.notice_says)


def _judge(
    given: Decision, measure: measures.Measure, proposal: gate.Proposal, verdicts: tuple[gate.Verdict, ...]
) -> None:
    failed = [row for row in verdicts if not row.passed]
    if given.decision == "applied":
        if failed:
            raise _refused(
                "；".join(f"{row.zh}（{row.id}）" for row in failed),
                "; ".join(f"{row.en} ({row.id})" for row in failed),
            )
        return
    # Not to apply needs less, but the row has to be this unit's own: nobody decides for others.
    for row in failed:
        if row.id in ("MEA-01", "MEA-06", "REF-12", "REF-13"):
            raise _refused(f"{row.zh}（{row.id}）", f"{row.en} ({row.id})")
    if not gate.follows(measure, proposal.object):
        raise _refused(
            "清单规定的对象不包括这一行为（MEA-03）", "the row does not name this act as its target (MEA-03)"
        )
    reason = measures.book().reasons.get(given.reason_code)
    if reason is None or reason.of != given.decision:
        raise _refused("请选择相应的理由", "choose a reason that fits")


def _until(item: gate.Object, months: int | None, today: date) -> date | None:
    from xinyong.standards import calendar

    ends = [item.until, calendar.same_day_later(today, months) if months else None]
    known = [end for end in ends if end is not None]
    return min(known) if known else None


def _write(work: Joint, message: str, state: str, actor: str, facts: Mapping[str, Any], reason: str = "") -> JointStep:
    now = timezone.now()
    work.seq += 1
    written = JointStep.objects.create(
        joint=work,
        seq=work.seq,
        message=message,
        to_state=state,
        actor=actor,
        at=now,
        facts=dict(facts),
        reason=reason.strip()[:2000],
    )
    if message not in ("reminder", "escalation"):
        work.due_on = joint.due(state, timezone.localdate(now), inforce.profile())
        work.reminders = 0
        work.moved_at = now
    work.state = state
    work.save()
    audit.record(
        actor=actor,
        deed=f"joint.{message.lower()}",
        target=f"joint {work.pk}",
        purpose=reason.strip()[:200],
        detail={"measure": work.measure, "record": work.record_id, "state": state},
    )
    return written


def execute(who: User | Officer, joint_id: int, *, seen: int, executed_on: date, result: str, document: str) -> Joint:
    """M4: the executor says when and how it was carried out. Raises MeasureRefused, CaseChanged, ListUnknown."""
    if not result.strip():
        raise _refused("请写明执行结果", "say what was done")
    return _step(
        who,
        joint_id,
        seen,
        "M4",
        ("applied",),
        "executed",
        {"executed_on": executed_on, "document": document},
        result,
    )


def lift(who: User | Officer, joint_id: int, *, seen: int, lifted_on: date, note: str) -> Joint:
    """M6: the executor acknowledges that the measure is lifted."""
    if not note.strip():
        raise _refused("请写明解除情况", "say how it was lifted")
    return _step(who, joint_id, seen, "M6", ("lift_due",), "lifted", {"lifted_on": lifted_on}, note)


def _step(
    who: User | Officer,
    joint_id: int,
    seen: int,
    message: str,
    sources: tuple[str, ...],
    state: str,
    facts: Mapping[str, Any],
    reason: str,
) -> Joint:
    officer = _officer(who)
    with transaction.atomic():
        work = (
            Joint.objects.select_for_update(of=("self",))
            .select_related("entity", "department")
            .filter(pk=joint_id, department=officer.department)
            .first()
        )
        if work is None:
            raise ListUnknown(name=f"joint {joint_id}")
        if work.seq != seen or work.state not in sources:
            raise _changed(work)
        started = timezone.localdate(work.opened_at)
        plain: dict[str, Any] = {}
        for code, value in facts.items():
            if isinstance(value, date):
                if value > timezone.localdate() or value < started:
                    raise _refused(f"日期须在 {started} 至今天之间", f"the day has to be between {started} and today")
                value = value.isoformat()
            plain[code] = str(value).strip()[:300]
        plain["late_days"] = joint.late_days(work.due_on, timezone.localdate())
        _write(work, message, state, officer.actor, plain, reason)
    return work


def _changed(work: Joint) -> CaseChanged:
    last = JointStep.objects.filter(joint=work).order_by("-seq").first()
    words = joint.table().messages[last.message] if last else None
    state = joint.table().states[work.state]
    return CaseChanged(
        who=last.actor if last else PLATFORM,
        at=f"{timezone.localtime(last.at if last else work.moved_at):%Y-%m-%d %H:%M:%S}",
        step=words.zh if words else "",
        step_en=words.en if words else "",
        state_zh=state.zh,
        state_en=state.en,
    )


# --- what the platform does by itself: M5 and reminders -----------------------------------------------------------------


#: How far this process has looked, by database: (last event, day). The first look of a process or a day is at everything.
_looked: dict[str, tuple[int, date]] = {}


def follow(*, anew: bool = False) -> int:
    """M5 for every measure whose entry ended meanwhile, and reminders for what is late. How many messages were sent.

    Between two looks only entries that events touched are looked at. Each message is a transaction under the lock of its
    row, judged anew there: safe to call from several processes, and after a kill.
    """
    today, name = timezone.localdate(), str(connection.settings_dict["NAME"])
    with connection.cursor() as cursor:
        cursor.execute(sql.statement("lists", "newest_event"))
        event = int(cursor.fetchone()[0])
        before, day = _looked.get(name, (-1, today))
        if anew or before < 0 or event < before or day != today:
            before = -1
        elif event == before:
            return 0
        cursor.execute(sql.statement("lists", "joint_touched"), {"after": before, "today": today})
        touched = [int(row[0]) for row in cursor.fetchall()]
    sent = sum(_lift_due(pk, today) for pk in touched)
    if before < 0:
        late = Joint.objects.filter(state__in=joint.live(), due_on__lt=today)
        sent += sum(_remind(pk, today) for pk in late.values_list("pk", flat=True))
    _looked[name] = (event, today)
    return sent


@transaction.atomic
def _lift_due(joint_id: int, today: date) -> bool:
    work = Joint.objects.select_for_update(of=("self",), skip_locked=True).filter(pk=joint_id).first()
    if work is None or work.state not in ("applied", "executed"):
        return False
    item = next(iter(objects.of_entities([work.record_entity_id], today, [work.record_id])), None)
    over = work.until is not None and work.until < today
    if item is not None and item.active and not over:
        return False
    _write(work, "M5", "lift_due", PLATFORM, {"trigger": _trigger(work, over=over)})
    return True


def _trigger(work: Joint, *, over: bool) -> str:
    states = ledger.record(work.record_id).states()
    if "repaired" in states:
        return "repaired"
    if "withdrawn" in states:
        return "annulled"
    return "expired" if over or "expired" in states else "removed"


@transaction.atomic
def _remind(joint_id: int, today: date) -> bool:
    work = Joint.objects.select_for_update(of=("self",), skip_locked=True).filter(pk=joint_id).first()
    if work is None or work.state not in joint.live():
        return False
    what = joint.owed(work.due_on, work.reminders, today)
    if not what:
        return False
    work.reminders += 1
    _write(
        work, what, work.state, PLATFORM, {"due_on": str(work.due_on), "late_days": joint.late_days(work.due_on, today)}
    )
    return True
