"""Work that goes on by itself: comparing a waiting version with the ledger, computing windows anew, the end of the day (days.py).

The corridor calls :func:`catch_up` with the effects, every second in ``serve``. Each piece is one transaction that also
says how far it came, so that a kill repeats one piece and a pause is caught up. Memory is bounded by a piece.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import psycopg
from django.db import connection as django
from psycopg.types.json import Jsonb

from xinyong.catalogue import selectors as catalogue
from xinyong.ledger import selectors as ledger
from xinyong.publicity import actions, days, effects, facts, inforce
from xinyong.publicity.judging import Judge
from xinyong.publicity.models import RuleVersion
from xinyong.publicity.rulebook import Rulebook
from xinyong.runtime import clock, database, sql

NAME = "rules"
PIECE = 100_000
Connection = psycopg.Connection[tuple[Any, ...]]

#: One worker at a time.
_LOCK = 0x0D36


def catch_up() -> int:
    """Do what is due. Returns how many pieces were done."""
    done = 0
    with database.connect() as session:
        row = session.execute("SELECT pg_try_advisory_lock(%s)", (_LOCK,)).fetchone()
        session.commit()
        if row is None or not row[0]:
            return 0
        try:
            django.close_if_unusable_or_obsolete()
            actions.begin()
            done += days.turn(clock.today())
            while piece(session):
                done += 1
        finally:
            session.rollback()
            session.execute("SELECT pg_advisory_unlock(%s)", (_LOCK,))
            session.commit()
    return done


# --- comparison and recomputing -----------------------------------------------------------------------------------


def piece(session: Connection) -> bool:
    """One piece of the work there is; False when there is none."""
    found = session.execute(sql.statement("publicity", "rules_work")).fetchone()
    if found is None:
        session.rollback()
        return False
    number, state, done_to, work_to = found
    if work_to is None:
        effects.ensure_position(session)
        row = session.execute(sql.statement("publicity", "last_version_number"), {"effect": effects.NAME}).fetchone()
        work_to = int(row[0]) if row else 0
        session.execute("UPDATE publicity_ruleversion SET work_to = %s WHERE id = %s", (work_to, number))
    first, last = int(done_to) + 1, min(int(done_to) + PIECE, int(work_to))
    if state == "in_force":
        if first <= last:
            effects.recompute(session, first, last)
        session.execute("UPDATE publicity_ruleversion SET done_to = %s WHERE id = %s", (max(last, 0), number))
        session.commit()
        return True
    return _compare(session, int(number), first, last, int(work_to))


def _compare(session: Connection, number: int, first: int, last: int, work_to: int) -> bool:
    version = _read(number)
    if version is None or version.state != "comparing":
        session.rollback()
        return True
    now, then = inforce.book(session), actions.candidate(version)
    counts: dict[str, Any] = dict(version.comparison)
    counts["seen"] = counts.get("seen", 0) + (_differences(session, number, first, last, now, then, counts))
    after = work_to if last >= work_to else last
    finished = after >= work_to
    # Whoever changed the draft meanwhile has ended the comparison.
    session.execute(
        "UPDATE publicity_ruleversion SET done_to = %s, comparison = %s, state = CASE WHEN %s THEN 'compared' ELSE state END "
        "WHERE id = %s AND state = 'comparing' AND compared_digest = %s",
        (after, Jsonb(counts), finished, number, version.compared_digest),
    )
    session.commit()
    return True


def _read(number: int) -> RuleVersion | None:
    # A fresh look each time: this thread lives long, and its session may not outlive a restart of the database.
    django.close_if_unusable_or_obsolete()
    return RuleVersion.objects.filter(pk=number).first()


def _differences(
    session: Connection, number: int, first: int, last: int, now: Rulebook, then: Rulebook, counts: dict[str, Any]
) -> int:
    """Write what differs in a range of versions, add it to the counts; returns how many records were looked at."""
    seen, day = 0, clock.today()
    if first > last:
        return 0
    for edition, digest, code, dataset in session.execute(
        sql.statement("publicity", "editions_in_range"), {"first": first, "last": last}
    ).fetchall():
        entry = catalogue.text_of(digest, code)
        fine = facts.fine_field(entry, now, then)
        data = effects.read(session, entry, int(edition), (first, last), fine)
        if not data:
            continue
        acts = ledger.acts_in_range(session, first, last)
        old, new = (Judge(entry, book, inforce.profile(), fine).windows(data, dataset, acts) for book in (now, then))
        seen += old.height
        found = differing(old, new, day)
        if not found.height:
            continue
        tally = counts.setdefault(code, {})
        for effect, how_many in found.group_by("effect").len().iter_rows():
            tally[effect] = tally.get(effect, 0) + how_many
        rows = found.select(
            pl.lit(number).alias("version"), "entity_id", "record_id", pl.lit(dataset).alias("dataset"), "effect",
            "old_from", "old_until", "new_from", "new_until", "old_rule", "new_rule",
        )  # fmt: skip
        text = rows.write_csv(include_header=False, separator="\t", quote_style="never", null_value="\\N")
        with session.cursor() as cursor, cursor.copy(sql.statement("publicity", "copy_differences")) as copy:
            copy.write(text)
    return seen


def differing(old: pl.DataFrame, new: pl.DataFrame, day: date) -> pl.DataFrame:
    """Records two rule books treat differently, as a visitor of ``day`` or later would notice.

    effect: appears and vanishes on the day; earlier and later end; other: another first day, or another day of repair.
    """
    columns = ("public_from", "public_until", "earliest_repair", "rule", "shown")
    key = ["entity_id", "record_id", "version_no"]

    def prepared(windows: pl.DataFrame, name: str) -> pl.DataFrame:
        return windows.select(*key, *(pl.col(column).alias(f"{name}_{column}") for column in columns))

    both = prepared(old, "old").join(prepared(new, "new"), on=key)

    def seen(name: str) -> pl.Expr:
        until = pl.col(f"{name}_public_until")
        return pl.col(f"{name}_shown") & (pl.col(f"{name}_public_from") <= day) & (until.is_null() | (until >= day))

    def alive(name: str) -> pl.Expr:
        until = pl.col(f"{name}_public_until")
        return pl.col(f"{name}_shown") & (until.is_null() | (until >= day))

    ends = [pl.col(f"{name}_public_until").fill_null(date.max) for name in ("old", "new")]
    repair = pl.col("old_earliest_repair").ne_missing(pl.col("new_earliest_repair"))
    starts = pl.col("old_public_from").ne_missing(pl.col("new_public_from"))
    effect = (
        pl.when(~seen("old") & seen("new"))
        .then(pl.lit("appears"))
        .when(seen("old") & ~seen("new"))
        .then(pl.lit("vanishes"))
        .when(~alive("old") & ~alive("new"))
        .then(None)
        .when(alive("old") != alive("new"))
        .then(pl.lit("other"))
        .when(ends[1] < ends[0])
        .then(pl.lit("earlier"))
        .when(ends[1] > ends[0])
        .then(pl.lit("later"))
        .when(repair | starts)
        .then(pl.lit("other"))
    )

    def only_shown(name: str, column: str) -> pl.Expr:
        return pl.when(f"{name}_shown").then(f"{name}_{column}")

    return (
        both.with_columns(effect=effect)
        .filter(pl.col("effect").is_not_null())
        .select(
            "entity_id",
            "record_id",
            "effect",
            only_shown("old", "public_from").alias("old_from"),
            only_shown("old", "public_until").alias("old_until"),
            only_shown("new", "public_from").alias("new_from"),
            only_shown("new", "public_until").alias("new_until"),
            pl.col("old_rule").fill_null(""),
            pl.col("new_rule").fill_null(""),
        )
    )


def rebuild() -> int:
    """Nothing of this is a read model; what is due is done."""
    return catch_up()
