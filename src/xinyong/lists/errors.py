"""What can go wrong with lists and measures."""

from __future__ import annotations

from typing import ClassVar

from xinyong.errors import ErrorCode, XinyongError


class ListsInvalid(XinyongError):
    """A configuration of a list, a procedure or a measure cannot be used; every mistake is named with its row."""

    code: ClassVar[ErrorCode] = ErrorCode.LISTS_INVALID
    status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 2
    zh: ClassVar[str] = "名单或措施配置不能使用：{mistakes_zh}"
    en: ClassVar[str] = "The configuration of lists or measures cannot be used: {mistakes_en}"


class ListUnknown(XinyongError):
    """There is no list, case, measure or piece of joint work of this name."""

    code: ClassVar[ErrorCode] = ErrorCode.NOT_FOUND
    status: ClassVar[int] = 404
    exit_code: ClassVar[int] = 2
    zh: ClassVar[str] = "没有「{name}」。请核对编号，或从列表进入。"
    en: ClassVar[str] = "There is no '{name}'. Check the number, or open it from its list."


class ListRefused(XinyongError):
    """A step of a listing procedure is not possible as things stand; nothing was written."""

    code: ClassVar[ErrorCode] = ErrorCode.LIST_REFUSED
    status: ClassVar[int] = 409
    exit_code: ClassVar[int] = 4
    zh: ClassVar[str] = "没有办理「{step}」：{why_zh}。"
    en: ClassVar[str] = "'{step}' was not done: {why_en}."


class CaseChanged(XinyongError):
    """Somebody else moved the case meanwhile; nothing was written."""

    code: ClassVar[ErrorCode] = ErrorCode.LIST_CHANGED
    status: ClassVar[int] = 409
    exit_code: ClassVar[int] = 4
    zh: ClassVar[str] = "{who} 已于 {at} 办理「{step}」，本件现为「{state_zh}」。请刷新后按现在的状态办理。"
    en: ClassVar[str] = "{who} has done '{step_en}' at {at}; it is '{state_en}' now. Reload and go on from there."


class MeasureRefused(XinyongError):
    """A measure or an incentive may not be applied; the tests it fails are named."""

    code: ClassVar[ErrorCode] = ErrorCode.MEASURE_REFUSED
    status: ClassVar[int] = 409
    exit_code: ClassVar[int] = 4
    zh: ClassVar[str] = "没有办理：{why_zh}。"
    en: ClassVar[str] = "Not done: {why_en}."
