-- name: records_of_firm
-- Newest version of each record held about a firm, public or not, newest decision first; counted before it is cut.
SELECT head.entity_id, head.record_id, dataset.code, edition.digest, version.payload, version.decided_on,
    version.received_at, department.name_zh, department.name_en,
    shown.record_id IS NOT NULL AS public, count(*) OVER () AS total
FROM ledger_record AS head
JOIN ledger_version AS version ON version.entity_id = head.entity_id AND version.record_id = head.record_id
    AND version.version_no = head.version_no
JOIN catalogue_edition AS edition ON edition.id = version.edition_id
JOIN catalogue_dataset AS dataset ON dataset.id = edition.dataset_id
JOIN accounts_department AS department ON department.id = version.department_id
LEFT JOIN publicity_window AS shown ON shown.entity_id = head.entity_id AND shown.record_id = head.record_id
    AND shown.public_from <= %(today)s AND (shown.public_until IS NULL OR shown.public_until >= %(today)s)
WHERE head.entity_id = ANY(%(members)s)
  AND (%(only)s = '' OR (%(only)s = 'public') = (shown.record_id IS NOT NULL))
  AND (%(code)s = '' OR dataset.code = %(code)s)
ORDER BY version.decided_on DESC NULLS LAST, head.record_id DESC
LIMIT %(limit)s OFFSET %(offset)s

-- name: figures_of_firm
-- How many records of each dataset are held about a firm, and how many of them anybody may see today.
SELECT dataset.code, count(*), count(shown.record_id)
FROM ledger_record AS head
JOIN ledger_version AS version ON version.entity_id = head.entity_id AND version.record_id = head.record_id
    AND version.version_no = head.version_no
JOIN catalogue_edition AS edition ON edition.id = version.edition_id
JOIN catalogue_dataset AS dataset ON dataset.id = edition.dataset_id
LEFT JOIN publicity_window AS shown ON shown.entity_id = head.entity_id AND shown.record_id = head.record_id
    AND shown.public_from <= %(today)s AND (shown.public_until IS NULL OR shown.public_until >= %(today)s)
WHERE head.entity_id = ANY(%(members)s)
GROUP BY dataset.code ORDER BY dataset.code
