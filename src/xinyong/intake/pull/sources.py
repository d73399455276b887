"""Definitions of sources: one YAML file each, read as strictly as the catalogue."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from xinyong.catalogue.binder import Source as Text
from xinyong.catalogue.binder import bind
from xinyong.catalogue.errors import Mistake
from xinyong.catalogue.yamltree import read_tree
from xinyong.intake.pull.errors import SourceInvalid, SourceUnknown
from xinyong.runtime import config

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*\Z")
#: Letters, digits, _ and $, Chinese included; a schema may stand before a table.
_IDENTIFIER = re.compile(r"[^\W\d][\w$]{0,63}\Z")
BATCH_LIMIT = 50_000


class Dialect(StrEnum):
    """Databases that can be pulled from."""

    POSTGRESQL = "postgresql"
    MARIADB = "mariadb"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where the database is. ``socket``: path of a Unix socket (MariaDB) or its folder (PostgreSQL) instead of a host."""

    database: str
    user: str
    host: str = ""
    port: int = 0
    socket: str = ""
    #: Demand an encrypted connection; with ``tls_ca`` the server must show a certificate of that authority.
    tls: bool = False
    tls_ca: str = ""

    def __str__(self) -> str:
        place = self.socket or f"{self.host}:{self.port}" if self.port or self.socket else self.host
        return f"{place}/{self.database}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """The column that says what to do with a row: its values for new rows (``new``), and what it becomes."""

    column: str
    new: tuple[str, ...]
    taken: str
    failed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceDefinition:
    """A front-end table. ``columns``: column of the layout to column of the table. ``key`` names one row for good.

    ``result``: column that receives the reason of a failed row, at most ``result_length`` characters. ``order``: in which
    order rows are read; the key unless given. ``every_minutes``: rhythm of the worker.
    """

    source: str
    department: str
    dataset: str
    dialect: Dialect
    address: Address
    password_file: str
    table: str
    columns: tuple[tuple[str, str], ...]
    key: tuple[str, ...]
    flag: Flag
    order: tuple[str, ...] = ()
    result: str | None = None
    result_length: int = 200
    batch: int = 5_000
    every_minutes: int = 15

    def password(self) -> str:
        """The password from its file, which nobody but its owner may read. Raises SourceInvalid."""
        path = folder() / self.password_file
        try:
            mode = path.stat().st_mode
            if mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise SourceInvalid(
                    source=self.source,
                    why_zh=f"密码文件 {path.name} 他人可读，请执行 chmod 600。",
                    why_en=f"password file {path.name} can be read by others; chmod 600 it.",
                )
            return path.read_text(encoding="utf-8").strip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            words = os.strerror(error.errno or 0) if isinstance(error, OSError) else "not UTF-8"
            raise SourceInvalid(
                source=self.source,
                why_zh=f"密码文件 {path.name} 读不到（{words}）。",
                why_en=f"password file {path.name} cannot be read ({words}).",
            ) from error


def folder() -> Path:
    """Where definitions and password files lie."""
    named: str = config.get("XINYONG_SOURCES")
    return Path(named).expanduser().absolute() if named else config.home("sources")


def names() -> list[str]:
    """All sources of this installation."""
    place = folder()
    return sorted(path.stem for path in place.glob("*.yml")) if place.is_dir() else []


def load(name: str) -> SourceDefinition:
    """One definition. Raises SourceUnknown, or SourceInvalid with every mistake and its line."""
    path = folder() / f"{name}.yml"
    if not _NAME.match(name) or not path.is_file():
        raise SourceUnknown(source=name, folder=folder(), known=", ".join(names()) or "-")
    mistakes: list[Mistake] = []
    tree = read_tree(path.read_bytes(), path.name, mistakes)
    found = None
    if tree is not None:
        text = Text(path.name, mistakes)
        found = bind(SourceDefinition, tree, text)
        if found is not None:
            _check(found, name, text)
    if found is None or mistakes:
        raise SourceInvalid(
            source=name,
            why_zh=" ".join(f"第{item.line}行：{item.zh}" for item in mistakes),
            why_en=" ".join(f"line {item.line}: {item.en}" for item in mistakes),
        )
    return found


def _check(found: SourceDefinition, name: str, text: Text) -> None:
    if found.source != name:
        text.add(("source",), f"名称应与文件名“{name}”一致。", f"the name must be that of the file, '{name}'.")
    if bool(found.address.host) == bool(found.address.socket):
        text.add(("address",), "host与socket须且只能写一个。", "write either host or socket.")
    for part in found.table.split("."):
        _identifier(("table",), part, text)
    for column, target in found.columns:
        _identifier(("columns", column), target, text)
    for index, column in enumerate(found.key):
        _identifier(("key", index), column, text)
    for index, column in enumerate(found.order):
        _identifier(("order", index), column, text)
    _identifier(("flag", "column"), found.flag.column, text)
    if found.result is not None:
        _identifier(("result",), found.result, text)
    if not found.columns or not found.key or not found.flag.new:
        text.add((), "columns、key、flag.new都不能为空。", "columns, key and flag.new may not be empty.")
    if {found.flag.taken, found.flag.failed} & set(found.flag.new):
        text.add(
            ("flag",),
            "taken、failed不能与new相同，否则会反复抽取。",
            "taken and failed must differ from new, or rows are pulled for ever.",
        )
    if not 1 <= found.batch <= BATCH_LIMIT:
        text.add(("batch",), f"batch应在1到{BATCH_LIMIT}之间。", f"batch is between 1 and {BATCH_LIMIT}.")
    if found.every_minutes < 1 or found.result_length < 1:
        text.add((), "every_minutes与result_length应为正整数。", "every_minutes and result_length are positive.")


def _identifier(path: tuple[str | int, ...], value: str, text: Text) -> None:
    if not _IDENTIFIER.match(value):
        text.add(path, f"“{value}”不是可用的表名或列名。", f"'{value}' is no usable name of a table or column.")
