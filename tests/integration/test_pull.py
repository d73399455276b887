"""Rows pulled from real front-end tables, PostgreSQL and MariaDB: taken in, then flagged; killed, locked, cut, changed."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pymysql
import pytest

from xinyong.intake import actions
from xinyong.intake.models import Delivery
from xinyong.intake.pull import dialects, run, sources
from xinyong.intake.pull.errors import SourceInvalid, SourceLocked, SourceTable, SourceUnavailable, SourceUnknown

PASSWORD = "p-示例-7f3c"


class Front:
    """A department's database with one front-end table, as its own programs see it."""

    def __init__(self, dialect: str, address: str, connect: Any) -> None:
        self.dialect, self.address, self.connect = dialect, address, connect
        self.table = f"front_{uuid.uuid4().hex[:8]}"

    def run(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        connection = self.connect()
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement.replace("FRONT", self.table), parameters or None)
                found = list(cursor.fetchall()) if cursor.description else []
            connection.commit()
            return found
        finally:
            connection.close()

    def make(self, flag: str = "varchar(4)", more: str = "") -> None:
        self.run(
            f"CREATE TABLE FRONT (id integer PRIMARY KEY, 标记 {flag} NOT NULL, remark varchar(40), qymc varchar(200), "
            f"xydm varchar(18), zcrq date, updated timestamp NULL{more})"
        )

    def add(self, number: int, name: str, code: str, flag: str = "i") -> None:
        self.run(
            "INSERT INTO FRONT (id, 标记, qymc, xydm, zcrq) VALUES (%s, %s, %s, %s, %s)",
            number,
            flag,
            name,
            code,
            "2015-03-02",
        )

    def flags(self) -> dict[int, tuple[str, str | None]]:
        return {row[0]: (row[1], row[2]) for row in self.run("SELECT id, 标记, remark FROM FRONT ORDER BY id")}

    def kill_pullers(self) -> None:
        if self.dialect == "postgresql":
            self.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'xinyong-pull'")
        else:
            for (number,) in self.run(
                "SELECT id FROM information_schema.processlist WHERE user = 'puller' AND id <> connection_id()"
            ):
                self.run(f"KILL {number}")


def _as_nobody() -> list[str]:
    return ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"] if os.geteuid() == 0 else []


@pytest.fixture(scope="session")
def mariadb() -> Iterator[str]:
    """A MariaDB server of the test run's own: not root, no network, a socket in a temporary folder. Yields the socket."""
    server = shutil.which("mariadbd") or "/usr/sbin/mariadbd"
    tables = Path("/usr/share/mysql")
    #: Older packages name the scripts mysql_…, newer ones mariadb_….
    family = next((name for name in ("mariadb", "mysql") if (tables / f"{name}_system_tables.sql").exists()), None)
    if not Path(server).exists() or family is None:
        pytest.skip("MariaDB is not installed (make mariadb): pulling from it is not tested")
    place = Path(tempfile.mkdtemp(prefix="xymdb-", dir="/tmp"))
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.chown(place, nobody.pw_uid, nobody.pw_gid)
    data, socket = place / "data", place / "s"
    try:
        parts = (f"{family}_system_tables.sql", f"{family}_performance_tables.sql", f"{family}_system_tables_data.sql")
        script = "CREATE DATABASE mysql;\nUSE mysql;\nSET @auth_root_socket=NULL;\nSET @skip_auth_anonymous=1;\n"
        script += "".join((tables / part).read_text(encoding="utf-8") for part in parts)
        data.mkdir()
        if os.geteuid() == 0:
            os.chown(data, nobody.pw_uid, nobody.pw_gid)
        made = subprocess.run(
            [*_as_nobody(), server, "--no-defaults", "--bootstrap", f"--datadir={data}", "--innodb-log-file-size=8M",
             f"--log-error={place / 'bootstrap.log'}"],
            input=script, capture_output=True, text=True, cwd=place, check=False,
        )  # fmt: skip
        assert made.returncode == 0, made.stdout[-800:] + made.stderr[-800:]
        process = subprocess.Popen(
            [*_as_nobody(), server, "--no-defaults", f"--datadir={data}", f"--socket={socket}", "--skip-networking",
             "--innodb-buffer-pool-size=16M", "--innodb-log-file-size=8M", "--performance-schema=OFF",
             f"--pid-file={place / 'pid'}", f"--log-error={place / 'log'}"],
            cwd=place, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            deadline = time.monotonic() + 60
            while True:
                try:
                    admin = pymysql.connect(unix_socket=str(socket), user="root", charset="utf8mb4", autocommit=True)
                    break
                except pymysql.Error:
                    assert process.poll() is None and time.monotonic() < deadline, (place / "log").read_text()[-800:]
                    time.sleep(0.1)
            with admin, admin.cursor() as cursor:
                cursor.execute("CREATE DATABASE front CHARACTER SET utf8mb4")
                cursor.execute("CREATE USER puller@localhost IDENTIFIED BY %s", (PASSWORD,))
                cursor.execute("GRANT ALL ON front.* TO puller@localhost")
            yield str(socket)
        finally:
            process.terminate()
            process.wait(60)
    finally:
        shutil.rmtree(place, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_front(server: str) -> Iterator[str]:
    """A database beside those of the tests, as another installation would be. Yields its name."""
    name = f"xinyong_{os.getpid()}_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(f"host={server} dbname=postgres user=xinyong", autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
        yield name
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["postgresql", "mariadb"])
def front(request: pytest.FixtureRequest) -> Front:
    if request.param == "mariadb":
        socket = request.getfixturevalue("mariadb")
        return Front(
            "mariadb",
            f"{{socket: {socket}, database: front, user: puller}}",
            lambda: pymysql.connect(
                unix_socket=socket, user="root", database="front", charset="utf8mb4", autocommit=False
            ),
        )
    folder, name = request.getfixturevalue("server"), request.getfixturevalue("postgres_front")
    return Front(
        "postgresql",
        f"{{socket: {folder}, database: {name}, user: xinyong}}",
        lambda: psycopg.connect(f"host={folder} dbname={name} user=xinyong"),
    )


class Definitions:
    """A folder of definitions."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.secret()

    def secret(self, word: str = PASSWORD, mode: int = 0o600) -> None:
        path = self.folder / "front.secret"
        path.write_text(word + "\n", encoding="utf-8")
        path.chmod(mode)

    def write(self, front: Front, **changes: str) -> sources.SourceDefinition:
        values = {
            "source": "front",
            "department": "demo",
            "dataset": "registration",
            "dialect": front.dialect,
            "address": front.address,
            "password_file": "front.secret",
            "table": front.table,
            "columns": "{企业名称: qymc, 统一社会信用代码: xydm, 注册日期: zcrq}",
            "key": "[id]",
            "flag": '{column: 标记, new: [i, u], taken: "9", failed: "x"}',
            "result": "remark",
            "result_length": "40",
            **changes,
        }
        text = "".join(f"{key}: {value}\n" for key, value in values.items())
        (self.folder / "front.yml").write_text(text, encoding="utf-8")
        return sources.load("front")


@pytest.fixture
def define(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, desk: Any) -> Iterator[Definitions]:
    monkeypatch.setenv("XINYONG_SOURCES", str(tmp_path))
    del desk
    yield Definitions(tmp_path)
    Delivery.objects.filter(state__in=actions.UNFINISHED).update(state="refused")


def numbers(count: int) -> list[int]:
    start = time.time_ns() // 1000 % 70_000_000
    return list(range(start, start + count))


def filled(front: Front, desk: Any, count: int = 3) -> list[int]:
    made = numbers(count)
    front.make()
    for place, number in enumerate(made, 1):
        front.add(place, f"示例{number}公司", desk.code(number))
    return made


def test_new_rows_are_taken_in_and_flagged_and_wrong_ones_get_the_reason(
    front: Front, define: Definitions, desk: Any
) -> None:
    made = filled(front, desk)
    front.add(7, "示例旧公司", desk.code(made[0] + 50), flag="9")
    front.add(8, "示例坏码公司", "91410700L0000001")
    source = define.write(front)
    assert run.check(source) == 4
    done = run.pull(source)
    assert (done.state, done.rows, done.taken, done.failed, done.changed) == ("committed", 4, 3, 1, 0)
    assert done.receipt is not None and (done.receipt.accepted, done.receipt.rejected) == (3, 1)
    flags = front.flags()
    assert [flags[place] for place in (1, 2, 3, 7)] == [("9", None)] * 4
    assert flags[8][0] == "x" and flags[8][1] and len(flags[8][1]) <= 40 and "代码" in flags[8][1]
    delivery = Delivery.objects.get(number=done.receipt.delivery)
    assert (delivery.channel, delivery.uploader) == ("pull", "pull front")
    assert run.pull(source).state == "empty"
    # The department changes a row and says so.
    front.run("UPDATE FRONT SET qymc = %s, 标记 = 'u' WHERE id = 1", f"示例{made[0]}改名公司")
    again = run.pull(source)
    assert again.receipt is not None and (again.rows, again.receipt.accepted, again.taken) == (1, 1, 1)
    assert (
        desk.one(
            "SELECT max(version_no) FROM ledger_record JOIN registry_entity AS entity ON entity.id = entity_id "
            "WHERE credit_code = %s",
            desk.code(made[0]),
        )
        == 2
    )


def test_batches_follow_each_other(front: Front, define: Definitions, desk: Any) -> None:
    filled(front, desk, 7)
    source = define.write(front, batch="3")
    assert [item.rows for item in run.pull_all(source)] == [3, 3, 1]
    assert {flag for flag, _ in front.flags().values()} == {"9"}


_MOMENTS = {
    "before the commit": "Loader.commit = die",
    "before the flags": "run._flag = die",
    "in the middle of the flags": """
run._FLAG_AT_ONCE = 2
real = KIND.flag
calls = []
def second(self, rows):
    calls.append(1)
    return real(self, rows) if len(calls) == 1 else die()
KIND.flag = second
""",
}


@pytest.mark.parametrize("moment", _MOMENTS)
def test_killed_anywhere_the_next_pull_finishes(
    front: Front, define: Definitions, desk: Any, dying: Any, moment: str
) -> None:
    made = filled(front, desk, 6)
    source = define.write(front)
    before = desk.totals()["versions"]
    kind = "dialects._Postgres" if front.dialect == "postgresql" else "dialects._MariaDB"
    dying(
        "from xinyong.intake.commit import Loader\nfrom xinyong.intake.pull import dialects, run, sources\n"
        f"{_MOMENTS[moment].replace('KIND', kind)}\nrun.pull(sources.load('front'))\n"
    )
    expected = 2 if moment == "in the middle of the flags" else 0
    assert sum(flag == "9" for flag, _ in front.flags().values()) == expected
    list(run.pull_all(source))
    assert {flag for flag, _ in front.flags().values()} == {"9"}
    assert desk.totals()["versions"] == before + 6
    assert not Delivery.objects.filter(state__in=actions.UNFINISHED).exists()
    assert (
        desk.one("SELECT count(*) FROM registry_entity WHERE credit_code = ANY(%s)", [desk.code(n) for n in made]) == 6
    )


def test_a_row_changed_meanwhile_is_not_lost(
    front: Front, define: Definitions, desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = filled(front, desk)
    source = define.write(front)
    real = actions.deliver

    def slow(*arguments: Any, **more: Any) -> Any:
        front.run("UPDATE FRONT SET qymc = %s WHERE id = 2", f"示例{made[1]}新名公司")  # the flag stays "i"
        return real(*arguments, **more)

    monkeypatch.setattr(actions, "deliver", slow)
    done = run.pull(source)
    assert (done.taken, done.changed) == (2, 1)
    monkeypatch.undo()
    monkeypatch.setenv("XINYONG_SOURCES", str(define.folder))
    assert front.flags()[2][0] == "i"
    assert run.pull(source).taken == 1
    name = desk.one("SELECT name FROM registry_entity WHERE credit_code = %s", desk.code(made[1]))
    assert name == f"示例{made[1]}新名公司"


def test_rows_are_read_in_one_snapshot(
    front: Front, define: Definitions, desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(front, desk, 4)
    source = define.write(front)
    monkeypatch.setattr(dialects, "_FETCH", 1)
    seen = []
    with dialects.connected(source) as link:
        for row in link.read():
            if not seen:
                front.run("UPDATE FRONT SET qymc = 'later' WHERE id = 4")
                front.run("DELETE FROM FRONT WHERE id = 3")
            seen.append(row)
    assert len(seen) == 4
    assert "later" not in str(seen)


def test_a_held_delivery_keeps_its_rows_waiting(
    front: Front, define: Definitions, desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from xinyong.intake.release import rules

    filled(front, desk)
    source = define.write(front)
    monkeypatch.setattr(rules, "policy", lambda *_: rules.Policy(four_eyes=True))
    assert run.pull(source).state == "held"
    assert run.pull(source).state == "held"
    assert {flag for flag, _ in front.flags().values()} == {"i"}
    assert Delivery.objects.filter(state="held").count() == 1


def test_a_file_refused_as_a_whole_fails_its_rows(front: Front, define: Definitions, desk: Any) -> None:
    filled(front, desk, 2)
    source = define.write(front, columns="{企业名称: qymc, 不认识的列: xydm}")
    done = run.pull(source)
    assert (done.state, done.failed) == ("refused", 2)
    assert {flag for flag, _ in front.flags().values()} == {"x"}


# --- what goes wrong ----------------------------------------------------------------------------------------------------


def test_a_missing_table_or_column_is_named(front: Front, define: Definitions, desk: Any) -> None:
    filled(front, desk, 1)
    with pytest.raises(SourceTable, match="no_such"):
        run.pull(define.write(front, columns="{企业名称: no_such}"))
    with pytest.raises(SourceTable, match="table does not exist"):
        run.pull(define.write(front, table="no_such_table"))
    assert front.flags()[1] == ("i", None)


def test_a_changed_type_is_told_before_anything_is_delivered(front: Front, define: Definitions, desk: Any) -> None:
    filled(front, desk, 1)
    before = Delivery.objects.count()
    kind = "bytea USING xydm::bytea" if front.dialect == "postgresql" else "blob"
    front.run(
        f"ALTER TABLE FRONT ALTER COLUMN xydm TYPE {kind}"
        if front.dialect == "postgresql"
        else f"ALTER TABLE FRONT MODIFY xydm {kind}"
    )
    with pytest.raises(SourceTable, match="xydm"):
        run.pull(define.write(front))
    front.run("DROP TABLE FRONT")
    front.make(flag="integer")
    front.run("INSERT INTO FRONT (id, 标记, qymc) VALUES (1, 0, 'x')")
    with pytest.raises(SourceTable):
        run.pull(define.write(front))
    assert Delivery.objects.count() == before


def test_a_locked_table_is_told_and_tried_later(
    front: Front, define: Definitions, desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(front, desk, 1)
    source = define.write(front)
    monkeypatch.setattr(dialects, "LOCK", 1)
    holder = front.connect()
    try:
        with holder.cursor() as cursor:
            statement = (
                "LOCK TABLE {} IN ACCESS EXCLUSIVE MODE" if front.dialect == "postgresql" else "LOCK TABLES {} WRITE"
            )
            cursor.execute(statement.format(front.table))
            with pytest.raises(SourceLocked):
                run.pull(source)
    finally:
        holder.close()
    assert run.pull(source).taken == 1


@pytest.mark.parametrize("when", ["reading", "flagging"])
def test_a_connection_lost_in_the_middle_flags_nothing_and_loses_nothing(
    front: Front, define: Definitions, desk: Any, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    filled(front, desk, 3)
    source = define.write(front)
    monkeypatch.setattr(dialects, "_FETCH", 1)
    real_write, real_flag = run._write, run._flag

    def cut(*arguments: Any) -> Any:
        front.kill_pullers()
        time.sleep(0.2)
        return (real_write if when == "reading" else real_flag)(*arguments)

    monkeypatch.setattr(run, "_write" if when == "reading" else "_flag", cut)
    before = Delivery.objects.count()
    if when == "reading" and front.dialect == "mariadb":
        pytest.skip("three short rows are in the client's buffer before the connection can be cut")
    with pytest.raises(SourceUnavailable):
        run.pull(source)
    assert Delivery.objects.count() == before + (when == "flagging")
    assert {flag for flag, _ in front.flags().values()} == {"i"}
    monkeypatch.setattr(run, "_write", real_write)
    monkeypatch.setattr(run, "_flag", real_flag)
    done = run.pull(source)
    assert done.taken == 3
    assert done.receipt is not None and done.receipt.unchanged == (3 if when == "flagging" else 0)


def test_wrong_credentials_are_told_without_the_password(
    front: Front, define: Definitions, desk: Any, command: Any, caplog: pytest.LogCaptureFixture
) -> None:
    filled(front, desk, 1)
    wrong = "falsch-密-0815"
    define.secret(wrong)
    if front.dialect == "postgresql":  # the socket of the tests asks for no password; the name is checked
        front.address = front.address.replace("user: xinyong", "user: nobody_here")
    source = define.write(front)
    with pytest.raises(SourceInvalid) as caught:
        run.pull(source)
    process = command("pull", "front", "--once", "--json")
    line = Path(f"/proc/{process.pid}/cmdline").read_bytes().decode()
    environment = Path(f"/proc/{process.pid}/environ").read_bytes().decode()
    output, errors = (part.decode() for part in process.communicate(timeout=60))
    assert process.returncode == 2 and '"source-invalid"' in output
    for text in (str(caught.value), caught.value.message("zh"), output, errors, line, environment, caplog.text):
        assert wrong not in text


def test_nobody_listens(define: Definitions, desk: Any) -> None:
    del desk
    front = Front("mariadb", "{socket: /nowhere/s, database: front, user: puller}", None)
    with pytest.raises(SourceUnavailable, match="nowhere"):
        run.pull(define.write(front))


def test_a_definition_is_read_strictly(define: Definitions) -> None:
    front = Front("mariadb", "{socket: /nowhere/s, host: also, database: front, user: puller}", None)
    with pytest.raises(SourceInvalid, match=r"line 5.*either host or socket"):
        define.write(front)
    front.address = "{socket: /nowhere/s, database: front, user: puller}"
    for changes, words in (
        ({"dialect": "oracle"}, "not one of the values"),
        ({"table": '"front; DROP TABLE x"'}, "no usable name"),
        ({"flag": "{column: f, new: [i], taken: i, failed: x}"}, "must differ"),
        ({"colums": "{}"}, "unknown key"),
        ({"batch": "0"}, "between 1"),
        ({"password": "secret"}, "unknown key"),
    ):
        with pytest.raises(SourceInvalid, match=words):
            define.write(front, **changes)
    with pytest.raises(SourceUnknown):
        sources.load("../front")
    define.secret(mode=0o644)
    with pytest.raises(SourceInvalid, match="600"):
        run.pull(define.write(front))
