"""Bounds of the catalogue on a whole delivery, drift against the last good ones included. Pure; nothing is read here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import median

from xinyong.catalogue.entry import Assertion, Certainty, DatasetEntry
from xinyong.errors import ErrorCode, XinyongError
from xinyong.intake.quality.profile import Profile


class AssertionFailed(XinyongError):
    """A bound of the catalogue on the whole delivery is broken."""

    code = ErrorCode.DELIVERY_REFUSED
    status = 422
    exit_code = 5
    zh = "批次不符合目录中的整批约束「{assertion}」：实际 {actual}，界限 {bound}。{reason_zh}"
    en = "The delivery breaks the bound '{assertion}' of the catalogue: {actual} against {bound}. {reason_en}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """A bound that does not hold: what was found, what was allowed, and why the bound is there."""

    assertion: Assertion
    actual: str
    bound: str

    @property
    def zh(self) -> str:
        more = "（该界限为初设值，待平台运营方确认。）" if self._unconfirmed else ""
        return f"{self.assertion.code}：实际 {self.actual}，界限 {self.bound}。{self.assertion.reason_zh}{more}"

    @property
    def en(self) -> str:
        more = " (The bound is a first setting, to be confirmed by the operator.)" if self._unconfirmed else ""
        return f"{self.assertion.code}: {self.actual} against {self.bound}. {self.assertion.reason_en}{more}"

    @property
    def _unconfirmed(self) -> bool:
        return self.assertion.status == Certainty.TO_BE_CONFIRMED

    def refusal(self) -> AssertionFailed:
        """The bound as the error that refuses the delivery."""
        return AssertionFailed(
            assertion=self.assertion.code,
            actual=self.actual,
            bound=self.bound,
            reason_zh=self.assertion.reason_zh,
            reason_en=self.assertion.reason_en,
        )


def broken(entry: DatasetEntry, found: Profile, history: Sequence[Profile]) -> list[Broken]:
    """Every bound of the entry this delivery breaks. ``history``: the last good deliveries, newest first."""
    results = []
    for item in entry.assertions:
        judged = _drift(item, found, history) if item.kind in _NEEDS_HISTORY else _plain(item, found)
        if judged is not None:
            results.append(Broken(assertion=item, actual=judged[0], bound=judged[1]))
    return results


_NEEDS_HISTORY = frozenset({"row_drift", "fill_drift", "value_drift"})


def _plain(item: Assertion, found: Profile) -> tuple[str, str] | None:
    """(actual, bound) where a bound without history is broken."""
    actual: Decimal | None
    if item.kind in ("min_rows", "max_rows"):
        actual = Decimal(found.rows)
    elif not found.rows:
        return None  # an empty delivery leaves nothing to compare
    elif item.kind == "reject_rate":
        actual = Decimal(found.rejected) / found.rows
    elif item.kind == "fill_rate":
        actual = Decimal(str(found.fill.get(str(item.field), 0.0)))
    else:
        actual = Decimal(str(found.unknown.get(str(item.field), 0.0)))
        if found.rows < item.rows_least:
            return None
    low = item.kind in ("min_rows", "fill_rate")
    if actual < item.value if low else actual > item.value:
        return f"{actual:.4g}", str(item.value)
    return None


def _drift(item: Assertion, found: Profile, history: Sequence[Profile]) -> tuple[str, str] | None:
    """(actual, bound) where a delivery is unlike the last ones."""
    before = [past for past in history[: item.history] if past.rows]
    if len(before) < item.history_least:
        return None
    usual_rows = median(past.rows for past in before)
    if item.kind == "row_drift":
        if usual_rows < item.rows_least or not found.rows:
            return None  # an empty delivery is told apart from a broken one by other means
        low, high = usual_rows / float(item.value), usual_rows * float(item.value)
        if low <= found.rows <= high:
            return None
        return f"{found.rows:,}", f"{low:,.0f}–{high:,.0f}"
    if min(found.rows, usual_rows) < item.rows_least:
        return None
    field = str(item.field)
    if item.kind == "fill_drift":
        usual = median(past.fill.get(field, 0.0) for past in before)
        actual = found.fill.get(field, 0.0)
        if abs(actual - usual) <= float(item.value):
            return None
        return f"{actual:.1%}", f"{max(0.0, usual - float(item.value)):.1%}–{min(1.0, usual + float(item.value)):.1%}"
    past_values = [past.values.get(field, {}) for past in before]
    distance = total_variation(found.values.get(field, {}), _pooled(past_values))
    return (f"{distance:.2f}", f"{item.value}") if distance is not None and distance > item.value else None


def _pooled(parts: Sequence[Mapping[str, int]]) -> dict[str, float]:
    """The mean of the shares, so that one huge delivery does not stand for all."""
    pooled: dict[str, float] = {}
    filled = [part for part in parts if sum(part.values())]
    for part in filled:
        total = sum(part.values())
        for value, number in part.items():
            pooled[value] = pooled.get(value, 0.0) + number / total / len(filled)
    return pooled


def total_variation(left: Mapping[str, float], right: Mapping[str, float]) -> float | None:
    """Half the sum of the differences of shares, 0 (alike) to 1 (nothing in common). None where one side is empty."""
    total_left, total_right = sum(left.values()), sum(right.values())
    if not total_left or not total_right:
        return None
    return sum(abs(left.get(key, 0.0) / total_left - right.get(key, 0.0) / total_right) for key in {*left, *right}) / 2
