-- name: case_for_step
-- A case with everything the rules ask for, locked: whoever acts next waits and then sees what was done.
SELECT held.id, held.kind, held.state, held.entity_id, held.record_id, held.department_id, held.market,
    held.ground, held.outcome, held.gaps_told, held.checks, held.signed_at, held.suspended, held.marks, held.reviewed,
    held.revision, held.opened_at, held.closed_at, held.paused_on, held.profile, held.account_id,
    (SELECT json_agg(json_build_array(running.timer, running.row, running.starts_on, running.due_on, running.extended,
        running.spans) ORDER BY running.id)
      FROM remedies_limit AS running WHERE running.case_id = held.id AND running.ended_on IS NULL),
    (SELECT array_agg(DISTINCT file.kind) FROM remedies_casefile AS file
      WHERE file.case_id = held.id AND file.side = 'applicant'),
    (SELECT array_agg(receipt.channel) FROM remedies_receipt AS receipt WHERE receipt.case_id = held.id)
FROM remedies_case AS held WHERE held.id = %(case)s FOR UPDATE OF held

-- name: insert_step
-- What happened, once and for ever.
INSERT INTO remedies_step
    (case_id, number, act, party, actor, reason, state_before, state_after, at, event_id, detail)
VALUES (%(case)s, %(number)s, %(act)s, %(party)s, %(actor)s, %(reason)s, %(before)s, %(after)s, %(at)s, %(event)s,
    %(detail)s::jsonb)

-- name: end_limits
-- Limits that end with a step: met, or fallen away (met is null) with what made them run.
UPDATE remedies_limit SET ended_on = %(day)s, met = %(met)s
WHERE case_id = %(case)s AND ended_on IS NULL AND timer = ANY(%(timers)s)

-- name: begin_limits
-- Limits that begin with a step.
INSERT INTO remedies_limit (case_id, timer, row, starts_on, due_on, extended, spans)
SELECT %(case)s, limits.timer, limits.row, limits.starts_on, limits.due_on, false, '[]'
FROM unnest(%(timers)s::text[], %(rows)s::text[], %(starts)s::date[], %(dues)s::date[])
    AS limits(timer, row, starts_on, due_on)

-- name: other_marks
-- Whether another case holds the mark of the same record.
SELECT EXISTS (SELECT FROM remedies_case WHERE record_id = %(record)s AND marks AND id <> %(case)s)

-- name: overdue_cases
-- Cases whose nearest limit has passed and nobody was told; the partial index holds these and what is still running.
SELECT id FROM remedies_case
WHERE NOT escalated AND due_on < %(today)s ORDER BY due_on, id LIMIT %(limit)s

-- name: escalate
-- That a limit passed is written into the case and its history, many at a time; whoever acts meanwhile is not disturbed.
WITH late AS (
    SELECT id, state, revision, due_on FROM remedies_case
    WHERE id = ANY(%(cases)s) AND NOT escalated AND due_on < %(today)s FOR UPDATE SKIP LOCKED
), told AS (
    UPDATE remedies_case AS held SET escalated = true, revision = held.revision + 1
    FROM late WHERE held.id = late.id RETURNING held.id
)
INSERT INTO remedies_step
    (case_id, number, act, party, actor, reason, state_before, state_after, at, event_id, detail)
SELECT late.id, late.revision + 1, 'escalate', 'system', 'system', '', late.state, late.state, %(at)s, NULL,
    jsonb_build_object('due_on', late.due_on, 'timers', (
        SELECT jsonb_agg(running.timer) FROM remedies_limit AS running
        WHERE running.case_id = late.id AND running.ended_on IS NULL AND running.due_on < %(today)s))
FROM late JOIN told ON told.id = late.id
RETURNING case_id

-- name: on_list
-- Whether a public entry of an abnormal or serious list names the entity, under any of its numbers, today.
SELECT EXISTS (
    SELECT FROM registry_entity AS entity
    JOIN publicity_window AS shown ON shown.entity_id = entity.id
    JOIN catalogue_dataset AS dataset ON dataset.id = shown.dataset_id
    WHERE (entity.id = %(entity)s OR entity.canonical_id = %(entity)s
        OR entity.id = (SELECT canonical_id FROM registry_entity WHERE id = %(entity)s)
        OR entity.canonical_id = (SELECT canonical_id FROM registry_entity WHERE id = %(entity)s))
      AND dataset.code = ANY(%(lists)s)
      AND shown.public_from <= %(today)s AND (shown.public_until IS NULL OR shown.public_until >= %(today)s))

-- name: stopping
-- Cases whose record must vanish everywhere, with the newest act on the record that a step of theirs recorded.
SELECT held.id, held.entity_id, held.record_id, step.event_id, step.at
FROM remedies_case AS held
JOIN LATERAL (SELECT event_id, at FROM remedies_step WHERE case_id = held.id AND event_id IS NOT NULL
    ORDER BY number DESC LIMIT 1) AS step ON true
WHERE held.state IN ('granted', 'withdrawn') ORDER BY held.id LIMIT %(limit)s

-- name: window_of_record
-- How far publicity has read, and whether a window shows the record on the day.
SELECT (SELECT event_id FROM ledger_effect_position WHERE effect = 'publicity'),
    EXISTS (SELECT FROM publicity_window WHERE entity_id = %(entity)s AND record_id = %(record)s
        AND public_from <= %(today)s AND (public_until IS NULL OR public_until >= %(today)s))

-- name: gone_of_record
-- The newest entry of the deletion feed that names the record.
SELECT max(id) FROM publicity_gone WHERE entity_id = %(entity)s AND record_id = %(record)s
