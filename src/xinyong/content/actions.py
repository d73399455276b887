"""Writing, publishing, archiving. A saved text is a new revision; what the public reads changes only by publishing one."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from xinyong.accounts import selectors as accounts
from xinyong.accounts.models import User
from xinyong.accounts.rules import Right
from xinyong.audit import actions as audit
from xinyong.content import rules, writing
from xinyong.content.errors import ContentRefused
from xinyong.content.models import Article, File, Revision
from xinyong.runtime import config


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """An attachment as written: its text comes first; ``upload`` (name, bytes) or ``file`` is its original."""

    title: str
    body: str
    file: int | None = None
    upload: tuple[str, bytes] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """What an editor writes."""

    title: str
    summary: str
    source: str
    index_number: str
    issued_on: date | None
    body: str
    attachments: Sequence[Attached] = ()


def refusals(text: Text) -> list[rules.Refusal]:
    """Everything that keeps a text from being saved, field by field."""
    found = [
        rules.refusal_of_text("title", ("标题", "the title"), text.title, rules.TITLE),
        rules.refusal_of_text("summary", ("摘要", "the summary"), text.summary, rules.SUMMARY),
        rules.refusal_of_text("source", ("来源", "the source"), text.source, rules.SOURCE),
        rules.refusal_of_text("index_number", ("文号", "the number"), text.index_number, rules.NUMBER),
        rules.refusal_of_text("body", ("正文", "the text"), text.body, rules.BODY),
    ]
    if not text.title.strip():
        found.append(rules.Refusal(field="title", zh="没有标题", en="there is no title"))
    if not text.body.strip():
        found.append(rules.Refusal(field="body", zh="没有正文", en="there is no text"))
    if len(text.attachments) > rules.ATTACHMENTS:
        found.append(
            rules.Refusal(
                field="attachments",
                zh=f"附件超过 {rules.ATTACHMENTS} 个",
                en=f"there are more than {rules.ATTACHMENTS} attachments",
            )
        )
    for number, item in enumerate(text.attachments, start=1):
        if not item.title.strip() or not item.body.strip():
            found.append(
                rules.Refusal(
                    field="attachments",
                    zh=f"第 {number} 个附件没有标题或文字：附件须先有网页文字，原件另附",
                    en=f"attachment {number} has no title or no text: it needs its text as a page first, the original beside it",
                )
            )
        label = (f"第 {number} 个附件", f"attachment {number}")
        found.append(rules.refusal_of_text("attachments", label, item.title + "\n" + item.body, rules.BODY))
        if item.upload is not None:
            found.append(rules.refusal_of_file(*item.upload))
    return [item for item in found if item is not None]


def save(user: User, article: Article | None, kind: str, text: Text, work: int | None = None) -> Revision:
    """A new revision of an article, or the first of a new one, made of ``work``. Raises RightMissing, ContentRefused."""
    accounts.require(user, Right.CONTENT_EDIT)
    found = refusals(text)
    if kind not in Article.Kind.values:
        found.append(rules.Refusal(field="kind", zh="没有这个栏目", en="there is no such section"))
    if found:
        raise ContentRefused(why_zh="；".join(item.zh for item in found), why_en="; ".join(item.en for item in found))
    now = timezone.now()
    with transaction.atomic():
        if article is None:
            held = Article.objects.create(kind=kind, made_by=user.username, made_at=now, work=work)
        else:
            held = Article.objects.select_for_update().get(pk=article.pk)
            if held.kind != kind:
                held.kind = kind
                held.save(update_fields=["kind"])
        last = held.revisions.order_by("-number").first()
        revision = Revision.objects.create(
            article=held,
            number=last.number + 1 if last is not None else 1,
            title=text.title.strip(),
            summary=text.summary.strip(),
            source=text.source.strip(),
            index_number=text.index_number.strip(),
            issued_on=text.issued_on,
            body=text.body,
            html=writing.html(text.body),
            attachments=[_attachment(user, held, item, now) for item in text.attachments],
            made_by=user.username,
            made_at=now,
        )
        _trace(user, "content.saved", held, revision=revision.number)
    return revision


def _attachment(user: User, article: Article, item: Attached, now: datetime) -> dict[str, Any]:
    file = item.file if item.file is not None and article.files.filter(pk=item.file).exists() else None
    if item.upload is not None:
        name, data = item.upload
        kept, _ = File.objects.get_or_create(
            article=article,
            sha256=hashlib.sha256(data).hexdigest(),
            defaults={
                "name": name[-120:],
                "media": rules.MEDIA[name.rpartition(".")[2].lower()][0],
                "size": len(data),
                "data": data,
                "made_by": user.username,
                "made_at": now,
            },
        )
        file = kept.pk
    return {"title": item.title.strip(), "body": item.body, "html": writing.html(item.body, 3), "file": file}


def publish(user: User, article: Article, revision: int, at: datetime | None = None) -> Article:
    """Show a revision from ``at`` on (now without one). Where two persons are asked for, the first call only asks.

    Raises RightMissing, ContentRefused.
    """
    accounts.require(user, Right.CONTENT_PUBLISH)
    now = timezone.now()
    with transaction.atomic():
        held = Article.objects.select_for_update().get(pk=article.pk)
        wanted = held.revisions.filter(number=revision).first()
        if wanted is None:
            raise ContentRefused(why_zh="没有这一稿", why_en="there is no such revision")
        if config.get("XINYONG_CONTENT_FOUR_EYES"):
            held.asked, held.asked_by, held.asked_at = wanted, user.username, at
            if held.state in (Article.State.DRAFT, Article.State.ARCHIVED):
                held.state = Article.State.WAITING
            held.save(update_fields=["asked", "asked_by", "asked_at", "state"])
            _trace(user, "content.asked", held, revision=revision)
            return held
        return _shown(user, held, wanted, at if at is not None and at > now else now)


def release(user: User, article: Article) -> Article:
    """The second person lets the revision out that was asked for. Raises RightMissing, ContentRefused."""
    accounts.require(user, Right.CONTENT_PUBLISH)
    now = timezone.now()
    with transaction.atomic():
        held = Article.objects.select_for_update().get(pk=article.pk)
        if held.asked is None:
            raise ContentRefused(why_zh="没有待复核的稿件", why_en="nothing waits for release")
        if held.asked_by == user.username:
            raise ContentRefused(why_zh="提交人不能复核自己的稿件", why_en="whoever asked cannot release it")
        return _shown(user, held, held.asked, held.asked_at if held.asked_at and held.asked_at > now else now)


def _shown(user: User, held: Article, revision: Revision, at: datetime) -> Article:
    # A correction of what is shown already keeps its place in the lists.
    if held.state != Article.State.PUBLISHED or held.publish_at is None or held.publish_at > timezone.now():
        held.publish_at = at
    held.state, held.shown = Article.State.PUBLISHED, revision
    held.asked, held.asked_by, held.asked_at = None, "", None
    held.save(update_fields=["state", "shown", "publish_at", "asked", "asked_by", "asked_at"])
    _trace(user, "content.published", held, revision=revision.number, at=held.publish_at.isoformat())
    return held


def withdraw(user: User, article: Article) -> Article:
    """Take back what waits for release or is scheduled: a draft again. Raises RightMissing, ContentRefused."""
    accounts.require(user, Right.CONTENT_EDIT)
    with transaction.atomic():
        held = Article.objects.select_for_update().get(pk=article.pk)
        scheduled = held.state == Article.State.PUBLISHED and held.publish_at and held.publish_at > timezone.now()
        if held.asked is None and not scheduled:
            raise ContentRefused(why_zh="没有待复核或定时发布的稿件", why_en="nothing waits or is scheduled")
        held.asked, held.asked_by, held.asked_at = None, "", None
        if scheduled or held.state == Article.State.WAITING:
            held.state = Article.State.DRAFT
        held.save(update_fields=["asked", "asked_by", "asked_at", "state"])
        _trace(user, "content.withdrawn", held)
    return held


def archive(user: User, article: Article, *, reason: str) -> Article:
    """Stop showing an article; its address answers 410. Publishing a revision brings it back. Raises ContentRefused."""
    accounts.require(user, Right.CONTENT_PUBLISH)
    if not reason.strip():
        raise ContentRefused(why_zh="没有写明归档理由", why_en="no reason is given")
    with transaction.atomic():
        held = Article.objects.select_for_update().get(pk=article.pk)
        if held.state == Article.State.ARCHIVED:
            raise ContentRefused(why_zh="已经归档", why_en="it is archived already")
        held.state, held.asked, held.asked_by, held.asked_at = Article.State.ARCHIVED, None, "", None
        held.save(update_fields=["state", "asked", "asked_by", "asked_at"])
        _trace(user, "content.archived", held, reason=reason.strip()[:500])
    return held


def _trace(user: User, deed: str, article: Article, **detail: Any) -> None:
    audit.record(actor=user.username, deed=deed, target=f"article:{article.pk}", detail=detail)
