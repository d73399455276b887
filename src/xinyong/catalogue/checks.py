"""What the annotations of the contract cannot say: references, bounds, reasons, and the limits of the law."""

from __future__ import annotations

import re
from collections.abc import Mapping

from xinyong.catalogue.binder import Path, Source
from xinyong.catalogue.checkhelp import (
    bad_code,
    conditions,
    date_field,
    filled,
    not_in_list,
    one_of,
    permitted,
    repeated,
    unknown_field,
)
from xinyong.catalogue.entry import (
    Assertion,
    BundleEntry,
    CodeList,
    DatasetEntry,
    Disclosure,
    Field,
    FieldType,
)
from xinyong.catalogue.forbidden import forbidden_kind
from xinyong.catalogue.rulechecks import check_rules

PUBLICITY_RULES = frozenset({"permanent", "licence", "penalty", "commitment", "honour", "none"}) | {
    f"list-{kind}" for kind in ("abnormal", "serious", "court")
}
UPDATE_CYCLES = frozenset(
    {"irregular", "realtime", "daily", "weekly", "monthly", "quarterly", "half-yearly", "yearly", "other"}
)
CHANNELS = frozenset({"credit-platform", "gsxt"})
FORMATS = frozenset({"csv", "xlsx", "jsonl"})
RESOLVE_WAYS = ("code", "registration_number", "exact_name")
ASSERTION_KINDS = frozenset(
    {"min_rows", "max_rows", "fill_rate", "reject_rate", "row_drift", "fill_drift", "value_drift", "unknown_rate"}
)
#: Kinds that name a field, and those among them whose field has a code list.
FIELD_ASSERTIONS = frozenset({"fill_rate", "fill_drift", "value_drift", "unknown_rate"})
LIST_ASSERTIONS = frozenset({"value_drift", "unknown_rate"})
RELEASES = frozenset({"", "four_eyes"})
#: What the table of editions holds.
EDITION_LIMIT = 20
#: The code list every entry's ``category`` is taken from.
CATEGORY_LIST = "catalogue-class"

_CODE = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*\Z")
_FIELD = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z")
_ENUMS = frozenset({FieldType.ENUM, FieldType.ENUM_LIST})


def check_entry(entry: DatasetEntry, lists: Mapping[str, CodeList], source: Source) -> None:
    """Every check of one dataset entry except its layouts; mistakes go to ``source``."""
    _head(entry, lists, source)
    _basis(entry, source)
    _fields(entry, source)
    _subject(entry, source)
    _named_fields(entry, source)
    check_rules(entry, source)
    _assertions(entry, source)
    _record_disclosure(entry, source)


def check_bundle(bundle: BundleEntry, source: Source) -> None:
    """Checks of a bundle file by itself; whether its datasets exist is checked over the whole directory."""
    _identity(bundle, source)
    if not bundle.routes:
        source.add(("routes",), "没有任何去向；请至少写一条。", "there is no route; write at least one.")
    repeated(("routes",), [route.value for route in bundle.routes], source, "value")


def check_code_list(code_list: CodeList, source: Source) -> None:
    """A value, or another spelling of it, must mean one thing only."""
    if not _CODE.match(code_list.code):
        bad_code(("code",), code_list.code, source)
    for name in ("name_zh", "name_en", "source", "licence"):
        filled((name,), getattr(code_list, name), source)
    if not code_list.values:
        source.add(("values",), "代码表没有值；请至少写一个。", "the code list has no values; write at least one.")
    owners: dict[str, str] = {}
    known = {value.value for value in code_list.values}
    for index, value in enumerate(code_list.values):
        path: Path = ("values", index)
        # Readers take labels for spellings too, so labels must be as unambiguous as values.
        for text in (value.value, *value.aliases, value.zh, value.en):
            owner = owners.setdefault(text, value.value)
            if owner != value.value:
                source.add(
                    path,
                    f"“{text}”已属于“{owner}”；一个写法只能对应一个值。",
                    f"'{text}' already belongs to '{owner}'; one spelling may mean one value only.",
                )
        if index != next(at for at, other in enumerate(code_list.values) if other.value == value.value):
            source.add(path, f"值“{value.value}”重复；请删除。", f"value '{value.value}' is written twice; remove one.")
        for name in ("value", "zh", "en"):
            filled((*path, name), getattr(value, name), source)
        for other in value.covers:
            if other not in known or other == value.value:
                source.add(
                    (*path, "covers"),
                    f"“{other}”不是本表的另一个值；请改正。",
                    f"'{other}' is no other value of this list; correct it.",
                )


def _head(entry: DatasetEntry, lists: Mapping[str, CodeList], source: Source) -> None:
    _identity(entry, source)
    for name in ("provider_zh", "provider_en", "coverage_zh", "coverage_en"):
        filled((name,), getattr(entry, name), source)
    categories = {value.value for value in lists[CATEGORY_LIST].values} if CATEGORY_LIST in lists else set()
    one_of(("category",), entry.category, categories, source)
    one_of(("publicity_rules",), entry.publicity_rules, PUBLICITY_RULES, source)
    one_of(("update_cycle",), entry.update_cycle, UPDATE_CYCLES, source)
    one_of(("release",), entry.release, RELEASES, source)
    if not entry.subject_kinds:
        source.add(("subject_kinds",), "没有主体类型；请至少写一种。", "there is no subject kind; write at least one.")
    repeated(("subject_kinds",), [str(kind) for kind in entry.subject_kinds], source)
    if not entry.formats:
        source.add(
            ("formats",),
            "没有数据格式（目录十要素之一）；请至少写一种。",
            "there is no data format (one of the ten elements of an entry); write at least one.",
        )
    for index, text in enumerate(entry.formats):
        one_of(("formats", index), text, FORMATS, source)
    if entry.disclosure == Disclosure.NEVER:
        source.add(
            ("disclosure",),
            "never只用于字段；任何人都看不到的条目不应归集。",
            "never is for fields only; an entry nobody may see should not be collected.",
        )


def _identity(item: DatasetEntry | BundleEntry, source: Source) -> None:
    if not _CODE.match(item.code):
        bad_code(("code",), item.code, source)
    stem = source.file.rsplit("/", 1)[-1].removesuffix(".yml")
    if stem != item.code and not stem.startswith(f"{item.code}-"):
        source.add(
            ("code",),
            f"代码“{item.code}”与文件名“{source.file}”不符；文件名应为“{item.code}.yml”或“{item.code}-版本.yml”。",
            f"code '{item.code}' does not fit the file name '{source.file}'; name the file '{item.code}.yml' or "
            f"'{item.code}-EDITION.yml'.",
        )
    for name in ("edition", "name_zh", "name_en"):
        filled((name,), getattr(item, name), source)
    if len(item.edition) > EDITION_LIMIT:
        source.add(
            ("edition",),
            f"版本号超过{EDITION_LIMIT}个字符；请缩短。",
            f"the edition has more than {EDITION_LIMIT} characters; shorten it.",
        )
    if item.effective_until is not None and item.effective_until < item.effective_from:
        source.add(
            ("effective_until",),
            f"失效日期{item.effective_until}早于生效日期{item.effective_from}；请改正。",
            f"effective_until {item.effective_until} is before effective_from {item.effective_from}; correct one.",
        )


def _basis(entry: DatasetEntry, source: Source) -> None:
    if not entry.legal_basis:
        source.add(
            ("legal_basis",),
            "没有法律依据；没有依据的信息不得归集，请至少写一条。",
            "there is no legal basis; without one nothing may be collected, write at least one.",
        )
    for index, basis in enumerate(entry.legal_basis):
        filled(("legal_basis", index, "title"), basis.title, source)
    if entry.retention_years is not None and entry.retention_years < 1:
        source.add(
            ("retention_years",),
            "保存年限应为正整数；长期保存写null。",
            "retention is a positive number of years; null for permanent.",
        )
    if entry.retention_years is not None and entry.retention_basis is None:
        source.add(
            ("retention_basis",),
            "规定了保存年限，却没有依据；请写明依据。",
            "a retention period is set without its basis; state the basis.",
        )
    codes = {item.code: item for item in entry.fields}
    repeated(("deadlines",), [item.channel for item in entry.deadlines], source, "channel")
    for index, deadline in enumerate(entry.deadlines):
        path: Path = ("deadlines", index)
        one_of((*path, "channel"), deadline.channel, CHANNELS, source)
        if deadline.working_days < 1:
            source.add((*path, "working_days"), "工作日数应为正整数。", "the number of working days must be positive.")
        date_field((*path, "counted_from"), deadline.counted_from, codes, source)


def _fields(entry: DatasetEntry, source: Source) -> None:
    codes = {item.code: item for item in entry.fields}
    if not entry.fields:
        source.add(("fields",), "没有信息项；请至少写一个。", "there are no fields; write at least one.")
    repeated(("fields",), [item.code for item in entry.fields], source, "code")
    for index, item in enumerate(entry.fields):
        path: Path = ("fields", index)
        if not _FIELD.match(item.code):
            bad_code((*path, "code"), item.code, source)
        for name in ("name_zh", "name_en"):
            filled((*path, name), getattr(item, name), source)
        _shape(item, path, source)
        _privacy(item, path, source)
        for name in ("required_when", "empty_when"):
            conditions(getattr(item, name), (*path, name), codes, source, item.code)


def _shape(item: Field, path: Path, source: Source) -> None:
    for name in ("max_length", "hard_max_length"):
        value = getattr(item, name)
        if value is not None and value < 1:
            source.add((*path, name), "长度应为正整数。", "a length must be positive.")
    if item.max_length is not None and item.hard_max_length is not None and item.max_length > item.hard_max_length:
        source.add(
            (*path, "hard_max_length"),
            f"拒收长度{item.hard_max_length}小于提醒长度{item.max_length}；请改正。",
            f"hard_max_length {item.hard_max_length} is below max_length {item.max_length}; correct one.",
        )
    if (item.type in _ENUMS) != (item.code_list is not None):
        source.add(
            path,
            f"字段“{item.code}”：只有枚举类型（enum、enum_list）才写、也必须写code_list。",
            f"field '{item.code}': enum and enum_list need a code_list, other types may not have one.",
        )
    if item.open_ended and item.type != FieldType.DATE:
        source.add((*path, "open_ended"), "open_ended只用于日期。", "open_ended is for dates only.")
    if item.required and (item.required_when or item.default is not None):
        source.add(
            path,
            f"字段“{item.code}”已是必填，不能再写required_when或default。",
            f"field '{item.code}' is required already; it cannot have required_when or default as well.",
        )
    if item.default is not None and item.code_list is not None and not permitted(item.default, item.code_list):
        not_in_list((*path, "default"), item.default, item.code_list, source)
    repeated((*path, "columns"), list(item.columns), source)


def _privacy(item: Field, path: Path, source: Source) -> None:
    kind = forbidden_kind(item.code, item.name_zh, item.name_en)
    if kind is not None:
        source.add(
            path,
            f"字段“{item.code}”属于不得归集的信息（{kind.zh}，{kind.article}，REF-03）；请删除该字段。",
            f"field '{item.code}' is information that may not be collected ({kind.en}, {kind.article}, REF-03); "
            "remove it.",
        )
    if item.type == FieldType.PERSONAL_NUMBER and (not item.personal or item.publication != Disclosure.NEVER):
        source.add(
            path,
            f"字段“{item.code}”是自然人证件号码：必须personal: true且publication: never（REF-05）。",
            f"field '{item.code}' is a number of a natural person: it must say personal: true and publication: never "
            "(REF-05).",
        )
    if item.statutory_public and not item.personal:
        source.add(
            (*path, "statutory_public"),
            "statutory_public只用于个人信息字段；请同时写personal: true，或删除。",
            "statutory_public is for personal fields only; write personal: true as well, or remove it.",
        )
    if item.personal and item.publication == Disclosure.PUBLIC and not item.statutory_public:
        source.add(
            path,
            f"字段“{item.code}”是个人信息却对社会公开；没有法定公开依据时请收窄publication（REF-05）。",
            f"field '{item.code}' is personal yet public; narrow its publication unless a law makes it public "
            "(statutory_public) (REF-05).",
        )


def _subject(entry: DatasetEntry, source: Source) -> None:
    codes = {item.code: item for item in entry.fields}
    subject = entry.subject
    for name in ("code", "name", "kind", "registration_number", "organisation_code"):
        value = getattr(subject, name)
        if value is not None and value not in codes:
            unknown_field(("subject", name), value, source)
    if not subject.resolve:
        source.add(
            ("subject",), "没有识别主体的方式；请写resolve。", "there is no way to find the subject; write resolve."
        )
    repeated(("subject", "resolve"), list(subject.resolve), source)
    needs = {"code": "code", "registration_number": "registration_number", "exact_name": "name"}
    for index, way in enumerate(subject.resolve):
        path: Path = ("subject", "resolve", index)
        one_of(path, way, RESOLVE_WAYS, source)
        if way in needs and getattr(subject, needs[way]) is None:
            source.add(
                path,
                f"按{way}识别主体需要subject.{needs[way]}；请写明字段。",
                f"finding the subject by {way} needs subject.{needs[way]}; name the field.",
            )
    if subject.creates and (subject.code is None or "code" not in subject.resolve):
        source.add(
            ("subject", "creates"),
            "只有以统一社会信用代码识别主体的数据集才能新建主体。",
            "only a dataset that finds its subjects by credit code may create them.",
        )
    if subject.code in codes and codes[subject.code].type != FieldType.CREDIT_CODE:
        source.add(
            ("subject", "code"),
            f"字段“{subject.code}”的类型应为credit_code。",
            f"field '{subject.code}' must be of type credit_code.",
        )


def _named_fields(entry: DatasetEntry, source: Source) -> None:
    codes = {item.code: item for item in entry.fields}
    if not entry.business_key:
        source.add(
            ("business_key",),
            "没有业务主键，无法分辨新记录和旧记录的更新；请至少写一个字段。",
            "there is no business key, so a new record cannot be told from a new version; name at least one field.",
        )
    repeated(("business_key",), list(entry.business_key), source)
    for index, code in enumerate(entry.business_key):
        if code not in codes:
            unknown_field(("business_key", index), code, source)
        elif codes[code].personal:
            source.add(
                ("business_key", index),
                f"个人信息字段“{code}”不能作为业务主键。",
                f"personal field '{code}' cannot be part of the business key.",
            )
    if entry.decided_on is not None:
        date_field(("decided_on",), entry.decided_on, codes, source)
    for name in ("title_field", "summary_field", "number_field", "authority_field"):
        value = getattr(entry, name)
        if value is not None and value not in codes:
            unknown_field((name,), value, source)


def _assertions(entry: DatasetEntry, source: Source) -> None:
    codes = {item.code: item for item in entry.fields}
    repeated(("assertions",), [item.code for item in entry.assertions], source, "code")
    for index, item in enumerate(entry.assertions):
        path: Path = ("assertions", index)
        one_of((*path, "kind"), item.kind, ASSERTION_KINDS, source)
        for name in ("code", "reason_zh", "reason_en"):
            filled((*path, name), getattr(item, name), source)
        if (item.kind in FIELD_ASSERTIONS) != (item.field is not None):
            source.add(
                path,
                "fill_rate、fill_drift、value_drift、unknown_rate必须写明字段，其他种类不写字段。",
                "fill_rate names a field, as fill_drift, value_drift and unknown_rate do; the other kinds do not.",
            )
        elif item.field is not None and item.field not in codes:
            unknown_field((*path, "field"), item.field, source)
        elif item.kind in LIST_ASSERTIONS and codes[str(item.field)].code_list is None:
            source.add(
                (*path, "field"),
                f"{item.kind}只用于有代码表的字段，“{item.field}”没有代码表。",
                f"{item.kind} is for fields with a code list; '{item.field}' has none.",
            )
        if item.abort and item.hold:
            source.add(
                path, "abort与hold只能写一个。", "abort refuses and hold waits for a person; write one of the two."
            )
        if not 1 <= item.history_least <= item.history or item.rows_least < 1:
            source.add(
                path,
                "history_least应在1到history之间，rows_least应为正整数。",
                "history_least is between 1 and history, rows_least is positive.",
            )
        _bound(item, path, source)
    low = [item.value for item in entry.assertions if item.kind == "min_rows"]
    high = [item.value for item in entry.assertions if item.kind == "max_rows"]
    if low and high and max(low) > min(high):
        source.add(("assertions",), "最少行数大于最多行数；请改正。", "min_rows is above max_rows; correct one.")


def _bound(item: Assertion, path: Path, source: Source) -> None:
    if item.kind == "row_drift":
        if item.value <= 1:
            source.add(
                (*path, "value"),
                f"“{item.value}”不合row_drift：应为大于1的倍数。",
                f"'{item.value}' does not fit row_drift: it is a factor above 1.",
            )
        return
    rate = item.kind not in ("min_rows", "max_rows")
    if item.value < 0 or (rate and item.value > 1) or (not rate and item.value != item.value.to_integral_value()):
        source.add(
            (*path, "value"),
            f"“{item.value}”不合{item.kind}：比率应在0到1之间，行数应为非负整数。",
            f"'{item.value}' does not fit {item.kind}: a rate is between 0 and 1, a count is a whole number from 0.",
        )


def _record_disclosure(entry: DatasetEntry, source: Source) -> None:
    if entry.record_disclosure is None:
        return
    path: Path = ("record_disclosure",)
    field = next((item for item in entry.fields if item.code == entry.record_disclosure.field), None)
    if field is None:
        unknown_field((*path, "field"), entry.record_disclosure.field, source)
        return
    expected = {value.value for value in field.code_list.values} if field.code_list is not None else set()
    given = {value for value, _ in entry.record_disclosure.values}
    if expected != given or any(audience == Disclosure.NEVER for _, audience in entry.record_disclosure.values):
        source.add(
            path,
            f"“{field.code}”必须是枚举字段，它的每个值都要对应public、government或authorised：{', '.join(sorted(expected))}。",
            f"'{field.code}' must be an enum field and each of its values must name public, government or authorised: "
            f"{', '.join(sorted(expected))}.",
        )
