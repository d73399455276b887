"""Commands that need no room above: stop, check-code."""

from __future__ import annotations

import sys

import click

from xinyong.runtime import database, postgres
from xinyong.runtime.command import command, emit
from xinyong.standards.credit_code import Kind
from xinyong.standards.credit_code_diagnosis import diagnose


@click.command()
@command
def stop(*, as_json: bool) -> None:
    """Stop the embedded database (nothing committed is lost)."""
    if not database.is_embedded():
        emit(
            {"stopped": False, "embedded": False},
            as_json=as_json,
            text="使用的是外部数据库，未作改动。External database; left alone.",
        )
        return
    stopped = postgres.stop()
    emit(
        {"stopped": stopped, "embedded": True},
        as_json=as_json,
        text="内嵌数据库已停止。Embedded database stopped." if stopped else "内嵌数据库未在运行。It was not running.",
    )


@click.command("check-code")
@click.argument("code")
@command
def check_code(code: str, *, as_json: bool) -> None:
    """Check a unified social credit code (统一社会信用代码). Exit 0 when valid, else 1 and the diagnosis."""
    diagnosis = diagnose(code)
    valid = diagnosis.kind is Kind.VALID
    value = {
        "valid": valid,
        "kind": diagnosis.kind.value,
        "normalised": diagnosis.normalised,
        "repaired": diagnosis.repaired,
        "candidates": [item.code for item in diagnosis.candidates],
        "message_zh": diagnosis.message_zh,
        "message_en": diagnosis.message_en,
    }
    emit(value, as_json=as_json, text=f"{diagnosis.message_zh}\n{diagnosis.message_en}")
    if not valid:
        sys.exit(1)
