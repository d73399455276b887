-- name: next_fact_event
-- The next event of the corridor; the row lock lets one reader work at a time.
SELECT event.id, event.kind, dataset.code, event.version_from, event.version_to
FROM (SELECT event_id FROM ledger_effect_position WHERE effect = %(effect)s FOR UPDATE) AS position
JOIN ledger_event AS event ON event.id > position.event_id
LEFT JOIN catalogue_dataset AS dataset ON dataset.id = event.dataset_id
ORDER BY event.id LIMIT 1

-- name: tie_registration_keys
-- The registration system's own key of an entity: it stays when the credit code changes, and branches name parents by it.
INSERT INTO registry_identifier (entity_id, type, value, first_delivery_id, source_row)
SELECT DISTINCT ON (version.payload ->> 'PRIPID') version.entity_id, 'registration_key',
    left(version.payload ->> 'PRIPID', 50), version.delivery_id, version.source_row
FROM public.ledger_versions_v1(%(first)s, %(last)s) AS version
WHERE version.payload ->> 'PRIPID' <> ''
ORDER BY version.payload ->> 'PRIPID', version.version_id
ON CONFLICT (type, value) DO NOTHING

-- name: facts_of_event
-- Records of the event the registry reads: links, changes, contributions; of registrations those that name a parent.
CREATE TEMPORARY TABLE facts_todo ON COMMIT DROP AS
SELECT DISTINCT version.entity_id, version.record_id FROM public.ledger_versions_v1(%(first)s, %(last)s) AS version
WHERE (%(code)s <> 'registration' OR version.payload ->> 'PARENT_PRIPID' <> '')

-- name: facts_of_pending
-- Records whose other entity has become known meanwhile.
CREATE TEMPORARY TABLE facts_todo ON COMMIT DROP AS
SELECT DISTINCT pending.entity_id, pending.record_id FROM registry_pendinglink AS pending
WHERE EXISTS (
    SELECT FROM registry_identifier AS held WHERE held.value = pending.code
      AND held.type IN ('credit_code', 'registration_number', 'registration_key'))

-- name: read_facts
-- The newest version of each of these records, with the entity its other code leads to.
CREATE TEMPORARY TABLE fact ON COMMIT DROP AS
SELECT todo.entity_id, todo.record_id, dataset.code AS dataset, version.payload, version.delivery_id,
    version.source_row, other.code AS other_code, held.entity_id AS other_id
FROM facts_todo AS todo
JOIN ledger_record AS head USING (entity_id, record_id)
JOIN ledger_version AS version USING (entity_id, record_id, version_no)
JOIN catalogue_dataset AS dataset ON dataset.id = head.dataset_id
CROSS JOIN LATERAL (SELECT nullif(CASE dataset.code
    WHEN 'registration-link' THEN version.payload ->> 'OTHERCODE'
    WHEN 'shareholders' THEN version.payload ->> 'INVCODE'
    WHEN 'registration' THEN version.payload ->> 'PARENT_PRIPID' END, '') AS code) AS other
LEFT JOIN LATERAL (
    SELECT identifier.entity_id FROM registry_identifier AS identifier
    WHERE identifier.value = other.code AND identifier.type = ANY(CASE dataset.code
        WHEN 'registration' THEN ARRAY['registration_key'] WHEN 'shareholders' THEN ARRAY['credit_code']
        ELSE ARRAY['credit_code', 'registration_number'] END)
    ORDER BY identifier.type LIMIT 1
) AS held ON true

-- name: forget_relations
-- What was read of an older version of these records.
DELETE FROM registry_relation AS held USING fact
WHERE held.source_entity_id = fact.entity_id AND held.source_record_id = fact.record_id

-- name: forget_successions
-- What was read of an older version of these records.
DELETE FROM registry_succession AS held USING fact
WHERE held.source_entity_id = fact.entity_id AND held.source_record_id = fact.record_id

-- name: forget_pending
-- What waited for another entity.
DELETE FROM registry_pendinglink AS held USING fact
WHERE held.entity_id = fact.entity_id AND held.record_id = fact.record_id

-- name: store_pending
-- The other entity is not known yet; the record is read again once it is.
INSERT INTO registry_pendinglink (entity_id, record_id, code)
SELECT entity_id, record_id, left(other_code, 64) FROM fact WHERE other_code IS NOT NULL AND other_id IS NULL

-- name: store_relations
-- Branches and contributions of market entities; a natural person is no side of a relation.
INSERT INTO registry_relation (kind, holder_id, entity_id, share, amount, valid_from, valid_until, delivery_id,
    source_row, source_entity_id, source_record_id)
SELECT CASE dataset WHEN 'shareholders' THEN 'investment' ELSE 'branch' END, other_id, entity_id,
    CASE WHEN dataset = 'shareholders' AND payload ->> 'SUBCONPROP' ~ '^[0-9]{1,3}([.][0-9]+)?$'
         THEN round((payload ->> 'SUBCONPROP')::numeric, 6) END,
    CASE WHEN dataset = 'shareholders' AND payload ->> 'SUBCONAM' ~ '^[0-9]{1,18}([.][0-9]+)?$'
         THEN round((payload ->> 'SUBCONAM')::numeric, 6) END,
    coalesce(payload ->> 'LINKDATE', payload ->> 'CONDATE', payload ->> 'ESTDATE')::date,
    coalesce(payload ->> 'ENDDATE', payload ->> 'EXITDATE')::date,
    delivery_id, source_row, entity_id, record_id
FROM fact
WHERE other_id IS NOT NULL AND other_id <> entity_id
  AND (dataset IN ('shareholders', 'registration') OR payload ->> 'LINKTYPE' = 'branch')

-- name: store_successions
-- Mergers, divisions, conversions and changes of code as the register delivers them: the row speaks of who followed.
INSERT INTO registry_succession (kind, predecessor_id, successor_id, effective_on, basis, delivery_id, source_row,
    source_entity_id, source_record_id)
SELECT payload ->> 'LINKTYPE', other_id, entity_id, (payload ->> 'LINKDATE')::date, coalesce(payload ->> 'DOCNUM', ''),
    delivery_id, source_row, entity_id, record_id
FROM fact
WHERE dataset = 'registration-link' AND other_id IS NOT NULL AND other_id <> entity_id
  AND payload ->> 'LINKTYPE' <> 'branch'
ON CONFLICT DO NOTHING

-- name: store_former_names
-- A change of name: the name before, with its last day; known since the delivery that said so.
INSERT INTO registry_name (entity_id, name, name_key, kind, first_delivery_id, source_row, since, until, valid_until,
    from_change)
SELECT DISTINCT ON (changed.entity_id, changed.name) changed.entity_id, changed.name, changed.name_key, 'former',
    changed.delivery_id, changed.source_row, delivery.received_at, delivery.received_at, changed.last_day, true
FROM changed_name AS changed JOIN intake_delivery AS delivery ON delivery.id = changed.delivery_id
WHERE changed.side = 'before'
ORDER BY changed.entity_id, changed.name, changed.last_day DESC
ON CONFLICT (entity_id, name) DO UPDATE SET valid_until = EXCLUDED.valid_until
    WHERE registry_name.valid_until IS DISTINCT FROM EXCLUDED.valid_until AND registry_name.kind <> 'registered'

-- name: date_new_names
-- The first day of a name by the record of the change that brought it.
UPDATE registry_name AS held SET valid_from = changed.first_day
FROM changed_name AS changed
WHERE changed.side = 'after' AND held.entity_id = changed.entity_id AND held.name = changed.name
  AND held.valid_from IS DISTINCT FROM changed.first_day

-- name: name_changes
-- Changes of name among these records.
SELECT entity_id, delivery_id, source_row, payload ->> 'ALTBE', payload ->> 'ALTAF', (payload ->> 'ALTDATE')::date
FROM fact
WHERE dataset = 'registration-change' AND payload ->> 'ALTITEM' ~ '名称|字号' AND payload ->> 'ALTDATE' IS NOT NULL
ORDER BY entity_id, (payload ->> 'ALTDATE')::date, record_id

-- name: forget_facts
-- Everything read from the ledger, before it is read again from the first event.
WITH relations AS (DELETE FROM registry_relation), pending AS (DELETE FROM registry_pendinglink),
    names AS (DELETE FROM registry_name WHERE from_change),
    days AS (UPDATE registry_name SET valid_from = NULL, valid_until = NULL
        WHERE NOT from_change AND (valid_from IS NOT NULL OR valid_until IS NOT NULL))
DELETE FROM registry_succession WHERE source_record_id IS NOT NULL
