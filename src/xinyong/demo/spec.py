"""What is asked of the generator, and what it says about the files it made."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any, ClassVar, Final

from xinyong.demo.entities import MAX_ENTITIES
from xinyong.errors import ErrorCode, XinyongError

#: Version of the generator's output. Any change of the bytes of a spec raises it.
EDITION: Final = 1

CSV_UTF8: Final = "csv-utf-8"
CSV_UTF8_BOM: Final = "csv-utf-8-bom"
CSV_GB18030: Final = "csv-gb18030"
JSON_LINES: Final = "jsonl"
XLSX: Final = "xlsx"
FORMATS: Final = (CSV_UTF8, CSV_UTF8_BOM, CSV_GB18030, JSON_LINES, XLSX)
#: Share of the files per format.
DEFAULT_MIX: Final = ((CSV_UTF8, 35), (CSV_UTF8_BOM, 10), (CSV_GB18030, 25), (JSON_LINES, 15), (XLSX, 15))


class GeneratorOptionError(XinyongError):
    """An option of the generator is outside what it can make: change it as the message says."""

    code: ClassVar[ErrorCode] = ErrorCode.GENERATOR_OPTION
    status: ClassVar[int] = 400
    exit_code: ClassVar[int] = 2
    zh: ClassVar[str] = "生成选项 {option} 的值 {value} 不可用：{reason_zh}"
    en: ClassVar[str] = "Generator option {option} cannot be {value}: {reason_en}"


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratorSpec:
    """A city. The same spec gives the same bytes on every machine."""

    #: Entities in the register.
    entities: int
    #: Rows of all datasets but the registration.
    records: int
    seed: int
    #: The day the city lives in: nothing that is right lies after it.
    today: date
    #: Share of the record rows that are wrong on purpose; a quarter as many more are odd but right.
    error_rate: float = 0.01
    #: (format, weight) of the files; the 2015 layouts are always GB18030.
    mix: tuple[tuple[str, int], ...] = DEFAULT_MIX
    city: str = "示例市"
    #: Codes of the departments that deliver; empty for all of ``datapacks/demo/departments.yml``.
    departments: tuple[str, ...] = ()
    #: Whether the registration itself names old individual businesses by registration number, with the placeholder in
    #: the code column. The registration entry of 2014 resolves by code only and refuses such rows; off, the register
    #: knows code and number, and only the other departments' rows use the number.
    register_by_number: bool = False
    #: Longer files are split.
    rows_per_file: int = 500_000

    def __post_init__(self) -> None:
        for option, value, right, zh, en in (
            (
                "entities",
                self.entities,
                1 <= self.entities <= MAX_ENTITIES // 2,
                "应为 1 至 1677 万",
                "1 to 16.7 million",
            ),
            ("records", self.records, 0 <= self.records < 1 << 34, "应为非负整数", "must not be negative"),
            ("seed", self.seed, 0 <= self.seed < 1 << 63, "应为非负整数", "must not be negative"),
            ("error_rate", self.error_rate, 0 <= self.error_rate <= 0.3, "应在 0 与 0.3 之间", "between 0 and 0.3"),
            ("today", self.today, 2016 <= self.today.year <= 2060, "年份应在 2016 与 2060 之间", "year 2016 to 2060"),
            ("rows_per_file", self.rows_per_file, self.rows_per_file >= 1, "至少为 1", "at least 1"),
            ("city", self.city, bool(self.city.strip()), "不能为空", "must not be empty"),
            (
                "mix",
                self.mix,
                all(name in FORMATS and weight >= 0 for name, weight in self.mix) and any(w for _, w in self.mix),
                f"格式为 {'、'.join(FORMATS)}，权重之和应大于 0",
                f"formats are {', '.join(FORMATS)} with a positive sum of weights",
            ),
        ):
            if not right:
                raise GeneratorOptionError(option=option, value=value, reason_zh=zh, reason_en=en)


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratedFile:
    """One delivery. ``rows`` counts data rows, without the header."""

    path: str
    dataset: str
    layout: str
    department: str
    encoding: str
    format: str
    rows: int
    #: Rows that intake must refuse.
    expected_rejected: int
    #: Rows equal to the row before.
    expected_duplicates: int
    #: Rows that a stricter or a laxer rule may refuse or accept with a remark.
    expected_remarked: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongRow:
    """The truth about one odd row. ``row`` is what the department sees: header = 1; JSON Lines: line number."""

    file: str
    row: int
    #: Column header in that file.
    field: str
    kind: str
    #: reject | duplicate | remark | unnoticed (wrong, but no rule can tell) | accept (odd, but right)
    expected: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """``manifest.json``: the files in the order of delivery, and the truth about every odd row."""

    spec: GeneratorSpec
    files: tuple[GeneratedFile, ...]
    counts: dict[str, int]
    departments: tuple[dict[str, str], ...]
    errors: tuple[WrongRow, ...] = field(repr=False)
    edition: int = EDITION

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        spec = asdict(self.spec)
        spec["today"] = self.spec.today.isoformat()
        spec["mix"] = dict(self.spec.mix)
        return {
            "edition": self.edition,
            "notice": "演示数据，主体与记录均为虚构。 Demonstration data: entities and records are fictitious.",
            "spec": spec,
            "counts": self.counts,
            "departments": list(self.departments),
            "files": [asdict(item) for item in self.files],
            "errors": [asdict(item) for item in self.errors],
        }

    def to_json(self) -> str:
        """The text of ``manifest.json``: one line per file and per odd row, so that it can be read and compared."""
        data = self.as_dict()
        parts = []
        for key, value in data.items():
            if isinstance(value, list):
                lines = ",\n".join("  " + json.dumps(item, ensure_ascii=False) for item in value)
                parts.append(f'"{key}": [\n{lines}\n]' if value else f'"{key}": []')
            else:
                parts.append(f'"{key}": {json.dumps(value, ensure_ascii=False)}')
        return "{\n" + ",\n".join(parts) + "\n}\n"


def manifest_from_json(text: str) -> Manifest:
    """Read ``manifest.json`` again."""
    data = json.loads(text)
    spec = data["spec"]
    spec["today"] = date.fromisoformat(spec["today"])
    spec["mix"] = tuple(spec["mix"].items())
    spec["departments"] = tuple(spec["departments"])
    return Manifest(
        spec=GeneratorSpec(**spec),
        files=tuple(GeneratedFile(**item) for item in data["files"]),
        counts=data["counts"],
        departments=tuple(data["departments"]),
        errors=tuple(WrongRow(**item) for item in data["errors"]),
        edition=data["edition"],
    )
