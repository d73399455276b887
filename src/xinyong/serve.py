"""``xinyong serve``: the site on Granian, with a thread that keeps the effects up and workers that take in deliveries."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from xinyong.errors import ErrorCode, XinyongError
from xinyong.runtime import config, keeping
from xinyong.runtime.command import command, setup_django

if TYPE_CHECKING:
    from xinyong.intake.queue.worker import Crew


#: How long the server is given to answer what it has begun, seconds.
PATIENCE = 20.0


class ServerStart(XinyongError):
    """The site cannot be served."""

    code = ErrorCode.SERVER_START
    exit_code = 3
    zh = "网站无法启动：{why}。{what_to_do}"
    en = "The site cannot start: {why}. {what_to_do}"


def check_port(host: str, port: int) -> None:
    """Raise ServerStart when something else listens there already."""
    with closing(socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise ServerStart(
                why=f"{host}:{port} 已被占用 / is in use ({error.strerror})",
                what_to_do="请设置 XINYONG_PORT。Set XINYONG_PORT.",
            ) from error


def collect_static() -> None:
    """Hashed, compressed copies of the static files, and compiled translations."""
    from django.core.management import call_command

    from xinyong.ui import translations

    translations.compile()
    call_command("collectstatic", interactive=False, verbosity=0, ignore_patterns=["admin"])


def start_server(host: str, port: int, workers: int) -> subprocess.Popen[bytes]:
    """Granian in a child process."""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "xinyong.settings_web"}
    arguments = [
        sys.executable,
        "-m",
        "granian",
        "--interface",
        "wsgi",
        "--host",
        host,
        "--port",
        str(port),
        "--workers",
        str(workers),
        "--blocking-threads",
        "4",
        "--no-ws",
        "--log-level",
        "warning",
        "--respawn-failed-workers",
        "xinyong.wsgi:application",
    ]
    return subprocess.Popen(arguments, env=environment)


def start_door(host: str, port: int, workers: int) -> subprocess.Popen[bytes]:
    """The fast door of verification in a child process: Granian over RSGI."""
    arguments = [
        sys.executable,
        "-m",
        "granian",
        "--interface",
        "rsgi",
        "--host",
        host,
        "--port",
        str(port),
        "--workers",
        str(workers),
        "--no-ws",
        "--log-level",
        "warning",
        "--respawn-failed-workers",
        "xinyong.verification.rsgi:application",
    ]
    return subprocess.Popen(arguments, env={**os.environ, "DJANGO_SETTINGS_MODULE": "xinyong.settings"})


def end_server(server: subprocess.Popen[bytes], patience: float = PATIENCE) -> int:
    """Ask the server to end, and kill it with its workers when it does not. Returns its exit code.

    A server told to end while it starts its workers waits for them for ever.
    """
    if server.poll() is None:
        server.terminate()
        try:
            server.wait(patience)
        except subprocess.TimeoutExpired:
            workers: list[int] = []
            with suppress(OSError):  # gone meanwhile, or a system without /proc: the parent alone is killed
                workers = [
                    int(one) for one in Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
                ]
            server.kill()
            for one in workers:
                with suppress(ProcessLookupError):
                    os.kill(one, signal.SIGKILL)
            server.wait()
    return server.returncode


def keep_effect(name: str, stop: threading.Event, seconds: float | None = None) -> None:
    """Let one effect read on until told to stop: at once when events are announced, and every second besides.

    A failure is logged, twice a minute at most, and tried again with each round: the corridor waits.
    """
    import logging

    from xinyong.ledger import corridor
    from xinyong.runtime import database

    seconds = corridor.every(name) if seconds is None else seconds
    log, told = logging.getLogger("xinyong.effects"), 0.0

    def tell(what: str) -> None:
        nonlocal told
        if time.monotonic() - told > 30:
            told = time.monotonic()
            log.exception("effect %s: %s; trying again", name, what)

    while not stop.is_set():
        try:
            with database.connect(autocommit=True) as session:
                corridor.listen(session)
                while not stop.is_set():
                    try:
                        corridor.catch_up_one(name)
                    except Exception:  # the loop must outlive a database restart; the traceback is in the log
                        tell("could not catch up")
                    corridor.wait(session, seconds)
        except Exception:  # the session is gone: the database restarts, or is away
            tell("the database is away")
            stop.wait(5)


def start_workers(processes: int) -> Crew | None:
    """Worker processes beside the site; None for none."""
    from xinyong.intake.queue.worker import Crew

    if processes < 1:
        return None
    crew = Crew(processes, ways=True)
    crew.start()
    return crew


def keep_effects(stop: threading.Event) -> list[threading.Thread]:
    """A thread for each effect, so that a slow one holds up no other."""
    from xinyong.ledger import corridor
    from xinyong.runtime import database

    database.keep_sessions()
    threads = [
        threading.Thread(target=keep_effect, args=(name, stop), name=f"effect-{name}", daemon=True)
        for name in corridor.names()
    ]
    for thread in threads:
        thread.start()
    return threads


def run(host: str, port: int, workers: int) -> int:
    """Serve until interrupted. Returns the server's exit code."""
    from xinyong.feeds import actions as feeds
    from xinyong.notices import outbox
    from xinyong.opendata import keeper

    check_port(host, port)
    if config.get("XINYONG_VERIFY_PORT"):
        check_port(host, config.get("XINYONG_VERIFY_PORT"))
    stop = threading.Event()
    server = start_server(host, port, workers)
    keep_effects(stop)
    door_port = config.get("XINYONG_VERIFY_PORT")
    door = start_door(host, door_port, config.get("XINYONG_VERIFY_WORKERS")) if door_port else None
    if door is not None:
        from xinyong.verification import effects as verification

        threading.Thread(target=verification.ensure, name="verification-build", daemon=True).start()
    keeper.start(stop)
    keeping.start("notices", lambda: outbox.work(limit=50), 2.0, stop)
    keeping.start("feeds", lambda: feeds.work(limit=50), 1.0, stop)
    crew = start_workers(config.get("XINYONG_INTAKE_WORKERS"))
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    try:
        while not stop.wait(0.5):
            if server.poll() is not None:
                return server.returncode
        return end_server(server)
    except KeyboardInterrupt:
        end_server(server)
        return 0
    finally:
        stop.set()
        if door is not None:
            end_server(door)
        if crew is not None:
            crew.end()


@click.command()
@command
def serve(*, as_json: bool) -> None:
    """Serve the site on XINYONG_HOST:XINYONG_PORT until interrupted. Run 'xinyong migrate' first."""
    setup_django()
    collect_static()
    host, port = config.get("XINYONG_HOST"), config.get("XINYONG_PORT")
    check_port(host, port)
    click.echo(f"http://{host}:{port}/  ·  http://{host}:{port}/console/", err=as_json)
    sys.exit(run(host, port, config.get("XINYONG_WORKERS")))
