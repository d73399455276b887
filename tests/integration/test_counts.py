"""For random data every count equals its list: on the page, in JSON, in CSV, in the bulk file."""

from __future__ import annotations

import csv
import io
import random
import re
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

KINDS = ["警告", "罚款", "吊销许可证件", "责令停产停业"]


def get(address: str) -> Any:
    """An answer of the site in Chinese."""
    return Client(headers={"accept-language": "zh-CN"}).get(address)


def table(answer: Any) -> list[dict[str, str]]:
    """A CSV answer."""
    data = answer.getvalue() if answer.streaming else answer.content
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))


@pytest.fixture(scope="module")
def codes(desk: Any) -> list[str]:
    """Entities with random penalties and list entries, some minor, some long over, some withdrawn."""
    from xinyong.accounts import actions as accounts
    from xinyong.accounts.models import Role
    from xinyong.ledger import actions as ledger

    draw = random.Random(20261126)
    officer = accounts.create_user(
        username="counts-operator",
        display_name="操作员",
        department=None,
        role=Role.OPERATOR,
        password="a-long-password-1",
        acting="test",
    )
    made = [desk.code(number) for number in range(1, 7)]
    names = {code: f"示例计数{place}贸易有限公司" for place, code in enumerate(made)}
    desk.take([desk.registration(code, names[code]) for code in made])
    penalties, entries = [], []
    for code in made:
        for number in range(draw.randrange(0, 26)):
            day = date.today() - timedelta(days=draw.randrange(1, 1600))
            kind = draw.choice(KINDS)
            penalties.append(
                desk.penalty(
                    code,
                    names[code],
                    CF_WSH=f"（计）{number}号",
                    CF_JDRQ=day.isoformat(),
                    CF_CFLB=kind,
                    CF_NR_FK="0.5" if kind == "罚款" else "",
                )
            )
        if draw.random() < 0.7:
            left = (date.today() - timedelta(days=3)).isoformat() if draw.random() < 0.4 else ""
            entries.append(
                desk.abnormal(code, names[code], 移出日期=left, 移出机关="示例市市场监督管理局" if left else "")
            )
    desk.take(penalties, "penalty")
    desk.take(entries, "abnormal-list")
    desk.catch_up()
    shown = desk.rows(
        "SELECT record_id FROM publicity_window JOIN catalogue_dataset d ON d.id = dataset_id WHERE d.code = 'penalty'"
    )
    for (record,) in draw.sample(shown, 5):
        ledger.record_status(officer, record, "withdrawn", cause="annulled", reason="测试", basis="（示）1号")
    desk.catch_up()
    return made


def test_every_count_is_its_list_in_every_form(codes: list[str]) -> None:
    whole: dict[str, int] = {}
    for code in codes:
        file = get(f"/entities/{code}.json").json()
        everything = table(get(f"/entities/{code}.csv"))
        assert len(everything) == sum(section["total"] for section in file["sections"])
        linked = get(f"/entities/{code}.jsonld").json()
        assert len(linked.get("subjectOf", [])) == sum(len(section["records"]) for section in file["sections"])
        for section in file["sections"]:
            ids = [record["id"] for record in section["records"]]
            following = section
            while "next" in following:
                more = get(following["next"].removeprefix("http://testserver")).json()
                following = next(item for item in more["sections"] if item["code"] == section["code"])
                ids += [record["id"] for record in following["records"]]
            assert len(ids) == len(set(ids)) == section["total"], (code, section["code"])
            rows = table(get(f"/entities/{code}.csv?dataset={section['code']}"))
            assert {row["信息编号"] for row in rows} == set(ids) and len(rows) == section["total"]
            seen: list[str] = []
            for number in range(1, section["pages"] + 1):
                part = get(
                    f"/entities/{code}?tab={section['category']}&page-{section['code']}={number}"
                ).content.decode()
                within = re.search(rf'<section[^>]*id="section-{section["code"]}".*?</section>', part, re.DOTALL)
                assert within is not None
                said = re.search(r'class="section-note">([0-9,]+) 条', within.group())
                assert said is not None and int(said.group(1).replace(",", "")) == section["total"]
                seen += re.findall(r'<article class="record[^>]*id="r([0-9]+)"', within.group())
            assert len(seen) == len(set(seen)) == section["total"], (code, section["code"])
            whole[section["code"]] = whole.get(section["code"], 0) + section["total"]
    home = get("/").content.decode()
    found = re.search(r"<dt>条公示记录</dt><dd>([0-9,]+)</dd>", home)
    assert found is not None and int(found.group(1).replace(",", "")) == sum(whole.values())
    from xinyong.opendata import actions

    for name in ("penalty", "abnormal-list", "registration"):
        cut = actions.cut(name)
        assert cut is not None and cut.rows == whole[name]


TALLIED = "FROM {} GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4"
KEY = "SELECT dataset_id, {}::text, public_from::text, {}::text, "


def test_the_tally_is_what_the_windows_are(codes: list[str], desk: Any) -> None:
    """After deliveries, corrections that replace, withdrawals, and a rebuild from zero."""
    assert codes
    counted = (
        KEY.format(
            "coalesce(date_trunc('month', decided_on)::date, '0001-01-01')", "coalesce(public_until, '9999-12-31')"
        )
        + "count(*) "
        + TALLIED.format("publicity_window")
    )
    kept = KEY.format("month", "public_until") + "sum(records)::bigint " + TALLIED.format("publicity_tally")
    rows = desk.rows(kept)
    assert rows == desk.rows(counted) and len(rows) > 20
    assert desk.one("SELECT count(*) FROM publicity_tally WHERE records <= 0") == 0
    assert desk.cli("effects", "--rebuild", "--json").exit_code == 0
    assert desk.rows(kept) == rows == desk.rows(counted)


def test_every_count_of_a_list_is_its_list(codes: list[str]) -> None:
    for address, query in (
        ("/double-publicity", {}),
        ("/double-publicity", {"type": "penalty"}),
        ("/double-publicity", {"keyword": "示例计数3"}),
        ("/lists/abnormal-list", {}),
        ("/commitments", {}),
    ):
        tail = f"?{urlencode(query)}" if query else ""
        data = get(f"{address}.json{tail}").json()
        total, ids = data["total"], [record["id"] for record in data["records"]]
        while "next" in data:
            data = get(data["next"].removeprefix("http://testserver")).json()
            assert data["total"] == total
            ids += [record["id"] for record in data["records"]]
        rows = table(get(f"{address}.csv{tail}"))
        assert [row["信息编号"] for row in rows] == ids and len(ids) == len(set(ids)) == total, (address, query)
        said = re.search(r'class="list-sum"[^>]*>共 ([0-9,]+) 条', get(f"{address}{tail}").content.decode())
        assert said is not None and int(said.group(1).replace(",", "")) == total
        assert get(f"{address}.jsonld{tail}").json()["numberOfItems"] == total
    lists = {item["dataset"]: item["total"] for item in get("/lists.json").json()["lists"]}
    assert lists["abnormal-list"] == get("/lists/abnormal-list.json").json()["total"]


def test_every_count_of_a_search_is_its_list(codes: list[str]) -> None:
    for query in ("示例计数", "贸易", "示例计数3", "nothing"):
        data = get(f"/search.json?q={query}").json()
        hits = list(data["hits"])
        while "next" in data:
            data = get(data["next"].removeprefix("http://testserver")).json()
            hits += data["hits"]
        rows = table(get(f"/search.csv?q={query}"))
        assert len(hits) == len(rows) == data["total"]
        page = (
            get(
                f"/search?q={query}",
            )
            if query != "示例计数3"
            else None
        )
        if page is not None and page.status_code == 200 and data["total"]:
            said = re.search(r"共 ([0-9,]+) 户主体", page.content.decode())
            assert said is not None and int(said.group(1)) == data["total"]
        for group in data["facets"]:
            for value in group["values"]:
                assert value["count"] <= data["total"]


def test_every_count_of_a_share_is_its_list(codes: list[str]) -> None:
    """The page says so many for each dataset, shows so many over its pages, and opens so many commitments in JSON."""
    from xinyong.registry import selectors as registry
    from xinyong.reports.chapters import CHAPTERS
    from xinyong.shares import actions
    from xinyong.shares.selectors import Scope

    whole = 0
    for code in codes:
        entity = registry.by_key(code)
        assert entity is not None
        scope = Scope(chapters=frozenset(range(1, len(CHAPTERS) + 1)))
        token = actions.share(entity, scope, days=3, shown_to="", actor="test").token
        opened = [item["key"] for item in get(f"/s/{token}.json").json()["openings"]]
        said: dict[str, int] = {}
        seen: list[str] = []
        for number in range(1, 1 + -(-len(opened) // 20)):
            text = get(f"/s/{token}?page={number}").content.decode()
            for title, total in re.findall(
                r'<h2 id="part-[0-9]+">([^<]+)</h2><span class="section-note">([0-9,]+) 条', text
            ):
                assert said.setdefault(title, int(total.replace(",", ""))) == int(total.replace(",", ""))
            seen += re.findall(r'href="/records/(R[0-9A-Z]+)"', text)
        assert sum(said.values()) == len(opened) == len(set(opened)), code
        assert set(seen) == set(opened), code
        whole += len(opened)
    assert whole > len(codes)
