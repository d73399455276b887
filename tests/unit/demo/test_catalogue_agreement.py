"""Headers and values of the generator against the dataset entries of the catalogue, read as plain YAML."""

from __future__ import annotations

from importlib import resources
from typing import Any

import pytest
import yaml

from xinyong.demo import wording
from xinyong.demo.layouts import FileLayout, layouts


def entry(dataset: str) -> dict[str, Any]:
    path = resources.files("xinyong.datapacks").joinpath(f"datasets/{dataset}.yml")
    data: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return data


def codes(name: str) -> set[str]:
    path = resources.files("xinyong.datapacks").joinpath(f"codes/{name}.yml")
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {value["value"] for value in data["values"]} | {a for v in data["values"] for a in v.get("aliases", ())}


@pytest.mark.parametrize("layout", list(layouts().values()), ids=lambda item: item.key)
def test_headers_are_the_first_spellings_of_the_catalogue(layout: FileLayout) -> None:
    data = entry(layout.dataset)
    assert data["code"] == layout.dataset
    known = {item["code"]: item for item in data["layouts"]}
    assert set(layout.layouts) <= set(known)
    if "columns" in known[layout.layouts[0]]:
        columns = {item["column"] for item in known[layout.layouts[0]]["columns"]}
        assert set(layout.ids) <= columns
    else:
        fields = {item["code"]: item for item in data["fields"]}
        for code, label in zip(layout.ids, layout.labels, strict=True):
            assert fields[code]["columns"][0] == label
        required = {code for code, item in fields.items() if item.get("required")}
        assert required <= set(layout.ids)
    assert set(known[layout.layouts[0]]["signature"]) <= set(layout.ids)


def test_values_are_on_the_code_lists() -> None:
    assert {row.kind for rows in wording.licences().values() for row in rows} <= codes("licence-kind")
    kinds = {kind for rows in wording.penalties().values() for row in rows for kind in row.kinds}
    assert {kind for kind in kinds if not kind.startswith("其他-")} <= codes("penalty-kind")
    lists = wording.load("lists")
    assert {row["kind"] for row in lists["honour"]} <= codes("honour-kind")
    assert {row["code"] for rows in lists["abnormal"].values() for row in rows} <= codes("abnormal-reason-in")
    assert {row["code"] for row in lists["serious"]} <= codes("serious-reason")
    promised = {row["kind"] for row in lists["commitment"] if not row["kind"].startswith("其他-")}
    assert promised <= codes("commitment-type")


def test_matters_are_of_known_departments() -> None:
    known = {item.code for item in wording.departments("示例市")}
    assert set(wording.licences()) <= known
    assert set(wording.penalties()) <= known
    assert {row["department"] for row in wording.load("lists")["honour"]} <= known
