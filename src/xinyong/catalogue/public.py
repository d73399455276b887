"""The catalogue on the public site: what is collected, on what basis, and who may see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from xinyong.catalogue import selectors, template
from xinyong.catalogue.entry import (
    Basis,
    Certainty,
    DatasetEntry,
    Deadline,
    Disclosure,
    Field,
    FieldType,
    Nature,
    Sharing,
)
from xinyong.ui.context import language

type_labels: Mapping[FieldType, Promise] = {
    FieldType.TEXT: _("文字"),
    FieldType.DATE: _("日期"),
    FieldType.INTEGER: _("整数"),
    FieldType.DECIMAL: _("小数"),
    FieldType.MONEY_WAN: _("金额（万元）"),
    FieldType.CAPITAL: _("注册资本"),
    FieldType.ENUM: _("代码，单选"),
    FieldType.ENUM_LIST: _("代码，多选"),
    FieldType.CREDIT_CODE: _("统一社会信用代码"),
    FieldType.ORGAN_CODE: _("机关代码"),
    FieldType.ORGANISATION_CODE: _("组织机构代码"),
    FieldType.REGISTRATION_NUMBER: _("注册号"),
    FieldType.PERSONAL_NUMBER: _("证件号码"),
}
disclosure_labels: Mapping[Disclosure, Promise] = {
    Disclosure.PUBLIC: _("社会公开"),
    Disclosure.GOVERNMENT: _("政务共享"),
    Disclosure.AUTHORISED: _("授权查询"),
    Disclosure.NEVER: _("不公开"),
}
disclosure_tones: Mapping[Disclosure, str] = {
    Disclosure.PUBLIC: "green",
    Disclosure.GOVERNMENT: "blue",
    Disclosure.AUTHORISED: "violet",
    Disclosure.NEVER: "grey",
}
sharing_labels: Mapping[Sharing, Promise] = {
    Sharing.UNCONDITIONAL: _("无条件共享"),
    Sharing.CONDITIONAL: _("有条件共享"),
    Sharing.NONE: _("不予共享"),
}
nature_labels: Mapping[Nature, Promise] = {
    Nature.NEUTRAL: _("中性信息"),
    Nature.FAVOURABLE: _("守信信息"),
    Nature.ADVERSE: _("失信信息"),
}
nature_tones: Mapping[Nature, str] = {Nature.NEUTRAL: "blue", Nature.FAVOURABLE: "gold", Nature.ADVERSE: "amber"}
certainty_labels: Mapping[Certainty, Promise] = {
    Certainty.CONFIRMED: _("已确认"),
    Certainty.TO_BE_CONFIRMED: _("待确认"),
}
certainty_tones: Mapping[Certainty, str] = {Certainty.CONFIRMED: "green", Certainty.TO_BE_CONFIRMED: "amber"}
subject_labels: Mapping[str, Promise] = {
    "enterprise": _("企业"),
    "organisation": _("非企业组织"),
    "individual_business": _("个体工商户"),
}
cycle_labels: Mapping[str, Promise] = {
    "realtime": _("实时"),
    "daily": _("每日"),
    "weekly": _("每周"),
    "monthly": _("每月"),
    "quarterly": _("每季度"),
    "half-yearly": _("每半年"),
    "yearly": _("每年"),
    "irregular": _("不定期"),
    "other": _("其他"),
}
channel_labels: Mapping[str, Promise] = {
    "credit-platform": _("信用平台"),
    "gsxt": _("国家企业信用信息公示系统"),
}
_FORMATS: Mapping[str, str] = {"csv": "CSV", "xlsx": "XLSX", "xls": "XLS", "jsonl": "JSON Lines", "json": "JSON"}


_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A word of the interface with its chip tone."""

    text: Promise | str
    tone: str = "grey"


@dataclass(frozen=True, slots=True, kw_only=True)
class BasisRow:
    """A legal basis and how sure it is. The title is Chinese in both languages: it names a Chinese text."""

    title: str
    article: str
    certainty: Label


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlineRow:
    """Days a provider has in one channel."""

    channel: Promise | str
    working_days: int
    counted_from: str
    basis: BasisRow


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldRow:
    """One field of the entry. ``need``: required, conditional or empty."""

    code: str
    name: str
    note: str
    type: Promise | str
    need: str
    code_list: str
    publication: Label
    personal: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FormLink:
    """A form to download."""

    url: str
    name: str
    until: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryCard:
    """An entry in the list of the catalogue."""

    code: str
    edition: str
    url: str
    name: str
    coverage: str
    provider: str
    category: str
    nature: Label
    disclosure: Label
    fields: int
    confirmed: int
    bases: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryPage:
    """A whole entry as a page."""

    card: EntryCard
    effective_from: str
    effective_until: str
    subjects: tuple[Promise | str, ...]
    sharing: Promise | str
    cycle: Promise | str
    formats: tuple[str, ...]
    retention_years: int | None
    retention_basis: BasisRow | None
    legal_basis: tuple[BasisRow, ...]
    deadlines: tuple[DeadlineRow, ...]
    fields: tuple[FieldRow, ...]
    forms: tuple[FormLink, ...]


def _choose(zh: str, en: str) -> str:
    return en if language() == "en" and en else zh


def _category(code: str) -> str:
    classes = selectors.packaged().code_lists.get("catalogue-class")
    for value in classes.values if classes else ():
        if value.value == code:
            return _choose(value.zh, value.en)
    return code


def _basis(basis: Basis) -> BasisRow:
    certainty = Label(text=certainty_labels[basis.status], tone=certainty_tones[basis.status])
    return BasisRow(title=basis.title, article=basis.article, certainty=certainty)


def _disclosure(value: Disclosure) -> Label:
    return Label(text=disclosure_labels[value], tone=disclosure_tones[value])


def _field_name(entry: DatasetEntry, code: str) -> str:
    try:
        item = entry.field_by_code(code)
    except KeyError:
        return code
    return _choose(item.name_zh, item.name_en)


def _deadline(entry: DatasetEntry, deadline: Deadline) -> DeadlineRow:
    return DeadlineRow(
        channel=channel_labels.get(deadline.channel, deadline.channel),
        working_days=deadline.working_days,
        counted_from=_field_name(entry, deadline.counted_from),
        basis=_basis(deadline.basis),
    )


def _narrower(entry: DatasetEntry, item: Field) -> Disclosure:
    """What a reader may count on: the narrower of the entry's and the field's disclosure."""
    order = list(Disclosure)
    return max(entry.disclosure, item.publication, key=order.index)


def _field(entry: DatasetEntry, item: Field) -> FieldRow:
    need = "required" if item.required else "conditional" if item.required_when else ""
    return FieldRow(
        code=item.code,
        name=_choose(item.name_zh, item.name_en),
        note=item.note_zh if language() == "zh" else "",
        type=type_labels[item.type],
        need=need,
        code_list=item.code_list.code if item.code_list else "",
        publication=_disclosure(_narrower(entry, item)),
        personal=item.personal,
    )


def card(entry: DatasetEntry) -> EntryCard:
    """An entry for the list."""
    return EntryCard(
        code=entry.code,
        edition=entry.edition,
        url=reverse("catalogue-entry", args=[entry.code]),
        name=_choose(entry.name_zh, entry.name_en),
        coverage=_choose(entry.coverage_zh, entry.coverage_en),
        provider=_choose(entry.provider_zh, entry.provider_en),
        category=_category(entry.category),
        nature=Label(text=nature_labels[entry.nature], tone=nature_tones[entry.nature]),
        disclosure=_disclosure(entry.disclosure),
        fields=len(entry.fields),
        confirmed=sum(basis.status is Certainty.CONFIRMED for basis in entry.legal_basis),
        bases=len(entry.legal_basis),
    )


def page(entry: DatasetEntry) -> EntryPage:
    """An entry as a whole page."""
    return EntryPage(
        card=card(entry),
        effective_from=entry.effective_from.isoformat(),
        effective_until=entry.effective_until.isoformat() if entry.effective_until else "",
        subjects=tuple(subject_labels[kind] for kind in entry.subject_kinds),
        sharing=sharing_labels[entry.sharing],
        cycle=cycle_labels.get(entry.update_cycle, entry.update_cycle),
        formats=tuple(_FORMATS.get(name, name) for name in entry.formats),
        retention_years=entry.retention_years,
        retention_basis=_basis(entry.retention_basis) if entry.retention_basis else None,
        legal_basis=tuple(_basis(basis) for basis in entry.legal_basis),
        deadlines=tuple(_deadline(entry, deadline) for deadline in entry.deadlines),
        fields=tuple(_field(entry, item) for item in entry.fields),
        forms=tuple(
            FormLink(
                url=reverse("catalogue-template", args=[entry.code, layout.code]),
                name=_choose(layout.name_zh, layout.name_en),
                until=layout.valid_until.isoformat() if layout.valid_until else "",
            )
            for layout in entry.layouts
        ),
    )


@require_safe
def catalogue(request: HttpRequest) -> HttpResponse:
    """Every entry in force today."""
    entries = selectors.packaged().in_force(timezone.localdate())
    cards = tuple(card(entry) for entry in entries)
    return render(request, "catalogue/catalogue.html", {"cards": cards, "fields": sum(item.fields for item in cards)})


@require_safe
def catalogue_entry(request: HttpRequest, code: str) -> HttpResponse:
    """One entry. An unknown code is answered by the catalogue's own error, which names the known ones."""
    entry = selectors.packaged().entry(code, timezone.localdate())
    return render(request, "catalogue/entry.html", {"entry": page(entry)})


@require_safe
def catalogue_template(request: HttpRequest, code: str, layout: str) -> HttpResponse:
    """The form of one layout as a workbook."""
    entry = selectors.packaged().entry(code, timezone.localdate())
    found = template.layout_of(entry, layout)
    response = HttpResponse(template.write(entry, found), content_type=_XLSX)
    response["Content-Disposition"] = f'attachment; filename="{entry.code}-{found.code}-{entry.edition}.xlsx"'
    return response


urlpatterns: list[URLPattern] = [
    path("catalogue", catalogue, name="catalogue"),
    path("catalogue/<slug:code>", catalogue_entry, name="catalogue-entry"),
    path("catalogue/<slug:code>/template/<slug:layout>.xlsx", catalogue_template, name="catalogue-template"),
]
