"""Checks that several parts of an entry share, and the wording of their mistakes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from xinyong.catalogue.binder import Path, Source
from xinyong.catalogue.entry import CodeList, Condition, Field, FieldType


def unknown_field(path: Path, code: str, source: Source) -> None:
    """The one wording for a field that is named but not there."""
    source.add(
        path,
        f"字段“{code}”不存在；请改正拼写，或在fields中增加。",
        f"field '{code}' does not exist; correct the spelling or add it to fields.",
    )


def conditions(
    items: Iterable[Condition], path: Path, codes: Mapping[str, Field], source: Source, owner: str | None = None
) -> None:
    """Conditions name fields and values that exist, and test something."""
    for index, item in enumerate(items):
        where: Path = (*path, index)
        field = codes.get(item.field)
        if field is None:
            unknown_field((*where, "field"), item.field, source)
            continue
        if item.field == owner:
            source.add((*where, "field"), "条件不能指向字段自身。", "a condition may not test its own field.")
        values = (*item.any_of, *item.none_of, *item.contains)
        if not values and not item.prefix_none_of and item.filled is None:
            source.add(
                where,
                "条件没有写任何检验，会永远成立；请写any_of、none_of、contains、prefix_none_of或filled。",
                "the condition tests nothing and would always hold; write any_of, none_of, contains, prefix_none_of "
                "or filled.",
            )
        if item.contains and field.type != FieldType.ENUM_LIST:
            source.add(
                (*where, "contains"),
                f"contains只用于列表字段；“{item.field}”请用any_of。",
                f"contains is for list fields; use any_of for '{item.field}'.",
            )
        for value in values:
            if field.code_list is not None and not permitted(value, field.code_list):
                not_in_list(where, value, field.code_list, source)


def repeated(path: Path, values: Sequence[str], source: Source, key: str | None = None) -> None:
    """Values of a list that may stand only once."""
    seen: set[str] = set()
    for index, value in enumerate(values):
        if value in seen:
            where: Path = (*path, index) if key is None else (*path, index, key)
            source.add(where, f"“{value}”重复；请删除或改正。", f"'{value}' is written twice; remove or correct one.")
        seen.add(value)


def date_field(path: Path, code: str, codes: Mapping[str, Field], source: Source) -> None:
    """The named field exists and is a date."""
    if code not in codes:
        unknown_field(path, code, source)
    elif codes[code].type != FieldType.DATE:
        source.add(path, f"字段“{code}”不是日期。", f"field '{code}' is not a date.")


def one_of(path: Path, value: str, known: Iterable[str], source: Source) -> None:
    """The value is one of a closed set."""
    names = sorted(known)
    if value not in names:
        source.add(
            path,
            f"“{value}”不在可用的值中；请改为：{', '.join(names)}。",
            f"'{value}' is not one of the values allowed; use one of: {', '.join(names)}.",
        )


def filled(path: Path, value: str, source: Source) -> None:
    """The text is not empty."""
    if not value:
        name = path[-1]
        source.add(path, f"“{name}”为空；请填写。", f"'{name}' is empty; fill it in.")


def bad_code(path: Path, value: str, source: Source) -> None:
    """The one wording for a malformed code."""
    source.add(
        path,
        f"代码“{value}”不合规则：条目和代码表用小写字母、数字和连字符，字段用字母、数字和下划线。",
        f"code '{value}' is malformed: entries and lists use lower-case letters, digits and hyphens, fields use "
        "letters, digits and underscores.",
    )


def permitted(value: str, code_list: CodeList) -> bool:
    """Whether the list holds the value itself (not an alias), or an open prefix of it."""
    return any(value == item.value for item in code_list.values) or any(
        value.startswith(prefix) for prefix in code_list.open_prefixes
    )


def not_in_list(path: Path, value: str, code_list: CodeList, source: Source) -> None:
    """The one wording for a value outside its code list."""
    source.add(
        path,
        f"“{value}”不在代码表“{code_list.code}”中；请改正（别名不行，须写标准值）。",
        f"'{value}' is not in code list '{code_list.code}'; correct it (the value itself, not an alias).",
    )
