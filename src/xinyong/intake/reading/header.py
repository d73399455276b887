"""Which row is the header, and is it one that can be trusted."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from xinyong.intake.reading import errors, remarks
from xinyong.intake.reading.model import ROW, Limits, Note

#: Cells that a header never holds: credit code, registration number, full date.
DATA_CELL = re.compile(
    r"(?=(?:.*\d){8})[0-9A-HJ-NP-RTUWXY]{18}|\d{15}|(?:19|20)\d{2}(?:[-/.年]\d{1,2}[-/.月]\d{1,2}日?|\d{4})(?:[ T].*)?"
)

Cells = Sequence[str | None]


@dataclass(frozen=True, slots=True)
class Header:
    """``index`` counts the rows given; ``width`` includes unnamed cells at the end of the header row."""

    index: int
    names: tuple[str, ...]
    width: int
    notes: tuple[Note, ...]


def clean_name(cell: str | None) -> str:
    """Header names are compared without surrounding blanks, byte order marks and line breaks."""
    return re.sub(r"\s*[\r\n]+\s*", "", (cell or "").strip("\ufeff\u200b \t\r\n\u3000\xa0"))


def filled(cells: Cells) -> list[str]:
    return [name for name in map(clean_name, cells) if name]


def share_known(cells: Cells, known: frozenset[str]) -> float:
    names = filled(cells)
    return sum(name in known for name in names) / len(names) if names else 0.0


def find_header(rows: Sequence[tuple[int, Cells]], known: frozenset[str], limits: Limits) -> Header | None:
    """The header among the first rows ``(row number, cells)``; None when every row is empty."""
    candidates = [index for index, (_, cells) in enumerate(rows) if filled(cells)]
    if not candidates:
        return None
    chosen = candidates[0]
    if known:
        fitting = [i for i in candidates if share_known(rows[i][1], known) >= limits.header_share]
        if not fitting:
            raise _not_found(rows, candidates, known)
        chosen = fitting[0]
    else:
        _refuse_data(rows[chosen])
    return _usable(rows, chosen, candidates, limits)


def _refuse_data(row: tuple[int, Cells]) -> None:
    for name in filled(row[1]):
        if DATA_CELL.fullmatch(name):
            raise errors.HeaderAbsent(row=row[0], example=remarks.inert(name))


def _not_found(rows: Sequence[tuple[int, Cells]], candidates: list[int], known: frozenset[str]) -> errors.HeaderWrong:
    best = max(candidates, key=lambda i: (share_known(rows[i][1], known), -i))
    number, cells = rows[best]
    names = filled(cells)
    if not any(name in known for name in names):
        try:
            _refuse_data(rows[candidates[0]])
        except errors.HeaderAbsent as absent:
            return absent
    unknown = list(dict.fromkeys(name for name in names if name not in known))
    missing = sorted(known - set(names))
    nearest = []
    for name in unknown[:20]:
        match = difflib.get_close_matches(name[:64], missing[:500], n=1, cutoff=0.5)
        if match:
            nearest.append(f"{remarks.inert(name[:64])} → {match[0]}")
    return errors.HeaderWrong(
        row=number,
        missing=_listed(missing),
        unknown=_listed([remarks.inert(name[:64]) for name in unknown]),
        nearest="、".join(nearest[:10]) or "—",
    )


def _listed(names: Sequence[str]) -> str:
    more = f" … (+{len(names) - 10})" if len(names) > 10 else ""
    return ("、".join(names[:10]) + more) if names else "—"


def _usable(rows: Sequence[tuple[int, Cells]], chosen: int, candidates: list[int], limits: Limits) -> Header:
    number, cells = rows[chosen]
    names = [clean_name(cell) for cell in cells]
    width = len(names)
    while names and not names[-1]:
        names.pop()
    if len(names) > limits.max_columns or width > 4 * limits.max_columns:
        raise errors.FileTooLarge(
            what_zh="列数",
            what_en="The number of columns",
            found=max(len(names), width),
            limit=limits.max_columns,
            where=f"row {number}",
            advice_zh="请按模板报送。",
            advice_en="Use the template.",
        )
    check_names(names, number)
    notes = []
    skipped = [i for i in candidates if i < chosen]
    if skipped:
        notes.append(
            Note(
                zh=f"表头在第 {number} 行，其上 {len(skipped)} 行标题未作为数据",
                en=f"Header in row {number}; {len(skipped)} title row(s) above it are not data",
            )
        )
    if any(clean_name(cell) != (cell or "") for cell in cells):
        notes.append(Note(zh="表头名称已去除首尾空白", en="Blanks around header names removed"))
    return Header(chosen, tuple(names), width, tuple(notes))


def check_names(names: Sequence[str], number: int) -> None:
    """Refuse names that could make two columns one, or one column none."""
    seen: dict[str, int] = {}
    for column, name in enumerate(names, start=1):
        if not name:
            raise errors.HeaderUnusable(row=number, columns=column, name="", why_zh="名称为空", why_en="no name")
        if name == ROW:
            raise errors.HeaderUnusable(
                row=number, columns=column, name=name, why_zh="名称为系统保留", why_en="reserved"
            )
        bad = remarks.UNPRINTABLE.search(name) or remarks.SURROGATE.search(name)
        if bad or len(name) > 200:
            raise errors.HeaderUnusable(
                row=number,
                columns=column,
                name=remarks.inert(name[:64].encode("utf-8", "replace").decode()),
                why_zh="名称过长或含不可见字符",
                why_en="name too long or with control characters",
            )
        if name in seen:
            raise errors.HeaderUnusable(
                row=number, columns=f"{seen[name]}, {column}", name=name, why_zh="名称重复", why_en="name repeated"
            )
        seen[name] = column
