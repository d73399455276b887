-- name: modified_of_entity
-- When the public records of an entity last changed: stored, begun, or stopped being public.
SELECT greatest(
    (SELECT max(version.recorded_at)
       FROM publicity_window AS shown
       JOIN ledger_record AS head ON head.entity_id = ANY(%(members)s)
    AND head.entity_id = shown.entity_id AND head.record_id = shown.record_id
       JOIN ledger_version AS version ON version.entity_id = ANY(%(members)s)
    AND version.entity_id = head.entity_id AND version.record_id = head.record_id
         AND version.version_no = head.version_no
      WHERE shown.entity_id = ANY(%(members)s) AND shown.public_from <= %(today)s
        AND (shown.public_until IS NULL OR shown.public_until >= %(today)s)),
    (SELECT max(greatest(
            shown.public_from::timestamp AT TIME ZONE 'Asia/Shanghai',
            CASE WHEN shown.public_until < %(today)s
                 THEN (shown.public_until + 1)::timestamp AT TIME ZONE 'Asia/Shanghai' END))
       FROM publicity_window AS shown
      WHERE shown.entity_id = ANY(%(members)s) AND shown.public_from <= %(today)s),
    (SELECT max(at) FROM publicity_gone WHERE entity_id = ANY(%(members)s)),
    (SELECT max(created_at) FROM registry_entity WHERE id = ANY(%(members)s)))

-- name: close_days
-- Take the row that says which days are closed; one at a time closes days.
SELECT closed_through FROM publicity_day FOR UPDATE

-- name: in_line
-- The same line as the triggers of the windows: order of numbers is order of commit.
SELECT pg_advisory_xact_lock(728451, 3)

-- name: note_expired
-- Records whose last public day is one of the days that close now.
INSERT INTO publicity_gone (entity_id, record_id, dataset_id, cause, at)
SELECT entity_id, record_id, dataset_id, 'expiry', (public_until + 1)::timestamp AT TIME ZONE 'Asia/Shanghai'
FROM publicity_window
WHERE public_until > %(closed)s AND public_until < %(today)s AND public_from <= public_until
ORDER BY public_until, entity_id, record_id

-- name: count_days
-- The days that begin after those that close now: what ended the evening before and what began, by dataset.
WITH moved AS (
    SELECT public_until + 1 AS day, dataset_id, 1 AS ended, 0 AS began FROM publicity_window
    WHERE public_until > %(closed)s AND public_until < %(today)s
    UNION ALL
    SELECT public_from, dataset_id, 0, 1 FROM publicity_window
    WHERE public_from > %(closed)s::date + 1 AND public_from <= %(today)s
      AND public_from > coalesce(decided_on, '-infinity')
), counted AS (
    SELECT moved.day, dataset.code, sum(moved.ended) AS ended, sum(moved.began) AS began
    FROM moved JOIN catalogue_dataset AS dataset ON dataset.id = moved.dataset_id
    GROUP BY moved.day, dataset.code
)
INSERT INTO publicity_turn (day, ended, began, by_dataset, taken_at)
SELECT series.day::date, coalesce(sum(counted.ended), 0), coalesce(sum(counted.began), 0),
    coalesce(jsonb_object_agg(counted.code, jsonb_build_array(counted.ended, counted.began))
        FILTER (WHERE counted.code IS NOT NULL), '{}'), now()
FROM generate_series((%(closed)s::date + 2)::timestamp, %(today)s::date::timestamp, '1 day') AS series(day)
LEFT JOIN counted ON counted.day = series.day::date
GROUP BY series.day
ON CONFLICT (day) DO NOTHING

-- name: gone_after
-- Records that stopped being public and are not public again, after a place in the feed. Never their content.
SELECT gone.id, gone.record_id, gone.at
FROM publicity_gone AS gone
WHERE gone.id > %(after)s AND (%(dataset)s::integer IS NULL OR gone.dataset_id = %(dataset)s)
  AND NOT EXISTS (
    SELECT FROM publicity_window AS shown
    WHERE shown.entity_id = gone.entity_id AND shown.record_id = gone.record_id AND shown.public_from <= %(today)s
      AND (shown.public_until IS NULL OR shown.public_until >= %(today)s))
ORDER BY gone.id LIMIT %(limit)s

-- name: prune_gone
-- Entries older than the feed keeps.
DELETE FROM publicity_gone WHERE at < %(before)s AND id < (SELECT max(id) FROM publicity_gone)
