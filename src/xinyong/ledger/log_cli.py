"""``xinyong verify-log`` and ``xinyong proof``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from xinyong.runtime.command import command, emit, setup_django


@click.command("verify-log")
@click.option("--content", is_flag=True, help="Also compute the content hash of every version again from its fields.")
@click.option("--processes", type=click.IntRange(1), help="Worker processes for the tiles. Default: the cores.")
@command
def verify_log(content: bool, processes: int | None, *, as_json: bool) -> None:
    """Verify the transparency log: signatures, tiles, roots, and every leaf against the ledger. Exit 1 on findings."""
    setup_django()
    from xinyong.ledger.log import verify

    report = verify.verify(contents=content, processes=processes)
    lines = [
        f"{report.size:,} 条 entries · {report.acts:,} 次处理 acts · {report.checkpoints:,} 次签署 checkpoints · "
        f"{report.seconds} s",
        f"根 root {report.root or '—'}",
    ]
    for finding in report.findings:
        lines += [f"✗ {finding.zh}", f"  {finding.en}"]
    if report.found > len(report.findings):
        lines.append(f"… 共 {report.found:,} 处 findings in all")
    lines.append(
        f"发现 {report.found:,} 处不符。{report.found:,} finding(s)."
        if report.found
        else "全部核对一致。Everything agrees with what was signed."
    )
    emit(report.as_dict(), as_json=as_json, text="\n".join(lines))
    sys.exit(1 if report.found else 0)


@click.command()
@click.argument("record", type=int, required=False)
@click.option("--version", "number", type=click.IntRange(1), help="Version of the record. Default: the newest.")
@click.option(
    "--act", "event", type=click.IntRange(1), help="Number of an act on a record or on the registry, instead of RECORD."
)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="File to write.")
@click.option(
    "--content-out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="With --act: also write who said why, as hashed; it goes to those who may read it.",
)
@command
def proof(
    record: int | None, number: int | None, event: int | None, out: Path, content_out: Path | None, *, as_json: bool
) -> None:
    """Write the proof of a record version or of an act as one file; tools/verify_proof.py checks it offline."""
    if (record is None) == (event is None) or (event is not None and number) or (record is not None and content_out):
        raise click.UsageError("RECORD [--version N], or --act N [--content-out FILE]")
    setup_django()
    from xinyong.ledger.log import effect
    from xinyong.ledger.log import proof as proofs

    effect.catch_up()
    value = proofs.make(record, number) if record is not None else proofs.make_act(event or 0)
    out.write_text(proofs.text(value), encoding="utf-8")
    if content_out is not None:
        content_out.write_text(proofs.content_of_act(event or 0), encoding="utf-8")
    emit(
        {
            "file": str(out),
            "record": record,
            "act": event,
            "leaf_index": value["leaf_index"],
            "content_hash": value["content_hash"],
        },
        as_json=as_json,
        text=f"已写入 {out}，可用 tools/verify_proof.py 离线核验。Written; check it with tools/verify_proof.py.",
    )
