"""The effect ``log``: one leaf per version or act, one contiguous run of leaves per delivery, a signed checkpoint after it.

Deliveries that wait together are signed together: each has its own run and root, the last one the checkpoint.

Order of every step, so that a kill at any moment leaves a signed state: tiles durable under their names; then, in one
transaction, range, checkpoint and position; then the file ``checkpoint``. Tiles beyond the committed size are litter
of an interrupted delivery: the same event writes the same bytes over them.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

from xinyong.ledger.log import acts, merkle, state
from xinyong.ledger.log.checkpoint import Checkpoint, NoteInvalid
from xinyong.ledger.log.errors import LogDamaged, LogRefused, LogUnwritable
from xinyong.ledger.log.folder import CHECKPOINT, PUBLIC_KEY, SECOND_KEY, LogFolder
from xinyong.ledger.log.leaves import Leaves
from xinyong.ledger.log.state import NAME, Connection, Range
from xinyong.runtime import database, sql

#: One writer of the log per database; the file lock of the folder keeps it to one per machine.
_LOG_LOCK = 0x0D35
#: Events taken in by one transaction, and the leaves after which it ends early.
_EVENTS, _LEAVES = 512, 200_000


def catch_up() -> int:
    """Log every version not logged yet. Returns how many events were taken in. Two callers never take one twice."""
    with database.lasting() as connection:
        if _idle(connection):
            return 0
    with database.connect() as connection, _writer(connection) as writer:  # their locks end with the session
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
        begins = self._last is None and folder.text(PUBLIC_KEY) is None
        self._signer = state.signer(installation, create=begins)
        self._leaves = Leaves(connection, state.blinds(create=begins))
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
        self._guard_second()
        last, size = self._last, 0
        if last is not None:
            size = last.size
            try:
                signed = verifier.open(last.note or "")
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

    def _guard_second(self) -> None:
        """The SM2 key may come later, or stay away for a while; it never changes."""
        second = state.second_signer(self._installation)
        if second is None:
            return
        public = self._folder.text(SECOND_KEY)
        if public is None:
            self._folder.write_text(SECOND_KEY, second.verifier.text + "\n")
        elif public != second.verifier.text + "\n":
            raise LogRefused(
                why_zh="SM2 签名密钥与日志公布的 SM2 公钥不符", why="the SM2 key is not the one this log has published"
            )

    def _signed_here(self, published: Checkpoint) -> bool:
        row = self._connection.execute(
            "SELECT root FROM ledger_log_range WHERE first_leaf < %(size)s AND first_leaf + leaves = %(size)s "
            "AND note IS NOT NULL "
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
        if self._last is None or self._last.note is None:
            return
        if self._folder.text(CHECKPOINT) != self._last.note:
            self._folder.write_text(CHECKPOINT, self._last.note)
        self._folder.drop_partials(state.signed_before(self._connection, self._last.first_leaf), self._last.size)

    # --- going on ---

    def catch_up(self) -> int:
        """Take in the waiting events, a group at a time, each group in one transaction under one checkpoint."""
        self._connection.execute(
            "INSERT INTO ledger_effect_position (effect, event_id) VALUES (%s, 0) ON CONFLICT DO NOTHING", (NAME,)
        )
        while self._earlier():
            pass
        taken = 0
        while count := self._group():
            taken += count
        return taken

    def _earlier(self) -> int:
        """Append the next acts that were recorded before acts were leaves. Returns how many."""
        rows = self._connection.execute(sql.statement("ledger", "log_earlier_acts"), {"limit": _EVENTS}).fetchall()
        if rows:
            size = self._tree.size
            done = self._append([_act(event, size + number, at) for number, (event, at) in enumerate(rows)])
            self._connection.commit()
            self._last = done[-1]
            self._publish()
        return len(rows)

    def _group(self) -> int:
        """Take in the next events. Returns how many."""
        events = self._connection.execute(
            sql.statement("ledger", "log_next_events"), {"effect": NAME, "limit": _EVENTS}
        ).fetchall()
        fresh: list[Range] = []
        taken, position, size = 0, 0, self._tree.size
        for event, kind, delivery, first, last, recorded_at in events:
            if taken and kind == "versions.appended" and size - self._tree.size + last - first >= _LEAVES:
                break
            if kind == "versions.appended" and not self._logged(fresh, first, last):
                fresh.append(
                    Range(
                        event=event,
                        delivery=delivery,
                        version_from=first,
                        version_to=last,
                        first_leaf=size,
                        leaves=last - first + 1,
                        root=b"",
                        note=None,
                        recorded_at=recorded_at,
                    )
                )
                size = fresh[-1].size
            elif kind in acts.TYPES:
                fresh.append(_act(event, size, recorded_at))
                size = fresh[-1].size
            taken, position = taken + 1, event
        if not taken:
            self._connection.commit()
            return 0
        done = self._append(fresh) if fresh else []
        self._connection.execute("UPDATE ledger_effect_position SET event_id = %s WHERE effect = %s", (position, NAME))
        self._connection.commit()
        if done:
            self._last = done[-1]
            self._publish()
        return taken

    def _logged(self, fresh: list[Range], first: int, last: int) -> bool:
        """A delivery for several datasets may write several events over one range: the first one logs it."""
        row = self._connection.execute(sql.statement("ledger", "log_known"), {"last": last}).fetchone()
        known = [item.versions for item in fresh if item.versions] + ([(row[0], row[1])] if row else [])
        if (first, last) in known:
            return True
        if any(begin <= last and end >= first for begin, end in known):
            raise LogRefused(
                why_zh=f"事件的版本 {first}–{last} 与已存证的版本重叠",
                why=f"versions {first} to {last} overlap with logged ones",
            )
        return False

    def _append(self, fresh: list[Range]) -> list[Range]:
        """Append the runs, make their tiles durable, and store each with its root, the last one with a checkpoint."""
        tree = self._tree
        roots: list[bytes] = []
        waiting: list[merkle.Resource] = []
        for read in self._leaves.read(fresh):
            if not read.whole:
                raise LogRefused(
                    why_zh=f"台账的{'处理' if read.acts else '版本'} {read.span.first}–{read.span.last} 有缺失或重复",
                    why=f"{'acts' if read.acts else 'versions'} {read.span.first} to {read.span.last} of the ledger are not whole",
                )
            waiting += tree.append(read.entries)
            if tree.size == fresh[len(roots)].size:
                roots.append(tree.root())
            if len(waiting) >= merkle.TILE_WIDTH:
                self._folder.write(waiting)
                waiting = []
        self._folder.write([*waiting, *tree.partial()])
        done = [replace(item, root=root) for item, root in zip(fresh, roots, strict=True)]
        done[-1] = replace(done[-1], note=self._signer.sign(tree.size, done[-1].root))
        with self._connection.cursor() as cursor:
            cursor.executemany(
                sql.statement("ledger", "log_insert_range"),
                [
                    {
                        "event": item.event,
                        "delivery": item.delivery,
                        "first": item.version_from,
                        "last": item.version_to,
                        "first_leaf": item.first_leaf,
                        "leaves": item.leaves,
                        "root": item.root,
                        "note": item.note,
                    }
                    for item in done
                ],
            )
        return done

    # --- deriving again ---

    def _derive(self, last: Range) -> int:
        """Write all tiles anew beside the old ones, compare every signed root, and only then put them in place."""
        logging.getLogger("xinyong.log").warning("deriving %s leaves of the log from the ledger", last.size)
        fresh = state.folder(self._installation, tiles="tile.new")
        ranges = list(state.ranges(self._connection))
        tree, done = merkle.Tree(), 0
        waiting: list[merkle.Resource] = []
        for read in self._leaves.read(ranges):
            waiting += tree.append(read.entries)
            item = ranges[done]
            if tree.size < item.size:
                continue
            if not read.whole or tree.root() != item.root:
                raise LogRefused(
                    why_zh=f"由台账重算的根在第 {item.size} 条处与签署不符（{item.named}）",
                    why=f"the ledger no longer gives the root signed at {item.size} leaves ({item.named})",
                )
            if item.note is not None:
                waiting += [part for part in tree.partial() if _stays_partial(part.path, last.size)]
            if len(waiting) >= merkle.TILE_WIDTH or item.size == last.size:
                fresh.write(waiting)
                waiting = []
            done += 1
        fresh.swap()
        return done


def _act(event: int, leaf: int, recorded_at: datetime) -> Range:
    """The range of an act: one leaf."""
    return Range(
        event=event,
        delivery=None,
        version_from=None,
        version_to=None,
        first_leaf=leaf,
        leaves=1,
        root=b"",
        note=None,
        recorded_at=recorded_at,
    )


def _stays_partial(path: str, size: int) -> bool:
    """Whether the tile of this partial path is still partial in a tree of ``size`` leaves."""
    tile, _, _ = path.rpartition(".p/")
    return any(
        tile in (merkle.tile_path(level, index), merkle.bundle_path(index) if level == 0 else "")
        for level, index, _ in merkle.edge(size)
    )
