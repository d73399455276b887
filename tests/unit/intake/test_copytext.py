"""COPY text holds exactly the values of the frame."""

from __future__ import annotations

import hashlib
import json
import re

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from xinyong.intake import copytext
from xinyong.intake.checks import ACCEPTED_SCHEMA
from xinyong.intake.copytext import Batch, accepted_text, table_text

_UNESCAPE = {"\\": "\\", "t": "\t", "n": "\n", "r": "\r", "b": "\b", "v": "\v", "f": "\f"}


def parsed(data: bytes) -> list[list[str | None]]:
    """What PostgreSQL reads, after its manual: lines, tabs, ``\\N``, backslash escapes."""
    rows = []
    for line in data.decode().split("\n")[:-1]:
        cells = []
        for cell in line.split("\t"):
            cells.append(None if cell == "\\N" else re.sub(r"\\(.)", lambda found: _UNESCAPE[found[1]], cell))
        rows.append(cells)
    return rows


texts = st.none() | st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=12)
awkward = st.sampled_from(["", "\\N", "\\", "\\.", "a\tb", "\n", "\r\n", '"', ",", "无", "\b\v\f", "\\n"])


@given(st.lists(st.tuples(texts | awkward, texts | awkward, st.integers(0, 10**9)), min_size=1, max_size=20))
def test_every_value_arrives_as_it_is(rows):
    frame = pl.DataFrame(rows, schema={"a": pl.String, "b": pl.String, "n": pl.Int64}, orient="row")
    assert parsed(table_text(frame)) == [[a, b, str(n)] for a, b, n in rows]


def test_accepted_rows_as_postgresql_takes_them():
    row = {
        "row": 2,
        "subject_code": "91350100M000100Y43",
        "registration_number": None,
        "organisation_code": None,
        "subject_name": "甲\\乙\t丙",
        "name_key": "甲乙丙",
        "subject_kind": "enterprise",
        "business_key": '["新城罚〔2026〕1号"]',
        "decided_on": None,
        "payload": '{"a":"x\\ny","b":"\\""}',
        "content_hash": b"\x00\xff" * 16,
    }
    accepted = pl.DataFrame([row], schema=ACCEPTED_SCHEMA)
    batch = Batch(dataset_id=3, edition_id=4, layout="2018", resolve_name=True, registers=False)
    [cells] = parsed(accepted_text(accepted, batch))
    key = hashlib.sha256(row["business_key"].encode()).hexdigest()[:32]
    assert cells[:12] == [
        "2", "3", "4", "91350100M000100Y43", None, None, "甲\\乙\t丙", "甲乙丙", "enterprise", f"\\x{key}", None,
        "\\x" + "00ff" * 16,
    ]  # fmt: skip
    assert json.loads(cells[12]) == {"_layout": "2018", "a": "x\ny", "b": '"'}
    assert cells[13:] == ["true", "false"]
    assert accepted_text(accepted.clear(), batch) == b""
    assert copytext.escaped_json(pl.Series(["{}", None])).to_list() == ["{}", None]
