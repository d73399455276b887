"""Signing in: one door, with its trace and a brake on guessing."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import auth
from django.http import HttpRequest
from django.utils import timezone

from xinyong.accounts.models import User
from xinyong.audit import actions as audit
from xinyong.audit.models import AuditEntry
from xinyong.errors import ErrorCode, XinyongError
from xinyong.runtime import visitor

REFUSALS = 10
WINDOW = timedelta(minutes=15)


class TooManyAttempts(XinyongError):
    """Too many wrong sign-ins for this account or from this address."""

    code = ErrorCode.TOO_MANY_ATTEMPTS
    status = 429
    zh = "登录失败次数过多（{limit} 次）。请 {minutes} 分钟后再试；忘记密码请联系本部门管理员。"
    en = "Too many failed sign-ins ({limit}). Try again in {minutes} minutes, or ask your department's administrator."


def _target(request: HttpRequest, username: str) -> str:
    # What was typed may be a password in the wrong box: only names that exist are written down.
    known = User.objects.filter(username=username).exists()
    return f"user:{username}" if known else f"address:{visitor.address(request.META)}"


def sign_in(request: HttpRequest, username: str, password: str) -> User | None:
    """The user when name and password fit, else None. Raises TooManyAttempts. Every outcome leaves an audit row."""
    target = _target(request, username)
    since = timezone.now() - WINDOW
    refused = AuditEntry.objects.filter(target=target, deed="sign-in.refused", at__gte=since).count()
    if refused >= REFUSALS:
        raise TooManyAttempts(limit=REFUSALS, minutes=int(WINDOW.total_seconds() // 60))
    found = auth.authenticate(request, username=username, password=password)
    if not isinstance(found, User):
        audit.record(actor="anonymous", deed="sign-in.refused", target=target)
        return None
    auth.login(request, found)
    audit.record(actor=found.username, deed="sign-in.done", target=f"user:{found.username}")
    return found
