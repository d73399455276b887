"""Lists, statistics and guides: every figure equals the list it leads to, and what is hidden is in none of them."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from datetime import date, timedelta
from html import unescape
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from django.test import Client
from django.utils import translation

from xinyong.accounts import actions as accounts
from xinyong.accounts.models import Role, User
from xinyong.ledger import actions
from xinyong.registry import keys
from xinyong.runtime import clock
from xinyong.site import listing, lists, statistics
from xinyong.standards import calendar

KINDS = ("罚款", "警告", "责令停产停业")


@pytest.fixture(autouse=True)
def chinese() -> Iterator[None]:
    """A request leaves its language behind in the thread."""
    with translation.override("zh-hans"):
        yield


@pytest.fixture(scope="module")
def officer(desk: Any) -> User:
    """Somebody who may act on records."""
    del desk
    return accounts.create_user(
        username="lists-officer",
        display_name="操作员",
        department=None,
        role=Role.OPERATOR,
        password="a-long-password-1",
        acting="test",
    )


@pytest.fixture(scope="module")
def city(desk: Any) -> Any:
    """Two departments, two districts, penalties of every class and date, entries of the abnormal list."""
    drawn = random.Random(7)
    accounts.register_department(slug="second", name_zh="第二报送局", name_en="Second Bureau", acting="test")
    firms = [(desk.code(7000 + n, "91990102" if n % 2 else "91990103"), f"示例清单{n}号有限公司") for n in range(12)]
    desk.take([desk.registration(code, name) for code, name in firms])
    today = clock.today()
    for department in ("demo", "second"):
        rows = []
        for n in range(40):
            code, name = drawn.choice(firms)
            rows.append(
                desk.penalty(
                    code,
                    name,
                    CF_WSH=f"（{department[0]}）清〔2026〕{n}号",
                    CF_CFLB=drawn.choice(KINDS),
                    CF_JDRQ=(today - timedelta(days=drawn.choice([0, 1, 3, 9, 13, 60, 200, 2000]))).isoformat(),
                )
            )
        desk.take(rows, "penalty", department)
    desk.take([desk.abnormal(code, name) for code, name in firms[:5]], "abnormal-list")
    desk.catch_up()
    return desk


def question(**filters: str) -> listing.Question:
    """The double publicity list with these parameters of the address."""
    today = clock.today()
    return listing.Question(
        entries=listing.entries_of(lists.DOUBLE, today),
        filters=listing.read_filters(filters, lists.DOUBLE, "zh"),
        today=today,
    )


def everything(asked: listing.Question) -> list[Any]:
    """All rows, page by page."""
    first = listing.listing(asked, 1, "zh", 7)
    rows = list(first.rows)
    for page in range(2, first.pages + 1):
        rows += listing.listing(asked, page, "zh", 7).rows
    assert len(rows) == len({row.key for row in rows}) == first.total
    return rows


FILTERS: list[dict[str, str]] = [
    {},
    {"type": "penalty"},
    {"type": "licence"},
    {"department": "second"},
    {"district": "990102"},
    {"department": "demo", "district": "990103"},
    {"keyword": "示例清单3号有限公司"},
    {"keyword": "〔2026〕1"},
    {"keyword": "没有这个词"},
    {"keyword": "';--\n\\ %s {cap}"},
    {"department": "nobody"},
]


@pytest.mark.parametrize("filters", FILTERS, ids=lambda item: urlencode(item)[:30] or "all")
def test_the_count_is_the_list_and_the_days_are_lists(city: Any, filters: dict[str, str]) -> None:
    rows = everything(question(**filters))
    for row in rows:
        assert row.dataset == filters.get("type", row.dataset)
        assert row.department == "第二报送局" or filters.get("department") != "second"
        assert row.subject_code[2:8] == filters.get("district", row.subject_code[2:8])
        assert filters.get("keyword", "") in (row.title + row.subject_name)
    assert [row.decided_on for row in rows] == sorted((row.decided_on for row in rows), reverse=True)
    for day in listing.days(question(**filters), "/double-publicity"):
        narrowed = everything(question(**filters, **{"from": day.day.isoformat(), "to": day.day.isoformat()}))
        assert len(narrowed) == day.total == sum(row.decided_on == day.day for row in rows)


def test_every_figure_of_the_statistics_is_the_length_of_its_list(city: Any) -> None:
    page = statistics.statistics_page("zh", clock.today())
    client = Client(headers={"accept-language": "zh-CN"})
    figures = [*page.datasets, *page.departments, *(cell for row in page.months for cell in row.cells)]
    assert sum(figure.total for figure in page.datasets) == page.records > 40
    assert sum(1 for figure in figures if figure.url) > 20
    for figure in figures:
        if figure.url:
            text = unescape(client.get(figure.url).content.decode())
            assert re.search(rf"共 {figure.total:,} 条", text) or figure.total == 0, figure.url


def test_minor_and_ended_penalties_are_in_no_list(city: Any) -> None:
    rows = everything(question())
    assert {row.severity for row in rows} == {"一般", "严重"}
    ended = city.one("SELECT count(*) FROM publicity_window WHERE public_until < %s", clock.today())
    assert ended > 0  # there are some, so that the filter has something to do


def test_a_withdrawn_record_leaves_every_figure_at_once(city: Any, officer: User) -> None:
    before = everything(question())
    gone = before[0]
    record = keys.record_id(gone.key)
    assert record is not None
    actions.record_status(officer, record, "withdrawn", cause="annulled", reason="测试", basis="（示）撤〔2026〕1号")
    city.catch_up()
    after = everything(question())
    assert {row.key for row in before} - {row.key for row in after} == {gone.key}
    client = Client(headers={"accept-language": "zh-CN"})
    for address in (
        "/",
        "/double-publicity",
        f"/double-publicity?keyword={quote(gone.title)}",
        "/statistics",
        gone.subject_url,
        f"{gone.subject_url}?tab=administrative",
        f"/repair?q={gone.subject_code}",
    ):
        text = client.get(address).content.decode()
        assert gone.key not in text, address
        # The word that was searched for stands in its own field, and nowhere else.
        assert gone.title not in text.replace(f'value="{gone.title}"', ""), address


def test_bounds_are_told(city: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "CAP", 5)
    page = listing.listing(question(), 99, "zh", 3)
    assert (page.total, page.capped, page.pages, page.page, len(page.rows)) == (5, True, 2, 2, 2)
    monkeypatch.setattr(listing, "CAP", 10_000)
    monkeypatch.setattr(listing, "SCAN", 5)
    assert not listing.listing(question(department="second"), 1, "zh").complete
    assert listing.listing(question(), 1, "zh").complete  # needs nothing but the windows


def test_a_wrong_date_is_said_and_left_out(city: Any) -> None:
    client = Client(headers={"accept-language": "zh-CN"})
    page = client.get("/double-publicity?from=yesterday")
    assert page.status_code == 200
    assert "「yesterday」不是日期" in unescape(page.content.decode())
    page = client.get("/double-publicity?from=2026-05-01&to=2026-04-01")
    assert "起始日期晚于截止日期" in unescape(page.content.decode())


def test_late_means_more_working_days_than_allowed() -> None:
    friday = date(2026, 11, 6)
    due = calendar.official().add_working_days(friday, 7).day
    assert listing.working_days_late(friday, due, 7) == 0
    assert listing.working_days_late(friday, due + timedelta(days=1), 7) in (0, 8)
    assert listing.working_days_late(friday, due + timedelta(days=3), 7) >= 8
    assert listing.working_days_late(None, due, 7) == listing.working_days_late(friday, due, None) == 0


def test_an_empty_list_says_when_it_was_checked(city: Any) -> None:
    client = Client(headers={"accept-language": "zh-CN"})
    assert "尚无部门报送过本类信息" in client.get("/lists/serious-violation-list").content.decode()
    page = client.get("/lists/abnormal-list").content.decode()
    assert "共 5 条" in page and "怎样移出" in page
    assert client.get("/lists/tax-violation").status_code == 404  # not for the public
    assert client.get("/lists/penalty").status_code == 404


def test_the_repair_guide_judges_public_records_only(city: Any) -> None:
    client = Client(headers={"accept-language": "zh-CN"})
    row = everything(question())[0]
    page = client.get(f"/repair?q={row.subject_code}").content.decode()
    assert row.title in page and "警告" not in page
    assert "可以申请" in page or "还不能申请" in page
    assert "没有找到" in client.get("/repair?q=" + quote("没有这家公司啊")).content.decode()
    assert "完整名称" in client.get("/repair?q=" + quote("示例清单")).content.decode()


def test_large_text_is_remembered_and_leads_nowhere_else(city: Any) -> None:
    client = Client(headers={"accept-language": "zh-CN"})
    assert 'class="care"' in client.get("/?care=1").content.decode()
    assert 'class="care"' not in client.get("/").content.decode()
    answer = client.get("/care?on=1&next=/lists")
    assert answer["Location"] == "/lists" and answer.cookies["care"].value == "1"
    assert 'class="care"' in client.get("/lists").content.decode()
    assert client.get("/care?on=0&next=//example.org/")["Location"] == "/"
    assert 'class="care"' not in client.get("/lists").content.decode()


def test_traditional_pages_keep_names_as_registered(city: Any) -> None:
    client = Client(headers={"accept-language": "zh-CN"})
    code = everything(question())[0].subject_code
    name = city.one("SELECT name FROM registry_entity WHERE credit_code = %s", code)
    page = client.get(f"/zh-hant/entities/{code}").content.decode()
    assert '<html lang="zh-Hant"' in page
    assert "信用概覽" in page and "信用概览" not in page
    assert name in page and "有限公司" in page
    assert "頁面不存在" in client.get("/zh-hant/nothing").content.decode()
    # What is typed comes back as typed.
    assert 'value="清单"' in client.get("/zh-hant/search?q=" + quote("清单")).content.decode()


def test_a_snapshot_code_holds_until_something_changes(city: Any, officer: User) -> None:
    client = Client(headers={"accept-language": "zh-CN"})
    row = everything(question())[-1]
    first = client.get(row.subject_url).content.decode()
    found = re.search(r"<dd class=\"mono\">([0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4})</dd>", first)
    assert found
    assert "公示内容没有变化" in client.get(f"{row.subject_url}?snapshot={found[1]}").content.decode()
    record = keys.record_id(row.key)
    assert record is not None
    actions.record_status(officer, record, "withdrawn", cause="annulled", reason="测试", basis="（示）撤〔2026〕1号")
    city.catch_up()
    assert "公示内容有变化" in client.get(f"{row.subject_url}?snapshot={found[1]}").content.decode()
