"""Every row of the domain's rules on clock, publicity, repair, objection, retention and persons (rules.md 1, 3, 6 to 8, 17, 18).

A row is named by a test (in its name, its docstring or its cases), or stands below: in ``CHECKED`` with the tests that hold
it, or in ``ELSEWHERE`` with the reason why no test of this platform can. A row with neither fails. The refusals (23) and the
invariants (26) are held to the same in ``test_refusals_and_invariants``.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from importlib import resources
from pathlib import Path

import pytest

TESTS = Path(__file__).parent.parent
RULES = TESTS.parent.parent / "shared" / "domain" / "rules.md"

#: The rows, by family: how many, and those left out of the count.
FAMILIES: dict[str, list[int]] = {
    "VER": [*range(1, 13)],
    "CLK": [*range(1, 11)],
    "PUB": [*range(1, 29)],
    "SEV": [*range(1, 12)],
    "REP": [*range(1, 48)],
    "WHO": [*range(1, 15)],
    "OBJ": [*range(1, 14), *range(20, 27)],
    "RET": [*range(1, 9)],
    "NAT": [*range(1, 25)],
}
ROWS = [f"{family}-{number:02d}" for family, numbers in FAMILIES.items() for number in numbers]

CHECKED: dict[str, tuple[str, ...]] = {
    "WHO-10": ("unit/lists/test_gate.py::test_mea_01_only_what_is_on_the_list",),
    "WHO-12": ("unit/lists/test_gate.py::test_mea_01_a_local_supplement_counts_at_its_place_only",),
    "WHO-13": (
        "unit/lists/test_gate.py::test_mea_06_only_the_executor_in_its_scene",
        "integration/test_joint_work.py::test_decided_carried_out_lifted_and_acknowledged",
    ),
    "RET-01": (
        "integration/test_retention.py::test_a_plan_changes_nothing_and_its_run_moves_payloads_while_log_and_proofs_stand",
        "unit/publicity/test_clock.py::test_ceiling_of_the_province",
    ),
    "RET-03": ("integration/test_retention.py::test_personal_values_go_first",),
    "RET-04": ("unit/test_rows_of_the_rules.py::test_ret_rows_stand_in_the_data_with_their_article",),
    "RET-07": ("unit/test_rows_of_the_rules.py::test_ret_rows_stand_in_the_data_with_their_article",),
    "RET-08": (
        "integration/test_retention.py::test_the_archive_is_closed_named_officers_read_for_a_purpose_and_every_look_is_logged",
        "integration/test_vanish.py::test_what_is_gone_is_gone_everywhere",
    ),
    "NAT-01": ("integration/test_delivery.py::test_natural_persons_are_refused_and_leave_no_entity",),
    "NAT-03": ("integration/test_centre.py::test_a_record_shows_every_field_and_hides_people",),
    "NAT-04": (
        "integration/test_publicity.py::test_no_personal_field_and_no_number_reaches_a_page",
        "integration/test_open_data.py::test_nothing_personal_leaves_whatever_a_record_holds",
    ),
    "NAT-05": (
        "integration/test_open_data.py::test_no_personal_field_has_a_column",
        "integration/test_notices.py::test_webhooks_never_lead_into_the_network_of_the_platform",
    ),
    "NAT-06": ("unit/test_refusals_and_invariants.py::test_ref_03_no_packaged_dataset_has_a_forbidden_kind",),
    "NAT-07": ("unit/lists/test_list_registry.py::test_ref_01_no_list_takes_a_natural_person",),
    "NAT-08": (
        "unit/lists/test_gate.py::test_ref_12_no_measure_without_an_officer",
        "unit/remedies/test_machine.py::test_con_05_the_platform_by_itself_never_decides",
    ),
    "NAT-13": ("unit/test_refusals_and_invariants.py::test_ref_01_no_table_scores_grades_or_ranks",),
    "NAT-14": ("unit/test_refusals_and_invariants.py::test_ref_03_no_packaged_dataset_has_a_forbidden_kind",),
    "NAT-15": ("unit/test_refusals_and_invariants.py::test_ref_01_no_table_scores_grades_or_ranks",),
    "NAT-16": ("integration/test_verification.py::test_natural_persons_are_never_answered",),
    "NAT-18": ("unit/catalogue/test_loader_mistakes.py::test_ref_03_forbidden_kinds_of_personal_information_are_no_field",),
    "NAT-19": (
        "unit/lists/test_gate.py::test_ref_13_never_extends_to_people",
        "integration/test_joint_work.py::test_ref_13_a_measure_never_reaches_the_people_of_an_entity",
    ),
    "NAT-20": ("unit/lists/test_list_registry.py::test_court_defaulters_are_organisations_only",),
    "NAT-21": (
        "integration/test_delivery.py::test_personal_numbers_are_stored_nowhere_in_clear",
        "unit/standards/test_redaction.py::test_personal_numbers_are_masked",
    ),
    "NAT-23": (
        "integration/test_remedies.py::test_an_objection_is_marked_at_once_in_every_channel_and_its_outcome_stands_on_the_record",
    ),
}  # fmt: skip

#: Rows that bind somebody else than this platform, or say nothing it could do.
ELSEWHERE: dict[str, str] = {
    "VER-05": "from June to 2025-12-24 the rows of R21 held (REP-28 to 31), then those of S107 (VER-11): no limit of its own",
    "VER-07": "the registration authority applies EIP24 article 18 and delivers the entry; the platform lists nobody for it",
    "VER-08": "the registration authority revokes the licence; it comes as a record like any other",
    "REP-19": "the separate zone for debtors in reorganisation is one of the national site; here REP-18 masks and marks them",
    "REP-39": "rests on a grade of the entity, and the platform holds and computes none (REF-01, invariant 10)",
    "WHO-09": "the provincial government approves the catalogue; what is loaded is enforced (REF-02)",
    "WHO-11": "an evaluation method is approved by the province; the platform evaluates nobody",
    "WHO-14": "roles of national bodies; an installation has no account for them",
    "RET-02": "binds credit-reporting bodies, and the platform is none",
    "RET-05": "the operator's impact assessment is a paper of the operator, not of the platform",
    "RET-06": "personal data is given to nobody (NAT-05), so that there is no record of it to keep",
    "NAT-02": "the operator's notice to people; the page on privacy carries it, its text is the operator's",
    "NAT-09": "the operator's impact assessment",
    "NAT-10": "asked of the operator by the contact of the privacy page; no person has a file to be shown",
    "NAT-11": "where an installation stands is the operator's choice",
    "NAT-12": "what the operator does after a leak",
    "NAT-22": "a contract of the operator with whoever works for it",
    "NAT-24": "what the law does with an organ that ignores it",
}

_IN_TEXT = re.compile(rf"\b({'|'.join(FAMILIES)})-(\d\d)((?:\+\d\d)*)")
_IN_NAME = re.compile(rf"(?:^|_)({'|'.join(FAMILIES).lower()})((?:_(?:and_)?\d\d)+)(?=_|$)")


def _rows(name: str, text: str) -> Iterator[str]:
    for family, first, more in _IN_TEXT.findall(text):
        yield from (f"{family}-{number}" for number in [first, *more.split("+")[1:]])
    for family, numbers in _IN_NAME.findall(name):
        yield from (f"{family.upper()}-{number}" for number in re.findall(r"\d\d", numbers))


@cache
def named() -> dict[str, set[str]]:
    """Rows by their number, with the tests that name them; and every test under its own name."""
    found: dict[str, set[str]] = {}
    for path in TESTS.rglob("test_*.py"):
        source = path.read_text(encoding="utf-8")
        tree = ast.parse(source)
        tables = {
            target.id: ast.get_source_segment(source, node) or ""
            for node in tree.body
            if isinstance(node, ast.Assign | ast.AnnAssign)
            for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
            if isinstance(target, ast.Name)
        }
        for node in ast.walk(tree):
            if not isinstance(node, ast.FunctionDef) or not node.name.startswith("test_"):
                continue
            test = f"{path.relative_to(TESTS).as_posix()}::{node.name}"
            text = [ast.get_docstring(node) or ""]
            for decorator in node.decorator_list:
                text.append(ast.get_source_segment(source, decorator) or "")
                text += [tables.get(name.id, "") for name in ast.walk(decorator) if isinstance(name, ast.Name)]
            found.setdefault(test, set())
            said = "" if path == Path(__file__) else "\n".join(text)  # here the rows themselves are the cases
            for row in _rows(node.name, said):
                found.setdefault(row, set()).add(test)
    return found


def test_the_families_are_those_of_the_rules() -> None:
    """No row is forgotten because this list is older than the rules; checked where the rules are at hand."""
    if not RULES.exists():
        pytest.skip("the rules of the domain are not at hand")
    text = RULES.read_text(encoding="utf-8")
    for family in FAMILIES:
        assert set(re.findall(rf"^\| ({family}-\d\d) ", text, re.M)) == {row for row in ROWS if row.startswith(family)}


@pytest.mark.parametrize("row", ROWS)
def test_row(row: str) -> None:
    by_name, by_hand = named().get(row, set()), CHECKED.get(row, ())
    assert bool(by_name or by_hand) != (row in ELSEWHERE), f"{row}: a test or a reason, and not both"
    for test in by_hand:
        assert test in named(), f"{row}: there is no {test}"


def test_nothing_is_listed_that_is_no_row() -> None:
    assert not (CHECKED.keys() | ELSEWHERE.keys()) - set(ROWS)


# --- what has no other place --------------------------------------------------------------------------------------


def _data(folder: str) -> str:
    root = resources.files("xinyong.datapacks") / folder
    return "\n".join(item.read_text("utf-8") for item in root.iterdir() if item.name.endswith(".yml"))


@pytest.mark.parametrize("row", ["RET-01", "RET-03", "RET-04", "RET-07", "RET-08"])
def test_ret_rows_stand_in_the_data_with_their_article(row: str) -> None:
    assert re.search(rf"article: [^,]*\b{row}\b", _data("rules"))


def test_ver_10_no_rule_rests_on_the_draft_of_a_national_law() -> None:
    for folder in ("rules", "lists"):
        assert "社会信用建设法" not in _data(folder) and "社会信用体系建设法" not in _data(folder)


def test_rep_37_the_stop_everywhere_names_the_statute() -> None:
    from xinyong.remedies import machine

    assert "PEPL 54" in machine.table().acts["repair"]["sync"].article


def test_rep_20_a_listing_decision_is_served_with_how_to_get_off_the_list() -> None:
    """What the deciding unit serves says how to repair: nothing is served, and so nobody listed, without the terms of exit."""
    from xinyong.lists import procedure

    steps = procedure.table().procedures["adverse"].steps
    decide, serve = (next(step for step in steps if step.code == code) for code in ("decide", "serve_decision"))
    assert "exit_terms" in decide.needs and serve.sources == ("decided",)
