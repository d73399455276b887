"""Which role has which right. Pure: no database."""

from __future__ import annotations

from enum import StrEnum


class Right(StrEnum):
    """Things a signed-in user may do. A face or an action checks the right, never the role."""

    DELIVERY_VIEW_OWN = "delivery-view-own"
    DELIVERY_VIEW_ALL = "delivery-view-all"
    DELIVERY_SUBMIT = "delivery-submit"
    REPORT_REVOKE = "report-revoke"
    SUBJECT_SERVE = "subject-serve"
    CONTENT_EDIT = "content-edit"
    CONTENT_PUBLISH = "content-publish"
    FEEDBACK_HANDLE = "feedback-handle"
    DELIVERY_RELEASE = "delivery-release"
    REGISTRY_ACT = "registry-act"
    RESOLUTION_DECIDE = "resolution-decide"
    RECORD_STATUS = "record-status"
    CLIENT_MANAGE = "client-manage"
    RULES_DECIDE = "rules-decide"
    VERIFY = "verify"
    REMEDY_VIEW = "remedy-view"
    REMEDY_DECIDE = "remedy-decide"
    REMEDY_PLATFORM = "remedy-platform"
    LIST_VIEW = "list-view"
    LIST_PROPOSE = "list-propose"
    LIST_DECIDE = "list-decide"
    MEASURE_DECIDE = "measure-decide"
    COMMITMENT_VIEW = "commitment-view"
    COMMITMENT_HANDLE = "commitment-handle"
    COMMITMENT_DECIDE = "commitment-decide"


_RIGHTS: dict[str, frozenset[Right]] = {
    "reporter": frozenset(
        {
            Right.DELIVERY_VIEW_OWN,
            Right.DELIVERY_SUBMIT,
            Right.LIST_VIEW,
            Right.LIST_PROPOSE,
            Right.MEASURE_DECIDE,
            Right.COMMITMENT_VIEW,
            Right.COMMITMENT_HANDLE,
            Right.REMEDY_VIEW,
        }
    ),
    "supervisor": frozenset(
        {
            Right.DELIVERY_VIEW_OWN,
            Right.DELIVERY_RELEASE,
            Right.LIST_VIEW,
            Right.LIST_PROPOSE,
            Right.LIST_DECIDE,
            Right.MEASURE_DECIDE,
            Right.COMMITMENT_VIEW,
            Right.COMMITMENT_HANDLE,
            Right.COMMITMENT_DECIDE,
            Right.REMEDY_VIEW,
            Right.REMEDY_DECIDE,
        }
    ),
    "operator": frozenset(
        {
            Right.DELIVERY_VIEW_OWN,
            Right.DELIVERY_VIEW_ALL,
            Right.DELIVERY_SUBMIT,
            Right.DELIVERY_RELEASE,
            Right.REGISTRY_ACT,
            Right.RESOLUTION_DECIDE,
            Right.RECORD_STATUS,
            Right.REPORT_REVOKE,
            Right.SUBJECT_SERVE,
            Right.CONTENT_EDIT,
            Right.CONTENT_PUBLISH,
            Right.FEEDBACK_HANDLE,
            Right.CLIENT_MANAGE,
            Right.RULES_DECIDE,
            Right.VERIFY,
            Right.REMEDY_VIEW,
            Right.REMEDY_PLATFORM,
            # The platform carries and counts; it lists nobody and carries out no measure (LST-09, MEA-06).
            Right.LIST_VIEW,
            Right.COMMITMENT_VIEW,
        }
    ),
    "reader": frozenset({Right.VERIFY}),
}


def has_right(role: str, right: Right) -> bool:
    """Whether a role carries a right; an unknown role carries none."""
    return right in _RIGHTS.get(role, frozenset())


#: What a client of the API that delivers is given. It never sees another department's deliveries.
CLIENT_RIGHTS = (Right.DELIVERY_SUBMIT, Right.DELIVERY_VIEW_OWN)
#: What one that verifies is given, for the items it is registered for.
VERIFY_RIGHTS = (Right.VERIFY,)
#: What the system of an executor is given whose officers decide on measures and feed back.
JOINT_RIGHTS = (Right.MEASURE_DECIDE,)
