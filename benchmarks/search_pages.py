"""Server time of the two pages of the name search, Django included: ``/search`` and ``/search/suggest`` (bars.md V3).

NAMES (default 3 000 000) names as in ``search``; EACH (default 20) queries a kind go through the whole WSGI application of
the site, from the request to the last byte, in one process. The reference is the look-up alone, as ``search`` measures it.
"""

from __future__ import annotations

import io
import os
import statistics
import time
from typing import Any
from urllib.parse import urlencode
from wsgiref.util import setup_testing_defaults

from benchmarks import _register

NAMES = int(os.environ.get("NAMES", "3000000"))
EACH = int(os.environ.get("EACH", "20"))
SEED = int(os.environ.get("SEED", "20261129"))
BAR = {"p95_ms": 100}
_PAGES = {"search": "/search", "suggest": "/search/suggest"}


def run() -> dict[str, Any]:
    """One JSON line; the figure is the p95 of the search page."""
    with _register.filled(NAMES) as register:
        made, _ = register.cases(EACH, SEED)
        texts = [case.text for case in made]
        figures = {name: _measured(path, texts) for name, path in _PAGES.items()}
        alone = _alone(texts)
    return {
        "benchmark": "search_pages",
        "figure": figures["search"]["p95_ms"],
        "unit": "ms p95 of the search page",
        "reference": "the look-up alone",
        "reference_figure": alone["p95_ms"],
        "ratio": round(alone["p95_ms"] / figures["search"]["p95_ms"], 2),
        "bar": BAR,
        "names": NAMES,
        "pages": figures,
        "look_up": alone,
        "seed": SEED,
    }


def _measured(path: str, texts: list[str]) -> dict[str, Any]:
    from django.core.management import call_command

    from xinyong.wsgi import application

    call_command("collectstatic", interactive=False, verbosity=0, ignore_patterns=["admin"])
    wall: list[float] = []
    used: list[float] = []
    sizes: list[int] = []
    for turn, text in enumerate([*texts[:: max(1, len(texts) // 40)], "", *texts]):
        if not text:
            wall, used, sizes = [], [], []  # what came before warmed the process up
            continue
        started, before = time.perf_counter(), time.process_time()
        status, body = _get(application, path, text)
        wall.append((time.perf_counter() - started) * 1000)
        used.append((time.process_time() - before) * 1000)
        sizes.append(len(body))
        if status not in ("200 OK", "302 Found"):
            raise RuntimeError(f"{path} answered {status} for query {turn}")
    return {
        **_register.percentiles(wall),
        "cpu_of_python_ms": _register.percentiles(used),
        "bytes": round(statistics.mean(sizes)),
    }


def _get(application: Any, path: str, text: str) -> tuple[str, bytes]:
    environ: dict[str, Any] = {}
    setup_testing_defaults(environ)
    environ.update(PATH_INFO=path, QUERY_STRING=urlencode({"q": text}), HTTP_HOST="localhost", REMOTE_ADDR="127.0.0.1")
    environ["wsgi.input"] = io.BytesIO()
    told: list[str] = []
    answer = application(environ, lambda status, headers, error=None: told.append(status))
    try:
        body = b"".join(answer)
        return told[0], body
    finally:
        if hasattr(answer, "close"):
            answer.close()


def _alone(texts: list[str]) -> dict[str, Any]:
    from xinyong.registry.search import listing

    wall = []
    for text in texts:
        started = time.perf_counter()
        listing.page(text, 1, 20)
        wall.append((time.perf_counter() - started) * 1000)
    return _register.percentiles(wall)
