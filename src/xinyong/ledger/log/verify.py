"""Verifies the whole log: checkpoint, signatures, tiles, every signed root, and every leaf against the ledger."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

from xinyong.ledger import archive
from xinyong.ledger.log import content, merkle, sm2, state, tilecheck
from xinyong.ledger.log.checkpoint import NoteInvalid, Verifier
from xinyong.ledger.log.errors import LogRefused
from xinyong.ledger.log.folder import CHECKPOINT, PUBLIC_KEY, SECOND_KEY, LogFolder
from xinyong.ledger.log.leaves import Leaves
from xinyong.ledger.log.rows import Read, Span
from xinyong.ledger.log.state import NAME, Connection, Range
from xinyong.runtime import database, sql

_FETCH: Final = 20_000
#: Findings listed one by one; more are only counted.
_LISTED: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that is not as it was signed, and where."""

    kind: str
    zh: str
    en: str
    path: str | None = None
    byte: int | None = None
    leaf: int | None = None
    version_id: int | None = None
    record_id: int | None = None
    version_no: int | None = None
    event_id: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """Form for ``--json``: what is known of the place."""
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {name: value for name, value in values.items() if value is not None}


@dataclass(slots=True, kw_only=True)
class Report:
    """What was verified and what was found."""

    installation: str = ""
    size: int = 0
    root: str = ""
    checkpoints: int = 0
    #: Checkpoints with a second signature by SM2 that holds; and those where this Python could not check it.
    second_signatures: int = 0
    second_unchecked: int = 0
    compared: int = 0
    #: Of those compared, acts.
    acts: int = 0
    contents: int = 0
    #: Payloads that lie in the closed archive and were opened and compared.
    archived: int = 0
    tile_seconds: float = 0.0
    seconds: float = 0.0
    found: int = 0
    findings: list[Finding] = field(default_factory=list)

    def add(self, finding: Finding) -> None:
        """Count a finding; list it while the list is short."""
        self.found += 1
        if len(self.findings) < _LISTED:
            self.findings.append(finding)

    def as_dict(self) -> dict[str, Any]:
        """Form for ``--json``."""
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {**values, "ok": not self.found, "findings": [item.as_dict() for item in self.findings]}


def verify(*, contents: bool = False, processes: int | None = None) -> Report:
    """Verify everything; writes nothing. ``contents``: also compute every content hash again from the payload."""
    report, started = Report(), time.perf_counter()
    with database.connect() as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        last = state.last_range(connection)
        report.installation = state.installation(connection) or ""
        if last is None:
            _nothing_signed(connection, report)
        else:
            _Check(connection, report, last).run(contents, processes or os.cpu_count() or 1)
    report.seconds = round(time.perf_counter() - started, 3)
    return report


def _nothing_signed(connection: Connection, report: Report) -> None:
    """A database that knows no signature must have neither logged versions nor a published checkpoint."""
    if report.installation and state.folder(report.installation).text(CHECKPOINT) is not None:
        report.add(
            Finding(
                kind="checkpoint",
                path=CHECKPOINT,
                zh="已公布检查点，数据库中却没有任何签署",
                en="A checkpoint is published, but the database knows of no signature",
            )
        )
    _unlogged(connection, report)  # last: there may be more of these than are listed


def _unlogged(connection: Connection, report: Report) -> None:
    """Versions that are in no range and in no waiting event. They are looked for only when the numbers do not agree."""
    row = connection.execute(sql.statement("ledger", "log_balance"), {"effect": NAME}).fetchone()
    assert row is not None  # a SELECT without FROM yields one row
    stored, logged, waiting = row
    if stored != logged + waiting:
        for (version,) in connection.execute(sql.statement("ledger", "log_unlogged"), {"effect": NAME}).fetchall():
            report.add(_of_unlogged(version))
    row = connection.execute(sql.statement("ledger", "log_act_balance"), {"effect": NAME}).fetchone()
    assert row is not None  # a SELECT without FROM yields one row
    stored, *known = row
    if stored != sum(known):
        found = connection.execute(sql.statement("ledger", "log_unlogged_acts"), {"effect": NAME}).fetchall()
        for event, record in found:
            report.add(
                Finding(
                    kind="unlogged",
                    event_id=event,
                    record_id=record,
                    zh=f"第 {event} 号处理在台账中，不在存证日志中",
                    en=f"Act {event} is in the ledger but not in the log",
                )
            )


def _of_unlogged(version: int) -> Finding:
    return Finding(
        kind="unlogged",
        version_id=version,
        zh=f"台账版本 {version} 不在存证日志中",
        en=f"Version {version} is in the ledger but not in the log",
    )


class _Check:
    """One run over one snapshot of the database."""

    def __init__(self, connection: Connection, report: Report, last: Range) -> None:
        self._connection = connection
        self._report = report
        self._last = last
        self._folder: LogFolder = state.folder(report.installation)
        self._ranges = list(state.ranges(connection))
        self._sm2: sm2.Verifier | None = None

    def run(self, contents: bool, processes: int) -> None:
        """All checks, cheapest first."""
        report = self._report
        report.size, report.root = self._last.size, self._last.root.hex()
        verifier = self._key()
        self._checkpoint(verifier)
        self._sm2 = self._second_key()
        started = time.perf_counter()
        tiles = tilecheck.check(self._folder, self._last.size, self._last.root, processes)
        report.tile_seconds = round(time.perf_counter() - started, 3)
        for fault in tiles.faults:
            report.add(_of_fault(fault))
        self._signed(verifier, tiles.tile_roots)
        self._leaves()
        if contents:
            self._contents()

    def _key(self) -> Verifier | None:
        try:
            verifier = state.signer(self._report.installation, create=False).verifier
        except LogRefused as error:
            self._report.add(Finding(kind="key", zh=error.message("zh"), en=error.message("en")))
            return None
        if self._folder.text(PUBLIC_KEY) != verifier.text + "\n":
            self._report.add(
                Finding(
                    kind="key",
                    path=PUBLIC_KEY,
                    zh="公钥文件与签名密钥不符",
                    en="The public key file is not that of the signing key",
                )
            )
        return verifier

    def _checkpoint(self, verifier: Verifier | None) -> None:
        """The published checkpoint is the last one signed; the writer may be a moment behind or ahead."""
        for _ in range(3):
            note = self._folder.text(CHECKPOINT)
            if note == self._last.note:
                return
            try:
                if note and verifier and verifier.open(note).size > self._last.size and self._signed_since(note):
                    return
            except NoteInvalid as error:
                why = str(error)
            else:
                why = "missing" if note is None else "not the last one signed"
            time.sleep(0.2)
        self._report.add(
            Finding(
                kind="checkpoint",
                path=CHECKPOINT,
                zh=f"公布的检查点不是最近签署的一份（{why}）",
                en=f"The published checkpoint is not the last one signed: {why}",
            )
        )

    @staticmethod
    def _signed_since(note: str) -> bool:
        with database.connect(autocommit=True) as now:
            return now.execute("SELECT FROM ledger_log_range WHERE note = %s", (note,)).fetchone() is not None

    # --- every signed root ---

    def _signed(self, verifier: Verifier | None, tile_roots: Sequence[bytes | None]) -> None:
        """Ranges join without a hole; each checkpoint is signed and its root is that of the stored leaves."""
        roots = _Roots(self._folder, self._last.size, tile_roots)
        leaf_end = 0
        overlapping = {later[2] for earlier, later in pairwise(sorted(self._bounds())) if later[0] <= earlier[1]}
        for item in self._ranges:
            if item.first_leaf != leaf_end or item.event in overlapping:
                self._wrong_range(item, "范围不连续", "the ranges have a hole or overlap")
            leaf_end = item.size
            if item.note is not None:
                self._report.checkpoints += 1
            elif item is self._ranges[-1]:
                self._wrong_range(item, "没有签署", "no checkpoint was signed after it")
            if verifier is not None and item.note is not None:
                try:
                    signed = verifier.open(item.note)
                except NoteInvalid as error:
                    self._wrong_range(item, f"签署无效（{error}）", f"its checkpoint is not valid: {error}")
                else:
                    self._second(item)
                    if (signed.size, signed.root) != (item.size, item.root):
                        self._wrong_range(item, "签署的内容不是这一范围", "its checkpoint is that of another tree")
            if (root := roots.at(item.size)) is not None and root != item.root:
                self._wrong_range(item, "签署的根与日志不符", "the root signed after it is not that of the tiles")

    def _bounds(self) -> Iterator[tuple[int, int, int]]:
        """(first version, last version, event) of the ranges that are deliveries."""
        for item in self._ranges:
            if item.versions is not None:
                yield *item.versions, item.event

    def _second(self, item: Range) -> None:
        """The SM2 signature of a checkpoint, where it has one."""
        if self._sm2 is None or item.note is None:
            return
        if not sm2.can_verify():
            self._report.second_unchecked += 1
            return
        try:
            self._report.second_signatures += self._sm2.signed(item.note)
        except NoteInvalid as error:
            self._wrong_range(item, f"SM2 签名无效（{error}）", f"its SM2 signature is not valid: {error}")

    def _second_key(self) -> sm2.Verifier | None:
        text = self._folder.text(SECOND_KEY)
        if text is None:
            return None
        try:
            return sm2.Verifier.parse(text)
        except NoteInvalid as error:
            why = str(error)
            self._report.add(
                Finding(
                    kind="key",
                    path=SECOND_KEY,
                    zh=f"SM2 公钥文件无效（{why}）",
                    en=f"The SM2 key file is not valid: {why}",
                )
            )
            return None

    def _wrong_range(self, item: Range, zh: str, en: str) -> None:
        place = f"{item.first_leaf}–{item.size - 1}"
        self._report.add(
            Finding(
                kind="range",
                leaf=item.first_leaf,
                event_id=item.event if item.delivery is None else None,
                zh=f"{'处理' if item.delivery is None else '批次'} {item.delivery or item.event} 的叶 {place}：{zh}",
                en=f"Leaves {place} of {item.named}: {en}",
            )
        )

    # --- leaves and ledger ---

    def _stream(self, statement: str) -> Iterator[Sequence[Any]]:
        with self._connection.cursor(name=statement) as cursor:
            cursor.itersize = _FETCH
            query = sql.statement("ledger", statement)
            last = max((last for _, last, _ in self._bounds()), default=0)
            yield from cursor.execute(query, {"first": 0, "last": last})

    def _leaves(self) -> None:
        """Each leaf as the ledger gives it now, against the entry as it was logged; each payload against its hash."""
        try:
            blinds = state.blinds(create=False)
        except LogRefused as error:
            self._report.add(Finding(kind="key", zh=error.message("zh"), en=error.message("en")))
            return
        entries = _entries(self._folder, self._last.size)
        for read in Leaves(self._connection, blinds).read(self._ranges):
            logged = entries(read.span.first_leaf, read.span.count)
            if read.acts:
                self._act(read, logged[0])
                continue
            for doubled in read.doubled:
                self._report.add(_of_unlogged(doubled))
            altered = self._altered_payloads(read.span)
            if not altered and read.entries == logged:
                self._report.compared += read.span.count
                continue
            for number, (built, kept) in enumerate(zip(read.entries, logged, strict=True)):
                version, place = read.span.first + number, read.span.first_leaf + number
                if not built:
                    self._wrong_version("台账中缺少这一版本", "it is gone from the ledger", version, place)
                    continue
                self._report.compared += 1
                differing = [
                    *(["row"] if kept is not None and built != kept else []),
                    *(["payload"] if version in altered else []),
                ]
                if differing:
                    names = ", ".join(differing)
                    self._wrong_version(
                        f"台账与存证不一致（{names}）", f"the ledger is not what was logged: {names}", version, place
                    )
        _unlogged(self._connection, self._report)

    def _act(self, read: Read, kept: bytes | None) -> None:
        """One act as the ledger gives it now against its entry as it was logged."""
        self._report.compared += 1
        self._report.acts += 1
        built, event, place = read.entries[0], read.span.first, read.span.first_leaf
        if built and (kept is None or built == kept):
            return
        row = self._connection.execute("SELECT record_id FROM ledger_status WHERE event_id = %s", (event,)).fetchone()
        zh, en = ("与存证不一致", "is not what was logged") if built else ("已不在台账中", "is gone from the ledger")
        self._report.add(
            Finding(
                kind="act",
                leaf=place,
                event_id=event,
                record_id=row[0] if row else None,
                path=merkle.bundle_path(place // merkle.TILE_WIDTH),
                zh=f"第 {event} 号处理（叶 {place}）{zh}",
                en=f"Act {event} (leaf {place}) {en}",
            )
        )

    def _altered_payloads(self, span: Span) -> set[int]:
        """Versions whose payload does not give the payload hash stored beside it."""
        rows = self._connection.execute(
            sql.statement("ledger", "log_altered_payloads"), {"first": span.first, "last": span.last}
        )
        return {row[0] for row in rows}

    def _wrong_version(self, zh: str, en: str, version: int, place: int) -> None:
        row = self._connection.execute(
            "SELECT record_id, version_no FROM public.ledger_versions_v1(%s, %s)", (version, version)
        ).fetchone()
        record, number = row or (None, None)
        known_zh, known_en = (
            (f"记录 {record} 第 {number} 版，", f"record {record}, version {number}, ") if row else ("", "")
        )
        self._report.add(
            Finding(
                kind="version",
                leaf=place,
                version_id=version,
                record_id=record,
                version_no=number,
                path=merkle.bundle_path(place // merkle.TILE_WIDTH),
                zh=f"版本 {version}（{known_zh}叶 {place}）：{zh}",
                en=f"Version {version} ({known_en}leaf {place}): {en}",
            )
        )

    def _contents(self) -> None:
        """The content hash of every payload, computed again."""
        for version, dataset, stored, payload in self._stream("log_payloads"):
            self._report.contents += 1
            if not content.matches(dataset, json.loads(payload), bytes(stored)):
                self._report.add(
                    Finding(
                        kind="content",
                        version_id=version,
                        zh=f"版本 {version} 的内容与其内容摘要不符",
                        en=f"The content of version {version} does not give its content hash",
                    )
                )
        for version, digest, sealed in self._stream("log_archived"):
            self._report.archived += 1
            if not archive.intact((version, bytes(digest), bytes(sealed))):
                self._report.add(
                    Finding(
                        kind="archive",
                        version_id=version,
                        zh=f"档案中版本 {version} 的内容与其摘要不符",
                        en=f"What the archive holds of version {version} does not give its hash",
                    )
                )


def _of_fault(fault: tilecheck.Fault) -> Finding:
    what = {
        "missing": ("文件缺失", "the file is missing"),
        "length": ("长度不对", "the length is wrong"),
        "tile": ("哈希被改动", "a hash is altered"),
        "bundle": ("条目被改动", "an entry is altered"),
        "root": ("根与签署不符", "the root is not the one signed"),
    }[fault.kind]
    place = "".join(
        [f" @ {fault.byte}" if fault.byte is not None else "", f" [{fault.leaf}]" if fault.leaf is not None else ""]
    )
    more = f" ({fault.detail})" if fault.detail else ""
    return Finding(
        kind=fault.kind,
        path=fault.path,
        byte=fault.byte,
        leaf=fault.leaf,
        zh=f"{fault.path}{place}：{what[0]}{more}",
        en=f"{fault.path}{place}: {what[1]}{more}",
    )


def _entries(folder: LogFolder, size: int) -> Callable[[int, int], list[bytes | None]]:
    """Entries of a run of leaves, reading each bundle once; None where one cannot be read (reported with the tiles)."""
    held: tuple[int, list[bytes]] = (-1, [])

    def bundle(index: int) -> list[bytes]:
        nonlocal held
        if held[0] != index:
            try:
                held = (index, folder.bundle(index, merkle.tile_width(size, 0, index)))
            except (FileNotFoundError, merkle.MalformedBundle):
                held = (index, [])
        return held[1]

    def entries(first: int, count: int) -> list[bytes | None]:
        found: list[bytes | None] = []
        for index in range(first // merkle.TILE_WIDTH, (first + count - 1) // merkle.TILE_WIDTH + 1):
            start = index * merkle.TILE_WIDTH
            low, high = max(first, start) - start, min(first + count, start + merkle.TILE_WIDTH) - start
            known = bundle(index)[low:high]
            found += [*known, *[None] * (high - low - len(known))]
        return found

    return entries


class _Roots:
    """Root at growing sizes, from the roots of full tiles and the beginning of the next tile."""

    def __init__(self, folder: LogFolder, size: int, tile_roots: Sequence[bytes | None]) -> None:
        self._folder = folder
        self._size = size
        self._tile_roots = tile_roots
        self._stack: list[tuple[int, bytes]] = []
        self._tiles = 0
        self._broken = False
        self._held: tuple[int, bytes] = (-1, b"")

    def at(self, size: int) -> bytes | None:
        """Root of the first ``size`` leaves; None where a tile needed for it cannot be read."""
        full, rest = divmod(size, merkle.TILE_WIDTH)
        while self._tiles < full and not self._broken:
            self._push(self._tile_roots[self._tiles] if self._tiles < len(self._tile_roots) else None)
        if self._broken:
            return None
        right: bytes | None = None
        if rest:
            try:
                if self._held[0] != full:
                    width = merkle.tile_width(self._size, 0, full)
                    self._held = (full, self._folder.tile(0, full, width))
            except FileNotFoundError:
                return None
            right = merkle.fold(self._held[1][: rest * merkle.HASH_SIZE], None)
        for _, hashed in reversed(self._stack):
            right = hashed if right is None else merkle.node_hash(hashed, right)
        return right

    def _push(self, root: bytes | None) -> None:
        self._tiles += 1
        if root is None:
            self._broken = True
            return
        height = 0
        while self._stack and self._stack[-1][0] == height:
            root = merkle.node_hash(self._stack.pop()[1], root)
            height += 1
        self._stack.append((height, root))
