"""Open data on the public site: datasets, files, feeds, catalogue. No key is needed for any of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, register_converter, reverse
from django.urls.converters import StringConverter
from django.views.decorators.http import require_safe

from xinyong.opendata import changes, dcat, room, selectors, sitemap
from xinyong.opendata.errors import CutGone, CutUnderWay
from xinyong.opendata.models import Cut
from xinyong.opendata.pages import OpenDataset, OpenRoom
from xinyong.opendata.rows import columns
from xinyong.publicity import gone
from xinyong.ui import download, twins
from xinyong.ui.context import language
from xinyong.ui.errors import PageNotFound

#: Seconds after which a file that is cut again is worth asking for.
_AGAIN = 60
_JSON_LINES = "application/jsonl; charset=utf-8"


class FormConverter(StringConverter):
    """The suffix of a bulk file."""

    regex = "csv|parquet"


class CutNameConverter(StringConverter):
    """The name of a cut."""

    regex = r"[a-z0-9-]+T[0-9]{6}-[0-9a-f]{8}"


register_converter(FormConverter, "bulk")
register_converter(CutNameConverter, "cut")


@require_safe
def index(request: HttpRequest) -> HttpResponseBase:
    """What can be had in bulk, under which licence."""
    shown = room.room(language())
    context = {"room": shown, "twins": twins.links(request, reverse("open-data"))}
    return twins.answer(
        request,
        twins.Twins(
            canonical=reverse("open-data"),
            page=lambda: render(request, "opendata/index.html", context),
            json=lambda: shown,
            jsonld=lambda: _schema_catalogue(shown, request),
        ),
    )


def _schema_catalogue(shown: OpenRoom, request: HttpRequest) -> Mapping[str, Any]:
    return {
        "@context": "https://schema.org",
        "@type": "DataCatalog",
        "@id": reverse("open-data"),
        "license": shown.licence_url,
        "dataset": [_schema_dataset(item) for item in shown.datasets],
    }


def _schema_dataset(item: OpenDataset) -> dict[str, Any]:
    files = [
        {
            "@type": "DataDownload",
            "encodingFormat": file.media_type,
            "contentUrl": file.url,
            "contentSize": str(file.bytes),
            "sha256": file.sha256,
        }
        for file in (item.cut.files if item.cut else ())
    ]
    data: dict[str, Any] = {
        "@type": "Dataset",
        "@id": item.url,
        "url": item.url,
        "identifier": item.code,
        "name": item.title,
        "description": item.description,
        "license": item.licence_url,
        "creator": {"@type": "GovernmentOrganization", "name": item.provider},
        "isAccessibleForFree": True,
        "version": item.edition,
    }
    if item.cut is not None:
        data["dateModified"] = item.cut.cut_at
        data["distribution"] = files
    return data


@require_safe
def dataset(request: HttpRequest, code: str) -> HttpResponseBase:
    """One dataset: fields, licence, files, sample, feeds."""
    entry = selectors.open_entry(code)
    shown = room.page(entry, language())
    context = {
        "page": shown,
        "dataset": shown.dataset,
        "twins": twins.links(request, shown.dataset.url),
        "english": language() == "en",
    }
    return twins.answer(
        request,
        twins.Twins(
            canonical=shown.dataset.url,
            page=lambda: render(request, "opendata/dataset.html", context),
            json=lambda: shown,
            jsonld=lambda: {"@context": "https://schema.org", **_schema_dataset(shown.dataset)},
        ),
    )


@require_safe
def schema(request: HttpRequest, code: str) -> HttpResponseBase:
    """The columns of a dataset as a Table Schema."""
    return twins.conditional(request, twins.json_response(request, room.table_schema(selectors.open_entry(code))))


@require_safe
def sample(request: HttpRequest, code: str) -> HttpResponseBase:
    """A few of the newest rows as they stand in the file."""
    entry = selectors.open_entry(code)
    heads = tuple((item.code, item.code) for item in columns(entry))
    table = twins.Table(columns=heads, rows=selectors.sample(entry))
    return twins.conditional(request, twins.csv_response(request, table, f"{code}-sample"))


@require_safe
def changed(request: HttpRequest, code: str) -> HttpResponseBase:
    """What changed after a cursor, as JSON Lines; the last line is the next cursor."""
    entry = selectors.open_entry(code)
    bulk = twins.base(request) + reverse("open-data-latest", args=[code, "csv"])
    page = changes.after(entry, changes.read(request.GET.get("after", ""), bulk), bulk)
    response = HttpResponse(changes.as_lines(page, twins.base(request)), content_type=_JSON_LINES)
    response.headers["Access-Control-Allow-Origin"] = "*"
    return twins.conditional(request, response)


@require_safe
def deletions(request: HttpRequest) -> HttpResponseBase:
    """Records that stopped being public: id and moment, nothing else."""
    cursor = request.GET.get("after", "")
    code = request.GET.get("dataset", "")
    number = selectors.dataset_number(None, selectors.open_entry(code).code) if code else None
    page = gone.after(cursor, twins.base(request) + reverse("open-data"), dataset_id=number)
    address = reverse("open-data-deletions")
    more = f"{address}.json?after={page.cursor}" + (f"&dataset={code}" if code else "")
    context = {"page": page, "next": more, "twins": twins.links(request, address, {"dataset": code} if code else None)}
    heads = (
        (("id", "信息编号"), ("gone_at", "停止公示时间"))
        if language() == "zh"
        else (("id", "Record"), ("gone_at", "Gone at"))
    )
    return twins.answer(
        request,
        twins.Twins(
            canonical=address,
            page=lambda: render(request, "opendata/deletions.html", context),
            json=lambda: {
                "items": page.items,
                "cursor": page.cursor,
                "more": page.more,
                "kept_days": page.kept_days,
                "next": more,
            },
            csv=lambda: twins.Table(columns=heads, rows=((item.id, item.gone_at) for item in page.items)),
            modified=page.items[-1].gone_at if page.items else None,
            file_name="deletions",
        ),
    )


def _newest(request: HttpRequest, code: str) -> Cut:
    last = selectors.newest(code)
    if last is None or not last.kept or not selectors.is_clean(last):
        where = twins.base(request) + reverse("open-data-changes", args=[code])
        raise CutUnderWay(dataset=code, seconds=_AGAIN, changes=where)
    return last


@require_safe
def latest(request: HttpRequest, code: str, form: str) -> HttpResponseBase:
    """Leads to the newest file; its address names its very content."""
    cut = _newest(request, selectors.open_entry(code).code)
    answer = HttpResponseRedirect(reverse("open-data-file", args=[code, cut.name, form]))
    answer.headers["Cache-Control"] = "no-cache"
    return answer


@require_safe
def file(request: HttpRequest, code: str, name: str, form: str) -> HttpResponseBase:
    """A bulk file, whole or from where a download broke off. 410 once a record in it has stopped being public."""
    cut = Cut.objects.filter(dataset=selectors.open_entry(code).code, name=name).first()
    if cut is None:
        raise PageNotFound(path=request.path)
    if not cut.kept or not selectors.is_clean(cut):
        if cut == selectors.newest(code):
            _newest(request, code)
        raise CutGone(
            name=f"{name}.{form}", latest=twins.base(request) + reverse("open-data-latest", args=[code, form])
        )
    digest = cut.csv_sha256 if form == "csv" else cut.parquet_sha256
    try:
        return download.answer(
            request,
            selectors.folder(code) / f"{name}.{form}",
            etag=digest,
            modified=cut.cut_at.timestamp(),
            media=f"{room.MEDIA[form]}; charset=utf-8" if form == "csv" else room.MEDIA[form],
            name=f"{name}.{form}",
        )
    except FileNotFoundError:  # tidied away between the look and the opening
        raise CutGone(
            name=f"{name}.{form}", latest=twins.base(request) + reverse("open-data-latest", args=[code, form])
        ) from None


@require_safe
def dcat_turtle(request: HttpRequest) -> HttpResponseBase:
    """The catalogue as DCAT-AP in Turtle."""
    text = dcat.turtle(dcat.document(twins.base(request)))
    return twins.conditional(request, HttpResponse(text, content_type="text/turtle; charset=utf-8"))


@require_safe
def dcat_jsonld(request: HttpRequest) -> HttpResponseBase:
    """The catalogue as DCAT-AP in JSON-LD."""
    response = twins.json_response(request, dcat.document(twins.base(request)), "application/ld+json")
    return twins.conditional(request, response)


_SET = "open-data/datasets/<slug:code>"
urlpatterns: list[URLPattern] = [
    *twins.paths("open-data", index, name="open-data", forms=("json", "jsonld")),
    *twins.paths("open-data/deletions", deletions, name="open-data-deletions", forms=("json", "csv")),
    *twins.paths(_SET, dataset, name="open-data-set", forms=("json", "jsonld")),
    path(f"{_SET}/schema.json", schema, name="open-data-schema"),
    path(f"{_SET}/sample.csv", sample, name="open-data-sample"),
    path(f"{_SET}/changes.jsonl", changed, name="open-data-changes"),
    path(f"{_SET}/latest.<bulk:form>", latest, name="open-data-latest"),
]

#: Outside the languages: addresses for programs.
machine_urlpatterns: list[URLPattern] = [
    path("open-data/files/<slug:code>/<cut:name>.<bulk:form>", file, name="open-data-file"),
    path("open-data/catalogue.ttl", dcat_turtle, name="open-data-dcat-ttl"),
    path("open-data/catalogue.jsonld", dcat_jsonld, name="open-data-dcat-jsonld"),
    path("robots.txt", sitemap.robots, name="robots"),
    path("sitemap.xml", sitemap.index, name="sitemap"),
    path("sitemap-pages.xml", sitemap.pages, name="sitemap-pages"),
    path("sitemap-<int:number>.xml", sitemap.part, name="sitemap-part"),
]
