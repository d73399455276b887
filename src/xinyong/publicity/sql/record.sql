-- name: public_record
-- One record that may be shown today, with the columns of public_records_of_entity and its entity.
SELECT shown.record_id, dataset.code, edition.digest, edition.edition, version.payload, version.decided_on,
    version.version_no, version.source_row, version.received_at, delivery.number, department.name_zh, department.name_en,
    shown.public_from, shown.public_until, shown.earliest_repair, shown.severity, shown.rule, entity.kind
FROM publicity_window AS shown
JOIN catalogue_dataset AS dataset ON dataset.id = shown.dataset_id
JOIN ledger_record AS head ON head.entity_id = shown.entity_id AND head.record_id = shown.record_id
JOIN ledger_version AS version ON version.entity_id = head.entity_id AND version.record_id = head.record_id
    AND version.version_no = head.version_no
JOIN catalogue_edition AS edition ON edition.id = version.edition_id
JOIN intake_delivery AS delivery ON delivery.id = version.delivery_id
JOIN accounts_department AS department ON department.id = version.department_id
JOIN registry_entity AS entity ON entity.id = shown.entity_id
WHERE shown.entity_id = %(entity)s AND shown.record_id = %(record)s AND shown.public_from <= %(today)s
  AND (shown.public_until IS NULL OR shown.public_until >= %(today)s)

-- name: acts_of_members
-- What happened to records of an entity and the entries it speaks for, in the order recorded.
SELECT record_id, event_id, act, effective_at FROM ledger_status
WHERE entity_id = ANY(%(members)s) ORDER BY event_id

-- name: neighbours_of_record
-- The public records of the same dataset and entity nearest in time to one record, that one left out.
SELECT shown.record_id, dataset.code, edition.digest, version.payload, shown.decided_on
FROM publicity_window AS shown
JOIN catalogue_dataset AS dataset ON dataset.id = shown.dataset_id
JOIN ledger_record AS head ON head.entity_id = ANY(%(members)s)
    AND head.entity_id = shown.entity_id AND head.record_id = shown.record_id
JOIN ledger_version AS version ON version.entity_id = ANY(%(members)s)
    AND version.entity_id = head.entity_id AND version.record_id = head.record_id
    AND version.version_no = head.version_no
JOIN catalogue_edition AS edition ON edition.id = version.edition_id
WHERE shown.entity_id = ANY(%(members)s) AND dataset.code = %(code)s AND shown.record_id <> %(record)s
  AND shown.public_from <= %(today)s AND (shown.public_until IS NULL OR shown.public_until >= %(today)s)
ORDER BY abs(coalesce(shown.decided_on, shown.public_from) - (
    SELECT coalesce(own.decided_on, own.public_from) FROM publicity_window AS own
    WHERE own.entity_id = ANY(%(members)s) AND own.record_id = %(record)s)), shown.record_id
LIMIT %(limit)s

-- name: months_of_entity
-- Public records by dataset and month of the decision: the points of the timeline.
SELECT dataset.code, date_trunc('month', coalesce(shown.decided_on, shown.public_from))::date, count(*)
FROM publicity_window AS shown JOIN catalogue_dataset AS dataset ON dataset.id = shown.dataset_id
WHERE shown.entity_id = ANY(%(members)s) AND shown.public_from <= %(today)s
  AND (shown.public_until IS NULL OR shown.public_until >= %(today)s)
GROUP BY 1, 2 ORDER BY 2, 1

-- name: fingerprint_of_entity
-- SHA-256 over "record.version,record.version,…" of the public records in the order of their numbers.
SELECT encode(sha256(convert_to(coalesce(
    string_agg(head.record_id || '.' || head.version_no, ',' ORDER BY head.record_id), ''), 'UTF8')), 'hex')
FROM publicity_window AS shown
JOIN ledger_record AS head ON head.entity_id = ANY(%(members)s)
    AND head.entity_id = shown.entity_id AND head.record_id = shown.record_id
WHERE shown.entity_id = ANY(%(members)s) AND shown.public_from <= %(today)s
  AND (shown.public_until IS NULL OR shown.public_until >= %(today)s)
