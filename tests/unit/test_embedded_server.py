"""Starting and stopping the embedded server when it does not do as it is told."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from xinyong.runtime import postgres

_DEAF = """
import os, pathlib, signal, sys
place = pathlib.Path(sys.argv[1])

def end(*_):
    (place / "postmaster.pid").unlink()
    os._exit(0)

signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.signal(signal.SIGQUIT, end)
(place / "new").write_text(f"{os.getpid()}\\n")
(place / "new").rename(place / "postmaster.pid")
while True:
    signal.pause()
"""


def test_a_server_that_does_not_stop_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Told to stop in the midst of its recovery PostgreSQL 18 was seen to wait for ever: then at once, and the next start recovers."""
    data, socket = tmp_path / "data", tmp_path / "socket"
    data.mkdir()
    socket.mkdir()
    (socket / ".s.PGSQL.5432").touch()
    here = postgres.Server(root=tmp_path, data=data, socket=socket, log=tmp_path / "log")
    monkeypatch.setattr(postgres, "server", lambda: here)
    monkeypatch.setattr(postgres, "_STOP_SECONDS", 1)
    with subprocess.Popen([sys.executable, "-c", _DEAF, str(data)]) as process:
        while not (data / "postmaster.pid").exists():
            assert process.poll() is None
        assert postgres.stop()
        assert process.wait(10) == 0
    assert not socket.exists()


def test_a_session_without_a_command_line_is_waited_for(tmp_path: Path) -> None:
    """As one that has let go of its memory map looks in /proc: a name and a folder, no command line."""
    data = tmp_path / "data"
    data.mkdir()
    here = postgres.Server(root=tmp_path, data=data, socket=tmp_path / "socket", log=tmp_path / "log")
    program = tmp_path / "postgres"
    shutil.copy(shutil.which("sleep") or "/bin/sleep", program)
    with subprocess.Popen(["", "30"], executable=program, cwd=data) as session:
        try:
            assert "postgres" not in Path(f"/proc/{session.pid}/cmdline").read_text()
            assert postgres._sessions_left(here)
        finally:
            session.kill()
    assert not postgres._sessions_left(here)
    with subprocess.Popen(["sleep", "30"], cwd=data) as other:  # somebody's shell in that folder is none
        try:
            assert not postgres._sessions_left(here)
        finally:
            other.kill()
