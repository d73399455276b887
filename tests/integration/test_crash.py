"""A few rounds of the crash test, each in a home of its own; ``python -m benchmarks.crash --rounds 1000`` is the long run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_eight_processes_and_kill_9_leave_no_fork_no_gap_and_no_double() -> None:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("XINYONG_")}
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.crash", "--rounds", "4", "--seconds", "10"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    result = json.loads(done.stdout.splitlines()[-1])
    assert result["figure"] >= 1
    assert result["kills"] >= 8
