"""Notices: in the site, by a real mail server, by a signed webhook; nothing lost, nothing doubled that anybody sees."""

from __future__ import annotations

import email
import hashlib
import hmac
import json
import re
import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from email import policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from xinyong.notices import actions, digest, guard, outbox, records, selectors, texts, ways
from xinyong.notices.errors import NotDelivered, SubscriptionRefused
from xinyong.notices.models import Dispatch, Document, Gathered, Notice, Subscription
from xinyong.registry.models import Entity
from xinyong.remedies import told

from .centre_support import FIRM, OTHER, register


class Mailbox:
    """What a mail server took; ``refuse`` answers instead of taking."""

    def __init__(self) -> None:
        self.letters: list[Any] = []
        self.refuse = ""

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if self.refuse:
            return self.refuse
        self.letters.append(email.message_from_bytes(envelope.content, policy=policy.default))
        return "250 taken"


@pytest.fixture
def mailbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailbox]:
    box = Mailbox()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = Controller(box, hostname="127.0.0.1", port=port)
    server.start()
    monkeypatch.setenv("XINYONG_SMTP_URL", f"smtp://127.0.0.1:{port}")
    monkeypatch.setenv("XINYONG_MAIL_FROM", "notices@credit.example")
    yield box
    server.stop()


class Receiver:
    """A firm's own system: keeps what it got, answers what it is told to."""

    def __init__(self) -> None:
        self.calls: list[tuple[dict[str, str], bytes]] = []
        self.status = 204
        self.location = ""
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.calls.append((dict(self.headers.items()), body))
                self.send_response(receiver.status)
                if receiver.location:
                    self.send_header("Location", receiver.location)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Silent."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook?x=1"


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    made = Receiver()
    thread = threading.Thread(target=made.server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    monkeypatch.setenv("XINYONG_WEBHOOK_PRIVATE", "127.0.0.0/8")
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture(scope="module")
def firm(desk: Any) -> int:
    register(desk.folder)
    return Entity.objects.get(credit_code=FIRM).pk


@pytest.fixture(autouse=True)
def nothing_yet(firm: int) -> None:
    Gathered.objects.all().delete()
    Dispatch.objects.all().delete()
    Document.objects.all().delete()
    Notice.objects.all().delete()
    Subscription.objects.all().delete()


def subscribe(firm: int, channel: str, address: str, groups: tuple[str, ...] = ("cases",)) -> tuple[Subscription, str]:
    return actions.subscribe(
        entity_id=firm, target=FIRM, channel=channel, address=address, groups=groups, language="zh", acting="firm:1"
    )


def step(firm: int, act: str = "accept", kind: str = "repair", **more: Any) -> told.Told:
    values: dict[str, Any] = {
        "case_id": 7,
        "number": "XF-20261126-0007",
        "kind": kind,
        "entity_id": firm,
        "record_id": 1,
        "account_id": 1,
        "act": act,
        "before": "forwarded",
        "after": "accepted",
        "at": timezone.now(),
        "reason": "材料齐全",
        "due_on": timezone.localdate() + timedelta(days=9),
    }
    return told.Told(**{**values, **more})


def tell(step_: told.Told) -> None:
    with transaction.atomic():
        told.tell([step_])


def confirmed_mail(firm: int, mailbox: Mailbox) -> Subscription:
    held, _ = subscribe(firm, "email", "finance@firm.example")
    assert outbox.work() == {"sent": 1, "failed": 0, "given_up": 0}
    code = re.search(r"\d{8}", mailbox.letters[-1].get_content())
    assert code is not None
    actions.confirm([firm], held.pk, code.group(), acting="firm:1")
    mailbox.letters.clear()
    held.refresh_from_db()
    return held


def test_an_address_is_confirmed_before_anything_else_goes_there(firm: int, mailbox: Mailbox) -> None:
    held, _ = subscribe(firm, "email", "finance@firm.example")
    assert "finance" not in held.address and not held.confirmed_at
    tell(step(firm))
    outbox.work()
    assert len(mailbox.letters) == 1 and "确认" in mailbox.letters[0]["Subject"]
    assert Dispatch.objects.get().secret == ""  # the code is forgotten once it was sent
    with pytest.raises(SubscriptionRefused):
        actions.confirm([firm], held.pk, "00000000", acting="firm:1")
    with pytest.raises(SubscriptionRefused):
        actions.confirm([firm + 1], held.pk, "00000000", acting="firm:2")
    for _ in range(9):
        with pytest.raises(SubscriptionRefused):
            actions.confirm([firm], held.pk, "00000000", acting="firm:1")
    held.refresh_from_db()
    assert held.ended_at is not None  # guessed too often


def test_a_step_of_a_case_is_told_in_the_site_and_by_mail(firm: int, mailbox: Mailbox) -> None:
    confirmed_mail(firm, mailbox)
    tell(step(firm))
    page = selectors.page_of([firm], 1, "zh")
    assert page.unread == 1
    assert page.rows[0].title == "信用修复 XF-20261126-0007：受理" and "材料齐全" in page.rows[0].body
    assert selectors.page_of([firm], 1, "en").rows[0].title.startswith("Credit repair XF-20261126-0007")
    assert outbox.work()["sent"] == 1
    (letter,) = mailbox.letters
    assert letter["To"] == "finance@firm.example" and "受理" in letter["Subject"]
    assert letter["Auto-Submitted"] == "auto-generated" and letter["Message-ID"].endswith("@credit.example>")
    content = letter.get_content()
    assert "示例甲公司" in content and "/centre/cases/7" in content
    assert "材料齐全" not in content  # reasons are read after signing in
    assert outbox.work() == {"sent": 0, "failed": 0, "given_up": 0}
    row = selectors.subscriptions([firm], "zh")[0]
    assert row.state == "active" and row.last == "sent" and row.address == "f***@firm.example"
    assert Dispatch.objects.get(notice__isnull=False).receipt.startswith("250")
    assert actions.read([firm], [page.rows[0].id], acting="firm:1") == 1
    assert selectors.unread([firm]) == 0


def test_a_step_taken_back_tells_nobody(firm: int, mailbox: Mailbox) -> None:
    confirmed_mail(firm, mailbox)
    with pytest.raises(RuntimeError), transaction.atomic():
        told.tell([step(firm)])
        raise RuntimeError
    assert not Notice.objects.exists() and not Document.objects.exists()
    assert outbox.work()["sent"] == 0


def test_a_mail_server_that_refuses_is_asked_again_with_growing_pauses(firm: int, mailbox: Mailbox) -> None:
    confirmed_mail(firm, mailbox)
    mailbox.refuse = "451 later"
    tell(step(firm))
    held = Dispatch.objects.get(notice__isnull=False)
    pauses = []
    for attempt in range(len(outbox.BACKOFF) + 1):
        before = timezone.now()
        done = outbox.work()
        held.refresh_from_db()
        assert held.attempts == attempt + 1 and "451" in held.trouble and "finance" not in held.trouble
        if held.state == "waiting":
            assert done["failed"] == 1
            pauses.append(held.next_at - before)
            assert outbox.work() == {"sent": 0, "failed": 0, "given_up": 0}  # not before its time
            Dispatch.objects.update(next_at=timezone.now())
    assert [round(pause / timedelta(minutes=1)) for pause in pauses] == [1, 5, 30, 120, 360, 1440]
    assert held.state == "given_up"


def test_a_webhook_is_signed_and_says_who_it_is(firm: int, receiver: Receiver) -> None:
    held, key = subscribe(firm, "webhook", receiver.url)
    assert key and key not in held.secret
    assert outbox.work()["sent"] == 1
    held.refresh_from_db()
    assert held.confirmed_at is not None  # it answered
    tell(step(firm))
    outbox.work()
    headers, body = receiver.calls[-1]
    moment = int(headers["Xinyong-Signature"].partition("t=")[2].partition(",")[0])
    mark = hmac.new(key.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    assert headers["Xinyong-Signature"] == f"t={moment},v1={mark}"
    assert headers["Xinyong-Delivery"] == str(Dispatch.objects.get(notice__isnull=False).mark)
    said = json.loads(body)
    assert said["type"] == "case-step" and said["entity"] == FIRM and said["data"]["number"] == "XF-20261126-0007"
    assert "reason" not in said["data"]
    assert ways.signature(key, moment, body + b" ") != headers["Xinyong-Signature"]


def test_a_failing_webhook_is_tried_again_under_the_same_mark_and_stopped_in_the_end(
    firm: int, receiver: Receiver
) -> None:
    held, _ = subscribe(firm, "webhook", receiver.url)
    outbox.work()
    receiver.status, receiver.location = 302, "http://127.0.0.1:1/elsewhere"
    tell(step(firm))
    assert outbox.work()["failed"] == 1  # a redirect is not followed
    Dispatch.objects.update(next_at=timezone.now())
    receiver.status, receiver.location = 200, ""
    assert outbox.work()["sent"] == 1
    marks = [headers["Xinyong-Delivery"] for headers, _ in receiver.calls[1:]]
    assert len(marks) == 2 and len(set(marks)) == 1
    receiver.status = 500
    for number in range(3):
        tell(step(firm, number=f"XF-{number}"))
    for _ in range(len(outbox.BACKOFF) + 1):
        outbox.work()
        Dispatch.objects.filter(state="waiting").update(next_at=timezone.now())
    held.refresh_from_db()
    assert held.ended_at is not None and "未送达" in held.ended_why
    assert Notice.objects.count() == 4  # in the site nothing is missing


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/x",
        "https://localhost/x",
        "https://10.1.2.3/x",
        "https://192.168.1.1/",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/",
        "https://[fd00::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://0.0.0.0/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://100.64.0.1/",
        "http://93.184.216.34/",
        "https://user:pass@93.184.216.34/",
        "https://93.184.216.34:22/",
        "ftp://93.184.216.34/",
        "file:///etc/passwd",
        "https://",
        "not an address",
        "https://no-such-host.invalid/",
    ],
)
def test_webhooks_never_lead_into_the_network_of_the_platform(url: str) -> None:
    with pytest.raises(NotDelivered):
        guard.checked(url)


def test_a_public_address_is_taken_and_pinned(monkeypatch: pytest.MonkeyPatch) -> None:
    target = guard.checked("https://93.184.216.34:8443/hook?a=b")
    assert (target.ip, target.port, target.path) == ("93.184.216.34", 8443, "/hook?a=b")
    answers = {"good.example": ["93.184.216.34"], "mixed.example": ["93.184.216.34", "10.0.0.7"]}

    def lookup(host: str, port: int, **_: Any) -> list[Any]:
        return [(2, 1, 6, "", (address, port)) for address in answers[host]]

    monkeypatch.setattr(guard.socket, "getaddrinfo", lookup)
    assert guard.checked("https://good.example/").ip == "93.184.216.34"
    with pytest.raises(NotDelivered):
        guard.checked("https://mixed.example/")
    monkeypatch.setenv("XINYONG_WEBHOOK_PRIVATE", "10.0.0.0/24")
    assert guard.checked("https://mixed.example/").ip == "10.0.0.7"


@pytest.mark.parametrize(
    "address", ["", "x", "a@b@c.example", "a b@c.example", "a@c.example\nBcc: x@y.example", "<a@b.example>", "a@-"]
)
def test_what_is_no_address_is_refused(firm: int, mailbox: Mailbox, address: str) -> None:
    with pytest.raises(SubscriptionRefused):
        subscribe(firm, "email", address)
    assert not Subscription.objects.exists()


def test_a_killed_worker_loses_nothing_and_doubles_nothing_visible(firm: int, mailbox: Mailbox, dying: Any) -> None:
    """Killed before the message leaves, and killed after it left but before that was written down."""
    confirmed_mail(firm, mailbox)
    tell(step(firm))
    dying(
        """
from xinyong.runtime.command import setup_django
setup_django()
from xinyong.notices import outbox, ways
ways.mail = die
outbox.work()
"""
    )
    held = Dispatch.objects.get(notice__isnull=False)
    assert held.state == "waiting" and not mailbox.letters
    assert outbox.work()["sent"] == 0  # leased: nobody sends beside a worker that may still live
    Dispatch.objects.update(next_at=timezone.now())
    dying(
        """
from xinyong.runtime.command import setup_django
setup_django()
from xinyong.notices import outbox, ways
send = ways.mail
def mail(letter):
    send(letter)
    die()
ways.mail = mail
outbox.work()
"""
    )
    assert len(mailbox.letters) == 1
    Dispatch.objects.update(next_at=timezone.now())
    assert outbox.work()["sent"] == 1
    assert len({letter["Message-ID"] for letter in mailbox.letters}) == 1  # the mailbox shows one
    assert Notice.objects.count() == 1 and Dispatch.objects.filter(notice__isnull=False).count() == 1


def test_workers_side_by_side_send_each_message_once(firm: int, receiver: Receiver) -> None:
    subscribe(firm, "webhook", receiver.url)
    outbox.work()
    for number in range(20):
        tell(step(firm, number=f"XF-{number}"))
    from django.db import connections

    def run() -> None:
        outbox.work()
        connections.close_all()

    workers = [threading.Thread(target=run) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    marks = [headers["Xinyong-Delivery"] for headers, _ in receiver.calls]
    assert len(marks) == len(set(marks)) == 21


def test_new_records_are_told_once_per_delivery_and_only_to_their_firm(firm: int, desk: Any) -> None:
    """An adverse one with how it is repaired (REP-20)."""
    other = Entity.objects.get(credit_code=OTHER).pk
    rows = [desk.penalty(FIRM, "示例甲公司", CF_WSH=f"早〔2026〕{number}号") for number in range(2)]
    desk.take(rows, "penalty")
    desk.catch_up()
    assert not Notice.objects.exists()  # nobody watches yet
    actions.watch(firm)
    rows = [desk.penalty(FIRM, "示例甲公司", CF_WSH=f"新〔2026〕{number}号") for number in range(3)]
    desk.take([*rows, desk.penalty(OTHER, "示例乙公司", CF_WSH="乙〔2026〕1号")], "penalty")
    desk.catch_up()
    records.catch_up()
    records.rebuild()
    (row,) = selectors.page_of([firm], 1, "zh").rows
    assert row.title == "新归集行政处罚信息 3 条"
    assert "异议" in row.body and "信用修复" in row.body and "不收费" in row.body, (
        "REP-20: how to repair is told with it"
    )
    assert selectors.page_of([other], 1, "zh").total == 0
    desk.take(rows, "penalty")  # a repeat
    changed = [{**rows[0], "CF_NR": "罚款三百元。"}]
    desk.take(changed, "penalty")  # a correction is no new record
    desk.catch_up()
    assert selectors.page_of([firm], 1, "zh").total == 1


def test_publicity_that_ended_by_itself_is_told_once_to_the_firm_it_concerns(firm: int, desk: Any) -> None:
    actions.watch(firm)
    other = Entity.objects.get(credit_code=OTHER).pk
    decided = (timezone.localdate() - timedelta(days=200)).isoformat()
    until = (timezone.localdate() + timedelta(days=2)).isoformat()
    desk.take(
        [
            desk.penalty(FIRM, "示例甲公司", CF_WSH="终〔2026〕1号", CF_JDRQ=decided, CF_GSJZQ=until),
            desk.penalty(OTHER, "示例乙公司", CF_WSH="终〔2026〕2号", CF_JDRQ=decided, CF_GSJZQ=until),
        ],
        "penalty",
    )
    desk.catch_up()
    Notice.objects.all().delete()
    records.tell_ended(timezone.localdate() + timedelta(days=2))
    assert not Notice.objects.exists(), "its last day is not over"
    for _ in range(2):
        records.tell_ended(timezone.localdate() + timedelta(days=3))
    (row,) = selectors.page_of([firm], 1, "zh").rows
    assert (
        row.title == "行政处罚信息 1 条公示期满，已停止公示"
        and str(timezone.localdate() + timedelta(days=3)) in row.body
    )
    assert selectors.page_of([other], 1, "zh").total == 0
    assert row.link.startswith("file/")


def test_who_chose_it_gets_one_message_a_day_in_the_site_and_by_mail(firm: int, mailbox: Mailbox) -> None:
    each = confirmed_mail(firm, mailbox)
    tell(step(firm))  # before it was chosen: not in any summary
    outbox.work()
    mailbox.letters.clear()
    held, _ = actions.subscribe(
        entity_id=firm, target=FIRM, channel="email", address="boss@firm.example", groups=["cases"], language="zh",
        acting="firm:1", rhythm="daily",
    )  # fmt: skip
    Subscription.objects.filter(pk=held.pk).update(confirmed_at=timezone.now())
    actions.unsubscribe([firm], each.pk, acting="firm:1")
    Dispatch.objects.all().delete()
    morning = timezone.localtime().replace(hour=8, minute=30) + timedelta(days=1)
    assert digest.make(morning.replace(hour=7)) == 0 and digest.make(morning) == 0, "too early; nothing to tell"
    for number in range(3):
        tell(step(firm, number=f"XF-20261126-{number:04d}", at=timezone.now() + timedelta(seconds=number)))
    assert not Dispatch.objects.exists(), "nothing is sent one by one"
    assert digest.make(morning) == 0, "that day was made"
    later = morning + timedelta(days=1)
    assert digest.make(later) == 1 and digest.make(later) == 0
    Dispatch.objects.update(next_at=timezone.now())
    assert outbox.work()["sent"] == 1
    (letter,) = mailbox.letters
    assert letter["To"] == "boss@firm.example" and "每日汇总：3 条通知" in letter["Subject"]
    content = letter.get_content()
    assert [f"XF-20261126-{number:04d}" in content for number in range(3)] == [True] * 3
    assert "材料齐全" not in content  # reasons are read after signing in
    assert "每日汇总：3 条通知" in selectors.page_of([firm], 1, "zh").rows[0].title
    assert digest.make(later + timedelta(days=1)) == 0, (
        "a day without notices is silent, and no summary speaks of another"
    )
    assert [row.daily for row in selectors.subscriptions([firm], "zh") if row.state == "active"] == [True]


# --- documents -------------------------------------------------------------------------------------------------------


def test_a_notice_committed_behind_a_higher_number_is_in_the_next_message_of_the_day(
    firm: int, mailbox: Mailbox
) -> None:
    """Numbers are given before the commit: the lower one appears when the higher one was told already."""
    held, _ = actions.subscribe(
        entity_id=firm, target=FIRM, channel="email", address="late@firm.example", groups=["cases"], language="zh",
        acting="firm:1", rhythm="daily",
    )  # fmt: skip
    Subscription.objects.filter(pk=held.pk).update(confirmed_at=timezone.now())
    numbered, told_meanwhile = threading.Event(), threading.Event()

    def slow() -> None:
        try:
            with transaction.atomic():
                actions.announce(kind="case-step", key="slow", entity_id=firm, parameters={"number": "慢"})
                numbered.set()
                assert told_meanwhile.wait(30)
        finally:
            connection.close()

    other = threading.Thread(target=slow)
    other.start()
    try:
        assert numbered.wait(30)
        actions.announce(kind="case-step", key="quick", entity_id=firm, parameters={"number": "快"})
        morning = timezone.localtime().replace(hour=8, minute=30) + timedelta(days=1)
        assert digest.make(morning) == 1
    finally:
        told_meanwhile.set()
        other.join()
    slow_one, quick = Notice.objects.get(key="slow"), Notice.objects.get(key="quick")
    assert slow_one.pk < quick.pk, "the interleaving this is about"
    assert digest.make(morning + timedelta(days=1)) == 1 and digest.make(morning + timedelta(days=2)) == 0
    first, second = Notice.objects.filter(kind=digest.KIND, key__startswith=f"digest:{held.pk}:").order_by("pk")
    assert ["快" in first.parameters["lines"], "慢" in first.parameters["lines"]] == [True, False]
    assert ["快" in second.parameters["lines"], "慢" in second.parameters["lines"]] == [False, True]


def test_a_decision_comes_as_a_signed_paper_that_anybody_can_verify(firm: int) -> None:
    from xinyong.notices import documents
    from xinyong.reports import signing

    tell(step(firm, "grant", reason="经核实已履行全部义务。"))
    document = Document.objects.get()
    assert document.title == "信用修复决定书" and document.document_hash == ""
    assert any("经核实已履行全部义务" in line for line in document.paragraphs)
    made = documents.pdf(document, base="http://testserver", demo=True)
    assert made.startswith(b"%PDF") and signing.intact(made)
    assert documents.pdf(document, base="http://testserver", demo=True) == made  # one file, ever after
    document.refresh_from_db()
    assert document.document_hash == hashlib.sha256(made).hexdigest()
    browser = Client(headers={"accept-language": "zh-CN"})
    for query in ({"code": document.code}, {"code": document.number}, {"sha256": document.document_hash}):
        page = browser.get("/verify", query).content.decode()
        assert "信用修复决定书" in page and "有效" in page and "示例甲公司" in page
        assert "经核实" not in page  # what it decides is not repeated
    assert "不存在" in browser.get("/verify", {"sha256": hashlib.sha256(made + b" ").hexdigest()}).content.decode()
    tell(step(firm, "revoke", reason="虚假材料"))
    assert "已作废" in browser.get("/verify", {"code": document.code}).content.decode()


def test_every_act_with_a_paper_exists_and_every_text_can_be_filled() -> None:
    from xinyong.remedies import machine

    table = machine.table()
    for (kind, act), template in texts.packaged().documents.items():
        assert act in table.acts[kind], (kind, act)
        assert table.acts[kind][act].told, (kind, act)
        for line in template.paragraphs:
            assert "{" not in texts.filled(line, {"reason": "x"})
    for kind_ in texts.packaged().kinds.values():
        for words in (kind_.zh, kind_.en, kind_.body_zh, kind_.body_en):
            texts.filled(words, {})


def test_the_command_says_what_it_did(firm: int, mailbox: Mailbox, desk: Any) -> None:
    confirmed_mail(firm, mailbox)
    tell(step(firm))
    answer = desk.cli("notices", "--once", "--json")
    assert answer.exit_code == 0 and json.loads(answer.output) == {"sent": 1, "failed": 0, "given_up": 0, "waiting": 0}
