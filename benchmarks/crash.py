"""Eight processes deliver, log and act at once while kill -9 hits them and the database at random (bars.md I9).

In each round, once a loader has committed something, some of the eight die at random moments and others take their
places; in one round of seven the postmaster dies too, in one of ten a single session of it, and who is left goes on with
the server that comes back. Then one more process signs what was committed, the writers are held where they are, and
everything that must hold at every moment is checked: no fork (every earlier checkpoint is the beginning of the log), no gap and no double
in events, versions, deliveries and leaves, counts that add up and never fall, the whole log against the ledger, a signed
state. In one round of eight all die; one process takes up what was left behind, as the next start of the platform would,
and what must hold at rest is checked besides; every third of those rounds also builds all read models and the log from
zero and compares them.

    python -m benchmarks.crash --rounds 1000 [--seed 7] [--workers 8] [--folder DIR [--resume]]

``--folder`` keeps the home, ``rounds.jsonl`` (a line a round) and ``state.json``; with ``--resume`` a stopped run goes on. The
first thing that is not as it should be ends the run with exit code 1 and says in which round, with which seed.
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
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

# One thread a process: eight of them share the cores. Read when Polars is first imported.
os.environ.setdefault("POLARS_MAX_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from benchmarks._crash_check import Broken, Signed, check
from benchmarks._crash_home import answers, fork, home, migrate, value
from benchmarks._crash_work import Works, preload

ROUNDS = int(os.environ.get("ROUNDS", "25"))
#: Rounds on one database; then a fresh one, so that checking everything after each round stays cheap.
_RENEW = 48
#: Of so many rounds one kills all; of so many of those one builds everything from zero.
_WHOLE, _DEEP = 8, 3
#: Rounds between two checkpoints of the server, which bound what it must replay.
_CHECKPOINT = 16
#: Shares of rounds in which the postmaster dies, and a session.
_POSTMASTER, _SESSION = 0.15, 0.1
#: Seconds a recovery or a check may take before it counts as hung.
_PATIENCE = 300


@dataclass(slots=True)
class Tally:
    """What happened in a run; kept between its parts."""

    seed: int = 0
    rounds: int = 0
    kills: int = 0
    postmaster_kills: int = 0
    session_kills: int = 0
    whole: int = 0
    deeds: int = 0
    versions: int = 0
    deliveries: int = 0
    acts: int = 0
    checkpoints: int = 0
    seconds: float = 0.0
    recovery: list[float] = field(default_factory=list)
    #: What was signed at the end of the last round, on the present database.
    signed: dict[str, Any] | None = None


class Harness:
    """One home with its server, and the processes that work in it."""

    def __init__(self, folder: Path, tally: Tally, *, workers: int) -> None:
        self.folder = folder
        self.tally = tally
        self.workers = workers
        self._errors = folder / "errors"
        self._files = folder / "files"
        self._living: dict[int, int] = {}
        for path in (self._errors, self._files):
            path.mkdir(parents=True, exist_ok=True)
        self.works = Works(self._files)

    # --- set-up ---

    def prepare(self) -> None:
        """A migrated home, the officer who acts, and a copy of both for :meth:`renew`."""
        if (self.folder / "prepared").exists():
            preload()
            self._child(self._take_up)
            return
        self._child(migrate)
        preload()
        self._admin("CREATE DATABASE crash_template TEMPLATE xinyong", "CHECKPOINT")
        (self.folder / "prepared").touch()

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
        self.tally.signed = None

    @staticmethod
    def _admin(*statements: str) -> None:
        import psycopg

        from xinyong.runtime import postgres

        postgres.start()
        url = postgres.server().url.replace("dbname=xinyong", "dbname=postgres")
        with psycopg.connect(url, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    # --- processes ---

    def _start(self, slot: int, luck: random.Random) -> None:
        seed = luck.getrandbits(64)
        pid = fork()
        if pid:
            self._living[pid] = slot
            return
        try:
            self.works.run(slot, random.Random(seed))
        except BaseException:
            (self._errors / f"{os.getpid()}.txt").write_text(traceback.format_exc(), encoding="utf-8")
        finally:
            os._exit(0)

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

    def _kill_session(self, luck: random.Random) -> None:
        """One session of the server dies; the server ends all others and recovers by itself."""
        from xinyong.runtime import postgres

        with contextlib.suppress(OSError, ValueError, IndexError):
            server = int((postgres.server().data / "postmaster.pid").read_text().splitlines()[0])
            children = Path(f"/proc/{server}/task/{server}/children").read_text().split()
            sessions = [child for child in children if b"xinyong" in Path(f"/proc/{child}/cmdline").read_bytes()]
            if sessions:
                os.kill(int(luck.choice(sessions)), signal.SIGKILL)
                self.tally.session_kills += 1

    # --- a round ---

    def round(self, *, last: bool) -> dict[str, Any]:
        """Work, blows, recovery, check. After the last one nobody lives."""
        number = self.tally.rounds
        luck = random.Random(f"{self.tally.seed}:{number}")
        begun = time.monotonic()
        self.works.clear()
        for slot in set(range(self.workers)) - set(self._living.values()):
            self._start(slot, luck)
        self._under_way()
        under_way = time.monotonic()
        for _ in range(luck.randint(1, 4)):
            time.sleep(luck.uniform(0.01, 0.3))
            self._start(self._kill(luck.choice(list(self._living))), luck)
        blow = luck.random()
        server = "postmaster" if blow < _POSTMASTER else "session" if blow < _POSTMASTER + _SESSION else ""
        if server == "postmaster":
            self._kill_postmaster()
        elif server == "session":
            self._kill_session(luck)
        whole = last or number % _WHOLE == _WHOLE - 1
        deep = whole and number // _WHOLE % _DEEP == _DEEP - 1
        if whole:
            time.sleep(luck.uniform(0, 0.3))
            for pid in list(self._living):
                self._kill(pid)
                time.sleep(luck.uniform(0, 0.01))
        self.tally.deeds += sum(self.works.done(slot) for slot in range(self.workers))
        killed = time.monotonic()
        before = Signed(**self.tally.signed) if self.tally.signed else None

        def recover() -> tuple[float, Signed | None]:
            from xinyong.ledger import corridor

            if whole:
                self._take_up()
            else:
                answers()
                corridor.catch_up_one("log")  # beside the others: a signed state, whatever just died
            recovered = time.monotonic()
            # Those who live are held where they are, in the midst of whatever they do: the cores are for the check.
            with self._held():
                return recovered, check(before, at_rest=whole, deep=deep)

        recovered, signed = self._child(recover)
        if said := sorted(self._errors.iterdir()):
            raise Broken("\n".join(path.read_text(encoding="utf-8") for path in said))
        self.tally.signed = asdict(signed) if signed else None
        if whole:
            self.tally.whole += 1
            self.tally.recovery.append(round(recovered - killed, 3))
            for path in self._files.iterdir():
                path.unlink()
        self.tally.rounds += 1
        if self.tally.rounds % _CHECKPOINT == 0:
            self._admin("CHECKPOINT")
        ended = time.monotonic()
        self.tally.seconds = round(self.tally.seconds + ended - begun, 3)
        return {
            "round": number,
            "under_way": round(under_way - begun, 2),
            "blows": round(killed - under_way, 2),
            "server": server,
            "whole": whole,
            "deep": deep,
            "recovery": round(recovered - killed, 2),
            "check": round(ended - recovered, 2),
            **(self.tally.signed or {}),
        }

    @contextlib.contextmanager
    def _held(self) -> Iterator[None]:
        self._signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._signal(signal.SIGCONT)

    def _signal(self, sign: signal.Signals) -> None:
        for pid in self._living:
            os.kill(pid, sign)

    def _under_way(self) -> None:
        """Wait until a loader has committed something, so that the blows fall on work and not on the start of programs."""
        loaders = [
            slot
            for slot in range(self.workers)
            if self.works.kinds[slot % len(self.works.kinds)] == self.works.kinds[0]
        ]
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and not any(self.works.done(slot) for slot in loaders):
            time.sleep(0.01)

    def _take_up(self) -> None:
        """What the next start of the platform does."""
        from xinyong.intake import actions
        from xinyong.ledger import corridor
        from xinyong.runtime import postgres

        postgres.start()
        answers()
        for _ in range(600):  # sessions of killed loaders hold their leases until the server has noticed
            actions.resume()
            if not value("SELECT count(*) FROM intake_delivery WHERE state IN ('received', 'reading', 'failed')"):
                break
            time.sleep(0.05)
        corridor.catch_up()

    def _child(self, deed: Callable[[], Any]) -> Any:
        """Do it in a process of its own: this one forks, so no library may ever start a thread in it. Raises Broken."""
        result = self.folder / "result"
        pid = fork()
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

    def _count(self) -> None:
        """Add what the present database holds to the tally."""
        for name in ("versions", "acts", "deliveries", "checkpoints"):
            setattr(self.tally, name, getattr(self.tally, name) + (self.tally.signed or {}).get(name, 0))

    def end(self) -> None:
        """End every process that was started here."""
        for pid in list(self._living):
            with contextlib.suppress(ProcessLookupError, ChildProcessError):
                self._kill(pid)


def run(
    rounds: int = ROUNDS,
    *,
    seed: int | None = None,
    workers: int = 8,
    seconds: float | None = None,
    folder: Path | None = None,
    resume: bool = False,
) -> dict[str, Any]:
    """All rounds, or as many as fit into ``seconds``; the first broken one raises."""
    tally = Tally(seed=random.SystemRandom().getrandbits(32) if seed is None else seed)
    kept = folder / "state.json" if folder else None
    if kept is not None and kept.exists():
        if not resume:
            raise SystemExit(f"{folder} holds a run already: give --resume, or another folder")
        tally = Tally(**json.loads(kept.read_text()))
    with home(folder) as place:
        harness = Harness(place, tally, workers=workers)
        try:
            harness.prepare()
            begun = time.monotonic()

            def late() -> bool:
                return seconds is not None and time.monotonic() - begun > seconds

            done = False
            while tally.rounds < rounds and not done:
                done = late()
                if tally.rounds and tally.rounds % _RENEW == 0:
                    harness.renew()
                try:
                    line = harness.round(last=tally.rounds + 1 == rounds or done)
                except Broken as error:
                    raise Broken(f"round {tally.rounds}, seed {tally.seed}: {error}") from error
                with open(place / "rounds.jsonl", "a", encoding="utf-8") as lines:
                    lines.write(json.dumps(line) + "\n")
                if kept is not None:
                    kept.with_suffix(".new").write_text(json.dumps(asdict(tally)))
                    kept.with_suffix(".new").replace(kept)
                if tally.rounds % 10 == 0:
                    print(f"{tally.rounds} rounds, {tally.seconds:.0f} s", file=sys.stderr, flush=True)
            harness._count()
            if not tally.deliveries or not tally.checkpoints:
                raise Broken("no process came as far as a commit: the machine is too busy for this test")
        finally:
            harness.end()
    recovery = sorted(tally.recovery) or [0.0]
    return {
        "figure": tally.rounds,
        "unit": "rounds without a fork, gap or double",
        "bar": 1000,
        "seed": tally.seed,
        "workers": workers,
        "kills": tally.kills,
        "postmaster_kills": tally.postmaster_kills,
        "session_kills": tally.session_kills,
        "rounds_in_which_all_died": tally.whole,
        "deeds": tally.deeds,
        "deliveries": tally.deliveries,
        "versions": tally.versions,
        "acts": tally.acts,
        "checkpoints": tally.checkpoints,
        "recovery_seconds_median": round(recovery[len(recovery) // 2], 2),
        "recovery_seconds_max": round(recovery[-1], 2),
        "seconds": round(tally.seconds),
    }


def main() -> int:
    """One JSON line; 1 when a round broke something."""
    parser = argparse.ArgumentParser(description="Crash test: eight processes and kill -9 at random moments.")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--seconds", type=float, help="end after this time, however many rounds are done")
    parser.add_argument("--folder", type=Path, help="keep home, state and a line a round here")
    parser.add_argument("--resume", action="store_true", help="go on with the run in the folder")
    options = parser.parse_args()
    try:
        print(json.dumps(run(**vars(options))))
    except Broken as error:
        print(f"BROKEN: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
