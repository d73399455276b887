"""The folder of the transparency log over HTTP, read only, as C2SP tlog-tiles wants it: ``/log/checkpoint``, ``/log/tile/…``.

Entries and hashes are commitments that tell nothing by themselves, so the whole log is public.
"""

from __future__ import annotations

import re
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_safe

from xinyong.ledger.log import state
from xinyong.ledger.log.errors import LogPathUnknown
from xinyong.ledger.log.folder import CHECKPOINT, PUBLIC_KEY, SECOND_KEY, LogFolder
from xinyong.runtime import database

_TILE: Final = re.compile(
    r"tile/(?:entries|[0-9]|[1-5][0-9]|6[0-3])/(?:x[0-9]{3}/){0,6}[0-9]{3}(?:\.p/(?:[1-9]|[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5]))?"
)
_TEXTS: Final = (CHECKPOINT, PUBLIC_KEY, SECOND_KEY)
#: A tile never changes: a full one is there for ever, a partial one until it is full.
_FOR_EVER: Final = "public, max-age=31536000, immutable"
_PARTIAL: Final = "public, max-age=604800, immutable"


def _folder() -> LogFolder | None:
    """The log of this database."""
    with database.connect(autocommit=True) as connection:
        name = state.installation(connection)
    return state.folder(name) if name else None


@require_safe
def log_file(request: HttpRequest, name: str) -> HttpResponse:
    """One file of the log. Anything else answers 404."""
    text, tile = name in _TEXTS, _TILE.fullmatch(name) is not None
    folder = _folder() if text or tile else None
    if folder is None:
        raise LogPathUnknown(path=name)
    try:
        data = (folder.path / name).read_bytes() if text else folder.read(name)
    except (FileNotFoundError, NotADirectoryError):
        raise LogPathUnknown(path=name) from None
    answer = HttpResponse(data, content_type="text/plain; charset=utf-8" if text else "application/octet-stream")
    answer.headers["Access-Control-Allow-Origin"] = "*"
    if name == CHECKPOINT:
        answer.headers["Cache-Control"] = "no-cache"
    elif text:
        answer.headers["Cache-Control"] = "public, max-age=3600"
    else:
        answer.headers["Cache-Control"] = _PARTIAL if ".p/" in name else _FOR_EVER
    return answer


urlpatterns: list[URLPattern] = [path("log/<path:name>", log_file, name="log-file")]
