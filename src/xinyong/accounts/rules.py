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
    DELIVERY_RELEASE = "delivery-release"
    REGISTRY_ACT = "registry-act"
    RESOLUTION_DECIDE = "resolution-decide"
    RECORD_STATUS = "record-status"
    CLIENT_MANAGE = "client-manage"
    RULES_DECIDE = "rules-decide"


_RIGHTS: dict[str, frozenset[Right]] = {
    "reporter": frozenset({Right.DELIVERY_VIEW_OWN, Right.DELIVERY_SUBMIT}),
    "supervisor": frozenset({Right.DELIVERY_VIEW_OWN, Right.DELIVERY_RELEASE}),
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
            Right.CLIENT_MANAGE,
            Right.RULES_DECIDE,
        }
    ),
    "reader": frozenset(),
}


def has_right(role: str, right: Right) -> bool:
    """Whether a role carries a right; an unknown role carries none."""
    return right in _RIGHTS.get(role, frozenset())


#: What a client of the API may be given. It never sees another department's deliveries.
CLIENT_RIGHTS = (Right.DELIVERY_SUBMIT, Right.DELIVERY_VIEW_OWN)
