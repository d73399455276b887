"""The sheets this room knows: limits, conditions of repair, retention, the working calendar; and files that are confirmed only."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Any

from django.utils import timezone

from xinyong.publicity import inforce as publicity
from xinyong.publicity import repair, timers
from xinyong.publicity.retention import actions as retention_actions
from xinyong.publicity.retention import rules as retention
from xinyong.publicity.rulebook import CONFIRMED
from xinyong.publicity.sheets import inforce, years
from xinyong.publicity.sheets.rows import SHEETS, SOURCES, Change, Line, Raw, Sheet, read, stated

#: Files whose rows are confirmed here and changed by a release: code, folder, file, words.
_STATED = (
    ("publicity-states", "rules", "publicity-states.yml", "公示状态和办理", "States of publicity"),
    ("remedies", "rules", "remedies.yml", "异议、修复、撤下的办理", "Objection, repair, withdrawal"),
    ("record-status", "rules", "record-status.yml", "记录上的办理", "Acts on a record"),
    ("guides", "rules", "guides.yml", "办事指南", "Guides"),
    ("list-notes", "rules", "list-notes.yml", "名单说明", "Notes on lists"),
    ("rhythm", "rules", "rhythm.yml", "报送节奏", "Rhythm of reporting"),
    ("verification", "rules", "verification.yml", "核查用途", "Purposes of verification"),
    ("backflow", "rules", "backflow.yml", "数据回流", "Backflow of data"),
    ("open-data", "rules", "open-data.yml", "开放数据", "Open data"),
    ("special-report", "rules", "special-report.yml", "专项信用报告", "Special report"),
)  # fmt: skip


def _rows(folder: str, name: str, key: str) -> tuple[Raw, ...]:
    return tuple(dict(row) for row in read(folder, name)[key])


def current_timers() -> tuple[timers.Timer, ...]:
    """Limits in force, the replaced ones with their last day."""
    return inforce.read("timers", lambda rows: timers.parse({"timers": rows}, here=True), timers.packaged)


def current_conditions() -> tuple[repair.Condition, ...]:
    """Conditions of repair in force."""
    return inforce.read("repair", lambda rows: repair.parse({"conditions": rows}), repair.packaged)


def current_retention() -> tuple[retention.Rule, ...]:
    """Rows of retention in force."""
    return inforce.read("retention", lambda rows: retention.parse({"rules": rows}, here=True), retention.packaged)


def _goes(wanted: Change) -> list[Line]:
    """How much would go on that day, under the rows as they are and as they would be."""
    profile = publicity.profile()
    counts = []
    for rows in (wanted.rows_before, wanted.rows_after):
        number = 0
        for rule in retention.in_force(wanted.on, profile, retention.parse({"rules": rows}, here=True)):
            if rule.id.partition("~")[0] == wanted.row:
                number += len(list(retention_actions.found_by(rule, wanted.on, retention_actions.MOST)))
        counts.append(number)
    now, then = counts
    return [
        Line(zh="按现行规定，当日应处理的", en="To be dealt with on that day by the row as it is", count=now),
        Line(zh="改动后，当日应处理的", en="To be dealt with on that day by the row as it would be", count=then, tone="blue"),
        Line(zh="其中因改动而增加", en="More because of the change", count=max(0, then - now), tone="amber"),
        Line(zh="其中因改动而减少", en="Fewer because of the change", count=max(0, now - then), tone="amber"),
    ]  # fmt: skip


def _sheets() -> list[Sheet]:
    return [
        Sheet(
            code="timers", zh="办理时限", en="Limits of procedures", dated=True,
            load=lambda: _rows("rules", "timers.yml", "timers"),
            editable=("length", "unit", "extension", "longest", "excludes", *SOURCES),
            check=lambda rows: timers.parse({"timers": rows}, here=True),
        ),
        Sheet(
            code="repair", zh="修复条件", en="Conditions of repair", dated=True,
            load=lambda: _rows("rules", "repair.yml", "conditions"),
            editable=("zh", "en", "regimes", "lists", "until", *SOURCES),
            check=lambda rows: repair.parse({"conditions": rows}),
        ),
        Sheet(
            code="retention", zh="保存期限", en="Retention", dated=True,
            load=lambda: _rows("rules", "retention.yml", "rules"),
            editable=("months", "then", *SOURCES),
            check=lambda rows: retention.parse({"rules": rows}, here=True), comparisons={"goes": _goes},
        ),
        Sheet(
            code="calendar", zh="工作日历", en="Working calendar", load=years.packaged_rows,
            editable=("off", "worked", *SOURCES), check=years.parse,
        ),
        *(
            Sheet(code=code, zh=zh, en=en, load=partial(stated, folder, name))
            for code, folder, name, zh, en in _STATED
        ),
    ]  # fmt: skip


def register() -> None:
    """Let the pages know the sheets, and the readers of their files what is in force."""
    from xinyong.standards import calendar

    SHEETS.update({sheet.code: sheet for sheet in _sheets()})
    timers.source(current_timers)
    repair.source(current_conditions)
    retention.source(current_retention)
    calendar.source(lambda: inforce.read("calendar", years.parse, calendar.packaged))


def unconfirmed() -> int:
    """How many rows of all sheets wait for the legal office."""
    return sum(row.get("status") != CONFIRMED for sheet in SHEETS for row in current(sheet))


def current(sheet: str, today: date | None = None) -> list[Raw]:
    """One row a number: what holds today, else what will."""
    day, found = today or timezone.localdate(), dict[str, Any]()
    for row in inforce.rows(sheet):
        number = str(row["id"]).partition("~")[0]
        held = found.get(number)
        if held is None or str(row.get("from") or date.min) <= day.isoformat():
            found[number] = row
    return list(found.values())
