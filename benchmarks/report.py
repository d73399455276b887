"""Signed credit reports a second on two processes, against WeasyPrint's published rate (V6)."""

from __future__ import annotations

import multiprocessing
import statistics
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from xinyong.reports import codes, seal, signing, typesetting
from xinyong.reports.chapters import Content, Group, Item, Source, Subject, arrange, printed

#: WeasyPrint 70 on two processes, the same ten chapters, measured on this kind of machine.
REFERENCE = 3.2
BAR = 15.0


def content(number: int) -> Content:
    """18 permits, one penalty, five commitments: the size the reference was measured with."""

    def items(count: int, what: str) -> tuple[Item, ...]:
        return tuple(
            Item(
                title=f"示{what}〔2026〕{number}-{place}号",
                severity="",
                pairs=(("决定书文号", f"示{what}〔2026〕{number}-{place}号"), ("内容", f"示例内容第{place}项" * 4)),
                clock="",
                source="数据来源：示例市市场监督管理局　批次 示例-0031 第 17 行　接收 2026-08-06 10:22",
            )
            for place in range(count)
        )

    def group(dataset: str, category: str, count: int, *, adverse: bool = False, table: bool = True) -> Group:
        own = items(count, dataset)
        rows = tuple((item.title, "示例事项", "示例机关", "2026-01-02", "2030-01-02") for item in own) if table else ()
        heads = ("文号", "事项", "机关", "决定日期", "有效期至") if table else ()
        return Group(
            dataset=dataset,
            title=dataset,
            category=category,
            adverse=adverse,
            total=count,
            items=own,
            heads=heads,
            rows=rows,
        )

    return Content(
        subject=Subject(
            name=f"示例{number}机械有限公司",
            code="91410100MA9D8EM07X",
            code_label="统一社会信用代码",
            kind="enterprise",
            status="存续",
        ),
        chapters=arrange(
            (
                group("登记", "registration", 1, table=False),
                group("许可", "administrative", 18),
                group("处罚", "administrative", 1, adverse=True, table=False),
                group("承诺", "commitment", 5),
            )
        ),
        sources=(
            Source(department="示例市市场监督管理局", resources="登记、许可", records=19, received="2026-11-20 08:00"),
        ),
        advice=("示例建议。",),
    )


def frame(number: int, facts: Content) -> dict[str, Any]:
    """What differs from copy to copy."""
    code = codes.new_code()
    return {
        "number": f"{number:022d}",
        "code": codes.grouped(code),
        "issued": "2026-11-20 08:00:00",
        "issued_day": "2026-11-20",
        "checked": "2026-11-20",
        "issuer": "示例市信用中心",
        "site": "信用示例市",
        "version": "V2.0",
        "kind_title": "法人和非法人组织",
        "demo": True,
        "seal": seal.seal("示例市信用中心电子印章", seal.DEMO),
        "seal_text": "示例市信用中心",
        "qr": '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0h9v9H0z"/></svg>',
        "verify_url": f"https://credit.example/v/{code}",
        "notes": ["示例说明。"] * 4,
        "queries": [],
        "how": [["扫码核验", "扫描封面二维码。"]],
        "content_hash": facts.digest(),
    }


def make(numbers: range, keys: str) -> int:
    """Signed reports of one process; the sum of their sizes."""
    local = signing.LocalSeal(Path(keys), "示例市信用中心")
    size = 0
    for number in numbers:
        facts = content(number)
        document = typesetting.typeset("report.typ", printed(facts, frame(number, facts)))
        size += len(local.sign(document, reason="benchmark"))
    return size


def run(reports: int = 120, runs: int = 3) -> dict[str, Any]:
    """Median of ``runs`` batches."""
    rates, size = [], 0
    with tempfile.TemporaryDirectory() as folder:
        keys = f"{folder}/seal"
        signing.LocalSeal(Path(keys), "示例市信用中心")
        half = reports // 2
        # Spawned: a process forked after Typst has run hangs.
        with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
            list(pool.map(make, [range(2), range(2)], [keys, keys]))
            for _ in range(runs):
                started = time.perf_counter()
                size = sum(pool.map(make, [range(half), range(half, 2 * half)], [keys, keys]))
                rates.append(2 * half / (time.perf_counter() - started))
    figure = statistics.median(rates)
    return {
        "name": "report",
        "figure": round(figure, 1),
        "unit": "signed reports/s, two processes",
        "reference": "WeasyPrint 70 on two processes, measured earlier on this kind of machine",
        "reference_figure": REFERENCE,
        "ratio": round(figure / REFERENCE, 2),
        "bar": BAR,
        "bytes_each": size // (2 * half),
        "runs": [round(rate, 1) for rate in rates],
    }
