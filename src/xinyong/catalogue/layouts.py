"""Layouts as files write them, and the complete layouts the contract promises to readers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from xinyong.catalogue.binder import Path, Source
from xinyong.catalogue.checkhelp import permitted, unknown_field
from xinyong.catalogue.columns import normal_column
from xinyong.catalogue.entry import ColumnMap, Disclosure, Field, FieldType, Layout


@dataclass(frozen=True, slots=True, kw_only=True)
class LayoutText:
    """A layout in the file. ``field_columns``: every field under its id and its ``columns``; ``columns`` come on top.

    ``same_columns_as``: the columns of another layout of the entry, recognised by another signature.
    """

    code: str
    name_zh: str
    name_en: str
    signature: tuple[str, ...]
    columns: tuple[ColumnMap, ...] = ()
    field_columns: bool = False
    same_columns_as: str | None = None
    not_required: tuple[str, ...] = ()
    inferred: tuple[tuple[str, str], ...] = ()
    valid_until: date | None = None
    disclosure: Disclosure | None = None


def expand(texts: Sequence[LayoutText], fields: Sequence[Field], source: Source) -> tuple[Layout, ...]:
    """Complete layouts. Wrong references are written down; the layouts that can be built are still returned."""
    by_code = {text.code: text for text in texts}
    layouts = []
    for index, text in enumerate(texts):
        path: Path = ("layouts", index)
        origin = text
        if text.same_columns_as is not None:
            other = by_code.get(text.same_columns_as)
            if other is None or other is text or other.same_columns_as is not None:
                source.add(
                    (*path, "same_columns_as"),
                    f"“{text.same_columns_as}”不是本条目中自带列的另一版式；请改为其代码。",
                    f"'{text.same_columns_as}' is no other layout of this entry with columns of its own; name one.",
                )
                continue
            if text.field_columns:
                source.add(
                    (*path, "field_columns"),
                    "same_columns_as与field_columns不能同时使用；请删除其中一个。",
                    "same_columns_as and field_columns exclude each other; remove one.",
                )
            origin = other
        columns = [*text.columns]  # first, so that their places in the file stay their places here
        if text is not origin:
            columns += origin.columns
        if origin.field_columns:
            columns += [ColumnMap(column=name, to=item.code) for item in fields for name in (item.code, *item.columns)]
        if text is origin or text.columns:  # else it is reported where the columns are written
            _duplicates(columns, path, source)
        layouts.append(
            Layout(
                code=text.code,
                name_zh=text.name_zh,
                name_en=text.name_en,
                signature=text.signature,
                columns=tuple(columns),
                not_required=text.not_required or origin.not_required,
                inferred=text.inferred or origin.inferred,
                valid_until=text.valid_until,
                disclosure=text.disclosure or origin.disclosure,
            )
        )
    return tuple(layouts)


def _duplicates(columns: Sequence[ColumnMap], path: Path, source: Source) -> None:
    """Report a repeated column where it is written out; columns from ``field_columns`` have no line of their own."""
    seen: dict[str, int] = {}
    for index, item in enumerate(columns):
        first = seen.setdefault(normal_column(item.column), index)
        if first == index:
            continue
        written: list[Path] = [(*path, "columns", at) for at in (index, first)]
        source.add(
            next((where for where in written if where in source.lines), path),
            f"列“{item.column}”在同一版式中出现两次（去往{columns[first].to}和{item.to}；全半角、空格、大小写不计）；"
            "只能保留一个。",
            f"column '{item.column}' stands twice in one layout (to {columns[first].to} and to {item.to}; width, spaces "
            "and case do not count); keep one.",
        )


def check_layouts(
    layouts: Sequence[Layout], texts: Sequence[LayoutText], fields: Sequence[Field], source: Source
) -> None:
    """Everything a layout may get wrong against the fields of its entry."""
    index_of = {text.code: index for index, text in reversed(list(enumerate(texts)))}
    by_code = {item.code: item for item in fields}
    for layout in layouts:
        path: Path = ("layouts", index_of[layout.code])
        _references(layout, by_code, path, source)
        _columns(layout, texts[index_of[layout.code]], by_code, path, source)
        _reachable(layout, fields, path, source)
    _signatures(layouts, index_of, source)


def _signatures(layouts: Sequence[Layout], index_of: dict[str, int], source: Source) -> None:
    for position, layout in enumerate(layouts):
        path: Path = ("layouts", index_of[layout.code], "signature")
        names = {normal_column(name) for name in layout.signature}
        if not names:
            source.add(
                path, "版式没有识别列；请列出至少一列。", "the layout has no signature; name at least one column."
            )
        known = {normal_column(item.column) for item in layout.columns}
        for name in layout.signature:
            if normal_column(name) not in known:
                source.add(
                    path,
                    f"识别列“{name}”不是本版式的列；请改正，或把它加入columns。",
                    f"signature column '{name}' is no column of this layout; correct it or add it to columns.",
                )
        for other in layouts[:position]:
            others = {normal_column(name) for name in other.signature}
            if names and others and (names <= others or others <= names):
                source.add(
                    path,
                    f"识别列与版式“{other.code}”互相包含，同一文件会同时符合两个版式；请选用只在一个版式中出现的列。",
                    f"the signature contains or is contained in that of layout '{other.code}', so one file would fit "
                    "both; choose columns only one layout has.",
                )


def _references(layout: Layout, by_code: dict[str, Field], path: Path, source: Source) -> None:
    for code in layout.not_required:
        item = by_code.get(code)
        if item is None:
            unknown_field((*path, "not_required"), code, source)
        elif not item.required and not item.required_when:
            source.add(
                (*path, "not_required"),
                f"字段“{code}”本来就不是必填；请删除。",
                f"field '{code}' is not required anyway; remove it.",
            )
    for target, origin in layout.inferred:
        if target not in by_code or origin not in by_code:
            unknown_field((*path, "inferred", target), target if target not in by_code else origin, source)
        elif by_code[target].type != by_code[origin].type:
            source.add(
                (*path, "inferred", target),
                f"“{target}”与“{origin}”类型不同，不能照抄；请改正。",
                f"'{target}' and '{origin}' are of different types, so one cannot be copied to the other; correct it.",
            )


def _columns(layout: Layout, text: LayoutText, by_code: dict[str, Field], path: Path, source: Source) -> None:
    joins: dict[str, int] = {}
    for item in layout.columns:
        if item.join and item.to is not None:
            joins[item.to] = joins.get(item.to, 0) + 1
    for index, item in enumerate(text.columns):
        where: Path = (*path, "columns", index)
        if item.to is None:
            if not item.why:
                source.add(
                    where,
                    f"列“{item.column}”不保存，却没有理由；请在why中写明。",
                    f"column '{item.column}' is not kept, but no reason is given; write it in why.",
                )
            continue
        target = by_code.get(item.to)
        if target is None:
            unknown_field((*where, "to"), item.to, source)
            continue
        if item.refuse_filled:
            source.add(
                where,
                f"列“{item.column}”既要保存又要拒收；refuse_filled时to应为null。",
                f"column '{item.column}' is both kept and refused; with refuse_filled, to must be null.",
            )
        if item.join and (target.type != FieldType.ENUM_LIST or joins[item.to] < 2):
            source.add(
                where,
                f"join只用于两列以上合并到同一个列表字段；“{item.to}”不是这样。",
                f"join is for two or more columns of one list field; '{item.to}' is not that.",
            )
        if item.value_map and target.code_list is not None:
            for old, new in item.value_map:
                if new and not permitted(new, target.code_list):
                    source.add(
                        (*where, "value_map", old),
                        f"“{new}”不在代码表“{target.code_list.code}”中；请改正。",
                        f"'{new}' is not in code list '{target.code_list.code}'; correct it.",
                    )


def _reachable(layout: Layout, fields: Sequence[Field], path: Path, source: Source) -> None:
    reached = {item.to for item in layout.columns} | {target for target, _ in layout.inferred}
    for item in fields:
        if item.required and item.code not in reached and item.code not in layout.not_required:
            source.add(
                path,
                f"必填字段“{item.code}”在版式“{layout.code}”中没有对应的列，每一行都会被拒收；请加列或写入not_required。",
                f"required field '{item.code}' has no column in layout '{layout.code}', so every row would be rejected; "
                "add a column or list it in not_required.",
            )
