"""Case work (bar W3): durable steps a second, whatever the age of a case, and the overdue scan of a million open cases.

A step is one act of an officer on a case, through ``remedies.steps``: read, judge, write case, limits, step and audit row,
commit; every commit is on the disk (synchronous_commit on, fsync on). Three ways, WORKERS processes of THREADS threads each:

- ``steps``: each step for itself, ``take``, as officers do on the page of a case;
- ``batch``: the same steps for BATCH cases at once, ``take_many``, one transaction a batch, a step and an audit row for each;
- ``bare``, the reference: INSERT of a step row, UPDATE of a case row and COMMIT over the bare driver, nothing judged.

The disk is asked in the same run how often a second it syncs 8 KiB for one writer. ``escalate`` writes a step into OVERDUE
cases, in pieces of one transaction each. The scan is asked of CASES open cases, a twentieth of them late.

    python -m benchmarks cases
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

CASES = int(os.environ.get("CASES", "1000000"))
LATE_SHARE = 20
WORKERS = int(os.environ.get("WORKERS", "2"))
THREADS = int(os.environ.get("THREADS", "12"))
#: Cases of each thread; three steps each.
ROUNDS = int(os.environ.get("ROUNDS", "120"))
BATCH = int(os.environ.get("BATCH", "200"))
REPEATS = int(os.environ.get("REPEATS", "3"))
BARS = {"steps_per_second": 2_000, "scan_seconds": 1.0}

_FILL = """
INSERT INTO remedies_case (kind, state, entity_id, record_id, version_no, dataset_code, field, department_id, market, listed,
  ground, statement, wanted, answer, basis, gaps, gaps_told, checks, remedy, outcome, acting_name, signed_text, suspended,
  marks, reviewed, assignee, revision, opened_at, due_on, escalated, profile, rules)
SELECT 'objection', 'accepted', n, n, 1, 'penalty', '', %(department)s, false, false, 'factual', '', '', '', '', '[]',
  false, '{}', '', '', '', '', false, true, false, '', 2, now(),
  CASE WHEN n %% %(share)s = 0 THEN %(today)s::date - 1 - (n %% 30)::integer ELSE %(today)s::date + (n %% 40)::integer END,
  false, 'henan', 'benchmark'
FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n
"""
_LIMITS = """
INSERT INTO remedies_limit (case_id, timer, row, starts_on, due_on, extended, spans)
SELECT id, timer, row, due_on - 10, due_on, false, '[]'
FROM remedies_case, (VALUES ('objection-own', 'OBJ-01A'), ('objection-all', 'OBJ-01B')) AS t(timer, row)
"""
#: One worker: argv = first case, cases of a thread, threads, kind, batch. Prints how many steps it took and its CPU seconds.
_WORKER = """
import json, sys, threading, time
import django
django.setup()
from django.db import connection
first, count, threads, kind, size = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], int(sys.argv[5])
from xinyong.remedies import steps
from xinyong.remedies.steps import Actor, Deed
platform, provider = Actor(party='platform', name='bench'), Actor(party='provider', name='bench')
acts = [(Deed(act='compare'), platform), (Deed(act='forward', reason='请核查'), platform), (Deed(act='take_up'), provider)]
done, ready, go = [0] * threads, threading.Barrier(threads + 1), threading.Event()

def bare(cases, at):
    raw = connection.connection
    raw.autocommit = False
    for case in cases:
        for number in range(3):
            raw.execute("INSERT INTO remedies_step (case_id, number, act, party, actor, reason, state_before, state_after, at, detail) "
                "VALUES (%s, %s, 'compare', 'platform', 'bench', '', 'accepted', 'comparing', now(), '{}')", (case, 100 + number))
            raw.execute("UPDATE remedies_case SET state = 'comparing', revision = revision + 1 WHERE id = %s", (case,))
            raw.commit()
            done[at] += 1

def single(cases, at):
    for case in cases:
        for deed, actor in acts:
            steps.take(case, deed, actor)
            done[at] += 1

def batch(cases, at):
    for start in range(0, len(cases), size):
        for deed, actor in acts:
            taken = steps.take_many([(case, None) for case in cases[start : start + size]], deed, actor)
            assert all(isinstance(one, steps.Taken) for one in taken), taken[0]
            done[at] += len(taken)

def work(at):
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('synchronous_commit'), current_setting('fsync')")
        assert cursor.fetchone() == ('on', 'on')
    ready.wait()
    go.wait()
    {'bare': bare, 'steps': single, 'batch': batch}[kind](range(first + at * count, first + (at + 1) * count), at)

team = [threading.Thread(target=work, args=(at,)) for at in range(threads)]
for one in team:
    one.start()
ready.wait()
print('ready', flush=True)
sys.stdin.readline()
spent = time.process_time()
go.set()
for one in team:
    one.join()
print(json.dumps([sum(done), time.process_time() - spent]), flush=True)
"""


def _team(first: int, kind: str) -> dict[str, float]:
    """WORKERS processes at once; each thread has cases of its own."""
    threads = THREADS if kind != "batch" else 1
    rounds = ROUNDS * THREADS // threads
    started = [
        subprocess.Popen(
            [sys.executable, "-c", _WORKER, *map(str, (first + at * rounds * threads, rounds, threads, kind, BATCH))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for at in range(WORKERS)
    ]
    for process in started:
        assert process.stdout is not None and process.stdout.readline().strip() == "ready"
    before = _server_cpu()
    begun = time.perf_counter()
    for process in started:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    answers = []
    for process in started:
        assert process.stdout is not None
        answers.append(json.loads(process.stdout.readline()))
    wall = time.perf_counter() - begun
    server = _server_cpu() - before
    for process in started:
        process.wait()
    done = sum(answer[0] for answer in answers)
    return {
        "steps": done,
        "seconds": round(wall, 3),
        "per_second": round(done / wall),
        "client_cpu_us": round(sum(answer[1] for answer in answers) / done * 1e6),
        "server_cpu_us": round(server / done * 1e6),
    }


def _server_cpu() -> float:
    """CPU seconds of the database server and its children that live, by /proc."""
    from xinyong.runtime import postgres

    main = int((postgres.server().data / "postmaster.pid").read_text().split()[0])
    spent, tick = 0.0, os.sysconf("SC_CLK_TCK")
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            text = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(folder.name) == main or int(text[1]) == main:
            spent += (int(text[11]) + int(text[12])) / tick
    return spent


def _syncs(home: Path) -> int:
    """How often a second the disk syncs 8 KiB for one writer: the limit of durable commits that do not share a sync."""
    times, block = 0, b"\0" * 8192
    place = os.open(home / "sync", os.O_RDWR | os.O_CREAT)
    os.pwrite(place, b"\0" * (1 << 24), 0)
    os.fsync(place)
    begun = time.perf_counter()
    while time.perf_counter() - begun < 1.5:
        os.pwrite(place, block, (times * 8192) % (1 << 24))
        os.fdatasync(place)
        times += 1
    rate = times / (time.perf_counter() - begun)
    os.close(place)
    return round(rate)


def _median(values: Sequence[float]) -> float:
    return float(statistics.median(values))


def _age(case: int) -> tuple[float, float]:
    """Seconds of the first hundred steps of one case, and of its steps 901 to 1000."""
    from xinyong.remedies import steps
    from xinyong.remedies.steps import Actor, Deed

    actor = Actor(party="platform", name="bench")
    steps.take(case, Deed(act="compare"), actor)
    times = []
    for _ in range(500):
        begun = time.perf_counter()
        steps.take(case, Deed(act="pause", reason="鉴定"), actor)
        steps.take(case, Deed(act="resume"), actor)
        times.append(time.perf_counter() - begun)
    return round(sum(times[:50]), 3), round(sum(times[-50:]), 3)


def run() -> dict[str, Any]:
    """All figures as one value."""
    home = tempfile.mkdtemp(prefix="xinyong-cases-")
    os.environ.update(XINYONG_HOME=home, DJANGO_SETTINGS_MODULE="xinyong.settings")
    for name in ("XINYONG_DATABASE_URL", "XINYONG_DATABASE_OWNER_URL"):
        os.environ.pop(name, None)
    import django

    django.setup()
    from xinyong.runtime import postgres

    postgres.start()
    try:
        return _measure(Path(home))
    finally:
        postgres.stop()
        import shutil

        shutil.rmtree(home, ignore_errors=True)


def _measure(home: Path) -> dict[str, Any]:
    import psycopg
    from django.db import connection

    from xinyong.accounts import actions as accounts
    from xinyong.migrate import prepare
    from xinyong.remedies import watch
    from xinyong.runtime import clock, postgres

    prepare()
    department = accounts.register_department(slug="bench", name_zh="测量单位", acting="benchmark")
    today = clock.today()
    with psycopg.connect(postgres.server().url.replace("dbname=postgres", "dbname=xinyong"), autocommit=True) as owner:
        filled = time.perf_counter()
        for first in range(1, CASES + 1, 200_000):
            last = min(first + 199_999, CASES)
            owner.execute(
                _FILL,
                {"department": department.pk, "share": LATE_SHARE, "today": today, "first": first, "last": last},
            )
        owner.execute(_LIMITS)
        owner.execute("VACUUM ANALYZE remedies_case")
        owner.execute("VACUUM ANALYZE remedies_limit")
        owner.execute("CHECKPOINT")
        filled = time.perf_counter() - filled
        scans, sweeps, counts = [], [], []
        for _ in range(5):
            begun = time.perf_counter()
            first_piece = watch.overdue(today)
            scans.append(time.perf_counter() - begun)
            begun = time.perf_counter()
            everything = watch.overdue(today, CASES)
            sweeps.append(time.perf_counter() - begun)
            begun = time.perf_counter()
            row = owner.execute(
                "SELECT count(*) FROM remedies_case WHERE closed_at IS NULL AND due_on < %s", (today,)
            ).fetchone()
            counts.append(time.perf_counter() - begun)
            assert row is not None and row[0] == len(everything) == CASES // LATE_SHARE and len(first_piece)
        runs: dict[str, list[dict[str, float]]] = {"steps": [], "batch": [], "bare": []}
        syncs, place = [], 1
        for _ in range(REPEATS):
            syncs.append(_syncs(home))
            for kind, found in runs.items():
                found.append(_team(place, kind))
                place += ROUNDS * WORKERS * THREADS
        young, aged = _age(place)
        begun = time.perf_counter()
        told = watch.escalate(today)
        escalated = time.perf_counter() - begun
        connection.close()
    ours, batches, reference = (_median([item["per_second"] for item in found]) for found in runs.values())
    return {
        "bench": "cases",
        "cases": CASES,
        "filled_seconds": round(filled, 1),
        "workers": WORKERS,
        "threads": THREADS,
        "steps_per_second": ours,
        "batch_steps_per_second": batches,
        "bare_per_second": reference,
        "ratio": round(ours / reference, 3),
        "batch_ratio": round(batches / reference, 3),
        "syncs_per_second": _median(syncs),
        "age": {"first_100_steps_seconds": young, "steps_901_to_1000_seconds": aged},
        "runs": runs,
        "scan_first_piece_seconds": round(_median(scans), 4),
        "scan_all_late_seconds": round(_median(sweeps), 4),
        "count_seconds": round(_median(counts), 4),
        "escalated": told,
        "escalated_per_second": round(told / escalated) if escalated else 0,
        "bars": BARS,
        "home": str(home),
    }


if __name__ == "__main__":
    print(json.dumps(run(), ensure_ascii=False))
