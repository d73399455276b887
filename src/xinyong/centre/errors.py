"""What can go wrong in the enterprise centre."""

from __future__ import annotations

from xinyong.errors import ErrorCode, XinyongError


class IdentityUnavailable(XinyongError):
    """The identity provider is not set up, or does not answer as it must."""

    code = ErrorCode.IDENTITY_UNAVAILABLE
    status = 503
    exit_code = 3
    zh = "统一身份认证暂时不能使用：{why_zh}。没有登录，也没有改动任何内容；公示信息不用登录即可查询。"
    en = (
        "Unified identity cannot be used now: {why_en}. Nobody was signed in and nothing was changed; public information "
        "needs no sign-in."
    )


class IdentityRefused(XinyongError):
    """The answer of the identity provider could not be accepted."""

    code = ErrorCode.IDENTITY_REFUSED
    status = 403
    zh = "登录没有完成：{why_zh}。请从企业中心重新登录。"
    en = "Signing in was not completed: {why_en}. Start again from the enterprise centre."


class SessionEnded(XinyongError):
    """A form of the centre was sent after the session had ended."""

    code = ErrorCode.SIGN_IN_NEEDED
    status = 401
    zh = "登录已过期（{minutes} 分钟没有操作或已退出），没有提交任何内容。请在新窗口登录企业中心，再回到本页重新提交，已填的内容不会丢失。"
    en = (
        "The session has ended (no activity for {minutes} minutes, or signed out) and nothing was submitted. Sign in to "
        "the enterprise centre in another window, come back to this page and submit again; what you typed is still there."
    )


class FirmRightMissing(XinyongError):
    """The person acts for the firm, but not for this deed."""

    code = ErrorCode.RIGHT_MISSING
    status = 403
    exit_code = 4
    zh = "您没有「{right_zh}」权限，没有提交任何内容。请由法定代表人办理，或请其在“经办人与权限”中为您开通。"
    en = (
        "You do not have the right to {right_en}; nothing was submitted. Ask the legal representative to do it, or to give "
        "you the right under 'Delegates and rights'."
    )


class MandateRefused(XinyongError):
    """A delegation cannot be made, taken up or ended as asked."""

    code = ErrorCode.MANDATE_REFUSED
    status = 422
    zh = "没有保存：{why_zh}。"
    en = "Not saved: {why_en}."


class FirmPageNotFound(XinyongError):
    """Nothing of this firm has this address; what belongs to others answers the same."""

    code = ErrorCode.NOT_FOUND
    status = 404
    zh = "没有这一项，或它不属于当前企业。请从企业中心首页重新进入。"
    en = "There is no such item, or it does not belong to this firm. Start again from the home page of the centre."


class AuthorisationRefused(XinyongError):
    """An authorisation cannot be given or ended as asked."""

    code = ErrorCode.AUTHORISATION_REFUSED
    status = 422
    zh = "没有保存：{why_zh}。"
    en = "Not saved: {why_en}."
