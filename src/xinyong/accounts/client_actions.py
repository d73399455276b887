"""The only writer of API clients, their keys and what they have used."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from django.db import connection, transaction
from django.utils import timezone

from xinyong.accounts import client_items
from xinyong.accounts.client_selectors import Caller, Quota, Used
from xinyong.accounts.models import ApiClient, ApiKey, ApiSigningKey, Department
from xinyong.accounts.rules import CLIENT_RIGHTS, JOINT_RIGHTS, VERIFY_RIGHTS, Right
from xinyong.audit import actions as audit
from xinyong.errors import ErrorCode, XinyongError
from xinyong.runtime import cryptography as sealing
from xinyong.runtime import sql

#: Every key begins so: scanners of leaked secrets can be told what to look for.
KEY_MARK = "xyk"
#: Uses of a key are noted at most this often.
_NOTED = timedelta(minutes=1)
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{1,39}")


class ClientInvalid(XinyongError):
    """A client cannot be registered or changed like this."""

    code = ErrorCode.CLIENT_INVALID
    status = 422
    exit_code = 2
    zh = "接口客户端无法保存：{why_zh}"
    en = "The API client cannot be saved: {why_en}"


class ClientUnknown(XinyongError):
    """There is no such client, or no such key of it."""

    code = ErrorCode.CLIENT_UNKNOWN
    status = 404
    exit_code = 2
    zh = "没有接口客户端或密钥「{name}」。请用 xinyong client list 核对。"
    en = "There is no API client or key '{name}'. See xinyong client list."


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """A key that was just made. ``text`` exists here only: it is shown once and never stored."""

    text: str
    prefix: str
    expires_at: datetime | None


def digest_of(key: str) -> str:
    """What is stored of a key. The key holds 256 random bits, so one pass of SHA-256 cannot be turned back."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def _check(
    slug: str, name: str, quota: Quota, datasets: Sequence[str], items: Sequence[str], rights: Sequence[Right]
) -> None:
    if not _SLUG.fullmatch(slug):
        raise ClientInvalid(
            why_zh=f"代码「{slug}」须为 2 至 40 位小写字母、数字或连字符。",
            why_en=f"the code '{slug}' must be 2 to 40 lower-case letters, digits or hyphens.",
        )
    if not name.strip():
        raise ClientInvalid(why_zh="请填写系统名称。", why_en="give the system's name.")
    if not datasets and not items:
        raise ClientInvalid(
            why_zh="请至少选择一个可报送的信息资源或可核验的事项。",
            why_en="choose at least one dataset, or one item to verify for.",
        )
    known = client_items.known()
    if wrong := [code for code in items if code not in known]:
        raise ClientInvalid(
            why_zh=f"没有核验事项「{wrong[0]}」，可用：{'、'.join(known)}。",
            why_en=f"there is no item '{wrong[0]}' to verify for; there are {', '.join(known)}.",
        )
    if not rights or not set(rights) <= {*CLIENT_RIGHTS, *VERIFY_RIGHTS, *JOINT_RIGHTS}:
        raise ClientInvalid(why_zh="权限不在可授予范围内。", why_en="these rights cannot be given to a client.")
    if min(quota.requests_per_minute, quota.requests_per_day, quota.rows_per_minute, quota.rows_per_day) < 1:
        raise ClientInvalid(why_zh="各项限额须为正整数。", why_en="every quota must be a positive number.")


@transaction.atomic
def save_client(
    *,
    slug: str,
    name: str,
    department: Department,
    datasets: Sequence[str],
    quota: Quota,
    acting: str,
    items: Sequence[str] = (),
    rights: Sequence[Right] | None = None,
    joint: bool = False,
    active: bool = True,
) -> ApiClient:
    """Register a client, or bring it up to date. The department of an existing client never changes.

    ``rights``: those that delivering ``datasets`` and verifying for ``items`` need, unless given; ``joint``: and those of
    joint work, where its department is an executor. Raises ClientInvalid.
    """
    if rights is None:
        rights = (
            *(CLIENT_RIGHTS if datasets else ()),
            *(VERIFY_RIGHTS if items else ()),
            *(JOINT_RIGHTS if joint and items else ()),
        )
    _check(slug, name, quota, datasets, items, rights)
    client = ApiClient.objects.select_for_update().filter(slug=slug).first()
    made = client is None
    if client is None:
        client = ApiClient(slug=slug, department=department, created_by=acting)
    elif client.department_id != department.pk:
        raise ClientInvalid(
            why_zh=f"客户端「{slug}」属于{client.department.name_zh}，不能改属其他部门；请另行登记。",
            why_en=f"client '{slug}' belongs to {client.department.slug} for good; register another one.",
        )
    client.name = name.strip()
    client.rights = [right.value for right in rights]
    client.datasets = sorted(set(datasets))
    client.items = sorted(set(items))
    client.requests_per_minute = quota.requests_per_minute
    client.requests_per_day = quota.requests_per_day
    client.rows_per_minute = quota.rows_per_minute
    client.rows_per_day = quota.rows_per_day
    client.is_active = active
    client.save()
    audit.record(
        actor=acting,
        deed="client.registered" if made else "client.changed",
        target=f"client:{slug}",
        detail={
            "department": department.slug,
            "datasets": client.datasets,
            "items": client.items,
            "rights": client.rights,
            "quota": quota.as_dict(),
            "active": active,
        },
    )
    return client


@transaction.atomic
def make_key(client: ApiClient, *, days: int | None, note: str = "", acting: str) -> NewKey:
    """A new key beside those already valid. ``days``: after so many days it opens nothing; None: no end."""
    if days is not None and not 1 <= days <= 3660:
        raise ClientInvalid(why_zh="有效期须为 1 至 3660 天。", why_en="the validity must be 1 to 3660 days.")
    prefix = secrets.token_hex(4)
    text = f"{KEY_MARK}_{prefix}_{secrets.token_urlsafe(32)}"
    expires = timezone.now() + timedelta(days=days) if days is not None else None
    ApiKey.objects.create(
        client=client, prefix=prefix, digest=digest_of(text), note=note[:200], expires_at=expires, created_by=acting
    )
    audit.record(
        actor=acting,
        deed="client.key.made",
        target=f"client:{client.slug}",
        detail={"key": prefix, "expires_at": expires.isoformat() if expires else None},
    )
    return NewKey(text=text, prefix=prefix, expires_at=expires)


@transaction.atomic
def revoke_key(prefix: str, *, acting: str, client: ApiClient | None = None) -> ApiKey:
    """End a key at once; revoking twice changes nothing. Raises ClientUnknown."""
    found = ApiKey.objects.select_for_update().select_related("client").filter(prefix=prefix)
    key = (found.filter(client=client) if client is not None else found).first()
    if key is None:
        raise ClientUnknown(name=prefix)
    if key.revoked_at is None:
        key.revoked_at = timezone.now()
        key.revoked_by = acting
        key.save(update_fields=["revoked_at", "revoked_by"])
        audit.record(
            actor=acting, deed="client.key.revoked", target=f"client:{key.client.slug}", detail={"key": prefix}
        )
    return key


def public_of(text: bytes) -> bytes | None:
    """The 32 bytes of an Ed25519 public key from PEM or base64; None for anything else."""
    try:
        loaded = load_pem_public_key(text)
    except ValueError:
        try:
            raw = base64.b64decode(text.strip(), validate=True)
        except ValueError:
            return None
        return raw if len(raw) == 32 else None
    return loaded.public_bytes_raw() if isinstance(loaded, Ed25519PublicKey) else None


@transaction.atomic
def register_signing_key(
    client: ApiClient, *, algorithm: str, public: bytes | None = None, days: int | None, note: str = "", acting: str
) -> NewKey:
    """A key to sign requests with. Ed25519: the public half is given. HMAC: a secret is made, shown this once.

    ``NewKey.text`` is the secret in base64, empty for Ed25519; ``prefix`` is the keyid. Raises ClientInvalid.
    """
    if days is not None and not 1 <= days <= 3660:
        raise ClientInvalid(why_zh="有效期须为 1 至 3660 天。", why_en="the validity must be 1 to 3660 days.")
    keyid = f"sig-{secrets.token_hex(4)}"
    text = ""
    if algorithm == ApiSigningKey.Algorithm.ED25519:
        if public is None or len(public) != 32:
            raise ClientInvalid(
                why_zh="请给出 32 字节的 Ed25519 公钥（PEM、base64 均可）。",
                why_en="give the 32 bytes of an Ed25519 public key.",
            )
        material = base64.b64encode(public).decode()
    elif algorithm == ApiSigningKey.Algorithm.HMAC_SHA256:
        text = base64.b64encode(secrets.token_bytes(32)).decode()
        material = sealing.protect(f"signing:{keyid}", text)
    else:
        raise ClientInvalid(
            why_zh="签名算法须为 ed25519 或 hmac-sha256。", why_en="the algorithm must be ed25519 or hmac-sha256."
        )
    expires = timezone.now() + timedelta(days=days) if days is not None else None
    ApiSigningKey.objects.create(
        client=client, keyid=keyid, algorithm=algorithm, material=material, note=note[:200], expires_at=expires,
        created_by=acting,
    )  # fmt: skip
    audit.record(
        actor=acting,
        deed="client.signing-key.made",
        target=f"client:{client.slug}",
        detail={"key": keyid, "algorithm": algorithm, "expires_at": expires.isoformat() if expires else None},
    )
    return NewKey(text=text, prefix=keyid, expires_at=expires)


@transaction.atomic
def revoke_signing_key(keyid: str, *, acting: str, client: ApiClient | None = None) -> ApiSigningKey:
    """End a signing key at once; revoking twice changes nothing. Raises ClientUnknown."""
    found = ApiSigningKey.objects.select_for_update().select_related("client").filter(keyid=keyid)
    key = (found.filter(client=client) if client is not None else found).first()
    if key is None:
        raise ClientUnknown(name=keyid)
    if key.revoked_at is None:
        key.revoked_at = timezone.now()
        key.revoked_by = acting
        key.save(update_fields=["revoked_at", "revoked_by"])
        audit.record(
            actor=acting, deed="client.signing-key.revoked", target=f"client:{key.client.slug}", detail={"key": keyid}
        )
    return key


def note_use(caller: Caller) -> None:
    """Remember that the key was used; at most one write a minute."""
    if caller.key_used_at is None or timezone.now() - caller.key_used_at > _NOTED:
        if not caller.key_id:
            ApiSigningKey.objects.filter(keyid=caller.key_prefix).update(last_used_at=timezone.now())
            return
        ApiKey.objects.filter(pk=caller.key_id).update(last_used_at=timezone.now())


def note_refusal(prefix: str, why: str) -> None:
    """A key that was once good was presented again: one audit row an hour, so that a loop cannot flood the trail."""
    from xinyong.audit.models import AuditEntry

    since = timezone.now() - timedelta(hours=1)
    target = f"key:{prefix}"
    if not AuditEntry.objects.filter(target=target, deed="client.key.refused", at__gte=since).exists():
        audit.record(actor="anonymous", deed="client.key.refused", target=target, detail={"why": why})


def use(caller: Caller, *, requests: int, rows: int) -> Used:
    """Add to what the client has used of this minute and this day, and return both afterwards."""
    now = timezone.now()
    local = timezone.localtime(now)
    minute = now.replace(second=0, microsecond=0)
    day = local.replace(hour=0, minute=0, second=0, microsecond=0)
    with connection.cursor() as cursor:
        cursor.execute(
            sql.statement("accounts", "use_quota"),
            {"client": caller.client_id, "minute": minute, "day": day, "requests": requests, "rows": rows},
        )
        used = {window: (int(a), int(b)) for window, a, b in cursor.fetchall()}
    return Used(
        minute_requests=used["minute"][0],
        minute_rows=used["minute"][1],
        day_requests=used["day"][0],
        day_rows=used["day"][1],
        minute_left=max(1, 60 - now.second),
        day_left=max(1, int((day + timedelta(days=1) - local).total_seconds())),
    )
