"""What the public site cannot show."""

from __future__ import annotations

from xinyong.errors import ErrorCode, XinyongError


class NoLongerPublic(XinyongError):
    """The record was public once. Nothing of it is repeated, not even whose it was."""

    code = ErrorCode.GONE
    status = 410
    zh = "该信息已依法停止公示。本页不再提供任何内容，也不说明它属于哪一主体；请勿继续使用此前留存的副本。"
    en = (
        "This item is no longer published, as the law requires. Nothing of it is repeated here, not even whose it was; "
        "copies kept from before may not be used any more."
    )
