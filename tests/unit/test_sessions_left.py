"""Sessions of a killed server that are still ending hold its shared memory: a new start waits for them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from xinyong.runtime import postgres


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
