"""``xinyong demo`` and ``xinyong generate``."""

from __future__ import annotations

import os
import sys
import time
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from xinyong.runtime import config, database
from xinyong.runtime.command import command, emit, setup_django


@click.command()
@click.option(
    "--check",
    is_flag=True,
    help="Do not stay: fetch the main pages, print one JSON line, stop; exit 1 when anything is off.",
)
@command
def demo(check: bool, *, as_json: bool) -> None:
    """Make (once) the demonstration city, take in its deliveries, and serve the site on XINYONG_HOST:XINYONG_PORT."""
    from xinyong import serve
    from xinyong.intake.cli import StatusLine
    from xinyong.migrate import prepare

    # The sample approval hall of this machine is told by webhook.
    os.environ.setdefault("XINYONG_WEBHOOK_PRIVATE", "127.0.0.0/8")
    quiet = check or as_json

    def say(text: str) -> None:
        click.echo(text, err=quiet)

    begun = time.monotonic()
    host, port = config.get("XINYONG_HOST"), config.get("XINYONG_PORT")
    serve.check_port(host, port)
    started_database = database.ensure_running()
    prepared = prepare()
    say(f"数据库 PostgreSQL {prepared['server_version']} · 目录 {prepared['editions']} editions")
    from xinyong.demo import city, firms

    fresh = not city.is_loaded()
    if fresh:
        status = StatusLine(quiet=quiet)
        city.load(say, status)
        status.close()
    summary = city.read_summary()
    serve.collect_static()
    base = f"http://{host}:{port}"
    provider = firms.start_provider(host, port)
    if check:
        try:
            failed = _check(base, host, port, fresh=fresh, summary=summary, begun=begun)
        finally:
            firms.stop_provider(provider)
        if started_database and database.is_embedded():
            from xinyong.runtime import postgres

            postgres.stop()
        sys.exit(1 if failed else 0)
    say(
        f"\n  公众网站 public site   {base}/   ({base}/en/)\n  部门工作台 console      {base}/console/\n  登录 sign in:"
    )
    for user in city.USERS:
        say(f"    {user.username:<15} {city.PASSWORD}   {user.display_name} · {user.role} · {user.department or '-'}")
    say(f"  企业中心 enterprise centre   {base}/centre/")
    for person in firms.people():
        say(f"    {person.login:<15} {firms.PASSWORD}   {person.name} · {person.what}")
    say("  Ctrl+C 停止网站；xinyong stop 停止数据库 / stops the site; 'xinyong stop' stops the database\n")
    try:
        ended = serve.run(host, port, config.get("XINYONG_WORKERS"))
    finally:
        firms.stop_provider(provider)
    sys.exit(ended)


def _check(base: str, host: str, port: int, *, fresh: bool, summary: dict[str, Any], begun: float) -> bool:
    from xinyong import serve
    from xinyong.demo import city
    from xinyong.ledger import selectors as ledger
    from xinyong.publicity import selectors as publicity

    server = serve.start_server(host, port, 1)
    try:
        ready = city.wait_until_ready(base)
        results = city.check_pages(base) if ready else []
    finally:
        serve.end_server(server)
    totals = ledger.totals()
    problems = [f"{item['page']}: {item['problem']}" for item in results if item["problem"]]
    if not ready:
        problems.append("site did not become ready")
    if summary["read"] != summary["accepted"] + summary["rejected"] + summary["unchanged"]:
        problems.append("receipts do not add up")
    least = summary["expected_rejected"]
    if fresh and not least <= summary["rejected"] <= least + summary["expected_remarked"]:
        problems.append(f"{summary['rejected']} rows rejected, the truth is {least} and some of the remarked ones")
    if not totals["versions"] or not publicity.site_figures().public_records:
        problems.append("nothing is stored or public")
    emit(
        {
            "ok": not problems,
            "fresh": fresh,
            "problems": problems,
            **totals,
            "public_records": publicity.site_figures().public_records,
            "intake": summary,
            "pages": results,
            "seconds": round(time.monotonic() - begun, 1),
        },
        as_json=True,
    )
    return bool(problems)


@click.command()
@click.option("--entities", required=True, type=int, help="Market entities in the register.")
@click.option(
    "--records", required=True, type=int, help="Rows of licences, penalties, lists, commitments, honours together."
)
@click.option("--seed", default=1, show_default=True, type=int, help="The same seed and sizes give the same bytes.")
@click.option(
    "--out",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the files and manifest.json.",
)
@click.option(
    "--error-rate", default=0.01, show_default=True, type=float, help="Share of rows that are wrong on purpose."
)
@click.option(
    "--today",
    default="2026-11-20",
    show_default=True,
    type=click.DateTime(["%Y-%m-%d"]),
    help="The day the city lives in.",
)
@command
def generate(
    entities: int, records: int, seed: int, out: Path, error_rate: float, today: datetime, *, as_json: bool
) -> None:
    """Make the files of a fictitious city: entities, licences, penalties, lists, commitments, honours.

    Names are marked 示例 and codes lie in a region that does not exist. manifest.json tells each file's dataset,
    department and order of delivery, and the truth about every wrong row.
    """
    setup_django(database=False)
    from xinyong.demo import generator
    from xinyong.demo.spec import GeneratorSpec

    begun = time.monotonic()
    day: date = today.date()
    spec = GeneratorSpec(entities=entities, records=records, seed=seed, today=day, error_rate=error_rate)
    manifest = generator.generate(spec, out)
    seconds = time.monotonic() - begun
    for file in manifest.files:
        emit(
            {"file": file.path, "dataset": file.dataset, "department": file.department, "rows": file.rows},
            as_json=as_json,
            text=f"{file.rows:>10,}  {file.dataset:<24}{file.department:<26}{file.path}",
        )
    rows = sum(file.rows for file in manifest.files)
    emit(
        {
            "files": len(manifest.files),
            "rows": rows,
            "seconds": round(seconds, 2),
            "manifest": str(out / "manifest.json"),
        },
        as_json=as_json,
        text=f"{rows:,} 行 rows · {len(manifest.files)} 个文件 files · {seconds:.1f} s · {out / 'manifest.json'}",
    )
