"""Errors of share links."""

from __future__ import annotations

from xinyong.errors import ErrorCode, XinyongError


class ShareRefused(XinyongError):
    """A wish that cannot be met, or a link that cannot be taken back."""

    code = ErrorCode.SHARE_REFUSED
    status = 422
    exit_code = 1
    zh = "分享没有办理：{why_zh}"
    en = "The share was not carried out: {why_en}"


class ShareEnded(XinyongError):
    """The link has expired or was taken back. Nothing of what it showed is repeated."""

    code = ErrorCode.GONE
    status = 410
    zh = "这个分享链接{why_zh}，不再显示任何内容。需要时请向分享人索取新的链接，或查看该主体的公开信用档案。"
    en = (
        "This share link {why_en} and shows nothing any more. Ask the sender for a new link, or look at the public file of "
        "the entity."
    )
