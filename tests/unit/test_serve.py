"""The site ends when it is told to, also when the server beneath does not listen."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from xinyong import serve

_DEAF = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True)
time.sleep(600)
"""


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="children are found by /proc")
def test_a_server_that_does_not_end_is_killed_with_its_workers() -> None:
    server = subprocess.Popen([sys.executable, "-c", _DEAF], stdout=subprocess.PIPE)
    assert server.stdout is not None
    worker = int(server.stdout.readline())
    assert _runs(worker)
    serve.end_server(server, patience=0.3)
    until = time.monotonic() + 10
    while _runs(worker) and time.monotonic() < until:
        time.sleep(0.05)
    assert not _runs(worker)
    assert not _runs(server.pid)


def test_a_server_that_listens_ends_by_itself() -> None:
    server = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    assert serve.end_server(server, patience=30.0) == -15


def test_a_server_that_has_ended_is_left_alone() -> None:
    server = subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"])
    server.wait()
    assert serve.end_server(server) == 3
