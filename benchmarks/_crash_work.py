"""What the eight processes of the crash test do until they are killed: deliver, follow the corridor, act, take up.

They are forked from a parent that has read everything every process reads first and has computed nothing: a library that
has started threads (Polars does at its first computation) must not be forked.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import random
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, Final

ENTITIES: Final = 60
OFFICER: Final = "crash-officer"
Work = Callable[[random.Random], None]


def preload() -> None:
    """Read what a fresh process would read first. Raises RuntimeError when that started the threads of Polars."""
    from django.db import connections
    from django.utils import timezone

    from xinyong.catalogue import selectors as catalogue
    from xinyong.intake import backflow
    from xinyong.ledger import rules
    from xinyong.registry.search import sound
    from xinyong.standards import calendar, credit_code_bulk, names, regions

    for name in (
        "xinyong.intake.actions",
        "xinyong.intake.reader",
        "xinyong.ledger.corridor",
        "xinyong.ledger.actions",
        "xinyong.ledger.log.verify",
        "xinyong.registry.actions",
        "xinyong.registry.search.columns",
        "xinyong.desk.effects",
        "xinyong.publicity.effects",
        "numpy.ma",
        "csv",
    ):
        import_module(name)
    for dataset in ("registration", "abnormal-list"):
        catalogue.entry(dataset, timezone.localdate())
    calendar.official()
    rules.rule_set()
    regions.table()
    names.matching_key("示例")
    credit_code_bulk._tables()
    sound.numbers()
    sound.blurred_hashes()
    backflow.rules()
    # Rules that officers replaced are read from the database; no child may inherit the connection.
    connections.close_all()
    threads = {path.read_text().strip() for path in Path("/proc/self/task").glob("*/comm")}
    if "polars-0" in threads:
        raise RuntimeError("Polars has computed something in the parent: its children would hang")


def code(number: int) -> str:
    """A valid credit code; the number is its body."""
    from xinyong.standards import credit_code, organisation_code

    body = f"{number:08d}"
    front = "91410700" + body + organisation_code.check_character(body)
    return front + credit_code.check_character(front)


class Works:
    """The deeds, in a folder for the delivered files. ``done`` counts what was done, by kind, across processes."""

    def __init__(self, files: Path) -> None:
        self._files = files
        self._done = mmap.mmap(-1, 8 * 4096)
        self.kinds: tuple[Work, ...] = (
            self._load,
            self._load,
            self._load,
            self._load,
            self._follow,
            self._follow,
            self._act,
            self._resume,
        )

    def done(self, slot: int) -> int:
        """Deeds of the process in a slot that came to their end since :meth:`clear`."""
        return int.from_bytes(self._done[8 * slot : 8 * slot + 8], "little")

    def clear(self) -> None:
        """Begin to count again."""
        self._done[:] = bytes(len(self._done))

    def run(self, slot: int, luck: random.Random) -> None:
        """Work in a slot for ever."""
        work = self.kinds[slot % len(self.kinds)]
        while True:
            if self._again(lambda: work(luck)):
                self._done[8 * slot : 8 * slot + 8] = (self.done(slot) + 1).to_bytes(8, "little")

    @staticmethod
    def _again(deed: Callable[[], Any]) -> bool:
        """Do it, and take what a killed database or a busy delivery answers as an answer. Whether it was done."""
        import django.db
        import psycopg
        from django.db import connections

        from xinyong.intake.actions import DeliveryBusy
        from xinyong.intake.failures import DeliveryFailed
        from xinyong.ledger.errors import RecordNotFound, StatusRefused
        from xinyong.runtime import database
        from xinyong.runtime.postgres import DatabaseUnavailable

        try:
            deed()
            return True
        except (DeliveryBusy, DatabaseUnavailable, StatusRefused, RecordNotFound):
            pass
        except DeliveryFailed:
            pass  # written down with its reason, and taken up again by the next start
        except (psycopg.OperationalError, psycopg.InterfaceError, django.db.OperationalError, django.db.InterfaceError):
            pass
        except Exception as error:
            if database.explain(error) is None:
                raise
        with contextlib.suppress(Exception):
            connections.close_all()
        time.sleep(0.02)
        return False

    def _file(self, luck: random.Random) -> tuple[Path, str]:
        """A registration or list file about some of the same few entities, new content in most rows."""
        dataset = luck.choice(("registration", "registration", "abnormal-list"))
        path = self._files / f"{os.getpid()}-{luck.getrandbits(48):012x}.csv"
        chosen = luck.sample(range(ENTITIES), luck.randint(1, 20))
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

        time.sleep(luck.uniform(0, 0.2))
        path, dataset = self._file(luck)
        try:
            actions.deliver(path, dataset=dataset, department=accounts.department("demo"), uploader="crash")
        finally:
            path.unlink(missing_ok=True)

    def _follow(self, luck: random.Random) -> None:
        from xinyong.ledger import corridor

        time.sleep(luck.uniform(0, 0.05))
        if luck.random() < 0.02:
            corridor.rebuild()
        else:
            corridor.catch_up()

    def _act(self, luck: random.Random) -> None:
        from django.db import connection

        from xinyong.accounts.models import User
        from xinyong.ledger import actions

        time.sleep(luck.uniform(0, 0.1))
        user = User.objects.get(username=OFFICER)
        with connection.cursor() as cursor:
            cursor.execute("SELECT record_id FROM ledger_record ORDER BY random() LIMIT 1")
            row = cursor.fetchone()
        if row is not None:
            act = luck.choice(("disputed", "dispute_ended", "corrected", "reinstated"))
            actions.record_status(user, row[0], act, reason="崩溃测试", basis="crash")

    def _resume(self, luck: random.Random) -> None:
        from xinyong.intake import actions

        time.sleep(luck.uniform(0, 0.1))
        actions.resume()
