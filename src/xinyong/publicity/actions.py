"""The only writers of the rules of publicity. Each names the officer, the reason and the document it rests on.

A confirmation says a row is right as it stands and takes force at once, for it moves no date. Any other change waits in
one draft, is compared with the ledger, and only then takes force on a day. Nothing is rewritten: a version that was in
force keeps its whole content.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from xinyong.accounts import selectors as accounts
from xinyong.accounts.models import User
from xinyong.accounts.rules import Right
from xinyong.audit import actions as audit
from xinyong.ledger import corridor
from xinyong.publicity import inforce, rulebook
from xinyong.publicity.errors import RulesRefused, RuleUnknown
from xinyong.publicity.models import RuleAct, RuleDifference, RuleVersion
from xinyong.publicity.rulebook import Rulebook

#: Deeds on the rules stand in line for this advisory lock.
_LOCK = 0x0D35
WAITING = ("draft", "comparing", "compared", "scheduled")
State = RuleVersion.State


def _begin(user: User, reason: str, basis: str | None = None) -> tuple[str, str]:
    accounts.require(user, Right.RULES_DECIDE)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
    reason, basis = reason.strip(), basis.strip() if basis is not None else None
    if not reason or basis == "":
        raise RulesRefused(
            why_zh="须写明理由" + ("和依据文书（名称、文号、日期）" if basis is not None else ""),
            why_en="a reason" + (" and the document it rests on" if basis is not None else "") + " must be given",
        )
    return reason, basis or ""


def waiting() -> RuleVersion | None:
    """The version that is being written, compared, or waits for its day."""
    return RuleVersion.objects.filter(state__in=WAITING).first()


def release_differs() -> bool:
    """Whether this release brings other rules than those the version in force rests on; they too are compared first."""
    found = RuleVersion.objects.filter(state=State.IN_FORCE).values_list("base_digest", flat=True).first()
    return found is not None and found != rulebook.packaged().digest


def changes_in_force() -> dict[str, dict[str, Any]]:
    """What officers have changed so far, by row."""
    found = RuleVersion.objects.filter(state=State.IN_FORCE).values_list("changes", flat=True).first()
    return dict(found or {})


def candidate(draft: RuleVersion | None = None) -> Rulebook:
    """The rules as they would be: packaged, with all officers' changes and those of the draft. Raises RulesInvalid."""
    changes = changes_in_force()
    for row, values in (draft.changes if draft is not None else {}).items():
        changes[row] = {**changes.get(row, {}), **values}
    return rulebook.packaged().replaced(changes, _label()) if changes else rulebook.packaged()


def begin() -> None:
    """Store the packaged rules as the first version in force, so that a later release changes nothing unasked.

    Windows that are there already were computed by another release, and are computed anew.
    """
    if RuleVersion.objects.exists():
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        if RuleVersion.objects.exists():
            return
        cursor.execute("SELECT EXISTS (SELECT FROM publicity_window)")
        (old,) = cursor.fetchone()
        book = rulebook.packaged()
        RuleVersion.objects.create(
            label=book.version,
            state=State.IN_FORCE,
            base_digest=book.digest,
            content=rulebook.to_store(book),
            compared_digest=book.digest,
            takes_force_on=timezone.localdate(),
            actor="release",
            put_by="release",
            made_at=timezone.now(),
            put_at=timezone.now(),
            work_to=None if old else 0,
        )


def _label() -> str:
    done = RuleVersion.objects.filter(state__in=(State.IN_FORCE, State.REPLACED)).count()
    return f"{rulebook.packaged().version}/{done + 1}"


def _note(user: User, version: RuleVersion, kind: str, row: str, reason: str, **more: Any) -> None:
    RuleAct.objects.create(
        version=version, row=row, kind=kind, reason=reason, actor=user.username, at=timezone.now(), **more
    )
    audit.record(
        actor=user.username,
        deed=f"rules.{kind}",
        target=f"publicity rules {version.label}" + (f" {row}" if row else ""),
        purpose=reason[:200],
        detail={key: value for key, value in more.items() if key in ("before", "after", "basis")},
    )


def _now_in_force(version: RuleVersion, book: Rulebook, changes: Mapping[str, Any], base: str) -> None:
    """Swap the version in force. ``base``: the packaged rules it rests on."""
    RuleVersion.objects.filter(state=State.IN_FORCE).update(state=State.REPLACED)
    version.state = State.IN_FORCE
    version.base_digest = base
    version.changes = dict(changes)
    version.content = rulebook.to_store(book)
    version.compared_digest = book.digest
    version.save()
    transaction.on_commit(corridor.announce)


@transaction.atomic
def confirm(user: User, row: str, *, reason: str, basis: str) -> RuleVersion:
    """Say that a row is right as it stands. Raises RuleUnknown, RulesRefused, RightMissing."""
    reason, basis = _begin(user, reason, basis)
    now = inforce.current()
    found = now.book.rows.get(row)
    if found is None:
        raise RuleUnknown(row=row)
    if found.status == rulebook.CONFIRMED:
        raise RulesRefused(why_zh=f"{row} 已经确认", why_en=f"{row} is confirmed already")
    today = timezone.localdate()
    values = {"status": rulebook.CONFIRMED, "confirmed_by": user.username, "confirmed_on": today.isoformat()}
    changes = changes_in_force()
    changes[row] = {**changes.get(row, {}), **values}
    before = RuleVersion.objects.filter(state=State.IN_FORCE).first()
    version = RuleVersion(
        label=_label(),
        actor=user.username,
        made_at=timezone.now(),
        takes_force_on=today,
        reason=reason,
        put_by=user.username,
        put_at=timezone.now(),
        # No date moves, so nothing is recomputed; work an earlier version left goes on.
        done_to=before.done_to if before else 0,
        work_to=before.work_to if before else 0,
    )
    _now_in_force(
        version,
        now.book.replaced({row: values}, version.label),
        changes,
        before.base_digest if before else rulebook.packaged().digest,
    )
    _note(user, version, "confirmed", row, reason, basis=basis, before={"status": found.status}, after=values)
    return version


def _draft(user: User) -> RuleVersion:
    """The draft, begun now if there is none. One that was compared is a draft again when it is changed."""
    version = waiting()
    if version is None:
        return RuleVersion.objects.create(
            label=_label(),
            state=State.DRAFT,
            base_digest=rulebook.packaged().digest,
            actor=user.username,
            made_at=timezone.now(),
        )
    if version.state == State.SCHEDULED:
        raise RulesRefused(
            why_zh=f"版本 {version.label} 已定于 {version.takes_force_on} 生效；请先撤回",
            why_en=f"version {version.label} takes force on {version.takes_force_on}; give it up first",
        )
    version.state = State.DRAFT
    return version


@transaction.atomic
def replace(user: User, row: str, values: Mapping[str, Any], *, reason: str, basis: str) -> RuleVersion:
    """Put other values of a row into the draft. Raises RuleUnknown, RulesInvalid, RulesRefused, RightMissing."""
    reason, basis = _begin(user, reason, basis)
    book = inforce.book()
    if row not in book.raw:
        raise RuleUnknown(row=row)
    allowed = (*rulebook.EDITABLE[book.section_of(row)], *rulebook.SOURCES)
    held = {key: book.raw[row].get(key) for key in allowed}
    changed = {key: value for key, value in values.items() if key in allowed and value != held[key]}
    if not changed:
        raise RulesRefused(why_zh=f"{row} 的内容没有变化", why_en=f"no value of {row} was changed")
    changed |= {
        "status": rulebook.CONFIRMED,
        "confirmed_by": user.username,
        "confirmed_on": timezone.localdate().isoformat(),
        "revision": book.rows[row].revision + 1,
    }
    book.check(row, changed)
    return _into_draft(user, row, changed, {key: held[key] for key in changed if key in held}, reason, basis)


@transaction.atomic
def add_hold(user: User, row: str, values: Mapping[str, Any], *, reason: str, basis: str) -> RuleVersion:
    """Enter a line ministry's rule that holds a stop back (PUB-10) into the draft. Raises as :func:`replace`."""
    reason, basis = _begin(user, reason, basis)
    row = row.strip().upper()
    if not row.isascii() or not row.replace("-", "").isalnum() or len(row) > 20:
        raise RulesRefused(
            why_zh=f"编号“{row}”不合要求：只用字母、数字和连字符，不超过20个字符",
            why_en=f"the number '{row}' must be letters, digits and hyphens, 20 at most",
        )
    book = inforce.book()
    if row in book.raw:
        raise RulesRefused(why_zh=f"编号 {row} 已有规则", why_en=f"there is a rule {row} already")
    content = {
        "section": "holds",
        "id": row,
        **{key: values.get(key, "") for key in ("ministry", "ministry_en", "effective_from", *rulebook.SOURCES)},
        "effective_until": values.get("effective_until") or None,
        "certainty": "text",
        "status": rulebook.CONFIRMED,
        "confirmed_by": user.username,
        "confirmed_on": timezone.localdate().isoformat(),
    }
    for key in ("ministry", "ministry_en", *rulebook.SOURCES):
        if not str(content[key]).strip():
            raise RulesRefused(why_zh=f"缺少“{key}”", why_en=f"'{key}' is missing")
    book.check(row, content)
    return _into_draft(user, row, content, {}, reason, basis)


def _into_draft(
    user: User, row: str, values: dict[str, Any], before: dict[str, Any], reason: str, basis: str
) -> RuleVersion:
    version = _draft(user)
    version.changes = {**version.changes, row: values}
    version.save()
    _note(user, version, "replaced", row, reason, basis=basis, before=before, after=values)
    return version


@transaction.atomic
def take_back(user: User, row: str, *, reason: str) -> RuleVersion:
    """Take a change out of the draft again. Raises RuleUnknown, RulesRefused, RightMissing."""
    reason, _ = _begin(user, reason)
    version = waiting()
    if version is None or row not in version.changes:
        raise RuleUnknown(row=row)
    version = _draft(user)
    before = version.changes.pop(row)
    version.save()
    _note(user, version, "taken_back", row, reason, before=before)
    return version


@transaction.atomic
def compare(user: User, *, reason: str = "比较") -> RuleVersion:
    """Have the draft compared with the rules in force on every record. Raises RulesInvalid, RulesRefused, RightMissing."""
    reason, _ = _begin(user, reason)
    version = _draft(user)
    book = candidate(version)
    if book.digest == inforce.book().digest:
        raise RulesRefused(why_zh="没有待比较的改动", why_en="there is nothing to compare")
    RuleDifference.objects.filter(version=version).delete()
    version.state = State.COMPARING
    version.compared_digest, version.compared_with = book.digest, inforce.current().number
    version.comparison, version.done_to, version.work_to = {}, 0, None
    version.save()
    _note(user, version, "compared", "", reason)
    transaction.on_commit(corridor.announce)
    return version


@transaction.atomic
def put_in_force(user: User, *, on: date, reason: str, basis: str, seen: str) -> RuleVersion:
    """Put the compared draft in force on a day. ``seen``: digest of the comparison the officer looked at.

    Raises RulesRefused when it was not compared, or something has changed since; RulesInvalid, RightMissing.
    """
    reason, basis = _begin(user, reason, basis)
    version = waiting()
    if version is None or version.state != State.COMPARED:
        raise RulesRefused(
            why_zh="没有比较完毕的版本；请先与现有数据比较",
            why_en="no version was compared; compare it with the ledger first",
        )
    if seen != version.compared_digest or candidate(version).digest != version.compared_digest:
        raise RulesRefused(
            why_zh="比较之后规则又有改动；请重新比较",
            why_en="the rules have changed since the comparison; compare again",
        )
    if on < timezone.localdate():
        raise RulesRefused(why_zh="生效日期不能早于今天", why_en="it cannot take force before today")
    version.takes_force_on, version.reason = on, reason
    version.put_by, version.put_at = user.username, timezone.now()
    version.state = State.SCHEDULED
    version.save()
    _note(user, version, "put_in_force", "", reason, basis=basis, after={"on": on.isoformat()})
    if on == timezone.localdate():
        take_force(version)
    return version


def take_force(version: RuleVersion) -> None:
    """A scheduled version begins to count: from now on every window is computed by it, the stored ones one by one."""
    book = candidate(version)
    changes = changes_in_force()
    for row, values in version.changes.items():
        changes[row] = {**changes.get(row, {}), **values}
    version.done_to, version.work_to = 0, None
    _now_in_force(version, book, changes, rulebook.packaged().digest)


@transaction.atomic
def drop(user: User, *, reason: str) -> RuleVersion:
    """Give the waiting version up; what it said stays readable. Raises RulesRefused, RightMissing."""
    reason, _ = _begin(user, reason)
    version = waiting()
    if version is None:
        raise RulesRefused(why_zh="没有待处理的版本", why_en="no version waits")
    RuleDifference.objects.filter(version=version).delete()
    version.state = State.DROPPED
    version.save()
    _note(user, version, "dropped", "", reason)
    return version
