-- name: log_next_event
-- The next event the log has not taken in.
SELECT event.id, event.kind, event.delivery_id, event.version_from, event.version_to
FROM (SELECT event_id FROM ledger_effect_position WHERE effect = %(effect)s FOR UPDATE) AS position
JOIN ledger_event AS event ON event.id > position.event_id
ORDER BY event.id LIMIT 1

-- name: log_standing
-- Whether anything is left to take in, and what was signed last.
SELECT
    EXISTS (SELECT FROM ledger_event WHERE id > coalesce(
        (SELECT event_id FROM ledger_effect_position WHERE effect = %(effect)s), 0)),
    (SELECT id FROM ledger_installation),
    (SELECT note FROM ledger_log_range ORDER BY first_leaf DESC LIMIT 1)

-- name: log_versions
-- What a leaf says of each version, in leaf order; row_hash covers every column of the stored row.
SELECT version.version_id, version.record_id, version.version_no, version.source_row, dataset.code, edition.digest,
    delivery.number, delivery.sha256,
    to_char(version.received_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    to_char(version.recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    encode(version.content_hash, 'hex'),
    encode(sha256(convert_to(concat_ws('|', 'xinyong-row-1', version.entity_id, version.record_id, version.version_id,
        version.delivery_id, version.department_id, version.edition_id,
        (extract(epoch FROM version.received_at) * 1000000)::bigint,
        (extract(epoch FROM version.recorded_at) * 1000000)::bigint,
        version.version_no, version.source_row, coalesce(to_char(version.decided_on, 'YYYY-MM-DD'), ''),
        encode(version.content_hash, 'hex'), version.payload::text), 'UTF8')), 'hex')
FROM ledger_version AS version
JOIN catalogue_edition AS edition ON edition.id = version.edition_id
JOIN catalogue_dataset AS dataset ON dataset.id = edition.dataset_id
JOIN intake_delivery AS delivery ON delivery.id = version.delivery_id
WHERE version.version_id BETWEEN %(first)s AND %(last)s
ORDER BY version.version_id

-- name: log_insert_range
-- The leaves of one delivery and the checkpoint signed after them.
INSERT INTO ledger_log_range (event_id, delivery_id, version_from, version_to, first_leaf, leaves, root, note)
VALUES (%(event)s, %(delivery)s, %(first)s, %(last)s, %(first_leaf)s, %(leaves)s, %(root)s, %(note)s)

-- name: log_ranges
-- All ranges in leaf order.
SELECT event_id, delivery_id, version_from, version_to, first_leaf, leaves, root, note
FROM ledger_log_range ORDER BY first_leaf

-- name: log_last_range
-- The newest range.
SELECT event_id, delivery_id, version_from, version_to, first_leaf, leaves, root, note
FROM ledger_log_range ORDER BY first_leaf DESC LIMIT 1

-- name: log_leaf_of_version
-- Where a version of a record (default: the newest) lies in the log.
SELECT version.version_id, version.version_no, range.first_leaf + version.version_id - range.version_from
FROM ledger_version AS version
LEFT JOIN LATERAL (
    SELECT version_from, version_to, first_leaf FROM ledger_log_range
    WHERE version_from <= version.version_id ORDER BY version_from DESC LIMIT 1
) AS range ON range.version_to >= version.version_id
WHERE version.record_id = %(record)s AND (%(number)s::int IS NULL OR version.version_no = %(number)s::int)
ORDER BY version.version_no DESC LIMIT 1

-- name: log_unlogged
-- Versions behind the last range although the log has taken in their events: first one and number.
SELECT min(version_id), count(*) FROM ledger_version
WHERE version_id > %(last)s AND version_id <= (
    SELECT max(event.version_to) FROM ledger_event AS event
    JOIN ledger_effect_position AS position ON position.effect = %(effect)s AND event.id <= position.event_id)

-- name: log_payloads
-- Dataset, content hash and payload of each version, to compute the content hash again.
SELECT version.version_id, dataset.code, version.content_hash, version.payload
FROM ledger_version AS version
JOIN catalogue_edition AS edition ON edition.id = version.edition_id
JOIN catalogue_dataset AS dataset ON dataset.id = edition.dataset_id
WHERE version.version_id BETWEEN %(first)s AND %(last)s
