"""Which rules are in force here: the version an officer put in force last, else the packaged one."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import psycopg
from django.db import connection

from xinyong.publicity import rulebook
from xinyong.publicity.rulebook import Rulebook
from xinyong.runtime import config

_NEWEST = "SELECT id, compared_digest FROM publicity_ruleversion WHERE state = 'in_force'"
_CONTENT = "SELECT label, content FROM publicity_ruleversion WHERE id = %s"


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """``number``: of the stored version; None for the packaged rules."""

    number: int | None
    book: Rulebook


def current(session: psycopg.Connection[tuple[Any, ...]] | None = None) -> InForce:
    """The rules in force, as one question to the database. ``session``: asked there instead of by Django."""

    def ask(statement: str, *parameters: Any) -> tuple[Any, ...] | None:
        if session is not None:
            return session.execute(statement.encode(), parameters or None).fetchone()
        with connection.cursor() as cursor:
            cursor.execute(statement, parameters or None)
            row: tuple[Any, ...] | None = cursor.fetchone()
            return row

    found = ask(_NEWEST)
    if found is None:
        return InForce(number=None, book=rulebook.packaged())
    number, digest = int(found[0]), str(found[1])
    known = _known.get((number, digest))
    if known is None:
        label, content = ask(_CONTENT, number) or ("", "{}")
        loaded = json.loads(content) if isinstance(content, str) else content
        known = _known[number, digest] = rulebook.stored(str(label), loaded)
    return InForce(number=number, book=known)


#: A version in force is never changed, so what was read once holds.
_known: dict[tuple[int, str], Rulebook] = {}


def book(session: psycopg.Connection[tuple[Any, ...]] | None = None) -> Rulebook:
    """The rules in force."""
    return current(session).book


def profile() -> str:
    """The province or city whose own rules apply (XINYONG_RULE_PROFILE)."""
    return str(config.get("XINYONG_RULE_PROFILE"))
