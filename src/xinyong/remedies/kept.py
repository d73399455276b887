"""What of cases and tips goes when its time is over, and which records a case still needs; asked by retention."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from django.utils import timezone

from xinyong.publicity.retention.actions import Item, Target
from xinyong.remedies.models import Case, CaseFile, Tip


def _before(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))


def _day(moment: datetime | None) -> date:
    assert moment is not None  # only what is over is asked for
    return timezone.localdate(moment)


def needed(records: Sequence[int]) -> dict[int, str]:
    """Records of an open case, or of one whose review may still be asked for."""
    since = timezone.now() - timedelta(days=60)
    held: dict[int, str] = {}
    for case in Case.objects.filter(record_id__in=records).exclude(closed_at__lt=since):
        held[case.record_id] = f"事项 {case.number} 尚未了结 / case {case.number} is not over"
    return held


def _tips(before: date, limit: int) -> list[Item]:
    found = Tip.objects.filter(handled_at__lt=_before(before)).exclude(contact="").order_by("handled_at")[:limit]
    return [Item(key=tip.pk, dataset="remedies_tip", ended_on=_day(tip.handled_at)) for tip in found]


def _erase_tips(keys: Sequence[int]) -> int:
    return Tip.objects.filter(pk__in=keys).exclude(contact="").update(contact="")


def _people(before: date, limit: int) -> list[Item]:
    found = Case.objects.filter(closed_at__lt=_before(before)).exclude(acting_name="").order_by("closed_at")[:limit]
    return [Item(key=case.pk, dataset="remedies_case", ended_on=_day(case.closed_at)) for case in found]


def _erase_people(keys: Sequence[int]) -> int:
    return Case.objects.filter(pk__in=keys, closed_at__isnull=False).exclude(acting_name="").update(acting_name="")


def _files(before: date, limit: int) -> list[Item]:
    found = (
        CaseFile.objects.filter(case__closed_at__lt=_before(before))
        .exclude(content=b"")
        .defer("content")
        .select_related("case")
        .order_by("case__closed_at", "pk")[:limit]
    )
    return [Item(key=file.pk, dataset="remedies_casefile", ended_on=_day(file.case.closed_at)) for file in found]


def _erase_files(keys: Sequence[int]) -> int:
    return CaseFile.objects.filter(pk__in=keys, case__closed_at__isnull=False).exclude(content=b"").update(content=b"")


TARGETS = {
    "tip-contact": Target(zh="线索联系方式", en="Contact of a tip", find=_tips, erase=_erase_tips),
    "case-person": Target(zh="事项经办人姓名", en="Acting person of a case", find=_people, erase=_erase_people),
    "case-file": Target(zh="事项附件内容", en="Content of a case's file", find=_files, erase=_erase_files),
}
