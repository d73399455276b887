"""``xinyong feed``: what systems are told by webhook."""

from __future__ import annotations

import click

from xinyong.runtime.command import command, emit, setup_django

_ACTING = "command feed"


@click.group()
def feed() -> None:
    """Feeds: systems that are told of entries published and lifted, records changed, measures to be lifted."""


@feed.command("make")
@click.argument("slug")
@click.argument("address")
@click.option("--kind", "kinds", multiple=True, help="Kind of message; give it repeatedly. Default: all.")
@command
def make(slug: str, address: str, kinds: tuple[str, ...], *, as_json: bool) -> None:
    """Tell the client SLUG at ADDRESS. The key its messages are signed with is shown once."""
    setup_django()
    from xinyong.accounts import client_actions, client_selectors
    from xinyong.feeds import actions, effects

    client = client_selectors.client(slug)
    if client is None:
        raise client_actions.ClientUnknown(name=slug)
    made, key = actions.make(client, address=address, kinds=kinds or effects.KINDS, acting=_ACTING)
    emit(
        {"feed": made.pk, "client": slug, "kinds": made.kinds, "key": key},
        as_json=as_json,
        text=f"{key}\n密钥只显示这一次。The key is shown this once. feed {made.pk}: {', '.join(made.kinds)}",
    )


@feed.command("end")
@click.argument("number", type=int)
@command
def end(number: int, *, as_json: bool) -> None:
    """End the feed NUMBER; what waits for it is not sent."""
    setup_django()
    from xinyong.feeds import actions, selectors

    actions.end(selectors.feed(number), why=_ACTING, acting=_ACTING)
    emit({"feed": number, "ended": True}, as_json=as_json, text=f"消息订阅 {number} 已停用。Feed {number} is ended.")


@feed.command("send")
@command
def send(*, as_json: bool) -> None:
    """Send what is due and end; 'xinyong serve' does the same beside the site, both may run."""
    setup_django()
    from xinyong.feeds import actions, effects

    effects.catch_up()
    done = actions.work()
    emit(
        done,
        as_json=as_json,
        text=f"已送达 sent {done['sent']} · 将重试 to retry {done['failed']} · 不再发送 dropped {done['dropped']} · "
        f"未送达 given up {done['given_up']}",
    )
