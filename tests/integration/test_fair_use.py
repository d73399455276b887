"""Fair use: counted across processes, by cost, without keeping who visits; refused with when, why and what instead."""

from __future__ import annotations

import re
import threading
from typing import Any

import pytest
from django.test import Client

from xinyong.api import fairuse


@pytest.fixture(autouse=True)
def _on(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XINYONG_FAIR_USE", "1")
    monkeypatch.setitem(fairuse.rule_set()["limits"]["minute"], "units", 30)  # type: ignore[index]
    # One window for the whole test, whatever the clock says.
    monkeypatch.setattr(fairuse.time, "time", lambda: 1_800_000_030.0)
    from xinyong.runtime import database

    with database.connect() as session:
        session.execute("TRUNCATE api_fairuse")


def get(address: str, visitor: str = "192.0.2.1", **headers: str) -> Any:
    """An answer to one visitor."""
    return Client(headers={"accept-language": "zh-CN", **headers}).get(address, REMOTE_ADDR=visitor)


def test_every_answer_says_what_is_left() -> None:
    first = get("/")
    assert first.headers["RateLimit-Policy"] == '"minute";q=30;w=60, "day";q=30000;w=86400'
    assert first.headers["RateLimit"].startswith('"minute";r=29;t=')
    assert get("/search?q=x").headers["RateLimit"].startswith('"minute";r=26;')
    assert get("/nothing-here").status_code == 404  # no route, no cost
    assert get("/catalogue/penalty").headers["RateLimit"].startswith('"minute";r=25;')
    assert get("/", "192.0.2.2").headers["RateLimit"].startswith('"minute";r=29;')


def test_beyond_the_limit_the_answer_names_limit_time_and_bulk_file() -> None:
    for _ in range(30):
        assert get("/catalogue").status_code == 200
    page = get("/catalogue")
    assert page.status_code == 429
    seconds = int(page.headers["Retry-After"])
    assert 0 < seconds <= 60
    text = page.content.decode()
    assert "30 个用量单位" in text and f"{seconds} 秒" in text and "/open-data" in text
    data = get("/search.json?q=x")
    assert (data.status_code, data.json()["error"], data.json()["data"]["limit"]) == (429, "fair-use", "30")
    english = get("/en/catalogue")
    assert re.search(r"gives each visitor 30 units a minute", english.content.decode())
    # Others, probes and proofs go on.
    assert get("/catalogue", "192.0.2.3").status_code == 200
    for free in ("/healthz", "/robots.txt", "/sitemap.xml"):
        assert get(free).status_code == 200


def test_a_report_costs_what_it_costs(desk: Any) -> None:
    assert fairuse.cost("report-document") == 20
    client = Client()
    for _ in range(2):  # refused or not, the second is beyond 30 units
        answer = client.post("/entities/NOTHING/report.pdf", REMOTE_ADDR="192.0.2.9")
    assert answer.status_code == 429


def test_console_and_department_systems_have_their_own_limits() -> None:
    for _ in range(40):
        assert get("/console/").status_code != 429
        assert get("/api/v1/datasets").status_code == 401


def test_a_key_has_more_and_counts_for_the_client(desk: Any) -> None:
    from xinyong.accounts import client_actions, selectors
    from xinyong.accounts.client_selectors import Quota

    client = client_actions.save_client(
        slug="fair",
        name="示例系统",
        department=selectors.department("demo"),
        datasets=["penalty"],
        quota=Quota(),
        acting="test",
    )
    key = client_actions.make_key(client, days=1, acting="test").text
    assert get("/", authorization=f"Bearer {key}").headers["RateLimit"].startswith('"minute";r=299;')
    assert get("/", "192.0.2.77", authorization=f"Bearer {key}").headers["RateLimit"].startswith('"minute";r=298;')
    assert get("/", authorization="Bearer xyk_00000000_" + "x" * 43).status_code == 401


def test_who_visits_is_not_kept(desk: Any) -> None:
    get("/", "192.0.2.50")
    stored = desk.rows("SELECT who, kind, begins FROM api_fairuse")
    assert len(stored) == 2
    assert all(b"192.0.2.50" not in bytes(row[0]) and len(row[0]) == 16 for row in stored)
    today, _ = fairuse._digest("192.0.2.50", 1_800_000_000), None
    assert fairuse._digest("192.0.2.50", 1_800_000_000 + 86400) != today


def test_the_header_of_a_forger_changes_nothing() -> None:
    for number in range(30):
        get("/catalogue", "192.0.2.60", x_forwarded_for=f"198.51.100.{number}")
    assert get("/catalogue", "192.0.2.60", x_forwarded_for="198.51.100.99").status_code == 429


def test_many_at_once_lose_no_unit(desk: Any) -> None:
    from django.db import connection

    def many() -> None:
        try:
            for _ in range(25):
                fairuse.spend(b"x" * 16, 2)
        finally:
            connection.close()

    threads = [threading.Thread(target=many) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert fairuse.spend(b"x" * 16, 0)[0].spent == 8 * 25 * 2


def test_what_is_over_is_swept(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fairuse, "_SWEEP", 1)
    fairuse.spend(b"old" + b"x" * 13, 1, now=1_700_000_000)
    fairuse.spend(b"new" + b"x" * 13, 1, now=1_800_000_000)
    assert {bytes(row[0])[:3] for row in desk.rows("SELECT who FROM api_fairuse")} == {b"new"}


def test_every_route_has_a_cost() -> None:
    assert fairuse.cost("entity") == 1
    assert fairuse.cost("search-json") == 3
    assert fairuse.cost("search-suggest") == 1
    assert fairuse.cost("entity-csv") == 5
    assert fairuse.cost("open-data-file") == 5
    assert fairuse.cost("sitemap-part") == 0
