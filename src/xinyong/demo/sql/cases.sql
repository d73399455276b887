-- name: penalties_of_department
-- Public penalties of a department: those whose repair is possible and whose end is not near, or the others.
SELECT shown.entity_id, shown.record_id
FROM publicity_window AS shown
JOIN catalogue_dataset AS dataset ON dataset.id = shown.dataset_id
JOIN ledger_record AS head ON head.entity_id = shown.entity_id AND head.record_id = shown.record_id
JOIN ledger_version AS version ON version.entity_id = head.entity_id AND version.record_id = head.record_id
    AND version.version_no = head.version_no
JOIN accounts_department AS department ON department.id = version.department_id
WHERE dataset.code = 'penalty' AND department.slug = %(department)s
  AND shown.public_from <= %(today)s AND (shown.public_until IS NULL OR shown.public_until > %(soon)s)
  AND (shown.earliest_repair IS NOT NULL AND shown.earliest_repair <= %(today)s) = %(repairable)s
ORDER BY shown.decided_on DESC, shown.record_id LIMIT %(limit)s
