"""Who may see what: one matrix over every route. A route that is missing from the matrix fails the test."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

ROLES = ("visitor", "reader", "other", "owner", "operator")

#: Route: (address, status per role). visitor: not signed in; reader: signed in, no right to deliveries; other: reporter
#: of another department; owner: reporter of the delivering department; operator: sees all.
MATRIX: dict[str, tuple[str, tuple[int, int, int, int, int]]] = {
    "healthz": ("/healthz", (200, 200, 200, 200, 200)),
    "readyz": ("/readyz", (200, 200, 200, 200, 200)),
    "log-file": ("/log/checkpoint", (200, 200, 200, 200, 200)),
    "home": ("/", (200, 200, 200, 200, 200)),
    "search": ("/search?q=x", (200, 200, 200, 200, 200)),
    "search-suggest": ("/search/suggest?q=x", (200, 200, 200, 200, 200)),
    "entity": ("/entities/{code}", (200, 200, 200, 200, 200)),
    "care": ("/care?on=1", (302, 302, 302, 302, 302)),
    "double-publicity": ("/double-publicity", (200, 200, 200, 200, 200)),
    "public-lists": ("/lists", (200, 200, 200, 200, 200)),
    "public-list": ("/lists/abnormal-list", (200, 200, 200, 200, 200)),
    "commitments": ("/commitments", (200, 200, 200, 200, 200)),
    "repair": ("/repair?q={code}", (200, 200, 200, 200, 200)),
    "objection": ("/objection", (200, 200, 200, 200, 200)),
    "statistics": ("/statistics", (200, 200, 200, 200, 200)),
    "site-map": ("/site-map", (200, 200, 200, 200, 200)),
    "privacy": ("/privacy", (200, 200, 200, 200, 200)),
    **{
        f"{name}-{form}": (f"{address}.{form}", (200, 200, 200, 200, 200))
        for name, address in (
            ("double-publicity", "/double-publicity"),
            ("public-list", "/lists/abnormal-list"),
            ("commitments", "/commitments"),
        )
        for form in ("json", "csv", "jsonld", "rss", "atom")
    },
    **{f"public-lists-{form}": (f"/lists.{form}", (200, 200, 200, 200, 200)) for form in ("json", "csv")},
    **{
        f"entity-{form}": (f"/entities/{{code}}.{form}", (200, 200, 200, 200, 200))
        for form in ("json", "csv", "jsonld", "rss", "atom")
    },
    **{f"search-{form}": (f"/search.{form}?q=x", (200, 200, 200, 200, 200)) for form in ("json", "csv", "jsonld")},
    **{
        f"record-page-{form}": (f"/records/{{record_key}}.{form}", (200, 200, 200, 200, 200))
        for form in ("json", "csv", "jsonld")
    },
    "open-data": ("/open-data", (200, 200, 200, 200, 200)),
    "open-data-json": ("/open-data.json", (200, 200, 200, 200, 200)),
    "open-data-jsonld": ("/open-data.jsonld", (200, 200, 200, 200, 200)),
    "open-data-deletions": ("/open-data/deletions", (200, 200, 200, 200, 200)),
    "open-data-deletions-json": ("/open-data/deletions.json", (200, 200, 200, 200, 200)),
    "open-data-deletions-csv": ("/open-data/deletions.csv", (200, 200, 200, 200, 200)),
    "open-data-set": ("/open-data/datasets/penalty", (200, 200, 200, 200, 200)),
    "open-data-set-json": ("/open-data/datasets/penalty.json", (200, 200, 200, 200, 200)),
    "open-data-set-jsonld": ("/open-data/datasets/penalty.jsonld", (200, 200, 200, 200, 200)),
    "open-data-schema": ("/open-data/datasets/penalty/schema.json", (200, 200, 200, 200, 200)),
    "open-data-sample": ("/open-data/datasets/penalty/sample.csv", (200, 200, 200, 200, 200)),
    "open-data-changes": ("/open-data/datasets/penalty/changes.jsonl", (200, 200, 200, 200, 200)),
    "open-data-latest": ("/open-data/datasets/penalty/latest.csv", (503, 503, 503, 503, 503)),
    "open-data-file": ("/open-data/files/penalty/penalty-20200101T000000-00000000.csv", (404, 404, 404, 404, 404)),
    "open-data-dcat-ttl": ("/open-data/catalogue.ttl", (200, 200, 200, 200, 200)),
    "open-data-dcat-jsonld": ("/open-data/catalogue.jsonld", (200, 200, 200, 200, 200)),
    "robots": ("/robots.txt", (200, 200, 200, 200, 200)),
    "sitemap": ("/sitemap.xml", (200, 200, 200, 200, 200)),
    "sitemap-pages": ("/sitemap-pages.xml", (200, 200, 200, 200, 200)),
    "sitemap-part": ("/sitemap-0.xml", (200, 200, 200, 200, 200)),
    "record-page": ("/records/{record_key}", (200, 200, 200, 200, 200)),
    "record-page-proof": ("/records/{record_key}/proof.json", (200, 200, 200, 200, 200)),
    "report": ("/entities/{code}/report", (200, 200, 200, 200, 200)),
    "report-document": ("/entities/{code}/report.pdf", (405, 405, 405, 405, 405)),
    "verify": ("/verify", (200, 200, 200, 200, 200)),
    "verify-file": ("/verify/file", (405, 405, 405, 405, 405)),
    "verify-short": ("/v/7F3K9QD2XA41", (302, 302, 302, 302, 302)),
    "api-report": ("/api/v1/reports/7F3K9QD2XA41", (404, 404, 404, 404, 404)),
    "accessibility": ("/accessibility", (200, 200, 200, 200, 200)),
    "feedback": ("/feedback", (405, 405, 405, 405, 405)),
    "feedback-queue": ("/console/feedback", (404, 403, 403, 403, 200)),
    "feedback-handle": ("/console/feedback/1", (405, 405, 405, 405, 405)),
    "articles": ("/articles?q=x", (200, 200, 200, 200, 200)),
    **{
        f"{kind}{form.replace('.', '-')}": (f"/{kind}{form}", (200, 200, 200, 200, 200))
        for kind in ("news", "policies", "interpretations", "typical-cases")
        for form in ("", ".json", ".csv", ".rss", ".atom")
    },
    "article": ("/articles/{article}", (200, 200, 200, 200, 200)),
    "article-json": ("/articles/{article}.json", (200, 200, 200, 200, 200)),
    "article-file": ("/articles/{article}/files/1/x.pdf", (404, 404, 404, 404, 404)),
    "content": ("/console/content", (404, 403, 403, 403, 200)),
    "content-new": ("/console/content/new", (404, 403, 403, 403, 200)),
    "content-edit": ("/console/content/{article}", (404, 403, 403, 403, 200)),
    "content-act": ("/console/content/{article}/act", (405, 405, 405, 405, 405)),
    "share": ("/s/{share}", (200, 200, 200, 200, 200)),
    "share-json": ("/s/{share}.json", (200, 200, 200, 200, 200)),
    "shares": ("/console/shares", (404, 403, 403, 403, 200)),
    "special-reports": ("/console/special-reports", (404, 403, 403, 403, 200)),
    "special-report-revoke": ("/console/special-reports/X/revoke", (405, 405, 405, 405, 405)),
    "share-revoke": ("/console/shares/1/revoke", (405, 405, 405, 405, 405)),
    "catalogue": ("/catalogue", (200, 200, 200, 200, 200)),
    "catalogue-entry": ("/catalogue/penalty", (200, 200, 200, 200, 200)),
    "catalogue-template": ("/catalogue/penalty/template/2018-zh.xlsx", (200, 200, 200, 200, 200)),
    "centre": ("/centre/", (302, 302, 302, 302, 302)),  # officers have no seat at a firm
    **{
        f"centre-{name}": (f"/centre/{address}", (302, 302, 302, 302, 302))
        for name, address in (
            ("file", "file"),
            ("record", "file/{record_key}"),
            ("queries", "queries"),
            ("authorisations", "authorisations"),
            ("objections", "objections"),
            ("object", "objections/new/{record_key}"),
            ("annulled", "annulments/new/{record_key}"),
            ("repairs", "repairs"),
            ("repair", "repairs/new/{record_key}"),
            ("case", "cases/1"),
            ("check", "cases/1/check"),
            ("file-of-case", "cases/1/files/1"),
            ("paper", "papers/20261126000000ABCDEFGH.pdf"),
            ("notices", "notices"),
        )
    },
    "centre-commitments": ("/centre/commitments", (302, 302, 302, 302, 302)),
    "centre-commitment": ("/centre/commitments/1", (302, 302, 302, 302, 302)),
    "centre-commitment-letter": ("/centre/commitments/1/letter.pdf", (302, 302, 302, 302, 302)),
    "centre-commitment-deed": ("/centre/commitments/1/sign", (405, 405, 405, 405, 405)),
    "commitment-texts": ("/commitments/texts", (200, 200, 200, 200, 200)),
    "commitment-texts-json": ("/commitments/texts.json", (200, 200, 200, 200, 200)),
    "commitment-queue": ("/console/commitments", (404, 403, 200, 200, 200)),
    "commitment-new": ("/console/commitments/new", (404, 403, 200, 200, 403)),
    "commitment": ("/console/commitments/1", (404, 403, 404, 404, 404)),
    "commitment-letter": ("/console/commitments/1/letter.pdf", (404, 403, 404, 404, 404)),
    "commitment-step": ("/console/commitments/1/complete", (405, 405, 405, 405, 405)),
    "centre-reports": ("/centre/reports", (302, 302, 302, 302, 302)),
    "centre-shares": ("/centre/shares", (302, 302, 302, 302, 302)),
    "centre-share-revoke": ("/centre/shares/1/revoke", (405, 405, 405, 405, 405)),
    "centre-applies": ("/centre/applies", (302, 302, 302, 302, 302)),
    "centre-leave": ("/centre/leave", (302, 302, 302, 302, 302)),
    "centre-case-deed": ("/centre/cases/1/submit", (405, 405, 405, 405, 405)),
    "centre-subscription-confirm": ("/centre/notices/1/confirm", (405, 405, 405, 405, 405)),
    "centre-subscription-end": ("/centre/notices/1/end", (405, 405, 405, 405, 405)),
    "centre-authorisation-revoke": ("/centre/authorisations/SQ-1/revoke", (405, 405, 405, 405, 405)),
    "centre-sign-in": ("/centre/sign-in", (200, 200, 200, 200, 200)),
    "centre-start": ("/centre/start", (503, 503, 503, 503, 503)),  # no provider is connected
    "centre-callback": ("/centre/callback", (403, 403, 403, 403, 403)),
    "centre-sign-out": ("/centre/sign-out", (405, 405, 405, 405, 405)),
    "centre-switch": ("/centre/switch", (405, 405, 405, 405, 405)),
    "centre-accept": ("/centre/accept", (302, 302, 302, 302, 302)),
    "centre-delegates": ("/centre/delegates", (302, 302, 302, 302, 302)),
    "centre-delegate-change": ("/centre/delegates/1/change", (405, 405, 405, 405, 405)),
    "centre-delegate-revoke": ("/centre/delegates/1/revoke", (405, 405, 405, 405, 405)),
    "console-login": ("/console/login", (200, 302, 302, 302, 302)),
    "console-logout": ("/console/logout", (405, 405, 405, 405, 405)),
    "console-home": ("/console/", (404, 200, 200, 200, 200)),
    "console-find": ("/console/find?q={number}", (404, 302, 302, 302, 302)),
    "deliveries": ("/console/deliveries", (404, 403, 200, 200, 200)),
    "delivery": ("/console/deliveries/{number}", (404, 403, 404, 200, 200)),
    "delivery-errors-xlsx": ("/console/deliveries/{number}/errors.xlsx", (404, 403, 404, 200, 200)),
    "deliveries-csv": ("/console/deliveries.csv", (404, 403, 200, 200, 200)),
    "delivery-row": ("/console/deliveries/{number}/rows/3", (404, 403, 404, 200, 200)),
    "delivery-accept": ("/console/deliveries/{number}/accept", (405, 405, 405, 405, 405)),
    "delivery-accept-all": ("/console/deliveries/{number}/accept-all", (405, 405, 405, 405, 405)),
    "delivery-undo": ("/console/deliveries/{number}/undo", (405, 405, 405, 405, 405)),
    "delivery-give-up": ("/console/deliveries/{number}/give-up", (405, 405, 405, 405, 405)),
    "delivery-send": ("/console/deliveries/{number}/send", (405, 405, 405, 405, 405)),
    "delivery-release": ("/console/deliveries/{number}/release", (405, 405, 405, 405, 405)),
    "delivery-discard": ("/console/deliveries/{number}/discard", (405, 405, 405, 405, 405)),
    "rhythm": ("/console/rhythm", (404, 403, 200, 200, 200)),
    "rhythm-csv": ("/console/rhythm.csv", (404, 403, 200, 200, 200)),
    "rhythm-zero": ("/console/rhythm/zero", (405, 405, 405, 405, 405)),
    "upload-new": ("/console/deliveries/new", (404, 403, 200, 200, 200)),
    "upload": ("/console/deliveries/new/registration?department=demo", (404, 403, 200, 200, 200)),
    "upload-known": ("/console/deliveries/new/registration/known?department=demo", (404, 403, 200, 200, 200)),
    "record": ("/console/deliveries/new/registration/record?department=demo", (404, 403, 200, 200, 200)),
    "delivery-progress": ("/console/deliveries/{number}/progress", (404, 403, 404, 200, 200)),
    "clients": ("/console/clients", (404, 403, 403, 403, 200)),
    "client": ("/console/clients/{client}", (404, 403, 403, 403, 200)),
    "client-key": ("/console/clients/{client}/keys", (405, 405, 405, 405, 405)),
    "client-signing-key": ("/console/clients/{client}/signing-keys", (405, 405, 405, 405, 405)),
    "client-feeds": ("/console/clients/{client}/feeds", (404, 403, 403, 403, 200)),
    "client-feed-end": ("/console/clients/{client}/feeds/1/end", (405, 405, 405, 405, 405)),
    "client-key-confirm": ("/console/clients/{client}/keys/{key}", (404, 403, 403, 403, 200)),
    "client-key-revoke": ("/console/clients/{client}/keys/{key}/revoke", (405, 405, 405, 405, 405)),
    "api-reference": ("/api/v1/reference", (200, 200, 200, 200, 200)),
    # The API asks for a key; a session opens nothing. Its own matrix stands in test_api_access.py.
    "openapi-json": ("/api/v1/openapi.json", (200, 200, 200, 200, 200)),
    "api-root": ("/api/v1/", (404, 404, 404, 404, 404)),
    "send_record": ("/api/v1/datasets/penalty/records", (405, 405, 405, 405, 405)),
    "send_delivery": ("/api/v1/datasets/penalty/deliveries", (405, 405, 405, 405, 405)),
    "list_datasets": ("/api/v1/datasets", (401, 401, 401, 401, 401)),
    "list_deliveries": ("/api/v1/deliveries", (401, 401, 401, 401, 401)),
    "get_delivery": ("/api/v1/deliveries/{number}", (401, 401, 401, 401, 401)),
    "list_findings": ("/api/v1/deliveries/{number}/findings", (401, 401, 401, 401, 401)),
    "list_verify_items": ("/api/v1/verify/items", (401, 401, 401, 401, 401)),
    "verify_entity": ("/api/v1/verify/{code}?purpose=permit&item=food-licence", (401, 401, 401, 401, 401)),
    "verify_batch": ("/api/v1/verify", (405, 405, 405, 405, 405)),
    "joint_vocabulary": ("/api/v1/joint-work/vocabulary", (401, 401, 401, 401, 401)),
    "list_joint_work": ("/api/v1/joint-work", (401, 401, 401, 401, 401)),
    "decide_joint_work": ("/api/v1/joint-work", (401, 401, 401, 401, 401)),
    "get_joint_work": ("/api/v1/joint-work/1", (401, 401, 401, 401, 401)),
    "execute_joint_work": ("/api/v1/joint-work/1/execution", (405, 405, 405, 405, 405)),
    "lift_joint_work": ("/api/v1/joint-work/1/lifting", (405, 405, 405, 405, 405)),
    "file-checks": ("/console/file-checks", (404, 403, 200, 200, 403)),
    "file-check": ("/console/file-checks/0123456789abcdef", (404, 403, 404, 404, 403)),
    "file-check-sheet": ("/console/file-checks/0123456789abcdef/sheet.xlsx", (404, 403, 404, 404, 403)),
    "rules": ("/console/rules", (404, 403, 403, 403, 200)),
    "retention": ("/console/retention", (404, 403, 403, 403, 200)),
    "retention-act": ("/console/retention/act", (405, 405, 405, 405, 405)),
    "retention-run": ("/console/retention/runs/1", (404, 403, 403, 403, 404)),
    "retention-report": ("/console/retention/runs/1.csv", (404, 403, 403, 403, 404)),
    "archive": ("/console/retention/archive", (404, 403, 403, 403, 403)),
    "rule": ("/console/rules/rows/PUB-08", (404, 403, 403, 403, 200)),
    "rules-waiting": ("/console/rules/waiting", (404, 403, 403, 403, 200)),
    "rules-differences": ("/console/rules/waiting/differences.csv", (404, 403, 403, 403, 200)),
    "rules-act": ("/console/rules/waiting/act", (405, 405, 405, 405, 405)),
    "rule-decide": ("/console/rules/rows/PUB-08/decide", (405, 405, 405, 405, 405)),
    "rule-sheet": ("/console/rules/sheets/timers", (404, 403, 403, 403, 200)),
    "rule-sheet-row": ("/console/rules/sheets/timers/T-REPORT", (404, 403, 403, 403, 200)),
    "rule-sheet-decide": ("/console/rules/sheets/timers/T-REPORT/decide", (405, 405, 405, 405, 405)),
    "desk": ("/console/desk", (404, 403, 200, 200, 200)),
    "desk-case": ("/console/desk/{case}", (404, 403, 404, 404, 200)),
    "desk-decide": ("/console/desk/{case}/decide", (405, 405, 405, 405, 405)),
    "desk-undo": ("/console/desk/{case}/undo", (405, 405, 405, 405, 405)),
    "desk-ask": ("/console/desk/{case}/ask", (405, 405, 405, 405, 405)),
    "desk-answer": ("/console/desk/{case}/answer", (405, 405, 405, 405, 405)),
    "desk-enter": ("/console/desk/{case}/enter", (405, 405, 405, 405, 405)),
    "desk-decisions-csv": ("/console/desk/decisions.csv", (404, 403, 403, 403, 200)),
    "desk-decisions-jsonl": ("/console/desk/decisions.jsonl", (404, 403, 403, 403, 200)),
    "remedy-cases": ("/console/cases", (404, 403, 200, 200, 200)),
    "cases-csv": ("/console/cases.csv", (404, 403, 200, 200, 200)),
    "cases-batch": ("/console/cases/batch", (405, 405, 405, 405, 405)),
    "cases-withdraw": ("/console/cases/withdraw", (404, 403, 403, 403, 200)),
    "cases-figures": ("/console/cases/figures", (404, 403, 200, 200, 200)),
    "cases-figures-csv": ("/console/cases/figures.csv", (404, 403, 200, 200, 200)),
    "case": ("/console/cases/{remedy}", (404, 403, 404, 200, 200)),
    "case-act": ("/console/cases/{remedy}/act", (405, 405, 405, 405, 405)),
    "case-hand-over": ("/console/cases/{remedy}/hand-over", (405, 405, 405, 405, 405)),
    "case-files": ("/console/cases/{remedy}/files", (405, 405, 405, 405, 405)),
    "case-file": ("/console/cases/{remedy}/files/{remedy_file}", (404, 403, 404, 200, 200)),
    "tips": ("/console/tips", (404, 403, 200, 200, 200)),
    "tip": ("/console/tips/1", (405, 405, 405, 405, 405)),
    "record-tip": ("/records/{record_key}/tip", (200, 200, 200, 200, 200)),
    "tip-answer": ("/tips", (200, 200, 200, 200, 200)),
    "registry-open": ("/console/registry/open?key=nobody", (404, 403, 403, 403, 404)),
    "registry-acts": ("/console/registry", (404, 403, 403, 403, 200)),
    "registry-acts-jsonl": ("/console/registry/acts.jsonl", (404, 403, 403, 403, 200)),
    "registry-entity": ("/console/registry/entities/{code}", (404, 403, 403, 403, 200)),
    "registry-merge": ("/console/registry/merge", (405, 405, 405, 405, 405)),
    "registry-second": ("/console/registry/acts/1/second", (405, 405, 405, 405, 405)),
    "registry-change": ("/console/registry/entities/{code}/change", (405, 405, 405, 405, 405)),
    "delivery-errors-csv": ("/console/deliveries/{number}/errors.csv", (404, 403, 404, 200, 200)),
    "ledger-record": ("/console/records/{ledger_record}", (404, 403, 404, 200, 200)),
    "ledger-record-proof": ("/console/records/{ledger_record}/proof.json", (404, 403, 404, 200, 200)),
    "ledger-entity": ("/console/entities/{code}", (404, 403, 403, 403, 200)),
    "list-registry": ("/list-registry", (200, 200, 200, 200, 200)),
    "list-config": ("/list-registry/abnormal", (200, 200, 200, 200, 200)),
    "measures": ("/measures", (200, 200, 200, 200, 200)),
    "list-cases": ("/console/lists", (404, 403, 200, 200, 200)),
    "list-new": ("/console/lists/new", (404, 403, 200, 200, 403)),
    "list-configuration": ("/console/lists/configuration", (404, 403, 200, 200, 200)),
    "list-adopt": ("/console/lists/adopt", (405, 405, 405, 405, 405)),
    "list-case": ("/console/lists/{list_case}", (404, 403, 404, 200, 200)),
    "list-step": ("/console/lists/{list_case}/drop", (405, 405, 405, 405, 405)),
    "joint": ("/console/measures", (404, 403, 200, 200, 200)),
    "joint-ask": ("/console/measures/ask", (404, 403, 200, 200, 403)),
    "joint-decide": ("/console/measures/decide", (405, 405, 405, 405, 405)),
    "joint-figures": ("/console/measures/figures", (404, 403, 200, 200, 200)),
    "joint-figures-csv": ("/console/measures/figures.csv", (404, 403, 200, 200, 200)),
    "joint-work": ("/console/measures/1", (404, 403, 404, 404, 404)),
    "joint-act": ("/console/measures/1/act", (405, 405, 405, 405, 405)),
    "standing-find": ("/console/standing", (404, 403, 200, 200, 200)),
    "standing": ("/console/standing/{code}", (404, 403, 200, 200, 200)),
    "standing-json": ("/console/standing/{code}.json", (404, 403, 200, 200, 200)),
}

#: Addresses for programs, the same in every language.
OUTSIDE_LANGUAGES = {
    "healthz",
    "readyz",
    "log-file",
    "open-data-file",
    "open-data-dcat-ttl",
    "open-data-dcat-jsonld",
    "robots",
    "sitemap",
    "sitemap-pages",
    "sitemap-part",
    "centre-callback",
}

#: Pages whose form posts to the page itself, and the deeds; who may post is tested beside each.
TAKES_POST = {
    "archive",
    "rhythm-zero",
    "commitment-new",
    "upload",
    "record",
    "clients",
    "client",
    "client-key",
    "client-key-revoke",
    "file-checks",
    "client-signing-key",
    "client-feeds",
    "client-feed-end",
    "shares",
    "feedback",
    "feedback-handle",
    "content-new",
    "content-edit",
    "content-act",
    "share-revoke",
    "special-reports",
    "special-report-revoke",
    "cases-withdraw",
    "record-tip",
    "tip-answer",
    "list-new",
    "joint-ask",
}


def _routes(patterns: list[URLPattern | URLResolver]) -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _routes(pattern.url_patterns)
        else:
            assert pattern.name, f"a route without a name cannot be in the matrix: {pattern.pattern}"
            yield pattern.name


@pytest.fixture(scope="module")
def world(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """One delivery of the department 'demo' with one good and one wrong row, and a user per role."""
    from xinyong.accounts import actions as accounts
    from xinyong.accounts import client_actions, selectors
    from xinyong.accounts.client_selectors import Quota
    from xinyong.accounts.models import Role
    from xinyong.intake import actions as intake
    from xinyong.ledger import corridor
    from xinyong.ledger.models import Record
    from xinyong.registry import keys

    del database_url
    accounts.register_department(slug="another", name_zh="另一部门", acting="test")
    for name, role, slug in (
        ("reader", Role.READER, "demo"),
        ("other", Role.REPORTER, "another"),
        ("owner", Role.REPORTER, "demo"),
        ("operator", Role.OPERATOR, None),
    ):
        accounts.create_user(
            username=name,
            password="a-long-password-1",
            display_name=name,
            role=role,
            department=selectors.department(slug) if slug else None,
            acting="test",
        )
    file = Path(tmp_path_factory.mktemp("delivery")) / "registration.csv"
    file.write_text(
        "企业名称,统一社会信用代码,注册日期\n示例甲公司,91410100MA9D8EM07X,2020-01-01\n"
        f"示例乙公司,91130000123456788X,{date(2020, 1, 2)}\n",
        encoding="utf-8",
    )
    receipt = intake.deliver(file, dataset="registration", department=selectors.department("demo"), uploader="owner")
    undecided = Path(tmp_path_factory.mktemp("undecided")) / "abnormal.csv"
    undecided.write_text(
        "企业名称,统一社会信用代码,列入原因,列入日期,列入机关\n示例无人知晓,,未按规定公示年度报告,2024-01-02,示例市场监管局\n",
        encoding="utf-8",
    )
    intake.deliver(undecided, dataset="abnormal-list", department=selectors.department("demo"), uploader="owner")
    corridor.catch_up()
    assert (receipt.accepted, receipt.rejected) == (1, 1)
    client = client_actions.save_client(
        slug="matrix",
        name="示例系统",
        department=selectors.department("demo"),
        datasets=["penalty"],
        quota=Quota(),
        acting="test",
    )
    key = client_actions.make_key(client, days=1, acting="test")
    from xinyong.accounts.models import User
    from xinyong.content import actions as content
    from xinyong.desk.models import Case
    from xinyong.registry import selectors as registry
    from xinyong.shares import actions as shares
    from xinyong.shares.selectors import Scope

    case = Case.objects.get(name="示例无人知晓")
    record = Record.objects.values_list("record_id", flat=True).get()
    from xinyong.remedies import actions as remedies
    from xinyong.remedies.applicant import ALL_RIGHTS, Applicant, Material
    from xinyong.remedies.models import CaseFile

    remedy = remedies.open_objection(
        Applicant.acting(
            entity_id=Record.objects.values_list("entity_id", flat=True).get(),
            account_id=1,
            name="x",
            rights=ALL_RIGHTS,
        ),
        record,
        ground="clerical",
        statement="日期有误",
        materials=[Material(kind="evidence", name="a.pdf", content=b"%PDF-1.7")],
    )
    corridor.catch_up()
    from xinyong.lists import actions as lists

    entity = registry.found("91130000123456788X")
    assert entity is not None
    honour = lists.propose(
        User.objects.select_related("department").get(username="owner"),
        "honour",
        entity,
        facts={"ground": "granted", "facts": "事实", "evidence": "材料"},
        reason="示例",
    )
    entity = registry.by_key("91130000123456788X")
    assert entity is not None
    operator = User.objects.get(username="operator")
    text = content.Text(title="示例", summary="", source="", index_number="", issued_on=None, body="示例")
    revision = content.save(operator, None, "news", text)
    content.publish(operator, revision.article, revision.number)
    share = shares.share(entity, Scope(chapters=frozenset({1})), days=1, shown_to="", actor="test")
    return {
        "code": "91130000123456788X",
        "record_key": keys.record_key(record),
        "number": receipt.delivery,
        "client": "matrix",
        "key": key.prefix,
        "case": str(case.pk),
        "remedy": str(remedy),
        "remedy_file": str(CaseFile.objects.values_list("pk", flat=True).get()),
        "list_case": str(honour.pk),
        "ledger_record": str(record),
        "share": share.token,
        "article": str(revision.article_id),
    }


@pytest.mark.parametrize("role", ROLES)
def test_who_may_post(world: dict[str, str], role: str) -> None:
    """Without the right nothing is written; what those with the right may write is tested beside each deed."""
    expected = {
        "rhythm-zero": (404, 403, 422, 422, 403),
        "upload": (404, 403, 422, 422, 422),
        "record": (404, 403, 422, 422, 422),
        "clients": (404, 403, 403, 403, 422),
        "client": (404, 403, 403, 403, 422),
        "client-key": (404, 403, 403, 403, 200),
        "client-key-revoke": (404, 403, 403, 403, 303),
        "file-checks": (404, 403, 422, 422, 403),
        "client-signing-key": (404, 403, 403, 403, 422),
        "client-feeds": (404, 403, 403, 403, 422),
        "client-feed-end": (404, 403, 403, 403, 422),
        "cases-withdraw": (404, 403, 403, 403, 422),
        "record-tip": (422, 422, 422, 422, 422),
        "tip-answer": (422, 422, 422, 422, 422),
        "list-new": (404, 403, 200, 200, 403),
        "commitment-new": (404, 403, 200, 200, 403),
        "joint-ask": (404, 403, 409, 409, 403),
        "shares": (404, 403, 403, 403, 422),
        "share-revoke": (404, 403, 403, 403, 422),
        "feedback": (200, 200, 200, 200, 200),
        "feedback-handle": (404, 403, 403, 403, 302),
        "content-new": (404, 403, 403, 403, 422),
        "content-edit": (404, 403, 403, 403, 422),
        "content-act": (404, 403, 403, 403, 422),
        "special-reports": (404, 403, 403, 403, 422),
        "special-report-revoke": (404, 403, 403, 403, 409),
        "archive": (404, 403, 403, 403, 403),
    }
    assert set(expected) == TAKES_POST
    for name, statuses in expected.items():
        answer = _client(role).post(MATRIX[name][0].format(**world))
        assert answer.status_code == statuses[ROLES.index(role)], name


@cache  # a sign-in costs half a second on purpose
def _client(role: str) -> Client:
    client = Client(headers={"accept-language": "zh-CN"})
    if role != "visitor":
        assert client.login(username=role, password="a-long-password-1")
    return client


def test_every_route_is_in_the_matrix() -> None:
    assert set(_routes(list(get_resolver().url_patterns))) == set(MATRIX)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("language", ["", "/en"])
def test_everybody_gets_exactly_what_the_matrix_says(world: dict[str, str], role: str, language: str) -> None:
    wrong = {}
    for name, (address, expected) in MATRIX.items():
        if language and (name in OUTSIDE_LANGUAGES or (address.startswith("/api/") and name != "api-reference")):
            continue
        status = _client(role).get(language + address.format(**world)).status_code
        if status != expected[ROLES.index(role)]:
            wrong[name] = (status, expected[ROLES.index(role)])
    assert wrong == {}


@pytest.mark.parametrize("role", ["visitor", "reader", "other"])
def test_a_hidden_delivery_leaks_nothing(world: dict[str, str], role: str) -> None:
    for suffix in ("", "/errors.csv", "/errors.xlsx"):
        answer = _client(role).get(f"/console/deliveries/{world['number']}{suffix}")
        absent = _client(role).get(f"/console/deliveries/demo-19990101-0001{suffix}")
        assert answer.status_code == absent.status_code
        assert "示例甲公司" not in answer.content.decode("utf-8", "replace")


@pytest.mark.parametrize("method", ["post", "put", "delete", "patch"])
def test_reading_addresses_take_no_other_method(world: dict[str, str], method: str) -> None:
    for name, (address, _) in MATRIX.items():
        if name in ("console-login", "console-logout", "healthz", "readyz") or address.startswith("/api/"):
            continue
        if method == "post" and name in TAKES_POST:
            continue
        if method == "post" and name.startswith("centre-"):
            assert _client("operator").post(address).status_code in (302, 401, 405), name  # 302: signed out
            continue
        if name in ("report-document", "verify-file", "rhythm-zero", *DEEDS) and method == "post":
            continue  # what these are for
        if (
            name.startswith(
                (
                    "desk-",
                    "registry-",
                    "case-",
                    "cases-batch",
                    "tip",
                    "rule",
                    "list-",
                    "joint-",
                    "commitment-",
                    "retention-act",
                )
            )
            and method == "post"
            and MATRIX[name][1] == (405,) * 5
        ):
            continue  # forms of the desk and the registry
        answer = getattr(_client("operator"), method)(address.format(**world))
        assert answer.status_code == 405, name


#: Deeds on a delivery, by what they need; a hidden delivery is 404 for them too. Status for (visitor, reader, other, owner).
DEEDS = {
    "delivery-row": "rows/3",
    "delivery-accept": "accept",
    "delivery-accept-all": "accept-all",
    "delivery-undo": "undo",
    "delivery-give-up": "give-up",
    "delivery-send": "send",
    "delivery-release": "release",
    "delivery-discard": "discard",
}


@pytest.mark.parametrize("name", DEEDS)
def test_deeds_need_the_right_and_the_delivery(world: dict[str, str], name: str) -> None:
    """A forged request meets the same rights as the page: nobody, a reader and another department get nowhere."""
    address = f"/console/deliveries/{world['number']}/{DEEDS[name]}"
    assert _client("visitor").post(address).status_code == 404
    assert _client("reader").post(address).status_code == 403
    assert _client("other").post(address).status_code == 404
    # The owner may correct, and may not release or discard; an empty form does nothing.
    expected = {403} if name in ("delivery-release", "delivery-discard") else {302, 409}
    assert _client("owner").post(address).status_code in expected


@pytest.mark.parametrize("role", ["visitor", "reader", "other", "owner"])
def test_forms_of_the_desk_and_the_registry_are_for_officers_only(world: dict[str, str], role: str) -> None:
    from xinyong.desk.models import Opinion
    from xinyong.registry.models import Act

    forms = {
        "/console/desk/{case}/decide": {"choice": "none", "reason": "x"},
        "/console/desk/{case}/undo": {},
        "/console/desk/{case}/ask": {"question": "x"},
        "/console/desk/{case}/enter": {"kind": "individual_business", "name": "示例区饭店", "reason": "x"},
        "/console/desk/{case}/answer": {"answer": "x"},
        "/console/registry/merge": {"member": "{code}", "into": "{code}", "reason": "x", "evidence": "x"},
        "/console/registry/acts/1/second": {"agree": "1"},
        "/console/registry/entities/{code}/change": {
            "deed": "number",
            "type": "tax_number",
            "value": "1",
            "reason": "x",
        },
    }
    for address, data in forms.items():
        answer = _client(role).post(
            address.format(**world), {key: value.format(**world) for key, value in data.items()}
        )
        assert answer.status_code in (403, 404), address
    assert not Opinion.objects.exists() and not Act.objects.exists()


def test_signing_out_needs_a_post_and_ends_the_session(world: dict[str, str]) -> None:
    client = Client()
    assert client.login(username="owner", password="a-long-password-1")
    assert client.get("/console/deliveries").status_code == 200
    assert client.post("/console/logout").status_code == 302
    assert client.get("/console/deliveries").status_code == 404


def test_a_disabled_user_is_out_at_once(world: dict[str, str]) -> None:
    from xinyong.accounts.models import User

    client = _client("owner")
    User.objects.filter(username="owner").update(is_active=False)
    try:
        assert client.get("/console/deliveries").status_code == 404
    finally:
        User.objects.filter(username="owner").update(is_active=True)


def test_sign_in_never_leaves_the_site(world: dict[str, str]) -> None:
    credentials = {"username": "owner", "password": "a-long-password-1"}
    for target in ("https://example.org/", "//example.org/", "javascript:alert(1)"):
        answer = Client().post("/console/login", {**credentials, "next": target})
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith("/console/")


@pytest.mark.parametrize("language", ["", "/en", "/zh-hant"])
def test_no_cache_keeps_an_officers_page(world: dict[str, str], language: str) -> None:
    answer = _client("owner").get(f"{language}/console/deliveries/{world['number']}")
    assert answer.status_code == 200
    assert {"private", "no-store"} <= set(answer.headers["Cache-Control"].split(", "))
    assert "ETag" not in answer.headers
