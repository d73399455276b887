"""How a day ends: one way, in one order, each day once, also after a pause.

A day is *closed* first: what ended goes to the deletion feed, what ended and began is counted, and the mark moves on, in one
transaction. Then it is *told*, in the order of the days: a scheduled version of the rules takes force, and the rooms hear of
it. The corridor does both (work.py); who answers from the feed, or writes windows, closes first, so that nothing is said of a
day before the one before it has ended. Nothing needs this to vanish: every read of what is public compares with the day.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from django.db import connection as django
from django.db import transaction
from django.utils import timezone

from xinyong.ledger import corridor
from xinyong.publicity import actions
from xinyong.publicity.models import RuleVersion, Turn
from xinyong.runtime import database, sql

#: Rooms that count or feed on what ended and began; each is told a day once it was closed. They register themselves. A kill
#: may tell a day again: a room does nothing twice.
turned: dict[str, Callable[[date], None]] = {}


def close(today: date) -> int:
    """Close every day before today that is not; how many. Safe to repeat and to call from several processes."""
    with database.lasting() as session:
        held = session.execute("SELECT closed_through FROM publicity_day").fetchone()
        if held is None or held[0] >= today - timedelta(days=1):
            return 0
        row = session.execute(sql.statement("publicity", "close_days")).fetchone()
        assert row is not None  # the row was there
        span = {"closed": row[0], "today": today}
        session.execute(sql.statement("publicity", "in_line"))
        session.execute(sql.statement("publicity", "note_expired"), span)
        counted = session.execute(sql.statement("publicity", "count_days"), span).rowcount
        session.execute("UPDATE publicity_day SET closed_through = greatest(closed_through, %(today)s - 1)", span)
        return counted


def tell(today: date) -> int:
    """Tell of every day that was closed and not told, in order; how many. One caller at a time (work.py)."""
    django.close_if_unusable_or_obsolete()
    days = list(Turn.objects.filter(told_at=None, day__lte=today).order_by("day").values_list("day", flat=True))
    for day in days:
        with transaction.atomic():
            due = RuleVersion.objects.select_for_update().filter(state="scheduled", takes_force_on__lte=day).first()
            if due is not None:
                actions.take_force(due)
        for room in turned.values():
            room(day)
        Turn.objects.filter(pk=day).update(told_at=timezone.now())
        corridor.announce()
    return len(days)


def turn(today: date) -> int:
    """End every day before today; how many began since the last time."""
    close(today)
    return tell(today)
