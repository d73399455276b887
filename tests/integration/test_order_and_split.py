"""Properties of the whole way in: order and split of deliveries do not matter, repeats add nothing, replay is exact."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

ENTITIES = 6
#: What is known in the end, without numbers drawn from sequences and without times.
STATE = {
    "entities": "SELECT credit_code, name, kind, registered FROM registry_entity ORDER BY 1",
    "records": "SELECT credit_code, dataset.code, encode(source_key, 'hex'), encode(head.content_hash, 'hex'), head.decided_on "
    "FROM ledger_record AS head JOIN registry_entity AS entity ON entity.id = head.entity_id JOIN catalogue_dataset AS dataset "
    "ON dataset.id = head.dataset_id ORDER BY 1, 2, 3",
    "windows": "SELECT credit_code, dataset.code, encode(source_key, 'hex'), public_from, public_until, earliest_repair, "
    "severity, rule FROM publicity_window AS shown JOIN ledger_record AS head USING (entity_id, record_id) "
    "JOIN registry_entity AS entity ON entity.id = entity_id JOIN catalogue_dataset AS dataset ON dataset.id = head.dataset_id "
    "ORDER BY 1, 2, 3",
    "names": "SELECT credit_code, name.name, name.kind FROM registry_name AS name JOIN registry_entity AS entity "
    "ON entity.id = name.entity_id ORDER BY 1, 2",
}


@contextmanager
def fresh(server: str) -> Iterator[None]:
    """A migrated database of its own for one example."""
    from tests.conftest import RUN, TEMPLATE, use_database
    from xinyong.runtime import postgres

    name = f"xinyong_{RUN}_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgres.server().url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}".encode())
    with use_database(server, name):
        yield
    with psycopg.connect(postgres.server().url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def state(desk: Any) -> dict[str, list[tuple[Any, ...]]]:
    """What is known now."""
    desk.catch_up()
    return {name: desk.rows(query) for name, query in STATE.items()}


@pytest.fixture(scope="module")
def facts(desk: Any) -> list[tuple[str, dict[str, str]]]:
    """Decisions of departments: (dataset, row), each under its own business key, so that no order is implied."""
    rows: list[tuple[str, dict[str, str]]] = []
    for number in range(ENTITIES):
        code, name = desk.code(number), f"示例性质{number}有限公司"
        rows.append(("registration", desk.registration(code, name)))
        rows += [("penalty", desk.penalty(code, name, CF_WSH=f"性{number}-{turn}")) for turn in range(2)]
        rows.append(("abnormal-list", desk.abnormal(code, name)))
    return rows


def deliver(desk: Any, rows: list[tuple[str, dict[str, str]]], sizes: list[int]) -> None:
    """The rows in deliveries of these sizes, each for one dataset, in the order given."""
    held: list[tuple[str, dict[str, str]]] = []
    cuts = iter(sizes)
    left = next(cuts, len(rows))
    for dataset, row in rows:
        if held and (held[0][0] != dataset or left <= 0):
            desk.take([item for _, item in held], held[0][0])
            held, left = [], next(cuts, len(rows))
        held.append((dataset, row))
        left -= 1
    if held:
        desk.take([item for _, item in held], held[0][0])


@given(data=st.data())
@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_any_order_and_any_split_of_the_same_rows_gives_the_same_state(
    server: str, desk: Any, facts: list[tuple[str, dict[str, str]]], expected: dict[str, Any], data: st.DataObject
) -> None:
    rows = data.draw(st.permutations(facts), label="order")
    if data.draw(st.booleans(), label="grouped"):
        rows = sorted(rows, key=lambda item: item[0])
    sizes = data.draw(st.lists(st.integers(1, 8), max_size=24), label="sizes")
    with fresh(server):
        deliver(desk, rows, sizes)
        found = state(desk)
        assert found == expected
        # Repeats, in yet another split, change nothing and make no event.
        events = desk.one("SELECT count(*) FROM ledger_event")
        deliver(desk, sorted(facts, key=lambda item: item[0]), [3, 1, 5])
        assert desk.one("SELECT count(*) FROM ledger_event") == events
        assert state(desk) == expected


def _without(desk: Any, table: str, volatile: str) -> str:
    """The columns of a table but those that name the moment, or the number a row happened to get."""
    left_out = {*volatile.split(", "), *(("name_id",) if table == "registry_search" else ())}
    columns = desk.rows(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
        table,
    )
    return ", ".join(name for (name,) in columns if name not in left_out) or "NULL"


@pytest.fixture(scope="module")
def expected(server: str, desk: Any, facts: list[tuple[str, dict[str, str]]]) -> dict[str, Any]:
    """The state after one delivery a dataset."""
    with fresh(server):
        deliver(desk, facts, [])
        return state(desk)


#: What each effect keeps, so that a replay from zero can be compared to the byte; the log keeps files. A new effect, and a
#: new table of one, is named here, or the test below fails. Cases of the desk are deeds of officers and no read model.
KEPT: dict[str, dict[str, str]] = {
    "log": {},
    "search": {"registry_search": "", "registry_search_gram": "", "registry_search_state": "built_at, name_id"},
    "registry": {
        "registry_relation": "id",
        "registry_succession": "id",
        "registry_pendinglink": "id",
        "registry_name": "id",
        "registry_identifier": "id",
    },
    "publicity": {"publicity_window": "", "publicity_tally": ""},
    "desk": {},
    # Rules in force are stored once by their content; the windows computed by them are those of "publicity".
    "rules": {},
    # Cases, list entries on their way and what was told are deeds of people and no read model: nothing is forgotten.
    "lists": {},
    "commitments": {},  # deeds of firms and officers
    "notices": {},
    "feeds": {},
    "remedies": {},
    # A file of the host, not a table: test_verification.py compares it after every event and after a rebuild.
    "verification": {},
    # Takes rows of the fast door into the audit trail, each once.
    "verification-journal": {},
}


def test_replay_from_zero_rebuilds_every_read_model_to_the_byte(server: str, desk: Any) -> None:
    from xinyong.accounts import actions as accounts
    from xinyong.accounts.models import Role
    from xinyong.ledger import actions, corridor
    from xinyong.ledger.log import state as log_state

    with fresh(server):
        user = accounts.create_user(
            username="replay",
            display_name="",
            password="a-long-password-1",
            role=Role.OPERATOR,
            department=None,
            acting="test",
        )
        codes = [desk.code(number) for number in range(20)]
        desk.take([desk.registration(code, f"示例重放{code[-5:]}之初有限公司") for code in codes])
        link = {
            "统一社会信用代码": codes[1],
            "关联类型": "隶属企业",
            "关联主体代码": codes[0],
            "登记日期": "2016-01-01",
        }
        desk.take(
            [link, {**link, "统一社会信用代码": codes[3], "关联类型": "吸收合并", "关联主体代码": codes[4]}],
            "registration-link",
        )
        change = {
            "变更事项": "名称变更",
            "变更前内容": "示例旧名有限公司",
            "变更后内容": f"示例重放{codes[0][-5:]}之初有限公司",
        }
        desk.take([{"统一社会信用代码": codes[0], **change, "变更日期": "2020-05-06"}], "registration-change")
        share = {"出资序号": "1", "出资人": "示例", "认缴出资额": "60", "认缴比例": "60", "出资日期": "2016-01-01"}
        desk.take(
            [
                {"统一社会信用代码": codes[2], **share, "出资人统一社会信用代码": codes[0]},
                {"统一社会信用代码": codes[5], **share, "出资人统一社会信用代码": desk.code(99_999)},
            ],
            "shareholders",
        )
        for turn in range(4):
            desk.take(
                [desk.registration(code, f"示例重放{code[-5:]}之{turn}有限公司") for code in codes[turn : turn + 15]]
            )
            desk.take(
                [
                    desk.penalty(code, "示例", CF_WSH=f"重{code}", CF_SY=f"事实{turn}。")
                    for code in codes[turn : turn + 9]
                ],
                "penalty",
            )
            if turn % 2:
                desk.catch_up()
            record = desk.one("SELECT min(record_id) + %s FROM ledger_record WHERE decided_on IS NOT NULL", turn)
            for act, cause in (("withdrawn", "annulled"), ("reinstated", "")) if turn < 3 else (("withdrawn", "void"),):
                actions.record_status(user, record, act, cause=cause, reason="测试", basis="测试")
        desk.catch_up()
        assert set(corridor.names()) == set(KEPT), "an effect whose read model nobody compares"
        from django.apps import apps

        derived = {table for app in apps.get_app_configs() for table in getattr(app, "derived_tables", ())}
        assert derived <= {table for tables in KEPT.values() for table in tables}, "a derived table nobody compares"
        folder = log_state.folder(desk.one("SELECT id FROM ledger_installation"))

        def dump() -> dict[str, Any]:
            files = {
                str(path.relative_to(folder.path)): path.read_bytes()
                for path in sorted(folder.path.rglob("*"))
                if path.is_file() and path.parent.name != "work" and path.name != "lock"
            }
            rows = {
                table: sorted(map(repr, desk.rows(f"SELECT {_without(desk, table, volatile)} FROM {table}")))
                for tables in KEPT.values()
                for table, volatile in tables.items()
            }
            # The index of names holds each name once, whatever number the name has got.
            rows["names found"] = sorted(
                map(
                    repr,
                    desk.rows(
                        "SELECT name.entity_id, name.name, count(found.name_id) FROM registry_name AS name FULL JOIN "
                        "registry_search AS found ON found.name_id = name.id GROUP BY 1, 2"
                    ),
                )
            )
            wrong = [row for row in rows["names found"] if ", 1)" not in row or "None" in row]
            assert not wrong, wrong
            positions = desk.rows("SELECT effect, event_id FROM ledger_effect_position ORDER BY effect")
            return {"files": files, "tables": rows, "positions": positions}

        before = dump()
        assert len(before["files"]) > 4
        assert all(before["tables"].values()), [name for name, rows in before["tables"].items() if not rows]
        assert {event for _, event in before["positions"]} == {desk.one("SELECT max(id) FROM ledger_event")}
        taken = corridor.rebuild()
        # Cases of the desk are deeds of officers and no read model: that effect keeps no position and forgets nothing.
        assert {name for name, _ in before["positions"]} == set(corridor.readers())
        assert all(taken[name] for name in corridor.readers() if name != "notices"), taken
        after = dump()
        for part in before:
            assert after[part] == before[part], part
        assert json.dumps(sorted(corridor.names()))
