"""Console pages of desk, registry, rhythm and release in a browser: accessible, quiet, by keyboard, without scripts."""

from __future__ import annotations

import os
import re

import pytest
from playwright.sync_api import Page, expect

from xinyong.demo import city

from .conftest import WIDTHS, Officer, Opener
from .test_pages import LANGUAGES, chinese_left

SHOTS = os.environ.get("XINYONG_SHOTS", "")


def who(role: str) -> Officer:
    """The demonstration's user of this role."""
    return Officer(next(user.username for user in city.USERS if user.role == role), city.PASSWORD)


#: Page, who opens it. Filled and empty states of each list.
PAGES = {
    "home": ("/console/", "operator"),
    "home-reporter": ("/console/", "reporter"),
    "home-supervisor": ("/console/", "supervisor"),
    "home-reader": ("/console/", "reader"),
    "desk": ("/console/desk", "operator"),
    "desk-empty": ("/console/desk?state=stored", "operator"),
    "case": ("/console/desk/1", "operator"),
    "rhythm": ("/console/rhythm", "operator"),
    "rhythm-failed": ("/console/rhythm?state=failed", "operator"),
    "rhythm-last-page": ("/console/rhythm?page=99", "operator"),
    "rhythm-reporter": ("/console/rhythm", "reporter"),
    "registry": ("/console/registry", "operator"),
    "held": ("/console/deliveries?state=held", "supervisor"),
    "commitments": ("/console/commitments", "supervisor"),
    "commitments-new": ("/console/commitments/new", "supervisor"),
    "commitment": ("/console/commitments/1", "supervisor"),
    "commitment-texts": ("/commitments/texts", "reader"),
    "file-checks": ("/console/file-checks", "operator"),
    "retention": ("/console/retention", "operator"),
    "rule-sheet": ("/console/rules/sheets/timers", "operator"),
    "rule-sheet-all": ("/console/rules/sheets/calendar?show=all", "operator"),
    "rule-sheet-row": ("/console/rules/sheets/timers/T-REPORT", "operator"),
}


def shot(page: Page, name: str) -> None:
    """Kept where XINYONG_SHOTS says, for whoever looks at them."""
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


@pytest.mark.parametrize("name", PAGES)
def test_page(visit: Opener, name: str) -> None:
    """Each page wide in Chinese and narrow in English: both languages and both widths without opening each twice."""
    path, role = PAGES[name]
    for (language, prefix), width in zip(LANGUAGES.items(), reversed(WIDTHS), strict=True):
        opened = visit(prefix + path, width=width, who=who(role))
        opened.check()
        shot(opened.page, f"{name}-{language}-{width}")
        expect(opened.page.locator("h1")).to_have_count(1)
        if language == "en":
            assert chinese_left(opened.page) == []


def test_home_says_what_waits_and_search_finds_a_delivery(visit: Opener) -> None:
    """The held delivery stands under today; "/" leads to the search, a number of a delivery opens it."""
    page = visit("/console/", who=who("supervisor")).page
    expect(page.locator(".kpi")).to_have_count(3)
    page.locator(".task-list a[href*='state=held']").click()
    number = page.locator("tbody a").first.inner_text()
    page.keyboard.press("/")
    expect(page.locator(".console-search input")).to_be_focused()
    page.keyboard.type(number)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/console/deliveries/{number}")


def test_the_rhythm_tells_three_silences_apart(visit: Opener) -> None:
    """Failed, missing and zero: each by its word, with the department; what came is a link; all of it as CSV."""
    page = visit("/console/rhythm", who=who("operator")).page
    for state, word in (("failed", "报送未成"), ("missing", "逾期未报"), ("empty", "零报送")):
        page.locator(f".filters a[href*='state={state}']").click()
        rows = page.locator("#rhythm-title >> xpath=ancestor::section >> tbody tr")
        assert rows.count() >= 1
        for text in rows.all_inner_texts():
            assert word in text
    page.locator("#f-department").select_option("taxation")
    page.locator(".list-filter button[type=submit]").click()
    expect(page.locator("tbody tr").first).to_contain_text("税务局")
    answer = page.request.get(page.url.partition("/console")[0] + "/console/rhythm.csv")
    lines = answer.body().decode("utf-8-sig").splitlines()
    assert len(lines) > 80 and "报送部门" in lines[0]


def test_a_case_is_decided_and_taken_back_by_keyboard(visit: Opener) -> None:
    """Candidates side by side with what differs marked; number, reason, Ctrl+Enter; u takes it back; s goes on."""
    opened = visit("/console/desk", who=who("operator"))
    page = opened.page
    page.locator(".console-title__actions a.button--primary").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/console/desk/\d+"))
    assert page.locator(".desk-candidate").count() > 1
    assert page.locator(".desk-candidate mark").count() > 0
    name = page.locator("h1").inner_text()
    page.keyboard.press("1")
    expect(page.locator("#choice-1")).to_be_checked()
    page.keyboard.press("r")
    expect(page.locator("#reason")).to_be_focused()
    page.keyboard.type("组织形式漏写，其余一致")
    page.keyboard.press("Control+Enter")
    page.wait_for_url(re.compile(r"undo="))
    assert page.locator("h1").inner_text() != name
    opened.check()
    shot(page, "case-next")
    page.locator("main").focus()
    page.keyboard.press("u")
    expect(page.locator("h1")).to_contain_text(name.split("\n")[0].strip()[:8])
    expect(page.locator("[data-desk-form]")).to_be_visible()
    opened.check()
    before = page.url
    page.keyboard.press("s")
    page.wait_for_url(lambda url: url != before)


def test_a_case_without_scripts_wants_a_reason(visit: Opener) -> None:
    """A plain form; without a choice nothing is decided and the page says why."""
    page = visit("/console/desk", who=who("operator"), scripts=False).page
    page.locator("tbody a").last.click()
    page.locator("#reason").fill("没有选")
    page.locator(".desk-form button.button--primary").click()
    expect(page.locator(".error-summary")).to_be_visible()
    expect(page.locator("#reason")).to_have_value("没有选")


def test_merge_preview_refuses_two_codes_and_an_unknown_key_is_told(visit: Opener, entity_path: str) -> None:
    """Two different valid codes: the preview says why not. Open an entry by its code; an unknown key is told in place."""
    opened = visit("/console/registry", who=who("operator"))
    page = opened.page
    page.locator("#key").fill("nobody-has-this")
    page.locator("#key").press("Enter")
    expect(page.locator(".error-summary")).to_be_visible()
    opened.check()
    code = entity_path.partition("/entities/")[2].partition("?")[0]
    page.locator("#key").fill(code)
    page.locator("#key").press("Enter")
    page.wait_for_url("**/console/registry/entities/*")
    opened.check()
    shot(page, "registry-entity")
    base = page.url.partition("/console")[0]
    page.goto(f"{base}/console/registry?member={code}&into={code}")
    expect(page.locator(".desk-preview ~ .notice")).to_contain_text("同一条")
    opened.check()


def test_four_eyes_by_two_users(visit: Opener) -> None:
    """The uploader reads whose turn it is and has no button; the supervisor must give a reason, and then lets it in."""
    listed = visit("/console/deliveries?state=held", who=who("supervisor"))
    first = listed.page.locator("tbody a").first
    if first.count() == 0:
        pytest.skip("the held delivery of this city was released before")
    address = first.get_attribute("href")
    assert address
    uploader = visit(address, who=who("reporter"))
    expect(uploader.page.locator("form[action$='/release']")).to_have_count(0)
    uploader.check()
    shot(uploader.page, "held-uploader")
    opened = visit(address, width=390, who=who("supervisor"))
    page = opened.page
    opened.check()
    shot(page, "held-supervisor-390")
    page.locator("form[action$='/release'] textarea, form textarea[name=note]").first.fill("已与来源系统核对")
    page.locator("form[action$='/release'] button.button--primary, button[formaction$='/release']").first.click()
    expect(page.locator(".console-title h1 .chip")).to_contain_text("已入库", timeout=30_000)
    opened.check()
