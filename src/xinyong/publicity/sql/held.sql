-- name: held_records_of_entity
-- Newest versions of the records of some datasets decided in a period, public or not, with window and acts: for the
-- subject's own report. Columns as public_records_of_entity has them, then the acts.
SELECT head.record_id, dataset.code, edition.digest, edition.edition, version.payload, version.decided_on,
    version.version_no, version.source_row, version.received_at, delivery.number, department.name_zh, department.name_en,
    shown.public_from, shown.public_until, shown.earliest_repair, coalesce(shown.severity, ''), coalesce(shown.rule, ''),
    entity.kind,
    (SELECT json_agg(json_build_array(status.event_id, status.act, status.cause, status.effective_at))
      FROM ledger_status AS status
      WHERE status.entity_id = head.entity_id AND status.record_id = head.record_id)
FROM ledger_record AS head
JOIN ledger_version AS version ON version.entity_id = ANY(%(members)s)
    AND version.entity_id = head.entity_id AND version.record_id = head.record_id
    AND version.version_no = head.version_no
JOIN catalogue_edition AS edition ON edition.id = version.edition_id
JOIN catalogue_dataset AS dataset ON dataset.id = edition.dataset_id
JOIN intake_delivery AS delivery ON delivery.id = version.delivery_id
JOIN accounts_department AS department ON department.id = version.department_id
JOIN registry_entity AS entity ON entity.id = head.entity_id
LEFT JOIN publicity_window AS shown ON shown.entity_id = head.entity_id AND shown.record_id = head.record_id
WHERE head.entity_id = ANY(%(members)s) AND dataset.code = ANY(%(datasets)s)
  AND version.decided_on BETWEEN %(first)s AND %(last)s
ORDER BY version.decided_on DESC, head.record_id DESC LIMIT %(limit)s
