"""Lists and joint work in the browser: an entity is listed through the whole procedure, is shown, leaves, and is not shown."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from xinyong.demo import city

from .conftest import WIDTHS, Officer, Opener, sign_in

TODAY = date.today()


def ago(days: int) -> str:
    return (TODAY - timedelta(days=days)).isoformat()


def user(role: str) -> Officer:
    return Officer(next(item.username for item in city.USERS if item.role == role), city.PASSWORD)


#: Steps with their facts, each by the officer whose turn it is.
WAY: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("reporter", "serve_notice", {"notice_document": "示市监告〔2026〕1号", "served_on": ago(60), "service_method": "direct",
                                  "service_proof": "送达回证〔2026〕1号", "told": "*"}),
    ("reporter", "lapse", {}),
    ("supervisor", "decide", {"decided_on": ago(30), "document": "示市监列〔2026〕1号", "measures_told": "列为重点监管对象",
                              "signed_post": "局长", "consent_document": "示市监复〔2026〕1号"}),
    ("reporter", "serve_decision", {"served_on": ago(28), "service_method": "mail", "service_proof": "EMS 1001"}),
    ("supervisor", "publish", {"listed_on": ago(20)}),
)  # fmt: skip
EXIT = {"exit_ground": "corrected", "exit_on": ago(0), "exit_document": "示市监移〔2026〕1号"}


def fill(page: Page, step: str, facts: dict[str, str], reason: str) -> None:
    """Fill the form of a step and send it, as a person does."""
    form = page.locator(f"#form-{step}")
    for code, value in facts.items():
        control = form.locator(f"[name='{code}']")
        if value == "*":
            for box in control.all():
                box.check()
        elif control.evaluate("node => node.tagName") == "SELECT":
            control.select_option(value)
        else:
            control.fill(value)
    form.locator("[name='reason']").fill(reason)
    form.locator("button[type=submit]").click()
    page.wait_for_load_state("load")


@pytest.fixture(scope="module")
def listed(browser: Any, live_site: str) -> Any:
    """A case at the list, made through the pages; (its address, name of the entity, code)."""
    pages: dict[str, Page] = {}
    contexts = []
    for role in ("reporter", "supervisor"):
        context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="zh-CN")
        contexts.append(context)
        pages[role] = context.new_page()
        sign_in(pages[role], live_site, user(role))
    clerk = pages["reporter"]
    clerk.goto(f"{live_site}/lists/serious-violation-list")
    taken = set(clerk.locator("tbody td:nth-child(2)").all_inner_texts())
    clerk.goto(live_site)
    code = name = ""
    for link in clerk.locator("#double-publicity tbody a[href*='/entities/91']").all():
        if link.inner_text() not in taken:
            code = (link.get_attribute("href") or "").rpartition("/")[2].partition("#")[0]
            name = link.inner_text()
            break
    assert code
    clerk.goto(f"{live_site}/console/lists/new?list=market-serious&key={code}")
    clerk.locator("#new-ground").select_option("food")
    clerk.locator("#new-facts").fill("经营不符合食品安全标准的食品，受到较重行政处罚")
    clerk.locator("#new-evidence").fill("处罚决定书、检验报告")
    clerk.locator("#new-reason").fill("符合第44号令第二条")
    clerk.locator("main form[method=post] button[type=submit]").click()
    clerk.wait_for_load_state("load")
    address = clerk.url
    assert "/console/lists/" in address and address.rsplit("/", 1)[1].isdecimal(), clerk.inner_text("main")[:800]
    for role, step, facts in WAY:
        page = pages[role]
        page.goto(address)
        fill(page, step, facts, f"办理{step}")
        assert not page.locator(".error-summary").count(), page.inner_text("main")[:800]
    yield address, name, code, pages
    for context in contexts:
        context.close()


def _on_the_list(page: Page, base: str, code: str, name: str, *, shown: bool) -> None:
    """The effects read on within a second or two of the commit."""
    address = f"{base}/lists/serious-violation-list?keyword={code}"
    row = page.locator("tbody").get_by_text(name, exact=True)
    for _ in range(40):
        page.goto(address)
        if bool(row.count()) == shown:
            return
        page.wait_for_timeout(250)
    raise AssertionError(f"{name} is {'not ' if shown else 'still '}on the public list")


@pytest.mark.parametrize("width", WIDTHS)
def test_pages_of_lists_and_joint_work(visit: Opener, listed: Any, live_site: str, width: int) -> None:
    address, _, code, _ = listed
    reporter = user("reporter")
    for path, who in (
        ("/list-registry", None),
        ("/list-registry/market-serious", None),
        ("/measures", None),
        ("/en/list-registry/abnormal", None),
        ("/en/measures", None),
        ("/console/lists", reporter),
        ("/console/lists/configuration", reporter),
        (f"/console/lists/new?list=market-serious&key={code}", reporter),
        (address.removeprefix(live_site), reporter),
        (address.removeprefix(live_site).replace("/console", "/en/console"), user("supervisor")),
        ("/console/measures", reporter),
        ("/console/measures/ask", reporter),
        ("/console/measures/figures", reporter),
        ("/console/standing", reporter),
        (f"/console/standing/{code}", reporter),
    ):
        visit(path, width=width, who=who).check()


def test_a_measure_is_asked_decided_fed_back_and_lifted_when_the_entry_ends(
    visit: Opener, listed: Any, live_site: str
) -> None:
    address, name, code, pages = listed
    clerk = pages["reporter"]
    _on_the_list(clerk, live_site, code, name, shown=True)

    clerk.goto(f"{live_site}/console/measures/ask")
    clerk.locator("#ask-key").fill(code)
    clerk.locator("#ask-scene").select_option("inspection")
    clerk.locator("#ask-matter").fill("食品经营年度检查")
    clerk.locator("#ask-purpose").fill("确定检查频次")
    clerk.locator("#ask-authority").fill("食品安全法第一百一十三条")
    clerk.locator("main form button[type=submit]").first.click()
    hit = clerk.locator("article", has_text="MEA-32")
    hit.locator("summary").click()
    hit.locator("[name=decision][value=applied]").check()
    hit.locator("[name=reason]").fill("在列严重违法失信名单")
    hit.get_by_role("button", name="记录决定").click()
    # Without a notice nothing is applied, and what was typed is still there.
    expect(clerk.locator(".error-summary")).to_contain_text("MEA-05")
    hit = clerk.locator("article", has_text="MEA-32")
    expect(hit.locator("[name=reason]")).to_have_value("在列严重违法失信名单")
    hit.locator("[name=notice]").fill("示市监告〔2026〕9号")
    hit.locator("[name=notice_served_on]").fill(ago(1))
    for part in ("basis", "reason", "relief"):
        hit.locator(f"[name=notice_says][value={part}]").check()
    hit.locator("[name=relation]").fill("检查事项与食品安全失信行为直接相关")
    hit.get_by_role("button", name="记录决定").click()
    clerk.wait_for_load_state("load")
    work = clerk.url
    expect(clerk.locator("h1")).to_contain_text("已决定采取")
    clerk.locator("#day").fill(ago(0))
    clerk.locator("#note").fill("已列入加密检查计划")
    clerk.get_by_role("button", name="提交反馈").click()
    expect(clerk.locator("h1")).to_contain_text("已执行并反馈")
    for width in WIDTHS:
        visit(work.removeprefix(live_site), width=width, who=user("reporter")).check()

    chief = pages["supervisor"]
    chief.goto(address)
    fill(chief, "exit", EXIT, "列入有误，予以更正")
    for _ in range(80):  # the exit is on its way through the ledger
        chief.goto(address)
        if "已移出" in chief.inner_text("h1"):
            break
        chief.wait_for_timeout(250)
    expect(chief.locator("h1")).to_contain_text("已移出")
    _on_the_list(clerk, live_site, code, name, shown=False)
    for _ in range(40):
        clerk.goto(work)
        if "待解除" in clerk.inner_text("h1"):
            break
        clerk.wait_for_timeout(250)
    clerk.locator("#day").fill(ago(0))
    clerk.locator("#note").fill("已恢复正常检查频次")
    clerk.get_by_role("button", name="确认已解除").click()
    expect(clerk.locator("h1")).to_contain_text("已解除")
    clerk.goto(f"{live_site}/console/standing/{code}")
    assert "示市监列〔2026〕1号" not in clerk.inner_text("#entries-title >> xpath=..  >> xpath=..")


def test_forms_work_without_scripts_and_refuse_with_what_was_typed(visit: Opener, listed: Any, live_site: str) -> None:
    _, _, code, _ = listed
    opened = visit(f"/console/lists/new?list=abnormal&key={code}", who=user("reporter"), scripts=False)
    page = opened.page
    page.locator("#new-facts").fill("未按规定公示年度报告")
    page.locator("#new-evidence").fill("系统记录")
    page.locator("#new-reason").fill("提请列入")
    page.locator("#new-ground").select_option("1")
    page.locator("main form[method=post] button[type=submit]").click()
    assert "/console/lists/" in page.url
