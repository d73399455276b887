"""The letter of a commitment: numbered and worded when it is signed, set as PDF when first wanted, verified like reports."""

from __future__ import annotations

from datetime import datetime

from xinyong.commitments.models import Commitment, CommitmentStep
from xinyong.notices import documents
from xinyong.notices.models import Document
from xinyong.registry import selectors as registry

TEMPLATE = "commitment-letter"
#: After these steps the letter of the verification page is not in force any more.
_ENDINGS = ("withdraw", "lapse", "repair")


def paragraphs(promise: Commitment, *, by: str) -> list[str]:
    """What the letter says; ``by``: who signed, in words without a name."""
    entity = registry.canonical(promise.entity)
    lines = [f"{promise.department.name_zh}：", f"本单位就“{promise.matter}”自愿作出如下承诺："]
    lines += [f"{place}．{line}" for place, line in enumerate(promise.content.splitlines(), start=1)]
    lines.append(f"违诺责任：{promise.liability}")
    lines.append(
        f"承诺有效期至 {promise.valid_until}。" if promise.valid_until else "承诺自作出之日起有效，至履行完毕为止。"
    )
    lines.append(f"公开类型：{promise.publicity}。完成前可以说明理由撤回，按一般程序办理。")
    lines.append(
        f"承诺人：{entity.name}（{registry.address_key(entity)}）；{by}于 {promise.signed_on} 通过统一身份认证签署。"
    )
    return lines


def issue(promise: Commitment, title: str, *, by: str, at: datetime) -> Document:
    """Number the letter, in the transaction of the signature."""
    return documents.make(
        template=TEMPLATE,
        key=f"commitment:{promise.pk}:letter",
        title=title,
        entity=promise.entity,
        case_number=promise.code or "",
        paragraphs=paragraphs(promise, by=by),
        at=at,
    )


def of(promise: Commitment) -> Document | None:
    """The letter of a commitment that was signed."""
    return documents.by_key(f"commitment:{promise.pk}:letter")


def ended_at(document: Document) -> datetime | None:
    """When what the letter says stopped to hold; None while it holds."""
    step = (
        CommitmentStep.objects.filter(commitment__code=document.case_number, step__in=_ENDINGS).order_by("-seq").first()
    )
    return step.at if step is not None else None
