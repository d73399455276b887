"""Cases in a real browser: an officer works an objection from the queue to the decision, and the public page follows."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from xinyong.demo import city

from .conftest import WIDTHS, Officer, Opener, Work

UNIT = Officer(next(user.username for user in city.USERS if user.role == "supervisor"), city.PASSWORD)


@pytest.mark.parametrize("width", WIDTHS)
def test_the_pages_of_the_desk(visit: Opener, operator: Officer, width: int) -> None:
    for path in (
        "/console/cases?turn=all",
        "/en/console/cases?turn=all",
        "/console/cases/figures",
        "/console/cases/withdraw",
        "/console/tips",
    ):
        visit(path, width=width, who=operator).check()
    opened = visit("/console/cases?turn=all&kind=objection", width=width, who=operator)
    opened.page.locator("[data-case-link]").first.click()
    opened.check()
    repair = visit("/console/cases?turn=all&kind=repair", width=width, who=UNIT)
    repair.page.locator("[data-case-link]").first.click()
    repair.check()


def test_an_officer_works_an_objection_by_keyboard_and_the_page_of_the_record_follows(
    visit: Opener, operator: Officer, record_path: str
) -> None:
    """Queue, compare, forward; the unit rejects; told and closed: the mark stands, then it is gone."""
    page = visit("/console/cases?kind=objection", who=operator).page
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/console/cases/\d+"))
    number = page.url.rstrip("/").rsplit("/", 1)[1]
    public = page.get_by_role("link", name="公示页", exact=True).last.get_attribute("href")
    assert public
    site = visit(public)
    expect(site.page.locator(".chip--violet").first).to_contain_text("异议处理中")

    def act(of: object, key: str, reason: str = "") -> None:
        if not of.locator(f"[data-case-key='{key}']").count():  # type: ignore[attr-defined]
            return
        of.keyboard.press(key)  # type: ignore[attr-defined]
        if reason:
            of.locator("#reason").fill(reason)  # type: ignore[attr-defined]
        of.locator("input[name=stay]").check()  # type: ignore[attr-defined]
        of.keyboard.press("Control+Enter")  # type: ignore[attr-defined]
        of.wait_for_load_state("load")  # type: ignore[attr-defined]

    act(page, "f", "请核查并答复。")
    expect(page.locator("h1 .chip")).to_contain_text(re.compile("已转来源单位|来源单位核查中|异议"))
    unit = visit(f"/console/cases/{number}", who=UNIT).page
    act(unit, "j", "经核查，报送信息与决定文书一致。")
    expect(unit.locator("h1 .chip")).to_contain_text("异议不成立")
    page.goto(page.url)
    act(page, "m", "异议不成立，标注已解除。")
    expect(page.locator("h1 .chip")).to_contain_text("异议不成立")
    expect(page.locator("main")).to_contain_text("已于")
    site.page.reload()
    expect(site.page.locator("h1 .chip--violet, .record-head .chip--violet")).to_have_count(0)
    expect(site.page.locator("main")).to_contain_text("异议标注解除")
    site.check()


def test_an_officer_works_a_queue_of_200_by_keyboard(visit: Opener, operator: Officer, site_work: Work) -> None:
    """All of a page are ticked by one key; what may be done together is; what must be judged is decided one by one."""
    assert site_work("queue", "200")["waiting"] >= 200
    opened = visit("/console/cases?kind=objection&turn=mine&size=200", who=operator)
    page = opened.page
    assert page.locator("[data-case-row]").count() == 200
    page.keyboard.press("?")
    expect(page.locator("[data-case-keys]")).to_be_visible()
    page.keyboard.press("?")

    def batch(words: str, reason: str = "") -> int:
        page.keyboard.press("Shift+X")
        expect(page.locator("[data-case-count]")).to_contain_text(re.compile("已勾选 [0-9]+ 件"))
        page.keyboard.press("b")
        expect(page.locator("#batch-act")).to_be_focused()
        for _ in range(20):
            if words in page.locator("#batch-act option:checked").inner_text():
                break
            page.keyboard.press("ArrowDown")
        page.keyboard.press("Tab")
        page.keyboard.type(reason)
        page.keyboard.press("Control+Enter")
        page.wait_for_url("**/cases/batch")
        done = re.search(r"([0-9]+) 件中办理 ([0-9]+) 件", page.locator(".console-title").inner_text())
        assert done and int(done.group(1)) > int(done.group(2)) - 1
        page.keyboard.press("q")
        page.wait_for_url("**size=200**")
        return int(done.group(2))

    assert batch("异议 · 开始比对") >= 180
    assert batch("异议 · 转来源单位核查", "平台展示内容与报送内容一致，请核查并答复。") >= 180
    unit = visit("/console/cases?kind=objection&turn=mine&size=200", who=UNIT)
    page = unit.page
    assert page.locator("[data-case-row]").count() >= 180
    assert batch("异议 · 开始核查") >= 180
    # Whether an objection is right is judged case by case: no batch offers it.
    assert "认定" not in page.locator("#batch-act").inner_text()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/console/cases/[0-9]+"))
    seen = set()
    for _ in range(5):
        here = page.url
        seen.add(here)
        page.keyboard.press("j")
        expect(page.locator("#reason")).to_be_focused()
        assert "异议不成立" in page.locator("#reason").input_value(), "a text to start from stands in the field"
        page.keyboard.press("Control+Enter")
        page.wait_for_url(lambda url, here=here: url != here and not url.endswith("/act"))
    assert len(seen) == 5
    unit.check()


def test_deadlines_pass_and_escalate(visit: Opener, operator: Officer, site_work: Work) -> None:
    """Sent to its unit 20 days ago by the clock, and silence: the site tells by itself, it stands first, display may stop."""
    made = site_work("late", "20")
    page = visit(f"/console/cases/{made['case']}", who=operator).page
    for _ in range(150):  # the site looks once a second
        if "逾期督办" in page.locator("main").inner_text():
            break
        page.wait_for_timeout(200)
        page.reload()
    expect(page.locator("main")).to_contain_text("逾期督办")
    expect(page.locator(".is-deadline")).to_contain_text("逾期")
    number = page.locator("h1 .mono").inner_text()
    for width in WIDTHS:
        opened = visit("/console/cases?turn=all&kind=objection&due=overdue", width=width, who=operator)
        expect(opened.page.locator("tbody")).to_contain_text(number)
        opened.check()
    expect(visit("/console/", who=UNIT).page.locator(".task-list a[href*='due=overdue']").first).to_be_visible()
    public = visit(f"/records/{made['record']}").page
    expect(public.locator("main")).to_contain_text("异议处理中")
    page.keyboard.press("z")
    page.locator("input[name=stay]").check()
    page.keyboard.press("Control+Enter")
    page.wait_for_load_state("load")
    expect(page.locator("[role=alert]")).to_have_count(0)
    for _ in range(100):
        if page.request.get(public.url).status in (404, 410):
            break
        page.wait_for_timeout(200)
    assert page.request.get(public.url).status in (404, 410), "not shown until the unit answers"


def test_anybody_leaves_a_tip_without_scripts_and_an_officer_answers(
    visit: Opener, operator: Officer, record_path: str
) -> None:
    page = visit(record_path, scripts=False).page
    page.get_by_role("link", name="任何人都可以提供线索").click()
    page.locator("#text").fill("决定书日期似乎有误，电话13812345678")
    page.get_by_role("button", name="提交线索").click()
    expect(page.locator("main")).to_contain_text("已收到")
    number = page.locator("main strong.mono").inner_text()
    page.get_by_role("link", name="查询处理情况").click()
    page.locator("#number").fill(number)
    page.locator("#number").press("Enter")
    expect(page.locator("main")).to_contain_text("待查看")
    tips = visit("/console/tips", who=operator).page
    line = tips.locator(".case-tips > li").first
    expect(line).to_contain_text("决定书日期似乎有误")
    expect(line).not_to_contain_text("13812345678")
    expect(line).to_contain_text(number)
    expect(line.locator(".sla__words")).to_contain_text("个工作日")
    line.locator("input[name=reply]").fill("已转来源单位核对")
    line.get_by_role("button", name="转来源单位").click()
    expect(tips.locator(".case-tips > li").first).to_contain_text("已转来源单位")


@pytest.mark.parametrize("width", WIDTHS)
def test_the_form_of_a_tip(visit: Opener, record_path: str, width: int) -> None:
    visit(f"{record_path}/tip", width=width).check()
    visit(f"/en{record_path}/tip", width=width).check()
    visit("/tips", width=width).check()


@pytest.mark.parametrize("width", WIDTHS)
def test_what_is_kept_no_longer_is_planned_first_and_the_archive_is_closed(
    visit: Opener, operator: Officer, width: int
) -> None:
    for path in ("/console/retention", "/en/console/retention"):
        visit(path, width=width, who=operator).check()
    opened = visit("/console/retention", width=width, who=operator)
    opened.page.get_by_role("button", name="预演（不改动数据）").click()
    expect(opened.page.get_by_role("heading", level=1)).to_contain_text("预演")
    opened.check()
