-- name: clocks_of_entity
-- What the clocks of the public records of some entries are computed from, with the acts on each record.
SELECT shown.entity_id, shown.record_id, dataset.code, edition.digest, version.payload, version.decided_on,
    (version.received_at AT TIME ZONE 'Asia/Shanghai')::date,
    (SELECT json_agg(json_build_array(status.event_id, status.act, status.cause, status.effective_at))
      FROM ledger_status AS status
      WHERE status.entity_id = shown.entity_id AND status.record_id = shown.record_id)
FROM publicity_window AS shown
JOIN catalogue_dataset AS dataset ON dataset.id = shown.dataset_id
JOIN ledger_record AS head ON head.entity_id = ANY(%(members)s)
    AND head.entity_id = shown.entity_id AND head.record_id = shown.record_id
JOIN ledger_version AS version ON version.entity_id = ANY(%(members)s)
    AND version.entity_id = head.entity_id AND version.record_id = head.record_id
    AND version.version_no = head.version_no
JOIN catalogue_edition AS edition ON edition.id = version.edition_id
WHERE shown.entity_id = ANY(%(members)s)
  AND (%(records)s::bigint[] IS NULL OR shown.record_id = ANY(%(records)s::bigint[]))
  AND shown.public_from <= %(today)s AND (shown.public_until IS NULL OR shown.public_until >= %(today)s)

-- name: clock_of_record
-- The same for one record, public or not.
SELECT version.entity_id, version.record_id, dataset.code, edition.digest, version.payload, version.decided_on,
    (version.received_at AT TIME ZONE 'Asia/Shanghai')::date,
    (SELECT json_agg(json_build_array(status.event_id, status.act, status.cause, status.effective_at))
      FROM ledger_status AS status
      WHERE status.entity_id = version.entity_id AND status.record_id = version.record_id)
FROM ledger_record AS head
JOIN ledger_version AS version ON version.entity_id = head.entity_id AND version.record_id = head.record_id
    AND version.version_no = head.version_no
JOIN catalogue_edition AS edition ON edition.id = version.edition_id
JOIN catalogue_dataset AS dataset ON dataset.id = edition.dataset_id
WHERE head.entity_id = %(entity)s AND head.record_id = %(record)s
