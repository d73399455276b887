"""Rows as PostgreSQL's COPY reads them: text for the working tables, binary for heads and versions.

Binary spares the server the parsing, and the payload goes to its place as the very bytes that were hashed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from io import BytesIO
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from xinyong.standards._views import views

HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
TRAILER = b"\xff\xff"
#: Rows joined at a time; bounds the memory of one piece of a COPY.
_PIECE = 8192
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_DAYS_TO_2000 = (date(2000, 1, 1) - date(1970, 1, 1)).days

#: A field of a binary row: name, numpy type, width in bytes.
Field = tuple[str, str, int]

HEAD: tuple[Field, ...] = (
    ("entity", ">i8", 8),
    ("record", ">i8", 8),
    ("dataset", ">i4", 4),
    ("number", ">i4", 4),
    ("delivery", ">i4", 4),
    ("key", "V16", 16),
    ("hash", "V32", 32),
)
VERSION: tuple[Field, ...] = (
    ("entity", ">i8", 8),
    ("record", ">i8", 8),
    ("version", ">i8", 8),
    ("delivery", ">i4", 4),
    ("department", ">i4", 4),
    ("edition", ">i4", 4),
    ("received", ">i8", 8),
    ("recorded", ">i8", 8),
    ("number", ">i4", 4),
    ("row", ">i4", 4),
    ("hash", "V32", 32),
    ("payload_hash", "V32", 32),
)
_DECIDED = np.dtype(
    [
        ("fields", ">i2"),
        ("l0", ">i4"),
        ("row", ">i4"),
        ("l1", ">i4"),
        ("entity", ">i8"),
        ("l2", ">i4"),
        ("record", ">i8"),
        ("l3", ">i4"),
        ("number", ">i4"),
        ("l4", ">i4"),
        ("outcome", ">i4"),
    ]
)
ACCEPTED, UNCHANGED, UNRESOLVED, CONTRADICTION, REFUSED = 1, 2, 3, 4, 5

_ASKED_HEAD: tuple[Field, ...] = (("place", ">i4", 4), ("entity", ">i8", 8), ("key", "V16", 16))
FOUND_HEAD = np.dtype([("place", "i4"), ("record", "i8"), ("number", "i4"), ("delivery", "i4"), ("hash", "V32")])
#: The same as ``find_heads`` sends it.
SENT_HEAD = np.dtype([("place", ">i4"), ("record", ">i8"), ("number", ">i4"), ("delivery", ">i4"), ("hash", "V32")])

Array = npt.NDArray[Any]


def microseconds(moment: datetime) -> int:
    """An aware time as timestamptz: microseconds since 2000."""
    delta = moment - _EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def days(dates: pl.Series) -> tuple[Array, Array]:
    """Days since 2000 as PostgreSQL's date has them, and which of them are given."""
    given = dates.is_not_null().to_numpy()
    numbers = dates.cast(pl.Int32).fill_null(_DAYS_TO_2000).to_numpy() - _DAYS_TO_2000
    return numbers.astype(">i4"), given


def fixed(values: pl.Series, width: int) -> Array:
    """Binary values of one width as an array."""
    return np.frombuffer(b"".join(values.to_list()), dtype=f"V{width}")


def _packed(total: int, fields: Sequence[Field], columns: Mapping[str, Any], height: int) -> Array:
    """The rows' fields of fixed width, each with its length before it; ``total`` fields a row in all."""
    parts: list[tuple[str, str]] = [("fields", ">i2")]
    for name, kind, _ in fields:
        parts += [(f"{name}_length", ">i4"), (name, kind)]
    rows = np.empty(height, dtype=np.dtype(parts))
    rows["fields"] = total
    for name, _, width in fields:
        rows[f"{name}_length"] = width
        rows[name] = columns[name]
    return rows


def _fixed(fields: Sequence[Field], columns: Mapping[str, Any], dates: pl.Series, lengths: Array | None) -> list[bytes]:
    """The beginning of every row: a date, the only field that may be missing, then the fields of fixed width.

    With ``lengths`` another field of these widths follows, which begins here with its length.
    """
    numbers, given = days(dates)
    total = len(fields) + 1 + (lengths is not None)
    columns = {**columns, "date": numbers}
    rows = _packed(total, (("date", ">i4", 4), *fields), columns, len(dates))
    if lengths is not None:
        longer = np.empty(len(rows), dtype=np.dtype([("row", rows.dtype), ("length", ">i4")]))
        longer["row"], longer["length"] = rows, lengths
        rows = longer
    width, raw = rows.dtype.itemsize, rows.tobytes()
    if given.all():
        return [raw[at : at + width] for at in range(0, len(raw), width)]
    missing = total.to_bytes(2, "big") + b"\xff\xff\xff\xff"
    skipped = 2 + 4 + 4
    return [
        raw[at * width : (at + 1) * width] if has else missing + raw[at * width + skipped : (at + 1) * width]
        for at, has in enumerate(given.tolist())
    ]


def heads(columns: Mapping[str, Any], decided_on: pl.Series) -> Iterator[bytes]:
    """Rows for ``copy_heads``."""
    yield HEADER
    yield b"".join(_fixed(HEAD, columns, decided_on, None))
    yield TRAILER


def versions(columns: Mapping[str, Any], payloads: pl.Series, decided_on: pl.Series) -> Iterator[bytes]:
    """Rows for ``copy_versions``."""
    yield HEADER
    begins = _fixed(VERSION, columns, decided_on, payloads.str.len_bytes().to_numpy())
    texts = payloads.cast(pl.Binary)
    for start in range(0, len(begins), _PIECE):
        stop = min(start + _PIECE, len(begins))
        pieces = [b""] * (2 * (stop - start))
        pieces[0::2], pieces[1::2] = begins[start:stop], texts.slice(start, stop - start).to_list()
        yield b"".join(pieces)
    yield TRAILER


def asked_heads(columns: Mapping[str, Any], height: int) -> Iterator[bytes]:
    """Rows for ``copy_asked_heads``."""
    yield HEADER
    yield _packed(len(_ASKED_HEAD), _ASKED_HEAD, columns, height).tobytes()
    yield TRAILER


def decided(data: bytes) -> Array:
    """What ``copy_decided`` sent: row, entity, record (0: a new one), version number and outcome."""
    body = data[len(HEADER) : -len(TRAILER)]
    return np.frombuffer(body, dtype=_DECIDED)


_SPECIAL = r"[\\\t\n\r]"
_ESCAPES = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}


def _escaped(texts: pl.Series) -> pl.Series:
    if texts.null_count() == len(texts) or not views(texts).hold_special():
        return texts
    special = texts.str.contains(_SPECIAL)
    if not special.any():
        return texts
    return texts.str.replace_many(list(_ESCAPES), list(_ESCAPES.values()))


def text(frame: pl.DataFrame, *, safe: Collection[str] = ()) -> bytes:
    """A frame in COPY's text format: every null is ``\\N``, nothing is quoted. ``safe`` columns need no escapes."""
    names = [name for name, kind in frame.schema.items() if kind == pl.String and name not in safe]
    escaped = frame.with_columns(_escaped(frame[name]) for name in names)
    out = BytesIO()
    escaped.write_csv(out, include_header=False, separator="\t", quote_style="never", null_value="\\N")
    return out.getvalue()


def hexadecimal(column: str) -> pl.Expr:
    """A binary column as bytea in COPY's text format, escapes included: name it as safe to :func:`text`."""
    return (pl.lit("\\\\x") + pl.col(column).bin.encode("hex")).alias(column)
