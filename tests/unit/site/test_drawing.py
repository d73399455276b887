"""Places in the drawings of the entity file."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from xinyong.reports import codes
from xinyong.site import drawing
from xinyong.site.pages import GraphNode
from xinyong.ui import traditional

MONTHS = st.dictionaries(
    st.dates(date(1950, 1, 1), date(2026, 11, 1)).map(lambda day: day.replace(day=1)), st.integers(1, 900), max_size=40
)
NODE = GraphNode(
    name="示例有限公司",
    url="/",
    words="分支机构",
    share="",
    note="",
    lines=(),
    x=0,
    y=0,
    edge=(0, 0, 0, 0),
    dashed=False,
)


@given(st.lists(MONTHS, max_size=5))
def test_table_and_drawing_of_the_timeline_count_the_same(classes: list[dict[date, int]]) -> None:
    made = drawing.timeline([(str(n), "blue", item) for n, item in enumerate(classes)], date(2026, 11, 26))
    assert made.total == sum(sum(item.values()) for item in classes)
    for row in made.rows:
        assert sum(row.by_year) == row.total and len(row.by_year) == len(made.years)
        assert all(0 <= float(point.x.rstrip("%")) <= 100 for point in row.points)
    assert len(made.ticks) <= 10


@given(st.integers(0, 20), st.integers(0, 20))
def test_boxes_lie_inside_and_apart(left: int, right: int) -> None:
    made = drawing.graph("示例", [NODE] * left, [replace(NODE, dashed=True)] * right, left + right)
    assert len(made.rows) == left + right
    for x in {node.x for node in made.nodes}:
        ys = sorted(node.y for node in made.nodes if node.x == x)
        assert all(b - a >= drawing.BOX_HEIGHT for a, b in itertools.pairwise(ys))
        assert ys[0] >= 0 and ys[-1] + drawing.BOX_HEIGHT <= made.height


@given(st.text(st.characters(codec="utf-8", categories=["L", "N", "P"]), max_size=80))
def test_names_fit_in_two_lines(name: str) -> None:
    lines = drawing.lines(name)
    assert len(lines) <= 2
    assert "".join(lines).rstrip("…") in name or name.startswith(lines[0])


@given(st.binary(min_size=32, max_size=32))
def test_codes_of_hashes_are_valid_codes(digest: bytes) -> None:
    assert codes.normalise(codes.grouped(codes.code_of(digest))) == codes.code_of(digest)


def test_traditional_pages_leave_data_and_values_alone() -> None:
    html = (
        '<title>信用</title><p title="信用概览">信用概览 <b translate="no">云溪<b>区</b>有限公司</b> 处罚</p>'
        '<input value="处罚" placeholder="处罚"><textarea>处罚</textarea><!-- 处罚 -->'
    )
    assert traditional.page(html) == (
        '<title>信用</title><p title="信用概覽">信用概覽 <b translate="no">云溪<b>区</b>有限公司</b> 處罰</p>'
        '<input value="处罚" placeholder="處罰"><textarea>处罚</textarea><!-- 处罚 -->'
    )
