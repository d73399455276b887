"""Check of a whole file: many numbers, one client, one purpose and item, and a sheet that explains every row.

The file is read as a delivery is (CSV, XLSX or JSON Lines by its bytes, any usual encoding), a batch at a time, so memory does
not grow with it. Each batch is answered from one state of the snapshot, or of the ledger where there is no young one. Every
answered row leaves its row in the audit trail, as a question to the service does: these rows lie synced in the journal before
the sheet leaves the house. Work that fails or is killed leaves neither sheet nor rows.
"""

from __future__ import annotations

import collections
import contextlib
import fcntl
import itertools
import operator
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import polars as pl

from xinyong.accounts import client_actions
from xinyong.accounts.client_selectors import Caller
from xinyong.accounts.rules import Right
from xinyong.api.gate import rows_left
from xinyong.catalogue import selectors as catalogue
from xinyong.catalogue.entry import Severity
from xinyong.errors import XinyongError
from xinyong.intake.reading import Limits, RawBatch, open_source
from xinyong.intake.reading.model import ROW
from xinyong.runtime import config
from xinyong.standards import credit_code_diagnosis
from xinyong.verification import actions, answers, asking, effects, journal, packing, rules, sheets, snapshot, source
from xinyong.verification.answers import Scope, Versions
from xinyong.verification.errors import CheckRefused, EntityUnknown, PersonQuery
from xinyong.verification.sheets import Lines, Told

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
_BATCH: Final = 25_000
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
    teller = _Teller(asked, caller, result)
    with _workplace() as place, open_source(path, Limits(batch_rows=_BATCH)) as opened:
        sheet = place / f"sheet{out.suffix.lower()}"
        with (place / "trail").open("wb") as trail, sheets.open_sheet(sheet) as written:
            for batch in opened.batches():
                result.column = result.column or _column(batch.rows, opened.info.header, column)
                lines, audit = teller.lines(batch, result.column)
                trail.write(audit)
                written.add(lines)
                client_actions.use(caller, requests=0, rows=batch.read)
                if tell is not None:
                    tell(result.read, batch.position)
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

    def __init__(self, asked: actions.Asked, caller: Caller, result: Result) -> None:
        datasets = source.datasets()
        packaged = catalogue.packaged()
        newest = {number: packaged.editions(code)[-1] for code, number in datasets.items() if packaged.editions(code)}
        self._scope: Scope = source.scopes(datasets)[asked.item.code]
        self._adverse = frozenset(number for number, entry in newest.items() if packing.adverse(entry))
        self._names = {number: entry.name_zh for number, entry in newest.items()}
        self._asked = asked
        self._organ = caller.department_name
        self._result = result
        self._reader = snapshot.Reader()
        self._told: dict[str, Told] = {}
        self._answered = 0
        self._under: object = None

    def lines(self, batch: RawBatch, column: str) -> tuple[Lines, bytes]:
        """Lines of the sheet in the order of the file, and a block of rows for the audit trail."""
        codes = [code or "" for code in batch.rows[column].to_list()]
        now = time.time()
        with self._looking(codes, now) as (look, stands):
            day = answers.today(now)
            for code in set(codes).difference(self._told):
                self._told[code] = self._tell(code, look, day)
        told = [self._told[code] for code in codes]
        counted = itertools.count(self._answered + 1)
        queries = [f"{self._result.check}.{next(counted)}" if said.key else "" for said in told]
        rows = batch.rows[ROW].to_list()
        audit = self._audit([said for said in told if said.key], stands, now)
        if unread := _unreadable(batch, column):
            each = sorted(
                [*zip(rows, told, queries, strict=True), *((row, said, "") for row, said in unread.items())],
                key=operator.itemgetter(0),
            )
            rows, told, queries = (list(cells) for cells in zip(*each, strict=True))
        self._result.read += len(rows)
        for outcome, count in collections.Counter([said.outcome for said in told]).items():
            self._result.counts[outcome] += count
        self._result.with_adverse += sum([said.adverse for said in told])
        return Lines(rows, told, queries, stands.event, answers.moment(now)[:19].replace("T", " ")), audit

    @contextlib.contextmanager
    def _looking(self, codes: list[str], now: float) -> Iterator[tuple[answers.Look, Versions]]:
        stands = source.young(self._reader, now, source.oldest())
        if stands is None and snapshot.exists():
            effects.catch_up()  # nobody follows the corridor on this host, or is behind
            stands = source.young(self._reader, time.time(), source.oldest())
        try:
            if stands is None:
                self._fresh(object())
                wanted = [number for code in dict.fromkeys(codes) for number in asking.wanted(code)]
                yield source.packed(source.session(), wanted)
            else:
                self._fresh((self._reader.state(), answers.today(now)))
                yield self._reader.look, stands
        finally:
            self._reader.end()

    def _fresh(self, under: object) -> None:
        if under != self._under or len(self._told) > _KEPT:
            self._told.clear()
            self._under = under

    def _audit(self, told: list[Told], stands: Versions, now: float) -> bytes:
        """A row of :func:`actions.row` for each answer, as the journal keeps it; a test holds both against each other."""
        asked = self._asked
        begins = f"{answers.moment(now)}\t{journal.text(asked.actor)}\t{actions.DEED}\t"
        purpose = f'\t{journal.text(actions.purpose_words(asked.item))}\t{{"query": "{self._result.check}.'
        case = f'"case": "{asked.case}", ' if asked.case else ""
        ends = (
            f'"department": "{asked.department}", "item": "{asked.item.code}", {case}"rules": "{rules.rule_set().digest[:12]}", '
            f'"event": {stands.event}, "check": "{self._result.check}"}}\n'
        )
        first = self._answered + 1
        self._answered += len(told)
        places = {said: place for place, said in enumerate(dict.fromkeys(told))}
        pairs = [(said.key, said.detail) for said in places]
        return (
            journal.paired((begins, purpose, '", ', ends), first, pairs, [places[said] for said in told])
            if told
            else b""
        )

    def _tell(self, code: str, look: answers.Look, day: int) -> Told:
        """What the sheet and the audit trail say of one number."""
        try:
            value, reason, _ = asking.find(look, code)
        except PersonQuery as error:
            return _not_answered("refused", "", error.message("zh"))  # what was sent is not repeated
        except EntityUnknown as error:
            return _not_answered("unknown", code, error.message("zh"))
        except XinyongError as error:
            return _not_answered("invalid", code, error.message("zh"))
        found = answers.cut(look, value, self._scope, self._organ, day)
        adverse = sum(dataset in self._adverse for dataset, _ in found.facts)
        words = [
            *(_fact(self._names[dataset], said()) for dataset, said in found.facts if dataset in self._adverse),
            *(_fact(self._names[dataset], said()) for dataset, said in found.lists),
            *(_measure(said()) for said in found.measures),
        ]
        outcome = "moved" if reason else "known"
        facts, lists, measures = len(found.facts), len(found.lists), len(found.measures)
        explained = "；".join(words) or NOTHING
        return sheets.told(
            (code, OUTCOMES[outcome], found.key, found.name, found.status, adverse, lists, measures, explained),
            outcome=outcome,
            key=found.key,
            adverse=adverse > 0,
            detail=f'"outcome": "{outcome}", "facts": {facts}, "lists": {lists}, "shared": {found.shared}, '
            f'"measures": {measures}, ',
        )


def _not_answered(outcome: str, code: str, why: str) -> Told:
    return sheets.told((code, OUTCOMES[outcome], "", "", "", 0, 0, 0, why), outcome=outcome)


def _unreadable(batch: RawBatch, column: str) -> dict[int, Told]:
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
    return {row: _not_answered("unreadable", values.get(row, ""), "".join(why)) for row, why in whys.items()}


def _fact(name: str, said: Mapping[str, Any]) -> str:
    what = " ".join(filter(None, (said["number"], said["content"])))
    told = [said["authority"] or said["source"]["department"], said["decided_on"] or "—"]
    told += [f"使用至 {said['ends_on']}" if said["ends_on"] else "长期", *said["states"], *_titles(said["basis"][:1])]
    return f"{name}：{what}（{'，'.join(told)}）"


def _measure(said: Mapping[str, Any]) -> str:
    kind = "激励" if said["kind"] == "incentive" else "措施"
    return f"{kind}（供参考）：{said['name']}，依据 {'、'.join(_titles(said['basis']))}"


def _titles(basis: Sequence[Mapping[str, str]]) -> list[str]:
    return [item["title"] + item["article"] for item in basis]
