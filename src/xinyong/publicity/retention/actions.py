"""Runs of retention: a plan first, which changes nothing and lists everything; then the run that carries it out.

Each thing goes in a transaction of its own with its line of the report, so that a kill leaves whole lines and the run goes
on where it stopped. What no longer fits its rule when its turn comes is kept, with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from xinyong.accounts import selectors as accounts
from xinyong.accounts.models import User
from xinyong.accounts.rules import Right
from xinyong.audit import actions as audit
from xinyong.ledger import actions as ledger
from xinyong.ledger import archive, corridor
from xinyong.ledger import selectors as records
from xinyong.ledger.errors import StatusRefused
from xinyong.publicity import inforce
from xinyong.publicity.errors import ArchiveClosed, RetentionRefused
from xinyong.publicity.models import ArchiveReader, RetentionLine, RetentionRun
from xinyong.publicity.retention import rules
from xinyong.publicity.retention.rules import Rule
from xinyong.registry import keys
from xinyong.registry import selectors as registry
from xinyong.registry.models import Entity
from xinyong.runtime import sql

#: Most things one run takes; more wait for the next.
MOST = 10_000
#: A plan older than this is made anew.
PLAN_DAYS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """Something whose time is over. ``dataset``: of a record, else the table."""

    key: int
    dataset: str
    ended_on: date
    entity_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A kind of thing a room keeps. ``find(before, limit)`` what ended before a day; ``erase(keys)`` says how many went."""

    zh: str
    en: str
    find: Callable[[date, int], list[Item]]
    erase: Callable[[Sequence[int]], int]


#: Targets of rooms above, by their name in retention.yml.
targets: dict[str, Target] = {}
#: Rooms above that still need a record: given record ids, those to keep, with the reason.
needs: dict[str, Callable[[Sequence[int]], dict[int, str]]] = {}


def plan(user: User) -> RetentionRun:
    """List everything whose time is over, by which rule; nothing is changed. Raises RightMissing."""
    accounts.require(user, Right.RULES_DECIDE)
    today, profile, now = timezone.localdate(), inforce.profile(), timezone.now()
    with transaction.atomic():
        run = RetentionRun.objects.create(day=today, actor=user.username, profile=profile, begun_at=now)
        seen: set[tuple[str, int]] = set()
        counts: dict[str, dict[str, int]] = {}
        left = MOST
        for rule in rules.in_force(today, profile):
            found = [item for item in found_by(rule, today, left + 1) if (rule.target, item.key) not in seen]
            run.cut = run.cut or len(found) > left
            found = found[:left]
            left -= len(found)
            seen |= {(rule.target, item.key) for item in found}
            counts[rule.id] = {"planned": len(found)}
            RetentionLine.objects.bulk_create([_line(run, rule, item, "planned", now) for item in found])
        run.counts, run.done_at = counts, now
        run.save(update_fields=["counts", "done_at", "cut"])
        audit.record(actor=user.username, deed="retention.planned", target=f"retention {run.pk}", detail=counts)
    return run


def carry_out(user: User, plan_id: int, *, reason: str) -> RetentionRun:
    """Carry a plan out; an interrupted run of it goes on. Raises RightMissing, RetentionRefused."""
    accounts.require(user, Right.RULES_DECIDE)
    reason = reason.strip()[:1_000]
    planned = RetentionRun.objects.filter(pk=plan_id, plan=None).first()
    if planned is None:
        raise RetentionRefused(why_zh="没有这个预演", why_en="there is no such plan")
    if not reason:
        raise RetentionRefused(why_zh="请写明执行的理由", why_en="say why it is carried out")
    today = timezone.localdate()
    run = RetentionRun.objects.filter(plan=planned).first()
    if run is not None and run.done_at is not None:
        raise RetentionRefused(
            why_zh=f"该预演已由 {run.actor} 执行（第 {run.pk} 号）",
            why_en=f"{run.actor} carried it out as run {run.pk}",
        )
    if run is None:
        if planned.day < today - timedelta(days=PLAN_DAYS) or planned.profile != inforce.profile():
            raise RetentionRefused(
                why_zh=f"预演已超过 {PLAN_DAYS} 天或地方方案已变，请重新预演",
                why_en=f"the plan is older than {PLAN_DAYS} days or the profile has changed; plan again",
            )
        with transaction.atomic():
            run = RetentionRun.objects.create(
                day=today, actor=user.username, profile=planned.profile, plan=planned, reason=reason,
                begun_at=timezone.now(),
            )  # fmt: skip
            audit.record(
                actor=user.username, deed="retention.begun", target=f"retention {run.pk}", purpose=reason[:200],
                detail={"plan": planned.pk},
            )  # fmt: skip
    _work(user, run, planned)
    return run


def _work(user: User, run: RetentionRun, planned: RetentionRun) -> None:
    known = {rule.id: rule for rule in rules.in_force(run.day, run.profile)}
    done = set(RetentionLine.objects.filter(run=run).values_list("target", "key"))
    lines = RetentionLine.objects.filter(run=planned).order_by("pk")
    for line in [item for item in lines if (item.target, item.key) not in done]:
        rule = known.get(line.rule)
        item = Item(key=line.key, dataset=line.dataset, ended_on=line.ended_on, entity_id=line.entity_id)
        with transaction.atomic():
            if rule is None:
                _note(run, line, "kept", why="规则已不适用 / the rule holds no longer")
            else:
                _one(user, run, line, rule, item)
    with transaction.atomic():
        counts: dict[str, dict[str, int]] = {}
        for rule_id, outcome in RetentionLine.objects.filter(run=run).values_list("rule", "outcome"):
            row = counts.setdefault(rule_id, {"went": 0, "kept": 0})
            row[outcome] = row.get(outcome, 0) + 1
        run.counts, run.done_at = counts, timezone.now()
        run.save(update_fields=["counts", "done_at"])
        audit.record(actor=user.username, deed="retention.done", target=f"retention {run.pk}", detail=counts)
    corridor.announce()


def _one(user: User, run: RetentionRun, line: RetentionLine, rule: Rule, item: Item) -> None:
    """One thing of the plan: it goes, or is kept with the reason."""
    if rule.target == rules.RECORD:
        _record(user, run, line, rule, item)
    elif rule.target == rules.ARCHIVED:
        _note(run, line, "went", pieces=archive.destroy([item.key], rule=rule.id, run=run.pk))
    else:
        _note(run, line, "went", pieces=targets[rule.target].erase([item.key]))


def _record(user: User, run: RetentionRun, line: RetentionLine, rule: Rule, item: Item) -> None:
    for room in needs.values():
        why = room([item.key]).get(item.key)
        if why:
            _note(run, line, "kept", why=why)
            return
    states = ledger.hold(item.key).states()
    assert item.entity_id is not None
    try:
        with transaction.atomic():
            if "archived" not in states:
                ledger.record_act(
                    user.username, item.key, "archived", reason=f"{rule.zh}（{rule.id}）", basis=f"{rule.source} {rule.article}"
                )  # fmt: skip
            went = archive.move(item.entity_id, item.key, rule=rule.id, run=run.pk)
    except StatusRefused as error:
        _note(run, line, "kept", why=error.message("zh"))
        return
    _note(run, line, "went", pieces=went)


def _note(run: RetentionRun, line: RetentionLine, outcome: str, *, why: str = "", pieces: int = 0) -> None:
    RetentionLine.objects.create(
        run=run, rule=line.rule, article=line.article, target=line.target, key=line.key, entity_id=line.entity_id,
        dataset=line.dataset, ended_on=line.ended_on, outcome=outcome, why=why[:1_000], pieces=pieces, at=timezone.now(),
    )  # fmt: skip


def _line(run: RetentionRun, rule: Rule, item: Item, outcome: str, now: Any) -> RetentionLine:
    return RetentionLine(
        run=run, rule=rule.id, article=rule.article, target=rule.target, key=item.key, entity_id=item.entity_id,
        dataset=item.dataset, ended_on=item.ended_on, outcome=outcome, at=now,
    )  # fmt: skip


def found_by(rule: Rule, today: date, limit: int) -> Iterable[Item]:
    """What a row says goes on a day; nothing is changed."""
    before = rule.ended_before(today)
    if rule.then == rules.KEEP or limit < 1:
        return []
    if rule.target not in (rules.RECORD, rules.ARCHIVED):
        return targets[rule.target].find(before, limit) if rule.target in targets else []
    given: dict[str, Any] = {"before": before, "limit": limit, "personal": rule.personal, "acts": ["repaired"]}
    name = {"publicity_end": "retention_ended", "repair": "retention_acted", "archived": "retention_archived"}
    with connection.cursor() as cursor:
        cursor.execute(sql.statement("publicity", name[rule.starts]), given)
        rows = cursor.fetchall()
    if rule.target == rules.ARCHIVED:
        return [Item(key=version, dataset=code, ended_on=ended) for version, _, code, ended in rows]
    return [Item(key=record, dataset=code, ended_on=ended, entity_id=entity) for entity, record, code, ended in rows]


# --- the closed archive -------------------------------------------------------------------------------------------


@transaction.atomic
def name_reader(user: User, username: str, *, reason: str, until: date) -> ArchiveReader:
    """Name an officer who may read the archive until a day. Raises RightMissing, RetentionRefused."""
    accounts.require(user, Right.RULES_DECIDE)
    today = timezone.localdate()
    if not User.objects.filter(username=username, is_active=True).exists():
        raise RetentionRefused(why_zh=f"没有用户“{username[:60]}”", why_en=f"there is no user '{username[:60]}'")
    if not reason.strip() or not today <= until <= today + timedelta(days=366):
        raise RetentionRefused(
            why_zh="请写明理由和文书，期限不超过一年",
            why_en="give the reason with the document, and a day within a year",
        )
    made = ArchiveReader.objects.create(
        username=username, reason=reason.strip()[:1_000], until=until, named_by=user.username, named_at=timezone.now()
    )
    audit.record(
        actor=user.username, deed="archive.reader_named", target=f"user {username}", purpose=reason.strip()[:200],
        detail={"until": str(until)},
    )  # fmt: skip
    return made


@transaction.atomic
def end_reader(user: User, reader_id: int) -> None:
    """End it before its day. Raises RightMissing, RetentionRefused."""
    accounts.require(user, Right.RULES_DECIDE)
    held = ArchiveReader.objects.select_for_update().filter(pk=reader_id, ended_at=None).first()
    if held is None:
        raise RetentionRefused(why_zh="没有这项授权，或它已结束", why_en="there is no such grant, or it has ended")
    held.ended_at, held.ended_by = timezone.now(), user.username
    held.save(update_fields=["ended_at", "ended_by"])
    audit.record(actor=user.username, deed="archive.reader_ended", target=f"user {held.username}")


def may_read(user: User) -> bool:
    """Whether the officer was named to read the archive today."""
    return ArchiveReader.objects.filter(username=user.username, ended_at=None, until__gte=timezone.localdate()).exists()


def refused(user: User, record_id: int = 0) -> None:
    """Log that somebody who was not named tried."""
    audit.record(actor=user.username, deed="archive.refused", target=f"record {record_id}")


def read_archive(user: User, record_id: int, *, purpose: str) -> list[tuple[Any, dict[str, Any] | None]]:
    """What the archive holds of a record; the look is logged with its purpose, also where the archive holds nothing.

    Raises ArchiveClosed for who was not named, RetentionRefused without a purpose, RecordNotFound.
    """
    if not may_read(user):
        refused(user, record_id)
        raise ArchiveClosed(user=user.username)
    if len(purpose.strip()) < 4:
        raise RetentionRefused(why_zh="请写明查阅的用途", why_en="say for which purpose")
    entity = registry.canonical(Entity.objects.get(pk=records.record(record_id).entity_id))
    found = archive.read(record_id)
    # Before it is shown the look is on record, under the name by which its subject reads who looked (REF-16).
    audit.record(
        actor=user.username,
        deed="query.archive",
        target=registry.address_key(entity),
        purpose=purpose.strip()[:200],
        detail={"record": keys.record_key(record_id), "number": keys.record_key(record_id), "versions": len(found)},
    )
    return found
