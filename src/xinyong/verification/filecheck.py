"""Check of a whole file: many numbers, one client, one purpose and item, and a sheet that explains every row.

The file is read as a delivery is (CSV, XLSX or JSON Lines by its bytes, any usual encoding), a batch at a time, so memory does
not grow with it. Each batch is answered from one state of the snapshot, or of the ledger where there is no young one. Every
answered row leaves its row in the audit trail, as a question to the service does: these rows lie synced in the journal before
the sheet leaves the house. Work that fails or is killed leaves neither sheet nor rows.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import polars as pl

from xinyong.accounts import client_actions
from xinyong.accounts.client_selectors import Caller
from xinyong.accounts.rules import Right
from xinyong.api.gate import rows_left
from xinyong.catalogue import selectors as catalogue
from xinyong.catalogue.entry import Severity
from xinyong.intake.reading import Limits, RawBatch, open_source
from xinyong.intake.reading.model import ROW
from xinyong.runtime import config
from xinyong.standards import credit_code_diagnosis
from xinyong.verification import (
    actions,
    answers,
    asking,
    effects,
    explaining,
    journal,
    packing,
    rules,
    sheets,
    snapshot,
    source,
)
from xinyong.verification.answers import Versions
from xinyong.verification.errors import CheckRefused
from xinyong.verification.explaining import OUTCOMES
from xinyong.verification.sheets import Sheet

#: Headings of the column with the number, in the order they are looked for.
COLUMNS: Final = (
    "统一社会信用代码",
    "社会信用代码",
    "信用代码",
    "主体代码",
    "代码",
    "credit_code",
    "code",
    "USCC",
    "UNISCID",
    "CF_XDR_SHXYM",
    "XK_XDR_SHXYM",
)
_BATCH: Final = 250_000
#: Numbers whose answer is kept while the data stand still, at most.
_KEPT: Final = 200_000


@dataclass(slots=True)
class Result:
    """What became of the rows: ``read`` is the sum of ``counts``. ``column``: where the numbers stood."""

    check: str
    column: str = ""
    read: int = 0
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(OUTCOMES, 0))
    with_adverse: int = 0
    seconds: float = 0.0

    @property
    def answered(self) -> int:
        """Rows that were answered: as many stand in the audit trail."""
        return self.counts["known"] + self.counts["moved"]


def check(
    path: Path,
    out: Path,
    *,
    caller: Caller,
    item: str,
    case: str = "",
    column: str = "",
    tell: Callable[[int, float], None] | None = None,
    actor: str = "",
) -> Result:
    """Check a file; the sheet stands at ``out`` (XLSX or CSV by its name) when this returns, whole.

    ``actor``: the officer who checks in the console; else the client. ``tell``: called with the rows read so far and the share of the file. Raises RightMissing, ItemUnknown, ItemNotAllowed,
    RequestInvalid, QuotaUsedUp, CheckRefused, FileProblem.
    """
    began = time.monotonic()
    caller.require(Right.VERIFY)
    given = rules.rule_set().items.get(item)
    asked = actions.Asked(
        actor=actor or caller.actor,
        department=caller.department_slug,
        item=asking.item_of(given.purpose if given is not None else "—", item, caller.items),
        case=asking.case_of(case),
    )
    if out.suffix.lower() not in sheets.KINDS:
        raise CheckRefused(
            why_zh=f"结果表 {out.name} 须为 .xlsx 或 .csv", why_en=f"the sheet {out.name} must be .xlsx or .csv"
        )
    if not os.access(out.parent, os.W_OK):
        raise CheckRefused(
            why_zh=f"结果表无法写入文件夹 {out.parent}",
            why_en=f"the sheet cannot be written to the folder {out.parent}",
        )
    rows_left(caller)
    result = Result(check=asking.query_id())
    with _workplace() as place, open_source(path, Limits(batch_rows=_BATCH)) as opened:
        sheet = place / f"sheet{out.suffix.lower()}"
        with (
            (place / "trail").open("wb") as trail,
            sheets.open_sheet(sheet) as written,
            concurrent.futures.ThreadPoolExecutor(1) as aside,
        ):
            teller = _Teller(asked, caller, result, written)
            writing: concurrent.futures.Future[None] | None = None
            for batch in opened.batches():
                result.column = result.column or _column(batch.rows, opened.info.header, column)
                rows, audit = teller.rows(batch, result.column)
                trail.write(audit)
                if writing is not None:
                    writing.result()
                writing = aside.submit(written.add, rows)  # while the next ones are explained
                client_actions.use(caller, requests=0, rows=batch.read)
                if tell is not None:
                    tell(result.read, batch.position)
            if writing is not None:
                writing.result()
            result.column = result.column or _column(None, opened.info.header, column)
        journal.hand_in(place / "trail")
        _give_out(sheet, out)
    result.seconds = time.monotonic() - began
    return result


# --- the file ------------------------------------------------------------------------------------------------------------


def _column(rows: pl.DataFrame | None, header: Sequence[str], wanted: str) -> str:
    """The column of the numbers: the one named, one with a usual heading, or the one that holds codes. Raises CheckRefused."""
    columns = "、".join(header[:20])
    if wanted:
        if wanted in header:
            return wanted
        raise CheckRefused(
            why_zh=f"没有「{wanted}」这一列，文件的列为：{columns}",
            why_en=f"it has no column '{wanted}'; there are: {columns}",
        )
    if found := [name for name in COLUMNS if name in header]:
        return found[0]
    held = [] if rows is None else [name for name in header if _holds_codes(rows[name])]
    if len(held) == 1:
        return held[0]
    raise CheckRefused(
        why_zh=f"认不出代码所在的列，文件的列为：{columns}。请指明列名，或把表头改为「{COLUMNS[0]}」",
        why_en=f"the column of codes is not to be told; there are: {columns}. Name it, or give it the heading {COLUMNS[0]}",
    )


def _holds_codes(cells: pl.Series) -> bool:
    """Whether most of the first filled cells are credit codes."""
    filled = cells.drop_nulls().head(200).to_list()
    return sum(credit_code_diagnosis.diagnose(cell).valid for cell in filled) * 2 > len(filled)


@contextlib.contextmanager
def _workplace() -> Iterator[Path]:
    """A folder in the house for the time of the work; what killed ones left is removed."""
    base = config.home("checks")
    for old in base.iterdir():
        with contextlib.suppress(OSError), _held(old):
            shutil.rmtree(old)
    with tempfile.TemporaryDirectory(dir=base) as name, _held(Path(name)):
        yield Path(name)


@contextlib.contextmanager
def _held(place: Path) -> Iterator[None]:
    handle = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(handle)


def _give_out(sheet: Path, out: Path) -> None:
    """Move the sheet to where it is wanted, whole or not at all."""
    beside = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        shutil.move(sheet, beside)
        os.replace(beside, out)
    finally:
        beside.unlink(missing_ok=True)


# --- the rows ------------------------------------------------------------------------------------------------------------


class _Teller:
    """Answers batches. What was said of a number is kept while neither data nor day change."""

    def __init__(self, asked: actions.Asked, caller: Caller, result: Result, sheet: Sheet) -> None:
        datasets = source.datasets()
        packaged = catalogue.packaged()
        newest = {number: packaged.editions(code)[-1] for code, number in datasets.items() if packaged.editions(code)}
        self._explainer = explaining.Explainer(
            source.scopes(datasets)[asked.item.code],
            caller.department_name,
            {number: entry.name_zh for number, entry in newest.items()},
            frozenset(number for number, entry in newest.items() if packing.adverse(entry)),
        )
        self._asked = asked
        self._result = result
        self._sheet = sheet
        self._reader = snapshot.Reader()
        #: What was said of numbers, and the place of each number in it.
        self._told = pl.DataFrame()
        self._places: dict[str, int] = {}
        self._details: dict[str, int] = {}
        self._answered = 0
        self._under: object = None

    def rows(self, batch: RawBatch, column: str) -> tuple[pl.DataFrame, bytes]:
        """Rows of the sheet in the order of the file, and a block of rows for the audit trail."""
        codes = batch.rows[column].fill_null("").to_list()
        now = time.time()
        with self._looking(codes, now) as (look, stands):
            new = [code for code in dict.fromkeys(codes) if code not in self._places]
            if new:
                self._learn(self._explainer.explain(new, look, answers.today(now)))
        places = pl.Series([self._places[code] for code in codes], dtype=pl.UInt32)
        told = self._told.select(pl.all().gather(places)).with_columns(
            row=batch.rows[ROW].cast(pl.Int64),
            query=pl.when(pl.col("key") != "").then(
                pl.lit(f"{self._result.check}.") + ((pl.col("key") != "").cum_sum() + self._answered).cast(pl.String)
            ),
        )
        audit = self._audit(told.filter(pl.col("key") != ""), stands, now)
        if (unread := _unreadable(batch, column)) is not None:
            told = pl.concat([told, self._sheet.prepare(unread.drop("code", "detail"))], how="diagonal").sort(
                "row", maintain_order=True
            )
        self._result.read += told.height
        for outcome, count in told["outcome"].value_counts().iter_rows():
            self._result.counts[outcome] += count
        self._result.with_adverse += int((told["adverse"] > 0).sum())
        at = answers.moment(now)[:19].replace("T", " ")
        return told.select(
            "row", *self._sheet.columns, "query",
            pl.lit(stands.event, pl.Int64).alias("event"), pl.lit(at).alias("at"),
        ), audit  # fmt: skip

    @contextlib.contextmanager
    def _looking(self, codes: list[str], now: float) -> Iterator[tuple[answers.Look, Versions]]:
        stands = source.young(self._reader, now, source.oldest())
        if stands is None and snapshot.exists():
            effects.catch_up()  # nobody follows the corridor on this host, or is behind
            stands = source.young(self._reader, time.time(), source.oldest())
        try:
            if stands is None:
                self._fresh(object())
                yield source.packed(source.session(), _wanted(codes))
            elif self._reader.filters:
                self._fresh(object())
                yield source.around(self._reader, _wanted(codes), stands)
            else:
                self._fresh((self._reader.state(), answers.today(now)))
                yield self._reader.look, stands
        finally:
            self._reader.end()

    def _fresh(self, under: object) -> None:
        if under != self._under or self._told.height > _KEPT:
            self._told = self._told.clear()
            self._places.clear()
            self._under = under

    def _learn(self, told: pl.DataFrame) -> None:
        """Keep what was said of new numbers; their part of the audit rows, few texts alike, by its place."""
        self._places.update({code: place for place, code in enumerate(told["code"].to_list(), self._told.height)})
        for detail in told["detail"].unique():
            self._details.setdefault(detail, len(self._details))
        by_place = told["detail"].replace_strict(self._details, return_dtype=pl.UInt32)
        kept = self._sheet.prepare(told.drop("code").with_columns(detail=by_place))
        self._told = pl.concat([self._told, kept], rechunk=True) if self._told.height else kept

    def _audit(self, told: pl.DataFrame, stands: Versions, now: float) -> bytes:
        """A row of :func:`actions.row` for each answer, as the journal keeps it; a test holds both against each other."""
        if told.is_empty():
            return b""
        asked = self._asked
        begins = f"{answers.moment(now)}\t{journal.text(asked.actor)}\t{actions.DEED}\t"
        purpose = f'\t{journal.text(actions.purpose_words(asked.item))}\t{{"query": "{self._result.check}.'
        case = f'"case": "{asked.case}", ' if asked.case else ""
        ends = (
            f'"department": "{asked.department}", "item": "{asked.item.code}", {case}"rules": "{rules.rule_set().digest[:12]}", '
            f'"event": {stands.event}, "check": "{self._result.check}"}}\n'
        )
        first = self._answered + 1
        self._answered += told.height
        keys = told["key"].str.join("\n").item().encode()
        places = told["detail"].to_numpy().astype("<u4").tobytes()
        return journal.framed((begins, purpose, '", ', ends), first, keys, list(self._details), places)


def _wanted(codes: list[str]) -> list[str]:
    return [number for code in dict.fromkeys(codes) for number in asking.wanted(code)]


def _unreadable(batch: RawBatch, column: str) -> pl.DataFrame | None:
    """Rows the reader could not read, and why. A value is repeated where it is one of the column of numbers and no person's."""
    whys: dict[int, list[str]] = {}
    values: dict[int, str] = {}
    for finding in batch.findings:
        if finding.severity is Severity.ERROR:
            named = f"「{finding.column}」" if finding.column else ""
            why = "。".join(filter(None, (finding.reason_zh.rstrip("。"), finding.suggestion_zh.rstrip("。"))))
            whys.setdefault(finding.row, []).append(f"{named}{why}。")
            if finding.column == column and not rules.of_person(finding.value):
                values[finding.row] = finding.value
    if not whys:
        return None
    rows = [("", "unreadable", values.get(row, ""), "".join(why)) for row, why in whys.items()]
    return explaining.not_answered(rows).with_columns(row=pl.Series(list(whys), dtype=pl.Int64))
