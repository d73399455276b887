"""Bodies on their way to the store: written to disk piece by piece, never held in memory, removed whatever happens."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
import time
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from django.core.files.uploadedfile import TemporaryUploadedFile
from django.core.files.uploadhandler import StopUpload, TemporaryFileUploadHandler
from django.http import HttpRequest

from xinyong.api.errors import BodyTooLarge, LengthMissing
from xinyong.runtime import config

_CHUNK = 1 << 20
#: A file nobody has written to for so long belongs to a killed process, seconds.
_STALE = 3600
#: Read on and thrown away after a refusal, so that a browser gets to see the answer.
_DRAIN = 64 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Spooled:
    """A body on disk. ``rows``: how many rows it seems to have, for the quota only."""

    path: Path
    name: str
    size_bytes: int
    sha256: str
    rows: int


def folder() -> Path:
    """Where uploads are written while they arrive."""
    return config.home("incoming")


def limit_bytes() -> int:
    """Largest file taken through the web."""
    mib: int = min(config.get("XINYONG_UPLOAD_MIB"), config.get("XINYONG_MAX_FILE_MIB"))
    return mib << 20


def too_large(limit: int) -> BodyTooLarge:
    """The error for a body beyond ``limit`` bytes."""
    return BodyTooLarge(
        limit_mib=f"{limit / (1 << 20):g}",
        advice_zh="请拆分后分批报送；特大文件请放入监控文件夹，或由平台管理员用命令行报送。",
        advice_en="Deliver it in parts; very large files go through the watched folder or the command line.",
    )


def sweep() -> None:
    """Remove what killed processes left."""
    for left in folder().iterdir():
        with contextlib.suppress(FileNotFoundError):
            if time.time() - left.stat().st_mtime > _STALE:
                left.unlink()


def body_stream(request: HttpRequest) -> Any:
    """The raw body. With chunked encoding there is no length and the server's own stream knows the end."""
    chunked = "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower()
    return request.META["wsgi.input"] if chunked else request


def declared_length(request: HttpRequest) -> int | None:
    """What Content-Length says; None without one."""
    text = request.META.get("CONTENT_LENGTH") or ""
    return int(text) if text.isascii() and text.isdecimal() else None


def require_body(request: HttpRequest) -> None:
    """Raise LengthMissing for a request without a body, before its type is judged."""
    if not declared_length(request) and "chunked" not in request.META.get("HTTP_TRANSFER_ENCODING", "").lower():
        raise LengthMissing()


def drain(request: HttpRequest) -> None:
    """Read on for a while after a refusal: a connection closed in the middle of an upload shows no error page."""
    stream, left = body_stream(request), _DRAIN
    with contextlib.suppress(OSError):
        while left > 0 and (piece := stream.read(_CHUNK)):
            left -= len(piece)


def read_small(request: HttpRequest, limit: int) -> bytes:
    """A whole small body. Raises BodyTooLarge, LengthMissing."""
    declared = declared_length(request)
    if declared is not None and declared > limit:
        drain(request)
        raise too_large(limit)
    stream, pieces, size = body_stream(request), [], 0
    while size <= limit and (piece := stream.read(min(_CHUNK, limit + 1 - size))):
        pieces.append(piece)
        size += len(piece)
    if size > limit:
        drain(request)
        raise too_large(limit)
    if not size:
        raise LengthMissing()
    return b"".join(pieces)


@contextlib.contextmanager
def spool_body(request: HttpRequest, name: str) -> Iterator[Spooled]:
    """The raw body as a file. Raises BodyTooLarge, LengthMissing."""
    limit = limit_bytes()
    declared = declared_length(request)
    if declared is not None and declared > limit:
        drain(request)
        raise too_large(limit)
    sweep()
    handle, temporary = tempfile.mkstemp(prefix="body-", dir=folder())
    path = Path(temporary)
    try:
        digest, size = hashlib.sha256(), 0
        stream = body_stream(request)
        with os.fdopen(handle, "wb") as out:
            while piece := stream.read(_CHUNK):
                size += len(piece)
                if size > limit:
                    drain(request)
                    raise too_large(limit)
                digest.update(piece)
                out.write(piece)
        if not size:
            raise LengthMissing()
        yield Spooled(path=path, name=name, size_bytes=size, sha256=digest.hexdigest(), rows=rows_of(path))
    finally:
        path.unlink(missing_ok=True)


@contextlib.contextmanager
def spool_bytes(content: bytes, name: str, rows: int) -> Iterator[Spooled]:
    """Bytes that were made here, as a file."""
    handle, temporary = tempfile.mkstemp(prefix="made-", dir=folder())
    path = Path(temporary)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(content)
        yield Spooled(
            path=path, name=name, size_bytes=len(content), sha256=hashlib.sha256(content).hexdigest(), rows=rows
        )
    finally:
        path.unlink(missing_ok=True)


class BoundedUpload(TemporaryFileUploadHandler):
    """Every file goes to disk at once, in our own folder, and no further than the limit."""

    def __init__(self, request: HttpRequest | None = None) -> None:
        super().__init__(request)
        self.received = 0
        self.exceeded = False

    def new_file(
        self,
        field_name: str,
        file_name: str,
        content_type: str,
        content_length: int | None,
        charset: str | None = None,
        content_type_extra: dict[str, bytes] | None = None,
    ) -> None:
        # Not the parent's: its temporary file would stand in the system's folder, which may be memory.
        super(TemporaryFileUploadHandler, self).new_file(
            field_name, file_name, content_type, content_length, charset, content_type_extra
        )
        self.file = _Uploaded(self.file_name, self.content_type, self.charset, self.content_type_extra)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self.received += len(raw_data)
        if self.received > limit_bytes():
            self.exceeded = True
            self.file.close()
            raise StopUpload(connection_reset=False)
        self.file.write(raw_data)


class _Uploaded(TemporaryUploadedFile):
    """As Django's, in our folder."""

    def __init__(self, name: Any, content_type: Any, charset: Any, extra: Any) -> None:
        file = tempfile.NamedTemporaryFile(prefix="upload-", dir=folder())  # noqa: SIM115  (the upload closes it)
        super(TemporaryUploadedFile, self).__init__(file, name, content_type, 0, charset, extra)


def prepare_form(request: HttpRequest) -> None:
    """Say where the files of this form go, before anything reads it. Raises BodyTooLarge for one that is announced so."""
    limit = limit_bytes()
    declared = declared_length(request)
    if declared is not None and declared > limit + (1 << 20):
        drain(request)
        raise too_large(limit)
    sweep()
    request.upload_handlers = [BoundedUpload(request)]


@contextlib.contextmanager
def spool_form(request: HttpRequest, field: str = "file") -> Iterator[Spooled | None]:
    """The uploaded file of a prepared form, None when the field is empty. Raises BodyTooLarge."""
    handler = request.upload_handlers[0]
    found = request.FILES.get(field)
    if isinstance(handler, BoundedUpload) and handler.exceeded:
        raise too_large(limit_bytes())
    if found is None:
        yield None
        return
    try:
        path = Path(found.temporary_file_path())  # type: ignore[attr-defined]  # our handler's files have one
        yield Spooled(
            path=path,
            name=os.path.basename(found.name or "upload"),
            size_bytes=path.stat().st_size,
            sha256=sha256_of(path),
            rows=rows_of(path),
        )
    finally:
        found.close()


def sha256_of(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def rows_of(path: Path) -> int:
    """About how many rows a file has, for the quota: lines of a text, row marks of a workbook, at least 1."""
    with path.open("rb") as handle:
        head = handle.read(4)
        handle.seek(0)
        if head.startswith(b"PK"):
            return max(1, _workbook_rows(handle))
        if head.startswith(b"\x1f\x8b"):
            # Unpacked nowhere else than in the reader, which guards against bombs; Chinese rows pack to about 60 bytes.
            return max(1, path.stat().st_size // 60)
        count, last = 0, b""
        while piece := handle.read(_CHUNK):
            count += piece.count(b"\n")
            last = piece
        return max(1, count + (0 if last.endswith(b"\n") else 1))


def _workbook_rows(handle: IO[bytes]) -> int:
    count, budget = 0, 256 << 20
    broken = (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, NotImplementedError, RuntimeError)
    with contextlib.suppress(*broken), zipfile.ZipFile(handle) as book:
        for member in book.infolist()[:1000]:
            if "worksheets/" not in member.filename:
                continue
            with book.open(member) as sheet:
                while budget > 0 and (piece := sheet.read(_CHUNK)):
                    budget -= len(piece)
                    count += piece.count(b"<row")
    return count
