"""What can be wrong with a source. No message ever holds a password or a row."""

from __future__ import annotations

from xinyong.errors import ErrorCode, XinyongError


class SourceInvalid(XinyongError):
    """The definition of a source cannot be used."""

    code = ErrorCode.SOURCE_INVALID
    exit_code = 2
    zh = "抽取源「{source}」的定义不能使用：{why_zh}"
    en = "The definition of source '{source}' cannot be used: {why_en}"


class SourceUnknown(XinyongError):
    """There is no source of this name."""

    code = ErrorCode.SOURCE_INVALID
    status = 404
    exit_code = 2
    zh = "没有名为「{source}」的抽取源。文件夹 {folder} 中有：{known}。"
    en = "There is no source '{source}'. In folder {folder} there are: {known}."


class SourceUnavailable(XinyongError):
    """The department's database does not answer, refuses the sign-in, or went away in the middle."""

    code = ErrorCode.SOURCE_UNAVAILABLE
    status = 503
    exit_code = 3
    zh = "抽取源「{source}」的数据库 {address} 连接不上或中断：{why}。已读的数据没有标记，恢复后自动重新抽取。"
    en = "The database {address} of source '{source}' cannot be reached or went away: {why}. Nothing was flagged; the same rows are pulled again."


class SourceTable(XinyongError):
    """The table is not as the definition says: missing table, column or right, or another type."""

    code = ErrorCode.SOURCE_INVALID
    status = 422
    exit_code = 2
    zh = "抽取源「{source}」的表 {table} 与定义不符：{why_zh}。请与部门核对表结构和授权，再改正定义。"
    en = "Table {table} of source '{source}' is not as defined: {why_en}. Check structure and rights with the department, then correct the definition."


class SourceLocked(XinyongError):
    """Another program holds a lock on the table for too long."""

    code = ErrorCode.SOURCE_UNAVAILABLE
    status = 503
    exit_code = 3
    zh = "抽取源「{source}」的表 {table} 被其他程序锁住，{seconds} 秒内没有放开。稍后自动重试。"
    en = "Table {table} of source '{source}' is locked by another program and was not let go within {seconds} s. It is tried again."
