-- name: log_next_events
-- The next events the log has not taken in.
SELECT event.id, event.kind, event.delivery_id, event.version_from, event.version_to, event.recorded_at
FROM (SELECT event_id FROM ledger_effect_position WHERE effect = %(effect)s FOR UPDATE) AS position
JOIN ledger_event AS event ON event.id > position.event_id
ORDER BY event.id LIMIT %(limit)s

-- name: log_standing
-- Whether anything is left to take in, and what was signed last.
SELECT
    EXISTS (SELECT FROM ledger_event WHERE id > coalesce(
        (SELECT event_id FROM ledger_effect_position WHERE effect = %(effect)s), 0)),
    (SELECT id FROM ledger_installation),
    (SELECT note FROM ledger_log_range WHERE note IS NOT NULL ORDER BY first_leaf DESC LIMIT 1)

-- name: log_rows
-- What a leaf says of each version, packed (ledger/log/leaf.py, ROW), one text for all that share their context.
SELECT edition_id::bigint, delivery_id::bigint, received_at, recorded_at,
    string_agg(int8send(version_id) || int8send(record_id) || int4send(version_no) || int4send(source_row)
        || int8send(entity_id) || int8send(department_id::bigint)
        || int4send(coalesce(decided_on - '1970-01-01'::date, -2147483648))
        || content_hash || coalesce(payload_hash, sha256(convert_to(payload::text, 'UTF8'))), ''::bytea ORDER BY version_id)
FROM public.ledger_versions_v1(%(first)s, %(last)s)
GROUP BY edition_id, delivery_id, received_at, recorded_at

-- name: log_altered_payloads
-- Versions whose payload is not the one that was hashed when they were stored, nor went to the archive under that hash.
SELECT version_id FROM public.ledger_versions_v1(%(first)s, %(last)s) AS version
WHERE payload_hash <> sha256(convert_to(payload::text, 'UTF8'))
    AND NOT (payload::text = '{"_archived":true}' AND EXISTS (SELECT FROM ledger_archive AS kept
        WHERE kept.version_id = version.version_id AND kept.payload_hash = version.payload_hash))

-- name: log_archived
-- Payloads the archive still holds, with the hash each must give.
SELECT version_id, payload_hash, sealed FROM ledger_archive
WHERE version_id BETWEEN %(first)s AND %(last)s AND sealed IS NOT NULL

-- name: log_context
-- What all rows of a delivery under one edition share.
SELECT dataset.code, edition.digest, delivery.number, delivery.sha256
FROM catalogue_edition AS edition
JOIN catalogue_dataset AS dataset ON dataset.id = edition.dataset_id
CROSS JOIN intake_delivery AS delivery
WHERE edition.id = %(edition)s AND delivery.id = %(delivery)s

-- name: log_insert_range
-- The leaves of one delivery and the root after them; the checkpoint where one was signed there.
INSERT INTO ledger_log_range (event_id, delivery_id, version_from, version_to, first_leaf, leaves, root, note)
VALUES (%(event)s, %(delivery)s, %(first)s, %(last)s, %(first_leaf)s, %(leaves)s, %(root)s, %(note)s)

-- name: log_ranges
-- All ranges in leaf order, with the time of their event.
SELECT range.event_id, range.delivery_id, range.version_from, range.version_to, range.first_leaf, range.leaves, range.root,
    range.note, event.recorded_at
FROM ledger_log_range AS range LEFT JOIN ledger_event AS event ON event.id = range.event_id
ORDER BY range.first_leaf

-- name: log_last_range
-- The newest range; a checkpoint was always signed after it.
SELECT range.event_id, range.delivery_id, range.version_from, range.version_to, range.first_leaf, range.leaves, range.root,
    range.note, event.recorded_at
FROM ledger_log_range AS range LEFT JOIN ledger_event AS event ON event.id = range.event_id
ORDER BY range.first_leaf DESC LIMIT 1

-- name: log_signed_before
-- The size of the tree at the last checkpoint before a leaf.
SELECT first_leaf + leaves FROM ledger_log_range
WHERE note IS NOT NULL AND first_leaf < %(leaf)s ORDER BY first_leaf DESC LIMIT 1

-- name: log_leaf_of_version
-- Where a version of a record (default: the newest) lies in the log, and when its event was committed.
SELECT version.version_id, version.version_no, range.first_leaf + version.version_id - range.version_from, event.recorded_at
FROM ledger_record AS head
JOIN ledger_version AS version ON version.entity_id = head.entity_id AND version.record_id = head.record_id
LEFT JOIN LATERAL (
    SELECT version_from, version_to, first_leaf, event_id FROM ledger_log_range
    WHERE version_from <= version.version_id ORDER BY version_from DESC LIMIT 1
) AS range ON range.version_to >= version.version_id
LEFT JOIN ledger_event AS event ON event.id = range.event_id
WHERE head.record_id = %(record)s AND (%(number)s::int IS NULL OR version.version_no = %(number)s::int)
ORDER BY version.version_no DESC LIMIT 1

-- name: log_known
-- The range that has a version already, of those that begin at or before it.
SELECT version_from, version_to FROM ledger_log_range
WHERE version_from <= %(last)s ORDER BY version_from DESC LIMIT 1

-- name: log_balance
-- Versions there are; versions the log has; versions of events the log has not taken in yet.
SELECT (SELECT count(*) FROM ledger_version),
    (SELECT coalesce(sum(leaves), 0) FROM ledger_log_range WHERE version_from IS NOT NULL),
    (SELECT coalesce(sum(version_to - version_from + 1), 0) FROM (
        SELECT DISTINCT version_from, version_to FROM ledger_event AS event
        WHERE version_from IS NOT NULL AND NOT EXISTS (
            SELECT FROM ledger_log_range AS range WHERE range.version_from = event.version_from)
          AND id > coalesce((SELECT event_id FROM ledger_effect_position WHERE effect = %(effect)s), 0)) AS waiting)

-- name: log_unlogged
-- Versions that belong to no range of the log and to no event that is still to be taken in.
SELECT version.version_id FROM ledger_version AS version
WHERE NOT EXISTS (
    SELECT FROM (SELECT version_to FROM ledger_log_range WHERE version_from <= version.version_id
        ORDER BY version_from DESC LIMIT 1) AS range WHERE range.version_to >= version.version_id)
  AND coalesce(public.ledger_event_of_v1(version.version_id), 0) <= coalesce(
    (SELECT event_id FROM ledger_effect_position WHERE effect = %(effect)s), 0)
ORDER BY version.version_id LIMIT 1000

-- name: log_payloads
-- Dataset, content hash and payload of each version, to compute the content hash again.
SELECT version.version_id, dataset.code, version.content_hash, version.payload::text
FROM public.ledger_versions_v1(%(first)s, %(last)s) AS version
JOIN catalogue_edition AS edition ON edition.id = version.edition_id
JOIN catalogue_dataset AS dataset ON dataset.id = edition.dataset_id
WHERE version.payload::text <> '{"_archived":true}'

-- name: log_record_acts
-- What was done to records: the acts of these events, each with what a person wrote.
SELECT 'status.recorded' AS kind, status.event_id, status.record_id, status.entity_id, status.version_no, status.act,
    status.cause, status.rule, status.answers, status.effective_at, status.recorded_at AS written_at, event.recorded_at,
    status.actor, status.reason, status.basis
FROM ledger_status AS status LEFT JOIN ledger_event AS event ON event.id = status.event_id AND event.kind = 'status.recorded'
WHERE status.event_id = ANY(%(events)s)

-- name: log_registry_acts
-- What was done to entries of the registry: the acts that came into force with these events. Whether one was undone later
-- is said by the act that undid it.
SELECT 'registry.acted' AS kind, act.event_id, act.id AS act_id, act.kind AS act, act.entity_id, act.other_id, act.undoes_id,
    act.at AS written_at, act.decided_at, event.recorded_at, act.actor, act.second, act.reason, act.evidence, act.detail
FROM registry_act AS act LEFT JOIN ledger_event AS event ON event.id = act.event_id AND event.kind = 'registry.acted'
WHERE act.event_id = ANY(%(events)s)

-- name: log_earlier_acts
-- Acts recorded when acts were no leaves, that the log has not appended yet, in the order of their events.
SELECT status.event_id, event.recorded_at
FROM ledger_installation AS installation
CROSS JOIN LATERAL (
    SELECT event_id FROM ledger_status
    WHERE event_id <= installation.acts_before AND event_id > coalesce((
        SELECT event_id FROM ledger_log_range WHERE version_from IS NULL AND event_id <= installation.acts_before
        ORDER BY event_id DESC LIMIT 1), 0)
    ORDER BY event_id LIMIT %(limit)s
) AS status
JOIN ledger_event AS event ON event.id = status.event_id
ORDER BY status.event_id

-- name: log_act_balance
-- Acts there are; acts the log has; acts it has not come to yet, those of before acts were leaves included.
SELECT (SELECT count(*) FROM ledger_status) + (SELECT count(*) FROM registry_act WHERE event_id IS NOT NULL),
    (SELECT count(*) FROM ledger_log_range WHERE version_from IS NULL),
    (SELECT count(*) FROM ledger_event WHERE kind IN ('status.recorded', 'registry.acted')
        AND id > coalesce((SELECT event_id FROM ledger_effect_position WHERE effect = %(effect)s), 0)),
    (SELECT count(*) FROM ledger_installation AS installation JOIN ledger_status AS act
        ON act.event_id <= installation.acts_before AND NOT EXISTS (
            SELECT FROM ledger_log_range AS range WHERE range.event_id = act.event_id AND range.version_from IS NULL)
        AND act.event_id > coalesce((SELECT max(event_id) FROM ledger_log_range
            WHERE version_from IS NULL AND event_id <= installation.acts_before), 0))

-- name: log_unlogged_acts
-- Acts that are in the ledger, but neither in the log nor still to come to it.
SELECT act.event_id, act.record_id
FROM (SELECT event_id, record_id FROM ledger_status UNION ALL
    SELECT event_id, NULL FROM registry_act WHERE event_id IS NOT NULL) AS act
WHERE NOT EXISTS (SELECT FROM ledger_log_range AS range WHERE range.event_id = act.event_id AND range.version_from IS NULL)
  AND NOT EXISTS (SELECT FROM ledger_event AS event
    WHERE event.id = act.event_id AND event.kind IN ('status.recorded', 'registry.acted')
      AND event.id > coalesce((SELECT event_id FROM ledger_effect_position WHERE effect = %(effect)s), 0))
  AND NOT EXISTS (SELECT FROM ledger_installation AS installation
    WHERE act.event_id <= installation.acts_before AND act.event_id > coalesce((SELECT max(event_id) FROM ledger_log_range
        WHERE version_from IS NULL AND event_id <= installation.acts_before), 0))
ORDER BY act.event_id LIMIT 1000

-- name: log_leaf_of_act
-- Where the act of an event lies in the log.
SELECT first_leaf FROM ledger_log_range WHERE event_id = %(event)s AND version_from IS NULL
