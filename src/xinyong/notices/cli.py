"""``xinyong notices``: send what waits."""

from __future__ import annotations

import time

import click

from xinyong.runtime.command import command, emit, setup_django


@click.command()
@click.option("--once", is_flag=True, help="Send what is due and end, instead of staying until interrupted.")
@command
def notices(once: bool, *, as_json: bool) -> None:
    """Send notices by e-mail and webhook. 'xinyong serve' does the same beside the site; both may run."""
    setup_django()
    from xinyong.notices import outbox, selectors

    while True:
        done = outbox.work()
        if once or any(done.values()):
            figures = {**done, "waiting": selectors.waiting()}
            emit(
                figures,
                as_json=as_json,
                text=f"已送达 sent {figures['sent']} · 将重试 to retry {figures['failed']} · 未送达 given up "
                f"{figures['given_up']} · 待发送 waiting {figures['waiting']}",
            )
        if once:
            return
        time.sleep(2)
