"""What can keep the log from going on."""

from __future__ import annotations

from xinyong.errors import ErrorCode, XinyongError


class LogRefused(XinyongError):
    """Going on would contradict what was signed: nothing is written and nothing is signed."""

    code = ErrorCode.LOG_REFUSED
    zh = "存证日志拒绝继续：{why_zh}。已签署的内容没有改动；请运行 xinyong verify-log，并按 docs/log.md「拒绝之后」处理。"
    en = (
        "The log refuses to go on: {why}. Nothing signed was changed. Run xinyong verify-log and see docs/log.md, "
        "'After a refusal'."
    )


class LogDamaged(XinyongError):
    """Files of the log are missing or altered; the ledger still holds what they are made from."""

    code = ErrorCode.LOG_DAMAGED
    zh = "存证日志文件损坏或缺失：{what}。请运行 xinyong verify-log 定位，再运行 xinyong effects --rebuild 由台账重建。"
    en = (
        "Files of the log are damaged or missing: {what}. Run xinyong verify-log to see where, then xinyong effects "
        "--rebuild to derive them from the ledger again."
    )


class LogUnwritable(XinyongError):
    """The disk refused; the log stands where it last signed."""

    code = ErrorCode.LOG_UNWRITABLE
    exit_code = 3
    zh = "存证日志无法写入 {path}：{why}。日志停在最近一次签署处；请检查磁盘空间与权限后重试。"
    en = "The log cannot be written at {path}: {why}. It stands where it last signed. Check space and rights and try again."


class RecordNotLogged(XinyongError):
    """There is no such version in the log."""

    code = ErrorCode.NOT_FOUND
    status = 404
    zh = "存证日志中没有记录 {record} 的{version}。请核对记录编号（xinyong show 可查）。"
    en = "The log holds no such version of record {record} ({version}). Check the number of the record with xinyong show."


class ActNotLogged(XinyongError):
    """There is no such act in the log."""

    code = ErrorCode.NOT_FOUND
    status = 404
    zh = "存证日志中没有第 {number} 号处理。请核对编号（xinyong show 和登记簿页面可查）。"
    en = "The log holds no act {number}. Check the number with xinyong show or on the pages of the registry."


class LogPathUnknown(XinyongError):
    """The log has no such file."""

    code = ErrorCode.NOT_FOUND
    status = 404
    zh = "存证日志中没有「{path}」。可读取 checkpoint、key.pub 和 tile/…；部分瓦片写满后请改读完整瓦片。"
    en = "The log has no '{path}'. There are checkpoint, key.pub and tile/...; read the full tile once a partial one is gone."
