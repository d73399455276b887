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
CROSS JOIN LATERAL public.ledger_versions_v1(e.version_from, e.version_to) AS v
WHERE v.delivery_id = %(delivery)s
ORDER BY v.version_id
LIMIT 1

-- name: held_record
-- The record of an entity under a business key: number, newest version, when it was stored, content hash.
SELECT head.record_id, head.version_no, coalesce(delivery.committed_at, delivery.received_at), head.content_hash
FROM ledger_record AS head
JOIN intake_delivery AS delivery ON delivery.id = head.delivery_id
WHERE head.entity_id = %(entity)s AND head.dataset_id = %(dataset)s AND head.source_key = %(key)s
