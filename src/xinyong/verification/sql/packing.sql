-- name: roots_of_entities
-- The entries that speak for some entities.
SELECT DISTINCT coalesce(canonical_id, id) FROM registry_entity WHERE id = ANY(%(entities)s)

-- name: entities_of_roots
-- Every entry some roots speak for, each root first.
SELECT coalesce(canonical_id, id), id, kind, credit_code, name, status, registered
FROM registry_entity WHERE id = ANY(%(roots)s)
UNION ALL
SELECT canonical_id, id, kind, credit_code, name, status, registered
FROM registry_entity WHERE canonical_id = ANY(%(roots)s)

-- name: numbers_of_entities
-- The numbers that lead to some entries.
SELECT entity_id, type, value FROM registry_identifier WHERE entity_id = ANY(%(members)s)

-- name: records_of_entities
-- Records that have a window, those whose dataset or own words may share them between organs, and those the windows have
-- not read yet, which are judged here.
SELECT head.entity_id, head.record_id, head.dataset_id, dataset.code, edition.id, edition.digest, version.payload::text,
    version.decided_on, (version.received_at AT TIME ZONE 'Asia/Shanghai')::date, version.received_at,
    version.source_row, delivery.number, department.name_zh, department.slug,
    version.version_id > %(seen)s OR head.record_id = ANY(%(acted)s::bigint[]),
    shown.public_from, shown.public_until, shown.severity, shown.rule
FROM ledger_record AS head
JOIN catalogue_dataset AS dataset ON dataset.id = head.dataset_id
LEFT JOIN publicity_window AS shown ON shown.entity_id = head.entity_id AND shown.record_id = head.record_id
JOIN ledger_version AS version ON version.entity_id = head.entity_id AND version.record_id = head.record_id
    AND version.version_no = head.version_no
JOIN catalogue_edition AS edition ON edition.id = version.edition_id
JOIN intake_delivery AS delivery ON delivery.id = version.delivery_id
JOIN accounts_department AS department ON department.id = version.department_id
WHERE head.entity_id = ANY(%(members)s)
  AND (shown.record_id IS NOT NULL OR head.dataset_id = ANY(%(shared)s::int[]) OR version.version_id > %(seen)s
    OR head.record_id = ANY(%(acted)s::bigint[]))
ORDER BY head.entity_id, head.record_id

-- name: acts_of_entities
-- What happened to records of some entities, in the order recorded.
SELECT record_id, event_id, act, cause, effective_at FROM ledger_status
WHERE entity_id = ANY(%(members)s) ORDER BY event_id

-- name: events_after
-- What was committed after a place in the corridor, but for what is known.
SELECT id, version_from, version_to FROM ledger_event
WHERE id > %(after)s AND id <> ALL(%(known)s::bigint[]) ORDER BY id LIMIT %(limit)s

-- name: entities_of_versions
-- Entities a range of versions speaks of.
SELECT DISTINCT entity_id FROM public.ledger_versions_v1(%(first)s, %(last)s) ORDER BY entity_id

-- name: entities_of_acts
-- Entities that acts on records or on the registry touched.
SELECT entity_id FROM ledger_status WHERE event_id BETWEEN %(first)s AND %(last)s
UNION
SELECT touched.id FROM registry_act AS act
CROSS JOIN LATERAL (VALUES (act.entity_id), (act.other_id)) AS touched (id)
WHERE act.event_id BETWEEN %(first)s AND %(last)s AND touched.id > 0

-- name: numbers_behind
-- Every number that leads to some entities or to an entry that speaks for them; without a number: the entry itself.
WITH roots AS MATERIALIZED (
    SELECT DISTINCT coalesce(canonical_id, id) AS id FROM registry_entity WHERE id = ANY(%(entities)s)
), members AS MATERIALIZED (
    SELECT entity.id, entity.credit_code FROM registry_entity AS entity JOIN roots ON entity.id = roots.id
    UNION ALL
    SELECT entity.id, entity.credit_code FROM registry_entity AS entity JOIN roots ON entity.canonical_id = roots.id
)
SELECT number.value, members.id FROM members JOIN registry_identifier AS number ON number.entity_id = members.id
UNION ALL
SELECT credit_code, id FROM members WHERE credit_code IS NOT NULL
UNION ALL
SELECT NULL, id FROM members

-- name: heads_of_corridor
-- The newest event, how far the windows of publicity have read, and the newest version they know.
SELECT coalesce((SELECT max(id) FROM ledger_event), 0), windows.event_id,
    coalesce((SELECT max(version_to) FROM (SELECT version_to FROM ledger_event
        WHERE id <= windows.event_id AND version_to IS NOT NULL ORDER BY id DESC LIMIT 1) AS last), 0)
FROM (SELECT coalesce((SELECT event_id FROM ledger_effect_position WHERE effect = 'publicity'), 0) AS event_id) AS windows

-- name: acted_since
-- Records of some entities with acts the windows have not read yet.
SELECT DISTINCT record_id FROM ledger_status WHERE entity_id = ANY(%(members)s) AND event_id > %(event)s

-- name: rules_in_force
-- The version of the rules in force and how far its windows are computed; zeros for the packaged rules.
SELECT coalesce(max(id), 0), coalesce(max(done_to), 0) FROM publicity_ruleversion WHERE state = 'in_force'

-- name: roots_page
-- Entries that speak for themselves, by number.
SELECT id FROM registry_entity WHERE canonical_id IS NULL AND id > %(after)s ORDER BY id LIMIT %(limit)s

-- name: entity_of_number
-- The entry a number or a public id leads to.
SELECT coalesce(entity.canonical_id, entity.id)
FROM registry_entity AS entity
WHERE entity.id = coalesce(
    (SELECT entity_id FROM registry_identifier WHERE value = %(number)s ORDER BY (type = 'credit_code') DESC LIMIT 1),
    %(entity)s::bigint)
