"""Errors of the verification service. None repeats what was asked where that may be a person's number or name."""

from __future__ import annotations

from xinyong.errors import ErrorCode, XinyongError


class ItemUnknown(XinyongError):
    """The purpose or the item asked for is not in the published list, or the item has another purpose."""

    code = ErrorCode.ITEM_UNKNOWN
    status = 422
    zh = "没有核验事项「{item}」（目的「{purpose}」）。可用：{known}。"
    en = "There is no item '{item}' under the purpose '{purpose}'. There are: {known}."


class ItemNotAllowed(XinyongError):
    """The client is not registered for this item."""

    code = ErrorCode.ITEM_NOT_ALLOWED
    status = 403
    zh = "本系统未登记核验事项「{item}」，可用：{allowed}。需要增加的，请联系平台管理员。"
    en = "This client is not registered for the item '{item}'; it may ask for: {allowed}. The platform operator can add items."


class PersonQuery(XinyongError):
    """Somebody asks by an identity number or by a name: natural persons are not subjects and never answered."""

    code = ErrorCode.PERSON_QUERY
    status = 422
    zh = "核验只按主体代码进行：请使用统一社会信用代码、注册号或主体编号。不接受姓名、名称或居民身份证号码，本次内容未作记录。"
    en = (
        "Verification goes by the entity's number only: a unified credit code, a registration number or a public id. Names and "
        "identity numbers are not accepted; what was sent was not kept."
    )


class CodeInvalid(XinyongError):
    """The text is no number of an entity: a wrong check character, wrong length, or characters no code has."""

    code = ErrorCode.CODE_INVALID
    status = 422
    zh = "代码「{asked}」不能使用：{why_zh}{repaired_zh}"
    en = "The code '{asked}' cannot be used: {why_en}{repaired_en}"


class EntityUnknown(XinyongError):
    """The number is well formed, but no entity of this installation has or had it."""

    code = ErrorCode.ENTITY_UNKNOWN
    status = 404
    zh = "本平台没有代码「{asked}」对应的主体。这不表示该主体没有信用记录；请核对代码，或向登记地平台查询。"
    en = (
        "No entity of this platform has or had the number '{asked}'. That does not mean it has no record: check the number, or ask "
        "the platform where it is registered."
    )


class CheckRefused(XinyongError):
    """A file cannot be checked: its column of codes is not to be told, or its sheet cannot be written."""

    code = ErrorCode.CHECK_REFUSED
    status = 422
    exit_code = 2
    zh = "文件不能核验：{why_zh}。"
    en = "The file cannot be checked: {why_en}."
