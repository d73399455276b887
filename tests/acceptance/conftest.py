"""A running site with the demonstration city, Debian's chromium, and the checks every page must pass."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.urls import Resolver404, resolve
from playwright.sync_api import Browser, BrowserContext, Page, expect

from xinyong.demo import city

COMMAND = Path(sys.executable).parent / "xinyong"
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
AXE = Path(__file__).parent / "vendor" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
#: XINYONG_TEST_WIDTHS=820,820 looks at every page at other widths (two, some tests pair them with the languages).
WIDTHS = tuple(int(width) for width in os.environ.get("XINYONG_TEST_WIDTHS", "390,1440").split(","))
#: Between them: looked at once a page, in Chinese.
TABLET = 820
#: One line a checked page; ``tools/accessibility.py`` makes the accessibility statement of them.
RUN = Path(__file__).parents[2] / ".cache" / "accessibility-run.jsonl"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--font-render-hinting=none",
]


#: Home of the site this run started.
_HOMES = {"": os.environ.get("XINYONG_TEST_HOME", "")}


@dataclass(frozen=True, slots=True)
class Officer:
    """A sign-in of the console."""

    username: str
    password: str


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any], chromium: str) -> dict[str, Any]:
    """Debian's browser instead of a downloaded one."""
    return {**browser_type_launch_args, "executable_path": chromium, "args": FLAGS}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _environment(home: Path, port: int) -> dict[str, str]:
    environment = {**os.environ, "XINYONG_HOME": str(home), "XINYONG_PORT": str(port), "XINYONG_WORKERS": "1"}
    environment.pop("XINYONG_DATABASE_URL", None)
    return environment


def _city(folder: Path) -> Path:
    """A stopped home with the demonstration city, made once for all processes of a run."""
    if given := os.environ.get("XINYONG_TEST_DEMO", ""):
        return Path(given)
    home = folder / "city"
    with (folder / "city.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not home.exists():
            made = subprocess.run(
                [COMMAND, "demo", "--check"], env=_environment(home, _free_port()), capture_output=True, text=True
            )
            if made.returncode:
                shutil.rmtree(home, ignore_errors=True)
                pytest.fail(f"the city was not made:\n{made.stdout[-1500:]}\n{made.stderr[-1500:]}")
    return home


@pytest.fixture(scope="session")
def live_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Base address of a site with the demonstration city. XINYONG_TEST_SITE names one that runs already.

    XINYONG_TEST_DEMO names a stopped home with the city, which is copied.
    """
    given = os.environ.get("XINYONG_TEST_SITE", "")
    if given:
        yield given.rstrip("/")
        return
    base_temp = tmp_path_factory.getbasetemp()
    home = tmp_path_factory.mktemp("site") / "home"
    shutil.copytree(_city(base_temp.parent if WORKER else base_temp), home, symlinks=True)
    _HOMES[""] = str(home)
    port = _free_port()
    environment = _environment(home, port)
    log = (home / "site.log").open("wb")
    process = subprocess.Popen([COMMAND, "demo"], env=environment, stdout=log, stderr=subprocess.STDOUT)
    base = f"http://127.0.0.1:{port}"
    try:
        _wait(base, process, home / "site.log")
        yield base
    finally:
        process.terminate()
        process.wait(30)
        log.close()
        subprocess.run([COMMAND, "stop"], env=environment, check=False, capture_output=True)


Work = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def site_work(live_site: str) -> Work:
    """Deeds of site_work.py in the running site: its own actions, in a process of its own. Needs the home of the site."""
    if not _HOMES[""]:
        pytest.skip("XINYONG_TEST_HOME does not name the home of XINYONG_TEST_SITE")
    environment = {**os.environ, "XINYONG_HOME": _HOMES[""]}
    environment.pop("XINYONG_DATABASE_URL", None)

    def work(deed: str, *given: str) -> dict[str, Any]:
        command = [sys.executable, str(Path(__file__).with_name("site_work.py")), deed, *given]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr[-3000:]
        answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return answer

    return work


def _wait(base: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{base}/readyz", timeout=2) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)
    pytest.fail("the site did not start:\n" + log.read_text("utf-8", "replace")[-3000:])


@pytest.fixture(scope="session")
def officer() -> Officer:
    """An officer who sees the deliveries of the own department."""
    return Officer(next(user.username for user in city.USERS if user.role == "reporter"), city.PASSWORD)


@pytest.fixture(scope="session")
def operator() -> Officer:
    """An officer of the operator."""
    return Officer(next(user.username for user in city.USERS if user.role == "operator"), city.PASSWORD)


@pytest.fixture(scope="session")
def reader() -> Officer:
    """An official without a right to deliveries."""
    return Officer(next(user.username for user in city.USERS if user.role == "reader"), city.PASSWORD)


class Watch:
    """Collects what a browser complains about: console errors, page errors, refused content."""

    def __init__(self, page: Page) -> None:
        self.complaints: list[str] = []
        page.on("console", lambda message: self._note(message.text) if message.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self._foreign(request.url))
        self.origin = ""

    def _note(self, text: str) -> None:
        # A page that is meant to be 403 or 404 is itself reported as a failed resource.
        if "the server responded with a status of 4" not in text:
            self.complaints.append(text)

    def _foreign(self, url: str) -> None:
        if self.origin and not url.startswith((self.origin, "data:")):
            self.complaints.append(f"request to another server: {url}")


@dataclass(frozen=True, slots=True)
class Opened:
    """A page that was opened, and what the browser said about it."""

    page: Page
    watch: Watch

    def check_tablet(self) -> None:
        """The same page in the window of a tablet."""
        self.page.set_viewport_size({"width": TABLET, "height": 1100})
        self.check()

    def check(self) -> None:
        """No accessibility violation, no complaint, no sideways scrolling, marked as demonstration."""
        self.page.evaluate(AXE.read_text("utf-8"))
        found = self.page.evaluate("tags => axe.run(document, {runOnly: tags})", TAGS)
        broken = [
            {"rule": item["id"], "at": [node["html"][:200] for node in item["nodes"][:3]]}
            for item in found["violations"]
        ]
        address = self.page.url
        _note(self.page, found)
        assert broken == [], f"{address}\n{json.dumps(broken, ensure_ascii=False, indent=1)}"
        assert len(found["passes"]) > 10, f"{address}: the accessibility check did not run"
        assert self.watch.complaints == [], f"{address}: {self.watch.complaints}"
        sideways = self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert sideways <= 0, f"{address}: {sideways} px wider than the window"
        expect(self.page.locator(".demo-mark").first).to_be_visible()


def _note(page: Page, found: dict[str, Any]) -> None:
    """What the checker found on a page, for the statement: the route, never the address of an entity."""
    try:
        route = resolve(urlsplit(page.url).path).url_name or ""
    except Resolver404:
        route = "not-found"
    line = {
        "route": route,
        "width": page.viewport_size["width"] if page.viewport_size else 0,
        "day": date.today().isoformat(),
        "axe": found["testEngine"]["version"],
        "tags": TAGS,
        "rules": [item["id"] for item in [*found["passes"], *found["violations"], *found["inapplicable"]]],
        "violations": [item["id"] for item in found["violations"]],
    }
    with RUN.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


@pytest.fixture(scope="session", autouse=True)
def accessibility_run() -> None:
    """A run begins with an empty record."""
    RUN.unlink(missing_ok=True)


Opener = Callable[..., Opened]


@pytest.fixture(scope="session")
def cookies() -> dict[Officer, Any]:
    """What a browser holds of each officer who signed in: signing in is tested once, not on every page."""
    return {}


@pytest.fixture
def visit(browser: Browser, live_site: str, cookies: dict[Officer, Any]) -> Iterator[Opener]:
    """Open an address at a width; ``who`` is signed in first; ``scripts`` off reads the page as plain HTML."""
    contexts: list[BrowserContext] = []

    def open_page(path: str, *, width: int = 1440, who: Officer | None = None, scripts: bool = True) -> Opened:
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            locale="zh-CN",
            java_script_enabled=scripts,
            storage_state=cookies.get(who) if who else None,
        )
        contexts.append(context)
        page = context.new_page()
        # A session may have ended since: another test signed out, or the site ran out of its hours.
        if who is not None and (who not in cookies or not _signed_in(page, live_site)):
            sign_in(page, live_site, who)
            cookies[who] = context.storage_state()
        watch = Watch(page)
        watch.origin = live_site
        page.goto(live_site + path)
        page.wait_for_load_state("load")
        return Opened(page, watch)

    yield open_page
    for context in contexts:
        context.close()


def _signed_in(page: Page, base: str) -> bool:
    """Whether the page's cookies still hold a session: the form of sign-in then leads on at once."""
    return page.request.get(f"{base}/console/login", max_redirects=0).status == 302


def sign_in(page: Page, base: str, who: Officer) -> None:
    """Through the form, as a person does."""
    page.goto(f"{base}/console/login")
    page.locator("#id_username").fill(who.username)
    page.locator("#id_password").fill(who.password)
    page.locator("main button[type=submit]").click()
    page.wait_for_load_state("load")


@pytest.fixture(scope="session")
def entity_path(browser: Browser, live_site: str) -> str:
    """The file of the entity of the newest published record, taken from the home page."""
    page = browser.new_page()
    page.goto(live_site)
    address = page.locator("#double-publicity tbody a[href*='/entities/']").first.get_attribute("href")
    page.close()
    assert address
    return address.partition("#")[0]


@pytest.fixture(scope="session")
def record_path(browser: Browser, live_site: str) -> str:
    """The page of the newest published record, taken from the home page."""
    page = browser.new_page()
    page.goto(live_site)
    address = page.locator("#double-publicity tbody a[href*='/records/']").first.get_attribute("href")
    page.close()
    assert address
    return address


@pytest.fixture(scope="session")
def delivery_path(browser: Browser, live_site: str, officer: Officer) -> str:
    """A delivery with returned rows where there is one, taken from the list."""
    page = browser.new_page()
    sign_in(page, live_site, officer)
    page.goto(f"{live_site}/console/deliveries?state=partial")
    if page.locator("tbody a").count() == 0:
        page.goto(f"{live_site}/console/deliveries")
    address = page.locator("tbody a").first.get_attribute("href")
    page.close()
    assert address
    return address
