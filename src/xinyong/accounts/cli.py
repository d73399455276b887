"""``xinyong user`` and ``xinyong department``: who works here, and for whom."""

from __future__ import annotations

import click

from xinyong.runtime.command import command, emit, setup_django


@click.command()
@click.argument("username")
@click.option("--name", "display_name", required=True, help="Name shown in the console.")
@click.option("--department", "slug", help="Department code; operators may have none.")
@click.option(
    "--role",
    required=True,
    type=click.Choice(["reporter", "supervisor", "operator", "reader"]),
    help="What the user may do.",
)
@click.password_option(help="Asked for when not given.")
@command
def user(username: str, display_name: str, slug: str | None, role: str, password: str, *, as_json: bool) -> None:
    """Make a user, or set the password and role of an existing one."""
    setup_django()
    from xinyong.accounts import actions, selectors
    from xinyong.accounts.models import Role

    department = selectors.department(slug) if slug else None
    made = actions.create_user(
        username=username,
        password=password,
        display_name=display_name,
        role=Role(role),
        department=department,
        acting="command user",
    )
    emit({"username": made.username, "role": made.role}, as_json=as_json, text=f"{made.username} ({made.role})")


@click.command()
@click.argument("slug")
@click.option("--name", "name_zh", required=True, help="Full Chinese name.")
@click.option("--name-en", default="", help="English name.")
@click.option("--code", "credit_code", default="", help="Unified social credit code of the department.")
@click.option(
    "--dataset", "datasets", multiple=True, help="Dataset it delivers in the console; repeat. None: every one."
)
@command
def department(
    slug: str, name_zh: str, name_en: str, credit_code: str, datasets: tuple[str, ...], *, as_json: bool
) -> None:
    """Register a department that delivers or uses records, or bring its names up to date.

    SLUG is the short code that commands take, e.g. market-regulation.
    """
    setup_django()
    from xinyong.accounts import actions

    made = actions.register_department(
        slug=slug,
        name_zh=name_zh,
        name_en=name_en,
        credit_code=credit_code,
        datasets=datasets or None,
        acting="command department",
    )
    emit({"department": made.slug, "name_zh": made.name_zh}, as_json=as_json, text=f"{made.slug} {made.name_zh}")
