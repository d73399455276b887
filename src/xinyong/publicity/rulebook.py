"""The dated rules of publicity as frozen values: read, checked as a whole, never half used.

``packaged()`` is what a new installation begins with; ``replaced()`` gives the same book with rows an officer confirmed
or changed. Whatever does not hold together is listed with file and row in :class:`RulesInvalid`. Pure: no database.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import types
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property
from importlib import resources
from typing import Any, ClassVar

from xinyong.catalogue import yamltree
from xinyong.catalogue.errors import Mistake
from xinyong.errors import ErrorCode, XinyongError
from xinyong.publicity import rulecheck

CERTAINTIES = ("text", "secondary", "fragments", "recalled", "ours")
CONFIRMED, TO_BE_CONFIRMED = "confirmed", "to_be_confirmed"
#: The platform's own severities; a scale of a regime may have other classes.
SEVERITIES = ("minor", "general", "serious")
FILE = "rules/publicity.yml"


class RulesInvalid(XinyongError):
    """The rules cannot be used; every mistake is listed with its file and row."""

    code: ClassVar[ErrorCode] = ErrorCode.RULES_INVALID
    exit_code: ClassVar[int] = 2
    status: ClassVar[int] = 422
    zh: ClassVar[str] = "规则有{count}处错误，全部改正后才能使用：\n{listing_zh}"
    en: ClassVar[str] = "The rules have {count} mistake(s); none is used until all are corrected:\n{listing_en}"

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(sorted(set(mistakes), key=lambda item: (item.file, item.line, item.zh)))
        super().__init__(
            count=len(self.mistakes),
            listing_zh="\n".join(item.text("zh") for item in self.mistakes),
            listing_en="\n".join(item.text("en") for item in self.mistakes),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What every rule has: its number, what it rests on, how sure that is. ``revision``: 0 as packaged.

    ``confirmed_by``: the officer who confirmed or replaced it here.
    """

    id: str
    source: str
    source_en: str
    article: str
    certainty: str
    status: str
    revision: int = 0
    confirmed_by: str = ""
    confirmed_on: date | None = None

    @property
    def tag(self) -> str:
        """Its number as records carry it; the revision is named once an officer has changed the row."""
        return f"{self.id}.{self.revision}" if self.revision else self.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A code with its words."""

    code: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sector(Named):
    """A field some regimes treat apart; told by words of the violation or of the organ."""

    words: tuple[str, ...]
    organs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Regime(Row):
    """Which rules count the period of a decision in one channel, by the day of the decision."""

    regime: str
    channel: str
    scale: str
    decided_from: date
    decided_until: date | None
    start: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Severity(Row):
    """One line of the decision table of a scale."""

    scale: str
    grade: str
    any_kinds: tuple[str, ...] = ()
    all_kinds: tuple[str, ...] = ()
    sectors: tuple[str, ...] = ()
    list: str = ""
    summary_procedure: bool = False
    residual: bool = False
    fine_from: float | None = None
    fine_below: float | None = None
    #: The row waits for a figure: it has the key, and no value.
    asleep: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Period(Row):
    """How long a class of a regime is public."""

    regime: str
    grade: str
    public: str
    minimum_months: int | None
    maximum_months: int
    sectors: tuple[str, ...] = ()
    restriction_prevails: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition(Row):
    """What governs a record decided under an older regime."""

    channel: str
    apply: str
    newest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRule(Row):
    """How long a list entry is public while it stands."""

    list: str
    minimum_months: int | None
    maximum_months: int | None
    prevails: bool
    on_cure: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Lasting(Row):
    """Items without an end of their own by law."""

    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ceiling(Row):
    """The outer bound of a province for adverse items."""

    profile: str
    months: int
    counted_from: str
    longer_while_listed: bool
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold(Row):
    """A rule of a line ministry that holds back the automatic stop for duties not performed (PUB-10)."""

    ministry: str
    ministry_en: str
    effective_from: date
    effective_until: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked(Row):
    """Items that stop together with the penalty or list entry made for the same act."""

    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlay(Row):
    """A mark over a public record."""

    state: str
    suspends: bool


#: What an officer may change of a row, by section; source and article of every row besides.
EDITABLE: Mapping[str, tuple[str, ...]] = {
    "regimes": ("decided_from", "decided_until", "start"),
    "severity": ("grade", "any_kinds", "all_kinds", "sectors", "fine_from", "fine_below"),
    "periods": ("public", "minimum_months", "maximum_months", "sectors"),
    "transition": ("apply",),
    "lists": ("minimum_months", "maximum_months", "prevails", "on_cure"),
    "lasting": (),
    "ceilings": ("months", "counted_from", "longer_while_listed", "after"),
    "holds": ("ministry", "ministry_en", "effective_from", "effective_until"),
    "linked": ("kinds",),
    "overlays": (),
}
SOURCES = ("source", "source_en", "article")

#: Section of the file, class of its rows, and keys that are called otherwise in the file.
_SECTIONS: Mapping[str, type[Row]] = {
    "regimes": Regime,
    "severity": Severity,
    "periods": Period,
    "transition": Transition,
    "lists": ListRule,
    "lasting": Lasting,
    "ceilings": Ceiling,
    "holds": Hold,
    "linked": Linked,
    "overlays": Overlay,
}
_FILE_KEYS = {"from": "decided_from", "until": "decided_until", "class": "grade", "with": "newest"}
_NAMED: Mapping[str, type[Named]] = {"profiles": Named, "channels": Named, "sectors": Sector}
_CHOICES: Mapping[tuple[type, str], tuple[str, ...]] = {
    (Regime, "start"): ("decision", "publication"),
    (Period, "public"): ("always", "never", "when_necessary"),
    (Transition, "apply"): ("earlier_end", "own_end"),
    (Ceiling, "counted_from"): ("decision", "act_end"),
    (Ceiling, "after"): ("archive", "delete", "no_query"),
    (ListRule, "list"): ("abnormal", "serious", "court"),
    (Lasting, "kind"): ("permanent", "licence", "honour", "commitment"),
    (Severity, "list"): ("", "abnormal", "serious", "court"),
}


@dataclass(frozen=True, kw_only=True, repr=False)
class Rulebook:
    """All rules of one version. Rows keep the order of the file, which is the order of the decision tables."""

    version: str
    severity_scale: str
    profiles: Mapping[str, Named]
    channels: Mapping[str, Named]
    sectors: Mapping[str, Sector]
    market_organs: tuple[str, ...]
    fine_fields: Mapping[str, str]
    officer_class: Mapping[str, Mapping[str, str]]
    regimes: tuple[Regime, ...]
    severity: tuple[Severity, ...]
    periods: tuple[Period, ...]
    transition: tuple[Transition, ...]
    lists: tuple[ListRule, ...]
    lasting: tuple[Lasting, ...]
    ceilings: tuple[Ceiling, ...]
    holds: tuple[Hold, ...]
    linked: tuple[Linked, ...]
    overlays: tuple[Overlay, ...]
    #: The rows as data, by id: what an officer changes and what is stored.
    raw: Mapping[str, Mapping[str, Any]]
    rest: Mapping[str, Any]

    def __repr__(self) -> str:
        return f"<Rulebook {self.version} {self.digest[:8]}>"

    @cached_property
    def rows(self) -> Mapping[str, Row]:
        """Every rule by its number."""
        return {row.id: row for section in _SECTIONS for row in getattr(self, section)}

    @cached_property
    def fine_limits(self) -> tuple[float, ...]:
        """Figures at which a fine changes its class, in wan yuan; none while every such row is asleep."""
        figures = (figure for row in self.severity for figure in (row.fine_from, row.fine_below) if figure is not None)
        return tuple(sorted(set(figures)))

    @cached_property
    def digest(self) -> str:
        """Names the content: two books with the same digest say the same."""
        # The order of rows is the order of the decision tables, so it counts.
        text = json.dumps([self.rest, list(self.raw.items())], ensure_ascii=False, sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()

    def row(self, tag: str) -> Row | None:
        """The rule a record names; None for one this book does not hold."""
        return self.rows.get(tag.split(".")[0])

    def unconfirmed(self) -> tuple[Row, ...]:
        """Rules the operator's legal office has not confirmed."""
        return tuple(row for row in self.rows.values() if row.status != CONFIRMED)

    def replaced(self, changes: Mapping[str, Mapping[str, Any]], version: str) -> Rulebook:
        """The same book with the given values of some rows, ``{row id: {key: value}}``. Raises RulesInvalid."""
        mistakes = [
            _unknown_row(name)
            for name, row in changes.items()
            if name not in self.raw and row.get("section") != "holds"
        ]
        if mistakes:
            raise RulesInvalid(mistakes)
        raw = {name: {**self.raw.get(name, {}), **changes.get(name, {})} for name in {**self.raw, **changes}}
        return _bound(version, self.rest, raw, dict.fromkeys(raw, 0))

    def check(self, name: str, values: Mapping[str, Any]) -> None:
        """Whether a row with these values is a rule at all, beside the others or not. Raises RulesInvalid."""
        checker = _Checker(FILE, {})
        row = {**self.raw.get(name, {}), **values}
        checker.bind(str(row["section"]), name, row)
        if checker.mistakes:
            raise RulesInvalid(checker.mistakes)

    def section_of(self, name: str) -> str:
        """In which part of the book a row stands."""
        return str(self.raw[name]["section"])


def _unknown_row(name: str) -> Mistake:
    return Mistake(FILE, 0, f"没有规则“{name}”；请核对编号。", f"there is no rule '{name}'; check its number.")


def read_value(section: str, key: str, text: str) -> Any:
    """What an officer typed for a key, as the rule file would hold it. ValueError for text that is no such value."""
    hint = typing.get_type_hints(_SECTIONS[section])[key]
    options = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    text = text.strip()
    if not text and type(None) in options:
        return None
    if any(typing.get_origin(option) is tuple for option in options):
        return [part.strip() for part in text.replace("；", ";").split(";") if part.strip()]
    if bool in options:
        if text not in ("true", "false"):
            raise ValueError(text)
        return text == "true"
    if date in options:
        return date.fromisoformat(text).isoformat()
    if float in options:
        return float(text)
    return int(text) if int in options else text


def choices(section: str, key: str) -> tuple[str, ...]:
    """The words a key may have; empty where anything may stand."""
    return tuple(filter(None, _CHOICES.get((_SECTIONS[section], key), ())))


# --- reading ------------------------------------------------------------------------------------------------------


@cache
def packaged() -> Rulebook:
    """The rules this release comes with."""
    content = (resources.files("xinyong.datapacks") / "rules" / "publicity.yml").read_bytes()
    return parse(content, FILE)


def parse(content: bytes, file: str = FILE) -> Rulebook:
    """A rule file. Raises RulesInvalid with every mistake and its line."""
    mistakes: list[Mistake] = []
    tree = yamltree.read_tree(content, file, mistakes)
    if tree is None or mistakes:
        raise RulesInvalid(mistakes)
    raw: dict[str, Mapping[str, Any]] = {}
    lines: dict[str, int] = {}
    rest: dict[str, Any] = {}
    for key, node in tree.items.items():
        if key not in _SECTIONS:
            rest[key] = _plain(node)
            continue
        if not isinstance(node, yamltree.Sequence):
            mistakes.append(Mistake(file, node.line, f"“{key}”应为列表。", f"'{key}' must be a list."))
            continue
        for item in node.items:
            if not isinstance(item, yamltree.Mapping) or not isinstance(item.items.get("id"), yamltree.Scalar):
                mistakes.append(Mistake(file, item.line, "规则缺少编号 id。", "a rule has no id."))
                continue
            row = {_FILE_KEYS.get(name, name): value for name, value in _plain(item).items()}
            name = str(row["id"])
            if name in raw:
                mistakes.append(
                    Mistake(
                        file,
                        item.line,
                        f"规则编号“{name}”重复，前一个在第{lines[name]}行。",
                        f"rule '{name}' is given twice, first on line {lines[name]}.",
                    )
                )
                continue
            raw[name], lines[name] = {**row, "section": key}, item.line
    for key in {
        *_NAMED,
        *_SECTIONS,
        "version",
        "severity_scale",
        "market_regulation",
        "officer_class",
        "fine_fields",
    } - set(tree.items):
        mistakes.append(Mistake(file, 1, f"缺少“{key}”一节。", f"section '{key}' is missing."))
    if mistakes:
        raise RulesInvalid(mistakes)
    version = str(rest.pop("version"))
    return _bound(version, rest, raw, lines, file)


def stored(version: str, content: Mapping[str, Any]) -> Rulebook:
    """A book as :func:`to_store` wrote it."""
    raw = {str(row["id"]): dict(row) for row in content["rows"]}
    return _bound(version, content["rest"], raw, dict.fromkeys(raw, 0))


def to_store(book: Rulebook) -> dict[str, Any]:
    """The whole content as JSON; days as text, rows as a list, whose order a database keeps."""
    loaded: dict[str, Any] = json.loads(
        json.dumps({"rest": book.rest, "rows": list(book.raw.values())}, ensure_ascii=False, default=str)
    )
    return loaded


def _plain(node: yamltree.Node) -> Any:
    if isinstance(node, yamltree.Mapping):
        return {key: _plain(value) for key, value in node.items.items()}
    if isinstance(node, yamltree.Sequence):
        return [_plain(value) for value in node.items]
    match node.tag:
        case "null":
            return None
        case "bool":
            return node.text.lower() in {"true", "yes", "on"}
        case "int":
            return int(node.text)
        case "float":
            return float(node.text)
    return node.text


class _Checker:
    """Turns rows of plain data into values, and keeps what is wrong."""

    def __init__(self, file: str, lines: Mapping[str, int]) -> None:
        self.file, self.lines = file, lines
        self.mistakes: list[Mistake] = []

    def wrong(self, row: str, zh: str, en: str) -> None:
        self.mistakes.append(Mistake(self.file, self.lines.get(row, 0), f"规则{row}：{zh}", f"rule {row}: {en}"))

    def value(self, row: str, key: str, wanted: Any, given: Any) -> Any:
        """``given`` as the type a field has."""
        options = typing.get_args(wanted) if isinstance(wanted, types.UnionType) else (wanted,)
        if given is None and type(None) in options:
            return None
        for option in options:
            if option is date:
                if isinstance(given, date):
                    return given
                try:
                    return date.fromisoformat(str(given))
                except ValueError:
                    continue
            if typing.get_origin(option) is tuple and isinstance(given, (list, tuple)):
                return tuple(str(item) for item in given)
            if option is float and isinstance(given, (int, float)) and not isinstance(given, bool):
                return float(given)
            if option in (str, int, bool) and type(given) is option:
                return given
        self.wrong(
            row, f"“{key}”的值“{given}”类型不对；请按同类规则填写。", f"'{key}' has the unusable value '{given}'."
        )
        return None

    def bind(self, section: str, name: str, raw: Mapping[str, Any]) -> Row | None:
        """One row as a value; None when it cannot be."""
        kind, before = _SECTIONS[section], len(self.mistakes)
        hints = typing.get_type_hints(kind)
        known = {item.name: item for item in dataclasses.fields(kind)}
        given = {key: value for key, value in raw.items() if key not in ("section", "asleep")}
        for key in given.keys() - known.keys():
            self.wrong(name, f"没有“{key}”这一项。", f"there is no key '{key}'.")
        for key, item in known.items():
            if key not in given and item.default is dataclasses.MISSING:
                self.wrong(name, f"缺少“{key}”。", f"'{key}' is missing.")
        if kind is Severity:
            # A row that names a figure and has none cannot fit anything.
            waits = [key for key in ("fine_from", "fine_below") if key in given and given[key] is None]
            given = {**{key: value for key, value in given.items() if key not in waits}}
            values = {key: self.value(name, key, hints[key], value) for key, value in given.items() if key in known}
            values["asleep"] = bool(waits)
        else:
            values = {key: self.value(name, key, hints[key], value) for key, value in given.items() if key in known}
        for (owner, key), allowed in _CHOICES.items():
            if owner is kind and values.get(key) is not None and values[key] not in allowed:
                self.wrong(
                    name,
                    f"“{key}”只能是 {'、'.join(filter(None, allowed))}，不能是“{values[key]}”。",
                    f"'{key}' must be one of {', '.join(filter(None, allowed))}, not '{values[key]}'.",
                )
        if values.get("certainty") not in CERTAINTIES:
            self.wrong(
                name,
                f"certainty 只能是 {'、'.join(CERTAINTIES)}。",
                f"certainty must be one of {', '.join(CERTAINTIES)}.",
            )
        if values.get("status") not in (CONFIRMED, TO_BE_CONFIRMED):
            self.wrong(
                name,
                "status 只能是 confirmed 或 to_be_confirmed。",
                "status must be confirmed or to_be_confirmed.",
            )
        elif (
            values["status"] == CONFIRMED
            and not values.get("confirmed_by")
            and values.get("certainty") in ("fragments", "recalled", "ours")
        ):
            self.wrong(
                name,
                "凭记忆、片段或自拟的规则不能标为已确认；须由法制机构确认。",
                "what is recalled, read in fragments or our own choice is not confirmed until the legal office says so.",
            )
        return kind(**values) if len(self.mistakes) == before else None


def _bound(
    version: str,
    rest: Mapping[str, Any],
    raw: Mapping[str, Mapping[str, Any]],
    lines: Mapping[str, int],
    file: str = FILE,
) -> Rulebook:
    checker = _Checker(file, lines)
    sections: dict[str, list[Any]] = {section: [] for section in _SECTIONS}
    for name, row in raw.items():
        bound = checker.bind(str(row["section"]), name, row)
        if bound is not None:
            sections[str(row["section"])].append(bound)
    if checker.mistakes:
        raise RulesInvalid(checker.mistakes)
    named: dict[str, Any] = {key: {str(item["code"]): _named(key, item) for item in rest[key]} for key in _NAMED}
    rows: dict[str, Any] = {section: tuple(found) for section, found in sections.items()}
    book = Rulebook(
        version=version,
        severity_scale=str(rest["severity_scale"]),
        market_organs=tuple(rest["market_regulation"]["organs"]),
        fine_fields=rest["fine_fields"],
        officer_class=rest["officer_class"],
        raw=raw,
        rest=rest,
        **named,
        **rows,
    )
    for row_id, zh, en in rulecheck.mistakes(book):
        checker.wrong(row_id, zh, en)
    if checker.mistakes:
        raise RulesInvalid(checker.mistakes)
    return book


def _named(section: str, item: Mapping[str, Any]) -> Named:
    if section == "sectors":
        return Sector(
            code=str(item["code"]),
            zh=str(item["zh"]),
            en=str(item["en"]),
            words=tuple(item["words"]),
            organs=tuple(item["organs"]),
        )
    return Named(code=str(item["code"]), zh=str(item["zh"]), en=str(item["en"]))
