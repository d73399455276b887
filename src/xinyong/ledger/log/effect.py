"""The effect ``log``: one leaf per version, one contiguous run of leaves and one signed checkpoint per delivery.

Order of every step, so that a kill at any moment leaves a signed state: tiles durable under their names; then, in one
transaction, range, checkpoint and position; then the file ``checkpoint``. Tiles beyond the committed size are litter
of an interrupted delivery: the same event writes the same bytes over them.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from xinyong.ledger.log import leaf, merkle, state
from xinyong.ledger.log.checkpoint import Checkpoint, NoteInvalid
from xinyong.ledger.log.errors import LogDamaged, LogRefused, LogUnwritable
from xinyong.ledger.log.folder import CHECKPOINT, PUBLIC_KEY, LogFolder
from xinyong.ledger.log.state import NAME, Connection, Range
from xinyong.runtime import database, sql

#: One writer of the log per database; the file lock of the folder keeps it to one per machine.
_LOG_LOCK = 0x0D33
_FETCH = 32_768


def catch_up() -> int:
    """Log every version not logged yet. Returns how many events were taken in. Two callers never take one twice."""
    with database.connect() as connection:
        if _idle(connection):
            return 0
        with _writer(connection) as writer:
            return writer.catch_up()


def rebuild() -> int:
    """Derive every tile from the ledger again. Refuses when the ledger no longer gives the roots that were signed."""
    with database.connect() as connection:
        if state.installation(connection) is None:
            connection.rollback()
            return catch_up()
        with _writer(connection, derive=True) as writer:
            return writer.rederived + writer.catch_up()


def _idle(connection: Connection) -> bool:
    """Whether nothing is waiting and the published checkpoint is the last one signed."""
    row = connection.execute(sql.statement("ledger", "log_standing"), {"effect": NAME}).fetchone()
    connection.rollback()
    assert row is not None  # a SELECT without FROM yields one row
    waiting, installation, note = row
    if waiting:
        return False
    return note is None or state.folder(installation).text(CHECKPOINT) == note


@contextmanager
def _writer(connection: Connection, *, derive: bool = False) -> Iterator[Writer]:
    """The only writer: session lock in the database, then the lock of the folder; both end with the process."""
    connection.execute("SELECT pg_advisory_lock(%s)", (_LOG_LOCK,))
    installation = state.ensure_installation(connection)
    folder = state.folder(installation)
    try:
        with folder.lock():
            yield Writer(connection, installation, folder, derive=derive)
    except OSError as error:
        raise LogUnwritable(path=error.filename or folder.path, why=error.strerror or error) from error


class Writer:
    """The log under its locks, opened at the last signed state."""

    def __init__(self, connection: Connection, installation: str, folder: LogFolder, *, derive: bool) -> None:
        self._connection = connection
        self._installation = installation
        self._folder = folder
        self._last = state.last_range(connection)
        self._signer = state.signer(installation, create=self._last is None and folder.text(PUBLIC_KEY) is None)
        #: Deliveries whose tiles were derived again when the log was opened.
        self.rederived = 0
        folder.tidy()
        self._guard()
        if self._last is not None and (derive or not folder.exists):
            self.rederived = self._derive(self._last)
        self._tree = self._load()
        self._publish()
        connection.commit()

    # --- opening ---

    def _guard(self) -> None:
        """Refuse to go on from a state that contradicts anything signed before, in the database or in the folder."""
        verifier = self._signer.verifier
        public = self._folder.text(PUBLIC_KEY)
        if public is None:
            self._folder.write_text(PUBLIC_KEY, verifier.text + "\n")
        elif public != verifier.text + "\n":
            raise LogRefused(
                why_zh="签名密钥与日志的公钥不符", why="the signing key is not the one this log was begun with"
            )
        last, size = self._last, 0
        if last is not None:
            size = last.size
            try:
                signed = verifier.open(last.note)
            except NoteInvalid as error:
                raise LogRefused(
                    why_zh=f"数据库中最近的签署无效（{error}）",
                    why=f"the last checkpoint in the database is not valid: {error}",
                ) from error
            if (signed.size, signed.root) != (size, last.root):
                raise LogRefused(
                    why_zh="数据库中最近的签署与其范围不符",
                    why="the last checkpoint in the database is not that of its range",
                )
        note = self._folder.text(CHECKPOINT)
        if note is None or (last is not None and note == last.note):
            return
        try:
            published = verifier.open(note)
        except NoteInvalid as error:
            raise LogDamaged(what=f"{self._folder.path / CHECKPOINT}: {error}") from error
        if published.size > size:
            raise LogRefused(
                why_zh=f"已签署 {published.size} 条，数据库只有 {size} 条（恢复了较旧的备份？）",
                why=f"{published.size} leaves were signed, the database knows {size} (was an older backup restored?)",
            )
        if not self._signed_here(published):
            raise LogRefused(
                why_zh=f"已签署的 {published.size} 条与数据库不是同一棵树",
                why=f"the tree signed at {published.size} leaves is not the one in the database",
            )

    def _signed_here(self, published: Checkpoint) -> bool:
        row = self._connection.execute(
            "SELECT root FROM ledger_log_range WHERE first_leaf < %(size)s AND first_leaf + leaves = %(size)s "
            "ORDER BY first_leaf DESC LIMIT 1",
            {"size": published.size},
        ).fetchone()
        return row is not None and bytes(row[0]) == published.root

    def _load(self) -> merkle.Tree:
        """The right edge as signed. Raises LogDamaged."""
        if self._last is None:
            return merkle.Tree()
        try:
            tree = merkle.Tree.load(self._last.size, self._folder.read)
        except (FileNotFoundError, ValueError) as error:
            raise LogDamaged(what=str(error)) from error
        if tree.root() != self._last.root:
            raise LogDamaged(what=f"{self._folder.path}: 根与签署不符 / the root is not the one signed")
        return tree

    def _publish(self) -> None:
        """Bring the folder to what the database says was signed last."""
        if self._last is None:
            return
        if self._folder.text(CHECKPOINT) != self._last.note:
            self._folder.write_text(CHECKPOINT, self._last.note)
        self._folder.drop_partials(self._last.first_leaf, self._last.size)

    # --- going on ---

    def catch_up(self) -> int:
        """Take in the waiting events, each in a transaction of its own."""
        self._connection.execute(
            "INSERT INTO ledger_effect_position (effect, event_id) VALUES (%s, 0) ON CONFLICT DO NOTHING", (NAME,)
        )
        taken = 0
        while True:
            event = self._connection.execute(sql.statement("ledger", "log_next_event"), {"effect": NAME}).fetchone()
            if event is None:
                self._connection.commit()
                return taken
            event_id, kind, delivery, first, last = event
            fresh = None
            if kind == "versions.appended" and not self._logged(first, last):
                fresh = self._append(event_id, delivery, first, last)
            self._connection.execute(
                "UPDATE ledger_effect_position SET event_id = %s WHERE effect = %s", (event_id, NAME)
            )
            self._connection.commit()
            if fresh is not None:
                self._last = fresh
                self._publish()
            taken += 1

    def _logged(self, first: int, last: int) -> bool:
        """A delivery for several datasets writes several events over one range: the first one logs it."""
        if self._last is None or first > self._last.version_to:
            return False
        if last <= self._last.version_to:
            return True
        raise LogRefused(
            why_zh=f"事件的版本 {first}–{last} 与已存证的版本重叠",
            why=f"versions {first} to {last} overlap with logged ones",
        )

    def _append(self, event: int, delivery: int, first: int, last: int) -> Range:
        tree, first_leaf = self._tree, self._tree.size
        for entries in _leaves(self._connection, first, last):
            self._folder.write(tree.append(entries))
        if tree.size - first_leaf != last - first + 1:
            raise LogRefused(
                why_zh=f"台账缺少版本（{first}–{last}）", why=f"the ledger lacks versions between {first} and {last}"
            )
        self._folder.write(tree.partial())
        root = tree.root()
        fresh = Range(
            event=event,
            delivery=delivery,
            version_from=first,
            version_to=last,
            first_leaf=first_leaf,
            leaves=last - first + 1,
            root=root,
            note=self._signer.sign(tree.size, root),
        )
        self._connection.execute(
            sql.statement("ledger", "log_insert_range"),
            {
                "event": event,
                "delivery": delivery,
                "first": first,
                "last": last,
                "first_leaf": first_leaf,
                "leaves": fresh.leaves,
                "root": root,
                "note": fresh.note,
            },
        )
        return fresh

    # --- deriving again ---

    def _derive(self, last: Range) -> int:
        """Write all tiles anew beside the old ones, compare every signed root, and only then put them in place."""
        logging.getLogger("xinyong.log").warning("deriving %s leaves of the log from the ledger", last.size)
        fresh = state.folder(self._installation, tiles="tile.new")
        tree, held, done = merkle.Tree(), _Held(self._connection, last), 0
        waiting: list[merkle.Resource] = []
        for item in state.ranges(self._connection):
            for entries in held.take(item.version_from, item.version_to):
                waiting += tree.append(entries)
            if tree.size != item.size or tree.root() != item.root:
                raise LogRefused(
                    why_zh=f"由台账重算的根在第 {item.size} 条处与签署不符（批次编号 {item.delivery}）",
                    why=f"the ledger no longer gives the root signed at {item.size} leaves (delivery id {item.delivery})",
                )
            waiting += [part for part in tree.partial() if _stays_partial(part.path, last.size)]
            if len(waiting) >= merkle.TILE_WIDTH or item.size == last.size:
                fresh.write(waiting)
                waiting = []
            done += 1
        fresh.swap()
        return done


def _stays_partial(path: str, size: int) -> bool:
    """Whether the tile of this partial path is still partial in a tree of ``size`` leaves."""
    tile, _, _ = path.rpartition(".p/")
    return any(
        tile in (merkle.tile_path(level, index), merkle.bundle_path(index) if level == 0 else "")
        for level, index, _ in merkle.edge(size)
    )


def _leaves(connection: Connection, first: int, last: int) -> Iterator[list[bytes]]:
    """Leaves of a range of versions in order, in batches. A version that is missing ends it."""
    with connection.cursor(name="log_versions") as cursor:
        cursor.execute(sql.statement("ledger", "log_versions"), {"first": first, "last": last})
        expected = first
        while rows := cursor.fetchmany(_FETCH):
            if [row[0] for row in rows] != list(range(expected, expected + len(rows))):
                return
            expected += len(rows)
            yield leaf.build(rows)


class _Held:
    """All versions of the log as one stream, cut into ranges: one ordered read instead of one search a delivery."""

    def __init__(self, connection: Connection, last: Range) -> None:
        self._rows = self._stream(connection, last)

    @staticmethod
    def _stream(connection: Connection, last: Range) -> Iterator[Sequence[Any]]:
        with connection.cursor(name="log_all_versions") as cursor:
            cursor.itersize = _FETCH
            yield from cursor.execute(sql.statement("ledger", "log_versions"), {"first": 0, "last": last.version_to})

    def take(self, first: int, last: int) -> Iterator[list[bytes]]:
        """Leaves of the next range; fewer when the next versions are not those of the range."""
        at = first
        while at <= last:
            rows: list[Sequence[Any]] = []
            while at <= last and len(rows) < _FETCH:
                row = next(self._rows, None)
                if row is None or row[0] != at:
                    yield leaf.build(rows)
                    return
                rows.append(row)
                at += 1
            yield leaf.build(rows)
