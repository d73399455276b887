"""Feeds: an entry published, changed, lifted and a measure to be lifted are told, signed, at least once, and nothing but numbers."""

from __future__ import annotations

import http.server
import json
import re
import threading
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client

from .test_joint_api import decision, make
from .test_lists import PASSWORD, World

TODAY = date.today()


class Hall(http.server.BaseHTTPRequestHandler):
    """A system that takes messages; ``moods`` says what it answers, 204 when empty."""

    taken: list[tuple[dict[str, str], bytes]] = []
    moods: list[int] = []

    def log_message(self, *_: Any) -> None:
        pass

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        Hall.taken.append(({name.lower(): value for name, value in self.headers.items()}, body))
        self.send_response(Hall.moods.pop(0) if Hall.moods else 204)
        self.send_header("Content-Length", "0")
        self.end_headers()


@pytest.fixture(scope="module")
def hall() -> Iterator[str]:
    patch = pytest.MonkeyPatch()
    patch.setenv("XINYONG_WEBHOOK_PRIVATE", "127.0.0.0/8")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hall)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/credit/feed"
    server.shutdown()
    server.server_close()
    patch.undo()


@pytest.fixture(scope="module")
def world(desk: Any) -> World:
    return World(desk)


@pytest.fixture(scope="module")
def feed(world: World, hall: str) -> tuple[Any, str]:
    from xinyong.accounts import client_selectors
    from xinyong.feeds import actions, effects

    make("told", "safety", ("random-inspection", "bidder-check"))
    client = client_selectors.client("told")
    assert client is not None
    made, key = actions.make(client, address=hall, kinds=effects.KINDS, acting="test")
    actions.work()
    made.refresh_from_db()
    assert made.confirmed_at is not None and json.loads(Hall.taken.pop()[1])["type"] == "feed.confirm"
    return made, key


def told(world: World) -> list[dict[str, Any]]:
    """Messages since the last look."""
    from xinyong.feeds import actions

    Hall.taken.clear()
    world.desk.catch_up()
    actions.work()
    return [json.loads(body) for _, body in Hall.taken]


def test_an_entry_its_change_its_lifting_and_the_measure(world: World, feed: tuple[Any, str]) -> None:
    """Whoever took a record over is told what became of it, so that it follows (REP-36)."""
    from xinyong.notices import ways
    from xinyong.registry import keys

    told(world)
    before = len(Hall.taken)
    code = world.desk.code(8101)
    world.desk.take([world.desk.registration(code, "示例推送有限公司")])
    world.desk.take([world.desk.penalty(code, "示例推送有限公司", CF_WSH="（推）罚〔2026〕1号")], "penalty")
    messages = told(world)
    assert before == 0 and {one["type"] for one in messages} == {"record.published"}
    assert {one["entity"] for one in messages} == {code}
    headers, body = Hall.taken[0]
    stamp = int(headers["xinyong-signature"].split(",")[0][2:])
    assert headers["xinyong-signature"] == ways.signature(feed[1], stamp, body)
    assert headers["xinyong-delivery"] == json.loads(body)["delivery"]
    text = b"".join(body for _, body in Hall.taken).decode()
    assert "示例推送有限公司" not in text and "罚" not in text, "numbers, no content"
    world.desk.take(
        [world.desk.penalty(code, "示例推送有限公司", CF_WSH="（推）罚〔2026〕1号", CF_NR="罚款三百元。")], "penalty"
    )
    assert [one["type"] for one in told(world)] == ["record.changed"]
    case = world.listed()
    record = keys.record_key(case.record_id)
    assert ("list.published", record) in {(one["type"], one["data"].get("record")) for one in told(world)}
    system = make("told-work", "safety")
    number = system.send("POST", "/api/v1/joint-work", decision(case)).json()["number"]
    assert told(world) == []
    world.take(case, "exit")
    messages = {one["type"]: one for one in told(world)}
    assert messages["list.lifted"]["data"]["record"] == record
    due = messages["joint.lift-due"]["data"]
    assert (due["work"], due["trigger"], due["matter"]) == (number, "removed", "CC-2026-7") and due["due_on"]
    assert told(world) == [], "everything once"


def test_what_is_not_answered_comes_again_under_the_same_id(world: World, feed: tuple[Any, str]) -> None:
    from django.utils import timezone

    from xinyong.feeds import actions
    from xinyong.feeds.models import FeedMessage

    told(world)
    Hall.moods = [500]
    code = world.desk.code(8102)
    world.desk.take([world.desk.registration(code, "示例重推有限公司")])
    first = told(world)
    assert len(first) == 1 and FeedMessage.objects.get(mark=first[0]["delivery"]).state == "waiting"
    assert actions.work()["sent"] == 0, "not before its pause is over"
    FeedMessage.objects.filter(mark=first[0]["delivery"]).update(next_at=timezone.now())
    # Killed between the sending and the mark: it comes back under the same id.
    before = actions.FeedMessage.objects.filter(mark=first[0]["delivery"])
    assert actions.work()["sent"] == 1
    before.update(state="waiting", next_at=timezone.now())
    assert actions.work()["sent"] == 1
    assert {json.loads(body)["delivery"] for _, body in Hall.taken} == {first[0]["delivery"]}


def test_what_ended_before_it_was_sent_is_not_sent(world: World, feed: tuple[Any, str]) -> None:
    told(world)
    case = world.listed()  # catches up, sends nothing
    world.take(case, "annul")
    kinds = [one["type"] for one in told(world)]
    assert "list.published" not in kinds and "list.lifted" in kinds


def test_a_large_delivery_is_one_message_and_others_are_not_told(
    world: World, feed: tuple[Any, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from xinyong.feeds import effects

    told(world)
    monkeypatch.setattr(effects, "LARGE", 3)
    world.desk.take([world.desk.registration(world.desk.code(8200 + at), f"示例大批{at}有限公司") for at in range(5)])
    (message,) = told(world)
    assert message["type"] == "dataset.changed" and message["data"]["versions"] == 5
    # Shareholders are in no item of this client.
    from xinyong.feeds.effects import _wishes

    (wish,) = [one for one in _wishes() if one.feed.pk == feed[0].pk]
    assert "shareholders" not in wish.datasets and "licence" in wish.datasets


def test_addresses_that_never_answer_are_given_up(world: World, hall: str) -> None:
    """Whoever does not follow gets nothing more (REP-36)."""
    from django.utils import timezone

    from xinyong.accounts import client_selectors
    from xinyong.feeds import actions
    from xinyong.feeds.errors import FeedRefused
    from xinyong.feeds.models import Feed, FeedMessage

    client = client_selectors.client("told")
    assert client is not None
    for address, kinds in (
        ("ftp://x", ["list.lifted"]),
        ("http://10.0.0.1/x", ["list.lifted"]),
        (hall, []),
        (hall, ["nothing"]),
    ):
        with pytest.raises(FeedRefused):
            actions.make(client, address=address, kinds=kinds, acting="test")
    made, _ = actions.make(client, address="http://127.0.0.1:1024/nobody", kinds=["list.lifted"], acting="test")
    for _ in range(len(actions.BACKOFF) + 1):
        FeedMessage.objects.filter(feed=made).update(next_at=timezone.now() - timedelta(seconds=1))
        actions.work()
    made.refresh_from_db()
    assert made.ended_at is not None and made.ended_why and FeedMessage.objects.get(feed=made).state == "given_up"
    assert Feed.objects.filter(pk=made.pk, confirmed_at__isnull=True).exists()


def test_the_console_makes_and_ends_feeds_and_signing_keys(world: World, hall: str) -> None:
    from xinyong.accounts.models import ApiSigningKey
    from xinyong.feeds.models import Feed

    officer = Client()
    officer.force_login(world.user("operator"))
    page = officer.post("/console/clients/told/feeds", {"address": "https://10.0.0.1/", "kinds": ["list.lifted"]})
    assert page.status_code == 422 and "没有保存成功" in page.content.decode()
    page = officer.post("/console/clients/told/feeds", {"address": hall, "kinds": ["list.lifted"]})
    made = Feed.objects.latest("pk")
    assert page.status_code == 200 and made.kinds == ["list.lifted"]
    key = re.search(r'class="key-once">([^<]+)<', page.content.decode())
    assert key and key.group(1) not in officer.get("/console/clients/told/feeds").content.decode()
    assert officer.post(f"/console/clients/told/feeds/{made.pk}/end").status_code == 303
    made.refresh_from_db()
    assert made.ended_at is not None
    assert officer.post("/console/clients/inspections-none/feeds", {}).status_code == 404
    place = "/console/clients/told/signing-keys"
    assert officer.post(place, {"algorithm": "ed25519", "public": "x"}).status_code == 422
    page = officer.post(place, {"algorithm": "hmac-sha256", "days": "90", "note": "大厅"}).content.decode()
    held = ApiSigningKey.objects.get(client__slug="told")
    assert held.keyid in page and "key-once" in page
    assert officer.post(place, {"algorithm": "ed25519", "public": "A" * 43 + "="}).status_code == 200
    assert officer.get(f"/console/clients/told/keys/{held.keyid}").status_code == 200
    assert officer.post(f"/console/clients/told/keys/{held.keyid}/revoke").status_code == 303
    held.refresh_from_db()
    assert held.revoked_at is not None
    assert PASSWORD not in page
