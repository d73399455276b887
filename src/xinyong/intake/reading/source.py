"""``open_source``: from a path to batches, whatever the format."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from xinyong.intake.reading import errors, sniff
from xinyong.intake.reading.delimited import DelimitedReader
from xinyong.intake.reading.header import Cells, Header, filled, find_header
from xinyong.intake.reading.jsonlines import JsonLinesReader
from xinyong.intake.reading.model import MIB, Limits, Note, RawBatch, SourceInfo, Spared, Tally
from xinyong.intake.reading.scan import Scanner, cells_of
from xinyong.intake.reading.streams import GZIP_MAGIC, ByteStream, Opened, open_regular, read_at
from xinyong.intake.reading.text import Encoding, Utf8Stream, decide
from xinyong.intake.reading.workbook import WorkbookReader
from xinyong.runtime import memory

_HEAD = MIB
_MACHINE = frozenset({errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.ENOMEM, errno.EMFILE, errno.ENFILE, errno.ESTALE})
_SNIFF = 64 * 1024
_DELIMITERS = ",\t;|"
_BREAK = re.compile(rb"\r\n|\n|\r")


class Reader(Protocol):
    def batches(self) -> Iterator[RawBatch]: ...


class Source:
    """An open delivery. Read ``batches()`` once; every row comes out accepted or with a finding, or an error is
    raised and nothing of the file may be kept."""

    def __init__(self, opened: Opened, info: SourceInfo, reader: Reader | None, tally: Tally) -> None:
        self._opened = opened
        self._reader = reader
        self.info = info
        self.tally = tally

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        close = getattr(self._reader, "close", None)
        if close is not None:
            close()
        self._opened.handle.close()

    def batches(self) -> Iterator[RawBatch]:
        """The rows. :class:`~errors.FileDamaged` comes last when the file turns out to be cut off or changed."""
        reader, self._reader = self._reader, None
        if reader is None:
            return
        try:
            yield from reader.batches()
        except (OSError, UnicodeError) as error:
            if _of_the_machine(error):
                raise
            raise errors.FileDamaged(why_zh="读取中断", why_en=f"reading stopped: {error}", where="?") from error
        finally:
            close = getattr(reader, "close", None)
            if close is not None:
                close()
        self._opened.check_unchanged()
        cut = getattr(reader, "cut_off_at", None)
        if cut is not None:
            raise errors.FileDamaged(
                why_zh="文件在引号字段内结束，可能被截断",
                why_en="it ends inside a quoted cell and was probably cut off",
                where=f"row {cut}",
            )


def _of_the_machine(error: Exception) -> bool:
    """Whether this says something of disk or memory and nothing of the file: it must not refuse the delivery."""
    return isinstance(error, OSError) and error.errno in _MACHINE


def open_source(
    path: Path,
    limits: Limits | None = None,
    *,
    known_columns: frozenset[str] = frozenset(),
    spared: Spared | None = None,
) -> Source:
    """Open a delivered file. The whole file is checked for encoding, damage and size before the first row is given.

    ``known_columns``: names the dataset knows; the header is the first of the first 20 rows in which at least 60 % of
    the filled cells are among them. Without it the first row that is not empty is the header. ``spared``: rows of a CSV
    file that need not be given, as they are known; other formats give them all the same.
    """
    limits = limits or Limits()
    memory.keep_large_blocks()
    opened = open_regular(Path(path))
    with ExitStack() as undo:
        undo.callback(opened.handle.close)
        try:
            source = _open(opened, limits, known_columns, spared)
        except OSError as error:
            if _of_the_machine(error):
                raise
            raise errors.FileDamaged(why_zh="读取中断", why_en=f"reading stopped: {error}", where="?") from error
        undo.pop_all()
        return source


def _open(opened: Opened, limits: Limits, known: frozenset[str], spared: Spared | None) -> Source:
    if opened.size == 0:
        raise errors.FileEmpty(path=opened.path.name)
    if opened.size > limits.max_file_bytes:
        raise errors.FileTooLarge(
            what_zh="文件大小（字节）",
            what_en="The file size in bytes",
            found=opened.size,
            limit=limits.max_file_bytes,
            where=opened.path.name,
            advice_zh="请拆分后分批报送。",
            advice_en="Split the file.",
        )
    magic = read_at(opened.handle, 0, _SNIFF)
    tally = Tally()
    if magic.startswith(b"PK\x03\x04") or magic.startswith(b"PK\x05\x06"):
        book = WorkbookReader(opened, limits, tally, known)
        return Source(opened, book.info, book, tally)
    compressed = magic.startswith(GZIP_MAGIC)
    stream = ByteStream(opened, compressed, limits)
    head = stream.head(_SNIFF) if compressed else magic
    sniff.refuse_foreign(head, inside_gzip=compressed)
    kind = sniff.text_kind(head)
    encoding = decide(stream, kind.marked, limits)
    opened.check_unchanged()
    if encoding.blank:
        raise errors.FileEmpty(path=opened.path.name)
    text = Utf8Stream(stream, encoding, limits)
    if kind.format == "jsonl":
        lines = JsonLinesReader(text, limits, tally, known)
        return Source(opened, _info("jsonl", encoding, compressed, "", lines.header, 0, ()), lines, tally)
    return _open_csv(opened, text, encoding, compressed, limits, known, tally, spared)


def _info(
    format_: str,
    encoding: Encoding,
    compressed: bool,
    delimiter: str,
    header: tuple[str, ...],
    row: int,
    notes: tuple[Note, ...],
) -> SourceInfo:
    return SourceInfo(
        format=format_,
        encoding=encoding.name,
        compressed=compressed,
        delimiter=delimiter,
        header=header,
        header_row=row,
        notes=(*encoding.notes, *notes),
    )


def _open_csv(
    opened: Opened,
    text: Utf8Stream,
    encoding: Encoding,
    compressed: bool,
    limits: Limits,
    known: frozenset[str],
    tally: Tally,
    spared: Spared | None,
) -> Source:
    head, complete = _head(text)
    best: tuple[float, int, str, list[tuple[int, int, Cells]]] | None = None
    for order, delimiter in enumerate(_DELIMITERS):
        records = list(_first_records(head, complete, delimiter, limits.header_rows))
        if known:
            score = max((sum(n in known for n in filled(cells)) for _, _, cells in records), default=0)
        else:
            score = next((_agreeing(records, index) for index, row in enumerate(records) if filled(row[2])), 0)
        if best is None or (score, -order) > best[:2]:
            best = (score, -order, delimiter, records)
    assert best is not None  # _DELIMITERS is not empty
    _, _, delimiter, records = best
    if not records and not complete:
        raise errors.HeaderUnusable(
            row=1, columns="1–", name="", why_zh="表头行超过 1 MiB", why_en="the header row is longer than 1 MiB"
        )
    header = find_header([(number, cells) for number, _, cells in records], known, limits)
    if header is None:
        raise errors.FileEmpty(path=opened.path.name)
    number, end, _ = records[header.index]
    header = Header(header.index, header.names, _width(header, records), header.notes)
    reader = DelimitedReader(text, header, delimiter, end, number + 1, limits, tally, spared)
    return Source(
        opened, _info("csv", encoding, compressed, delimiter, header.names, number, header.notes), reader, tally
    )


def _agreeing(records: list[tuple[int, int, Cells]], index: int) -> int:
    """Cells of the first row if no quote is left in them, which tells that the delimiter is not another one."""
    cells = records[index][2]
    return 0 if any('"' in (cell or "") for cell in cells) else len(cells)


def _width(header: Header, records: list[tuple[int, int, Cells]]) -> int:
    """Cells that rows usually have: the header's, or those of the first rows when they end in one empty cell more."""
    below = [len(cells) for _, _, cells in records[header.index + 1 :] if filled(cells)]
    usual = max(set(below), key=below.count) if below else header.width
    return usual if len(header.names) <= usual <= len(header.names) + 1 else header.width


def _head(text: Utf8Stream) -> tuple[bytes, bool]:
    parts, size = [], 0
    for data in text:
        parts.append(data)
        size += len(data)
        if size >= _HEAD:
            return b"".join(parts)[:_HEAD], size == _HEAD and text.position >= 1.0
    return b"".join(parts), True


def _first_records(head: bytes, complete: bool, delimiter: str, most: int) -> Iterator[tuple[int, int, Cells]]:
    """(row number, end, cells) of the first records; a record with broken quotes is taken as one line."""
    scanner = Scanner(delimiter)
    if complete and not head.endswith((b"\n", b"\r")):
        head += b"\n"
    at, number = 0, 0
    while at < len(head) and number < most:
        scan = scanner.scan(memoryview(head)[at:], complete)
        start = at
        for end in scan.ends[: most - number]:
            if 0 <= scan.violation <= end:
                break
            stop = at + int(end) + 1
            number += 1
            yield number, stop, _cells(head[start:stop], delimiter)
            start = stop
        if number >= most or start >= len(head):
            return
        if scan.violation < 0 and not (complete and scan.unclosed >= 0):
            return
        # broken quotes, or an open one at the end of the file: one line is one record
        found = _BREAK.search(head, start)
        if found is None:
            return
        stop, number = found.end(), number + 1
        yield number, stop, _cells(head[start:stop], delimiter)
        at = stop


def _cells(record: bytes, delimiter: str) -> list[str | None]:
    text = record.decode("utf-8", "replace")
    text = text[:-2] if text.endswith("\r\n") else text[:-1]
    return [cell or None for cell in cells_of(text, delimiter)]
