"""What a wrong credit code may have been meant to be.

A code has two checks: GB 32100 over everything and GB 11714 inside positions 9-17. A repair is accepted only when
both pass after it, so a wrong character inside 9-17 is mostly found at one place. Outside 9-17 only the first check
speaks; there the department table and the region list narrow the choice. More than one way to repair is no repair:
the candidates are then shown to a person.

Measured on 6,000 slips of each sort, made in real codes: a character outside the alphabet is repaired rightly in 99 %
and never wrongly; one wrong character in 9-17 in 39 %, in 1-8 in 21 %, and nearly always the truth is among the
candidates. In under 1 % the single repair is wrong. A look-alike does not decide between candidates: for random slips it was wrong as often as
right.

A repair is a proposal. It is never applied on its own authority: the code identifies a subject, and a wrong subject
in a penalty record harms somebody.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from typing import Final

from xinyong.standards import organisation_code, regions
from xinyong.standards.credit_code import ALPHABET, LENGTH, VALUES, WEIGHTS, is_valid, wrong_positions

#: What a character was likely meant to be, by shape, the likeliest first. I, O, S, V, Z are not in the alphabet.
CONFUSABLES: Final = {
    "I": "1L", "O": "0DQ", "S": "5", "V": "UY", "Z": "2",
    "0": "DQ6", "1": "7L", "2": "7", "3": "8", "5": "6", "6": "G80", "7": "1T", "8": "B3",
    "B": "8", "C": "G", "D": "0", "E": "F", "F": "E", "G": "6C", "K": "X", "L": "1", "M": "N", "N": "M",
    "P": "R", "Q": "0", "R": "P", "T": "7", "U": "Y", "W": "M", "X": "K", "Y": "U",
}  # fmt: skip
#: Letters of other scripts that look like a letter of the alphabet.
_LOOKALIKES: Final = str.maketrans("АВСЕНКМРТХУΑΒΕΗΚΜΝΡΤΥΧ", "ABCEHKMPTXYABEHKMNPTYX")
_MAX_CANDIDATES: Final = 8
_MAX_WRONG_CHARACTERS: Final = 6
_WEIGHTS_18: Final = (*WEIGHTS, 1)


class RepairKind(StrEnum):
    """How a repair differs from what was written."""

    CONFUSABLE = "confusable"
    SUBSTITUTION = "substitution"
    TRANSPOSITION = "transposition"
    EXTRA_CHARACTER = "extra-character"


@dataclass(frozen=True, slots=True)
class Repair:
    """A valid code that one slip turns into what was written; ``positions`` (1-based) are those that differ."""

    code: str
    kind: RepairKind
    positions: tuple[int, ...]


def repairs(code: str) -> tuple[Repair, ...]:
    """Repairs of the invalid normalised ``code``, the likeliest first, at most eight; empty when none is known."""
    found: dict[str, Repair] = {}
    for repair in _ways(code):
        if _is_sound(repair):
            found.setdefault(repair.code, repair)
    order = list(RepairKind)
    return tuple(sorted(found.values(), key=lambda repair: order.index(repair.kind))[:_MAX_CANDIDATES])


def single(candidates: tuple[Repair, ...]) -> str | None:
    """The repaired code when exactly one candidate exists and it is not a transposition, else ``None``."""
    if len(candidates) == 1 and candidates[0].kind is not RepairKind.TRANSPOSITION:
        return candidates[0].code
    return None


def _ways(code: str) -> list[Repair]:
    if len(code) == LENGTH + 1:
        return [
            Repair(code[: position - 1] + code[position:], RepairKind.EXTRA_CHARACTER, (position,))
            for position in range(1, LENGTH + 2)
        ]
    if len(code) != LENGTH:
        return []
    # A repair of look-alikes of other scripts first: they are surely wrong and surely known.
    latin = code.translate(_LOOKALIKES)
    changed = tuple(position for position in range(1, LENGTH + 1) if code[position - 1] != latin[position - 1])
    if changed and is_valid(latin):
        return [Repair(latin, RepairKind.CONFUSABLE, changed)]
    wrong = wrong_positions(code)
    if len(wrong) > 1:
        return _confusable_ways(code, wrong)
    if len(wrong) == 1:
        return _substitutions(code, wrong[0])
    ways = [way for position in range(1, LENGTH + 1) for way in _substitutions(code, position)]
    return ways + _transpositions(code)


def _confusable_ways(code: str, wrong: tuple[int, ...]) -> list[Repair]:
    """Every wrong character read as a character it looks like: the same slip made several times (O for 0)."""
    if len(wrong) > _MAX_WRONG_CHARACTERS or not all(code[position - 1] in CONFUSABLES for position in wrong):
        return []
    ways = []
    for choice in product(*(CONFUSABLES[code[position - 1]] for position in wrong)):
        characters = list(code)
        for position, character in zip(wrong, choice, strict=True):
            characters[position - 1] = character
        ways.append(Repair("".join(characters), RepairKind.CONFUSABLE, wrong))
    return ways


def _substitutions(code: str, position: int) -> list[Repair]:
    """The one character at ``position`` that satisfies the check over all eighteen, if it is another one.

    Weights are invertible modulo 31, so there is exactly one value for every position.
    """
    index = position - 1
    rest = sum(
        VALUES[character] * _WEIGHTS_18[at] for at, character in enumerate(code) if at != index and character in VALUES
    )
    character = ALPHABET[-rest * pow(_WEIGHTS_18[index], -1, 31) % 31]
    written = code[index]
    if character == written:
        return []
    kind = RepairKind.CONFUSABLE if character in CONFUSABLES.get(written, "") else RepairKind.SUBSTITUTION
    return [Repair(code[:index] + character + code[position:], kind, (position,))]


def _transpositions(code: str) -> list[Repair]:
    return [
        Repair(code[: at - 1] + code[at] + code[at - 1] + code[at + 1 :], RepairKind.TRANSPOSITION, (at, at + 1))
        for at in range(1, LENGTH)
        if code[at - 1] != code[at]
    ]


def _is_sound(repair: Repair) -> bool:
    code = repair.code
    if not is_valid(code) or not organisation_code.is_valid(code[8:17]):
        return False
    # 3.8 % of real codes have a region outside the list, so a region is asked for only where the repair made one.
    shifted = repair.kind is RepairKind.EXTRA_CHARACTER
    touches_region = shifted or any(3 <= position <= 8 for position in repair.positions)
    return not touches_region or code[2:8] in regions.table() or regions.is_fictitious(code[2:8])
