"""CSV rows: structure proved by :mod:`scan`, text taken out by Polars, the few doubtful rows looked at one by one.

Polars never decides anything: it gets only records whose quotes and cell counts are proved, and its row count is
compared with the proof. Row numbers count records from the top of the file, empty lines included.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from xinyong.intake.findings import Finding
from xinyong.intake.reading import errors, remarks
from xinyong.intake.reading.header import Header
from xinyong.intake.reading.model import (
    KIB,
    ROW,
    Assembler,
    Limits,
    Piece,
    RawBatch,
    Spared,
    Tally,
    spared_between,
    text_frame,
)
from xinyong.intake.reading.scan import Scan, Scanner, among, cells_of, count_delimiters, record_of
from xinyong.intake.reading.text import SENTINEL, Failure, Utf8Stream, row_too_long

_WINDOW = 8 * KIB  # text scanned again after a violation; grows while all is well
_FEW = 100  # records that are read faster one by one than through Polars
_ODD = re.compile(rb"\xef\xb7\x90|\xef\xbf[\xbd-\xbf]")
_BREAK = re.compile(rb"\r\n|\n|\r")
_LEAD = np.zeros(256, dtype=np.bool_)
_LEAD[[ord(c) for c in remarks.FORMULA_FIRST]] = True
_SIGN = np.zeros(256, dtype=np.bool_)
_SIGN[[ord("+"), ord("-")]] = True
_HARMLESS = np.zeros(256, dtype=np.bool_)
_HARMLESS[[ord(c) for c in '0123456789."\r\n']] = True


@dataclass(frozen=True, slots=True)
class _Span:
    """Records of one scan to be turned into rows: ``[first, last)`` of the scan's ends."""

    text: memoryview
    scan: Scan
    starts: npt.NDArray[np.intp]
    first: int
    last: int
    #: Place of ``text[0]`` in the whole UTF-8 text.
    place: int
    #: Row number of record 0 of the scan.
    number: int

    def record(self, index: int) -> bytes:
        raw = bytes(self.text[self.starts[index] : self.scan.ends[index] + 1])
        return raw[:-2] if raw.endswith(b"\r\n") else raw[:-1]


class DelimitedReader:
    """Turns the UTF-8 text of a CSV file into batches. ``skip`` bytes hold the title rows and the header."""

    def __init__(
        self,
        stream: Utf8Stream,
        header: Header,
        delimiter: str,
        skip: int,
        row: int,
        limits: Limits,
        tally: Tally,
        spared: Spared | None = None,
    ) -> None:
        self._stream = stream
        self._names = header.names
        self._width = header.width
        self._delimiter = delimiter
        self._skip = skip
        self._row = row
        self._limits = limits
        self._tally = tally
        self._spared = spared
        self._scanner = Scanner(delimiter)
        self._assembler = Assembler(header.names, limits, tally)
        self._remark: Finding | None = None
        self._cut: int | None = None
        self._open_end = False
        self._schema = {f"c{i}": pl.String for i in range(header.width)}

    def batches(self) -> Iterator[RawBatch]:
        rest, place, skip = b"", self._skip, self._skip
        for data in self._stream:
            if skip:
                data, skip = data[skip:], max(0, skip - len(data))
                if not data:
                    continue
            text = rest + data if rest else data
            done = yield from self._consume(text, place, final=False)
            rest, place = text[done:], place + done
        if rest:
            if not rest.endswith((b"\n", b"\r")):
                rest += b"\n"
                self._open_end = True
            yield from self._consume(rest, place, final=True)
        yield from self._assembler.flush(1.0)

    def _consume(self, text: bytes, place: int, final: bool) -> Generator[RawBatch, None, int]:
        """Turn complete records at the start of ``text`` into rows; returns the bytes used up."""
        view, size = memoryview(text), len(text)
        at, window = 0, size
        while at < size:
            stop = min(size, at + window)
            whole = stop == size
            scan = self._scanner.scan(view[at:stop], final and whole)
            records = len(scan.ends)
            if scan.violation >= 0:
                records = int(record_of(np.array([scan.violation]), scan.ends)[0])
            records, long = self._within_limit(scan, records)
            yield from self._emit(view[at:stop], scan, records, place + at)
            used = int(scan.ends[records - 1]) + 1 if records else 0
            at += used
            if long or scan.violation >= 0:
                if long:
                    after = self._skip_long(text, at)
                else:
                    after = self._skip_broken(text, at, at - used + scan.violation, at - used + scan.opened, final)
                if after < 0:
                    return at
                at, window = after, _WINDOW
                yield from self._emit_remarks()
                continue
            if not whole:
                window = window * 4 if not used or window < size else window
                continue
            if final and at < size:
                at = self._end_in_quotes(text, at, at - used + scan.unclosed)
                yield from self._emit_remarks()
                window = _WINDOW
                continue
            if size - at > self._limits.max_row_bytes:
                after = self._skip_long(text, at)
                at, window = after, _WINDOW
                yield from self._emit_remarks()
                continue
            break
        return at

    # -- records that break the rules -------------------------------------------------------------------------------

    def _within_limit(self, scan: Scan, records: int) -> tuple[int, bool]:
        """Records before the first that is longer than a row may be."""
        if len(scan.data) <= self._limits.max_row_bytes or not records:
            return records, False
        lengths = np.diff(scan.ends[:records], prepend=-1)
        over = np.flatnonzero(lengths > self._limits.max_row_bytes + 2)
        return (int(over[0]), True) if len(over) else (records, False)

    def _column_at(self, text: bytes, start: int, opened: int) -> str:
        index = len(cells_of(text[start:opened].decode("utf-8", "replace") + "x", self._delimiter)) - 1
        return self._names[index] if index < len(self._names) else f"#{index + 1}"

    def _reject(self, finding: Finding) -> None:
        self._remark = finding
        self._row += 1

    def _emit_remarks(self) -> Iterator[RawBatch]:
        if self._remark is not None:
            yield from self._assembler.add(Piece([self._remark], 1, 0), self._stream.position)
            self._remark = None

    def _next_line(self, text: bytes, start: int) -> int:
        found = _BREAK.search(text, start)
        return found.end() if found else -1

    def _skip_broken(self, text: bytes, start: int, violation: int, opened: int, final: bool) -> int:
        """Reject the record at ``start``; -1 when its line end has not been read yet."""
        lines = _BREAK.search(text, opened, violation) is not None
        after = self._next_line(text, opened if lines else violation)
        if after < 0 or (after == len(text) and text.endswith(b"\r") and not final):
            if len(text) - start > self._limits.max_row_bytes:
                raise row_too_long(self._limits, f"row {self._row}")
            if not final:
                return -1
            after = len(text)
        self._reject(remarks.stray_quote(self._row, self._column_at(text, start, opened), lines))
        return after

    def _skip_long(self, text: bytes, start: int) -> int:
        """A record that passes the row limit: a quote that swallows lines is rejected, one endless line is fatal."""
        after = self._next_line(text, start)
        if after < 0 or after - start > self._limits.max_row_bytes:
            raise row_too_long(self._limits, f"row {self._row}")
        scan = self._scanner.scan(memoryview(text)[start:after], True)
        self._reject(remarks.stray_quote(self._row, self._column_at(text, start, start + max(scan.unclosed, 0)), True))
        return after

    def _end_in_quotes(self, text: bytes, start: int, opened: int) -> int:
        """The text ends inside quotes: a stray quote if whole rows follow its line, else a cut-off file."""
        column = self._column_at(text, start, opened)
        after = self._next_line(text, opened)
        if 0 < after < len(text) and self._width > 1:
            line = text[after : self._next_line(text, after)]
            if line.count(self._delimiter.encode()) == self._width - 1:
                self._reject(remarks.stray_quote(self._row, column, True))
                return after
        self._cut = self._row
        self._reject(remarks.truncated(self._row, column))
        return len(text)

    @property
    def cut_off_at(self) -> int | None:
        """Row in which the file ends inside quotes; known when the batches are exhausted."""
        return self._cut

    # -- sound records ----------------------------------------------------------------------------------------------

    def _emit(self, text: memoryview, scan: Scan, records: int, place: int) -> Iterator[RawBatch]:
        if not records:
            return
        starts = np.concatenate((np.zeros(1, dtype=np.intp), scan.ends[:records] + 1))
        number, self._row = self._row, self._row + records
        step = self._limits.batch_rows
        for first in range(0, records, step):
            span = _Span(text, scan, starts, first, min(first + step, records), place, number)
            piece = self._piece(span)
            yield from self._assembler.add(piece, self._stream.position)

    def _piece(self, span: _Span) -> Piece:
        scan, first, last = span.scan, span.first, span.last
        starts, ends = span.starts[first:last], scan.ends[first:last]
        lengths = ends - starts
        if len(scan.returns):
            lengths = lengths - ((scan.data[np.maximum(ends - 1, 0)] == 0x0D) & (lengths > 0))
        passed_over = lengths == 0
        low, high = int(starts[0]), int(ends[-1]) + 1
        failures = self._failures_before(span.place + high)
        piece = Piece([], 0, high - low)
        self._tally.blank += int(passed_over.sum())
        spared = spared_between(self._spared, span.number + first, span.number + last)
        if len(spared):
            passed_over[spared] = True
            piece.spared = len(spared)
            piece.read += len(spared)
            piece.size = int(lengths[~passed_over].sum())
        few = last - first - len(spared) < _FEW
        doubtful = ~passed_over if few else self._doubtful(span, lengths, low, high) & ~passed_over
        for index in np.flatnonzero(doubtful):
            self._look(piece, span, first + int(index), failures)
        if not few:
            self._extract(piece, span, bytes(span.text[low:high]), low, ~(passed_over | doubtful))
            piece.findings.sort(key=lambda finding: finding.row)
        return piece

    def _doubtful(self, span: _Span, lengths: npt.NDArray[Any], low: int, high: int) -> npt.NDArray[np.bool_]:
        """Records that are looked at one by one, before Polars gets the others."""
        scan, first, last = span.scan, span.first, span.last
        ends = scan.ends[first:last]
        counts = count_delimiters(scan, last)[first:] + 1
        doubtful: npt.NDArray[np.bool_] = (counts != self._width) | (lengths > self._limits.max_cell_chars)
        doubtful[self._formula_records(span, low, high)] = True
        controls = scan.controls[(scan.controls >= low) & (scan.controls < high)]
        doubtful[record_of(controls, ends)] = True
        if self._stream.odd:
            odd = np.array([match.start() + low for match in _ODD.finditer(span.text[low:high])], dtype=np.intp)
            doubtful[record_of(odd, ends)] = True
        return doubtful

    def _formula_records(self, span: _Span, low: int, high: int) -> npt.NDArray[np.intp]:
        """Records with a cell that may begin a formula."""
        scan, data = span.scan, span.scan.data
        here = scan.delimiters[np.searchsorted(scan.delimiters, low) : np.searchsorted(scan.delimiters, high)] + 1
        cells = np.concatenate((span.starts[span.first : span.last], here))
        lead = data[cells]
        if scan.quoted:
            in_quotes = lead == ord('"')
            cells = cells + in_quotes
            lead = data[np.minimum(cells, len(data) - 1)]
        suspects = cells[_LEAD[lead]]
        if not len(suspects):
            return suspects
        # line ends of empty last cells
        suspects = suspects[~among(suspects, scan.ends) & ~among(suspects, scan.returns)]
        following = data[np.minimum(suspects + 1, len(data) - 1)]
        plain = _SIGN[data[suspects]] & (_HARMLESS[following] | (following == ord(self._delimiter)))
        suspects = suspects[~plain]
        return record_of(suspects, scan.ends[span.first : span.last])

    def _failures_before(self, place: int) -> dict[int, Failure]:
        found = {}
        failures = self._stream.failures
        while failures and failures[0].place < place:
            failure = failures.popleft()
            found[failure.place] = failure
        return found

    def _look(self, piece: Piece, span: _Span, index: int, failures: dict[int, Failure]) -> None:
        """One record by itself: its cells or the reason why it is rejected go to the piece."""
        raw, row = span.record(index), span.number + index
        names, limit = self._names, self._limits.max_cell_chars
        if failures and SENTINEL in raw:
            failure = failures.get(span.place + int(span.starts[index]) + raw.index(SENTINEL))
            if failure is not None:
                piece.read += 1
                piece.findings.append(
                    remarks.encoding(row, failure.offset, failure.raw, self._stream.name, failure.looks)
                )
                return
        cells = cells_of(raw.decode("utf-8", "replace"), self._delimiter)
        if not any(cells):
            self._tally.blank += 1
            return
        piece.read += 1
        if len(cells) < len(names) or any(cells[len(names) :]):
            cut = len(cells) < len(names) and self._is_last(span, index)
            piece.findings.append(remarks.cell_count(row, len(names), len(cells), cut=cut))
            return
        for name, cell in zip(names, cells, strict=False):
            remark = remarks.check_cell(row, name, cell, limit) if cell else None
            if remark is not None:
                piece.findings.append(remark)
                return
        warning = next((n for n, cell in zip(names, cells, strict=False) if "\ufffd" in cell), None)
        if warning is not None:
            piece.findings.append(remarks.replacement(row, warning, cells[names.index(warning)]))
        piece.numbers.append(row)
        piece.rows.append([cell or None for cell in cells[: len(names)]])

    def _is_last(self, span: _Span, index: int) -> bool:
        return self._open_end and int(span.scan.ends[index]) + 1 >= len(span.scan.data)

    def _extract(self, piece: Piece, span: _Span, payload: bytes, low: int, good: npt.NDArray[np.bool_]) -> None:
        """Rows of the proved records join those looked at one by one, in order."""
        kept = np.flatnonzero(good)
        if not len(kept):
            return
        scan, first = span.scan, span.first
        starts, ends = span.starts[first : span.last], scan.ends[first : span.last]
        if len(scan.lone_returns):  # Polars knows \n and \r\n
            payload = _line_feeds_only(payload, low, scan, starts, ends, good)
        elif len(kept) < len(good):
            edges = np.flatnonzero(np.diff(kept) > 1)
            begins = starts[kept[np.concatenate(([0], edges + 1))]] - low
            stops = ends[kept[np.concatenate((edges, [-1]))]] + 1 - low
            payload = b"".join(payload[begin:stop] for begin, stop in zip(begins, stops, strict=True))
        numbers = pl.Series(ROW, kept.astype(np.int64) + (span.number + first))
        try:
            frame = pl.read_csv(
                payload,
                has_header=False,
                schema=self._schema,
                separator=self._delimiter,
                quote_char='"' if scan.quoted else None,
                eol_char="\n",
            )
        except pl.exceptions.PolarsError as error:
            raise _disagreement(span.number + first) from error
        if frame.height != len(kept):
            raise _disagreement(span.number + first)
        if scan.quoted and b'""' in payload:
            frame = frame.with_columns(pl.when(pl.all() != "").then(pl.all()))
        spare = frame.columns[len(self._names) :]
        frame = frame.select(
            numbers, *(pl.col(old).alias(new) for old, new in zip(frame.columns, self._names, strict=False)), *spare
        )
        height = frame.height
        blank = frame.select(pl.all_horizontal(pl.col(frame.columns[1:]).is_null())).to_series()
        if blank.any():
            frame = frame.filter(~blank)
        self._tally.blank += height - frame.height
        piece.read += frame.height
        if spare:  # unnamed columns at the end must stay empty
            filled = ~pl.all_horizontal(pl.col(spare).is_null())
            for row in frame.filter(filled).get_column(ROW):
                piece.findings.append(remarks.cell_count(row, len(self._names), self._width))
            frame = frame.filter(~filled).drop(spare)
        if piece.rows:
            frame = pl.concat([frame, text_frame(self._names, piece.numbers, piece.rows)]).sort(ROW)
            piece.numbers, piece.rows = [], []
        piece.frame = frame


def _line_feeds_only(
    payload: bytes,
    low: int,
    scan: Scan,
    starts: npt.NDArray[np.intp],
    ends: npt.NDArray[np.intp],
    good: npt.NDArray[np.bool_],
) -> bytes:
    """The good records with ``\\n`` as the only line end; returns inside quotes stay."""
    data = np.frombuffer(payload, dtype=np.uint8).copy()
    high = low + len(data)
    lone = scan.lone_returns[(scan.lone_returns >= low) & (scan.lone_returns < high)]
    data[lone - low] = 0x0A
    edge = np.zeros(len(data) + 1, dtype=np.int8)
    edge[starts[good] - low] += 1
    edge[ends[good] + 1 - low] -= 1
    keep = np.cumsum(edge[:-1], dtype=np.int8).astype(np.bool_)
    returns = scan.returns[(scan.returns >= low) & (scan.returns < high)]
    keep[returns - low] = False
    return data[keep].tobytes()


def _disagreement(row: int) -> errors.FileDamaged:
    return errors.FileDamaged(
        why_zh="两种解析方法对行的划分不一致，或读取期间文件被改动",
        why_en="two parsers disagree about the rows, or the file changed while it was read",
        where=f"row {row}",
    )
