"""Facts a person states with a step of a procedure: their stored form, the form that asks for them, and in words. Pure.

Rooms whose procedures are data (lists, commitments) differ in their steps and guards, not in how a fact is typed and shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol, TypeVar

Why = tuple[str, str] | None
#: Longest text that can be typed, by kind of fact.
LONGEST = {"text": 300, "long": 4000}
#: Largest whole number that can be typed: months of a period.
_MOST = 600


class Word(Protocol):
    """A value with its words."""

    @property
    def code(self) -> str: ...
    def label(self, language: str = "zh") -> str: ...


class Fact(Word, Protocol):
    """``kind``: date, whole, choice, several, text or long."""

    @property
    def zh(self) -> str: ...
    @property
    def en(self) -> str: ...
    @property
    def kind(self) -> str: ...


class Step(Protocol):
    """The facts a step must have, and those it may have, by code."""

    @property
    def needs(self) -> tuple[str, ...]: ...
    @property
    def may(self) -> tuple[str, ...]: ...


F = TypeVar("F", bound=Fact)
Choices = Callable[[F], Sequence[Word]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """One fact of a form."""

    code: str
    label: str
    kind: str
    required: bool
    value: str
    options: tuple[tuple[str, str, bool], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A step that can be taken now; ``refusal``: why not yet."""

    step: str
    label: str
    controls: tuple[Control, ...]
    refusal: str
    main: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StepLine:
    """A step as taken, with its facts in words."""

    seq: int
    label: str
    state: str
    actor: str
    at: datetime
    reason: str
    facts: tuple[tuple[str, str], ...]


def clean(
    step: Step, known: Mapping[str, F], choices: Choices[F], given: Mapping[str, Any]
) -> tuple[dict[str, Any], list[tuple[str, str, str]]]:
    """Facts of a step in their stored form, and what is wrong with them: (fact, Chinese, English).

    A fact the step does not know is a mistake: nothing is stored that no row asked for.
    """
    kept: dict[str, Any] = {}
    wrong: list[tuple[str, str, str]] = []
    allowed = (*step.needs, *step.may)
    for code in given:
        if code not in allowed:
            wrong.append((code, f"这一步没有「{code}」这一项", f"this step knows no '{code}'"))
    for code in allowed:
        fact, value = known[code], given.get(code)
        if value is None or (isinstance(value, str) and not value.strip()) or value == []:
            if code in step.needs:
                wrong.append((code, f"请填写{fact.zh}", f"give: {fact.en}"))
            continue
        made, why = _stored(fact, choices, value)
        if why is not None:
            wrong.append((code, *why))
        else:
            kept[code] = made
    return kept, wrong


def _stored(fact: F, choices: Choices[F], value: Any) -> tuple[Any, Why]:
    if fact.kind == "date":
        try:
            return (value if isinstance(value, date) else date.fromisoformat(str(value).strip())).isoformat(), None
        except ValueError:
            return None, (f"{fact.zh}不是日期，格式为 2026-11-26", f"{fact.en} is no date; write it as 2026-11-26")
    if fact.kind == "whole":
        text = str(value).strip()
        if not text.isdecimal() or not 0 < int(text) <= _MOST:
            return None, (f"{fact.zh}须为正整数", f"{fact.en} must be a whole number")
        return int(text), None
    if fact.kind in ("choice", "several"):
        chosen = [str(item) for item in (value if isinstance(value, (list, tuple)) else [value])]
        if not set(chosen) <= {row.code for row in choices(fact)}:
            return None, (f"{fact.zh}不在可选范围内", f"{fact.en} is not one of the choices")
        return (list(dict.fromkeys(chosen)) if fact.kind == "several" else chosen[0]), None
    text = str(value).replace("\r\n", "\n").strip()
    if len(text) > LONGEST[fact.kind]:
        limit = LONGEST[fact.kind]
        return None, (f"{fact.zh}超过 {limit} 字", f"{fact.en} is longer than {limit} characters")
    return text, None


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A step as taken. A procedure knows of the past what stands in a sequence of these, and nothing else."""

    step: str
    facts: Mapping[str, Any]
    actor: str


def last(history: Sequence[Done], *steps: str) -> Mapping[str, Any] | None:
    """Facts of the last of these steps."""
    return next((done.facts for done in reversed(history) if done.step in steps), None)


def not_ahead(facts: Mapping[str, Any], known: Mapping[str, Fact], today: date, but: frozenset[str]) -> Why:
    """A day that lies ahead though it is none of those that may (``but``)."""
    for code in facts:
        fact = known[code]
        found = day(facts, code) if fact.kind == "date" and code not in but else None
        if found is not None and found > today:
            return f"{fact.zh}晚于今天", f"{fact.en} is ahead of today"
    return None


def in_one(wrong: Sequence[tuple[str, str, str]]) -> Why:
    """Everything :func:`clean` has against the facts of a step, as one refusal; None when nothing."""
    return ("；".join(zh for _, zh, _ in wrong), "; ".join(en for *_, en in wrong)) if wrong else None


def day(facts: Mapping[str, Any] | None, code: str) -> date | None:
    """A stored date."""
    value = (facts or {}).get(code)
    return date.fromisoformat(value) if value else None


def controls(
    step: Step, known: Mapping[str, F], choices: Choices[F], typed: Mapping[str, Any], language: str
) -> tuple[Control, ...]:
    """The form of a step with what was typed."""
    made = []
    for code in (*step.needs, *step.may):
        fact, value = known[code], typed.get(code, "")
        chosen = set(value) if isinstance(value, (list, tuple)) else {value}
        made.append(
            Control(
                code=code,
                label=fact.label(language),
                kind=fact.kind,
                required=code in step.needs,
                value=value if isinstance(value, str) else "",
                options=tuple((row.code, row.label(language), row.code in chosen) for row in choices(fact)),
            )
        )
    return tuple(made)


def in_words(
    facts: Mapping[str, Any],
    known: Mapping[str, F],
    choices: Choices[F],
    language: str,
    own: Mapping[str, tuple[str, str]],
) -> tuple[tuple[str, str], ...]:
    """Stored facts as (label, value), in the order of ``known``; ``own``: labels (Chinese, English) of what the platform added."""
    english, order = language == "en", {code: place for place, code in enumerate(known)}
    said = []
    for code, value in sorted(facts.items(), key=lambda item: order.get(item[0], len(order))):
        fact = known.get(code)
        if fact is None:
            said.append((own.get(code, (code, code))[english], str(value)))
            continue
        labels = {choice.code: choice.label(language) for choice in choices(fact)}
        values: Iterable[Any] = value if isinstance(value, list) else [value]
        said.append(
            (fact.label(language), ("; " if english else "；").join(labels.get(str(v), str(v)) for v in values))
        )
    return tuple(said)
