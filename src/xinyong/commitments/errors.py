"""What can go wrong with commitments."""

from __future__ import annotations

from typing import ClassVar

from xinyong.errors import ErrorCode, XinyongError


class CommitmentsInvalid(XinyongError):
    """Kinds, texts or the procedure of commitments cannot be used; every mistake is named with its row."""

    code: ClassVar[ErrorCode] = ErrorCode.COMMITMENTS_INVALID
    status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 2
    zh: ClassVar[str] = "信用承诺的配置不能使用：{mistakes_zh}"
    en: ClassVar[str] = "The configuration of commitments cannot be used: {mistakes_en}"


class CommitmentUnknown(XinyongError):
    """There is no commitment or text of this code, or it is not the reader's."""

    code: ClassVar[ErrorCode] = ErrorCode.NOT_FOUND
    status: ClassVar[int] = 404
    exit_code: ClassVar[int] = 2
    zh: ClassVar[str] = "没有「{name}」这份承诺。请核对编码，或从列表进入。"
    en: ClassVar[str] = "There is no commitment '{name}'. Check the code, or open it from its list."


class CommitmentRefused(XinyongError):
    """A step of a commitment is not possible as things stand; nothing was written."""

    code: ClassVar[ErrorCode] = ErrorCode.COMMITMENT_REFUSED
    status: ClassVar[int] = 409
    exit_code: ClassVar[int] = 4
    zh: ClassVar[str] = "没有办理「{step}」：{why_zh}。"
    en: ClassVar[str] = "'{step}' was not done: {why_en}."


class CommitmentChanged(XinyongError):
    """Somebody else moved the commitment meanwhile; nothing was written."""

    code: ClassVar[ErrorCode] = ErrorCode.COMMITMENT_CHANGED
    status: ClassVar[int] = 409
    exit_code: ClassVar[int] = 4
    zh: ClassVar[str] = "这份承诺刚刚被他人办理过，现为「{state_zh}」。请刷新后按现在的状态办理。"
    en: ClassVar[str] = (
        "Somebody has just handled this commitment; it is '{state_en}' now. Reload and go on from there."
    )
