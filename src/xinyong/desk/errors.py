"""What can go wrong at the desk."""

from __future__ import annotations

from xinyong.errors import ErrorCode, XinyongError


class CaseUnknown(XinyongError):
    """There is no such case, or the officer may not see it: both look the same."""

    code = ErrorCode.NOT_FOUND
    status = 404
    zh = "没有编号为 {number} 的认定事项，或您无权查看。"
    en = "There is no case {number}, or you may not see it."


class CaseMovedOn(XinyongError):
    """Another officer was faster, or the department has answered meanwhile."""

    code = ErrorCode.REGISTRY_CHANGED
    status = 409
    exit_code = 1
    zh = "认定事项 {number} 现为「{state_zh}」，{why_zh}。您的操作没有生效，请查看当前状态。"
    en = "Case {number} is '{state_en}' now: {why_en}. Nothing was done; look at its present state."


class ChoiceRefused(XinyongError):
    """What was chosen cannot be taken as it stands."""

    code = ErrorCode.REGISTRY_REFUSED
    status = 422
    exit_code = 1
    zh = "不能提交：{why_zh}。"
    en = "This cannot be taken: {why_en}."


class RowGone(XinyongError):
    """The delivered file is not in the store any more, or has no such row."""

    code = ErrorCode.FILE_MISSING
    status = 409
    exit_code = 1
    zh = "批次 {number} 的原文件已不在存储中，读不到第 {row} 行。请退回部门，由其重新报送。"
    en = "The file of delivery {number} is no longer kept, so row {row} cannot be read. Return it; the department delivers again."
