"""Official papers of cases: numbered with the step, set by Typst and signed when first wanted, verified like reports."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from django.utils import timezone

from xinyong.catalogue import selectors as catalogue
from xinyong.ledger import selectors as ledger
from xinyong.ledger.errors import RecordNotFound
from xinyong.notices import texts
from xinyong.notices.models import Document
from xinyong.registry import keys
from xinyong.registry import selectors as registry
from xinyong.registry.models import Entity
from xinyong.remedies import selectors as cases
from xinyong.remedies.errors import CaseUnknown
from xinyong.remedies.told import Told
from xinyong.reports import actions as reports
from xinyong.reports import codes, others, signing, typesetting
from xinyong.reports import selectors as report_selectors
from xinyong.runtime import config

#: Rooms above whose papers stop to hold: by template, when a paper did; None while it holds. They register themselves.
ended: dict[str, Callable[[Document], datetime | None]] = {}


def _record_words(record_id: int) -> str:
    """The record by its number in public and the number of its document, where it has one."""
    key = keys.record_key(record_id)
    try:
        newest = ledger.record(record_id).versions[-1]
    except RecordNotFound:
        return key
    entry = catalogue.text_of(newest["digest"], newest["dataset"])
    said = newest["payload"].get(entry.number_field or "") if entry.number_field else None
    return f"{entry.name_zh} {said}" if said else f"{entry.name_zh} {key}"


def _gaps(step: Told) -> str:
    """The whole list of gaps, numbered: it is told once."""
    try:
        gaps = cases.case_for_applicant(step.case_id, step.entity_id).gaps
    except CaseUnknown:
        return ""
    return "".join(f"{number}. {gap}；" for number, gap in enumerate(gaps, start=1))


def issue(step: Told, key: str) -> None:
    """Number the paper that goes with a step, in its transaction; nothing where none does."""
    template = texts.packaged().documents.get((step.kind, step.act))
    if template is None:
        return
    entity = registry.canonical(Entity.objects.get(pk=step.entity_id))
    name, code = entity.name or "", registry.address_key(entity)
    given = {
        "firm": name or code,
        "code": code,
        "number": step.number,
        "record": _record_words(step.record_id),
        "reason": step.reason,
        "due": f"下一步应于 {step.due_on} 前办结；逾期的，平台督办并告知理由。" if step.due_on else "",
        "gaps": _gaps(step) if step.act == "gaps" else "",
        "day": str(timezone.localdate(step.at)),
    }
    paragraphs = [text for text in (texts.filled(line, given).strip() for line in template.paragraphs) if text]
    make(
        template=template.code,
        key=key,
        title=template.title,
        entity=entity,
        case_id=step.case_id,
        case_number=step.number,
        paragraphs=paragraphs,
        at=step.at,
    )


def make(
    *,
    template: str,
    key: str,
    title: str,
    entity: Entity,
    case_number: str,
    paragraphs: list[str],
    at: datetime,
    case_id: int = 0,
) -> Document:
    """Number a paper in the caller's transaction; ``case_id`` 0: of no case of a remedy."""
    entity = registry.canonical(entity)
    code = registry.address_key(entity)
    content = json.dumps([title, case_number, paragraphs], ensure_ascii=False)
    return Document.objects.create(
        number=codes.new_number(timezone.localtime(at)),
        code=codes.new_code(),
        key=key,
        template=template,
        title=title,
        entity_id=entity.pk,
        case_id=case_id,
        case_number=case_number,
        subject_name=entity.name or "",
        subject_code=code,
        issuer=str(config.get("XINYONG_OPERATOR")),
        paragraphs=paragraphs,
        issued_at=at,
        content_hash=hashlib.sha256(content.encode()).hexdigest(),
    )


def by_key(key: str) -> Document | None:
    """The paper that goes with a step, by its key."""
    return Document.objects.filter(key=key).first()


def _path(document: Document) -> Path:
    return config.home("documents") / f"{document.number}.pdf"


def pdf(document: Document, *, base: str, demo: bool) -> bytes:
    """The signed PDF: set the first time, the same file ever after. Raises FontsMissing."""
    path = _path(document)
    if path.exists():
        made = path.read_bytes()
        if not document.document_hash or hashlib.sha256(made).hexdigest() == document.document_hash:
            _register(document, made)
            return made
    frame = reports.paper_frame(
        number=document.number,
        code=document.code,
        issued=document.issued_at,
        digest=document.content_hash,
        issuer=document.issuer,
        base=base,
        demo=demo,
    )
    unsigned = typesetting.typeset(
        "paper.typ",
        {
            **frame,
            "title": document.title,
            "case": document.case_number,
            "paragraphs": document.paragraphs,
            "empty_value": "",
            "empty": "",
            "how": [],
        },
    )
    signed = signing.provider().sign(unsigned, reason=f"{document.title} {document.number}")
    temporary = path.with_suffix(f".{os.getpid()}")
    temporary.write_bytes(signed)
    try:
        os.link(temporary, path)  # whoever comes second gives out the file of the first
    except FileExistsError:
        pass
    finally:
        temporary.unlink()
    made = path.read_bytes()
    _register(document, made)
    return made


def _register(document: Document, made: bytes) -> None:
    if not document.document_hash:
        document.document_hash = hashlib.sha256(made).hexdigest()
        Document.objects.filter(pk=document.pk, document_hash="").update(document_hash=document.document_hash)


def of_case(case_id: int, entity_ids: list[int]) -> list[Document]:
    """Papers of a case of the firm, oldest first."""
    return list(Document.objects.filter(case_id=case_id, entity_id__in=entity_ids).order_by("pk"))


def of_firm(entity_ids: list[int], number: str) -> Document | None:
    """A paper of the firm by its number."""
    return Document.objects.filter(number=number, entity_id__in=entity_ids).first()


def find(question: others.Question) -> others.Paper | None:
    """Answers the verification page. A paper of a repair that was revoked says so."""
    by: dict[str, Any] = (
        {"code": question.code}
        if question.code
        else {"number": question.number}
        if question.number
        else {"document_hash": question.sha256}
    )
    found = Document.objects.filter(**by).first() if all(by.values()) else None
    if found is None:
        return None
    later = (
        Document.objects.filter(case_id=found.case_id, template="repair-revoked", pk__gt=found.pk)
        .order_by("-pk")
        .first()
        if found.template == "repair-granted"
        else None
    )
    over = later.issued_at if later is not None else None
    if found.template in ended:
        over = ended[found.template](found)
    return others.Paper(
        title=found.title,
        number=found.number,
        code=codes.grouped(found.code),
        subject_name=found.subject_name,
        subject_code=found.subject_code,
        issuer=found.issuer,
        issued_at=found.issued_at,
        content_hash=found.content_hash,
        standing=report_selectors.Standing.REVOKED if over is not None else report_selectors.Standing.VALID,
        revoked_at=over,
    )
