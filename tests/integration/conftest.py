"""A desk to deliver files at: writes rows as files, takes them in, and looks at what the database then holds."""

from __future__ import annotations

import contextlib
import csv
import gzip
import json
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

ROOT = Path(__file__).parents[2]
Row = Mapping[str, str]

#: What must be equal after a crash and a repeat; numbers drawn from sequences may differ, what is stored may not.
TOTALS = {
    "entities": "SELECT count(*) FROM registry_entity",
    "identifiers": "SELECT count(*) FROM registry_identifier",
    "names": "SELECT count(*) FROM registry_name",
    "records": "SELECT count(*) FROM ledger_record",
    "versions": "SELECT count(*) FROM ledger_version",
    "findings": "SELECT count(*) FROM intake_finding",
}


class Desk:
    """One migrated database, a folder for files, and the departments of the tests."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    # --- files -------------------------------------------------------------------------------------------------

    def path(self, suffix: str) -> Path:
        """A new file name."""
        return self.folder / f"{uuid.uuid4().hex[:12]}{suffix}"

    def csv(self, rows: Sequence[Row], *, encoding: str = "utf-8", columns: Sequence[str] = ()) -> Path:
        """Rows as a CSV file; the columns are those of the first row unless given."""
        path = self.path(".csv")
        with open(path, "w", encoding=encoding, newline="") as handle:
            writer = csv.DictWriter(handle, columns or list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        return path

    def bytes(self, content: bytes, suffix: str = ".csv") -> Path:
        """A file with exactly this content."""
        path = self.path(suffix)
        path.write_bytes(content)
        return path

    def jsonl(self, rows: Iterable[Row]) -> Path:
        """Rows as JSON Lines."""
        path = self.path(".jsonl")
        path.write_text("".join(json.dumps(dict(row), ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
        return path

    def xlsx(self, rows: Sequence[Row]) -> Path:
        """Rows as a workbook of text cells."""
        import openpyxl

        book = openpyxl.Workbook()
        sheet = book.active
        assert sheet is not None
        sheet.append(list(rows[0]))
        for row in rows:
            sheet.append(list(row.values()))
        path = self.path(".xlsx")
        book.save(path)
        return path

    # --- rows --------------------------------------------------------------------------------------------------

    @staticmethod
    def code(number: int, prefix: str = "91410700") -> str:
        """A valid credit code; the number is its body."""
        from xinyong.standards import credit_code, organisation_code

        body = f"{number:08d}"
        front = prefix + body + organisation_code.check_character(body)
        return front + credit_code.check_character(front)

    @staticmethod
    def registration(code: str, name: str, **more: str) -> dict[str, str]:
        """A row of the registration as the open data have it."""
        return {"企业名称": name, "统一社会信用代码": code, "注册日期": "2015-03-02", **more}

    def penalty(self, code: str, name: str, **more: str) -> dict[str, str]:
        """A right penalty row in the 2018 layout."""
        organ = self.code(90000001, "11410700")
        row = {
            "CF_XDR_MC": name,
            "CF_XDR_LB": "法人及非法人组织",
            "CF_XDR_SHXYM": code,
            "CF_XDR_GSZC": "",
            "CF_FRDB": "示例负责人",
            "CF_FR_ZJLX": "",
            "CF_FR_ZJHM": "",
            "CF_XDR_ZJLX": "",
            "CF_XDR_ZJHM": "",
            "CF_WSH": "（示）罚〔2026〕1号",
            "CF_WFXW": "未按规定公示",
            "CF_SY": "当事人未按规定公示有关信息。",
            "CF_YJ": "示例条例第一条",
            "CF_CFLB": "罚款",
            "CF_NR": "罚款二百元。",
            "CF_NR_FK": "0.02",
            "CF_NR_WFFF": "",
            "CF_NR_ZKDX": "",
            "CF_JDRQ": (date.today() - timedelta(days=20)).isoformat(),
            "CF_YXQ": "2099-12-31",
            "CF_GSJZQ": "",
            "CF_CFJG": "示例市某局",
            "CF_CFJGDM": organ,
            "CF_SJLY": "示例市某局",
            "CF_SJLYDM": organ,
            "BZ": "",
        }
        return {**row, **more}

    @staticmethod
    def abnormal(code: str, name: str, **more: str) -> dict[str, str]:
        """A right row of the abnormal-operation list."""
        row = {
            "企业名称": name,
            "统一社会信用代码": code,
            "列入原因": "未按规定公示年度报告",
            "列入日期": (date.today() - timedelta(days=40)).isoformat(),
            "列入机关": "示例市市场监督管理局",
            "移出日期": "",
            "移出机关": "",
        }
        return {**row, **more}

    # --- deeds -------------------------------------------------------------------------------------------------

    def deliver(self, path: Path, dataset: str = "registration", department: str = "demo") -> Any:
        """Take a file in; the receipt."""
        from xinyong.accounts import selectors as accounts
        from xinyong.intake import actions

        return actions.deliver(path, dataset=dataset, department=accounts.department(department), uploader="test")

    def take(self, rows: Sequence[Row], dataset: str = "registration", department: str = "demo") -> Any:
        """Write rows as CSV and take them in."""
        return self.deliver(self.csv(rows), dataset, department)

    @staticmethod
    def catch_up() -> dict[str, int]:
        """Let the effects read on."""
        from xinyong.ledger import corridor

        return corridor.catch_up()

    @staticmethod
    def cli(*arguments: str | Path) -> Result:
        """The command line, in this process."""
        from xinyong.cli import main

        return CliRunner().invoke(main, [str(argument) for argument in arguments])

    # --- looks -------------------------------------------------------------------------------------------------

    @staticmethod
    def rows(statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Rows of a query in a session of its own: only what is committed is seen."""
        from xinyong.runtime import database

        with database.connect(autocommit=True) as connection:
            return connection.execute(statement.encode(), parameters or None).fetchall()

    def one(self, statement: str, *parameters: Any) -> Any:
        """The single value of a query."""
        ((value,),) = self.rows(statement, *parameters)
        return value

    def totals(self) -> dict[str, int]:
        """What is stored."""
        return {name: self.one(statement) for name, statement in TOTALS.items()}

    def findings(self, number: str) -> list[Any]:
        """Stored findings of a delivery."""
        from xinyong.intake.models import StoredFinding

        return list(StoredFinding.objects.filter(delivery__number=number).order_by("row", "id"))


@pytest.fixture(scope="module")
def desk(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A desk at a fresh database of the module."""
    return Desk(tmp_path_factory.mktemp("desk"))


@pytest.fixture(scope="module")
def system(desk: Desk) -> Any:
    """A system of the department 'demo', which knows one company."""
    from xinyong.accounts import actions as accounts

    from .api_support import NAME, make_system

    accounts.register_department(slug="another", name_zh="另一部门", acting="test")
    desk.take([desk.registration(desk.code(1), NAME)])
    return make_system("casework")


@pytest.fixture(scope="session")
def real(shared_data: Path) -> Any:
    """Rows of a real file: ``real("registration/same_code_a.csv.gz")``."""

    def read(name: str) -> list[dict[str, str]]:
        with gzip.open(shared_data / name, "rt", encoding="utf-8", newline="") as handle:
            return list(csv.DictReader(handle))

    return read


#: Before the script of a process that is to die: ``die`` is put in the place of a step.
_DYING = """
import os, signal
import django
django.setup()
def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def dying(database_url: str) -> Any:
    """Run a script in a process of its own that must die by SIGKILL where ``die`` was put."""
    del database_url

    def run(script: str) -> None:
        process = subprocess.run(
            [sys.executable, "-c", _DYING + script], capture_output=True, text=True, timeout=120, check=False
        )
        assert process.returncode == -signal.SIGKILL, f"it never came to that step: {process.stdout} {process.stderr}"

    return run


@pytest.fixture(scope="session")
def command() -> Iterator[Any]:
    """Start ``xinyong`` as a process of its own group; whatever is left is ended with the session."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*arguments: str | Path, **environment: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [str(Path(sys.executable).parent / "xinyong"), *map(str, arguments)],
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        with contextlib.suppress(ProcessLookupError):  # the whole group: a child keeps the pipe open
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
