"""Errors of open data."""

from __future__ import annotations

from xinyong.errors import ErrorCode, XinyongError


class CutUnderWay(XinyongError):
    """A record in the newest bulk file stopped being public, so the file is withheld until it was cut again."""

    code = ErrorCode.CUT_UNDER_WAY
    status = 503
    exit_code = 1
    passing = True
    zh = "数据集「{dataset}」的文件正在重新生成：其中有信息已停止公示，旧文件不再提供。请在 {seconds} 秒后重试，或读取变更：{changes}。"
    en = (
        "The file of the dataset '{dataset}' is being cut again: a record in it has stopped being public, so the old file is "
        "not given out any more. Try again in {seconds} seconds, or read the changes: {changes}."
    )

    def headers(self) -> dict[str, str]:
        """When to come again."""
        return {"Retry-After": str(self.data["seconds"])}


class CutGone(XinyongError):
    """An older bulk file that is not kept, or that holds a record which has stopped being public."""

    code = ErrorCode.NOT_FOUND
    status = 410
    zh = "文件「{name}」不再提供：已超过保留数量，或其中有信息已停止公示。最新文件：{latest}。"
    en = (
        "The file '{name}' is not given out any more: newer ones took its place, or a record in it has stopped being "
        "public. The newest file: {latest}."
    )


class FilesUnwritable(XinyongError):
    """A bulk file could not be written; the older files stay."""

    code = ErrorCode.STORE_UNWRITABLE
    exit_code = 1
    zh = "数据集「{dataset}」的文件写不进 {path}：{why}。原有文件不受影响；请检查磁盘空间与权限后重试 xinyong opendata cut。"
    en = (
        "The file of the dataset '{dataset}' could not be written to {path}: {why}. The older files are untouched; check "
        "space and rights and run xinyong opendata cut again."
    )
