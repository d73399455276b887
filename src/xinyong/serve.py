"""``xinyong serve``: the site on Granian, with a thread that keeps the effects up."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import closing

import click

from xinyong.errors import ErrorCode, XinyongError
from xinyong.runtime import config
from xinyong.runtime.command import command, setup_django


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


def keep_effects(stop: threading.Event, seconds: float = 1.0) -> None:
    """Let the effects read on until told to stop: at once when events are announced, and every second besides.

    An effect that fails is tried again with each round and holds up nobody: the others have read on by then. The log
    says so twice a minute, not every second.
    """
    import logging

    from xinyong.ledger import corridor
    from xinyong.runtime import database

    log, told = logging.getLogger("xinyong.effects"), 0.0
    while not stop.is_set():
        try:
            with database.connect(autocommit=True) as session:
                corridor.listen(session)
                while not stop.is_set():
                    try:
                        corridor.catch_up()
                    except Exception:  # the loop must outlive a database restart; the traceback is in the log
                        if time.monotonic() - told > 30:
                            told = time.monotonic()
                            log.exception("effects could not catch up; trying again")
                    corridor.wait(session, seconds)
        except Exception:  # the session is gone: the database restarts, or is away
            if time.monotonic() - told > 30:
                told = time.monotonic()
                log.exception("the database is away; trying again")
            stop.wait(5)


def run(host: str, port: int, workers: int) -> int:
    """Serve until interrupted. Returns the server's exit code."""
    check_port(host, port)
    stop = threading.Event()
    server = start_server(host, port, workers)
    worker = threading.Thread(target=keep_effects, args=(stop,), daemon=True)
    worker.start()
    signal.signal(signal.SIGTERM, lambda *_: server.terminate())
    try:
        return server.wait()
    except KeyboardInterrupt:
        server.terminate()
        server.wait(20)
        return 0
    finally:
        stop.set()


@click.command()
@command
def serve(*, as_json: bool) -> None:
    """Serve the site on XINYONG_HOST:XINYONG_PORT until interrupted. Run 'xinyong migrate' first."""
    setup_django()
    from xinyong.intake import actions

    collect_static()
    actions.resume()
    host, port = config.get("XINYONG_HOST"), config.get("XINYONG_PORT")
    check_port(host, port)
    click.echo(f"http://{host}:{port}/  ·  http://{host}:{port}/console/", err=as_json)
    sys.exit(run(host, port, config.get("XINYONG_WORKERS")))
