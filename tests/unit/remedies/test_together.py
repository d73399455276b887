"""Callers of one moment are served together, and none is lost, doubled, or made to wait for company."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

import pytest

from xinyong.remedies.together import Line


def ask_all(line: Line[int, int], asked: Sequence[int]) -> list[object]:
    """What each of so many threads gets."""
    answers: list[object] = [None] * len(asked)
    ready = threading.Barrier(len(asked))

    def one(at: int) -> None:
        ready.wait()
        try:
            answers[at] = line.ask(asked[at])
        except ValueError as error:
            answers[at] = str(error)

    team = [threading.Thread(target=one, args=(at,)) for at in range(len(asked))]
    for thread in team:
        thread.start()
    for thread in team:
        thread.join(20)
        assert not thread.is_alive()
    return answers


def test_a_lone_caller_is_served_at_once() -> None:
    seen: list[list[int]] = []

    def work(asked: Sequence[int]) -> list[int]:
        seen.append(list(asked))
        return [-one for one in asked]

    line = Line(work, key=lambda one: one)
    assert [line.ask(1), line.ask(2)] == [-1, -2] and seen == [[1], [2]]


def test_many_share_the_work_and_each_gets_its_own_answer() -> None:
    sizes: list[int] = []

    def work(asked: Sequence[int]) -> list[int]:
        sizes.append(len(asked))
        time.sleep(0.01)
        return [one * 10 for one in asked]

    assert ask_all(Line(work, key=lambda one: one), range(40)) == [one * 10 for one in range(40)]
    assert sum(sizes) == 40 and len(sizes) < 20


def test_the_same_case_is_never_twice_in_one_piece_of_work() -> None:
    groups: list[list[int]] = []

    def work(asked: Sequence[int]) -> list[int]:
        groups.append(list(asked))
        time.sleep(0.005)
        return list(asked)

    ask_all(Line(work, key=lambda one: one % 5), range(30))
    assert all(len({one % 5 for one in group}) == len(group) for group in groups)
    assert sorted(one for group in groups for one in group) == list(range(30))


def test_what_fails_for_many_fails_only_for_whom_it_concerns() -> None:
    def work(asked: Sequence[int]) -> list[int]:
        time.sleep(0.005)
        if 7 in asked:
            raise ValueError("seven")
        return list(asked)

    answers = ask_all(Line(work, key=lambda one: one), range(20))
    assert answers == [one if one != 7 else "seven" for one in range(20)]


def test_an_interrupted_leader_leaves_nobody_waiting() -> None:
    first = threading.Event()

    def work(asked: Sequence[int]) -> list[int]:
        if 0 in asked:
            first.set()
            time.sleep(0.05)
            raise KeyboardInterrupt
        return list(asked)

    line = Line(work, key=lambda one: one)
    got: list[int] = []

    def follower(at: int) -> None:
        first.wait()
        got.append(line.ask(at))

    team = [threading.Thread(target=follower, args=(at,)) for at in range(1, 6)]
    for thread in team:
        thread.start()
    with pytest.raises(KeyboardInterrupt):
        line.ask(0)
    for thread in team:
        thread.join(10)
    assert sorted(got) == [1, 2, 3, 4, 5] and line.ask(9) == 9
