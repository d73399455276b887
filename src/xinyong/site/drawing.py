"""Drawings of the entity file as numbers: the timeline and the relations. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from xinyong.site.pages import Graph, GraphNode, Timeline, TimelinePoint, TimelineRow

#: Share of the width left to the row titles, and to the right margin.
_LEFT, _RIGHT = 11.0, 2.0
_ROW, _TOP = 26, 16
#: More years than this and only every second, fifth … is written.
_TICKS = 9

BOX_WIDTH, BOX_HEIGHT, _STEP = 208, 62, 78
WIDTH = 860
#: Boxes on each side of the drawing; the table has the others.
SIDE = 6
_LINE = 13.0


def timeline(classes: Sequence[tuple[str, str, Mapping[date, int]]], today: date) -> Timeline:
    """``classes``: title, tone, and how many in which month. Classes without records are left out."""
    held = [item for item in classes if item[2]]
    months = [month for _, _, counts in held for month in counts]
    first = min((month.year for month in months), default=today.year)
    last = max([today.year, *(month.year for month in months)])
    years = tuple(range(first, last + 1))
    span = (last + 1 - first) * 12

    def place(year: int, month: int) -> float:
        return _LEFT + (100 - _LEFT - _RIGHT) * ((year - first) * 12 + month - 1) / span

    rows = tuple(
        TimelineRow(
            title=title,
            tone=tone,
            y=_TOP + number * _ROW,
            total=sum(counts.values()),
            points=tuple(
                TimelinePoint(x=f"{place(month.year, month.month):.2f}%", radius=_radius(count))
                for month, count in sorted(counts.items())
            ),
            by_year=tuple(sum(n for month, n in counts.items() if month.year == year) for year in years),
        )
        for number, (title, tone, counts) in enumerate(held)
    )
    every = next(step for step in (1, 2, 5, 10, 20, 50, 100) if len(years) / step <= _TICKS)
    axis = _TOP + len(rows) * _ROW
    return Timeline(
        rows=rows,
        years=years,
        ticks=tuple((year, f"{place(year, 1):.2f}%") for year in years if (year - first) % every == 0),
        total=sum(row.total for row in rows),
        height=axis + 22,
        axis=axis,
    )


def _radius(count: int) -> int:
    return 4 if count == 1 else 6 if count < 5 else 8


def graph(name: str, left: Sequence[GraphNode], right: Sequence[GraphNode], total: int) -> Graph:
    """Holders on the left, what is held on the right. The nodes come without places."""
    rows = max(len(left[:SIDE]), len(right[:SIDE]), 1)
    height = rows * _STEP + 8
    middle = height // 2
    return Graph(
        nodes=(*_side(left[:SIDE], height, middle, right=False), *_side(right[:SIDE], height, middle, right=True)),
        rows=(*left, *right),
        total=total,
        height=height,
        centre=lines(name),
        centre_y=middle - BOX_HEIGHT // 2,
    )


def _side(nodes: Sequence[GraphNode], height: int, middle: int, *, right: bool) -> list[GraphNode]:
    x = WIDTH - BOX_WIDTH - 1 if right else 1
    begin = (height - len(nodes) * _STEP) // 2 + (_STEP - BOX_HEIGHT) // 2
    centre = WIDTH // 2
    placed = []
    for number, node in enumerate(nodes):
        y = begin + number * _STEP
        own = y + BOX_HEIGHT // 2
        edge = (
            (centre + BOX_WIDTH // 2, middle, x, own)
            if right
            else (x + BOX_WIDTH, own, centre - BOX_WIDTH // 2, middle)
        )
        placed.append(replace(node, x=x, y=y, edge=edge, lines=lines(node.name)))
    return placed


def lines(name: str) -> tuple[str, ...]:
    """A name in at most two lines of the box; what does not fit ends in an ellipsis."""
    found, line, width = [], "", 0.0
    for character in name:
        step = 0.58 if character.isascii() else 1.0
        if width + step > _LINE:
            found.append(line)
            line, width = "", 0.0
        line, width = line + character, width + step
    found.append(line)
    if len(found) <= 2:
        return tuple(found)
    return found[0], found[1][:-1] + "…"
