"""What can go wrong when officers work on the rules."""

from __future__ import annotations

from typing import ClassVar

from xinyong.errors import ErrorCode, XinyongError


class RulesRefused(XinyongError):
    """A deed on the rules of publicity is not possible as things stand; nothing was changed."""

    code: ClassVar[ErrorCode] = ErrorCode.RULES_REFUSED
    status: ClassVar[int] = 409
    exit_code: ClassVar[int] = 4
    zh: ClassVar[str] = "规则没有改动：{why_zh}。"
    en: ClassVar[str] = "The rules were not changed: {why_en}."


class RuleUnknown(XinyongError):
    """There is no rule of this number."""

    code: ClassVar[ErrorCode] = ErrorCode.NOT_FOUND
    status: ClassVar[int] = 404
    exit_code: ClassVar[int] = 2
    zh: ClassVar[str] = "没有编号为「{row}」的规则。请核对编号。"
    en: ClassVar[str] = "There is no rule '{row}'. Check its number."


class RetentionRefused(XinyongError):
    """A deed of retention is not possible as things stand; nothing was changed."""

    code: ClassVar[ErrorCode] = ErrorCode.RULES_REFUSED
    status: ClassVar[int] = 409
    exit_code: ClassVar[int] = 4
    zh: ClassVar[str] = "没有执行：{why_zh}。"
    en: ClassVar[str] = "Nothing was done: {why_en}."


class ArchiveClosed(XinyongError):
    """The archive is closed to whoever was not named to read it."""

    code: ClassVar[ErrorCode] = ErrorCode.RIGHT_MISSING
    status: ClassVar[int] = 403
    exit_code: ClassVar[int] = 4
    zh: ClassVar[str] = "档案封闭保存，「{user}」未被指定查阅。请由规则管理员指定，并写明理由和期限。"
    en: ClassVar[str] = (
        "The archive is closed and '{user}' was not named to read it. Who runs the rules names officers, with reason and day."
    )
