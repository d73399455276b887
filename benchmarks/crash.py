"""Eight processes deliver, log and act at once while kill -9 hits them and the database at random (bars.md I9).

Each round starts loaders, readers of the corridor and an officer, kills some of them at random moments, in one round of
five the postmaster too, and at the end all that is left. Then one process takes up what was left behind, as the next
start of the platform would, and everything is checked: no fork (every earlier checkpoint is the beginning of the log), no
gap and no double in events, versions, deliveries and leaves, counts that add up, a log that verifies, a signed state.

    python benchmarks/crash.py --rounds 1000 [--seed 7] [--workers 8]

The first thing that is not as it should be ends the run with exit code 1 and says in which round, with which seed.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import pickle
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROUNDS = int(os.environ.get("ROUNDS", "25"))
#: Rounds on one database; then a fresh one, so that checking everything after each round stays cheap.
_RENEW = 40
_ENTITIES = 60
#: Seconds a recovery or a check may take before it counts as hung.
_PATIENCE = 120

#: What must hold after every round: (name, query, expected).
INVARIANTS: tuple[tuple[str, str, Any], ...] = (
    ("unfinished deliveries", "SELECT count(*) FROM intake_delivery WHERE state IN ('received', 'reading')", 0),
    ("gaps in the corridor", "SELECT coalesce(max(id), 0) - count(*) FROM ledger_event", 0),
    (
        "events whose order is not that of their times",
        "SELECT count(*) FROM (SELECT recorded_at <= lag(recorded_at) OVER (ORDER BY id) AS wrong FROM ledger_event) AS e "
        "WHERE wrong",
        0,
    ),
    (
        "versions without an event, or events without their versions",
        "SELECT (SELECT count(*) FROM ledger_version) - coalesce(sum(version_to - version_from + 1), 0) FROM "
        "(SELECT DISTINCT version_from, version_to FROM ledger_event WHERE version_from IS NOT NULL) AS range",
        0,
    ),
    (
        "events with missing versions",
        "SELECT count(*) FROM ledger_event AS event WHERE version_from IS NOT NULL AND (SELECT count(*) FROM ledger_version "
        "WHERE version_id BETWEEN version_from AND version_to AND delivery_id = event.delivery_id) "
        "<> version_to - version_from + 1",
        0,
    ),
    (
        "records with a gap or a double in their versions",
        "SELECT count(*) FROM (SELECT record_id FROM ledger_version GROUP BY record_id "
        "HAVING count(*) <> max(version_no) OR min(version_no) <> 1 OR count(DISTINCT entity_id) <> 1) AS wrong",
        0,
    ),
    (
        "heads that are not the newest version",
        "SELECT count(*) FROM ledger_record AS head FULL JOIN (SELECT DISTINCT ON (record_id) record_id, version_no, "
        "content_hash FROM ledger_version ORDER BY record_id, version_no DESC) AS newest USING (record_id) "
        "WHERE head.version_no IS DISTINCT FROM newest.version_no OR head.content_hash IS DISTINCT FROM newest.content_hash",
        0,
    ),
    (
        "versions equal to the one before",
        "SELECT count(*) FROM ledger_version AS later JOIN ledger_version AS earlier USING (entity_id, record_id) "
        "WHERE later.version_no = earlier.version_no + 1 AND later.content_hash = earlier.content_hash",
        0,
    ),
    (
        "records that are there twice under one business key",
        "SELECT count(*) FROM (SELECT dataset_id, source_key, entity_id FROM ledger_record GROUP BY 1, 2, 3 "
        "HAVING count(*) > 1) AS doubled",
        0,
    ),
    (
        "receipts that do not add up",
        "SELECT count(*) FROM intake_delivery WHERE state = 'committed' AND read <> accepted + rejected + unchanged",
        0,
    ),
    (
        "accepted rows that are no versions",
        "SELECT (SELECT coalesce(sum(accepted), 0) FROM intake_delivery WHERE state = 'committed') - "
        "(SELECT count(*) FROM ledger_version)",
        0,
    ),
    (
        "gaps in the numbers of deliveries",
        "SELECT max(right(number, 4)::int) - count(*) FROM intake_delivery",
        0,
    ),
    (
        "acts without an event, or events without an act",
        "SELECT count(*) FROM ledger_status AS act FULL JOIN (SELECT id FROM ledger_event WHERE kind = 'status.recorded') "
        "AS event ON event.id = act.event_id WHERE act.event_id IS NULL OR event.id IS NULL",
        0,
    ),
    (
        "effects behind",
        "SELECT count(*) FROM ledger_effect_position WHERE event_id <> (SELECT coalesce(max(id), 0) FROM ledger_event)",
        0,
    ),
    (
        "leaves that are not the versions",
        "SELECT (SELECT coalesce(sum(leaves), 0) FROM ledger_log_range) - (SELECT count(*) FROM ledger_version)",
        0,
    ),
    (
        "a last range without a checkpoint",
        "SELECT count(*) FROM (SELECT note FROM ledger_log_range ORDER BY first_leaf DESC LIMIT 1) AS last WHERE note IS NULL",
        0,
    ),
)


Work = Callable[[random.Random], None]


class Broken(Exception):
    """Something is not as it should be after a crash."""


@dataclass(slots=True)
class Tally:
    """What happened in a run."""

    rounds: int = 0
    kills: int = 0
    postmaster_kills: int = 0
    restarts: int = 0
    versions: int = 0
    deliveries: int = 0
    acts: int = 0
    checkpoints: int = 0
    recovery_seconds: list[float] = field(default_factory=list)


class Harness:
    """One home with its server, and the processes that work in it."""

    def __init__(self, folder: Path, *, seed: int, workers: int, log: Callable[[str], None]) -> None:
        self.folder = folder
        self.luck = random.Random(seed)
        self.seed = seed
        self.workers = workers
        self.tally = Tally()
        self._log = log
        self._errors = folder / "errors"
        self._files = folder / "files"
        self._living: dict[int, int] = {}
        self._signed: tuple[int, bytes] | None = None
        for path in (self._errors, self._files):
            path.mkdir(parents=True, exist_ok=True)

    # --- set-up ---

    def prepare(self) -> None:
        """A migrated home and the officer who acts."""
        from xinyong.accounts import actions as accounts
        from xinyong.accounts.models import Role
        from xinyong.migrate import prepare

        prepare()
        accounts.create_user(
            username="crash-officer",
            password="a-long-password-1",
            display_name="crash",
            role=Role.OPERATOR,
            department=None,
            acting="crash",
        )
        self._warm()
        self._close()
        self._admin("CREATE DATABASE crash_template TEMPLATE xinyong")

    @staticmethod
    def _warm() -> None:
        """Read what every process would read first, so that a fresh one works at once. No thread may be started here."""
        from datetime import date
        from importlib import import_module

        from xinyong.catalogue import selectors as catalogue
        from xinyong.ledger import rules
        from xinyong.standards import calendar

        for name in ("intake.actions", "intake.reader", "ledger.corridor", "ledger.actions", "ledger.log.verify"):
            import_module(f"xinyong.{name}")
        for dataset in ("registration", "abnormal-list"):
            catalogue.entry(dataset, date(2026, 11, 20))
        calendar.official()
        rules.rule_set()

    def renew(self) -> None:
        """A database without data, as migrated; the old log goes with it."""
        self._count()
        self._admin(
            "DROP DATABASE xinyong WITH (FORCE)",
            "CREATE DATABASE xinyong TEMPLATE crash_template",
            # A copied sequence is not in the log of the server before the next checkpoint; every real one is.
            "CHECKPOINT",
        )
        shutil.rmtree(self.folder / "home" / "log", ignore_errors=True)
        self._signed = None

    def _admin(self, *statements: str) -> None:
        import psycopg

        from xinyong.runtime import postgres

        postgres.start()
        url = postgres.server().url.replace("dbname=xinyong", "dbname=postgres")
        with psycopg.connect(url, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    @staticmethod
    def _close() -> None:
        from django.db import connections

        connections.close_all()

    # --- processes ---

    def _start(self, work: Work) -> None:
        seed = self.luck.getrandbits(64)
        kind = self._kinds().index(work)
        pid = os.fork()
        if pid:
            self._living[pid] = kind
            return
        try:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            work(random.Random(seed))
        except BaseException:
            (self._errors / f"{os.getpid()}.txt").write_text(traceback.format_exc(), encoding="utf-8")
        finally:
            os._exit(0)

    def _again(self, deed: Callable[[], Any]) -> None:
        """Do it, and take what a killed database or a busy delivery answers as an answer."""
        import django.db
        import psycopg

        from xinyong.intake.actions import DeliveryBusy
        from xinyong.ledger.errors import RecordNotFound, StatusRefused
        from xinyong.runtime import database
        from xinyong.runtime.postgres import DatabaseUnavailable

        try:
            deed()
        except (DeliveryBusy, DatabaseUnavailable, StatusRefused, RecordNotFound):
            pass
        except (psycopg.OperationalError, psycopg.InterfaceError, django.db.OperationalError, django.db.InterfaceError):
            pass
        except Exception as error:
            if database.explain(error) is None:
                raise
        finally:
            with contextlib.suppress(Exception):
                self._close()

    def _file(self, luck: random.Random) -> tuple[Path, str]:
        """A registration or penalty file about some of the same few entities, new content in most rows."""
        from xinyong.standards import credit_code, organisation_code

        def code(number: int) -> str:
            body = f"{number:08d}"
            front = "91410700" + body + organisation_code.check_character(body)
            return front + credit_code.check_character(front)

        dataset = luck.choice(("registration", "registration", "abnormal-list"))
        path = self._files / f"{os.getpid()}-{luck.getrandbits(48):012x}.csv"
        chosen = luck.sample(range(_ENTITIES), luck.randint(1, 40))
        if dataset == "registration":
            head = "企业名称,统一社会信用代码,注册日期\n"
            rows = [
                f"示例崩溃{n}之{luck.randint(1, 9)}有限公司,{code(n)},2015-01-0{luck.randint(1, 9)}\n" for n in chosen
            ]
            rows += [f"示例无效{n}有限公司,91410700000000000?,2015-01-01\n" for n in range(luck.randint(0, 2))]
        else:
            head = "企业名称,统一社会信用代码,列入原因,列入日期,列入机关,移出日期,移出机关\n"
            rows = [
                f"示例崩溃{n}有限公司,{code(n)},未按规定公示年度报告,2026-0{luck.randint(1, 9)}-01,示例市市场监督管理局,,\n"
                for n in chosen
            ]
        path.write_text(head + "".join(rows), encoding="utf-8")
        return path, dataset

    def _load(self, luck: random.Random) -> None:
        from xinyong.accounts import selectors as accounts
        from xinyong.intake import actions

        while True:
            path, dataset = self._file(luck)
            self._again(
                lambda path=path, dataset=dataset: actions.deliver(  # type: ignore[misc]
                    path, dataset=dataset, department=accounts.department("demo"), uploader="crash"
                )
            )
            path.unlink(missing_ok=True)

    def _follow(self, luck: random.Random) -> None:
        from xinyong.ledger import corridor

        while True:
            self._again(corridor.rebuild if luck.random() < 0.02 else corridor.catch_up)
            time.sleep(luck.uniform(0, 0.05))

    def _act(self, luck: random.Random) -> None:
        from django.db import connection

        from xinyong.accounts.models import User
        from xinyong.ledger import actions

        def deed() -> None:
            user = User.objects.get(username="crash-officer")
            with connection.cursor() as cursor:
                cursor.execute("SELECT record_id FROM ledger_record ORDER BY random() LIMIT 1")
                row = cursor.fetchone()
            if row is not None:
                act = luck.choice(("disputed", "dispute_ended", "corrected", "reinstated"))
                actions.record_status(user, row[0], act, reason="崩溃测试", basis="crash")

        while True:
            self._again(deed)
            time.sleep(luck.uniform(0, 0.05))

    def _resume(self, luck: random.Random) -> None:
        from xinyong.intake import actions

        while True:
            self._again(actions.resume)
            time.sleep(luck.uniform(0, 0.1))

    def _kinds(self) -> tuple[Work, ...]:
        """What the processes of a round do, in turn."""
        return (self._load, self._load, self._load, self._load, self._load, self._follow, self._act, self._resume)

    def _kill(self, pid: int) -> int:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        self.tally.kills += 1
        return self._living.pop(pid)

    def _kill_postmaster(self) -> None:
        from xinyong.runtime import postgres

        with contextlib.suppress(OSError, ValueError, IndexError):
            os.kill(int((postgres.server().data / "postmaster.pid").read_text().splitlines()[0]), signal.SIGKILL)
            self.tally.postmaster_kills += 1
        postgres.start()

    # --- a round ---

    def round(self) -> None:
        """Work, blows, recovery, check."""
        luck = self.luck
        kinds = self._kinds()
        for number in range(self.workers):
            self._start(kinds[number % len(kinds)])
        self._under_way()
        for _ in range(luck.randint(1, 5)):
            time.sleep(luck.uniform(0.05, 1.0))
            victim = luck.choice(list(self._living))
            self._start(kinds[self._kill(victim)])
            self.tally.restarts += 1
        if luck.random() < 0.2:
            self._kill_postmaster()
            time.sleep(luck.uniform(0, 0.4))
        for pid in list(self._living):
            self._kill(pid)
            time.sleep(luck.uniform(0, 0.01))
        started = time.monotonic()
        self._recover()
        self.tally.recovery_seconds.append(time.monotonic() - started)
        deep = self.tally.rounds % 10 == 0
        self._signed = self._child(lambda: self.check(deep=deep))
        self.tally.rounds += 1

    def _under_way(self) -> None:
        """Wait until somebody has committed something, so that the blows fall on work and not on the start of programs."""
        committed = "SELECT count(*) FROM intake_delivery WHERE state = 'committed'"
        before, deadline = self._value(committed), time.monotonic() + 30
        while self._value(committed) == before and time.monotonic() < deadline:
            time.sleep(0.1)

    def _recover(self) -> None:
        """What the next start of the platform does, in a process of its own."""
        from xinyong.runtime import postgres

        postgres.start()
        self._answers()
        self._child(self._take_up)
        for path in self._files.iterdir():
            path.unlink()
        if said := sorted(self._errors.iterdir()):
            raise Broken("\n".join(path.read_text(encoding="utf-8") for path in said))

    def _take_up(self) -> None:
        from xinyong.intake import actions
        from xinyong.ledger import corridor

        for _ in range(600):  # sessions of killed loaders hold their leases until the server has noticed
            actions.resume()
            if self._value(INVARIANTS[0][1]) == 0:
                break
            time.sleep(0.1)
        corridor.catch_up()

    def _child(self, deed: Callable[[], Any]) -> Any:
        """Do it in a process of its own: this one forks, so no library may ever start a thread in it. Raises Broken."""
        result = self.folder / "result"
        pid = os.fork()
        if pid == 0:
            try:
                answer: tuple[str, Any] = ("done", deed())
            except Broken as error:
                answer = ("broken", str(error))
            except BaseException:
                answer = ("broken", traceback.format_exc())
            result.write_bytes(pickle.dumps(answer))
            os._exit(0)
        deadline = time.monotonic() + _PATIENCE
        while os.waitpid(pid, os.WNOHANG) == (0, 0):
            if time.monotonic() > deadline:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
                raise Broken(f"no end after {_PATIENCE} s: {getattr(deed, '__name__', 'check')}")
            time.sleep(0.01)
        kind, value = pickle.loads(result.read_bytes())
        if kind == "broken":
            raise Broken(value)
        return value

    @staticmethod
    def _answers() -> None:
        """Wait for a server that is still recovering: one a worker started may be up and not yet take anybody."""
        import psycopg

        from xinyong.runtime import database

        deadline = time.monotonic() + 120
        while True:
            try:
                psycopg.connect(database.owner_conninfo()).close()
                return
            except psycopg.OperationalError as error:
                if time.monotonic() > deadline:
                    raise Broken(f"the server does not come back: {error}") from error
                time.sleep(0.1)

    def _value(self, query: str) -> Any:
        from xinyong.runtime import database

        with database.connect_owner(autocommit=True) as connection:
            row = connection.execute(query.encode()).fetchone()
            return row[0] if row else None

    def check(self, *, deep: bool = False) -> tuple[int, bytes] | None:
        """Everything that must hold; what is signed now. Raises Broken. ``deep``: also read models built from zero."""
        from xinyong.ledger.log import merkle, state, verify
        from xinyong.runtime import database

        for name, query, expected in INVARIANTS:
            found = self._value(query)
            if found is not None and found != expected:
                raise Broken(f"{name}: {found}")
        report = verify.verify(processes=1)
        if report.found:
            raise Broken("the log: " + "; ".join(item.en for item in report.findings[:5]))
        with database.connect(autocommit=True) as connection:
            last = state.last_range(connection)
        if last is not None and self._signed is not None:
            size, root = self._signed
            reader = merkle.TileReader(last.size, state.folder(report.installation).tile)
            if not merkle.verify_consistency(size, last.size, root, last.root, reader.consistency(size)):
                raise Broken(f"the log forked: what was signed at {size} is not the beginning of {last.size}")
        if deep and last is not None:
            from xinyong.ledger import corridor

            before = self._read_models()
            corridor.rebuild()
            if self._read_models() != before:
                raise Broken("read models built again from zero are not the same")
        return (last.size, last.root) if last is not None else self._signed

    def _read_models(self) -> str:
        from xinyong.runtime import database

        with database.connect_owner(autocommit=True) as connection:
            rows = connection.execute("SELECT * FROM publicity_window ORDER BY entity_id, record_id").fetchall()
        return repr(rows)

    def _count(self) -> None:
        self.tally.versions += int(self._value("SELECT count(*) FROM ledger_version") or 0)
        self.tally.acts += int(self._value("SELECT count(*) FROM ledger_status") or 0)
        self.tally.deliveries += int(self._value("SELECT count(*) FROM intake_delivery WHERE state = 'committed'") or 0)
        self.tally.checkpoints += int(self._value("SELECT count(*) FROM ledger_log_range WHERE note IS NOT NULL") or 0)

    def end(self) -> None:
        """End every process that was started here."""
        for pid in list(self._living):
            with contextlib.suppress(ProcessLookupError, ChildProcessError):
                self._kill(pid)


@contextlib.contextmanager
def home() -> Iterator[Path]:
    """A folder with a home of its own as the platform's; its server is stopped at the end."""
    with tempfile.TemporaryDirectory(prefix="xinyong-crash-") as name:
        os.environ["XINYONG_HOME"] = f"{name}/home"
        os.environ.pop("XINYONG_DATABASE_URL", None)
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "xinyong.settings")
        import django

        django.setup()
        try:
            yield Path(name)
        finally:
            from xinyong.runtime import postgres

            postgres.stop()


def run(
    rounds: int = ROUNDS, *, seed: int | None = None, workers: int = 8, seconds: float | None = None
) -> dict[str, Any]:
    """All rounds, or as many as fit into ``seconds``; the first broken one raises."""
    seed = random.SystemRandom().getrandbits(32) if seed is None else seed
    started = time.monotonic()
    with home() as folder:
        harness = Harness(folder, seed=seed, workers=workers, log=lambda text: print(text, file=sys.stderr))
        try:
            harness.prepare()
            begun = time.monotonic()
            while harness.tally.rounds < rounds:
                if seconds is not None and time.monotonic() - begun > seconds:
                    break
                if harness.tally.rounds and harness.tally.rounds % _RENEW == 0:
                    harness.renew()
                try:
                    harness.round()
                except Broken as error:
                    raise Broken(f"round {harness.tally.rounds}, seed {seed}: {error}") from error
                if harness.tally.rounds % 10 == 0:
                    print(
                        f"{harness.tally.rounds} rounds, {time.monotonic() - started:.0f} s",
                        file=sys.stderr,
                        flush=True,
                    )
            harness._count()
            if not harness.tally.deliveries or not harness.tally.checkpoints:
                raise Broken("no process came as far as a commit: the machine is too busy for this test")
        finally:
            harness.end()
        tally = harness.tally
    recovery = sorted(tally.recovery_seconds) or [0.0]
    return {
        "figure": tally.rounds,
        "unit": "rounds without a fork, gap or double",
        "bar": 1000,
        "seed": seed,
        "workers": workers,
        "kills": tally.kills,
        "postmaster_kills": tally.postmaster_kills,
        "deliveries": tally.deliveries,
        "versions": tally.versions,
        "acts": tally.acts,
        "checkpoints": tally.checkpoints,
        "recovery_seconds_median": round(recovery[len(recovery) // 2], 2),
        "recovery_seconds_max": round(recovery[-1], 2),
        "seconds": round(time.monotonic() - started),
    }


def main() -> int:
    """One JSON line; 1 when a round broke something."""
    parser = argparse.ArgumentParser(description="Crash test: eight processes and kill -9 at random moments.")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--seconds", type=float, help="end after this time, however many rounds are done")
    options = parser.parse_args()
    try:
        print(json.dumps(run(options.rounds, seed=options.seed, workers=options.workers, seconds=options.seconds)))
    except Broken as error:
        print(f"BROKEN: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
