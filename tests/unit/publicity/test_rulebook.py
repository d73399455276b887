"""The rule file: what it holds, and that every way it can be wrong is told with its row."""

from __future__ import annotations

import json
from importlib import resources

import pytest

from xinyong.publicity import rulebook, rules
from xinyong.publicity.rulebook import RulesInvalid, packaged
from xinyong.runtime import config

TEXT = (resources.files("xinyong.datapacks") / "rules" / "publicity.yml").read_text(encoding="utf-8")


def broken(old: str, new: str, count: int = 1) -> RulesInvalid:
    """What is said of the packaged file after one change."""
    assert old in TEXT
    with pytest.raises(RulesInvalid) as caught:
        rulebook.parse(TEXT.replace(old, new, count).encode(), "x.yml")
    return caught.value


def test_every_row_names_source_article_and_certainty() -> None:
    book = packaged()
    assert len(book.rows) > 60
    for row in book.rows.values():
        assert row.source and row.source_en and row.certainty in rulebook.CERTAINTIES
        if row.certainty in ("recalled", "fragments", "ours"):
            assert row.status == "to_be_confirmed", row.id
    assert {"PUB-03", "PUB-05", "PUB-27", "PUB-28"} <= set(book.rows)
    assert set(book.profiles) == set(config.PROFILES)


@pytest.mark.parametrize(
    ("old", "new", "row", "says"),
    [
        ("from: 2023-05-01, until: 2026-03-31", "from: 2023-05-02, until: 2026-03-31", "VER-02", "gap"),
        ("from: 2023-05-01, until: 2026-03-31", "from: 2023-04-30, until: 2026-03-31", "VER-02", "overlaps"),
        ("from: 2026-04-01, until: null", "from: 2026-04-01, until: 2026-12-31", "VER-03", "no end"),
        ("from: 2026-04-01", "from: 2026-04-31", "VER-03", "unusable value"),
        ("regime: N36, class: general, public: always", "regime: N37, class: general, public: always", "PUB-08", "N37"),
        (
            "class: general, public: always, minimum_months: 3, maximum_months: 12,\n     source: 国办发",
            "class: generic, public: always, minimum_months: 3, maximum_months: 12,\n     source: 国办发",
            "VER-03",
            "no period",
        ),
        ("public: when_necessary", "public: sometimes", "PUB-07", "must be one of"),
        ("minimum_months: 12, maximum_months: 36", "minimum_months: 37, maximum_months: 36", "PUB-05", "longer"),
        ("minimum_months: 6, maximum_months: 36", "minimum_months: six, maximum_months: 36", "PUB-02", "unusable"),
        ("sectors: [food, drug, special-equipment, work-safety, fire]", "sectors: [food, drugs]", "PUB-05", "drugs"),
        ("profile: henan", "profile: hunan", "PUB-18", "hunan"),
        ("counted_from: act_end", "counted_from: whenever", "PUB-19", "must be one of"),
        ("id: PUB-02", "id: PUB-01", "PUB-01", "twice"),
        (
            "certainty: recalled, status: to_be_confirmed",
            "certainty: recalled, status: confirmed",
            "SEV-05",
            "legal office",
        ),
        ("certainty: secondary", "certainty: sure", "VER-00", "certainty"),
        ("scale: N58, from", "scale: N59, from", "VER-02", "N59"),
        ("apply: earlier_end, with: N36", "apply: earlier_end, with: N58", "VER-TR", "newest"),
        (
            "scale: N58, class: ordinary, residual: true",
            "scale: N58, class: ordinary, any_kinds: [罚款]",
            "SEV-42",
            "residual",
        ),
        ("maximum_months: 3,", "maximum_month: 3,", "PUB-07", "maximum_month"),
        ("holds: []", "", "", "holds"),
        ("version:", "version: 1\nversion:", "", "twice"),
    ],
)
def test_a_wrong_file_is_refused_with_its_row(old: str, new: str, row: str, says: str) -> None:
    error = broken(old, new)
    assert row in error.message("en") and says in error.message("en")
    assert "x.yml:" in error.message("zh")
    assert error.message("zh") != error.message("en")


def test_all_mistakes_are_told_at_once_with_their_lines() -> None:
    text = TEXT.replace("profile: henan", "profile: hunan").replace("counted_from: act_end", "counted_from: whenever")
    with pytest.raises(RulesInvalid) as caught:
        rulebook.parse(text.encode(), "x.yml")
    lines = text.splitlines()
    assert len(caught.value.mistakes) >= 2
    for mistake in caught.value.mistakes:
        assert mistake.line and "PUB-" in lines[mistake.line - 1]


def test_a_replaced_row_carries_its_revision_into_the_record() -> None:
    book = packaged().replaced({"PUB-08": {"maximum_months": 6, "revision": 1, "status": "confirmed"}}, "2027-01")
    assert book.rows["PUB-08"].tag == "PUB-08.1" and book.digest != packaged().digest
    assert packaged().rows["PUB-08"].tag == "PUB-08", "the old book is not touched"
    assert rules.describe("PUB-08.1+named", book=book) == f"{book.rows['PUB-08'].source}；报送部门写明的截止日期"
    with pytest.raises(RulesInvalid, match="NO-1"):
        packaged().replaced({"NO-1": {}}, "x")
    with pytest.raises(RulesInvalid, match="longer"):
        packaged().replaced({"PUB-08": {"maximum_months": 1}}, "x")


def test_what_is_stored_comes_back_the_same() -> None:
    book = packaged()
    # A database gives the keys of an object back in an order of its own.
    text = json.dumps(rulebook.to_store(book), sort_keys=True)
    again = rulebook.stored(book.version, json.loads(text))
    assert again.digest == book.digest and again.rows == book.rows
    assert [row.id for row in again.severity] == [row.id for row in book.severity]
