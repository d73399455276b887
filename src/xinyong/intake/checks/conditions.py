"""Conditions of an entry as masks over a batch, and in words."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

import polars as pl

from xinyong.catalogue.entry import CodeList, CodeValue, Condition, DatasetEntry, Field, FieldType


def find_value(code_list: CodeList | None, text: str) -> CodeValue | None:
    """The permitted value ``text`` spells: stored value, label or alias."""
    for item in code_list.values if code_list is not None else ():
        if text in (item.value, item.zh, item.en, *item.aliases):
            return item
    return None


class Conditions:
    """The conditions of one entry; all of a group must hold."""

    def __init__(self, entry: DatasetEntry) -> None:
        self._fields: dict[str, Field] = {item.code: item for item in entry.fields}

    def mask(self, conditions: Iterable[Condition], values: Mapping[str, pl.Series], height: int) -> pl.Series:
        """Rows in which every condition holds. A test on a value holds for filled fields only."""
        held = pl.repeat(value=True, n=height, dtype=pl.Boolean, eager=True)
        for condition in conditions:
            value = values[condition.field]
            if condition.filled is not None:
                held &= value.is_not_null() if condition.filled else value.is_null()
            if condition.any_of:
                held &= self._among(condition.field, value, condition.any_of)
            if condition.none_of:
                held &= value.is_not_null() & ~self._among(condition.field, value, condition.none_of)
            if condition.prefix_none_of:
                begins = self._begins(value, condition.prefix_none_of)
                held &= value.is_not_null() & ~begins
            if condition.contains:
                held &= self._contains(condition.field, value, condition.contains)
        return held

    def _among(self, field: str, value: pl.Series, wanted: Sequence[str]) -> pl.Series:
        if self._fields[field].type is FieldType.ENUM_LIST:
            return self._contains(field, value, wanted)
        return value.is_in(wanted).fill_null(value=False) | self._begins(value, self._open(field, wanted))

    def _contains(self, field: str, value: pl.Series, wanted: Sequence[str]) -> pl.Series:
        """Whether the list (a JSON array of texts) holds one of the members."""
        if value.null_count() == len(value):
            return pl.repeat(value=False, n=len(value), dtype=pl.Boolean, eager=True)
        prefixes = tuple(self._open(field, wanted))
        # A batch has few different lists: each is looked at once.
        holding = [
            text
            for text in value.unique().drop_nulls().to_list()
            if any(member in wanted or member.startswith(prefixes) for member in json.loads(text))
        ]
        return value.is_in(holding).fill_null(value=False)

    @staticmethod
    def _begins(value: pl.Series, prefixes: Iterable[str]) -> pl.Series:
        held = pl.repeat(value=False, n=len(value), dtype=pl.Boolean, eager=True)
        for prefix in prefixes:
            held |= value.str.starts_with(prefix).fill_null(value=False)
        return held

    def _open(self, field: str, wanted: Sequence[str]) -> list[str]:
        """Open prefixes the wanted values name: 其他 stands for every 其他-…"""
        code_list = self._fields[field].code_list
        return [
            prefix
            for prefix in (code_list.open_prefixes if code_list else ())
            if prefix in wanted or prefix.rstrip("-") in wanted
        ]

    def words(self, conditions: Iterable[Condition]) -> tuple[str, str]:
        """The group in Chinese and English, for the reason of a finding."""
        zh, en = [], []
        for condition in conditions:
            item = self._fields[condition.field]
            name, name_en = f"“{item.name_zh}”", f"“{item.name_en}”"
            if condition.filled is not None:
                zh.append(f"{name}{'已填写' if condition.filled else '未填写'}")
                en.append(f"{name_en} is {'filled' if condition.filled else 'empty'}")
            for tests, verb, verb_en in (
                (condition.any_of, "为", "is"),
                (condition.none_of, "不为", "is not"),
                (condition.contains, "含", "contains"),
                (condition.prefix_none_of, "开头不为", "does not begin with"),
            ):
                if tests:
                    labels = [(find_value(item.code_list, text), text) for text in tests]
                    zh.append(name + verb + "或".join(f"“{v.zh if v else t}”" for v, t in labels))
                    en.append(f"{name_en} {verb_en} " + " or ".join(f"“{v.en if v else t}”" for v, t in labels))
        return "且".join(zh), " and ".join(en)
