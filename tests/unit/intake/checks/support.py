"""A small dataset entry with one field of every type, and how to run rows through it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

import polars as pl

from xinyong.catalogue.entry import (
    Basis,
    CodeList,
    CodeValue,
    ColumnMap,
    Condition,
    DatasetEntry,
    Disclosure,
    Field,
    FieldType,
    Layout,
    Nature,
    Rule,
    RuleKind,
    Severity,
    Sharing,
    Subject,
    SubjectKind,
)
from xinyong.intake.checks import CheckContext, Checked, choose_layout, compile_entry
from xinyong.intake.findings import Finding
from xinyong.standards import credit_code

TODAY = date(2026, 11, 22)
ENTERPRISE = "91350100M000100Y43"  # the sample of the standard
INDIVIDUAL = "92410700L00000011" + credit_code.check_character("92410700L00000011")
ORGAN = "111400000000000003"
RESIDENT = "11010519491231002X"  # the sample of GB 11643
PLACEHOLDER = "0" * 17 + "X"
REGISTRATION = "410700600000014"

KINDS = CodeList(
    code="kinds",
    values=(
        CodeValue(value="法人及非法人组织", zh="法人及非法人组织", en="Organisation", aliases=("1",)),
        CodeValue(value="个体工商户", zh="个体工商户", en="Individual business", aliases=("4", "个体户")),
    ),
)
PENALTIES = CodeList(
    code="penalties",
    values=(
        CodeValue(value="警告", zh="警告", en="Warning"),
        CodeValue(value="罚款", zh="罚款", en="Fine"),
        CodeValue(value="没收违法所得、没收非法财物", zh="没收违法所得、没收非法财物", en="Confiscation"),
    ),
    open_prefixes=("其他-",),
)
STATES = CodeList(
    code="states",
    values=(CodeValue(value="1", zh="有效", en="valid"), CodeValue(value="2", zh="无效", en="invalid")),
)


def a_field(code: str, type_: FieldType, **more: object) -> Field:
    return Field(code=code, name_zh=f"字段{code}", name_en=f"field {code}", type=type_, **more)  # type: ignore[arg-type]


FIELDS = (
    a_field("code", FieldType.CREDIT_CODE, required_when=(Condition(field="kind", any_of=("法人及非法人组织",)),)),
    a_field("name", FieldType.TEXT, required=True, max_length=20, hard_max_length=40),
    a_field("kind", FieldType.ENUM, required=True, code_list=KINDS),
    a_field("number", FieldType.REGISTRATION_NUMBER, required_when=(Condition(field="code", filled=False),)),
    a_field("organisation", FieldType.ORGANISATION_CODE),
    a_field("document", FieldType.TEXT, required=True),
    a_field("facts", FieldType.TEXT, redact=True),
    a_field("penalties", FieldType.ENUM_LIST, required=True, code_list=PENALTIES),
    a_field("fine", FieldType.MONEY_WAN, required_when=(Condition(field="penalties", contains=("罚款",)),)),
    a_field("decided", FieldType.DATE, required=True),
    a_field("until", FieldType.DATE, open_ended=True),
    a_field("organ", FieldType.ORGAN_CODE, required=True),
    a_field("person", FieldType.TEXT, personal=True, publication=Disclosure.NEVER),
    a_field("identity", FieldType.PERSONAL_NUMBER, personal=True, publication=Disclosure.NEVER),
    a_field("count", FieldType.INTEGER),
    a_field("rate", FieldType.DECIMAL, malformed=Severity.WARNING),
    a_field("capital", FieldType.CAPITAL),
    a_field("state", FieldType.ENUM, code_list=STATES, default="1"),
    a_field("remark", FieldType.TEXT, empty_when=(Condition(field="state", any_of=("2",)),)),
)

RULES = (
    Rule(code="not-future", kind=RuleKind.NOT_IN_FUTURE, field="decided", reason_zh="晚于今天", reason_en="future"),
    Rule(code="in-order", kind=RuleKind.NOT_AFTER, field="decided", other="until"),
    Rule(
        code="fine-positive",
        kind=RuleKind.POSITIVE_WHEN,
        field="fine",
        when=(Condition(field="penalties", contains=("罚款",)),),
    ),
    Rule(
        code="organisation-matches",
        kind=RuleKind.ORGANISATION_CODE_MATCHES,
        field="code",
        other="organisation",
        severity=Severity.WARNING,
    ),
    Rule(code="fine-in-yuan", kind=RuleKind.AT_MOST, field="fine", value=Decimal(1000), severity=Severity.WARNING),
    Rule(code="text-or-remark", kind=RuleKind.ONE_OF_FILLED, field="facts", fields=("facts", "remark")),
)

LAYOUT = Layout(
    code="new",
    name_zh="新版式",
    name_en="new layout",
    signature=("code", "kind"),
    columns=tuple(ColumnMap(column=item.code, to=item.code) for item in FIELDS),
)
OLD = Layout(
    code="old",
    name_zh="旧版式",
    name_en="old layout",
    signature=("文号", "类别1"),
    columns=(
        ColumnMap(column="代码", to="code"),
        ColumnMap(column="名称", to="name"),
        ColumnMap(column="文号", to="document"),
        ColumnMap(column="事由", to="facts"),
        ColumnMap(column="类别1", to="penalties", join=True, value_map=(("其他", "其他-未注明"),)),
        ColumnMap(column="类别2", to="penalties", join=True, value_map=(("其他", "其他-未注明"), ("空", ""))),
        ColumnMap(column="日期", to="decided"),
        ColumnMap(column="机关", to="organ"),
        ColumnMap(column="状态", to="state", value_map=(("0", "1"), ("9", ""))),
        ColumnMap(column="身份证", to=None, refuse_filled=True, why="不得归集"),
        ColumnMap(column="时间戳", to=None, why="来源信息"),
    ),
    not_required=("kind", "fine", "number", "code"),
    inferred=(("until", "decided"),),
    valid_until=date(2019, 1, 31),
)

ENTRY = DatasetEntry(
    code="sample",
    edition="1",
    effective_from=date(2018, 1, 1),
    effective_until=None,
    name_zh="样例资源",
    name_en="Sample",
    category="administrative",
    provider_zh="某部门",
    provider_en="a department",
    subject_kinds=(SubjectKind.ENTERPRISE, SubjectKind.ORGANISATION, SubjectKind.INDIVIDUAL_BUSINESS),
    nature=Nature.ADVERSE,
    sharing=Sharing.UNCONDITIONAL,
    disclosure=Disclosure.PUBLIC,
    coverage_zh="全部",
    coverage_en="all",
    update_cycle="daily",
    deadlines=(),
    retention_years=None,
    retention_basis=None,
    legal_basis=(Basis(title="某法"),),
    publicity_rules="penalty",
    subject=Subject(
        code="code",
        name="name",
        kind="kind",
        registration_number="number",
        organisation_code="organisation",
        resolve=("code", "registration_number"),
    ),
    business_key=("organ", "document"),
    decided_on="decided",
    title_field=None,
    summary_field=None,
    number_field="document",
    authority_field=None,
    fields=FIELDS,
    layouts=(LAYOUT, OLD),
    rules=RULES,
)

GOOD: dict[str, str | None] = {
    "code": ENTERPRISE,
    "name": "河南某某食品有限公司",
    "kind": "法人及非法人组织",
    "number": None,
    "organisation": None,
    "document": "新罚〔2026〕1号",
    "facts": "销售过期食品",
    "penalties": "罚款",
    "fine": "0.5",
    "decided": "2026-01-05",
    "until": "2027-01-05",
    "organ": ORGAN,
    "person": None,
    "identity": None,
    "count": None,
    "rate": None,
    "capital": None,
    "state": "1",
    "remark": None,
}


def context(**more: object) -> CheckContext:
    values: dict[str, object] = {
        "today": TODAY,
        "protect": lambda field, text: "token:" + hashlib.sha256(f"{field}:{text}".encode()).hexdigest()[:16],
        "fingerprint": lambda text: hashlib.blake2b(text.encode(), key=b"key", digest_size=32).digest(),
    }
    return CheckContext(**{**values, **more})  # type: ignore[arg-type]


def frame(rows: Sequence[Mapping[str, str | None]], columns: Sequence[str] | None = None) -> pl.DataFrame:
    """Rows as the reader hands them over: row numbers from 2, text columns."""
    names = list(columns or rows[0])
    data = {name: pl.Series([row.get(name) for row in rows], dtype=pl.String) for name in names}
    return pl.DataFrame({"_row": pl.Series(range(2, len(rows) + 2), dtype=pl.Int64), **data})


def check(rows: Sequence[Mapping[str, str | None]], entry: DatasetEntry = ENTRY, **more: object) -> Checked:
    batch = frame(rows)
    return compile_entry(entry, choose_layout(entry, batch.columns), context(**more)).check(batch)


def check_one(entry: DatasetEntry = ENTRY, /, **cells: str | None) -> Checked:
    """The good row with these cells instead."""
    return check([{**GOOD, **cells}], entry)


def said(checked: Checked, code: str, field: str | None = None) -> Finding:
    """The one finding with this code (on this field)."""
    found = [item for item in checked.findings if item.code == code and field in (None, item.field)]
    assert len(found) == 1, [finding.code for finding in checked.findings]
    return found[0]


def with_field(code: str, **changes: object) -> DatasetEntry:
    """The entry with one field changed."""
    fields = tuple(
        replace(item, **changes) if item.code == code else item  # type: ignore[arg-type]
        for item in FIELDS
    )
    return replace(ENTRY, fields=fields)
