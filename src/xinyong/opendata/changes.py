"""The feed of changes of one dataset: what a copy must take in or drop, after a cursor.

A line says what the record is now, not what it was: a copy that applies the lines in order always ends where the site is,
however often it reads a page again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils import timezone

from xinyong.catalogue.entry import DatasetEntry
from xinyong.opendata import selectors
from xinyong.opendata.rows import columns
from xinyong.publicity import days, effects, gone
from xinyong.registry import keys
from xinyong.runtime import sql
from xinyong.ui import twins

LIMIT = 1000
_FORM = re.compile(r"e([0-9]{1,18})\.([0-9]{1,18})-g([0-9]{1,18})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """``event``, ``version``: the next version to look at; ``gone``: last entry of the deletion feed seen."""

    event: int
    version: int
    gone: int

    def text(self) -> str:
        """As it stands in addresses."""
        return f"e{self.event}.{self.version}-g{self.gone}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePage:
    """Lines for a copy. ``cursor`` is where the next request goes on; ``more``: at once."""

    lines: tuple[dict[str, Any], ...]
    cursor: str
    more: bool


def read(text: str, bulk: str) -> Cursor:
    """The cursor of an address; the beginning for none. Raises CursorUnknown."""
    if not text:
        return Cursor(event=0, version=0, gone=0)
    found = _FORM.fullmatch(text)
    if found is None:
        raise gone.CursorUnknown(
            cursor=text[:80], bulk=bulk, why_zh="不是本站给出的", why_en="was not given by this site"
        )
    event, version, place = (int(part) for part in found.groups())
    return Cursor(event=event, version=version, gone=place)


def end(session: Any) -> Cursor:
    """The end of the feed as a session sees it: everything the publicity windows have taken in is before it."""
    row = session.execute(
        "SELECT coalesce((SELECT event_id FROM ledger_effect_position WHERE effect = %s), 0), "
        "coalesce((SELECT max(id) FROM publicity_gone), 0)",
        (effects.NAME,),
    ).fetchone()
    assert row is not None  # a SELECT without FROM yields one row
    return Cursor(event=int(row[0]) + 1, version=0, gone=int(row[1]))


def after(entry: DatasetEntry, cursor: Cursor, bulk: str, limit: int = LIMIT) -> ChangePage:
    """Up to ``limit`` changes and as many deletions after the cursor. Raises CursorUnknown where it is too old."""
    days.close(timezone.localdate())
    dataset = selectors.dataset_number(None, entry.code)
    with connection.cursor() as session:
        last = end(session)
        oldest = session.execute("SELECT coalesce(min(id), 1) FROM publicity_gone").fetchone()
        if cursor.event > last.event or cursor.gone > last.gone:
            raise gone.CursorUnknown(
                cursor=cursor.text(), bulk=bulk, why_zh="不是本站给出的", why_en="was not given by this site"
            )
        # From the very beginning nothing was copied yet, so nothing can have been missed.
        if cursor.event and cursor.gone < oldest[0] - 1:
            raise gone.CursorUnknown(
                cursor=cursor.text(), bulk=bulk, why_zh="已超过保留期", why_en="is older than what is kept"
            )
        touched, position, more = _touched(session, dataset, cursor, last, limit)
        session.execute(
            sql.statement("opendata", "gone_of_dataset"),
            {"after": cursor.gone, "dataset": dataset, "today": timezone.localdate(), "limit": limit},
        )
        departed = session.fetchall()
    names = [item.code for item in columns(entry)]
    lines: list[dict[str, Any]] = [
        {"id": record, "state": "public", "record": dict(zip(names, row, strict=True))}
        for record, row in selectors.rows_of(entry, list(dict.fromkeys(touched)))
    ]
    lines += [
        {"id": keys.record_key(record), "state": "gone", "gone_at": at} for _, record, at, back in departed if not back
    ]
    place = int(departed[-1][0]) if len(departed) == limit else last.gone
    following = Cursor(event=position[0], version=position[1], gone=place)
    return ChangePage(lines=tuple(lines), cursor=following.text(), more=more or len(departed) == limit)


def _touched(
    session: Any, dataset: int, cursor: Cursor, last: Cursor, limit: int
) -> tuple[list[tuple[int, int]], tuple[int, int], bool]:
    """Records touched by up to ``limit`` versions or acts, the place after them, and whether there is more."""
    records: list[tuple[int, int]] = []
    event, version, room = cursor.event, cursor.version, limit
    while True:
        session.execute(
            sql.statement("opendata", "next_event_of_dataset"),
            {"event": event, "taken": last.event - 1, "dataset": dataset},
        )
        found = session.fetchone()
        if found is None:
            return records, (last.event, 0), False
        if found[0] != event:
            event, version = int(found[0]), 0
        if room <= 0:
            return records, (event, version), True
        begin, until = found[2:]
        if begin is None:
            session.execute("SELECT entity_id, record_id FROM ledger_status WHERE event_id = %s", [event])
            rows = session.fetchall()
        else:
            first = max(int(begin), version)
            until_here = min(int(until), first + room - 1)
            session.execute(sql.statement("opendata", "records_of_versions"), {"first": first, "last": until_here})
            rows = session.fetchall()
            if until_here < int(until):
                return records + rows, (event, until_here + 1), True
            room -= until_here - first
        records += rows
        room -= 1
        event, version = event + 1, 0


def as_lines(page: ChangePage, address: str) -> str:
    """JSON Lines; the last line is the cursor."""
    import json

    rows = [*page.lines, {"cursor": page.cursor, "more": page.more}]
    return "".join(
        json.dumps(twins.plain(row, address), ensure_ascii=False, separators=(",", ":")) + "\n" for row in rows
    )
