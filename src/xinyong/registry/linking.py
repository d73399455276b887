"""Linking a file without codes to the register, in bulk: reads the file, the register in pieces, writes what became of it.

Nothing here links into the ledger. The result is a file of proposals for a person, row by row, with reasons.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import polars as pl

from xinyong.errors import ErrorCode, XinyongError
from xinyong.registry import keys
from xinyong.registry.search import linkage, words
from xinyong.registry.search.linkage import Decision, Facts, Known, Written
from xinyong.runtime import database, sql

#: Names of the register held against the file at a time.
_PIECE: Final = 50_000
#: Names a column may have, the first that is there is taken.
HEADERS: Final = {
    "name": (
        "企业名称",
        "主体名称",
        "名称",
        "单位名称",
        "机构名称",
        "行政相对人名称",
        "CF_XDR_MC",
        "XK_XDR_MC",
        "ENTNAME",
        "name",
    ),
    "address": ("注册地址", "住所", "地址", "经营场所", "DOM", "address"),
    "date": ("成立日期", "注册日期", "ESTDATE", "date"),
}
#: Proposals written out a row.
_SHOWN: Final = 5


class FileUnusable(XinyongError):
    """The file cannot be linked: it cannot be read, or has no column of names."""

    code = ErrorCode.LINK_FILE
    exit_code = 2
    zh = "文件无法用于名称关联：{why}。{what_to_do}"
    en = "The file cannot be linked: {why}. {what_to_do}"


def read(path: Path, columns: Mapping[str, str] | None = None) -> list[Written]:
    """The rows of a CSV, XLSX, JSON Lines or Parquet file. ``columns``: field (name, address, date) to column."""
    frame = _frame(path)
    chosen = {field: _column(frame, field, (columns or {}).get(field, "")) for field in HEADERS}
    if not chosen["name"]:
        raise FileUnusable(
            why=f"没有名称列 / no column of names: {', '.join(frame.columns)}",
            what_to_do="请用 --name 指定列名。Name the column with --name.",
        )
    cells = {
        field: frame[column].cast(pl.String).fill_null("").str.strip_chars().to_list()
        if column
        else [""] * frame.height
        for field, column in chosen.items()
    }
    return [
        Written(row=row, name=name, address=address, date=date[:10].replace("/", "-"))
        for row, (name, address, date) in enumerate(zip(cells["name"], cells["address"], cells["date"], strict=True), 2)
    ]


def _frame(path: Path) -> pl.DataFrame:
    suffix = path.suffix.lower()
    try:
        if suffix == ".xlsx":
            return pl.read_excel(path, engine="calamine", infer_schema_length=0)
        if suffix == ".parquet":
            return pl.read_parquet(path)
        if suffix in (".jsonl", ".ndjson"):
            return pl.read_ndjson(path, infer_schema_length=None)
        try:
            return pl.read_csv(path, infer_schema=False)
        except pl.exceptions.ComputeError:
            return pl.read_csv(path, infer_schema=False, encoding="gb18030")
    except (OSError, ValueError, pl.exceptions.PolarsError) as error:
        raise FileUnusable(
            why=f"读不出 / not readable: {str(error).splitlines()[0]}",
            what_to_do="请提供 CSV、XLSX、JSON Lines 或 Parquet 文件。Give CSV, XLSX, JSON Lines or Parquet.",
        ) from error


def _column(frame: pl.DataFrame, field: str, named: str) -> str:
    if named and named not in frame.columns:
        raise FileUnusable(
            why=f"没有列 / no column “{named}”",
            what_to_do=f"文件的列：{', '.join(frame.columns)}。These are the columns.",
        )
    return named or next((header for header in HEADERS[field] if header in frame.columns), "")


def register() -> Iterator[Sequence[Known]]:
    """Every name of the register, piece by piece, under the entity that speaks for its bearer."""
    with database.connect() as connection, connection.cursor(name="link_register") as reader:
        reader.itersize = _PIECE
        reader.execute(sql.statement("registry", "link_register"))
        while batch := reader.fetchmany(_PIECE):
            yield [Known(entity_id=row[0], key=row[1], registered=row[2]) for row in batch]


def facts(entities: set[int]) -> Mapping[int, Facts]:
    """Address and date of establishment of the entities, from their newest registration record."""
    if not entities:
        return {}
    with database.connect() as connection:
        rows = connection.execute(sql.statement("registry", "link_facts"), {"entities": sorted(entities)}).fetchall()
    return {row[0]: Facts(address=row[1] or "", date=row[2] or "") for row in rows}


def link(rows: Sequence[Written]) -> list[Decision]:
    """What becomes of each row."""
    return linkage.link(rows, register(), facts)


def write(decisions: Sequence[Decision], rows: Sequence[Written], target: Path) -> None:
    """One line a row: as CSV, or as JSON Lines with every proposal where the target is named so."""
    labels = _labels({item.entity_id for decision in decisions for item in decision.proposals[:_SHOWN]})
    if target.suffix.lower() in (".jsonl", ".ndjson"):
        with target.open("w", encoding="utf-8") as out:
            for decision, row in zip(decisions, rows, strict=True):
                out.write(json.dumps(_record(decision, row, labels), ensure_ascii=False) + "\n")
        return
    with target.open("w", encoding="utf-8-sig", newline="") as out:
        table = csv.writer(out)
        table.writerow(["行", "所写名称", "结论", "主体", "登记名称", "统一社会信用代码", "依据", "候选"])
        for decision, row in zip(decisions, rows, strict=True):
            record = _record(decision, row, labels)
            key, name, code = labels.get(decision.entity_id or 0, ("", "", ""))
            others = "；".join(f"{item['name']}（{item['why']}）" for item in record["proposals"])
            table.writerow([row.row, row.name, _TIERS[decision.tier], key, name, code, record["rule"], others])


_TIERS: Final = {linkage.Tier.LINKED: "建议关联", linkage.Tier.PERSON: "待人工", linkage.Tier.NONE: "无候选"}


def _record(decision: Decision, row: Written, labels: Mapping[int, tuple[str, str, str]]) -> dict[str, Any]:
    return {
        "row": row.row,
        "name": row.name,
        "tier": decision.tier.value,
        "entity": labels.get(decision.entity_id or 0, (None,))[0],
        "rule": linkage.WORDS[decision.rule][0] if decision.rule else "",
        "proposals": [
            {"entity": labels[item.entity_id][0], "name": labels[item.entity_id][1], "why": _why(item)}
            for item in decision.proposals[:_SHOWN]
            if item.entity_id in labels
        ],
    }


def _why(item: linkage.Proposal) -> str:
    code = words.code_of(item.reason)
    said = [words.label(code, item.reason.wrote, item.reason.meant)]
    said += [f"{linkage.WORDS[rule][0]}相符" for rule in item.support]
    said += [f"{linkage.WORDS[rule][0]}不符" for rule in item.against]
    return "，".join(said)


def _labels(entities: set[int]) -> dict[int, tuple[str, str, str]]:
    if not entities:
        return {}
    with database.connect() as connection:
        rows = connection.execute(
            "SELECT id, name, credit_code FROM registry_entity WHERE id = ANY(%s)", (sorted(entities),)
        ).fetchall()
    return {row[0]: (row[2] or keys.public_key(row[0]), row[1], row[2] or "") for row in rows}


def summary(decisions: Sequence[Decision]) -> dict[str, int]:
    """How many rows of each tier, and by which rule the linked ones were linked."""
    counts = Counter(decision.tier.value for decision in decisions)
    rules = Counter(decision.rule for decision in decisions if decision.rule)
    return {
        "rows": len(decisions),
        **{tier.value: counts[tier.value] for tier in linkage.Tier},
        "by_name": rules["name"],
        "settled": rules["settled"],
    }
