"""Row rules of an entry: each kind compares certain fields, and each says why in both languages."""

from __future__ import annotations

from collections.abc import Mapping

from xinyong.catalogue.binder import Path, Source
from xinyong.catalogue.checkhelp import conditions, filled, repeated, unknown_field
from xinyong.catalogue.entry import DatasetEntry, Field, FieldType, Rule, RuleKind

_DATES = frozenset({FieldType.DATE})
_NUMBERS = frozenset({FieldType.INTEGER, FieldType.DECIMAL, FieldType.MONEY_WAN})

#: For each kind: types ``field`` may have, types ``other`` may have (None: no other), and what else must be written.
_SHAPES: Mapping[RuleKind, tuple[frozenset[FieldType] | None, frozenset[FieldType] | None, str | None]] = {
    RuleKind.NOT_AFTER: (_DATES, _DATES, None),
    RuleKind.NOT_IN_FUTURE: (_DATES, None, None),
    RuleKind.POSITIVE_WHEN: (_NUMBERS, None, "when"),
    RuleKind.ORGANISATION_CODE_MATCHES: (
        frozenset({FieldType.CREDIT_CODE, FieldType.ORGAN_CODE}),
        frozenset({FieldType.ORGANISATION_CODE}),
        None,
    ),
    RuleKind.AT_MOST: (_NUMBERS, None, "value"),
    RuleKind.ONE_OF_FILLED: (None, None, "fields"),
}


def check_rules(entry: DatasetEntry, source: Source) -> None:
    """Every rule names fields that exist, of types its kind can compare, and gives its reason."""
    codes = {item.code: item for item in entry.fields}
    repeated(("rules",), [item.code for item in entry.rules], source, "code")
    for index, rule in enumerate(entry.rules):
        path: Path = ("rules", index)
        for name in ("code", "reason_zh", "reason_en"):
            filled((*path, name), getattr(rule, name), source)
        conditions(rule.when, (*path, "when"), codes, source)
        _shape(rule, codes, path, source)


def _shape(rule: Rule, codes: Mapping[str, Field], path: Path, source: Source) -> None:
    fields, others, extra = _SHAPES[rule.kind]
    _named(rule.field, fields, codes, (*path, "field"), source)
    if others is None and rule.other is not None:
        _surplus("other", rule, path, source)
    elif others is not None and rule.other is None:
        _missing("other", rule, path, source)
    elif others is not None and rule.other is not None:
        _named(rule.other, others, codes, (*path, "other"), source)
    for name, written in (("value", rule.value is not None), ("fields", bool(rule.fields))):
        if written and extra != name:
            _surplus(name, rule, path, source)
        elif not written and extra == name:
            _missing(name, rule, path, source)
    if extra == "when" and not rule.when:
        _missing("when", rule, path, source)
    for index, code in enumerate(rule.fields):
        _named(code, None, codes, (*path, "fields", index), source)


def _named(
    code: str, types: frozenset[FieldType] | None, codes: Mapping[str, Field], path: Path, source: Source
) -> None:
    if code not in codes:
        unknown_field(path, code, source)
    elif types is not None and codes[code].type not in types:
        source.add(
            path,
            f"字段“{code}”的类型是{codes[code].type}，此规则不能检验；应为{'、'.join(sorted(types))}。",
            f"field '{code}' is of type {codes[code].type}, which this rule cannot test; it needs "
            f"{' or '.join(sorted(types))}.",
        )


def _surplus(name: str, rule: Rule, path: Path, source: Source) -> None:
    source.add(
        (*path, name),
        f"规则“{rule.kind}”不用“{name}”；请删除。",
        f"rule '{rule.kind}' does not use '{name}'; remove it.",
    )


def _missing(name: str, rule: Rule, path: Path, source: Source) -> None:
    source.add(
        path,
        f"规则“{rule.kind}”必须写明“{name}”。",
        f"rule '{rule.kind}' must state '{name}'.",
    )
