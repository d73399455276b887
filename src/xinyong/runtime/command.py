"""What all commands share: ``--json``, one way to print, one way to fail, and the exit codes.

Exit codes: 0 done · 1 a negative answer or an unexpected error · 2 wrong usage, setting, dataset or department ·
3 database not available · 4 right missing · 5 delivery refused as a whole · 130 interrupted.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from functools import wraps
from typing import Any, NoReturn, TypeVar, cast

import click

from xinyong.errors import XinyongError

F = TypeVar("F", bound=Callable[..., Any])


def emit(value: dict[str, Any], *, as_json: bool, text: str | None = None) -> None:
    """Print one result: a JSON line, or text for people."""
    if as_json:
        click.echo(json.dumps(value, ensure_ascii=False, default=str))
    elif text is not None:
        click.echo(text)
    else:
        for key, item in value.items():
            click.echo(f"{key}: {item}")


def setup_django(*, database: bool = True) -> None:
    """Make models usable in a command; starts the embedded database when it is needed and does not run."""
    from xinyong.runtime import database as runtime_database

    if database:
        runtime_database.ensure_running()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "xinyong.settings")
    import django

    django.setup()


def _fail(error: XinyongError, *, as_json: bool) -> NoReturn:
    if as_json:
        click.echo(json.dumps(error.as_dict(), ensure_ascii=False))
    else:
        click.echo(f"{error.message('zh')}\n{error.message('en')}", err=True)
    sys.exit(error.exit_code)


def command(function: F) -> F:
    """Add ``--json`` and turn every :class:`XinyongError` into its message and exit code."""

    @click.option("--json", "as_json", is_flag=True, help="Print JSON lines for programs instead of text for people.")
    @wraps(function)
    def run(*args: Any, as_json: bool, **kwargs: Any) -> Any:
        try:
            return function(*args, as_json=as_json, **kwargs)
        except XinyongError as error:
            _fail(error, as_json=as_json)
        except KeyboardInterrupt:
            click.echo("已中断，未完成的工作不会留下痕迹。Interrupted; nothing half-done stays.", err=True)
            sys.exit(130)
        except Exception as error:  # the database layer explains its own; every other one is raised again below
            from xinyong.runtime import database

            explained = database.explain(error)
            if explained is None:
                raise
            _fail(explained, as_json=as_json)

    return cast(F, run)
