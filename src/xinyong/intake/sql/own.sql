-- name: record_of_own_delivery
-- The record a delivery of one row wrote a version of.
SELECT version.record_id, version.entity_id
FROM ledger_version AS version
WHERE version.entity_id = ANY(%(entities)s) AND version.delivery_id = %(delivery)s
ORDER BY version.record_id LIMIT 1
