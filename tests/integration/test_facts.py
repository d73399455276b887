"""What the register says between entities: branches, contributions, successions, dates of names; in any order, rebuildable."""

from __future__ import annotations

import itertools
from datetime import date
from typing import Any

import pytest


@pytest.fixture(scope="module")
def files(desk: Any) -> dict[str, tuple[list[dict[str, str]], str]]:
    """Rows of the four datasets about six entities."""
    code = desk.code
    return {
        "registration": (
            [
                {"企业名称": f"示例{name}有限公司", "统一社会信用代码": code(number), "成立日期": "2015-03-02", "主体身份代码": f"P{number}", "隶属企业主体身份代码": "P1" if number == 6 else ""}
                for number, name in enumerate("甲乙丙丁戊己", start=1)
            ],
            "registration",
        ),
        "links": (
            [
                {"统一社会信用代码": code(2), "关联类型": "隶属企业", "关联主体代码": code(1), "登记日期": "2016-01-01", "终止日期": "", "文书号": ""},
                {"统一社会信用代码": code(3), "关联类型": "吸收合并", "关联主体代码": code(4), "登记日期": "2026-02-01", "文书号": "（示）合〔2026〕1号"},
                {"统一社会信用代码": code(5), "关联类型": "个转企", "关联主体代码": "410700600000014", "登记日期": "2026-05-01"},
            ],
            "registration-link",
        ),
        "changes": (
            [
                {"统一社会信用代码": code(1), "变更事项": "名称变更", "变更前内容": "示例旧甲有限公司", "变更后内容": "示例甲有限公司", "变更日期": "2020-05-06"},
                {"统一社会信用代码": code(1), "变更事项": "法定代表人变更", "变更前内容": "张三", "变更后内容": "李四", "变更日期": "2021-05-06"},
            ],
            "registration-change",
        ),
        "investors": (
            [
                {"统一社会信用代码": code(2), "出资序号": "1", "出资人": "示例甲有限公司", "出资人统一社会信用代码": code(1), "认缴出资额": "60", "认缴比例": "60", "出资日期": "2016-01-01"},
                {"统一社会信用代码": code(2), "出资序号": "2", "出资人": "张三", "出资人统一社会信用代码": "", "认缴出资额": "40", "认缴比例": "40", "出资日期": "2016-01-01"},
                {"统一社会信用代码": code(4), "出资序号": "1", "出资人": "张三", "出资人统一社会信用代码": "", "认缴出资额": "10", "认缴比例": "100", "出资日期": "2016-01-01"},
            ],
            "shareholders",
        ),
        "old": ([desk.penalty("", "示例老店", CF_XDR_LB="个体工商户", CF_XDR_GSZC="410700600000014")], "penalty"),
    }  # fmt: skip


def said(desk: Any) -> dict[str, Any]:
    """Everything read, with codes instead of ids, so that two databases can be compared."""
    name = "coalesce({0}.credit_code, (SELECT value FROM registry_identifier WHERE entity_id = {0}.id LIMIT 1))"
    return {
        "relations": desk.rows(
            f"SELECT relation.kind, {name.format('holder')}, {name.format('held')}, share, amount, valid_from, valid_until "
            "FROM registry_relation AS relation JOIN registry_entity AS holder ON holder.id = relation.holder_id "
            "JOIN registry_entity AS held ON held.id = relation.entity_id ORDER BY 1, 2, 3"
        ),
        "successions": desk.rows(
            f"SELECT succession.kind, {name.format('before')}, {name.format('after')}, effective_on, basis "
            "FROM registry_succession AS succession JOIN registry_entity AS before ON before.id = predecessor_id "
            "JOIN registry_entity AS after ON after.id = successor_id ORDER BY 1, 2, 3"
        ),
        "names": desk.rows(
            "SELECT entity.credit_code, held.name, held.kind, held.valid_from, held.valid_until FROM registry_name AS held "
            "JOIN registry_entity AS entity ON entity.id = held.entity_id WHERE entity.credit_code IS NOT NULL ORDER BY 1, 2"
        ),
        "keys": desk.rows("SELECT value FROM registry_identifier WHERE type = 'registration_key' ORDER BY 1"),
        "pending": desk.rows("SELECT code FROM registry_pendinglink ORDER BY 1"),
    }


@pytest.fixture(scope="module")
def filled(desk: Any, files: Any) -> dict[str, Any]:
    for rows, dataset in files.values():
        receipt = desk.take(rows, dataset)
        assert receipt.rejected == 0, [(item.code, item.reason_en) for item in desk.findings(receipt.delivery)]
    desk.catch_up()
    return said(desk)


def test_the_register_is_read(desk: Any, filled: Any) -> None:
    code = desk.code
    assert [row[:3] for row in filled["relations"]] == [
        ("branch", code(1), code(2)),
        ("branch", code(1), code(6)),
        ("investment", code(1), code(2)),
    ]
    assert filled["relations"][2][3:] == (60, 60, date(2016, 1, 1), None)
    assert filled["successions"] == [
        ("absorption", code(4), code(3), date(2026, 2, 1), "（示）合〔2026〕1号"),
        ("conversion", "410700600000014", code(5), date(2026, 5, 1), ""),
    ]
    assert (code(1), "示例旧甲有限公司", "former", None, date(2020, 5, 5)) in filled["names"]
    assert (code(1), "示例甲有限公司", "registered", date(2020, 5, 6), None) in filled["names"]
    assert filled["pending"] == []


def test_a_natural_person_joins_nobody_and_stands_in_no_table_of_the_registry(desk: Any, filled: Any) -> None:
    """张三 holds shares of two companies: no entity, no name, no relation comes of it."""
    assert len([row for row in filled["relations"] if row[0] == "investment"]) == 1
    for table in ("registry_entity", "registry_name", "registry_relation", "registry_succession", "registry_identifier", "registry_pendinglink"):  # fmt: skip
        assert desk.one(f"SELECT count(*) FROM {table} AS held WHERE held::text LIKE '%%张三%%'") == 0, table
    open_text = "SELECT count(*) FROM ledger_version WHERE payload ->> 'INV' LIKE '%%张三%%'"
    assert desk.one(open_text) == 0, "an investor's name is kept encrypted"


def test_the_files_name_each_other(desk: Any, filled: Any) -> None:
    from django.test import Client

    client = Client(headers={"accept-language": "zh-CN"})
    page = client.get(f"/entities/{desk.code(1)}").content.decode()
    assert "分支机构" in page and "示例乙有限公司" in page and "60%" in page and "示例旧甲有限公司" in page
    assert "被吸收合并入" in client.get(f"/entities/{desk.code(4)}").content.decode()
    converted = client.get(f"/entities/{desk.code(5)}").content.decode()
    assert "由个体工商户转型而来" in converted and "（示）罚〔2026〕1号" not in converted, (
        "each stays a subject of its own"
    )


def test_a_rebuild_reads_the_same(desk: Any, filled: Any) -> None:
    from xinyong.desk import facts

    assert facts.catch_up() == 0
    facts.rebuild()
    assert said(desk) == filled


def test_a_newer_version_replaces_what_was_read(desk: Any, filled: Any, files: Any) -> None:
    rows, dataset = files["links"]
    desk.take([{**rows[0], "终止日期": "2025-01-01"}], dataset)
    desk.catch_up()
    (ended,) = [
        row for row in said(desk)["relations"] if row[1:3] == (desk.code(1), desk.code(2)) and row[0] == "branch"
    ]
    assert ended[-1] == date(2025, 1, 1)
    desk.take([rows[0]], dataset)
    desk.catch_up()
    assert said(desk) == filled


def test_an_unknown_status_is_an_alarm_and_never_means_in_operation(desk: Any, filled: Any) -> None:
    from xinyong.registry import selectors

    row = desk.registration(desk.code(21), "示例状态有限公司", 登记状态="存续")
    desk.take([row])
    status = "SELECT status FROM registry_entity WHERE credit_code = %s"
    assert (desk.one(status, desk.code(21)), selectors.unknown_statuses()) == ("1", [])
    receipt = desk.take([{**row, "登记状态": "破产重整中"}])
    assert receipt.accepted == 1, "an unknown status is no crash and no rejection"
    assert desk.one(status, desk.code(21)) == "破产重整中"
    assert selectors.unknown_statuses() == [("破产重整中", 1)]
    told = desk.cli("registry", "alarms", "--json")
    assert "破产重整中" in told.output
    desk.take([{**row, "登记状态": "歇业"}])
    assert desk.one(status, desk.code(21)) == "x1" and selectors.unknown_statuses() == []


@pytest.mark.parametrize("order", list(itertools.permutations(["registration", "links", "investors", "old"]))[1::8])
def test_the_order_of_deliveries_does_not_matter(
    server: str, files: Any, filled: Any, order: tuple[str, ...], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """In a database of its own, the links before the entities they name."""
    import psycopg

    from tests.conftest import RUN, TEMPLATE, use_database
    from tests.integration.conftest import Desk
    from xinyong.runtime import postgres

    name = f"xinyong_{RUN}_facts_{'_'.join(order)}"[:60]
    with psycopg.connect(postgres.server().url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    try:
        with use_database(server, name):
            desk = Desk(tmp_path_factory.mktemp("order"))
            for key in (*order, "changes"):
                rows, dataset = files[key]
                desk.take(rows, dataset)
                desk.catch_up()
            assert said(desk) == filled
    finally:
        with psycopg.connect(postgres.server().url, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
