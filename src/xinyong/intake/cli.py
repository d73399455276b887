"""``xinyong intake``: take in a delivered file, with progress and a receipt."""

from __future__ import annotations

import sys
import time
from dataclasses import asdict
from pathlib import Path

import click

from xinyong.intake.receipt import Progress, Receipt
from xinyong.runtime.command import command, emit, setup_django


class StatusLine:
    """One line on a terminal, rewritten; nothing where output is no terminal or for programs."""

    def __init__(self, *, quiet: bool) -> None:
        self.active = sys.stderr.isatty() and not quiet
        self.shown = 0.0

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        if not self.active or (now - self.shown < 0.2 and progress.phase == "read"):
            return
        self.shown = now
        phase = {"read": "读取校验 checking", "commit": "入库 storing"}[progress.phase]
        remaining = f" · 约剩 {progress.remaining:.0f} s" if progress.remaining is not None else ""
        text = f"\r{phase} {progress.position:4.0%} · {progress.read:,} 行 · {progress.rate:,.0f} 行/s{remaining}"
        click.echo(f"{text:<78}", err=True, nl=False)

    def close(self) -> None:
        if self.active:
            click.echo("\r" + " " * 78 + "\r", err=True, nl=False)


def receipt_text(receipt: Receipt) -> str:
    """The receipt for people."""
    lines = [
        f"批次 {receipt.delivery} · {receipt.dataset} · {receipt.file} ({receipt.encoding})",
        f"  读取 read {receipt.read:,} = 入库 accepted {receipt.accepted:,} + 退回 rejected {receipt.rejected:,} "
        f"+ 未变 unchanged {receipt.unchanged:,}",
        f"  新主体 new entities {receipt.entities_created:,} · 提示 warnings {receipt.warnings:,} · 迟报 late "
        f"{receipt.late_rows:,} · {receipt.seconds:.1f} s ({receipt.rows_per_second:,.0f} 行/s)",
    ]
    lines += [f"  · {zh} / {en}" for zh, en in receipt.notes]
    if receipt.rejected:
        lines.append(f"  退回原因 reasons: /console/deliveries/{receipt.delivery}")
    return "\n".join(lines)


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--dataset", help="Dataset or bundle code of the catalogue, e.g. registration, licence, penalty.")
@click.option("--department", "slug", help="Code of the delivering department, e.g. demo.")
@click.option("--resume", "resume", is_flag=True, help="Take up every delivery that a killed process left unfinished.")
@click.option("--findings", is_flag=True, help="Also print each finding (row, field, value, reason, suggestion).")
@command
def intake(
    file: Path | None, dataset: str | None, slug: str | None, resume: bool, findings: bool, *, as_json: bool
) -> None:
    """Take in FILE (CSV, XLSX, JSON Lines; also .gz) for a dataset on behalf of a department.

    Each row is accepted, unchanged, or rejected with row, field, value, reason and suggestion. With --json the last
    line holds read, accepted, rejected, unchanged and seconds. A delivery that must be refused as a whole exits 5.
    """
    if not resume and (file is None or not dataset or not slug):
        raise click.UsageError("FILE, --dataset and --department are needed (or --resume)")
    setup_django()
    from xinyong.accounts import selectors as accounts
    from xinyong.intake import actions
    from xinyong.intake.models import StoredFinding
    from xinyong.ledger import corridor

    status = StatusLine(quiet=as_json)
    try:
        if resume:
            receipts = actions.resume(status)
        else:
            assert file is not None and dataset is not None and slug is not None  # checked above
            department = accounts.department(slug)
            receipts = [
                actions.deliver(file, dataset=dataset, department=department, uploader="command intake", report=status)
            ]
    finally:
        status.close()
    corridor.catch_up()
    for receipt in receipts:
        if findings:
            for item in StoredFinding.objects.filter(delivery__number=receipt.delivery).order_by("row", "id"):
                emit(
                    {
                        "row": item.row,
                        "field": item.field,
                        "column": item.column,
                        "value": item.value,
                        "severity": item.severity,
                        "kind": item.kind,
                        "code": item.code,
                        "reason_zh": item.reason_zh,
                        "reason_en": item.reason_en,
                        "suggestion_zh": item.suggestion_zh,
                        "fix": item.fix,
                    },
                    as_json=as_json,
                    text=f"  第 {item.row} 行 {item.column or item.field} 「{item.value}」{item.reason_zh}；{item.suggestion_zh}",
                )
        emit(asdict(receipt), as_json=as_json, text=receipt_text(receipt))
    if not receipts:
        emit({"resumed": 0}, as_json=as_json, text="没有未完成的批次。No unfinished delivery.")
