"""Who may ask what for which purpose: the published scope of each item. Pure: no database, no framework."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import yaml

from xinyong.registry import keys
from xinyong.standards import credit_code_diagnosis, registration_number, resident_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """A legal basis with the certainty it is loaded under."""

    title: str
    article: str
    status: str

    def as_dict(self) -> dict[str, str]:
        """As answers carry it."""
        return {"title": self.title, "article": self.article, "status": self.status}


@dataclass(frozen=True, slots=True, kw_only=True)
class Purpose:
    """Why somebody may ask."""

    code: str
    zh: str
    en: str
    basis: tuple[Basis, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """What a query is for, and what it may see: datasets in public, and those shared between organs.

    ``scene``: where measures are asked for, a code of the measures; their executor must be the asking organ.
    """

    code: str
    purpose: str
    scene: str
    zh: str
    en: str
    sees: frozenset[str]
    shared: frozenset[str]
    basis: Basis


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """The whole file. ``digest`` names its content in answers."""

    version: str
    digest: str
    purposes: Mapping[str, Purpose]
    items: Mapping[str, Item]


def _basis(raw: Mapping[str, Any]) -> Basis:
    return Basis(title=raw["title"], article=raw["article"], status=raw["status"])


def read(text: str) -> RuleSet:
    """The rules in a text. Raises ValueError naming the row that contradicts the others."""
    raw = yaml.safe_load(text)
    purposes = {
        row["code"]: Purpose(
            code=row["code"], zh=row["zh"], en=row["en"], basis=tuple(_basis(item) for item in row["basis"])
        )
        for row in raw["purposes"]
    }
    items: dict[str, Item] = {}
    for row in raw["items"]:
        if row["purpose"] not in purposes:
            raise ValueError(f"item {row['code']}: purpose {row['purpose']} is not in the list")
        if row["code"] in items:
            raise ValueError(f"item {row['code']} is given twice")
        items[row["code"]] = Item(
            code=row["code"],
            purpose=row["purpose"],
            scene=row["scene"],
            zh=row["zh"],
            en=row["en"],
            sees=frozenset(row["sees"]),
            shared=frozenset(row["shared"]),
            basis=_basis(row["basis"]),
        )
    if missing := [code for code, purpose in purposes.items() if not purpose.basis]:
        raise ValueError(f"purposes without a basis: {', '.join(missing)}")
    return RuleSet(
        version=str(raw["version"]),
        digest=hashlib.sha256(text.encode()).hexdigest(),
        purposes=purposes,
        items=items,
    )


@cache
def rule_set() -> RuleSet:
    """``datapacks/rules/verification.yml``."""
    return read((resources.files("xinyong.datapacks") / "rules" / "verification.yml").read_text(encoding="utf-8"))


def names() -> dict[str, tuple[str, str]]:
    """Every item with its purpose, in both languages."""
    given = rule_set()
    return {
        code: (f"{given.purposes[item.purpose].zh} · {item.zh}", f"{given.purposes[item.purpose].en} · {item.en}")
        for code, item in given.items.items()
    }


#: What a business system calls its case; no letters of other scripts, so that no name of a person fits in.
CASE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,63}")
#: What the numbers that lead to an entity are made of: codes, registration numbers, organisation codes, public ids.
_NUMBER = re.compile(r"[0-9A-Z][0-9A-Z-]{6,31}")


def of_person(text: str) -> bool:
    """Whether somebody asks by an identity number or by a name: neither is ever answered (REF-14).

    A number that is a valid credit code is one, whatever else it resembles.
    """
    compact = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", text)).upper()
    if any(char.isalpha() and not char.isascii() for char in compact):
        return True
    if credit_code_diagnosis.diagnose(compact).valid:
        return False
    # Fifteen digits are an identity number of the first generation, or a registration number, which has a check digit.
    return resident_id.is_valid(compact) or (
        resident_id.has_shape_15(compact) and not registration_number.is_valid(compact)
    )


def number_of(text: str) -> str | None:
    """A number as it is looked up: half width, upper case, without spaces; None for what can be none."""
    folded = re.sub(r"\s", "", unicodedata.normalize("NFKC", text)).upper()
    if keys.entity_id(folded) is not None:
        return folded
    folded = credit_code_diagnosis.diagnose(text).normalised or folded
    if len(folded) == 10 and folded[8] == "-":
        folded = folded.replace("-", "")  # an organisation code is kept without its hyphen
    return folded if _NUMBER.fullmatch(folded) and any(char.isdigit() for char in folded) else None
