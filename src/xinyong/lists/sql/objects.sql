-- name: objects_of_entities
-- Newest version of each record of some datasets, with what officers recorded, for entries of lists and final decisions.
SELECT version.entity_id, version.record_id, dataset.code, edition.digest, version.payload, version.decided_on,
    (version.received_at AT TIME ZONE 'Asia/Shanghai')::date,
    (SELECT json_agg(json_build_array(status.event_id, status.act, status.cause, status.effective_at))
      FROM ledger_status AS status
      WHERE status.entity_id = version.entity_id AND status.record_id = version.record_id)
FROM ledger_record AS head
JOIN catalogue_dataset AS dataset ON dataset.id = head.dataset_id AND dataset.code = ANY(%(datasets)s)
JOIN ledger_version AS version ON version.entity_id = head.entity_id AND version.record_id = head.record_id
    AND version.version_no = head.version_no
JOIN catalogue_edition AS edition ON edition.id = version.edition_id
WHERE head.entity_id = ANY(%(entities)s)
  AND (%(records)s::bigint[] IS NULL OR head.record_id = ANY(%(records)s::bigint[]))
ORDER BY version.record_id
