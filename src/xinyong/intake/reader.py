"""From the kept file to the loader: parts are handed over batch by batch, with progress and assertions."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from django.utils import timezone

from xinyong.accounts import selectors as accounts
from xinyong.catalogue import selectors as catalogue
from xinyong.catalogue.entry import BundleEntry, DatasetEntry
from xinyong.catalogue.models import Edition
from xinyong.intake import aside, loading, preparing, store
from xinyong.intake.commit import Loader
from xinyong.intake.correction import returned as correction_return
from xinyong.intake.models import Delivery
from xinyong.intake.parts import PART_ROWS, Settled
from xinyong.intake.quality import assertions
from xinyong.intake.quality.profile import Profile
from xinyong.intake.reading import Limits
from xinyong.intake.receipt import Progress
from xinyong.runtime import config

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


class DeliveryReader:
    """Reads one delivery, once. ``history``: the last good ones, ``partial``: it is a part by nature, ``settled``: rows
    of a repeated file that are left out.
    """

    def __init__(
        self,
        delivery: Delivery,
        entry: DatasetEntry | BundleEntry,
        report: Report | None,
        history: Sequence[Profile] = (),
        *,
        partial: bool = False,
        settled: Settled | None = None,
    ) -> None:
        self.delivery = delivery
        self.entry = entry
        self.report = report
        self.history, self.partial, self.settled = history, partial, settled
        self.today = timezone.localdate(delivery.received_at)
        self.started = time.monotonic()
        if isinstance(entry, BundleEntry):
            self.entries = tuple(
                found
                for code in dict.fromkeys(route.dataset for route in entry.routes)
                if isinstance(found := catalogue.entry(code, self.today), DatasetEntry)
            )
        else:
            self.entries = (entry,)

    def _job(self) -> preparing.Job:
        bound = int(config.get("XINYONG_MAX_FILE_MIB")) << 20
        editions = {item.code: Edition.objects.get(digest=item.digest) for item in self.entries}
        return preparing.Job(
            path=store.path_of(self.delivery.sha256),
            limits=Limits(max_file_bytes=bound, max_expanded_bytes=bound, batch_rows=PART_ROWS),
            delivery=self.delivery.pk,
            entry=self.entry,
            entries=self.entries,
            ids={code: (edition.dataset_id, edition.pk) for code, edition in editions.items()},
            today=self.today,
            organs=dict(accounts.organs()),
            settled=self.settled,
        )

    def read(self, loader: Loader) -> Outcome:
        """Hand every row of the file to the loader. Raises XinyongError when the whole delivery must be refused."""
        outcome = Outcome()
        job = self._job()
        with contextlib.ExitStack() as stack:
            file = stack.enter_context(aside.prepared(job) if aside.worth_it(job.path) else preparing.prepared(job))
            outcome.answer, notes = correction_return.recognise(self.delivery, file.info.header)
            outcome.notes.extend(notes)
            if outcome.answer is not None:  # hidden values come from rows that only this process reads
                stack.close()
                file = stack.enter_context(preparing.prepared(job, outcome.answer))
            read = 0
            batches = stack.enter_context(contextlib.closing(file.batches()))
            for batch in batches:
                self._hand_over(batch, loader)
                read += batch.read
                self._tell("read", read, batch.position)
            found = file.outcome()
        account = found.account
        outcome.encoding, outcome.layout = account.encoding, account.layout
        outcome.read, outcome.rejected_rows, outcome.profile = account.read, account.rejected_rows, found.profile
        outcome.notes.extend(account.notes)
        self._assert(outcome)
        self._tell("commit", outcome.read, 1.0)
        loader.finish()
        return outcome

    def _hand_over(self, batch: preparing.Batch, loader: Loader) -> None:
        loading.copy_findings(loader.connection, batch.findings)
        # The register's own rows first: what others write is compared with the names it gives.
        registers = [part for part in batch.parts if part.target.entry.subject.creates]
        for part in registers:
            loader.add(part)
        if registers and len(self.entries) > 1:
            loader.settle_names()
        for part in batch.parts:
            if not part.target.entry.subject.creates:
                loader.add(part)

    def _assert(self, outcome: Outcome) -> None:
        """Judge the bounds of the catalogue on the whole delivery: abort it, hold it, or leave a note."""
        if outcome.profile is None or isinstance(self.entry, BundleEntry):
            return  # a file of many kinds has no whole that an entry's bounds could speak of
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
