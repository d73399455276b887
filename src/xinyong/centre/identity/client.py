"""The client side of OpenID Connect: authorization code with PKCE, state and nonce; the id_token is verified.

What is checked of an id_token, and refused otherwise: signature by a key the provider publishes, with an asymmetric
algorithm; ``iss``, ``aud``/``azp``, ``exp``, ``iat``, ``nonce``, ``at_hash``. Authlib and joserfc do the protocol.
"""

from __future__ import annotations

import contextlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from cryptography.exceptions import InvalidTag
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from xinyong.centre.errors import IdentityRefused, IdentityUnavailable
from xinyong.centre.identity import claims as claim_names
from xinyong.centre.identity.claims import Identity
from xinyong.runtime import config, cryptography

#: Asymmetric algorithms only: with a shared secret, or none, anybody who knows the client could sign.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA", "Ed25519")
SCOPE = "openid profile"
#: How long somebody may take at the provider, seconds.
PATIENCE = 600
_LEEWAY = 60
_TIMEOUT = (5, 10)
_KEEP = 600.0
_CONTEXT = "centre:sign-in"
_HINT = "centre:id-token"
_MOST = 256 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """What a provider publishes about itself."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    algorithms: tuple[str, ...]
    basic: bool
    end_session_endpoint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Journey:
    """A sign-in under way: where to send the browser, and what the browser keeps (sealed) until it comes back."""

    address: str
    sealed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """A sign-in that was completed. ``onward``: where the person wanted to go; ``hint``: the id_token, sealed, for signing out."""

    identity: Identity
    onward: str
    hint: str


_lock = threading.Lock()
_providers: dict[str, tuple[float, Provider]] = {}
_keys: dict[str, tuple[float, KeySet]] = {}


def configured() -> bool:
    """Whether a provider is set; without one the centre cannot be entered."""
    return bool(config.get("XINYONG_OIDC_ISSUER"))


def _unavailable(zh: str, en: str) -> IdentityUnavailable:
    return IdentityUnavailable(why_zh=zh, why_en=en)


def _refused(zh: str, en: str) -> IdentityRefused:
    return IdentityRefused(why_zh=zh, why_en=en)


def _fetch(address: str) -> dict[str, Any]:
    _secure(address)
    try:
        with requests.get(address, timeout=_TIMEOUT, allow_redirects=False, stream=True) as answer:
            answer.raise_for_status()
            if answer.status_code != 200:
                raise _unavailable("认证平台的回答不完整", f"the provider answered {answer.status_code}")
            found = json.loads(answer.raw.read(_MOST, decode_content=True))
    except (requests.RequestException, ValueError) as error:
        raise _unavailable("连接不上认证平台", f"the provider cannot be reached ({type(error).__name__})") from error
    if not isinstance(found, dict):
        raise _unavailable("认证平台的回答不完整", "the provider's answer is not an object")
    return found


def _secure(address: str) -> None:
    """Plain http is for this machine alone."""
    parts = urlsplit(address)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in {"127.0.0.1", "localhost", "::1"}):
        raise _unavailable("认证平台的地址不是 https", "an address of the provider is not https")


def provider() -> Provider:
    """The discovery document, kept for ten minutes. Raises IdentityUnavailable."""
    issuer = str(config.get("XINYONG_OIDC_ISSUER")).rstrip("/")
    if not issuer:
        raise _unavailable("管理员还没有接入认证平台", "no provider is configured (XINYONG_OIDC_ISSUER)")
    with _lock:
        kept = _providers.get(issuer)
    if kept is not None and time.monotonic() - kept[0] < _KEEP:
        return kept[1]
    found = _fetch(f"{issuer}/.well-known/openid-configuration")
    if str(found.get("issuer", "")).rstrip("/") != issuer:
        raise _unavailable("认证平台自称的地址与设置不符", "the provider names itself otherwise than the setting")
    offered = found.get("id_token_signing_alg_values_supported")
    algorithms = tuple(name for name in ALGORITHMS if isinstance(offered, list) and name in offered)
    methods = found.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    try:
        made = Provider(
            issuer=str(found["issuer"]),
            authorization_endpoint=str(found["authorization_endpoint"]),
            token_endpoint=str(found["token_endpoint"]),
            jwks_uri=str(found["jwks_uri"]),
            algorithms=algorithms,
            basic="client_secret_basic" in methods,
            end_session_endpoint=str(found.get("end_session_endpoint") or ""),
        )
    except KeyError as error:
        raise _unavailable("认证平台的说明文件不完整", f"the discovery document lacks {error}") from error
    if not algorithms:
        raise _unavailable("认证平台没有可接受的签名算法", "the provider offers no asymmetric signature")
    for address in (made.authorization_endpoint, made.token_endpoint, made.jwks_uri, made.end_session_endpoint):
        if address:
            _secure(address)
    with _lock:
        _providers[issuer] = (time.monotonic(), made)
    return made


def _key_set(found: Provider, *, anew: bool = False) -> KeySet:
    with _lock:
        kept = _keys.get(found.jwks_uri)
    if kept is not None and not anew and time.monotonic() - kept[0] < _KEEP:
        return kept[1]
    try:
        keys = KeySet.import_key_set(_fetch(found.jwks_uri))  # type: ignore[arg-type]  # a parsed JSON object
    except (JoseError, ValueError, KeyError) as error:
        raise _unavailable("认证平台的公钥不能使用", "the provider's keys cannot be read") from error
    with _lock:
        _keys[found.jwks_uri] = (time.monotonic(), keys)
    return keys


def forget() -> None:
    """Drop what is kept of providers; for tests, and after a change of settings."""
    with _lock:
        _providers.clear()
        _keys.clear()


def _session(found: Provider, redirect_uri: str) -> OAuth2Session:
    path = str(config.get("XINYONG_OIDC_SECRET_FILE"))
    try:
        secret = Path(path).read_text("utf-8").strip() if path else ""
    except OSError as error:
        raise _unavailable("读不到客户端密钥文件", "the file of the client secret cannot be read") from error
    return OAuth2Session(
        str(config.get("XINYONG_OIDC_CLIENT_ID")),
        secret or None,
        token_endpoint_auth_method=("client_secret_basic" if found.basic else "client_secret_post")
        if secret
        else "none",
        scope=SCOPE,
        redirect_uri=redirect_uri,
        code_challenge_method="S256",
    )


def begin(redirect_uri: str, onward: str) -> Journey:
    """Start a sign-in. Raises IdentityUnavailable."""
    found = provider()
    state, nonce, verifier = secrets.token_urlsafe(24), secrets.token_urlsafe(24), secrets.token_urlsafe(48)
    with _session(found, redirect_uri) as session:
        address, _ = session.create_authorization_url(
            found.authorization_endpoint, state=state, nonce=nonce, code_verifier=verifier
        )
    kept = {"state": state, "nonce": nonce, "verifier": verifier, "onward": onward, "at": int(time.time())}
    return Journey(address=str(address), sealed=cryptography.protect(_CONTEXT, json.dumps(kept)))


def _opened(sealed: str) -> dict[str, Any]:
    try:
        kept: dict[str, Any] = json.loads(cryptography.reveal(_CONTEXT, sealed))
    except (InvalidTag, ValueError) as error:
        raise _refused("登录不是从这个浏览器开始的", "the sign-in did not start in this browser") from error
    if time.time() - kept["at"] > PATIENCE:
        raise _refused("登录超过十分钟没有完成", "it took more than ten minutes")
    return kept


def complete(query: Mapping[str, str], sealed: str, redirect_uri: str) -> Arrived:
    """End a sign-in with what the provider sent back. Raises IdentityRefused, IdentityUnavailable."""
    kept = _opened(sealed)
    if not hmac.compare_digest(query.get("state", "").encode(), str(kept["state"]).encode()):
        raise _refused("回到本站的登录与开始的登录不是同一次", "the answer belongs to another sign-in (state)")
    if query.get("error"):
        raise _refused("您在认证平台取消了登录，或认证没有通过", "it was cancelled, or refused by the provider")
    found = provider()
    if query.get("iss") and query["iss"] != found.issuer:
        raise _refused("回答来自另一个认证平台", "the answer comes from another provider (iss)")
    with _session(found, redirect_uri) as session:
        try:
            token = session.fetch_token(
                found.token_endpoint,
                grant_type="authorization_code",
                code=query.get("code", ""),
                code_verifier=kept["verifier"],
                timeout=_TIMEOUT,
                allow_redirects=False,
            )
        except AuthlibBaseError as error:
            raise _refused("登录码无效或已经用过", "the code is not valid, or was used before") from error
        except (requests.RequestException, ValueError) as error:
            raise _unavailable("连接不上认证平台", "the provider cannot be reached") from error
    claims = verified(found, dict(token), str(kept["nonce"]))
    known = claim_names.names(str(config.get(claim_names.SETTING)))
    return Arrived(
        identity=claim_names.identity(claims, known),
        onward=str(kept["onward"]),
        hint=cryptography.protect(_HINT, str(token["id_token"])),
    )


def farewell(hint: str, back: str) -> str:
    """Where to end the provider's own session (RP-initiated logout); empty where the provider offers none. ``back``: the page after.

    Raises IdentityUnavailable.
    """
    found = provider()
    if not found.end_session_endpoint:
        return ""
    asked = {"client_id": str(config.get("XINYONG_OIDC_CLIENT_ID")), "post_logout_redirect_uri": back}
    with contextlib.suppress(InvalidTag, ValueError):
        asked["id_token_hint"] = cryptography.reveal(_HINT, hint)
    joint = "&" if "?" in found.end_session_endpoint else "?"
    return f"{found.end_session_endpoint}{joint}{urlencode(asked)}"


def verified(found: Provider, token: Mapping[str, Any], nonce: str) -> dict[str, Any]:
    """The claims of the id_token, when everything about it is right. Raises IdentityRefused."""
    text = token.get("id_token")
    if not isinstance(text, str) or not token.get("access_token"):
        raise _refused("认证平台没有给出身份凭证", "the provider gave no id_token")
    registry = JWSRegistry(algorithms=list(found.algorithms), strict_check_header=False)
    client = str(config.get("XINYONG_OIDC_CLIENT_ID"))
    try:
        try:
            read = jwt.decode(text, _key_set(found), registry=registry)
        except InvalidKeyIdError:  # the provider changed its keys
            read = jwt.decode(text, _key_set(found, anew=True), registry=registry)
        checked = CodeIDToken(
            read.claims,
            read.header,
            {
                "iss": {"essential": True, "values": [found.issuer]},
                "aud": {"essential": True, "value": client},  # Authlib looks at it only when asked
                "sub": {"essential": True},
                "nonce": {"essential": True, "value": nonce},
            },
            {"nonce": nonce, "client_id": client, "access_token": token["access_token"]},
        )
        checked.validate(leeway=_LEEWAY)
    except (JoseError, AuthlibBaseError, ValueError) as error:
        raise _refused("身份凭证没有通过验证", f"the id_token is not valid ({type(error).__name__})") from error
    return dict(read.claims)
