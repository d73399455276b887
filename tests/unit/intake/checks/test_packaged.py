"""The entries the platform ships, with real registration data where it is at hand."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from xinyong.catalogue.entry import DatasetEntry, Severity
from xinyong.catalogue.loader import load_packaged
from xinyong.intake.checks import choose_layout, compile_entry
from xinyong.standards import credit_code_bulk

from .support import context

DATA = Path(__file__).resolve().parents[5] / "shared" / "data" / "registration"


def real(name: str) -> pl.DataFrame:
    path = DATA / name
    if not path.exists():
        pytest.skip(f"real registration data not at {path}")
    rows = pl.read_csv(path, infer_schema=False)
    return rows.with_row_index("_row", offset=2).with_columns(pl.col("_row").cast(pl.Int64))


def entry(code: str) -> DatasetEntry:
    found = [item for (name, _), item in load_packaged().entries.items() if name == code]
    if not found:
        pytest.skip(f"no dataset entry {code}")
    return found[-1]


@pytest.mark.parametrize("key", sorted(load_packaged().entries))
def test_every_layout_recognises_its_own_header(key: tuple[str, str]) -> None:
    item = load_packaged().entries[key]
    for layout in item.layouts:
        header = list(dict.fromkeys(column.column for column in layout.columns))
        match = choose_layout(item, header)
        assert match.unknown == ()
        rows = pl.DataFrame({"_row": [2], **{name: pl.Series([None], dtype=pl.String) for name in header}})
        assert compile_entry(item, match, context()).check(rows).rejected.to_list() == [2]


def test_every_real_row_with_a_valid_code_is_accepted() -> None:
    rows = real("registration_a.csv.gz")
    item = entry("registration")
    checked = compile_entry(item, choose_layout(item, rows.columns), context()).check(rows)
    errors = [finding for finding in checked.findings if finding.severity is Severity.ERROR]
    assert errors == []
    assert checked.accepted.height == rows.height
    assert checked.accepted["subject_code"].null_count() == 0
    for payload in checked.accepted["payload"].sample(500, seed=1):
        assert json.loads(payload)


def test_every_dirty_code_is_diagnosed() -> None:
    rows = real("dirty_codes_a.csv.gz")
    item = entry("registration")
    checked = compile_entry(item, choose_layout(item, rows.columns), context()).check(rows)
    code = item.subject.code
    spoken = {finding.row for finding in checked.findings if finding.field == code}
    kinds = pl.Series(credit_code_bulk.classify(rows["统一社会信用代码"]).kinds().cast(pl.String))
    fine = set(rows["_row"].filter(kinds == "valid").to_list())
    assert set(rows["_row"].to_list()) - spoken - fine == set()
