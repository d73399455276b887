"""Every page in both languages and two widths: accessible, quiet, narrow enough, marked."""

from __future__ import annotations

import gzip
import re

import pytest
from playwright.sync_api import Page, expect

from .conftest import WIDTHS, Officer, Opener

PUBLIC = {
    "home": "/",
    "search-empty": "/search",
    "search-hits": "/search?q=%E7%A4%BA%E4%BE%8B",
    "search-none": "/search?q=%E6%B2%A1%E6%9C%89%E8%BF%99%E5%AE%B6",
    "search-bad-code": "/search?q=91410100MA9D8EMO74",
    "catalogue": "/catalogue",
    "catalogue-penalty": "/catalogue/penalty",
    "catalogue-unknown": "/catalogue/nothing",
    "double-publicity": "/double-publicity",
    "double-publicity-filtered": "/double-publicity?type=penalty&from=2026-01-01&keyword=2026",
    "double-publicity-wrong": "/double-publicity?from=yesterday",
    "lists": "/lists",
    "list": "/lists/serious-violation-list",
    "commitments": "/commitments",
    "repair": "/repair",
    "repair-unknown": "/repair?q=%E6%B2%A1%E6%9C%89%E8%BF%99%E5%AE%B6",
    "objection": "/objection",
    "statistics": "/statistics",
    "open-data": "/open-data",
    "open-data-dataset": "/open-data/datasets/penalty",
    "open-data-deletions": "/open-data/deletions",
    "site-map": "/site-map",
    "privacy": "/privacy",
    "accessibility": "/accessibility",
    "news": "/news",
    "policies": "/policies",
    "articles-none": "/articles?q=zzqx",
    "share-unknown": "/s/nothing",
    "large-text": "/lists?care=1",
    "verify": "/verify",
    "verify-mistyped": "/verify?code=AAAA-AAAA-AAAB",
    "verify-unknown": "/verify?code=7F3K-9QD2-XA41",
    "sign-in": "/console/login",
    "console-anonymous": "/console/deliveries",
    "not-found": "/nothing-here",
    "entity-unknown": "/entities/nothing-here",
}
LANGUAGES = {"zh": "", "en": "/en"}
#: Text nodes with Chinese that are not marked as Chinese data.
CHINESE = """() => {
  const found = [];
  const walk = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const text = walk.currentNode.data.trim();
    const parent = walk.currentNode.parentElement;
    const marked = parent.closest('[lang="zh-CN"]') || parent.closest('title');
    if (/[\\u3400-\\u9fff]/.test(text) && !marked) found.push(text);
  }
  for (const element of document.querySelectorAll('[aria-label], [placeholder], [alt]'))
    for (const name of ['aria-label', 'placeholder', 'alt']) {
      const text = element.getAttribute(name) ?? '';
      if (/[\\u3400-\\u9fff]/.test(text)) found.push(`${name}: ${text}`);
    }
  return found;
}"""


def chinese_left(page: Page) -> list[str]:
    found: list[str] = page.evaluate(CHINESE)
    return found


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", PUBLIC)
def test_public_page(visit: Opener, name: str, language: str, width: int) -> None:
    opened = visit(LANGUAGES[language] + PUBLIC[name], width=width)
    opened.check()
    expect(opened.page.locator("html")).to_have_attribute("lang", "en" if language == "en" else "zh-CN")
    expect(opened.page.locator("h1")).to_have_count(1)
    if language == "en":
        assert chinese_left(opened.page) == []
    elif width == WIDTHS[-1]:
        opened.check_tablet()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_entity_file(visit: Opener, entity_path: str, language: str, width: int) -> None:
    opened = visit(LANGUAGES[language] + entity_path, width=width)
    opened.check()
    expect(opened.page.locator(".entity-card h1")).to_be_visible()
    if language == "en":
        assert chinese_left(opened.page) == []
    elif width == WIDTHS[-1]:
        opened.check_tablet()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_record(visit: Opener, record_path: str, language: str, width: int) -> None:
    opened = visit(LANGUAGES[language] + record_path, width=width)
    opened.check()
    if language == "en":
        assert chinese_left(opened.page) == []
    elif width == WIDTHS[-1]:
        opened.check_tablet()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_report(visit: Opener, entity_path: str, language: str, width: int) -> None:
    opened = visit(f"{LANGUAGES[language]}{entity_path.partition('?')[0]}/report", width=width)
    opened.check()
    if language == "en":
        assert chinese_left(opened.page) == []
    elif width == WIDTHS[-1]:
        opened.check_tablet()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_deliveries(visit: Opener, officer: Officer, language: str, width: int) -> None:
    opened = visit(f"{LANGUAGES[language]}/console/deliveries", width=width, who=officer)
    opened.check()
    if language == "en":
        assert chinese_left(opened.page) == []
    elif width == WIDTHS[-1]:
        opened.check_tablet()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_delivery(visit: Opener, officer: Officer, delivery_path: str, language: str, width: int) -> None:
    opened = visit(LANGUAGES[language] + delivery_path, width=width, who=officer)
    opened.check()
    expect(opened.page.locator("#errors")).to_be_visible()
    if language == "en":
        assert chinese_left(opened.page) == []
    elif width == WIDTHS[-1]:
        opened.check_tablet()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", ["/console/rules", "/console/rules/rows/SEV-02", "/console/rules/waiting"])
def test_rules(visit: Opener, operator: Officer, path: str, language: str, width: int) -> None:
    opened = visit(LANGUAGES[language] + path, width=width, who=operator)
    opened.check()
    if language == "en":
        assert chinese_left(opened.page) == []


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "path",
    [
        "/console/shares",
        "/console/special-reports",
        "/console/content",
        "/console/content/new",
        "/console/content/1",
        "/console/feedback",
    ],
)
def test_services_of_the_operator(visit: Opener, operator: Officer, path: str, language: str, width: int) -> None:
    opened = visit(LANGUAGES[language] + path, width=width, who=operator)
    opened.check()
    if language == "en":
        assert chinese_left(opened.page) == []


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_article(visit: Opener, language: str, width: int) -> None:
    """The newest article of each section."""
    for section in ("/policies", "/news"):
        opened = visit(LANGUAGES[language] + section, width=width)
        opened.page.locator(".article-list h3 a").first.click()
        opened.page.wait_for_load_state("load")
        opened.check()
        expect(opened.page.locator("h1")).to_have_count(1)
        if language == "en":
            assert chinese_left(opened.page) == []


def test_share_and_special_report_through_the_console(visit: Opener, operator: Officer, entity_path: str) -> None:
    """An officer shares on request; the receiver opens the link without a sign-in; taken back it shows nothing."""
    key = entity_path.rpartition("/")[2]
    page = visit(f"/console/shares?key={key}", who=operator).page
    for box in page.locator("input[name=chapter]").all():
        box.check()
    page.locator("#shown-to").fill("示例银行")
    page.locator("#reason").fill("窗口申请")
    page.get_by_role("button", name="生成链接").click()
    link = page.locator("tbody a[href^='/s/']").first.get_attribute("href")
    assert link
    for width in WIDTHS:
        for language in LANGUAGES.values():
            opened = visit(language + link, width=width)
            opened.check()
            expect(opened.page.locator(".verdict--valid")).to_be_visible()
            if language:
                assert chinese_left(opened.page) == []
    opened = visit(f"/console/shares?key={key}", width=390, who=operator)
    opened.check()
    opened.page.get_by_text("撤回", exact=True).first.click()
    opened.page.locator("details[open] input[name=reason]").fill("申请人要求")
    opened.page.get_by_role("button", name="撤回链接").first.click()
    gone = visit(link, scripts=False)
    expect(gone.page.locator(".message-card__number")).to_contain_text("410")
    visit(f"/console/special-reports?key={key}", width=390, who=operator).check()


def test_feedback_without_scripts(visit: Opener, operator: Officer) -> None:
    page = visit("/lists", scripts=False).page
    page.get_by_role("button", name="没有帮助").click()
    page.locator("#feedback-words").fill("想要按行业筛选，电话 13800138000")
    page.get_by_role("button", name="提交").click()
    page.get_by_role("link", name="回到刚才的页面").click()
    assert page.url.endswith("/lists")
    queue = visit("/console/feedback", who=operator)
    queue.check()
    assert "想要按行业筛选" in queue.page.content() and "13800138000" not in queue.page.content()


@pytest.mark.parametrize("width", WIDTHS)
def test_without_the_right(visit: Opener, reader: Officer, width: int) -> None:
    opened = visit("/console/deliveries", width=width, who=reader)
    opened.check()
    expect(opened.page.locator(".message-card__number")).to_contain_text("403")


@pytest.mark.parametrize(
    "path", ["/", "/search?q=%E7%A4%BA%E4%BE%8B", "/catalogue/penalty", "/console/login", "/nothing-here"]
)
def test_narrowest_window(visit: Opener, path: str) -> None:
    """320 px is 1280 px at 400 percent zoom."""
    for language in LANGUAGES.values():
        page = visit(language + path, width=320).page
        assert page.evaluate("document.documentElement.scrollWidth") <= 320


@pytest.mark.parametrize("width", [820, 1024])
def test_widths_between(visit: Opener, officer: Officer, entity_path: str, delivery_path: str, width: int) -> None:
    """Nothing is wider than the window on a tablet, in either language."""
    page = visit("/", width=width, who=officer).page
    home = page.url.rstrip("/")
    for path in ("/", entity_path, "/catalogue", "/catalogue/penalty", "/console/deliveries", delivery_path):
        for language in LANGUAGES.values():
            page.goto(home + language + path)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, page.url


def test_narrowest_entity_file(visit: Opener, entity_path: str) -> None:
    assert visit(entity_path, width=320).page.evaluate("document.documentElement.scrollWidth") <= 320


def test_touch_targets_on_a_phone(visit: Opener, entity_path: str) -> None:
    """Buttons, menu entries and tabs are at least 44 px high."""
    page = visit(entity_path, width=390).page
    sizes = page.eval_on_selector_all(
        ".button, .main-nav a, .tab-bar a, .utility-bar li a, .pagination a, .search-box input",
        "items => items.filter(i => i.offsetParent).map(i => [i.textContent.trim(), i.getBoundingClientRect().height])",
    )
    assert sizes
    assert [size for size in sizes if size[1] < 44] == []


@pytest.mark.parametrize("path", ["/", "/double-publicity", "/lists", "/repair", "/statistics"])
def test_traditional_characters(visit: Opener, entity_path: str, path: str) -> None:
    """The pages below /zh-hant/ are whole pages, accessible, and free of the commonest simplified forms of the menu."""
    opened = visit("/zh-hant" + path)
    opened.check()
    expect(opened.page.locator("html")).to_have_attribute("lang", "zh-Hant")
    expect(opened.page.locator(".main-nav")).to_contain_text("雙公示")
    assert visit("/zh-hant" + entity_path).page.locator(".tab-bar").inner_text().startswith("概覽")


def test_pages_are_light(visit: Opener, entity_path: str, record_path: str) -> None:
    """At most 80 KB compressed for a first visit, everything the page needs included."""
    for path in ("/", entity_path, record_path, "/double-publicity", "/lists", "/statistics", "/repair", "/news",
                 "/search?q=%E7%A4%BA%E4%BE%8B", "/open-data", "/verify", "/objection", "/accessibility"):  # fmt: skip
        page = visit(path).page
        parts = page.evaluate("performance.getEntriesByType('resource').map(part => [part.name, part.encodedBodySize])")
        html = page.request.get(page.url).body()
        assert len(parts) >= 5 and len(html) > 3000, path
        weight = sum(size for _, size in parts) + len(gzip.compress(html))
        assert weight <= 80 * 1024, (path, weight, parts)


def test_no_inline_styles_or_scripts(visit: Opener, entity_path: str) -> None:
    for path in ("/", entity_path, "/catalogue/penalty", "/console/login"):
        html = visit(path, scripts=False).page.content()
        assert not re.search(r"<[^>]+\sstyle=", html), path
        assert not re.search(r"<script(?![^>]*\bsrc=)", html), path
        assert not re.search(r"<[^>]+\son\w+=", html), path
