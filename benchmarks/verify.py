"""Verification by code against a bare server in the same run (bars.md V1).

ENTITIES companies are registered and half as many penalties taken in, the snapshot is built, and `xinyong serve` runs with
its effects, the fast door (one process) and the import of the journal. `wrk` sends random codes over CONNECTIONS connections,
in turns to a bare Granian that answers `{}` and to the door: with a key, and with requests signed by HMAC-SHA256 and Ed25519,
each with a nonce of its own. Every answer of the door is in the audit trail before it leaves; afterwards the rows are counted
against the answers. Latency is taken at half the throughput. Staleness: records sent by API are looked for at the door while a
bulk file is taken in beside it; the time runs from the answer of the API, which is after the commit, to the last question whose
answer missed the record (`missed`), and to the answer that has it (`seen`), which a busy machine makes slow and not old.
Beside the same bulk intake the bare server and the door are asked again, at full and at half load (`beside_bulk`).
Entries of a list and their liftings are made by the room's own actions; the time runs from their commit to the first answer.

Needs `wrk` (Debian package). Both servers and the generator share the machine; CPU per request is given beside each figure.
"""

from __future__ import annotations

import base64
import contextlib
import csv
import json
import os
import random
import re
import secrets
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

ENTITIES = int(os.environ.get("ENTITIES", "100000"))
CONNECTIONS = int(os.environ.get("CONNECTIONS", "64"))
SECONDS = int(os.environ.get("SECONDS", "5"))
ROUNDS = int(os.environ.get("ROUNDS", "3"))
STALE = int(os.environ.get("STALE", "40"))
LISTED = int(os.environ.get("LISTED", "8"))
BAR, BAR_P99, BAR_STALE = 0.4, 5.0, 1.0
_ITEM = "purpose=permit&item=food-licence"
_TICKS = os.sysconf("SC_CLK_TCK")


def _ago(days: int) -> str:
    return (datetime.now(UTC).date() - timedelta(days=days)).isoformat()


#: A whole listing procedure: who, step, facts.
_STEPS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("clerk", "propose", {"ground": "food", "facts": "查明的事实", "evidence": "检验报告"}),
    ("clerk", "serve_notice", {
        "notice_document": "示市监告〔2026〕1号", "served_on": _ago(60), "service_method": "direct", "service_proof": "送达回证1号",
        "told": ["facts", "basis", "measures", "exit", "rights"],
    }),
    ("clerk", "lapse", {}),
    ("chief", "decide", {
        "decided_on": _ago(30), "document": "示市监列〔2026〕1号", "facts": "经营不符合食品安全标准的食品", "basis": ["L44-2"],
        "measures_told": "列为重点监管对象", "exit_terms": "满三年移出", "relief": "六十日内申请行政复议", "signed_post": "局长",
        "consent_document": "示市监复〔2026〕1号",
    }),
    ("clerk", "serve_decision", {"served_on": _ago(28), "service_method": "mail", "service_proof": "EMS 1"}),
    ("chief", "publish", {"listed_on": _ago(20)}),
    ("chief", "exit", {"exit_ground": "corrected", "exit_on": _ago(0), "exit_document": "示市监移〔2026〕1号"}),
)  # fmt: skip


def code(number: int) -> str:
    """A valid code."""
    from xinyong.standards import credit_code, organisation_code

    body = f"{number:08d}"
    front = "91410700" + body + organisation_code.check_character(body)
    return front + credit_code.check_character(front)


def files(folder: Path, entities: int) -> tuple[Path, Path]:
    """A register and penalties for every other company of it."""
    organ = code(90_000_001)
    register, penalties = folder / "register.csv", folder / "penalties.csv"
    with register.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(["企业名称", "统一社会信用代码", "注册日期"])
        for number in range(entities):
            writer.writerow([f"示例核验第{number}号有限公司", code(10_000_000 + number), "2015-03-02"])
    with penalties.open("w", encoding="utf-8", newline="") as handle:
        fields = ["CF_XDR_MC", "CF_XDR_LB", "CF_XDR_SHXYM", "CF_FRDB", "CF_WSH", "CF_WFXW", "CF_SY", "CF_YJ", "CF_CFLB", "CF_NR",
                  "CF_NR_FK", "CF_JDRQ", "CF_YXQ", "CF_CFJG", "CF_CFJGDM", "CF_SJLY", "CF_SJLYDM"]  # fmt: skip
        writer = csv.writer(handle)
        writer.writerow(fields)
        for number in range(0, entities, 2):
            writer.writerow([f"示例核验第{number}号有限公司", "法人及非法人组织", code(10_000_000 + number), "示例负责人",
                             f"（示）罚〔2026〕{number}号", "未按规定公示年度报告", "当事人未按规定公示有关信息。", "示例条例第一条",
                             "罚款", "罚款二百元。", "0.02", "2026-10-20", "2099-12-31", "示例市某局", organ, "示例市某局",
                             organ])  # fmt: skip
    return register, penalties


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def family(pid: int) -> list[int]:
    """A process and all below it."""
    found = [pid]
    for one in found:
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{one}/task").iterdir():
                found += [int(child) for child in (task / "children").read_text().split()]
    return found


def cpu(pids: list[int]) -> float:
    """User and system time of processes, seconds."""
    total = 0.0
    for pid in pids:
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            total += (int(fields[11]) + int(fields[12])) / _TICKS
    return total


def database_pids() -> list[int]:
    """The database's processes."""
    from xinyong.runtime import postgres

    head = (Path(postgres.server().data) / "postmaster.pid").read_text().split()[0]
    return family(int(head))


_LUA = """
local lines, at = {}, 0
for line in io.lines("%(file)s") do lines[#lines + 1] = line end
local headers = {}
function request()
  at = at %% #lines + 1
  local path, input, signature = lines[at]:match("([^\\t]*)\\t?([^\\t]*)\\t?([^\\t]*)")
  local fields = {["Host"] = "%(host)s"}
  if input ~= "" then
    fields["Signature-Input"] = input
    fields["Signature"] = signature
  else
    fields["Authorization"] = "%(auth)s"
  end
  return wrk.format("GET", path, fields)
end
%(delay)s
"""


def load(port: int, file: Path, auth: str, seconds: int, delay: int = 0) -> dict[str, float]:
    """One run of wrk: answers a second, latencies in ms, answers that were not 200."""
    script = file.with_suffix(".lua")
    # Pauses drawn at random: equal ones keep all connections in step, and their requests come in one heap.
    pause = f"function delay() return math.floor(-math.log(1 - math.random()) * {delay} + 0.5) end" if delay else ""
    script.write_text(_LUA % {"file": file, "host": f"127.0.0.1:{port}", "auth": auth, "delay": pause})
    command = [
        "wrk",
        "-t1",
        f"-c{CONNECTIONS}",
        f"-d{seconds}s",
        "--latency",
        "-s",
        str(script),
        f"http://127.0.0.1:{port}",
    ]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = {name: float(value) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[unit]
             for name, value, unit in re.findall(r"(\d\d)%\s+([\d.]+)(us|ms|s)", said)}  # fmt: skip
    rate = re.search(r"Requests/sec:\s+([\d.]+)", said)
    count = re.search(r"(\d+) requests in", said)
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    if rate is None or count is None:
        raise RuntimeError(said)
    return {
        "rate": float(rate.group(1)),
        "count": float(count.group(1)),
        "bad": float(bad.group(1)) if bad else 0.0,
        "p50": found.get("50", 0.0),
        "p99": found.get("99", 0.0),
    }


@contextlib.contextmanager
def bare() -> Iterator[tuple[int, int]]:
    """The bare server: its port and process."""
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "granian", "--interface", "rsgi", "--host", "127.0.0.1", "--port", str(port), "--workers", "1",
         "--no-ws", "--log-level", "warning", "benchmarks._bare:application"]
    )  # fmt: skip
    try:
        wait(port)
        yield port, server.pid
    finally:
        server.terminate()
        server.wait(20)


def wait(port: int, seconds: float = 120.0) -> None:
    """Until somebody listens."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise RuntimeError(f"nobody listens on {port}")


def run() -> dict[str, Any]:
    """One JSON line."""
    if shutil.which("wrk") is None:
        raise SystemExit("this benchmark needs wrk (Debian package wrk)")
    from xinyong.runtime import postgres

    with tempfile.TemporaryDirectory(prefix="xinyong-verify-") as name:
        port, door = free_port(), free_port()
        os.environ.update(
            XINYONG_HOME=f"{name}/home", XINYONG_PORT=str(port), XINYONG_WORKERS="1", XINYONG_INTAKE_WORKERS="0",
            XINYONG_VERIFY_PORT=str(door),
        )  # fmt: skip
        os.environ.pop("XINYONG_DATABASE_URL", None)
        try:
            return measure(Path(name), port, door)
        finally:
            postgres.stop()


def fill(folder: Path, entities: int) -> dict[str, float]:
    """Register and penalties in the ledger, effects read, snapshot built. Seconds of the snapshot, and its size."""
    from xinyong.migrate import prepare

    prepare()
    from xinyong.accounts import selectors as accounts
    from xinyong.intake import actions
    from xinyong.ledger import corridor
    from xinyong.verification import effects, snapshot

    register, penalties = files(folder, entities)
    for file, dataset in ((register, "registration"), (penalties, "penalty")):
        actions.deliver(file, dataset=dataset, department=accounts.department("demo"), uploader="bench")
    corridor.catch_up()
    began = time.monotonic()
    effects.rebuild()
    seconds = time.monotonic() - began
    size = sum(item.stat().st_blocks * 512 for item in snapshot.folder().rglob("data.mdb"))
    return {"snapshot_seconds": round(seconds, 1), "snapshot_mib": round(size / (1 << 20), 1)}


def client() -> tuple[str, dict[str, tuple[str, Any]]]:
    """A client with a key and two signing keys."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from xinyong.accounts import client_actions, selectors
    from xinyong.accounts.client_selectors import Quota

    much = 2_000_000_000
    made = client_actions.save_client(
        slug="bench",
        name="bench",
        department=selectors.department("demo"),
        datasets=["registration", "penalty"],
        items=["food-licence"],
        quota=Quota(requests_per_minute=much, requests_per_day=much, rows_per_minute=much, rows_per_day=much),
        acting="bench",
    )
    private = Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes_raw()
    ed = client_actions.register_signing_key(made, algorithm="ed25519", public=public, days=1, acting="bench")
    shared = client_actions.register_signing_key(made, algorithm="hmac-sha256", days=1, acting="bench")
    return client_actions.make_key(made, days=1, acting="bench").text, {
        "hmac-sha256": (shared.prefix, base64.b64decode(shared.text)),
        "ed25519": (ed.prefix, private),
    }


def questions(folder: Path, entities: int, count: int, port: int, signer: tuple[str, Any] | None) -> Path:
    """A file of requests for wrk; signed ones each with a nonce of its own."""
    from xinyong.api import signatures

    draw = random.Random(count)
    codes = [code(10_000_000 + draw.randrange(entities)) for _ in range(min(count, 20_000))]
    file = folder / f"ask-{secrets.token_hex(4)}.txt"
    with file.open("w") as handle:
        now = int(time.time())
        for at in range(count):
            path = f"/api/v1/verify/{codes[at % len(codes)]}"
            line = f"{path}?{_ITEM}"
            if signer is not None:
                fields = signatures.sign(method="GET", authority=f"127.0.0.1:{port}", path=path, query=_ITEM, keyid=signer[0],
                                         created=now, nonce=f"{at:016x}{secrets.token_hex(4)}", key=signer[1])  # fmt: skip
                line += f"\t{fields['Signature-Input']}\t{fields['Signature']}"
            handle.write(line + "\n")
    return file


def audited() -> int:
    """Rows of the audit trail, once the journals are taken in."""
    from xinyong.runtime import database
    from xinyong.verification import journal_import

    journal_import.take_in()
    with database.connect(autocommit=True) as session:
        row = session.execute("SELECT count(*) FROM audit_auditentry WHERE deed = 'query.verification'").fetchone()
        return int(row[0]) if row else 0


def measure(folder: Path, port: int, door: int) -> dict[str, Any]:
    """The figures."""
    built = fill(folder, ENTITIES)
    key, signers = client()
    server = subprocess.Popen([sys.executable, "-c", "from xinyong.cli import main; main()", "serve"])
    try:
        wait(port)
        wait(door)
        with bare() as (bare_port, bare_pid):
            time.sleep(2)
            rounds = [round_of(folder, door, server.pid, bare_port, bare_pid, key, signers) for _ in range(ROUNDS)]
            half = half_load(folder, door, key, statistics.median(item["key"]["rate"] for item in rounds))
            with bulk(folder) as turns:
                beside = beside_bulk(folder, door, key, bare_port)
                stale = staleness(port, door, key)
            stale["bulk_turns"] = len(turns)
        listed = listing(door, key)
        answers = sum(int(item[name]["count"] - item[name]["bad"]) for item in rounds for name in ("key", *signers))
        answers += int(half["count"]) + beside.pop("answers")
        time.sleep(2)
        rows = audited() - stale["asked"] - listed["asked"]
    finally:
        server.terminate()
        server.wait(30)
    ratios = {
        name: round(statistics.median(item[name]["rate"] / item["bare"]["rate"] for item in rounds), 3)
        for name in ("key", *signers)
    }
    return {
        "benchmark": "verify",
        "figure": ratios["key"],
        "unit": "of a bare server in the same run",
        "bar": BAR,
        "ratios": ratios,
        "rates": {name: round(statistics.median(item[name]["rate"] for item in rounds)) for name in rounds[0]},
        "cpu_us_per_request": {
            name: round(statistics.median(item[name]["cpu"] for item in rounds), 1) for name in rounds[0]
        },
        "bad": {name: max(item[name]["bad"] for item in rounds) for name in rounds[0]},
        "half_load": half,
        "bar_p99_ms": BAR_P99,
        "beside_bulk": beside,
        "staleness": stale,
        "bar_stale_s": BAR_STALE,
        "listing": listed,
        "answers": answers,
        "audit_rows": rows,
        **built,
        "entities": ENTITIES,
    }


def round_of(
    folder: Path, door: int, server: int, bare_port: int, bare_pid: int, key: str, signers: dict[str, tuple[str, Any]]
) -> dict[str, dict[str, float]]:
    """One turn of each."""
    plain = questions(folder, ENTITIES, 50_000, door, None)
    found: dict[str, dict[str, float]] = {}
    for name in ("bare", "key", *signers):
        file, seconds = plain, SECONDS
        if name in signers:
            seconds = min(SECONDS, 4)
            file = questions(
                folder, ENTITIES, (30_000 if name == "hmac-sha256" else 12_000) * seconds, door, signers[name]
            )
        mine = family(bare_pid) if name == "bare" else [*family(server), *database_pids()]
        before = cpu(mine)
        run = load(bare_port if name == "bare" else door, file, f"Bearer {key}", seconds)
        run["cpu"] = (cpu(mine) - before) / run["count"] * 1e6
        found[name] = run
    return found


def half_load(folder: Path, door: int, key: str, rate: float) -> dict[str, float]:
    """Latency at about half the throughput: every connection pauses at random between its requests."""
    file = questions(folder, ENTITIES, 50_000, door, None)
    delay = max(1, round(CONNECTIONS / (rate / 2) * 1000 - 0.5))
    found = load(door, file, f"Bearer {key}", SECONDS, delay)
    return {name: round(found[name], 2) for name in ("rate", "p50", "p99", "count")}


@contextlib.contextmanager
def bulk(folder: Path) -> Iterator[list[float]]:
    """Bulk files are taken in, one after the other, while this is open. Gives the seconds of each that ended."""
    from benchmarks import freshness

    freshness.ROWS = int(os.environ.get("ROWS", "100000"))
    file = freshness._bulk_file(folder)
    stop, turns = threading.Event(), [0.0][:0]
    loader = threading.Thread(target=freshness._bulk, args=(file, stop, turns), daemon=True)
    loader.start()
    try:
        yield turns
    finally:
        stop.set()
        loader.join(60)


def beside_bulk(folder: Path, door: int, key: str, bare_port: int) -> dict[str, Any]:
    """Throughput and latency of the bare server and of the door while a bulk intake (:func:`bulk`) has the cores too."""
    found: dict[str, list[dict[str, float]]] = {"bare": [], "bare_half": [], "key": [], "key_half": []}
    file = questions(folder, ENTITIES, 50_000, door, None)
    time.sleep(5)
    for _ in range(ROUNDS):
        for name, port in (("bare", bare_port), ("key", door)):
            full = load(port, file, f"Bearer {key}", SECONDS)
            found[name].append(full)
            found[f"{name}_half"].append(half_load(folder, port, key, full["rate"]))
    bad = sum(run.get("bad", 0.0) for runs in found.values() for run in runs)
    return {
        "answers": int(sum(run["count"] - run.get("bad", 0.0) for name in ("key", "key_half") for run in found[name])),
        **{
            name: {each: round(statistics.median(run[each] for run in runs), 2) for each in ("rate", "p50", "p99")}
            for name, runs in found.items()
        },
        "bad": bad,
    }


def staleness(port: int, door: int, key: str) -> dict[str, Any]:
    """Records sent by API until the door answers with them, while bulk files are taken in (:func:`bulk`)."""
    from benchmarks import freshness

    waits: list[float] = []
    missed: list[float] = []
    asked = 0
    for number in range(STALE):
        company, name = freshness._company(number)
        status, body = freshness._post(
            f"http://127.0.0.1:{port}/api/v1/datasets/registration/records", key,
            {"UNISCID": company, "ENTNAME": name, "ESTDATE": "2020-01-02"},
        )  # fmt: skip
        since, late = time.monotonic(), 0.0
        if status != 201:
            raise RuntimeError(f"{status} {body}")
        while True:
            at = time.monotonic()
            answer = ask(door, company, key)
            asked += answer == 200
            if answer == 200 or time.monotonic() - since > 60:
                break
            late = at - since
            time.sleep(0.01)
        waits.append(time.monotonic() - since)
        missed.append(late)
        time.sleep(0.3)
    return {
        "missed_p50": freshness._percentile(missed, 0.5),
        "missed_max": round(max(missed), 3),
        "seen_p50": freshness._percentile(waits, 0.5),
        "seen_p99": freshness._percentile(waits, 0.99),
        "seen_max": round(max(waits), 3),
        "bulk_rows": freshness.ROWS,
        "asked": asked,
    }


def listing(door: int, key: str) -> dict[str, Any]:
    """Seconds from the commit of a list entry, and of its lifting, to the first answer that says so."""
    from xinyong.accounts import actions as accounts
    from xinyong.accounts.models import Role
    from xinyong.lists import actions
    from xinyong.registry import selectors as registry
    from xinyong.runtime import database

    organ = accounts.register_department(slug="market", name_zh="示例市市场监督管理局", acting="bench")
    clerk, chief = (
        accounts.create_user(username=name, password=secrets.token_urlsafe(12), display_name=name, role=role, department=organ,
                             acting="bench")
        for name, role in (("bench-clerk", Role.REPORTER), ("bench-chief", Role.SUPERVISOR))
    )  # fmt: skip
    found: dict[str, list[float]] = {"entry": [], "lifting": []}
    asked = 0
    for number in range(LISTED):
        entity = registry.found(code(10_000_000 + 2 * number + 1))
        assert entity is not None  # registered by fill()
        case = actions.propose(clerk, "market-serious", entity, facts=_STEPS[0][2], reason="提请列入")
        for who, step, facts in _STEPS[1:]:
            case = actions.take(
                clerk if who == "clerk" else chief, case.pk, step, seen=case.seq, facts=facts, reason="办理"
            )
            if step not in ("publish", "exit"):
                continue
            with database.connect(autocommit=True) as session:
                row = session.execute("SELECT extract(epoch FROM max(recorded_at)) FROM ledger_event").fetchone()
            assert row is not None
            committed, wanted = float(row[0]), step == "publish"
            while True:
                at = time.time()
                lists = answer_of(door, entity.credit_code or "", key)["lists"]
                asked += 1
                if bool(lists) == wanted:
                    found["entry" if wanted else "lifting"].append(at - committed)
                    break
                if at - committed > 30:
                    raise RuntimeError(f"{step} of {entity.credit_code} is not in the answers")
                time.sleep(0.01)
            if wanted:
                while case.state != "listed":  # the room's own effect takes the step
                    time.sleep(0.05)
                    case.refresh_from_db()
    return {
        **{name: {"p50": _middle(each), "max": round(max(each), 3)} for name, each in found.items()},
        "asked": asked,
    }


def _middle(values: list[float]) -> float:
    return round(statistics.median(values), 3)


def answer_of(door: int, number: str, key: str) -> dict[str, Any]:
    """One answer."""
    import http.client

    held = http.client.HTTPConnection("127.0.0.1", door, timeout=30)
    try:
        held.request("GET", f"/api/v1/verify/{number}?{_ITEM}", headers={"Authorization": f"Bearer {key}"})
        answer: dict[str, Any] = json.loads(held.getresponse().read())
        return answer
    finally:
        held.close()


def ask(door: int, number: str, key: str) -> int:
    """One question; its status."""
    import http.client

    held = http.client.HTTPConnection("127.0.0.1", door, timeout=30)
    try:
        held.request("GET", f"/api/v1/verify/{number}?{_ITEM}", headers={"Authorization": f"Bearer {key}"})
        answer = held.getresponse()
        body = json.loads(answer.read())
        if answer.status == 200 and not any(fact["dataset"] == "registration" for fact in body["facts"]):
            return 0
        return answer.status
    finally:
        held.close()
