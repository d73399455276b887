"""The catalogue of open data as DCAT-AP 3, one graph in two notations: JSON-LD made here, Turtle written from it."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from xinyong.catalogue.entry import DatasetEntry
from xinyong.opendata import room, selectors
from xinyong.opendata.models import Cut
from xinyong.publicity import gone
from xinyong.runtime import config

_EU = "http://publications.europa.eu/resource/authority"
#: Rhythms of the catalogue as the vocabulary of frequencies has them.
_FREQUENCY = {
    "realtime": "UPDATE_CONT",
    "daily": "DAILY",
    "weekly": "WEEKLY",
    "monthly": "MONTHLY",
    "quarterly": "QUARTERLY",
    "half-yearly": "ANNUAL_2",
    "yearly": "ANNUAL",
    "irregular": "IRREG",
    "other": "OTHER",
}
_FORMAT = {"csv": "CSV", "parquet": "PARQUET"}
CONTEXT: dict[str, Any] = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "spdx": "http://spdx.org/rdf/terms#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
}


def _both(zh: str, en: str) -> list[dict[str, str]]:
    return [{"@language": "zh", "@value": zh}, *([{"@language": "en", "@value": en}] if en else [])]


def _moment(value: Any) -> dict[str, str]:
    text = timezone.localtime(value).isoformat(timespec="seconds")
    return {"@type": "xsd:dateTime", "@value": text}


def _id(address: str, kind: str = "") -> dict[str, Any]:
    return {"@id": address, "@type": kind} if kind else {"@id": address}


def _publisher(site: str) -> dict[str, Any]:
    return {
        "@id": f"{site}/#publisher",
        "@type": "foaf:Agent",
        "foaf:name": _both(str(config.get("XINYONG_OPERATOR")), str(config.get("XINYONG_OPERATOR_EN"))),
    }


def document(site: str) -> dict[str, Any]:
    """The whole catalogue as JSON-LD."""
    with override("zh-hans"):  # addresses of things are those without a language
        entries = selectors.open_entries()
        newest = {entry.code: selectors.newest(entry.code) for entry in entries}
        moments = [cut.cut_at for cut in newest.values() if cut is not None]
        name_zh, name_en = str(config.get("XINYONG_SITE_NAME")), str(config.get("XINYONG_SITE_NAME_EN"))
        catalogue: dict[str, Any] = {
            "@context": CONTEXT,
            "@id": f"{site}{reverse('open-data')}#catalogue",
            "@type": "dcat:Catalog",
            "dct:title": _both(f"{name_zh} 数据开放目录", f"{name_en} open data"),
            "dct:description": _both(
                "公示中的公共信用信息，按目录脱敏后批量提供",
                "Public credit information in bulk, redacted by catalogue rules",
            ),
            "dct:publisher": _publisher(site),
            "dct:license": _id(_licence(), "dct:LicenseDocument"),
            "dct:language": [
                _id(f"{_EU}/language/ZHO", "dct:LinguisticSystem"),
                _id(f"{_EU}/language/ENG", "dct:LinguisticSystem"),
            ],
            "foaf:homepage": _id(site + reverse("open-data"), "foaf:Document"),
            "dcat:themeTaxonomy": {
                "@id": f"{_EU}/data-theme",
                "@type": "skos:ConceptScheme",
                "dct:title": _both("数据主题", "Data theme"),
            },
            "dcat:dataset": [_dataset(entry, newest[entry.code], site) for entry in entries],
            "dcat:service": _service(site, entries),
        }
        if moments:
            catalogue["dct:modified"] = _moment(max(moments))
        return catalogue


def _licence() -> str:
    return str(gone.rule_set()["licence"]["url"])


def _service(site: str, entries: tuple[DatasetEntry, ...]) -> dict[str, Any]:
    return {
        "@id": f"{site}{reverse('open-data')}#api",
        "@type": "dcat:DataService",
        "dct:title": _both("公共信用信息接口", "Public credit information API"),
        "dcat:endpointURL": _id(f"{site}/", "rdfs:Resource"),
        "dcat:endpointDescription": _id(f"{site}{reverse('api:openapi-json')}", "rdfs:Resource"),
        "dcat:servesDataset": [_id(f"{site}{reverse('open-data-set', args=[entry.code])}") for entry in entries],
    }


def _dataset(entry: DatasetEntry, cut: Cut | None, site: str) -> dict[str, Any]:
    address = site + reverse("open-data-set", args=[entry.code])
    data: dict[str, Any] = {
        "@id": address,
        "@type": "dcat:Dataset",
        "dct:identifier": entry.code,
        "dct:title": _both(entry.name_zh, entry.name_en),
        "dct:description": _both(entry.coverage_zh, entry.coverage_en),
        "dct:publisher": _id(f"{site}/#publisher"),
        "dcat:contactPoint": {
            "@id": f"{address}#contact",
            "@type": ["vcard:Kind", "vcard:Organization"],
            "vcard:fn": str(config.get("XINYONG_OPERATOR")),
            "vcard:hasURL": _id(site + reverse("home")),
        },
        "dcat:theme": {
            "@id": f"{_EU}/data-theme/GOVE",
            "@type": "skos:Concept",
            "skos:prefLabel": _both("政府和公共部门", "Government and public sector"),
        },
        "dct:accrualPeriodicity": _id(
            f"{_EU}/frequency/{_FREQUENCY.get(entry.update_cycle, 'OTHER')}", "dct:Frequency"
        ),
        "dct:accessRights": _id(f"{_EU}/access-right/PUBLIC", "dct:RightsStatement"),
        "dct:conformsTo": _id(site + reverse("open-data-schema", args=[entry.code]), "dct:Standard"),
        "dcat:landingPage": _id(address + "#page", "foaf:Document"),
        "dcat:version": entry.edition,
        "dcat:keyword": _both(entry.name_zh, entry.name_en),
        "dcat:distribution": [_changes(entry, site, address)],
    }
    if cut is not None:
        data["dct:modified"] = _moment(cut.cut_at)
        if cut.kept and selectors.is_clean(cut):
            data["dcat:distribution"] += [_file(entry, cut, form, site, address) for form in ("csv", "parquet")]
    return data


def _changes(entry: DatasetEntry, site: str, address: str) -> dict[str, Any]:
    changes = site + reverse("open-data-changes", args=[entry.code])
    return {
        "@id": f"{address}#changes",
        "@type": "dcat:Distribution",
        "dct:title": _both("变更", "Changes"),
        "dcat:accessURL": _id(changes, "rdfs:Resource"),
        "dct:format": _id(f"{_EU}/file-type/JSON", "dct:MediaTypeOrExtent"),
        "dct:license": _id(_licence()),
    }


def _file(entry: DatasetEntry, cut: Cut, form: str, site: str, address: str) -> dict[str, Any]:
    page = room.cut_page(cut)
    file = next(item for item in page.files if item.format.lower() == form)
    return {
        "@id": f"{address}#{form}",
        "@type": "dcat:Distribution",
        "dct:title": _both(f"完整文件（{file.format}）", f"Whole file ({file.format})"),
        "dcat:accessURL": _id(address, "rdfs:Resource"),
        "dcat:downloadURL": _id(site + file.url, "rdfs:Resource"),
        "dct:format": _id(f"{_EU}/file-type/{_FORMAT[form]}", "dct:MediaTypeOrExtent"),
        "dcat:mediaType": _id(f"https://www.iana.org/assignments/media-types/{file.media_type}", "dct:MediaType"),
        "dcat:byteSize": {"@type": "xsd:nonNegativeInteger", "@value": str(file.bytes)},
        "dct:modified": _moment(cut.cut_at),
        "dct:license": _id(_licence()),
        "dct:conformsTo": _id(site + reverse("open-data-schema", args=[entry.code])),
        "spdx:checksum": {
            "@id": f"{address}#{form}-sha256",
            "@type": "spdx:Checksum",
            "spdx:algorithm": _id("http://spdx.org/rdf/terms#checksumAlgorithm_sha256", "spdx:ChecksumAlgorithm"),
            "spdx:checksumValue": {"@type": "xsd:hexBinary", "@value": file.sha256},
        },
    }


def turtle(data: dict[str, Any]) -> str:
    """The same graph as Turtle."""
    from rdflib import Graph, Namespace

    graph = Graph()
    for prefix, address in data["@context"].items():
        graph.bind(prefix, Namespace(address))
    _add(graph, data)
    return str(graph.serialize(format="turtle"))


def _add(graph: Any, node: dict[str, Any]) -> Any:
    """Add a node with all it says; its name. Every node here has one."""
    from rdflib import RDF, Literal, URIRef

    name = URIRef(node["@id"])
    for key, values in node.items():
        if key in ("@id", "@context"):
            continue
        if key == "@type":
            for kind in values if isinstance(values, list) else [values]:
                graph.add((name, RDF.type, URIRef(_whole(kind))))
            continue
        for value in values if isinstance(values, list) else [values]:
            if isinstance(value, dict) and "@id" in value:
                thing = _add(graph, value)
            elif isinstance(value, dict):
                typed = value.get("@type")
                thing = Literal(
                    value["@value"], lang=value.get("@language"), datatype=URIRef(_whole(typed)) if typed else None
                )
            else:
                thing = Literal(value)
            graph.add((name, URIRef(_whole(key)), thing))
    return name


def _whole(short: str) -> str:
    prefix, _, rest = short.partition(":")
    return f"{CONTEXT[prefix]}{rest}" if prefix in CONTEXT else short
