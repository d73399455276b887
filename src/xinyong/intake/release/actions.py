"""The only writer of release rules."""

from __future__ import annotations

from datetime import date

from django.db import transaction

from xinyong.accounts.models import Department
from xinyong.audit import actions as audit
from xinyong.catalogue import selectors as catalogue
from xinyong.intake.models import ReleaseRule


@transaction.atomic
def lay_down(
    *,
    department: Department | None,
    dataset: str,
    good_rows: ReleaseRule.GoodRows,
    four_eyes: bool,
    effective_from: date,
    reason: str,
    acting: str,
) -> ReleaseRule:
    """Write a rule; it replaces an earlier one of the same reach from its day on. Raises DatasetUnknown."""
    if dataset:
        catalogue.entry(dataset, effective_from)
    rule = ReleaseRule.objects.create(
        department=department,
        dataset_code=dataset,
        good_rows=good_rows,
        four_eyes=four_eyes,
        effective_from=effective_from,
        reason=reason,
        set_by=acting,
    )
    audit.record(
        actor=acting,
        deed="release-rule.laid-down",
        target=f"{department.slug if department else '*'}/{dataset or '*'}",
        purpose=reason[:200],
        detail={"good_rows": good_rows.value, "four_eyes": four_eyes, "effective_from": effective_from.isoformat()},
    )
    return rule
