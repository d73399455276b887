"""What goes in and what comes out of the readers: limits, description of the source, batches, tally."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from xinyong.catalogue.entry import Severity
from xinyong.intake.findings import Finding

#: Column that carries the row number; no header may use the name.
ROW = "_row"

#: A batch counts at most so many times its rows where most of them are spared: progress is told by the batch.
_MOST_SPARED = 8

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds that keep memory flat and answers quick whatever is delivered. Every default says why it is there."""

    #: Bytes on disk. A province's yearly penalty file of 5 million rows × 30 columns is about 3 GiB.
    max_file_bytes: int = 4 * GIB
    #: Bytes after decompression (gzip, all members of an XLSX). Chinese CSV packs 4–8 times, so 4 GiB stay usable.
    max_expanded_bytes: int = 32 * GIB
    #: Expanded over packed. Honest tables reach 5–60; deflate ends at 1 032, which only bombs come near.
    max_compression_ratio: int = 250
    #: The ratio is judged from this size on: small repetitive files are harmless and pack arbitrarily well.
    ratio_floor_bytes: int = 64 * MIB
    #: Characters of one cell. The longest lawful texts (full penalty decisions) stay below 100 000.
    max_cell_chars: int = 1_000_000
    #: Bytes of one row as UTF-8: one full cell of Chinese text (3–4 bytes a character) and room for the others.
    max_row_bytes: int = 8 * MIB
    #: Columns of a header. The widest known layout has 77; catalogues of reports reach 300.
    max_columns: int = 512
    #: Sheets of a workbook. A template has one to three; thousands are a program's mistake or an attack.
    max_sheets: int = 64
    #: Members of a workbook's container (Excel writes 10–50; images and comments add some).
    max_members: int = 5_000
    #: Merged ranges of one sheet: each names a row to reject, kept in memory while the sheet is read.
    max_merged_ranges: int = 100_000
    #: Most rows of one batch: the unit of checks, COPY and progress.
    batch_rows: int = 50_000
    #: Most text of one batch: 50 000 rows of 8 MiB each must not come together.
    batch_bytes: int = 64 * MIB
    #: Rows in which a header is looked for below title rows.
    header_rows: int = 20
    #: Share of a row's filled cells that must be known names for the row to be the header.
    header_share: float = 0.6


class Note(NamedTuple):
    """A remark on the source that rejects nothing: the pair (zh, en)."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceInfo:
    """What was delivered, for the receipt and the console."""

    #: ``csv``, ``xlsx`` or ``jsonl``.
    format: str
    #: ``utf-8``, ``gb18030``, ``utf-16-le``, ``utf-16-be``; ``utf-8`` for workbooks.
    encoding: str
    compressed: bool
    #: Empty unless CSV.
    delimiter: str
    header: tuple[str, ...]
    #: Row in which the header stands (0 for JSON Lines, which has none).
    header_row: int = 1
    sheet: str | None = None
    #: Mark of the form the workbook was made from; empty when it is none of ours.
    template: str = ""
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class RawBatch:
    """Rows as sent. ``read`` = height of ``rows`` + number of different rows with an error among ``findings`` + ``spared``."""

    rows: pl.DataFrame
    findings: list[Finding]
    read: int
    position: float
    #: Rows that were known to need no reading: counted, not given.
    spared: int = 0

    @property
    def rejected(self) -> int:
        return len({f.row for f in self.findings if f.severity is Severity.ERROR})


@dataclass(slots=True)
class Tally:
    """Running account of a source; complete once the batches are exhausted."""

    read: int = 0
    passed: int = 0
    rejected: int = 0
    #: Empty rows between others: skipped, neither passed nor rejected.
    blank: int = 0


def text_frame(header: Sequence[str], numbers: Sequence[int], rows: Sequence[Sequence[str | None]]) -> pl.DataFrame:
    """Frame of text columns under ``_row`` from rows of equal width."""
    columns: Iterable[Sequence[str | None]] = zip(*rows, strict=True) if rows else [()] * len(header)
    series = [pl.Series(ROW, numbers, dtype=pl.Int64)]
    series += [pl.Series(name, column, dtype=pl.String) for name, column in zip(header, columns, strict=True)]
    return pl.DataFrame(series)


#: Sorted numbers of rows that are counted and not read, as nothing can come of them.
Spared = npt.NDArray[np.int32]


def spared_between(spared: Spared | None, first: int, last: int) -> npt.NDArray[Any]:
    """Places of the spared rows among the rows ``[first, last)``."""
    if spared is None:
        return np.empty(0, dtype=np.intp)
    begin, end = np.searchsorted(spared, (first, last))
    return spared[begin:end].astype(np.intp) - first


@dataclass(slots=True)
class Piece:
    """Some consecutive rows on their way into a batch: a frame, or single rows where they are few."""

    findings: list[Finding]
    read: int
    size: int
    frame: pl.DataFrame | None = None
    numbers: list[int] = field(default_factory=list)
    rows: list[Sequence[str | None]] = field(default_factory=list)
    #: Rows among ``read`` that are neither here nor remarked, as they need no reading.
    spared: int = 0

    def absorb(self, other: Piece) -> None:
        self.findings += other.findings
        self.read += other.read
        self.spared += other.spared
        self.size += other.size
        self.numbers += other.numbers
        self.rows += other.rows


@dataclass(slots=True)
class Assembler:
    """Puts pieces together into batches that respect ``batch_rows`` and ``batch_bytes``; rows that are spared weigh nothing."""

    header: tuple[str, ...]
    limits: Limits
    tally: Tally
    _pieces: list[Piece] = field(default_factory=list)
    _read: int = 0
    _given: int = 0
    _size: int = 0

    def add(self, piece: Piece, position: float) -> Iterator[RawBatch]:
        given = piece.read - piece.spared
        if self._read and (
            self._given + given > self.limits.batch_rows
            or self._size + piece.size > self.limits.batch_bytes
            or self._read + piece.read > _MOST_SPARED * self.limits.batch_rows
        ):
            yield from self.flush(position)
        self._read += piece.read
        self._given += given
        self._size += piece.size
        if piece.frame is None and self._pieces and self._pieces[-1].frame is None:
            self._pieces[-1].absorb(piece)
        else:
            self._pieces.append(piece)

    def flush(self, position: float) -> Iterator[RawBatch]:
        pieces, read = self._pieces, self._read
        self._pieces, self._read, self._given, self._size = [], 0, 0, 0
        if not read:
            return
        frames = [
            piece.frame if piece.frame is not None else text_frame(self.header, piece.numbers, piece.rows)
            for piece in pieces
        ]
        rows = frames[0] if len(frames) == 1 else pl.concat(frames, rechunk=True)
        findings = [finding for piece in pieces for finding in piece.findings]
        spared = sum(piece.spared for piece in pieces)
        self.tally.read += read
        self.tally.passed += rows.height + spared
        self.tally.rejected += read - rows.height - spared
        yield RawBatch(rows, findings, read, min(1.0, max(0.0, position)), spared)


@dataclass(slots=True)
class RowCollector:
    """Collects single rows (JSON Lines, workbooks) and hands over batches."""

    header: tuple[str, ...]
    limits: Limits
    tally: Tally
    _numbers: list[int] = field(default_factory=list)
    _rows: list[Sequence[str | None]] = field(default_factory=list)
    _findings: list[Finding] = field(default_factory=list)
    _read: int = 0
    _size: int = 0

    def passed(self, number: int, cells: Sequence[str | None], size: int) -> None:
        self._numbers.append(number)
        self._rows.append(cells)
        self._read += 1
        self._size += size

    def rejected(self, finding: Finding) -> None:
        self._findings.append(finding)
        self._read += 1

    def warned(self, finding: Finding) -> None:
        self._findings.append(finding)

    @property
    def full(self) -> bool:
        return self._read >= self.limits.batch_rows or self._size >= self.limits.batch_bytes

    def flush(self, position: float) -> Iterator[RawBatch]:
        if not self._read:
            return
        rows = text_frame(self.header, self._numbers, self._rows)
        batch = RawBatch(rows, self._findings, self._read, min(1.0, max(0.0, position)))
        self.tally.read += self._read
        self.tally.passed += rows.height
        self.tally.rejected += self._read - rows.height
        self._numbers, self._rows, self._findings = [], [], []
        self._read = self._size = 0
        yield batch
