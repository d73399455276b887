"""JSON Lines: one flat object a line. Numbers keep their digits as written; nothing is rounded or reordered."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from xinyong.intake.findings import Finding
from xinyong.intake.reading import errors, remarks
from xinyong.intake.reading.header import check_names, clean_name, find_header
from xinyong.intake.reading.model import Limits, RawBatch, RowCollector, Tally
from xinyong.intake.reading.text import SENTINEL, Utf8Stream, row_too_long


class _Duplicate(Exception):
    pass


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise _Duplicate(key)
            seen.add(key)
    return found


def _constant(name: str) -> Any:
    raise json.JSONDecodeError(f"{name} is not JSON", name, 0)


_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_float=str, parse_int=str, parse_constant=_constant)

Row = dict[str, str | None]


def parse_line(number: int, text: str, limits: Limits) -> Row | Finding:
    """The cells of one line, or why it is rejected."""
    try:
        value = _DECODER.decode(text)
    except _Duplicate as error:
        key = str(error)
        return remarks.json_line(
            number, "json-duplicate-key", f"键重复：{remarks.inert(key)}", f"Key repeated: {remarks.inert(key)}", key
        )
    except json.JSONDecodeError as error:
        return remarks.json_line(
            number,
            "json",
            f"第 {error.pos + 1} 个字符处不是合法的 JSON：{error.msg}",
            f"Not JSON at character {error.pos + 1}: {error.msg}",
            text[:200],
        )
    except RecursionError:
        return remarks.json_line(number, "json-nested", "嵌套过深", "Nested too deeply", text[:80])
    if not isinstance(value, dict):
        return remarks.json_line(number, "json", "本行不是对象", "The line is not an object", text[:200])
    row: Row = {}
    for key, cell in value.items():
        if isinstance(cell, str):
            remark = remarks.check_cell(number, key, cell, limits.max_cell_chars)
            if remark is not None:
                return remark
            row[key] = cell or None
        elif cell is None:
            row[key] = None
        elif isinstance(cell, bool):
            row[key] = "true" if cell else "false"
        else:
            return remarks.json_line(
                number,
                "json-nested",
                "值是嵌套的对象或数组",
                "The value is a nested object or array",
                json.dumps(cell, ensure_ascii=False)[:200] if len(text) < 10_000 else "",
                _safe(key),
            )
    return row


def _safe(key: str) -> str:
    return remarks.inert(key.encode("utf-8", "backslashreplace").decode("utf-8"))


class JsonLinesReader:
    """Reads the first batch to learn the keys, then streams."""

    def __init__(self, stream: Utf8Stream, limits: Limits, tally: Tally, known: frozenset[str]) -> None:
        self._stream = stream
        self._limits = limits
        self._tally = tally
        self._lines = self._numbered()
        self._place = 0
        self._first: list[tuple[int, int, Row | Finding]] = []
        self._blank_seen = 0
        self.header = self._learn(known)

    def _numbered(self) -> Iterator[tuple[int, int, Row | Finding]]:
        """(line number, size, parsed row) of every line that is not blank."""
        number, rest, place = 0, b"", 0
        for data in self._stream:
            text = rest + data
            cut = max(text.rfind(b"\n"), text.rfind(b"\r")) + 1
            if text[cut - 1 : cut] == b"\r" and cut == len(text):
                cut = max(text.rfind(b"\n"), text.rfind(b"\r", 0, cut - 1)) + 1
            if len(text) - cut > self._limits.max_row_bytes:
                raise row_too_long(self._limits, f"line {number + 1}")
            rest = text[cut:]
            for line in text[:cut].splitlines(keepends=True):
                number += 1
                yield from self._line(number, line, place)
                place += len(line)
        for line in rest.splitlines(keepends=True):
            number += 1
            yield from self._line(number, line, place)
            place += len(line)

    def _line(self, number: int, line: bytes, place: int) -> Iterator[tuple[int, int, Row | Finding]]:
        size = len(line)
        body = line.strip(b" \t\r\n")
        if not body:
            self._blank_seen += 1
            return
        self._tally.blank += self._blank_seen
        self._blank_seen = 0
        failures = self._stream.failures
        while failures and failures[0].place < place:
            failures.popleft()
        if SENTINEL in body and failures and failures[0].place < place + size:
            failure = failures.popleft()
            yield number, size, remarks.encoding(number, failure.offset, failure.raw, self._stream.name, failure.looks)
            return
        text = body.decode("utf-8", "replace")
        yield number, size, parse_line(number, text, self._limits)

    def _learn(self, known: frozenset[str]) -> tuple[str, ...]:
        keys: dict[str, None] = {}
        size = 0
        for entry in self._lines:
            number, length, row = entry
            self._first.append(entry)
            if isinstance(row, dict):
                keys.update(dict.fromkeys(row))
                if len(keys) > self._limits.max_columns:
                    raise errors.FileTooLarge(
                        what_zh="键的个数",
                        what_en="The number of keys",
                        found=len(keys),
                        limit=self._limits.max_columns,
                        where=f"line {number}",
                        advice_zh="请按模板报送。",
                        advice_en="Use the template.",
                    )
            size += length
            if len(self._first) >= self._limits.batch_rows or size >= self._limits.batch_bytes // 4:
                break
        header = tuple(keys)
        if header:
            check_names([_safe(name) if not name.isprintable() else name for name in header], 1)
            if known:
                find_header([(1, [clean_name(name) for name in header])], known, self._limits)
        return header

    def batches(self) -> Iterator[RawBatch]:
        collector = RowCollector(self.header, self._limits, self._tally)
        places = dict.fromkeys(self.header)
        first, self._first = self._first, []
        for source in (first, self._lines):
            for number, size, row in source:
                if isinstance(row, Finding):
                    collector.rejected(row)
                else:
                    self._pass(collector, number, size, row, places)
                if collector.full:
                    yield from collector.flush(self._stream.position)
        yield from collector.flush(1.0)

    def _pass(self, collector: RowCollector, number: int, size: int, row: Row, names: dict[str, None]) -> None:
        cells: Sequence[str | None] = [row.get(name) for name in names]
        collector.passed(number, cells, size)
        if not row.keys() <= names.keys():
            collector.warned(remarks.unknown_keys(number, [_safe(key) for key in row if key not in names]))
        for name, cell in zip(names, cells, strict=True):
            if cell is not None and "\ufffd" in cell:
                collector.warned(remarks.replacement(number, name, cell))
                break
