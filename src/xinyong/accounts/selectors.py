"""Reads over departments and users."""

from __future__ import annotations

from xinyong.accounts.models import Department, User
from xinyong.accounts.rules import Right, has_right
from xinyong.errors import ErrorCode, XinyongError


class DepartmentUnknown(XinyongError):
    """No department of this code is registered."""

    code = ErrorCode.DEPARTMENT_UNKNOWN
    status = 404
    exit_code = 2
    zh = "没有代码为「{slug}」的部门。已登记：{known}。"
    en = "There is no department '{slug}'. Registered: {known}."


class RightMissing(XinyongError):
    """The user is signed in but may not do this."""

    code = ErrorCode.RIGHT_MISSING
    status = 403
    exit_code = 4
    zh = "您的角色没有这项权限（{right}）。如需开通，请联系本部门管理员。"
    en = "Your role does not have this right ({right}). Ask your department's administrator for it."


def department(slug: str) -> Department:
    """The department of this slug. Raises DepartmentUnknown, naming some that exist."""
    found = Department.objects.filter(slug=slug).first()
    if found is None:
        known = ", ".join(Department.objects.values_list("slug", flat=True)[:30]) or "-"
        raise DepartmentUnknown(slug=slug, known=known)
    return found


def organs() -> dict[str, str]:
    """Credit code to name of every registered department that has a code."""
    return dict(Department.objects.exclude(credit_code="").values_list("credit_code", "name_zh"))


def may(user: User, right: Right) -> bool:
    """Whether this user has the right."""
    return user.is_active and has_right(user.role, right)


def require(user: User, right: Right) -> None:
    """Raise RightMissing unless the user has the right."""
    if not may(user, right):
        raise RightMissing(right=right.value)


def is_demonstration() -> bool:
    """Whether this installation holds the fictitious city, so that every page must say so."""
    return Department.objects.filter(fictitious=True).exists()
