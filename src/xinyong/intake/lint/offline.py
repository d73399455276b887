"""The offline checker: what the platform will say of a file, without platform, database, settings or network.

It runs the very checks of the engine (:mod:`xinyong.intake.checking`). What only the register can tell is listed in
:data:`UNCHECKED` and said at the end of every run; nothing else is left out. Rows of one file that contradict each
other are found here as far as they give a credit code: for the others the register decides who they speak of.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from hmac import digest
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from xinyong.catalogue.entry import DatasetEntry, Severity
from xinyong.catalogue.loader import Catalogue
from xinyong.intake.checking import CheckedPart, FileChecker, entries_of
from xinyong.intake.checks import CheckContext
from xinyong.intake.findings import Finding, FindingKind
from xinyong.intake.reading import Limits, open_source

#: Codes of findings only the register can give, and what they are about.
UNCHECKED: dict[str, tuple[str, str]] = {
    "organ-unknown": ("机关代码是否在平台的机关名录中", "whether an organ's code is in the platform's directory"),
    "subject-unknown": ("没有代码的主体能否按名称在登记库中找到", "whether a subject without a code is found by name"),
    "name-not-unique": ("没有代码的名称在登记库中是否唯一", "whether a name without a code is unique in the register"),
    "name-differs": ("名称与代码的登记名称是否一致", "whether a name is the one registered for its code"),
    "contradicts-row": (
        "没有信用代码的行是否与本文件其他行矛盾（有代码的行已检查）",
        "whether rows without a credit code contradict others of this file (rows with one were checked)",
    ),
    "unchanged": ("记录是否已在平台上，内容有无变化", "whether a record is on the platform already, changed or not"),
}

Show = Callable[[list[Finding]], None]


@dataclass(slots=True)
class Result:
    """What a run found. read = fit + rejected + repeated."""

    file: str
    dataset: str
    edition: str
    layout: str = ""
    encoding: str = ""
    format: str = ""
    read: int = 0
    fit: int = 0
    rejected: int = 0
    repeated: int = 0
    warnings: int = 0
    errors: int = 0
    notes: list[tuple[str, str]] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether every row would be taken, as far as this machine can tell."""
        return not self.rejected


def offline_context(today: date) -> CheckContext:
    """A context without keys and register: personal values leave no trace, equal ones stay equal within the run."""
    key = os.urandom(32)

    def fingerprint(text: str) -> bytes:
        return digest(key, text.encode(), "sha256")

    return CheckContext(today=today, protect=lambda field, text: "", fingerprint=fingerprint)


def check_file(
    path: Path, dataset: str, catalogue: Catalogue, today: date, show: Show, limits: Limits | None = None
) -> Result:
    """Check a whole file; ``show`` receives the findings batch by batch, so memory stays flat.

    Raises XinyongError where the platform would refuse the file or the delivery as a whole.
    """
    is_bundle = any(code == dataset for code, _ in catalogue.bundles)
    entry = catalogue.bundle(dataset, today) if is_bundle else catalogue.entry(dataset, today)
    datasets = {item.code: item for item in catalogue.in_force(today)}
    checker = FileChecker(entry, entries_of(entry, datasets), offline_context(today))
    result = Result(path.name, entry.code, entry.edition)
    repeats = _Repeats()

    def tell(findings: list[Finding]) -> None:
        ordered = sorted(findings, key=lambda item: item.row)
        result.errors += sum(item.severity is Severity.ERROR for item in ordered)
        result.warnings += sum(item.severity is Severity.WARNING for item in ordered)
        if ordered:
            show(ordered)

    with open_source(path, limits or Limits(), known_columns=checker.known_columns()) as source:
        result.encoding, result.format = source.info.encoding, source.info.format
        if isinstance(entry, DatasetEntry):
            checker.checker(entry, source.info.header)  # a wrong header is told before any row is read
        for batch in source.batches():
            parts, findings = checker.check(batch)
            tell(findings)
            for part in parts:
                repeats.add(part)
    contradictions = list(repeats.contradictions())
    tell(contradictions)
    account = checker.finish(source.info)
    rejected = account.rejected_rows + len(contradictions)
    result.layout, result.notes, result.read = account.layout, account.notes, account.read
    result.rejected, result.repeated = rejected, repeats.equal
    result.fit = account.read - rejected - repeats.equal
    return result


_KEY = np.dtype([("key", "V16"), ("row", "<i4"), ("content", "V8"), ("entry", "<i4"), ("code", "S18")])
_Keys = npt.NDArray[Any]


class _Repeats:
    """Records that occur more than once in the file: 50 bytes a row are kept, whatever the row holds."""

    def __init__(self) -> None:
        self._entries: list[DatasetEntry] = []
        self._parts: list[_Keys] = []
        self._codes: dict[int, str] = {}
        self.equal = 0

    def add(self, part: CheckedPart) -> None:
        accepted = part.checked.accepted.filter(pl.col("subject_code").is_not_null())
        if not accepted.height:
            return
        if part.entry not in self._entries:
            self._entries.append(part.entry)
        keys = np.empty(accepted.height, dtype=_KEY)
        texts = accepted.select(pl.concat_str(["subject_code", "business_key"], separator="\n")).to_series()
        prefix = f"{part.entry.code}\n".encode()
        raw = b"".join(sha256(prefix + text).digest()[:16] for text in texts.cast(pl.Binary).to_list())
        keys["key"] = np.frombuffer(raw, dtype="V16")
        keys["row"] = accepted["row"].to_numpy()
        contents = b"".join(content[:8] for content in accepted["content_hash"].to_list())
        keys["content"] = np.frombuffer(contents, dtype="V8")
        keys["entry"] = self._entries.index(part.entry)
        keys["code"] = np.array(accepted["subject_code"].to_list(), dtype="S18")
        self._parts.append(keys)

    def contradictions(self) -> Iterator[Finding]:
        """A finding for every row that says something else than the first row of its record; equal ones are counted."""
        if not self._parts:
            return
        every = np.concatenate(self._parts)
        self._parts = []
        words = np.frombuffer(every["key"].tobytes(), dtype="<u8").reshape(-1, 2)
        order = np.lexsort((every["row"], words[:, 1], words[:, 0]))
        words = words[order]
        same = (words[1:] == words[:-1]).all(axis=1)
        if not same.any():
            return
        every = every[order]
        # The place of the first row of each run of one record.
        starts = np.concatenate((np.zeros(1, dtype=np.intp), np.where(same, 0, np.arange(1, len(every)))))
        first = np.maximum.accumulate(starts)
        repeated = np.flatnonzero(np.concatenate((np.zeros(1, dtype=np.bool_), same)))
        found = []
        for place in repeated.tolist():
            row, other = every[place], every[first[place]]
            if row["content"] == other["content"]:
                self.equal += 1
            else:
                numbers = int(row["row"]), int(other["row"])
                found.append((*numbers, row["code"].decode(), self._entries[int(row["entry"])]))
        for number, earlier, code, entry in sorted(found, key=lambda item: item[0]):
            yield contradiction(entry, number, earlier, code)


def contradiction(entry: DatasetEntry, row: int, earlier: int, code: str) -> Finding:
    """Two rows of one file that say different things under one key, as the engine says it."""
    key = entry.subject.code or entry.subject.name or ""
    names = {item.code: item.name_zh for item in entry.fields}
    return Finding(
        row=row,
        kind=FindingKind.DUPLICATE,
        code="contradicts-row",
        field=key,
        column=names.get(key, ""),
        value=code,
        reason_zh=f"与本文件第 {earlier} 行是同一记录，但内容不同；已采用第 {earlier} 行",
        reason_en=f"Is the same record as row {earlier} of this file with other content; that row was taken",
        suggestion_zh="请核对两行，只保留正确的一行后重新报送",
        suggestion_en="Compare the two rows, keep the right one and deliver again",
    )
