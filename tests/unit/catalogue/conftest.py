"""A smallest right entry as text, and a way to break one line of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from xinyong.catalogue.entry import CodeList, CodeValue
from xinyong.catalogue.errors import CatalogueInvalid
from xinyong.catalogue.loader import load_file

GOOD = """\
kind: dataset
code: sample
edition: "1"
effective_from: 2020-01-01
effective_until: null
name_zh: 样例
name_en: Sample
category: administrative
provider_zh: 某部门
provider_en: A department
formats: [csv]
subject_kinds: [enterprise]
nature: neutral
sharing: unconditional
disclosure: public
coverage_zh: 全市
coverage_en: The city
update_cycle: daily
deadlines:
  - channel: credit-platform
    working_days: 7
    counted_from: DECIDED
    basis: {title: 某规定, status: to_be_confirmed}
retention_years: 5
retention_basis: {title: 某条例, article: 第十九条, status: confirmed}
legal_basis:
  - {title: 某法, article: 第一条, status: confirmed}
publicity_rules: none
subject:
  code: CODE
  name: NAME
  kind: KIND
  resolve: [code, exact_name]
business_key: [NUMBER]
decided_on: DECIDED
title_field: NAME
summary_field: null
number_field: NUMBER
authority_field: null
fields:
  - {code: NAME, name_zh: 名称, name_en: Name, type: text, required: true, max_length: 10, hard_max_length: 20}
  - {code: KIND, name_zh: 类别, name_en: Kind, type: enum, code_list: kinds}
  - {code: CODE, name_zh: 代码, name_en: Code, type: credit_code, required_when: [{field: KIND, any_of: [甲]}]}
  - {code: NUMBER, name_zh: 文号, name_en: Number, type: text, required: true, columns: [文号]}
  - {code: DECIDED, name_zh: 日期, name_en: Date, type: date, required: true}
  - {code: KINDS, name_zh: 种类, name_en: Kinds, type: enum_list, code_list: kinds}
layouts:
  - code: ids
    name_zh: 字段名
    name_en: Ids
    signature: [NAME, NUMBER]
    field_columns: true
    columns:
      - {column: SRC, to: null, why: 来源}
rules:
  - code: not-in-future
    kind: not_in_future
    field: DECIDED
    reason_zh: 日期晚于今天。
    reason_en: The date is in the future.
assertions:
  - code: small
    kind: max_rows
    value: 10
    reason_zh: 样例。
    reason_en: A sample.
"""

LISTS = {
    "kinds": CodeList(
        code="kinds", values=(CodeValue(value="甲", zh="甲", en="A"), CodeValue(value="乙", zh="乙", en="B"))
    ),
    "catalogue-class": CodeList(
        code="catalogue-class", values=(CodeValue(value="administrative", zh="行政", en="Administrative"),)
    ),
}


def line_of(text: str, start: str) -> int:
    """Number of the only line that begins with this, indent aside."""
    found = [number for number, line in enumerate(text.splitlines(), 1) if line.strip().startswith(start)]
    assert len(found) == 1, (start, found)
    return found[0]


def mistakes_of(folder: Path, text: str | bytes, name: str = "sample.yml") -> list[tuple[int, str]]:
    """(line, English reason) of every mistake; empty when the file is right."""
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    try:
        load_file(path, LISTS)
    except CatalogueInvalid as error:
        assert error.mistakes
        assert all(mistake.file == name for mistake in error.mistakes)
        assert all(mistake.zh and mistake.zh != mistake.en for mistake in error.mistakes)
        return [(mistake.line, mistake.en) for mistake in error.mistakes]
    return []


@pytest.fixture
def good() -> str:
    """Text of an entry without mistakes."""
    return GOOD
