"""Which department delivers how many rows of what, in which format, with how many odd rows. Decided before any row."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np

from xinyong.demo import wording
from xinyong.demo.draw import Draw, apportion
from xinyong.demo.layouts import FileLayout, layouts
from xinyong.demo.registration import REGISTRARS, Register
from xinyong.demo.rows import City
from xinyong.demo.spec import CSV_GB18030, CSV_UTF8, FORMATS, XLSX, GeneratorOptionError, GeneratorSpec
from xinyong.demo.writers import ENCODING_NAMES, SUFFIXES, XLSX_ROWS

#: Share of the records per dataset, in thousandths, in the order of delivery.
SHARES: Final = (
    ("licence", 520),
    ("licence-2015", 40),
    ("penalty", 140),
    ("penalty-2015", 20),
    ("abnormal-list", 80),
    ("serious-violation-list", 3),
    ("commitments", 100),
    ("honours", 47),
    ("annual-report-head", 50),
)
#: Odd rows that are right, for every wrong one.
ODD_PER_WRONG: Final = 4


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """One file: rows ``start`` … ``start + rows`` of the department's ``total`` rows of this dataset."""

    path: str
    layout: FileLayout
    department: wording.Department
    form: str
    start: int
    rows: int
    total: int
    wrong: int
    odd: int

    @property
    def encoding(self) -> str:
        """Name of the character set, as Python calls it."""
        return ENCODING_NAMES.get(self.form, "utf-8")


def departments_of(spec: GeneratorSpec) -> dict[str, wording.Department]:
    """The delivering departments by code; registrars belong to every city."""
    every = {department.code: department for department in wording.departments(spec.city)}
    for code in spec.departments:
        if code not in every:
            raise GeneratorOptionError(
                option="departments",
                value=code,
                reason_zh=f"可用的部门代码为 {'、'.join(every)}",
                reason_en=f"known codes are {', '.join(every)}",
            )
    chosen = set(spec.departments) | set(REGISTRARS) if spec.departments else set(every)
    return {code: department for code, department in every.items() if code in chosen}


def _weights(key: str, departments: Iterable[str], only: tuple[str, ...]) -> dict[str, int]:
    """How much of a dataset each department delivers."""
    if key.startswith("licence") or key == "commitments":
        found = {code: sum(row.weight for row in rows) for code, rows in wording.licences().items()}
    elif key.startswith("penalty"):
        found = {code: sum(row.weight for row in rows) for code, rows in wording.penalties().items()}
    elif key == "honours":
        found = {}
        for row in wording.load("lists")["honour"]:
            found[row["department"]] = found.get(row["department"], 0) + row["weight"]
    else:
        found = {"market-regulation": 1}
    return {code: found[code] for code in departments if code in found and (not only or code in only)}


def plan(spec: GeneratorSpec, city: City, register: Register) -> list[PlannedFile]:
    """All files in the order of delivery: the registration first."""
    deliveries: list[tuple[str, str, int]] = [("registration", code, register.total(code)) for code in REGISTRARS]
    shares = []
    for key, share in SHARES:
        weights = _weights(key, city.departments, spec.departments)
        shares.append((key, share if weights else 0, weights))
    if spec.records and not any(share for _, share, _ in shares):
        raise GeneratorOptionError(
            option="departments",
            value=",".join(spec.departments),
            reason_zh="所选部门不报送任何记录",
            reason_en="the departments chosen deliver no records",
        )
    for (key, _, weights), rows in zip(shares, apportion(spec.records, [s for _, s, _ in shares]), strict=True):
        for code, part in zip(weights, apportion(rows, list(weights.values())), strict=True):
            deliveries.append((key, code, part))
    parts = [
        (key, code, start, min(spec.rows_per_file, total - start), total)
        for key, code, total in deliveries
        for start in range(0, total, spec.rows_per_file)
    ]
    sizes = [rows for _, _, _, rows, _ in parts]
    is_record = [key != "registration" for key, *_ in parts]
    wrong = _wrong(spec, sizes, is_record)
    forms = _forms(spec, [(key, rows) for key, _, _, rows, _ in parts])
    files = []
    for at, (key, code, start, rows, total) in enumerate(parts):
        suffix = f"-{start // spec.rows_per_file + 1:03d}" if total > spec.rows_per_file else ""
        files.append(
            PlannedFile(
                path=f"{at + 1:04d}-{key}-{code}{suffix}{SUFFIXES.get(forms[at], '.csv')}",
                layout=layouts()[key],
                department=city.departments[code],
                form=forms[at],
                start=start,
                rows=rows,
                total=total,
                wrong=wrong[at],
                odd=min(wrong[at] // ODD_PER_WRONG + (wrong[at] % ODD_PER_WRONG > 1), rows - wrong[at]),
            )
        )
    return files


def _wrong(spec: GeneratorSpec, sizes: list[int], is_record: list[bool]) -> list[int]:
    """Wrong rows per file: the rate is met exactly over all records, and once more over the registration."""
    result = [0] * len(sizes)
    for kind in (False, True):
        chosen = [at for at, record in enumerate(is_record) if record == kind]
        rows = [sizes[at] for at in chosen]
        for at, count in zip(chosen, apportion(int(sum(rows) * spec.error_rate + 0.5), rows), strict=True):
            result[at] = count
    return result


def _forms(spec: GeneratorSpec, files: list[tuple[str, int]]) -> list[str]:
    """Formats by the weights of the mix: workbooks for the smallest files, the rest by a fixed shuffle."""
    result = [CSV_GB18030] * len(files)
    free = [at for at, (key, _) in enumerate(files) if not key.endswith("-2015")]
    counts = dict(zip((n for n, _ in spec.mix), apportion(len(free), [w for _, w in spec.mix]), strict=True))
    small = sorted((at for at in free if files[at][1] <= XLSX_ROWS), key=lambda at: (files[at][1], at))
    workbooks = set(small[len(small) // 3 :][: counts.get(XLSX, 0)])
    others = [name for name in FORMATS if name != XLSX for _ in range(counts.get(name, 0))]
    rest = [at for at in free if at not in workbooks]
    others += [others[at % len(others)] if others else CSV_UTF8 for at in range(len(rest) - len(others))]
    order = Draw(spec.seed).bits("formats", np.arange(len(rest), dtype=np.int64))
    shuffled = sorted(range(len(rest)), key=lambda at: (int(order[at]), at))
    for at in workbooks:
        result[at] = XLSX
    for at, place in zip(rest, shuffled, strict=True):
        result[at] = others[place]
    return result
