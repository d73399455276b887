"""Rows in force of a sheet, with what officers confirmed and replaced. Read over the caller's connection, kept a second."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date
from typing import Any, TypeVar

from django.db import OperationalError, ProgrammingError, connection, transaction
from django.utils import timezone

from xinyong.publicity.models import SheetAct
from xinyong.publicity.sheets.rows import SHEETS, Act, Raw, assembled, plain

#: How long what was read holds in another process than the one that wrote it.
FRESH = 1.0
_T = TypeVar("_T")
#: By database: when looked, the newest act.
_looked: dict[str, tuple[float, int]] = {}
_made: dict[tuple[str, str, int, date], Any] = {}


def forget() -> None:
    """Look again: an act was written here."""
    transaction.on_commit(_looked.clear)
    _looked.clear()


def newest() -> int:
    """The newest act on any sheet; 0 for none.

    A file is checked without a server too: where no database answers, what was known holds, else the packaged rows.
    """
    name = str(connection.settings_dict["NAME"])
    held, now = _looked.get(name), time.monotonic()
    if held is not None and now - held[0] < FRESH:
        return held[1]
    try:
        found = SheetAct.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    except (OperationalError, ProgrammingError):
        if connection.in_atomic_block:
            raise
        found = held[1] if held is not None else 0
    # Asked once a second, also inside a transaction: a piece of work asks for limits hundreds of times.
    _looked[name] = (now, found)
    return found


def acts(sheet: str, up_to: int | None = None) -> list[Act]:
    """What officers did to rows of a sheet, in order."""
    found = SheetAct.objects.filter(sheet=sheet).order_by("pk")
    if up_to is not None:
        found = found.filter(pk__lte=up_to)
    return [
        Act(number=row.pk, row=row.row, kind=row.kind, values=row.after, on=row.takes_force_on, actor=row.actor, undoes=row.undoes_id)
        for row in found
    ]  # fmt: skip


def rows(sheet: str) -> tuple[Raw, ...]:
    """All rows, each with its own span of days."""
    return assembled(SHEETS[sheet], acts(sheet), timezone.localdate())


def read(sheet: str, parse: Callable[[tuple[Raw, ...]], _T], packaged: Callable[[], _T]) -> _T:
    """The sheet as its room reads it: the packaged rows while no officer has done anything to any sheet."""
    number = newest()
    if number == 0:
        return packaged()
    key = (str(connection.settings_dict["NAME"]), sheet, number, timezone.localdate())
    found = _made.get(key)
    if found is None:
        found = parse(tuple(plain(row) for row in assembled(SHEETS[sheet], acts(sheet, number), key[3])))
        if len(_made) > 64:
            _made.clear()
        _made[key] = found
    made: _T = found
    return made
