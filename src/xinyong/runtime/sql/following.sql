-- name: next_event_of_effect
-- The next event of an effect in order, but for those it read before their turn.
SELECT event.id, event.kind, dataset.code, event.version_from, event.version_to
FROM ledger_event AS event LEFT JOIN catalogue_dataset AS dataset ON dataset.id = event.dataset_id
WHERE event.id > %(after)s AND NOT event.id = ANY(%(ahead)s::bigint[])
ORDER BY event.id LIMIT 1

-- name: small_event_behind
-- The first event behind a large one that few records wait in: some versions, or an act.
SELECT event.id, event.kind, dataset.code, event.version_from, event.version_to
FROM ledger_event AS event LEFT JOIN catalogue_dataset AS dataset ON dataset.id = event.dataset_id
WHERE event.id > %(event)s AND NOT event.id = ANY(%(ahead)s::bigint[])
  AND (event.version_from IS NULL OR event.version_to - event.version_from < %(small)s)
ORDER BY event.id LIMIT 1

-- name: move_position
-- An effect has read everything up to an event; events behind it that it read before their turn are passed as well.
WITH place AS (
    SELECT effect, ahead, (
        SELECT id FROM ledger_event WHERE id > %(event)s AND NOT id = ANY(coalesce(ahead, '{}')) ORDER BY id LIMIT 1
    ) AS unread
    FROM ledger_effect_position WHERE effect = %(effect)s
), moved AS (
    SELECT effect, ahead, greatest(%(event)s,
        (SELECT max(number) FROM unnest(ahead) AS number WHERE unread IS NULL OR number < unread)) AS event_id
    FROM place
)
UPDATE ledger_effect_position AS position SET event_id = moved.event_id, version_id = NULL,
    ahead = (SELECT array_agg(number ORDER BY number) FROM unnest(moved.ahead) AS number WHERE number > moved.event_id)
FROM moved WHERE position.effect = moved.effect
