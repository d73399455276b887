"""Errors of the editor."""

from __future__ import annotations

from xinyong.errors import ErrorCode, XinyongError


class ContentRefused(XinyongError):
    """An article that cannot be saved, published or archived as wished."""

    code = ErrorCode.CONTENT_REFUSED
    status = 422
    exit_code = 1
    zh = "没有办理：{why_zh}。"
    en = "Not carried out: {why_en}."


class ArticleArchived(XinyongError):
    """The article was archived by the editor: it is not shown any more."""

    code = ErrorCode.GONE
    status = 410
    zh = "这篇内容已经下线归档。可以在栏目中查看其他内容。"
    en = "This article was archived and is not shown any more. See the other articles of the section."
