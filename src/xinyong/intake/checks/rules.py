"""The row rules of an entry over typed columns."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

import polars as pl

from xinyong.catalogue.entry import DatasetEntry, FieldType, Rule, RuleKind
from xinyong.intake.checks.cells import Column
from xinyong.intake.checks.conditions import Conditions
from xinyong.intake.checks.messages import RULE_REASONS, Message
from xinyong.intake.checks.numbers import decimal_text
from xinyong.intake.checks.report import Report
from xinyong.standards import dates

_NUMBER = pl.Decimal(38, 6)
#: Yuan in one 万元: the usual slip is to give yuan.
_YUAN_PER_WAN = 10_000


class RuleRunner:
    """The rules of one entry. A rule compares only rows in which the fields it names are filled."""

    def __init__(self, entry: DatasetEntry, conditions: Conditions, today: date) -> None:
        self._entry, self._conditions, self._today = entry, conditions, today

    def run(self, columns: Mapping[str, Column], report: Report) -> None:
        """Note every row that breaks a rule."""
        values = {code: column.value for code, column in columns.items()}
        for rule in self._entry.rules:
            if rule.kind is not RuleKind.ONE_OF_FILLED and values[rule.field].null_count() == len(values[rule.field]):
                continue
            broken = self._broken(rule, columns)
            if broken is None or not broken.any():
                continue
            if rule.when:
                broken &= self._conditions.mask(rule.when, values, len(broken))
            for index in broken.fill_null(value=False).arg_true().to_list():
                self._say(rule, columns, index, report)

    def _broken(self, rule: Rule, columns: Mapping[str, Column]) -> pl.Series | None:
        """Rows that break the rule, its conditions aside; nulls do not count."""
        value = columns[rule.field].value
        match rule.kind:
            case RuleKind.NOT_AFTER:
                return _comparable(columns[rule.field]) > _comparable(self._other(rule, columns))
            case RuleKind.NOT_IN_FUTURE:
                late = _comparable(columns[rule.field]) > self._today
                # An open end is no date of the future.
                return late & (value != dates.OPEN_ENDED_TEXT) if columns[rule.field].field.open_ended else late
            case RuleKind.POSITIVE_WHEN:
                return value.cast(_NUMBER) <= Decimal(0)
            case RuleKind.ORGANISATION_CODE_MATCHES:
                return value.str.slice(8, 9) != self._other(rule, columns).value
            case RuleKind.AT_MOST:
                return None if rule.value is None else value.cast(_NUMBER) > rule.value
            case RuleKind.ONE_OF_FILLED:
                named = [columns[code] for code in rule.fields]
                empty = named[0].value.is_null()
                for column in named:
                    empty &= column.value.is_null()
                    # What could not be read, or is the official filler, has been spoken of where it stands.
                    if column.unreadable is not None:
                        empty &= ~column.unreadable
                return empty

    @staticmethod
    def _other(rule: Rule, columns: Mapping[str, Column]) -> Column:
        if rule.other is None:
            raise ValueError(f"rule {rule.code} of kind {rule.kind} names no other field")
        return columns[rule.other]

    def _say(self, rule: Rule, columns: Mapping[str, Column], index: int, report: Report) -> None:
        column = columns[rule.field]
        if rule.kind is RuleKind.ORGANISATION_CODE_MATCHES and rule.other is not None:
            expected = column.value[index][8:17]
            column, about = columns[rule.other], column
        else:
            expected, about = "", columns[rule.other] if rule.other is not None else column
        kind, zh, en = RULE_REASONS[rule.kind.value]
        message = Message(
            kind,
            _literal(rule.reason_zh) or zh,
            _literal(rule.reason_en) or en,
            "请核对决定书原文",
            "Check the original document",
        )
        condition, condition_en = self._conditions.words(rule.when)
        fields = [columns[code].field for code in rule.fields]
        report.add(
            index,
            column.field,
            column.heading,
            rule.code,
            value=column.text[index] or "",
            severity=rule.severity,
            message=message,
            fix=self._fix(rule, column, index),
            details={
                "other": about.field.name_zh,
                "other_en": about.field.name_en,
                "expected": expected,
                "condition": condition,
                "condition_en": condition_en,
                "limit": decimal_text(rule.value) if rule.value is not None else "",
                "names": "、".join(f"“{item.name_zh}”" for item in fields),
                "names_en": ", ".join(f"“{item.name_en}”" for item in fields),
            },
        )

    @staticmethod
    def _fix(rule: Rule, column: Column, index: int) -> str:
        """An amount in 万元 far too high was most likely given in yuan."""
        if rule.kind is not RuleKind.AT_MOST or column.field.type is not FieldType.MONEY_WAN or rule.value is None:
            return ""
        amount = Decimal(column.value[index]) / _YUAN_PER_WAN
        return decimal_text(amount) if amount <= rule.value and amount == round(amount, 6) else ""


def _literal(text: str) -> str:
    """Words of an entry as a template: braces in them are braces."""
    return text.replace("{", "{{").replace("}", "}}")


def _comparable(column: Column) -> pl.Series:
    if column.field.type is FieldType.DATE:
        return column.days
    return column.value.cast(_NUMBER)
