"""The second process: reads and checks one job after the other and sends the parts home. ``python -m … FD``.

It ends with its parent (the socket is closed then, whatever ended it), and by itself when no job comes for a while.
"""

from __future__ import annotations

import os
import queue
import socket
import sys
import threading
from functools import partial
from typing import IO

import polars as pl

from xinyong.errors import XinyongError
from xinyong.intake import preparing
from xinyong.intake.aside import wire
from xinyong.intake.aside.messages import AHEAD, IDLE_SECONDS, Done, Failed, Go, Opened, Rows, Taken
from xinyong.intake.preparing import Job
from xinyong.runtime import config, priority

#: Both ends are of one version: nothing is converted on the way.
_NEWEST = pl.CompatLevel.newest()


class Child:
    """One end of the socket, and how many batches the parent still takes."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._jobs: queue.Queue[Job] = queue.Queue()
        self._places = threading.Semaphore(0)
        self._go = threading.Event()
        threading.Thread(target=self._listen, name="aside-listen", daemon=True).start()

    def _listen(self) -> None:
        try:
            while True:
                message, _ = wire.receive(self._end)
                match message:
                    case Job():
                        self._jobs.put(message)
                    case Go():
                        self._go.set()
                    case Taken():
                        self._places.release()
        except wire.Ended:
            os._exit(0)  # nobody is left to work for, and the work may be deep in a library

    def run(self) -> None:
        """Jobs until none comes."""
        while True:
            try:
                job = self._jobs.get(timeout=IDLE_SECONDS)
            except queue.Empty:
                return
            self._places = threading.Semaphore(AHEAD)
            self._go.clear()
            self._do(job)

    def _do(self, job: Job) -> None:
        try:
            with preparing.opened(job) as preparation:
                wire.send(self._end, Opened(preparation.info))
                self._go.wait()
                for batch in preparation.batches():
                    self._places.acquire()
                    self._send(batch)
                wire.send(self._end, Done(preparation.outcome()))
        except wire.Ended:
            os._exit(0)
        except Exception as error:
            wire.send(self._end, _told(error))

    def _send(self, batch: preparing.Batch) -> None:
        files: list[IO[bytes]] = []
        folder = config.home("tmp")
        try:
            for part in batch.parts:
                files.append(wire.written(partial(part.rows.write_ipc, compat_level=_NEWEST), folder))
            targets = [(part.target.entry.code, part.target.layout) for part in batch.parts]
            message = Rows(targets, batch.findings, batch.read, batch.position)
            wire.send(self._end, message, [file.fileno() for file in files])
        finally:
            for file in files:
                file.close()


def _told(error: Exception) -> Failed:
    """The error in a form that arrives: those of libraries may not be made again from their text."""
    if isinstance(error, XinyongError):
        return Failed(error, "")
    import traceback

    told = "".join(traceback.format_exception(error))
    if isinstance(error, MemoryError):
        return Failed(MemoryError(str(error)), told)
    if isinstance(error, OSError):
        return Failed(OSError(error.errno, error.strerror or str(error)), told)
    return Failed(None, told)


def main() -> None:
    priority.stand_back()
    Child(socket.socket(fileno=int(sys.argv[1]))).run()


if __name__ == "__main__":
    main()
