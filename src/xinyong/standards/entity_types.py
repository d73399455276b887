"""What a market entity is and in what state: enterprise types, subject kinds, registration statuses.

None of the lists is the official one, which was not available. Types are the four-digit list of two registration
systems (recalled as GS 02-2006, 152 codes) with 9500 for individual businesses; subject kinds and numbered statuses
were read in one credit platform. Two systems give 4552 and 4553 in the opposite order. All are data an operator can
replace; the four behaviours and the forms are ours and are what the code depends on.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Final

import yaml

from xinyong.standards._data import read_rows


class EntityGroup(StrEnum):
    """First digit of an enterprise type; individual businesses (9500) stand apart."""

    DOMESTIC_COMPANY = "domestic-company"
    DOMESTIC_BRANCH = "domestic-branch"
    DOMESTIC_LEGAL_PERSON = "domestic-legal-person"
    DOMESTIC_NON_LEGAL_PERSON = "domestic-non-legal-person"
    FOREIGN_INVESTED = "foreign-invested"
    HK_MACAO_TAIWAN_INVESTED = "hk-macao-taiwan-invested"
    FOREIGN_PRESENCE = "foreign-presence"
    COOPERATIVE_AND_OTHER = "cooperative-and-other"
    INDIVIDUAL_BUSINESS = "individual-business"


_GROUPS: Final = {
    "1": EntityGroup.DOMESTIC_COMPANY,
    "2": EntityGroup.DOMESTIC_BRANCH,
    "3": EntityGroup.DOMESTIC_LEGAL_PERSON,
    "4": EntityGroup.DOMESTIC_NON_LEGAL_PERSON,
    "5": EntityGroup.FOREIGN_INVESTED,
    "6": EntityGroup.HK_MACAO_TAIWAN_INVESTED,
    "7": EntityGroup.FOREIGN_PRESENCE,
    "9": EntityGroup.COOPERATIVE_AND_OTHER,
}


class EntityForm(StrEnum):
    """Legal form, as far as rules of the platform depend on it (derived from the labels)."""

    COMPANY = "company"
    BRANCH = "branch"
    ENTERPRISE_LEGAL_PERSON = "enterprise_legal_person"
    NON_LEGAL_PERSON = "non_legal_person"
    PARTNERSHIP = "partnership"
    SOLE_PROPRIETORSHIP = "sole_proprietorship"
    FOREIGN_BUSINESS = "foreign_business"
    REPRESENTATIVE_OFFICE = "representative_office"
    COOPERATIVE = "cooperative"
    INDIVIDUAL_BUSINESS = "individual_business"
    OTHER = "other"


class SubjectKind(StrEnum):
    """Kind of credit subject; the values are the codes of the list."""

    ENTERPRISE_LEGAL_PERSON = "01"
    ORGAN_LEGAL_PERSON = "02"
    INSTITUTION_LEGAL_PERSON = "03"
    SOCIAL_ASSOCIATION_LEGAL_PERSON = "04"
    OTHER_LEGAL_PERSON = "97"
    INDIVIDUAL_BUSINESS = "98"
    OTHER_ORGANISATION = "99"

    @property
    def label(self) -> str:
        """Chinese label."""
        return _SUBJECT_KIND_LABELS[self]


_SUBJECT_KIND_LABELS: Final = {
    SubjectKind.ENTERPRISE_LEGAL_PERSON: "企业法人",
    SubjectKind.ORGAN_LEGAL_PERSON: "机关法人",
    SubjectKind.INSTITUTION_LEGAL_PERSON: "事业单位法人",
    SubjectKind.SOCIAL_ASSOCIATION_LEGAL_PERSON: "社会团体法人",
    SubjectKind.OTHER_LEGAL_PERSON: "其他法人",
    SubjectKind.INDIVIDUAL_BUSINESS: "个体工商户",
    SubjectKind.OTHER_ORGANISATION: "其他组织",
}


@dataclass(frozen=True, slots=True)
class EntityType:
    """An enterprise type (企业类型, ENTTYPE) of four digits."""

    code: str
    label: str
    form: EntityForm
    subject_kind: SubjectKind

    @property
    def group(self) -> EntityGroup:
        """Group by first digit."""
        return EntityGroup.INDIVIDUAL_BUSINESS if self.code == "9500" else _GROUPS[self.code[0]]


@cache
def entity_types() -> dict[str, EntityType]:
    """Enterprise types by code."""
    return {
        row["code"]: EntityType(row["code"], row["label"], EntityForm(row["form"]), SubjectKind(row["subject_kind"]))
        for row in read_rows("entity_types.csv")
    }


class Behaviour(StrEnum):
    """What a registration status means for the platform; the status list itself is open."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    ENDED = "ended"
    ENDED_BY_FORCE = "ended_by_force"


@dataclass(frozen=True, slots=True)
class RegistrationStatus:
    """A registration status: the code stored, its labels, what it means, and other wordings of it."""

    code: str
    label: str
    label_en: str
    behaviour: Behaviour
    names: tuple[str, ...] = ()


@cache
def registration_statuses() -> tuple[RegistrationStatus, ...]:
    """The list of ``datapacks/codes/registration-status.yml``; a new status of the law is a new row there."""
    text = (files("xinyong.datapacks") / "codes" / "registration-status.yml").read_text(encoding="utf-8")
    return tuple(
        RegistrationStatus(
            row["value"], row["zh"], row["en"], Behaviour(row["behaviour"]), tuple(map(str, row.get("aliases", ())))
        )
        for row in yaml.safe_load(text)["values"]
    )


@cache
def _status_by_text() -> dict[str, RegistrationStatus]:
    return {
        _folded(text): status
        for status in registration_statuses()
        for text in (status.code, status.label, *status.names)
    }


def _folded(text: str) -> str:
    return text.strip().replace("（", "(").replace("）", ")").replace("，", ",")


def registration_status(text: str) -> RegistrationStatus | None:
    """The status with code, label or other wording ``text``; ``None`` for an unknown one, which must raise an alarm."""
    return _status_by_text().get(_folded(text))
