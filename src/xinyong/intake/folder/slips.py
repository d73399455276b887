"""What is laid beside a file that came through a folder: its receipt and its error list, in the department's language."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO

from django.utils import timezone

from xinyong.intake.correction.book import harmless
from xinyong.intake.models import Delivery, StoredFinding

_HEADS = {
    "zh": ("行", "字段", "列名", "原值", "级别", "原因", "建议", "建议值"),
    "en": ("Row", "Field", "Column", "Value", "Level", "Reason", "Advice", "Suggested value"),
}


def receipt_lines(delivery: Delivery, language: str) -> list[str]:
    """The receipt as a department keeps it."""
    zh = language == "zh"
    done = timezone.localtime(delivery.committed_at or timezone.now())
    failure = delivery.failure.get("message_zh" if zh else "message_en", "")
    counts = (delivery.read, delivery.accepted, delivery.rejected, delivery.unchanged)
    if zh:
        lines = [
            f"批次：{delivery.number}",
            f"文件：{delivery.file_name}",
            f"SHA-256：{delivery.sha256}",
            f"信息资源：{delivery.dataset_code}（目录版本 {delivery.edition}）",
            f"接收时间：{timezone.localtime(delivery.received_at):%Y-%m-%d %H:%M:%S}",
            f"处理时间：{done:%Y-%m-%d %H:%M:%S}",
            f"结果：{delivery.get_state_display()}",
        ]
        lines += [f"原因：{failure}"] if failure else []
        if not failure:
            lines.append("读取 {} 行 = 入库 {} + 退回 {} + 未变 {}".format(*counts))
    else:
        lines = [
            f"Delivery: {delivery.number}",
            f"File: {delivery.file_name}",
            f"SHA-256: {delivery.sha256}",
            f"Dataset: {delivery.dataset_code} (edition {delivery.edition})",
            f"Received: {timezone.localtime(delivery.received_at):%Y-%m-%d %H:%M:%S}",
            f"Processed: {done:%Y-%m-%d %H:%M:%S}",
            f"Result: {delivery.state}",
        ]
        lines += [f"Reason: {failure}"] if failure else []
        if not failure:
            lines.append("{} rows read = {} stored + {} returned + {} unchanged".format(*counts))
    lines += [f"· {note[0 if zh else 1]}" for note in delivery.notes]
    return lines


def written(path: Path, write: Callable[[IO[str]], None]) -> None:
    """Write a text file that is either whole or not there."""
    temporary = path.with_name(f".{path.name}.part")
    with open(temporary, "w", encoding="utf-8-sig", newline="") as handle:
        write(handle)
        handle.flush()
        os.fsync(handle.fileno())
    os.replace(temporary, path)


def lay_beside(target: Path, delivery: Delivery, language: str) -> None:
    """Receipt, and an error list when there is something in it, beside where the file will lie."""
    written(
        target.with_name(f"{target.name}.receipt.txt"),
        lambda handle: handle.writelines(line + "\r\n" for line in receipt_lines(delivery, language)),
    )
    findings = StoredFinding.objects.filter(delivery=delivery).order_by("row", "id")
    if findings.exists():
        written(
            target.with_name(f"{target.name}.errors.csv"),
            lambda handle: _errors(handle, findings.iterator(2000), language),
        )


def _errors(handle: IO[str], findings: Iterable[StoredFinding], language: str) -> None:
    writer = csv.writer(handle)
    zh = language == "zh"
    writer.writerow(_HEADS[language])
    for item in findings:
        warning = item.severity == "warning"
        writer.writerow(
            harmless(cell)
            for cell in (
                str(item.row),
                item.field,
                item.column,
                item.value,
                ("提醒" if warning else "错误") if zh else item.severity,
                item.reason_zh if zh else item.reason_en,
                item.suggestion_zh if zh else item.suggestion_en,
                item.fix,
            )
        )
