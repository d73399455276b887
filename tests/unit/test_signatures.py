"""Signed requests: a strict profile of RFC 9421, the same to the bit as an independent library has it."""

from __future__ import annotations

import base64
import secrets
import time
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from xinyong.api import signatures
from xinyong.api.signatures import SignatureTime, SignatureWrong, Verifier

SECRET = b"k" * 32
PRIVATE = Ed25519PrivateKey.generate()
HMAC = Verifier.of("hmac-sha256", SECRET)
ED = Verifier.of("ed25519", PRIVATE.public_key().public_bytes_raw())
ASK: dict[str, Any] = {
    "method": "GET",
    "authority": "credit.example.gov.cn",
    "path": "/api/v1/verify/X",
    "query": "item=a",
}


def signed(key: Any = SECRET, body: bytes | None = None, **more: Any) -> dict[str, str]:
    asked = {**ASK, "keyid": "sig-1", "created": int(time.time()), "nonce": secrets.token_hex(12), **more}
    return signatures.sign(key=key, body=body, **asked)


def read(fields: dict[str, str], body: bytes | None = None, **more: Any) -> Any:
    return signatures.read(
        **{**ASK, **more},
        signature_input=fields.get("Signature-Input", ""),
        signature=fields.get("Signature", ""),
        content_digest=fields.get("Content-Digest", ""),
        body=None if body is None else lambda: body,
    )


@pytest.mark.parametrize(("key", "verifier"), [(SECRET, HMAC), (PRIVATE, ED)])
@pytest.mark.parametrize("body", [None, b'{"codes":[]}'])
def test_what_was_signed_holds_and_nothing_else(key: Any, verifier: Verifier, body: bytes | None) -> None:
    fields = signed(key, body)
    verifier.check(read(fields, body))
    for change in ({"method": "POST"}, {"authority": "other"}, {"path": "/api/v1/verify/Y"}, {"query": "item=b"}):
        with pytest.raises(SignatureWrong):
            verifier.check(read(fields, body, **change))
    if body is not None:
        with pytest.raises(SignatureWrong, match="Content-Digest"):
            read(fields, body + b" ")
        with pytest.raises(SignatureWrong, match="covered components"):
            read(fields, None)
    with pytest.raises(SignatureWrong):
        (HMAC if verifier is ED else ED).check(read(fields, body))
    with pytest.raises(SignatureWrong):
        Verifier.of("hmac-sha256", b"x" * 32).check(read(signed(SECRET, body), body))


def test_an_independent_library_makes_and_accepts_the_same() -> None:
    """The oracle: http-message-signatures signs what the gate accepts, and accepts what the client library signs."""
    import requests
    from http_message_signatures import HTTPMessageSigner, HTTPMessageVerifier, HTTPSignatureKeyResolver, algorithms

    class Keys(HTTPSignatureKeyResolver):
        def resolve_public_key(self, key_id: str) -> Any:
            return SECRET if key_id == "h" else PRIVATE.public_key()

        def resolve_private_key(self, key_id: str) -> Any:
            return SECRET if key_id == "h" else PRIVATE

    covered = ("@method", "@authority", "@path", "@query")
    for key_id, kind, verifier, key in (
        ("h", algorithms.HMAC_SHA256, HMAC, SECRET),
        ("e", algorithms.ED25519, ED, PRIVATE),
    ):
        request = requests.Request("GET", f"https://{ASK['authority']}{ASK['path']}?{ASK['query']}").prepare()
        HTTPMessageSigner(signature_algorithm=kind, key_resolver=Keys()).sign(
            request, key_id=key_id, covered_component_ids=covered, nonce="n" * 20, label="sig1"
        )
        theirs = {"Signature-Input": request.headers["Signature-Input"], "Signature": request.headers["Signature"]}
        verifier.check(read(theirs))
        ours = requests.Request("GET", f"https://{ASK['authority']}{ASK['path']}?{ASK['query']}").prepare()
        ours.headers.update(signed(key, keyid=key_id))
        (result,) = HTTPMessageVerifier(signature_algorithm=kind, key_resolver=Keys()).verify(ours)
        assert result.parameters["keyid"] == key_id


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("sig1=(", "sig2=("),
        ('"@query"', '"@target-uri"'),
        (";keyid", ";created=1;keyid"),
        (";nonce=", ";tag="),
        ('"@method" ', ""),
        ("created=", "created=-"),
        ('alg="hmac-sha256"', 'alg="none"'),
        (';keyid="sig-1"', ""),
        ("sig1=", "sig1=(),sig1="),
    ],
)
def test_another_profile_is_refused(old: str, new: str) -> None:
    fields = signed()
    fields["Signature-Input"] = fields["Signature-Input"].replace(old, new)
    with pytest.raises(SignatureWrong):
        HMAC.check(read(fields))


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_text_is_read_or_refused(left: str, right: str) -> None:
    with pytest.raises(SignatureWrong):
        read({"Signature-Input": left, "Signature": right})


@given(st.integers(0, 10_000), st.characters())
def test_every_changed_character_is_found(place: int, char: str) -> None:
    fields = signed()
    whole = fields["Signature-Input"]
    place %= len(whole)
    if whole[place] == char:
        return
    fields["Signature-Input"] = whole[:place] + char + whole[place + 1 :]
    with pytest.raises(SignatureWrong):
        HMAC.check(read(fields))


def test_base64_of_another_spelling_is_refused() -> None:
    fields = signed()
    value = fields["Signature"]
    raw = base64.b64decode(value[6:-1])
    fields["Signature"] = f"sig1=:{base64.b64encode(raw).decode().rstrip('=')}:"
    with pytest.raises(SignatureWrong):
        HMAC.check(read(fields))


def test_time_is_bounded_on_both_sides() -> None:
    now = int(time.time())
    found = read(signed(created=now))
    signatures.check_time(found, now + 60)
    signatures.check_time(found, now - 60)
    for moment in (now + 62, now - 62):
        with pytest.raises(SignatureTime, match="Set the clock"):
            signatures.check_time(found, moment)
