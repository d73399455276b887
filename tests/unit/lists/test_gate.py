"""The gate: each test of a measure by its number, and what no measure may ever rest on."""

from __future__ import annotations

import dataclasses
from datetime import date
from importlib import resources

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from xinyong.lists import gate, measures, registry
from xinyong.lists.errors import ListsInvalid

BOOK = measures.book()
DAY = date(2026, 11, 26)

ENTRY = gate.Object(
    entity_id=1, record_id=7, dataset="list-entry", list_code="wage-arrears", document="示人社列〔2026〕1号",
    authority="示例市人力资源和社会保障局", decided_on=date(2026, 3, 2), until=date(2029, 3, 2), serious=True,
)  # fmt: skip
PENALTY = gate.Object(
    entity_id=1, record_id=8, dataset="penalty", document="示罚〔2025〕1号", authority="示例市某局",
    decided_on=date(2025, 12, 1), until=date(2026, 12, 1), kinds=("罚款",), text="未按规定公示",
)  # fmt: skip
NOTICE = gate.Notice(document="示告〔2026〕3号", served_on=date(2026, 11, 20), says=gate.NOTICE_PARTS)


def asked(measure: str = "MEA-43", **change: object) -> gate.Proposal:
    row = BOOK.rows[measure]
    base = gate.Proposal(
        measure=row,
        object=ENTRY,
        scene=row.scenes[0],
        day=DAY,
        profile="henan",
        roles=frozenset(row.executors[:1]),
        officer="owner",
        relation="投标人为在列的拖欠农民工工资主体",
        notice=NOTICE,
    )
    return dataclasses.replace(base, **change)  # type: ignore[arg-type]


def failed(proposal: gate.Proposal, book: measures.Book = BOOK) -> set[str]:
    return {verdict.id for verdict in gate.judge(proposal, book) if not verdict.passed}


def test_a_lawful_measure_passes_every_test() -> None:
    assert failed(asked()) == set()


def test_mea_01_only_what_is_on_the_list() -> None:
    stranger = dataclasses.replace(BOOK.rows["MEA-43"], id="MEA-43", zh="另加一条")
    assert "MEA-01" in failed(dataclasses.replace(asked(), measure=stranger))
    late = dataclasses.replace(asked(), day=date(2021, 1, 1))
    assert "MEA-01" in failed(late)


def test_mea_01_a_memorandum_is_history() -> None:
    """VER-09, CON-13."""
    row = BOOK.rows["MEMO-01"]
    proposal = dataclasses.replace(asked(), measure=row, day=date(2018, 1, 1))
    assert "MEA-01" in failed(proposal)
    assert not any(row.source.kind == "historic" and gate.advised(dataclasses.replace(asked(), measure=row), BOOK)
                   for row in BOOK.rows.values())  # fmt: skip


def test_mea_01_a_local_supplement_counts_at_its_place_only() -> None:
    proposal = asked("HN-32-2", object=PENALTY)
    assert failed(proposal) == set()
    assert "MEA-01" in failed(dataclasses.replace(proposal, profile="zhejiang"))


def test_mea_01_a_local_supplement_needs_a_local_regulation() -> None:
    texts = {
        name: (resources.files("xinyong.datapacks") / "measures" / name).read_text(encoding="utf-8")
        for name in ("_vocabulary.yml", "henan.yml")
    }
    raw = yaml.safe_load(texts["henan.yml"])
    raw["basis"]["level"] = "normative"
    texts["henan.yml"] = yaml.safe_dump(raw, allow_unicode=True)
    with pytest.raises(ListsInvalid, match="local regulation"):
        measures.load(texts, frozenset(registry.registry()))


def test_mea_02_the_basis_is_a_law_a_regulation_or_central_policy() -> None:
    row = BOOK.rows["LST-27"]
    entry = dataclasses.replace(ENTRY, list_code="market-serious")
    assert "MEA-02" in failed(dataclasses.replace(asked(), measure=row, object=entry, scene=row.scenes[0],
                                                  roles=frozenset(row.executors)))  # fmt: skip


def test_mea_02_nothing_beyond_the_listed_degree() -> None:
    entry = dataclasses.replace(ENTRY, list_code="procurement")
    assert failed(asked("MEA-24", object=entry, months=36)) == set()
    assert "MEA-02" in failed(asked("MEA-24", object=entry, months=37))
    assert "MEA-02" in failed(asked("MEA-24", object=entry, months=11))
    assert "MEA-02" in failed(asked("MEA-43", months=12))  # it ends with the entry and knows no period of its own


def test_mea_03_a_concrete_final_act_and_a_reason() -> None:
    assert "MEA-03" in failed(asked(relation="  "))
    assert "MEA-03" in failed(asked(object=dataclasses.replace(ENTRY, document="", authority="")))
    assert "MEA-03" in failed(asked(object=dataclasses.replace(ENTRY, list_code="abnormal")))
    assert "MEA-03" in failed(asked("HN-32-2", object=dataclasses.replace(PENALTY, final=False)))


def test_mea_04_a_minor_act_carries_no_measure() -> None:
    assert "MEA-04" in failed(asked("HN-32-2", object=dataclasses.replace(PENALTY, minor=True)))


def test_mea_05_the_entity_was_told_in_writing() -> None:
    """REF-11."""
    assert "MEA-05" in failed(asked(notice=None))
    assert "MEA-05" in failed(asked(notice=dataclasses.replace(NOTICE, document="")))
    assert "MEA-05" in failed(asked(notice=dataclasses.replace(NOTICE, served_on=date(2026, 11, 27))))
    for part in gate.NOTICE_PARTS:
        assert "MEA-05" in failed(asked(notice=dataclasses.replace(NOTICE, says=gate.NOTICE_PARTS - {part})))


def test_mea_06_only_the_executor_in_its_scene() -> None:
    """REF-11."""
    assert "MEA-06" in failed(asked(roles=frozenset({"tax"})))
    assert "MEA-06" in failed(asked(roles=frozenset()))  # the platform itself
    assert "MEA-06" in failed(asked(scene="funds"))


def test_mea_07_nobody_is_made_to_punish() -> None:
    row = BOOK.rows["MEA-41"]
    assert "MEA-07" in failed(asked("MEA-41", roles=frozenset({"market-body"})))
    assert not gate.advised(asked("MEA-41", roles=frozenset(row.executors)), BOOK)


def test_mea_08_no_permit_condition_beyond_the_law() -> None:
    row = BOOK.rows["MEA-35"]
    weak = dataclasses.replace(row, bases=(dataclasses.replace(row.bases[0], level="central-policy"),))
    book = dataclasses.replace(BOOK, rows={**BOOK.rows, row.id: weak})
    entry = dataclasses.replace(ENTRY, list_code="sme-arrears")
    proposal = asked("MEA-35", object=entry, scene="permit", roles=frozenset({"permit"}))
    assert "MEA-08" not in failed(proposal)
    assert "MEA-08" in failed(dataclasses.replace(proposal, measure=weak), book)


def test_mea_09_ordinary_dishonesty_carries_soft_measures_only() -> None:
    row = BOOK.rows["HN-32-2"]
    hard = dataclasses.replace(row, soft=False, group=1)
    book = dataclasses.replace(BOOK, rows={**BOOK.rows, row.id: hard})
    assert "MEA-09" in failed(dataclasses.replace(asked("HN-32-2", object=PENALTY), measure=hard), book)


def test_mea_10_ends_with_the_entry() -> None:
    """REF-07."""
    assert "MEA-10" in failed(asked(object=dataclasses.replace(ENTRY, active=False)))
    assert "MEA-10" in failed(asked(object=dataclasses.replace(ENTRY, until=date(2026, 11, 25))))


def test_mea_11_stricter_places_ask_for_refusal_of_an_effective_document() -> None:
    entry = dataclasses.replace(ENTRY, list_code="bidding", ground="rigging")
    assert "MEA-11" not in failed(asked(profile="shenzhen"))
    assert "MEA-11" in failed(asked("MEA-22", object=entry, profile="shenzhen"))
    assert "MEA-11" not in failed(asked("MEA-22", object=entry, profile="henan"))


def test_ref_11_every_executor_of_a_row_is_needed_not_any_unit() -> None:
    for row in BOOK.rows.values():
        others = frozenset(set(BOOK.executors) - set(row.executors))
        assert gate.mea_06(dataclasses.replace(asked(), measure=row, roles=others), BOOK) is not None


def test_ref_12_no_measure_without_an_officer() -> None:
    assert failed(asked(officer=" ")) == {"REF-12"}


@pytest.mark.parametrize("target", ["legal-representative", "controller", "family", "staff", "owner"])
def test_ref_13_never_extends_to_people(target: str) -> None:
    assert failed(asked(target=target)) == {"REF-13"}


def test_ref_13_no_row_targets_natural_persons() -> None:
    assert not {"MEA-26", "MEA-27", "MEA-28", "MEA-30", "MEA-36"} & set(BOOK.rows)


def test_incentives_go_the_same_way() -> None:
    red = dataclasses.replace(ENTRY, list_code="tax-a", dataset="honours", serious=False, favourable=True)
    assert failed(asked("INC-01", object=red, notice=None)) == set()
    assert "MEA-03" in failed(asked("INC-01"))  # not for a listed debtor
    assert "MEA-10" in failed(asked("INC-01", object=dataclasses.replace(red, active=False), notice=None))


def test_rows_that_were_recalled_are_to_be_confirmed() -> None:
    assert not BOOK.rows["MEA-41"].confirmed and not BOOK.rows["LST-27"].confirmed
    assert BOOK.rows["MEA-22"].confirmed


def test_no_value_of_the_gate_can_carry_a_score_or_a_class() -> None:
    """CON-04, REF-10: what could carry one does not exist."""
    names = {field.name for kind in (gate.Object, gate.Proposal, gate.Notice, measures.Measure)
             for field in dataclasses.fields(kind)}  # fmt: skip
    assert not [name for name in names if any(word in name for word in ("score", "grade", "risk", "rating", "rank"))]


@given(
    st.sampled_from(sorted(BOOK.rows)),
    st.sampled_from([None, *sorted(registry.registry())]),
    st.booleans(),
    st.booleans(),
    st.sampled_from([None, NOTICE]),
    st.sets(st.sampled_from(sorted(BOOK.executors))),
    st.sampled_from(sorted(BOOK.scenes)),
    st.sampled_from(["henan", "shenzhen", "national"]),
)
def test_26_6_applied_means_listed_own_executor_notice_and_standing(
    measure: str, list_code: str | None, active: bool, minor: bool, notice: gate.Notice | None, roles: set[str],
    scene: str, profile: str,
) -> None:  # fmt: skip
    """Invariant 26.6 for any combination: whatever passes the gate has all four."""
    row = BOOK.rows[measure]
    base = PENALTY if list_code is None else dataclasses.replace(
        ENTRY, list_code=list_code, favourable=registry.registry()[list_code].kind == "favourable"
    )  # fmt: skip
    proposal = dataclasses.replace(
        asked(), measure=row, object=dataclasses.replace(base, active=active, minor=minor), notice=notice,
        roles=frozenset(roles), scene=scene, profile=profile,
    )  # fmt: skip
    if failed(proposal):
        return
    assert row in BOOK.rows.values() and row.source.kind != "historic" and row.in_force(DAY)
    assert roles & set(row.executors) and scene in row.scenes
    assert row.kind == "incentive" or notice is not None
    assert active and gate.follows(row, proposal.object)
