"""``xinyong worker``: take in what waits."""

from __future__ import annotations

import os
import signal
import threading
from dataclasses import asdict

import click

from xinyong.intake.cli import receipt_text
from xinyong.intake.receipt import Receipt
from xinyong.runtime.command import command, emit, setup_django


@click.command()
@click.option("--once", is_flag=True, help="Take in what waits now, then end.")
@click.option(
    "--processes",
    default=1,
    show_default=True,
    type=click.IntRange(1, 64),
    help="Worker processes; from two on, one takes only small deliveries.",
)
@click.option("--small", "small_only", is_flag=True, help="Take only small deliveries.")
@click.option("--ways/--no-ways", default=False, help="Also watch XINYONG_INBOX and pull the sources on their rhythm.")
@click.option("--child", is_flag=True, hidden=True)
@command
def worker(once: bool, processes: int, small_only: bool, ways: bool, child: bool, *, as_json: bool) -> None:
    """Take in received deliveries, fairly between departments, until interrupted.

    Any number of workers on any number of machines share one line. 'xinyong serve' runs XINYONG_INTAKE_WORKERS of them.
    """
    setup_django(database=not child)
    from xinyong.intake.queue import worker as room
    from xinyong.runtime import database

    if child:
        database.keep_sessions()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if processes > 1 and not once:
        crew = room.Crew(processes, *(["--json"] if as_json else []), ways=ways)
        crew.start()
        stop.wait()
        crew.end()
        return

    if ways and not once:
        room.start_ways(stop)

    def told(receipt: Receipt) -> None:
        emit(asdict(receipt), as_json=as_json, text=receipt_text(receipt))

    done = room.work(stop, once=once, small_only=small_only, told=told, parent=os.getppid() if child else None)
    emit({"finished": done}, as_json=as_json, text=f"处理完 {done} 批。{done} deliveries finished.")
