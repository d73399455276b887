"""READERS simulated readers for SECONDS on a city of ENTITIES entities (bars.md V3): times, errors, memory of the server.

A reader makes visits without end: search by part of a name, the entity file, one of its records, sometimes the list of
double publicity or the credit report's page; between two pages it thinks THINK seconds on average (exponential). A visit
begins as a browser with an empty cache does: with the style sheets and scripts of its first page. Answers are taken
compressed, every status but 200 and the redirect of an exact hit is an error. The readers live in this process, the server
(Granian, WORKERS workers) in its own; readers cost processor time too, and on two cores the two share them.

READERS_HOME keeps the city for another run; SITE names a site that runs already (memory is then not measured). The full run
of the bar: ``ENTITIES=1000000 RECORDS=4000000 READERS=200 SECONDS=600 READERS_HOME=/somewhere make bench NAME=readers``.
"""

from __future__ import annotations

import gzip
import http.client
import json
import os
import random
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

ENTITIES = int(os.environ.get("ENTITIES", "5000"))
RECORDS = int(os.environ.get("RECORDS", str(4 * ENTITIES)))
READERS = int(os.environ.get("READERS", "20"))
SECONDS = float(os.environ.get("SECONDS", "60"))
THINK = float(os.environ.get("THINK", "5"))
WORKERS = os.environ.get("WORKERS", "2")
SEED = int(os.environ.get("SEED", "20261126"))
HOME = os.environ.get("READERS_HOME", "")
SITE = os.environ.get("SITE", "")
BAR = {"server_p95_ms": 100, "errors": 0}
_SAMPLE = 5.0
_STATIC = re.compile(r'(?:href|src)="(/static/[^"]+\.(?:css|js|svg))"')
_RECORD = re.compile(r'href="(/records/R[0-9A-Z]+)"')
_ENTITY = re.compile(r'href="(/entities/[0-9A-Z]+)"')


@dataclass(slots=True)
class Seen:
    """What the readers met, by kind of page."""

    times: dict[str, list[float]] = field(default_factory=dict)
    bytes: int = 0
    errors: dict[str, int] = field(default_factory=dict)
    visits: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, kind: str, seconds: float, size: int, error: str) -> None:
        """One answer."""
        with self.lock:
            self.times.setdefault(kind, []).append(seconds)
            self.bytes += size
            if error:
                self.errors[f"{kind}: {error}"] = self.errors.get(f"{kind}: {error}", 0) + 1


class Reader(threading.Thread):
    """One reader: visits until the end."""

    def __init__(self, number: int, base: str, names: list[str], until: float, seen: Seen) -> None:
        super().__init__(daemon=True)
        self.draw = random.Random(SEED * 1000 + number)
        self.host = urlsplit(base).netloc
        self.names, self.until, self.seen = names, until, seen
        self.connection: http.client.HTTPConnection | None = None
        self.used = False  # the connection had carried an answer before

    def run(self) -> None:
        """Readers come one after another, not all in the first second."""
        time.sleep(self.draw.random() * min(THINK, SECONDS / 4))
        while time.monotonic() < self.until:
            self._visit()

    def _visit(self) -> None:
        name = self.draw.choice(self.names)
        start = self.draw.randrange(max(1, len(name) - 4))
        page = self._get("search", "/search?q=" + quote(name[start : start + self.draw.randint(3, 8)]), first=True)
        entities = _ENTITY.findall(page)
        if entities and "entity-card" not in page:
            self._think()
            page = self._get("entity", self.draw.choice(entities))
        records = _RECORD.findall(page)
        if records:
            self._think()
            self._get("record", self.draw.choice(records))
        if self.draw.random() < 0.1:
            self._think()
            self._get("double-publicity", "/double-publicity?type=penalty")
        with self.seen.lock:
            self.seen.visits += 1
        if self.connection is not None:
            self.connection.close()
            self.connection = None
        self._think()

    def _think(self) -> None:
        time.sleep(max(0.0, min(self.draw.expovariate(1 / THINK) if THINK else 0.0, self.until - time.monotonic())))

    def _get(self, kind: str, path: str, *, first: bool = False) -> str:
        if time.monotonic() >= self.until:
            return ""
        text, location = self._ask(kind, path)
        if location:  # an exact name leads to its file
            text, _ = self._ask("entity", urlsplit(location).path)
        if first:
            for address in dict.fromkeys(_STATIC.findall(text)):
                self._ask("static", address)
        return text

    def _send(self, path: str) -> tuple[http.client.HTTPResponse, bytes]:
        self.used = self.connection is not None
        if self.connection is None:
            self.connection = http.client.HTTPConnection(self.host, timeout=30)
        self.connection.request("GET", path, headers={"Accept-Encoding": "gzip", "Accept-Language": "zh-CN"})
        answer = self.connection.getresponse()
        return answer, answer.read()

    def _ask(self, kind: str, path: str) -> tuple[str, str]:
        started = time.monotonic()
        try:
            try:
                answer, body = self._send(path)
            except (http.client.RemoteDisconnected, ConnectionResetError):
                # The server ends connections that were idle; every browser then asks again on a new one.
                if self.connection is None or not self.used:
                    raise
                self.connection = None
                answer, body = self._send(path)
        except OSError as error:
            self.connection = None
            self.seen.note(kind, time.monotonic() - started, 0, type(error).__name__)
            return "", ""
        except http.client.HTTPException as error:
            self.connection = None
            self.seen.note(kind, time.monotonic() - started, 0, type(error).__name__)
            return "", ""
        taken = time.monotonic() - started
        location = answer.headers.get("Location", "") if answer.status == 302 else ""
        right = answer.status == 200 or bool(location)
        self.seen.note(kind, taken, len(body), "" if right else str(answer.status))
        if answer.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        return (body.decode("utf-8", "replace") if kind != "static" else ""), location


def _family(pid: int) -> list[int]:
    """A process and all below it."""
    found = [pid]
    for one in found:
        for task in Path(f"/proc/{one}/task").glob("*/children"):
            found += [int(child) for child in task.read_text().split()]
    return found


def _memory(pid: int) -> float:
    """Proportional memory of the server in MiB."""
    total = 0
    for one in _family(pid):
        try:
            text = Path(f"/proc/{one}/smaps_rollup").read_text()
        except OSError:
            continue  # it ended between the two looks
        total += sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))
    return total / 1024


def _percentiles(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)

    def at(share: float) -> float:
        return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000, 1)

    return {"count": len(ordered), "p50_ms": at(0.5), "p95_ms": at(0.95), "p99_ms": at(0.99), "max_ms": at(1.0)}


def _city(folder: Path) -> float:
    """The city in the home of this process, once. Returns the seconds it took."""
    from xinyong.accounts import actions as accounts
    from xinyong.accounts import selectors as departments
    from xinyong.demo import generator
    from xinyong.demo.spec import GeneratorSpec
    from xinyong.intake import actions as intake
    from xinyong.ledger import corridor
    from xinyong.migrate import prepare
    from xinyong.runtime import clock
    from xinyong.serve import collect_static

    started = time.monotonic()
    prepare()
    collect_static()
    done = folder / f"city-{ENTITIES}-{RECORDS}-{SEED}"
    if done.is_file():
        return 0.0
    files = folder / "files"
    manifest = generator.generate(
        GeneratorSpec(entities=ENTITIES, records=RECORDS, seed=SEED, today=clock.today()), files
    )
    for item in manifest.departments:
        accounts.register_department(
            slug=item["code"], name_zh=item["name_zh"], name_en=item["name_en"], credit_code=item["credit_code"],
            fictitious=True, acting="benchmark",
        )  # fmt: skip
    for file in manifest.files:
        intake.deliver(
            files / file.path,
            dataset=file.dataset,
            department=departments.department(file.department),
            uploader="benchmark",
        )
        (files / file.path).unlink()
    corridor.catch_up()
    done.touch()
    return time.monotonic() - started


def _names(base: str) -> list[str]:
    """Names of entities with public records, from the database of this process, or read off the site."""
    if SITE:
        host = urlsplit(base).netloc
        connection = http.client.HTTPConnection(host, timeout=30)
        connection.request("GET", "/double-publicity.json")
        records = json.loads(connection.getresponse().read())["records"]
        return [record["subject_name"] for record in records if record.get("subject_name")]
    from xinyong.runtime import database

    with database.connect(autocommit=True) as session:
        rows = session.execute(
            "SELECT name FROM registry_entity WHERE name <> '' AND canonical_id IS NULL "
            "AND EXISTS (SELECT FROM publicity_window w WHERE w.entity_id = registry_entity.id) ORDER BY id LIMIT 20000"
        ).fetchall()
    return [str(name) for (name,) in rows]


def _ready(base: str) -> None:
    until = time.monotonic() + 180
    while time.monotonic() < until:
        try:
            connection = http.client.HTTPConnection(urlsplit(base).netloc, timeout=5)
            connection.request("GET", "/readyz")
            if connection.getresponse().status == 200:
                return
        except OSError:
            pass
        time.sleep(0.3)
    raise RuntimeError("the site was not ready within 180 s")


def run() -> dict[str, Any]:
    """One JSON line; the figure is the p95 of all pages as a reader waits for them."""
    if SITE:
        return _read(SITE.rstrip("/"), None, 0.0)
    with tempfile.TemporaryDirectory(prefix="xinyong-readers-") as temporary, socket.socket() as probe:
        folder = Path(HOME or temporary)
        folder.mkdir(parents=True, exist_ok=True)
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
        probe.close()
        os.environ.update(
            XINYONG_HOME=str(folder / "home"), XINYONG_PORT=str(port), XINYONG_WORKERS=WORKERS, XINYONG_FAIR_USE="0"
        )
        os.environ.pop("XINYONG_DATABASE_URL", None)
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "xinyong.settings")
        from xinyong.runtime import postgres

        (folder / "home").mkdir(exist_ok=True)
        server: subprocess.Popen[bytes] | None = None
        try:
            import django

            django.setup()
            made = _city(folder)
            server = subprocess.Popen([sys.executable, "-c", "from xinyong.cli import main; main()", "serve"])
            base = f"http://127.0.0.1:{port}"
            _ready(base)
            return _read(base, server.pid, made)
        finally:
            if server is not None:
                server.terminate()
                server.wait(60)
            postgres.stop()


def _read(base: str, pid: int | None, made: float) -> dict[str, Any]:
    names = _names(base)
    seen = Seen()
    started = time.monotonic()
    until = started + SECONDS
    readers = [Reader(number, base, names, until, seen) for number in range(READERS)]
    for reader in readers:
        reader.start()
    memory: list[tuple[float, float]] = []
    while time.monotonic() < until:
        if pid is not None:
            memory.append((time.monotonic() - started, _memory(pid)))
        time.sleep(max(0.1, min(_SAMPLE, SECONDS / 20)))
    for reader in readers:
        reader.join(35)
    pages = [value for kind, values in seen.times.items() if kind != "static" for value in values]
    whole = _percentiles(pages)
    return {
        "benchmark": "readers",
        "figure": whole["p95_ms"],
        "unit": "ms p95 of a page, as a reader waits for it",
        "bar": BAR,
        "readers": READERS,
        "seconds": SECONDS,
        "think": THINK,
        "entities": ENTITIES if not SITE else None,
        "records": RECORDS if not SITE else None,
        "city_seconds": round(made),
        "visits": seen.visits,
        "pages_a_second": round(len(pages) / SECONDS, 1),
        "megabytes": round(seen.bytes / 1e6, 1),
        "errors": sum(seen.errors.values()),
        "error_kinds": seen.errors,
        "all": whole,
        "by_page": {kind: _percentiles(values) for kind, values in sorted(seen.times.items())},
        "memory": _growth(memory),
    }


def _growth(memory: list[tuple[float, float]]) -> dict[str, float] | None:
    """Memory after the first quarter, at the end, and the growth between; the first quarter fills caches."""
    if len(memory) < 8:
        return None
    quarter = len(memory) // 4
    early = statistics.median(value for _, value in memory[quarter : 2 * quarter])
    late = statistics.median(value for _, value in memory[-quarter:])
    return {
        "start_mib": round(memory[0][1]),
        "second_quarter_mib": round(early),
        "last_quarter_mib": round(late),
        "growth_mib": round(late - early, 1),
        "peak_mib": round(max(value for _, value in memory)),
    }
