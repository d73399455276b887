"""What must hold between rules: windows without gap or overlap, known codes, tables that always answer. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xinyong.publicity.rulebook import Regime, Rulebook

#: (row, what is wrong in Chinese, in English)
Found = tuple[str, str, str]


def mistakes(book: Rulebook) -> Iterator[Found]:
    """Everything that does not hold together."""
    yield from _windows(book)
    yield from _codes(book)
    yield from _tables(book)
    yield from _periods(book)


def _windows(book: Rulebook) -> Iterator[Found]:
    for channel in book.channels:
        rows = sorted((row for row in book.regimes if row.channel == channel), key=lambda row: row.decided_from)
        for row in rows:
            if row.decided_until is not None and row.decided_until < row.decided_from:
                yield row.id, "止日早于起日。", "its window ends before it begins."
        for before, after in pairwise(rows):
            yield from _neighbours(before, after)
        if rows and rows[-1].decided_until is not None:
            yield rows[-1].id, "最新一段须无止日，否则之后的决定无规则可用。", "the newest window must have no end."


def _neighbours(before: Regime, after: Regime) -> Iterator[Found]:
    if before.decided_until is None or before.decided_until >= after.decided_from:
        yield (
            after.id,
            f"适用期间与{before.id}重叠；一天只能适用一套规则。",
            f"its window overlaps that of {before.id}; one day has one regime.",
        )
    elif before.decided_until + timedelta(days=1) != after.decided_from:
        yield (
            after.id,
            f"与{before.id}之间有空档（{before.decided_until}之后）；其间的决定无规则可用。",
            f"there is a gap after {before.id} (after {before.decided_until}); decisions in it would have no rule.",
        )


def _codes(book: Rulebook) -> Iterator[Found]:
    regimes = {row.regime for row in book.regimes}
    scales = {row.scale for row in book.severity}
    for row in book.regimes:
        if row.channel not in book.channels:
            yield row.id, f"没有渠道“{row.channel}”。", f"there is no channel '{row.channel}'."
        if row.scale not in scales:
            yield row.id, f"没有分级标准“{row.scale}”。", f"there is no scale '{row.scale}'."
        if row.scale not in book.officer_class:
            yield row.id, f"officer_class 没有“{row.scale}”。", f"officer_class does not speak of '{row.scale}'."
    for period in book.periods:
        if period.regime not in regimes:
            yield period.id, f"没有规则体系“{period.regime}”。", f"there is no regime '{period.regime}'."
    sectors = [(row.id, row.sectors) for row in book.periods] + [(row.id, row.sectors) for row in book.severity]
    for row_id, named in sectors:
        for sector in sorted(set(named) - set(book.sectors)):
            yield row_id, f"没有领域“{sector}”。", f"there is no sector '{sector}'."
    for ceiling in book.ceilings:
        if ceiling.profile not in book.profiles:
            yield ceiling.id, f"没有地方方案“{ceiling.profile}”。", f"there is no profile '{ceiling.profile}'."
    for change in book.transition:
        if change.channel not in book.channels:
            yield change.id, f"没有渠道“{change.channel}”。", f"there is no channel '{change.channel}'."
        newest = [row for row in book.regimes if row.channel == change.channel and row.decided_until is None]
        if not newest or newest[0].regime != change.newest:
            yield change.id, "“with”须是该渠道最新的规则体系。", "'with' must be the newest regime of the channel."
    for channel in book.channels:
        if sum(change.channel == channel for change in book.transition) != 1:
            yield channel, "每个渠道须有且只有一条衔接规则。", "a channel needs one rule of transition."


def _tables(book: Rulebook) -> Iterator[Found]:
    """A scale ends with a residual row; what it can say has a period in every regime that uses it."""
    for scale in {row.scale for row in book.severity}:
        rows = [row for row in book.severity if row.scale == scale]
        residual = [row for row in rows if row.residual]
        if len(residual) != 1 or rows[-1] is not residual[0]:
            yield (
                rows[-1].id,
                f"“{scale}”须以唯一的兜底行结束。",
                f"scale '{scale}' must end with its one residual row.",
            )
        for row in rows:
            if not row.residual and not (row.any_kinds or row.all_kinds or row.list or row.summary_procedure):
                yield row.id, "没有写明适用情形。", "it does not say what it applies to."
        possible = {row.grade for row in rows if not row.list} | set(book.officer_class.get(scale, {}).values())
        for regime in (item for item in book.regimes if item.scale == scale):
            general = {row.grade for row in book.periods if row.regime == regime.regime and not row.sectors}
            for grade in sorted(possible - general):
                yield regime.id, f"“{grade}”一级没有公示期。", f"class '{grade}' has no period."
    if {row.grade for row in book.severity if row.scale == book.severity_scale} - {"minor", "general", "serious"}:
        yield "severity_scale", "只能有轻微、一般、严重三级。", "it may only say minor, general and serious."


def _periods(book: Rulebook) -> Iterator[Found]:
    for row in book.periods:
        if row.maximum_months < 0 or (row.minimum_months or 0) < 0:
            yield row.id, "期限不能为负。", "a period is never negative."
        if row.minimum_months is not None and row.minimum_months > row.maximum_months:
            yield row.id, "最短公示期长于最长公示期。", "the minimum is longer than the maximum."
    for item in book.lists:
        if None not in (item.minimum_months, item.maximum_months) and item.minimum_months > item.maximum_months:  # type: ignore[operator]
            yield item.id, "最短公示期长于最长公示期。", "the minimum is longer than the maximum."
    for kind in ("abnormal", "serious", "court"):
        if sum(row.list == kind for row in book.lists) != 1:
            yield f"lists/{kind}", "须有且只有一条规则。", "needs exactly one rule."
    for kind in ("permanent", "licence", "honour", "commitment"):
        if sum(row.kind == kind for row in book.lasting) != 1:
            yield f"lasting/{kind}", "须有且只有一条规则。", "needs exactly one rule."
