"""Callers that come at the same moment are served together: one of them does the work of all that wait. Knows no case.

A caller waits at most for the work under way, never for others to come: who finds nobody working works at once, and takes
along who is waiting. The longer one piece of work takes, the more share the next one.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Generic, TypeVar

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")

#: Most callers that are served at once.
MOST = 500


class _Way(Enum):
    """What a caller does when its turn comes."""

    LEAD = "work for all that wait"
    TAKE = "take the answer"
    ALONE = "work for itself"


@dataclass(slots=True, kw_only=True)
class _Place(Generic[Asked, Answer]):
    """A caller in the line."""

    asked: Asked
    turn: threading.Event = field(default_factory=threading.Event)
    way: _Way = _Way.LEAD
    answers: list[Answer] = field(default_factory=list)


class Line(Generic[Asked, Answer]):
    """``work`` answers many at once, in their order. Two with the same ``key`` are never given to it together."""

    def __init__(
        self, work: Callable[[Sequence[Asked]], Sequence[Answer]], *, key: Callable[[Asked], Hashable]
    ) -> None:
        self._work, self._key = work, key
        self._lock, self._working = threading.Lock(), False
        self._waiting: deque[_Place[Asked, Answer]] = deque()

    def ask(self, asked: Asked) -> Answer:
        """The answer to this caller. Where ``work`` raises for many, each is served again for itself and hears its own error."""
        place: _Place[Asked, Answer] = _Place(asked=asked)
        with self._lock:
            waits, self._working = self._working, True
            if waits:
                self._waiting.append(place)
        if waits:
            place.turn.wait()
        if place.way is _Way.TAKE:
            return place.answers[0]
        if place.way is _Way.ALONE:
            return self._work([asked])[0]
        return self._lead(place)

    def _lead(self, place: _Place[Asked, Answer]) -> Answer:
        with self._lock:
            group = self._group(place)
        answers: Sequence[Answer] | None = None
        try:
            answers = self._work([one.asked for one in group])
            return answers[0]
        except Exception:
            if len(group) == 1:
                raise
        finally:
            self._pass_on()
            for at, one in enumerate(group[1:], start=1):
                one.way = _Way.ALONE if answers is None else _Way.TAKE
                one.answers = [answers[at]] if answers is not None else []
                one.turn.set()
        return self._work([place.asked])[0]

    def _group(self, place: _Place[Asked, Answer]) -> list[_Place[Asked, Answer]]:
        """The leader and those that wait, one for each key; the others keep their places."""
        group, keys, kept = [place], {self._key(place.asked)}, []
        while self._waiting and len(group) < MOST:
            one = self._waiting.popleft()
            if self._key(one.asked) in keys:
                kept.append(one)
            else:
                keys.add(self._key(one.asked))
                group.append(one)
        self._waiting.extendleft(reversed(kept))
        return group

    def _pass_on(self) -> None:
        with self._lock:
            following = self._waiting.popleft() if self._waiting else None
            self._working = following is not None
        if following is not None:
            following.turn.set()
