"""The sections and their articles on the public site, with twins and feeds."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_safe

from xinyong.content import selectors
from xinyong.content.errors import ArticleArchived
from xinyong.content.models import Article
from xinyong.ui import twins
from xinyong.ui.context import language
from xinyong.ui.errors import PageNotFound
from xinyong.ui.paging import page_number
from xinyong.ui.twins import Feed, FeedItem, Table

_FORMS = ("json", "csv", "rss", "atom")
_QUERY = 100


def _columns(english: bool) -> tuple[tuple[str, str], ...]:
    words = (
        ("id", "编号", "Id"),
        ("kind", "栏目", "Section"),
        ("title", "标题", "Title"),
        ("summary", "摘要", "Summary"),
        ("source", "来源", "Source"),
        ("index_number", "文号", "Number"),
        ("issued_on", "发文日期", "Issued on"),
        ("published_at", "发布时间", "Published at"),
        ("url", "网址", "Address"),
    )
    return tuple((code, en if english else zh) for code, zh, en in words)


def _list(request: HttpRequest, kind: str) -> HttpResponseBase:
    query = request.GET.get("q", "").strip()[:_QUERY]
    name = kind or "articles"
    url = reverse(name)
    found = selectors.articles(kind, query, page_number(request))
    title = selectors.label(kind, language()) if kind else ""
    asked = {"q": query} if query else {}
    english = language() == "en"

    def data() -> dict[str, Any]:
        answer = {"kind": kind, "query": query, "total": found.total, "page": found.page, "articles": found.lines}
        if found.page < found.pages:
            tail = "&".join([*(f"{key}={value}" for key, value in asked.items()), f"page={found.page + 1}"])
            answer["next"] = f"{url}.json?{tail}"
        return answer

    def feed() -> Feed:
        return Feed(
            title=title,
            summary=title,
            items=[
                FeedItem(
                    id=f"xinyong:article:{line.id}",
                    title=line.title,
                    url=line.url,
                    summary=line.summary,
                    published=line.published_at,
                )
                for line in selectors.every_line(kind, query, selectors.FEED)
            ],
        )

    def table() -> Table:
        columns = _columns(english)
        rows = ([getattr(line, code) for code, _ in columns] for line in selectors.every_line(kind, query))
        return Table(columns=columns, rows=rows)

    context = {
        "found": found,
        "title": title,
        "kinds": [
            (code, selectors.label(code, language()), reverse(code), code == kind) for code in Article.Kind.values
        ],
        "url": url,
        "twins": twins.links(request, url, asked) if kind else (),
    }
    return twins.answer(
        request,
        twins.Twins(
            canonical=url,
            query=asked if found.page == 1 else {**asked, "page": str(found.page)},
            page=lambda: render(request, "content/list.html", context),
            json=data,
            csv=table,
            feed=feed,
            modified=None if query else selectors.modified(kind),
            file_name=name,
        ),
    )


@require_safe
def articles(request: HttpRequest) -> HttpResponseBase:
    """All sections together, mostly to look for words."""
    return _list(request, "")


@require_safe
def news(request: HttpRequest) -> HttpResponseBase:
    """News."""
    return _list(request, "news")


@require_safe
def policies(request: HttpRequest) -> HttpResponseBase:
    """Policies and regulations."""
    return _list(request, "policies")


@require_safe
def interpretations(request: HttpRequest) -> HttpResponseBase:
    """Interpretations of policies."""
    return _list(request, "interpretations")


@require_safe
def cases(request: HttpRequest) -> HttpResponseBase:
    """Typical cases."""
    return _list(request, "typical-cases")


@require_safe
def article(request: HttpRequest, number: int) -> HttpResponseBase:
    """One article: 410 once archived, 404 while it is a draft or its time has not come."""
    found = selectors.article(number) if number < 1 << 63 else None
    if found is not None and found.state == Article.State.ARCHIVED and found.shown is not None:
        raise ArticleArchived()
    if found is None or found.shown is None or selectors.state_of(found) != "published":
        raise PageNotFound(path=request.path)
    page = selectors.page_of(found, found.shown)
    context = {
        "page": page,
        "section": selectors.label(found.kind, language()),
        "section_url": reverse(found.kind),
        "twins": twins.links(request, page.line.url),
    }
    return twins.answer(
        request,
        twins.Twins(
            canonical=page.line.url,
            page=lambda: render(request, "content/article.html", context),
            json=lambda: page,
            modified=page.changed_at or page.line.published_at,
            file_name=f"article-{number}",
        ),
    )


@require_safe
def article_file(request: HttpRequest, number: int, file: int, name: str) -> HttpResponse:
    """The original of an attachment."""
    found = selectors.file_of(number, file) if max(number, file) < 1 << 63 else None
    if found is None or found.name != name:
        raise PageNotFound(path=request.path)
    answer = HttpResponse(bytes(found.data), content_type=found.media)
    answer.headers["Content-Disposition"] = f'attachment; filename="attachment-{found.pk}.{name.rpartition(".")[2]}"'
    answer.headers["Cache-Control"] = "no-cache"
    answer.headers["ETag"] = f'"{found.sha256[:32]}"'
    return answer


urlpatterns: list[URLPattern] = [
    path("articles", articles, name="articles"),
    *twins.paths("news", news, name="news", forms=_FORMS),
    *twins.paths("policies", policies, name="policies", forms=_FORMS),
    *twins.paths("interpretations", interpretations, name="interpretations", forms=_FORMS),
    *twins.paths("typical-cases", cases, name="typical-cases", forms=_FORMS),
    path("articles/<int:number>/files/<int:file>/<str:name>", article_file, name="article-file"),
    *twins.paths("articles/<int:number>", article, name="article", forms=("json",)),
]
