"""The wording of the demonstration city, read from ``datapacks/demo`` into frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final

import yaml

#: Length the name lists must have: they are the digits of a permuted number (see ``entities``).
CORE_CHARACTERS: Final = 128
PLACES: Final = 16
WORDS: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Department:
    """A department of the demonstration city."""

    code: str
    name_zh: str
    name_en: str
    credit_code: str
    short: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Industry:
    """A group of sixteen industry words with classes of GB/T 4754, and the scopes that go with them."""

    group: str
    section: str
    weight: int
    words: tuple[str, ...]
    classes: tuple[str, ...]
    phrases: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Licence:
    """A licence matter; ``letters`` says which classes of entity it is for."""

    title: str
    certificate: str
    kind: str
    number: str
    years: int
    letters: str
    weight: int
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Penalty:
    """A penalty matter. ``fine`` and ``confiscated``: lowest, highest, step in yuan."""

    type: str
    fact: str
    basis: str
    kinds: tuple[str, ...]
    grade: str
    letters: str
    weight: int
    fine: tuple[int, int, int] | None
    confiscated: tuple[int, int, int] | None
    paper: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Words for names, persons and addresses."""

    mark: str
    places: tuple[tuple[str, int], ...]
    regions: tuple[tuple[int, str], ...]
    first: str
    second: str
    third: str
    surnames: str
    given: tuple[str, ...]
    roads: tuple[str, ...]
    estates: tuple[str, ...]
    forms: tuple[tuple[str, tuple[tuple[str, str, int], ...]], ...]


@cache
def load(name: str) -> Any:
    """The parsed YAML of ``datapacks/demo/<name>.yml``."""
    text = resources.files("xinyong.datapacks").joinpath(f"demo/{name}.yml").read_text(encoding="utf-8")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(text, Loader=loader)


@cache
def departments(city: str) -> tuple[Department, ...]:
    """All departments, named after ``city``."""
    return tuple(
        Department(
            code=row["code"],
            name_zh=row["name_zh"].format(city=city),
            name_en=row["name_en"],
            credit_code=str(row["credit_code"]),
            short=row["short"].format(c=city[0]),
        )
        for row in load("departments")["departments"]
    )


@cache
def industries() -> tuple[Industry, ...]:
    """All word groups, in the order of the file."""
    return tuple(
        Industry(
            group=group,
            section=section,
            weight=row["weight"],
            words=tuple(word for word, _ in row["words"]),
            classes=tuple(code for _, code in row["words"]),
            phrases=tuple(row["phrases"]),
        )
        for group, sections in load("industries").items()
        for section, row in sections.items()
    )


@cache
def names() -> Names:
    """The name words; a list of the wrong length would make names collide, so it is refused."""
    data = load("names")
    first, second, third = ("".join(data[key].split()) for key in ("first", "second", "third"))
    places = tuple((word, int(region)) for word, region in data["places"])
    for what, found, wanted in (
        ("first", len(set(first)), CORE_CHARACTERS),
        ("second", len(set(second)), CORE_CHARACTERS),
        ("places", len(set(places)), PLACES),
    ):
        if found != wanted:
            raise ValueError(f"datapacks/demo/names.yml: {what} must have {wanted} different members, has {found}")
    return Names(
        mark=data["mark"],
        places=places,
        regions=tuple((int(code), name) for code, name in data["regions"].items()),
        first=first,
        second=second,
        third=third,
        surnames="".join(data["surnames"].split()),
        given=tuple(data["given"]),
        roads=tuple(data["roads"]),
        estates=tuple(data["estates"]),
        forms=tuple(
            (group, tuple((form, str(kind), weight) for form, kind, weight in rows))
            for group, rows in data["forms"].items()
        ),
    )


def _range(row: dict[str, Any], key: str) -> tuple[int, int, int] | None:
    if key not in row:
        return None
    low, high, step = row[key]
    return int(low), int(high), int(step)


@cache
def licences() -> dict[str, tuple[Licence, ...]]:
    """Licence matters per department."""
    return {
        department: tuple(
            Licence(
                title=row["title"],
                certificate=row["certificate"],
                kind=row["kind"],
                number=row["number"],
                years=row["years"],
                letters=row["for"],
                weight=row["weight"],
                content=row["content"],
            )
            for row in rows
        )
        for department, rows in load("licences").items()
    }


@cache
def penalties() -> dict[str, tuple[Penalty, ...]]:
    """Penalty matters per department."""
    return {
        department: tuple(
            Penalty(
                type=row["type"],
                fact=row["fact"],
                basis=row["basis"],
                kinds=tuple(row["kinds"]),
                grade=row["grade"],
                letters=row["for"],
                weight=row["weight"],
                fine=_range(row, "fine"),
                confiscated=_range(row, "confiscated"),
                paper=row.get("paper", ""),
            )
            for row in rows
        )
        for department, rows in load("penalties").items()
    }
