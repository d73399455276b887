"""Acts are leaves of the log: any change of one is found and named, each can be proved, and older logs take theirs up."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from xinyong.accounts import actions as accounts
from xinyong.accounts.models import Role, User
from xinyong.ledger import actions
from xinyong.ledger.log import effect, state, verify
from xinyong.ledger.log.errors import LogRefused
from xinyong.registry import actions as registry
from xinyong.runtime import database

TOOL = Path(__file__).parents[2] / "tools" / "verify_proof.py"
WHY = {"reason": "测试理由", "basis": "（示）复〔2026〕1号"}
DEED = {"reason": "同一主体", "evidence": "（示）档案〔2026〕1号"}


@pytest.fixture(scope="module")
def officer(desk: Any) -> User:
    return accounts.create_user(
        username="leaf-operator",
        display_name="操作员",
        department=None,
        role=Role.OPERATOR,
        password="a-long-password-1",
        acting="test",
    )


@pytest.fixture(scope="module")
def acted(desk: Any, officer: User) -> dict[str, Any]:
    """Versions, acts on records and acts on the registry, all logged. ``acts``: events of record acts, ``merge``: the act."""
    codes = [desk.code(500 + number) for number in range(4)]
    desk.take([desk.registration(code, f"示例{code[-5:]}有限公司") for code in codes])
    desk.take([desk.penalty(code, f"示例{code[-5:]}有限公司", CF_WSH=f"叶{code}") for code in codes], "penalty")
    records = [
        row[0] for row in desk.rows("SELECT record_id FROM ledger_record WHERE decided_on IS NOT NULL ORDER BY 1")
    ]
    first = actions.record_status(officer, records[0], "disputed", **WHY)
    second = actions.record_status(officer, records[0], "dispute_ended", **WHY)
    desk.take(
        [
            desk.penalty(
                "", f"示例{codes[0][-5:]}有限公司", CF_XDR_GSZC="410700600000014", CF_XDR_LB="个体工商户", CF_WSH="叶9"
            )
        ],
        "penalty",
    )
    third = actions.record_status(officer, records[1], "withdrawn", cause="annulled", **WHY)
    member = desk.one("SELECT entity_id FROM registry_identifier WHERE value = '410700600000014'")
    into = desk.one("SELECT id FROM registry_entity WHERE credit_code = %s", codes[0])
    merge = registry.merge(officer, member, into, **DEED)
    merge.refresh_from_db()
    effect.catch_up()
    return {"acts": [first, second, third], "records": records, "merge": merge, "member": member, "into": into}


def found() -> list[verify.Finding]:
    return verify.verify(contents=True).findings


@contextmanager
def as_superuser(change: str, back: str) -> Iterator[None]:
    """The ledger otherwise for a while, as only a superuser can: without its triggers."""
    with database.connect_owner(autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(change.encode())
        try:
            yield
        finally:
            connection.execute(back.encode())


def test_each_act_is_a_leaf_of_its_own_in_the_order_of_commits(desk: Any, acted: dict[str, Any]) -> None:
    report = verify.verify(contents=True)
    assert (report.findings, report.acts) == ([], 4)
    assert report.size == report.compared == desk.one("SELECT count(*) FROM ledger_version") + 4
    ranges = desk.rows("SELECT event_id, version_from FROM ledger_log_range ORDER BY first_leaf")
    assert [event for event, _ in ranges] == sorted(event for event, _ in ranges)
    assert [event for event, first in ranges if first is None] == [*acted["acts"], acted["merge"].event_id]
    folder = state.folder(report.installation)
    before = {path: path.read_bytes() for path in folder.path.rglob("*") if path.is_file() and path.name != "lock"}
    effect.rebuild()
    assert {
        path: path.read_bytes() for path in folder.path.rglob("*") if path.is_file() and path.name != "lock"
    } == before


_COLUMNS = {
    "ledger_status": {
        "record_id": "record_id + 1000000",
        "entity_id": "entity_id + 1000000",
        "version_no": "version_no + 1",
        "effective_at": "effective_at - interval '1 microsecond'",
        "recorded_at": "recorded_at + interval '1 microsecond'",
        "act": "'corrected'",
        "cause": "cause || 'x'",
        "actor": "actor || 'x'",
        "reason": "reason || ' '",
        "basis": "basis || 'x'",
        "rule": "rule || 'x'",
        "answers": "coalesce(answers, 0) + 1",
    },
    "registry_act": {
        "kind": "'split'",
        "entity_id": "entity_id + 1",
        "other_id": "other_id + 1",
        "undoes_id": "1",
        "actor": "actor || 'x'",
        "second": "second || 'x'",
        "reason": "reason || ' '",
        "evidence": "evidence || ' '",
        "detail": "detail || '{\"x\": 1}'",
        "at": "at + interval '1 microsecond'",
        "decided_at": "now()",
    },
}
#: Columns of the registry's acts that say what became of one later; the act that did it says so itself.
_LATER = {"state"}


@pytest.mark.parametrize("table", sorted(_COLUMNS))
def test_any_column_of_an_act_that_is_changed_is_found_and_the_act_is_named(
    desk: Any, acted: dict[str, Any], table: str
) -> None:
    event = acted["acts"][0] if table == "ledger_status" else acted["merge"].event_id
    columns = desk.rows(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = 'public' AND table_name = %s", table
    )
    assert {name for (name,) in columns} - {"id", "event_id"} - _LATER == set(_COLUMNS[table]), "a column nobody tries"
    for column, value in _COLUMNS[table].items():
        back = f"UPDATE {table} SET {column} = kept.{column} FROM kept WHERE {table}.event_id = {event}"
        with (
            as_superuser(f"CREATE TABLE kept AS SELECT * FROM {table} WHERE event_id = {event}", "DROP TABLE kept"),
            as_superuser(f"UPDATE {table} SET {column} = {value} WHERE event_id = {event}", back),
        ):
            seen = found()
        assert [(item.kind, item.event_id) for item in seen] == [("act", event)], column
    assert found() == []


def test_an_act_taken_away_moved_or_slipped_in_is_found(desk: Any, acted: dict[str, Any]) -> None:
    event = acted["acts"][1]
    with (
        as_superuser(f"CREATE TABLE kept AS SELECT * FROM ledger_status WHERE event_id = {event}", "DROP TABLE kept"),
        as_superuser(
            f"DELETE FROM ledger_status WHERE event_id = {event}", "INSERT INTO ledger_status SELECT * FROM kept"
        ),
    ):
        assert [(item.kind, item.event_id) for item in found()] == [("act", event)]
    with as_superuser(
        "INSERT INTO ledger_status SELECT entity_id, record_id, 900000, version_no, effective_at, recorded_at, act, cause, "
        f"actor, reason, basis, rule, answers FROM ledger_status WHERE event_id = {event}",
        "DELETE FROM ledger_status WHERE event_id = 900000",
    ):
        assert [(item.kind, item.event_id) for item in found()] == [("unlogged", 900000)]
    # The time of the event is what as-of answers go by.
    with as_superuser(
        f"UPDATE ledger_event SET recorded_at = recorded_at + interval '1 microsecond' WHERE id = {event}",
        f"UPDATE ledger_event SET recorded_at = recorded_at - interval '1 microsecond' WHERE id = {event}",
    ):
        assert ("act", event) in [(item.kind, item.event_id) for item in found()]
    with as_superuser(
        f"UPDATE ledger_status SET reason = reason || 'x' WHERE event_id = {event}",
        f"UPDATE ledger_status SET reason = left(reason, -1) WHERE event_id = {event}",
    ):
        with pytest.raises(LogRefused, match="no longer gives the root"):
            effect.rebuild()
        refused = desk.cli("proof", "--act", event, "--out", desk.folder / "no.json")
        assert refused.exit_code == 1
        assert f"act {event} is not what was logged" in refused.output
    assert found() == []


def test_an_act_is_proved_offline_and_its_words_only_to_those_who_have_them(
    desk: Any, acted: dict[str, Any], tmp_path: Path
) -> None:
    def tool(*arguments: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-I", "-S", str(TOOL), *map(str, arguments)], capture_output=True, text=True
        )

    key = state.folder(desk.one("SELECT id FROM ledger_installation")).path / "key.pub"
    for event, said in (
        (acted["acts"][2], {"type": "xinyong-act-1", "act": "withdrawn", "record_id": acted["records"][1]}),
        (acted["merge"].event_id, {"type": "xinyong-registry-act-1", "act": "merge", "entity_id": acted["member"]}),
    ):
        out, words = tmp_path / f"{event}.json", tmp_path / f"{event}.txt"
        done = desk.cli("proof", "--act", event, "--out", out, "--content-out", words, "--json")
        assert done.exit_code == 0, done.output
        good = tool(out, "--key", key, "--content", words, "--json")
        assert good.returncode == 0, good.stdout
        leaf = json.loads(good.stdout)["leaf"]
        assert {name: leaf[name] for name in said} == said
        assert "测试理由" not in out.read_text() and "leaf-operator" not in out.read_text()
        assert "leaf-operator" in words.read_text()
        assert "Holds: act" in tool(out).stdout
        words.write_text(words.read_text().replace("leaf-operator", "leaf-operatoR"))
        assert tool(out, "--content", words).returncode == 1
        raw = out.read_bytes()
        for at in range(0, len(raw), len(raw) // 12):
            out.write_bytes(raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :])
            assert tool(out).returncode == 1, at
        out.write_bytes(raw.replace(b'\\"act\\":\\"' + said["act"].encode(), b'\\"act\\":\\"corrected'))
        assert tool(out).returncode == 1
    assert desk.cli("proof", "--act", 999_999, "--out", tmp_path / "no.json").exit_code == 1
    assert desk.cli("proof", "--out", tmp_path / "no.json").exit_code == 2


def test_a_log_of_before_acts_were_leaves_stays_valid_and_takes_them_up(
    desk: Any, acted: dict[str, Any], officer: User
) -> None:
    """As after an upgrade: the position is behind acts that have no range; what was signed stays the beginning."""
    effect.catch_up()
    with database.connect_owner(autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        signed = connection.execute(
            "SELECT first_leaf + leaves FROM ledger_log_range ORDER BY first_leaf DESC LIMIT 1"
        ).fetchone()
        older = actions.record_status(officer, acted["records"][2], "disputed", **WHY)
        last = actions.record_status(officer, acted["records"][3], "disputed", **WHY)
        # The log of then passed over them.
        connection.execute("UPDATE ledger_effect_position SET event_id = %s WHERE effect = 'log'", (last,))
        connection.execute("UPDATE ledger_installation SET acts_before = %s", (last,))
    assert found() == [], "what is still to be taken up is no finding"
    newer = actions.record_status(officer, acted["records"][2], "dispute_ended", **WHY)
    effect.catch_up()
    assert signed is not None
    ranges = desk.rows("SELECT event_id FROM ledger_log_range WHERE first_leaf >= %s ORDER BY first_leaf", signed[0])
    assert [event for (event,) in ranges] == [older, last, newer]
    assert found() == []
    effect.rebuild()
    assert found() == []


def test_merges_stand_in_the_order_of_commits(desk: Any, acted: dict[str, Any], officer: User) -> None:
    """A merge that began before a moment and was committed after it is not in the answer, then or ever."""
    import threading
    import time

    from django.db import connection, transaction
    from django.utils import timezone

    from xinyong.ledger import past

    member, into = acted["member"], acted["into"]
    registry.split(officer, member, **DEED)
    begun, go = threading.Event(), threading.Event()

    def late() -> None:
        with transaction.atomic():
            registry.merge(officer, member, into, **DEED)
            begun.set()
            go.wait(30)
        connection.close()

    thread = threading.Thread(target=late)
    thread.start()
    assert begun.wait(30)
    time.sleep(0.01)
    moment = timezone.now()
    early = past.entity_file(into, moment)
    go.set()
    thread.join()
    assert past.members_at(into) == [into, member]
    assert past.members_at(into, timezone.now()) == [into, member]
    assert desk.one("SELECT max(at) FROM registry_act") < moment, "by the clock of the officer it was earlier"
    assert past.members_at(into, moment) == [into]
    assert past.entity_file(into, moment) == early
    # Numbers have no gap, and each act that stands has one.
    assert desk.one("SELECT max(id) - count(*) FROM ledger_event") == 0
    assert (
        desk.one(
            "SELECT count(*) FROM registry_act AS act FULL JOIN (SELECT id FROM ledger_event WHERE kind = 'registry.acted') AS event "
            "ON event.id = act.event_id WHERE act.id IS NULL OR event.id IS NULL"
        )
        == 0
    )


def test_a_proposed_merge_has_no_place_until_it_is_confirmed(
    desk: Any, acted: dict[str, Any], officer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.utils import timezone

    from xinyong.ledger import past

    monkeypatch.setenv("XINYONG_SECOND_PERSON", "merge")
    other = accounts.create_user(
        username="leaf-second",
        display_name="复核员",
        department=None,
        role=Role.OPERATOR,
        password="a-long-password-1",
        acting="test",
    )
    if past.members_at(acted["into"]) != [acted["into"]]:
        monkeypatch.setenv("XINYONG_SECOND_PERSON", "")
        registry.split(officer, acted["member"], **DEED)
        monkeypatch.setenv("XINYONG_SECOND_PERSON", "merge")
    act = registry.merge(officer, acted["member"], acted["into"], **DEED)
    act.refresh_from_db()
    assert act.event_id is None
    between = timezone.now()
    registry.decide(other, act.pk, agree=True)
    act.refresh_from_db()
    assert act.event_id == desk.one("SELECT max(id) FROM ledger_event")
    assert past.members_at(acted["into"], between) == [acted["into"]]
    assert past.members_at(acted["into"]) == [acted["into"], acted["member"]]


# --- names cannot be shadowed ----------------------------------------------------------------------------------------


def test_what_the_application_puts_into_its_own_schema_does_not_stand_before_the_ledger(desk: Any) -> None:
    """Its role may make functions and tables in one schema, and temporary ones: none of them is taken for the ledger's."""
    from django.utils import timezone

    from xinyong.ledger import selectors

    fake = (
        "CREATE FUNCTION derived.ledger_horizon_v1(moment timestamptz) RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint'",
        "CREATE FUNCTION derived.ledger_horizon_v1(moment text) RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint'",
        "CREATE FUNCTION derived.ledger_event_of_v1(version bigint) RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint'",
        "CREATE FUNCTION derived.ledger_block_v1() RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint'",
        "CREATE FUNCTION derived.ledger_take_v1(sequence text, amount integer) RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint'",
        "CREATE TABLE derived.ledger_event (LIKE public.ledger_event)",
        "CREATE TABLE derived.registry_act (LIKE public.registry_act)",
    )
    with database.connect(autocommit=True) as connection:
        for statement in fake:
            connection.execute(statement.encode())
    try:
        last = desk.one("SELECT max(id) FROM public.ledger_event")
        assert selectors.horizon(timezone.now()).event == last
        desk.take([desk.registration(desk.code(77_000 + number), f"示例遮蔽{number}有限公司") for number in range(3)])
        assert desk.one("SELECT max(id) FROM public.ledger_event") == last + 1
        assert desk.one("SELECT count(*) FROM derived.ledger_event") == 0
        for role in (database.connect, database.connect_owner):
            with role() as connection:
                # A temporary table stands before everything else unless the path says otherwise.
                connection.execute("CREATE TEMPORARY TABLE ledger_event (LIKE public.ledger_event) ON COMMIT DROP")
                connection.execute("INSERT INTO ledger_event (kind) VALUES ('test.shadow')")
                row = connection.execute(
                    "SELECT max(id) FROM public.ledger_event WHERE kind = 'test.shadow'"
                ).fetchone()
                assert row == (last + 2,)
                connection.execute("SET LOCAL search_path = pg_temp, derived, public")
                row = connection.execute(
                    "INSERT INTO public.ledger_event (kind) VALUES ('test.shadow') RETURNING id"
                ).fetchone()
                assert row == (last + 3,), "the trigger reads the ledger's own table whatever the session's path is"
                connection.rollback()
        desk.catch_up()
        assert verify.verify().findings == []
    finally:
        with database.connect(autocommit=True) as connection:
            for statement in fake:
                kind, name = statement.split()[1], statement.split(" ", 2)[2]
                name = name.split(" RETURNS")[0].split(" (LIKE")[0]
                connection.execute(f"DROP {kind} {name}".encode())


def test_every_function_of_the_ledger_looks_in_one_schema_only(desk: Any) -> None:
    open_ones = desk.rows(
        "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND proname ~ '^(ledger|audit|registry)_' "
        # A body bound when the function was made looks nothing up when it runs.
        "AND prosqlbody IS NULL AND NOT coalesce(proconfig @> ARRAY['search_path=public, pg_temp'], false)"
    )
    assert open_ones == []


@pytest.mark.parametrize("role", ["connect", "connect_owner"])
def test_the_schema_of_the_application_stands_last(desk: Any, role: str) -> None:
    with getattr(database, role)() as connection:
        row = connection.execute("SHOW search_path").fetchone()
    assert row is not None and row[0].replace(" ", "").split(",")[0] == "public"
