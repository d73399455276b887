"""A stored file as a download that can be taken up again where it broke off (RFC 9110, ranges of bytes)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.cache import get_conditional_response
from django.utils.http import http_date, parse_http_date_safe

from xinyong.errors import ErrorCode, XinyongError

_BLOCK: Final = 1 << 18
_RANGE: Final = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")


class RangeUnusable(XinyongError):
    """The range of bytes lies beyond the end of the file."""

    code = ErrorCode.RANGE_UNUSABLE
    status = 416
    zh = "文件共 {size} 字节，没有所请求的范围「{range}」。请从头下载。"
    en = "The file has {size} bytes; there is no range '{range}' in it. Start the download again."

    def headers(self) -> dict[str, str]:
        """How long the file is."""
        return {"Content-Range": f"bytes */{self.data['size']}"}


def answer(request: HttpRequest, path: Path, *, etag: str, modified: float, media: str, name: str) -> HttpResponseBase:
    """The file, a part of it (206), or 304. ``etag``: its hash. Raises FileNotFoundError, RangeUnusable.

    Opened before anything is said of it, so that a file that is removed meanwhile is still sent to its end. One range a
    request; several are answered with the whole, which the standard allows.
    """
    handle = path.open("rb")
    size = path.stat().st_size
    headers = {
        "Accept-Ranges": "bytes",
        "ETag": f'"{etag}"',
        "Last-Modified": http_date(modified),
        "Cache-Control": "public, no-cache",
        "Access-Control-Allow-Origin": "*",
        "Content-Disposition": f'attachment; filename="{name}"',
    }
    unchanged = get_conditional_response(request, etag=headers["ETag"], last_modified=int(modified))
    if unchanged is not None:
        handle.close()
        for key in ("ETag", "Last-Modified", "Cache-Control"):
            unchanged.headers[key] = headers[key]
        return unchanged
    wanted = _wanted(request, size, headers["ETag"], int(modified))
    if wanted is None:
        first, last, status = 0, size - 1, 200
    else:
        first, last = wanted
        status = 206
        if first > last or first >= size:
            handle.close()
            raise RangeUnusable(size=size, range=request.headers["Range"][:80])
        headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    headers["Content-Length"] = str(last - first + 1)
    if request.method == "HEAD":
        handle.close()
        return HttpResponse(status=status, content_type=media, headers=headers)
    response = StreamingHttpResponse(_blocks(handle, first, last), status=status, content_type=media, headers=headers)
    response._resource_closers.append(handle.close)  # type: ignore[attr-defined]
    return response


def _wanted(request: HttpRequest, size: int, etag: str, modified: int) -> tuple[int, int] | None:
    found = _RANGE.fullmatch(request.headers.get("Range", "").replace(" ", ""))
    if found is None or not any(found.groups()):
        return None
    condition = request.headers.get("If-Range", "")
    if condition and condition != etag and parse_http_date_safe(condition) != modified:
        return None
    first, last = found.groups()
    if not first:
        return max(0, size - int(last)), size - 1 if int(last) else -1
    return int(first), min(int(last) if last else size - 1, size - 1)


def _blocks(handle: BinaryIO, first: int, last: int) -> Iterator[bytes]:
    with handle:
        handle.seek(first)
        left = last - first + 1
        while left > 0 and (block := handle.read(min(_BLOCK, left))):
            left -= len(block)
            yield block
