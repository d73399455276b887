"""May these two entries become one? May an entity be entered by hand? Pure decisions over plain values."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from xinyong.registry.lists import ANY_NUMBER, EntryRule
from xinyong.standards import names


class Refusal(StrEnum):
    """Why a merge is refused."""

    SAME = "same"
    MEMBER_MERGED = "member-merged"
    TARGET_MERGED = "target-merged"
    CODES_DIFFER = "codes-differ"
    CODE_MUST_SPEAK = "code-must-speak"
    SUCCESSOR_MUST_SPEAK = "successor-must-speak"


#: What an officer reads, Chinese and English.
WORDS: dict[Refusal, tuple[str, str]] = {
    Refusal.SAME: ("两个登记条目是同一条", "Both are the same entry"),
    Refusal.MEMBER_MERGED: (
        "要并入的条目已经归并到别的条目，请先拆分或选择其代表条目",
        "The entry to be merged was merged already; split it first, or choose the entry that speaks for it",
    ),
    Refusal.TARGET_MERGED: (
        "目标条目本身已归并到别的条目，请选择其代表条目",
        "The target was itself merged into another entry; choose the entry that speaks for it",
    ),
    Refusal.CODES_DIFFER: (
        "两个条目各有不同的有效统一社会信用代码，且没有登记代码变更；不同代码的主体不得归并",
        "The entries have different valid credit codes and no recorded change of code; they must not be merged",
    ),
    Refusal.CODE_MUST_SPEAK: (
        "有统一社会信用代码的条目应作为保留条目，请对调两个条目",
        "The entry that has a credit code must be the one kept; swap the two",
    ),
    Refusal.SUCCESSOR_MUST_SPEAK: (
        "代码变更后的条目应作为保留条目，请对调两个条目",
        "The entry with the new code must be the one kept; swap the two",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """An entry with everything merged into it: ``speaks`` has the id that answers for all, ``codes`` id to credit code."""

    speaks: int
    members: tuple[int, ...]
    codes: dict[int, str]


def refusal(member: Group, into: Group, chosen: tuple[int, int], joins: Collection[tuple[int, int]]) -> Refusal | None:
    """Why ``member`` may not be merged into ``into``; None when it may.

    ``chosen``: the ids the officer named; both must speak for themselves. ``joins``: recorded successions in force
    (predecessor, successor) whose kind says that both are one subject under two codes. Two different valid codes never
    become one entry without such a record (bar R2), whatever else speaks for it.
    """
    if member.speaks == into.speaks:
        return Refusal.SAME if chosen[0] == chosen[1] else Refusal.MEMBER_MERGED
    if chosen[0] != member.speaks:
        return Refusal.MEMBER_MERGED
    if chosen[1] != into.speaks:
        return Refusal.TARGET_MERGED
    if member.codes and not into.codes:
        return Refusal.CODE_MUST_SPEAK
    if member.codes and into.codes:
        pairs = {(before, after) for before in member.codes for after in into.codes}
        backward = {(after, before) for before, after in pairs}
        if pairs & set(joins):
            return None
        return Refusal.SUCCESSOR_MUST_SPEAK if backward & set(joins) else Refusal.CODES_DIFFER
    return None


def may_enter(rule: EntryRule | None, name: str, number_type: str) -> tuple[str, str] | None:
    """Why an officer may not enter this entity by hand, in Chinese and English; None when it may be.

    ``rule``: what the law of the day says of its kind (``datapacks/registry/entry-by-hand.yml``); without one the kind is
    not taken at all.
    """
    if rule is None:
        return ("主体类型不在范围内", "This kind of subject is not taken")
    refused = (rule.refusal_zh, rule.refusal_en)
    if not rule.allowed:
        return refused
    if number_type and (number_type in rule.numbers or ANY_NUMBER in rule.numbers):
        return None
    if rule.name is None:
        return refused
    long_enough = len(names.matching_key(name)) >= rule.name
    return None if long_enough and names.organisation_suffix(name) else refused
