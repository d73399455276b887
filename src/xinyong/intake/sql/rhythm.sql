-- name: rhythm_facts
-- For every department and dataset that has a duty or ever delivered: the duty, the last good delivery, the last zero
-- declaration, and the newest delivery after the last good one. Corrections and decisions about rows are no deliveries of
-- a rhythm.
WITH whole AS (
    SELECT id, number, department_id, dataset_code, state, read, received_at FROM intake_delivery
    WHERE parent_id IS NULL AND channel NOT IN ('correction', 'resolution')
      AND (%(department)s::bigint IS NULL OR department_id = %(department)s)
), pairs AS (
    SELECT department_id, dataset_code FROM whole
    UNION
    SELECT department_id, dataset_code FROM intake_duty
    WHERE %(department)s::bigint IS NULL OR department_id = %(department)s
), good AS (
    SELECT DISTINCT ON (department_id, dataset_code) * FROM whole WHERE state = 'committed'
    ORDER BY department_id, dataset_code, id DESC
), first AS (
    SELECT department_id, dataset_code, min(received_at) AS at FROM whole GROUP BY department_id, dataset_code
), zero AS (
    SELECT DISTINCT ON (department_id, dataset_code) department_id, dataset_code, to_day, declared_by
    FROM intake_zerodeclaration ORDER BY department_id, dataset_code, to_day DESC, id DESC
), newest AS (
    SELECT DISTINCT ON (whole.department_id, whole.dataset_code) whole.department_id, whole.dataset_code, whole.number,
        whole.state
    FROM whole LEFT JOIN good USING (department_id, dataset_code)
    WHERE whole.state <> 'committed' AND whole.id > coalesce(good.id, 0)
    ORDER BY whole.department_id, whole.dataset_code, whole.id DESC
)
SELECT department.slug, department.name_zh, department.name_en, pairs.dataset_code, duty.cycle,
    coalesce(duty.since, (first.at AT TIME ZONE 'Asia/Shanghai')::date) AS since, duty.until, duty.id IS NOT NULL AS named,
    good.number, (good.received_at AT TIME ZONE 'Asia/Shanghai')::date AS good_day, good.read,
    zero.to_day, zero.declared_by, newest.number, newest.state
FROM pairs
JOIN accounts_department AS department ON department.id = pairs.department_id
LEFT JOIN intake_duty AS duty USING (department_id, dataset_code)
LEFT JOIN first USING (department_id, dataset_code)
LEFT JOIN good USING (department_id, dataset_code)
LEFT JOIN zero USING (department_id, dataset_code)
LEFT JOIN newest USING (department_id, dataset_code)
ORDER BY department.slug, pairs.dataset_code
