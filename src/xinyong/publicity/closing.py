"""How a clock is closed: the bounds every adverse item shares (province, provider, linked item, hold), then repair. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date

from xinyong.publicity.clock_values import Clock, Marks, Sheet
from xinyong.publicity.rulebook import CONFIRMED, TO_BE_CONFIRMED, Row
from xinyong.standards import calendar


def closing(
    sheet: Sheet,
    profile: str,
    start: date,
    end: date | None,
    shortest: tuple[Row, int | None],
    severity: str,
    marks: Marks,
    *,
    prevails: bool = False,
    on_cure: bool = False,
) -> Clock:
    """Bounds that come after the regime's own: the province's, the provider's, the linked item's, a hold; then repair."""
    end = _ceiling(sheet, profile, start, end, prevails=prevails)
    end = _shortened(sheet, end)
    end = _held(sheet, start, end, marks)
    if end is not None and end < start:
        sheet.step("结束日早于起始日，不公示。", "It would end before it began: not published.")
        return closed(sheet, marks, severity)
    repair, (basis, minimum) = None, shortest
    if minimum is None:
        if on_cure:
            repair = start
            sheet.step("改正后即可申请移出，无最短公示期。", "Removed once cured; there is no shortest period.", basis)
        else:
            sheet.step("依规定不能提前停止公示。", "By the rules it cannot end early.", basis)
    else:
        repair = calendar.same_day_later(start, minimum)
        if end is not None and repair > end:
            repair = end
        sheet.step(
            f"最短公示 {minimum} 个月，{repair} 起可以申请修复。"
            if minimum
            else "履行义务后即可申请修复，无最短公示期。",
            f"Shortest period {minimum} months: repair may be asked for from {repair}."
            if minimum
            else "Repair may be asked for as soon as duties are done; there is no shortest period.",
            basis,
            repair,
        )
    return opened(sheet, start, repair, end, severity, marks)


def _ceiling(sheet: Sheet, profile: str, start: date, end: date | None, *, prevails: bool) -> date | None:
    row = next((item for item in sheet.book.ceilings if item.profile == profile), None)
    if row is None:
        return end
    sheet.after = row.after
    if prevails:
        return end
    facts = sheet.facts
    begin = facts.act_ended_on or facts.day if row.counted_from == "act_end" else facts.day
    bound = calendar.same_day_later(begin, row.months)
    if row.longer_while_listed and facts.listed_until is not None and facts.listed_until > bound:
        bound = facts.listed_until
    if end is not None and end <= bound:
        return end
    sheet.step(
        f"地方规定最长 {row.months // 12} 年，至 {bound}。",
        f"The province allows {row.months // 12} years at most, to {bound}.",
        row,
        bound,
        dated=True,
    )
    return bound


def _shortened(sheet: Sheet, end: date | None) -> date | None:
    facts = sheet.facts
    if facts.named_end is not None and (end is None or facts.named_end < end):
        end = facts.named_end
        sheet.step(
            f"报送单位写明公示截止日期 {end}，只能缩短，予以采用。",
            f"The provider names {end} as its end; a named end may shorten, and does.",
            None,
            end,
        )
        sheet.tags.append("named")
    row = next((item for item in sheet.book.linked if facts.linked_kind in item.kinds), None)
    if row is not None and facts.linked_end is not None and (end is None or facts.linked_end < end):
        end = facts.linked_end
        sheet.step(
            f"与同一行为的处罚或列入一并于 {end} 停止公示。",
            f"It stops on {end}, together with the penalty or list entry for the same act.",
            row,
            end,
            dated=True,
        )
    return end


def _held(sheet: Sheet, start: date, end: date | None, marks: Marks) -> date | None:
    """PUB-10: only a rule of the line ministry that is in the book holds the stop back, and it is named."""
    if not marks.hold or end is None:
        return end
    row = next((item for item in sheet.book.holds if item.id == marks.hold), None)
    if row is None or end < row.effective_from or (row.effective_until is not None and end > row.effective_until):
        sheet.step(
            f"暂缓停止公示的依据“{marks.hold}”不在现行规则中，按期停止。",
            f"The rule '{marks.hold}' a hold names is not in force: it stops in time.",
        )
        return end
    sheet.held = row.id
    sheet.step(
        f"期满时义务未履行完毕，依{row.ministry}的规定暂缓停止公示。",
        f"Duties are not performed at the maximum: the stop is held back by the rule of {row.ministry_en}.",
        row,
        end,
        dated=True,
    )
    return None


def opened(sheet: Sheet, start: date, repair: date | None, end: date | None, severity: str, marks: Marks) -> Clock:
    frozen = list(_frozen(sheet, marks))
    return Clock(
        public_from=start,
        earliest_repair=repair,
        latest_end=end,
        frozen_by=tuple(frozen),
        severity=severity,
        regime=sheet.regime,
        rule="+".join(sheet.tags),
        version=sheet.book.version,
        certainty=_certainty(sheet.used),
        after=sheet.after,
        steps=tuple(sheet.steps),
    )


def closed(sheet: Sheet, marks: Marks, severity: str) -> Clock:
    clock = opened(sheet, date.min, None, None, severity, marks)
    return replace(clock, public_from=None)


def _frozen(sheet: Sheet, marks: Marks) -> Iterator[str]:
    for row in sheet.book.overlays:
        if row.state in marks.states:
            sheet.step(
                "正在复议、诉讼或异议处理中：加注标记，公示期不变。",
                "Under review, suit or objection: marked, and its dates stand.",
                row,
            )
            yield row.state
    if "masked" in marks.states:
        yield "masked"
    if sheet.held:
        yield f"hold:{sheet.held}"


def _certainty(rows: Iterable[Row]) -> str:
    return CONFIRMED if all(row.status == CONFIRMED for row in rows) else TO_BE_CONFIRMED
