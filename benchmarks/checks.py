"""Row checks of the penalty layout (bars.md I1): rows a second of one core, as one JSON line.

The batch has the thirty columns of the 2018 standard in Chinese text, as a department sends it: dates and amounts in
the canonical form or not, a share of individual businesses, one row in fifty with a mistake. The reference is what
nobody can save: Polars reading the same rows from CSV into text columns on one thread, without looking at them.

Run: ``python benchmarks/checks.py [rows]``
"""

from __future__ import annotations

import os

os.environ["POLARS_MAX_THREADS"] = "1"

import hashlib
import io
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import polars as pl

import xinyong  # noqa: F401  # before Polars: it asks for huge pages
from xinyong.catalogue.loader import load_packaged
from xinyong.intake.checks import CheckContext, choose_layout, compile_entry
from xinyong.intake.reading import open_source
from xinyong.standards import credit_code, organisation_code

BAR = 150_000
RUNS = 5

_PLACES = ["新城市", "牧野区", "红旗区", "卫滨区", "凤泉区", "长垣县", "原阳县"]
_TRADES = ["食品", "建材", "渣土运输", "商贸", "医药", "机械制造", "餐饮管理", "物业服务"]
_WORDS = "华盛恒泰瑞丰宏达鑫源永兴东方金桥信诚广源中原新乡众城"
_FACTS = (
    "当事人于检查当日在经营场所内销售超过保质期的预包装食品，现场查获涉案产品共计若干件，"
    "货值金额较小，上述事实有现场笔录为证。"
)


def _code(random_: random.Random, prefix: str) -> str:
    body = "".join(random_.choice("0123456789ABCDEFGHJKLMNPQRTUWXY") for _ in range(8))
    seventeen = prefix + random_.choice(["410700", "410100", "410702"]) + body + organisation_code.check_character(body)
    return seventeen + credit_code.check_character(seventeen)


def penalties(rows: int, seed: int = 7) -> pl.DataFrame:
    """A batch of ``rows`` penalties in the field ids of 2018."""
    random_ = random.Random(seed)
    organs = [_code(random_, "11") for _ in range(40)]
    data: list[dict[str, str | None]] = []
    for number in range(rows):
        organ = random_.randrange(40)
        individual = number % 8 == 0
        trade = random_.choice(_TRADES)
        name = random_.choice(_PLACES) + "".join(random_.choices(_WORDS, k=3)) + trade
        fine = f"{random_.randrange(1, 4000) / 100:.6f}" if number % 3 else f"{random_.randrange(1, 99)}.5"
        day = date.fromordinal(date(2023, 1, 1).toordinal() + random_.randrange(1000))
        wrong = number % 50 == 0
        data.append(
            {
                "CF_XDR_MC": name + ("店" if individual else "有限公司"),
                "CF_XDR_LB": "个体工商户" if individual else "法人及非法人组织",
                "CF_XDR_SHXYM": _code(random_, "92" if individual else "91"),
                "CF_XDR_GSZC": "410700600000014" if individual else None,
                "CF_XDR_ZZJG": None,
                "CF_XDR_SWDJ": None,
                "CF_XDR_SYDW": None,
                "CF_XDR_SHZZ": None,
                "CF_FRDB": "张" + random_.choice(_WORDS) + random_.choice(_WORDS),
                "CF_FR_ZJLX": None,
                "CF_FR_ZJHM": None,
                "CF_XDR_ZJLX": None,
                "CF_XDR_ZJHM": None,
                "CF_WSH": f"新城罚决〔{day.year}〕{number:06}号",
                "CF_WFXW": f"经营超过保质期的{trade}",
                "CF_SY": f"{name}：{_FACTS}货号{number}。",
                "CF_YJ": "《中华人民共和国食品安全法》第一百二十四条第一款第五项",
                "CF_CFLB": random_.choice(["罚款", "警告;罚款", "罚款；没收违法所得"]),
                "CF_NR": f"处以罚款{fine}万元，自收到决定书之日起十五日内缴纳。",
                "CF_NR_FK": fine if not wrong else None,
                "CF_NR_WFFF": "0.12",
                "CF_NR_ZKDX": None,
                "CF_JDRQ": day.isoformat() if number % 10 else day.strftime("%Y/%m/%d"),
                "CF_YXQ": "2099-12-31",
                "CF_GSJZQ": None,
                "CF_CFJG": f"{_PLACES[organ % 7]}市场监督管理局",
                "CF_CFJGDM": organs[organ],
                "CF_SJLY": f"{_PLACES[organ % 7]}市场监督管理局",
                "CF_SJLYDM": organs[organ],
                "BZ": None,
            }
        )
    frame = pl.DataFrame(data, schema=dict.fromkeys(data[0], pl.String))
    return frame.with_row_index("_row", offset=2).with_columns(pl.col("_row").cast(pl.Int64))


def _rates(rows: int, *runs: Callable[[], object]) -> list[float]:
    """Rows per second of processor time (one core, whatever else the machine does), median; the runs take turns."""
    taken: list[list[float]] = [[] for _ in runs]
    for _ in range(RUNS):
        for run, times in zip(runs, taken, strict=True):
            started = time.process_time()
            run()
            times.append(time.process_time() - started)
    return [rows / statistics.median(times) for times in taken]


def run(rows: int = 100_000) -> dict[str, object]:
    """Measure; the figures of one JSON line."""
    batch = penalties(rows)
    text = batch.drop("_row").write_csv().encode()
    entry = load_packaged().entries["penalty", "2018"]
    context = CheckContext(
        today=date(2026, 11, 22),
        organs=dict.fromkeys(batch["CF_CFJGDM"].unique().to_list(), "x"),
        protect=lambda field, value: "enc1:" + hashlib.sha256(f"{field}{value}".encode()).hexdigest(),
        fingerprint=lambda value: hashlib.sha256(value.encode()).digest(),
    )
    checker = compile_entry(entry, choose_layout(entry, batch.columns), context)
    checked = checker.check(batch)
    figure, reference = _rates(
        rows, lambda: checker.check(batch), lambda: pl.read_csv(io.BytesIO(text), infer_schema=False)
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "penalties.csv"
        path.write_bytes(text)

        def whole() -> None:
            with open_source(path) as source:
                for part in source.batches():
                    checker.check(part.rows)

        [both] = _rates(rows, whole)
    return {
        "benchmark": "checks",
        "figure": round(figure),
        "unit": "rows/s of one core",
        "reference": "polars.read_csv of the same rows into text columns, one thread, no checks",
        "reference_figure": round(reference),
        "ratio": round(figure / reference, 3),
        "bar": BAR,
        "rows": rows,
        "microseconds_check": round(1e6 / figure, 2),
        "microseconds_read_and_check": round(1e6 / both, 2),
        "accepted": checked.accepted.height,
        "rejected": len(checked.rejected),
        "bytes_per_row": round(len(text) / rows),
    }


if __name__ == "__main__":
    print(json.dumps(run(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000), ensure_ascii=False))
