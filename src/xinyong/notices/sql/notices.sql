-- name: announce
-- Notices, each once per key, with a message for every confirmed subscription that chose the group, at once or gathered for
-- its message of the day; in one round trip.
WITH told AS (
    SELECT * FROM jsonb_to_recordset(%(rows)s::jsonb)
        AS row(entity_id bigint, kind text, key text, parameters jsonb, link text, due_on date, "group" text)
), made AS (
    INSERT INTO notices_notice (entity_id, kind, key, parameters, link, due_on, created_at, read_by)
    SELECT entity_id, kind, key, parameters, link, due_on, %(now)s, '' FROM told
    ON CONFLICT (key) DO NOTHING
    RETURNING id, entity_id, key
), wanted AS (
    SELECT made.id AS notice, subscription.id AS subscription, subscription.rhythm
    FROM made
    JOIN told USING (key)
    JOIN registry_entity AS entity ON entity.id = made.entity_id
    JOIN registry_entity AS entry ON entry.id = COALESCE(entity.canonical_id, entity.id)
        OR entry.canonical_id = COALESCE(entity.canonical_id, entity.id)
    JOIN notices_subscription AS subscription ON subscription.entity_id = entry.id
        AND subscription.confirmed_at IS NOT NULL AND subscription.ended_at IS NULL
        AND subscription.groups ? told."group"
), gathered AS (
    INSERT INTO notices_gathered (notice_id, subscription_id)
    SELECT notice, subscription FROM wanted WHERE rhythm = 'daily'
)
INSERT INTO notices_dispatch (notice_id, subscription_id, mark, secret, state, attempts, next_at, receipt, trouble)
SELECT notice, subscription, gen_random_uuid(), '', 'waiting', 0, %(now)s, '', ''
FROM wanted WHERE rhythm = 'each'

-- name: claim
-- The next message that is due: leased to this worker, so that no other takes it and a killed one leaves it to come back.
UPDATE notices_dispatch SET attempts = attempts + 1, next_at = %(until)s
WHERE id = (
    SELECT waiting.id FROM notices_dispatch AS waiting
    WHERE waiting.state = 'waiting' AND waiting.next_at <= %(now)s
    ORDER BY waiting.next_at, waiting.id LIMIT 1
    FOR UPDATE SKIP LOCKED
)
RETURNING id, attempts

-- name: records_received
-- How many records of a dataset were first received in a range of versions, by watched firm; a correction is not told as new.
SELECT watch.entity_id, count(*), min(version.record_id), max(department.name_zh), max(department.name_en)
FROM public.ledger_versions_v1(%(first)s, %(last)s) AS version
JOIN registry_entity AS entity ON entity.id = version.entity_id
JOIN notices_watch AS watch ON watch.entity_id = COALESCE(entity.canonical_id, entity.id)
JOIN accounts_department AS department ON department.id = version.department_id
WHERE version.version_no = 1
    AND version.received_at >= watch.since
GROUP BY watch.entity_id ORDER BY watch.entity_id

-- name: next_event
-- The event after the last one taken in, with the position locked: one reader at a time.
SELECT event.id, event.kind, dataset.code, event.version_from, event.version_to
FROM (SELECT event_id FROM ledger_effect_position WHERE effect = %(effect)s FOR UPDATE) AS place
JOIN ledger_event AS event ON event.id > place.event_id
LEFT JOIN catalogue_dataset AS dataset ON dataset.id = event.dataset_id
ORDER BY event.id LIMIT 1

-- name: ended_by_itself
-- Records whose last public day was the day before, by watched firm and dataset.
SELECT watch.entity_id, dataset.code, count(*), min(shown.record_id)
FROM publicity_window AS shown
JOIN registry_entity AS entity ON entity.id = shown.entity_id
JOIN notices_watch AS watch ON watch.entity_id = COALESCE(entity.canonical_id, entity.id)
JOIN catalogue_dataset AS dataset ON dataset.id = shown.dataset_id
WHERE shown.public_until = %(last)s AND shown.public_from <= %(last)s
GROUP BY watch.entity_id, dataset.code ORDER BY watch.entity_id, dataset.code
