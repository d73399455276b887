"""A delivered file against its catalogue entry: routing, layout, row checks, bounds. No Django and no database here.

The engine and the offline checker both go through these functions, so that a department sees at its own desk what the
platform will say. An :class:`Account` grows with the batches; :func:`judge` holds it against the entry's bounds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import polars as pl

from xinyong.catalogue.entry import Assertion, BundleEntry, DatasetEntry, Severity
from xinyong.intake.checks import CheckContext, Checked, Checker, choose_layout, compile_entry
from xinyong.intake.correction import layout as correction_layout
from xinyong.intake.findings import VALUE_LIMIT, Finding, FindingKind
from xinyong.intake.quality.assertions import AssertionFailed
from xinyong.intake.reading import RawBatch, SourceInfo


@dataclass(slots=True)
class Account:
    """What reading found, beside the rows."""

    encoding: str = ""
    layout: str = ""
    read: int = 0
    rejected_rows: int = 0
    notes: list[tuple[str, str]] = field(default_factory=list)
    #: Filled cells by column of the delivery.
    filled: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class CheckedPart:
    """The rows of one dataset in one batch."""

    entry: DatasetEntry
    layout: str
    checked: Checked


class FileChecker:
    """Checks the batches of one file of a dataset, or of a bundle whose rows belong to several ``entries``."""

    def __init__(
        self, entry: DatasetEntry | BundleEntry, entries: Sequence[DatasetEntry], context: CheckContext
    ) -> None:
        self.entry, self.entries, self.context = entry, tuple(entries), context
        self.account = Account()
        self.checkers: dict[str, Checker] = {}

    @property
    def _bundle(self) -> BundleEntry | None:
        return self.entry if isinstance(self.entry, BundleEntry) else None

    def known_columns(self) -> frozenset[str]:
        """Names by which the header is found below title rows; none for a bundle, whose rows differ by kind."""
        return frozenset() if self._bundle is not None else known_columns(self.entries)

    def checker(self, entry: DatasetEntry, header: Sequence[str]) -> Checker:
        """The checks of an entry for this header. Raises HeaderWrong."""
        found = self.checkers.get(entry.code)
        if found is None:
            match = choose_layout(entry, completed(entry, header) if self._bundle is not None else header)
            found = self.checkers[entry.code] = compile_entry(entry, match, self.context)
            self.account.layout = match.layout.code
            if self._bundle is None:
                self.account.notes.extend((note.zh, note.en) for note in found.notes)
        return found

    def check(self, batch: RawBatch) -> tuple[list[CheckedPart], list[Finding]]:
        """The checked rows of a batch by dataset, and all its findings, those of the reader included."""
        account = self.account
        account.read += batch.read
        findings = list(batch.findings)
        account.rejected_rows += len({item.row for item in findings if item.severity is Severity.ERROR})
        parts = []
        for entry, rows in self._routed(batch, findings):
            if self._bundle is not None:
                missing = [name for name in completed(entry, rows.columns[1:]) if name not in rows.columns]
                rows = rows.with_columns(pl.lit(None, pl.String).alias(name) for name in missing)
            checker = self.checker(entry, rows.columns[1:])
            checked = checker.check(rows)
            findings.extend(checked.findings)
            account.rejected_rows += rows.height - checked.accepted.height
            parts.append(CheckedPart(entry, checker.match.layout.code, checked))
            for column in rows.columns[1:]:
                account.filled[column] += rows.height - rows[column].null_count()
        return parts, findings

    def _routed(self, batch: RawBatch, findings: list[Finding]) -> list[tuple[DatasetEntry, pl.DataFrame]]:
        if self._bundle is None:
            return [(self.entries[0], batch.rows)] if batch.rows.height else []
        routed, strays = route(self._bundle, self.entries, batch.rows)
        findings.extend(strays)
        self.account.rejected_rows += len(strays)
        return routed

    def close(self, info: SourceInfo) -> Account:
        """The whole account, once all batches are checked; the platform judges the bounds, which need its history."""
        self.account.encoding = info.encoding
        self.account.notes.extend(template_notes(self.entry, info.template))
        self.account.notes.extend((note.zh, note.en) for note in info.notes)
        return self.account

    def finish(self, info: SourceInfo) -> Account:
        """The same for one file alone. Raises AssertionFailed where a bound of the entry stops the delivery."""
        self.close(info)
        if self._bundle is None:  # a file of many kinds has no whole that an entry's bounds could speak of
            entry = self.entries[0]
            self.account.notes.extend(judge(entry, self.account, self.checkers.get(entry.code)))
        return self.account


def template_notes(entry: DatasetEntry | BundleEntry, mark: str) -> list[tuple[str, str]]:
    """What to say of a workbook made from a form: of another dataset, or of an older text of this one."""
    parts = mark.split("|")
    if len(parts) != 4 or not isinstance(entry, DatasetEntry):
        return []
    dataset, edition, _, text = parts
    if dataset != entry.code:
        return [
            (
                f"本文件由数据集“{dataset}”的模板制作，却按“{entry.code}”报送，请核对",
                f"The file was made from the form of '{dataset}' and delivered as '{entry.code}'; check which is right",
            )
        ]
    if edition != entry.edition or text != entry.digest[:16]:
        return [
            (
                f"本文件由旧模板（版本 {edition}）制作，现行为版本 {entry.edition}，内容已更新；请下载新模板",
                f"The file was made from an old form (edition {edition}); edition {entry.edition} is in force and its text has "
                "changed. Download the new form",
            )
        ]
    return []


def known_columns(entries: Sequence[DatasetEntry]) -> frozenset[str]:
    """Every name a column of these entries may have, and the extra columns of an error list."""
    names: set[str] = set(correction_layout.FIXED)
    for entry in entries:
        for item in entry.fields:
            names.update((item.code, item.name_zh, *item.columns))
        for layout in entry.layouts:
            names.update(column.column for column in layout.columns)
    return frozenset(names)


def completed(entry: DatasetEntry, header: Sequence[str]) -> list[str]:
    """The columns of a bundle file with those the best layout of one entry misses: they are empty, not absent.

    A row of such a file carries the columns of its own kind only, so a missing one is an empty cell of that row.
    """
    known = set(header)
    best = max(entry.layouts, key=lambda layout: sum(column.column in known for column in layout.columns))
    return [*header, *(column.column for column in best.columns if column.column not in known)]


def route(
    bundle: BundleEntry, entries: Sequence[DatasetEntry], rows: pl.DataFrame
) -> tuple[list[tuple[DatasetEntry, pl.DataFrame]], list[Finding]]:
    """The rows of a bundle file by dataset, and a finding for each row that belongs to none."""
    column = bundle.discriminator
    by_value = {item.value: item.dataset for item in bundle.routes}
    values = rows[column] if column in rows.columns else pl.Series(column, [None] * rows.height, dtype=pl.String)
    routed = []
    for entry in entries:
        wanted = [value for value, dataset in by_value.items() if dataset == entry.code]
        part = rows.filter(values.is_in(wanted).fill_null(False))
        if part.height:
            routed.append((entry, part))
    strays = ~values.is_in(list(by_value)).fill_null(False)
    findings = [
        Finding(
            row=row,
            kind=FindingKind.ROUTE,
            code="no-dataset",
            column=column,
            value=(value or "")[:VALUE_LIMIT],
            reason_zh="目录中没有接收这一类信息的数据集，不得归集",
            reason_en="No dataset of the catalogue takes this kind; it must not be collected",
            suggestion_zh="请核对类别；确需归集的，先列入公共信用信息目录",
            suggestion_en="Check the kind; if it must be collected, enter it in the catalogue first",
        )
        for row, value in zip(rows["_row"].filter(strays).to_list(), values.filter(strays).to_list(), strict=True)
    ]
    return routed, findings


def judge(entry: DatasetEntry, account: Account, checker: Checker | None) -> list[tuple[str, str]]:
    """Notes on the bounds of the entry the delivery passes. Raises AssertionFailed for a bound that stops it."""
    notes = []
    for assertion in entry.assertions:
        if assertion.kind not in ("min_rows", "max_rows", "reject_rate", "fill_rate"):
            continue  # drift needs the deliveries before, which only the platform has
        actual = _measured(assertion, account, checker)
        low = assertion.kind in ("min_rows", "fill_rate")
        broken = actual is not None and (actual < assertion.value if low else actual > assertion.value)
        if not broken:
            continue
        if assertion.abort:
            raise AssertionFailed(
                assertion=assertion.code,
                actual=f"{actual:.4g}",
                bound=assertion.value,
                reason_zh=assertion.reason_zh,
                reason_en=assertion.reason_en,
            )
        notes.append(
            (
                f"整批提示 {assertion.code}：实际 {actual:.4g}，界限 {assertion.value}。{assertion.reason_zh}",
                f"Delivery flag {assertion.code}: {actual:.4g} against {assertion.value}. {assertion.reason_en}",
            )
        )
    return notes


def _measured(assertion: Assertion, account: Account, checker: Checker | None) -> Decimal | None:
    """What a bound is compared with; None where an empty delivery leaves nothing to compare."""
    if assertion.kind in ("min_rows", "max_rows"):
        return Decimal(account.read)
    if not account.read:
        return None
    if assertion.kind == "reject_rate":
        return Decimal(account.rejected_rows) / account.read
    bound = checker.match.bound if checker is not None else ()
    filled = max((account.filled[column] for column, map_ in bound if map_.to == assertion.field), default=0)
    return Decimal(filled) / account.read


def entries_of(entry: DatasetEntry | BundleEntry, datasets: Mapping[str, DatasetEntry]) -> tuple[DatasetEntry, ...]:
    """The dataset itself, or the datasets in force a bundle leads to."""
    if isinstance(entry, DatasetEntry):
        return (entry,)
    codes = dict.fromkeys(item.dataset for item in entry.routes)
    return tuple(datasets[code] for code in codes if code in datasets)
