-- name: records_of_cases
-- What the records of these cases say now, for their titles.
SELECT head.record_id, dataset.code, edition.digest, version.payload
FROM unnest(%(entities)s::bigint[], %(records)s::bigint[]) AS wanted(entity_id, record_id)
JOIN ledger_record AS head USING (entity_id, record_id)
JOIN ledger_version AS version ON version.entity_id = head.entity_id AND version.record_id = head.record_id
    AND version.version_no = head.version_no
JOIN catalogue_edition AS edition ON edition.id = version.edition_id
JOIN catalogue_dataset AS dataset ON dataset.id = edition.dataset_id

-- name: running_limits
-- Limits that run for these cases.
SELECT case_id, timer, row, starts_on, due_on, extended, spans
FROM remedies_limit WHERE case_id = ANY(%(cases)s) AND ended_on IS NULL ORDER BY case_id, due_on, id

-- name: queue_counts
-- Open cases by kind and state among those the officer may see, how many of them are late or end soon.
SELECT kind, state, count(*), count(*) FILTER (WHERE due_on < %(today)s), count(*) FILTER (WHERE due_on = %(today)s),
    count(*) FILTER (WHERE due_on > %(today)s AND due_on <= %(soon)s)
FROM remedies_case
WHERE closed_at IS NULL AND state NOT IN ('new', 'draft')
  AND (%(department)s::bigint IS NULL OR department_id = %(department)s)
GROUP BY kind, state

-- name: limit_figures
-- Limits that were met in a span of days, those of tips among them: how many in time of how many, by timer, with the days they took.
SELECT running.timer, count(*), count(*) FILTER (WHERE running.ended_on <= running.due_on),
    percentile_disc(0.5) WITHIN GROUP (ORDER BY running.ended_on - running.starts_on)
FROM remedies_limit AS running JOIN remedies_case AS held ON held.id = running.case_id
WHERE running.met AND running.ended_on BETWEEN %(since)s AND %(until)s
  AND (%(department)s::bigint IS NULL OR held.department_id = %(department)s)
GROUP BY running.timer
UNION ALL
SELECT 'tip', count(*), count(*) FILTER (WHERE ended_on <= due_on), percentile_disc(0.5) WITHIN GROUP (ORDER BY ended_on - starts_on)
FROM (
    SELECT due_on, (at AT TIME ZONE 'Asia/Shanghai')::date AS starts_on, (handled_at AT TIME ZONE 'Asia/Shanghai')::date AS ended_on
    FROM remedies_tip
    WHERE state IN ('done', 'set_aside') AND due_on IS NOT NULL
      AND (%(department)s::bigint IS NULL OR department_id = %(department)s)
) AS tip
WHERE ended_on BETWEEN %(since)s AND %(until)s
HAVING count(*) > 0
ORDER BY 1

-- name: outcome_figures
-- What cases that were closed in a span of days came to, with the days from the first to the last.
SELECT kind, outcome, count(*), percentile_disc(0.5) WITHIN GROUP (ORDER BY closed_at - opened_at)
FROM remedies_case
WHERE closed_at >= %(since)s AND closed_at < %(until)s
  AND (%(department)s::bigint IS NULL OR department_id = %(department)s)
GROUP BY kind, outcome ORDER BY kind, count(*) DESC, outcome
