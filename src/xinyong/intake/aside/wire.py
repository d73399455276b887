"""Messages between the loading process and the one that reads and checks: two ends of a socket of their own.

A message is its length, a pickled value, and open files beside it. Rows travel in files without a name (memory where the
system has it): the receiver maps them, and nothing is left behind however either process ends.
"""

from __future__ import annotations

import os
import pickle
import socket
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any

_LENGTH = 8
#: Files beside one message; the kernel passes 253 at most.
MOST_FILES = 250


class Ended(Exception):
    """The other end is closed."""


def send(end: socket.socket, value: object, files: Sequence[int] = ()) -> None:
    """Send one message. Raises Ended when nobody is there to receive it."""
    body = pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
    try:
        socket.send_fds(end, [len(body).to_bytes(_LENGTH, "big")], files)
        end.sendall(body)
    except (BrokenPipeError, ConnectionResetError) as error:
        raise Ended from error


def receive(end: socket.socket) -> tuple[Any, list[int]]:
    """The next message and its files, which the caller closes. Raises Ended."""
    try:
        head, files, _, _ = socket.recv_fds(end, _LENGTH, MOST_FILES)
        head += _exactly(end, _LENGTH - len(head)) if head else b""
        if not head:
            raise Ended
        body = _exactly(end, int.from_bytes(head, "big"))
    except ConnectionResetError as error:
        raise Ended from error
    # Only this process's own child or parent holds the other end.
    return pickle.loads(body), files  # noqa: S301


def _exactly(end: socket.socket, length: int) -> bytes:
    taken = bytearray(length)
    view, done = memoryview(taken), 0
    while done < length:
        count = end.recv_into(view[done:])
        if not count:
            raise Ended
        done += count
    return bytes(taken)


def written(fill: Callable[[IO[bytes]], object], folder: Path) -> IO[bytes]:
    """A file without a name that ``fill`` has written; in memory, or in ``folder`` where the system has no such files."""
    create = getattr(os, "memfd_create", None)
    file: IO[bytes] = os.fdopen(create("xinyong"), "w+b") if create else tempfile.TemporaryFile(dir=folder)  # noqa: SIM115
    try:
        fill(file)
        file.flush()
    except BaseException:
        file.close()
        raise
    return file


def name_of(file: int) -> str:
    """A path under which this process can open the file again."""
    return f"/dev/fd/{file}"
