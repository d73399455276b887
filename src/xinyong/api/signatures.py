"""HTTP message signatures (RFC 9421) over requests, with Ed25519 or HMAC-SHA256, and Content-Digest (RFC 9530). Pure.

A strict profile, so that nothing is left to choice: one signature, over exactly these components in this order,

    ("@method" "@authority" "@path" "@query")                       requests without a body
    ("@method" "@authority" "@path" "@query" "content-digest")      requests with one

and with the parameters ``created``, ``nonce``, ``keyid``, ``alg``, each once, in any order. ``@query`` is ``?`` where there
is none. The library ``http-message-signatures`` signs and verifies the same in the tests.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from xinyong.errors import ErrorCode, XinyongError

#: A signature older or younger than this is refused, seconds; so long its nonce is remembered.
WINDOW: Final = 60
_WITHOUT: Final = '("@method" "@authority" "@path" "@query")'
_WITH: Final = '("@method" "@authority" "@path" "@query" "content-digest")'
_LABEL: Final = re.compile(r"([a-z*][a-z0-9_.*-]{0,31})=(\((?:[^()]*)\))((?:;[^;]+){1,8})")
_PARAMETER: Final = re.compile(
    r';(?:(created)=(\d{1,12})|(nonce)="([A-Za-z0-9_=+/.-]{16,64})"|(keyid)="([A-Za-z0-9_-]{1,40})"|(alg)="(ed25519|hmac-sha256)")'
)
_VALUE: Final = re.compile(r"([a-z*][a-z0-9_.*-]{0,31})=:([A-Za-z0-9+/]+={0,2}):")
_DIGEST: Final = re.compile(r"(sha-256|sha-512)=:([A-Za-z0-9+/]+={0,2}):")


class SignatureWrong(XinyongError):
    """The signature does not fit the request, cannot be read, or its key is not known."""

    code = ErrorCode.SIGNATURE_WRONG
    status = 401
    zh = "请求签名不能通过：{why_zh}。签名方法见接口说明。"
    en = "The signature of the request does not hold: {why_en}. The reference of the API says how to sign."

    def headers(self) -> dict[str, str]:
        """What would be accepted."""
        return {"Accept-Signature": f"sig1={_WITHOUT};created;nonce;keyid;alg"}


class SignatureTime(XinyongError):
    """The signature was made too long ago or lies ahead: the clocks differ, or the request was held up."""

    code = ErrorCode.SIGNATURE_TIME
    status = 401
    zh = "签名时间与平台时间相差 {difference} 秒，超过 {window} 秒。请校准时钟后重新签名；平台时间为 {now}。"
    en = (
        "The signature was made {difference} seconds away from the platform's time, more than {window}. Set the clock and sign "
        "again; the platform's time is {now}."
    )


class SignatureReplayed(XinyongError):
    """A request with this nonce was answered before: it is sent a second time, by whomever."""

    code = ErrorCode.SIGNATURE_REPLAYED
    status = 401
    zh = "同一签名（nonce）已经使用过，本次请求未处理。重试请换新的 nonce 重新签名。"
    en = "This signature (its nonce) was used before, so the request was not answered. To repeat it, sign again with a new nonce."


class KeyRevoked(XinyongError):
    """The signature is right, but its key was revoked, has expired, or its client is switched off."""

    code = ErrorCode.KEY_REVOKED
    status = 401
    zh = "签名密钥「{key}」已{state_zh}。请改用有效密钥；需要新密钥时请联系平台管理员。"
    en = "The signing key '{key}' {state_en}. Use a valid key; the platform operator can register another."


def refusals() -> tuple[XinyongError, ...]:
    """One of each refusal, as the description shows them."""
    return (
        _wrong("签名与请求内容或密钥不符", "it does not fit the request or the key"),
        SignatureTime(difference=-100, window=WINDOW, now="2026-11-26T02:00:00Z"),
        SignatureReplayed(),
        KeyRevoked(key="sig-0a1b2c3d", state_zh="撤销", state_en="was revoked"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A signature as read from the two header fields, and the text it is over."""

    keyid: str
    algorithm: str
    created: int
    nonce: str
    base: bytes
    signature: bytes


def _wrong(zh: str, en: str) -> SignatureWrong:
    return SignatureWrong(why_zh=zh, why_en=en)


def read(
    *,
    method: str,
    authority: str,
    path: str,
    query: str,
    signature_input: str,
    signature: str,
    content_digest: str,
    body: Callable[[], bytes] | None,
) -> Signed:
    """Read a signed request. ``body``: None where the request has none. Raises SignatureWrong.

    The digest of the body is compared here, so that a signature that holds covers the whole request.
    """
    label = _LABEL.fullmatch(signature_input.strip())
    value = _VALUE.fullmatch(signature.strip())
    if label is None or value is None or label.group(1) != value.group(1):
        raise _wrong(
            "Signature-Input 或 Signature 写法不对，须恰有一个签名",
            "Signature-Input or Signature is malformed; there must be exactly one signature",
        )
    expected = _WITHOUT if body is None else _WITH
    if label.group(2) != expected:
        raise _wrong(f"签名范围须为 {expected}", f"the covered components must be {expected}")
    found: dict[str, str] = {}
    at, parameters = 0, label.group(3)
    while at < len(parameters):
        part = _PARAMETER.match(parameters, at)
        if part is None:
            break
        name = part.lastgroup or next(part.group(place) for place in (1, 3, 5, 7) if part.group(place))
        if name in found:
            break
        found[name] = next(part.group(place + 1) for place in (1, 3, 5, 7) if part.group(place))
        at = part.end()
    if at != len(parameters) or len(found) != 4:
        raise _wrong(
            "须各有一个 created、nonce、keyid、alg 参数", "it must have created, nonce, keyid and alg, each once"
        )
    lines = [
        f'"@method": {method.upper()}',
        f'"@authority": {authority.lower()}',
        f'"@path": {path}',
        f'"@query": ?{query}',
    ]
    if body is not None:
        _check_digest(content_digest, body())
        lines.append(f'"content-digest": {content_digest.strip()}')
    lines.append(f'"@signature-params": {label.group(2)}{parameters}')
    try:
        raw = base64.b64decode(value.group(2), validate=True)
        base = "\n".join(lines).encode("ascii")
    except ValueError as error:
        raise _wrong(
            "签名不是有效的 base64，或地址含有未编码的字符", "it is no base64, or the address is not encoded"
        ) from error
    return Signed(
        keyid=found["keyid"],
        algorithm=found["alg"],
        created=int(found["created"]),
        nonce=found["nonce"],
        base=base,
        signature=raw,
    )


def _check_digest(header: str, body: bytes) -> None:
    found = _DIGEST.fullmatch(header.strip())
    if found is None:
        raise _wrong(
            "Content-Digest 须为一个 sha-256 或 sha-512 摘要", "Content-Digest must hold one sha-256 or sha-512 digest"
        )
    made = hashlib.new(found.group(1).replace("-", ""), body).digest()
    if not hmac.compare_digest(base64.b64encode(made).decode(), found.group(2)):
        raise _wrong("Content-Digest 与内容不符", "Content-Digest does not fit the body")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verifier:
    """A key that verifies. ``secret``: of HMAC; ``public``: of Ed25519."""

    algorithm: str
    secret: bytes = b""
    public: Ed25519PublicKey | None = None

    @classmethod
    def of(cls, algorithm: str, material: bytes) -> Verifier:
        """From the bytes of a secret or of a public key. Raises ValueError."""
        if algorithm == "ed25519":
            return cls(algorithm=algorithm, public=Ed25519PublicKey.from_public_bytes(material))
        return cls(algorithm=algorithm, secret=material)

    def check(self, signed: Signed) -> None:
        """Raises SignatureWrong."""
        wrong = _wrong("签名与请求内容或密钥不符", "it does not fit the request or the key")
        if signed.algorithm != self.algorithm:
            raise wrong
        if self.public is not None:
            try:
                self.public.verify(signed.signature, signed.base)
            except InvalidSignature as error:
                raise wrong from error
        elif not hmac.compare_digest(hmac.digest(self.secret, signed.base, "sha256"), signed.signature):
            raise wrong


def check_time(signed: Signed, now: float) -> None:
    """Raises SignatureTime."""
    difference = round(signed.created - now)
    if abs(difference) > WINDOW:
        from datetime import datetime, timezone

        at = datetime.fromtimestamp(now, timezone.utc)  # noqa: UP017  (Python 3.11 knows both)
        raise SignatureTime(difference=difference, window=WINDOW, now=f"{at:%Y-%m-%dT%H:%M:%SZ}")


def sign(
    *,
    method: str,
    authority: str,
    path: str,
    query: str,
    keyid: str,
    created: int,
    nonce: str,
    key: Ed25519PrivateKey | bytes,
    body: bytes | None = None,
) -> dict[str, str]:
    """The header fields that sign a request; what the client library and the tests use."""
    algorithm = "hmac-sha256" if isinstance(key, bytes) else "ed25519"
    parameters = (
        f'{_WITHOUT if body is None else _WITH};created={created};nonce="{nonce}";keyid="{keyid}";alg="{algorithm}"'
    )
    fields: dict[str, str] = {}
    digest = ""
    if body is not None:
        digest = f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"
        fields["Content-Digest"] = digest
    blank = read(
        method=method,
        authority=authority,
        path=path,
        query=query,
        signature_input=f"sig1={parameters}",
        signature="sig1=:AAAA:",
        content_digest=digest,
        body=None if body is None else lambda: body,
    )
    made = hmac.digest(key, blank.base, "sha256") if isinstance(key, bytes) else key.sign(blank.base)
    fields["Signature-Input"] = f"sig1={parameters}"
    fields["Signature"] = f"sig1=:{base64.b64encode(made).decode()}:"
    return fields
