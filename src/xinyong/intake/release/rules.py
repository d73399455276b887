"""May the rows of a delivery enter the ledger by themselves, and if not, why not and whose turn is it?

The answer is data: rows of :class:`ReleaseRule` by department and dataset, each with a day, a reason and an author. Without
a row good rows enter at once and nobody releases anything, unless the catalogue entry itself asks for two persons: that
holds for everybody, and no rule of a department takes it away.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from django.db.models import Q
from django.utils import timezone

from xinyong.accounts import selectors as accounts
from xinyong.accounts.models import User
from xinyong.accounts.rules import Right
from xinyong.catalogue.entry import BundleEntry, DatasetEntry
from xinyong.intake.models import Delivery, ReleaseRule

FOUR_EYES, GOOD_ROWS, WHOLE = "four-eyes", "good-rows", "whole"

Hold = tuple[str, str, str]
FOUR_EYES_HOLD: Hold = (
    FOUR_EYES,
    "按规定须由报送人以外的工作人员放行。",
    "The rule of four eyes: an officer other than the uploader releases it.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What governs the deliveries of one department and dataset on one day."""

    good_rows: str = ReleaseRule.GoodRows.AT_ONCE.value
    four_eyes: bool = False
    reason: str = ""


def policy(department_id: int, dataset_code: str, on: date) -> Policy:
    """The rule in force: of one department and dataset before a department's, before a dataset's, before the general one."""
    rows = ReleaseRule.objects.filter(
        Q(department=None) | Q(department=department_id), dataset_code__in=["", dataset_code], effective_from__lte=on
    )
    best = max(
        rows,
        key=lambda row: (row.department_id is not None, row.dataset_code != "", row.effective_from, row.pk),
        default=None,
    )
    if best is None:
        return Policy()
    return Policy(good_rows=best.good_rows, four_eyes=best.four_eyes, reason=best.reason)


def holds(rule: Policy, *, rejected: int) -> list[Hold]:
    """Why a delivery with so many wrong rows waits for a person, as [code, zh, en]; empty: it does not."""
    found: list[Hold] = []
    if rule.four_eyes:
        found.append(FOUR_EYES_HOLD)
    if rejected and rule.good_rows == ReleaseRule.GoodRows.WHOLE:
        found.append(
            (
                WHOLE,
                f"本资源须整批无误方可入库：还有 {rejected:,} 行待修正。请修正后重新报送整批，或退回本批。",
                f"This dataset enters as a whole only: {rejected:,} rows are wrong. Correct them and deliver the whole "
                "again, or discard this delivery.",
            )
        )
    elif rejected and rule.good_rows == ReleaseRule.GoodRows.ON_RELEASE:
        found.append(
            (
                GOOD_ROWS,
                f"有 {rejected:,} 行退回；正确的行等待人员确认后入库。",
                f"{rejected:,} rows were sent back; the good rows wait until a person lets them in.",
            )
        )
    return found


def for_delivery(delivery: Delivery, entry: DatasetEntry | BundleEntry, *, rejected: int) -> list[Hold]:
    """:func:`holds` under what governs this delivery on the day it was received: entry first, then the rules."""
    rule = policy(delivery.department_id, delivery.dataset_code, timezone.localdate(delivery.received_at))
    if isinstance(entry, DatasetEntry) and entry.release == "four_eyes":
        rule = replace(rule, four_eyes=True)
    return holds(rule, rejected=rejected)


def codes(hold: Iterable[Iterable[str]]) -> frozenset[str]:
    """The codes of stored hold reasons."""
    return frozenset(next(iter(reason)) for reason in hold)


def for_anybody(delivery: Delivery) -> bool:
    """Whether it waits only to have its good rows confirmed: then whoever may deliver may confirm, the uploader too."""
    return codes(delivery.hold) == {GOOD_ROWS}


def refusal(delivery: Delivery, user: User) -> tuple[str, str] | None:
    """Why this user may not release this held delivery, in Chinese and English; None: it is the user's turn.

    The same answer serves the page and the action, so a forged request meets what the page says.
    """
    if for_anybody(delivery) and accounts.may(user, Right.DELIVERY_SUBMIT):
        return None
    if not accounts.may(user, Right.DELIVERY_RELEASE):
        return (
            "您没有放行权限；请等待本部门有放行权限的人员复核。",
            "You may not release deliveries; an officer of your department who may will look at it.",
        )
    if delivery.uploader == user.username and not for_anybody(delivery):
        return (
            "您是本批次的上传人，不能自己放行；请由另一位有放行权限的人员复核。",
            "You uploaded this delivery and cannot release it yourself; another officer with the right must look at it.",
        )
    if WHOLE in codes(delivery.hold):
        return (
            "本资源须整批无误方可入库，仍有待修正的行，不能放行。请修正后重新报送整批，或退回本批。",
            "This dataset enters as a whole only and rows are still wrong; correct them and deliver the whole again, "
            "or discard this delivery.",
        )
    return None
