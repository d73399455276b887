"""Machine-readable twins of pages: the same address with ``.json``, ``.csv``, ``.jsonld``, ``.rss``, ``.atom``, or by Accept.

A view describes its page once (:class:`Twins`); :func:`answer` gives the form that was asked for, with ETag, Last-Modified
and links to the others. An answer may be kept by anybody and must be asked about again each time (``no-cache``): a record
that is no longer public leaves every cache with the next request.
"""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import io
import json
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import IO, Any, Final
from urllib.parse import urlencode

from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import URLPattern, path
from django.utils import feedgenerator, timezone
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.http import http_date

from xinyong.runtime import config

HTML: Final = "html"
#: Forms by suffix, with the media type of each.
MEDIA: Final[Mapping[str, str]] = {
    HTML: "text/html",
    "json": "application/json",
    "csv": "text/csv",
    "jsonld": "application/ld+json",
    "rss": "application/rss+xml",
    "atom": "application/atom+xml",
}
LABELS: Final[Mapping[str, str]] = {"json": "JSON", "csv": "CSV", "jsonld": "JSON-LD", "rss": "RSS", "atom": "Atom"}
#: What only a drawing needs; no twin carries it, so that a twin changes only when the information does.
PRESENTATION: Final = frozenset(
    {
        "tone",
        "status_tone",
        "severity_tone",
        "icon",
        "short_mark",
        "long",
        "minimum_percent",
        "today_percent",
        "today",
        "checked",
        "sentence",
    }
)
_KEPT: Final = "public, no-cache"
#: A file up to here is made in memory, a larger one on disk.
_SPOOL: Final = 4 << 20
#: Spreadsheets run a cell that begins so; the full-width forms are read as the narrow ones by some.
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
NUMBER: Final = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?%?")
BOM: Final = "\ufeff"
#: When a page was made is no part of what it says.
_VOLATILE: Final = re.compile(rb"<time data-volatile[^>]*>[^<]*</time>")

View = Callable[..., HttpResponseBase]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A twin as rows. ``columns``: code and heading of each."""

    columns: tuple[tuple[str, str], ...]
    rows: Iterable[Sequence[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedItem:
    """One entry of a feed. ``id`` never changes; ``url`` is where it is read."""

    id: str
    title: str
    url: str
    summary: str
    published: date | datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A list as a feed, newest first."""

    title: str
    summary: str
    items: Sequence[FeedItem]


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A twin's address."""

    form: str
    label: str
    media: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Twins:
    """One page in all its forms; each is made only when asked for.

    ``canonical``: the permanent path of the page; ``modified``: when its information last changed, where that is known.
    """

    canonical: str
    page: Callable[[], HttpResponse]
    json: Callable[[], Any]
    csv: Callable[[], Table] | None = None
    jsonld: Callable[[], Mapping[str, Any]] | None = None
    feed: Callable[[], Feed] | None = None
    modified: datetime | None = None
    file_name: str = "xinyong"
    query: Mapping[str, str] = field(default_factory=dict)


# --- addresses -------------------------------------------------------------------------------------------------------


def paths(route: str, view: View, *, name: str, forms: Sequence[str]) -> list[URLPattern]:
    """The route of a page and of its twins, named ``NAME-FORM``. The twins come first: a key may hold a dot."""
    twins = [path(f"{route}.{form}", _asked(view, form, tuple(forms)), name=f"{name}-{form}") for form in forms]
    return [*twins, path(route, _asked(view, "", tuple(forms)), name=name)]


def _asked(view: View, form: str, forms: tuple[str, ...]) -> View:
    def twin(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        request.__dict__["twin"] = (form, forms)
        return view(request, *args, **kwargs)

    twin.__doc__ = view.__doc__
    return twin


def suffix(request: HttpRequest) -> str:
    """The form named by the address itself; empty where Accept decides."""
    return str(request.__dict__.get("twin", ("", ()))[0])


def form_of(request: HttpRequest) -> str:
    """The form to answer in: the address decides, then Accept, then the page."""
    named, forms = request.__dict__.get("twin", ("", ()))
    if named:
        return str(named)
    offered = [MEDIA[HTML], *(MEDIA[form] for form in forms)]
    preferred = request.get_preferred_type(offered)
    return next((form for form in forms if MEDIA[form] == preferred), HTML)


def base(request: HttpRequest) -> str:
    """Address of the site as the public knows it, without a slash at the end."""
    return str(config.get("XINYONG_PUBLIC_URL")).rstrip("/") or f"{request.scheme}://{request.get_host()}"


def links(request: HttpRequest, canonical: str, query: Mapping[str, str] | None = None) -> tuple[Link, ...]:
    """The twins of a page, for its head and its list of formats."""
    _, forms = request.__dict__.get("twin", ("", ()))
    tail = f"?{urlencode(query)}" if query else ""
    return tuple(
        Link(form=form, label=LABELS[form], media=MEDIA[form], url=f"{canonical}.{form}{tail}") for form in forms
    )


# --- answers ---------------------------------------------------------------------------------------------------------


def answer(request: HttpRequest, twins: Twins) -> HttpResponseBase:
    """The page in the form that was asked for."""
    form = form_of(request)
    response: HttpResponseBase
    if form == "json":
        response = json_response(request, twins.json())
    elif form == "csv" and twins.csv is not None:
        response = csv_response(request, twins.csv(), twins.file_name)
    elif form == "jsonld" and twins.jsonld is not None:
        response = json_response(request, twins.jsonld(), MEDIA["jsonld"])
    elif form in ("rss", "atom") and twins.feed is not None:
        response = feed_response(request, twins.feed(), twins.canonical, form)
    else:
        response = twins.page()
    address = base(request) + twins.canonical
    tail = f"?{urlencode(twins.query)}" if twins.query else ""
    response.headers["Link"] = ", ".join(
        [
            f'<{address}{tail}>; rel="canonical"',
            *(
                f'<{base(request)}{link.url}>; rel="alternate"; type="{link.media}"'
                for link in links(request, twins.canonical, twins.query)
                if link.form != form
            ),
        ]
    )
    if not suffix(request):
        patch_vary_headers(response, ["Accept"])
    modified = twins.modified
    if form == HTML and modified is not None:
        # A page also says which day it is.
        today = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
        modified = max(modified, today)
    return conditional(request, response, modified)


def conditional(request: HttpRequest, response: HttpResponseBase, modified: datetime | None = None) -> HttpResponseBase:
    """ETag over the bytes of the answer, Last-Modified where known, and 304 for whoever holds these very bytes."""
    if response.status_code != 200:
        return response
    response.headers.setdefault("Cache-Control", _KEPT)
    if isinstance(response, HttpResponse):
        lasting = _VOLATILE.sub(b"", response.content)
        response.headers["ETag"] = f'W/"{hashlib.sha256(lasting).hexdigest()[:32]}"'
    if modified is not None:
        response.headers["Last-Modified"] = http_date(modified.timestamp())
    # Only the ETag answers 304: what a page shows of others (a partner's new name) has no date of its own.
    kept: HttpResponseBase | None = get_conditional_response(
        request,
        etag=response.headers.get("ETag"),
        response=response,  # type: ignore[arg-type]
    )
    assert kept is not None  # a response was given
    if kept is not response and not isinstance(response, HttpResponse):
        response.close()
    return kept


def json_response(request: HttpRequest, data: Any, media: str = "application/json") -> HttpResponse:
    """Data as JSON in UTF-8. Addresses within the site become whole ones."""
    text = json.dumps(plain(data, base(request)), ensure_ascii=False, separators=(",", ":"))
    response = HttpResponse(text, content_type=f"{media}; charset=utf-8" if media != "application/json" else media)
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


def plain(value: Any, address: str = "") -> Any:
    """A frozen page as plain data: dates as text, nothing that only a drawing needs, whole addresses."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        text = getattr(type(value), "as_text", None)
        if text is not None:
            return text(value)
        return {
            item.name: _addressed(item.name, plain(getattr(value, item.name), address), address)
            for item in dataclasses.fields(value)
            if item.name not in PRESENTATION
        }
    if isinstance(value, Mapping):
        return {str(key): _addressed(str(key), plain(item, address), address) for key, item in value.items()}
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return timezone.localtime(value).isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, Iterable):
        return [plain(item, address) for item in value]
    return value


def _addressed(name: str, value: Any, address: str) -> Any:
    if (
        isinstance(value, str)
        and value.startswith("/")
        and (name in ("url", "next", "@id", "contentUrl") or name.endswith("_url"))
    ):
        return address + value
    return value


# --- CSV -------------------------------------------------------------------------------------------------------------


def cell(value: Any) -> str:
    """A value as a cell no spreadsheet runs: text that begins like a formula gets an apostrophe in front."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else str(plain(value))
    if text.startswith(FORMULA) and not NUMBER.fullmatch(text):
        return "'" + text
    return text


def write_csv(table: Table, handle: IO[str], *, codes: bool = False, bom: bool = True) -> int:
    """The table as CSV (RFC 4180, UTF-8). Returns the number of rows.

    With a byte order mark unless told otherwise: without it the spreadsheet programs most readers use take UTF-8 for GBK.
    """
    if bom:
        handle.write(BOM)
    writer = csv.writer(handle)
    writer.writerow([cell(code if codes else label) for code, label in table.columns])
    count = 0
    for row in table.rows:
        writer.writerow([cell(item) for item in row])
        count += 1
    return count


def csv_response(request: HttpRequest, table: Table, name: str) -> HttpResponseBase:
    """The table as a download. ``?header=codes`` gives field codes as headings, ``?bom=0`` leaves the mark out.

    Written to the end before the first byte is sent, so that the answer is one state, has its length and its ETag, and
    memory stays flat.
    """
    spool = tempfile.SpooledTemporaryFile(max_size=_SPOOL)  # noqa: SIM115  (the answer closes it)
    text = io.TextIOWrapper(spool, encoding="utf-8", newline="", write_through=True)
    write_csv(table, text, codes=request.GET.get("header") == "codes", bom=request.GET.get("bom") != "0")
    text.flush()
    text.detach()
    spool.seek(0)
    digest = hashlib.sha256()
    for block in iter(lambda: spool.read(1 << 16), b""):
        digest.update(block)
    length = spool.tell()
    spool.seek(0)
    response = FileResponse(spool, content_type="text/csv; charset=utf-8")
    response.headers["Content-Length"] = str(length)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    response.headers["ETag"] = f'W/"{digest.hexdigest()[:32]}"'
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


# --- feeds -----------------------------------------------------------------------------------------------------------


def feed_response(request: HttpRequest, feed: Feed, canonical: str, form: str) -> HttpResponse:
    """The list as RSS 2.0 or Atom. It holds only what is public now: an entry that vanished is not in it any more."""
    site = base(request)
    kind = feedgenerator.Atom1Feed if form == "atom" else feedgenerator.Rss201rev2Feed
    moments = [_moment(item.published) for item in feed.items if item.published is not None]
    maker = _dated(kind, max(moments, default=datetime(1970, 1, 1, tzinfo=UTC)))(
        title=feed.title,
        link=site + canonical,
        description=feed.summary,
        language="en" if request.path_info.startswith("/en/") else "zh-CN",
        feed_url=f"{site}{canonical}.{form}",
        feed_guid=site + canonical,
    )
    for item in feed.items:
        url = item.url if "://" in item.url else site + item.url
        maker.add_item(
            title=item.title,
            link=url,
            description=item.summary,
            unique_id=item.id,
            unique_id_is_permalink=False,
            pubdate=_moment(item.published) if item.published is not None else None,
            updateddate=_moment(item.published) if item.published is not None else None,
        )
    return HttpResponse(maker.writeString("utf-8"), content_type=f"{MEDIA[form]}; charset=utf-8")


def _dated(kind: type[feedgenerator.SyndicationFeed], moment: datetime) -> type[feedgenerator.SyndicationFeed]:
    """The feed with its date from its entries: the library would say "now" for an empty one, and every ETag would differ."""

    class Dated(kind):  # type: ignore[valid-type, misc]
        def latest_post_date(self) -> datetime:
            return moment

    return Dated


def _moment(value: date | datetime) -> datetime:
    if isinstance(value, datetime):
        return value
    return timezone.make_aware(datetime(value.year, value.month, value.day))


def pages(fetch: Callable[[int, int], Sequence[Any]], size: int = 500) -> Iterator[Any]:
    """All rows of a list that is read by limit and offset."""
    offset = 0
    while rows := fetch(size, offset):
        yield from rows
        if len(rows) < size:
            return
        offset += size
