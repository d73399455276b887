"""The two ways out: SMTP and a signed webhook. Each returns what the other side answered, or raises NotDelivered."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import smtplib
import socket
import ssl
import time
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.utils import timezone

from xinyong.notices import guard
from xinyong.notices.errors import NotDelivered
from xinyong.runtime import config

TIMEOUT = 15.0
_ANSWER = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A message in words. ``mark``: the same on every try."""

    mark: str
    to: str
    title: str
    body: str
    language: str


def mail(letter: Letter) -> str:
    """Hand a letter to the mail server of XINYONG_SMTP_URL; its answer. Raises NotDelivered."""
    url = urlsplit(str(config.get("XINYONG_SMTP_URL")))
    sender = str(config.get("XINYONG_MAIL_FROM"))
    if url.scheme not in ("smtp", "smtps") or not url.hostname or "@" not in sender:
        raise NotDelivered(why="没有接入邮件服务器 / no mail server is connected (XINYONG_SMTP_URL, XINYONG_MAIL_FROM)")
    message = EmailMessage()
    message["Subject"] = letter.title
    message["From"] = sender
    message["To"] = letter.to
    message["Date"] = format_datetime(timezone.localtime())
    message["Message-ID"] = f"<{letter.mark}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message["Content-Language"] = "en" if letter.language == "en" else "zh-CN"
    message.set_content(letter.body)
    context = ssl.create_default_context()
    loopback = url.hostname in ("127.0.0.1", "localhost", "::1")
    try:
        if url.scheme == "smtps":
            server: smtplib.SMTP = smtplib.SMTP_SSL(url.hostname, url.port or 465, timeout=TIMEOUT, context=context)
        else:
            server = smtplib.SMTP(url.hostname, url.port or 587, timeout=TIMEOUT)
        with server:
            server.ehlo()
            if url.scheme == "smtp" and server.has_extn("starttls"):
                server.starttls(context=context)
                server.ehlo()
            elif url.scheme == "smtp" and not loopback:
                raise NotDelivered(why="邮件服务器不支持加密 / the mail server offers no encryption")
            if url.username:
                path = str(config.get("XINYONG_SMTP_PASSWORD_FILE"))
                server.login(unquote(url.username), Path(path).read_text("utf-8").strip() if path else "")
            server.mail(sender)
            code, answer = server.rcpt(letter.to)
            if code not in (250, 251):
                raise smtplib.SMTPRecipientsRefused({letter.to: (code, answer)})
            code, answer = server.data(message.as_bytes())
            if code != 250:
                raise smtplib.SMTPDataError(code, answer)
    except NotDelivered:
        raise
    except (OSError, smtplib.SMTPException) as error:
        raise NotDelivered(why=f"{type(error).__name__}: {_short(error)}") from error
    return f"{code} {answer.decode('utf-8', 'replace')}"[:200]


def _short(error: Exception) -> str:
    """What went wrong without the address, which is somebody's."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return "; ".join(f"{code}" for code, _ in error.recipients.values())
    if isinstance(error, smtplib.SMTPResponseException):
        return str(error.smtp_code)
    return str(error)[:120]


def signature(key: str, moment: int, body: bytes) -> str:
    """``t=…,v1=…``: HMAC-SHA-256 over time, a dot and the body. The receiver computes the same and refuses old times."""
    mark = hmac.new(key.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={moment},v1={mark}"


def post(url: str, key: str, mark: str, content: dict[str, Any]) -> str:
    """Post signed JSON to a webhook; its status. Redirects are not followed. Raises NotDelivered."""
    target = guard.checked(url)
    body = json.dumps(content, ensure_ascii=False, sort_keys=True).encode()
    moment = int(time.time())
    try:
        sock = socket.create_connection((target.ip, target.port), timeout=TIMEOUT)
    except OSError as error:
        raise NotDelivered(why=f"{type(error).__name__}") from error
    try:
        if target.scheme == "https":
            sock = ssl.create_default_context().wrap_socket(sock, server_hostname=target.host)
        connection = http.client.HTTPConnection(target.host, target.port, timeout=TIMEOUT)
        connection.sock = sock  # the address that was checked, not what the name leads to by now
        connection.request(
            "POST",
            target.path,
            body,
            {
                "Content-Type": "application/json; charset=utf-8",
                "User-Agent": "Xinyong-Notices/1",
                "Xinyong-Delivery": mark,
                "Xinyong-Signature": signature(key, moment, body),
            },
        )
        answer = connection.getresponse()
        answer.read(_ANSWER)
    except (OSError, http.client.HTTPException) as error:
        raise NotDelivered(why=f"{type(error).__name__}") from error
    finally:
        sock.close()
    if not 200 <= answer.status < 300:
        raise NotDelivered(why=f"HTTP {answer.status}")
    return f"HTTP {answer.status}"
