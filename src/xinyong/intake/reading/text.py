"""Encoding: decided once over the whole stream, then every chunk handed on as clean UTF-8.

Decision, in this order: a byte order mark; all bytes valid UTF-8 (pure ASCII is UTF-8); else the lines with
non-ASCII bytes vote: more than half valid as UTF-8 means a damaged or mixed UTF-8 file, otherwise GB18030 (which
holds GBK and GB2312). The vote is needed because many damaged UTF-8 files decode as GB18030 into nonsense.
Lines that fail the decided encoding lose their bytes but keep their delimiters, and carry ``SENTINEL`` so that the
row they belong to is rejected with the byte offset.
"""

from __future__ import annotations

import codecs
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from xinyong.intake.reading import errors
from xinyong.intake.reading.model import Limits, Note
from xinyong.intake.reading.streams import ByteStream

#: U+FDD0, a non-character: never lawful in a cell.
SENTINEL = b"\xef\xb7\x90"
_BOM = {"utf-8": codecs.BOM_UTF8, "utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}
_ODD = ("\ufdd0", "\ufffd", "\ufffe", "\uffff")
_ODD_UTF8 = tuple(mark.encode() for mark in _ODD)
_BLANK = b" \t\r\n\0\xef\xbb\xbf\xff\xfe,;|"
_VOTERS = 20_000
_NON_ASCII = re.compile(rb"[\x80-\xff]+")
_CHINESE = re.compile("[\u4e00-\u9fff]")


@dataclass(frozen=True, slots=True)
class Failure:
    """Bytes that the encoding does not know. ``place`` counts in the UTF-8 handed on, ``offset`` in the file."""

    place: int
    offset: int
    raw: bytes
    looks: str


@dataclass(frozen=True, slots=True)
class Encoding:
    name: str
    marked: bool
    #: Every byte decodes: chunks of UTF-8 may pass as they are.
    sound: bool
    #: Nothing but white space.
    blank: bool
    #: Replacement characters or non-characters may occur.
    odd: bool
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class _Survey:
    sound: bool
    blank: bool
    odd: bool
    offset: int


def _survey(stream: ByteStream, limits: Limits, name: str) -> _Survey:
    """One pass over all bytes. Over-long lines and gzip damage raise here."""
    if name == "utf-8":
        return _survey_utf8(stream, limits)
    decoder = codecs.getincrementaldecoder(name)("strict")
    narrow = name == "gb18030"
    done = since_break = 0
    sound, blank, odd, first_bad = True, True, False, -1
    for data in stream:
        if blank and data.strip(_BLANK):
            blank = False
        last = max(data.rfind(b"\n"), data.rfind(b"\r"))
        since_break = since_break + len(data) if last < 0 else len(data) - last - 1
        if since_break > limits.max_row_bytes:
            raise row_too_long(limits, f"byte {done + len(data) - since_break}")
        if sound and not (narrow and data.isascii() and not decoder.getstate()[0]):
            try:
                text = decoder.decode(data)
                odd = odd or any(mark in text for mark in _ODD)
            except UnicodeDecodeError as error:
                sound, first_bad = False, max(0, done + error.start)
        done += len(data)
    if sound:
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            sound, first_bad = False, done
    return _Survey(sound, blank, odd or not sound, first_bad)


def _survey_utf8(stream: ByteStream, limits: Limits) -> _Survey:
    """The same for UTF-8: Polars proves a chunk ten times faster than a decoder that also makes the text."""
    done = since_break = 0
    sound, blank, odd, first_bad = True, True, False, -1
    tail = b""
    for data in stream:
        if blank and data.strip(_BLANK):
            blank = False
        last = max(data.rfind(b"\n"), data.rfind(b"\r"))
        since_break = since_break + len(data) if last < 0 else len(data) - last - 1
        if since_break > limits.max_row_bytes:
            raise row_too_long(limits, f"byte {done + len(data) - since_break}")
        if sound and (tail or not data.isascii()):
            chunk = tail + data if tail else data
            cut = len(chunk) - _unfinished(chunk)
            whole, tail = chunk[:cut], chunk[cut:]
            if _is_utf8(whole):
                odd = odd or _holds_odd(whole)
            else:
                sound, first_bad = False, done + len(data) - len(chunk) + _first_wrong(whole)
        done += len(data)
    if sound and tail:
        sound, first_bad = False, done - len(tail)
    return _Survey(sound, blank, odd or not sound, first_bad)


def _unfinished(data: bytes) -> int:
    """Bytes at the end that may be the beginning of a character."""
    for back in range(1, min(4, len(data) + 1)):
        byte = data[-back]
        if byte < 0x80:
            return 0
        if byte >= 0xC0:
            width = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return back if back < width else 0
    return 0


def _is_utf8(data: bytes) -> bool:
    try:
        pl.Series([data], dtype=pl.Binary).cast(pl.String)
    except pl.exceptions.PolarsError:
        return False
    return True


def _first_wrong(data: bytes) -> int:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start
    return len(data)


def _holds_odd(data: bytes) -> bool:
    """Whether U+FDD0, U+FFFD, U+FFFE or U+FFFF may be there: EF B7 or EF BF in UTF-8."""
    array = np.frombuffer(data, dtype=np.uint8)
    second = array[np.flatnonzero(array[:-1] == 0xEF) + 1]
    return bool(((second == 0xB7) | (second == 0xBF)).any()) and any(mark in data for mark in _ODD_UTF8)


def row_too_long(limits: Limits, where: str) -> errors.FileTooLarge:
    return errors.FileTooLarge(
        what_zh="单行长度（字节）",
        what_en="The length of one row in bytes",
        found=f"> {limits.max_row_bytes}",
        limit=limits.max_row_bytes,
        where=where,
        advice_zh="请检查行尾换行符是否丢失。",
        advice_en="Check whether the line ends were lost.",
    )


def decide(stream: ByteStream, marked: str | None, limits: Limits) -> Encoding:
    """Read the stream once (twice if it is not UTF-8) and decide."""
    notes: tuple[Note, ...] = ()
    if marked:
        notes = (Note(zh="已去除字节顺序标记（BOM）", en="Byte order mark removed"),)
    name = marked or "utf-8"
    seen = _survey(stream, limits, name)
    if name.startswith("utf-16"):
        if not seen.sound:
            raise errors.FileEncoding(
                offset=seen.offset,
                why_zh="UTF-16 字节不成对或代理项孤立",
                why_en="UTF-16 units are incomplete or unpaired",
            )
    elif not seen.sound and not marked and not _votes_utf8(stream):
        name = "gb18030"
        seen = _survey(stream, limits, name)
    if not seen.sound:
        note = Note(
            zh=f"按 {name} 读取，但第 {seen.offset} 字节起有无法解码的内容，有关行不予采用",
            en=f"Read as {name}; bytes from offset {seen.offset} on do not decode and their rows are rejected",
        )
        notes = (*notes, note)
    return Encoding(name, marked is not None, seen.sound, seen.blank, seen.odd or name == "gb18030", notes)


def _votes_utf8(stream: ByteStream) -> bool:
    valid = voters = 0
    rest = b""
    for data in stream:
        lines = (rest + data).splitlines()
        rest = lines.pop() if lines and not data.endswith((b"\n", b"\r")) else b""
        for line in lines:
            if not line.isascii():
                voters += 1
                valid += _decodes(line, "utf-8")
                if voters >= _VOTERS:
                    return valid * 2 > voters
    if rest and not rest.isascii():
        voters += 1
        valid += _decodes(rest, "utf-8")
    return valid * 2 > voters


def _decodes(line: bytes, name: str) -> bool:
    try:
        line.decode(name)
    except UnicodeDecodeError:
        return False
    return True


class Utf8Stream:
    """The text as chunks of UTF-8 without a byte order mark; failures are kept until the reader asks for them."""

    def __init__(self, stream: ByteStream, encoding: Encoding, limits: Limits) -> None:
        self._stream = stream
        self._encoding = encoding
        self._limits = limits
        self.failures: deque[Failure] = deque()

    @property
    def name(self) -> str:
        return self._encoding.name

    @property
    def odd(self) -> bool:
        return self._encoding.odd

    @property
    def position(self) -> float:
        return self._stream.position

    def __iter__(self) -> Iterator[bytes]:
        self.failures.clear()
        source = self._without_mark()
        name = self._encoding.name
        if name == "utf-8" and self._encoding.sound:
            return source
        if name.startswith("utf-16"):
            return self._wide(source, name)
        return self._by_line(source, name)

    def _without_mark(self) -> Iterator[bytes]:
        mark = len(_BOM[self._encoding.name]) if self._encoding.marked else 0
        for data in self._stream:
            if mark:
                data, mark = data[mark:], max(0, mark - len(data))
            yield data

    @staticmethod
    def _wide(source: Iterator[bytes], name: str) -> Iterator[bytes]:
        decoder = codecs.getincrementaldecoder(name)("strict")
        try:
            for data in source:
                yield decoder.decode(data).encode("utf-8")
            decoder.decode(b"", final=True)
        except UnicodeError as error:
            raise errors.FileDamaged(
                why_zh="读取期间文件被改动", why_en="the file changed while it was read", where="UTF-16"
            ) from error

    def _by_line(self, source: Iterator[bytes], name: str) -> Iterator[bytes]:
        offset = len(_BOM["utf-8"]) if self._encoding.marked else 0
        place = 0
        rest = b""
        for data in source:
            data = rest + data
            cut = max(data.rfind(b"\n"), data.rfind(b"\r")) + 1
            if not cut and len(data) > self._limits.max_row_bytes:
                raise row_too_long(self._limits, f"byte {offset}")
            rest, data = data[cut:], data[:cut]
            for text in self._lines(data, name, offset, place):
                place += len(text)
                yield text
            offset += len(data)
        if rest:
            yield from self._lines(rest, name, offset, place)

    def _lines(self, data: bytes, name: str, offset: int, place: int) -> Iterator[bytes]:
        if not data:
            return
        if data.isascii():
            yield data
            return
        if name == "utf-8" and _is_utf8(data):
            yield data
            return
        out = []
        for line in data.splitlines(keepends=True):
            text = line if line.isascii() else self._line(line, name, offset, place)
            out.append(text)
            offset += len(line)
            place += len(text)
        yield b"".join(out)

    def _line(self, line: bytes, name: str, offset: int, place: int) -> bytes:
        looks = ""
        try:
            text = line.decode(name)
        except UnicodeDecodeError as error:
            start, stop = error.start, error.start + 16
            other = "gb18030" if name == "utf-8" else "utf-8"
            looks = other.upper() if _decodes(line, other) else ""
        else:
            if name == "utf-8":
                return line
            wrong = self._utf8_inside(line)
            if wrong is None:
                return text.encode("utf-8")
            start, stop, looks = wrong, wrong + 16, "UTF-8"
        first = _NON_ASCII.search(line)
        cut = first.start() if first else 0
        self.failures.append(Failure(place + cut, offset + start, line[start:stop], looks))
        return line[:cut] + SENTINEL + _NON_ASCII.sub(b"", line[cut:])

    @staticmethod
    def _utf8_inside(line: bytes) -> int | None:
        """Offset of UTF-8 text in a line of a GB18030 file, which would otherwise pass as nonsense characters.

        Three Chinese characters in a row of valid UTF-8 do not come about by chance in GB18030 text.
        """
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError:
            return None
        if len(_CHINESE.findall(text)) < 3:
            return None
        found = _NON_ASCII.search(line)
        return found.start() if found else None
