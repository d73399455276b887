"""From the kept file to the loader: read, route, check, hand over part by part, with progress and assertions."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import polars as pl
from django.utils import timezone

from xinyong.accounts import selectors as accounts
from xinyong.catalogue import selectors as catalogue
from xinyong.catalogue.entry import BundleEntry, DatasetEntry, Severity
from xinyong.catalogue.models import Edition
from xinyong.intake import checking, loading, store
from xinyong.intake.ahead import ahead
from xinyong.intake.checks import CheckContext, Checker, choose_layout, compile_entry
from xinyong.intake.commit import Loader
from xinyong.intake.correction import returned as correction_return
from xinyong.intake.findings import Finding
from xinyong.intake.loading import Part, Target
from xinyong.intake.models import Delivery
from xinyong.intake.quality import assertions
from xinyong.intake.quality.profile import Collector, Profile
from xinyong.intake.reading import Limits, RawBatch, open_source
from xinyong.intake.receipt import Progress
from xinyong.runtime import config, cryptography

Report = Callable[[Progress], None]


@dataclass(slots=True)
class Outcome:
    """What reading found, beside the rows."""

    encoding: str = ""
    layout: str = ""
    read: int = 0
    rejected_rows: int = 0
    notes: list[tuple[str, str]] = field(default_factory=list)
    #: The returned rows of another delivery that this one answers.
    answer: correction_return.Answer | None = None
    #: Bounds that keep the delivery back until a named person releases it: (code, Chinese, English).
    hold: list[tuple[str, str, str]] = field(default_factory=list)
    #: What the delivery looks like as a whole; None for a bundle.
    profile: Profile | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedBatch:
    """One batch on its way to the loader, one part a dataset."""

    parts: list[Part]
    findings: list[Finding]
    read: int
    position: float


class DeliveryReader:
    """Reads one delivery, once. ``history``: the last good ones, ``partial``: it is a part by nature."""

    def __init__(
        self,
        delivery: Delivery,
        entry: DatasetEntry | BundleEntry,
        report: Report | None,
        history: Sequence[Profile] = (),
        *,
        partial: bool = False,
    ) -> None:
        self.delivery = delivery
        self.entry = entry
        self.report = report
        self.history, self.partial = history, partial
        self.today = timezone.localdate(delivery.received_at)
        self.started = time.monotonic()
        self.targets: dict[str, Target] = {}
        self.checkers: dict[str, Checker] = {}
        self.context = CheckContext(
            today=self.today,
            organs=accounts.organs(),
            protect=cryptography.protect,
            fingerprint=cryptography.fingerprint,
        )
        self.collector: Collector | None = None
        if isinstance(entry, BundleEntry):
            self.entries = tuple(
                found
                for code in dict.fromkeys(route.dataset for route in entry.routes)
                if isinstance(found := catalogue.entry(code, self.today), DatasetEntry)
            )
        else:
            self.entries = (entry,)
        self.editions = {item.code: Edition.objects.get(digest=item.digest) for item in self.entries}

    def read(self, loader: Loader) -> Outcome:
        """Hand every row of the file to the loader. Raises XinyongError when the whole delivery must be refused."""
        outcome = Outcome()
        bound = int(config.get("XINYONG_MAX_FILE_MIB")) << 20
        limits = Limits(max_file_bytes=bound, max_expanded_bytes=bound, batch_rows=loading.PART_ROWS)
        path = store.path_of(self.delivery.sha256)
        with open_source(path, limits, known_columns=self._known_columns()) as source:
            outcome.encoding = source.info.encoding
            outcome.answer, notes = correction_return.recognise(self.delivery, source.info.header)
            outcome.notes.extend(notes)
            if not isinstance(self.entry, BundleEntry):
                self._checker(self.entry, source.info.header, outcome)  # a wrong header is told before any row is read
            read = 0
            with contextlib.closing(ahead(self._check(batch, outcome) for batch in source.batches())) as batches:
                for checked in batches:
                    self._hand_over(checked, loader)
                    read += checked.read
                    self._tell("read", read, checked.position)
            outcome.notes.extend(checking.template_notes(self.entry, source.info.template))
            outcome.notes.extend((note.zh, note.en) for note in source.info.notes)
        self._assert(outcome)
        self._tell("commit", outcome.read, 1.0)
        loader.finish()
        return outcome

    def _known_columns(self) -> frozenset[str]:
        # The rows of a bundle carry different columns by kind; the routes judge them.
        return frozenset() if isinstance(self.entry, BundleEntry) else checking.known_columns(self.entries)

    def _checker(self, entry: DatasetEntry, header: Sequence[str], outcome: Outcome) -> Checker:
        checker = self.checkers.get(entry.code)
        if checker is None:
            bundle = isinstance(self.entry, BundleEntry)
            match = choose_layout(entry, checking.completed(entry, header) if bundle else header)
            checker = self.checkers[entry.code] = compile_entry(entry, match, self.context)
            outcome.layout = match.layout.code
            edition = self.editions[entry.code]
            self.targets[entry.code] = Target(
                entry=entry, layout=match.layout.code, dataset_id=edition.dataset_id, edition_id=edition.pk
            )
            if not bundle:
                self.collector = Collector(entry, match)
                outcome.notes.extend((note.zh, note.en) for note in checker.notes)
        return checker

    def _check(self, batch: RawBatch, outcome: Outcome) -> CheckedBatch:
        """Runs ahead of the loader, in a thread of its own: it never touches the database."""
        outcome.read += batch.read
        findings = list(batch.findings)
        outcome.rejected_rows += len({item.row for item in findings if item.severity is Severity.ERROR})
        if outcome.answer is not None:
            batch = replace(batch, rows=outcome.answer.take(batch.rows))
        parts = []
        for entry, rows in self._routed(batch, findings, outcome):
            if isinstance(self.entry, BundleEntry):
                missing = [name for name in checking.completed(entry, rows.columns[1:]) if name not in rows.columns]
                rows = rows.with_columns(pl.lit(None, pl.String).alias(name) for name in missing)
            checked = self._checker(entry, rows.columns[1:], outcome).check(rows)
            findings.extend(checked.findings)
            outcome.rejected_rows += rows.height - checked.accepted.height
            parts.append(loading.part(checked.accepted, self.targets[entry.code]))
            if self.collector is not None:
                self.collector.add(rows)
        return CheckedBatch(parts=parts, findings=findings, read=batch.read, position=batch.position)

    def _hand_over(self, batch: CheckedBatch, loader: Loader) -> None:
        loading.copy_findings(loader.connection, self.delivery.pk, batch.findings)
        # The register's own rows first: what others write is compared with the names it gives.
        registers = [part for part in batch.parts if part.target.entry.subject.creates]
        for part in registers:
            loader.add(part)
        if registers and len(self.entries) > 1:
            loader.settle_names()
        for part in batch.parts:
            if not part.target.entry.subject.creates:
                loader.add(part)

    def _routed(
        self, batch: RawBatch, findings: list[Finding], outcome: Outcome
    ) -> list[tuple[DatasetEntry, pl.DataFrame]]:
        if not isinstance(self.entry, BundleEntry):
            return [(self.entries[0], batch.rows)] if batch.rows.height else []
        routed, strays = checking.route(self.entry, self.entries, batch.rows)
        findings.extend(strays)
        outcome.rejected_rows += len(strays)
        return routed

    def _assert(self, outcome: Outcome) -> None:
        """Judge the bounds of the catalogue on the whole delivery: abort it, hold it, or leave a note."""
        if self.collector is None or isinstance(self.entry, BundleEntry):
            return  # a file of many kinds has no whole that an entry's bounds could speak of
        outcome.profile = self.collector.profile(rows=outcome.read, rejected=outcome.rejected_rows)
        for item in assertions.broken(self.entry, outcome.profile, self.history):
            if self.partial and item.assertion.kind != "max_rows":
                continue  # single records and corrections are parts by nature: no share of theirs means anything
            if item.assertion.abort:
                raise item.refusal()
            if item.assertion.hold:
                outcome.hold.append((item.assertion.code, item.zh, item.en))
            else:
                outcome.notes.append((f"整批提示 {item.zh}", f"Delivery flag {item.en}"))

    def _tell(self, phase: str, read: int, position: float) -> None:
        if self.report is None:
            return
        elapsed = max(time.monotonic() - self.started, 1e-6)
        remaining = elapsed * (1 - position) / position if position > 0.02 else None
        self.report(Progress(phase=phase, read=read, position=position, rate=read / elapsed, remaining=remaining))
