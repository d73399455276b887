-- name: versions_of_event
-- Public records of some datasets that an event brought, told to one feed: from their first public day on.
INSERT INTO feeds_feedmessage
    (feed_id, key, mark, kind, entity_id, record_id, data, created_at, state, attempts, next_at, receipt, trouble)
SELECT %(feed)s, 'v' || version.version_id, gen_random_uuid(), told.kind, version.entity_id, version.record_id,
    jsonb_build_object('dataset', dataset.code, 'event', %(event)s), %(now)s, 'waiting', 0,
    greatest(%(now)s, public.public_from::timestamp AT TIME ZONE 'Asia/Shanghai'), '', ''
FROM ledger_version AS version
JOIN publicity_window AS public ON public.entity_id = version.entity_id AND public.record_id = version.record_id
JOIN catalogue_dataset AS dataset ON dataset.id = public.dataset_id
CROSS JOIN LATERAL (SELECT CASE WHEN version.version_no > 1 THEN 'record.changed'
    WHEN dataset.code = ANY(%(lists)s) THEN 'list.published' ELSE 'record.published' END AS kind) AS told
WHERE version.version_id BETWEEN %(first)s AND %(last)s AND dataset.code = ANY(%(datasets)s) AND told.kind = ANY(%(kinds)s)
    AND (public.public_until IS NULL OR public.public_until >= %(today)s)
ON CONFLICT (feed_id, key) DO NOTHING

-- name: act_of_event
-- A public record on which an act was recorded, told to one feed.
INSERT INTO feeds_feedmessage
    (feed_id, key, mark, kind, entity_id, record_id, data, created_at, state, attempts, next_at, receipt, trouble)
SELECT %(feed)s, 'a' || act.event_id, gen_random_uuid(), 'record.changed', act.entity_id, act.record_id,
    jsonb_build_object('dataset', dataset.code, 'event', %(event)s, 'act', act.act), %(now)s, 'waiting', 0, %(now)s, '', ''
FROM ledger_status AS act
JOIN publicity_window AS public ON public.entity_id = act.entity_id AND public.record_id = act.record_id
JOIN catalogue_dataset AS dataset ON dataset.id = public.dataset_id
WHERE act.event_id = %(event)s AND dataset.code = ANY(%(datasets)s) AND 'record.changed' = ANY(%(kinds)s)
ON CONFLICT (feed_id, key) DO NOTHING

-- name: gone_after
-- Records of some datasets that stopped being public, told to one feed.
INSERT INTO feeds_feedmessage
    (feed_id, key, mark, kind, entity_id, record_id, data, created_at, state, attempts, next_at, receipt, trouble)
SELECT %(feed)s, 'g' || gone.id, gen_random_uuid(), told.kind, gone.entity_id, gone.record_id,
    jsonb_build_object('dataset', dataset.code, 'cause', gone.cause), %(now)s, 'waiting', 0, %(now)s, '', ''
FROM publicity_gone AS gone
JOIN catalogue_dataset AS dataset ON dataset.id = gone.dataset_id
CROSS JOIN LATERAL (SELECT CASE WHEN dataset.code = ANY(%(lists)s) THEN 'list.lifted' ELSE 'record.lifted' END AS kind) AS told
WHERE gone.id > %(after)s AND gone.id <= %(until)s AND dataset.code = ANY(%(datasets)s) AND told.kind = ANY(%(kinds)s)
ON CONFLICT (feed_id, key) DO NOTHING

-- name: to_be_lifted
-- Measures of the feed's own unit that have to be lifted (M5). Steps are numbered before they commit: a stretch is looked at again.
INSERT INTO feeds_feedmessage
    (feed_id, key, mark, kind, entity_id, record_id, data, created_at, state, attempts, next_at, receipt, trouble)
SELECT %(feed)s, 'j' || step.id, gen_random_uuid(), 'joint.lift-due', work.record_entity_id, work.record_id,
    jsonb_build_object('work', work.id, 'measure', work.measure, 'matter', work.matter, 'trigger', step.facts ->> 'trigger',
        'due_on', work.due_on),
    %(now)s, 'waiting', 0, %(now)s, '', ''
FROM lists_jointstep AS step
JOIN lists_joint AS work ON work.id = step.joint_id
WHERE step.id > %(after)s AND step.message = 'M5' AND step.at >= %(since)s AND work.department_id = %(department)s
    AND 'joint.lift-due' = ANY(%(kinds)s)
ON CONFLICT (feed_id, key) DO NOTHING

-- name: claim
-- The next message that is due: leased to this worker, so that no other takes it and a killed one leaves it to come back.
UPDATE feeds_feedmessage SET attempts = attempts + 1, next_at = %(until)s
WHERE id = (
    SELECT waiting.id FROM feeds_feedmessage AS waiting
    WHERE waiting.state = 'waiting' AND waiting.next_at <= %(now)s
    ORDER BY waiting.next_at, waiting.id LIMIT 1
    FOR UPDATE SKIP LOCKED
)
RETURNING id
