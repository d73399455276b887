-- name: record_of_delivery
-- Entity, record, version and content hash of the first version a delivery stored; the newest events are asked first.
SELECT v.entity_id, v.record_id, v.version_no, v.content_hash
FROM (
    SELECT version_from, version_to
    FROM ledger_event
    WHERE delivery_id = %(delivery)s AND version_from IS NOT NULL
    ORDER BY id DESC
    LIMIT 1
) AS e
JOIN ledger_version AS v ON v.version_id BETWEEN e.version_from AND e.version_to
WHERE v.delivery_id = %(delivery)s
ORDER BY v.version_id
LIMIT 1
