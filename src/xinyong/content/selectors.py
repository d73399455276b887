"""Reads: what the public sees now, and what editors work on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from xinyong.content import writing
from xinyong.content.models import Article, File, Revision

PAGE = 20
FEED = 50
#: Articles named in the sitemap; the protocol takes 50 000 addresses in two languages.
SITEMAP = 20_000
#: English names of the sections; the Chinese ones are their labels.
KINDS_EN = {
    "news": "News",
    "policies": "Policies and regulations",
    "interpretations": "Interpretations",
    "typical-cases": "Typical cases",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleLine:
    """An article in a list."""

    id: int
    kind: str
    title: str
    summary: str
    source: str
    index_number: str
    issued_on: date | None
    published_at: datetime
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleList:
    """A page of a section, or of a search; ``total`` is the length of the whole list."""

    kind: str
    query: str
    lines: tuple[ArticleLine, ...]
    total: int
    page: int
    pages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """An attachment as a reader has it: its text; beside it the original, where there is one."""

    title: str
    html: str
    file_url: str
    file_name: str
    file_size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticlePage:
    """An article as it is shown."""

    line: ArticleLine
    html: str
    attachments: tuple[Attachment, ...]
    changed_at: datetime | None


def label(kind: str, language: str) -> str:
    """Name of a section."""
    return KINDS_EN[kind] if language == "en" else str(Article.Kind(kind).label)


def shown() -> QuerySet[Article]:
    """Articles the public reads now: published, and their time has come. Every list and count goes through this."""
    return (
        Article.objects.filter(state=Article.State.PUBLISHED, publish_at__lte=timezone.now())
        .select_related("shown")
        .order_by("-publish_at", "-pk")
    )


def _matching(articles: QuerySet[Article], query: str) -> QuerySet[Article]:
    for word in query.replace("\0", "").split()[:5]:
        articles = articles.filter(
            Q(shown__title__icontains=word)
            | Q(shown__summary__icontains=word)
            | Q(shown__index_number__icontains=word)
            | Q(shown__body__icontains=word)
        )
    return articles


def _line(article: Article, revision: Revision) -> ArticleLine:
    summary = revision.summary or writing.plain(revision.html)[:120]
    return ArticleLine(
        id=article.pk,
        kind=article.kind,
        title=revision.title,
        summary=summary,
        source=revision.source,
        index_number=revision.index_number,
        issued_on=revision.issued_on,
        published_at=article.publish_at or article.made_at,
        url=reverse("article", args=[article.pk]),
    )


def articles(kind: str, query: str, page: int) -> ArticleList:
    """A page of a section (all sections for an empty ``kind``), narrowed by words."""
    found = shown().filter(kind=kind) if kind else shown()
    found = _matching(found, query)
    total = found.count()
    pages = max(1, -(-total // PAGE))
    page = min(page, pages)
    rows = found[(page - 1) * PAGE : page * PAGE]
    return ArticleList(kind=kind, query=query, lines=lines_of(rows), total=total, page=page, pages=pages)


def lines_of(rows: Any) -> tuple[ArticleLine, ...]:
    """Articles as lines."""
    return tuple(_line(article, article.shown) for article in rows if article.shown is not None)


def every_line(kind: str, query: str, limit: int | None = None) -> tuple[ArticleLine, ...]:
    """The whole list, for CSV and feeds."""
    found = _matching(shown().filter(kind=kind) if kind else shown(), query)
    return lines_of(found[:limit] if limit is not None else found.iterator(200))


def newest(kinds: tuple[str, ...], limit: int) -> tuple[ArticleLine, ...]:
    """The newest articles of some sections, for the home page."""
    return lines_of(shown().filter(kind__in=kinds)[:limit])


def modified(kind: str = "") -> datetime | None:
    """When a list last changed by publishing."""
    found = shown().filter(kind=kind) if kind else shown()
    first = found.first()
    return first.publish_at if first is not None else None


def sitemap_pages() -> list[tuple[str, tuple[int, ...]]]:
    """Routes worth finding: the sections and every shown article."""
    sections: list[tuple[str, tuple[int, ...]]] = [(kind, ()) for kind in Article.Kind.values]
    return sections + [("article", (pk,)) for pk in shown().values_list("pk", flat=True)[:SITEMAP]]


def page_of(article: Article, revision: Revision) -> ArticlePage:
    """An article in one of its revisions: the public page, and the preview of the editor."""
    wanted = [item["file"] for item in revision.attachments if item.get("file")]
    files = {file.pk: file for file in File.objects.filter(article=article, pk__in=wanted).defer("data")}
    return ArticlePage(
        line=_line(article, revision),
        html=revision.html,
        attachments=tuple(
            Attachment(
                title=item["title"],
                html=item["html"],
                file_url=reverse("article-file", args=[article.pk, file.pk, file.name]) if file is not None else "",
                file_name=file.name if file is not None else "",
                file_size=file.size if file is not None else 0,
            )
            for item in revision.attachments
            for file in (files.get(item.get("file")),)
        ),
        changed_at=revision.made_at if article.publish_at and revision.made_at > article.publish_at else None,
    )


def article(number: int) -> Article | None:
    """An article whatever its state."""
    return Article.objects.select_related("shown", "asked").filter(pk=number).first()


def file_of(number: int, file: int) -> File | None:
    """A file the shown revision of a shown article names."""
    found = shown().filter(pk=number).first()
    if found is None or found.shown is None:
        return None
    if file not in [item.get("file") for item in found.shown.attachments]:
        return None
    return File.objects.filter(pk=file, article=found).first()


def state_of(article: Article) -> str:
    """The state in words: one more than is stored, because what is published later is scheduled."""
    if article.state == Article.State.PUBLISHED and article.publish_at and article.publish_at > timezone.now():
        return "scheduled"
    return str(article.state)
