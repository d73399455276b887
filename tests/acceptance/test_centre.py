"""The enterprise centre in a browser: a firm objects, is told that a repair is too early, and a delegate without the right to sign."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from xinyong.demo.firms import PASSWORD

from .conftest import WIDTHS, Officer, Opened, Opener, Watch, Work
from .test_pages import chinese_left

LEAD, HELPER = "demo-lizhang", "demo-zhao"
Desk = Callable[..., Page]


def enter(page: Page, base: str, login: str) -> None:
    """Through the provider's own page, which runs on another port."""
    page.goto(f"{base}/centre/")
    page.locator("main a.button--primary").click()
    expect(page.locator("header")).to_contain_text("演示")
    assert not page.url.startswith(base)
    page.locator("#login").fill(login)
    page.locator("#password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{base}/centre/**")


@pytest.fixture(scope="module")
def sessions(browser: Browser, live_site: str) -> Iterator[Callable[[str], BrowserContext]]:
    """One signed-in context a person and a choice of scripts: signing in is tested once, not on every page."""
    made: dict[tuple[str, int, bool], BrowserContext] = {}

    def of(login: str, width: int = 1440, scripts: bool = True) -> BrowserContext:
        key = (login, width, scripts)
        if key not in made:
            made[key] = browser.new_context(
                viewport={"width": width, "height": 900}, locale="zh-CN", java_script_enabled=scripts
            )
            enter(made[key].new_page(), live_site, login)
        return made[key]

    yield of
    for context in made.values():
        context.close()


@pytest.fixture
def at(sessions: Callable[..., BrowserContext], live_site: str) -> Desk:
    """A page of the centre as somebody sees it."""

    def open_page(path: str, login: str = LEAD, *, width: int = 1440, scripts: bool = True) -> Page:
        page = sessions(login, width, scripts).new_page()
        page.goto(live_site + path)
        page.wait_for_load_state("load")
        return page

    return open_page


def records(page: Page, tone: str, kind: str) -> str:
    """The address of a deed at the first record with a chip of this tone."""
    link = page.locator(f"li:has(.chip--{tone}) a[href*='/centre/{kind}/new/']").first
    address = link.get_attribute("href")
    assert address
    return address


PAGES = (
    "",
    "file",
    "reports",
    "shares",
    "repairs",
    "objections",
    "commitments",
    "notices",
    "authorisations",
    "applies",
    "queries",
    "delegates",
    "accept",
)


@pytest.mark.parametrize(("language", "width"), [("", 390), ("/en", 1440)])
def test_pages_of_the_centre(
    sessions: Callable[..., BrowserContext], live_site: str, language: str, width: int
) -> None:
    """Every page: accessible, quiet, narrow enough, marked, in one language."""
    context = sessions(LEAD, width)
    page = context.new_page()
    watch = Watch(page)
    watch.origin = live_site
    opened = Opened(page, watch)
    page.goto(f"{live_site}{language}/centre/repairs")
    early = records(page, "amber", "repairs")
    record = early.rpartition("/")[2]
    addresses = [f"{language}/centre/{name}" for name in PAGES]
    addresses += [
        early,
        f"{language}/centre/objections/new/{record}?field=CF_NR",
        f"{language}/centre/file/{record}",
        f"{language}/centre/annulments/new/{record}",
    ]
    page.goto(f"{live_site}{language}/centre/commitments")
    promises = page.locator("main a[href*='/centre/commitments/']")
    addresses += sorted({promises.nth(place).get_attribute("href") or "" for place in range(promises.count())})[:3]
    for address in addresses:
        page.goto(live_site + address)
        page.wait_for_load_state("load")
        opened.check()
        expect(page.locator("h1")).to_have_count(1)
        if language:
            assert chinese_left(page) == [], address
    page.close()


@pytest.mark.parametrize("width", WIDTHS)
def test_the_way_in_is_on_every_public_page(browser: Browser, live_site: str, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900}, locale="zh-CN")
    page = context.new_page()
    watch = Watch(page)
    watch.origin = live_site
    page.goto(live_site)
    page.locator(".utility-bar a", has_text="企业中心").click()
    page.wait_for_url("**/centre/sign-in**")
    Opened(page, watch).check()
    context.close()


def decide(page: Page, key: str, reason: str = "") -> None:
    """One act of the desk by its key; the officer stays on the page."""
    page.locator(f"[data-case-key='{key}']:not(:disabled)").wait_for(state="attached")
    page.keyboard.press(key)
    if reason:
        page.locator("#reason").fill(reason)
    page.locator("input[name=stay]").check()
    page.keyboard.press("Control+Enter")
    page.wait_for_load_state("load")
    expect(page.locator("[role=alert]")).to_have_count(0)


def desk_of(visit: Opener, number: int | str, officer: Officer) -> Page:
    """A case as its officer opens it."""
    return visit(f"/console/cases/{number}", who=officer).page


def case_number(page: Page) -> str:
    """Of the case the page of the centre shows."""
    found = re.search(r"/centre/cases/(\d+)", page.url)
    assert found
    return found.group(1)


def vanished(public: Page) -> None:
    """The public page of a record is gone. How soon is measured by the test of every surface; here the machine is busy."""
    for _ in range(100):
        answer = public.reload()
        if answer is not None and answer.status in (404, 410):
            return
        public.wait_for_timeout(200)
    pytest.fail(f"{public.url} is still public")


def test_a_firm_is_told_that_a_repair_is_too_early_and_when_it_will_not_be(at: Desk) -> None:
    page = at("/centre/")
    page.get_by_role("link", name="信用修复").first.click()
    page.goto(page.url.partition("/centre/")[0] + records(page, "amber", "repairs"))
    words = page.locator("[data-verdict]").inner_text()
    day = re.search(r"(\d{4}-\d{2}-\d{2}) 起可以申请", words)
    assert day and date.fromisoformat(day.group(1)) > date.today(), words
    failing = page.locator(".centre-conditions .is-failing")
    expect(failing).to_have_count(1)
    expect(failing).to_contain_text(day.group(1))
    expect(page.get_by_role("button", name="开始申请")).to_have_count(0)


def test_a_firm_repairs_through_a_delegate_who_may_not_sign(at: Desk, visit: Opener, site_work: Work) -> None:
    """The delegate prepares and is told who can sign; signed, checked, handed in; the unit accepts, verifies and grants;
    the record is gone from the public page."""
    lead = at("/centre/delegates")
    lead.locator("#name").fill("赵示例")
    lead.locator("input[name=rights][value=submit]").last.check()
    lead.locator("#until").fill((date.today() + timedelta(days=30)).isoformat())
    lead.get_by_role("button", name="生成邀请码").click()
    code = lead.locator("[data-invitation]").inner_text()
    helper = at("/centre/accept", HELPER, scripts=False)
    helper.locator("#code").fill(code)
    helper.locator("main button[type=submit]").click()
    expect(helper.locator("h1")).to_be_visible()
    base = helper.url.partition("/centre/")[0]
    helper.goto(f"{base}/centre/repairs")
    ready = [
        link.get_attribute("href") or ""
        for link in helper.locator("li:has(.chip--green) a[href*='/repairs/new/']").all()
    ]
    for address in ready:  # a repeat on a site that runs meets the applications of the last time
        helper.goto(base + address)
        if helper.get_by_role("button", name="开始申请").count():
            break
    opened = helper.url
    expect(helper.locator("[data-verdict]")).to_contain_text("可以申请")
    helper.get_by_role("button", name="开始申请").click()
    helper.wait_for_url("**/centre/cases/*")
    case = helper.url
    helper.locator("#proof-files").set_input_files(
        [{"name": "缴款凭证.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4 proof"}]
    )
    helper.get_by_role("button", name="上传").click()
    expect(helper.locator("main")).to_contain_text("缴款凭证.pdf")
    expect(helper.locator("[data-no-sign]")).to_contain_text("没有“签署”权限")
    helper.locator("input[name=agreed]").check()
    helper.get_by_role("button", name="签署承诺").click()
    expect(helper.locator("[role=alert]")).to_contain_text("您没有「签署」权限")
    expect(helper.locator("[role=alert]")).to_contain_text("法定代表人")
    lead.goto(case)
    lead.locator("input[name=agreed]").check()
    lead.get_by_role("button", name="签署承诺").click()
    helper.goto(case)
    helper.get_by_role("link", name="检查并提交").click()
    helper.get_by_role("button", name="确认提交").click()
    helper.wait_for_url("**received=1")
    expect(helper.locator("[role=status]").first).to_contain_text("XF-")
    lead.goto(f"{base}/centre/")
    expect(lead.locator("main")).to_contain_text("XF-")
    record = next(address for address in ready if address in opened).rpartition("/")[2]
    public = visit(f"/records/{record}").page
    expect(public.locator("h1")).to_be_visible()
    unit = desk_of(visit, case_number(helper), Officer(**site_work("unit", record)))
    expect(unit.locator(".case-check--met").first).to_be_visible()
    decide(unit, "a")
    expect(unit.locator("h1 .chip")).to_contain_text("已受理")
    decide(unit, "v")
    for choice in unit.locator("input[type=radio][name^=check-][value=met]").all():
        choice.check()
    decide(unit, "y")
    expect(unit.locator("h1 .chip")).to_contain_text(re.compile("准予修复|同步|办结"))
    vanished(public)
    lead.goto(case)
    expect(lead.locator("main")).to_contain_text("信用修复决定书")
    lead.goto(f"{base}/centre/repairs")
    expect(lead.locator(f"a[href$='/repairs/new/{record}']")).to_have_count(0)
    for _ in range(150):  # every channel has given its receipt
        unit.reload()
        if "办结：准予修复" in unit.locator("main").inner_text():
            break
        unit.wait_for_timeout(200)
    expect(unit.locator("main")).to_contain_text("办结：准予修复")


def test_a_firm_reads_and_signs_a_commitment_and_takes_it_back(at: Desk) -> None:
    """By keyboard and without scripts: text, choice of publicity, letter, and it is gone from the public page again."""
    page = at("/centre/commitments", scripts=False)
    base = page.url.partition("/centre/")[0]
    page.locator("input[name=text][value=industry-pact]").check()
    page.locator("#department").select_option("market-regulation")
    page.get_by_role("button", name="阅读并签署").press("Enter")
    page.wait_for_url("**/centre/commitments/*")
    page.locator("input[name=publicity]").first.check()
    page.locator("input[name=agreed]").check()
    page.get_by_role("button", name="签署承诺").press("Enter")
    expect(page.locator("h1")).to_contain_text("生效中")
    with page.expect_download() as download:
        page.get_by_role("link", name="承诺书 PDF").click()
    assert download.value.path().read_bytes().startswith(b"%PDF")
    code = page.locator(".console-title .mono").inner_text()
    own = page.url
    for _ in range(20):
        page.goto(f"{base}/commitments?q={code}")
        if code in page.content():
            break
        page.wait_for_timeout(500)
    expect(page.locator("main")).to_contain_text(code)
    page.goto(own)
    page.get_by_text("撤回承诺", exact=True).first.click()
    page.locator("#withdraw-reason").fill("改变安排")
    page.get_by_role("button", name="撤回承诺").click()
    expect(page.locator("h1")).to_contain_text("已撤回")
    for _ in range(20):
        page.goto(f"{base}/commitments?q={code}")
        if page.locator(f"main :text('{code}')").count() == 0:
            break
        page.wait_for_timeout(500)
    assert page.locator(f"main tbody :text('{code}')").count() == 0


def test_a_firm_shares_and_takes_it_back(at: Desk) -> None:
    page = at("/centre/shares", scripts=False)
    page.locator("input[name=chapter]").first.check()
    page.locator("#shown-to").fill("某银行贷款")
    page.get_by_role("button", name="生成链接").click()
    expect(page.locator("tbody tr").first).to_contain_text("某银行贷款")
    page.get_by_role("button", name="撤回").first.click()
    expect(page.locator("tbody tr").first).to_contain_text("已撤回")


def test_a_firm_objects_to_a_field_and_wins(
    at: Desk, visit: Opener, operator: Officer, site_work: Work, live_site: str
) -> None:
    """Last here, for the record is gone afterwards. Field, evidence, receipt; marked in public at once; compared, forwarded, upheld; the record is gone; the firm is told."""
    page = at("/centre/repairs")
    free = page.locator("li:has(a[href*='/objections/new/']):not(:has(.chip--violet)) a[href*='/objections/new/']").last
    record = (free.get_attribute("href") or "").rpartition("/")[2]
    page.goto(f"{live_site}/centre/file/{record}")
    page.locator("a[href*='?field=']").nth(2).click()
    page.wait_for_url("**field=**")
    page.locator("input[name=ground][value=factual]").check()
    page.locator("#statement").fill("金额与决定书不一致")
    page.locator("#wanted").fill("以决定书为准")
    page.locator("#files").set_input_files(
        [{"name": "决定书.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4 evidence"}]
    )
    page.get_by_role("button", name="提交异议").click()
    page.wait_for_url("**received=1")
    expect(page.locator("[role=status]").first).to_contain_text("已收到")
    expect(page.locator("main")).to_contain_text("决定书.pdf")
    expect(page.locator("main")).to_contain_text("异议受理通知书")
    with page.expect_download() as download:
        page.get_by_role("link", name="异议受理通知书").click()
    assert download.value.path().read_bytes().startswith(b"%PDF")
    own, public = page.url.partition("?")[0], visit(f"/records/{record}").page
    expect(public.locator("main")).to_contain_text("异议处理中")
    number = case_number(page)
    platform = desk_of(visit, number, operator)
    expect(platform.locator("tr.is-meant")).to_contain_text("所提异议")
    decide(platform, "c")
    decide(platform, "f", "请核查并答复。")
    unit = desk_of(visit, number, Officer(**site_work("unit", record)))
    unit.keyboard.press("u")
    unit.locator("#remedy-uphold").select_option("delete")
    decide(unit, "u", "经核查，金额录入有误，异议成立。")
    platform.goto(platform.url)
    decide(platform, "m", "异议成立，已撤下该信息。")
    vanished(public)
    page.goto(own)
    expect(page.locator("h1")).to_contain_text("异议成立")
    expect(page.locator("main")).to_contain_text("经核查，金额录入有误，异议成立。")
    expect(page.locator("main")).to_contain_text("异议处理结果告知书")
    page.goto(f"{live_site}/centre/notices")
    expect(page.locator("main")).to_contain_text("告知结果")
    page.goto(f"{live_site}/centre/repairs")
    expect(page.locator(f"a[href$='/repairs/new/{record}']")).to_have_count(0)
