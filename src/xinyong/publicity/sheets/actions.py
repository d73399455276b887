"""The only writers of acts on sheets: a row is confirmed as it stands, or replaced from a day on after a comparison."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from xinyong.accounts import selectors as accounts
from xinyong.accounts.models import User
from xinyong.accounts.rules import Right
from xinyong.audit import actions as audit
from xinyong.publicity.errors import RulesRefused, RuleUnknown
from xinyong.publicity.models import SheetAct
from xinyong.publicity.rulebook import CONFIRMED
from xinyong.publicity.sheets import inforce, rows
from xinyong.publicity.sheets.rows import SHEETS, Act, Change, Line, Raw, Sheet

_LOCK = 0x0D37
#: Called in the transaction, or at the turn of the day, in which a replaced row of a sheet begins to hold.
taken: dict[str, Callable[[str, date], None]] = {}


def _begin(user: User, sheet: str, row: str, reason: str, basis: str) -> tuple[Sheet, Raw, str, str]:
    accounts.require(user, Right.RULES_DECIDE)
    found = SHEETS.get(sheet)
    if found is None:
        raise RuleUnknown(row=f"{sheet}/{row}"[:60])
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
    held = rows.newest(inforce.rows(sheet), row)
    if held is None:
        raise RuleUnknown(row=row[:60])
    reason, basis = reason.strip(), basis.strip()
    if not reason or not basis:
        raise RulesRefused(
            why_zh="须写明理由和依据文书（名称、文号、日期）",
            why_en="a reason and the document it rests on must be given",
        )
    return found, held, reason, basis


def _note(user: User, sheet: str, row: str, kind: str, on: date, reason: str, basis: str, **more: Any) -> SheetAct:
    made = SheetAct.objects.create(
        sheet=sheet,
        row=rows.base(row),
        kind=kind,
        takes_force_on=on,
        reason=reason,
        basis=basis,
        actor=user.username,
        at=timezone.now(),
        **more,
    )
    audit.record(
        actor=user.username,
        deed=f"rules.{kind}",
        target=f"{sheet} {rows.base(row)}",
        purpose=reason[:200],
        detail={"before": more.get("before", {}), "after": more.get("after", {}), "basis": basis, "on": on.isoformat()},
    )
    inforce.forget()
    return made


def _signed(user: User) -> dict[str, Any]:
    return {"status": CONFIRMED, "confirmed_by": user.username, "confirmed_on": timezone.localdate().isoformat()}


@transaction.atomic
def confirm(user: User, sheet: str, row: str, *, reason: str, basis: str) -> SheetAct:
    """Say that a row is right as it stands. Raises RuleUnknown, RulesRefused, RightMissing."""
    found, held, reason, basis = _begin(user, sheet, row, reason, basis)
    if held.get("status") == CONFIRMED:
        raise RulesRefused(why_zh=f"{row} 已经确认", why_en=f"{row} is confirmed already")
    act = Act(
        number=-1,
        row=rows.base(str(held["id"])),
        kind=rows.CONFIRM,
        values=_signed(user),
        on=timezone.localdate(),
        actor="",
    )
    _check(found, tuple(rows.plain(item) for item in rows.assembled(found, [*inforce.acts(sheet), act])))
    return _note(
        user, sheet, row, rows.CONFIRM, timezone.localdate(), reason, basis, before={"status": held["status"]}, after=_signed(user)
    )  # fmt: skip


def _check(sheet: Sheet, found: tuple[Raw, ...]) -> None:
    """Rows that do not hold together never come to hold. Raises RulesRefused."""
    if sheet.check is None:
        return
    try:
        sheet.check(found)
    except (ValueError, TypeError) as error:
        raise RulesRefused(why_zh=f"不成立：{error}", why_en=f"it would not hold together: {error}") from error


def _changed(sheet: Sheet, held: Raw, values: Mapping[str, Any]) -> Raw:
    """Values that differ; a key that is left out and one that is empty are the same."""
    return {
        key: value
        for key, value in values.items()
        if key in sheet.editable and (value or held.get(key)) and value != _plain(held.get(key))
    }


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def change(sheet: Sheet, held: Raw, values: Mapping[str, Any], on: date, actor: str = "") -> Change:
    """The change as it would be. Raises RulesRefused where the rows would not hold together, or nothing changes."""
    new = _changed(sheet, held, values)
    if not new:
        raise RulesRefused(why_zh=f"{held['id']} 的内容没有变化", why_en=f"no value of {held['id']} was changed")
    if on < timezone.localdate():
        raise RulesRefused(why_zh="生效日期不能早于今天", why_en="it cannot take force before today")
    if sheet.dated and held.get("until") and rows.plain(held)["until"] < on:
        raise RulesRefused(
            why_zh=f"{held['id']} 到 {held['until']} 为止，此后没有可替换的内容",
            why_en=f"{held['id']} ends on {held['until']}; there is nothing to replace after it",
        )
    done = inforce.acts(sheet.code)
    number = rows.base(str(held["id"]))
    act = Act(number=-1, row=number, kind=rows.REPLACE, values={**new, "status": CONFIRMED}, on=on, actor=actor)
    before, after = (tuple(rows.plain(row) for row in rows.assembled(sheet, found)) for found in (done, [*done, act]))
    if sheet.check is not None:
        try:
            sheet.check(after)
        except (ValueError, TypeError) as error:
            raise RulesRefused(
                why_zh=f"改动后不成立：{error}", why_en=f"it would not hold together: {error}"
            ) from error
    then = rows.newest(after, number)
    if then is None:
        raise RuleUnknown(row=number)
    return Change(row=number, on=on, before=rows.plain(held), after=then, rows_before=before, rows_after=after)


def _digest(sheet: Sheet, wanted: Change) -> str:
    said = json.dumps(
        [sheet.code, wanted.row, wanted.on, wanted.after, SheetAct.objects.filter(sheet=sheet.code).count()],
        default=str,
    )
    return hashlib.sha256(said.encode()).hexdigest()


def compare(
    user: User, sheet: str, row: str, values: Mapping[str, Any], *, on: date, reason: str, basis: str
) -> tuple[str, list[Line]]:
    """What the change would do, by what is there today; nothing is written. The first value is asked for by replace()."""
    with transaction.atomic():
        found, held, _, _ = _begin(user, sheet, row, reason, basis)
        wanted = change(found, held, values, on)
        return _digest(found, wanted), [line for ask in found.comparisons.values() for line in ask(wanted)]


@transaction.atomic
def replace(
    user: User, sheet: str, row: str, values: Mapping[str, Any], *, on: date, reason: str, basis: str, seen: str
) -> SheetAct:
    """Let other values hold from a day on; the row ends the day before. ``seen``: what compare() gave.

    Raises RulesRefused when it was not compared or something has changed since; RuleUnknown, RightMissing.
    """
    found, held, reason, basis = _begin(user, sheet, row, reason, basis)
    wanted = change(found, held, values, on)
    if seen != _digest(found, wanted):
        raise RulesRefused(
            why_zh="须先比较改动的影响；比较之后内容、日期或规则又有变化的，请重新比较",
            why_en="compare what it would do first; after a change of values, day or rules compare again",
        )
    lines = [line for ask in found.comparisons.values() for line in ask(wanted)]
    after = _changed(found, held, values)
    made = _note(
        user, sheet, row, rows.REPLACE, on, reason, basis,
        before={key: str(held.get(key, "")) for key in after},
        after={**after, **_signed(user)},
        comparison=[{"zh": line.zh, "en": line.en, "count": line.count} for line in lines],
    )  # fmt: skip
    if on == timezone.localdate():
        _took_force(sheet, on)
    return made


@transaction.atomic
def take_back(user: User, sheet: str, act_id: int, *, reason: str) -> SheetAct:
    """Take a replacement back before its day. Raises RulesRefused, RuleUnknown, RightMissing."""
    act = SheetAct.objects.filter(pk=act_id, sheet=sheet, kind=rows.REPLACE).first()
    if act is None:
        raise RuleUnknown(row=sheet)
    _begin(user, sheet, act.row, reason, "-")
    if act.takes_force_on <= timezone.localdate():
        raise RulesRefused(
            why_zh=f"{act.row} 的改动已经生效，只能再次改动",
            why_en=f"the change of {act.row} holds already; change it again",
        )
    later = SheetAct.objects.filter(sheet=sheet, row=act.row, pk__gt=act.pk)
    if later.exists():
        raise RulesRefused(
            why_zh="已经撤回，或之后另有办理", why_en="it was taken back, or something was done after it"
        )
    return _note(user, sheet, act.row, rows.TAKE_BACK, act.takes_force_on, reason.strip(), "", undoes=act)


def _took_force(sheet: str, day: date) -> None:
    for room in taken.values():
        room(sheet, day)


def turned(day: date) -> None:
    """Rows whose day has come begin to hold; rooms that keep what follows from them are told."""
    undone = SheetAct.objects.filter(kind=rows.TAKE_BACK).values("undoes")
    found = SheetAct.objects.filter(kind=rows.REPLACE, takes_force_on=day, at__date__lt=day).exclude(pk__in=undone)
    for sheet in sorted(set(found.values_list("sheet", flat=True))):
        inforce.forget()
        with transaction.atomic():
            _took_force(sheet, day)
