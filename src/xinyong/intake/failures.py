"""A refusal of the content told apart from a failure of the machinery, and when a failure is tried again."""

from __future__ import annotations

from datetime import timedelta

import psycopg

from xinyong.catalogue.errors import CatalogueInvalid
from xinyong.errors import ErrorCode, XinyongError
from xinyong.intake import store
from xinyong.intake.reading import errors as reading
from xinyong.runtime import database
from xinyong.runtime.config import SettingInvalid

#: Pauses before the next try of a delivery that failed; after the last one only a person starts another.
PAUSES = (
    timedelta(seconds=10),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=20),
    timedelta(hours=1),
)
TRIES = len(PAUSES) + 1


class DeliveryFailed(XinyongError):
    """The machinery failed while a delivery was taken in; its content was not judged and nothing was stored."""

    code = ErrorCode.DELIVERY_FAILED
    status = 503
    exit_code = 3
    zh = "批次 {number} 处理失败，未入库任何一行，原文件已保存：{why_zh} {next_zh}"
    en = "Delivery {number} failed, no row was stored, its file is kept: {why_en} {next_en}"


def is_technical(error: BaseException) -> bool:
    """Whether this says nothing about the content. Anything the reading rooms did not name themselves is technical."""
    if isinstance(error, store.FileMissing | reading.FileMissing | SettingInvalid | CatalogueInvalid):
        return True
    if isinstance(error, XinyongError):
        return error.exit_code == 3 or error.code is ErrorCode.INTERNAL
    return True


def pause(tries: int) -> timedelta | None:
    """How long to wait after this many tries in a row; None: no further try by itself."""
    return PAUSES[tries - 1] if 0 < tries <= len(PAUSES) else None


def explained(error: BaseException) -> tuple[str, str]:
    """What happened in Chinese and English, for officers and operators; never a row of the delivery."""
    if isinstance(error, XinyongError):
        return error.message("zh"), error.message("en")
    cause = error.__cause__ if isinstance(error.__cause__, psycopg.Error) else error
    known = database.explain(error)
    if known is not None:
        return known.message("zh"), known.message("en")
    if isinstance(cause, psycopg.Error):
        # The primary message names tables and conditions; the detail may quote a row and is left out.
        words = cause.diag.message_primary or type(cause).__name__
        return f"数据库报错：{words}", f"The database reports: {words}"
    if isinstance(error, OSError):
        return f"系统报错：{error.strerror or error}", f"The system reports: {error.strerror or error}"
    if isinstance(error, MemoryError):
        return "内存不足。", "Out of memory."
    name = type(error).__name__
    return f"程序错误 {name}，详见日志。", f"Program error {name}; see the log."
