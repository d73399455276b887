-- name: records_of_entities
-- Newest version of each commitment record of these entities, with the acts that hide it.
SELECT head.record_id, version.payload::text, version.delivery_id, unit.name_zh,
    EXISTS (SELECT FROM publicity_window AS spell
        WHERE spell.entity_id = head.entity_id AND spell.record_id = head.record_id
          AND spell.public_from <= %(today)s AND coalesce(spell.public_until, 'infinity') >= %(today)s) AS shown,
    (SELECT json_agg(json_build_array(status.event_id, status.act, status.cause, status.effective_at))
      FROM ledger_status AS status
      WHERE status.entity_id = head.entity_id AND status.record_id = head.record_id) AS acts
FROM ledger_record AS head
JOIN catalogue_dataset AS dataset ON dataset.id = head.dataset_id AND dataset.code = 'commitments'
JOIN ledger_version AS version ON version.entity_id = head.entity_id AND version.record_id = head.record_id
    AND version.version_no = head.version_no
JOIN intake_delivery AS delivery ON delivery.id = version.delivery_id
JOIN accounts_department AS unit ON unit.id = delivery.department_id
WHERE head.entity_id = ANY(%(entities)s)
ORDER BY version.decided_on DESC NULLS LAST, head.record_id DESC
LIMIT 500

-- name: reported_elsewhere
-- Commitments that hold and whose record got a version by another delivery than ours.
SELECT promise.id, version.delivery_id, version.payload::text
FROM commitments_commitment AS promise
JOIN ledger_record AS head ON head.entity_id = promise.record_entity_id AND head.record_id = promise.record_id
JOIN ledger_version AS version ON version.entity_id = head.entity_id AND version.record_id = head.record_id
    AND version.version_no = head.version_no
WHERE promise.state = ANY(%(states)s) AND promise.sent_id IS NULL
  AND version.delivery_id IS DISTINCT FROM promise.reported_by
LIMIT 500

-- name: newest_serial
-- The last serial the platform gave for a region and a day.
SELECT coalesce(max(right(code, 6)::int), 500000) FROM commitments_commitment WHERE code LIKE %(prefix)s
