"""A file sent again word for word: the shortcut says exactly what the full way says, whatever happened in between."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xinyong.errors import XinyongError

ENTITIES = 4
EQUAL = {
    "entities": "SELECT id, credit_code, name, name_key, kind, registered, canonical_id FROM registry_entity ORDER BY 1",
    "numbers": "SELECT entity_id, type, value FROM registry_identifier ORDER BY 2, 3",
    "names": "SELECT entity_id, name, kind FROM registry_name ORDER BY 1, 2",
    "heads": "SELECT entity_id, record_id, dataset_id, version_no, delivery_id, decided_on, source_key, content_hash "
    "FROM ledger_record ORDER BY 1, 2",
    "versions": "SELECT entity_id, record_id, version_no, delivery_id, source_row, content_hash, payload::text "
    "FROM ledger_version ORDER BY 1, 2, 3",
    "events": "SELECT id, kind, delivery_id, version_to - version_from FROM ledger_event ORDER BY 1",
    "links": "SELECT delivery_id, row, entity_id, rule, value FROM registry_link ORDER BY 1, 2",
    "findings": 'SELECT delivery_id, row, kind, code, severity, field, "column", value, reason_zh, reason_en, suggestion_zh, '
    "suggestion_en, fix FROM intake_finding ORDER BY 1, 2, 3, 4, 6, 8",
    "profiles": "SELECT delivery_id, rows, rejected, fill::text, values::text, unknown::text "
    "FROM intake_deliveryprofile ORDER BY 1",
    "counts": "SELECT id, state, layout, encoding, read, accepted, rejected, unchanged, warnings, back_flow, entities_created, "
    "late_rows, oldest_decision, notes::text, hold::text, read_under FROM intake_delivery ORDER BY 1",
}


def _copy(server: str, name: str, template: str) -> None:
    from xinyong.runtime import postgres

    del server
    with psycopg.connect(postgres.server().url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())


@contextmanager
def _two(server: str) -> Iterator[tuple[str, str]]:
    """The names of a database and of its later copy."""
    from tests.conftest import RUN, TEMPLATE
    from xinyong.runtime import postgres

    one, other = (f"xinyong_{RUN}_{uuid.uuid4().hex[:12]}" for _ in range(2))
    _copy(server, one, TEMPLATE)
    try:
        yield one, other
    finally:
        with psycopg.connect(postgres.server().url, autocommit=True) as connection:
            for name in (one, other):
                connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())


class World:
    """One file of penalties that is sent again and again, and what else may happen."""

    def __init__(self, desk: Any) -> None:
        self.desk = desk
        self.codes = [desk.code(number) for number in range(ENTITIES)]
        rows = [
            desk.penalty(code, f"示例重送{number}有限公司", CF_WSH=f"重{number}-{turn}")
            for number, code in enumerate(self.codes)
            for turn in range(2)
        ]
        rows += [
            desk.penalty(self.codes[0], "示例重送0有限公司", CF_WSH="重0-0"),  # an equal copy
            desk.penalty(self.codes[1], "示例重送1有限公司", CF_WSH="重1-1", CF_SY="另一事实。"),  # contradicts
            desk.penalty(self.codes[2], "示例重送2有限公司", CF_WSH="重2-9", CF_JDRQ="2026-13-45"),  # wrong
            desk.penalty("", "示例重送3有限公司", CF_WSH="重3-名"),  # told by its name, once that is registered
            desk.penalty("", "示例重送旧户", CF_WSH="重旧", CF_XDR_GSZC="410700600000014", CF_XDR_LB="个体工商户"),
            desk.penalty(self.codes[3], "示例重送3有限公司", CF_WSH="重3-9", CF_JDRQ="2099-01-01"),  # not yet
        ]
        self.file: Path = desk.csv(rows)

    def repeat(self) -> Any:
        return self.desk.deliver(self.file, "penalty")

    def do(self, deed: tuple[str, int]) -> None:
        """One thing that happens between two deliveries of the file."""
        from xinyong.ledger import actions as ledger
        from xinyong.registry import actions as registry

        kind, number = deed
        desk, code = self.desk, self.codes[number % ENTITIES]
        name = f"示例重送{number % ENTITIES}有限公司"
        if kind == "repeat":
            self.repeat()
        elif kind == "registered":
            desk.take([desk.registration(code, name)])
        elif kind == "renamed":
            desk.take([desk.registration(code, f"示例改名{number % ENTITIES}有限公司")])
        elif kind == "corrected":
            desk.take([desk.penalty(code, name, CF_WSH=f"重{number % ENTITIES}-0", CF_SY=f"事实{number}。")], "penalty")
        elif kind == "came back":
            desk.take([desk.penalty(code, name, CF_WSH=f"重{number % ENTITIES}-0")], "penalty", "another")
        elif kind == "another's change":
            row = desk.penalty(code, name, CF_WSH=f"重{number % ENTITIES}-1", CF_SY=f"他部门{number}。")
            desk.take([row], "penalty", "another")
        elif kind == "new number":
            desk.take([desk.penalty(code, name, CF_WSH=f"新{number}")], "penalty")
        elif kind == "withdrawn":
            record = desk.rows("SELECT min(record_id) FROM ledger_record")[0][0]
            with contextlib.suppress(XinyongError):
                ledger.record_status(
                    self.officers[0], record, "withdrawn", cause="annulled", reason="测试", basis="测试"
                )
        elif kind == "merged":
            self._merge(registry, code)

    def _merge(self, registry: Any, code: str) -> None:
        found = self.desk.rows(
            "SELECT old.id, kept.id FROM registry_entity AS old, registry_entity AS kept "
            "WHERE old.credit_code IS NULL AND kept.credit_code = %s",
            code,
        )
        for old, kept in found[:1]:
            with contextlib.suppress(XinyongError):
                act = registry.merge(self.officers[0], old, kept, reason="同一主体", evidence="（示）1号")
                if act.state == act.State.PROPOSED:
                    registry.decide(self.officers[1], act.pk, agree=True)

    def prepare(self) -> None:
        from xinyong.accounts import actions as accounts
        from xinyong.accounts.models import Role

        accounts.register_department(slug="another", name_zh="另一部门", acting="test")
        self.officers = [
            accounts.create_user(
                username=name,
                password="a-long-password-1",
                display_name=name,
                role=Role.OPERATOR,
                department=None,
                acting="test",
            )
            for name in ("first", "second")
        ]


@pytest.fixture(scope="module")
def world(desk: Any) -> World:
    return World(desk)


DEEDS = (
    "repeat",
    "registered",
    "renamed",
    "corrected",
    "came back",
    "another's change",
    "new number",
    "withdrawn",
    "merged",
)


def watched(patch: pytest.MonkeyPatch) -> list[Any]:
    """What the search for settled rows finds from now on, once a delivery."""
    from xinyong.intake import repeats

    found: list[Any] = []
    real = repeats.find

    def find(*values: Any) -> Any:
        found.append(real(*values))
        return found[-1]

    patch.setattr(repeats, "find", find)
    return found


def test_ranges_that_follow_each_other_are_asked_for_as_one() -> None:
    from xinyong.intake import repeats

    assert repeats.joined([(9, 9), (4, 4), (5, 5), (6, 7), (20, 30), (22, 25)]) == [(4, 7), (9, 9), (20, 30)]
    assert repeats.joined([]) == []


def test_another_way_of_reading_takes_the_full_way(desk: Any, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from xinyong.intake import repeats

    seen = watched(monkeypatch)
    world.repeat()
    again = world.repeat()
    assert seen[0] is None
    assert len(seen[1].rows) == again.unchanged - 2  # an equal copy, and the row told by its registration number
    monkeypatch.setattr(repeats, "read_under", lambda _entry: "another program")
    world.repeat()
    assert seen[2] is None


def test_a_row_that_became_right_before_the_settled_one_restarts_the_full_way(
    desk: Any, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """First rejected, now accepted, and it contradicts a later row of the same file: only the full way can tell."""
    from xinyong.intake.checks import rules

    code = desk.code(77)
    rows = [
        desk.penalty(code, "示例先后有限公司", CF_WSH="先后", CF_JDRQ="2098-01-01"),
        desk.penalty(code, "示例先后有限公司", CF_WSH="先后"),
        desk.penalty(code, "示例先后有限公司", CF_WSH="别的"),
    ]
    file = desk.csv(rows)
    assert desk.deliver(file, "penalty").accepted == 2
    found = watched(monkeypatch)
    set_up = rules.RuleRunner.__init__

    def later(self: Any, entry: Any, conditions: Any, today: Any) -> None:
        set_up(self, entry, conditions, today.replace(year=2099))

    monkeypatch.setattr(rules.RuleRunner, "__init__", later)
    again = desk.deliver(file, "penalty")
    assert len(found[0].rows) == 2
    assert (again.accepted, again.unchanged, again.rejected) == (1, 1, 1)
    assert [item.row for item in desk.findings(again.delivery) if item.code == "contradicts-row"] == [3]


@given(
    history=st.lists(st.tuples(st.sampled_from(DEEDS), st.integers(0, 7)), max_size=6),
    turned=st.booleans(),
    much=st.booleans(),
)
@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_the_shortcut_says_what_the_full_way_says(
    server: str, world: World, history: list[tuple[str, int]], turned: bool, much: bool
) -> None:
    from django.db import connections

    from tests.conftest import use_database
    from xinyong.intake import repeats

    desk = world.desk
    with _two(server) as (one, other):
        with use_database(server, one):
            world.prepare()
            if turned:  # something was known before the file came
                world.do(("registered", 1))
            world.repeat()
            for deed in history:
                world.do(deed)
        connections.close_all()
        _copy(server, other, one)
        said = []
        for name, shortcut in ((one, True), (other, False)):
            with use_database(server, name), pytest.MonkeyPatch.context() as patch:
                found = watched(patch) if shortcut else []
                if much:  # what was appended since counts as too much to be read
                    patch.setattr(repeats, "_APPENDED", -1)
                if not shortcut:
                    patch.setattr(repeats, "find", lambda *_: None)
                receipts = [world.repeat(), world.repeat()]
                if shortcut and not history:
                    assert all(item is not None and len(item.rows) >= 5 for item in found)
                if not history:
                    assert receipts[0].accepted == 0
                said.append({key: desk.rows(query) for key, query in EQUAL.items()})
        for key in EQUAL:
            assert said[0][key] == said[1][key], key
