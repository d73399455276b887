"""The snapshot: what it answers like the ledger, what it lacks while a load is taken in, and that it can be built again."""

from __future__ import annotations

import time
from datetime import date
from typing import Any

import pytest

from .api_support import NAME, System, problem
from .conftest import Desk
from .test_verification import ask, make_verifier, numbers


@pytest.fixture(scope="module")
def verifier(desk: Desk) -> System:
    desk.take([desk.registration(desk.code(1), NAME), desk.registration(desk.code(2), "示例第二有限公司")])
    desk.take([desk.penalty(desk.code(1), NAME, CF_WSH="（示）罚〔2026〕1号", CF_SYFW="0")], "penalty")
    desk.take([desk.abnormal(desk.code(1), NAME)], "abnormal-list")
    desk.catch_up()
    return make_verifier("hall", ("food-licence", "credit-service", "supplier-check"))


@pytest.fixture
def kept(desk: Desk, verifier: System, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A snapshot of its own, kept for the time of a test."""
    from xinyong.verification import effects, snapshot, source

    place = tmp_path / "verification"
    place.mkdir()
    monkeypatch.setattr(snapshot, "folder", lambda: place)
    source.reader().close()
    effects.rebuild()
    yield effects
    source.reader().close()


def test_snapshot_and_ledger_give_the_same_answers(desk: Desk, verifier: System, kept: Any) -> None:
    """Both ways speak with one voice, and the snapshot says how old it is."""
    from xinyong.verification import source

    kept.catch_up()
    fast = ask(verifier, desk.code(1)).json()
    assert fast["data"]["source"] == "snapshot" and 0 <= fast["data"]["age_ms"] <= 1000
    look, stands = source.packed(source.session(), [desk.code(1)])
    reader = source.reader()
    assert reader.begin()
    assert stands.source == "ledger" and look(desk.code(1).encode()) == reader.look(desk.code(1).encode())
    problem(ask(verifier, desk.code(77)), 404, "entity-unknown")


def test_what_was_ended_leaves_the_snapshot_and_a_rebuild_says_the_same(
    desk: Desk, verifier: System, kept: Any
) -> None:
    """W1; the same bytes whether read event by event or from zero."""
    from xinyong.accounts.models import User
    from xinyong.ledger import actions
    from xinyong.verification import snapshot

    code, name = desk.code(5), "示例第五有限公司"
    desk.take([desk.registration(code, name)])
    desk.take([desk.penalty(code, name, CF_WSH="（示）罚〔2026〕55号")], "penalty")
    kept.catch_up()  # before the windows of publicity have read it
    answer = ask(verifier, code)
    assert numbers(answer) == ["（示）罚〔2026〕55号"] and answer.json()["data"]["source"] == "snapshot"
    desk.catch_up()
    record = desk.one("SELECT max(record_id) FROM ledger_record")
    user = User.objects.create(username="clerk5", display_name="示例", role="operator")
    actions.record_status(user, record, "withdrawn", cause="annulled", reason="原决定撤销", basis="（示）撤〔2026〕5号")
    kept.catch_up()
    assert numbers(ask(verifier, code)) == []
    desk.catch_up()
    with snapshot.Reader() as reader:
        assert reader.begin()
        step_by_step = snapshot.digest(reader)
    kept.rebuild()
    with snapshot.Reader() as reader:
        assert reader.begin()
        assert snapshot.digest(reader) == step_by_step


def test_a_merged_entity_answers_under_both_numbers_and_says_so(desk: Desk, verifier: System, kept: Any) -> None:
    from xinyong.accounts.models import User
    from xinyong.registry import actions
    from xinyong.registry.models import Entity
    from xinyong.verification import selectors

    old, new = desk.code(6), desk.code(7)
    desk.take([desk.registration(old, "示例旧号有限公司"), desk.registration(new, "示例新号有限公司")])
    desk.take([desk.penalty(old, "示例旧号有限公司", CF_WSH="（示）罚〔2026〕66号")], "penalty")
    desk.catch_up()
    assert ask(verifier, old).json()["outcome"] == "known"
    user = User.objects.create(username="clerk6", display_name="示例", role="operator")
    one, two = (Entity.objects.get(credit_code=code).pk for code in (old, new))
    why = {"reason": "换发代码", "evidence": "（示）变〔2026〕1号"}
    actions.record_succession(user, "code_change", one, two, effective_on=date(2026, 1, 1), **why)
    actions.merge(user, one, two, **why)
    kept.catch_up()
    answer = ask(verifier, old).json()
    assert (answer["outcome"], answer["entity"]["key"]) == ("moved", new)
    assert answer["moved"] == {"from": old, "reason": "merged"}
    assert [fact["number"] for fact in answer["facts"] if fact["dataset"] == "penalty"] == ["（示）罚〔2026〕66号"]
    asked = selectors.queries_of(Entity.objects.get(credit_code=new))
    assert len(asked) == 2, "those before the merge are shown as well"
    actions.split(user, one, **why)
    kept.catch_up()
    assert ask(verifier, old).json()["outcome"] == "known"
    assert numbers(ask(verifier, new)) == []


def test_an_old_snapshot_is_left_aside(
    desk: Desk, verifier: System, kept: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing older than the bound answers: the ledger is asked instead."""
    monkeypatch.setenv("XINYONG_VERIFY_MAX_AGE_MS", "-1")
    assert ask(verifier, desk.code(1)).json()["data"]["source"] == "ledger"


def test_the_command_builds_and_shows_the_snapshot(desk: Desk, verifier: System, kept: Any) -> None:
    import json

    built = json.loads(desk.cli("verification", "rebuild", "--json").stdout)
    state = json.loads(desk.cli("verification", "state", "--json").stdout)
    assert built["digest"] == state["digest"] and state["numbers"] > 5


@pytest.fixture
def loads(kept: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Deliveries of more than two rows count as large, and are packed entity by entity."""
    monkeypatch.setattr(kept, "_SMALL", 2)
    monkeypatch.setattr(kept, "_PIECE", 1)
    monkeypatch.setattr(kept, "_MOST", 1)
    kept.catch_up()
    return kept


def load(desk: Desk, first: int, ordinal: str) -> list[str]:
    codes = [desk.code(first + place) for place in range(4)]
    rows = [
        desk.penalty(code, f"示例大批{code[-3:]}有限公司", CF_WSH=f"（示）罚〔2026〕{ordinal}-{place}号")
        for place, code in enumerate(codes)
    ]
    assert desk.take(rows, "penalty").accepted == 4
    return codes


def test_a_large_delivery_leaves_the_snapshot_young_for_all_it_is_not_about(
    desk: Desk, verifier: System, loads: Any
) -> None:
    """Those it is about are answered from the ledger until the snapshot has them: nobody misses what was committed."""
    desk.take([desk.registration(desk.code(701), "示例大批甲有限公司")])
    loads.catch_up()
    codes = load(desk, 701, "八")
    time.sleep(1.1)  # what was confirmed before is too old to answer
    loads.catch_up()  # the windows of publicity have not read it: it waits
    other = ask(verifier, desk.code(1)).json()
    assert other["data"]["source"] == "snapshot" and other["data"]["age_ms"] <= 1000
    for place, code in enumerate(codes):
        answer = ask(verifier, code)
        assert numbers(answer) == [f"（示）罚〔2026〕八-{place}号"], "known before, or new with the delivery"
        assert answer.json()["data"]["source"] == "ledger"
    small = desk.code(720)
    desk.take([desk.registration(small, "示例随后有限公司")])
    loads.catch_up()
    assert ask(verifier, small).json()["data"]["source"] == "snapshot", "what comes behind does not wait"
    both = verifier.send("POST", "/api/v1/verify", {"purpose": "permit", "item": "food-licence",
                                                    "codes": [desk.code(1), codes[1], small]})  # fmt: skip
    assert [answer["outcome"] for answer in both.json()["answers"]] == ["known"] * 3
    assert [len(answer["facts"]) > 0 for answer in both.json()["answers"]] == [True] * 3
    desk.catch_up()
    assert all(ask(verifier, code).json()["data"]["source"] == "snapshot" for code in codes)


def test_a_large_delivery_goes_on_where_it_was_left(
    desk: Desk, verifier: System, loads: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between two entities: nothing is taken for done, nothing is packed from the beginning, the bytes are the same."""
    from xinyong.ledger import corridor
    from xinyong.verification import snapshot

    codes = load(desk, 731, "九")
    corridor.catch_up_one("publicity")
    packed: list[int] = []
    store = snapshot.Writer.store

    def counting(self: Any, entities: Any, *rest: Any) -> int:
        packed.extend(root for root, _ in entities)
        return store(self, entities, *rest)

    def dying(self: Any, entities: Any, *rest: Any) -> int:
        if len(packed) == 2:
            raise KeyboardInterrupt
        return counting(self, entities, *rest)

    monkeypatch.setattr(snapshot.Writer, "store", dying)
    with pytest.raises(KeyboardInterrupt):
        loads.catch_up()
    assert {ask(verifier, code).json()["data"]["source"] for code in codes} == {"ledger"}, "also of those packed"
    monkeypatch.setattr(snapshot.Writer, "store", counting)
    loads.catch_up()
    assert len(packed) == len(set(packed)) == 4
    assert {ask(verifier, code).json()["data"]["source"] for code in codes} == {"snapshot"}
    with snapshot.Reader() as reader:
        assert reader.begin() and not reader.filters
        step_by_step, state = snapshot.digest(reader), reader.mark()
    assert not state.waiting and not state.place
    loads.rebuild()
    with snapshot.Reader() as reader:
        assert reader.begin()
        assert snapshot.digest(reader) == step_by_step


def test_many_records_behind_a_load_that_waits_are_all_taken_in(
    desk: Desk, verifier: System, loads: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More than one look at the corridor brings."""
    monkeypatch.setattr(loads, "_EVENTS", 3)
    load(desk, 751, "十")
    loads.catch_up()
    later = [desk.code(760 + number) for number in range(5)]
    for code in later:
        desk.take([desk.registration(code, f"示例随后{code[-3:]}有限公司")])
        loads.catch_up()
    time.sleep(1.1)
    loads.catch_up()
    assert {ask(verifier, code).json()["data"]["source"] for code in later} == {"snapshot"}
    desk.catch_up()
