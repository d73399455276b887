-- name: windows_as_of
-- Which database, the transaction that last moved the effect of the windows, and the last act on the registry.
SELECT current_database(), (SELECT xmin::text FROM ledger_effect_position WHERE effect = 'publicity'),
    (SELECT max(event_id) FROM registry_act)

-- name: entities
-- Entries of the register that speak for an entity.
SELECT count(*) FROM registry_entity WHERE canonical_id IS NULL

-- name: public_records
-- Records counted by the same test as every list.
SELECT coalesce(sum(records), 0)::bigint FROM publicity_tally WHERE public_from <= %(today)s AND public_until >= %(today)s

-- name: site_deliveries
-- Departments and datasets with a delivery that was taken in, and the newest one.
SELECT
    (SELECT count(DISTINCT department_id) FROM intake_delivery WHERE state = 'committed'),
    (SELECT count(DISTINCT dataset_code) FROM intake_delivery WHERE state = 'committed'),
    (SELECT max(received_at) FROM intake_delivery WHERE state = 'committed')

-- name: latest_records
-- Newest public records of some datasets, under the entry that speaks for their entity.
SELECT newest.code, entity.name, entity.credit_code, entity.id, newest.record_id, newest.decided_on,
    version.payload, edition.digest
FROM (
    SELECT dataset.code, shown.*
    FROM unnest(%(datasets)s::text[]) AS wanted (code)
    JOIN catalogue_dataset AS dataset ON dataset.code = wanted.code
    CROSS JOIN LATERAL (
        SELECT entity_id, record_id, dataset_id, decided_on FROM publicity_window
        WHERE dataset_id = dataset.id AND public_from <= %(today)s
          AND (public_until IS NULL OR public_until >= %(today)s)
        ORDER BY decided_on DESC LIMIT %(limit)s
    ) AS shown
    ORDER BY shown.decided_on DESC, shown.record_id DESC LIMIT %(limit)s
) AS newest
JOIN registry_entity AS own ON own.id = newest.entity_id
JOIN registry_entity AS entity ON entity.id = coalesce(own.canonical_id, own.id)
CROSS JOIN LATERAL (
    SELECT version_no FROM ledger_record WHERE entity_id = newest.entity_id AND record_id = newest.record_id LIMIT 1
) AS head
CROSS JOIN LATERAL (
    SELECT payload, edition_id FROM ledger_version
    WHERE entity_id = newest.entity_id AND record_id = newest.record_id AND version_no = head.version_no LIMIT 1
) AS version
JOIN catalogue_edition AS edition ON edition.id = version.edition_id
ORDER BY newest.decided_on DESC, newest.record_id DESC

-- name: public_totals_of_entity
-- How many records of each dataset a visitor may see today.
SELECT dataset.code, count(*), max(shown.decided_on)
FROM publicity_window AS shown JOIN catalogue_dataset AS dataset ON dataset.id = shown.dataset_id
WHERE shown.entity_id = ANY(%(members)s) AND shown.public_from <= %(today)s
  AND (shown.public_until IS NULL OR shown.public_until >= %(today)s)
GROUP BY dataset.code

-- name: public_records_of_entity
-- Those records, newest first, with what the source line needs.
SELECT shown.record_id, dataset.code, edition.digest, edition.edition, version.payload, version.decided_on,
    version.version_no, version.source_row, version.received_at, delivery.number, department.name_zh, department.name_en,
    shown.public_from, shown.public_until, shown.earliest_repair, shown.severity, shown.rule, entity.kind
FROM publicity_window AS shown
JOIN catalogue_dataset AS dataset ON dataset.id = shown.dataset_id
JOIN ledger_record AS head ON head.entity_id = ANY(%(members)s)
    AND head.entity_id = shown.entity_id AND head.record_id = shown.record_id
JOIN ledger_version AS version ON version.entity_id = ANY(%(members)s)
    AND version.entity_id = head.entity_id AND version.record_id = head.record_id
    AND version.version_no = head.version_no
JOIN catalogue_edition AS edition ON edition.id = version.edition_id
JOIN intake_delivery AS delivery ON delivery.id = version.delivery_id
JOIN accounts_department AS department ON department.id = version.department_id
JOIN registry_entity AS entity ON entity.id = shown.entity_id
WHERE shown.entity_id = ANY(%(members)s) AND dataset.code = %(code)s AND shown.public_from <= %(today)s
  AND (shown.public_until IS NULL OR shown.public_until >= %(today)s)
ORDER BY (dataset.code = 'registration' AND shown.entity_id = %(speaks)s) DESC, shown.decided_on DESC NULLS LAST,
    shown.record_id DESC
LIMIT %(limit)s OFFSET %(offset)s

-- name: freshness_of_entity
-- Departments behind the visible records, with the time of their newest delivery for this entity.
SELECT department.slug, department.name_zh, department.name_en, max(version.received_at)
FROM publicity_window AS shown
JOIN ledger_record AS head ON head.entity_id = ANY(%(members)s)
    AND head.entity_id = shown.entity_id AND head.record_id = shown.record_id
JOIN ledger_version AS version ON version.entity_id = ANY(%(members)s)
    AND version.entity_id = head.entity_id AND version.record_id = head.record_id
    AND version.version_no = head.version_no
JOIN accounts_department AS department ON department.id = version.department_id
WHERE shown.entity_id = ANY(%(members)s) AND shown.public_from <= %(today)s
  AND (shown.public_until IS NULL OR shown.public_until >= %(today)s)
GROUP BY department.id ORDER BY 4 DESC, 1
