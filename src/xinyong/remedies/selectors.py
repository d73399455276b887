"""Reads of the room for others. Whoever asks for an applicant's case gives the entity; another's case is not there."""

from __future__ import annotations

from xinyong.remedies.pages import ApplicantCase, CaseLine, Choice, RepairView


def cases_of(entity_id: int, language: str = "zh") -> tuple[CaseLine, ...]:
    """Cases of an entity, drafts included, newest first."""
    raise NotImplementedError


def case_for_applicant(case_id: int, entity_id: int, language: str = "zh") -> ApplicantCase:
    """One case of the entity. Raises CaseUnknown for another's."""
    raise NotImplementedError


def material_for_applicant(case_id: int, material_id: int, entity_id: int) -> tuple[str, str, bytes]:
    """(file name, media type, content) of a file of the entity's case. Raises CaseUnknown."""
    raise NotImplementedError


def grounds(language: str = "zh") -> tuple[Choice, ...]:
    """Grounds of an objection."""
    raise NotImplementedError


def commitment_text(language: str = "zh") -> str:
    """The text that is read and signed with an application for repair."""
    raise NotImplementedError


def repair_view(entity_id: int, record_id: int, language: str = "zh") -> RepairView:
    """Eligibility first: each condition met or failing, with the day it will be met. Raises RecordNotFound for another's."""
    raise NotImplementedError
