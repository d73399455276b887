"""Sending a draft: the corrected rows become a file in the layout of the delivery, and that file a delivery of its own."""

from __future__ import annotations

import csv
import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from django.db import transaction
from django.utils import timezone

from xinyong.accounts.models import User
from xinyong.audit import actions as audit
from xinyong.intake import actions, store
from xinyong.intake.correction import draft as correction
from xinyong.intake.correction import layout as correction_layout
from xinyong.intake.correction import rows as correction_rows
from xinyong.intake.failures import DeliveryFailed
from xinyong.intake.models import CorrectionEdit, Delivery, DraftRow, GivenUpRow, StoredFinding
from xinyong.intake.reading import ROW, Limits, open_source
from xinyong.intake.release import rules as release
from xinyong.runtime import config

#: A correction of so many rows is taken in while the officer waits; a longer one is left to a worker.
_AT_ONCE = 5_000
_PART = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """The correction that was made, how many returned rows it answers, and how many stay in the draft."""

    delivery: Delivery
    rows: int
    left: int


def send(delivery: Delivery, user: User) -> Sent:
    """Send the rows of the draft that have no error left. Raises DraftEmpty where there is none.

    The rows with errors stay in the draft. The result is told by the state of the new delivery: it may be stored, held for
    a second person, or still on its way. Where only a whole delivery may enter, the whole file is sent, corrected.
    """
    with transaction.atomic():
        locked = correction._opened(delivery, user)
        whole = locked.state == Delivery.State.HELD and release.WHOLE in release.codes(locked.hold)
        ready = list(DraftRow.objects.filter(delivery=locked, errors=0).order_by("row").values_list("row", flat=True))
        left = DraftRow.objects.filter(delivery=locked, errors__gt=0).count()
        if whole:
            _refuse_unfinished(locked, left)
        if not ready:
            why = (
                ("草稿中的行都还有错误。", "every row of the draft still has errors.")
                if left
                else ("草稿是空的，请先采纳建议或修改。", "the draft is empty; accept suggestions or edit cells first.")
            )
            raise correction.DraftEmpty(number=locked.number, why_zh=why[0], why_en=why[1])
        rows = correction_rows.kept(locked)
        with tempfile.TemporaryDirectory(prefix="xinyong-correction-") as folder:
            parts = _whole(locked, rows) if whole else _parts(locked, rows, ready)
            path, written = _write(Path(folder), locked, rows, parts)
            made = actions.receive(
                path,
                dataset=locked.dataset_code,
                department=locked.department,
                uploader=user.username,
                channel=Delivery.Channel.CORRECTION,
                parent=locked,
                file_name=path.name,
            )
        CorrectionEdit.objects.filter(delivery=locked, row__in=ready, undone_at=None, sent_in=None).update(sent_in=made)
        DraftRow.objects.filter(delivery=locked, row__in=ready).delete()
        audit.record(
            actor=user.username,
            deed="correction.sent",
            target=locked.number,
            detail={"correction": made.number, "rows": written, "left": left},
        )
    if written <= _AT_ONCE:
        # Refused, failed or already taken up by a worker: the state of the delivery says so.
        with suppress(actions.DeliveryBusy, actions.DeliveryRefused, DeliveryFailed):
            actions.process(made)
    made.refresh_from_db()
    return Sent(delivery=made, rows=written, left=left)


def restore(delivery: Delivery, user: User) -> int:
    """Bring the edits of corrections that were refused as a whole back into the draft. Rows brought back."""
    with transaction.atomic():
        locked = correction._opened(delivery, user)
        edits = CorrectionEdit.objects.filter(delivery=locked, undone_at=None, sent_in__state=Delivery.State.REFUSED)
        touched = sorted(set(edits.values_list("row", flat=True)))
        if not touched:
            raise correction.UndoOver()
        edits.update(sent_in=None)
        correction._recheck(locked, correction_rows.kept(locked), touched)
        audit.record(
            actor=user.username, deed="correction.restored", target=locked.number, detail={"rows": len(touched)}
        )
    return len(touched)


def _refuse_unfinished(delivery: Delivery, left: int) -> None:
    """Only a whole delivery may enter: every returned row must be corrected or given up first."""
    drafted = DraftRow.objects.filter(delivery=delivery, errors=0).values("row")
    settled = GivenUpRow.objects.filter(delivery=delivery, undone_at=None).values("row")
    unsettled = (
        StoredFinding.objects.filter(delivery=delivery, severity="error")
        .exclude(row__in=drafted)
        .exclude(row__in=settled)
        .values("row")
        .distinct()
        .count()
    )
    if unsettled or left:
        raise correction.DraftEmpty(
            number=delivery.number,
            why_zh=f"本资源须整批入库，还有 {unsettled:,} 行未改正也未登记为不再报送。",
            why_en=f"this dataset enters as a whole only, and {unsettled:,} rows are neither corrected nor given up.",
        )


def _parts(delivery: Delivery, rows: correction_rows.KeptRows, ready: Sequence[int]) -> Iterator[pl.DataFrame]:
    for start in range(0, len(ready), _PART):
        part = ready[start : start + _PART]
        yield correction.corrected(delivery, rows, part)


def _whole(delivery: Delivery, rows: correction_rows.KeptRows) -> Iterator[pl.DataFrame]:
    """Every row of the delivered file with the draft applied, less the rows that were given up."""
    dropped = set(GivenUpRow.objects.filter(delivery=delivery, undone_at=None).values_list("row", flat=True))
    edits = correction.open_edits(delivery)
    bound = int(config.get("XINYONG_MAX_FILE_MIB")) << 20
    known = correction_rows.known_columns(correction_rows.entry_of(delivery))
    limits = Limits(max_file_bytes=bound, max_expanded_bytes=bound)
    seen: set[int] = set()
    with open_source(store.path_of(delivery.sha256), limits, known_columns=known) as source:
        for batch in source.batches():
            frame = batch.rows.select(ROW, *rows.header)
            numbers = frame[ROW].to_list()
            seen.update(numbers)
            kept = [number not in dropped for number in numbers]
            yield correction.apply(frame.filter(pl.Series(kept, dtype=pl.Boolean)), edits)
    # Rows the reader gave no cells of, filled in by hand.
    missing = sorted({row for row, _ in edits} - seen - dropped)
    if missing:
        yield correction.corrected(delivery, rows, missing)


def _write(
    folder: Path, delivery: Delivery, rows: correction_rows.KeptRows, parts: Iterator[pl.DataFrame]
) -> tuple[Path, int]:
    """The file: JSON Lines for JSON Lines, else CSV, with the column that says which row each row answers."""
    heading = correction_layout.row_heading(delivery.number)
    stamp = timezone.localtime().strftime("%Y%m%d-%H%M%S")
    lines = rows.format == "jsonl"
    path = folder / f"correction-{delivery.number}-{stamp}.{'jsonl' if lines else 'csv'}"
    written = 0
    with open(path, "w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        if not lines:
            writer.writerow([*rows.header, heading])
        for part in parts:
            for row in part.iter_rows():
                number, *cells = row
                if lines:
                    named = {**dict(zip(rows.header, cells, strict=True)), heading: str(number)}
                    handle.write(json.dumps(named, ensure_ascii=False) + "\n")
                else:
                    writer.writerow([*("" if cell is None else cell for cell in cells), str(number)])
                written += 1
    return path, written
