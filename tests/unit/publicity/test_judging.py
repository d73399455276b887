"""Columns say what the clock says: windows of whole batches against one record at a time."""

from __future__ import annotations

import json
import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from xinyong.catalogue import selectors as catalogue
from xinyong.catalogue.entry import DatasetEntry
from xinyong.ledger import rules as ledger
from xinyong.publicity import facts, judging
from xinyong.publicity.rulebook import Rulebook, packaged

KINDS = [["罚款"], ["警告"], ["吊销许可证件"], ["警告", "罚款"], ["责令停产停业"], [], ["其他-示例"], ["通报批评"]]
ACTS = ["经营超过保质期的食品", "未按规定公示", "占用消防通道", "超标排放大气污染物", "串通\\投标"]
ORGANS = ["示例市市场监督管理局", "示例市应急管理局", "示例省药品监督管理局", "示例市水利局"]


def entry_of(code: str) -> DatasetEntry:
    """A packaged entry."""
    return next(item for item in catalogue.packaged().entries.values() if item.code == code)


def cell(value: Any) -> str:
    """A value as COPY writes it."""
    return "\\N" if value is None else json.dumps(value, ensure_ascii=False).replace("\\", "\\\\")


def a_day(draw: random.Random) -> date:
    """Days around every window, with ends of months."""
    return draw.choice(
        [
            date(2015, 1, 1) + timedelta(days=draw.randrange(5000)),
            date(draw.choice([2019, 2023, 2024, 2026]), draw.choice([1, 3, 5, 8, 10]), draw.choice([28, 30, 31])),
            draw.choice([date(2024, 2, 29), date(2026, 3, 31), date(2026, 4, 1), date(2019, 6, 30), date(2023, 4, 30)]),
        ]
    )


@pytest.mark.parametrize(
    "code", ["penalty", "abnormal-list", "serious-violation-list", "registration", "licence", "honours"]
)
@pytest.mark.parametrize("profile", ["henan", "national"])
def test_a_batch_equals_its_records(code: str, profile: str) -> None:
    same(code, profile, packaged())


def test_a_batch_equals_its_records_with_figures_for_fines() -> None:
    book = packaged().replaced({"SEV-03B": {"fine_from": 50.0}, "SEV-33": {"fine_below": 1.0}}, "figures")
    assert book.fine_limits == (1.0, 50.0)
    same("penalty", "henan", book)


def same(code: str, profile: str, book: Rulebook) -> None:
    """Random records as one batch and one by one."""
    draw = random.Random(f"{code}{profile}")
    entry = entry_of(code)
    fine_field = facts.fine_field(entry, book)
    names, words = list(facts.fields_read(entry)), list(facts.words_read(entry, fine_field))
    layouts = [None, *(layout.code for layout in entry.layouts)]
    acts: dict[tuple[int, int], list[ledger.Done]] = {}
    lines, expected = [], []
    for number in range(1500):
        decided = a_day(draw) if draw.random() > 0.05 else None
        received = (decided or date(2026, 1, 1)) + timedelta(days=draw.randrange(-3, 300))
        values: dict[str, Any] = {}
        for name in names:
            if name == "kinds":
                values[name] = draw.choice(KINDS)
            elif name == facts.AUDIENCE:
                values[name] = draw.choice([None, "0", "0", "1", "9"])
            else:
                values[name] = draw.choice(
                    [None, None, (received + timedelta(days=draw.randrange(-200, 900))).isoformat()]
                )
        act, organ = draw.choice(ACTS), draw.choice(ORGANS)
        layout = draw.choice(layouts)
        done = []
        if draw.random() < 0.1:
            what, cause = draw.choice(
                [("classified", "minor"), ("classified", "serious"), ("withdrawn", "void"), ("necessity_recorded", "")]
            )
            done = [ledger.Done(number=1, act=what, cause=cause, effective_at=datetime(2026, 5, 1, tzinfo=UTC))]
            acts[number, number] = done
        fine = draw.choice([None, 0.02, 1.0, 49.99, 50.0, 5000.0])
        said = {"act": act, "organ": organ, "fine": "\\N" if fine is None else str(fine)}
        lines.append(
            "\t".join(
                [
                    *(str(number), str(number), "1", decided.isoformat() if decided else "\\N", received.isoformat()),
                    layout or "\\N",
                    *(cell(values[name]) for name in names),
                    *(said[name] if name == "fine" else said[name].replace("\\", "\\\\") for name in words),
                ]
            )
        )
        told = facts.sectors(book, act, organ) if words else frozenset()
        marks = facts.marks(done)
        found = judging.clock_of(
            entry,
            next((item for item in entry.layouts if item.code == layout), None),
            facts.of_values(entry, decided, received, values, sectors=told, fine=fine if fine_field else None),
            book,
            profile,
            marks,
            said=values.get(facts.AUDIENCE),
        )
        if found is None or ledger.hidden(marks.states):
            expected.append((number, False, None, None, None, None, None))
        else:
            expected.append(
                (
                    number,
                    True,
                    *(found.public_from, found.latest_end, found.earliest_repair),
                    *(found.severity, found.rule),
                )
            )
    windows = judging.Judge(entry, book, profile, fine_field).windows(("\n".join(lines) + "\n").encode(), 7, acts)
    columns = ["public_from", "public_until", "earliest_repair", "severity", "rule"]
    got = windows.sort("record_id").select(
        "record_id", "shown", *(pl.when("shown").then(column).alias(column) for column in columns)
    )
    assert got.rows() == expected
    assert sum(row[1] for row in expected) > 100, "too few are public to say anything"
    assert any(not row[1] for row in expected)
