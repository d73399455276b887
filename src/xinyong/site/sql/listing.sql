-- name: matched
-- The newest public records of some datasets that meet the filters: first tests on the window alone, then tests that need
-- the record or its entity. No marker stands in these lines, because what is put in for one must never stand in a comment.
SELECT shown.entity_id, shown.record_id, shown.dataset_id, shown.decided_on, shown.public_until, shown.severity
FROM unnest(%(datasets)s::text[]) AS wanted (code)
JOIN catalogue_dataset AS dataset ON dataset.code = wanted.code
CROSS JOIN LATERAL (
    SELECT entity_id, record_id, dataset_id, decided_on, public_until, severity FROM publicity_window AS newest
    WHERE newest.dataset_id = dataset.id AND newest.public_from <= %(today)s
      AND (newest.public_until IS NULL OR newest.public_until >= %(today)s) {first}
    ORDER BY {day} DESC LIMIT {scan}
) AS shown
{joins}
WHERE true {second}
ORDER BY shown.decided_on DESC, shown.record_id DESC LIMIT {cap}

-- name: list_page
-- A page of the matched records with what a row shows, and how many matched: one question, so both agree. What a row shows is
-- looked up row by row (LATERAL with LIMIT 1): the planner takes a page for a tenth of the matched and would read whole tables.
WITH matched AS MATERIALIZED ({matched}), page AS (
    SELECT * FROM matched ORDER BY decided_on DESC, record_id DESC LIMIT %(limit)s OFFSET %(offset)s
), total AS (SELECT count(*) AS number FROM matched)
SELECT total.number, page.record_id, dataset.code, edition.digest, version.payload, page.decided_on, page.public_until,
    page.severity, entity.id, entity.name, entity.credit_code, department.name_zh, department.name_en, first.received_at,
    first.department_id
FROM total LEFT JOIN page ON true
LEFT JOIN catalogue_dataset AS dataset ON dataset.id = page.dataset_id
LEFT JOIN LATERAL (
    SELECT entity_id, record_id, version_no FROM ledger_record
    WHERE entity_id = page.entity_id AND record_id = page.record_id LIMIT 1
) AS head ON true
LEFT JOIN LATERAL (
    SELECT payload, edition_id, department_id FROM ledger_version
    WHERE entity_id = head.entity_id AND record_id = head.record_id AND version_no = head.version_no LIMIT 1
) AS version ON true
LEFT JOIN LATERAL (
    SELECT received_at, department_id FROM ledger_version
    WHERE entity_id = head.entity_id AND record_id = head.record_id AND version_no = 1 LIMIT 1
) AS first ON true
LEFT JOIN catalogue_edition AS edition ON edition.id = version.edition_id
LEFT JOIN accounts_department AS department ON department.id = version.department_id
LEFT JOIN registry_entity AS own ON own.id = page.entity_id
LEFT JOIN registry_entity AS entity ON entity.id = coalesce(own.canonical_id, own.id)
ORDER BY page.decided_on DESC, page.record_id DESC

-- name: list_days
-- How many of the matched records were decided on each day.
SELECT matched.decided_on, count(*) FROM ({matched}) AS matched GROUP BY 1 ORDER BY 1

-- name: public_totals
-- Public records by dataset.
SELECT dataset.code, sum(shown.records)::bigint
FROM publicity_tally AS shown JOIN catalogue_dataset AS dataset ON dataset.id = shown.dataset_id
WHERE shown.public_from <= %(today)s AND shown.public_until >= %(today)s
GROUP BY 1 ORDER BY 1

-- name: public_totals_by_department
-- Public records by dataset and the department that delivered the newest version: a head names its delivery, so no version is read.
SELECT dataset.code, department.slug, department.name_zh, department.name_en, sum(counted.total)::bigint
FROM (
    SELECT shown.dataset_id, head.delivery_id, count(*) AS total
    FROM publicity_window AS shown
    JOIN ledger_record AS head ON head.entity_id = shown.entity_id AND head.record_id = shown.record_id
    WHERE shown.public_from <= %(today)s AND (shown.public_until IS NULL OR shown.public_until >= %(today)s)
    GROUP BY 1, 2
) AS counted
JOIN catalogue_dataset AS dataset ON dataset.id = counted.dataset_id
JOIN intake_delivery AS delivery ON delivery.id = counted.delivery_id
JOIN accounts_department AS department ON department.id = delivery.department_id
GROUP BY 1, 2, 3, 4 ORDER BY 5 DESC

-- name: public_totals_by_month
-- Public records by dataset and month of the decision; ``since`` is the first day of a month.
SELECT dataset.code, shown.month, sum(shown.records)::bigint
FROM publicity_tally AS shown JOIN catalogue_dataset AS dataset ON dataset.id = shown.dataset_id
WHERE shown.public_from <= %(today)s AND shown.public_until >= %(today)s
  AND shown.month >= %(since)s
GROUP BY 1, 2 ORDER BY 2, 1

-- name: districts
-- Region codes that occur in credit codes, read by jumping along the index of codes.
WITH RECURSIVE seen (prefix) AS (
    (SELECT left(credit_code, 8) FROM registry_entity WHERE credit_code IS NOT NULL ORDER BY credit_code LIMIT 1)
    UNION ALL
    SELECT (SELECT left(credit_code, 8) FROM registry_entity WHERE credit_code > seen.prefix || 'ZZZZZZZZZZ'
            ORDER BY credit_code LIMIT 1)
    FROM seen WHERE seen.prefix IS NOT NULL
)
SELECT DISTINCT substr(prefix, 3, 6) FROM seen WHERE prefix IS NOT NULL ORDER BY 1 LIMIT 200

-- name: delivering_since
-- The day from which a department has delivered a dataset: what was decided earlier is history it brought along, not late.
SELECT department_id, dataset_code, (min(received_at) AT TIME ZONE 'Asia/Shanghai')::date
FROM intake_delivery WHERE state = 'committed' GROUP BY 1, 2
