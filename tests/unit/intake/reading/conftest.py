"""Helpers for the reader tests: write a file, read it whole, check the account of every batch on the way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from xinyong.catalogue.entry import Severity
from xinyong.intake.findings import Finding
from xinyong.intake.reading import Limits, SourceInfo, Tally, delimited, open_source

Row = tuple[object, ...]


@dataclass
class Outcome:
    info: SourceInfo
    tally: Tally
    rows: list[Row] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    batches: int = 0
    spared: int = 0
    error: Exception | None = None

    @property
    def codes(self) -> list[tuple[int, str]]:
        return [(finding.row, finding.code) for finding in self.findings]

    def finding(self, row: int) -> Finding:
        return next(finding for finding in self.findings if finding.row == row)


def read(
    path: Path,
    limits: Limits | None = None,
    known: frozenset[str] = frozenset(),
    catch: bool = False,
    spared: Sequence[int] = (),
) -> Outcome:
    held = np.array(spared, dtype=np.int32)
    with open_source(path, limits, known_columns=known, spared=held if spared else None) as source:
        outcome = Outcome(source.info, source.tally)
        numbers: list[int] = []
        try:
            for batch in source.batches():
                bad = {f.row for f in batch.findings if f.severity is Severity.ERROR}
                good = batch.rows.get_column("_row").to_list()
                assert batch.read == batch.rows.height + len(bad) + batch.spared
                assert not bad & set(good)
                assert batch.rows.columns == ["_row", *source.info.header]
                assert batch.read - batch.spared <= (limits or Limits()).batch_rows
                assert 0 <= batch.position <= 1
                assert good == sorted(good)
                numbers += sorted({*good, *bad})
                outcome.rows += batch.rows.rows()
                outcome.findings += batch.findings
                outcome.batches += 1
                outcome.spared += batch.spared
        except Exception as error:
            if not catch:
                raise
            outcome.error = error
        assert numbers == sorted(set(numbers))
        tally = source.tally
        assert tally.read == tally.passed + tally.rejected
        assert tally.passed == len(outcome.rows) + outcome.spared
        for finding in outcome.findings:
            assert finding.reason_zh and finding.reason_en
            assert finding.value[:1] not in set("=+-@\t\r")
        return outcome


@pytest.fixture
def give(tmp_path: Path) -> Callable[..., Outcome]:
    """``give(content, …)``: read these bytes as a delivered file, by both ways through CSV, which must agree."""

    def run(content: bytes | str, **options: object) -> Outcome:
        path = tmp_path / "delivery"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        got = read(path, **options)  # type: ignore[arg-type]
        if got.info.format == "csv":
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(delimited, "_FEW", 0)
                other = read(path, **options)  # type: ignore[arg-type]
                assert (got.rows, got.codes, got.tally) == (other.rows, other.codes, other.tally)
                _spare(path, got, options)
            _spare(path, got, options)
        return got

    return run


def _spare(path: Path, got: Outcome, options: dict[str, object]) -> None:
    """Rows nothing was remarked about can be left out, some or all of them, and everything else stays as it is."""
    remarked = {finding.row for finding in got.findings}
    plain = [int(str(row[0])) for row in got.rows if row[0] not in remarked]
    for spared in filter(None, (plain[::2], plain)):
        less = read(path, spared=spared, **options)  # type: ignore[arg-type]
        left = [row for row in got.rows if row[0] not in set(spared)]
        assert (less.rows, less.codes, less.tally) == (left, got.codes, got.tally)
        assert less.spared == len(spared)


@pytest.fixture
def read_path() -> Callable[..., Outcome]:
    return read
