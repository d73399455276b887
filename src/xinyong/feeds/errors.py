"""Errors of feeds."""

from __future__ import annotations

from xinyong.errors import ErrorCode, XinyongError


class FeedRefused(XinyongError):
    """A feed cannot be made or changed like this."""

    code = ErrorCode.FEED_REFUSED
    status = 422
    exit_code = 2
    zh = "消息订阅没有保存：{why_zh}。"
    en = "The feed was not saved: {why_en}."
