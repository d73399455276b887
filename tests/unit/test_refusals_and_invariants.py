"""What the implementation refuses (rules of the domain, 23) and what always holds (26): one complete set, an id each.

Most are checked where the code they concern is tested; the table names those tests, and a name that is gone fails here. What
has no other place is checked below, named by its id. An id without a check fails.
"""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest
from django.apps import apps
from hypothesis import given
from hypothesis import strategies as st

from xinyong.catalogue import selectors as catalogue
from xinyong.catalogue.entry import Disclosure
from xinyong.remedies.figures import share

TESTS = Path(__file__).parent.parent

REFUSALS: dict[str, tuple[str, ...]] = {
    "REF-01": (
        "integration/test_delivery.py::test_natural_persons_are_refused_and_leave_no_entity",
        "integration/test_verification.py::test_natural_persons_are_never_answered",
        "unit/lists/test_list_registry.py::test_ref_01_no_list_takes_a_natural_person",
        "unit/test_refusals_and_invariants.py::test_ref_01_no_table_scores_grades_or_ranks",
    ),
    "REF-02": ("unit/catalogue/test_packaged.py::test_unknown_and_not_in_force",),
    "REF-03": (
        "unit/catalogue/test_loader_mistakes.py::test_ref_03_forbidden_kinds_of_personal_information_are_no_field",
        "unit/test_refusals_and_invariants.py::test_ref_03_no_packaged_dataset_has_a_forbidden_kind",
    ),
    "REF-04": (
        "unit/catalogue/test_packaged.py::test_every_entry_states_what_the_law_asks",
        "unit/catalogue/test_packaged.py::test_adverse_entries_without_a_number_are_for_officers_only",
    ),
    "REF-05": (
        "integration/test_publicity.py::test_no_personal_field_and_no_number_reaches_a_page",
        "integration/test_open_data.py::test_nothing_personal_leaves_whatever_a_record_holds",
        "unit/standards/test_redaction.py::test_personal_numbers_are_masked",
    ),
    "REF-06": ("unit/publicity/test_clock.py::test_ref_06_minor_is_never_public_without_recorded_necessity",),
    "REF-07": (
        "integration/test_vanish.py::test_what_is_gone_is_gone_everywhere",
        "integration/test_verification.py::test_a_record_an_officer_ended_is_answered_no_more",
        "unit/lists/test_gate.py::test_mea_10_ends_with_the_entry",
    ),
    "REF-08": ("unit/publicity/test_clock.py::test_ref_08_a_named_end_never_lengthens",),
    "REF-09": (
        "unit/lists/test_procedure.py::test_ref_09_nothing_is_listed_without_notice_decision_basis_and_exit_terms",
    ),
    "REF-10": (
        "unit/lists/test_no_path_from_scores.py::test_lists_import_nothing_that_scores",
        "unit/lists/test_no_path_from_scores.py::test_only_the_officers_pages_call_the_writers",
    ),
    "REF-11": (
        "unit/lists/test_gate.py::test_mea_05_the_entity_was_told_in_writing",
        "unit/lists/test_gate.py::test_mea_06_only_the_executor_in_its_scene",
        "unit/lists/test_gate.py::test_ref_11_every_executor_of_a_row_is_needed_not_any_unit",
    ),
    "REF-12": (
        "unit/lists/test_gate.py::test_ref_12_no_measure_without_an_officer",
        "unit/remedies/test_machine.py::test_con_05_the_platform_by_itself_never_decides",
    ),
    "REF-13": ("integration/test_joint_work.py::test_ref_13_a_measure_never_reaches_the_people_of_an_entity",),
    "REF-14": (
        "integration/test_joint_work.py::test_ref_14_no_answer_without_purpose_authority_and_matter",
        "integration/test_retention.py::test_the_archive_is_closed_named_officers_read_for_a_purpose_and_every_look_is_logged",
    ),
    "REF-15": (
        "unit/remedies/test_machine.py::test_ref_15_no_fee_training_or_paid_report_is_a_material_or_a_condition",
        "unit/publicity/test_repair.py::test_ref_15_no_fee_and_no_training_is_a_condition",
    ),
    "REF-16": (
        "integration/test_centre.py::test_the_whole_file_with_its_reasons",
        "integration/test_centre.py::test_a_report_given_out_is_seen_by_its_subject",
        "integration/test_verification.py::test_every_answer_leaves_one_row_that_the_subject_reads",
    ),
    "REF-17": (
        "unit/lists/test_no_path_from_scores.py::test_nothing_the_rules_may_know_is_a_score",
        "unit/test_refusals_and_invariants.py::test_ref_01_no_table_scores_grades_or_ranks",
    ),
    "REF-18": (
        "integration/test_ledger.py::test_history_cannot_be_changed_by_the_application_nor_by_the_owner",
        "integration/test_ledger.py::test_the_application_cannot_get_round_the_triggers",
        "integration/test_retention.py::test_nothing_else_goes_by_no_other_door",
        "integration/test_remedies_together.py::test_steps_are_never_changed_or_removed",
    ),
    "REF-19": (
        "integration/test_open_data.py::test_no_personal_field_has_a_column",
        "integration/test_notices.py::test_webhooks_never_lead_into_the_network_of_the_platform",
        "integration/test_notices.py::test_a_step_of_a_case_is_told_in_the_site_and_by_mail",
        "integration/test_twins.py::test_linked_data_names_no_person",
    ),
    "REF-20": ("unit/test_refusals_and_invariants.py::test_ref_20_no_risk_class_is_public",),
}

INVARIANTS: dict[str, tuple[str, ...]] = {
    "26-1": ("unit/publicity/test_clock.py::test_invariant_26_1_order_of_dates_and_the_maximum",),
    "26-2": ("unit/publicity/test_clock.py::test_invariant_26_2_the_later_regime_never_ends_later",),
    "26-3": (
        "integration/test_vanish.py::test_what_is_gone_is_gone_everywhere",
        "integration/test_vanish.py::test_every_public_route_is_in_one_list_of_the_walk",
    ),
    "26-4": (
        "integration/test_remedies.py::test_an_objection_is_marked_at_once_in_every_channel_and_its_outcome_stands_on_the_record",
        "integration/test_remedies.py::test_a_mark_and_its_step_stand_or_fall_together",
    ),
    "26-5": ("unit/lists/test_procedure.py::test_26_5_random_sequences_never_list_without_notice_decision_and_basis",),
    "26-6": (
        "unit/lists/test_gate.py::test_26_6_applied_means_listed_own_executor_notice_and_standing",
        "integration/test_joint_work.py::test_26_6_whatever_was_applied_passed_every_test",
    ),
    "26-7": ("unit/standards/test_redaction.py::test_masking_is_idempotent_and_touches_only_its_spans",),
    "26-8": (
        "unit/publicity/test_timers.py::test_invariant_26_8_holidays_never_make_a_deadline_earlier_than_calendar_days",
    ),
    "26-9": ("unit/test_refusals_and_invariants.py::test_26_9_late_and_timely_are_one_and_totals_are_weighted_means",),
    # No grade is computed anywhere: nothing can improve or worsen one, and no path leads from a person to one.
    "26-10": ("unit/test_refusals_and_invariants.py::test_ref_01_no_table_scores_grades_or_ranks",),
    "26-11": (
        "unit/test_refusals_and_invariants.py::test_ref_01_no_table_scores_grades_or_ranks",
        "unit/lists/test_no_path_from_scores.py::test_no_source_of_the_room_reads_a_score",
    ),
    "26-12": (
        "integration/test_joint_work.py::test_26_12_every_question_leaves_exactly_one_row_with_purpose_and_authority",
        "integration/test_verification.py::test_every_answer_leaves_one_row_that_the_subject_reads",
        "integration/test_retention.py::test_the_archive_is_closed_named_officers_read_for_a_purpose_and_every_look_is_logged",
    ),
}


@cache
def _tests_of(file: str) -> frozenset[str]:
    tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def _checked(names: tuple[str, ...]) -> None:
    assert names
    for name in names:
        file, _, test = name.partition("::")
        assert test.startswith("test_") and test in _tests_of(file), f"there is no {name}"


def test_the_set_is_complete() -> None:
    assert list(REFUSALS) == [f"REF-{number:02d}" for number in range(1, 21)]
    assert list(INVARIANTS) == [f"26-{number}" for number in range(1, 13)]


@pytest.mark.parametrize("number", list(REFUSALS))
def test_refusal(number: str) -> None:
    _checked(REFUSALS[number])


@pytest.mark.parametrize("number", list(INVARIANTS))
def test_invariant(number: str) -> None:
    _checked(INVARIANTS[number])


# --- what has no other place --------------------------------------------------------------------------------------


def test_ref_01_no_table_scores_grades_or_ranks() -> None:
    """REF-01, REF-17, 26.10, 26.11: no column could hold a score, grade or rank of anybody, person or organisation."""
    word = re.compile(r"(^|_)(score|grade|rating|rank|ranking|points|credit_level|risk_class)($|_)")
    found = [
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        if model.__module__.startswith("xinyong.")
        for field in model._meta.get_fields()
        if word.search(field.name)
    ]
    assert found == []


def test_ref_03_no_packaged_dataset_has_a_forbidden_kind() -> None:
    from xinyong.catalogue.forbidden import forbidden_kind

    for entry in catalogue.packaged().entries.values():
        for field in entry.fields:
            assert forbidden_kind(field.code, field.name_zh, field.name_en) is None, f"{entry.code}.{field.code}"


def test_ref_20_no_risk_class_is_public() -> None:
    risk = re.compile(r"风险(分类|等级|分级)|risk[ _-]?(class|grade|level)", re.IGNORECASE)
    for entry in catalogue.packaged().entries.values():
        for field in entry.fields:
            if risk.search(f"{field.code} {field.name_zh} {field.name_en}"):
                assert field.publication == Disclosure.NEVER, f"{entry.code}.{field.code}"


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)), min_size=1, max_size=30))
def test_26_9_late_and_timely_are_one_and_totals_are_weighted_means(parts: list[tuple[int, int]]) -> None:
    """Late and timely over the same denominator; the share of the whole is the mean of the parts, weighted by their number."""
    counted = [(good, good + late) for good, late in parts]
    good, total = sum(one for one, _ in counted), sum(one for _, one in counted)
    for timely, of in [*counted, (good, total)]:
        rate, late = share(timely, of), share(of - timely, of)
        if of == 0:
            assert rate is None and late is None
        else:
            assert rate is not None and late is not None and abs(rate + late - 100) < 1e-9
    if total:
        weighted = sum((share(part, of) or 0) * of for part, of in counted) / total
        assert abs((share(good, total) or 0) - weighted) < 1e-6
