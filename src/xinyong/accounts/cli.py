"""``xinyong user``: make a user of the console."""

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
