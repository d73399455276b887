"""What holds for any cells whatever."""

from __future__ import annotations

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xinyong.catalogue.entry import Severity
from xinyong.intake.checks import choose_layout, compile_entry

from .support import ENTERPRISE, ENTRY, GOOD, ORGAN, PLACEHOLDER, RESIDENT, check, context, frame

_TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
_NOTABLE = st.sampled_from(
    [
        ENTERPRISE,
        ENTERPRISE.lower(),
        PLACEHOLDER,
        RESIDENT,
        ORGAN,
        "",
        " ",
        "　",
        "无",
        "-",
        "=1+1",
        "@SUM(A1)",
        "{",
        "}",
        "2026-01-05",
        "2026/13/1",
        "长期",
        "罚款;警告",
        "其他-",
        "其他-某某",
        "自然人",
        "个体工商户",
        "1e5",
        "NaN",
        "\x00",
        "{0}",
    ]
)
_CELL = st.none() | _TEXT | _NOTABLE
_ROW = st.fixed_dictionaries({}, optional=dict.fromkeys(GOOD, _CELL)).map(lambda cells: {**GOOD, **cells})
_SLOW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@_SLOW
@given(st.lists(_ROW, min_size=1, max_size=8))
def test_every_row_is_accepted_or_rejected_exactly_once(rows: list[dict[str, str | None]]) -> None:
    checked = check(rows)
    accepted, rejected = checked.accepted["row"].to_list(), checked.rejected.to_list()
    assert sorted(accepted + rejected) == list(range(2, len(rows) + 2))
    wrong = {finding.row for finding in checked.findings if finding.severity is Severity.ERROR}
    assert wrong == set(rejected)
    keys = [(finding.row, finding.field or finding.column, finding.code) for finding in checked.findings]
    assert len(keys) == len(set(keys))
    for payload in checked.accepted["payload"]:
        assert "\\u0000" not in payload
        assert None not in json.loads(payload).values()


@_SLOW
@given(_ROW, st.permutations(list(GOOD)))
def test_hash_and_payload_do_not_depend_on_the_order_of_columns(row: dict[str, str | None], order: list[str]) -> None:
    plain, shuffled = frame([row]), frame([row], order)
    one = compile_entry(ENTRY, choose_layout(ENTRY, plain.columns), context()).check(plain)
    other = compile_entry(ENTRY, choose_layout(ENTRY, shuffled.columns), context()).check(shuffled)
    assert one.accepted.equals(other.accepted)
    assert one.findings == other.findings


@_SLOW
@given(st.lists(_ROW, min_size=2, max_size=6))
def test_rows_do_not_influence_one_another(rows: list[dict[str, str | None]]) -> None:
    together = check(rows)
    for number, row in enumerate(rows, start=2):
        alone = check([row])
        assert alone.accepted.drop("row").equals(
            together.accepted.filter(together.accepted["row"] == number).drop("row")
        )
        assert len(alone.findings) == sum(finding.row == number for finding in together.findings)


@_SLOW
@given(
    st.from_regex(r"[王李张刘陈][一-龥]{2}秘", fullmatch=True),
    st.from_regex(r"9[0-9]{2}7[0-9]{2}Q[0-9]{4}", fullmatch=True),
    _ROW,
)
def test_personal_values_appear_nowhere(person: str, identity: str, row: dict[str, str | None]) -> None:
    row = {name: None if cell and (person in cell or identity in cell) else cell for name, cell in row.items()}
    checked = check([{**row, "person": person, "identity": identity}])
    shown = repr(checked.findings) + "".join(checked.accepted["payload"])
    assert person not in shown
    assert identity not in shown


@_SLOW
@given(st.sampled_from([name for name in GOOD if name not in ("facts", "remark", "name", "document")]))
def test_resident_number_is_shown_from_no_typed_column(field: str) -> None:
    checked = check([{**GOOD, field: RESIDENT}])
    assert RESIDENT not in repr(checked.findings) + "".join(checked.accepted["payload"])


@_SLOW
@given(st.lists(_TEXT, max_size=6))
def test_choosing_a_layout_never_fails_otherwise(header: list[str]) -> None:
    from xinyong.intake.checks import HeaderWrong

    try:
        choose_layout(ENTRY, [*header, "文号"])
    except HeaderWrong as error:
        assert error.message("zh") and error.message("en")
