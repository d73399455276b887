"""Articles from draft to archive: what the public sees at each step, in every form."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from xinyong.accounts import actions as accounts
from xinyong.accounts.models import Role, User
from xinyong.accounts.selectors import RightMissing
from xinyong.content import actions, selectors
from xinyong.content.actions import Attached, Text
from xinyong.content.errors import ContentRefused
from xinyong.content.models import Article, File, Revision


@pytest.fixture(scope="module")
def people(desk: Any) -> dict[str, User]:
    """Two operators, and somebody without the right."""
    return {
        name: accounts.create_user(
            username=f"content-{name}",
            display_name=name,
            department=None,
            role=role,
            password="a-long-password-1",
            acting="test",
        )
        for name, role in (("first", Role.OPERATOR), ("second", Role.OPERATOR), ("reader", Role.READER))
    }


def text(title: str = "示例文章", body: str = "示例正文", **more: Any) -> Text:
    wish = {"summary": "", "source": "", "index_number": "", "issued_on": None, **more}
    return Text(title=title, body=body, **wish)


def article(user: User, title: str, kind: str = "news", **more: Any) -> Article:
    revision = actions.save(user, None, kind, text(title, **more))
    return actions.publish(user, revision.article, revision.number)


def get(address: str) -> Any:
    return Client(headers={"accept-language": "zh-CN"}).get(address)


def test_a_draft_is_nowhere_a_published_article_everywhere(people: dict[str, User]) -> None:
    revision = actions.save(
        people["first"], None, "policies", text("甲办法", "# 第一章\n\n正文里的独有词", index_number="（示）1号")
    )
    number = revision.article_id
    everywhere = ("/policies", "/policies.json", "/policies.csv", "/policies.rss", "/policies.atom", "/", "/search?q=独有词",
                  "/articles?q=独有词")  # fmt: skip
    for address in everywhere:
        assert "甲办法" not in str(_said(get(address))), address
    assert get(f"/articles/{number}").status_code == 404 and get(f"/articles/{number}.json").status_code == 404
    assert f"/articles/{number}" not in get("/sitemap-pages.xml").content.decode()
    actions.publish(people["first"], revision.article, 1)
    for address in everywhere:
        assert "甲办法" in _said(get(address)), address
    page = get(f"/articles/{number}")
    assert page.status_code == 200 and "<h2>第一章</h2>" in page.content.decode() and page.headers["ETag"]
    assert get(f"/articles/{number}.json").json()["line"]["index_number"] == "（示）1号"
    sitemap = get("/sitemap-pages.xml").content.decode()
    assert f"/articles/{number}<" in sitemap and f"/en/articles/{number}<" in sitemap


def _said(answer: Any) -> str:
    data: bytes = answer.getvalue() if answer.streaming else answer.content
    return data.decode()


def test_a_saved_change_is_public_only_once_published(people: dict[str, User]) -> None:
    held = article(people["first"], "改前")
    before = held.publish_at
    revision = actions.save(people["second"], held, "news", text("改后"))
    assert "改前" in _said(get(f"/articles/{held.pk}")) and "改后" not in _said(get(f"/articles/{held.pk}"))
    actions.publish(people["first"], held, revision.number)
    page = _said(get(f"/articles/{held.pk}"))
    assert "改后" in page and "改前" not in page and "修订）" in page
    assert Article.objects.get(pk=held.pk).publish_at == before  # a correction keeps its place
    actions.publish(people["first"], held, 1)
    assert "改前" in _said(get(f"/articles/{held.pk}"))


def test_what_is_scheduled_appears_by_itself(people: dict[str, User]) -> None:
    revision = actions.save(people["first"], None, "typical-cases", text("定时案例"))
    held = actions.publish(people["first"], revision.article, 1, timezone.now() + timedelta(hours=1))
    assert selectors.state_of(held) == "scheduled"
    assert get(f"/articles/{held.pk}").status_code == 404 and "定时案例" not in _said(get("/typical-cases.rss"))
    Article.objects.filter(pk=held.pk).update(publish_at=timezone.now() - timedelta(seconds=1))
    assert get(f"/articles/{held.pk}").status_code == 200 and "定时案例" in _said(get("/typical-cases.rss"))
    again = actions.save(people["first"], None, "typical-cases", text("撤回案例"))
    later = actions.publish(people["first"], again.article, 1, timezone.now() + timedelta(hours=1))
    assert actions.withdraw(people["first"], later).state == Article.State.DRAFT


def test_archived_is_gone_and_can_come_back(people: dict[str, User]) -> None:
    held = article(people["first"], "下线文章")
    with pytest.raises(ContentRefused):
        actions.archive(people["first"], held, reason=" ")
    actions.archive(people["first"], held, reason="过时")
    answer = get(f"/articles/{held.pk}")
    assert answer.status_code == 410 and "下线文章" not in _said(answer)
    assert "下线文章" not in _said(get("/news")) and "下线文章" not in _said(get("/news.json"))
    with pytest.raises(ContentRefused):
        actions.archive(people["first"], held, reason="再次")
    actions.publish(people["first"], held, 1)
    assert get(f"/articles/{held.pk}").status_code == 200


def test_two_persons_where_asked_for(people: dict[str, User], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XINYONG_CONTENT_FOUR_EYES", "1")
    revision = actions.save(people["first"], None, "news", text("双人文章"))
    held = actions.publish(people["first"], revision.article, 1)
    assert held.state == Article.State.WAITING and get(f"/articles/{held.pk}").status_code == 404
    with pytest.raises(ContentRefused, match="cannot release"):
        actions.release(people["first"], held)
    with pytest.raises(RightMissing):
        actions.release(people["reader"], held)
    actions.release(people["second"], held)
    assert get(f"/articles/{held.pk}").status_code == 200
    # A change of what is shown waits too, while the old text stays.
    later = actions.save(people["first"], held, "news", text("双人文章二"))
    actions.publish(people["first"], held, later.number)
    assert "双人文章二" not in _said(get(f"/articles/{held.pk}")) and get(f"/articles/{held.pk}").status_code == 200
    actions.release(people["second"], held)
    assert "双人文章二" in _said(get(f"/articles/{held.pk}"))


def test_every_count_is_its_list(people: dict[str, User]) -> None:
    for number in range(45):
        article(people["first"], f"清点文章{number}", "interpretations")
    for tail in ("", "?q=清点文章1"):
        data = get(f"/interpretations.json{tail}").json()
        total, ids = data["total"], [line["id"] for line in data["articles"]]
        while "next" in data:
            data = get(data["next"].removeprefix("http://testserver")).json()
            ids += [line["id"] for line in data["articles"]]
        rows = list(csv.DictReader(io.StringIO(_said(get(f"/interpretations.csv{tail}")).removeprefix("\ufeff"))))
        assert len(ids) == len(set(ids)) == len(rows) == total
        assert f"共 {total} 篇" in _said(get(f"/interpretations{tail}"))


def test_attachments_are_pages_first_and_originals_beside(people: dict[str, User]) -> None:
    pdf = b"%PDF-1.7 " + b"x" * 100
    revision = actions.save(
        people["first"], None, "policies",
        text("附件文章", attachments=[Attached(title="申请表", body="| 栏 |\n| --- |\n| 值 |", upload=("表.pdf", pdf))]),
    )  # fmt: skip
    held, file = revision.article, File.objects.get(article=revision.article)
    address = f"/articles/{held.pk}/files/{file.pk}/{file.name}"
    assert get(address).status_code == 404  # a draft's file is no one's
    actions.publish(people["first"], held, 1)
    page = _said(get(f"/articles/{held.pk}"))
    assert "申请表" in page and '<th scope="col">栏</th>' in page and "下载原件" in page
    given = get(address)
    assert (
        given.content == pdf
        and given["Content-Type"] == "application/pdf"
        and "attachment" in given["Content-Disposition"]
    )
    later = actions.save(people["first"], held, "policies", text("附件文章"))
    actions.publish(people["first"], held, later.number)
    assert get(address).status_code == 404
    with pytest.raises(ContentRefused, match="no text"):
        actions.save(
            people["first"],
            held,
            "policies",
            text(attachments=[Attached(title="只有原件", body="", upload=("a.pdf", pdf))]),
        )
    with pytest.raises(ContentRefused, match="no pdf file"):
        actions.save(
            people["first"],
            held,
            "policies",
            text(attachments=[Attached(title="甲", body="乙", upload=("a.pdf", b"x"))]),
        )


def test_what_cannot_be_saved_says_all_reasons(people: dict[str, User]) -> None:
    with pytest.raises(ContentRefused) as refused:
        actions.save(people["first"], None, "nothing", text("", "手机 13800138000"))
    said = refused.value.message("zh")
    assert "没有标题" in said and "个人号码" in said and "没有这个栏目" in said and "13800138000" not in said
    with pytest.raises(RightMissing):
        actions.save(people["reader"], None, "news", text())


def test_the_editor(people: dict[str, User]) -> None:
    client = Client(headers={"accept-language": "zh-CN"})
    client.force_login(people["first"])
    form = {
        "kind": "news",
        "title": "编辑器文章",
        "body": "第一段\r\n\r\n**粗**",
        "summary": "",
        "source": "",
        "index_number": "",
        "issued_on": "",
    }
    before = Revision.objects.count()
    preview = client.post("/console/content/new", {**form, "deed": "preview"}).content.decode()
    assert "<strong>粗</strong>" in preview and "编辑器文章" in preview and Revision.objects.count() == before
    wrong = client.post("/console/content/new", {**form, "issued_on": "昨天", "deed": "save"})
    assert wrong.status_code == 422 and "不是日期" in wrong.content.decode() and "编辑器文章" in wrong.content.decode()
    saved = client.post(
        "/console/content/new",
        {
            **form,
            "deed": "save",
            "att-0-title": "表",
            "att-0-body": "文字",
            "att-0-upload": SimpleUploadedFile("表.pdf", b"%PDF-1"),
        },
        follow=True,
    )
    page = saved.content.decode()
    assert "已保存第 1 稿" in page and "已有原件 表.pdf" in page
    held = Article.objects.latest("pk")
    file = File.objects.get(article=held)
    # Saving again keeps the original; dropping the attachment takes it out of the new revision only.
    kept = {**form, "deed": "save", "att-0-title": "表", "att-0-body": "文字二", "att-0-file": str(file.pk)}
    client.post(f"/console/content/{held.pk}", kept)
    assert held.revisions.get(number=2).attachments[0]["file"] == file.pk
    client.post(f"/console/content/{held.pk}", {**kept, "att-0-drop": "1"})
    assert held.revisions.get(number=3).attachments == [] and held.revisions.get(number=2).attachments
    assert client.post(f"/console/content/{held.pk}/act", {"deed": "publish", "revision": "9"}).status_code == 422
    assert (
        client.post(f"/console/content/{held.pk}/act", {"deed": "publish", "revision": "2", "at": "明天"}).status_code
        == 422
    )
    done = client.post(f"/console/content/{held.pk}/act", {"deed": "publish", "revision": "2"}, follow=True)
    assert "已发布" in done.content.decode() and "文字二" in _said(get(f"/articles/{held.pk}"))
    assert "有未发布的修改" in client.get("/console/content").content.decode()
    assert "文字二" in client.get(f"/console/content/{held.pk}?revision=2").content.decode()
    gone = client.post(f"/console/content/{held.pk}/act", {"deed": "archive", "reason": "测试"}, follow=True)
    assert "已归档" in gone.content.decode()
    assert client.get("/console/content/999999").status_code == 404


def test_odd_addresses() -> None:
    for address in ("/articles/0", f"/articles/{10**30}", "/articles/1/files/99999999999999999999/x.pdf"):
        assert get(address).status_code == 404, address
    assert get("/news?page=99999").status_code == 200 and get("/news?q=%00%25_").status_code == 200
