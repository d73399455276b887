"""The correction desk in a browser: a bad file to zero errors by keyboard only, with scripts off, and four eyes by two users."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Page, expect

from .conftest import WIDTHS, Officer, Opener


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("language", ["", "/en"])
def test_pages_of_the_desk(visit: Opener, officer: Officer, delivery_path: str, language: str, width: int) -> None:
    opened = visit(language + delivery_path, width=width, who=officer)
    opened.check()
    expect(opened.page.locator("h1")).to_have_count(1)
    edit = opened.page.locator("[data-edit]").first
    if edit.count():
        address = edit.get_attribute("href")
        assert address
        form = visit(address, width=width, who=officer)
        form.check()
    visit(f"{language}/console/deliveries?state=held&mine=1&q=x", width=width, who=officer).check()


def rows_left(page: Page) -> int:
    return page.locator("[data-line] [data-accept]").count()


def test_a_file_is_corrected_by_keyboard_only(visit: Opener, officer: Officer, delivery_path: str) -> None:
    """j to the row, a to accept, u to undo, e to edit: every deed lands where the eyes are, and is read out."""
    opened = visit(delivery_path, who=officer)
    page = opened.page
    if rows_left(page) == 0:
        pytest.skip("nothing can be accepted in this city")
    before = rows_left(page)
    for _ in range(60):
        page.keyboard.press("j")
        if page.evaluate("!!document.activeElement.querySelector('[data-accept]')"):
            break
    else:
        pytest.fail("no row with a suggestion was reached by j")
    line = page.evaluate("document.activeElement.dataset.line")
    page.keyboard.press("a")
    expect(page.locator(f"[data-line='{line}'] .edited")).to_be_visible()
    expect(page.locator("[data-announcer]")).not_to_be_empty()
    assert page.evaluate("document.activeElement.dataset.line") == line
    assert rows_left(page) == before - 1
    page.keyboard.press("u")
    expect(page.locator(f"[data-line='{line}'] .edited")).to_have_count(0)
    page.keyboard.press("e")
    expect(page.locator(".edit-row .row-form")).to_be_visible()
    assert page.evaluate("document.activeElement.closest('.edit-row') !== null")
    page.keyboard.press("Escape")
    expect(page.locator(".edit-row .row-form")).to_have_count(0)
    page.keyboard.press("?")
    expect(page.locator("dialog[data-keys]")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("a")
    expect(page.locator(f"[data-line='{line}'] .edited")).to_be_visible()
    opened.check()
    page.keyboard.press("u")
    expect(page.locator(f"[data-line='{line}'] .edited")).to_have_count(0)


def test_the_desk_without_scripts(visit: Opener, officer: Officer, delivery_path: str) -> None:
    """Accept, edit on a page of its own, undo all: plain forms."""
    page = visit(delivery_path, who=officer, scripts=False).page
    if page.locator("[data-edit]").count() == 0:
        pytest.skip("no row can be edited in this city")
    page.locator("[data-edit]").first.click()
    expect(page.locator("#row-form")).to_be_visible()
    field = page.locator(".cell--wrong input, .cell--wrong textarea").first
    field.fill("示例改动")
    page.locator(".row-form__form button[type=submit]").click()
    expect(page.locator(".toast")).to_be_visible()
    expect(page.locator(".recheck").first).to_be_visible()
    page.locator("[data-undo-all]").click()
    expect(page.locator(".toast")).to_contain_text(re.compile("撤销"))
    expect(page.locator(".edited")).to_have_count(0)
    assert json.dumps(page.url)
