"""The loading process's side: starts the second process, takes its batches, and knows what to say when it is gone."""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import ClassVar

import polars as pl

from xinyong.errors import ErrorCode, XinyongError
from xinyong.intake import preparing
from xinyong.intake.aside import wire
from xinyong.intake.aside.messages import Done, Failed, Go, Opened, Rows, Taken
from xinyong.intake.parts import Part
from xinyong.intake.preparing import Batch, Job, Outcome
from xinyong.intake.reading.streams import GZIP_MAGIC

log = logging.getLogger("xinyong.intake")

#: Text of this size pays for the start of a process; see docs/decisions/0017-reading-in-a-second-process.md.
_WORTH_BYTES = 16 << 20
#: How much more text a compressed file holds.
_PACKED = 6

#: Half of the cores for Polars; and its allocator keeps what a batch has used for the next one, which needs as much.
_OWN_SETTINGS = {
    "POLARS_MAX_THREADS": str(max(1, (os.cpu_count() or 2) // 2)),
    "_RJEM_MALLOC_CONF": "dirty_decay_ms:-1,muzzy_decay_ms:-1",
}


class CheckerLost(XinyongError):
    """The process that reads and checks ended without a word: killed, or out of memory."""

    code: ClassVar[ErrorCode] = ErrorCode.DELIVERY_FAILED
    status = 503
    exit_code = 3
    zh = "读取与检查文件的进程意外终止（{why_zh}）。"
    en = "The process that reads and checks the file ended unexpectedly ({why_en})."


class _Process:
    """A second process that is running, with this side's end of the socket."""

    def __init__(self) -> None:
        self._end, theirs = socket.socketpair()
        self._environment = _environment()
        self._words = tempfile.TemporaryFile()  # noqa: SIM115  # closed in close()
        with theirs:
            self._popen = subprocess.Popen(
                [sys.executable, "-m", "xinyong.intake.aside.child", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                env={**os.environ, **_OWN_SETTINGS},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._words,
                start_new_session=True,  # a Ctrl-C at the terminal is for the parent, which then closes the socket
            )

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def usable(self) -> bool:
        """Whether it is alive and was started under the settings of now."""
        return self._popen.poll() is None and self._environment == _environment()

    def send(self, message: object) -> None:
        """Raises CheckerLost when it is gone: it may end between its answer and the next word to it."""
        try:
            wire.send(self._end, message)
        except wire.Ended as error:
            raise self.lost() from error

    def receive(self) -> tuple[object, list[int]]:
        return wire.receive(self._end)

    def lost(self) -> CheckerLost:
        """Why it is gone."""
        try:
            status = self._popen.wait(timeout=10)
        except subprocess.TimeoutExpired:
            status = 0
        self._words.seek(0)
        words = self._words.read()[-4000:].decode("utf-8", "replace").strip()
        log.error("the process that reads and checks ended with status %s: %s", status, words or "no word")
        if status == -signal.SIGKILL or "memory allocation" in words or "MemoryError" in words:
            zh, en = "内存不足，或被强制结束", "out of memory, or killed"
        elif status < 0:
            zh, en = f"信号 {-status}", f"signal {-status}"
        else:
            zh, en = f"退出码 {status}", f"exit status {status}"
        return CheckerLost(why_zh=zh, why_en=en)

    def close(self) -> None:
        """End it, whatever it is doing."""
        self._end.close()
        if self._popen.poll() is None:
            self._popen.kill()
        self._popen.wait()
        self._words.close()


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name.startswith(("XINYONG_", "DJANGO_"))}


class _Idle:
    """At most one process that waits for its next job; it is never shared with a fork."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: _Process | None = None
        self._owner = os.getpid()

    def take(self) -> _Process | None:
        with self._lock:
            kept, self._kept = self._kept, None
        if kept is None or self._owner != os.getpid():
            return None
        if kept.usable:
            return kept
        kept.close()
        return None

    def keep(self, process: _Process) -> None:
        with self._lock:
            if self._owner != os.getpid():
                self._kept, self._owner = None, os.getpid()
            if self._kept is None:
                self._kept = process
                return
        process.close()

    def close(self) -> None:
        process = self.take()
        if process is not None:
            process.close()


_idle = _Idle()
atexit.register(_idle.close)


def worth_it(path: Path) -> bool:
    """Whether reading this file in a second process pays for starting one."""
    try:
        size = path.stat().st_size
        if size * _PACKED < _WORTH_BYTES:
            return False
        with path.open("rb") as file:
            packed = file.read(2) in (GZIP_MAGIC, b"PK")
    except OSError:
        return False  # whoever opens it says why it cannot be read
    return (size * _PACKED if packed else size) >= _WORTH_BYTES


def warm(path: Path) -> None:
    """Start a process now where this file will need one: it is ready when the file is kept and numbered."""
    if worth_it(path):
        process = _idle.take()
        _idle.keep(process if process is not None else _Process())


@contextlib.contextmanager
def prepared(job: Job) -> Iterator[preparing.Prepared]:
    """The job in a second process. Leaving early, with or without an error, ends that process."""
    process, message = _open(job)
    file = _Aside(job, process, message)
    try:
        yield file
    except BaseException:
        process.close()
        raise
    if file.finished:
        _idle.keep(process)
    else:
        process.close()


def _open(job: Job) -> tuple[_Process, Opened]:
    process = _idle.take()
    if process is not None:
        try:
            return process, _opened(process, job)
        except CheckerLost:
            process.close()  # it went to rest just now
        except BaseException:
            process.close()
            raise
    process = _Process()
    try:
        return process, _opened(process, job)
    except BaseException:
        process.close()
        raise


def _opened(process: _Process, job: Job) -> Opened:
    process.send(job)
    message, _ = _answer(process)
    assert isinstance(message, Opened)  # the first answer to a job
    return message


def _answer(process: _Process) -> tuple[object, list[int]]:
    """The next message; what failed there is raised here."""
    try:
        message, files = process.receive()
    except wire.Ended:
        raise process.lost() from None
    if isinstance(message, Failed):
        if message.trace:
            log.error("reading and checking in the second process failed: %s", message.trace)
        raise message.error or RuntimeError("reading and checking failed in the second process; see the log")
    return message, files


class _Aside:
    """An open delivery whose batches come from the second process."""

    def __init__(self, job: Job, process: _Process, opened: Opened) -> None:
        self._job, self._process = job, process
        self.info = opened.info
        self._outcome: Outcome | None = None

    @property
    def finished(self) -> bool:
        return self._outcome is not None

    def batches(self) -> Generator[Batch, None, None]:
        self._process.send(Go())
        while True:
            message, files = _answer(self._process)
            if isinstance(message, Done):
                self._outcome = message.outcome
                return
            assert isinstance(message, Rows)  # rows until the end
            batch = self._batch(message, files)
            self._process.send(Taken())
            yield batch

    def _batch(self, message: Rows, files: list[int]) -> Batch:
        entries = {entry.code: entry for entry in self._job.entries}
        try:
            parts = [
                Part(
                    target=self._job.target(entries[code], layout),
                    rows=pl.read_ipc(wire.name_of(file)),
                )
                for (code, layout), file in zip(message.targets, files, strict=True)
            ]
        finally:
            for file in files:
                os.close(file)
        return Batch(parts=parts, findings=message.findings, read=message.read, position=message.position)

    def outcome(self) -> Outcome:
        if self._outcome is None:
            raise RuntimeError("the outcome is known when the batches are read")
        return self._outcome
