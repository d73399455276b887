"""What can go wrong with subscriptions and deliveries of notices."""

from __future__ import annotations

from xinyong.errors import ErrorCode, XinyongError


class SubscriptionRefused(XinyongError):
    """A subscription cannot be made, confirmed or changed as asked."""

    code = ErrorCode.SUBSCRIPTION_REFUSED
    status = 422
    zh = "没有保存：{why_zh}。"
    en = "Not saved: {why_en}."


class NotDelivered(XinyongError):
    """A message was not taken by the other side; it is tried again by itself."""

    code = ErrorCode.NOTICE_NOT_DELIVERED
    status = 502
    zh = "通知没有送达：{why}。系统会按间隔自动重试。"
    en = "The notice was not delivered: {why}. It is tried again by itself."
