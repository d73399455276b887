"""C2SP checkpoints: origin, tree size and root hash in a signed note with an Ed25519 signature.

Sources: https://c2sp.org/tlog-checkpoint, https://c2sp.org/signed-note (signature type 1), RFC 8032. A verifier key is
written as Go's note package writes it: ``<name>+<key id, 8 hex digits>+<base64 of the type byte and the key>``.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from xinyong.ledger.log.merkle import HASH_SIZE

ED25519: Final = b"\x01"
_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}")
_DASH = "— "


class NoteInvalid(ValueError):
    """The note is malformed, or no signature of the expected key verifies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A tree head: what is signed."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The note text: three lines."""
        return f"{self.origin}\n{self.size}\n{encode(self.root)}\n"


@dataclass(frozen=True, slots=True)
class Verifier:
    """A named Ed25519 public key."""

    name: str
    public: bytes

    @property
    def key_id(self) -> bytes:
        """The four bytes by which a signature line names its key."""
        return sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:4]

    @property
    def text(self) -> str:
        """The verifier key as one line of text."""
        return f"{self.name}+{self.key_id.hex()}+{encode(ED25519 + self.public)}"

    def open(self, note: str) -> Checkpoint:
        """The checkpoint of a note this key signed. Raises NoteInvalid."""
        text, signatures = parts(note)
        checked = False
        for name, raw in signatures:
            if name != self.name or raw[:4] != self.key_id:
                continue
            try:
                Ed25519PublicKey.from_public_bytes(self.public).verify(raw[4:], text.encode())
            except InvalidSignature:
                raise NoteInvalid(f"the signature of {self.name} is wrong") from None
            checked = True
        if not checked:
            raise NoteInvalid(f"{self.name} has not signed this note")
        found = _parse(text)
        if found.origin != self.name:
            raise NoteInvalid(f"the origin is {found.origin}, not {self.name}")
        return found


class SecondSigner(Protocol):
    """A key whose signature is added to those notes that are signed while it is there."""

    def line(self, text: bytes) -> bytes:
        """Key id and signature of a note text."""


class Signer:
    """A named Ed25519 key. Signatures are deterministic: one tree head has one note."""

    def __init__(self, name: str, seed: bytes, second: SecondSigner | None = None) -> None:
        """``second``: a key of another kind whose signature stands on a line of its own."""
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self._second = second
        self.verifier = Verifier(name, self._key.public_key().public_bytes_raw())

    def sign(self, size: int, root: bytes) -> str:
        """The signed note of a tree head."""
        text = Checkpoint(origin=self.verifier.name, size=size, root=root).text
        signature = self.verifier.key_id + self._key.sign(text.encode())
        lines = [signature] if self._second is None else [signature, self._second.line(text.encode())]
        return text + "\n" + "".join([f"{_DASH}{self.verifier.name} {encode(line)}\n" for line in lines])


def encode(data: bytes) -> str:
    """Standard base64."""
    return base64.b64encode(data).decode()


def decode(text: str) -> bytes:
    """Standard base64, in its only spelling. Raises NoteInvalid."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NoteInvalid(f"no base64: {text[:40]}") from error
    if encode(data) != text:
        raise NoteInvalid(f"base64 in an unusual spelling: {text[:40]}")
    return data


def parts(note: str) -> tuple[str, list[tuple[str, bytes]]]:
    """(text, signatures as (name, key id and signature)) of a note. Raises NoteInvalid."""
    text, mark, signatures = note.rpartition("\n\n")
    if not mark or not signatures.endswith("\n"):
        raise NoteInvalid("the note has no text or no signature")
    return text + "\n", [_signature(line) for line in signatures[:-1].split("\n")]


def _signature(line: str) -> tuple[str, bytes]:
    name, space, signed = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not name or not space:
        raise NoteInvalid(f"no signature line: {line[:80]}")
    raw = decode(signed)
    if len(raw) < 5:
        raise NoteInvalid(f"the signature of {name} is too short")
    return name, raw


def _parse(text: str) -> Checkpoint:
    lines = text.split("\n")
    if len(lines) != 4 or not lines[0] or lines[3]:
        raise NoteInvalid("a checkpoint has three lines: origin, size, root")
    if not _NUMBER.fullmatch(lines[1]):
        raise NoteInvalid(f"no tree size: {lines[1][:40]}")
    root = decode(lines[2])
    if len(root) != HASH_SIZE:
        raise NoteInvalid("the root hash does not have 32 bytes")
    return Checkpoint(origin=lines[0], size=int(lines[1]), root=root)


def make_seed(path: Path) -> None:
    """Create a key of 32 random bytes, mode 600; a key another process made first is left alone."""
    temporary = path.with_suffix(f".{os.getpid()}")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as handle:
        handle.write(os.urandom(32))
        handle.flush()
        os.fsync(handle.fileno())
    try:
        os.link(temporary, path)
    except FileExistsError:
        pass
    finally:
        temporary.unlink()
