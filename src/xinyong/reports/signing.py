"""The signature on official documents: PAdES with ECDSA P-256, behind an interface other seals can take.

Chinese electronic seals (GB/T 38540 in OFD, GB/T 33190, SM2) come from the operator's seal service; whoever connects
one writes a :class:`SealProvider`.
"""

from __future__ import annotations

import base64
import binascii
import datetime
import io
import os
import shutil
import tempfile
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Protocol

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import fields, signers
from pyhanko.sign.validation import SignatureCoverageLevel, validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from xinyong.runtime import config

FIELD = "CreditSeal"
_KEY = "key.pem"
_CERTIFICATE = "certificate.pem"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """A signature over a text, base64, and the certificate it is checked with, PEM."""

    signature: str
    certificate: str


class Seal(StrEnum):
    """How a signature over a text stands."""

    VALID = "valid"
    FORMER = "former"  # right, by a certificate this installation does not use any more
    BROKEN = "broken"


class SealProvider(Protocol):
    """Seals a finished PDF, or a text. Anyone must be able to detect a later change."""

    def sign(self, document: bytes, *, reason: str) -> bytes:
        """The sealed document."""

    def sign_text(self, text: str) -> Sealed:
        """A signature over the UTF-8 bytes of a text."""

    def certificate(self) -> str:
        """The certificate in use, PEM."""


class LocalSeal:
    """PAdES by a key of this installation. The document is certified: no change after it is permitted."""

    def __init__(self, folder: Path, issuer: str) -> None:
        if not folder.exists():
            _make(folder, issuer)
        signer: signers.SimpleSigner | None = signers.SimpleSigner.load(  # type: ignore[no-untyped-call]
            str(folder / _KEY), str(folder / _CERTIFICATE)
        )
        assert signer is not None  # load answers None only for files it cannot read, and logs why
        self.signer = signer
        self.issuer = issuer
        key = serialization.load_pem_private_key((folder / _KEY).read_bytes(), password=None)
        assert isinstance(
            key, ec.EllipticCurvePrivateKey
        )  # the seal of this installation is ECDSA, see docs/reports.md
        self.key = key
        self.pem = (folder / _CERTIFICATE).read_text("ascii")

    def sign(self, document: bytes, *, reason: str) -> bytes:
        """The document with a certification signature in the invisible field ``CreditSeal``."""
        writer = IncrementalPdfFileWriter(io.BytesIO(document))
        made = signers.sign_pdf(
            writer,
            signers.PdfSignatureMetadata(
                field_name=FIELD,
                md_algorithm="sha256",
                name=self.issuer,
                reason=reason,
                subfilter=fields.SigSeedSubFilter.PADES,
                certify=True,
                docmdp_permissions=fields.MDPPerm.NO_CHANGES,
            ),
            signer=self.signer,
        )
        return bytes(made.getvalue())

    def sign_text(self, text: str) -> Sealed:
        """ECDSA over SHA-256."""
        made = self.key.sign(text.encode(), ec.ECDSA(hashes.SHA256()))
        return Sealed(signature=base64.b64encode(made).decode(), certificate=self.pem)

    def certificate(self) -> str:
        """The certificate in use, PEM."""
        return self.pem


def text_seal(text: str, sealed: Sealed) -> Seal:
    """Whether a signature over a text holds, and whose it is."""
    try:
        certificate = x509.load_pem_x509_certificate(sealed.certificate.encode())
        key = certificate.public_key()
        if not isinstance(key, ec.EllipticCurvePublicKey):
            return Seal.BROKEN
        key.verify(base64.b64decode(sealed.signature, validate=True), text.encode(), ec.ECDSA(hashes.SHA256()))
    except (ValueError, binascii.Error, InvalidSignature):
        return Seal.BROKEN
    own = x509.load_pem_x509_certificate(provider().certificate().encode())
    return Seal.VALID if own == certificate else Seal.FORMER


def _make(folder: Path, issuer: str) -> None:
    """A key and a certificate of its own, for installations whose operator has not put one there yet."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
            x509.NameAttribute(NameOID.COMMON_NAME, issuer[:60]),
        ]
    )
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(days=3650))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=True,
                content_commitment=True,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                key_cert_sign=False,
                crl_sign=False,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = certificate.public_bytes(serialization.Encoding.PEM)
    made = Path(tempfile.mkdtemp(prefix="seal-", dir=folder.parent))
    for name_, content in ((_KEY, private), (_CERTIFICATE, public)):
        with os.fdopen(os.open(made / name_, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as handle:
            handle.write(content)
            os.fsync(handle.fileno())
    try:
        made.rename(folder)  # both files or neither; who comes second uses the pair of the first
    except OSError:
        shutil.rmtree(made)


@cache
def _local(folder: Path, issuer: str) -> LocalSeal:
    return LocalSeal(folder, issuer)


def provider() -> SealProvider:
    """The seal of this installation."""
    return _local(config.home("keys") / "seal", str(config.get("XINYONG_OPERATOR")))


def intact(document: bytes) -> bool | None:
    """Whether the signature in a PDF is this installation's and covers every byte; None when it carries none."""
    try:
        embedded = PdfFileReader(io.BytesIO(document)).embedded_signatures
    except Exception:  # any malformed file: pyHanko raises errors of many kinds for them
        return None
    ours = [signature for signature in embedded if signature.field_name == FIELD]
    if not ours:
        return None
    local = _local(config.home("keys") / "seal", str(config.get("XINYONG_OPERATOR")))
    certificate = local.signer.signing_cert
    assert certificate is not None  # a loaded signer has one
    try:
        status = validate_pdf_signature(ours[-1], ValidationContext(trust_roots=[certificate], allow_fetching=False))
    except Exception:  # a signature so broken that it cannot be judged is not intact
        return False
    return bool(
        status.intact
        and status.valid
        and status.coverage is SignatureCoverageLevel.ENTIRE_FILE
        and ours[-1].signer_cert is not None
        and ours[-1].signer_cert.dump() == certificate.dump()
    )
