"""What a sheet and the audit trail say of many numbers: the choice :mod:`answers` makes, explained in words, by column.

Explaining number by number is most of the time of a large file. Here a loop only picks the parts that apply; what they say is
read and put into words for all numbers at once.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import polars as pl

from xinyong.errors import XinyongError
from xinyong.standards import credit_code_bulk
from xinyong.standards.credit_code import KINDS, Kind
from xinyong.verification import answers, asking, sheets
from xinyong.verification.answers import Look, Scope
from xinyong.verification.errors import EntityUnknown, PersonQuery
from xinyong.verification.measuring import shown_to
from xinyong.verification.packing import LISTED, MEASURE, NAMED, PART

#: What becomes of a row, as the sheet says it.
OUTCOMES: Final = {
    "known": "已核验",
    "moved": "已核验（代码已变更）",
    "unknown": "无此主体",
    "invalid": "代码有误",
    "refused": "不予核验",
    "unreadable": "无法读取",
}
NOTHING: Final = "所查范围内没有正在使用的失信信息、名单和措施"
#: ``code``: as it was asked; ``shown``: as the sheet repeats it; ``key``: the entity's number today, empty without an answer;
#: counts of adverse facts, list entries and measures; ``detail``: its part of the audit row. Cells are safe, empty ones null.
SCHEMA: Final = pl.Schema({
    "code": pl.String, "outcome": pl.String, "key": pl.String, "shown": pl.String, "result": pl.String, "now": pl.String,
    "name": pl.String, "status": pl.String, "adverse": pl.Int64, "lists": pl.Int64, "measures": pl.Int64, "words": pl.String,
    "detail": pl.String,
})  # fmt: skip
_HEAD: Final = {"key": pl.String, "name": pl.String, "status": pl.String}
_SAID: Final = {
    "number": pl.String, "content": pl.String, "authority": pl.String, "decided_on": pl.String, "ends_on": pl.String,
    "states": pl.List(pl.String), "source": pl.Struct({"department": pl.String}),
}  # fmt: skip
_ADVERSE, _LIST, _MEASURE = 0, 1, 2


@dataclass(slots=True)
class _Found:
    """Numbers that have an answer, with their packed values; ``moved``: places of those that led to another number.

    Lists beside each other and not of tuples: the collector looks at none of what is in them.
    """

    codes: list[str] = field(default_factory=list)
    values: list[bytes] = field(default_factory=list)
    moved: list[int] = field(default_factory=list)


@dataclass(slots=True)
class _Parts:
    """Parts that apply: place of the entity, group in the order of the sheet, name of the dataset, words of the shared text,
    members of its own."""

    place: list[int] = field(default_factory=list)
    group: list[int] = field(default_factory=list)
    named: list[str] = field(default_factory=list)
    alike: list[str] = field(default_factory=list)
    members: list[bytes] = field(default_factory=list)


class Explainer:
    """Explains numbers for one item and one department. ``names``: of the datasets; ``adverse``: those that speak against."""

    def __init__(self, scope: Scope, organ: str, names: Mapping[int, str], adverse: frozenset[int]) -> None:
        self._scope, self._names, self._adverse = scope, names, adverse
        self._measures = shown_to(organ, scope.scene)
        #: Words of shared texts by name; a name is made of the text, so what was read once holds.
        self._alike: dict[bytes, str] = {}

    def explain(self, codes: Sequence[str], look: Look, day: int) -> pl.DataFrame:
        """One row of :data:`SCHEMA` for each of ``codes``, all different; in another order."""
        found = _Found()
        missing: list[str] = []
        for code in codes:
            value = look(code.encode()) if code.isascii() else None
            if value is not None and value[:1] == b"A":
                found.codes.append(code)
                found.values.append(value)
            else:
                missing.append(code)
        untold = self._untold(missing, look, found)
        return pl.concat([self._told(found, look, day), untold]) if found.codes else untold

    # --- numbers without an answer ---

    def _untold(self, codes: list[str], look: Look, found: _Found) -> pl.DataFrame:
        """Rows of numbers nobody has; those that lead to another number go to ``found``."""
        series = pl.Series(codes, dtype=pl.String)
        right = credit_code_bulk.classify(series).verdicts == KINDS.index(Kind.VALID)
        unknown: list[str] = []
        odd: list[tuple[str, str, str, str]] = []
        for code, valid in zip(codes, right.tolist(), strict=True):
            # A right code nobody has needs no diagnosis.
            if valid and look(code.encode()) is None:
                unknown.append(code)
                continue
            try:
                value, reason, _ = asking.find(look, code)
                if reason:
                    found.moved.append(len(found.codes))
                found.codes.append(code)
                found.values.append(value)
            except PersonQuery as error:
                odd.append((code, "refused", "", error.message("zh")))  # what was sent is not repeated
            except EntityUnknown as error:
                odd.append((code, "unknown", code, error.message("zh")))
            except XinyongError as error:
                odd.append((code, "invalid", code, error.message("zh")))
        before, _, behind = EntityUnknown(asked="\0").message("zh").partition("\0")
        said = pl.DataFrame({"code": unknown}, schema={"code": pl.String}).select(
            "code",
            pl.lit("unknown").alias("outcome"),
            pl.col("code").alias("shown"),
            pl.concat_str(pl.lit(before), "code", pl.lit(behind)).alias("words"),
        )
        return _not_answered(pl.concat([said, pl.DataFrame(odd, schema=said.schema, orient="row")]))

    # --- numbers with one ---

    def _told(self, found: _Found, look: Look, day: int) -> pl.DataFrame:
        heads: list[bytes] = []
        chosen = _Parts()
        facts, shared = [0] * len(found.codes), [0] * len(found.codes)
        sees, adverse, measures = self._scope.sees, self._adverse, self._measures
        unpack, width, names, alike = PART.unpack_from, PART.size, self._names, self._alike
        for place, value in enumerate(found.values):
            at, end = 5 + int.from_bytes(value[1:5], "little"), len(value)
            heads.append(b"{%b}" % value[5:at])
            while at < end:
                dataset, kind, audience, first, last, size = unpack(value, at)
                at += width + size
                if not first <= day <= last:
                    continue
                if kind == MEASURE:
                    if dataset not in measures:
                        continue
                    group, named, members = _MEASURE, "", b"{}"
                elif sees.get(dataset, -1) >= audience:
                    shared[place] += audience
                    listed = kind == LISTED
                    facts[place] += not listed
                    if not listed and dataset not in adverse:
                        continue
                    group, named = (_LIST if listed else _ADVERSE), names[dataset]
                    members = b"{%b}" % value[at - size : at - NAMED]
                else:
                    continue
                name = value[at - NAMED : at]
                words = alike.get(name)
                if words is None:
                    words = alike[name] = _alike(answers.shared_text(look, name), group)
                chosen.place.append(place)
                chosen.group.append(group)
                chosen.named.append(named)
                chosen.alike.append(words)
                chosen.members.append(members)
        head = _members(heads, _HEAD)
        outcome = pl.Series(["known"], dtype=pl.String).new_from_index(0, len(heads)).scatter(found.moved, "moved")
        told = pl.DataFrame(
            {"place": range(len(heads)), "facts": facts, "shared": shared, "code": found.codes},
            schema={"place": pl.Int64, "facts": pl.Int64, "shared": pl.Int64, "code": pl.String},
        ).with_columns(head, outcome=outcome)
        return _finished(told.join(_sentences(chosen), on="place", how="left", maintain_order="left"))


def _alike(said: Mapping[str, Any], group: int) -> str:
    """What all parts with a shared text have alike in words: the measure whole, of a record its first basis."""
    if group != _MEASURE:
        return "".join(_titles(said["basis"][:1]))
    kind = "激励" if said["kind"] == "incentive" else "措施"
    return f"{kind}（供参考）：{said['name']}，依据 {'、'.join(_titles(said['basis']))}"


def not_answered(rows: Sequence[tuple[str, str, str, str]]) -> pl.DataFrame:
    """Rows without an answer: what was asked, outcome, what the sheet repeats of it, and why."""
    schema = {"code": pl.String, "outcome": pl.String, "shown": pl.String, "words": pl.String}
    return _not_answered(pl.DataFrame(rows, schema=schema, orient="row"))


def _not_answered(said: pl.DataFrame) -> pl.DataFrame:
    none = pl.lit(0, pl.Int64)
    empty = pl.lit(None, pl.String)
    return said.select(
        "code", "outcome", pl.lit("").alias("key"), _cell("shown"), _result(), empty.alias("now"), empty.alias("name"),
        empty.alias("status"), none.alias("adverse"), none.alias("lists"), none.alias("measures"), _cell("words"),
        pl.lit("").alias("detail"),
    )  # fmt: skip


def _finished(told: pl.DataFrame) -> pl.DataFrame:
    """The columns of :data:`SCHEMA`."""
    counts = told.with_columns(pl.col("adverse", "lists", "measures").fill_null(0), pl.col("words").fill_null(NOTHING))
    detail = pl.format(
        '"outcome": "{}", "facts": {}, "lists": {}, "shared": {}, "measures": {}, ',
        "outcome", "facts", "lists", "shared", "measures",
    )  # fmt: skip
    return counts.select(
        "code", "outcome", "key", pl.col("code").alias("shown"), _result(), pl.col("key").alias("now"), _cell("name"),
        _cell("status"), "adverse", "lists", "measures", "words", detail.alias("detail"),
    ).with_columns(_cell("shown"), _cell("words"))  # fmt: skip


def _cell(name: str) -> pl.Expr:
    """A column as safe cells; an empty one is null, which a sheet leaves out."""
    return pl.when(pl.col(name) != "").then(sheets.safe(pl.col(name))).alias(name)


def _result() -> pl.Expr:
    return pl.col("outcome").replace_strict(OUTCOMES, return_dtype=pl.String).alias("result")


def _sentences(chosen: _Parts) -> pl.DataFrame:
    """Counts and words of each place that has any."""
    said = _members(chosen.members, _SAID)
    what = pl.concat_str(_filled("number"), _filled("content"), separator=" ", ignore_nulls=True)
    told = pl.concat_str(
        pl.coalesce(_filled("authority"), pl.col("source").struct.field("department")),
        pl.col("decided_on").fill_null("—"),
        pl.when(pl.col("ends_on").is_null()).then(pl.lit("长期")).otherwise(pl.lit("使用至 ") + pl.col("ends_on")),
        pl.when(pl.col("states").list.len() > 0).then(pl.col("states").list.join("，")),
        _filled("alike"),
        separator="，",
        ignore_nulls=True,
    )
    words = pl.when(pl.col("group") == _MEASURE).then("alike").otherwise(pl.format("{}：{}（{}）", "named", what, told))
    columns = {"place": pl.Int64, "group": pl.Int8, "named": pl.String, "alike": pl.String}
    parts = pl.DataFrame({name: getattr(chosen, name) for name in columns}, schema=columns).hstack(said)
    group = pl.col("group")
    return (
        parts.select("place", "group", words.alias("words"))
        .sort("place", "group", maintain_order=True)
        .group_by("place", maintain_order=True)
        .agg(
            (group == _ADVERSE).sum().cast(pl.Int64).alias("adverse"),
            (group == _LIST).sum().cast(pl.Int64).alias("lists"),
            (group == _MEASURE).sum().cast(pl.Int64).alias("measures"),
            pl.col("words").str.join("；"),
        )
    )


def _filled(name: str) -> pl.Expr:
    return pl.when(pl.col(name) != "").then(pl.col(name))


def _members(objects: Sequence[bytes], schema: Mapping[str, Any]) -> pl.DataFrame:
    """Objects that :mod:`packing` wrote, as columns; members not in the schema are left out."""
    if not objects:
        return pl.DataFrame(schema=schema)
    return pl.read_ndjson(io.BytesIO(b"\n".join(objects)), schema=schema)


def _titles(basis: Sequence[Mapping[str, str]]) -> list[str]:
    return [item["title"] + item["article"] for item in basis]
