"""The editor in the console: list, write, preview, publish now or later, second person, archive, earlier revisions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from xinyong.accounts import selectors as accounts
from xinyong.accounts.console import officer_only
from xinyong.accounts.models import User
from xinyong.accounts.rules import Right
from xinyong.content import actions, selectors, writing
from xinyong.content.actions import Attached, Text
from xinyong.content.errors import ContentRefused
from xinyong.content.models import Article, File, Revision
from xinyong.errors import XinyongError
from xinyong.lists import typical
from xinyong.runtime import config
from xinyong.ui.context import language
from xinyong.ui.errors import PageNotFound
from xinyong.ui.paging import page_number

_PAGE = 50
_TONES = {"draft": "grey", "waiting": "amber", "scheduled": "blue", "published": "green", "archived": "grey"}
_STATES = {
    "draft": ("草稿", "Draft"),
    "waiting": ("待复核", "Waits for release"),
    "scheduled": ("定时发布", "Scheduled"),
    "published": ("已发布", "Published"),
    "archived": ("已归档", "Archived"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An article in the editor's list."""

    number: int
    title: str
    section: str
    state: str
    tone: str
    publish_at: datetime | None
    changed_at: datetime
    changed_by: str
    newer: bool


def _words(state: str) -> str:
    return _STATES[state][1 if language() == "en" else 0]


def _kinds() -> list[tuple[str, str]]:
    return [(kind, selectors.label(kind, language())) for kind in Article.Kind.values]


@require_safe
@officer_only
def content(request: HttpRequest, user: User) -> HttpResponse:
    """Every article, newest change first."""
    accounts.require(user, Right.CONTENT_EDIT)
    chosen = request.GET.get("state", "")
    found = Article.objects.select_related("shown").order_by("-pk")
    if chosen in Article.State.values:
        found = found.filter(state=chosen)
    total = found.count()
    pages = max(1, -(-total // _PAGE))
    page = min(page_number(request), pages)
    rows = []
    articles = list(found[(page - 1) * _PAGE : page * _PAGE])
    newest: dict[int, Revision] = {}
    for revision in Revision.objects.filter(article__in=articles).order_by("number").defer("body", "html"):
        newest[revision.article_id] = revision
    for item in articles:
        revision, state = newest[item.pk], selectors.state_of(item)
        rows.append(
            Row(
                number=item.pk,
                title=revision.title,
                section=selectors.label(item.kind, language()),
                state=_words(state),
                tone=_TONES[state],
                publish_at=item.publish_at,
                changed_at=revision.made_at,
                changed_by=revision.made_by,
                newer=item.shown is not None and item.shown.pk != revision.pk,
            )
        )
    context = {
        "rows": rows,
        "states": [(state, _words(state), state == chosen) for state in Article.State.values],
        "chosen": chosen,
        "total": total,
        "page": page,
        "pages": pages,
        "kinds": _kinds(),
    }
    return render(request, "content/console.html", context)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """The fields of one attachment in the form."""

    place: int
    title: str
    body: str
    file: int | None
    file_name: str


def _slots(article: Article | None, attachments: list[Attached]) -> list[Slot]:
    names = dict(File.objects.filter(article=article).values_list("pk", "name")) if article is not None else {}
    found = [
        Slot(place=place, title=item.title, body=item.body, file=item.file, file_name=names.get(item.file or 0, ""))
        for place, item in enumerate(attachments)
    ]
    return [*found, Slot(place=len(found), title="", body="", file=None, file_name="")]


def _text_of(revision: Revision) -> Text:
    return Text(
        title=revision.title,
        summary=revision.summary,
        source=revision.source,
        index_number=revision.index_number,
        issued_on=revision.issued_on,
        body=revision.body,
        attachments=[
            Attached(title=item["title"], body=item["body"], file=item.get("file")) for item in revision.attachments
        ],
    )


_EMPTY = Text(title="", summary="", source="", index_number="", issued_on=None, body="")


def _typed(request: HttpRequest, *, uploads: bool) -> Text:
    """What stands in the form. Raises ContentRefused for a day that is none."""
    form: QueryDict = request.POST
    attachments = []
    for place in range(30):
        title, body = form.get(f"att-{place}-title", ""), form.get(f"att-{place}-body", "")
        file = form.get(f"att-{place}-file", "")
        sent: Any = request.FILES.get(f"att-{place}-upload")
        upload = (str(sent.name), sent.read()) if uploads and sent is not None else None
        if form.get(f"att-{place}-drop") or not (title.strip() or body.strip() or upload):
            continue
        number = int(file) if file.isascii() and file.isdecimal() and len(file) < 19 else None
        attachments.append(Attached(title=title[:200], body=_lines(body), file=number, upload=upload))
    return Text(
        title=form.get("title", ""),
        summary=form.get("summary", ""),
        source=form.get("source", ""),
        index_number=form.get("index_number", ""),
        issued_on=_day(form.get("issued_on", "")),
        body=_lines(form.get("body", "")),
        attachments=attachments,
    )


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\0", "")


def _day(text: str) -> date | None:
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip()[:20])
    except ValueError:
        raise ContentRefused(
            why_zh=f"发文日期“{text[:20]}”不是日期，格式应为 2026-01-31",
            why_en=f"'{text[:20]}' is no date, write it as 2026-01-31",
        ) from None


def _moment(text: str) -> datetime | None:
    if not text.strip():
        return None
    try:
        found = datetime.fromisoformat(text.strip()[:25])
    except ValueError:
        raise ContentRefused(
            why_zh=f"发布时间“{text[:25]}”看不懂，格式应为 2026-01-31T09:00",
            why_en=f"'{text[:25]}' is no time, write it as 2026-01-31T09:00",
        ) from None
    return timezone.make_aware(found) if timezone.is_naive(found) else found


def _editor(request: HttpRequest, article: Article | None, kind: str, text: Text, **more: Any) -> HttpResponse:
    state = selectors.state_of(article) if article is not None else "draft"
    revisions = list(article.revisions.order_by("-number").defer("body", "html")) if article is not None else []
    context = {
        "article": article,
        "kind": kind,
        "kinds": _kinds(),
        "text": text,
        "slots": _slots(article, list(text.attachments)),
        "state": state,
        "state_words": _words(state),
        "tone": _TONES[state],
        "revisions": revisions,
        "newest": revisions[0].number if revisions else 0,
        "four_eyes": bool(config.get("XINYONG_CONTENT_FOUR_EYES")),
        "own": article is not None and article.asked_by == getattr(request.user, "username", ""),
        "post_to": reverse("content-edit", args=[article.pk]) if article is not None else reverse("content-new"),
        **more,
    }
    return render(request, "content/editor.html", context, status=more.get("status", 200))


def _preview(text: Text) -> dict[str, Any]:
    return {
        "title": text.title,
        "html": writing.html(text.body),
        "attachments": [(item.title, writing.html(item.body, 3)) for item in text.attachments],
    }


def _work(text: str) -> int:
    """Number of the joint work a case is made of; 0 for none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 18 else 0


def _check_case(work: int, text: Text) -> None:
    """No revision of a case made of joint work names whom it was about. Raises ContentRefused, ListUnknown."""
    texts = [text.title, text.summary, text.source, text.index_number, text.body]
    texts += [part for item in text.attachments for part in (item.title, item.body)]
    if why := typical.refusal(work, texts):
        raise ContentRefused(why_zh=why[0], why_en=why[1])


def _write(request: HttpRequest, user: User, article: Article | None) -> HttpResponse:
    """Save or preview what was typed; nothing typed is ever lost."""
    kind = request.POST.get("kind", "")
    work = (article.work or 0) if article is not None else _work(request.POST.get("work", ""))
    preview = request.POST.get("deed") == "preview"
    try:
        text = _typed(request, uploads=not preview)
        if preview:
            return _editor(request, article, kind, text, preview=_preview(text), work=work)
        if work:
            if article is None:
                typical.finished_of(user, work)
            _check_case(work, text)
        revision = actions.save(user, article, kind, text, work or None)
    except XinyongError as error:
        kept = _kept(request)
        return _editor(request, article, kind, kept, problem=error.message(language()), status=error.status, work=work)
    messages.success(request, _("已保存第 %(number)s 稿。") % {"number": revision.number})
    return HttpResponseRedirect(reverse("content-edit", args=[revision.article_id]))


def _kept(request: HttpRequest) -> Text:
    """What was typed, for the form; a day that is none is dropped, the message names it."""
    try:
        return _typed(request, uploads=False)
    except ContentRefused:
        form = request.POST.copy()
        form["issued_on"] = ""
        request.POST = form  # type: ignore[assignment]
        return _typed(request, uploads=False)


@require_http_methods(["GET", "HEAD", "POST"])
@officer_only
def new(request: HttpRequest, user: User) -> HttpResponse:
    """A new article; with ``work`` the draft of a typical case from a finished piece of joint work."""
    accounts.require(user, Right.CONTENT_EDIT)
    if request.method == "POST":
        return _write(request, user, None)
    if work := _work(request.GET.get("work", "")):
        made = typical.draft(user, work)
        text = Text(
            title=made.title, summary=made.summary, source=made.source, index_number="", issued_on=None, body=made.body
        )
        return _editor(request, None, Article.Kind.CASE, text, preview=_preview(text), work=work)
    kind = request.GET.get("kind", "news")
    return _editor(request, None, kind if kind in Article.Kind.values else "news", _EMPTY)


def _article(request: HttpRequest, number: int) -> Article:
    found = selectors.article(number) if number < 1 << 63 else None
    if found is None:
        raise PageNotFound(path=request.path)
    return found


@require_http_methods(["GET", "HEAD", "POST"])
@officer_only
def edit(request: HttpRequest, user: User, number: int) -> HttpResponse:
    """One article: its newest revision, or the one named, in the form."""
    accounts.require(user, Right.CONTENT_EDIT)
    article = _article(request, number)
    if request.method == "POST":
        return _write(request, user, article)
    wanted = request.GET.get("revision", "")
    revision = article.revisions.order_by("-number").first()
    if wanted.isascii() and wanted.isdecimal() and len(wanted) < 9:
        revision = article.revisions.filter(number=int(wanted)).first() or revision
    assert revision is not None  # an article is made with its first revision
    text = _text_of(revision)
    return _editor(
        request, article, article.kind, text, preview=_preview(text), at=revision.number, work=article.work or 0
    )


@require_POST
@officer_only
def act(request: HttpRequest, user: User, number: int) -> HttpResponse:
    """Publish, release, take back or archive: which one the form says."""
    accounts.require(user, Right.CONTENT_EDIT)
    article = _article(request, number)
    deed = request.POST.get("deed", "")
    try:
        if deed == "publish":
            revision = request.POST.get("revision", "")
            chosen = int(revision) if revision.isascii() and revision.isdecimal() and len(revision) < 9 else 0
            done = actions.publish(user, article, chosen, _moment(request.POST.get("at", "")))
            said = _("已提交，待另一人复核后发布。") if done.asked_id else _("已发布。")
            if not done.asked_id and selectors.state_of(done) == "scheduled":
                said = _("已定时，到时自动发布。")
        elif deed == "release":
            actions.release(user, article)
            said = _("已复核发布。")
        elif deed == "withdraw":
            actions.withdraw(user, article)
            said = _("已撤回为草稿。")
        elif deed == "archive":
            actions.archive(user, article, reason=request.POST.get("reason", "")[:500])
            said = _("已归档，公开页面不再显示。")
        else:
            raise ContentRefused(why_zh="没有选择办理事项", why_en="no deed was chosen")
    except XinyongError as error:
        newest = article.revisions.order_by("-number").first()
        assert newest is not None  # as above
        return _editor(
            request, article, article.kind, _text_of(newest), problem=error.message(language()), status=error.status
        )
    messages.success(request, said)
    return HttpResponseRedirect(reverse("content-edit", args=[article.pk]))


urlpatterns: list[URLPattern] = [
    path("content", content, name="content"),
    path("content/new", new, name="content-new"),
    path("content/<int:number>", edit, name="content-edit"),
    path("content/<int:number>/act", act, name="content-act"),
]
