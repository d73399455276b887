-- name: open_rows
-- Public records of a dataset with what an open row holds, in the order of their keys.
SELECT shown.record_id, speaks.credit_code, speaks.id, coalesce(speaks.name, ''),
    own.kind = 'individual_business' OR speaks.kind = 'individual_business', edition.digest, version.payload,
    version.decided_on, shown.public_from, shown.public_until, shown.severity, department.name_zh, version.received_at,
    version.version_no
FROM publicity_window AS shown
JOIN registry_entity AS own ON own.id = shown.entity_id
JOIN registry_entity AS speaks ON speaks.id = coalesce(own.canonical_id, own.id)
JOIN ledger_record AS head ON head.entity_id = shown.entity_id AND head.record_id = shown.record_id
JOIN ledger_version AS version ON version.entity_id = head.entity_id AND version.record_id = head.record_id
    AND version.version_no = head.version_no
JOIN catalogue_edition AS edition ON edition.id = version.edition_id
JOIN accounts_department AS department ON department.id = version.department_id
WHERE shown.dataset_id = %(dataset)s AND shown.public_from <= %(today)s
  AND (shown.public_until IS NULL OR shown.public_until >= %(today)s)
ORDER BY shown.entity_id, shown.record_id

-- name: open_rows_of
-- The same for given records, as far as they are public.
SELECT shown.record_id, speaks.credit_code, speaks.id, coalesce(speaks.name, ''),
    own.kind = 'individual_business' OR speaks.kind = 'individual_business', edition.digest, version.payload,
    version.decided_on, shown.public_from, shown.public_until, shown.severity, department.name_zh, version.received_at,
    version.version_no
FROM unnest(%(entities)s::bigint[], %(records)s::bigint[]) WITH ORDINALITY AS wanted (entity_id, record_id, place)
JOIN publicity_window AS shown ON shown.entity_id = wanted.entity_id AND shown.record_id = wanted.record_id
JOIN registry_entity AS own ON own.id = shown.entity_id
JOIN registry_entity AS speaks ON speaks.id = coalesce(own.canonical_id, own.id)
JOIN ledger_record AS head ON head.entity_id = shown.entity_id AND head.record_id = shown.record_id
JOIN ledger_version AS version ON version.entity_id = head.entity_id AND version.record_id = head.record_id
    AND version.version_no = head.version_no
JOIN catalogue_edition AS edition ON edition.id = version.edition_id
JOIN accounts_department AS department ON department.id = version.department_id
WHERE shown.dataset_id = %(dataset)s AND shown.public_from <= %(today)s
  AND (shown.public_until IS NULL OR shown.public_until >= %(today)s)
ORDER BY wanted.place

-- name: sample_records
-- The newest public records of a dataset.
SELECT entity_id, record_id FROM publicity_window
WHERE dataset_id = %(dataset)s AND public_from <= %(today)s AND (public_until IS NULL OR public_until >= %(today)s)
ORDER BY decided_on DESC NULLS LAST, record_id DESC LIMIT %(limit)s

-- name: next_event_of_dataset
-- The next event of a dataset that the publicity windows have taken in.
SELECT event.id, event.kind, event.version_from, event.version_to
FROM ledger_event AS event
WHERE event.id >= %(event)s AND event.id <= %(taken)s AND event.dataset_id = %(dataset)s
ORDER BY event.id LIMIT 1

-- name: records_of_versions
-- Records of a run of versions.
SELECT entity_id, record_id FROM public.ledger_versions_v1(%(first)s, %(last)s) ORDER BY version_id

-- name: gone_of_dataset
-- Records of a dataset that stopped being public, after a place.
SELECT gone.id, gone.record_id, gone.at,
    EXISTS (SELECT FROM publicity_window AS shown
      WHERE shown.entity_id = gone.entity_id AND shown.record_id = gone.record_id AND shown.public_from <= %(today)s
        AND (shown.public_until IS NULL OR shown.public_until >= %(today)s))
FROM publicity_gone AS gone
WHERE gone.id > %(after)s AND gone.dataset_id = %(dataset)s ORDER BY gone.id LIMIT %(limit)s

-- name: newest_checkpoint
-- The newest signed checkpoint.
SELECT note FROM ledger_log_range WHERE note IS NOT NULL ORDER BY event_id DESC LIMIT 1

-- name: clean
-- Whether no record of a cut has stopped being public since.
SELECT NOT EXISTS (
    SELECT FROM publicity_gone
    WHERE dataset_id = (SELECT id FROM catalogue_dataset WHERE code = %(code)s) AND id > %(gone)s)
