"""Bytes from disk: regular files only, gzip expanded under limits, nothing held but one chunk."""

from __future__ import annotations

import hashlib
import os
import stat
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from xinyong.intake.reading import errors
from xinyong.intake.reading.model import MIB, Limits

CHUNK = 4 * MIB
GZIP_MAGIC = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Opened:
    """An open regular file and what it was when it was opened."""

    path: Path
    handle: FileIO
    size: int
    stamp: tuple[int, int, int]

    def unchanged(self) -> bool:
        return _stamp(os.fstat(self.handle.fileno())) == self.stamp

    def check_unchanged(self) -> None:
        if not self.unchanged():
            raise errors.FileDamaged(
                why_zh="读取期间文件被改动", why_en="the file changed while it was read", where=str(self.path)
            )


def _stamp(status: os.stat_result) -> tuple[int, int, int]:
    return (status.st_ino, status.st_size, status.st_mtime_ns)


_KINDS = (
    (stat.S_ISDIR, "文件夹", "folder"),
    (stat.S_ISLNK, "符号链接", "symbolic link"),
    (stat.S_ISFIFO, "管道", "pipe"),
    (stat.S_ISSOCK, "套接字", "socket"),
)


def open_regular(path: Path) -> Opened:
    """Open a file without following a link in its last part and without waiting on a pipe."""
    try:
        mode = os.lstat(path).st_mode
        if not stat.S_ISREG(mode):
            zh, en = next(((zh, en) for test, zh, en in _KINDS if test(mode)), ("设备", "device"))
            raise errors.FileNotRegular(path=path, kind_zh=zh, kind_en=en)
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
        descriptor = os.open(path, flags | getattr(os, "O_BINARY", 0))
    except (OSError, ValueError) as error:
        why = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)
        raise errors.FileMissing(path=path, why=why) from error
    handle = FileIO(descriptor, "rb")
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        handle.close()
        raise errors.FileNotRegular(path=path, kind_zh="设备", kind_en="device")
    return Opened(path, handle, status.st_size, _stamp(status))


def sha256_of(path: Path) -> bytes:
    """SHA-256 of the bytes on disk, read in a stream."""
    opened = open_regular(path)
    with opened.handle:
        return hashlib.file_digest(opened.handle, "sha256").digest()


def read_at(handle: FileIO, start: int, length: int) -> bytes:
    handle.seek(start)
    parts = []
    while length > 0 and (part := handle.read(length)):
        parts.append(part)
        length -= len(part)
    return b"".join(parts)


class ByteStream:
    """The plain bytes of a file, expanded when gzip'ed. Every iteration starts at the beginning."""

    def __init__(self, opened: Opened, compressed: bool, limits: Limits) -> None:
        self._opened = opened
        self.compressed = compressed
        self._limits = limits
        #: Share of the file on disk consumed so far.
        self.position = 0.0

    def __iter__(self) -> Iterator[bytes]:
        self.position = 0.0
        return self._expanded() if self.compressed else self._plain()

    def head(self, length: int) -> bytes:
        """The first bytes; a damaged gzip stream gives what it has."""
        if not self.compressed:
            return read_at(self._opened.handle, 0, length)
        try:
            return zlib.decompressobj(31).decompress(read_at(self._opened.handle, 0, length), length)
        except zlib.error as error:
            raise _damaged_gzip(0, str(error)) from error

    def _plain(self) -> Iterator[bytes]:
        handle, size = self._opened.handle, self._opened.size
        handle.seek(0)
        done = 0
        while data := handle.read(CHUNK):
            done += len(data)
            self.position = done / max(size, 1)
            yield data

    def _expanded(self) -> Iterator[bytes]:
        handle, size = self._opened.handle, self._opened.size
        handle.seek(0)
        read = expanded = 0
        pending = b""
        ended = False
        while True:
            if not pending:
                pending = handle.read(CHUNK // 4)
                read += len(pending)
            if not pending:
                if not ended:
                    raise _damaged_gzip(read, "cut off", "gzip 流在此中断", "the gzip stream ends early")
                return
            if ended and not pending.strip(b"\0"):
                pending = b""
                continue
            engine = zlib.decompressobj(31)
            if ended and not GZIP_MAGIC.startswith(pending[:2]):
                raise _damaged_gzip(
                    read - len(pending), "trailing bytes", "gzip 数据之后还有多余内容", "bytes follow the gzip data"
                )
            ended = False
            while not ended:
                try:
                    data = engine.decompress(pending, CHUNK)
                except zlib.error as error:
                    raise _damaged_gzip(read - len(pending), str(error)) from error
                pending = engine.unconsumed_tail
                expanded += len(data)
                self.position = (read - len(pending)) / max(size, 1)
                check_expanded(expanded, read, self._limits, f"byte {read} of {size}")
                if data:
                    yield data
                if engine.eof:
                    pending, ended = engine.unused_data, True
                elif not pending:
                    pending = handle.read(CHUNK // 4)
                    read += len(pending)
                    if not pending:
                        tail = self._drain(engine)
                        if tail:
                            yield tail
                        raise _damaged_gzip(read, "cut off", "gzip 流在此中断", "the gzip stream ends early")

    @staticmethod
    def _drain(engine: zlib._Decompress) -> bytes:
        try:
            return engine.flush()[:CHUNK]
        except zlib.error:
            return b""


def check_expanded(expanded: int, packed: int, limits: Limits, where: str) -> None:
    """Raise once the expanded bytes pass the size or the ratio limit."""
    if expanded > limits.max_expanded_bytes:
        raise errors.FileTooLarge(
            what_zh="解压后大小",
            what_en="The expanded size",
            found=expanded,
            limit=limits.max_expanded_bytes,
            where=where,
            advice_zh="请拆分后分批报送。",
            advice_en="Split the file.",
        )
    if expanded > limits.ratio_floor_bytes and expanded > limits.max_compression_ratio * max(packed, 1):
        raise errors.FileTooLarge(
            what_zh="压缩比",
            what_en="The compression ratio",
            found=f"{expanded // max(packed, 1)}:1",
            limit=f"{limits.max_compression_ratio}:1",
            where=where,
            advice_zh="疑似压缩炸弹；确属正常数据请不压缩报送。",
            advice_en="This looks like a decompression bomb; send honest data uncompressed.",
        )


def _damaged_gzip(
    offset: int, technical: str, zh: str = "gzip 数据校验失败", en: str = "the gzip data is corrupt"
) -> errors.FileDamaged:
    return errors.FileDamaged(why_zh=zh, why_en=f"{en} ({technical})", where=f"byte {offset}")
