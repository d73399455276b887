"""The only writers of departments and users."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from xinyong.accounts.models import Department, Role, User
from xinyong.audit import actions as audit
from xinyong.errors import ErrorCode, XinyongError


class PasswordWeak(XinyongError):
    """The password can be guessed."""

    code = ErrorCode.PASSWORD_WEAK
    status = 422
    exit_code = 2
    zh = "密码太弱：{why} 请至少使用 10 个字符，不要用常见词、纯数字或与账号相近的内容。"
    en = "The password is too weak: {why} Use at least 10 characters, no common word, not digits only, nothing like the name."


@transaction.atomic
def register_department(
    *,
    slug: str,
    name_zh: str,
    name_en: str = "",
    credit_code: str = "",
    fictitious: bool = False,
    datasets: Sequence[str] | None = None,
    acting: str,
) -> Department:
    """Add a department, or bring its names up to date. ``acting`` is the user or command that does it.

    ``datasets``: what it delivers through the console; None leaves it as it is, an empty list means every dataset.
    """
    values: dict[str, Any] = {
        "name_zh": name_zh,
        "name_en": name_en,
        "credit_code": credit_code,
        "fictitious": fictitious,
    }
    if datasets is not None:
        values["datasets"] = sorted(set(datasets))
    department, made = Department.objects.update_or_create(slug=slug, defaults=values)
    if made:
        audit.record(actor=acting, deed="department.registered", target=slug, detail=values)
    return department


@transaction.atomic
def create_user(
    *, username: str, password: str, display_name: str, role: Role, department: Department | None, acting: str
) -> User:
    """Make a user, or set the password and role of an existing one. The audit row never holds the password.

    Raises PasswordWeak with everything that is wrong with the password.
    """
    user = User.objects.filter(username=username).first() or User(username=username)
    user.display_name = display_name
    user.role = role
    user.department = department
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise PasswordWeak(why=" ".join(error.messages)) from error
    user.set_password(password)
    user.save()
    audit.record(actor=acting, deed="user.saved", target=username, detail={"role": role.value})
    return user
