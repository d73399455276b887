"""One step of work ahead of its consumer: reading and checking go on while the last batch travels to the database."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterable
from typing import Generic, TypeVar

T = TypeVar("T")


class _Failure(Generic[T]):
    """An error of the producer, on its way to the consumer."""

    def __init__(self, error: BaseException) -> None:
        self.error = error


_END = object()


def ahead(items: Iterable[T], depth: int = 1) -> Generator[T, None, None]:
    """The items in their order, at most ``depth`` of them made before they are asked for.

    An error of ``items`` is raised here, after the items before it. When the consumer stops early, ``items`` is not
    read on, and the thread has ended when this generator is closed.
    """
    ready: queue.Queue[object] = queue.Queue(maxsize=depth)
    stop = threading.Event()

    def put(item: object) -> bool:
        while not stop.is_set():
            try:
                ready.put(item, timeout=0.1)
                return True
            except queue.Full:
                continue
        return False

    def produce() -> None:
        try:
            for item in items:
                if not put(item):
                    return
        except BaseException as error:  # handed over whole: the consumer raises it
            put(_Failure(error))
        else:
            put(_END)

    thread = threading.Thread(target=produce, name="intake-ahead", daemon=True)
    thread.start()
    try:
        while (item := ready.get()) is not _END:
            if isinstance(item, _Failure):
                raise item.error
            yield item  # type: ignore[misc]  # only items, the end and failures are put
    finally:
        stop.set()
        thread.join()
