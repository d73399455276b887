"""One record by API: from accepted to visible, while a bulk file is taken in beside it (bars.md I5).

The real server runs with its effects and the fast door of verification; the bulk intake of ROWS penalties runs in a process
of its own, again and again under new document numbers until the measurement ends. Meanwhile RECORDS companies are registered
over HTTP on loopback, one each PAUSE seconds, each with a penalty of its own behind it. Both records are looked for on every
surface until they are there: the company in name search, its page with its registered name and then with the link to the
penalty's page, the proof of each record checked against its content hash, the answer of the fast door with each record among
its facts. The time runs from the answer of the API to the first look that found it; the time of the answer itself is given
beside it, and the processor time of the whole machine. QUIET=1 leaves the bulk intake out.
"""

from __future__ import annotations

import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

RECORDS = int(os.environ.get("RECORDS", "60"))
PAUSE = float(os.environ.get("PAUSE", "2"))
ROWS = int(os.environ.get("ROWS", "200000"))
#: Records before the measurement: a server that has just started loads its pages and its checks.
WARM = 3
QUIET = os.environ.get("QUIET", "") == "1"
#: A surface that does not show a record within so many seconds counts with this time, and is named.
GIVE_UP = 60.0
#: Between two looks at one surface: a look costs the machine that is measured as much as a reader does.
LOOK = 1.0
BAR = 5.0
SURFACES = ("search", "file", "proof", "verification")
ITEM = "purpose=permit&item=food-licence"


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(_NoRedirect)


def _get(url: str, key: str = "") -> tuple[int, str, str]:
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {key}"} if key else {})
    try:
        with _OPENER.open(request, timeout=30) as answer:
            return answer.status, answer.read().decode("utf-8", "replace"), ""
    except urllib.error.HTTPError as error:
        return error.code, "", error.headers.get("Location", "")


def _post(url: str, key: str, record: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    request = urllib.request.Request(
        url,
        json.dumps(record, ensure_ascii=False).encode(),
        {"Content-Type": "application/json", "Authorization": f"Bearer {key}"},
    )
    try:
        with _OPENER.open(request, timeout=120) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def _company(number: int) -> tuple[str, str]:
    """A valid code and a name no other company bears."""
    from xinyong.standards import credit_code, organisation_code

    body = f"{70_000_000 + number:08d}"
    front = "91410700" + body + organisation_code.check_character(body)
    digits = "".join("零一二三四五六七八九"[int(digit)] for digit in f"{number:04d}")
    return front + credit_code.check_character(front), f"示例新鲜{digits}商贸有限公司"


def _penalty(number: int, code: str, name: str) -> dict[str, Any]:
    """A fine that is shown in public."""
    from xinyong.intake.api.examples import RECORD

    return {
        **RECORD,
        "CF_XDR_MC": name,
        "CF_XDR_SHXYM": code,
        "CF_WSH": f"（鲜）罚〔2026〕{number}号",
        "CF_NR": "罚款五万二千元。",
        "CF_NR_FK": 5.2,
        "CF_JDRQ": (datetime.now(UTC) - timedelta(days=3)).date().isoformat(),
    }


def _bulk_file(folder: Path) -> Path:
    from benchmarks import intake

    intake.ROWS = ROWS
    return intake._file(folder)


def _bulk(file: Path, stop: threading.Event, done: list[float]) -> None:
    """Take the file in until told to stop, each time under new document numbers so that every row is a new version."""
    base = file.read_text("utf-8")
    for turn in range(1000):
        if stop.is_set():
            return
        again = file.with_name(f"bulk-{turn}.csv")
        again.write_text(base.replace("〔2026〕", f"〔2026〕{turn}-").replace("〔2025〕", f"〔2025〕{turn}-"), "utf-8")
        started = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, "-c", "from xinyong.cli import main; main()", "intake", str(again), "--dataset", "penalty",
             "--department", "demo", "--json"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        while process.poll() is None:
            if stop.wait(0.2):
                process.terminate()
                process.wait(30)
                return
        if process.returncode:
            raise RuntimeError(f"the bulk intake ended with {process.returncode}")
        done.append(time.monotonic() - started)
        again.unlink()


def _until(look: Callable[[], bool], since: float) -> float:
    while True:
        try:
            with_it = look()
        except TimeoutError:  # nobody answered in half a minute: not seen
            with_it = False
        now = time.monotonic()
        if with_it:
            return now - since
        if now - since > GIVE_UP:
            return GIVE_UP
        time.sleep(LOOK)


def _percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 3)


def run() -> dict[str, Any]:
    """One JSON line: seconds from the answer to visible, per surface."""
    from xinyong.runtime import postgres

    with tempfile.TemporaryDirectory(prefix="xinyong-fresh-") as name:
        port, door = _free_port(), _free_port()
        os.environ.update(
            XINYONG_HOME=f"{name}/home", XINYONG_PORT=str(port), XINYONG_WORKERS="1", XINYONG_VERIFY_PORT=str(door)
        )
        os.environ["XINYONG_FAIR_USE"] = "0"  # one address asks for every page
        os.environ.pop("XINYONG_DATABASE_URL", None)
        try:
            return _measure(Path(name), f"http://127.0.0.1:{port}", f"http://127.0.0.1:{door}")
        finally:
            postgres.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _client() -> str:
    from xinyong.accounts import client_actions, selectors
    from xinyong.accounts.client_selectors import Quota

    made = client_actions.save_client(
        slug="bench",
        name="bench",
        department=selectors.department("demo"),
        datasets=["registration", "penalty"],
        items=["food-licence"],
        quota=Quota(requests_per_minute=1_000_000, requests_per_day=100_000_000),
        acting="bench",
    )
    return client_actions.make_key(made, days=1, acting="bench").text


def _wait_ready(base: str, seconds: float = 180.0) -> None:
    """A record sent before the site listens would be refused and measure nothing."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            if _get(f"{base}/readyz")[0] == 200:
                return
        except OSError:
            pass
        time.sleep(0.2)
    raise RuntimeError(f"the site was not ready within {seconds:.0f} s")


def _measure(folder: Path, base: str, door: str) -> dict[str, Any]:
    from xinyong.migrate import prepare

    prepare()
    key = _client()
    file = _bulk_file(folder)
    server = subprocess.Popen([sys.executable, "-c", "from xinyong.cli import main; main()", "serve"])
    stop, turns = threading.Event(), [0.0][:0]
    loader = threading.Thread(target=_bulk, args=(file, stop, turns), daemon=True)
    try:
        _wait_ready(base)
        _records(base, door, key, range(WARM))
        if not QUIET:
            loader.start()
            time.sleep(3)
        before, began = _busy(), time.monotonic()
        answered, seen = _records(base, door, key, range(WARM, WARM + RECORDS))
        cores = (_busy() - before) / (time.monotonic() - began)
    finally:
        stop.set()
        if loader.is_alive():
            loader.join(60)
        server.terminate()
        server.wait(30)
    p99 = {name: _percentile(values, 0.99) for name, values in seen.items()}
    return {
        "benchmark": "freshness",
        "figure": max(p99.values()),
        "unit": "s p99, slowest surface",
        "bar": BAR,
        "p50": {name: _percentile(values, 0.5) for name, values in seen.items()},
        "p99": p99,
        "answer_p50": _percentile(answered, 0.5),
        "answer_p99": _percentile(answered, 0.99),
        "records": len(answered),
        "bulk_rows": 0 if QUIET else ROWS,
        "bulk_turns": len(turns),
        "bulk_seconds": round(statistics.median(turns), 1) if turns else None,
        "cores_busy": round(cores, 2),
        "not_seen": {name: sum(value >= GIVE_UP for value in values) for name, values in seen.items()},
    }


def _busy() -> float:
    """Processor seconds of the whole machine so far."""
    fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    idle = int(fields[3]) + int(fields[4])
    return (sum(map(int, fields[:8])) - idle) / os.sysconf("SC_CLK_TCK")


def _proved(record: int, content_hash: str) -> bool:
    from django.db import connection

    from xinyong.ledger.log import proof
    from xinyong.ledger.log.errors import RecordNotLogged

    try:
        return str(proof.make(record)["content_hash"]) == content_hash
    except RecordNotLogged:
        return False
    finally:
        connection.close()


def _records(base: str, door: str, key: str, numbers: range) -> tuple[list[float], dict[str, list[float]]]:
    from django.urls import reverse

    from xinyong.registry.keys import record_key

    answered: list[float] = []
    seen: dict[str, list[float]] = {name: [] for name in SURFACES}

    def sent(dataset: str, record: dict[str, Any]) -> tuple[dict[str, Any], float]:
        started = time.monotonic()
        status, body = _post(f"{base}/api/v1/datasets/{dataset}/records", key, record)
        since = time.monotonic()
        if status != 201:
            raise RuntimeError(f"{status} {body}")
        answered.append(since - started)
        return body["record"], since

    def verified(code: str, number: str) -> bool:
        status, text, _ = _get(f"{door}/api/v1/verify/{code}?{ITEM}", key)
        return status == 200 and any(fact["record"] == number for fact in json.loads(text)["facts"])

    def one(number: int) -> None:
        code, name = _company(number)

        def searched() -> bool:
            status, text, place = _get(f"{base}/search?q={quote(name)}")
            return place.endswith(code) if status == 302 else name in text and code in text

        def filed(url: str, text: str) -> bool:
            status, page, _ = _get(base + url)
            return status == 200 and text in page

        with ThreadPoolExecutor(8) as pool:
            waits: list[tuple[str, Future[float]]] = []

            def look(surface: str, found: Callable[[], bool], since: float) -> None:
                waits.append((surface, pool.submit(_until, found, since)))

            company, since = sent("registration", {"UNISCID": code, "ENTNAME": name, "ESTDATE": "2020-01-02"})
            url, its_key = company["entity_url"], record_key(company["record_id"])
            look("search", searched, since)
            look("file", lambda: filed(url, name), since)
            look("proof", lambda: _proved(company["record_id"], company["content_hash"]), since)
            look("verification", lambda: verified(code, its_key), since)
            fine, later = sent("penalty", _penalty(number, code, name))
            link = f'href="{reverse("record-page", args=[record_key(fine["record_id"])])}"'
            look("file", lambda: filed(url, link), later)
            look("proof", lambda: _proved(fine["record_id"], fine["content_hash"]), later)
            look("verification", lambda: verified(code, record_key(fine["record_id"])), later)
            for surface, wait in waits:
                seen[surface].append(wait.result())

    with ThreadPoolExecutor(64) as pool:
        sending = []
        for number in numbers:
            sending.append(pool.submit(one, number))
            time.sleep(PAUSE)
        for item in sending:
            item.result()
    return answered, seen
