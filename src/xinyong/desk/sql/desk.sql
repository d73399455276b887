-- name: registrations
-- What the register says of these entities today: the newest registration of each.
SELECT head.entity_id, version.payload
FROM ledger_record AS head
JOIN ledger_version AS version USING (entity_id, record_id, version_no)
JOIN catalogue_dataset AS dataset ON dataset.id = head.dataset_id
WHERE head.entity_id = ANY(%(entities)s) AND dataset.code = 'registration'
ORDER BY head.entity_id, head.record_id

-- name: record_counts
-- How many records each of these entries holds, with those of the entries it speaks for.
SELECT coalesce(entity.canonical_id, entity.id), count(head.record_id)
FROM registry_entity AS entity JOIN ledger_record AS head ON head.entity_id = entity.id
WHERE entity.id = ANY(%(entities)s) OR entity.canonical_id = ANY(%(entities)s)
GROUP BY 1

-- name: queue_counts
-- Cases per state and department among those the officer may see.
SELECT held.state, department.slug, department.name_zh, department.name_en, count(*), min(held.opened_at)
FROM desk_case AS held JOIN accounts_department AS department ON department.id = held.department_id
WHERE (%(department)s::bigint IS NULL OR held.department_id = %(department)s)
GROUP BY held.state, department.id
ORDER BY count(*) DESC, department.slug

-- name: records_by_dataset
-- Records of these entries by dataset, public or not.
SELECT dataset.code, count(*)
FROM ledger_record AS head JOIN catalogue_dataset AS dataset ON dataset.id = head.dataset_id
WHERE head.entity_id = ANY(%(entities)s)
GROUP BY dataset.code ORDER BY dataset.code
