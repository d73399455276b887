"""The loader: parts of a delivery enter registry and ledger one after the other, inside one open transaction.

While one part is resolved, decided and stored here, the next is read and checked. Loaders work side by side: nothing but
the last moment of each, when its events are written, stands in line. What two of them meet in settles itself: the second
to a number or a record waits for the first and then takes its entity or continues its record; a circle of waiting is
broken by PostgreSQL, and :mod:`xinyong.intake.engine` begins the delivery anew.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import psycopg
from django.utils import timezone

from xinyong.catalogue.entry import DatasetEntry
from xinyong.intake import coded, encoding, loading, resolution
from xinyong.intake.findings import Finding
from xinyong.intake.loading import Connection, Part, Target
from xinyong.intake.models import Delivery
from xinyong.intake.parts import Settled
from xinyong.intake.receipt import Receipt
from xinyong.runtime import sql
from xinyong.standards import calendar

#: The last moment of every loader stands in line for this advisory lock: event order is commit order.
_COMMIT_LOCK = 0x0D32
#: Names kept back for the end; more than these are stored on the way.
_NAMES_HELD = 200_000


#: A delivery with no more accepted rows than these is numbered and written while it holds the line; a larger one takes a
#: block of numbers and writes its versions as they come.
_SHORT = 50_000


#: How often a part is decided anew when other loaders store its records.
_TURNS = 10


class _Met(Exception):
    """Another loader stored a record of this part in the meantime: the part is decided again."""


@dataclass(frozen=True, slots=True)
class _Rows:
    """Accepted rows of a part, ready but for their version numbers. ``order``: their places in the order of the file."""

    target: Target
    columns: dict[str, Any]
    rows: pl.DataFrame
    order: encoding.Array

    @property
    def height(self) -> int:
        return self.rows.height


@dataclass(slots=True)
class _Range:
    dataset: int
    first: int
    last: int


def late_before(entry: DatasetEntry, received: date) -> date | None:
    """Decisions before this day are late for the entry's shortest deadline; None where the entry has none."""
    if not entry.deadlines or entry.decided_on is None:
        return None
    allowed = min(deadline.working_days for deadline in entry.deadlines)
    day = received
    try:
        official = calendar.official()
        while official.add_working_days(day, allowed).day >= received:
            day -= timedelta(days=1)
    except calendar.CalendarUnknown:
        return None
    return day + timedelta(days=1)


class Decision:
    """What becomes of the rows of a part, before anything of them is stored; for judges (:data:`JUDGES`).

    ``before``: rows of the delivery accepted before this part. ``lean``: a part the loader decided itself.
    """

    def __init__(
        self,
        connection: Connection,
        parameters: dict[str, Any],
        part: Part,
        decided: encoding.Array,
        before: int,
        lean: coded.Rows | None = None,
    ) -> None:
        self.connection, self.parameters, self.part, self.decided = connection, parameters, part, decided
        self.before, self._lean = before, lean

    @property
    def new(self) -> int:
        """Rows that would be the first version of a record."""
        return int(((self.decided["outcome"] == encoding.ACCEPTED) & (self.decided["record"] == 0)).sum())

    @property
    def further(self) -> int:
        """Rows that would be a further version. They stand in ``stage`` and ``decided``."""
        return int(((self.decided["outcome"] == encoding.ACCEPTED) & (self.decided["record"] != 0)).sum())

    def stage_payloads(self, *, new: bool, further: bool) -> None:
        """Fill the working table ``stage_payload (row, payload jsonb)`` with the accepted rows of these kinds.

        ``stage`` has no payloads: they go straight to their place, and only few rows need another look at them. Where new
        rows are asked for, every row of the part stands in ``stage`` and ``decided`` afterwards.
        """
        if new and self._lean is not None:
            self._lean.stage(np.ones(len(self.decided), dtype=bool))
        accepted = self.decided["outcome"] == encoding.ACCEPTED
        first = self.decided["record"] == 0
        rows = self.decided["row"][accepted & ((first & new) | (~first & further))]
        chosen = self.part.rows.filter(pl.col("row").is_in(rows.tolist())).select("row", "payload")
        self.connection.execute("TRUNCATE stage_payload")
        if chosen.height:
            loading.copy_in(self.connection, "copy_payloads", encoding.text(chosen))

    def accepted(self, chosen: pl.Expr) -> pl.DataFrame:
        """Row, entity and payload (text) of the accepted rows that fit."""
        found = self.decided[self.decided["outcome"] == encoding.ACCEPTED]
        known = pl.DataFrame({name: found[name].astype(np.int64) for name in ("row", "entity")})
        return (
            self.part.rows.select(pl.col("row").cast(pl.Int64), "payload")
            .filter(chosen)
            .join(known, on="row")
            .sort("row")
        )

    def refuse(self, findings: Sequence[Finding]) -> int:
        """Turn the rows of these findings from accepted into rejected ones; how many they are."""
        rows = sorted({finding.row for finding in findings})
        if self._lean is not None:
            self._lean.stage(np.isin(self.decided["row"], rows))
        turned = self.connection.execute(sql.statement("intake", "refuse_rows"), {"rows": rows}).fetchall()
        refused = {row for (row,) in turned}
        for finding in findings:
            if finding.row in refused:
                self.connection.execute(sql.statement("intake", "stage_one_finding"), asdict(finding))
        return len(refused)


#: Called with each :class:`Decision` after ``decide``: they may turn rows of ``decided`` from accepted into unchanged
#: (with the ``record_id`` they repeat) or refused, and add findings to ``stage_finding``. They return how many they turned.
#: A room above registers its judge where a row says something only that room can check.
JUDGES: list[Callable[[Decision], int]] = []


class Loader:
    """One delivery on its way into the ledger. ``connection``: its session, with no transaction open."""

    def __init__(self, connection: Connection, delivery: Delivery) -> None:
        # Working tables are small when a plan is made and large when it is used again: every statement is planned anew.
        connection.prepare_threshold = None
        self.connection = connection
        self.delivery = delivery
        self.created = self.accepted = self.unchanged = self.rejected = self.late = self._names = 0
        self.oldest: date | None = None
        self._ranges: list[_Range] = []
        self._pending: list[_Rows] = []
        #: The block of numbers of a large delivery, and its next number.
        self._block: int | None = None
        self._next = 0
        self._waiting = loading.Waiting()
        self._earlier = loading.Unchanged()
        self._known_names = loading.Names()
        self._numbers = coded.Numbers()
        self._repeats: int | None = None
        self._parameters: dict[int, dict[str, Any]] = {}
        loading.create_stage(connection)
        row = connection.execute("SELECT transaction_timestamp()").fetchone()
        assert row is not None  # a SELECT without FROM yields one row
        self.recorded_at: datetime = row[0]
        # What an earlier look at the file found is found again.
        connection.execute("DELETE FROM intake_finding WHERE delivery_id = %s", (delivery.pk,))

    def settle(self, settled: Settled) -> None:
        """Rows of a repeated file that stay as they are: the reader leaves them out."""
        self._repeats = settled.source
        self.unchanged += len(settled.rows)
        self._earlier.add(settled.records, settled.rows)

    def close(self) -> None:
        """Forget what was kept for the end."""
        self._waiting.close()

    # --- parts ---

    def add(self, part: Part) -> None:
        """Take a part in; rows without a credit code wait for :meth:`finish`."""
        self._load(self._waiting.split(part))

    def finish(self) -> None:
        """Take in what waited for the end of the file."""
        for part in self._waiting.parts():
            self._load(part)
        self._store_names()

    def _load(self, part: Part, *, lean: bool = True) -> None:
        """``lean``: may be decided by the loader itself where every row has a code."""
        if not part.rows.height:
            return
        if self._block is None and part.rows.height + sum(item.height for item in self._pending) > _SHORT:
            self._become_large()
        for _ in range(_TURNS):
            # Emptied outside the savepoint, where they were made: then no new files are needed for them.
            self.connection.execute(
                "TRUNCATE stage, stage_number, resolve_lead, resolved, decided, stage_finding, stage_payload"
            )
            self.connection.execute("SAVEPOINT part")
            try:
                if lean and part.coded:
                    self._take_coded(part)
                else:
                    self._take(part)
            except coded.Grouped as met:
                self.connection.execute("ROLLBACK TO SAVEPOINT part")
                self.connection.execute("RELEASE SAVEPOINT part")
                grouped = pl.Series(met.rows)
                self._load(Part(target=part.target, rows=part.rows.filter(grouped)), lean=False)
                self._load(Part(target=part.target, rows=part.rows.filter(~grouped)))
                return
            except (_Met, psycopg.errors.UniqueViolation):
                # Another loader stored one of these records, or two codes turned out to be one entity.
                self.connection.execute("ROLLBACK TO SAVEPOINT part")
                self.connection.execute("RELEASE SAVEPOINT part")
                # What was noted just now was taken back.
                self._known_names, self._numbers = loading.Names(), coded.Numbers()
                continue
            self.connection.execute("RELEASE SAVEPOINT part")
            break
        else:
            raise psycopg.errors.SerializationFailure("other loaders keep changing the records of this delivery")
        if self._names > _NAMES_HELD:
            self._store_names()

    def _take_coded(self, part: Part) -> None:
        """Decide a part whose rows all have a code, and store it."""
        parameters = self._of(part.target)
        run = self._runner(parameters)
        rows = coded.decide(self.connection, part, self.delivery.pk, parameters, self._earlier)
        decided = rows.decided
        outcome = decided["outcome"]
        accepted = outcome == encoding.ACCEPTED
        rows.stage((accepted & (decided["record"] != 0)) | (outcome == encoding.CONTRADICTION))
        if JUDGES and accepted.any():
            decision = Decision(self.connection, parameters, part, decided, self.accepted, rows)
            if sum(judge(decision) for judge in JUDGES):
                judged = self._decided()
                at = np.searchsorted(decided["row"], judged["row"])
                decided["outcome"][at], decided["record"][at] = judged["outcome"], judged["record"]
                accepted = outcome == encoding.ACCEPTED
        creates = part.target.entry.subject.creates
        ready = None
        if accepted.any():
            if creates:
                rows.stage(accepted & part.rows["subject_name"].is_null().to_numpy())
            ready = self._store(part, decided[accepted], run)
            if self._block is not None:
                self._write(ready, self._next)
            elsewhere = self._numbers.elsewhere(self.connection, rows, accepted, parameters)
            if elsewhere.any():
                rows.stage(elsewhere)
                run("find_numbers_of_others")
        if not creates and (renamed := rows.renamed() & (outcome != encoding.CONTRADICTION)).any():
            rows.stage(renamed)
            run("find_name_differences")
        contradictions = int((outcome == encoding.CONTRADICTION).sum())
        refused = int((outcome == encoding.REFUSED).sum())
        if contradictions:
            run("find_written_rows")
            run("find_contradictions")
        if rows.staged.any():
            run("store_findings")
        self._note_part(part, decided, ready, created=rows.created, rejected=contradictions + refused)

    def _take(self, part: Part) -> None:
        """Resolve and decide any part in the database, and store it."""
        parameters = self._of(part.target)
        run = self._runner(parameters)
        loading.copy_in(self.connection, "copy_stage", loading.staged(part))
        if not part.coded and (numbers := loading.other_numbers(part)):
            loading.copy_in(self.connection, "copy_numbers", numbers)
        created = resolution.resolve(self.connection, parameters, coded=part.coded)
        run("decide")
        decided = self._decided()
        accepted = decided["outcome"] == encoding.ACCEPTED
        changed = accepted & (decided["record"] != 0)
        if changed.any() and self._earlier:
            earlier = self._earlier.rows_of(decided["record"][changed])
            if earlier.any():
                rows = decided["row"][changed]
                listed = {"rows": rows[earlier > 0].tolist(), "others": earlier[earlier > 0].tolist()}
                self.connection.execute(sql.statement("intake", "contradict"), listed)
                decided = self._decided()
                accepted = decided["outcome"] == encoding.ACCEPTED
        if JUDGES and accepted.any():
            decision = Decision(self.connection, parameters, part, decided, self.accepted)
            if sum(judge(decision) for judge in JUDGES):
                decided = self._decided()
                accepted = decided["outcome"] == encoding.ACCEPTED
        unresolved = int((decided["outcome"] == encoding.UNRESOLVED).sum())
        contradictions = int((decided["outcome"] == encoding.CONTRADICTION).sum())
        refused = int((decided["outcome"] == encoding.REFUSED).sum())
        ready = None
        if accepted.any():
            ready = self._store(part, decided[accepted], run)
            if self._block is not None:
                self._write(ready, self._next)
            resolution.learn(self.connection, parameters, coded=part.coded)
        if not part.target.entry.subject.creates:
            run("find_name_differences")
        if unresolved:
            resolution.explain(self.connection, parameters)
        if contradictions:
            run("find_written_rows")
            run("find_contradictions")
        run("store_findings")
        self._note_part(part, decided, ready, created=created, rejected=unresolved + contradictions + refused)

    def _runner(self, parameters: dict[str, Any]) -> Callable[[str], int]:
        def run(name: str) -> int:
            return self.connection.execute(sql.statement("intake", name), parameters).rowcount

        return run

    def _note_part(
        self, part: Part, decided: encoding.Array, ready: _Rows | None, *, created: int, rejected: int
    ) -> None:
        """Count a part. The last step: everything before it may have to be done again."""
        unchanged = decided["outcome"] == encoding.UNCHANGED
        self.created += created
        self.unchanged += int(unchanged.sum())
        self.rejected += rejected
        self._earlier.add(*(decided[name][unchanged & (decided["record"] != 0)] for name in ("record", "row")))
        if ready is not None:
            self._count(ready, self._of(part.target)["late_before"])
            if self._block is None:
                self._pending.append(ready)
            else:
                self._note(ready)

    def _decided(self) -> encoding.Array:
        return encoding.decided(loading.copy_out(self.connection, sql.statement("intake", "copy_decided")))

    def _count(self, ready: _Rows, late_before: date | None) -> None:
        self.accepted += ready.height
        days = ready.rows["decided_on"]
        oldest = days.min()
        if isinstance(oldest, date):
            self.oldest = oldest if self.oldest is None else min(self.oldest, oldest)
        if late_before is not None:
            self.late += int((days < late_before).sum())

    def _store(self, part: Part, found: encoding.Array, run: Callable[[str], int]) -> _Rows:
        """Heads and names of the accepted rows. Numbers follow the file, the writing follows the index."""
        target, rows = part.target, part.rows
        found = found[np.lexsort((found["row"], found["entity"]))]
        order = np.argsort(found["row"], kind="stable")
        record = found["record"].astype(np.int64)
        new = record[order] == 0
        amount = int(new.sum())
        if amount:
            row = self.connection.execute(
                "SELECT public.ledger_take_v1('public.ledger_record_id_seq', %s)", (amount,)
            ).fetchone()
            assert row is not None  # a SELECT without FROM yields one row
            record[order[new]] = np.arange(row[0], row[0] + amount)
        chosen = rows[np.searchsorted(rows["row"].to_numpy(), found["row"])]
        hashes = encoding.fixed(chosen["content_hash"], 32)
        if amount:
            at = np.flatnonzero(found["record"] == 0)
            heads = chosen[at]
            columns = {
                "entity": found["entity"][at],
                "record": record[at],
                "dataset": target.dataset_id,
                "number": 1,
                "delivery": self.delivery.pk,
                "key": encoding.fixed(heads["source_key"], 16),
                "hash": hashes[at],
            }
            loading.copy_in(self.connection, "copy_heads", encoding.heads(columns, heads["decided_on"]))
        if amount < len(found) and run("move_heads") != len(found) - amount:
            raise _Met
        names = self._known_names.fresh(chosen, found["entity"], registers=target.entry.subject.creates)
        if names.height:
            loading.copy_in(self.connection, "copy_names", encoding.text(names))
            self._names += names.height
        if target.entry.subject.creates:
            run("update_nameless_entities")
        columns = {
            "entity": found["entity"],
            "record": record,
            "delivery": self.delivery.pk,
            "department": self.delivery.department_id,
            "edition": target.edition_id,
            "received": encoding.microseconds(self.delivery.received_at),
            "recorded": encoding.microseconds(self.recorded_at),
            "number": found["number"],
            "row": found["row"],
            "hash": hashes,
            "payload_hash": encoding.fixed(chosen["payload_hash"], 32),
        }
        return _Rows(target, columns, chosen.select("payload", "decided_on"), order)

    def _write(self, ready: _Rows, first: int) -> None:
        """The versions of these rows, numbered from ``first`` on in the order of the file."""
        version = np.empty(ready.height, dtype=np.int64)
        version[ready.order] = np.arange(first, first + ready.height)
        pieces = encoding.versions(
            {**ready.columns, "version": version},
            ready.rows["payload"],
            ready.rows["decided_on"],
        )
        loading.copy_in(self.connection, "copy_versions", pieces)

    def _note(self, ready: _Rows) -> None:
        """Remember the numbers just used for the events."""
        first, dataset = self._next, ready.target.dataset_id
        self._next += ready.height
        last = self._ranges[-1] if self._ranges else None
        if last is not None and last.dataset == dataset and last.last + 1 == first:
            last.last = self._next - 1
        else:
            self._ranges.append(_Range(dataset, first, self._next - 1))

    def _flush(self) -> None:
        """Write what waits, from the next number on."""
        for ready in self._pending:
            self._write(ready, self._next)
            self._note(ready)
        self._pending = []

    def _become_large(self) -> None:
        row = self.connection.execute("SELECT public.ledger_block_v1()").fetchone()
        assert row is not None  # a SELECT without FROM yields one row
        self._block, self._next = int(row[0]), int(row[0]) << 32
        self._flush()

    def _store_names(self) -> None:
        if not self._names:
            return
        parameters = {"delivery": self.delivery.pk}
        for name in ("retire_names", "store_registered_names", "store_reported_names", "update_entities"):
            self.connection.execute(sql.statement("intake", name), parameters)
        self.connection.execute("TRUNCATE fresh_name")
        self._names = 0

    def settle_names(self) -> None:
        """Store the names noted so far: later rows of the same file are compared with them."""
        self._store_names()

    def _of(self, target: Target) -> dict[str, Any]:
        known = self._parameters.get(target.dataset_id)
        if known is None:
            entry, subject = target.entry, target.entry.subject
            names = {item.code: item.name_zh for item in entry.fields}
            key = subject.code or subject.name or ""
            known = self._parameters[target.dataset_id] = {
                "delivery": self.delivery.pk,
                "repeats": self._repeats,
                "department": self.delivery.department_id,
                "received_at": self.delivery.received_at,
                "dataset": target.dataset_id,
                "layout": target.layout,
                "name_field": subject.name or "",
                "name_column": names.get(subject.name or "", ""),
                "key_field": key,
                "key_column": names.get(key, ""),
                "late_before": late_before(entry, timezone.localdate(self.delivery.received_at)),
            }
        return known

    # --- the end ---

    def commit(self, counts: dict[str, Any], actor: str) -> None:
        """Write the events, seal the delivery and commit. Loaders stand in line from here on only."""
        if self._block is not None:
            self.connection.execute("SELECT public.ledger_await_blocks_v1(%s)", (self._block,))
        self.connection.execute("SELECT pg_advisory_xact_lock(%s)", (_COMMIT_LOCK,))
        if self._block is None and self._pending:
            row = self.connection.execute(sql.statement("intake", "last_version")).fetchone()
            self._next = int(row[0]) + 1 if row else 1
            self._flush()
        for item in self._ranges:
            parameters = {
                "delivery": self.delivery.pk,
                "dataset": item.dataset,
                "first": item.first,
                "last": item.last,
            }
            self.connection.execute(sql.statement("intake", "insert_event"), parameters)
        self._seal({**counts, "state": Delivery.State.COMMITTED}, actor, "delivery.committed")

    def hold(self, counts: dict[str, Any], actor: str, note: Callable[[], None]) -> None:
        """Keep findings and counts, and take back everything else. ``note`` writes down why, in the same transaction."""
        statement = sql.statement("intake", "save_findings").format(int(self.delivery.pk))
        findings = loading.copy_out(self.connection, statement)
        self.connection.rollback()
        self.connection.execute("DELETE FROM intake_finding WHERE delivery_id = %s", (self.delivery.pk,))
        if findings:
            loading.copy_in(self.connection, "copy_findings", [findings])
        note()
        self._seal({**counts, "state": Delivery.State.HELD, "committed_at": None}, actor, "delivery.held")

    def _seal(self, counts: dict[str, Any], actor: str, deed: str) -> None:
        row = self.connection.execute(
            "SELECT count(*) FROM intake_finding WHERE delivery_id = %s AND severity = 'warning'", (self.delivery.pk,)
        ).fetchone()
        counts["warnings"] = row[0] if row else 0
        self.connection.execute(sql.statement("intake", "store_counts"), counts)
        audit = {**counts, "actor": actor, "number": self.delivery.number, "deed": deed}
        self.connection.execute(sql.statement("intake", "audit_delivery"), audit)
        self.connection.commit()


def receipt(delivery: Delivery) -> Receipt:
    """The receipt of a finished delivery."""
    seconds = delivery.seconds or 0.0
    return Receipt(
        delivery=delivery.number,
        dataset=delivery.dataset_code,
        edition=delivery.edition,
        layout=delivery.layout,
        department=delivery.department.slug,
        file=delivery.file_name,
        sha256=delivery.sha256,
        encoding=delivery.encoding,
        state=delivery.state,
        read=delivery.read,
        accepted=delivery.accepted,
        rejected=delivery.rejected,
        unchanged=delivery.unchanged,
        warnings=delivery.warnings,
        entities_created=delivery.entities_created,
        late_rows=delivery.late_rows,
        notes=tuple((str(zh), str(en)) for zh, en in delivery.notes),
        seconds=round(seconds, 3),
        rows_per_second=round(delivery.read / seconds, 1) if seconds else 0.0,
    )
