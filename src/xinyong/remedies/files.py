"""Files of a case: judged by their bytes, sealed, kept once. Written in the transaction of the step that brings them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from xinyong.remedies import machine
from xinyong.remedies.applicant import Material
from xinyong.remedies.errors import FileRefused
from xinyong.remedies.models import CaseFile
from xinyong.runtime import cryptography

#: One scanned decision fits many times over; a case is no store.
LARGEST = 10 * 1024 * 1024
MOST = 20
_MARKS = ((b"%PDF-", "application/pdf"), (b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG\r\n\x1a\n", "image/png"))


def media_type(content: bytes) -> str:
    """PDF, JPEG or PNG by the first bytes; empty for anything else."""
    return next((kind for mark, kind in _MARKS if content.startswith(mark)), "")


def judge(kind: str, materials: Sequence[Material]) -> None:
    """Raises FileRefused for what cannot be taken, before anything is written."""
    known = machine.table().materials
    for item in materials:
        name = item.name[:200] or "—"
        if item.kind not in known or kind not in known[item.kind].cases:
            allowed = [row for row in known.values() if kind in row.cases]
            raise FileRefused(
                name=name,
                why_zh=f"材料种类不对，可用：{'、'.join(row.zh for row in allowed)}",
                why_en=f"its kind is not one of: {', '.join(row.en for row in allowed)}",
            )
        if not item.content:
            raise FileRefused(name=name, why_zh="是空文件", why_en="it is empty")
        if len(item.content) > LARGEST:
            raise FileRefused(
                name=name,
                why_zh=f"大小 {len(item.content):,} 字节，超过 {LARGEST:,} 字节，请压缩或分开提交",
                why_en=f"{len(item.content):,} bytes, more than {LARGEST:,}; make it smaller or split it",
            )
        if not media_type(item.content):
            raise FileRefused(name=name, why_zh="不是 PDF、JPEG 或 PNG 文件", why_en="it is no PDF, JPEG or PNG file")


def keep(case_id: int, side: str, materials: Sequence[Material], now: datetime) -> int:
    """Store files of a case; one that is there already is not stored again. Returns how many are new."""
    held = CaseFile.objects.filter(case_id=case_id).count()
    if held + len(materials) > MOST:
        raise FileRefused(
            name=materials[-1].name,
            why_zh=f"一个事项最多 {MOST} 个文件，已有 {held} 个",
            why_en=f"a case holds {MOST} files, it has {held}",
        )
    made = CaseFile.objects.bulk_create(
        [
            CaseFile(
                case_id=case_id,
                kind=item.kind,
                side=side,
                name=item.name[:200],
                media_type=media_type(item.content),
                size=len(item.content),
                digest=item.digest,
                content=cryptography.seal(_context(case_id, item.digest), item.content),
                at=now,
            )
            for item in {item.digest: item for item in materials}.values()
        ],
        ignore_conflicts=True,
    )
    return len(made)


def read(file: CaseFile) -> bytes:
    """The content in clear. Raises InvalidTag when it was altered."""
    return cryptography.unseal(_context(file.case_id, file.digest), bytes(file.content))


def _context(case_id: int, digest: str) -> str:
    return f"remedies.file:{case_id}:{digest}"
