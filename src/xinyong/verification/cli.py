"""``xinyong verification``: the snapshot of this host."""

from __future__ import annotations

import sys
import time
from pathlib import Path
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


@verification.command("check")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--client", "slug", required=True, help="Code of the API client in whose name the file is checked.")
@click.option("--item", required=True, help="Item the file is checked for; the client must be registered for it.")
@click.option("--case", default="", help="Number of the case in the asking system, kept in the log of queries.")
@click.option("--column", default="", help="Column of the codes, where it is not recognised.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Result sheet: .xlsx or .csv.")
@command
def check(file: Path, slug: str, item: str, case: str, column: str, out: Path | None, *, as_json: bool) -> None:
    """Check every number of FILE (CSV, XLSX) for one item, with a sheet that explains each row.

    Every row that is answered leaves a row in the log of queries, as any question of this client does.
    """
    setup_django()
    from xinyong.accounts import client_actions, client_selectors
    from xinyong.verification import filecheck, journal_import

    client = client_selectors.client(slug)
    if client is None or not client.is_active:
        raise client_actions.ClientUnknown(name=slug)
    caller = client_selectors.caller_of(client, key_id=0, key_prefix="", key_used_at=None)
    target = out or file.with_suffix(".checked.xlsx")

    def tell(rows: int, share: float) -> None:
        if not as_json and sys.stderr.isatty():
            click.echo(f"\r{rows:,} 行 rows · {share:.0%}", nl=False, err=True)

    found = filecheck.check(file, target, caller=caller, item=item, case=case, column=column, tell=tell)
    journal_import.take_in()
    view = {
        "check": found.check,
        "read": found.read,
        "answered": found.answered,
        **found.counts,
        "with_adverse": found.with_adverse,
        "column": found.column,
        "out": str(target),
        "seconds": round(found.seconds, 2),
    }
    emit(view, as_json=as_json, text=_receipt(view))


def _receipt(view: dict[str, Any]) -> str:
    return (
        f"核验 {view['check']}：「{view['column']}」列共 {view['read']:,} 行，已核验 {view['answered']:,}（代码已变更 {view['moved']:,}，"
        f"有失信信息 {view['with_adverse']:,}），无此主体 {view['unknown']:,}，代码有误 {view['invalid']:,}，"
        f"不予核验 {view['refused']:,}，无法读取 {view['unreadable']:,}\n"
        f"{view['read']:,} rows of '{view['column']}': {view['answered']:,} answered, {view['unknown']:,} unknown, "
        f"{view['invalid']:,} wrong codes, {view['refused']:,} refused, {view['unreadable']:,} unreadable\n{view['out']}"
    )


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
