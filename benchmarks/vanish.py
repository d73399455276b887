"""Seconds from an officer's act to the record being gone from every public surface of a running site (bars.md W1).

The real server runs with its effects. RECORDS penalties (default 20) of one company are withdrawn or repaired in turn, one
after another; after each act every surface is asked once every LOOK seconds, four at a time, until it says nothing of the
record, or until GIVE_UP. The time runs from the return of the act. Surfaces: pages, twins, feeds, the record's own address, the
share link, the credit report's verification, the verification interface, the bulk file and the deletion feed.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

RECORDS = int(os.environ.get("RECORDS", "20"))
GIVE_UP = 60.0
LOOK = 0.25
BAR = 5.0


def _get(url: str, key: str = "") -> tuple[int, str]:
    request = urllib.request.Request(url, headers={"Accept-Language": "zh-CN"})
    if key:
        request.add_header("Authorization", f"Bearer {key}")
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read().decode("utf-8", "replace")
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode("utf-8", "replace")


def run() -> dict[str, Any]:
    """One JSON line; the figure is the slowest surface's p99."""
    from xinyong.runtime import postgres

    with tempfile.TemporaryDirectory(prefix="xinyong-vanish-") as name, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
        probe.close()
        os.environ.update(
            XINYONG_HOME=f"{name}/home", XINYONG_PORT=str(port), XINYONG_FAIR_USE="0",
            DJANGO_SETTINGS_MODULE="xinyong.settings",
        )  # fmt: skip
        os.environ.pop("XINYONG_DATABASE_URL", None)
        try:
            return _measure(Path(name), f"http://127.0.0.1:{port}")
        finally:
            postgres.stop()


def _measure(folder: Path, base: str) -> dict[str, Any]:
    import django

    from xinyong.migrate import prepare

    prepare()
    django.setup()
    code, records = _filled(folder)
    server = subprocess.Popen([sys.executable, "-c", "from xinyong.cli import main; main()", "serve"])
    try:
        until = time.monotonic() + 180
        while time.monotonic() < until:
            try:
                if _get(f"{base}/readyz")[0] == 200:
                    break
            except OSError:
                time.sleep(0.2)
        seen = _withdrawn(base, code, records)
    finally:
        server.terminate()
        server.wait(30)
    worst = {name: round(max(values), 3) for name, values in seen.items()}
    ordered = sorted(max(values[turn] for values in seen.values()) for turn in range(len(records)))
    return {
        "benchmark": "vanish",
        "figure": round(ordered[-1], 3),
        "unit": "s from the act to gone everywhere, slowest of all",
        "bar": BAR,
        "p50": round(ordered[len(ordered) // 2], 3),
        "records": len(records),
        "surfaces": len(seen),
        "slowest_by_surface": worst,
    }


def _filled(folder: Path) -> tuple[str, list[tuple[int, str]]]:
    """A company with its penalties: its code, and of each record the number in the database and the document number."""
    import csv
    from datetime import timedelta

    from xinyong.accounts import actions as people
    from xinyong.accounts import selectors as accounts
    from xinyong.accounts.models import Role
    from xinyong.intake import actions
    from xinyong.ledger import corridor
    from xinyong.runtime import clock, database
    from xinyong.standards import credit_code, organisation_code

    def number(body: str, prefix: str) -> str:
        front = prefix + body + organisation_code.check_character(body)
        return front + credit_code.check_character(front)

    code, organ = number("00000001", "91410700"), number("90000001", "11410700")
    # Each a day older than the one before: the next to go is always the newest, which every page shows first.
    decided = [(clock.today() - timedelta(days=120 + place)).isoformat() for place in range(RECORDS)]
    penalties = [
        {
            "CF_XDR_MC": "示例消隐有限公司", "CF_XDR_LB": "法人及非法人组织", "CF_XDR_SHXYM": code, "CF_XDR_GSZC": "",
            "CF_FRDB": "示例", "CF_FR_ZJLX": "", "CF_FR_ZJHM": "", "CF_XDR_ZJLX": "", "CF_XDR_ZJHM": "",
            "CF_WSH": f"（消隐{place:04}）罚", "CF_WFXW": "未按规定公示", "CF_SY": "未按规定公示。", "CF_YJ": "示例条例",
            "CF_CFLB": "罚款", "CF_NR": "罚款二百元。", "CF_NR_FK": "0.02", "CF_NR_WFFF": "", "CF_NR_ZKDX": "",
            "CF_JDRQ": decided[place], "CF_YXQ": "2099-12-31", "CF_GSJZQ": "", "CF_CFJG": "示例局", "CF_CFJGDM": organ,
            "CF_SJLY": "示例局", "CF_SJLYDM": organ, "BZ": "",
        }
        for place in range(RECORDS)
    ]  # fmt: skip
    registration = [{"企业名称": "示例消隐有限公司", "统一社会信用代码": code, "注册日期": "2015-03-02"}]
    for dataset, rows in (("registration", registration), ("penalty", penalties)):
        path = folder / f"{dataset}.csv"
        with open(path, "w", encoding="utf-8", newline="") as handle:
            writer = csv.DictWriter(handle, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        actions.deliver(path, dataset=dataset, department=accounts.department("demo"), uploader="benchmark")
    people.create_user(
        username="benchmark", display_name="x", department=None, role=Role.OPERATOR, password="a-long-password-1",
        acting="benchmark",
    )  # fmt: skip
    corridor.catch_up()
    with database.connect(autocommit=True) as session:
        found = session.execute(
            "SELECT record_id, payload->>'CF_WSH' FROM ledger_version WHERE payload->>'CF_WSH' IS NOT NULL ORDER BY 1"
        ).fetchall()
    return code, [(int(record), str(text)) for record, text in found]


def _withdrawn(base: str, code: str, records: list[tuple[int, str]]) -> dict[str, list[float]]:
    from xinyong.accounts.models import User
    from xinyong.ledger import actions
    from xinyong.opendata import actions as opendata
    from xinyong.registry import keys
    from xinyong.registry import selectors as registry
    from xinyong.reports import actions as reports
    from xinyong.shares import actions as shares
    from xinyong.shares.selectors import Scope

    user = User.objects.get(username="benchmark")
    entity = registry.by_key(code)
    if entity is None:
        raise RuntimeError("the company is not there")
    seen: dict[str, list[float]] = {}
    asker = _client()
    with ThreadPoolExecutor(4) as pool:
        for turn, (record, text) in enumerate(records):
            key = keys.record_key(record)
            share = shares.share(entity, Scope(chapters=frozenset({1, 2})), days=1, shown_to="", actor="benchmark")
            report = reports.issue(entity, actor="benchmark", base=base, demo=True).report
            cut = opendata.cut("penalty")
            start = _get(f"{base}/open-data/deletions.json")[1]
            cursor = start.split('"cursor":"')[1].split('"')[0]
            lists = {
                name: f"{base}{path}"
                for name, path in {
                    "entity": f"/entities/{code}?tab=administrative",
                    "entity-en": f"/en/entities/{code}?tab=administrative",
                    "entity-hant": f"/zh-hant/entities/{code}?tab=administrative",
                    "entity-json": f"/entities/{code}.json",
                    "entity-csv": f"/entities/{code}.csv",
                    "entity-rss": f"/entities/{code}.rss",
                    "double-publicity": "/double-publicity?type=penalty",
                    "double-publicity-json": "/double-publicity.json?type=penalty",
                    "double-publicity-csv": "/double-publicity.csv?type=penalty",
                    "home": "/",
                    "search": f"/search?q={code}",
                    "share": f"/s/{share.token}",
                    "share-json": f"/s/{share.token}.json",
                }.items()
            }
            verify = f"{base}/api/v1/verify/{code}?purpose=permit&item=food-licence"
            verdict = f"{base}/api/v1/reports/{report.code}"
            file = f"{base}/open-data/files/penalty/{cut.name if cut else ''}.csv"
            looks = {name: _says_nothing(url, (text, key)) for name, url in lists.items()}
            looks["verification"] = _says_nothing(verify, (text, key), asker)
            looks["record"] = _answers(f"{base}/records/{key}", 410)
            looks["file"] = _answers(file, 503, 410)
            looks["report"] = _says(verdict, '"updated"')
            looks["deletions"] = _says(f"{base}/open-data/deletions.json?after={cursor}", key)
            shown = [name for name, look in looks.items() if not look()]
            if len(shown) != len(looks):
                raise RuntimeError(f"not shown before the act: {sorted(set(looks) - set(shown))}")
            act, cause = ("withdrawn", "annulled") if turn % 2 == 0 else ("repaired", "")
            actions.record_status(user, record, act, cause=cause, reason="测量", basis="（示）1号")
            for name, seconds in _until_gone(pool, looks).items():
                seen.setdefault(name, []).append(seconds)
    return seen


def _until_gone(pool: ThreadPoolExecutor, looks: dict[str, Callable[[], bool]]) -> dict[str, float]:
    """Seconds until each surface says nothing any more."""
    since, gone = time.monotonic(), dict[str, float]()
    while len(gone) < len(looks):
        left = {name: look for name, look in looks.items() if name not in gone}
        asked = {name: pool.submit(_timed, look, since) for name, look in left.items()}
        for name, answer in asked.items():
            silent, seconds = answer.result()
            if silent or seconds > GIVE_UP:
                gone[name] = min(seconds, GIVE_UP)
        time.sleep(LOOK)
    return gone


def _client() -> str:
    from xinyong.accounts import client_actions, selectors
    from xinyong.accounts.client_selectors import Quota

    made = client_actions.save_client(
        slug="vanish",
        name="vanish",
        department=selectors.department("demo"),
        datasets=["registration", "penalty"],
        items=["food-licence"],
        quota=Quota(requests_per_minute=100_000),
        acting="benchmark",
    )
    return client_actions.make_key(made, days=1, acting="benchmark").text


def _says_nothing(url: str, words: tuple[str, ...], client: str = "") -> Callable[[], bool]:
    return lambda: not any(word in said for said in (_get(url, client)[1],) for word in words)


def _says(url: str, word: str) -> Callable[[], bool]:
    return lambda: word in _get(url)[1]


def _answers(url: str, *statuses: int) -> Callable[[], bool]:
    return lambda: _get(url)[0] in statuses


def _timed(look: Callable[[], bool], since: float) -> tuple[bool, float]:
    silent = look()
    return silent, time.monotonic() - since
