"""Rows with their edits, judged at once by the very checks that judge a whole delivery.

The compiled checks of the entry in force today are run over the corrected rows; then the register is asked what a
commit would ask it: is the entity certain, and is the name the one registered for the code. Nothing is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import polars as pl
from django.db import connection
from django.utils import timezone

from xinyong.accounts import selectors as accounts
from xinyong.catalogue.entry import BundleEntry, DatasetEntry, Severity
from xinyong.errors import XinyongError
from xinyong.intake.checks import CheckContext, choose_layout, compile_entry
from xinyong.intake.correction import rows as correction_rows
from xinyong.intake.findings import Finding, FindingKind
from xinyong.intake.models import Delivery
from xinyong.intake.reading import ROW
from xinyong.runtime import cryptography, sql


def check(delivery: Delivery, rows: pl.DataFrame) -> dict[int, list[Finding]]:
    """Findings by row number for rows in the columns of the delivery; a row without findings has an empty list."""
    if not rows.height:
        return {}
    today = timezone.localdate()
    context = CheckContext(
        today=today,
        organs=accounts.organs(),
        protect=cryptography.protect,
        fingerprint=cryptography.fingerprint,
    )
    entry = correction_rows.entry_of(delivery, today=True)
    found: dict[int, list[Finding]] = {row: [] for row in rows[ROW].to_list()}
    for part, dataset in _routed(entry, rows, found):
        for finding in _checked(dataset, part, context):
            found[finding.row].append(finding)
    return found


def errors(findings: Sequence[Finding]) -> int:
    """How many of them keep the row out."""
    return sum(finding.severity is Severity.ERROR for finding in findings)


def as_json(finding: Finding) -> dict[str, Any]:
    """The form in which a draft keeps a finding."""
    return {**asdict(finding), "kind": finding.kind.value, "severity": finding.severity.value}


def _routed(
    entry: DatasetEntry | BundleEntry, rows: pl.DataFrame, found: dict[int, list[Finding]]
) -> list[tuple[pl.DataFrame, DatasetEntry]]:
    if isinstance(entry, DatasetEntry):
        return [(rows, entry)]
    routes = {route.value: route.dataset for route in entry.routes}
    column = entry.discriminator
    values = rows[column].to_list() if column in rows.columns else [None] * rows.height
    for row, value in zip(rows[ROW].to_list(), values, strict=True):
        if value not in routes:
            found[row].append(
                Finding(
                    row=row,
                    kind=FindingKind.ROUTE,
                    code="no-dataset",
                    column=column,
                    value=(value or "")[:200],
                    reason_zh="目录中没有接收这一类信息的数据集，不得归集",
                    reason_en="No dataset of the catalogue takes this kind; it must not be collected",
                    suggestion_zh="请核对类别；确需归集的，先列入公共信用信息目录",
                    suggestion_en="Check the kind; if it must be collected, enter it in the catalogue first",
                )
            )
    parts = []
    for dataset in correction_rows.entries_of(entry, timezone.localdate()):
        wanted = [value for value, code in routes.items() if code == dataset.code]
        part = rows.filter(pl.Series(values, dtype=pl.String).is_in(wanted).fill_null(value=False))
        if part.height:
            known = {column.column for layout in dataset.layouts for column in layout.columns}
            missing = [name for name in sorted(known) if name not in part.columns]
            parts.append((part.with_columns(pl.lit(None, pl.String).alias(name) for name in missing), dataset))
    return parts


def _checked(entry: DatasetEntry, rows: pl.DataFrame, context: CheckContext) -> list[Finding]:
    try:
        match = choose_layout(entry, [name for name in rows.columns if name != ROW])
        checked = compile_entry(entry, match, context).check(rows)
    except XinyongError as error:  # the layout is not the entry's any more, or columns are exchanged
        return [
            Finding(
                row=row,
                kind=FindingKind.ROW,
                code="layout",
                reason_zh=error.message("zh"),
                reason_en=error.message("en"),
                suggestion_zh="请按现行版式重新报送",
                suggestion_en="Deliver the rows in the present layout",
            )
            for row in rows[ROW].to_list()
        ]
    return [*checked.findings, *_subjects(entry, checked.accepted)]


def _subjects(entry: DatasetEntry, accepted: pl.DataFrame) -> list[Finding]:
    """What a commit would say of the subjects of these rows."""
    if not accepted.height:
        return []
    subject = entry.subject
    names = {item.code: item.name_zh for item in entry.fields}
    field = subject.name or subject.code or ""
    columns = ("row", "subject_code", "registration_number", "name_key", "subject_name")
    with connection.cursor() as cursor:
        cursor.execute(
            sql.statement("intake", "correction_subjects"),
            {
                **{name: accepted[name].to_list() for name in columns},
                "resolve_name": "exact_name" in subject.resolve,
                "registers": subject.creates,
            },
        )
        return [
            _subject_finding(row, code, bearers, registered, given, field, names.get(field, ""))
            for row, code, bearers, registered, given in cursor.fetchall()
        ]


def _subject_finding(
    row: int, code: str, bearers: int, registered: str, given: str, field: str, column: str
) -> Finding:
    if code == "name-differs":
        return Finding(
            row=row,
            kind=FindingKind.NAME,
            code=code,
            severity=Severity.WARNING,
            field=field,
            column=column,
            value=given[:200],
            reason_zh=f"与代码登记名称不一致（登记：{registered}）",
            reason_en=f"Differs from the name registered for this code ({registered})",
            suggestion_zh="采用登记名称，或核对统一社会信用代码",
            suggestion_en="Use the registered name, or check the credit code",
            fix=registered,
        )
    several = code == "name-not-unique"
    return Finding(
        row=row,
        kind=FindingKind.SUBJECT,
        code=code,
        field=field,
        column=column,
        value=given[:200],
        reason_zh=f"登记库中有 {bearers} 个同名主体，仅凭名称不能确定"
        if several
        else "没有代码，登记库中也没有这一名称的主体",
        reason_en=f"{bearers} registered entities bear this name; the name alone cannot decide"
        if several
        else "No code is given, and no registered entity bears this name",
        suggestion_zh="请补充统一社会信用代码后重新报送",
        suggestion_en="Add the unified social credit code and deliver the row again",
    )
