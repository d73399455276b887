"""Issuing and revoking reports."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from datetime import datetime
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
from xinyong.reports import codes, seal, selectors, signing, typesetting
from xinyong.reports.chapters import Content, printed
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A report and its document: given out once, not kept."""

    report: Report
    document: bytes


def verify_url(base: str, code: str) -> str:
    """The address in the QR code. It holds the code and nothing about the subject."""
    return f"{base.rstrip('/')}/v/{code}"


def _frame(
    number: str, code: str, issued: datetime, content: Content, entity: Entity, base: str, *, demo: bool
) -> dict[str, Any]:
    issuer = str(config.get("XINYONG_OPERATOR"))
    url = verify_url(base, code)
    picture = io.BytesIO()
    segno.make(url, error="m").save(picture, kind="svg", border=0, xmldecl=False)
    local = timezone.localtime(issued)
    day = local.date()
    return {
        "number": number,
        "code": codes.grouped(code),
        "issued": f"{local:%Y-%m-%d %H:%M:%S}",
        "issued_day": f"{day:%Y-%m-%d}",
        "checked": f"{day:%Y-%m-%d}",
        "issuer": issuer,
        "site": str(config.get("XINYONG_SITE_NAME")),
        "version": VERSION,
        "kind_title": "个体工商户" if entity.kind == "individual_business" else "法人和非法人组织",
        "demo": demo,
        "seal": seal.seal(f"{issuer}电子印章", seal.DEMO if demo else ""),
        "seal_text": issuer,
        "qr": picture.getvalue().decode(),
        "verify_url": url,
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
        "content_hash": content.digest(),
    }


def issue(entity: Entity, *, actor: str, base: str, demo: bool) -> Issued:
    """Make, sign and register a report on what is public about the entity now. Raises FontsMissing."""
    now = timezone.now()
    content = selectors.content(entity, timezone.localdate(now))
    number, code = codes.new_number(timezone.localtime(now)), codes.new_code()
    document = typesetting.typeset(
        "report.typ", printed(content, _frame(number, code, now, content, entity, base, demo=demo))
    )
    pages = int(PdfFileReader(io.BytesIO(document)).root["/Pages"]["/Count"])
    document = signing.provider().sign(document, reason=f"公共信用信息报告 {number}")
    with transaction.atomic():
        report = Report.objects.create(
            number=number,
            code=code,
            entity_id=entity.pk,
            subject_name=content.subject.name,
            subject_code=content.subject.code,
            issuer=str(config.get("XINYONG_OPERATOR")),
            issued_at=now,
            content_hash=content.digest(),
            document_hash=hashlib.sha256(document).hexdigest(),
            pages=pages,
        )
        audit.record(
            actor=actor, deed="report.issued", target=content.subject.code, detail={"number": number, "pages": pages}
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
