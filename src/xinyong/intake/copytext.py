"""Checked rows as the text PostgreSQL's COPY reads: no Django and no database here, so any process may make it.

The text form of COPY (tab between values, ``\\N`` for null) needs no quotes, so a payload full of quotes travels as it
is; only backslash, tab and line ends are escaped, and only in columns that hold one.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from hashlib import sha256

import polars as pl

_ESCAPED = r"[\\\t\n\r\x08\x0b\x0c]"
_ESCAPES = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\b": "\\b", "\v": "\\v", "\f": "\\f"}
#: What a bytea in hexadecimal begins with, itself escaped.
_HEX = "\\\\x"


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What is the same for all rows of one dataset in one layout."""

    dataset_id: int
    edition_id: int
    layout: str
    resolve_name: bool
    registers: bool


def escaped(texts: pl.Series) -> pl.Series:
    """``texts`` as values of COPY's text form; nulls stay null."""
    special = texts.str.contains(_ESCAPED).fill_null(value=False)
    if not special.any():
        return texts
    at = special.arg_true()
    part = texts.gather(at).str.replace_many(list(_ESCAPES), list(_ESCAPES.values()))
    return texts.clone().scatter(at, part)


def escaped_json(texts: pl.Series) -> pl.Series:
    """The same for JSON without spaces, where only backslashes can stand."""
    special = texts.str.contains("\\", literal=True).fill_null(value=False)
    if not special.any():
        return texts
    at = special.arg_true()
    part = texts.gather(at).str.replace_all("\\", "\\\\", literal=True)
    return texts.clone().scatter(at, part)


def copy_text(frame: pl.DataFrame) -> io.BytesIO:
    """The frame as lines for ``COPY … FROM STDIN``; its text columns are escaped already."""
    out = io.BytesIO()
    if frame.height:
        frame.write_csv(out, include_header=False, separator="\t", quote_style="never", null_value="\\N")
    return out


def source_keys(business_keys: pl.Series) -> pl.Series:
    """First 16 bytes of SHA-256 of each business key, as an escaped hexadecimal bytea."""
    keys = [sha256(text).hexdigest() for text in business_keys.cast(pl.Binary).to_list()]
    column = pl.Series("source_key", keys, dtype=pl.String).to_frame()
    return column.select(pl.lit(_HEX) + pl.col("source_key").str.head(32)).to_series().alias("source_key")


def accepted_text(accepted: pl.DataFrame, batch: Batch) -> bytes:
    """The accepted rows of one batch (columns as :class:`xinyong.intake.checks.Checked` gives them)."""
    if not accepted.height:
        return b""
    free = ("registration_number", "organisation_code", "subject_name", "name_key")
    frame = accepted.select(
        pl.col("row"),
        pl.lit(batch.dataset_id).alias("dataset_id"),
        pl.lit(batch.edition_id).alias("edition_id"),
        "subject_code",
        *(escaped(accepted[name]) for name in free),
        "subject_kind",
        source_keys(accepted["business_key"]),
        pl.col("decided_on").dt.to_string("%Y-%m-%d"),
        (pl.lit(_HEX) + pl.col("content_hash").bin.encode("hex")).alias("content_hash"),
        # The layout is bookkeeping: it stands in the payload and never in the content hash.
        pl.lit(f'{{"_layout":"{batch.layout}",') + escaped_json(accepted["payload"]).str.slice(1),
        pl.lit("true" if batch.resolve_name else "false").alias("resolve_name"),
        pl.lit("true" if batch.registers else "false").alias("registers"),
    )
    return copy_text(frame).getvalue()


def table_text(frame: pl.DataFrame) -> bytes:
    """Any frame of numbers and texts, escaped where it must be."""
    texts = [escaped(frame[name]) for name, kind in frame.schema.items() if kind == pl.String]
    return copy_text(frame.with_columns(texts)).getvalue()
