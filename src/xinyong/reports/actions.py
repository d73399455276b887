"""Issuing and revoking reports."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import segno
from django.db import transaction
from django.utils import timezone
from pyhanko.pdf_utils.reader import PdfFileReader

from xinyong.accounts import selectors as accounts
from xinyong.accounts.models import User
from xinyong.accounts.rules import Right
from xinyong.audit import actions as audit
from xinyong.errors import ErrorCode, XinyongError
from xinyong.registry.models import Entity
from xinyong.reports import codes, seal, selectors, signing, special, typesetting
from xinyong.reports.chapters import Subject, printed
from xinyong.reports.models import Report
from xinyong.runtime import config

VERSION = "V2.0"
NOTES = (
    "本报告信息由各有关部门依法提供，平台客观中立展示，不编辑修改信息内容，不进行评分或等级评定；每条信息均可凭来源批次追溯。",
    "轻微失信信息、已修复信息和超过最长公示期的信息，依法不在本报告中展示。",
    "对信息有异议的，可以向平台或者提供信息的部门提出异议申诉；异议处理期间相关信息予以标注。",
    "本报告以电子签名版本为准，打印件凭核验码核对；出具、核验和信用修复均不收取任何费用。",
)


class ReportRefused(XinyongError):
    """A report that cannot be revoked: unknown, already void, or no reason given."""

    code = ErrorCode.REPORT_REFUSED
    status = 409
    exit_code = 1
    zh = "报告「{report}」不能作废：{why_zh}"
    en = "Report '{report}' cannot be revoked: {why_en}"


class SpecialRefused(XinyongError):
    """A special report that cannot be made as wished."""

    code = ErrorCode.REPORT_REFUSED
    status = 422
    exit_code = 1
    zh = "专用信用报告没有出具：{why_zh}。"
    en = "The special report was not issued: {why_en}."


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A report and its document: given out once, not kept."""

    report: Report
    document: bytes


def verify_url(base: str, code: str) -> str:
    """The address in the QR code. It holds the code and nothing about the subject."""
    return f"{base.rstrip('/')}/v/{code}"


def paper_frame(
    *, number: str, code: str, issued: datetime, digest: str, issuer: str, base: str, demo: bool
) -> dict[str, Any]:
    """What every official paper is set with: number, code with its picture, seal, day, issuer."""
    url = verify_url(base, code)
    picture = io.BytesIO()
    segno.make(url, error="m").save(picture, kind="svg", border=0, xmldecl=False)
    local = timezone.localtime(issued)
    return {
        "number": number,
        "code": codes.grouped(code),
        "issued": f"{local:%Y-%m-%d %H:%M:%S}",
        "issued_day": f"{local.date():%Y-%m-%d}",
        "issuer": issuer,
        "site": str(config.get("XINYONG_SITE_NAME")),
        "demo": demo,
        "seal": seal.seal(f"{issuer}电子印章", seal.DEMO if demo else ""),
        "seal_text": issuer,
        "qr": picture.getvalue().decode(),
        "verify_url": url,
        "content_hash": digest,
    }


def _frame(
    number: str, code: str, issued: datetime, digest: str, entity: Entity, base: str, *, demo: bool
) -> dict[str, Any]:
    issuer = str(config.get("XINYONG_OPERATOR"))
    day = timezone.localtime(issued).date()
    frame = paper_frame(number=number, code=code, issued=issued, digest=digest, issuer=issuer, base=base, demo=demo)
    return {
        **frame,
        "checked": f"{day:%Y-%m-%d}",
        "version": VERSION,
        "kind_title": "个体工商户" if entity.kind == "individual_business" else "法人和非法人组织",
        "notes": list(NOTES),
        "queries": selectors.queries(entity, selectors.last_year(day)),
        "how": [
            ["扫码核验", "扫描封面二维码，比对主体名称、报告编号、生成时间和内容摘要，无需登录。"],
            [
                "验签核验",
                f"用任意支持 PAdES 的阅读器打开电子版，查看签名“{signing.FIELD}”有效且文件未被修改；也可以在验证页面选择文件核对。",
            ],
            [
                "接口核验",
                "GET /api/v1/reports/{核验码} 返回报告状态（有效、已更新、已作废、不存在）与摘要，供银行、招投标系统自动比对。",
            ],
        ],
    }


def issue(entity: Entity, *, actor: str, base: str, demo: bool) -> Issued:
    """Make, sign and register a report on what is public about the entity now. Raises FontsMissing."""
    now = timezone.now()
    content = selectors.content(entity, timezone.localdate(now))
    return _issued(
        entity, now, content.subject, content.digest(), "report.typ", lambda frame: printed(content, frame),
        actor=actor, base=base, demo=demo,
    )  # fmt: skip


def issue_special(
    entity: Entity, scope: special.Scope, *, actor: str, base: str, demo: bool, reason: str = ""
) -> Issued:
    """Make a special report for the subject's own account ``actor``. Raises SpecialRefused, FontsMissing.

    It holds more than the public sees, so it is given to nobody but the subject: the caller has checked that ``actor`` may
    act for the entity.
    """
    now = timezone.now()
    today = timezone.localdate(now)
    _check(scope, today)
    try:
        content = special.content(entity, scope, today)
    except special.TooMany:
        raise SpecialRefused(
            why_zh=f"所选范围超过 {special.LARGEST} 条信息，请缩短期间或减少领域",
            why_en=f"the scope holds more than {special.LARGEST} records: shorten the period, or choose fewer fields",
        ) from None
    return _issued(
        entity, now, content.subject, content.digest(), "special.typ", lambda frame: special.printed(content, frame),
        actor=actor, base=base, demo=demo, scope=scope, reason=reason,
    )  # fmt: skip


def issue_special_on_request(
    user: User, entity: Entity, scope: special.Scope, *, base: str, demo: bool, reason: str
) -> Issued:
    """An officer makes it because the subject asked; ``reason`` says who asked how. Raises RightMissing, SpecialRefused."""
    accounts.require(user, Right.SUBJECT_SERVE)
    if not reason.strip():
        raise SpecialRefused(why_zh="没有写明主体的申请", why_en="the request of the subject is not named")
    return issue_special(entity, scope, actor=user.username, base=base, demo=demo, reason=reason.strip())


def _check(scope: special.Scope, today: date) -> None:
    rules = special.rules()
    unknown = sorted(set(scope.fields) - {field.code for field in rules.fields})
    if unknown:
        raise SpecialRefused(
            why_zh=f"没有这些领域：{'、'.join(unknown[:5])}",
            why_en=f"there are no such fields: {', '.join(unknown[:5])}",
        )
    if scope.first > scope.last:
        raise SpecialRefused(why_zh="起始日期在截止日期之后", why_en="the first day is after the last")
    if scope.last > today:
        raise SpecialRefused(why_zh="截止日期在今天之后", why_en="the last day is after today")
    earliest = special.years_before(today, rules.longest_years)
    if scope.first < earliest:
        raise SpecialRefused(
            why_zh=f"最早可以查到 {earliest}（{rules.longest_years} 年）",
            why_en=f"the earliest day is {earliest} ({rules.longest_years} years)",
        )


def _issued(
    entity: Entity, now: datetime, subject: Subject, digest: str, template: str, data: Callable[[dict[str, Any]], dict[str, Any]],
    *, actor: str, base: str, demo: bool, scope: special.Scope | None = None, reason: str = "",
) -> Issued:  # fmt: skip
    number, code = codes.new_number(timezone.localtime(now)), codes.new_code()
    kind = Report.Kind.SPECIAL if scope is not None else Report.Kind.STANDARD
    document = typesetting.typeset(template, data(_frame(number, code, now, digest, entity, base, demo=demo)))
    pages = int(PdfFileReader(io.BytesIO(document)).root["/Pages"]["/Count"])
    document = signing.provider().sign(document, reason=f"{kind.label} {number}")
    with transaction.atomic():
        report = Report.objects.create(
            number=number,
            code=code,
            kind=kind,
            scope=scope.as_json() if scope is not None else {},
            entity_id=entity.pk,
            subject_name=subject.name,
            subject_code=subject.code,
            issuer=str(config.get("XINYONG_OPERATOR")),
            issued_at=now,
            content_hash=digest,
            document_hash=hashlib.sha256(document).hexdigest(),
            pages=pages,
        )
        audit.record(
            actor=actor,
            deed="report.issued",
            target=subject.code,
            purpose=reason[:200],
            detail={"number": number, "pages": pages, "kind": kind.value},
        )
    return Issued(report=report, document=document)


def revoke(report: str, *, acting: User, reason: str) -> Report:
    """Declare an issued report void; its verification says so from now on. Raises RightMissing, ReportRefused."""
    accounts.require(acting, Right.REPORT_REVOKE)
    if not reason.strip():
        raise ReportRefused(report=report, why_zh="没有写明理由。", why_en="no reason is given.")
    with transaction.atomic():
        found = selectors.by_code(report)
        if found is None:
            raise ReportRefused(report=report, why_zh="没有这份报告。", why_en="there is no such report.")
        held = Report.objects.select_for_update().get(pk=found.pk)
        if held.revoked_at is not None:
            raise ReportRefused(report=report, why_zh="已经作废。", why_en="it is void already.")
        held.revoked_at = timezone.now()
        held.revoked_by = acting.username
        held.revoked_reason = reason.strip()
        held.save(update_fields=["revoked_at", "revoked_by", "revoked_reason"])
        audit.record(
            actor=acting.username,
            deed="report.revoked",
            target=held.subject_code,
            purpose=held.revoked_reason[:200],
            detail={"number": held.number},
        )
    return held
