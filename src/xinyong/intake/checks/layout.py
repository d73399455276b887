"""Recognising the layout of a delivery by its header."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from xinyong.catalogue.columns import normal_column
from xinyong.catalogue.entry import ColumnMap, DatasetEntry, Field, Layout
from xinyong.intake.checks.values import DeliveryNote, HeaderWrong
from xinyong.intake.correction import layout as correction_layout


@dataclass(frozen=True, slots=True, kw_only=True)
class LayoutMatch:
    """A layout and the columns of this header it explains."""

    layout: Layout
    #: Column of the delivery as sent, and where it goes, in the order of the header.
    bound: tuple[tuple[str, ColumnMap], ...]
    #: Columns the layout does not know; their content stays in the delivered file only.
    unknown: tuple[str, ...] = ()
    notes: tuple[DeliveryNote, ...] = ()


def header_key(column: str) -> str:
    """A heading for comparison, without the star many templates put on mandatory columns."""
    return normal_column(column).strip("*")


def choose_layout(entry: DatasetEntry, header: Sequence[str]) -> LayoutMatch:
    """The layout ``header`` is written in.

    A layout whose signature is wholly present wins, the longest signature first, then the one that explains most
    columns. Without a signature the layout that explains most columns is taken if no required column is missing.
    Anything else raises :class:`HeaderWrong`, which names what is missing, what is unknown and what was probably meant.
    Columns named with an underscore first are the reader's own (``_row``) and are passed over, as are the extra columns
    of an error list.
    """
    sent = [column for column in header if not column.startswith("_") and not correction_layout.is_extra(column)]
    keys = {header_key(column) for column in sent}
    candidates = [_Candidate(entry, layout, sent) for layout in entry.layouts]
    signed = [
        candidate
        for candidate in candidates
        if candidate.layout.signature and all(header_key(name) in keys for name in candidate.layout.signature)
    ]
    if signed:
        best = max(signed, key=lambda candidate: (len(candidate.layout.signature), len(candidate.bound)))
        fits = True
    else:
        best = max(candidates, key=lambda candidate: (not candidate.problems, len(candidate.bound)))
        fits = bool(best.bound)
    if not fits or best.problems:
        raise best.refusal()
    return best.match()


class _Candidate:
    """One layout held against one header."""

    def __init__(self, entry: DatasetEntry, layout: Layout, sent: list[str]) -> None:
        self.entry, self.layout, self.sent = entry, layout, sent
        known = {header_key(item.column): item for item in layout.columns}
        self.known = known
        self.bound = [(column, known[header_key(column)]) for column in sent if header_key(column) in known]
        self.unknown = [column for column in sent if header_key(column) not in known]
        self.missing = [item for item in entry.fields if self._is_missing(item)]

    @property
    def problems(self) -> bool:
        return bool(self.missing)

    def _given(self) -> set[str]:
        return {target.to for _, target in self.bound if target.to is not None}

    def _is_missing(self, item: Field) -> bool:
        if not item.required or item.default is not None or item.code in self.layout.not_required:
            return False
        return item.code not in self._given() and item.code not in {to for to, _ in self.layout.inferred}

    def _column_of(self, item: Field) -> str:
        """The column of this field to name in a message: in Chinese when the header is."""
        spellings = [target.column for target in self.layout.columns if target.to == item.code] or [item.name_zh]
        chinese = [name for name in spellings if not name.isascii()]
        in_chinese = sum(not column.isascii() for column in self.sent) * 2 > len(self.sent)
        return (chinese if in_chinese and chinese else spellings)[0]

    def _meant(self, column: str) -> str | None:
        """The column of this layout that is not in the header and reads most like ``column``."""
        given = self._given()
        free = {key: target.column for key, target in self.known.items() if target.to not in given}
        known = {target.to for target in self.layout.columns}
        titled = [item for item in self.entry.fields if item.code in known and item.code not in given]
        spellings = {**{header_key(item.name_zh): self._column_of(item) for item in titled}, **free}
        near = difflib.get_close_matches(header_key(column), list(spellings), n=1, cutoff=0.6)
        return spellings[near[0]] if near else None

    def refusal(self) -> HeaderWrong:
        zh, en = [], []
        missing = [(self._column_of(item), item) for item in self.missing]
        if missing:
            zh.append("缺少必填列：" + "、".join(_titled(name, item.name_zh) for name, item in missing) + "。")
            en.append("Missing required columns: " + ", ".join(_titled(n, item.name_en) for n, item in missing) + ". ")
        if self.unknown:
            zh.append("无法识别的列：" + "、".join(self.unknown) + "。")
            en.append("Unknown columns: " + ", ".join(self.unknown) + ". ")
        if not (zh or self.bound):
            zh.append("第一行没有任何可识别的列名。")
            en.append("No column of the first row is known. ")
        advice_zh, advice_en = [], []
        suggestions = {}
        for column in self.unknown:
            meant = self._meant(column)
            if meant is not None:
                suggestions[column] = meant
                advice_zh.append(f"“{column}”疑为“{meant}”。")
                advice_en.append(f"“{column}” probably means “{meant}”. ")
        advice_zh.append("请核对第一行是否为表头，并对照资源目录中的模板。")
        advice_en.append("Check that the first row is the header and compare it with the template in the catalogue.")
        return HeaderWrong(
            dataset=self.entry.name_zh,
            dataset_en=self.entry.name_en,
            layout=self.layout.name_zh,
            layout_en=self.layout.name_en,
            problem_zh="".join(zh),
            problem_en="".join(en),
            advice_zh="".join(advice_zh),
            advice_en="".join(advice_en),
            missing=[name for name, _ in missing],
            unknown=list(self.unknown),
            suggestions=suggestions,
        )

    def match(self) -> LayoutMatch:
        return LayoutMatch(
            layout=self.layout, bound=tuple(self.bound), unknown=tuple(self.unknown), notes=tuple(self._notes())
        )

    def _notes(self) -> Iterable[DeliveryNote]:
        if self.unknown:
            meant = {column: self._meant(column) for column in self.unknown}
            hints = [(column, name) for column, name in meant.items() if name is not None]
            yield DeliveryNote(
                code="unknown-columns",
                zh="以下列不在资源目录中，内容未入库，仅保留在原文件里："
                + "、".join(self.unknown)
                + "。"
                + "".join(f"“{column}”疑为“{name}”。" for column, name in hints),
                en="These columns are not in the catalogue; their content stays in the delivered file only: "
                + ", ".join(self.unknown)
                + "."
                + "".join(f" “{column}” probably means “{name}”." for column, name in hints),
                columns=tuple(self.unknown),
            )
        dropped = [(column, target) for column, target in self.bound if target.to is None and not target.refuse_filled]
        if dropped:
            yield DeliveryNote(
                code="columns-not-kept",
                zh="以下列已识别但不入库："
                + "、".join(_titled(column, target.why) for column, target in dropped)
                + "。",
                en="These columns are known and not kept: " + ", ".join(column for column, _ in dropped) + ".",
                columns=tuple(column for column, _ in dropped),
            )


def _titled(name: str, title: str) -> str:
    return f"{name}（{title}）" if title and title != name else name
