-- name: cases_for_step
-- Cases with everything the rules ask for, in the order of their numbers; with FOR UPDATE behind it whoever acts next waits.
SELECT held.id, held.kind, held.state, held.entity_id, held.record_id, held.department_id, held.market,
    held.ground, held.outcome, held.gaps_told, held.checks, held.signed_at, held.suspended, held.marks, held.reviewed,
    held.revision, held.opened_at, held.closed_at, held.paused_on, held.profile, held.account_id,
    (SELECT json_agg(json_build_array(running.timer, running.row, running.starts_on, running.due_on, running.extended,
        running.spans) ORDER BY running.id)
      FROM remedies_limit AS running WHERE running.case_id = held.id AND running.ended_on IS NULL),
    CASE WHEN held.kind <> 'repair' THEN NULL ELSE (SELECT array_agg(DISTINCT file.kind) FROM remedies_casefile AS file
      WHERE file.case_id = held.id AND file.side = 'applicant') END,
    CASE WHEN held.state NOT IN ('granted', 'withdrawn') THEN NULL
      ELSE (SELECT array_agg(receipt.channel) FROM remedies_receipt AS receipt WHERE receipt.case_id = held.id) END
FROM remedies_case AS held WHERE held.id = ANY(%(cases)s::bigint[]) ORDER BY held.id

-- name: newest_steps
-- Who did what last in a case, and whether anything but a passed limit was noted after the revision a page showed.
SELECT step.party, step.actor, EXISTS (SELECT FROM remedies_step AS later
    WHERE later.case_id = %(case)s AND later.number > %(revision)s AND later.act <> 'escalate')
FROM remedies_step AS step WHERE step.case_id = %(case)s ORDER BY step.number DESC LIMIT 1

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
