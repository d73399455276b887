"""Lighthouse on the five main pages (home, entity file, record, double publicity, verification): four scores each.

The results of a search are measured too, but do not count: robots.txt keeps search engines from them, because each costs a
search and would hold names after they are gone, and Lighthouse takes that for a fault of "seo".

Lighthouse is no dependency of the project: it is installed by name from the npm registry into ``.cache/lighthouse`` (pinned),
and needs ``node`` and ``chromium`` on the machine. SITE names a running site; without it the demonstration is started in a
home of its own. FORM is ``mobile`` (default: the throttled phone) or ``desktop``. REPORTS names a folder for the full reports.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
VERSION = "12.2.3"  # 13 needs Node 22
TOOL = ROOT / ".cache" / "lighthouse"
SITE = os.environ.get("SITE", "")
FORM = os.environ.get("FORM", "mobile")
REPORTS = os.environ.get("REPORTS", "")
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
BAR = 95
#: Measured beside the five.
SIDE = "search"


def _installed() -> Path:
    """The program, installed on first use."""
    program = TOOL / "node_modules" / "lighthouse" / "cli" / "index.js"
    if not program.is_file():
        if shutil.which("npm") is None:
            raise RuntimeError("node and npm are needed: apt-get install nodejs npm")
        TOOL.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            ["npm", "install", "--no-audit", "--no-fund", "--prefix", ".", "-E", f"lighthouse@{VERSION}"],
            cwd=TOOL,
            check=True,
            capture_output=True,
        )
    return program


def _pages(base: str) -> dict[str, str]:
    """The five pages and the results; the file is the one of the newest public record."""
    with urllib.request.urlopen(base + "/", timeout=30) as answer:
        home = answer.read().decode()
    entity = re.search(r'href="(/entities/[0-9A-Z]+)"', home)
    record = re.search(r'href="(/records/[0-9A-Z]+)"', home)
    if entity is None or record is None:
        raise RuntimeError("the home page names no entity: the site holds no public record")
    return {
        "home": "/",
        SIDE: "/search?q=%E7%A4%BA%E4%BE%8B",
        "entity": entity.group(1),
        "record": record.group(1),
        "double-publicity": "/double-publicity",
        "verify": "/verify",
    }


def _scores(program: Path, url: str, name: str) -> dict[str, Any]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with tempfile.TemporaryDirectory() as folder:
        out = Path(REPORTS or folder) / f"{name}-{FORM}.json"
        command = [
            "node", str(program), url, "--quiet", "--output=json", f"--output-path={out}",
            "--only-categories=" + ",".join(CATEGORIES),
            "--chrome-flags=--headless=new --no-sandbox --disable-gpu --disable-background-networking --lang=zh-CN",
        ]  # fmt: skip
        if FORM == "desktop":
            command.append("--preset=desktop")
        environment = {**os.environ, "CHROME_PATH": str(chromium)}
        done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=180, check=False)
        if done.returncode or not out.exists():  # the browser sometimes fails to start or drops its connection
            done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=180, check=False)
        if done.returncode:
            raise RuntimeError(f"lighthouse gave up on {name}:\n{done.stderr[-2000:]}")
        report = json.loads(out.read_text("utf-8"))
    scores: dict[str, Any] = {name: round(100 * report["categories"][name]["score"]) for name in CATEGORIES}
    scores["below"] = sorted(
        audit["id"]
        for category in report["categories"].values()
        for reference in category["auditRefs"]
        for audit in (report["audits"][reference["id"]],)
        if reference["weight"] and audit["score"] is not None and audit["score"] < 0.9
    )
    return scores


def run() -> dict[str, Any]:
    """One JSON line; the figure is the lowest of the twenty scores."""
    program = _installed()
    if SITE:
        return _measured(program, SITE.rstrip("/"))
    with tempfile.TemporaryDirectory(prefix="xinyong-lighthouse-") as home, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
        probe.close()
        environment = {**os.environ, "XINYONG_HOME": home, "XINYONG_PORT": str(port), "XINYONG_WORKERS": "1"}
        environment.pop("XINYONG_DATABASE_URL", None)
        command = Path(sys.executable).parent / "xinyong"
        server = subprocess.Popen([command, "demo"], env=environment, stdout=subprocess.DEVNULL)
        try:
            until = time.monotonic() + 600
            while time.monotonic() < until:
                try:
                    with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2):
                        break
                except OSError:
                    time.sleep(0.5)
            return _measured(program, f"http://127.0.0.1:{port}")
        finally:
            server.terminate()
            server.wait(30)
            subprocess.run([command, "stop"], env=environment, check=False, capture_output=True)


def _measured(program: Path, base: str) -> dict[str, Any]:
    found = {name: _scores(program, base + path, name) for name, path in _pages(base).items()}
    return {
        "benchmark": "lighthouse",
        "figure": min(scores[category] for name, scores in found.items() if name != SIDE for category in CATEGORIES),
        "unit": "lowest of twenty scores",
        "bar": BAR,
        "form": FORM,
        "version": VERSION,
        "pages": found,
    }
