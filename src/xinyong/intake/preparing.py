"""From the kept file to parts: read, route, check and make ready, in whatever process and without Django or a database.

:class:`Preparation` does the work; :func:`prepared` runs it in a thread one batch ahead of the loader, and
:mod:`xinyong.intake.aside` runs the same in a second process. Batches, findings and account are equal either way.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Protocol

import polars as pl

from xinyong.catalogue.entry import BundleEntry, DatasetEntry
from xinyong.intake.ahead import ahead
from xinyong.intake.checking import Account, FileChecker
from xinyong.intake.checks import CheckContext
from xinyong.intake.parts import Part, Settled, Target, findings_text, made_ready
from xinyong.intake.quality.profile import Collector, Profile
from xinyong.intake.reading import Limits, RawBatch, Source, SourceInfo, open_source
from xinyong.runtime import cryptography


class Answer(Protocol):
    """A file that answers another one: its batches without the extra columns, hidden values restored."""

    def take(self, batch: pl.DataFrame) -> pl.DataFrame: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """All it takes to prepare one delivery; it may travel to another process."""

    path: Path
    limits: Limits
    delivery: int
    entry: DatasetEntry | BundleEntry
    #: The dataset itself, or those in force a bundle leads to.
    entries: tuple[DatasetEntry, ...]
    #: Dataset's code to the ids of dataset and edition.
    ids: Mapping[str, tuple[int, int]]
    today: date
    organs: Mapping[str, str] = field(default_factory=dict)
    #: Rows of a repeated file that are left out.
    settled: Settled | None = None

    def context(self) -> CheckContext:
        """The context of the checks, with the keys of this installation."""
        return CheckContext(
            today=self.today,
            organs=self.organs,
            protect=cryptography.protect,
            fingerprint=cryptography.fingerprint,
        )

    def target(self, entry: DatasetEntry, layout: str) -> Target:
        """Where rows of this dataset go."""
        dataset, edition = self.ids[entry.code]
        return Target(entry=entry, layout=layout, dataset_id=dataset, edition_id=edition)


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """One batch on its way to the loader."""

    parts: list[Part]
    #: Findings as COPY text.
    findings: bytes
    read: int
    position: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What reading found, beside the rows."""

    account: Account
    #: What the delivery looks like as a whole; None for a bundle.
    profile: Profile | None


class Prepared(Protocol):
    """An open delivery: ``info`` at once, then ``batches`` once and whole, then ``outcome``."""

    info: SourceInfo

    def batches(self) -> Generator[Batch, None, None]: ...

    def outcome(self) -> Outcome: ...


class Preparation:
    """The work on one open file. Raises HeaderWrong at once where the header fits no layout."""

    def __init__(self, job: Job, checker: FileChecker, source: Source, answer: Answer | None) -> None:
        self.job, self.info = job, source.info
        self._checker, self._source, self._answer = checker, source, answer
        self._collector: Collector | None = None
        if isinstance(job.entry, DatasetEntry):
            own = checker.checker(job.entry, self.info.header)  # a wrong header is told before any row is read
            self._collector = Collector(job.entry, own.match)

    def batches(self) -> Generator[Batch, None, None]:
        for batch in self._source.batches():
            yield self._prepare(batch)

    def _prepare(self, batch: RawBatch) -> Batch:
        if self._answer is not None:
            batch = replace(batch, rows=self._answer.take(batch.rows))
        settled = self.job.settled
        if settled is not None:
            batch = replace(batch, rows=settled.others(batch.rows))
        checked, findings = self._checker.check(batch)
        if self._collector is not None and batch.rows.height and settled is None:
            self._collector.add(batch.rows)
        return Batch(
            parts=[
                part
                for item in checked
                for part in made_ready(item.checked.accepted, self.job.target(item.entry, item.layout))
            ],
            findings=findings_text(self.job.delivery, findings),
            read=batch.read,
            position=batch.position,
        )

    def outcome(self) -> Outcome:
        account = self._checker.close(self.info)
        profile = None
        if self._collector is not None:
            profile = self._collector.profile(rows=account.read, rejected=account.rejected_rows)
            if self.job.settled is not None:  # the very same file
                profile = replace(self.job.settled.profile, rejected=account.rejected_rows)
        return Outcome(account=account, profile=profile)


@contextlib.contextmanager
def opened(job: Job, answer: Answer | None = None) -> Iterator[Preparation]:
    """The file open, its header recognised. Raises what reading and checks raise of a whole file."""
    checker = FileChecker(job.entry, job.entries, job.context())
    spared = job.settled.rows if job.settled is not None and answer is None else None
    with open_source(job.path, job.limits, known_columns=checker.known_columns(), spared=spared) as source:
        yield Preparation(job, checker, source, answer)


class _Ahead:
    """A preparation in a thread of this process, one batch ahead."""

    def __init__(self, preparation: Preparation) -> None:
        self._preparation = preparation
        self.info, self.outcome = preparation.info, preparation.outcome

    def batches(self) -> Generator[Batch, None, None]:
        with contextlib.closing(ahead(self._preparation.batches())) as batches:
            yield from batches


@contextlib.contextmanager
def prepared(job: Job, answer: Answer | None = None) -> Iterator[Prepared]:
    """The job in this process. Close the batches before the context is left: then their thread has ended."""
    with opened(job, answer) as preparation:
        yield _Ahead(preparation)
