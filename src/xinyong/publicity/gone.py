"""The deletion feed: which records stopped being public, and when. Ids and moments only, so that copies can follow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from importlib import resources
from typing import Any

import yaml
from django.db import connection
from django.utils import timezone

from xinyong.errors import ErrorCode, XinyongError
from xinyong.publicity import days
from xinyong.registry import keys
from xinyong.runtime import database, sql

PAGE = 1000


class CursorUnknown(XinyongError):
    """The cursor of a feed is not one the feed gave, or the feed no longer reaches back to it."""

    code = ErrorCode.CURSOR_UNKNOWN
    status = 410
    zh = "游标「{cursor}」{why_zh}。请下载完整文件（{bulk}），再从其中所附游标继续。"
    en = "The cursor '{cursor}' {why_en}. Download the full file ({bulk}) and go on from the cursor given with it."


@dataclass(frozen=True, slots=True, kw_only=True)
class Departed:
    """A record that is not public any more. Nothing of its content, not even its subject."""

    id: str
    gone_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DepartedPage:
    """A page of the feed. ``cursor`` is where the next request goes on; it stays valid for ``kept_days``."""

    items: tuple[Departed, ...]
    cursor: str
    more: bool
    kept_days: int


@cache
def rule_set() -> Mapping[str, Any]:
    """Periods and rhythms of open data: ``datapacks/rules/open-data.yml``."""
    text = (resources.files("xinyong.datapacks") / "rules" / "open-data.yml").read_text(encoding="utf-8")
    loaded: Mapping[str, Any] = yaml.safe_load(text)
    return loaded


def kept_days() -> int:
    """How long an entry of the feed is kept."""
    return int(rule_set()["deletion_feed"]["keep_days"])


def prune(today: date) -> int:
    """Drop entries older than the feed keeps. The newest entry stays, so that a cursor never points beyond the end."""
    with database.connect() as session:
        before = timezone.make_aware(datetime(today.year, today.month, today.day)) - timedelta(days=kept_days())
        return session.execute(sql.statement("publicity", "prune_gone"), {"before": before}).rowcount


def position() -> int:
    """The place of the newest entry."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(id), 0) FROM publicity_gone")
        return int(cursor.fetchone()[0])


def after(cursor: str, bulk: str, *, dataset_id: int | None = None, limit: int = PAGE) -> DepartedPage:
    """The entries after a cursor; from the oldest kept one for an empty cursor. Raises CursorUnknown."""
    place = _place(cursor, bulk)
    days.close(timezone.localdate())
    with connection.cursor() as session:
        session.execute("SELECT coalesce(min(id), 1), coalesce(max(id), 0) FROM publicity_gone")
        first, last = session.fetchone()
        if cursor and place > last and place != 0:
            raise CursorUnknown(cursor=cursor, bulk=bulk, why_zh="不是本站给出的", why_en="was not given by this site")
        if cursor and place < first - 1:
            raise CursorUnknown(cursor=cursor, bulk=bulk, why_zh="已超过保留期", why_en="is older than what is kept")
        session.execute(
            sql.statement("publicity", "gone_after"),
            {"after": place, "dataset": dataset_id, "limit": limit + 1, "today": timezone.localdate()},
        )
        rows = session.fetchall()
    shown = rows[:limit]
    more = len(rows) > limit
    # At the end the cursor moves past entries of other datasets and of records that are public again.
    end = shown[-1][0] if more else max(int(last), place, *(row[0] for row in shown))
    return DepartedPage(
        items=tuple(Departed(id=keys.record_key(record), gone_at=at) for _, record, at in shown),
        cursor=f"g{end}",
        more=more,
        kept_days=kept_days(),
    )


def _place(cursor: str, bulk: str) -> int:
    digits = cursor.removeprefix("g")
    if not cursor:
        return 0
    if not cursor.startswith("g") or not (digits.isascii() and digits.isdecimal() and len(digits) < 19):
        raise CursorUnknown(cursor=cursor[:40], bulk=bulk, why_zh="不是本站给出的", why_en="was not given by this site")
    return int(digits)
