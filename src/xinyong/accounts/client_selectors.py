"""Reads over API clients: who presents this key, and what may it do?"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.utils import timezone

from xinyong.accounts.models import ApiClient, ApiKey, ApiSigningKey
from xinyong.accounts.rules import Right
from xinyong.accounts.selectors import RightMissing
from xinyong.runtime import sql


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """What a client may use. Requests are refused beyond the number; rows once the number is reached."""

    requests_per_minute: int = 600
    requests_per_day: int = 200_000
    rows_per_minute: int = 100_000
    rows_per_day: int = 5_000_000

    def as_dict(self) -> dict[str, int]:
        """For the audit trail and ``--json``."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """What was used of both windows, and the seconds until each ends."""

    minute_requests: int
    minute_rows: int
    day_requests: int
    day_rows: int
    minute_left: int
    day_left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """An authenticated client, however it proved who it is: what the API's actions and selectors are told."""

    client_id: int
    slug: str
    name: str
    department_id: int
    department_slug: str
    department_name: str
    rights: frozenset[str]
    datasets: frozenset[str]
    items: frozenset[str]
    quota: Quota
    key_id: int
    key_prefix: str
    key_used_at: datetime | None

    @property
    def actor(self) -> str:
        """Name in the audit trail and on deliveries."""
        return f"client:{self.slug}"

    def require(self, right: Right) -> None:
        """Raise RightMissing unless the client holds the right."""
        if right.value not in self.rights:
            raise RightMissing(right=right.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a key opens nothing: unknown, revoked, expired or off. Only the audit trail is told which."""

    why: str
    prefix: str = ""


#: Compared with when no key has the prefix, so that the answer takes the same time.
_NOBODY = "0" * 64


def caller_of_key(prefix: str, digest: str) -> Caller | Refusal:
    """The client behind a presented key, given as its public prefix and the digest of the whole."""
    key = ApiKey.objects.select_related("client", "client__department").filter(prefix=prefix).first()
    same = hmac.compare_digest(key.digest if key is not None else _NOBODY, digest)
    if key is None or not same:
        return Refusal(why="unknown")
    if key.revoked_at is not None:
        return Refusal(why="revoked", prefix=prefix)
    if key.expires_at is not None and key.expires_at <= timezone.now():
        return Refusal(why="expired", prefix=prefix)
    if not key.client.is_active:
        return Refusal(why="off", prefix=prefix)
    return caller_of(key.client, key_id=key.pk, key_prefix=key.prefix, key_used_at=key.last_used_at)


def caller_of(client: ApiClient, *, key_id: int, key_prefix: str, key_used_at: datetime | None) -> Caller:
    """The client as the API knows it. ``key_id``: 0 for a signing key."""
    return Caller(
        client_id=client.pk,
        slug=client.slug,
        name=client.name,
        department_id=client.department_id,
        department_slug=client.department.slug,
        department_name=client.department.name_zh,
        rights=frozenset(client.rights),
        datasets=frozenset(client.datasets),
        items=frozenset(client.items),
        quota=quota_of(client),
        key_id=key_id,
        key_prefix=key_prefix,
        key_used_at=key_used_at,
    )


def quota_of(client: ApiClient) -> Quota:
    """The client's quota."""
    return Quota(
        requests_per_minute=client.requests_per_minute,
        requests_per_day=client.requests_per_day,
        rows_per_minute=client.rows_per_minute,
        rows_per_day=client.rows_per_day,
    )


def clients() -> list[ApiClient]:
    """Every client with its keys, by code."""
    return list(ApiClient.objects.select_related("department").prefetch_related("keys", "signing_keys"))


def stamp() -> int:
    """The same as long as no client, key or department was changed; costs far less than reading them all."""
    with connection.cursor() as cursor:
        cursor.execute(sql.statement("accounts", "clients_stamp"))
        return int(cursor.fetchone()[0])


def client(slug: str) -> ApiClient | None:
    """One client with its keys."""
    return (
        ApiClient.objects.select_related("department")
        .prefetch_related("keys", "signing_keys")
        .filter(slug=slug)
        .first()
    )


def key_state(key: ApiKey | ApiSigningKey) -> str:
    """valid, revoked or expired."""
    if key.revoked_at is not None:
        return "revoked"
    if key.expires_at is not None and key.expires_at <= timezone.now():
        return "expired"
    return "valid"


def names() -> dict[str, tuple[str, str, str]]:
    """Name of each client and of its department in Chinese and English, by slug: who asked, in words."""
    rows = ApiClient.objects.values_list("slug", "name", "department__name_zh", "department__name_en")
    return {slug: (name, name_zh, name_en) for slug, name, name_zh, name_en in rows}
