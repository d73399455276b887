"""Was this page helpful: what is kept of an answer, and what is not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from xinyong.accounts import actions as accounts
from xinyong.accounts.models import Role, User
from xinyong.accounts.selectors import RightMissing
from xinyong.feedback import actions, selectors
from xinyong.feedback.models import Answer


@pytest.fixture(scope="module")
def people(desk: Any) -> dict[str, User]:
    """With the right and without."""
    return {
        role.value: accounts.create_user(
            username=f"feedback-{role}", display_name="x", department=None, role=role, password="a-long-password-1", acting="test",
        )
        for role in (Role.OPERATOR, Role.READER)
    }  # fmt: skip


def post(**form: str) -> Any:
    return Client(headers={"accept-language": "zh-CN"}).post("/feedback", form)


def mark(answer: Any) -> str:
    found: str = answer.content.decode().split('name="mark" value="')[1].split('"')[0]
    return found


def test_every_public_page_asks_and_nothing_of_the_visitor_is_kept(people: dict[str, User]) -> None:
    page = Client(headers={"accept-language": "zh-CN"}).get("/lists?x=1")
    assert "feedback-strip" in page.content.decode() and not page.cookies
    answer = post(path="/search?q=某人", helpful="no")
    assert answer.status_code == 200 and not answer.cookies and answer["Cache-Control"] == "no-store"
    kept = Answer.objects.latest("pk")
    assert (kept.path, kept.helpful, kept.on) == ("/search", False, timezone.localdate())
    assert {field.name for field in Answer._meta.get_fields()} == {
        "id", "path", "helpful", "words", "on", "handled_by", "handled_at", "note",
    }  # fmt: skip
    post(path="/search", mark=mark(answer), words="请打 13800138000 找我")
    post(path="/search", mark=mark(answer), words="第二次")
    kept.refresh_from_db()
    assert kept.words == "请打 *********** 找我"
    assert "谢谢" in post(path="/", mark="forged", words="假").content.decode()
    assert not Answer.objects.filter(words="假").exists()


def test_a_secret_address_is_not_kept_and_no_other_site_is_led_to(desk: Any) -> None:
    post(path="/en/s/7F3K9QD2XA417F3K9QD2XA417F3", helpful="yes")
    assert Answer.objects.latest("pk").path == "/en/s/…"
    for path in ("//elsewhere.example", "https://elsewhere.example", "/\\elsewhere.example", ""):
        assert 'href="/"' in post(path=path, helpful="yes").content.decode()


def test_the_queue(people: dict[str, User]) -> None:
    post(path="/quiet", helpful="yes")
    post(path="/loud", helpful="no")
    waiting = {answer.path for answer in selectors.waiting()}
    assert "/loud" in waiting and "/quiet" not in waiting
    number = Answer.objects.get(path="/loud").pk
    with pytest.raises(RightMissing):
        actions.handle(people["reader"], number, "")
    client = Client(headers={"accept-language": "zh-CN"})
    client.force_login(people["operator"])
    assert "/loud" in client.get("/console/feedback").content.decode()
    client.post(f"/console/feedback/{number}", {"note": "已补充"})
    assert number not in {answer.pk for answer in selectors.waiting()}
    assert "已补充" in client.get("/console/feedback?show=done").content.decode()


def test_old_answers_are_dropped(desk: Any) -> None:
    old = actions.take("/old", helpful=False)
    Answer.objects.filter(pk=old.pk).update(on=timezone.localdate() - timedelta(days=actions.rules()["keep_days"] + 1))
    actions.take("/new", helpful=True)
    assert not Answer.objects.filter(pk=old.pk).exists()
