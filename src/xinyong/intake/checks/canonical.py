"""The canonical form of a record: what is stored, what is hashed, and what tells records of one entity apart.

The payload is a JSON object without spaces, its keys (field codes) in code point order, characters outside ASCII
written as they are: what ``json.dumps(fields, ensure_ascii=False, separators=(",", ":"), sort_keys=True)`` writes.
Values are texts; only a list of values is an array of texts. Empty fields are absent.

The content hash is the SHA-256 of ``xinyong-record-1``, a line feed, the dataset's code, a line feed, and that same
object with every personal value replaced by the lower-case hexadecimal of its keyed fingerprint. The keys that begin
with an underscore (``_raw``, ``_redact``, ``_inferred``) stand first, say how a value arrived and are no part of it, so
one content has one hash whatever the layout, the order of the columns or the edition it came under.
"""

from __future__ import annotations

import functools
import json
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

import polars as pl

from xinyong.standards._views import views

HASH_DOMAIN = "xinyong-record-1"

_ESCAPES = {chr(point): json.dumps(chr(point))[1:-1] for point in range(0x20)} | {'"': '\\"', "\\": "\\\\"}
_NEEDS_ESCAPE = r'["\\\x00-\x1f]'
#: Brackets of document numbers, all meaning the same; spaces carry no meaning there.
_KEY_FORMS = dict.fromkeys("[［【〖﹝（(", "〔") | dict.fromkeys("]］】〗﹞）)", "〕")
_KEY_UNUSUAL = r"[^0-9A-Z\u4e00-\u9fff〔〕\-]"


def special_characters(texts: pl.Series) -> pl.Series | None:
    """Mask of the values with a quote, a backslash or a control character; None when no value has one.

    One pass over the bytes of the whole column answers the usual case, faster than a search in every value.
    """
    if texts.null_count() == len(texts) or not views(texts).hold_special():
        return None
    special = texts.str.contains(_NEEDS_ESCAPE).fill_null(value=False)
    return special if special.any() else None


def json_text(texts: pl.Series) -> pl.Series:
    """The inside of a JSON string for every value; nulls stay null."""
    special = special_characters(texts)
    if special is None:
        return texts
    return replace_where(texts, special, lambda part: part.str.replace_many(list(_ESCAPES), list(_ESCAPES.values())))


def replace_where(texts: pl.Series, mask: pl.Series, change: Callable[[pl.Series], pl.Series]) -> pl.Series:
    """``texts`` with ``change`` applied to the values under ``mask`` only."""
    return texts.clone().scatter(mask.arg_true(), change(texts.filter(mask)))


def key_text(texts: pl.Series) -> pl.Series:
    """A value for the business key: half width, upper case, no spaces, one form of brackets. Empty stays empty."""
    texts = texts.fill_null("")
    unusual = texts.str.contains(_KEY_UNUSUAL)
    if not unusual.any():
        return texts
    return replace_where(
        texts,
        unusual,
        lambda part: (
            part.str.normalize("NFKC")
            .str.replace_all(r"\s+", "")
            .str.to_uppercase()
            .str.replace_many(list(_KEY_FORMS), list(_KEY_FORMS.values()))
        ),
    )


def json_array(parts: Iterable[str]) -> str:
    """A JSON array of texts in the canonical spelling."""
    return json.dumps(list(parts), ensure_ascii=False, separators=(",", ":"))


def json_arrays(columns: Sequence[pl.Series]) -> pl.Series:
    """One JSON array of texts per row over these columns of equal length (no nulls)."""
    pieces: list[pl.Expr] = []
    for number, column in enumerate(columns):
        pieces += [pl.lit('","' if number else '["'), pl.lit(json_text(column))]
    return pl.select(pl.concat_str([*pieces, pl.lit('"]')])).to_series()


@dataclass(frozen=True, slots=True)
class Member:
    """One key of the object: its values as JSON without the quotes (null: the key is absent)."""

    code: str
    value: pl.Series
    #: False for values that are JSON arrays already.
    quoted: bool = True


@dataclass(slots=True)
class Content:
    """The accepted values of a batch."""

    dataset: str
    height: int
    #: Fields that may be stored as they are.
    members: Sequence[Member]
    #: Personal fields: token for the payload, fingerprint in hexadecimal for the hash.
    personal: Mapping[str, tuple[pl.Series, pl.Series]] = field(default_factory=dict)
    #: JSON of the bookkeeping keys (``_raw`` …), nulls where there is nothing to say.
    extras: Mapping[str, pl.Series] = field(default_factory=dict)

    def build(self) -> tuple[pl.Series, pl.Series]:
        """(payloads, content hashes)."""
        if not self.height:
            return pl.Series([], dtype=pl.String), pl.Series([], dtype=pl.Binary)
        before = f"{HASH_DOMAIN}\n{self.dataset}\n".encode()
        tokens = [Member(code, json_text(token)) for code, (token, _) in self.personal.items()]
        extras = self._extras()
        payloads = _objects([*self.members, *tokens], self.height, extras)
        digests = _digests(payloads, extras, before)
        return payloads, self._without_tokens(digests, before) if self.personal else digests

    def _extras(self) -> pl.Series | None:
        """The bookkeeping keys of each row, each with a comma behind it."""
        extras = {code: extra for code, extra in sorted(self.extras.items()) if extra.null_count() < self.height}
        if not extras:
            return None
        pieces = [pl.concat_str([pl.lit(f'"{code}":'), pl.lit(extra), pl.lit(",")]) for code, extra in extras.items()]
        return pl.select(pl.concat_str(pieces, ignore_nulls=True)).to_series()

    def _without_tokens(self, digests: pl.Series, before: bytes) -> pl.Series:
        """The digests, made anew with fingerprints in place of tokens for rows that hold a personal value."""
        prints = [Member(code, fingerprint) for code, (_, fingerprint) in self.personal.items()]
        at = functools.reduce(operator.or_, (member.value.is_not_null() for member in prints)).arg_true()
        part = [Member(member.code, member.value.gather(at), member.quoted) for member in [*self.members, *prints]]
        return digests.scatter(at, _digests(_objects(part, len(at), None), None, before))


def _objects(members: Sequence[Member], height: int, extras: pl.Series | None) -> pl.Series:
    """The JSON object of every row, ``extras`` first, in one pass over the values.

    Commas are settled by a member every row has: those before it end with one, those after it begin with one.
    """
    present = sorted((m for m in members if m.value.null_count() < height), key=lambda member: member.code)
    anchor = next((place for place, member in enumerate(present) if member.value.null_count() == 0), None)
    pieces: list[pl.Expr] = []
    literal = "{"
    if extras is not None:
        pieces, literal = [pl.lit("{"), pl.lit(extras)], ""
    for place, member in enumerate(present):
        comma_before = "," if anchor is not None and place > anchor else ""
        comma_after = "," if anchor is None or place < anchor else ""
        quote = '"' if member.quoted else ""
        opening, closing = f'{comma_before}"{member.code}":{quote}', quote + comma_after
        if member.value.null_count() == 0:
            pieces += [pl.lit(literal + opening), pl.lit(member.value)]
            literal = closing
        else:
            optional = pl.concat_str([pl.lit(opening), pl.lit(member.value), pl.lit(closing)])
            pieces += [pl.lit(literal), optional] if literal else [optional]
            literal = ""
    if anchor is not None:
        return pl.select(pl.concat_str([*pieces, pl.lit(literal + "}")], ignore_nulls=True)).to_series()
    if not pieces:
        return pl.Series(["{}"], dtype=pl.String).new_from_index(0, height)
    opened = pl.concat_str(pieces, ignore_nulls=True).str.strip_suffix(",")
    return pl.select(pl.concat_str([opened, pl.lit("}")])).to_series()


def _digests(objects: pl.Series, extras: pl.Series | None, before: bytes) -> pl.Series:
    """SHA-256 of ``before`` and each object without its ``extras``."""
    texts, digests = objects.cast(pl.Binary).to_list(), []
    if extras is None:
        begin = sha256(before).copy
        for text in texts:
            begun = begin()
            begun.update(text)
            digests.append(begun.digest())
    else:
        begin = sha256(before + b"{").copy
        starts = extras.str.len_bytes().fill_null(0) + 1
        for text, start in zip(texts, starts.to_list(), strict=True):
            begun = begin()
            begun.update(text[start:])
            digests.append(begun.digest())
    return pl.Series("content_hash", digests, dtype=pl.Binary)
