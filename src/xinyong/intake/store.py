"""Delivered files as they came: kept by content, written once, never changed."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import stat
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from xinyong.errors import ErrorCode, XinyongError
from xinyong.runtime import config

_CHUNK = 1 << 20
#: A copy nobody has written to for so long belongs to a killed process, seconds.
_STALE = 3600


class FileMissing(XinyongError):
    """There is no readable ordinary file at this path."""

    code = ErrorCode.FILE_MISSING
    exit_code = 2
    zh = "找不到可读取的文件「{path}」：{why}。请检查路径与权限。"
    en = "No readable file at '{path}': {why}. Check the path and the rights."


class FileTooLarge(XinyongError):
    """The file is larger than this installation takes."""

    code = ErrorCode.FILE_TOO_LARGE
    status = 413
    exit_code = 5
    zh = "文件 {size_mib} MiB，超过上限 {limit_mib} MiB。请分批报送，或由管理员调整 XINYONG_MAX_FILE_MIB。"
    en = "The file has {size_mib} MiB, more than the limit of {limit_mib} MiB. Deliver it in parts, or have XINYONG_MAX_FILE_MIB raised."


class StoreUnwritable(XinyongError):
    """The folder of delivered files takes nothing more; nothing was recorded."""

    code = ErrorCode.STORE_UNWRITABLE
    status = 507
    exit_code = 3
    zh = "报送文件无法保存到 {path}：{why}。本次没有登记任何内容；请管理员检查磁盘空间与权限，然后重新报送。"
    en = (
        "The delivered file cannot be stored below {path}: {why}. Nothing was recorded. Have disk space and rights checked, "
        "then deliver it again."
    )


#: What a disk answers that takes nothing more.
_UNWRITABLE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EACCES})


@contextlib.contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in _UNWRITABLE:
            raise
        raise StoreUnwritable(path=folder, why=error.strerror) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFile:
    """A file in the store: where, how large, and its SHA-256 as hexadecimal text."""

    path: Path
    sha256: str
    size_bytes: int


def path_of(sha256: str) -> Path:
    """Where the file of this hash is kept."""
    return config.home("deliveries", sha256[:2]) / sha256


def _sync_folder(folder: Path) -> None:
    # A rename is durable only when its folder is.
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sweep(folder: Path) -> None:
    """Remove unfinished copies of processes that were killed."""
    for left in folder.glob("incoming-*"):
        with contextlib.suppress(FileNotFoundError):
            if time.time() - left.stat().st_mtime > _STALE:
                left.unlink()


def _open(source: Path, within: Path | None) -> int:
    # Never wait on a pipe; where others may write into the folder, never follow their links.
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (os.O_NOFOLLOW if within is not None else 0)
    try:
        handle = os.open(source, flags)
    except OSError as error:
        raise FileMissing(path=source, why=os.strerror(error.errno or 0)) from error
    if within is not None:
        opened = Path(os.readlink(f"/proc/self/fd/{handle}"))  # also a folder on the way may have become a link
        if not opened.is_relative_to(within.resolve()):
            os.close(handle)
            raise FileMissing(path=source, why="指向文件夹之外 / leads out of the folder")
    return handle


def keep(source: Path, *, within: Path | None = None) -> KeptFile:
    """Copy a file into the store. Raises FileMissing, FileTooLarge, StoreUnwritable; an unfinished copy is never visible.

    ``within``: the file must really lie below this folder; links are not followed.
    """
    limit: int = config.get("XINYONG_MAX_FILE_MIB")
    handle = _open(source, within)
    status = os.fstat(handle)
    if not stat.S_ISREG(status.st_mode):
        os.close(handle)
        raise FileMissing(path=source, why="不是普通文件 / not an ordinary file")
    with os.fdopen(handle, "rb") as incoming:
        if status.st_size > limit << 20:
            raise FileTooLarge(size_mib=status.st_size >> 20, limit_mib=limit)
        folder = config.home("deliveries")
        with _writing(folder):
            return _copied(incoming, folder)


def _copied(incoming: IO[bytes], folder: Path) -> KeptFile:
    digest = hashlib.sha256()
    _sweep(folder)
    copy, name = tempfile.mkstemp(prefix="incoming-", dir=folder)
    temporary = Path(name)
    try:
        size = 0
        with os.fdopen(copy, "wb") as outgoing:
            while chunk := incoming.read(_CHUNK):
                digest.update(chunk)
                outgoing.write(chunk)
                size += len(chunk)
            outgoing.flush()
            os.fsync(outgoing.fileno())
        final = path_of(digest.hexdigest())
        os.replace(temporary, final)
        _sync_folder(final.parent)
    finally:
        temporary.unlink(missing_ok=True)
    return KeptFile(path=final, sha256=digest.hexdigest(), size_bytes=size)
