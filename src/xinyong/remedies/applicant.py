"""Who asks: the entity, the account that acts for it, and what that account may do. Pure.

The enterprise centre knows accounts and delegates; this room is told by a value and never looks anybody up. The name of
the acting person comes as a token (:func:`xinyong.runtime.cryptography.protect`, context :data:`NAME_CONTEXT`): it is
stored as it is, masked wherever it is shown, and read in clear by nobody here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from xinyong.runtime import cryptography

#: What the token of the acting person's name is bound to.
NAME_CONTEXT = "remedies.applicant"


class ApplicantRight(StrEnum):
    """What an account may do for its entity: fill in, hand in, sign."""

    FILL = "fill"
    SUBMIT = "submit"
    SIGN = "sign"


#: What a legal representative holds; delegates hold a part.
ALL_RIGHTS = frozenset(ApplicantRight)


@dataclass(frozen=True, slots=True, kw_only=True)
class Applicant:
    """An account that acts for an entity. ``entity_id``: registry entity; ``acting_name``: the token of the person's name."""

    entity_id: int
    account_id: int
    acting_name: str
    rights: frozenset[ApplicantRight]

    def __post_init__(self) -> None:
        """A name in clear is a mistake of the caller and goes no further."""
        if not self.acting_name.startswith(cryptography.TOKEN_PREFIX):
            raise ValueError("acting_name is the token of the name, never the name itself")

    @classmethod
    def acting(cls, *, entity_id: int, account_id: int, name: str, rights: frozenset[ApplicantRight]) -> Applicant:
        """The value for a person whose name is known in clear; the name leaves this call as a token."""
        token = cryptography.protect(NAME_CONTEXT, name)
        return cls(entity_id=entity_id, account_id=account_id, acting_name=token, rights=rights)

    @property
    def actor(self) -> str:
        """How steps and the audit trail name the acting account; it tells no name."""
        return f"account:{self.account_id}"

    def may(self, right: ApplicantRight) -> bool:
        """Whether the account holds the right."""
        return right in self.rights


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """A file handed in. ``kind``: proof, commitment, evidence or other; ``content``: the bytes (PDF, JPEG or PNG)."""

    kind: str
    name: str
    content: bytes

    @property
    def digest(self) -> str:
        """SHA-256 of the content."""
        return sha256(self.content).hexdigest()
