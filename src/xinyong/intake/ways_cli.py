"""``xinyong watch`` and ``xinyong pull``: ways in that run by themselves."""

from __future__ import annotations

import signal
import sys
import threading
import time
from dataclasses import asdict

import click

from xinyong.errors import XinyongError
from xinyong.runtime.command import command, emit, setup_django


def _stop_event() -> threading.Event:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


@click.command()
@click.option("--once", is_flag=True, help="Receive what is complete, take it in, move it aside, and end.")
@command
def watch(once: bool, *, as_json: bool) -> None:
    """Watch the folder XINYONG_INBOX: DEPARTMENT/DATASET/file.

    A file counts as complete when NAME.done lies beside it, or when it was unchanged for XINYONG_INBOX_QUIET seconds.
    It is received, taken in by a worker, and moved to taken/ or refused/ with its receipt and error list. Nothing is
    deleted. With --once the exit code is 1 when something lies there that could not be taken.
    """
    setup_django()
    from xinyong.intake.folder import watch as folder
    from xinyong.intake.queue import worker
    from xinyong.runtime import config

    inbox = folder.inbox()
    if inbox is None:
        raise click.UsageError("XINYONG_INBOX names no folder")
    stop = _stop_event()
    watcher = folder.Watcher(inbox, float(config.get("XINYONG_INBOX_QUIET")))
    if not once:
        folder.watch(watcher, stop)
        return
    deeds = watcher.look()
    if watcher.waiting() and watcher.quiet:
        stop.wait(watcher.quiet + 0.1)
        deeds += watcher.look()
    deadline = time.monotonic() + 3600
    while watcher.waiting() and time.monotonic() < deadline and not stop.is_set():
        worker.work(stop, once=True)
        moved = watcher.look()
        deeds += moved
        if not moved:
            break
    problems = {str(path.relative_to(inbox)): words.splitlines() for path, words in watcher.problems.items()}
    emit(
        {"moved": deeds, "waiting": watcher.waiting(), "problems": problems},
        as_json=as_json,
        text="\n".join(
            [
                f"处理 {deeds} 步，尚有 {watcher.waiting()} 个文件等待。{watcher.waiting()} files wait.",
                *(f"{name}: {' '.join(words)}" for name, words in problems.items()),
            ]
        ),
    )
    if problems:
        sys.exit(1)


@click.command()
@click.argument("source", required=False)
@click.option("--once", is_flag=True, help="Pull what is new now, then end.")
@click.option("--check", "check_only", is_flag=True, help="Connect and read, change nothing.")
@command
def pull(source: str | None, once: bool, check_only: bool, *, as_json: bool) -> None:
    """Pull new rows of SOURCE, a front-end table of a department's database, take them in, and flag them back.

    Without SOURCE the sources of XINYONG_SOURCES are listed. Without --once it goes on, on the rhythm of the source.
    """
    setup_django()
    from xinyong.intake.pull import run, sources
    from xinyong.ledger import corridor

    if source is None:
        for name in sources.names():
            try:
                found = sources.load(name)
                emit(
                    {
                        "source": name,
                        "department": found.department,
                        "dataset": found.dataset,
                        "address": str(found.address),
                    },
                    as_json=as_json,
                    text=f"{name:<24}{found.department:<24}{found.dataset:<20}{found.dialect} {found.address} {found.table}",
                )
            except XinyongError as error:
                emit({"source": name, **error.as_dict()}, as_json=as_json, text=f"{name:<24}{error.message('zh')}")
        if not sources.names():
            emit({"sources": 0}, as_json=as_json, text=f"没有抽取源：{sources.folder()}。No source is defined.")
        return
    definition = sources.load(source)
    if check_only:
        new = run.check(definition)
        emit(
            {"source": source, "new": new},
            as_json=as_json,
            text=f"连接正常，待抽取 {new} 行。Connected; {new} new rows.",
        )
        return
    stop = _stop_event()
    while True:
        failed: XinyongError | None = None
        try:
            for done in run.pull_all(definition):
                value = {**asdict(done), "receipt": done.receipt.delivery if done.receipt else None}
                emit(
                    value,
                    as_json=as_json,
                    text=f"{done.source}: {done.state} · 读取 {done.rows} · 标记成功 {done.taken} · 标记失败 {done.failed} "
                    f"· 期间变化 {done.changed}" + (f" · {done.receipt.delivery}" if done.receipt else ""),
                )
            corridor.catch_up()
        except XinyongError as error:
            failed = error
        if once:
            if failed is not None:
                raise failed
            return
        if failed is not None:
            click.echo(f"{failed.message('zh')}\n{failed.message('en')}", err=True)
        if stop.wait(definition.every_minutes * 60):
            return
