"""Verdicts on a whole column of codes, several million a second a core.

Eighteen ASCII bytes are nine pairs of bytes. For every place of a pair one table of 65,536 numbers holds what the
pair adds to all checks at once, packed into one 64-bit number::

    bits  0- 9   weighted sum of GB 32100 (modulo 31 per pair)
    bits 10-19   weighted sum of GB 11714, its check character included (modulo 11 per pair)
    bits 20-23   how many pairs hold a character that is not allowed at its place
    bit  24      department and category not in the table
    bit  25      position 17 cannot be a check character of GB 11714
    bits 26-45   region as a number

A code's verdict is then nine look-ups and eight additions. What is not valid as written is normalised as a column
and tried again; the rest is recognised one distinct text at a time by :func:`credit_code.recognise`, so both ways
give the same verdicts (a property test holds them together).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np
import polars as pl

from xinyong.standards import organisation_code, regions, registration_number
from xinyong.standards._columns import byte_matrix, map_distinct
from xinyong.standards.credit_code import (
    ALPHABET,
    KINDS,
    LENGTH,
    NORMALISATION,
    PREFIXES,
    VALUES,
    WEIGHTS,
    Kind,
    Normalised,
    recognise,
)

Verdicts = np.ndarray[Any, np.dtype[np.uint8]]
Flags = np.ndarray[Any, np.dtype[np.uint8]]
_Packed = np.ndarray[Any, np.dtype[np.uint64]]

#: Bits of ``Classification.advisories``.
REGION_UNKNOWN: Final = 1
REGION_FICTITIOUS: Final = 2
ORGANISATION_CHECK_FAILS: Final = 4

_NUMBERS: Final = {kind: number for number, kind in enumerate(KINDS)}
#: Rows worked on at a time: pairs, sums and the touched lines of the tables stay in the cache.
_BLOCK: Final = 1 << 15
_SUM: Final = np.uint64(0x3FF)
_REFUSED: Final = np.uint64(0x1F << 20)


@dataclass(frozen=True, slots=True)
class Classification:
    """Verdicts on a column, all of its length.

    ``verdicts``: uint8, index into ``credit_code.KINDS``. ``normalised``: String; null for null, empty and resident
    numbers (not to be kept). ``advisories``: uint8 bits, set for valid codes only.
    """

    verdicts: Verdicts
    normalised: pl.Series
    advisories: Flags

    def kinds(self) -> pl.Series:
        """The verdicts as an Enum column of kind names."""
        names = [kind.value for kind in KINDS]
        return pl.Series("kind", names, dtype=pl.Enum(names)).gather(self.verdicts)

    @property
    def valid(self) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Mask of the rows whose ``normalised`` is a valid credit code."""
        return self.verdicts <= _NUMBERS[Kind.REPAIRED]

    def histogram(self) -> dict[Kind, int]:
        """Number of rows of each kind that occurs, in the order of ``KINDS``."""
        counts = np.bincount(self.verdicts, minlength=len(KINDS))
        return {kind: int(count) for kind, count in zip(KINDS, counts, strict=True) if count}


def classify(values: pl.Series) -> Classification:
    """Verdict, normalised code and advisories for each text of the String column ``values`` (nulls allowed).

    ``TypeError`` when the column is not String: a code column read as a number has already lost its zeros.
    """
    if values.dtype != pl.String:
        raise TypeError(f"a code column must be String, not {values.dtype}")
    count = len(values)
    verdicts: Verdicts = np.full(count, _NUMBERS[Kind.VALID], dtype=np.uint8)
    advisories: Flags = np.zeros(count, dtype=np.uint8)

    valid, flags = _check(values)
    if valid.all():
        return Classification(verdicts, values, flags)
    advisories[valid] = flags[valid]
    odd = np.flatnonzero(~valid)
    odd_verdicts, odd_normalised, odd_flags = _classify_odd(values.gather(odd))
    verdicts[odd] = odd_verdicts
    advisories[odd] = odd_flags
    return Classification(verdicts, values.clone().scatter(odd, odd_normalised), advisories)


def _classify_odd(values: pl.Series) -> tuple[Verdicts, pl.Series, Flags]:
    """The same for values that are not valid as written."""
    normalised = NORMALISATION.apply_column(values)
    verdicts: Verdicts = np.full(len(values), _NUMBERS[Kind.REPAIRED], dtype=np.uint8)
    valid, flags = _check(normalised)
    # The usual guest in a code column is the older number, so it gets a fast way too.
    numbers = registration_number.are_valid(normalised)
    verdicts[numbers] = _NUMBERS[Kind.REGISTRATION_NUMBER_15]
    rest = np.flatnonzero(~(valid | numbers))
    results, at = map_distinct(values.gather(rest), recognise)
    kinds = np.array([_NUMBERS[kind] for kind, _ in results], dtype=np.uint8)
    texts = pl.Series([_kept(kind, form) for kind, form in results], dtype=pl.String)
    if len(rest):
        verdicts[rest] = kinds[at]
        normalised = normalised.scatter(rest, texts.gather(at))
    return verdicts, normalised, np.where(valid, flags, np.uint8(0))


def _kept(kind: Kind, normalised: Normalised) -> str | None:
    return None if kind is Kind.RESIDENT_ID else normalised.text or None


def _check(values: pl.Series) -> tuple[np.ndarray[Any, np.dtype[np.bool_]], Flags]:
    """Which values are valid as written, and the advisories of those."""
    is_18 = (values.str.len_bytes() == LENGTH).fill_null(False)
    if is_18.all():
        return _check_matrix(byte_matrix(values, LENGTH))
    mask = is_18.to_numpy()
    valid = np.zeros(len(values), dtype=np.bool_)
    flags: Flags = np.zeros(len(values), dtype=np.uint8)
    if mask.any():
        valid[mask], flags[mask] = _check_matrix(byte_matrix(values.filter(is_18), LENGTH))
    return valid, flags


def _check_matrix(matrix: Flags) -> tuple[np.ndarray[Any, np.dtype[np.bool_]], Flags]:
    tables, known_regions = _tables()
    pairs = matrix.view("<u2")
    count = len(pairs)
    valid = np.empty(count, dtype=np.bool_)
    flags: Flags = np.empty(count, dtype=np.uint8)
    for start in range(0, count, _BLOCK):
        block = pairs[start : start + _BLOCK]
        packed = tables[0].take(block[:, 0])
        for place in range(1, LENGTH // 2):
            packed += tables[place].take(block[:, place])
        rows = slice(start, start + len(block))
        valid[rows] = ((packed & _SUM) % np.uint64(31) == 0) & (packed & _REFUSED == 0)
        organisation_sum = (packed >> np.uint64(10)) & _SUM
        organisation_fails = (organisation_sum % np.uint64(11) != 0) | (packed & np.uint64(1 << 25) != 0)
        region = np.minimum((packed >> np.uint64(26)) & np.uint64(0xFFFFF), np.uint64(999_999))
        flags[rows] = known_regions.take(region.astype(np.intp)) | (
            organisation_fails * np.uint8(ORGANISATION_CHECK_FAILS)
        )
    return valid, flags


@cache
def _tables() -> tuple[_Packed, Flags]:
    """The nine tables of pairs (9 by 65,536) and the region advisory of each of 1,000,000 region numbers."""
    tables: _Packed = np.zeros((LENGTH // 2, 256, 256), dtype=np.uint64)
    for place in range(LENGTH // 2):
        # Little-endian: the first byte of a pair is the low byte, which is the last axis here.
        tables[place] = _column(2 * place + 1)[np.newaxis, :] + _column(2 * place + 2)[:, np.newaxis]
        # Two wrong characters in one pair count twice; nine pairs could overflow four bits, so count pairs instead.
        wrong = (tables[place] >> np.uint64(20)) & np.uint64(0xF)
        tables[place] -= np.where(wrong == 2, np.uint64(1 << 20), np.uint64(0))
    known_pair = np.zeros((256, 256), dtype=np.bool_)
    for prefix in PREFIXES:
        known_pair[ord(prefix[1]), ord(prefix[0])] = True
    tables[0] |= np.where(known_pair, np.uint64(0), np.uint64(1 << 24))

    known_regions: Flags = np.full(1_000_000, REGION_UNKNOWN, dtype=np.uint8)
    for code in (regions.NATIONAL_CODE, *regions.table().codes):
        known_regions[int(code)] = 0
    fictitious = int(regions.FICTITIOUS_REGION_PREFIX) * 10_000
    known_regions[fictitious : fictitious + 10_000] = REGION_FICTITIOUS
    return tables.reshape(LENGTH // 2, 65_536), known_regions


def _column(position: int) -> np.ndarray[Any, np.dtype[np.uint64]]:
    """What each of the 256 bytes adds at ``position`` (1-based)."""
    added = np.full(256, 1 << 20, dtype=np.uint64)
    weight = 1 if position == LENGTH else WEIGHTS[position - 1]
    for character in ALPHABET:
        if 3 <= position <= 8 and not character.isdigit():
            continue
        packed = VALUES[character] * weight % 31
        if 3 <= position <= 8:
            packed |= (int(character) * 10 ** (8 - position)) << 26
        elif 9 <= position <= 16:
            value = organisation_code.CHARACTERS.index(character)
            packed |= (value * organisation_code.WEIGHTS[position - 9] % 11) << 10
        elif position == 17:
            value = organisation_code.CHECK_CHARACTERS.find(character)
            packed |= value << 10 if value >= 0 else 1 << 25
        added[ord(character)] = packed
    return added
