"""Reading the corridor in pieces: a small delivery never waits for a large one, and what is kept in the end is the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from xinyong.ledger import actions as ledger
from xinyong.publicity import effects
from xinyong.registry.search import index
from xinyong.runtime import database, following

from . import test_status

officer = test_status.officer

WINDOWS = (
    "SELECT entity_id, record_id, dataset_id, decided_on, public_from, public_until, earliest_repair, severity, rule "
    "FROM publicity_window ORDER BY entity_id, record_id"
)
NAMES = "SELECT name_id, entity_id, body, short, initials, sounds, grams FROM registry_search ORDER BY name_id"


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty rows are a large delivery here."""
    monkeypatch.setattr(following, "PIECE", 8)
    monkeypatch.setattr(following, "SMALL", 3)


def fines(desk: Any, first: int, count: int, **more: str) -> Any:
    """Penalties of so many companies nobody registered."""
    rows = [
        desk.penalty(desk.code(first + at), f"示例跟读{first + at}有限公司", CF_WSH=f"跟{first + at}", **more)
        for at in range(count)
    ]
    return desk.take(rows, "penalty")


def position(desk: Any, effect: str = effects.NAME) -> tuple[Any, ...]:
    """How far an effect has read."""
    rows = desk.rows("SELECT event_id, version_id, ahead FROM ledger_effect_position WHERE effect = %s", effect)
    return tuple(rows[0])


def steps(effect: str) -> Iterator[following.Piece]:
    """The pieces an effect would read, one transaction each."""
    with database.connect() as connection:
        while (piece := following.next_piece(connection, effect)) is not None:
            following.read(connection, effect, piece)
            connection.commit()
            yield piece


def test_a_small_delivery_is_read_before_the_rest_of_a_large_one(desk: Any) -> None:
    desk.catch_up()
    fines(desk, 100, 20)
    reading = steps(effects.NAME)
    first = next(reading)
    assert (first.begins, first.ends, first.ahead) == (True, False, False)
    fines(desk, 200, 2)
    fines(desk, 300, 3)
    fines(desk, 400, 4)
    small = [next(reading), next(reading)]
    assert [(piece.ahead, piece.last - piece.first + 1) for piece in small if piece.first and piece.last] == [
        (True, 2),
        (True, 3),
    ]
    rest = list(reading)
    assert [piece.ahead for piece in rest] == [False, False, False]
    assert [piece.ends for piece in rest] == [False, True, True]
    assert first.first is not None and rest[1].last is not None
    assert rest[1].last - first.first + 1 == 20
    # Each version once, and the position behind the last event with nothing left over.
    newest = desk.one("SELECT max(id) FROM ledger_event")
    assert position(desk) == (newest, None, None)


def test_events_read_ahead_are_passed_when_the_large_one_is_read(desk: Any) -> None:
    desk.catch_up()
    fines(desk, 500, 20)
    fines(desk, 600, 1)
    pieces = list(steps(effects.NAME))
    assert [piece.ahead for piece in pieces] == [True, False, False, False]
    assert position(desk) == (desk.one("SELECT max(id) FROM ledger_event"), None, None)


def test_windows_and_names_are_those_of_reading_in_order(
    desk: Any, officer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    effects.rebuild()  # the tests above read and kept nothing
    desk.catch_up()
    fines(desk, 700, 20)
    fines(desk, 705, 2, CF_NR_FK="6.5", CF_NR="罚款六万五千元。")  # the same records again, changed
    fines(desk, 800, 2)
    # An act on a record whose only version was not read yet: its window is there before the delivery's turn.
    record = desk.one(
        "SELECT record_id FROM ledger_record JOIN registry_entity AS entity ON entity.id = entity_id "
        "WHERE entity.credit_code = %s",
        desk.code(710),
    )
    ledger.record_status(officer, record, "disputed", reason="测试", basis="（示）异〔2026〕1号")
    killed = [0]
    take_in = effects._take_in

    def dies(connection: Any, piece: following.Piece) -> None:
        take_in(connection, piece)
        killed[0] += 1
        if killed[0] in (2, 5):
            raise RuntimeError("killed")

    monkeypatch.setattr(effects, "_take_in", dies)
    for _ in range(2):
        with pytest.raises(RuntimeError, match="killed"):
            effects.catch_up()
    effects.catch_up()
    index.catch_up()
    assert killed[0] >= 7
    pieces, names = desk.rows(WINDOWS), desk.rows(NAMES)
    monkeypatch.undo()
    effects.rebuild()
    assert desk.rows(WINDOWS) == pieces
    index.rebuild()
    assert desk.rows(NAMES) == names
    newest = desk.one("SELECT max(id) FROM ledger_event")
    assert position(desk) == position(desk, index.NAME) == (newest, None, None)


def test_sessions_are_kept_in_a_server_and_replaced_when_they_died(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def pid() -> int:
        with database.lasting() as session:
            session.execute("CREATE TEMPORARY TABLE IF NOT EXISTS stays (n integer) ON COMMIT DELETE ROWS")
            return session.info.backend_pid

    assert pid() != pid()
    monkeypatch.setattr(database, "_keeping", True)
    try:
        kept = pid()
        assert pid() == kept
        with database.lasting() as outer, database.lasting() as inner:
            assert outer.info.backend_pid == kept != inner.info.backend_pid
        desk.one("SELECT pg_terminate_backend(%s)", kept)
        fresh = pid()
        assert fresh != kept
        with pytest.raises(ZeroDivisionError), database.lasting():
            raise ZeroDivisionError
        assert pid() != fresh
        # A delivery on a kept session gives its lease back, and leaves no row for the next.
        assert fines(desk, 900, 1).accepted == 1
        assert fines(desk, 901, 2).accepted == 2
        assert desk.one("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = 3377") == 0
    finally:
        database.end_session()
