"""What can go wrong with a case."""

from __future__ import annotations

from xinyong.errors import ErrorCode, XinyongError


class CaseUnknown(XinyongError):
    """There is no such case, or it is none of the asker's: both look the same."""

    code = ErrorCode.NOT_FOUND
    status = 404
    zh = "没有编号为 {number} 的事项，或您无权查看。"
    en = "There is no case {number}, or you may not see it."


class CaseMovedOn(XinyongError):
    """Somebody was faster: the case is not as it was when the page was opened."""

    code = ErrorCode.REMEDY_CHANGED
    status = 409
    exit_code = 1
    zh = "事项 {number} 已由{who_zh}办理，现为「{state_zh}」。您的操作没有生效，请查看当前状态后再办理。"
    en = (
        "Case {number} was dealt with by {who_en} and is '{state_en}' now. Nothing was done; look at its present state."
    )


class RemedyRefused(XinyongError):
    """The act does not fit the rules; the text says which one and when it will."""

    code = ErrorCode.REMEDY_REFUSED
    status = 422
    exit_code = 2
    zh = "不能办理：{why_zh}。"
    en = "This cannot be done: {why_en}."


class FileRefused(XinyongError):
    """A file that was handed in cannot be taken."""

    code = ErrorCode.REMEDY_REFUSED
    status = 422
    exit_code = 2
    zh = "文件「{name}」不能接收：{why_zh}。"
    en = "The file '{name}' cannot be taken: {why_en}."


class TipTooLate(XinyongError):
    """The record was public once. Nothing of it is repeated, so nothing is asked about it."""

    code = ErrorCode.GONE
    status = 410
    zh = "该信息已依法停止公示，不再接收线索。"
    en = "This item is no longer published, as the law requires; no tip is taken about it."
