-- name: newest_event
-- The end of the corridor.
SELECT coalesce(max(id), 0) FROM ledger_event

-- name: joint_touched
-- Live work whose entry got a version or an act after an event (-1: all of it), or whose period is over.
SELECT work.id
FROM lists_joint AS work
WHERE work.state IN ('applied', 'executed')
  AND (%(after)s < 0 OR work.until < %(today)s
    OR EXISTS (SELECT FROM ledger_status AS act
        WHERE act.entity_id = work.record_entity_id AND act.record_id = work.record_id AND act.event_id > %(after)s)
    OR EXISTS (SELECT FROM ledger_version AS version
        WHERE version.entity_id = work.record_entity_id AND version.record_id = work.record_id
          AND version.version_id > coalesce(
            (SELECT max(version_to) FROM ledger_event WHERE id <= %(after)s AND version_to IS NOT NULL), 0)))
ORDER BY work.id

-- name: joint_figures
-- Asked, decided, carried out, lifted, by unit; late: past the day the next message was due.
SELECT unit.slug, unit.name_zh AS name,
    coalesce(asked.count, 0) AS asked,
    count(work.id) FILTER (WHERE work.state NOT IN ('waived', 'not_applicable')) AS applied,
    count(work.id) FILTER (WHERE work.state = 'waived') AS waived,
    count(work.id) FILTER (WHERE work.state = 'not_applicable') AS not_applicable,
    count(work.id) FILTER (WHERE EXISTS (SELECT FROM lists_jointstep AS step
        WHERE step.joint_id = work.id AND step.message = 'M4')) AS executed,
    count(work.id) FILTER (WHERE work.state = 'lift_due') AS lift_due,
    count(work.id) FILTER (WHERE work.state = 'lifted') AS lifted,
    count(work.id) FILTER (WHERE EXISTS (SELECT FROM lists_jointstep AS step
        WHERE step.joint_id = work.id AND step.message = 'M6'
          AND coalesce((step.facts ->> 'late_days')::int, 0) > 0)) AS lifted_late,
    count(work.id) FILTER (WHERE work.state = ANY(%(live)s)) AS live,
    count(work.id) FILTER (WHERE work.state = ANY(%(live)s) AND work.due_on < %(today)s) AS late
FROM accounts_department AS unit
LEFT JOIN lists_joint AS work ON work.department_id = unit.id
LEFT JOIN (SELECT detail ->> 'department' AS slug, count(*) AS count FROM audit_auditentry
    WHERE deed = 'measures.asked' GROUP BY 1) AS asked ON asked.slug = unit.slug
GROUP BY unit.slug, unit.name_zh, asked.count
HAVING count(work.id) > 0 OR coalesce(asked.count, 0) > 0
ORDER BY unit.name_zh COLLATE "C"
