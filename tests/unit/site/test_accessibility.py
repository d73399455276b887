"""The accessibility statement is made of a run."""

from __future__ import annotations

import pytest

from xinyong.site import accessibility

LINE = {
    "route": "home",
    "width": 390,
    "day": "2026-11-26",
    "axe": "4.14.1",
    "tags": ["wcag2a"],
    "rules": ["a", "b"],
    "violations": [],
}


def test_a_run_in_figures() -> None:
    made = accessibility.summary(
        [LINE, {**LINE, "width": 1440, "rules": ["b", "c"]}, {**LINE, "route": "lists", "violations": ["x", "y"]}]
    )
    found = accessibility.parse(made)
    assert (found.checks, found.rules, found.violations, found.widths) == (3, 3, 2, (390, 1440))
    assert [(item.route, item.widths, item.checks, item.violations) for item in found.routes] == [
        ("home", (390, 1440), 2, 0),
        ("lists", (390,), 1, 2),
    ]


def test_an_empty_run_makes_no_statement() -> None:
    with pytest.raises(ValueError, match="no page"):
        accessibility.summary([])


def test_the_packaged_statement_is_of_a_whole_run() -> None:
    found = accessibility.statement()
    assert found.widths == (390, 820, 1440) and found.violations == 0
    assert {"home", "search", "entity", "record-page", "report", "verify", "deliveries"} <= {
        item.route for item in found.routes
    }
    assert found.checks == sum(item.checks for item in found.routes) > 100 and found.rules > 50
