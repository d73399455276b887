-- name: editions_of_event
-- The editions under which the versions of an event came: each is judged by its own text.
SELECT edition.id, edition.digest
FROM catalogue_edition AS edition JOIN catalogue_dataset AS dataset ON dataset.id = edition.dataset_id
WHERE dataset.code = %(code)s AND EXISTS (
    SELECT FROM public.ledger_versions_v1(%(first)s, %(last)s) AS version
    WHERE version.edition_id = edition.id)
ORDER BY edition.id

-- name: create_fresh_windows
-- Windows of one event, before they replace older ones.
CREATE TEMPORARY TABLE fresh_window (
    entity_id bigint, record_id bigint, dataset_id integer, decided_on date, public_from date, public_until date,
    earliest_repair date, severity text, rule text, shown boolean
) ON COMMIT DROP

-- name: current_versions_of_event
-- Versions of the event that are still the newest of their record, with the payload fields the rules read.
COPY (
    SELECT version.entity_id, version.record_id, version.version_no, version.decided_on,
        (version.received_at AT TIME ZONE 'Asia/Shanghai')::date, said._layout{cells}
    FROM (
        SELECT entity_id, record_id, version_no, decided_on, received_at, payload FROM public.ledger_versions_v1(%(first)s, %(last)s)
        WHERE edition_id = %(edition)s
        ORDER BY entity_id, record_id OFFSET 0
    ) AS version
    CROSS JOIN LATERAL json_to_record(version.payload) AS said ({said})
    CROSS JOIN LATERAL (
        SELECT FROM ledger_record WHERE entity_id = version.entity_id AND record_id = version.record_id
          AND version_no = version.version_no LIMIT 1
    ) AS newest
) TO STDOUT

-- name: copy_windows
-- Windows of records that had none.
COPY publicity_window (entity_id, record_id, dataset_id, decided_on, public_from, public_until, earliest_repair, severity,
    rule) FROM STDIN

-- name: copy_fresh_windows
-- Windows that replace others.
COPY fresh_window (entity_id, record_id, dataset_id, decided_on, public_from, public_until, earliest_repair, severity, rule,
    shown) FROM STDIN

-- name: drop_stale_windows
-- Records that may no longer be shown.
DELETE FROM publicity_window AS held USING fresh_window AS fresh
WHERE held.entity_id = fresh.entity_id AND held.record_id = fresh.record_id AND NOT fresh.shown

-- name: store_fresh_windows
-- New and changed windows.
INSERT INTO publicity_window (entity_id, record_id, dataset_id, decided_on, public_from, public_until, earliest_repair,
    severity, rule)
SELECT entity_id, record_id, dataset_id, decided_on, public_from, public_until, earliest_repair, severity, rule
FROM fresh_window WHERE shown
ON CONFLICT (entity_id, record_id) DO UPDATE SET decided_on = EXCLUDED.decided_on, public_from = EXCLUDED.public_from,
    public_until = EXCLUDED.public_until, earliest_repair = EXCLUDED.earliest_repair, severity = EXCLUDED.severity,
    rule = EXCLUDED.rule
WHERE (publicity_window.decided_on, publicity_window.public_from, publicity_window.public_until,
        publicity_window.earliest_repair, publicity_window.severity, publicity_window.rule)
    IS DISTINCT FROM (EXCLUDED.decided_on, EXCLUDED.public_from, EXCLUDED.public_until, EXCLUDED.earliest_repair,
        EXCLUDED.severity, EXCLUDED.rule)

-- name: newest_version_of_record
-- The number of a record's newest version.
SELECT version.version_id FROM ledger_record AS head JOIN ledger_version AS version USING (entity_id, record_id, version_no)
WHERE head.entity_id = %s AND head.record_id = %s
