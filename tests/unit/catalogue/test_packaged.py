"""The shipped catalogue: complete against the standards as they were read, and safe where they are treacherous."""

from __future__ import annotations

import dataclasses
import json
from datetime import date
from pathlib import Path

import pytest

from xinyong.catalogue.digest import entry_digest
from xinyong.catalogue.entry import Certainty, DatasetEntry, Disclosure, Field, FieldType, Layout, Nature, SubjectKind
from xinyong.catalogue.errors import CatalogueInvalid, DatasetNotInForce, DatasetUnknown
from xinyong.catalogue.loader import load_directory, load_packaged
from xinyong.errors import XinyongError

from .conftest import GOOD

CATALOGUE = load_packaged()
DATASETS = sorted({code for code, _ in CATALOGUE.entries})
TODAY = date(2026, 11, 22)

# Tables of the standard: id, type, length (0: none), M/C/O. D date, C characters, N number.
IDENTITY = """
    {p}_XDR_MC C200 M | {p}_XDR_LB C16 M | {p}_XDR_SHXYM C18 C | {p}_XDR_GSZC C50 C | {p}_XDR_ZZJG C9 O
    {p}_XDR_SWDJ C15 O | {p}_XDR_SYDW C12 O | {p}_XDR_SHZZ C50 O | {p}_FRDB C50 C | {p}_FR_ZJLX C64 O
    {p}_FR_ZJHM C64 O | {p}_XDR_ZJLX C64 C | {p}_XDR_ZJHM C64 C"""
LICENCE = (
    IDENTITY.format(p="XK")
    + """ | XK_XKWS C64 M | XK_WSH C64 M | XK_XKLB C256 M | XK_XKZS C64 O | XK_XKBH C64 O | XK_NR C4000 M
    XK_JDRQ D0 M | XK_YXQZ D0 M | XK_YXQZI D0 M | XK_XKJG C200 M | XK_XKJGDM C18 M | XK_ZT C1 M | XK_LYDW C200 M
    XK_LYDWDM C18 M | BZ C512 O"""
)
PENALTY = (
    IDENTITY.format(p="CF")
    + """ | CF_WSH C128 M | CF_WFXW C2000 M | CF_SY C2000 M | CF_YJ C2048 M | CF_CFLB C256 M | CF_NR C4000 M
    CF_NR_FK N0 C | CF_NR_WFFF N0 C | CF_NR_ZKDX C200 C | CF_JDRQ D0 M | CF_YXQ D0 M | CF_GSJZQ D0 O | CF_CFJG C200 M
    CF_CFJGDM C18 M | CF_SJLY C200 M | CF_SJLYDM C18 M | BZ C512 O"""
)
COMMITMENT = """
    承诺编码 C20 M | 承诺人名称 C200 M | 承诺人类别 C16 M | 承诺人代码 C18 M | 承诺类型 C64 M | 承诺事由 C512 M
    承诺内容 C4000 M | 违诺责任 C4000 M | 承诺作出日期 D0 M | 承诺有效期 D0 O | 承诺履行状态 C64 M
    未履行的承诺内容 C4000 C | 违诺责任追究内容 C4000 C | 履行状态认定日期 D0 O | 履行状态认定单位 C200 O
    履行状态认定单位代码 C18 O | 受理单位 C200 M | 受理单位代码 C18 M | 公开类型 C64 M | 备注 C512 O"""


def entry(code: str) -> DatasetEntry:
    return CATALOGUE.entry(code, TODAY)


def table(text: str) -> list[tuple[str, str, int, str]]:
    rows = [cell.split() for line in text.splitlines() for cell in line.split("|") if cell.strip()]
    return [(name, kind[0], int(kind[1:]), need) for name, kind, need in rows]


def as_written(field: Field, name: str) -> tuple[str, str, int, str]:
    kind = {FieldType.DATE: "D", FieldType.MONEY_WAN: "N"}.get(field.type, "C")
    need = "M" if field.required else "C" if field.required_when else "O"
    return (name, kind, field.max_length or 0, need)


@pytest.mark.parametrize(
    ("code", "text", "count"), [("licence", LICENCE, 28), ("penalty", PENALTY, 30), ("commitments", COMMITMENT, 20)]
)
def test_every_field_of_the_standard_with_type_length_and_need(code: str, text: str, count: int) -> None:
    expected = table(text)
    fields = entry(code).fields[:count]

    assert len(expected) == count
    assert [as_written(field, field.name_zh if code == "commitments" else field.code) for field in fields] == expected
    assert all(field.hard_max_length is None or field.hard_max_length > (field.max_length or 0) for field in fields)


@pytest.mark.parametrize("code", DATASETS)
def test_every_entry_states_what_the_law_asks(code: str) -> None:
    for item in CATALOGUE.editions(code):
        assert len(item.digest) == 64
        assert item.legal_basis and item.formats and item.coverage_zh and item.provider_zh
        assert not any("person" in kind for kind in item.subject_kinds)
        assert set(item.subject_kinds) <= set(SubjectKind)
        assert all(rule.reason_zh and rule.reason_en for rule in item.rules)
        for field in item.fields:
            if field.type == FieldType.PERSONAL_NUMBER:
                assert field.personal and field.publication == Disclosure.NEVER
            if field.personal and not field.statutory_public:
                assert field.publication != Disclosure.PUBLIC
        if item.nature == Nature.ADVERSE:
            assert item.retention_years is not None and item.retention_years <= 5
            needed = {field.code for field in item.fields if field.required}
            assert item.decided_on in needed, "REF-04: an adverse item has a date"


def test_adverse_entries_without_a_number_are_for_officers_only() -> None:
    """REF-04: number, authority and date, or nobody but officers sees the record."""
    for item in CATALOGUE.entries.values():
        if item.nature != Nature.ADVERSE or item.disclosure != Disclosure.PUBLIC or item.code == "abnormal-list":
            continue
        for layout in item.layouts:
            reached = {column.to for column in layout.columns} - set(layout.not_required)
            assert item.number_field in reached or layout.disclosure == Disclosure.GOVERNMENT, (item.code, layout.code)


def column(layout: Layout, name: str) -> str | None:
    return next(item.to for item in layout.columns if item.column == name)


@pytest.mark.parametrize(("code", "p"), [("licence", "XK"), ("penalty", "CF")])
@pytest.mark.parametrize("variant", ["", "-zh"])
def test_ordinal_trap(code: str, p: str, variant: str) -> None:
    """代码_2 and 代码_3 changed places between 2015 and 2018, and 代码_5 of 2015 is an identity number."""
    layouts = {layout.code: layout for layout in entry(code).layouts}
    old, new = layouts[f"2015{variant}"], layouts[f"2018{variant}"]

    assert column(old, "行政相对人代码_2") == column(old, f"{p}_XDR_ZDM") == f"{p}_XDR_ZZJG"
    assert column(old, "行政相对人代码_3") == column(old, f"{p}_XDR_GSDJ") == f"{p}_XDR_GSZC"
    assert column(new, "行政相对人代码_2") == f"{p}_XDR_GSZC"
    assert column(new, "行政相对人代码_3") == f"{p}_XDR_ZZJG"
    assert column(new, "行政相对人代码_5") == f"{p}_XDR_SYDW"
    fifth = [item for item in old.columns if item.column in (f"{p}_XDR_SFZ", "行政相对人代码_5")]
    assert len(fifth) == 2 and all(item.to is None and item.refuse_filled for item in fifth)
    assert all(item.to != f"{p}_XDR_SYDW" for item in old.columns)


def test_every_state_of_the_old_licence_standard_is_translated() -> None:
    layout = next(item for item in entry("licence").layouts if item.code == "2015")
    maps = [dict(item.value_map) for item in layout.columns if item.to == "XK_ZT"]
    assert maps and all({"0": "1", "1": "2", "2": "1", "3": ""}.items() <= found.items() for found in maps)


def test_revoked_penalties_of_the_old_standard_cannot_come_in() -> None:
    states = entry("penalty").field_by_code("CF_ZT").code_list
    assert states is not None
    assert "1" not in {spelling for value in states.values for spelling in (value.value, *value.aliases)}


def test_registration_reads_the_open_headers() -> None:
    item = entry("registration")
    layout = next(layout for layout in item.layouts if layout.code == "open")
    header = [
        "企业名称",
        "统一社会信用代码",
        "注册日期",
        "企业类型",
        "注册资金",
        "经营范围",
        "所在省份",
        "地区",
        "注册地址",
    ]
    assert [column(layout, name) for name in header] == [
        "ENTNAME", "UNISCID", "ESTDATE", "ENTTYPE", "REGCAP", "OPSCOPE", "PROVINCE", "AREA", "DOM",
    ]  # fmt: skip
    assert set(layout.signature) <= {"企业名称", "统一社会信用代码", "注册日期", "所在省份", "地区"}


def test_only_code_and_name_can_reject_a_registration() -> None:
    item = entry("registration")
    for field in item.fields:
        if field.code in ("UNISCID", "ENTNAME"):
            continue
        assert not field.required and not field.required_when and not field.empty_when
        assert field.hard_max_length is None
        assert field.type == FieldType.TEXT or field.malformed == "warning", field.code
    assert all(rule.severity == "warning" for rule in item.rules)
    assert item.subject.creates and item.subject.resolve == ("code",)


def test_only_registration_creates_entities() -> None:
    assert [item.code for item in CATALOGUE.entries.values() if item.subject.creates] == ["registration"]


def test_bundle_routes() -> None:
    bundle = CATALOGUE.bundle("public-lists", TODAY)
    routes = {route.value: route.dataset for route in bundle.routes}
    assert routes["行政处罚"] == "penalty-notice"
    assert not {"环保处罚公告", "破产重整公告", "股权出质"} & set(routes)
    for route in bundle.routes:
        layouts = entry(route.dataset).layouts
        assert any(bundle.discriminator in {column.column for column in layout.columns} for layout in layouts)


def test_penalty_notices_are_for_officers_until_classified() -> None:
    item = entry("penalty-notice")
    assert (item.nature, item.disclosure) == (Nature.ADVERSE, Disclosure.GOVERNMENT)


def test_commitments_follow_the_promiser() -> None:
    narrowed = entry("commitments").record_disclosure
    assert narrowed is not None
    assert dict(narrowed.values)["可向社会公开"] == Disclosure.PUBLIC
    assert Disclosure.PUBLIC not in [value for name, value in narrowed.values if name != "可向社会公开"]


def test_recalled_facts_are_marked() -> None:
    for name in ("penalty-kind-2018", "commitment-type", "registration-status"):
        assert CATALOGUE.code_lists[name].status == Certainty.TO_BE_CONFIRMED
    assert all(item.source and item.licence for item in CATALOGUE.code_lists.values())


def test_joint_penalty_kinds_cover_kinds_of_the_law() -> None:
    kinds = {value.value for value in CATALOGUE.code_lists["penalty-kind"].values}
    law = {value.value for value in CATALOGUE.code_lists["penalty-kind-2021"].values}
    old = {value.value for value in CATALOGUE.code_lists["penalty-kind-2018"].values}
    assert law | old == kinds


def test_unknown_and_not_in_force() -> None:
    with pytest.raises(DatasetUnknown) as unknown:
        CATALOGUE.entry("horoscope", TODAY)
    assert "REF-02" in unknown.value.message("zh") and "licence" in unknown.value.message("en")
    with pytest.raises(DatasetNotInForce) as early:
        CATALOGUE.entry("licence", date(2010, 1, 1))
    assert "2010-01-01" in early.value.message("en")
    assert issubclass(DatasetUnknown, XinyongError)


def test_digest_names_the_content() -> None:
    item = entry("licence")
    assert CATALOGUE.by_digest(item.digest) is item
    assert entry_digest(dataclasses.replace(item, file="elsewhere.yml")) == item.digest
    assert entry_digest(dataclasses.replace(item, disclosure=Disclosure.GOVERNMENT)) != item.digest
    changed = dataclasses.replace(item.fields[1], code_list=CATALOGUE.code_lists["licence-kind"])
    assert entry_digest(dataclasses.replace(item, fields=(item.fields[0], changed, *item.fields[2:]))) != item.digest


def folder(tmp_path: Path, **files: str) -> Path:
    (tmp_path / "codes").mkdir()
    (tmp_path / "datasets").mkdir()
    for name, values in (("kinds", ("甲", "乙")), ("catalogue-class", ("administrative",))):
        rows = [{"value": value, "zh": value, "en": value} for value in values]
        head = {"code": name, "name_zh": name, "name_en": name, "source": "x", "licence": "x", "status": "confirmed"}
        (tmp_path / "codes" / f"{name}.yml").write_text(json.dumps({**head, "values": rows}, ensure_ascii=False))
    for name, text in files.items():
        (tmp_path / "datasets" / f"{name.replace('_', '-')}.yml").write_text(text)
    return tmp_path / "datasets"


def test_editions_follow_one_another(tmp_path: Path) -> None:
    first = GOOD.replace("effective_until: null", "effective_until: 2022-12-31")
    second = GOOD.replace("2020-01-01", "2023-01-01").replace('edition: "1"', 'edition: "2"')
    catalogue = load_directory(folder(tmp_path, sample=first, sample_2=second))

    assert [item.edition for item in catalogue.editions("sample")] == ["1", "2"]
    assert catalogue.entry("sample", date(2022, 12, 31)).edition == "1"
    assert catalogue.entry("sample", date(2023, 1, 1)).edition == "2"
    assert [item.edition for item in catalogue.in_force(date(2024, 1, 1))] == ["2"]


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"sample": GOOD, "sample_2": GOOD.replace('edition: "1"', 'edition: "2"')}, "overlaps edition 1"),
        ({"sample": GOOD, "sample_2": GOOD}, "in another file already"),
        (
            {
                "lists": 'kind: bundle\ncode: lists\nedition: "1"\neffective_from: 2020-01-01\neffective_until: null\n'
                "name_zh: 名单\nname_en: Lists\ndiscriminator: kind\nroutes:\n  - {value: 甲, dataset: nowhere}\n"
            },
            "is no dataset of the catalogue",
        ),
    ],
)
def test_mistakes_between_files(tmp_path: Path, files: dict[str, str], reason: str) -> None:
    with pytest.raises(CatalogueInvalid) as error:
        load_directory(folder(tmp_path, **files))
    assert any(reason in mistake.en for mistake in error.value.mistakes)


def test_stray_files_and_missing_folders_are_refused(tmp_path: Path) -> None:
    place = folder(tmp_path, sample=GOOD)
    (place / "licence.yaml").write_text(GOOD)
    with pytest.raises(CatalogueInvalid) as error:
        load_directory(place)
    assert [mistake.file for mistake in error.value.mistakes] == ["licence.yaml"]
    with pytest.raises(CatalogueInvalid):
        load_directory(tmp_path / "nowhere")


def test_code_list_mistakes(tmp_path: Path) -> None:
    place = folder(tmp_path, sample=GOOD)
    (tmp_path / "codes" / "kinds.yml").write_text(
        "code: kinds\nname_zh: 种类\nname_en: Kinds\nsource: x\nlicence: x\nvalues:\n"
        "  - {value: 甲, zh: 甲, en: A, aliases: [乙]}\n  - {value: 乙, zh: 乙, en: B, covers: [丙]}\n"
    )
    with pytest.raises(CatalogueInvalid) as error:
        load_directory(place)
    assert any(mistake.line == 1 and "'status' is missing" in mistake.en for mistake in error.value.mistakes)
