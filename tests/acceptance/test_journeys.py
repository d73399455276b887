"""What people come to do, by keyboard and with scripts off."""

from __future__ import annotations

import csv
import io
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from .conftest import Officer, Opener, sign_in


def test_search_to_file_by_keyboard(visit: Opener, entity_path: str) -> None:
    """The slash reaches the search field, Enter searches, a valid code opens the file, the tabs reach the chapters."""
    code = entity_path.rpartition("/")[2]
    page = visit("/").page
    page.keyboard.press("/")
    expect(page.locator("[data-search-field]").first).to_be_focused()
    page.keyboard.type(code)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{entity_path}")
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('.tab-bar') !== null"):
            break
    else:
        pytest.fail("the chapters were not reached by Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**tab=registration**")
    expect(page.locator(".tab-bar a[aria-current]")).to_be_visible()


def test_first_tab_skips_to_the_content(visit: Opener) -> None:
    page = visit("/").page
    page.keyboard.press("Tab")
    expect(page.locator(".skip-link")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_focus_shows_both_rings(visit: Opener) -> None:
    page = visit("/catalogue").page
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    shown = page.evaluate(
        "(s => [s.outlineColor, s.outlineWidth, s.boxShadow])(getComputedStyle(document.activeElement))"
    )
    assert shown[0] == "rgb(255, 191, 71)"
    assert shown[1] == "3px"
    assert "rgb(22, 32, 46)" in shown[2]


def test_search_to_file_without_scripts(visit: Opener, entity_path: str) -> None:
    page = visit("/", scripts=False).page
    page.locator("[data-search-field]").first.fill(entity_path.rpartition("/")[2])
    page.locator("main form button[type=submit]").click()
    expect(page).to_have_url(page.url.partition("/entities")[0] + entity_path)
    expect(page.locator(".entity-card h1")).to_be_visible()
    expect(page.locator("button[data-copy]").first).to_be_hidden()


def test_results_lead_to_a_file(visit: Opener) -> None:
    page = visit("/search?q=" + quote("示例"), scripts=False).page
    if page.locator(".hit a").count():
        page.locator(".hit a").first.click()
    expect(page.locator(".entity-card, .empty-line").first).to_be_visible()


def test_latest_record_leads_to_the_record(visit: Opener) -> None:
    page = visit("/").page
    link = page.locator("#double-publicity tbody a").first
    words = link.inner_text()
    link.click()
    expect(page.locator("h1")).to_have_text(words)


def test_count_equals_the_list(visit: Opener, entity_path: str) -> None:
    """The figure on a tile is the number of records a reader can page through in its tab."""
    page = visit(entity_path).page
    tiles = [
        (tile.get_attribute("href") or "", int(tile.locator(".tile__figure").inner_text().split()[0].replace(",", "")))
        for tile in page.locator(".tile").all()
    ]
    assert len(tiles) == 6
    for address, figure in tiles:
        page.goto(page.url.partition("/entities")[0] + address)
        anchor = address.partition("#")[2]
        section = page.locator(f"#{anchor}")
        shown = section.locator("article.record").count()
        while section.locator("a[rel=next]").count():
            section.locator("a[rel=next]").click()
            page.wait_for_load_state("load")
            shown += section.locator("article.record").count()
        assert shown == figure, address


def test_language_switch_keeps_the_page(visit: Opener, entity_path: str) -> None:
    page = visit(entity_path).page
    page.locator(".utility-bar a[hreflang=en]").click()
    page.wait_for_url(f"**/en{entity_path}")
    page.locator(".utility-bar a[hreflang=zh-CN]").click()
    assert page.url.endswith(entity_path)
    assert "/en/" not in page.url


def test_sign_in_returns_to_the_page_asked_for(visit: Opener, officer: Officer, delivery_path: str) -> None:
    page = visit(delivery_path).page
    page.locator(".message-card a.button--primary").click()
    page.locator("#id_username").fill(officer.username)
    page.locator("#id_password").fill(officer.password)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{delivery_path}")


def test_sign_in_never_leaves_the_site(visit: Opener, officer: Officer) -> None:
    page = visit("/console/login?next=https://example.org/").page
    page.locator("#id_username").fill(officer.username)
    page.locator("#id_password").fill(officer.password)
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/**")


def test_wrong_password_says_so(visit: Opener, officer: Officer) -> None:
    opened = visit("/console/login")
    sign_in(opened.page, opened.page.url.partition("/console")[0], Officer(officer.username, "wrong"))
    expect(opened.page.locator(".error-summary")).to_be_focused()
    opened.check()


def test_sign_out(visit: Opener, officer: Officer) -> None:
    page = visit("/console/deliveries", who=officer).page
    page.locator(".console-top form[method=post] button").click()
    page.goto(page.url.rstrip("/") + "/console/deliveries")
    expect(page.locator(".message-card")).to_contain_text("需要登录")


def test_errors_are_filtered_and_downloaded(visit: Opener, officer: Officer, delivery_path: str) -> None:
    """Filter chips are links; both files hold the returned rows in the department's own columns."""
    page = visit(delivery_path, who=officer).page
    chips = page.locator("#errors .section-head .filters a")
    if chips.count() == 0:
        pytest.skip("no delivery of this city has errors")
    answer = page.request.get(page.url.partition("?")[0] + "/errors.csv")
    assert answer.ok
    body = answer.body()
    assert body.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(body.decode("utf-8-sig"))))
    number = page.url.partition("?")[0].rpartition("/")[2]
    assert rows[0][-4:] == [f"※原行号（{number}）", "※退回原因", "※修改建议", "※建议值"]
    assert len(rows) > 1 and all(len(row) == len(rows[0]) for row in rows)
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    workbook = page.request.get(page.url.partition("?")[0] + "/errors.xlsx")
    assert workbook.ok
    assert workbook.body()[:2] == b"PK"
    chips.nth(1).click()
    expect(page.locator("#errors .section-head .filters a[aria-current]")).to_have_count(1)
    assert "kind=" in page.url


def test_errors_as_json(visit: Opener) -> None:
    page = visit("/").page
    answer = page.request.get(page.url + "nothing-here", headers={"Accept": "application/json"})
    assert answer.status == 404
    assert answer.json()["error"] == "not-found"
    hidden = page.request.get(page.url + "console/deliveries", headers={"Accept": "application/json"})
    assert hidden.status == 404


def test_print_keeps_the_mark_and_the_records(visit: Opener, entity_path: str) -> None:
    page = visit(entity_path).page
    page.emulate_media(media="print")
    expect(page.locator(".demo-mark").first).to_be_visible()
    expect(page.locator(".main-nav")).to_be_hidden()
    expect(page.locator(".entity-card h1")).to_be_visible()


def test_suggestions_by_keyboard(visit: Opener) -> None:
    """Typing opens a list, the keys move in it, Escape closes it, Enter on a suggestion opens its file."""
    opened = visit("/")
    page = opened.page
    field = page.locator("[data-search-field]").first
    field.press_sequentially("示例")
    options = page.locator("[role=listbox] [role=option]")
    expect(options.first).to_be_visible()
    expect(field).to_have_attribute("aria-expanded", "true")
    opened.check()
    page.keyboard.press("ArrowDown")
    expect(options.first).to_have_attribute("aria-selected", "true")
    first = options.first.get_attribute("id") or ""
    expect(field).to_have_attribute("aria-activedescendant", first)
    page.keyboard.press("ArrowUp")
    expect(field).not_to_have_attribute("aria-activedescendant", first)
    page.keyboard.press("Escape")
    expect(field).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    target = options.nth(1).get_attribute("data-url") or ""
    selected = page.locator("[role=option][aria-selected=true]").get_attribute("data-url") or target
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{selected}")


def test_a_slip_is_corrected_and_said(visit: Opener) -> None:
    opened = visit("/search?q=" + quote("示例", safe=""))
    name = opened.page.locator(".hit h3 a").first.inner_text()
    slipped = name[:-5] + "龘" + name[-4:]
    found = visit("/search?q=" + quote(slipped, safe=""))
    expect(found.page.locator(".hit h3 a").first).to_have_text(name)
    expect(found.page.locator(".hit__reason .chip").first).to_contain_text("龘")
    found.check()


def test_number_to_record_to_entity_without_scripts(visit: Opener, record_path: str) -> None:
    """From a decision's number to its record, the log of its changes, and the entity it is about."""
    page = visit(record_path, scripts=False).page
    number = page.locator("h1").inner_text()
    page.goto(page.url.partition("/records")[0] + "/double-publicity?keyword=" + quote(number))
    page.locator(".list-table a[href*='/records/']").first.click()
    expect(page.locator("h1")).to_have_text(number)
    expect(page.locator("#log li").first).to_be_visible()
    page.locator(".record-page__subject a").click()
    expect(page.locator(".entity-card h1")).to_be_visible()


def test_large_text_without_scripts(visit: Opener) -> None:
    page = visit("/statistics", scripts=False).page
    before = page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)")
    page.locator(".utility-bar a[href*='/care?on=1']").click()
    assert page.url.endswith("/statistics")
    assert page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)") > before * 1.2
    page.locator(".utility-bar a[href*='/care?on=0']").click()
    assert page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)") == before


def test_each_day_of_the_bars_is_its_list(visit: Opener) -> None:
    page = visit("/double-publicity", scripts=False).page
    days = [
        (item.get_attribute("href") or "", int(item.locator("b").inner_text().replace(",", "")))
        for item in page.locator(".day-bars a").all()
    ]
    address, total = max(days, key=lambda day: day[1])
    page.goto(page.url.partition("/double-publicity")[0] + address)
    assert f"共 {total:,} 条" in page.locator(".list-sum").inner_text()
