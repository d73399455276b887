"""What every template knows: the site's name, the language and its switch, the mark of the demonstration."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import date

from django.db import DatabaseError
from django.http import HttpRequest
from django.urls import Resolver404, resolve, translate_url
from django.utils import timezone, translation

from xinyong.accounts import selectors as accounts
from xinyong.accounts.models import User
from xinyong.accounts.rules import Right, has_right
from xinyong.errors import XinyongError
from xinyong.runtime import config
from xinyong.ui import traditional

CARE_COOKIE = "care"

#: Route name to the entry of the main menu it belongs to.
_SECTIONS = {
    "home": "home",
    "search": "search",
    "entity": "search",
    "record-page": "search",
    "double-publicity": "double-publicity",
    "public-lists": "lists",
    "public-list": "lists",
    "commitments": "commitments",
    "repair": "repair",
    "objection": "objection",
    "statistics": "statistics",
    "report": "search",
    "verify": "verify",
    "verify-file": "verify",
    "catalogue": "catalogue",
    "catalogue-entry": "catalogue",
    "open-data": "open-data",
    "open-data-set": "open-data",
    "open-data-deletions": "open-data",
    "console-home": "console-home",
    "deliveries": "deliveries",
    "delivery": "deliveries",
    "delivery-row": "deliveries",
    "rhythm": "rhythm",
    "rhythm-zero": "rhythm",
    "desk": "desk",
    "desk-case": "desk",
    "desk-decide": "desk",
    "rule-sheet": "rules",
    "rule-sheet-row": "rules",
    "rule-sheet-decide": "rules",
    "retention": "rules",
    "retention-run": "rules",
    "archive": "rules",
    "remedy-cases": "remedies",
    "case": "remedies",
    "case-act": "remedies",
    "case-hand-over": "remedies",
    "case-files": "remedies",
    "cases-batch": "remedies",
    "cases-withdraw": "remedies",
    "cases-figures": "remedies",
    "tips": "remedies",
    "record-tip": "search",
    "tip-answer": "objection",
    "list-registry": "lists",
    "list-config": "lists",
    "measures": "lists",
    "list-cases": "list-cases",
    "list-case": "list-cases",
    "list-step": "list-cases",
    "list-new": "list-cases",
    "list-configuration": "list-cases",
    "client-feeds": "clients",
    "client-signing-key": "clients",
    "joint": "joint",
    "joint-ask": "joint",
    "joint-decide": "joint",
    "joint-work": "joint",
    "joint-act": "joint",
    "joint-figures": "joint",
    "file-checks": "file-checks",
    "file-check": "file-checks",
    "standing": "joint",
    "standing-find": "joint",
    "standing-json": "joint",
    "commitment-texts": "commitments",
    "commitment-queue": "commitment-queue",
    "commitment-new": "commitment-queue",
    "commitment": "commitment-queue",
    "commitment-step": "commitment-queue",
    "registry-acts": "registry",
    "registry-open": "registry",
    "registry-entity": "registry",
    "registry-merge": "registry",
    "registry-change": "registry",
    "upload-new": "upload",
    "upload": "upload",
    "record": "upload",
    "special-reports": "special-reports",
    "special-report-revoke": "special-reports",
    "news": "news",
    "policies": "policies",
    "interpretations": "policies",
    "typical-cases": "news",
    "feedback-queue": "feedback",
    "content": "content",
    "content-new": "content",
    "content-edit": "content",
    "content-act": "content",
    "shares": "shares",
    "share-revoke": "shares",
    "clients": "clients",
    "client": "clients",
    "client-key": "clients",
    "client-key-confirm": "clients",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Facts of the frame around every page."""

    name: str
    second_name: str
    operator: str
    english: bool
    html_lang: str
    today: date
    other_url: str
    other_lang: str
    other_label: str
    section: str
    hant: bool
    hant_url: str
    hans_url: str
    hant_label: str
    hans_label: str
    care: bool
    path: str
    undertaker: str
    contact: str
    site_code: str
    icp: str
    police_record: str


def path_of(request: HttpRequest) -> str:
    """The path without the language that may stand before it."""
    path = request.path_info
    code = translation.get_language_from_path(path)
    return path[len(code) + 1 :] if code else path


def language() -> str:
    """``zh`` or ``en``: the language of the answer being made."""
    return "en" if (translation.get_language() or "").startswith("en") else "zh"


def demo_mark() -> bool:
    """Whether pages must carry the mark. A page that cannot ask the database is not stopped by the question."""
    switch = str(config.get("XINYONG_DEMO")).strip().lower()
    if switch:
        return switch in {"1", "true", "yes", "on"}
    with contextlib.suppress(DatabaseError, XinyongError):
        return accounts.is_demonstration()
    return False


def _other_url(request: HttpRequest, code: str) -> str:
    """The same page in the other language; the home page when there is no such page."""
    with contextlib.suppress(Resolver404):
        if request.resolver_match is None:  # an answer before the page was asked for
            resolve(request.path_info)
        return translate_url(request.get_full_path() if request.method in {"GET", "HEAD"} else request.path, code)
    return {"en": "/en/", "zh-hant": f"{traditional.PREFIX}"}.get(code, "/")


def care(request: HttpRequest) -> bool:
    """Whether the page is wanted with large text and strong contrast: by the address, else by the cookie."""
    asked = request.GET.get("care", "")
    return asked == "1" if asked else request.COOKIES.get(CARE_COOKIE) == "1"


def _section(request: HttpRequest) -> str:
    match = request.resolver_match
    return _SECTIONS.get(match.url_name or "", "") if match else ""


def _may(request: HttpRequest) -> dict[str, bool]:
    """Entries of the console's menu that depend on a right."""
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        return {}
    return {
        "submit": accounts.may(user, Right.DELIVERY_SUBMIT),
        "clients": accounts.may(user, Right.CLIENT_MANAGE),
    }


def _rights(request: HttpRequest) -> dict[str, bool]:
    """What the signed-in officer may do, for menus; pages check again."""
    user = getattr(request, "user", None)
    role = getattr(user, "role", "") if getattr(user, "is_authenticated", False) else ""
    return {right.name.lower(): has_right(role, right) for right in Right}


def site(request: HttpRequest) -> dict[str, object]:
    """Context processor."""
    english = language() == "en"
    hant = traditional.wanted(request)
    name_zh, name_en = str(config.get("XINYONG_SITE_NAME")), str(config.get("XINYONG_SITE_NAME_EN"))
    return {
        "site": Site(
            name=name_en if english else name_zh,
            second_name=name_zh if english else name_en,
            operator=str(config.get("XINYONG_OPERATOR_EN" if english else "XINYONG_OPERATOR")),
            english=english,
            html_lang="en" if english else "zh-Hant" if hant else "zh-CN",
            today=timezone.localdate(),
            other_url=_other_url(request, "zh-hans" if english else "en"),
            other_lang="zh-CN" if english else "en",
            other_label="中文" if english else "English",
            section=_section(request),
            hant=hant,
            hant_url=_other_url(request, "zh-hant"),
            hans_url=_other_url(request, "zh-hans"),
            hant_label=traditional.TRADITIONAL,
            hans_label=traditional.SIMPLIFIED,
            care=care(request),
            path=request.get_full_path(),
            undertaker=str(config.get("XINYONG_UNDERTAKER")),
            contact=str(config.get("XINYONG_CONTACT")),
            site_code=str(config.get("XINYONG_SITE_CODE")),
            icp=str(config.get("XINYONG_ICP")),
            police_record=str(config.get("XINYONG_POLICE_RECORD")),
        ),
        "demo_mark": demo_mark(),
        "rights": _rights(request),
        "console_may": _may(request),
    }
