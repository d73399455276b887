"""Nothing is undocumented: fields, settings, error codes, commands; and models and migrations agree."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner
from django.apps import apps
from django.core.management import call_command

from xinyong.cli import COMMANDS, main
from xinyong.errors import ErrorCode, XinyongError
from xinyong.runtime import config, sql

DOCS = Path(__file__).parents[2] / "docs"
OURS = [item for item in apps.get_app_configs() if item.name.startswith("xinyong.")]


def document(name: str) -> str:
    """Text of a page of the documentation."""
    path = DOCS / name
    assert path.exists(), f"docs/{name} is missing"
    return path.read_text(encoding="utf-8")


def test_no_model_changed_without_a_migration(desk: Any) -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_preparing_twice_changes_nothing(desk: Any) -> None:
    from xinyong.migrate import prepare

    tables = "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2"
    before, audit = desk.rows(tables), desk.one("SELECT count(*) FROM audit_auditentry")
    prepare()
    assert desk.rows(tables) == before
    assert desk.one("SELECT count(*) FROM audit_auditentry") == audit
    assert desk.one("SELECT count(*) FROM accounts_department WHERE slug = 'demo'") == 1


def test_tables_made_by_hand_have_the_columns_of_their_models(desk: Any) -> None:
    """Unmanaged models are not seen by makemigrations: their SQL and their classes must say the same."""
    from django.db import connection

    for model in (item for app in OURS for item in app.get_models() if not item._meta.managed):
        with connection.cursor() as cursor:
            columns = connection.introspection.get_table_description(cursor, model._meta.db_table)
        stored = {column.name: bool(column.null_ok) for column in columns}
        said = {field.column: field.null for field in model._meta.concrete_fields if field.column}
        assert stored == said, model.__name__


@pytest.mark.parametrize("app", [item.label for item in OURS])
def test_every_field_says_what_it_holds(app: str) -> None:
    silent = [
        f"{model.__name__}.{field.name}"
        for model in apps.get_app_config(app).get_models()
        for field in model._meta.concrete_fields
        if not field.help_text and not field.auto_created and field.column
    ]
    # Fields of Django's own base class of users.
    assert [name for name in silent if name not in ("User.password", "User.last_login")] == []


@pytest.mark.parametrize("setting", config.SETTINGS, ids=lambda item: item.name)
def test_every_setting_is_documented(setting: config.Setting) -> None:
    page = document("settings.md")
    line = next((line for line in page.splitlines() if f"`{setting.name}`" in line), "")
    assert line, f"docs/settings.md does not speak of {setting.name}"
    assert len(setting.help) > 10
    assert setting.default in line, f"docs/settings.md gives another default for {setting.name}"


def test_no_setting_is_documented_that_does_not_exist() -> None:
    named = set(re.findall(r"^\|\s*`(XINYONG_[A-Z_]+)`", document("settings.md"), re.MULTILINE))
    assert named == {setting.name for setting in config.SETTINGS}


@pytest.mark.parametrize("code", list(ErrorCode), ids=str)
def test_every_error_code_is_documented(code: ErrorCode) -> None:
    assert f"`{code.value}`" in document("errors.md")


#: For the interface to other systems, which is not built yet.
UNUSED: set[ErrorCode] = set()


def _errors(root: type[XinyongError]) -> set[type[XinyongError]]:
    return {root, *(item for child in root.__subclasses__() for item in _errors(child))}


def test_every_error_speaks_both_languages_and_has_a_documented_exit_code() -> None:
    from importlib import import_module
    from pkgutil import walk_packages

    import xinyong

    for found in walk_packages(xinyong.__path__, "xinyong."):
        if not re.search(r"\.migrations|wsgi|settings_web", found.name):
            import_module(found.name)
    errors = {item for item in _errors(XinyongError) if item.__module__.startswith("xinyong.")}
    assert len(errors) > 20
    for error in errors:
        assert re.search(r"[一-鿿]", error.zh), error
        assert error.en, error
        assert error.en.isascii() or "“" in error.en or "‘" in error.en, error
        assert error.exit_code in (1, 2, 3, 4, 5), error
        assert 400 <= error.status < 600, error
        assert error.__doc__, error
    # A code nobody raises is a promise nobody keeps.
    assert {item.code for item in errors} == set(ErrorCode) - UNUSED


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_and_json(name: str) -> None:
    command = main.get_command(click.Context(main), name)
    assert command is not None
    leaves = list(command.commands.values()) if isinstance(command, click.Group) else [command]
    for leaf in [command, *leaves]:
        assert leaf.help, f"{name}: {leaf.name} has no help"
    for leaf in leaves:
        options = {option for parameter in leaf.params for option in parameter.opts}
        assert "--json" in options, f"{name}: {leaf.name} has no --json"
        for parameter in leaf.params:
            if isinstance(parameter, click.Option) and not parameter.hidden:
                assert parameter.help, f"{name} {parameter.opts[0]} has no help"
    shown = CliRunner().invoke(main, [name, "--help"])
    assert shown.exit_code == 0
    assert "--help" in shown.output


@pytest.mark.parametrize("room", [item.label for item in OURS])
def test_every_named_statement_says_what_it_is_for_and_is_used(room: str) -> None:
    folder = Path(apps.get_app_config(room).path)
    if not (folder / "sql").is_dir():
        return
    python = "".join(path.read_text(encoding="utf-8") for path in folder.rglob("*.py"))
    for name, text in sql.load(room).items():
        assert text.startswith("--"), f"{room}/{name} has no purpose"
        assert f'"{name}"' in python, f"{room}/{name} is used nowhere"
