"""The files of a city: same bytes for the same seed, exact counts, and the truth about every odd row."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from xinyong.demo.generator import MANIFEST, generate
from xinyong.demo.layouts import layouts
from xinyong.demo.spec import (
    CSV_UTF8,
    FORMATS,
    JSON_LINES,
    XLSX,
    GeneratedFile,
    GeneratorOptionError,
    GeneratorSpec,
    Manifest,
    WrongRow,
    manifest_from_json,
)
from xinyong.standards import credit_code, regions, registration_number

SPEC = GeneratorSpec(entities=3_000, records=20_000, seed=11, today=date(2026, 11, 20))
Rows = list[dict[str, str]]


def read(folder: Path, file: GeneratedFile) -> Rows:
    """The data rows of a delivered file, as texts."""
    path = folder / file.path
    if file.format == XLSX:
        first, *rest = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python(skip_empty_area=False)
        return [{str(key): str(value) for key, value in zip(first, row, strict=True)} for row in rest]
    text = path.read_bytes().decode(file.encoding)
    if file.format == JSON_LINES:
        return [json.loads(line) for line in text.split("\n") if line]
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("city") / "out"


@pytest.fixture(scope="module")
def manifest(folder: Path) -> Manifest:
    return generate(SPEC, folder)


@pytest.fixture(scope="module")
def rows(folder: Path, manifest: Manifest) -> dict[str, Rows]:
    return {file.path: read(folder, file) for file in manifest.files}


def digests(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


SCRIPT = """
import sys
from datetime import date
from pathlib import Path
from xinyong.demo.generator import generate
from xinyong.demo.spec import GeneratorSpec
generate(GeneratorSpec(entities=700, records=4000, seed=5, today=date(2026, 11, 20)), Path(sys.argv[1]))
"""


def test_same_bytes_in_processes_with_different_hash_seeds(tmp_path: Path) -> None:
    for number in ("0", "4711"):
        subprocess.run(
            [sys.executable, "-c", SCRIPT, str(tmp_path / number)],
            check=True,
            env={**os.environ, "PYTHONHASHSEED": number, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
    assert digests(tmp_path / "0") == digests(tmp_path / "4711")


def test_splitting_into_files_changes_no_right_row(tmp_path: Path) -> None:
    spec = replace(SPEC, entities=500, records=3000, error_rate=0.0, mix=((CSV_UTF8, 1),))
    whole = generate(spec, tmp_path / "whole")
    parts = generate(replace(spec, rows_per_file=100), tmp_path / "parts")
    assert len(parts.files) > len(whole.files)

    def keyed(made: Manifest, folder: Path) -> dict[tuple[str, str, str], Rows]:
        found: dict[tuple[str, str, str], Rows] = {}
        for file in made.files:
            found.setdefault((file.dataset, file.layout, file.department), []).extend(read(folder, file))
        return found

    assert keyed(whole, tmp_path / "whole") == keyed(parts, tmp_path / "parts")


def test_another_seed_gives_another_city(tmp_path: Path) -> None:
    spec = replace(SPEC, entities=300, records=1000)
    first = generate(spec, tmp_path / "1")
    second = generate(replace(spec, seed=12), tmp_path / "2")
    assert not {file.sha256 for file in first.files} & {file.sha256 for file in second.files if file.rows}


def test_manifest_reads_back(folder: Path, manifest: Manifest) -> None:
    assert manifest_from_json((folder / MANIFEST).read_text(encoding="utf-8")) == manifest


def test_digests_in_the_manifest_are_those_of_the_files(folder: Path, manifest: Manifest) -> None:
    import hashlib

    for file in manifest.files:
        assert hashlib.sha256((folder / file.path).read_bytes()).hexdigest() == file.sha256


def test_counts_are_exact(manifest: Manifest, rows: dict[str, Rows]) -> None:
    for file in manifest.files:
        assert len(rows[file.path]) == file.rows
    registration = [file for file in manifest.files if file.dataset == "registration"]
    records = [file for file in manifest.files if file.dataset != "registration"]
    extra = sum(row.expected != "accept" and row.file in {f.path for f in registration} for row in manifest.errors)
    assert sum(file.rows for file in registration) == SPEC.entities + extra
    assert sum(file.rows for file in records) == SPEC.records
    assert extra == round(SPEC.entities * SPEC.error_rate)
    assert manifest.counts["wrong_rows"] - extra == round(SPEC.records * SPEC.error_rate)
    for file in manifest.files:
        expected = Counter(row.expected for row in manifest.errors if row.file == file.path)
        assert expected["reject"] == file.expected_rejected
        assert expected["duplicate"] == file.expected_duplicates
        assert expected["remark"] == file.expected_remarked


def test_registration_comes_first_and_every_format_is_there(manifest: Manifest) -> None:
    datasets = [file.dataset for file in manifest.files]
    assert datasets[0] == "registration"
    assert "registration" not in datasets[datasets.count("registration") :]
    assert {file.format for file in manifest.files} == set(FORMATS)
    assert [file.path for file in manifest.files] == sorted(file.path for file in manifest.files)


def test_headers_are_those_of_the_layouts(manifest: Manifest, rows: dict[str, Rows]) -> None:
    for file in manifest.files:
        if rows[file.path]:
            key = file.dataset + ("-2015" if file.layout == "2015" else "")
            assert tuple(rows[file.path][0]) == layouts()[key].header(file.format)


def cell(rows: dict[str, Rows], truth: WrongRow, files: dict[str, GeneratedFile]) -> str:
    first = 1 if files[truth.file].format == JSON_LINES else 2
    return rows[truth.file][truth.row - first][truth.field]


LOOKS: dict[str, Callable[[str], bool]] = {
    "wrong-check-character": lambda v: len(v) == 18 and not credit_code.is_valid(v),
    "lower-case-code": lambda v: credit_code.is_valid(v.upper()) and v != v.upper(),
    "letter-o-for-zero": lambda v: "O" in v and len(v) == 18,
    "registration-number-in-code": registration_number.is_valid,
    "name-in-code": lambda v: "示例" in v,
    "bad-date": lambda v: v == "2026/13/02",
    "decision-in-future": lambda v: v.startswith("2088"),
    "missing-mandatory": lambda v: v == "",
    "wrong-enum": lambda v: v == "不在列的取值",
    "amount-in-yuan": lambda v: float(v) >= 10_000,
    "fine-without-amount": lambda v: v == "",
    "over-long-text": lambda v: len(v) == 30_000,
    "natural-person": lambda v: v in ("自然人", "990101190001010011"),
    "traditional-characters": lambda v: "示例" in v,
    "full-width-digits": lambda v: "９" in v,
    "line-break-and-quote": lambda v: "\n" in v and '"' in v,
    "trailing-spaces": lambda v: v.endswith("  "),
    # A formula has no stored value: readers of workbooks see an empty cell.
    "formula-cell": lambda v: v in ("=SUM(1,2)", ""),
    "duplicate-row": bool,
}


def test_truth_matches_the_rows(manifest: Manifest, rows: dict[str, Rows]) -> None:
    files = {file.path: file for file in manifest.files}
    assert {row.kind for row in manifest.errors} == set(LOOKS)
    for truth in manifest.errors:
        assert LOOKS[truth.kind](cell(rows, truth, files)), truth
        if truth.kind == "duplicate-row":
            place = truth.row - (1 if files[truth.file].format == JSON_LINES else 2)
            assert rows[truth.file][place] == rows[truth.file][place - 1]


def right_rows(manifest: Manifest, rows: dict[str, Rows], dataset: str) -> Rows:
    """Rows that no error touched."""
    odd = {(row.file, row.row) for row in manifest.errors}
    found = []
    for file in manifest.files:
        first = 1 if file.format == JSON_LINES else 2
        ids = layouts()[file.dataset + ("-2015" if file.layout == "2015" else "")].ids
        if file.dataset == dataset:
            found += [
                dict(zip(ids, row.values(), strict=True))
                for at, row in enumerate(rows[file.path])
                if (file.path, at + first) not in odd
            ]
    return found


def _names(found: Rows) -> list[str]:
    return [row.get("ENTNAME") or row.get("企业名称") or "" for row in found]


def test_every_code_is_valid_fictitious_and_known_to_the_register(manifest: Manifest, rows: dict[str, Rows]) -> None:
    register = right_rows(manifest, rows, "registration")
    codes = [row["UNISCID"] for row in register]
    assert len(set(codes)) == len(codes)
    assert len({row["ENTNAME"] for row in register}) == len(register)
    for code in codes:
        assert credit_code.is_valid(code)
        assert regions.is_fictitious(code[2:8])
        assert credit_code.advisories_of(code) == (credit_code.Advisory.REGION_FICTITIOUS,)
    known = {(row["UNISCID"], row["ENTNAME"]) for row in register}
    named = [
        (row[f"{prefix}_XDR_SHXYM"], row[name])
        for dataset, prefix in (("licence", "XK"), ("penalty", "CF"))
        for row in right_rows(manifest, rows, dataset)
        for name in (f"{prefix}_XDR_MC", f"{prefix}_XDR")
        if name in row and row[f"{prefix}_XDR_SHXYM"] not in ("", credit_code.PLACEHOLDER)
    ]
    # Entities whose one registration row is odd but right are known under that row's spelling.
    spelled = {
        name.strip() for file in manifest.files if file.dataset == "registration" for name in _names(rows[file.path])
    }
    assert {name for _, name in set(named) - known} <= spelled


def test_departments_name_old_businesses_by_registration_number(manifest: Manifest, rows: dict[str, Rows]) -> None:
    seen = 0
    for dataset, prefix in (("licence", "XK"), ("penalty", "CF")):
        for row in right_rows(manifest, rows, dataset):
            if row[f"{prefix}_XDR_SHXYM"] in ("", credit_code.PLACEHOLDER):
                number = row.get(f"{prefix}_XDR_GSZC") or row.get(f"{prefix}_XDR_GSDJ") or ""
                assert registration_number.is_valid(number)
                seen += 1
    assert seen


def test_register_by_number_puts_the_placeholder_into_the_registration(tmp_path: Path) -> None:
    spec = replace(SPEC, entities=600, records=0, error_rate=0.0, mix=((CSV_UTF8, 1),), register_by_number=True)
    made = generate(spec, tmp_path / "out")
    register = [row for file in made.files for row in read(tmp_path / "out", file)]
    alone = [row for row in register if row["UNISCID"] == credit_code.PLACEHOLDER]
    assert alone
    assert all(registration_number.is_valid(row["REGNO"]) for row in alone)


def test_all_names_carry_the_mark(manifest: Manifest, rows: dict[str, Rows]) -> None:
    for row in right_rows(manifest, rows, "registration"):
        assert "（示例）" in row["ENTNAME"]


def test_penalties_are_consistent(manifest: Manifest, rows: dict[str, Rows]) -> None:
    today = SPEC.today.isoformat()
    found = [row for row in right_rows(manifest, rows, "penalty") if "CF_CFLB" in row]
    assert found
    for row in found:
        assert ("罚款" in row["CF_CFLB"].split(";")) == bool(row["CF_NR_FK"])
        assert ("没收" in row["CF_CFLB"]) == bool(row["CF_NR_WFFF"])
        assert ("吊销" in row["CF_CFLB"]) == bool(row["CF_NR_ZKDX"])
        assert row["CF_JDRQ"] <= today
        assert row["CF_JDRQ"] < row["CF_YXQ"]
        assert row["CF_FRDB"]
    old = [row for row in right_rows(manifest, rows, "penalty") if "CF_CFLB1" in row]
    assert old and all("2015" <= row["CF_JDRQ"] <= "2019-01-31" for row in old)
    kinds = Counter(row["CF_CFLB"] for row in found)
    assert kinds["警告"] and kinds["罚款"] and any("停业" in kind for kind in kinds)


def test_decision_numbers_are_unique_per_organ(manifest: Manifest, rows: dict[str, Rows]) -> None:
    for dataset, number, organs in (
        ("licence", "XK_WSH", ("XK_XKJG", "XK_XZJG")),
        ("penalty", "CF_WSH", ("CF_CFJG", "CF_XZJG")),
    ):
        keys = [(row.get(organs[0]) or row.get(organs[1]), row[number]) for row in right_rows(manifest, rows, dataset)]
        assert len(set(keys)) == len(keys)


def test_no_error_rate_no_errors(tmp_path: Path) -> None:
    made = generate(replace(SPEC, entities=200, records=500, error_rate=0.0), tmp_path / "out")
    assert made.errors == ()
    assert made.counts["rows"] == 700


@pytest.mark.parametrize("entities", [1, 2, 17, 199, 201, 401])
def test_small_cities(tmp_path: Path, entities: int) -> None:
    made = generate(replace(SPEC, entities=entities, records=60, error_rate=0.1), tmp_path / "out")
    assert made.counts["rows"] == entities + 60 + int(entities * 0.1 + 0.5)


def test_departments_and_city_are_options(tmp_path: Path) -> None:
    made = generate(replace(SPEC, entities=50, records=200, departments=("tobacco",), city="云州市"), tmp_path / "o")
    assert {f.department for f in made.files if f.dataset != "registration"} == {"tobacco"}
    assert made.departments[0]["name_zh"].startswith("云州市")


@pytest.mark.parametrize(
    "option",
    [
        {"entities": 0},
        {"records": -1},
        {"error_rate": 0.5},
        {"mix": (("pdf", 1),)},
        {"mix": ((XLSX, 0),)},
        {"city": " "},
        {"rows_per_file": 0},
    ],
)
def test_options_out_of_range_are_named(option: dict[str, object]) -> None:
    with pytest.raises(GeneratorOptionError) as caught:
        replace(SPEC, **option)  # type: ignore[arg-type]
    assert next(iter(option)) in caught.value.message("zh")


def test_unknown_department_and_full_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(GeneratorOptionError, match="known codes"):
        generate(replace(SPEC, departments=("nobody",)), tmp_path / "a")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "file").touch()
    with pytest.raises(GeneratorOptionError, match="not empty"):
        generate(SPEC, tmp_path / "b")


def test_progress_ends_at_the_total(tmp_path: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    made = generate(replace(SPEC, entities=100, records=300), tmp_path / "out", lambda *state: seen.append(state))
    assert seen[-1][1] == seen[-1][2] == made.counts["rows"]


def test_a_commitment_for_repair_is_never_public(rows: dict[str, Rows]) -> None:
    """In public it would tell of the penalty that was repaired."""
    found = [row["公开类型"] for each in rows.values() for row in each if row.get("承诺类型") == "信用修复型"]
    assert found and "可向社会公开" not in found
