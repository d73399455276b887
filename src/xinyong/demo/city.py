"""The demonstration city: departments, users, deliveries; and the check that the whole way works."""

from __future__ import annotations

import json
import shutil
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from xinyong.intake.receipt import Progress, Receipt

#: Password of the demonstration users. The site is bound to 127.0.0.1 and holds fictitious data only.
PASSWORD = "demo-2026-xinyong"
ENTITIES, RECORDS, SEED = 8_000, 40_000, 20261122

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoUser:
    """A sign-in of the demonstration."""

    username: str
    display_name: str
    role: str
    department: str | None


USERS = (
    DemoUser(username="demo-reporter", display_name="王示例", role="reporter", department="market-regulation"),
    DemoUser(username="demo-supervisor", display_name="赵示例", role="supervisor", department="market-regulation"),
    DemoUser(username="demo-reader", display_name="李示例", role="reader", department="taxation"),
    DemoUser(username="demo-operator", display_name="陈示例", role="operator", department=None),
)


def is_loaded() -> bool:
    """Whether every delivery of the city has been taken in."""
    from xinyong.runtime import config

    return (config.home("demo") / "loaded.json").exists()


def load(say: Say, progress: Callable[[Progress], None] | None = None) -> dict[str, Any]:
    """Make the city and take in its deliveries. Repeating after a kill goes on where it stopped."""
    from xinyong.accounts import actions as accounts
    from xinyong.accounts import selectors as departments
    from xinyong.accounts.models import Role
    from xinyong.demo import articles, cases, firms, generator, links, listing_cases, promises, rhythm
    from xinyong.demo.spec import GeneratorSpec
    from xinyong.intake import actions as intake
    from xinyong.ledger import corridor
    from xinyong.runtime import clock, config

    started = time.monotonic()
    folder = config.home("demo") / "files"
    done = folder.parent / "taken.json"
    # The city lives on the day it was made: a second run must not generate other files for the same home.
    day_file = folder.parent / "day"
    if not day_file.exists():
        day_file.write_text(clock.today().isoformat())
    today = date.fromisoformat(day_file.read_text())
    say("正在生成演示城市 …… making the demonstration city")
    shutil.rmtree(folder, ignore_errors=True)
    spec = GeneratorSpec(entities=ENTITIES, records=RECORDS, seed=SEED, today=today)
    manifest = generator.generate(spec, folder)
    for item in manifest.departments:
        accounts.register_department(
            slug=item["code"],
            name_zh=item["name_zh"],
            name_en=item["name_en"],
            credit_code=item["credit_code"],
            fictitious=True,
            datasets=sorted({file.dataset for file in manifest.files if file.department == item["code"]}) or None,
            acting="command demo",
        )
    for user in USERS:
        accounts.create_user(
            username=user.username,
            password=PASSWORD,
            display_name=user.display_name,
            role=Role(user.role),
            department=departments.department(user.department) if user.department else None,
            acting="command demo",
        )
    taken: list[str] = json.loads(done.read_text()) if done.exists() else []
    receipts: list[Receipt] = []
    for number, file in enumerate(manifest.files, start=1):
        if file.path in taken:
            continue
        receipt = intake.deliver(
            folder / file.path,
            dataset=file.dataset,
            department=departments.department(file.department),
            uploader="demo-reporter",
            report=progress,
        )
        receipts.append(receipt)
        taken.append(file.path)
        done.write_text(json.dumps(taken))
        say(
            f"[{number}/{len(manifest.files)}] {file.path}: 读取 {receipt.read:,} = 入库 {receipt.accepted:,} "
            f"+ 退回 {receipt.rejected:,} + 未变 {receipt.unchanged:,}（{receipt.rows_per_second:,.0f} 行/s）"
        )
    for path, dataset in [*links.write(folder, today), *rhythm.write(folder, today)]:
        if path.name not in taken:
            intake.deliver(
                path,
                dataset=dataset,
                department=departments.department("market-regulation"),
                uploader="demo-reporter",
                report=progress,
            )
            taken.append(path.name)
            done.write_text(json.dumps(taken))
    rhythm.say_silences(folder, today)
    articles.write("demo-operator", today)
    corridor.catch_up()
    cases.make()
    corridor.catch_up()
    promises.make([code for code, _ in firms.choose()])
    listing_cases.make()
    corridor.catch_up()
    summary = {
        "deliveries": len(manifest.files),
        "read": sum(item.read for item in receipts),
        "accepted": sum(item.accepted for item in receipts),
        "rejected": sum(item.rejected for item in receipts),
        "unchanged": sum(item.unchanged for item in receipts),
        "expected_rejected": sum(item.expected_rejected for item in manifest.files),
        "expected_remarked": sum(item.expected_remarked for item in manifest.files),
        "seconds": round(time.monotonic() - started, 1),
    }
    (folder.parent / "loaded.json").write_text(json.dumps(summary))
    return summary


def pages(base: str) -> list[tuple[str, str, str]]:
    """Main pages as (name, address, text that must be on them)."""
    from xinyong.intake.models import Delivery
    from xinyong.registry.models import Entity

    entity = Entity.objects.filter(registered=True, credit_code__isnull=False).exclude(name="").order_by("id").first()
    if entity is None or not Delivery.objects.exists():
        return []
    query = urllib.parse.quote(entity.name)
    code = entity.credit_code or ""
    return [
        ("home", f"{base}/", "双公示"),
        ("home-en", f"{base}/en/", "Search"),
        ("search", f"{base}/search?q={query}", entity.name),
        ("entity", f"{base}/entities/{code}", code),
        ("entity-en", f"{base}/en/entities/{code}", code),
        ("catalogue", f"{base}/catalogue", "行政处罚"),
        ("sign-in", f"{base}/console/login", "登录"),
        ("centre", f"{base}/centre/", "演示身份认证"),
    ]


def check_pages(base: str) -> list[dict[str, Any]]:
    """Fetch the main pages as a visitor. Each answer: name, status, milliseconds, bytes, and what is off."""
    results = []
    for name, address, needle in pages(base):
        started = time.monotonic()
        problem = ""
        status, body = 0, b""
        try:
            with urllib.request.urlopen(address, timeout=30) as answer:  # only ever our own loopback address
                status, body = answer.status, answer.read()
                if "default-src 'none'" not in answer.headers.get("Content-Security-Policy", ""):
                    problem = "no strict CSP"
        except urllib.error.HTTPError as error:
            status = error.code
        except OSError as error:
            problem = str(error)
        text = body.decode("utf-8", "replace")
        if not problem and status != 200:
            problem = f"status {status}"
        if not problem and needle not in text:
            problem = f"'{needle}' is missing"
        if not problem and "演示数据" not in text and "Demonstration" not in text:
            problem = "not marked as demonstration data"
        results.append(
            {
                "page": name,
                "status": status,
                "ms": round((time.monotonic() - started) * 1000),
                "bytes": len(body),
                "problem": problem,
            }
        )
    if not results:
        results.append({"page": "-", "status": 0, "ms": 0, "bytes": 0, "problem": "no data"})
    return results


def wait_until_ready(base: str, seconds: float = 60) -> bool:
    """Wait for the site to answer /readyz."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{base}/readyz", timeout=2) as answer:
                if answer.status == 200:
                    return True
        except OSError:
            time.sleep(0.2)
    return False


def read_summary() -> dict[str, Any]:
    """What loading reported."""
    from xinyong.runtime import config

    path: Path = config.home("demo") / "loaded.json"
    summary: dict[str, Any] = json.loads(path.read_text())
    return summary
