"""What must hold after every crash: counts that add up, nothing twice, nothing missing, no fork of the log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

#: What must hold at every moment, whoever works meanwhile: (name, query, expected). NULL: there is nothing to judge.
ALWAYS: tuple[tuple[str, str, Any], ...] = (
    ("gaps in the corridor", "SELECT coalesce(max(id), 0) - count(*) FROM ledger_event", 0),
    (
        "events whose order is not that of their times",
        "SELECT count(*) FROM (SELECT recorded_at <= lag(recorded_at) OVER (ORDER BY id) AS wrong FROM ledger_event) AS e "
        "WHERE wrong",
        0,
    ),
    (
        "versions without an event, or events without their versions",
        "SELECT (SELECT count(*) FROM ledger_version) - coalesce(sum(version_to - version_from + 1), 0) FROM "
        "(SELECT DISTINCT version_from, version_to FROM ledger_event WHERE version_from IS NOT NULL) AS range",
        0,
    ),
    (
        "events with missing versions",
        "SELECT count(*) FROM (SELECT event.id, event.version_to - event.version_from + 1 AS said, count(version.version_id) "
        "AS there FROM ledger_event AS event LEFT JOIN ledger_version AS version ON version.delivery_id = event.delivery_id "
        "AND version.version_id BETWEEN event.version_from AND event.version_to WHERE event.version_from IS NOT NULL "
        "GROUP BY event.id) AS counted WHERE said <> there",
        0,
    ),
    (
        "records with a gap or a double in their versions",
        "SELECT count(*) FROM (SELECT record_id FROM ledger_version GROUP BY record_id "
        "HAVING count(*) <> max(version_no) OR min(version_no) <> 1 OR count(DISTINCT entity_id) <> 1) AS wrong",
        0,
    ),
    (
        "heads that are not the newest version",
        "SELECT count(*) FROM ledger_record AS head FULL JOIN (SELECT DISTINCT ON (record_id) record_id, version_no, "
        "content_hash FROM ledger_version ORDER BY record_id, version_no DESC) AS newest USING (record_id) "
        "WHERE head.version_no IS DISTINCT FROM newest.version_no OR head.content_hash IS DISTINCT FROM newest.content_hash",
        0,
    ),
    (
        "versions equal to the one before",
        "SELECT count(*) FROM ledger_version AS later JOIN ledger_version AS earlier USING (entity_id, record_id) "
        "WHERE later.version_no = earlier.version_no + 1 AND later.content_hash = earlier.content_hash",
        0,
    ),
    (
        "records that are there twice under one business key",
        "SELECT count(*) FROM (SELECT dataset_id, source_key, entity_id FROM ledger_record GROUP BY 1, 2, 3 "
        "HAVING count(*) > 1) AS doubled",
        0,
    ),
    (
        "receipts that do not add up",
        "SELECT count(*) FROM intake_delivery WHERE state = 'committed' AND read <> accepted + rejected + unchanged",
        0,
    ),
    (
        "accepted rows that are no versions",
        "SELECT (SELECT coalesce(sum(accepted), 0) FROM intake_delivery WHERE state = 'committed') - "
        "(SELECT count(*) FROM ledger_version)",
        0,
    ),
    (
        "acts without an event, or events without an act",
        "SELECT count(*) FROM ledger_status AS act FULL JOIN (SELECT id FROM ledger_event WHERE kind = 'status.recorded') "
        "AS event ON event.id = act.event_id WHERE act.event_id IS NULL OR event.id IS NULL",
        0,
    ),
    (
        "a last range without a checkpoint",
        "SELECT count(*) FROM (SELECT note FROM ledger_log_range ORDER BY first_leaf DESC LIMIT 1) AS last WHERE note IS NULL",
        0,
    ),
)

#: What must hold besides once everything that was left behind has been taken up.
AT_REST: tuple[tuple[str, str, Any], ...] = (
    (
        "unfinished deliveries",
        "SELECT count(*) FROM intake_delivery WHERE state IN ('received', 'reading', 'failed')",
        0,
    ),
    (
        "gaps in the numbers of deliveries",
        "SELECT sum(wrong) FROM (SELECT max(right(number, 4)::int) - count(*) AS wrong FROM intake_delivery "
        "GROUP BY left(number, -5)) AS counted",
        0,
    ),
    (
        "effects behind",
        "SELECT count(*) FROM ledger_effect_position WHERE event_id <> (SELECT coalesce(max(id), 0) FROM ledger_event)",
        0,
    ),
    (
        "leaves that are not the versions and acts",
        "SELECT (SELECT coalesce(sum(leaves), 0) FROM ledger_log_range) - (SELECT count(*) FROM ledger_version) - "
        "(SELECT count(*) FROM ledger_status) - (SELECT count(*) FROM registry_act WHERE event_id IS NOT NULL)",
        0,
    ),
    (
        "names that are not in the search index, or twice",
        "SELECT (SELECT count(*) FROM registry_name) - (SELECT count(*) FROM registry_search)",
        0,
    ),
)


class Broken(Exception):
    """Something is not as it should be after a crash."""


@dataclass(frozen=True, slots=True)
class Signed:
    """What was signed last, and how much there is of everything."""

    size: int
    root: str
    versions: int
    acts: int
    deliveries: int
    checkpoints: int


def check(before: Signed | None, *, at_rest: bool, deep: bool = False) -> Signed | None:
    """Everything that must hold; what is signed now. Raises Broken. ``deep``: read models and log built from zero too."""
    from xinyong.ledger.log import merkle, state, verify
    from xinyong.runtime import database

    with database.connect_owner() as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        for name, query, expected in (*ALWAYS, *(AT_REST if at_rest else ())):
            row = connection.execute(query.encode()).fetchone()
            if row is not None and row[0] is not None and row[0] != expected:
                raise Broken(f"{name}: {row[0]}")
        # The log is verified as of a later moment: the writers may have signed more meanwhile, and less by no means.
        connection.rollback()
        report = verify.verify(processes=1, contents=deep)
        if report.found:
            raise Broken("the log: " + "; ".join(item.en for item in report.findings[:5]))
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        last = state.last_range(connection)
        if last is None:
            if before is not None:
                raise Broken(f"{before.size} leaves were signed and there are none now")
            return None
        if before is not None:
            reader = merkle.TileReader(last.size, state.folder(report.installation).tile)
            path = reader.consistency(before.size)
            if not merkle.verify_consistency(before.size, last.size, bytes.fromhex(before.root), last.root, path):
                raise Broken(f"the log forked: what was signed at {before.size} is not the beginning of {last.size}")
        counts = connection.execute(
            b"SELECT (SELECT count(*) FROM ledger_version), (SELECT count(*) FROM ledger_status), "
            b"(SELECT count(*) FROM intake_delivery WHERE state = 'committed'), "
            b"(SELECT count(*) FROM ledger_log_range WHERE note IS NOT NULL)"
        ).fetchone()
        connection.rollback()
        if deep:
            _rebuild(connection)
    assert counts is not None  # a SELECT without FROM yields one row
    signed = Signed(last.size, last.root.hex(), *counts)
    if before is not None:
        for name in ("size", "versions", "acts", "deliveries", "checkpoints"):
            if getattr(signed, name) < getattr(before, name):
                raise Broken(
                    f"{name} was {getattr(before, name)} and is {getattr(signed, name)}: something committed is lost"
                )
    return signed


def _rebuild(connection: Any) -> None:
    from django.apps import apps

    from xinyong.ledger import corridor

    derived = [table for app in apps.get_app_configs() for table in getattr(app, "derived_tables", ())]
    tables = [
        name for name in ("publicity_window", *derived) if name != "registry_search_state"
    ]  # says when it was built

    def dump() -> dict[str, list[str]]:
        found = {name: sorted(map(repr, connection.execute(f"SELECT * FROM {name}".encode()))) for name in tables}
        connection.rollback()  # whoever builds them anew must not wait for this session
        return found

    before = dump()
    corridor.rebuild()
    after = dump()
    for name in tables:
        if before[name] != after[name]:
            raise Broken(f"{name} built again from zero is not the same")
