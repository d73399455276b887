"""Lists and joint work in the browser: an entity is listed through the whole procedure, is shown, leaves, and is not shown."""

from __future__ import annotations

import os
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
#: The long way: the subject speaks and asks for a hearing, and asks for an early exit once a year has passed.
HEARD: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("reporter", "serve_notice", {**WAY[0][2], "notice_document": "示市监告〔2024〕2号", "served_on": ago(800)}),
    ("reporter", "statement", {"statement_on": ago(799), "statement": "当事人称已召回全部产品"}),
    ("reporter", "ask_hearing", {"asked_on": ago(798)}),
    ("reporter", "hold_hearing", {"hearing_on": ago(770), "hearing_record": "示市监听〔2024〕2号", "answer": "召回在立案之后，不影响认定",
                                  "adopted": "not-adopted"}),
    ("supervisor", "decide", {**WAY[2][2], "decided_on": ago(750), "document": "示市监列〔2024〕2号"}),
    ("reporter", "serve_decision", {**WAY[3][2], "served_on": ago(745)}),
    ("supervisor", "publish", {"listed_on": ago(740)}),
)  # fmt: skip
EXIT = {"exit_ground": "corrected", "exit_on": ago(0), "exit_document": "示市监移〔2026〕1号"}


def fill(page: Page, step: str, facts: dict[str, str], reason: str) -> None:
    """Fill the form of a step and send it, as a person does."""
    form = page.locator(f"#form-{step}")
    folded = page.locator(f"details:not([open]):has(#form-{step}) > summary")
    if folded.count():
        folded.click()
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
def officers(browser: Any, live_site: str, cookies: dict[Officer, Any]) -> Any:
    """A page each for who proposes and who decides."""
    pages: dict[str, Page] = {}
    for role in ("reporter", "supervisor"):
        context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="zh-CN")
        pages[role] = context.new_page()
        sign_in(pages[role], live_site, user(role))
        cookies[user(role)] = context.storage_state()
    yield pages
    for page in pages.values():
        page.context.close()


@pytest.fixture(scope="module")
def free(officers: dict[str, Page], live_site: str) -> Any:
    """Codes and names of firms that stand on no list and have no case."""
    clerk = officers["reporter"]
    clerk.goto(f"{live_site}/lists/serious-violation-list")
    taken = set(clerk.locator("tbody td:nth-child(2)").all_inner_texts())
    clerk.goto(f"{live_site}/console/lists")
    cases = clerk.inner_text("main")
    found: dict[str, str] = {}
    for path in ("", "/lists/licence"):
        clerk.goto(f"{live_site}{path}")
        for link in clerk.locator("main tbody a[href*='/entities/91']").all():
            name = link.inner_text()
            if name not in taken and name not in cases:
                found[(link.get_attribute("href") or "").rpartition("/")[2].partition("#")[0]] = name
    assert len(found) >= 3
    return iter(found.items())


def propose(clerk: Page, base: str, code: str) -> str:
    """A case at the list of serious violations; its address."""
    clerk.goto(f"{base}/console/lists/new?list=market-serious&key={code}")
    clerk.locator("#new-ground").select_option("food")
    clerk.locator("#new-facts").fill("经营不符合食品安全标准的食品，受到较重行政处罚")
    clerk.locator("#new-evidence").fill("处罚决定书、检验报告")
    clerk.locator("#new-reason").fill("符合第44号令第二条")
    clerk.locator("main form[method=post] button[type=submit]").click()
    clerk.wait_for_load_state("load")
    address = clerk.url
    assert "/console/lists/" in address and address.rsplit("/", 1)[1].isdecimal(), clerk.inner_text("main")[:800]
    return address


def walk(pages: dict[str, Page], address: str, way: tuple[tuple[str, str, dict[str, str]], ...]) -> None:
    """Take steps one after another, each by the officer whose turn it is."""
    before = ""
    for role, step, facts in way:
        page = pages[role]
        if role != before:  # who took the last step has the case before them
            page.goto(address)
            before = role
        fill(page, step, facts, f"办理{step}")
        assert not page.locator(".error-summary").count(), (step, page.inner_text("main")[:800])


@pytest.fixture(scope="module")
def listed(officers: dict[str, Page], free: Any, live_site: str) -> Any:
    """A case at the list, made through the pages; (its address, name of the entity, code, pages)."""
    code, name = next(free)
    address = propose(officers["reporter"], live_site, code)
    walk(officers, address, WAY)
    return address, name, code, officers


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


def _stands(page: Page, address: str, state: str) -> None:
    """The case, or the work, comes to a state once its delivery was taken in and the effects have read it."""
    for _ in range(80):
        page.goto(address)
        if state in page.inner_text("h1"):
            return
        page.wait_for_timeout(250)
    raise AssertionError(page.inner_text("h1"))


def _in_the_file(page: Page, base: str, code: str) -> str:
    """What the public file of the entity says of the list of serious violations."""
    page.goto(f"{base}/entities/{code}")
    return page.inner_text("#section-serious-violation-list")


@pytest.mark.parametrize("width", WIDTHS)
def test_pages_of_lists_and_joint_work(visit: Opener, listed: Any, live_site: str, width: int) -> None:
    address, _, code, _ = listed
    reporter = user("reporter")
    short = os.environ.get("XINYONG_TEST_SHORT") == "1"
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
        if short and width == 1440 and "/en/" in path:
            continue  # long English words break narrow pages, not wide ones
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
    _stands(chief, address, "已移出")
    _on_the_list(clerk, live_site, code, name, shown=False)
    _stands(clerk, work, "待解除")
    clerk.locator("#day").fill(ago(0))
    clerk.locator("#note").fill("已恢复正常检查频次")
    clerk.get_by_role("button", name="确认已解除").click()
    expect(clerk.locator("h1")).to_contain_text("已解除")
    clerk.goto(f"{live_site}/console/standing/{code}")
    assert "示市监列〔2026〕1号" not in clerk.inner_text("#entries-title >> xpath=..  >> xpath=..")


def test_who_is_heard_leaves_early_and_the_exit_is_announced(
    visit: Opener, officers: dict[str, Page], free: Any, live_site: str
) -> None:
    """Statement, hearing and answer stand in the case; the entry leaves by its ground, and the exit is announced."""
    code, name = next(free)
    clerk, chief = officers["reporter"], officers["supervisor"]
    address = propose(clerk, live_site, code)
    walk(officers, address, HEARD[:3])
    # Before the hearing was held nobody decides.
    chief.goto(address)
    expect(chief.locator("h1")).to_contain_text("待听证")
    assert not chief.locator("#form-decide").count()
    walk(officers, address, HEARD[3:])
    _on_the_list(clerk, live_site, code, name, shown=True)
    _stands(clerk, address, "在列")
    for words in ("当事人称已召回全部产品", "示市监听〔2024〕2号", "召回在立案之后，不影响认定", "不采纳"):
        expect(clerk.locator("main")).to_contain_text(words)
    walk(officers, address, (("reporter", "apply_early", {"applied_on": ago(1)}),))
    chief.goto(address)
    fill(chief, "exit", {**EXIT, "exit_ground": "early", "exit_document": "示市监移〔2026〕2号"}, "已履行并消除影响")
    _on_the_list(clerk, live_site, code, name, shown=False)
    _stands(clerk, address, "已移出")
    walk(officers, address, (("reporter", "announce", {"announced_on": ago(0), "channel": "信用示例网"}),))
    expect(clerk.locator("h1")).to_contain_text("已移出并公告")
    visit(address.removeprefix(live_site), width=WIDTHS[0], who=user("reporter")).check()


def test_an_entry_that_is_annulled_is_gone_and_says_what_is_restored(
    visit: Opener, officers: dict[str, Page], free: Any, live_site: str
) -> None:
    """Of an annulled entry the public reads nothing; the case keeps by whom, on which document, and what is restored."""
    code, name = next(free)
    clerk, chief = officers["reporter"], officers["supervisor"]
    address = propose(clerk, live_site, code)
    walk(officers, address, (WAY[0], ("reporter", "waive", {"waiver": "示市监弃〔2026〕3号"}), *WAY[2:]))
    _on_the_list(clerk, live_site, code, name, shown=True)
    _stands(clerk, address, "在列")
    document = WAY[2][2]["document"]
    assert document in _in_the_file(clerk, live_site, code)
    facts = {
        "annulled_by": "court",
        "annulled_on": ago(0),
        "document": "（2026）示行初1号",
        "restored": "恢复名誉，通知各实施单位",
    }
    chief.goto(address)
    # Nothing restored, nothing annulled: the form says which field is missing and keeps what was typed.
    chief.locator("#form-annul").evaluate("form => { form.noValidate = true }")
    fill(chief, "annul", {**facts, "restored": ""}, "法院判决撤销")
    expect(chief.locator(".error-summary")).to_contain_text("恢复原状的措施")
    expect(chief.locator("h1")).to_contain_text("在列")
    expect(chief.locator("#form-annul [name=document]")).to_have_value("（2026）示行初1号")
    fill(chief, "annul", facts, "法院判决撤销")
    expect(chief.locator("h1")).to_contain_text("已撤销")
    expect(chief.locator(".step--done").last).to_contain_text("撤销")
    expect(chief.locator(".console-title")).not_to_contain_text("期满")
    for words in ("法院", "（2026）示行初1号", "恢复名誉，通知各实施单位"):
        expect(chief.locator("main")).to_contain_text(words)
    _on_the_list(clerk, live_site, code, name, shown=False)
    section = _in_the_file(clerk, live_site, code)
    assert "查询期内无相关信息" in section
    assert document not in clerk.inner_text("main")
    visit(address.removeprefix(live_site), width=WIDTHS[-1], who=user("supervisor")).check()


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
