"""Binds a tree to frozen dataclasses: the annotations of the contract are the grammar of the file.

Every key must be a field of the dataclass, every field without a default must be written (``null`` where the annotation
allows it), every value must have the written type. Text that YAML would take for a number, a date or a truth value must
be quoted: an unquoted ``01`` or ``no`` is how catalogues go wrong unseen. All mistakes are collected.
"""

from __future__ import annotations

import dataclasses
import re
import types
import typing
from collections.abc import Mapping as MappingType
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar

from xinyong.catalogue.entry import SubjectKind
from xinyong.catalogue.errors import Mistake
from xinyong.catalogue.yamltree import Mapping, Node, Scalar, Sequence

T = TypeVar("T")
Path = tuple[str | int, ...]

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}\Z")
_INTEGER = re.compile(r"-?(0|[1-9]\d{0,17})\Z")
_DECIMAL = re.compile(r"-?(0|[1-9]\d{0,17})(\.\d{1,6})?\Z")


class _Failed(Exception):
    """This value could not be bound; the mistake is already written down."""


@dataclasses.dataclass(slots=True)
class Source:
    """Where values came from: the file, the line of every path, and the mistakes so far."""

    file: str
    mistakes: list[Mistake]
    lines: dict[Path, int] = dataclasses.field(default_factory=dict)

    def line(self, path: Path) -> int:
        """Line of the path, or of its nearest parent that was written."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def add(self, path: Path, zh: str, en: str) -> None:
        """Write down a mistake at this path."""
        self.mistakes.append(Mistake(self.file, self.line(path), zh, en))


_HINTS: dict[type, MappingType[str, Any]] = {}


def hints(cls: type) -> MappingType[str, Any]:
    """Resolved annotations of a dataclass, worked out once."""
    if cls not in _HINTS:
        _HINTS[cls] = typing.get_type_hints(cls)
    return _HINTS[cls]


def bind(
    cls: type[T],
    node: Node,
    source: Source,
    path: Path = (),
    *,
    replace: MappingType[type, type] | None = None,
    skip: frozenset[str] = frozenset(),
    written: MappingType[type, frozenset[str]] | None = None,
) -> T | None:
    """An instance of ``cls``, or None with the reasons in ``source``.

    ``replace``: dataclass or type bound in place of another (a code list is named in the file, not written out).
    ``skip``: fields of the top class the file may not write. ``written``: fields that must be written although the
    dataclass has a default.
    """
    binder = _Binder(source, replace or {}, written or {})
    try:
        return typing.cast("T", binder.dataclass(cls, node, path, skip))
    except _Failed:
        return None


@dataclasses.dataclass(slots=True)
class _Binder:
    source: Source
    replace: MappingType[type, type]
    written: MappingType[type, frozenset[str]]

    def dataclass(self, cls: type[Any], node: Node, path: Path, skip: frozenset[str] = frozenset()) -> Any:
        self.source.lines.setdefault(path, node.line)
        if not isinstance(node, Mapping):
            self.fail(path, "这里应为“键: 值”的映射。", "a mapping of 'key: value' belongs here.")
        fields = {item.name: item for item in dataclasses.fields(cls) if item.name not in skip}
        failed = False
        for key, line in node.lines.items():
            self.source.lines[(*path, key)] = line
            if key not in fields:
                known = ", ".join(fields)
                self.source.add(
                    (*path, key),
                    f"未知的键“{key}”；请删除或改正拼写。此处可用的键：{known}。",
                    f"unknown key '{key}'; remove it or correct the spelling. Keys allowed here: {known}.",
                )
                failed = True
        values: dict[str, Any] = {}
        must = self.written.get(cls, frozenset())
        for name, item in fields.items():
            inner = (*path, name)
            if name in node.items:
                try:
                    values[name] = self.value(hints(cls)[name], node.items[name], inner)
                except _Failed:
                    failed = True
            elif name in must or (item.default is dataclasses.MISSING and item.default_factory is dataclasses.MISSING):
                null = "；没有时写null" if type(None) in typing.get_args(hints(cls)[name]) else ""
                null_en = " (null where there is none)" if null else ""
                self.source.add(
                    path,
                    f"缺少“{name}”；每个条目都必须写明{null}。",
                    f"'{name}' is missing; every entry must state it{null_en}.",
                )
                failed = True
        if failed:
            raise _Failed
        return cls(**values)

    def value(self, hint: Any, node: Node, path: Path) -> Any:
        """One value of the annotated type."""
        self.source.lines.setdefault(path, node.line)
        origin = typing.get_origin(hint)
        if origin in (typing.Union, types.UnionType):
            inner = [item for item in typing.get_args(hint) if item is not type(None)]
            if isinstance(node, Scalar) and node.tag == "null":
                return None
            return self.value(inner[0], node, path)
        if origin is tuple:
            return self.tuple_of(typing.get_args(hint)[0], node, path)
        hint = self.replace.get(hint, hint)
        if dataclasses.is_dataclass(hint):
            return self.dataclass(typing.cast("type[Any]", hint), node, path)
        if not isinstance(node, Scalar):
            self.fail(path, "这里应为单个值，不是列表或映射。", "a single value belongs here, not a list or a mapping.")
        return self.scalar(hint, node, path)

    def tuple_of(self, inner: Any, node: Node, path: Path) -> tuple[Any, ...]:
        if typing.get_origin(inner) is tuple:
            return self.pairs(typing.get_args(inner)[1], node, path)
        if not isinstance(node, Sequence):
            self.fail(path, "这里应为列表（以“- ”开头，或写成[甲, 乙]）。", "a list belongs here ('- …' or [a, b]).")
        result = []
        failed = False
        for index, item in enumerate(node.items):
            self.source.lines[(*path, index)] = item.line
            try:
                result.append(self.value(inner, item, (*path, index)))
            except _Failed:
                failed = True
        if failed:
            raise _Failed
        return tuple(result)

    def pairs(self, inner: Any, node: Node, path: Path) -> tuple[tuple[str, Any], ...]:
        """Pairs are written as a mapping; its keys are text as they stand."""
        if not isinstance(node, Mapping):
            self.fail(path, "这里应为“原值: 新值”的映射。", "a mapping 'from: to' belongs here.")
        result = []
        failed = False
        for key, item in node.items.items():
            self.source.lines[(*path, key)] = node.lines[key]
            try:
                result.append((key, self.value(inner, item, (*path, key))))
            except _Failed:
                failed = True
        if failed:
            raise _Failed
        return tuple(result)

    def scalar(self, hint: Any, node: Scalar, path: Path) -> Any:
        if hint is str:
            return self.text(node, path)
        if hint is bool:
            if node.tag == "bool" and node.text in ("true", "false"):
                return node.text == "true"
            self.fail(
                path,
                f"应为true或false，而不是“{_short(node.text)}”。",
                f"true or false belongs here, not '{_short(node.text)}'.",
            )
        if hint is int:
            if node.tag == "int" and _INTEGER.match(node.text):
                return int(node.text)
            self.fail(
                path,
                f"应为整数，而不是“{_short(node.text)}”。",
                f"a whole number belongs here, not '{_short(node.text)}'.",
            )
        if hint is Decimal:
            if node.tag in ("int", "float") and _DECIMAL.match(node.text):
                return Decimal(node.text)
            self.fail(
                path,
                f"应为数字（最多六位小数），而不是“{_short(node.text)}”。",
                f"a number with at most six decimals belongs here, not '{_short(node.text)}'.",
            )
        if hint is date:
            return self.date(node, path)
        if isinstance(hint, type) and issubclass(hint, StrEnum):
            return self.enum(hint, node, path)
        raise TypeError(f"no way to bind {hint!r}")

    def text(self, node: Scalar, path: Path) -> str:
        if node.tag not in ("str", "value", "merge"):
            self.fail(
                path,
                f"“{_short(node.text)}”没有加引号，YAML会把它当作{node.tag}；文字请加引号。",
                f"'{_short(node.text)}' is not quoted and YAML takes it for {node.tag}; put text in quotes.",
            )
        if node.text != node.text.strip() or any(ord(char) < 32 and char != "\n" for char in node.text):
            self.fail(
                path,
                "文字首尾有空白或含控制字符；请删除，否则比较时会不相等。",
                "the text has white space at its ends or control characters; remove them, or comparisons will fail.",
            )
        return node.text

    def date(self, node: Scalar, path: Path) -> date:
        if _DATE.match(node.text) and node.tag in ("timestamp", "str"):
            try:
                return date.fromisoformat(node.text)
            except ValueError:
                pass
        self.fail(
            path,
            f"应为存在的日期，格式如2024-01-31，而不是“{_short(node.text)}”。",
            f"a date that exists belongs here, written like 2024-01-31, not '{_short(node.text)}'.",
        )

    def enum(self, hint: type[StrEnum], node: Scalar, path: Path) -> StrEnum:
        if node.tag == "str" and node.text in {member.value for member in hint}:
            return hint(node.text)
        known = ", ".join(member.value for member in hint)
        if hint is SubjectKind and "person" in node.text:
            self.fail(
                path,
                f"自然人不是本平台的信用主体，任何数据集都不得以自然人为主体（REF-01）；请改为：{known}。",
                f"natural persons are never subjects here, whatever the dataset (REF-01); use one of: {known}.",
            )
        self.fail(
            path,
            f"“{_short(node.text)}”不在可用的值中；请改为：{known}。",
            f"'{_short(node.text)}' is not one of the values allowed; use one of: {known}.",
        )

    def fail(self, path: Path, zh: str, en: str) -> typing.NoReturn:
        self.source.add(path, zh, en)
        raise _Failed


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:39] + "…"
