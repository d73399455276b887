"""Errors of the API that belong to no single part of it."""

from __future__ import annotations

from xinyong.errors import ErrorCode, XinyongError


class KeyMissing(XinyongError):
    """The request carries no API key."""

    code = ErrorCode.KEY_MISSING
    status = 401
    zh = "请求没有携带接口密钥。请在请求头写入 Authorization: Bearer <密钥>；密钥由平台管理员发放。"
    en = "The request carries no API key. Send the header Authorization: Bearer <key>; the platform operator issues keys."

    def headers(self) -> dict[str, str]:
        return {"WWW-Authenticate": 'Bearer realm="xinyong"'}


class KeyRefused(XinyongError):
    """The key is unknown, has expired, was revoked, or its client is switched off: the answer does not tell which."""

    code = ErrorCode.KEY_REFUSED
    status = 401
    zh = "接口密钥无效、已过期或已撤销。请核对密钥是否完整；需要更换时请联系平台管理员。"
    en = "The API key is not valid, has expired or was revoked. Check that it is complete; the platform operator can issue another."

    def headers(self) -> dict[str, str]:
        return {"WWW-Authenticate": 'Bearer realm="xinyong", error="invalid_token"'}


class QuotaUsedUp(XinyongError):
    """The client has used up its requests or rows of this minute or day."""

    code = ErrorCode.QUOTA_USED_UP
    status = 429
    zh = "本{window_zh}的{what_zh}限额 {limit} 已用完，请 {seconds} 秒后再试；大量数据请合并为批次报送。"
    en = "The quota of {limit} {what_en} a {window_en} is used up. Try again in {seconds} seconds; send large amounts as batches."

    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(self.data["seconds"])}


class RequestInvalid(XinyongError):
    """The request cannot be read: malformed JSON, a wrong parameter, a header of the wrong form."""

    code = ErrorCode.REQUEST_INVALID
    status = 422
    zh = "请求无法读取（{where}）：{why_zh}"
    en = "The request cannot be read ({where}): {why_en}"


class MediaType(XinyongError):
    """The body has a type this address does not take."""

    code = ErrorCode.MEDIA_TYPE
    status = 415
    zh = "此地址不接受「{found}」类型的内容。可用：{allowed}。"
    en = "This address does not take a body of type '{found}'. It takes: {allowed}."


class BodyTooLarge(XinyongError):
    """The body is larger than this address takes."""

    code = ErrorCode.FILE_TOO_LARGE
    status = 413
    zh = "请求内容超过上限 {limit_mib} MiB，没有保存任何内容。{advice_zh}"
    en = "The body exceeds the limit of {limit_mib} MiB; nothing was kept. {advice_en}"


class LengthMissing(XinyongError):
    """The request does not say how long its body is."""

    code = ErrorCode.LENGTH_MISSING
    status = 411
    zh = "请求没有内容，或没有写明 Content-Length。请发送内容并写明长度。"
    en = "The request has no body, or no Content-Length. Send a body and say how long it is."


class KeyReused(XinyongError):
    """The idempotency key was used before with another request, or cannot be a key."""

    code = ErrorCode.IDEMPOTENCY_KEY
    status = 422
    zh = "Idempotency-Key 不能使用：{why_zh}"
    en = "The Idempotency-Key cannot be used: {why_en}"


class StillAtWork(XinyongError):
    """An earlier request with the same idempotency key has not been answered yet."""

    code = ErrorCode.IDEMPOTENCY_BUSY
    status = 409
    zh = "带有同一 Idempotency-Key 的请求正在处理，请 1 秒后用同一内容重试，将得到同一答复。"
    en = "A request with the same Idempotency-Key is being worked on. Repeat it unchanged in 1 second; the answer will be the same."

    def headers(self) -> dict[str, str]:
        return {"Retry-After": "1"}
