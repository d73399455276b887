"""A form for one record, compiled from the catalogue entry: no dataset's field is written here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.http import QueryDict

from xinyong.catalogue.entry import Condition, DatasetEntry, Field, FieldType
from xinyong.intake.record.lines import shape

#: Longer lists are typed with suggestions instead of being unrolled.
_SELECT, _BOXES = 80, 24
#: From this length on a text gets several lines.
_LONG = 200
#: Longest cell a form takes; the longest lawful decision text stays below it.
CELL_LIMIT = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One value of a code list."""

    value: str
    label: str
    chosen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """One field of the form. ``widget``: text, long, date, number, code, select, list or boxes."""

    code: str
    label: str
    widget: str
    value: str
    options: tuple[Option, ...]
    other: str
    required: bool
    need: str
    hint: str
    example: str
    max_length: int | None
    errors: tuple[str, ...]
    warnings: tuple[str, ...]
    subject: str
    shown: str

    @property
    def wide(self) -> bool:
        return self.widget in ("long", "boxes")

    @property
    def described_by(self) -> str:
        """Ids of the texts that explain the control."""
        parts = []
        if self.hint or self.need or self.example:
            parts.append(f"hint-{self.code}")
        if self.errors:
            parts.append(f"error-{self.code}")
        if self.warnings:
            parts.append(f"warning-{self.code}")
        return " ".join(parts)


def _open(field: Field) -> bool:
    return field.code_list is not None and bool(field.code_list.open_prefixes)


def widget_of(field: Field) -> str:
    """Which control fits the field."""
    values = len(field.code_list.values) if field.code_list is not None else 0
    if field.type is FieldType.ENUM_LIST and 0 < values <= _BOXES:
        return "boxes"
    if field.type is FieldType.ENUM and 0 < values <= _SELECT and not _open(field):
        return "select"
    if values:
        return "list"
    if field.type is FieldType.DATE:
        return "date"
    if field.type in (FieldType.INTEGER, FieldType.DECIMAL, FieldType.MONEY_WAN):
        return "number"
    if field.type in (FieldType.CREDIT_CODE, FieldType.ORGAN_CODE, FieldType.ORGANISATION_CODE):
        return "code"
    if field.type is FieldType.TEXT and (field.max_length or 0) > _LONG:
        return "long"
    return "text"


def values_of(entry: DatasetEntry, sent: QueryDict) -> dict[str, str]:
    """The filled fields of a sent form, by field id; several boxes of one list joined as the entry joins them."""
    values: dict[str, str] = {}
    for field in fields_of(entry):
        parts = [text.strip() for text in sent.getlist(f"f-{field.code}")]
        parts += [text.strip() for text in sent.getlist(f"o-{field.code}")]
        filled = [part[:CELL_LIMIT].replace("\r\n", "\n") for part in parts if part]
        if filled:
            values[field.code] = field.separator.join(filled) if field.type is FieldType.ENUM_LIST else filled[0]
    return values


def fields_of(entry: DatasetEntry) -> list[Field]:
    """Fields a form shows: those the newest layout holds, without what only an expired layout asked for.

    Numbers of natural persons are never asked for.
    """
    keys = shape(entry).keys
    expired = {column.to for layout in entry.layouts if layout.valid_until is not None for column in layout.columns}
    return [
        item
        for item in entry.fields
        if item.code in keys
        and item.type is not FieldType.PERSONAL_NUMBER
        and (item.columns or item.required or item.code not in expired)
    ]


def _words(entry: DatasetEntry, conditions: Sequence[Condition], english: bool) -> str:
    parts = []
    for item in conditions:
        other = entry.field_by_code(item.field)
        name = other.name_en if english else other.name_zh
        if item.filled is True:
            parts.append(f"“{name}” is filled" if english else f"已填「{name}」")
        elif item.filled is False:
            parts.append(f"“{name}” is empty" if english else f"未填「{name}」")
        elif item.any_of or item.contains:
            values = " / ".join(item.any_of or item.contains)
            parts.append(f"“{name}” is {values}" if english else f"「{name}」为 {values}")
        else:
            values = " / ".join(item.none_of or item.prefix_none_of)
            parts.append(f"“{name}” is not {values}" if english else f"「{name}」不为 {values}")
    return (" and " if english else "，且").join(parts)


def _need(entry: DatasetEntry, field: Field, english: bool) -> str:
    if field.required_when:
        words = _words(entry, field.required_when, english)
        return f"Needed when {words}." if english else f"{words}时必填。"
    return ""


def controls(
    entry: DatasetEntry,
    values: Mapping[str, str],
    language: str,
    errors: Mapping[str, Sequence[str]] | None = None,
    warnings: Mapping[str, Sequence[str]] | None = None,
) -> tuple[Control, ...]:
    """The form with what was filled in and what is wrong with it."""
    english = language == "en"
    return tuple(
        _control(entry, field, values.get(field.code, ""), english, (errors or {}), (warnings or {}))
        for field in fields_of(entry)
    )


def _control(
    entry: DatasetEntry,
    field: Field,
    value: str,
    english: bool,
    errors: Mapping[str, Sequence[str]],
    warnings: Mapping[str, Sequence[str]],
) -> Control:
    widget = widget_of(field)
    listed = field.code_list.values if field.code_list is not None else ()
    taken = [part.strip() for part in value.split(field.separator)] if widget == "boxes" else [value]
    known = {item.value for item in listed}
    subject = {entry.subject.code: "code", entry.subject.name: "name"}.get(field.code, "")
    return Control(
        code=field.code,
        label=field.name_en if english else field.name_zh,
        widget=widget,
        value=value,
        options=tuple(
            Option(value=item.value, label=item.en if english and item.en else item.zh, chosen=item.value in taken)
            for item in listed
        ),
        other=field.separator.join(part for part in taken if part and part not in known) if widget == "boxes" else "",
        required=field.required and field.default is None,
        need=_need(entry, field, english),
        hint="" if english else field.note_zh,
        example=field.example,
        max_length=(field.hard_max_length or field.max_length) if field.type is FieldType.TEXT else None,
        errors=tuple(errors.get(field.code, ())),
        warnings=tuple(warnings.get(field.code, ())),
        subject=subject,
        shown=_shown(field, value, english),
    )


def _shown(field: Field, value: str, english: bool) -> str:
    """The value as the check-answers page says it: labels instead of codes."""
    if field.code_list is None or not value:
        return value
    labels = {item.value: item.en if english and item.en else item.zh for item in field.code_list.values}
    parts = value.split(field.separator) if field.type is FieldType.ENUM_LIST else [value]
    return "；".join(labels.get(part, part) for part in parts)
