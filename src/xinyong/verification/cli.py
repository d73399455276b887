"""``xinyong verification``: the snapshot of this host."""

from __future__ import annotations

import time
from typing import Any

import click

from xinyong.runtime.command import command, emit, setup_django


@click.group()
def verification() -> None:
    """The snapshot that answers verifications: build it, look at it."""


@verification.command("rebuild")
@command
def rebuild(*, as_json: bool) -> None:
    """Build the snapshot of this host from zero beside the present one, and put it in its place."""
    setup_django()
    from xinyong.verification import effects

    began = time.monotonic()
    effects.rebuild()
    view = _state()
    view["seconds"] = round(time.monotonic() - began, 2)
    emit(view, as_json=as_json, text=_text(view) + f"\n  用时 {view['seconds']} 秒 took {view['seconds']} s")


@verification.command("state")
@command
def state(*, as_json: bool) -> None:
    """What the snapshot stands for, its age, and the digest of its content."""
    setup_django()
    view = _state()
    emit(view, as_json=as_json, text=_text(view))


def _state() -> dict[str, Any]:
    from xinyong.verification import snapshot

    with snapshot.Reader() as reader:
        if not reader.begin():
            return {"snapshot": None}
        mark = reader.mark()
        numbers = sum(1 for _ in reader.items())
        return {
            "snapshot": str(snapshot.folder()),
            "event": mark.event,
            "age_ms": max(0, round((time.time() - reader.confirmed()) * 1000)),
            "numbers": numbers,
            "rules": mark.rules,
            "digest": snapshot.digest(reader),
        }


def _text(view: dict[str, Any]) -> str:
    if view["snapshot"] is None:
        return "本机没有核验快照；用 xinyong verification rebuild 建立。No snapshot here; build it with xinyong verification rebuild."
    return (
        f"核验快照 snapshot: {view['numbers']:,} 个号码 numbers, 事件 event {view['event']}, "
        f"{view['age_ms']:,} 毫秒前核对 ms old\n  规则 rules {view['rules'][:12]} · 摘要 digest {view['digest']}"
    )
