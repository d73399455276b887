"""Region codes: renamed, moved, reused, divided, and never real."""

from __future__ import annotations

from datetime import date

import pytest

from xinyong.standards import regions
from xinyong.standards.regions import FICTITIOUS_REGION_PREFIX, Level, fictitious_table, is_fictitious, table

TODAY = date(2026, 11, 22)


def test_the_table_is_complete() -> None:
    lifetimes = list(table())
    assert len(lifetimes) == 6_823
    assert len(table().codes) == 6_450
    assert sum(len(table().lifetimes(code)) > 1 for code in table().codes) == 359


@pytest.mark.parametrize(
    ("code", "day", "name"),
    [
        ("410711", date(1990, 6, 1), "郊区"),
        ("410711", date(2002, 12, 31), "郊区"),
        ("410711", date(2003, 12, 31), "牧野区"),
        ("410711", TODAY, "牧野区"),
        ("410703", date(2002, 1, 1), "新华区"),
        ("410703", date(2004, 1, 1), "卫滨区"),
        ("410728", date(2018, 1, 1), "长垣县"),
        ("410728", date(2020, 1, 1), None),
        ("410783", date(2020, 1, 1), "长垣市"),
        ("419001", date(1988, 1, 1), "义马市"),
        ("419001", date(1993, 1, 1), None),
        ("419001", TODAY, "济源市"),
        ("133100", TODAY, None),
    ],
)
def test_name_at_a_date(code: str, day: date, name: str | None) -> None:
    assert table().name_at(code, day) == name


@pytest.mark.parametrize(
    ("code", "current"),
    [
        ("410711", ("410711",)),
        ("410728", ("410783",)),
        ("412800", ("411700",)),
        ("139001", ("130481",)),
        ("130103", ("130102", "130104")),
        ("999999", ()),
    ],
)
def test_what_a_code_became(code: str, current: tuple[str, ...]) -> None:
    assert table().current_of(code) == current


def test_every_chain_of_successors_ends() -> None:
    known = set(table().codes)
    for code in table().codes:
        assert set(table().successors(code)) <= known
        assert all(table().is_current(successor) for successor in table().current_of(code))
    lost = [code for code in table().codes if not table().current_of(code)]
    assert len(lost) <= 25


def test_paths_and_children_follow_management_not_digits() -> None:
    assert table().path_at("410711", TODAY) == ("河南省", "新乡市", "牧野区")
    assert table().path_at("419001", TODAY) == ("河南省", "济源市")
    assert table().path_at("110101", TODAY) == ("北京市", "东城区")
    assert table().path_at("410000", TODAY) == ("河南省",)
    assert table().path_at("410728", TODAY) == ()
    names = {child.name for child in table().children_at("410700", TODAY)}
    assert {"牧野区", "卫滨区", "凤泉区", "长垣市", "卫辉市"} <= names and "长垣县" not in names
    province = table().children_at("410000", TODAY)
    assert {"新乡市", "济源市", "驻马店市"} <= {child.name for child in province}
    assert all(child.level is not Level.PROVINCE for child in province)
    assert table().children_at("410711", TODAY) == () == table().children_at("000000", TODAY)


def test_renamed_reused_and_moved_codes() -> None:
    assert {"410711", "410703", "410704"} <= set(table().renamed())
    assert "419001" in table().reused() and "410711" not in table().reused()
    assert {"410728", "412800"} <= set(table().moved())


def test_frame_joins() -> None:
    frame = table().frame()
    assert frame.shape == (6_823, 7)
    assert frame.filter(frame["until_year"].is_null()).height == sum(table().is_current(c) for c in table().codes)


def test_the_fictitious_region_can_never_be_real() -> None:
    assert not any(code.startswith(FICTITIOUS_REGION_PREFIX) for code in table().codes)
    assert max(code[0] for code in table().codes) == "8"
    assert all(is_fictitious(code) and code not in table() for code in fictitious_table().codes)
    names = {lifetime.name for lifetime in table()}
    assert not names & {lifetime.name for lifetime in fictitious_table()}
    assert fictitious_table().path_at("990102", TODAY) == ("示例省", "示例市", "云栖区")
    assert len(fictitious_table().children_at("990100", TODAY)) == 5


def test_latest_is_the_name_to_show() -> None:
    latest = regions.table().latest("410728")
    assert latest is not None and latest.name == "长垣县" and latest.successors == ("410783",)
    assert regions.table().latest("000000") is None
