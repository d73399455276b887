"""The ledger is append-only for everybody, its corridor is in commit order, and effects take every event once."""

from __future__ import annotations

import contextlib
import json
import os
import threading
import time
from datetime import timedelta
from itertools import pairwise
from typing import Any

import psycopg
import pytest

from xinyong.runtime import database


@pytest.fixture(scope="module")
def filled(desk: Any) -> Any:
    """Some entities with a penalty each, in several deliveries."""
    for start in range(0, 60, 20):
        part = range(start, start + 20)
        desk.take([desk.registration(desk.code(number), f"示例{number}账本有限公司") for number in part])
        desk.take(
            [desk.penalty(desk.code(number), f"示例{number}账本有限公司", CF_WSH=f"账{number}") for number in part],
            "penalty",
        )
    desk.catch_up()
    return desk


def partitions(desk: Any, table: str) -> list[str]:
    """Partitions of a table."""
    return [
        name
        for (name,) in desk.rows(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass", table
        )
    ]


#: Append-only tables with a column to try.
HISTORY = {
    "ledger_version": "source_row",
    "ledger_event": "kind",
    "ledger_log_range": "note",
    "ledger_installation": "id",
    "audit_auditentry": "actor",
}
CHANGES = ("UPDATE {0} SET {1} = {1}", "DELETE FROM {0}", "TRUNCATE {0}", "TRUNCATE {0} CASCADE")


def refused(deed: str, error: type[psycopg.Error], match: str | None = None, *, owner: bool = False) -> None:
    """The deed fails in a session of its own."""
    with (database.connect_owner if owner else database.connect)() as connection, pytest.raises(error, match=match):
        connection.execute(deed.encode())


@pytest.mark.parametrize("table", HISTORY)
@pytest.mark.parametrize("deed", CHANGES)
def test_history_cannot_be_changed_by_the_application_nor_by_the_owner(filled: Any, table: str, deed: str) -> None:
    before = filled.one(f"SELECT count(*) FROM {table}")
    assert before > 0
    text = deed.format(table, HISTORY[table])
    refused(text, psycopg.errors.InsufficientPrivilege)
    refused(text, psycopg.errors.IntegrityError, "append-only", owner=True)
    assert filled.one(f"SELECT count(*) FROM {table}") == before


def test_no_partition_is_a_back_door(filled: Any) -> None:
    parts = partitions(filled, "ledger_version")
    with database.connect_owner() as connection:
        used = [
            part for part in parts if connection.execute(f"SELECT FROM {part} LIMIT 1".encode()).fetchone() is not None
        ]
    assert len(used) > 1
    for deed in CHANGES:
        refused(deed.format(used[0], "source_row"), psycopg.errors.InsufficientPrivilege)
        refused(deed.format(used[0], "source_row"), psycopg.errors.IntegrityError, "append-only", owner=True)
    refused(f"SELECT FROM {used[0]}", psycopg.errors.InsufficientPrivilege)
    refused(f"INSERT INTO {used[0]} SELECT * FROM ledger_version LIMIT 1", psycopg.errors.InsufficientPrivilege)


@pytest.mark.parametrize("table", [*HISTORY, "ledger_version_p00"])
@pytest.mark.parametrize(
    "deed",
    [
        "ALTER TABLE {0} DISABLE TRIGGER ALL",
        "ALTER TABLE {0} DISABLE TRIGGER USER",
        "DROP TABLE {0} CASCADE",
        "ALTER TABLE {0} OWNER TO CURRENT_USER",
        "ALTER TABLE {0} RENAME TO elsewhere",
        "CREATE TRIGGER slip BEFORE INSERT ON {0} FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        "CREATE RULE slip AS ON INSERT TO {0} DO INSTEAD NOTHING",
        "GRANT UPDATE ON {0} TO CURRENT_USER",
        "SELECT FROM {0} FOR UPDATE",
    ],
)
def test_the_application_cannot_get_round_the_triggers(filled: Any, table: str, deed: str) -> None:
    if deed.startswith("GRANT"):
        # A right that cannot be passed on is a warning to PostgreSQL; what counts is that nothing was given.
        with contextlib.suppress(psycopg.errors.InsufficientPrivilege), database.connect(autocommit=True) as connection:
            connection.execute(deed.format(table).encode())
        assert not filled.one("SELECT has_table_privilege(%s, 'UPDATE')", table)
        return
    refused(deed.format(table), psycopg.errors.InsufficientPrivilege)


@pytest.mark.parametrize(
    "deed",
    [
        "SET session_replication_role = replica",
        "DROP FUNCTION ledger_refuse_change_v1() CASCADE",
        "CREATE OR REPLACE FUNCTION public.ledger_refuse_change_v1() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'",
        "CREATE TABLE public.own (x int)",
        "DROP SCHEMA public CASCADE",
        "SET ROLE xinyong",
        "ALTER ROLE CURRENT_USER SUPERUSER",
        "COPY ledger_event TO PROGRAM 'true'",
    ],
)
def test_the_application_cannot_raise_itself(filled: Any, deed: str) -> None:
    refused(deed, psycopg.errors.InsufficientPrivilege)


def test_doctor_knows_a_role_that_may_do_too_much(filled: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    line = next(
        item for item in json.loads(filled.cli("doctor", "--json").stdout)["checks"] if item["check"] == "rights"
    )
    assert line["state"] == "ok", line
    monkeypatch.setenv("XINYONG_DATABASE_URL", os.environ["XINYONG_DATABASE_OWNER_URL"])
    line = next(
        item for item in json.loads(filled.cli("doctor", "--json").stdout)["checks"] if item["check"] == "rights"
    )
    assert line["state"] == "warn"
    assert "owner of ledger_version" in line["found"] or "superuser" in line["found"]


def test_records_versions_and_windows_are_partitioned_alike_by_entity(filled: Any) -> None:
    for table in ("ledger_version", "ledger_record", "publicity_window"):
        assert len(partitions(filled, table)) == 16
        assert filled.one("SELECT pg_get_partkeydef(%s::regclass)", table) == "HASH (entity_id)"
    # All rows of one entity lie in the partitions of one number.
    strange = filled.one(
        "SELECT count(*) FROM ledger_version AS version JOIN ledger_record AS head USING (entity_id, record_id) "
        "WHERE right(version.tableoid::regclass::text, 2) <> right(head.tableoid::regclass::text, 2)"
    )
    assert strange == 0


def test_the_ledger_answers_as_it_stood_then(filled: Any) -> None:
    from xinyong.ledger import selectors

    code = filled.code(900)
    filled.take([filled.registration(code, "示例当时有限公司")])
    entity = filled.one("SELECT id FROM registry_entity WHERE credit_code = %s", code)
    (first,) = selectors.records_of_entity(entity)
    filled.take([filled.registration(code, "示例如今有限公司")])
    (now,) = selectors.records_of_entity(entity)
    (then,) = selectors.records_of_entity(entity, first["recorded_at"])
    assert (then["version_no"], now["version_no"]) == (1, 2)
    assert "示例当时有限公司" in str(then["payload"])
    assert "示例如今有限公司" in str(now["payload"])
    assert selectors.records_of_entity(entity, first["recorded_at"] - timedelta(microseconds=1)) == []
    shown = filled.cli("show", code, "--json")
    assert shown.exit_code == 0
    assert "示例如今有限公司" in shown.stdout


def test_the_corridor_is_in_commit_order_and_its_ranges_have_no_hole(filled: Any) -> None:
    failures: list[BaseException] = []

    def work(worker: int) -> None:
        from django.db import connection

        try:
            for turn in range(4):
                numbers = range(10_000 + worker * 1_000 + turn * 10, 10_000 + worker * 1_000 + turn * 10 + 10)
                filled.take(
                    [filled.registration(filled.code(number), f"示例{number}并行有限公司") for number in numbers]
                )
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    workers = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert failures == []
    # Recorded_at of an event is the start of its transaction: the order of ids must be that of the versions, which
    # are numbered under the same lock.
    events = filled.rows("SELECT id, version_from, version_to, delivery_id FROM ledger_event ORDER BY id")
    ranges = [(first, last) for _, first, last, _ in events]
    assert all(before[1] < after[0] for before, after in pairwise(ranges))
    assert all(
        filled.one("SELECT count(*) FROM ledger_version WHERE version_id BETWEEN %s AND %s", *pair)
        == pair[1] - pair[0] + 1
        for pair in ranges
    )
    assert sum(last - first + 1 for first, last in ranges) == filled.one("SELECT count(*) FROM ledger_version")
    # Each event was written by the transaction that wrote its versions.
    apart = filled.one(
        "SELECT count(*) FROM ledger_event AS event JOIN ledger_version AS version "
        "ON version.version_id BETWEEN event.version_from AND event.version_to "
        "WHERE version.xmin <> event.xmin OR version.delivery_id <> event.delivery_id"
    )
    assert apart == 0


WINDOWS = "SELECT * FROM publicity_window ORDER BY entity_id, record_id"


def test_two_callers_take_every_event_exactly_once(filled: Any) -> None:
    from xinyong.publicity import effects

    filled.catch_up()
    for turn in range(6):
        numbers = range(30_000 + turn * 10, 30_000 + turn * 10 + 10)
        filled.take([filled.registration(filled.code(number), f"示例{number}追赶有限公司") for number in numbers])
    position = "SELECT event_id FROM ledger_effect_position WHERE effect = 'publicity'"
    waiting = filled.one(f"SELECT count(*) FROM ledger_event WHERE id > ({position})")
    assert waiting == 6
    taken: list[int] = []
    callers = [threading.Thread(target=lambda: taken.append(effects.catch_up())) for _ in range(2)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert sum(taken) == waiting
    assert len(taken) == 2
    assert filled.one(position) == filled.one("SELECT max(id) FROM ledger_event")
    assert effects.catch_up() == 0


def test_a_rebuild_gives_identical_windows(filled: Any) -> None:
    filled.catch_up()
    before = filled.rows(WINDOWS)
    assert len(before) > 60
    done = filled.cli("effects", "--rebuild", "--json")
    assert done.exit_code == 0, done.output
    assert filled.rows(WINDOWS) == before


def test_a_rebuild_beside_another_reader_neither_blocks_nor_loses(filled: Any) -> None:
    from xinyong.publicity import effects

    filled.catch_up()
    before = filled.rows(WINDOWS)
    failures: list[BaseException] = []

    def work(deed: Any) -> None:
        try:
            for _ in range(4):
                deed()
        except BaseException as error:
            failures.append(error)

    callers = [
        threading.Thread(target=work, args=(deed,)) for deed in (effects.rebuild, effects.catch_up, effects.catch_up)
    ]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert failures == []
    effects.catch_up()
    assert filled.rows(WINDOWS) == before


def test_commits_stand_in_line_before_they_number_anything(filled: Any) -> None:
    """Only so is the order of events the order of commits: one that has numbers must never wait behind a later one."""
    from django.db import connection

    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            filled.take([filled.registration(filled.code(number), f"示例{number}排队有限公司")])
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    workers = [threading.Thread(target=work, args=(number,)) for number in (50_001, 50_002)]
    waiting = "SELECT wait_event FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    with database.connect() as holder:
        holder.execute("LOCK TABLE ledger_event IN SHARE MODE")
        for worker in workers:
            worker.start()
        deadline = time.monotonic() + 30
        while len(filled.rows(waiting)) < 2 and time.monotonic() < deadline:
            time.sleep(0.02)
        held = sorted(event for (event,) in filled.rows(waiting))
    for worker in workers:
        worker.join()
    assert failures == []
    assert held == ["advisory", "relation"]
