"""The sample approval hall in a real browser: hit, decision, execution, repair, lifting, acknowledgement; and the green channel."""

from __future__ import annotations

import importlib.util
import os
import sys
import threading
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from .test_lists import World, ago

EXAMPLE = Path(__file__).parents[2] / "examples" / "approval-hall"
AXE = Path(__file__).parents[1] / "acceptance" / "vendor" / "axe.min.js"
TODAY = date.today()


@pytest.fixture(scope="module")
def world(desk: Any) -> World:
    from xinyong.accounts import actions as accounts

    made = World(desk)
    accounts.register_department(slug="approval", name_zh="示例市行政审批局", acting="test")
    return made


@pytest.fixture(scope="module")
def platform() -> Iterator[str]:
    """The site behind a real socket."""
    from wsgiref.simple_server import WSGIRequestHandler, make_server

    from django.core.wsgi import get_wsgi_application

    class Quiet(WSGIRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

    server = make_server("127.0.0.1", 0, get_wsgi_application(), handler_class=Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def hall(world: World, platform: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The hall as it stands in the repository, registered at the platform."""
    from xinyong.accounts import client_actions, client_selectors
    from xinyong.feeds import actions, effects

    from .test_joint_api import make

    patch = pytest.MonkeyPatch()
    patch.setenv("XINYONG_WEBHOOK_PRIVATE", "127.0.0.0/8")
    spec = importlib.util.spec_from_file_location("approval_hall", EXAMPLE / "hall.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["approval_hall"] = module
    spec.loader.exec_module(module)
    make("hall", "approval", ("food-licence",))
    client = client_selectors.client("hall")
    assert client is not None
    key = client_actions.register_signing_key(client, algorithm="hmac-sha256", days=1, acting="test")
    server = module.serve(
        tmp_path_factory.mktemp("hall") / "hall.sqlite",
        module.Setting(platform=platform, keyid=key.prefix, secret=key.text, feed_key=""),
        port=0,
    )
    base = f"http://127.0.0.1:{server.server_port}"
    _, secret = actions.make(client, address=f"{base}/credit/feed", kinds=effects.KINDS, acting="test")
    object.__setattr__(server.RequestHandlerClass.hall.setting, "feed_key", secret)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    assert actions.work()["sent"] == 1, "the confirmation was answered"
    yield base
    server.shutdown()
    server.server_close()
    patch.undo()


@pytest.fixture(scope="module")
def page(hall: str, chromium: str) -> Iterator[Any]:
    """Debian's chromium; whatever the browser complains of is a failure."""
    from playwright.sync_api import sync_playwright

    patch = pytest.MonkeyPatch()
    patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # the browser's loop runs in this thread; no query runs in it
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        opened = browser.new_context(viewport={"width": 1200, "height": 900}, locale="zh-CN").new_page()
        opened.set_default_timeout(20_000)
        said: list[str] = []
        # A refused form is answered with 422, which the browser notes.
        opened.on(
            "console",
            lambda line: (
                said.append(line.text) if line.type in ("error", "warning") and " 422 " not in line.text else None
            ),
        )
        opened.on("pageerror", lambda error: said.append(str(error)))
        opened.goto(hall)
        opened.fill("[name=officer]", "0173")
        opened.click("text=进入")
        yield opened
        browser.close()
        patch.undo()
    assert said == []


def accessible(page: Any) -> None:
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate(
        "axe.run(document, {runOnly: ['wcag2a','wcag2aa','wcag21a','wcag21aa','wcag22aa']})"
        ".then(done => done.violations.map(one => [one.id, one.nodes.map(node => String(node.target))]))"
    )
    assert found == []


def send(world: World) -> None:
    """What serve's threads do: effects read on, messages go out."""
    from xinyong.feeds import actions

    world.desk.catch_up()
    done = actions.work()
    assert done["failed"] == done["given_up"] == 0, done


def apply(page: Any, hall: str, name: str, code: str) -> None:
    page.goto(hall)
    page.fill("[name=subject]", name)
    page.fill("[name=code]", code)
    page.click("button:text-is('受理')")


def test_from_the_hit_to_the_acknowledgement(world: World, hall: str, page: Any) -> None:
    from playwright.sync_api import expect

    from xinyong.audit.models import AuditEntry
    from xinyong.lists.models import Joint

    case = world.listed()
    world.desk.catch_up()
    apply(page, hall, case.entity.name, case.entity.credit_code)
    check = page.locator("xinyong-check")
    expect(check.get_by_role("status")).to_contain_text("可考虑的措施 2")  # only those of this executor and scene
    expect(check.get_by_text(case.entity.name)).to_be_visible()
    accessible(page)
    if shots := os.environ.get("XINYONG_TEST_SHOTS"):
        page.screenshot(path=f"{shots}/hall-hit.png", full_page=True)
    # In English and on a telephone, under the hall's own policy.
    page.set_viewport_size({"width": 390, "height": 844})
    check.evaluate("node => { node.lang = 'en' }")
    expect(check.get_by_role("status")).to_contain_text("Measures to consider 2")
    expect(check.get_by_role("button", name="Choose").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    accessible(page)
    if shots:
        page.screenshot(path=f"{shots}/hall-en-390.png", full_page=True)
    check.evaluate("node => { node.lang = 'zh' }")
    page.set_viewport_size({"width": 1200, "height": 900})
    # The gate refuses what has no notice, and says so; what was typed is kept.
    check.get_by_role("button", name="选择").first.click()
    page.fill("[name=reason]", "在列的严重失信主体，依法列为重点审查对象")
    page.fill("[name=relation]", "许可审查内容与失信行为直接相关")
    page.click("text=记录决定")
    expect(page.get_by_role("alert")).to_contain_text("MEA-05")
    expect(page.locator("[name=relation]")).to_have_value("许可审查内容与失信行为直接相关")
    page.fill("[name=notice]", "示审告〔2026〕8号")
    page.fill("[name=notice_served_on]", (TODAY - timedelta(days=1)).isoformat())
    page.check("[name=notice_says]")
    page.click("text=记录决定")
    expect(page.locator("#works .state")).to_have_text("已决定采取")
    work = Joint.objects.get(department__slug="approval", entity=case.entity)
    assert work.state == "applied" and work.steps.get().actor == "client:hall/0173"
    page.fill("#works [name=document]", "示审〔2026〕5号")
    page.fill("#works [name=note]", "已列为重点审查对象")
    page.click("#works button:text-is('反馈执行')")
    expect(page.locator("#works .state")).to_have_text("已执行")
    # The firm puts things right: the entry is lifted, the hall is told, the officer acknowledges.
    world.take(case, "exit")
    send(world)
    page.reload()
    expect(page.locator("#works .state")).to_have_text("待解除")
    expect(page.locator("#story")).to_contain_text("收到解除通知（移出名单）")
    expect(page.locator("#story")).to_contain_text("已停止公示")
    expect(check.get_by_role("status")).to_contain_text("可考虑的措施 没有")
    page.goto(hall)
    expect(page.locator("#due")).to_be_visible()
    accessible(page)
    page.locator("#due a").click()
    page.fill("#works [name=note]", "已恢复一般审查")
    page.click("#works button:text-is('回执解除')")
    expect(page.locator("#works .state")).to_have_text("已解除")
    page.click("text=准予许可")
    expect(page.get_by_role("heading", name="办理结果：准予许可")).to_be_visible()
    work.refresh_from_db()
    assert work.state == "lifted"
    assert [step.message for step in work.steps.order_by("seq")] == ["M3", "M4", "M5", "M6"]
    asked = AuditEntry.objects.filter(deed="query.verification", actor="client:hall", target=case.entity.credit_code)
    assert asked.count() >= 2 and all(row.detail["case"] == work.matter for row in asked)


def test_a_measure_from_a_penalty_is_lifted_when_an_officer_grants_its_repair(
    world: World, hall: str, platform: str, page: Any
) -> None:
    """The firm applies, the unit grants on the page of the case; the hall is told, and the officer acknowledges."""
    from playwright.sync_api import expect

    from xinyong.accounts.models import Role
    from xinyong.lists.models import Joint

    from .remedy_support import handed_in, penalty, person

    desk = world.desk
    entity, record = penalty(desk, 640)
    person("repair-unit", Role.SUPERVISOR, "demo")
    apply(page, hall, "示例640救济有限公司", desk.code(640))
    check = page.locator("xinyong-check")
    expect(check.get_by_role("status")).to_contain_text("信用信息")
    measure = check.locator("li.measure", has_text="救640-200").first
    measure.get_by_role("button", name="选择").click()
    page.fill("[name=reason]", "有正在公示的行政处罚")
    page.fill("[name=relation]", "许可审查内容与处罚事项直接相关")
    page.fill("[name=notice]", "示审告〔2026〕9号")
    page.fill("[name=notice_served_on]", (TODAY - timedelta(days=1)).isoformat())
    page.check("[name=notice_says]")
    page.click("text=记录决定")
    expect(page.locator("#works .state")).to_have_text("已决定采取")
    page.fill("#works [name=document]", "示审〔2026〕6号")
    page.fill("#works [name=note]", "已列为重点审查对象")
    page.click("#works button:text-is('反馈执行')")
    expect(page.locator("#works .state")).to_have_text("已执行")
    mine = page.url

    case = handed_in(entity, record)
    unit = page.context.browser.new_context(viewport={"width": 1440, "height": 900}, locale="zh-CN").new_page()
    unit.set_default_timeout(20_000)
    unit.goto(f"{platform}/console/login")
    unit.fill("#id_username", "repair-unit")
    unit.fill("#id_password", "a-long-password-1")
    unit.click("main button[type=submit]")
    unit.goto(f"{platform}/console/cases/{case}")
    for act, reason in (("accept", ""), ("verify", ""), ("grant", "罚款已缴清，行为已纠正")):
        unit.check(f"#act-{act}")
        for box in unit.locator("input[type=radio][name^='check-'][value=met]").all():
            box.check()
        if reason:
            unit.fill("#reason", reason)
        unit.check("input[name=stay]")
        unit.click(".case-submit button")
        unit.wait_for_load_state("load")
    expect(unit.locator("h1 .chip").first).to_contain_text("准予修复")
    unit.context.close()

    send(world)
    page.goto(mine)
    expect(page.locator("#works .state")).to_have_text("待解除")
    expect(page.locator("#story")).to_contain_text("收到解除通知（信用修复）")
    expect(check.locator("li", has_text="救640-200")).to_have_count(0)
    page.fill("#works [name=note]", "已恢复一般审查")
    page.click("#works button:text-is('回执解除')")
    expect(page.locator("#works .state")).to_have_text("已解除")
    work = Joint.objects.get(department__slug="approval", entity_id=entity)
    assert work.state == "lifted"
    assert [step.message for step in work.steps.order_by("seq")] == ["M3", "M4", "M5", "M6"]


def test_the_green_channel_goes_the_same_way(world: World, hall: str, page: Any) -> None:
    from playwright.sync_api import expect

    entity = world.company()
    row = {"主体名称": entity.name, "统一社会信用代码": entity.credit_code, "荣誉类别": "纳税信用A级", "荣誉名称": "纳税信用A级纳税人",
           "认定单位": "示例市税务局", "认定日期": ago(100), "有效期至": (TODAY + timedelta(days=200)).isoformat()}  # fmt: skip
    assert world.desk.take([row], "honours", "safety").accepted == 1
    world.desk.catch_up()
    apply(page, hall, entity.name, entity.credit_code)
    check = page.locator("xinyong-check")
    expect(check.get_by_role("status")).to_contain_text("可考虑的激励 1")
    check.get_by_role("button", name="选择").click()
    page.fill("[name=reason]", "A级纳税人，优先办理")
    page.fill("[name=relation]", "纳税信用A级纳税人申请许可，容缺受理")
    page.click("text=记录决定")
    expect(page.locator("#green")).to_be_visible()
    page.fill("#works [name=note]", "已优先办理")
    page.click("#works button:text-is('反馈执行')")
    expect(page.locator("#works .state")).to_have_text("已执行")
    world.desk.take([{**row, "有效期至": ago(1)}], "honours", "safety")
    send(world)
    page.reload()
    expect(page.locator("#works .state")).to_have_text("待解除")
    expect(page.locator("#green")).to_have_count(0)


def test_a_hall_believes_nobody_but_the_platform(world: World, hall: str, page: Any) -> None:
    import http.client
    from urllib.parse import urlsplit

    def post(path: str, body: str = "", **headers: str) -> int:
        held = http.client.HTTPConnection(urlsplit(hall).netloc, timeout=10)
        held.request("POST", path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        status = held.getresponse().status
        held.close()
        return status

    assert post("/credit/feed", "{}", Xinyong_Signature="t=1,v1=0") == 401
    assert post("/applications", "subject=x&code=y", Cookie="officer=1", Origin="https://elsewhere.example") == 403
    assert post("/applications", "subject=x&code=y", Cookie="officer=1") == 403
    answer = page.request.get(f"{hall}/credit/check?case=XK-1999-0001&code=91110000600007156A")
    assert answer.status == 502 and "没有这一办件" in answer.text()
