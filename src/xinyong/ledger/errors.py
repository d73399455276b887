"""What can be wrong with a question to the ledger, or with an act on a record."""

from __future__ import annotations

from xinyong.errors import ErrorCode, XinyongError


class EntityNotFound(XinyongError):
    """No entity of this code, number or public id."""

    code = ErrorCode.NOT_FOUND
    status = 404
    zh = "没有代码、号码或编号为「{key}」的主体。可用 xinyong search 按名称查找。"
    en = "There is no entity with the code, number or id '{key}'. Try xinyong search with its name."


class RecordNotFound(XinyongError):
    """No record of this number, or none at that time."""

    code = ErrorCode.NOT_FOUND
    status = 404
    zh = "没有编号为 {record} 的记录{when_zh}。编号见 xinyong show --json 的 record_id。"
    en = "There is no record with the number {record}{when}. xinyong show --json gives numbers as record_id."


class VersionNotFound(XinyongError):
    """The record has no such version."""

    code = ErrorCode.NOT_FOUND
    status = 404
    zh = "记录 {record} 没有第 {version} 版（共 {count} 版）。"
    en = "Record {record} has no version {version}; it has {count}."


class MomentAhead(XinyongError):
    """How things will stand cannot be read."""

    code = ErrorCode.MOMENT_AHEAD
    status = 400
    exit_code = 2
    zh = "时点 {moment} 尚未到来，不能查询。请给出过去的时点。"
    en = "The moment {moment} has not come yet. Give one in the past."


class StatusRefused(XinyongError):
    """The act on the record is not possible."""

    code = ErrorCode.STATUS_REFUSED
    status = 409
    exit_code = 2
    zh = "记录 {record} 不能登记「{act}」：{why_zh}。"
    en = "'{act}' cannot be recorded for record {record}: {why}."
