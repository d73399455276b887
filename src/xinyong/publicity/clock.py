"""How long one record counts: its clock, computed from plain values and the dated rules, and never typed by hand.

:func:`compute` is the one place that knows how the rules are put together; the window table, the repair clock of the
site, and the comparison of two rule versions all come from it. Pure: no database. Article numbers: rules.md 3 and 6.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from xinyong.publicity.rulebook import (
    CONFIRMED,
    TO_BE_CONFIRMED,
    Lasting,
    ListRule,
    Period,
    Regime,
    Row,
    Rulebook,
    Severity,
)
from xinyong.standards import calendar

CREDIT_SITE, NATIONAL_SYSTEM = "credit-site", "gsxt"
_WORDS = {
    "minor": ("轻微", "minor"),
    "general": ("一般", "general"),
    "serious": ("严重", "serious"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the rules need to know of one record. ``kind``: rule family of its catalogue entry (``publicity_rules``).

    ``fine``: in wan yuan. ``listed_until``: the subject leaves its serious list after that day, None while it is on
    none. ``linked_end``: end of the penalty or list entry made for the same act.
    """

    kind: str
    decided_on: date | None
    received_on: date
    kinds: tuple[str, ...] = ()
    sectors: frozenset[str] = frozenset()
    market_regulation: bool = False
    summary_procedure: bool = False
    fine: float | None = None
    published_on: date | None = None
    act_ended_on: date | None = None
    restriction_until: date | None = None
    named_end: date | None = None
    left_on: date | None = None
    planned_end: date | None = None
    until: date | None = None
    listed_until: date | None = None
    linked_end: date | None = None
    linked_kind: str = ""

    @property
    def day(self) -> date:
        """The day of the finding document; that of receipt where none is known."""
        return self.decided_on or self.received_on


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """What officers have recorded on the record. ``grade``: the class one of them set; ``hold``: the rule a stop waits for."""

    states: frozenset[str] = frozenset()
    grade: str = ""
    necessary: bool = False
    hold: str = ""


NO_MARKS = Marks()


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of the computation in words, with the rule it rests on. ``rule``: its number, empty for a plain fact."""

    zh: str
    en: str
    day: date | None = None
    rule: str = ""
    article: str = ""
    source: str = ""
    source_en: str = ""
    status: str = CONFIRMED

    def text(self, language: str) -> str:
        """In the reader's language."""
        return self.en if language == "en" else self.zh


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """The end of the same decision in another channel, which follows its own rules."""

    channel: str
    zh: str
    en: str
    public_from: date
    earliest_repair: date | None
    latest_end: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """When a record is public. ``public_from`` None: it is not (the last step says why).

    ``earliest_repair``: first day repair may be granted, None: never early, or nothing to repair. ``latest_end``: last
    public day, None: no end by itself. ``frozen_by``: states and rules that lie over it (disputed, reviewed, masked,
    a hold). ``regime``: the rules that count, ``rule``: numbers of the rows behind the dates, ``version``: of the book.
    ``certainty``: to_be_confirmed when one row behind it is. ``after``: what comes at the end.
    """

    public_from: date | None
    earliest_repair: date | None
    latest_end: date | None
    frozen_by: tuple[str, ...]
    severity: str
    regime: str
    rule: str
    version: str
    certainty: str
    after: str
    steps: tuple[Step, ...]
    elsewhere: tuple[Elsewhere, ...] = ()

    @property
    def repairable(self) -> bool:
        """Whether the law lets it end early on application."""
        return self.earliest_repair is not None

    def shown_on(self, day: date) -> bool:
        """Whether the dates alone let it be seen on a day."""
        return (
            self.public_from is not None
            and self.public_from <= day
            and (self.latest_end is None or day <= self.latest_end)
        )


@dataclass(slots=True)
class _Sheet:
    """The computation while it goes on."""

    facts: Facts
    book: Rulebook
    steps: list[Step] = field(default_factory=list)
    used: list[Row] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    regime: str = ""
    after: str = "stop"
    held: str = ""

    def step(self, zh: str, en: str, row: Row | None = None, day: date | None = None, *, dated: bool = False) -> None:
        """Write a step down; ``dated``: its row stands behind the dates and is named by the record."""
        if row is None:
            self.steps.append(Step(zh=zh, en=en, day=day))
            return
        self.used.append(row)
        if dated and row.tag not in self.tags:
            self.tags.append(row.tag)
        self.steps.append(
            Step(
                zh=zh,
                en=en,
                day=day,
                rule=row.tag,
                article=row.article,
                source=row.source,
                source_en=row.source_en,
                status=row.status,
            )
        )


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
    sheet = _Sheet(facts, book)
    if facts.kind == "penalty":
        return _penalty(sheet, profile, channel, marks)
    if facts.kind.startswith("list-"):
        return _list_entry(sheet, facts.kind.removeprefix("list-"), profile, marks)
    row = next((item for item in book.lasting if item.kind == facts.kind), None)
    if row is None:
        sheet.step("该类信息不向社会公示。", "Items of this kind are not published.")
        return _closed(sheet, marks, "")
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


def _class_on(sheet: _Sheet, regime: Regime, marks: Marks) -> str:
    """The class of the record on the scale of a regime, an officer's word first."""
    if marks.grade:
        return sheet.book.officer_class[regime.scale][marks.grade]
    return grade(sheet.facts, sheet.book, regime.scale).grade


def _severity(sheet: _Sheet, marks: Marks) -> str:
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


def _penalty(sheet: _Sheet, profile: str, channel: str, marks: Marks) -> Clock:
    facts, book = sheet.facts, sheet.book
    severity = _severity(sheet, marks)
    regime = _regime(book, channel, facts.day)
    if regime is None:
        sheet.step(
            f"决定日期 {facts.day} 早于该渠道的任何公示规则，不公示。",
            f"Decided on {facts.day}, before any rule of this channel: not published.",
        )
        return _closed(sheet, marks, severity)
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
        return _closed(sheet, marks, severity)
    end = _end(sheet, own, start)
    change = next(row for row in book.transition if row.channel == channel)
    if change.apply == "earlier_end" and regime.regime != change.newest:
        newest = next(row for row in book.regimes if row.regime == change.newest)
        newer = _period(book, newest.regime, _class_on(sheet, newest, marks), facts.sectors)
        if not _may_be_public(sheet, newer, marks):
            return _closed(sheet, marks, severity)
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
    clock = _closing(sheet, profile, start, end, (own, own.minimum_months), severity, marks)
    return replace(clock, elsewhere=elsewhere)


def _may_be_public(sheet: _Sheet, row: Period, marks: Marks) -> bool:
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


def _end(sheet: _Sheet, row: Period, start: date) -> date:
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


def _list_entry(sheet: _Sheet, kind: str, profile: str, marks: Marks) -> Clock:
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
    return _closing(
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


def _lasting(sheet: _Sheet, row: Lasting, marks: Marks) -> Clock:
    facts = sheet.facts
    start = min(facts.day, facts.received_on) if facts.kind == "permanent" else facts.day
    sheet.step(f"自 {start} 起公示，不设期限。", f"Public from {start}, without an end by law.", row, start, dated=True)
    if facts.until is not None:
        sheet.step(
            f"有效期至 {facts.until}，期满停止公示。", f"Valid to {facts.until}; it then stops.", None, facts.until
        )
        if facts.until < start:
            return _closed(sheet, marks, "")
    return _open(sheet, start, None, facts.until, "", marks)


# --- what all adverse items share -------------------------------------------------------------------------------------


def _closing(
    sheet: _Sheet,
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
        return _closed(sheet, marks, severity)
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
    return _open(sheet, start, repair, end, severity, marks)


def _ceiling(sheet: _Sheet, profile: str, start: date, end: date | None, *, prevails: bool) -> date | None:
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


def _shortened(sheet: _Sheet, end: date | None) -> date | None:
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


def _held(sheet: _Sheet, start: date, end: date | None, marks: Marks) -> date | None:
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


def _open(sheet: _Sheet, start: date, repair: date | None, end: date | None, severity: str, marks: Marks) -> Clock:
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


def _closed(sheet: _Sheet, marks: Marks, severity: str) -> Clock:
    clock = _open(sheet, date.min, None, None, severity, marks)
    return replace(clock, public_from=None)


def _frozen(sheet: _Sheet, marks: Marks) -> Iterator[str]:
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
