"""One record as JSON or as a form, turned into the line the one engine reads."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from xinyong.api.errors import RequestInvalid
from xinyong.catalogue.entry import DatasetEntry, FieldType, Layout


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How field ids become the keys of a layout: the newest one that holds every field."""

    layout: Layout
    keys: Mapping[str, str]


#: By digest of the entry: an entry itself is deep and slow to hash.
_shapes: dict[str, Shape] = {}


def shape(entry: DatasetEntry) -> Shape:
    """The shape of a dataset's records."""
    found = _shapes.get(entry.digest)
    if found is None:
        found = _shapes[entry.digest] = _shape(entry)
    return found


def _shape(entry: DatasetEntry) -> Shape:
    def rank(layout: Layout) -> tuple[int, int, bool]:
        reached = {item.to for item in layout.columns if item.to}
        ids = {item.column for item in layout.columns if item.to == item.column}
        return (len(reached), len(ids), layout.valid_until is None)

    best = max(entry.layouts, key=rank)
    keys: dict[str, str] = {}
    for column in best.columns:
        if column.to is None or column.refuse_filled:
            continue
        # A column of the signature wins over the field id: by it the layout is recognised.
        if column.to not in keys or column.column in best.signature or column.column == column.to:
            if keys.get(column.to) in best.signature:
                continue
            keys[column.to] = column.column
    return Shape(layout=best, keys=keys)


class _Repeated(ValueError):
    pass


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise _Repeated(key)
            seen.add(key)
    return found


def _constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def parse(body: bytes) -> Any:
    """A JSON document with its numbers as written. Raises RequestInvalid, saying where."""
    try:
        text = body.decode("utf-8-sig")
        return json.loads(text, object_pairs_hook=_unique, parse_float=str, parse_int=str, parse_constant=_constant)
    except UnicodeDecodeError as error:
        raise RequestInvalid(
            where=f"byte {error.start + 1}", why_zh="JSON 须为 UTF-8 编码。", why_en="JSON must be UTF-8."
        ) from error
    except json.JSONDecodeError as error:
        raise RequestInvalid(
            where=f"line {error.lineno}, column {error.colno}",
            why_zh=f"不是合法的 JSON：{error.msg}。",
            why_en=f"not JSON: {error.msg}.",
        ) from error
    except _Repeated as error:
        name = _shown(str(error))
        raise RequestInvalid(
            where=name, why_zh="同一个键出现了两次。", why_en="the same key is given twice."
        ) from error
    except (ValueError, RecursionError) as error:
        raise RequestInvalid(
            where="body", why_zh="嵌套过深，或含 NaN、Infinity。", why_en="nested too deeply, or NaN or Infinity."
        ) from error


def _shown(text: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in text)[:80]


def check_names(entry: DatasetEntry, record: Any) -> None:
    """A single record is an object of the dataset's field ids; a misspelt one is told at once. Raises RequestInvalid."""
    if not isinstance(record, dict):
        raise RequestInvalid(
            where="body", why_zh="须为一个 JSON 对象，键为字段标识。", why_en="it must be one JSON object of field ids."
        )
    known = list(shape(entry).keys)
    for name in record:
        if name in known:
            continue
        near = difflib.get_close_matches(name[:80], known, n=1, cutoff=0.6)
        by_name = [item.code for item in entry.fields if name in (item.name_zh, item.name_en, *item.columns)]
        hint = (by_name or near or [""])[0]
        raise RequestInvalid(
            where=_shown(name),
            why_zh=f"「{entry.name_zh}」没有这个字段标识。" + (f"是否为 {hint}？" if hint else "见 openapi.json。"),
            why_en=f"'{entry.code}' has no such field id." + (f" Did you mean {hint}?" if hint else ""),
        )


def line(entry: DatasetEntry, record: Mapping[str, Any]) -> bytes:
    """The record as one line of JSON with every key of the layout: an absent field is an empty one, not a wrong header.

    Keys that are no field ids stay: the engine remarks on them. Raises RequestInvalid for nested values.
    """
    keys = shape(entry).keys
    lists = {item.code: item.separator for item in entry.fields if item.type is FieldType.ENUM_LIST}
    cells: dict[str, Any] = dict.fromkeys(keys.values())
    for name, value in record.items():
        cells[keys.get(name, name)] = _cell(name, value, lists.get(name))
    return encode(cells)


def encode(cells: Mapping[str, Any]) -> bytes:
    """One line of JSON Lines; half surrogates stay escapes, so that the reader meets and remarks on them."""
    try:
        return json.dumps(cells, ensure_ascii=False).encode() + b"\n"
    except UnicodeEncodeError:
        return json.dumps(cells).encode() + b"\n"


def _cell(name: str, value: Any, separator: str | None) -> Any:
    if value is None or isinstance(value, (str, bool)):
        return value
    if isinstance(value, list) and separator is not None and all(isinstance(item, str) for item in value):
        return separator.join(value)
    raise RequestInvalid(
        where=_shown(name),
        why_zh="值须为文字、数字或空" + ("，或文字的列表。" if separator is not None else "，不能是列表或对象。"),
        why_en="the value must be a text, a number or null" + (" or a list of texts." if separator else "."),
    )


def lines(entry: DatasetEntry | None, records: list[Any]) -> bytes:
    """A JSON array as JSON Lines, row by row in its order. What is no object stays as it is: the engine says so."""
    out = []
    for item in records:
        if entry is not None and isinstance(item, dict):
            try:
                out.append(line(entry, item))
                continue
            except RequestInvalid:
                pass  # told as a finding of this row
        out.append(encode(item))
    return b"".join(out)
