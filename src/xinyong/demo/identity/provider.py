"""A small OpenID Connect provider: discovery, authorization code with PKCE, token endpoint, published keys.

It keeps nothing but its key. It refuses what the standard refuses (unknown client, other address to return to, missing or
wrong PKCE, a code used twice, too late or by another client), so that the site meets a provider as strict as a real one.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from xinyong.demo.identity.page import STYLE, page

ALGORITHM = "ES256"
CODE_SECONDS, TOKEN_SECONDS = 60, 300
_MOST = 64 * 1024
_PASSED_ON = (
    "client_id",
    "redirect_uri",
    "response_type",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody of the demonstration. ``organizations``: credit code and role of each firm; ``what``: the same in words."""

    login: str
    sub: str
    name: str
    what: str
    organizations: tuple[Mapping[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A code that was given out."""

    person: Person
    client: str
    redirect_uri: str
    nonce: str
    challenge: str
    until: float


class Refused(Exception):
    """An error of the token endpoint, by its code in RFC 6749."""


@dataclass(kw_only=True)
class Provider:
    """What the server answers from. ``redirect_uris``: the addresses of the one client, word for word."""

    issuer: str
    people: Sequence[Person]
    password: str
    client_id: str
    client_secret: str
    redirect_uris: Sequence[str]
    key: ECKey
    _codes: dict[str, Given] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def discovery(self) -> dict[str, Any]:
        """The discovery document."""
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "end_session_endpoint": f"{self.issuer}/end-session",
            "response_types_supported": ["code"],
            "grant_types_supported": ["authorization_code"],
            "subject_types_supported": ["public"],
            "scopes_supported": ["openid", "profile"],
            "id_token_signing_alg_values_supported": [ALGORITHM],
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
            "claims_supported": ["sub", "name", "organizations"],
        }

    def jwks(self) -> dict[str, Any]:
        """The public key."""
        return {"keys": [self.key.as_dict(private=False, use="sig", alg=ALGORITHM)]}

    def fault(self, asked: Mapping[str, str]) -> str:
        """What is wrong with a request for authorization; empty when nothing is."""
        if asked.get("client_id") != self.client_id:
            return "client_id: 未登记的网站 unknown client"
        if asked.get("redirect_uri") not in self.redirect_uris:
            return "redirect_uri: 与登记的地址不符 not registered"
        if asked.get("response_type") != "code" or "openid" not in asked.get("scope", "").split():
            return "response_type / scope"
        if asked.get("code_challenge_method") != "S256" or len(asked.get("code_challenge", "")) != 43:
            return "code_challenge: 需要 PKCE S256"
        return ""

    def end(self, asked: Mapping[str, str]) -> str:
        """Where to go after signing out: the page of the client where client, page and token are right; empty otherwise."""
        pages = {f"{'{0.scheme}://{0.netloc}'.format(urlsplit(one))}/centre/sign-in" for one in self.redirect_uris}
        back = asked.get("post_logout_redirect_uri", "")
        try:
            read = jwt.decode(asked.get("id_token_hint", ""), self.key, algorithms=[ALGORITHM])
        except (JoseError, ValueError):
            return ""
        # An expired token is still a hint (RP-initiated logout, section 4).
        right = read.claims.get("aud") == asked.get("client_id") == self.client_id
        return back if right and back in pages else ""

    def person(self, login: str, password: str) -> Person | None:
        """Who signs in; None for a wrong name or password."""
        right = hmac.compare_digest(password.encode(), self.password.encode())
        return next((one for one in self.people if one.login == login and right), None)

    def give(self, person: Person, asked: Mapping[str, str]) -> str:
        """A code for one use."""
        code = secrets.token_urlsafe(32)
        with self._lock:
            now = time.monotonic()
            self._codes = {key: value for key, value in self._codes.items() if value.until > now}
            self._codes[code] = Given(
                person=person,
                client=asked["client_id"],
                redirect_uri=asked["redirect_uri"],
                nonce=asked.get("nonce", ""),
                challenge=asked["code_challenge"],
                until=now + CODE_SECONDS,
            )
        return code

    def exchange(self, form: Mapping[str, str], client: str, secret: str) -> dict[str, Any]:
        """Tokens for a code. Raises Refused."""
        if client != self.client_id or not hmac.compare_digest(secret.encode(), self.client_secret.encode()):
            raise Refused("invalid_client")
        if form.get("grant_type") != "authorization_code":
            raise Refused("unsupported_grant_type")
        with self._lock:
            given = self._codes.pop(form.get("code", ""), None)
        verifier = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if (
            given is None
            or given.until <= time.monotonic()
            or given.client != client
            or given.redirect_uri != form.get("redirect_uri")
            or base64.urlsafe_b64encode(verifier).decode().rstrip("=") != given.challenge
        ):
            raise Refused("invalid_grant")
        access = secrets.token_urlsafe(32)
        return {
            "access_token": access,
            "token_type": "Bearer",
            "expires_in": TOKEN_SECONDS,
            "id_token": self.sign(self.claims(given, access)),
        }

    def claims(self, given: Given, access: str) -> dict[str, Any]:
        """What the id_token says."""
        now = int(time.time())
        half = hashlib.sha256(access.encode()).digest()[:16]
        return {
            "iss": self.issuer,
            "aud": self.client_id,
            "sub": given.person.sub,
            "iat": now,
            "exp": now + TOKEN_SECONDS,
            "auth_time": now,
            "nonce": given.nonce,
            "at_hash": base64.urlsafe_b64encode(half).decode().rstrip("="),
            "name": given.person.name,
            "organizations": [dict(one) for one in given.person.organizations],
        }

    def sign(self, claims: Mapping[str, Any]) -> str:
        """A signed token."""
        return jwt.encode({"alg": ALGORITHM, "kid": self.key.thumbprint()}, dict(claims), self.key)


def load_key(path: Path) -> ECKey:
    """The provider's own key, made when missing."""
    if not path.exists():
        made = ECKey.generate_key("P-256", private=True)
        path.touch(mode=0o600)
        path.write_bytes(made.as_pem(private=True))
    return ECKey.import_key(path.read_bytes(), {"kid": ECKey.import_key(path.read_bytes()).thumbprint()})


class Handler(BaseHTTPRequestHandler):
    """HTTP around a provider."""

    provider: ClassVar[Provider]
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        """Silent: addresses of this server carry codes."""

    def _send(self, status: int, body: str, kind: str, **headers: str) -> None:
        raw = body.encode()
        self.send_response(status)
        origins = " ".join(
            sorted({"{0.scheme}://{0.netloc}".format(urlsplit(one)) for one in self.provider.redirect_uris})
        )
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(raw)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header(
            "Content-Security-Policy",
            f"default-src 'none'; style-src 'self'; img-src data:; form-action 'self' {origins}; frame-ancestors 'none'",
        )
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(raw)

    def _json(self, value: Mapping[str, Any], status: int = 200, **headers: str) -> None:
        self._send(status, json.dumps(value, ensure_ascii=False), "application/json", **headers)

    def _form(self) -> dict[str, str]:
        length = min(int(self.headers.get("Content-Length") or 0), _MOST)
        return {key: values[0] for key, values in parse_qs(self.rfile.read(length).decode()).items()}

    def _page(self, asked: Mapping[str, str], problem: str = "", status: int = 200) -> None:
        hidden = {name: asked[name] for name in _PASSED_ON if name in asked}
        people = [{"login": one.login, "name": one.name, "what": one.what} for one in self.provider.people]
        self._send(status, page(hidden, people, self.provider.password, problem), "text/html")

    def do_GET(self) -> None:
        """Discovery, keys, sign-in page."""
        parts = urlsplit(self.path)
        if parts.path == "/.well-known/openid-configuration":
            self._json(self.provider.discovery())
        elif parts.path == "/jwks":
            self._json(self.provider.jwks())
        elif parts.path == "/style.css":
            self._send(200, STYLE, "text/css")
        elif parts.path == "/authorize":
            asked = {key: values[0] for key, values in parse_qs(parts.query).items()}
            fault = self.provider.fault(asked)
            if fault:
                self._send(HTTPStatus.BAD_REQUEST, fault, "text/plain")
            else:
                self._page(asked)
        elif parts.path == "/end-session":
            back = self.provider.end({key: values[0] for key, values in parse_qs(parts.query).items()})
            if back:
                self._send(HTTPStatus.SEE_OTHER, "", "text/plain", Location=back)
            else:
                self._send(HTTPStatus.OK, "已退出登录 Signed out", "text/plain")
        else:
            self._send(HTTPStatus.NOT_FOUND, "not found", "text/plain")

    def do_POST(self) -> None:
        """The sign-in form and the token endpoint."""
        form = self._form()
        if self.path == "/token":
            self._token(form)
        elif self.path == "/authorize":
            self._authorize(form)
        else:
            self._send(HTTPStatus.NOT_FOUND, "not found", "text/plain")

    def _authorize(self, form: Mapping[str, str]) -> None:
        fault = self.provider.fault(form)
        if fault:
            self._send(HTTPStatus.BAD_REQUEST, fault, "text/plain")
            return
        answer = {"state": form.get("state", ""), "iss": self.provider.issuer}
        if form.get("deed") == "cancel":
            answer["error"] = "access_denied"
        else:
            person = self.provider.person(form.get("login", "").strip(), form.get("password", ""))
            if person is None:
                self._page(form, "账号或密码不正确。Wrong account or password.", HTTPStatus.FORBIDDEN)
                return
            answer["code"] = self.provider.give(person, form)
        self._send(HTTPStatus.SEE_OTHER, "", "text/plain", Location=f"{form['redirect_uri']}?{urlencode(answer)}")

    def _token(self, form: Mapping[str, str]) -> None:
        kind, _, text = (self.headers.get("Authorization") or "").partition(" ")
        client = secret = ""
        if kind.lower() == "basic":
            try:
                client, _, secret = base64.b64decode(text).decode().partition(":")
            except ValueError:
                client = secret = ""
        try:
            self._json(self.provider.exchange(form, unquote(client), unquote(secret)))
        except Refused as error:
            status = HTTPStatus.UNAUTHORIZED if str(error) == "invalid_client" else HTTPStatus.BAD_REQUEST
            self._json({"error": str(error)}, status)


def serve(provider: Provider, port: int) -> ThreadingHTTPServer:
    """A server for the provider on this machine; the caller lets it run."""
    handler = type("ProviderHandler", (Handler,), {"provider": provider})
    server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    server.daemon_threads = True
    return server
