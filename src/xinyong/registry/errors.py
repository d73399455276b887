"""What can go wrong with a deed on the registry."""

from __future__ import annotations

from xinyong.errors import ErrorCode, XinyongError


class EntityUnknown(XinyongError):
    """No entity has this code, number or public id."""

    code = ErrorCode.NOT_FOUND
    status = 404
    zh = "没有代码、号码或编号为「{key}」的主体。请核对后重试；可先按名称查询。"
    en = "There is no entity with the code, number or id '{key}'. Check it, or search for the name first."


class MergeRefused(XinyongError):
    """These two entries may not become one."""

    code = ErrorCode.REGISTRY_REFUSED
    status = 422
    exit_code = 1
    zh = "不能把「{member}」并入「{into}」：{why_zh}。没有作任何改动。"
    en = "'{member}' cannot be merged into '{into}': {why_en}. Nothing was changed."


class ActRefused(XinyongError):
    """The registry does not take this deed as it stands."""

    code = ErrorCode.REGISTRY_REFUSED
    status = 422
    exit_code = 1
    zh = "不能办理：{why_zh}。没有作任何改动。"
    en = "This cannot be done: {why_en}. Nothing was changed."


class ActOvertaken(XinyongError):
    """Somebody else was faster: what the officer looked at is no longer so."""

    code = ErrorCode.REGISTRY_CHANGED
    status = 409
    exit_code = 1
    zh = "办理期间登记情况已变化：{why_zh}。没有作任何改动，请重新查看后再办理。"
    en = "The registry changed meanwhile: {why_en}. Nothing was changed; look again before going on."


class ActUnknown(XinyongError):
    """There is no act of this number."""

    code = ErrorCode.NOT_FOUND
    status = 404
    zh = "没有编号为「{number}」的登记办理记录。请核对编号。"
    en = "There is no registry act '{number}'. Check the number."
