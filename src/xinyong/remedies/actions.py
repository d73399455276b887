"""The only writers of the room. What an applicant does takes an :class:`Applicant`; what an officer does takes the user."""

from __future__ import annotations

from collections.abc import Sequence

from xinyong.remedies.applicant import Applicant, Material


def open_objection(
    applicant: Applicant,
    record_id: int,
    *,
    ground: str,
    statement: str,
    field: str = "",
    wanted: str = "",
    materials: Sequence[Material] = (),
) -> int:
    """Object to a record, or to one ``field`` of it; returns the case's id.

    ``ground``: a code of ``selectors.grounds``; ``wanted``: what it should say. The objection is accepted and the record
    marked in the same transaction; where the form check has a doubt, an officer looks first. Raises RemedyRefused,
    RecordNotFound.
    """
    raise NotImplementedError


def open_repair(
    applicant: Applicant,
    record_id: int,
    *,
    statement: str = "",
    materials: Sequence[Material] = (),
    commitment: bool = False,
) -> int:
    """Begin an application for repair as a draft; returns the case's id. An open draft for the record is taken up.

    ``commitment``: the text of ``selectors.commitment_text`` was read and is signed now (right: sign). Raises
    RemedyRefused with every condition that fails and the day it will be met.
    """
    raise NotImplementedError


def submit_repair(applicant: Applicant, case_id: int) -> None:
    """Hand in a draft (right: submit); it goes to the unit that determined at once. Raises RemedyRefused, CaseUnknown."""
    raise NotImplementedError


def sign_commitment(applicant: Applicant, case_id: int) -> None:
    """Sign the commitment of a draft or of one that was returned (right: sign)."""
    raise NotImplementedError


def add_material(applicant: Applicant, case_id: int, materials: Sequence[Material]) -> None:
    """Add files to a case that is not over (right: fill)."""
    raise NotImplementedError


def answer_gap(applicant: Applicant, case_id: int, *, text: str, materials: Sequence[Material] = ()) -> None:
    """Answer the list of gaps, which was told once and completely (right: submit)."""
    raise NotImplementedError


def withdraw_case(applicant: Applicant, case_id: int, *, reason: str = "") -> None:
    """Take an own case back while it is not decided (right: submit); a mark goes with it."""
    raise NotImplementedError


def ask_review(applicant: Applicant, case_id: int, *, reason: str) -> None:
    """Ask for review of a closed objection within the limit (right: submit)."""
    raise NotImplementedError
