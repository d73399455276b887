"""The public site: home, search, entity file. No login, no captcha, no script is needed to read any of it."""

from __future__ import annotations

import segno
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponsePermanentRedirect,
    HttpResponseRedirect,
    JsonResponse,
)
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_safe

from xinyong.content import selectors as content
from xinyong.ledger.log import proof as proofs
from xinyong.publicity import searching, selectors
from xinyong.publicity.pages import SearchOutcome
from xinyong.registry.search.find import FACETS
from xinyong.registry.selectors import Moved
from xinyong.site import entity as entities
from xinyong.site import machine, records
from xinyong.standards import credit_code, names
from xinyong.ui import twins
from xinyong.ui.context import CARE_COOKIE, language
from xinyong.ui.errors import PageNotFound
from xinyong.ui.paging import page_number

LATEST = 8
#: Articles on the home page, and beside the hits of a search.
ARTICLES = 5
_YEAR = 365 * 86400
#: Longest query looked at; the longest registered name is far shorter.
QUERY_LIMIT = 100
_SECTION_PAGE = "page-"


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The home page."""
    context = {
        "figures": selectors.site_figures(),
        "latest": selectors.latest_double_publicity(LATEST, language()),
        "articles": content.newest(("news", "policies"), ARTICLES),
    }
    return render(request, "site/home.html", context)


def _moved(address: str) -> HttpResponse:
    """308 that browsers ask about again: a merge can be taken back, and then the old address is right again."""
    answer = HttpResponsePermanentRedirect(address, preserve_request=True)
    answer.headers["Cache-Control"] = "no-cache"
    return answer


def _direct(outcome: SearchOutcome) -> str:
    """The address of the file when the query is a valid code held here, or the whole name of exactly one entity."""
    if outcome.page != 1 or outcome.chosen:
        return ""
    code = credit_code.normalise(outcome.query).text
    named = names.matching_key(outcome.query)
    exact = [
        hit
        for hit in outcome.hits
        if (hit.code and hit.code == code) or (named and names.matching_key(hit.name.text) == named)
    ]
    return exact[0].url if len(exact) == 1 else ""


def _query(request: HttpRequest) -> str:
    return request.GET.get("q", "").strip()[:QUERY_LIMIT]


@require_safe
def search(request: HttpRequest) -> HttpResponseBase:
    """Search results, or the file itself when the query can mean only one entity; its twins always list."""
    query = _query(request)
    chosen = {field: request.GET.get(field, "")[:QUERY_LIMIT].replace("\0", "") for field in FACETS}
    outcome = searching.search(query, page_number(request), language(), chosen)
    target = _direct(outcome) if twins.form_of(request) == twins.HTML else ""
    if target:
        answer = HttpResponseRedirect(target)
        patch_vary_headers(answer, ["Accept"])
        return answer
    asked = {key: value for key, value in {"q": query, **chosen}.items() if value}
    context = {
        "outcome": outcome,
        "articles": content.articles("", query, 1) if query else None,
        "twins": twins.links(request, reverse("search"), asked) if query else (),
    }
    return twins.answer(
        request,
        twins.Twins(
            canonical=reverse("search"),
            query=asked if outcome.page == 1 else {**asked, "page": str(outcome.page)},
            page=lambda: render(request, "site/search.html", context),
            json=lambda: machine.search(outcome, asked),
            csv=lambda: machine.search_table(query, chosen, language()),
            jsonld=lambda: machine.search_linked(outcome),
            file_name="search",
        ),
    )


@require_safe
def suggest(request: HttpRequest) -> HttpResponse:
    """Suggestions while typing: list items for the search field, or JSON where that is asked for."""
    query = _query(request)
    hits = searching.suggest(query, language()) if query else ()
    if "application/json" in request.headers.get("Accept", ""):
        return JsonResponse(
            {
                "query": query,
                "hits": [
                    {
                        "name": hit.name.text,
                        "matched_name": hit.other_name.text if hit.other_name else hit.name.text,
                        "code": hit.code,
                        "url": hit.url,
                        "place": hit.region,
                        "status": hit.status,
                        "why": [chip.text for chip in hit.why],
                    }
                    for hit in hits
                ],
            },
            json_dumps_params={"ensure_ascii": False},
        )
    return render(request, "site/suggestions.html", {"hits": hits, "query": query})


@require_safe
def entity(request: HttpRequest, key: str) -> HttpResponseBase:
    """The entity file, one tab of it. A key that was merged into another leads there with 308, in every form."""
    pages = {
        name.removeprefix(_SECTION_PAGE): page_number(request, name)
        for name in request.GET
        if name.startswith(_SECTION_PAGE)
    }
    today = timezone.localdate()
    tab = request.GET.get("tab", "") or (entities.tab_of(next(iter(pages)), today) if pages else entities.OVERVIEW)
    page = None
    try:
        if twins.form_of(request) == twins.HTML:
            page = entities.entity_page(key, tab, pages, request.GET.get("snapshot", "")[:40], language(), today)
            file = page.file if page is not None else None
        else:  # the twins hold every chapter, whatever tab is looked at
            file = selectors.entity_file(key, pages, language(), today)
    except Moved as moved:
        form = twins.suffix(request)
        return _moved(reverse(f"entity-{form}" if form else "entity", args=[moved.key]))
    if file is None:
        raise PageNotFound(path=request.path)

    def html() -> HttpResponse:
        assert page is not None and file is not None
        base = twins.base(request)
        context = {
            "page": page,
            "file": file,
            "page_url": base + file.url,
            "twins": twins.links(request, file.url),
            "qr": qr(base + page.snapshot.url),
            "now": timezone.now(),
            "code_valid": bool(file.code) and credit_code.is_valid(file.code),
            "status_icon": "circle-check" if file.status_tone == "green" else "info-circle",
            "adverse": [section for section in file.sections if section.total and section.adverse],
        }
        return render(request, "site/entity.html", context)

    answer = twins.answer(
        request,
        twins.Twins(
            canonical=file.url,
            page=html,
            json=lambda: machine.entity(file),
            csv=lambda: machine.entity_table(file, request.GET.get("dataset", ""), language()),
            jsonld=lambda: machine.entity_linked(file),
            feed=lambda: machine.entity_feed(file, language()),
            modified=selectors.modified(key),
            file_name=file.key,
        ),
    )
    # A search engine keeps no copy of its own: it could not follow a repair.
    answer.headers["X-Robots-Tag"] = "noarchive"
    return answer


def qr(address: str) -> SafeString:
    """A QR code as inline SVG. Made of an address of this site only."""
    # Any of the eight masks can be read; looking for the best one takes ten times as long as the rest.
    drawn = segno.make(address, error="m", mask=0).svg_inline(omitsize=True, border=2, svgclass="qr", lineclass=None)
    return mark_safe(  # noqa: S308 - digits of our own address, no text of anybody
        drawn.replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1)
    )


@require_safe
def record(request: HttpRequest, key: str) -> HttpResponseBase:
    """One public record at its permanent address: 410 once its publication ended, 404 for everything else."""
    page = records.record_page(key, language(), timezone.localdate(), request.path)
    context = {"page": page, "page_url": twins.base(request) + page.url, "twins": twins.links(request, page.url)}
    answer = twins.answer(
        request,
        twins.Twins(
            canonical=page.url,
            page=lambda: render(request, "site/record.html", context),
            json=lambda: machine.record(page),
            csv=lambda: machine.record_table(page.fields, language()),
            jsonld=lambda: machine.record_linked(page),
            modified=page.history[0].at if page.history else None,
            file_name=page.key,
        ),
    )
    answer.headers["X-Robots-Tag"] = "noarchive"
    return answer


@require_safe
def record_proof(request: HttpRequest, key: str) -> HttpResponse:
    """The proof file of a record all of whose fields are public."""
    today = timezone.localdate()
    history = records.history_of(key, today, request.path)
    if not records.is_provable(history):
        raise PageNotFound(path=request.path)
    answer = HttpResponse(proofs.text(proofs.make(history.record_id)), content_type="application/json")
    answer.headers["Content-Disposition"] = f'attachment; filename="proof-{key}.json"'
    return answer


@require_safe
def care(request: HttpRequest) -> HttpResponse:
    """Large text and strong contrast on or off, then back to the page. Works without scripts; one cookie remembers it."""
    back = request.GET.get("next", "")
    if not back.startswith("/") or not url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        back = reverse("home")
    answer = HttpResponseRedirect(back)
    if request.GET.get("on") == "1":
        answer.set_cookie(CARE_COOKIE, "1", max_age=_YEAR, httponly=True, samesite="Lax", secure=request.is_secure())
    else:
        answer.delete_cookie(CARE_COOKIE, samesite="Lax")
    answer.headers["Cache-Control"] = "no-store"
    return answer


urlpatterns: list[URLPattern] = [
    path("", home, name="home"),
    *twins.paths("search", search, name="search", forms=("json", "csv", "jsonld")),
    path("search/suggest", suggest, name="search-suggest"),
    path("care", care, name="care"),
    *twins.paths("entities/<str:key>", entity, name="entity", forms=("json", "csv", "jsonld", "rss", "atom")),
    path("records/<str:key>/proof.json", record_proof, name="record-page-proof"),
    *twins.paths("records/<str:key>", record, name="record-page", forms=("json", "csv", "jsonld")),
]
