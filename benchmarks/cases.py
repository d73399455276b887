"""Case work (bar W3): durable steps a second, whatever the age of a case, and the overdue scan of a million open cases.

A step is one act of an officer on a case, through ``remedies.steps.take``: lock, judge, write case, limits, step and audit
row, commit; WORKERS processes work side by side, as officers do, and every commit is on the disk (synchronous_commit on).
Reference in the same run and database: the same number of processes and rounds, each INSERT of a step row, UPDATE of a
case row and COMMIT over the bare driver, nothing judged. Batches: ``escalate`` writes a step into OVERDUE cases, in pieces
of one transaction each. The scan is asked of CASES open cases, a twentieth of them late.

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
from pathlib import Path
from typing import Any

CASES = int(os.environ.get("CASES", "1000000"))
LATE_SHARE = 20
WORKERS = int(os.environ.get("WORKERS", "4"))
ROUNDS = int(os.environ.get("ROUNDS", "600"))
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
#: One worker: argv = first case, cases, rounds, kind. Prints the seconds its rounds took and how many steps they were.
_WORKER = """
import json, sys, time
import django
django.setup()
from django.db import connection
first, count, kind = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
from xinyong.remedies import steps
from xinyong.remedies.steps import Actor, Deed
platform, provider = Actor(party='platform', name='bench'), Actor(party='provider', name='bench')
acts = [(Deed(act='compare'), platform), (Deed(act='forward', reason='请核查'), platform), (Deed(act='take_up'), provider)]
with connection.cursor() as cursor:
    cursor.execute('SHOW synchronous_commit')
    assert cursor.fetchone()[0] == 'on'
print('ready', flush=True)
sys.stdin.readline()
begun, done = time.perf_counter(), 0
if kind == 'bare':
    connection.ensure_connection()
    raw = connection.connection
    raw.autocommit = False
    for case in range(first, first + count):
        for number in range(3):
            raw.execute("INSERT INTO remedies_step (case_id, number, act, party, actor, reason, state_before, state_after, at, detail) "
                "VALUES (%s, %s, 'compare', 'platform', 'bench', '', 'accepted', 'comparing', now(), '{}')", (case, 100 + number))
            raw.execute("UPDATE remedies_case SET state = 'comparing', revision = revision + 1 WHERE id = %s", (case,))
            raw.commit()
            done += 1
else:
    for case in range(first, first + count):
        for deed, actor in acts:
            steps.take(case, deed, actor)
            done += 1
print(json.dumps([time.perf_counter() - begun, done, time.process_time()]), flush=True)
"""


def _team(first: int, kind: str, rounds: int) -> dict[str, float]:
    """WORKERS processes at once; each has cases of its own."""
    started = [
        subprocess.Popen(
            [sys.executable, "-c", _WORKER, str(first + at * rounds), str(rounds), kind],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for at in range(WORKERS)
    ]
    for process in started:
        assert process.stdout is not None and process.stdout.readline().strip() == "ready"
    begun = time.perf_counter()
    for process in started:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    answers = []
    for process in started:
        assert process.stdout is not None
        answers.append(json.loads(process.stdout.readline()))
        process.wait()
    wall = time.perf_counter() - begun
    done = sum(answer[1] for answer in answers)
    return {"steps": done, "seconds": round(wall, 3), "per_second": round(done / wall)}


def _median(values: list[float]) -> float:
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
        steps, bare = [], []
        place = 1
        for _ in range(REPEATS):
            steps.append(_team(place, "steps", ROUNDS))
            place += ROUNDS * WORKERS
            bare.append(_team(place, "bare", ROUNDS))
            place += ROUNDS * WORKERS
        young, aged = _age(place)
        begun = time.perf_counter()
        told = watch.escalate(today)
        escalated = time.perf_counter() - begun
        connection.close()
    ours, reference = _median([item["per_second"] for item in steps]), _median([item["per_second"] for item in bare])
    return {
        "bench": "cases",
        "cases": CASES,
        "filled_seconds": round(filled, 1),
        "workers": WORKERS,
        "steps_per_second": ours,
        "bare_per_second": reference,
        "ratio": round(ours / reference, 3),
        "age": {"first_100_steps_seconds": young, "steps_901_to_1000_seconds": aged},
        "runs": {"steps": steps, "bare": bare},
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
