"""Every mistake is refused, with the line it stands on and a reason one can act on."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import GOOD, line_of, mistakes_of

#: (what is replaced, by what, start of the line the mistake must be reported on, part of the reason)
WRONG = [
    ("name_en: Sample", "name_en: Sample\ncolour: red", "colour: red", "unknown key 'colour'"),
    ("retention_years: 5", "retention_years: five", "retention_years", "a whole number belongs here, not 'five'"),
    ("retention_years: 5", "retention_years: 5.0", "retention_years", "a whole number belongs here"),
    ("retention_years: 5", "retention_years: [5]", "retention_years", "a single value belongs here"),
    ("retention_years: 5", "retention_years: 0", "retention_years", "positive number of years"),
    ('edition: "1"', "edition: 1", "edition", "is not quoted and YAML takes it for int"),
    ('edition: "1"', 'edition: ""', "edition", "'edition' is empty"),
    ('edition: "1"', f'edition: "{"1" * 21}"', "edition", "more than 20 characters"),
    ("code: sample", "code: Sample", "code: Sample", "malformed"),
    ("code: sample", "code: other", "code: other", "does not fit the file name"),
    ("effective_from: 2020-01-01", "effective_from: 2020-02-30", "effective_from", "a date that exists"),
    ("effective_until: null", "effective_until: 2019-12-31", "effective_until", "is before effective_from"),
    ("effective_until: null\n", "", "kind: dataset", "'effective_until' is missing"),
    ("category: administrative", "category: other", "category", "not one of the values allowed"),
    ("formats: [csv]", "formats: []", "formats", "no data format"),
    ("formats: [csv]", "formats: [pdf]", "formats", "not one of the values allowed"),
    ("subject_kinds: [enterprise]", "subject_kinds: [natural_person]", "subject_kinds", "natural persons are never"),
    ("subject_kinds: [enterprise]", "subject_kinds: [enterprise, enterprise]", "subject_kinds", "written twice"),
    ("subject_kinds: [enterprise]", "subject_kinds: []", "subject_kinds", "no subject kind"),
    ("nature: neutral", "nature: bad", "nature", "use one of: neutral, favourable, adverse"),
    ("disclosure: public", "disclosure: never", "disclosure", "never is for fields only"),
    ("update_cycle: daily", "update_cycle: sometimes", "update_cycle", "not one of the values allowed"),
    ("channel: credit-platform", "channel: telex", "- channel", "not one of the values allowed"),
    ("working_days: 7", "working_days: 0", "working_days", "must be positive"),
    ("counted_from: DECIDED", "counted_from: NAME", "counted_from", "is not a date"),
    ("counted_from: DECIDED", "counted_from: NOPE", "counted_from", "field 'NOPE' does not exist"),
    ("{title: 某规定, status: to_be_confirmed}", "{title: 某规定}", "basis:", "'status' is missing"),
    ("article: 第十九条, status: confirmed}", "status: sure}", "retention_basis", "confirmed, to_be_confirmed"),
    (
        "retention_basis: {title: 某条例, article: 第十九条, status: confirmed}",
        "retention_basis: null",
        "retention_basis",
        "without its basis",
    ),
    (
        "legal_basis:\n  - {title: 某法, article: 第一条, status: confirmed}",
        "legal_basis: []",
        "legal_basis",
        "no legal basis",
    ),
    (
        "legal_basis:\n  - {title: 某法, article: 第一条, status: confirmed}\n",
        "",
        "kind: dataset",
        "'legal_basis' is missing",
    ),
    ("publicity_rules: none", "publicity_rules: forever", "publicity_rules", "not one of the values allowed"),
    ("  code: CODE\n", "  code: NAME\n", "code: NAME", "must be of type credit_code"),
    ("resolve: [code, exact_name]", "resolve: [guess]", "resolve", "not one of the values allowed"),
    ("resolve: [code, exact_name]", "resolve: [registration_number]", "resolve", "needs subject.registration_number"),
    ("resolve: [code, exact_name]", "resolve: [exact_name]\n  creates: true", "creates", "by credit code"),
    ("business_key: [NUMBER]", "business_key: []", "business_key", "no business key"),
    ("business_key: [NUMBER]", "business_key: [NOPE]", "business_key", "field 'NOPE' does not exist"),
    ("decided_on: DECIDED", "decided_on: NUMBER", "decided_on", "is not a date"),
    ("title_field: NAME", "title_field: NOPE", "title_field", "field 'NOPE' does not exist"),
    ("hard_max_length: 20", "hard_max_length: 5", "- {code: NAME", "is below max_length"),
    ("type: enum, code_list: kinds}", "type: enum, code_list: nope}", "- {code: KIND,", "code list 'nope' does not exist"),
    ("type: enum, code_list: kinds}", "type: enum}", "- {code: KIND,", "need a code_list"),
    ("{code: KIND, ", "{code: NAME, ", "- {code: NAME, name_zh: 类别", "'NAME' is written twice"),
    ("any_of: [甲]", "any_of: [丙]", "- {code: CODE", "'丙' is not in code list 'kinds'"),
    ("any_of: [甲]", "contains: [甲]", "- {code: CODE", "contains is for list fields"),
    ("{field: KIND, any_of: [甲]}", "{field: KIND}", "- {code: CODE", "tests nothing"),
    ("{field: KIND, any_of", "{field: NOPE, any_of", "- {code: CODE", "field 'NOPE' does not exist"),
    ("{field: KIND, any_of: [甲]}", "{field: CODE, filled: true}", "- {code: CODE", "may not test its own field"),
    ("name_en: Number, type: text", "name_en: Number, type: personal_number", "- {code: NUMBER", "personal: true"),
    ("name_en: Number, type: text", "name_en: Number, type: text, personal: true", "- {code: NUMBER", "REF-05"),
    ("name_en: Date, type: date", "name_en: Date, type: when", "- {code: DECIDED", "'when' is not one of"),
    ("columns: [文号]", "columns: [name]", "- code: ids", "column 'name' stands twice"),
    ("columns: [文号]", "open_ended: true", "- {code: NUMBER", "dates only"),
    ("signature: [NAME, NUMBER]", "signature: [NOPE]", "signature", "no column of this layout"),
    ("signature: [NAME, NUMBER]", "signature: []", "signature", "no signature"),
    ("{column: SRC, to: null, why: 来源}", "{column: SRC, to: null}", "- {column", "no reason is given"),
    ("{column: SRC, to: null, why: 来源}", "{column: SRC, to: NOPE}", "- {column", "field 'NOPE' does not exist"),
    ("{column: SRC, to: null, why: 来源}", "{column: NAME, to: NAME}", "- {column", "stands twice in one layout"),
    ("{column: SRC, to: null, why: 来源}", "{column: SRC, to: KINDS, join: true}", "- {column", "join is for two"),
    (
        "{column: SRC, to: null, why: 来源}",
        '{column: SRC, to: KIND, value_map: {"1": 丙}}',
        "- {column",
        "'丙' is not in code list",
    ),
    ("    field_columns: true\n", "", "- code: ids", "required field 'NAME' has no column"),
    ("    field_columns: true\n", "    same_columns_as: nope\n", "same_columns_as", "is no other layout"),
    ("    field_columns: true\n", "    field_columns: true\n    not_required: [KIND]\n", "not_required", "not required"),
    (
        "    field_columns: true\n",
        "    field_columns: true\n    inferred: {DECIDED: NAME}\n",
        "inferred",
        "different types",
    ),
    ("    field: DECIDED\n", "    field: NOPE\n", "field: NOPE", "field 'NOPE' does not exist"),
    ("    field: DECIDED\n", "    field: NAME\n", "field: NAME", "this rule cannot test"),
    ("    field: DECIDED\n", "    field: DECIDED\n    other: DECIDED\n", "other", "does not use 'other'"),
    ("kind: not_in_future", "kind: not_after", "- code: not-in-future", "must state 'other'"),
    ("    reason_zh: 日期晚于今天。\n", "", "- code: not-in-future", "'reason_zh' is missing"),
    ("    reason_en: A sample.\n", "", "- code: small", "'reason_en' is missing"),
    ("reason_en: A sample.", 'reason_en: ""', 'reason_en: ""', "'reason_en' is empty"),
    ("kind: max_rows", "kind: most_rows", "kind: most_rows", "not one of the values allowed"),
    ("kind: max_rows", "kind: fill_rate", "- code: small", "fill_rate names a field"),
    ("    value: 10\n", "    value: 10.5\n", "value: 10.5", "a count is a whole number"),
    ("kind: dataset\n", "kind: list\n", "kind: list", "'kind' is missing or wrong"),
    ("name_zh: 样例\n", 'name_zh: "样例 "\n', "name_zh: \"样例", "white space at its ends"),
    ("name_zh: 样例\n", "name_zh: 样例\nname_zh: 别名\n", "name_zh: 别名", "written twice, first on line 6"),
]  # fmt: skip


def test_good_entry_is_right(tmp_path: Path, good: str) -> None:
    assert mistakes_of(tmp_path, good) == []


@pytest.mark.parametrize(("old", "new", "start", "reason"), WRONG, ids=[f"{row[1][:30]!r}" for row in WRONG])
def test_mistake_is_reported_with_line_and_reason(tmp_path: Path, old: str, new: str, start: str, reason: str) -> None:
    assert GOOD.count(old) == 1, old
    text = GOOD.replace(old, new)

    found = mistakes_of(tmp_path, text)

    assert line_of(text, start) in {line for line, en in found if reason in en}, found


def test_all_mistakes_are_reported_at_once(tmp_path: Path) -> None:
    text = GOOD
    for old, new in (
        ("nature: neutral", "nature: bad"),
        ("retention_years: 5", "retention_years: x"),
        ("[csv]", "csv"),
    ):
        text = text.replace(old, new)

    found = mistakes_of(tmp_path, text)

    assert [line for line, _ in found] == [
        line_of(text, "formats"),
        line_of(text, "nature"),
        line_of(text, "retention_y"),
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file is empty"),
        (b"- a\n- b\n", "top level is not"),
        (b"a: [1, 2\nb: 3\n", "not valid YAML"),
        (b"a: \x80\xff\n", "not UTF-8"),
        ("kind: 数据".encode("gb18030"), "not UTF-8"),
        (b"a: 1\n---\nb: 2\n", "one document"),
        (b"a: !!python/object/apply:os.system [ls]\n", "tags are not allowed"),
        (b"a: &x [1]\nb: *x\n", "anchors and aliases are not allowed"),
        (b"? [a, b]\n: c\n", "a key must be text"),
        (b"a: " + b"[" * 60 + b"]" * 60, "levels deep"),
        (b"a: " + b"x" * 20_000, "more than 10000 characters"),
        (b"#" * 1_000_001, "the limit is"),
    ],
)
def test_unfit_files_are_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    found = mistakes_of(tmp_path, content)

    assert any(reason in en for _, en in found), found


def test_alias_bomb_is_refused_before_it_grows(tmp_path: Path) -> None:
    bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{chr(98 + step)}: &{chr(98 + step)} [{', '.join(['*' + chr(97 + step)] * 9)}]\n" for step in range(12)
    )

    found = mistakes_of(tmp_path, bomb)

    assert [line for line, _ in found] == [1]
    assert "anchors" in found[0][1]


@pytest.mark.parametrize(
    ("name", "article"),
    [
        pytest.param("宗教信仰", "HN 45", id="COL-13-religion"),
        pytest.param("血型", "HN 45", id="COL-13-blood"),
        pytest.param("既往病史", "HN 45", id="COL-13-illness"),
        pytest.param("治安管理处罚决定", "PSP 136", id="COL-18-public-security"),
        pytest.param("未成年人犯罪记录", "art 59", id="COL-19-juvenile"),
    ],
)
def test_ref_03_forbidden_kinds_of_personal_information_are_no_field(tmp_path: Path, name: str, article: str) -> None:
    text = GOOD.replace("name_zh: 类别,", f"name_zh: {name},")
    (reason,) = [en for _, en in mistakes_of(tmp_path, text) if "REF-03" in en]
    assert article in reason
