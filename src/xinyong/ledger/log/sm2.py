"""A second signature with SM2 and SM3 (GB/T 32918, GB/T 32905) on a checkpoint, where the operator has put a key.

signed-note has no type for SM2. Its escape is used: type byte 0xff and a name of the type, here ``xinyong-sm2-sm3``. The
key id is the first four bytes of SHA-256 over name, line feed, 0xff, type name, line feed and the public key (65 bytes,
uncompressed). The signature is r and s, 32 bytes each, big-endian, with the standard's default identity
``1234567812345678``. Verifiers that do not know the type pass over the line, as signed-note says they must.

Signing needs the package ``tongsuopy``; checking needs SM3 in the OpenSSL of Python and nothing else.
"""

from __future__ import annotations

import hashlib
import importlib.util
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from xinyong.ledger.log.checkpoint import NoteInvalid, decode, encode, parts

KIND: Final = b"\xffxinyong-sm2-sm3\n"
IDENTITY: Final = b"1234567812345678"

_P: Final = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
_A: Final = _P - 3
_B: Final = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
_N: Final = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
_G: Final = (
    0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7,
    0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0,
)
Point = tuple[int, int] | None


def can_sign() -> bool:
    """Whether the package that signs is installed."""
    return importlib.util.find_spec("tongsuopy") is not None


def can_verify() -> bool:
    """Whether this Python knows SM3."""
    return "sm3" in hashlib.algorithms_available


@dataclass(frozen=True, slots=True)
class Verifier:
    """A named SM2 public key."""

    name: str
    public: bytes

    @property
    def key_id(self) -> bytes:
        """The four bytes by which a signature line names its key."""
        return sha256(self.name.encode() + b"\n" + KIND + self.public).digest()[:4]

    @property
    def text(self) -> str:
        """The verifier key as one line of text."""
        return f"{self.name}+{self.key_id.hex()}+{encode(KIND + self.public)}"

    @classmethod
    def parse(cls, text: str) -> Verifier:
        """A verifier key from its line. Raises NoteInvalid."""
        name, _, rest = text.strip().partition("+")
        key_id, _, coded = rest.partition("+")
        data = decode(coded)
        if not data.startswith(KIND) or len(data) != len(KIND) + 65:
            raise NoteInvalid("the key is not an SM2 key")
        found = cls(name, data[len(KIND) :])
        if found.key_id.hex() != key_id:
            raise NoteInvalid("the key id is not that of the SM2 key")
        return found

    def signed(self, note: str) -> bool:
        """Whether the note has a signature of this key; False when it has none. Raises NoteInvalid for a wrong one."""
        text, signatures = parts(note)
        found = False
        for name, raw in signatures:
            if name == self.name and raw[:4] == self.key_id:
                if not verify(self.public, raw[4:], text.encode()):
                    raise NoteInvalid(f"the SM2 signature of {self.name} is wrong")
                found = True
        return found


class Signer:
    """A named SM2 key. Its signatures are drawn at random, so a note is signed once and then kept."""

    def __init__(self, name: str, secret: bytes) -> None:
        from tongsuopy.crypto.asymciphers import ec  # type: ignore[import-untyped]

        self._key: Any = ec.derive_private_key(int.from_bytes(secret, "big"), ec.SM2())
        numbers = self._key.public_key().public_numbers()
        self.verifier = Verifier(name, b"\x04" + numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big"))

    def line(self, text: bytes) -> bytes:
        """Key id and signature of a note text."""
        from tongsuopy.crypto import hashes  # type: ignore[import-untyped]
        from tongsuopy.crypto.asymciphers import ec

        r, s = _numbers(self._key.sign(text, ec.ECDSA(hashes.SM3())))
        return self.verifier.key_id + r.to_bytes(32, "big") + s.to_bytes(32, "big")


def _numbers(der: bytes) -> tuple[int, int]:
    """r and s of an ASN.1 signature."""
    first = 4 + der[3]
    return int.from_bytes(der[4:first], "big"), int.from_bytes(der[first + 2 :], "big")


def verify(public: bytes, signature: bytes, message: bytes) -> bool:
    """GB/T 32918.2 section 7, in plain Python."""
    if len(public) != 65 or public[0] != 4 or len(signature) != 64:
        return False
    x, y = int.from_bytes(public[1:33], "big"), int.from_bytes(public[33:], "big")
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    if not (x < _P and y < _P and (y * y - x * x * x - _A * x - _B) % _P == 0 and 0 < r < _N and 0 < s < _N):
        return False
    whole = (r + s) % _N
    if not whole:
        return False
    curve = b"".join([number.to_bytes(32, "big") for number in (_A, _B, *_G, x, y)])
    z = _sm3((len(IDENTITY) * 8).to_bytes(2, "big") + IDENTITY + curve)
    point = _add(_times(s, _G), _times(whole, (x, y)))
    return point is not None and (int.from_bytes(_sm3(z + message), "big") + point[0]) % _N == r


def _sm3(data: bytes) -> bytes:
    return hashlib.new("sm3", data).digest()


def _add(left: Point, right: Point) -> Point:
    if left is None or right is None:
        return left or right
    if left[0] == right[0]:
        if (left[1] + right[1]) % _P == 0:
            return None
        slope = (3 * left[0] * left[0] + _A) * pow(2 * left[1], -1, _P) % _P
    else:
        slope = (right[1] - left[1]) * pow(right[0] - left[0], -1, _P) % _P
    x = (slope * slope - left[0] - right[0]) % _P
    return x, (slope * (left[0] - x) - left[1]) % _P


def _times(factor: int, point: Point) -> Point:
    total: Point = None
    while factor:
        if factor & 1:
            total = _add(total, point)
        point = _add(point, point)
        factor >>= 1
    return total
