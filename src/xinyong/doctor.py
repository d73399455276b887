"""``xinyong doctor``: what is installed, reachable, stale."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from datetime import timedelta
from importlib import metadata
from typing import Any

import click

from xinyong.errors import XinyongError
from xinyong.runtime import clock, config, database, postgres
from xinyong.runtime.command import command, emit, setup_django

#: state: ok, warn or bad; words in Chinese and English.
Line = tuple[str, str, str]


def _python() -> Line:
    version = ".".join(str(part) for part in sys.version_info[:3])
    packages = ", ".join(f"{name} {metadata.version(name)}" for name in ("django", "psycopg", "polars", "granian"))
    return ("ok", f"Python {version}; {packages}", "")


def _home() -> Line:
    folder = config.home()
    usage = shutil.disk_usage(folder)
    free = usage.free >> 30
    state = "ok" if free >= 5 else "warn"
    return (
        state,
        f"{folder}: 剩余 {free} GiB free",
        "" if state == "ok" else "磁盘空间不足 5 GiB，请清理 / free some space",
    )


def _settings() -> Line:
    unknown = config.unknown_names()
    if unknown:
        return ("warn", "未知设置 unknown settings: " + ", ".join(unknown), "见 docs/settings.md")
    for setting in config.SETTINGS:
        config.get(setting.name)
    return ("ok", f"{len(config.SETTINGS)} 项设置均可用 settings readable", "")


def _database() -> Line:
    if database.is_embedded():
        running = postgres.is_running(postgres.server())
        if not running:
            return (
                "warn",
                "内嵌数据库未运行 embedded database not running",
                "任一命令会启动它 / any command starts it",
            )
    with database.connect(autocommit=True) as connection:
        version = database.check_suitable(connection)
    return ("ok", f"PostgreSQL {version} ({'embedded' if database.is_embedded() else 'external'})", "")


def _schema() -> Line:
    setup_django(database=False)
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if plan:
        return ("bad", f"{len(plan)} 个迁移未执行 migrations pending", "运行 xinyong migrate")
    return ("ok", "表结构为最新 schema up to date", "")


def _rights() -> Line:
    from xinyong.runtime import rights

    with database.connect(autocommit=True) as connection:
        found = rights.excess(connection)
    if found:
        more = f" … {len(found)}" if len(found) > 3 else ""
        return (
            "warn",
            "应用角色权限过大 the application's role may do too much: " + ", ".join(found[:3]) + more,
            "见 docs/operations.md「两个数据库角色」/ see 'Two roles in the database'",
        )
    return ("ok", "应用角色只能追加 the application's role can only add to the ledger", "")


def _catalogue() -> Line:
    from xinyong.catalogue.loader import load_packaged

    return ("ok", f"{len(load_packaged().entries)} 个数据集目录 entries load", "")


def _effects() -> Line:
    setup_django(database=False)
    from django.db.models import Max

    from xinyong.ledger import corridor
    from xinyong.ledger.models import EffectPosition, Event

    last = Event.objects.aggregate(last=Max("id"))["last"] or 0
    behind = {
        name: last - (EffectPosition.objects.filter(effect=name).values_list("event_id", flat=True).first() or 0)
        for name in corridor.readers()
    }
    late = {name: count for name, count in behind.items() if count > 0}
    if late:
        return ("warn", f"落后的读模型 effects behind: {late}", "运行 xinyong effects")
    return ("ok", f"读模型已跟上 effects caught up ({', '.join(behind)})", "")


def _deliveries() -> Line:
    setup_django(database=False)
    from xinyong.intake import selectors

    stale, failed = selectors.stale(), selectors.failed()
    if failed:
        number, why = failed[0]
        return (
            "warn",
            f"{len(failed)} 个批次处理失败 deliveries failed: {number} {why}",
            "排除原因后运行 xinyong intake --resume / remove the cause, then resume",
        )
    if stale:
        return ("warn", f"{stale} 个批次超过一小时未完成 deliveries unfinished", "运行 xinyong intake --resume")
    return ("ok", "没有滞留或失败的批次 no stale or failed delivery", "")


def _silence() -> Line:
    setup_django(database=False)
    from xinyong.intake.rhythm import selectors
    from xinyong.intake.rhythm.rules import TROUBLE

    rows = selectors.rows(department_id=None, today=clock.today(), language="zh")
    silent = [row for row in rows if row.state in TROUBLE]
    if silent:
        first = silent[0]
        return (
            "warn",
            f"{len(silent)} 项报送逾期或未成 late or failed: {first.department_slug}/{first.dataset} {first.state.value}",
            "见 xinyong silence 或工作台「报送节律」/ see 'xinyong silence'",
        )
    return ("ok", f"{len(rows)} 项报送均未逾期 nobody is late", "")


def _statuses() -> Line:
    setup_django(database=False)
    from xinyong.registry import selectors

    unknown = selectors.unknown_statuses()
    if unknown:
        found = "、".join(f"{status} {count}" for status, count in unknown[:5])
        advice = "补入 registration-status.yml / add them to the list"
        return ("warn", f"未知的登记状态 unknown registration statuses: {found}", advice)
    return ("ok", "登记状态均在清单中 every registration status is known", "")


def _calendar() -> Line:
    from xinyong.standards import calendar

    version = calendar.official().version
    left = version.last - clock.today()
    state = "ok" if left > timedelta(days=45) else "warn"
    return (
        state,
        f"放假安排至 {version.last} holiday notices until",
        "" if state == "ok" else "请导入下一年度放假安排 / load next year's notice",
    )


CHECKS: tuple[tuple[str, Callable[[], Line]], ...] = (
    ("python", _python),
    ("home", _home),
    ("settings", _settings),
    ("database", _database),
    ("schema", _schema),
    ("rights", _rights),
    ("catalogue", _catalogue),
    ("effects", _effects),
    ("deliveries", _deliveries),
    ("silence", _silence),
    ("statuses", _statuses),
    ("calendar", _calendar),
)


_NEEDS_DATABASE = frozenset({"statuses", "schema", "rights", "effects", "deliveries", "silence"})


@click.command()
@command
def doctor(*, as_json: bool) -> None:
    """Say what is installed, reachable and stale. Exit 1 when something is bad."""
    results: list[dict[str, Any]] = []
    down = False
    for name, check in CHECKS:
        if down and name in _NEEDS_DATABASE:
            continue
        try:
            state, words, advice = check()
        except XinyongError as error:
            state, words, advice = "bad", error.message("zh"), error.message("en")
        except Exception as error:  # a doctor reports every failure instead of dying of one
            state, words, advice = "bad", f"{type(error).__name__}: {error}", ""
        down = down or (name == "database" and "PostgreSQL" not in words)
        results.append({"check": name, "state": state, "found": words, "advice": advice})
        if not as_json:
            mark = {"ok": "✓", "warn": "!", "bad": "✗"}[state]
            click.echo(f"{mark} {name:<11}{words}{' → ' + advice if advice else ''}")
    bad = sum(item["state"] == "bad" for item in results)
    if as_json:
        emit({"checks": results, "bad": bad}, as_json=True)
    if bad:
        sys.exit(1)
