"""Parts of a delivery: the checked rows of a batch made ready for the loader. Neither Django nor a database here."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter

import numpy as np
import polars as pl

from xinyong.catalogue.entry import DatasetEntry
from xinyong.intake import encoding
from xinyong.intake.findings import Finding
from xinyong.intake.quality.profile import Profile

#: Rows read, checked and taken into the database at a time, at most: the loader waits for the first, the commit for the last.
PART_ROWS = 25_000
_FINDING_COLUMNS = (
    "row",
    "kind",
    "code",
    "severity",
    "field",
    "column",
    "value",
    "reason_zh",
    "reason_en",
    "suggestion_zh",
    "suggestion_en",
    "fix",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where the rows of one dataset of the delivery go."""

    entry: DatasetEntry
    layout: str
    dataset_id: int
    edition_id: int

    def stored(self, payloads: pl.Series) -> pl.Series:
        """Payloads as they are stored. The layout is bookkeeping: it stands in the payload and never in the content hash."""
        rest = pl.lit(payloads.str.slice(1))
        return pl.select(payload=pl.concat_str([pl.lit(f'{{"_layout":"{self.layout}",'), rest])).to_series()


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Accepted rows of one dataset in one batch, in the order of the file, with their source keys and payload hashes."""

    target: Target
    rows: pl.DataFrame

    @property
    def coded(self) -> bool:
        """Whether every row has a credit code."""
        return self.rows["subject_code"].null_count() == 0


@dataclass(frozen=True, slots=True, eq=False)
class Settled:
    """Rows of a repeated file that stay as they are (:mod:`xinyong.intake.repeats`), and what the whole file looks like."""

    #: The delivery that wrote them.
    source: int
    rows: encoding.Array
    records: encoding.Array
    profile: Profile

    def others(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The rows of a batch that have to be looked at."""
        numbers = rows["_row"].to_numpy()
        at = np.minimum(np.searchsorted(self.rows, numbers), len(self.rows) - 1)
        return rows.filter(pl.Series(self.rows[at] != numbers))


def made_ready(accepted: pl.DataFrame, target: Target) -> Iterator[Part]:
    """The accepted rows of a batch (columns as :class:`xinyong.intake.checks.Checked` gives them) as parts.

    Rows without a credit code come as a part of their own: they wait for the end of the file.
    """
    subject = target.entry.subject
    payloads = target.stored(accepted["payload"])
    rows = accepted.with_columns(source_keys(accepted["business_key"]), payloads, payload_hashes(payloads)).drop(
        "business_key"
    )
    if subject.creates:
        rows = rows.with_columns(
            # A status the list does not know stays in the words sent: it must never pass for the one before.
            pl.coalesce(
                pl.lit(_member(rows["payload"], subject.status)), pl.lit(_sent(rows["payload"], subject.status))
            ).alias("status"),
            pl.concat_str(
                [pl.lit(_member(rows["payload"], name)) for name in subject.place] or [pl.lit(None, pl.String)],
                separator=" ",
                ignore_nulls=True,
            ).alias("place"),
        )
    else:
        rows = rows.with_columns(status=pl.lit(None, pl.String), place=pl.lit(None, pl.String))
    late = rows["subject_code"].is_null()
    if late.any():
        yield Part(target=target, rows=rows.filter(late))
        rows = rows.filter(~late)
    if rows.height:
        yield Part(target=target, rows=rows)


def source_keys(business_keys: pl.Series) -> pl.Series:
    """First 16 bytes of SHA-256 of each business key."""
    digest = hashlib.sha256
    keys = [digest(key).digest()[:16] for key in business_keys.cast(pl.Binary).to_list()]
    return pl.Series("source_key", keys, dtype=pl.Binary)


def payload_hashes(payloads: pl.Series) -> pl.Series:
    """SHA-256 of each payload as it is stored. The transparency log takes it from here: later it would cost more."""
    hashes = [hashlib.sha256(text).digest() for text in payloads.cast(pl.Binary).to_list()]
    return pl.Series("payload_hash", hashes, dtype=pl.Binary)


def _member(payloads: pl.Series, field: str | None) -> pl.Series:
    """A text member of each payload, null where there is none."""
    if field is None:
        return pl.Series([None], dtype=pl.String).new_from_index(0, len(payloads))
    return payloads.str.json_path_match(f'$["{field}"]')


def _sent(payloads: pl.Series, field: str | None) -> pl.Series:
    """A field as it was sent where it could not be read, shortened; null elsewhere."""
    if field is None:
        return pl.Series([None], dtype=pl.String).new_from_index(0, len(payloads))
    return payloads.str.json_path_match(f'$["_raw"]["{field}"]').str.slice(0, 40)


def findings_text(delivery: int, findings: Sequence[Finding]) -> bytes:
    """Findings of a batch as COPY text for ``copy_findings``; empty where there is none."""
    if not findings:
        return b""
    frame = pl.DataFrame(
        {name: list(map(attrgetter(name), findings)) for name in _FINDING_COLUMNS},
        schema={name: pl.Int64 if name == "row" else pl.String for name in _FINDING_COLUMNS},
    )
    return encoding.text(frame.select(pl.lit(delivery).alias("delivery_id"), pl.all()))
