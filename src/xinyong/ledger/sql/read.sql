-- name: records_of_entity
-- The newest version of each record stored no later than as_of.
SELECT DISTINCT ON (version.record_id) version.record_id, dataset.code AS dataset, edition.edition, version.version_no,
    version.decided_on, version.received_at, version.recorded_at, delivery.number AS delivery, version.source_row,
    department.slug AS department, encode(version.content_hash, 'hex') AS content_hash, version.payload
FROM ledger_version AS version
JOIN catalogue_edition AS edition ON edition.id = version.edition_id
JOIN catalogue_dataset AS dataset ON dataset.id = edition.dataset_id
JOIN intake_delivery AS delivery ON delivery.id = version.delivery_id
JOIN accounts_department AS department ON department.id = version.department_id
WHERE version.entity_id = %(entity)s
  AND (%(as_of)s::timestamptz IS NULL OR version.recorded_at <= %(as_of)s::timestamptz)
ORDER BY version.record_id, version.version_no DESC
