"""From the claims of an identity provider to who somebody is and for which firms. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from xinyong.runtime.config import SettingInvalid
from xinyong.standards.credit_code_diagnosis import diagnose

LEGAL_REPRESENTATIVE, DELEGATE = "legal_representative", "delegate"
ROLES = (LEGAL_REPRESENTATIVE, DELEGATE)
SETTING = "XINYONG_OIDC_CLAIMS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """A firm the provider ties the person to: its unified social credit code and the person's role there."""

    code: str
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A person as the provider vouches for. ``name`` is personal: it is encrypted wherever it is kept."""

    issuer: str
    subject: str
    name: str
    organisations: tuple[Organisation, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimNames:
    """Under which names a provider says these things."""

    name: str
    organisations: str
    code: str
    role: str
    roles: Mapping[str, str]


@cache
def names(path: str = "") -> ClaimNames:
    """The names in use: those of the file, or the packaged ones. Raises SettingInvalid with what is wrong in the file."""
    try:
        text = (
            Path(path).read_text("utf-8")
            if path
            else (resources.files("xinyong.datapacks") / "identity" / "claims.yml").read_text("utf-8")
        )
        loaded = yaml.safe_load(text)
        found = ClaimNames(**loaded)
    except (OSError, yaml.YAMLError, TypeError) as error:
        raise SettingInvalid(name=SETTING, value=path, why=str(error)) from error
    wrong = sorted(set(found.roles.values()) - set(ROLES))
    if wrong:
        raise SettingInvalid(name=SETTING, value=path, why=f"roles: {', '.join(wrong)} is none of {', '.join(ROLES)}")
    return found


def identity(claims: Mapping[str, Any], known: ClaimNames) -> Identity:
    """Who the verified claims speak of. A firm without a valid code, or a role nobody knows, gives no access."""
    listed = claims.get(known.organisations)
    rows = listed if isinstance(listed, list) else [listed] if isinstance(listed, Mapping) else []
    found: dict[str, Organisation] = {}
    for row in rows:
        if not isinstance(row, Mapping):
            continue
        said = diagnose(str(row.get(known.code, "")))
        code = said.normalised if said.valid else ""
        role = known.roles.get(str(row.get(known.role, "")))
        if code and role and (code not in found or role == LEGAL_REPRESENTATIVE):
            found[code] = Organisation(code=code, role=role)
    return Identity(
        issuer=str(claims["iss"]),
        subject=str(claims["sub"]),
        name=str(claims.get(known.name, ""))[:60],
        organisations=tuple(found.values()),
    )
