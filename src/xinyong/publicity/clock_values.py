"""What goes into a clock, what comes out of it, and the sheet it is reckoned on: plain values. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from xinyong.publicity.rulebook import CONFIRMED, Row, Rulebook


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
class Sheet:
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
