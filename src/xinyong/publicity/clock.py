"""How long one record counts: its clock, computed from plain values and the dated rules, and never typed by hand.

:func:`compute` is the one place that knows how the rules are put together; the window table, the repair clock of the
site, and the comparison of two rule versions all come from it. Pure: no database. Article numbers: rules.md 3 and 6.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from xinyong.publicity.clock_values import NO_MARKS, Clock, Elsewhere, Facts, Marks, Sheet, Step
from xinyong.publicity.closing import closed, closing, opened
from xinyong.publicity.rulebook import (
    Lasting,
    ListRule,
    Period,
    Regime,
    Rulebook,
    Severity,
)
from xinyong.standards import calendar

__all__ = [
    "CREDIT_SITE",
    "NATIONAL_SYSTEM",
    "NO_MARKS",
    "Clock",
    "Elsewhere",
    "Facts",
    "Marks",
    "Step",
    "compute",
    "grade",
]

CREDIT_SITE, NATIONAL_SYSTEM = "credit-site", "gsxt"
_WORDS = {
    "minor": ("轻微", "minor"),
    "general": ("一般", "general"),
    "serious": ("严重", "serious"),
}


def compute(
    facts: Facts,
    book: Rulebook,
    *,
    profile: str = "national",
    channel: str = CREDIT_SITE,
    marks: Marks = NO_MARKS,
) -> Clock:
    """The clock of one record. KeyError for a profile or channel the book does not know."""
    _ = book.profiles[profile], book.channels[channel]
    sheet = Sheet(facts, book)
    if facts.kind == "penalty":
        return _penalty(sheet, profile, channel, marks)
    if facts.kind.startswith("list-"):
        return _list_entry(sheet, facts.kind.removeprefix("list-"), profile, marks)
    row = next((item for item in book.lasting if item.kind == facts.kind), None)
    if row is None:
        sheet.step("该类信息不向社会公示。", "Items of this kind are not published.")
        return closed(sheet, marks, "")
    return _lasting(sheet, row, marks)


# --- penalties ----------------------------------------------------------------------------------------------------


def grade(facts: Facts, book: Rulebook, scale: str) -> Severity:
    """The line of a scale's decision table that governs: the first that fits, from the top."""
    return next(row for row in book.severity if row.scale == scale and _fits(row, facts))


def _fits(row: Severity, facts: Facts) -> bool:
    if row.asleep:
        return False
    if row.residual:
        return True
    if row.list:
        return facts.kind == f"list-{row.list}"
    stems = {_stem(kind) for kind in facts.kinds}
    if row.any_kinds and not stems & set(row.any_kinds):
        return False
    if row.all_kinds and not (stems and stems <= set(row.all_kinds)):
        return False
    if row.sectors and not facts.sectors & set(row.sectors):
        return False
    if row.summary_procedure and not facts.summary_procedure:
        return False
    if row.fine_from is not None and not (facts.fine is not None and facts.fine >= row.fine_from):
        return False
    # Without a fine among the kinds its amount says nothing.
    return row.fine_below is None or "罚款" not in stems or (facts.fine is not None and facts.fine < row.fine_below)


def _stem(kind: str) -> str:
    """A kind such as 其他-… without what an organ wrote behind it."""
    return kind.split("-", 1)[0].split("－", 1)[0].split("—", 1)[0]


def _regime(book: Rulebook, channel: str, day: date) -> Regime | None:
    return next(
        (
            row
            for row in book.regimes
            if row.channel == channel
            and row.decided_from <= day
            and (row.decided_until is None or day <= row.decided_until)
        ),
        None,
    )


def _period(book: Rulebook, regime: str, grade: str, sectors: frozenset[str]) -> Period:
    """The row of a class; one that names a sector of the record goes before the general one."""
    rows = [row for row in book.periods if row.regime == regime and row.grade == grade]
    return next(
        (row for row in rows if row.sectors and sectors & set(row.sectors)), next(r for r in rows if not r.sectors)
    )


def _class_on(sheet: Sheet, regime: Regime, marks: Marks) -> str:
    """The class of the record on the scale of a regime, an officer's word first."""
    if marks.grade:
        return sheet.book.officer_class[regime.scale][marks.grade]
    return grade(sheet.facts, sheet.book, regime.scale).grade


def _severity(sheet: Sheet, marks: Marks) -> str:
    row = grade(sheet.facts, sheet.book, sheet.book.severity_scale)
    if marks.grade:
        sheet.step(
            f"严重程度：{_WORDS[marks.grade][0]}（由经办人员认定，规则表原判为{_WORDS[row.grade][0]}）。",
            f"Class: {_WORDS[marks.grade][1]}, set by an officer; the table says {_WORDS[row.grade][1]}.",
        )
        return marks.grade
    said = "、".join(sheet.facts.kinds)
    # Kinds are words of the delivery and have no English.
    because = (f"（{said}）", " (the gravest of its kinds)") if said else ("", "")
    sheet.step(f"严重程度：{_WORDS[row.grade][0]}{because[0]}。", f"Class: {_WORDS[row.grade][1]}{because[1]}.", row)
    return row.grade


def _start(facts: Facts, regime: Regime) -> date:
    return facts.day if regime.start == "decision" else facts.published_on or facts.received_on


def _penalty(sheet: Sheet, profile: str, channel: str, marks: Marks) -> Clock:
    facts, book = sheet.facts, sheet.book
    severity = _severity(sheet, marks)
    regime = _regime(book, channel, facts.day)
    if regime is None:
        sheet.step(
            f"决定日期 {facts.day} 早于该渠道的任何公示规则，不公示。",
            f"Decided on {facts.day}, before any rule of this channel: not published.",
        )
        return closed(sheet, marks, severity)
    sheet.regime = regime.regime
    start = _start(facts, regime)
    what = ("决定日期", "date of the decision") if regime.start == "decision" else ("首次公示日期", "first public day")
    sheet.step(
        f"按{regime.zh}计算（决定日期 {facts.day}）；自{what[0]} {start} 起算。",
        f"Counted by {regime.en} (decided on {facts.day}), from the {what[1]}, {start}.",
        regime,
        start,
    )
    own = _period(book, regime.regime, _class_on(sheet, regime, marks), facts.sectors)
    if not _may_be_public(sheet, own, marks):
        return closed(sheet, marks, severity)
    end = _end(sheet, own, start)
    change = next(row for row in book.transition if row.channel == channel)
    if change.apply == "earlier_end" and regime.regime != change.newest:
        newest = next(row for row in book.regimes if row.regime == change.newest)
        newer = _period(book, newest.regime, _class_on(sheet, newest, marks), facts.sectors)
        if not _may_be_public(sheet, newer, marks):
            return closed(sheet, marks, severity)
        newer_end = calendar.same_day_later(start, newer.maximum_months)
        if newer_end < end:
            end = newer_end
            sheet.step(
                f"新规则下最长公示期更短（{newer.maximum_months} 个月），取较早的结束日 {end}。",
                f"The newest rules allow {newer.maximum_months} months only; the earlier end, {end}, governs.",
                newer,
                end,
                dated=True,
            )
            sheet.used.append(change)
    if not facts.market_regulation or channel == NATIONAL_SYSTEM:
        elsewhere: tuple[Elsewhere, ...] = ()
    else:
        elsewhere = _elsewhere(facts, book, profile, marks)
    clock = closing(sheet, profile, start, end, (own, own.minimum_months), severity, marks)
    return replace(clock, elsewhere=elsewhere)


def _may_be_public(sheet: Sheet, row: Period, marks: Marks) -> bool:
    if row.public == "always":
        return True
    if row.public == "when_necessary":
        if marks.necessary:
            sheet.step(
                "轻微失信信息，行业主管部门已记录确有必要公示。",
                "Minor; the line ministry recorded that publicity is necessary.",
                row,
            )
            return True
        sheet.step(
            "轻微失信信息，没有必要公示的记录，不公示。", "Minor, and no necessity is recorded: not published.", row
        )
        return False
    sheet.step("该类处罚不公示。", "A penalty of this kind is not published.", row)
    return False


def _end(sheet: Sheet, row: Period, start: date) -> date:
    end = calendar.same_day_later(start, row.maximum_months)
    restricted = sheet.facts.restriction_until
    if row.restriction_prevails and restricted is not None and restricted > end:
        sheet.step(
            f"限制期长于 {row.maximum_months} 个月，公示至实际限制期满 {restricted}。",
            f"The restriction lasts longer than {row.maximum_months} months: public to its end, {restricted}.",
            row,
            restricted,
            dated=True,
        )
        return restricted
    sheet.step(
        f"最长公示 {row.maximum_months} 个月，至 {end}，期满自动停止公示。",
        f"Public for {row.maximum_months} months at most, to {end}; it then stops by itself.",
        row,
        end,
        dated=True,
    )
    return end


def _elsewhere(facts: Facts, book: Rulebook, profile: str, marks: Marks) -> tuple[Elsewhere, ...]:
    found = []
    for channel, words in book.channels.items():
        if channel == CREDIT_SITE:
            continue
        other = compute(facts, book, profile=profile, channel=channel, marks=marks)
        if other.public_from is not None:
            found.append(
                Elsewhere(
                    channel=channel,
                    zh=words.zh,
                    en=words.en,
                    public_from=other.public_from,
                    earliest_repair=other.earliest_repair,
                    latest_end=other.latest_end,
                )
            )
    return tuple(found)


# --- list entries and lasting items -----------------------------------------------------------------------------------


def _list_entry(sheet: Sheet, kind: str, profile: str, marks: Marks) -> Clock:
    facts = sheet.facts
    row: ListRule = next(item for item in sheet.book.lists if item.list == kind)
    # What stands on a list has the class of the list; an officer's class is for single decisions.
    severity = _severity(sheet, NO_MARKS)
    sheet.regime = row.id
    start = facts.day
    end: date | None = None
    if row.maximum_months is not None:
        end = calendar.same_day_later(start, row.maximum_months)
        sheet.step(
            f"列入日期 {start}；在列期间公示，最长 {row.maximum_months} 个月，至 {end}。",
            f"Listed on {start}; public while it stands, for {row.maximum_months} months at most, to {end}.",
            row,
            end,
            dated=True,
        )
    else:
        sheet.step(
            f"列入日期 {start}；在列期间公示，改正移出后停止。",
            f"Listed on {start}; public while it stands, until it is removed.",
            row,
            start,
            dated=True,
        )
    if facts.planned_end is not None and (end is None or facts.planned_end < end):
        end = facts.planned_end
        sheet.step(f"列入决定载明至 {end}。", f"The decision to list names {end} as its end.", None, end)
        sheet.tags.append("planned")
    if facts.left_on is not None:
        last = facts.left_on - timedelta(days=1)
        if end is None or last < end:
            end = last
            sheet.step(
                f"已于 {facts.left_on} 移出，公示至前一日。",
                f"Removed on {facts.left_on}: public to the day before.",
                None,
                end,
            )
            sheet.tags.append("left")
    return closing(
        sheet,
        profile,
        start,
        end,
        (row, row.minimum_months),
        severity,
        marks,
        prevails=row.prevails,
        on_cure=row.on_cure,
    )


def _lasting(sheet: Sheet, row: Lasting, marks: Marks) -> Clock:
    facts = sheet.facts
    start = min(facts.day, facts.received_on) if facts.kind == "permanent" else facts.day
    sheet.step(f"自 {start} 起公示，不设期限。", f"Public from {start}, without an end by law.", row, start, dated=True)
    if facts.until is not None:
        sheet.step(
            f"有效期至 {facts.until}，期满停止公示。", f"Valid to {facts.until}; it then stops.", None, facts.until
        )
        if facts.until < start:
            return closed(sheet, marks, "")
    return opened(sheet, start, None, facts.until, "", marks)
