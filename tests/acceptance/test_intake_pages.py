"""Sending data in the console and the pages of the API: accessible, quiet, by keyboard, and without scripts."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from xinyong.demo import city

from .conftest import WIDTHS, Officer, Opener
from .test_pages import LANGUAGES, chinese_left

PAGES = {
    "choose": "/console/deliveries/new",
    "upload": "/console/deliveries/new/penalty",
    "record": "/console/deliveries/new/penalty/record",
    "record-other": "/console/deliveries/new/registration/record",
}
SHOTS = os.environ.get("XINYONG_SHOTS", "")
FILE = "企业名称,统一社会信用代码,注册日期\n示例键盘有限公司,91130000123456788X,2020-01-01\n示例错码有限公司,91410100MA9D8EM07X,2020-01-01\n"


@pytest.fixture(scope="session")
def operator() -> Officer:
    """The platform operator."""
    return Officer(next(user.username for user in city.USERS if user.role == "operator"), city.PASSWORD)


def _shot(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", PAGES)
def test_page(visit: Opener, officer: Officer, name: str, language: str, width: int) -> None:
    opened = visit(LANGUAGES[language] + PAGES[name], width=width, who=officer)
    opened.check()
    _shot(opened.page, f"{name}-{language}-{width}")
    expect(opened.page.locator("h1")).to_have_count(1)
    if language == "en":
        assert chinese_left(opened.page) == []


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_reference(visit: Opener, language: str, width: int) -> None:
    opened = visit(LANGUAGES[language] + "/api/v1/reference", width=width)
    opened.check()
    _shot(opened.page, f"reference-{language}-{width}")
    if language == "en":
        assert chinese_left(opened.page) == []


@pytest.mark.parametrize("width", WIDTHS)
def test_clients(visit: Opener, operator: Officer, width: int) -> None:
    """Register, issue a key that is shown once, revoke it."""
    opened = visit("/console/clients", width=width, who=operator)
    opened.check()
    page = opened.page
    page.locator("#id_slug").fill(f"browser-{width}")
    page.locator("#id_name").fill("办案系统")
    page.locator("#id_department").select_option("market-regulation")
    page.get_by_label("行政处罚信息", exact=True).check()
    _shot(page, f"clients-{width}")
    page.locator("form[action$='/clients'] button[type=submit]").click()
    page.wait_for_url(f"**/console/clients/browser-{width}")
    page.locator(".new-key button[type=submit]").click()
    expect(page.locator(".key-once")).to_contain_text("xyk_")
    opened.check()
    _shot(page, f"client-{width}")
    page.goto(page.url.removesuffix("/keys"))
    expect(page.locator(".key-once")).to_have_count(0)
    page.locator("#keys tbody a").first.click()
    expect(page.locator("form[action$='/revoke'] button")).to_be_visible()
    opened.check()
    page.locator("form[action$='/revoke'] button").click()
    expect(page.locator("#keys tbody")).to_contain_text("已撤销")
    page.locator("a[href$='/feeds']").click()
    page.wait_for_url("**/feeds")
    opened.check()
    _shot(page, f"feeds-{width}")


def test_upload_with_progress_to_the_delivery_page(visit: Opener, officer: Officer, tmp_path: Path) -> None:
    """Choosing tells size and name, the delivery page updates itself, the same file again is told before it travels."""
    file = tmp_path / "登记.csv"
    file.write_text(FILE, encoding="utf-8")
    opened = visit("/console/deliveries/new/registration", who=officer)
    page = opened.page
    page.locator("#id_file").set_input_files(str(file))
    expect(page.locator("[data-chosen]")).to_contain_text("登记.csv")
    page.locator("[data-upload] button[type=submit]").click()
    page.wait_for_url("**/console/deliveries/market-regulation-*")
    expect(page.locator(".console-title h1 .chip")).to_contain_text("待修正 1 行", timeout=20_000)
    opened.check()
    page.goto(page.url.partition("/console")[0] + "/console/deliveries/new/registration")
    page.locator("#id_file").set_input_files(str(file))
    expect(page.locator("[data-chosen]")).to_contain_text("已报送过")
    page.locator("[data-upload] button[type=submit]").click()
    expect(page.locator("#known-title")).to_be_visible()
    opened.check()
    _shot(page, "known")


def test_a_wrong_file_is_told_before_it_travels(visit: Opener, officer: Officer, tmp_path: Path) -> None:
    empty = tmp_path / "空.csv"
    empty.write_bytes(b"")
    page = visit("/console/deliveries/new/registration", who=officer).page
    page.locator("#id_file").set_input_files(str(empty))
    expect(page.locator("[data-chosen]")).to_contain_text("空的")


def test_upload_without_scripts(visit: Opener, officer: Officer, tmp_path: Path) -> None:
    file = tmp_path / "无脚本.csv"
    file.write_text(FILE.replace("示例键盘", "示例无脚本"), encoding="utf-8")
    page = visit("/console/deliveries/new", who=officer, scripts=False).page
    page.locator("a[href*='/new/registration']").first.click()
    page.locator("#id_file").set_input_files(str(file))
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_url("**/console/deliveries/market-regulation-*")
    _ask_until_done(page)
    expect(page.locator("#errors")).to_be_visible()


def _ask_until_done(page: Page) -> None:
    """Without scripts the page does not renew itself: its link asks again, until the worker is done."""
    deadline = time.monotonic() + 60
    while page.locator("[data-progress-url]").count() and time.monotonic() < deadline:
        page.locator("[data-progress-url] a").click()
        page.wait_for_timeout(250)


def _company(page: Page) -> tuple[str, str]:
    """A company of the demonstration city: code and the beginning of its name."""
    base = page.url.partition("/console")[0]
    home = page.request.get(base + "/").text()
    code = home.partition('href="/entities/')[2].partition("#")[0].partition('"')[0].partition("?")[0]
    return code, base


@pytest.mark.parametrize("scripts", [True, False])
def test_one_record_by_keyboard(visit: Opener, officer: Officer, scripts: bool) -> None:
    """Errors at the fields and in the summary; look up the subject; check the answers; submit. Keys only."""
    opened = visit("/console/deliveries/new/penalty/record", who=officer, scripts=scripts)
    page = opened.page
    code, _ = _company(page)
    page.locator("#id-CF_XDR_SHXYM").focus()
    page.keyboard.type(code)
    page.keyboard.press("Enter")
    summary = page.locator(".error-summary")
    expect(summary).to_be_visible()
    if scripts:
        expect(summary).to_be_focused()
        opened.check()
        _shot(page, "record-errors")
    expect(page.locator("#id-CF_XDR_SHXYM")).to_have_value(code)
    page.locator("button[value=lookup]").focus()
    page.keyboard.press("Enter")
    page.locator("button[name=take]").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#id-CF_XDR_MC")).not_to_have_value("")
    for field, text in {
        "CF_FRDB": "示例负责人",
        "CF_WSH": f"（键）罚〔2026〕{int(scripts)}号",
        "CF_WFXW": "未按规定公示",
        "CF_SY": "当事人未按规定公示有关信息。",
        "CF_YJ": "示例条例第一条",
        "CF_NR": "罚款二百元。",
        "CF_NR_FK": "0.02",
        "CF_JDRQ": "2026-11-20",
        "CF_YXQ": "2099-12-31",
        "CF_CFJG": "示例市某局",
        "CF_CFJGDM": "11410700900000014J",
        "CF_SJLY": "示例市某局",
        "CF_SJLYDM": "11410700900000014J",
    }.items():
        page.locator(f"#id-{field}").focus()
        page.keyboard.type(text)
    page.locator("#id-CF_XDR_LB").select_option("法人及非法人组织")
    page.locator("input[name=f-CF_CFLB][value=罚款]").focus()
    page.keyboard.press("Space")
    page.locator(".record-actions button[value=check]").focus()
    page.keyboard.press("Enter")
    expect(page.locator("button[value=save]")).to_be_visible()
    if scripts:
        opened.check()
        _shot(page, "record-check")
    page.locator("button[value=save]").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/deliveries/market-regulation-*")
    if not scripts:
        _ask_until_done(page)
    # The worker and the page's own refresh, each at its pace on a loaded machine.
    expect(page.locator(".console-title h1 .chip")).to_contain_text("已入库", timeout=60_000)
