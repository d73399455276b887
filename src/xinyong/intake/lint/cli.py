"""``xinyong lint``: check a file before it is delivered, on any machine. ``xinyong template``: the form to fill in."""

from __future__ import annotations

import csv
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from xinyong.catalogue.entry import Severity
from xinyong.intake.findings import Finding
from xinyong.intake.reading import Limits
from xinyong.runtime import clock, config
from xinyong.runtime.command import command, emit

_COLUMNS = (
    "行 row",
    "字段 field",
    "列名 column",
    "原值 value",
    "级别 severity",
    "代码 code",
    "原因 reason",
    "建议 advice",
    "建议值 fix",
)
_WIDTHS = (9, 16, 24, 28, 12, 22, 56, 44, 24)
#: Rows of one worksheet, less the heading.
_SHEET_ROWS = 1_048_575
_CELL_LIMIT = 32_767
_RISKY = ("=", "+", "-", "@", "\t", "\r")


def cells(finding: Finding, language: str) -> tuple[str | int, ...]:
    """A finding as the cells of an error list."""
    english = language == "en"
    severities = {Severity.ERROR: ("错误", "error"), Severity.WARNING: ("提醒", "warning")}
    return (
        finding.row,
        finding.field,
        finding.column,
        finding.value,
        severities[finding.severity][english],
        finding.code,
        finding.reason_en if english else finding.reason_zh,
        finding.suggestion_en if english else finding.suggestion_zh,
        finding.fix,
    )


class CsvList:
    """The error list as CSV, written as it is found; the mark lets spreadsheet programs read it as UTF-8."""

    def __init__(self, path: Path, language: str) -> None:
        self._file = path.open("w", encoding="utf-8-sig", newline="")
        self._writer = csv.writer(self._file)
        self._language = language
        self._writer.writerow(_COLUMNS)

    def add(self, findings: Iterable[Finding]) -> None:
        for finding in findings:
            self._writer.writerow([harmless(str(cell)) for cell in cells(finding, self._language)])

    def close(self) -> None:
        self._file.close()


def harmless(cell: str) -> str:
    """A CSV cell that no spreadsheet program runs."""
    return f"'{cell}" if cell.startswith(_RISKY) else cell


class WorkbookList:
    """The error list as a workbook. Every cell but the row number is text, so nothing in it is ever a formula."""

    def __init__(self, path: Path, language: str) -> None:
        import xlsxwriter  # type: ignore[import-untyped]

        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        self._book = xlsxwriter.Workbook(str(path), options)
        self._bold = self._book.add_format({"bold": True, "bg_color": "#E8EEF7"})
        self._sheet: Any = None
        self._language, self._rows, self._sheets = language, 0, 0
        self._begin()

    def _begin(self) -> None:
        self._sheets += 1
        self._sheet = self._book.add_worksheet("错误清单" if self._sheets == 1 else f"错误清单 {self._sheets}")
        for place, (heading, width) in enumerate(zip(_COLUMNS, _WIDTHS, strict=True)):
            self._sheet.set_column(place, place, width)
            self._sheet.write_string(0, place, heading, self._bold)
        self._sheet.freeze_panes(1, 0)
        self._rows = 0

    def add(self, findings: Iterable[Finding]) -> None:
        for finding in findings:
            if self._rows == _SHEET_ROWS:
                self._begin()
            self._rows += 1
            number, *texts = cells(finding, self._language)
            self._sheet.write_number(self._rows, 0, number)
            for place, text in enumerate(texts, start=1):
                self._sheet.write_string(self._rows, place, str(text)[:_CELL_LIMIT])

    def close(self) -> None:
        # A fixed time: the same findings give the same file.
        self._book.set_properties({"title": "错误清单", "created": datetime(2020, 1, 1)})
        self._book.close()


class Table:
    """Findings on the terminal, the first so many of them."""

    def __init__(self, language: str, limit: int, *, as_json: bool) -> None:
        self._language, self._limit, self._as_json = language, limit, as_json
        self.shown = self.left = 0

    def add(self, findings: Iterable[Finding]) -> None:
        for finding in findings:
            if self._limit and self.shown >= self._limit:
                self.left += 1
                continue
            self.shown += 1
            emit(_json(finding), as_json=self._as_json, text=self._line(finding))

    def _line(self, finding: Finding) -> str:
        row, field, column, value, severity, _, reason, advice, fix = cells(finding, self._language)
        place = column or field
        value = f"「{value}」" if value else ""
        tail = f"；{advice}" if advice and self._language == "zh" else f" {advice}" if advice else ""
        fix = f" → {fix}" if fix and str(fix) not in str(advice) else ""
        line = f"{row:>8}  {severity}  {place} {value} {reason}{tail}{fix}"
        return click.style(line, fg="red") if finding.severity is Severity.ERROR else line


def _json(finding: Finding) -> dict[str, Any]:
    return {"finding": {**asdict(finding), "kind": finding.kind.value, "severity": finding.severity.value}}


def _summary(result: Any, language: str, unchecked: dict[str, tuple[str, str]]) -> str:
    english = language == "en"
    if english:
        lines = [
            f"{result.file} · {result.dataset} {result.edition} · layout {result.layout} · {result.format} ({result.encoding})",
            f"  read {result.read:,} = fit {result.fit:,} + rejected {result.rejected:,} + repeated {result.repeated:,}"
            f" · warnings {result.warnings:,}",
        ]
    else:
        lines = [
            f"{result.file} · {result.dataset} {result.edition} · 版式 {result.layout} · {result.format}（{result.encoding}）",
            f"  读取 {result.read:,} = 合格 {result.fit:,} + 不合格 {result.rejected:,} + 重复 {result.repeated:,}"
            f" · 提醒 {result.warnings:,}",
        ]
    lines += [f"  · {note[english]}" for note in result.notes]
    lines.append(
        "  Not checked here, only the platform can tell:" if english else "  以下须由平台登记库判断，本机未检查："
    )
    lines += [f"    - {words[english]} [{code}]" for code, words in unchecked.items()]
    return "\n".join(lines)


@click.command()
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--dataset", required=True, help="Dataset or bundle code of the catalogue, e.g. penalty.")
@click.option("--xlsx", "xlsx", type=click.Path(dir_okay=False, path_type=Path), help="Write the error list as XLSX.")
@click.option("--csv", "csv_", type=click.Path(dir_okay=False, path_type=Path), help="Write the error list as CSV.")
@click.option("--limit", default=50, show_default=True, help="Findings to print; 0 prints all. Lists always hold all.")
@click.option("--language", type=click.Choice(["zh", "en"]), default="zh", show_default=True, help="Language of texts.")
@command
def lint(
    file: Path, dataset: str, xlsx: Path | None, csv_: Path | None, limit: int, language: str, *, as_json: bool
) -> None:
    """Check FILE (CSV, XLSX, JSON Lines; also .gz; - reads standard input) as the platform would, without it.

    Needs no server, database, settings or network. Exit 0: every row is fit; 1: rows would be rejected; 2: wrong usage,
    dataset or header; 5: the file or the delivery as a whole would be refused. With --json each finding is a line, and
    the last line is the account.
    """
    from xinyong.catalogue.loader import load_packaged
    from xinyong.intake.lint import offline as linting

    with ExitStack() as stack:
        path = file
        if str(file) == "-":
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="xinyong-lint-"))
            path = Path(folder) / "stdin"
            with path.open("wb") as out:
                shutil.copyfileobj(sys.stdin.buffer, out)
        table = Table(language, 0 if as_json and limit == 50 else limit, as_json=as_json)
        sinks: list[Callable[[list[Finding]], None]] = [table.add]
        for target, kind in ((csv_, CsvList), (xlsx, WorkbookList)):
            if target is not None:
                made = kind(target, language)
                stack.callback(made.close)
                sinks.append(made.add)

        def show(findings: list[Finding]) -> None:
            for sink in sinks:
                sink(findings)

        bound = int(config.get("XINYONG_MAX_FILE_MIB")) << 20  # as the platform, both packed and expanded
        limits = Limits(max_file_bytes=bound, max_expanded_bytes=bound)
        result = linting.check_file(path, dataset, load_packaged(), clock.today(), show, limits)
    if table.left and not as_json:
        more = f"还有 {table.left:,} 条未显示" if language == "zh" else f"{table.left:,} more are not shown"
        click.echo(f"{'……':>8}  {more}（--limit 0, --xlsx, --csv）")
    account = {**asdict(result), "passed": result.passed, "unchecked": list(linting.UNCHECKED)}
    emit({"account": account}, as_json=as_json, text=_summary(result, language, linting.UNCHECKED))
    if not result.passed:
        sys.exit(1)
