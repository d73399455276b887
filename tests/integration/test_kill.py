"""Killed at any moment, and tried again: the totals are those of an undisturbed run, and nothing is left half-done."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

ENTITIES = 3_000
#: (entities, records, versions, names) by content, findings by content, windows: no number drawn from a sequence.
FACTS = {
    "entities": "SELECT credit_code, name, kind, registered FROM registry_entity ORDER BY 1, 2",
    "identifiers": "SELECT type, value FROM registry_identifier ORDER BY 1, 2",
    "versions": "SELECT credit_code, version_no, source_row, encode(content_hash, 'hex') FROM ledger_version JOIN "
    "registry_entity AS entity ON entity.id = entity_id ORDER BY 1, 2, 3, 4",
    "heads": "SELECT credit_code, version_no, encode(content_hash, 'hex') FROM ledger_record JOIN registry_entity AS entity "
    "ON entity.id = entity_id ORDER BY 1, 2, 3",
    "windows": "SELECT credit_code, public_from, public_until, rule FROM publicity_window JOIN registry_entity AS entity "
    "ON entity.id = entity_id ORDER BY 1, 2, 3, 4",
    "receipt": "SELECT read, accepted, rejected, unchanged, warnings, entities_created FROM intake_delivery "
    "WHERE state = 'committed' ORDER BY id LIMIT 1",
    "findings": "SELECT row, code, field, value FROM intake_finding WHERE delivery_id = (SELECT min(id) FROM "
    "intake_delivery WHERE state = 'committed') ORDER BY 1, 2, 3, 4",
}
UNFINISHED = "SELECT count(*) FROM intake_delivery WHERE state NOT IN ('committed', 'refused')"


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registration file with wrong rows and repeats in it, large enough to be killed in."""
    from xinyong.standards import credit_code, organisation_code

    path = tmp_path_factory.mktemp("kill") / "registration.csv"
    with open(path, "w", encoding="utf-8") as handle:
        handle.write("企业名称,统一社会信用代码,注册日期\n")
        for number in range(ENTITIES):
            body = f"{number:08d}"
            front = "91410700" + body + organisation_code.check_character(body)
            code = front + (credit_code.check_character(front) if number % 50 else "?")
            handle.write(f"示例中断{number}有限公司,{code},2015-01-01\n")
    return path


@contextlib.contextmanager
def here(home: Home) -> Iterator[None]:
    """The platform of this process works in that home for a moment."""
    before = os.environ["XINYONG_HOME"]
    os.environ["XINYONG_HOME"] = str(home.folder)
    try:
        yield
    finally:
        os.environ["XINYONG_HOME"] = before


def socket_folder(home: Home) -> Path:
    """Where the server of this home has its socket, running or not."""
    from xinyong.runtime import postgres

    with here(home):
        return postgres.server().socket


class Home:
    """An installation of its own, with its own server, that may be killed as a whole."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {key: value for key, value in os.environ.items() if key != "XINYONG_DATABASE_URL"}
        self.environment["XINYONG_HOME"] = str(folder)

    def start(self, *arguments: str | Path) -> subprocess.Popen[str]:
        """A command as a process group of its own."""
        return subprocess.Popen(
            [str(Path(sys.executable).parent / "xinyong"), *map(str, arguments)],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str | Path) -> str:
        """A command to its end; what it printed."""
        process = self.start(*arguments)
        output, errors = process.communicate(timeout=120)
        assert process.returncode == 0, output + errors
        return output

    def start_server(self) -> None:
        """Start the embedded server of this home, as any command would."""
        from xinyong.runtime import postgres

        with here(self):
            postgres.start()

    def intake(self, path: Path) -> tuple[str | Path, ...]:
        """Arguments to take the file in."""
        return ("intake", path, "--dataset", "registration", "--department", "demo", "--json")

    @property
    def postmaster(self) -> int:
        """Process id of the embedded server."""
        return int((self.folder / "postgres" / "data" / "postmaster.pid").read_text().splitlines()[0])

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """Rows of a query."""
        with psycopg.connect(f"host={socket_folder(self)} dbname=xinyong user=xinyong", autocommit=True) as connection:
            return connection.execute(statement.encode()).fetchall()

    def facts(self) -> dict[str, list[tuple[Any, ...]]]:
        """Everything that must not depend on a crash."""
        return {name: self.rows(statement) for name, statement in FACTS.items()}

    def check_whole(self) -> None:
        """No delivery is unfinished, no version without its head, event or finished delivery, no gap in the corridor."""
        assert self.rows(UNFINISHED) == [(0,)]
        assert self.rows(
            "SELECT count(*) FROM ledger_version AS version LEFT JOIN intake_delivery AS delivery "
            "ON delivery.id = version.delivery_id WHERE delivery.state IS DISTINCT FROM 'committed'"
        ) == [(0,)]
        assert self.rows(
            "SELECT count(*) FROM ledger_version AS version LEFT JOIN ledger_event AS event ON version.version_id "
            "BETWEEN event.version_from AND event.version_to WHERE event.id IS NULL"
        ) == [(0,)]
        assert self.rows(
            "SELECT count(*) FROM ledger_event WHERE (SELECT count(*) FROM ledger_version WHERE version_id BETWEEN "
            "version_from AND version_to) <> version_to - version_from + 1"
        ) == [(0,)]
        assert self.rows(
            "SELECT count(*) FROM intake_finding LEFT JOIN intake_delivery AS delivery ON delivery.id = delivery_id "
            "WHERE delivery.state IS DISTINCT FROM 'committed'"
        ) == [(0,)]
        assert self.rows(
            "SELECT (SELECT max(id) FROM ledger_event) - event_id FROM ledger_effect_position WHERE effect = 'publicity'"
        ) == [(0,)]
        assert self.rows(
            "SELECT count(*) FROM audit_auditentry WHERE deed = 'delivery.committed' AND target NOT IN "
            "(SELECT number FROM intake_delivery WHERE state = 'committed')"
        ) == [(0,)]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A migrated home, stopped afterwards."""
    made = Home(tmp_path_factory.mktemp("home"))
    made.run("migrate", "--json")
    with psycopg.connect(f"host={socket_folder(made)} dbname=postgres user=xinyong", autocommit=True) as connection:
        connection.execute("CREATE DATABASE empty TEMPLATE xinyong")
    yield made
    made.run("stop")


@pytest.fixture(scope="module")
def undisturbed(home: Home, material: Path) -> dict[str, list[tuple[Any, ...]]]:
    """The facts of a run nobody disturbed, and how long it took; the home is emptied again afterwards."""
    began = time.monotonic()
    home.run(*home.intake(material))
    home.seconds = time.monotonic() - began  # type: ignore[attr-defined]
    home.check_whole()
    facts = home.facts()
    assert len(facts["entities"]) == ENTITIES - ENTITIES // 50
    assert len(facts["windows"]) == len(facts["versions"]) > 0
    assert len(facts["findings"]) == ENTITIES // 50
    return facts


def emptied(home: Home) -> None:
    """Back to a migrated home without data: a copy of the database made before anything was stored."""
    home.start_server()
    with psycopg.connect(f"host={socket_folder(home)} dbname=postgres user=xinyong", autocommit=True) as connection:
        connection.execute("DROP DATABASE xinyong WITH (FORCE)")
        connection.execute("CREATE DATABASE xinyong TEMPLATE empty")
        # A copied sequence goes on without a log record until the next checkpoint: a server killed before it would hand out
        # the same numbers again. A checkpoint first, as every real installation has had one since it was made.
        connection.execute("CHECKPOINT")


def kill(home: Home, victim: str, process: subprocess.Popen[str]) -> None:
    """Kill -9 the command, its whole group, or the server under it."""
    if victim == "command":
        process.kill()
    elif victim == "group":
        with contextlib.suppress(ProcessLookupError):  # it was done before the blow
            os.killpg(process.pid, signal.SIGKILL)
    else:
        deadline = time.monotonic() + 30
        while True:  # a server killed the turn before is only just coming up
            try:
                os.kill(home.postmaster, signal.SIGKILL)
                break
            except (OSError, ValueError, IndexError):
                assert time.monotonic() < deadline, "no server to kill"
                time.sleep(0.01)
    process.communicate(timeout=120)


@pytest.mark.long
def test_ten_kills_leave_the_totals_of_an_undisturbed_run(
    home: Home, material: Path, undisturbed: dict[str, list[tuple[Any, ...]]]
) -> None:
    draw = random.Random()
    emptied(home)
    seconds: float = home.seconds  # type: ignore[attr-defined]
    victims = ["command"] * 5 + ["group"] * 3 + ["postmaster"] * 2
    draw.shuffle(victims)
    killed = []
    for victim in victims:
        process = home.start(*home.intake(material))
        moment = draw.uniform(0.05, min(3.0, seconds))
        time.sleep(moment)
        alive = process.poll() is None
        kill(home, victim, process)
        killed.append(f"{victim} after {moment:.2f} s" + ("" if alive else " (was done)"))
    home.run("intake", "--resume", "--json")
    home.run(*home.intake(material))
    home.run("intake", "--resume", "--json")
    home.check_whole()
    facts = home.facts()
    for name, expected in undisturbed.items():
        assert facts[name] == expected, f"{name} differ after: {killed}"
    # A repeat on top of it all adds nothing.
    home.run(*home.intake(material))
    again = home.facts()
    assert all(again[name] == undisturbed[name] for name in undisturbed)


@pytest.mark.parametrize("statement", ["stage_finding", "ledger_version", "publicity_window"])
def test_a_kill_inside_the_decisive_transaction(
    home: Home, material: Path, undisturbed: dict[str, list[tuple[Any, ...]]], statement: str
) -> None:
    """Random moments seldom hit the commit: here the command is held in it by a lock and killed there."""
    emptied(home)
    lock = {"stage_finding": "intake_finding"}.get(statement, statement)
    with psycopg.connect(f"host={socket_folder(home)} dbname=xinyong user=xinyong") as holder:
        holder.execute(f"LOCK TABLE {lock} IN SHARE MODE".encode())
        process = home.start(*home.intake(material))
        deadline = time.monotonic() + 60
        waiting = (
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = 'xinyong' "
            "AND backend_type = 'client backend'"
        )
        while home.rows(waiting) == [(0,)]:
            assert time.monotonic() < deadline
            assert process.poll() is None
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=60)
        if lock != "publicity_window":  # there the delivery is committed, and only the effect was killed
            assert home.rows("SELECT count(*) FROM registry_entity") == [(0,)]
            assert home.rows(UNFINISHED) == [(1,)]
    home.run("intake", "--resume", "--json")
    home.check_whole()
    facts = home.facts()
    assert facts == undisturbed


def test_the_same_file_by_two_processes_at_once(
    home: Home, material: Path, undisturbed: dict[str, list[tuple[Any, ...]]]
) -> None:
    emptied(home)
    processes = [home.start(*home.intake(material)) for _ in range(2)]
    outputs = [process.communicate(timeout=120) for process in processes]
    for process, (output, errors) in zip(processes, outputs, strict=True):
        assert process.returncode == 0 or (process.returncode == 5 and "delivery-busy" in output), output + errors
    assert any(process.returncode == 0 for process in processes)
    home.check_whole()
    facts = home.facts()
    for name, expected in undisturbed.items():
        if name != "receipt":
            assert facts[name] == expected, name
    # The second process finds the delivery taken, or comes so late that its own is a repeat that changes nothing.
    first, *repeats = home.rows("SELECT accepted, unchanged, entities_created FROM intake_delivery ORDER BY id")
    assert (first[0], first[2]) == (undisturbed["receipt"][0][1], undisturbed["receipt"][0][5])
    assert all(repeat == (0, first[0] + first[1], 0) for repeat in repeats)


def test_two_files_about_the_same_entities_at_once(
    home: Home, material: Path, undisturbed: dict[str, list[tuple[Any, ...]]]
) -> None:
    emptied(home)
    other = material.with_name("other.csv")
    other.write_text(material.read_text(encoding="utf-8").replace("2015-01-01", "2016-01-01"), encoding="utf-8")
    processes = [home.start(*home.intake(path)) for path in (material, other)]
    for process in processes:
        output, errors = process.communicate(timeout=120)
        assert process.returncode == 0, output + errors
    home.check_whole()
    facts = home.facts()
    assert facts["entities"] == undisturbed["entities"]
    assert facts["identifiers"] == undisturbed["identifiers"]
    assert len(facts["heads"]) == len(undisturbed["heads"])
    assert {row[1] for row in facts["heads"]} == {2}
    assert len(facts["versions"]) == 2 * len(undisturbed["versions"])


def test_a_number_of_a_dead_server_that_another_program_has_by_now_is_no_server(home: Home) -> None:
    """After a restart of a container the process id in postmaster.pid belongs to somebody else."""
    home.run("stop")
    pid_file = home.folder / "postgres" / "data" / "postmaster.pid"
    other = subprocess.Popen(["sleep", "60"])
    try:
        socket = socket_folder(home)
        socket.mkdir(mode=0o700, exist_ok=True)
        (socket / ".s.PGSQL.5432").touch()
        pid_file.write_text(f"{other.pid}\n{pid_file.parent}\n1\n5432\n{socket}\n\n")
        (socket / ".s.PGSQL.5432.lock").write_text(f"{other.pid}\n{pid_file.parent}\n1\n5432\n")
        home.run("migrate", "--json")
        assert other.poll() is None, "the other program was killed"
    finally:
        other.kill()
        other.wait()
    assert home.rows(UNFINISHED) == [(0,)]


def test_a_command_without_a_schema_says_what_to_do(tmp_path: Path) -> None:
    bare = Home(tmp_path / "bare")
    try:
        process = bare.start("search", "示例", "--json")
        output, errors = process.communicate(timeout=120)
        assert process.returncode == 3, output + errors
        assert '"not-migrated"' in output
        assert "xinyong migrate" in output
    finally:
        bare.run("stop")
