"""``xinyong report``: issue a report as a file, check one, or revoke one."""

from __future__ import annotations

from pathlib import Path

import click

from xinyong.runtime import config
from xinyong.runtime.command import command, emit, setup_django


@click.command()
@click.argument("key")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write the signed PDF to this file.")
@click.option(
    "--verify", "checking", is_flag=True, help="KEY is a verification code or report number: say how it stands."
)
@click.option(
    "--revoke", "user", metavar="USER", help="KEY is a code or number: declare the report void, as this user."
)
@click.option("--reason", default="", help="Why it is declared void.")
@command
def report(key: str, *, out: Path | None, checking: bool, user: str | None, reason: str, as_json: bool) -> None:
    """Issue the public credit report of entity KEY as a signed PDF (--out), or check or revoke an issued one."""
    setup_django()
    from django.utils import timezone

    from xinyong.accounts.models import User
    from xinyong.registry import selectors as registry
    from xinyong.reports import actions, public, selectors
    from xinyong.ui.context import demo_mark

    if user is not None:
        acting = User.objects.filter(username=user).first()
        if acting is None:
            raise click.UsageError(f"没有用户 no such user: {user}")
        revoked = actions.revoke(key, acting=acting, reason=reason)
        emit({"number": revoked.number, "revoked_at": revoked.revoked_at}, as_json=as_json)
        return
    if checking:
        verdict = selectors.judge(selectors.by_code(key), timezone.localdate())
        emit(public.as_json(verdict), as_json=as_json)
        if verdict.standing is not selectors.Standing.VALID:
            raise SystemExit(1)
        return
    if out is None:
        raise click.UsageError("请用 --out 指定文件 name the file with --out")
    try:
        entity = registry.by_key(key)
    except registry.Moved as moved:
        entity = registry.by_key(moved.key)
    if entity is None:
        emit({"found": False, "key": key}, as_json=as_json, text=f"没有这个主体 no such entity: {key}")
        raise SystemExit(1)
    base = str(config.get("XINYONG_PUBLIC_URL")) or f"http://127.0.0.1:{config.get('XINYONG_PORT')}"
    issued = actions.issue(entity, actor="command report", base=base, demo=demo_mark())
    out.write_bytes(issued.document)
    emit(
        {
            "number": issued.report.number,
            "code": issued.report.code,
            "file": str(out),
            "pages": issued.report.pages,
            "sha256": issued.report.document_hash,
        },
        as_json=as_json,
        text=f"{out}: {issued.report.number}, 核验码 code {issued.report.code}, {issued.report.pages} 页 pages",
    )
