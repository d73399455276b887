-- name: horizon
-- The last event committed no later than a moment; nothing for a moment that has not come.
SELECT public.ledger_horizon_v1(%(moment)s)

-- name: records_of_entity
-- The newest version of each record up to an event, with the time its event was committed.
SELECT DISTINCT ON (version.record_id) version.record_id, dataset.code AS dataset, edition.edition, version.version_no,
    version.decided_on, version.received_at, event.recorded_at, delivery.number AS delivery, version.source_row,
    department.slug AS department, encode(version.content_hash, 'hex') AS content_hash, version.payload
FROM ledger_version AS version
JOIN ledger_event AS event ON event.id = public.ledger_event_of_v1(version.version_id)
    AND (%(last)s::bigint IS NULL OR event.id <= %(last)s::bigint)
JOIN catalogue_edition AS edition ON edition.id = version.edition_id
JOIN catalogue_dataset AS dataset ON dataset.id = edition.dataset_id
JOIN intake_delivery AS delivery ON delivery.id = version.delivery_id
JOIN accounts_department AS department ON department.id = version.department_id
WHERE version.entity_id = %(entity)s
ORDER BY version.record_id, version.version_no DESC

-- name: versions_of_record
-- Every version of a record up to an event, with its source and the time its event was committed.
SELECT version.entity_id, version.version_no, dataset.code AS dataset, edition.edition, edition.digest,
    version.decided_on, version.received_at, event.recorded_at, delivery.number AS delivery, delivery.uploader,
    version.source_row, version.department_id, department.slug AS department, department.name_zh AS department_zh,
    department.name_en AS department_en, encode(version.content_hash, 'hex') AS content_hash, version.payload
FROM ledger_record AS head
JOIN ledger_version AS version ON version.entity_id = head.entity_id AND version.record_id = head.record_id
JOIN ledger_event AS event ON event.id = public.ledger_event_of_v1(version.version_id)
    AND (%(last)s::bigint IS NULL OR event.id <= %(last)s::bigint)
JOIN catalogue_edition AS edition ON edition.id = version.edition_id
JOIN catalogue_dataset AS dataset ON dataset.id = edition.dataset_id
JOIN intake_delivery AS delivery ON delivery.id = version.delivery_id
JOIN accounts_department AS department ON department.id = version.department_id
WHERE head.record_id = %(record)s
ORDER BY version.version_no

-- name: facts_of_entity
-- What each version of an entity says of its names and numbers, in the order they were committed.
SELECT event.id AS event, dataset.code, edition.digest, version.payload, delivery.number, version.source_row,
    event.recorded_at, version.version_id
FROM ledger_version AS version
JOIN ledger_event AS event ON event.id = public.ledger_event_of_v1(version.version_id)
    AND (%(last)s::bigint IS NULL OR event.id <= %(last)s::bigint)
JOIN catalogue_edition AS edition ON edition.id = version.edition_id
JOIN catalogue_dataset AS dataset ON dataset.id = edition.dataset_id
JOIN intake_delivery AS delivery ON delivery.id = version.delivery_id
WHERE version.entity_id = %(entity)s
ORDER BY event.id, version.version_id

-- name: acts_on_records
-- What happened to the records of an entity (or to one of them) up to an event, in the order recorded.
SELECT record_id, event_id, version_no, effective_at, recorded_at, act, cause, actor, reason, basis, rule, answers
FROM ledger_status
WHERE entity_id = %(entity)s AND (%(record)s::bigint IS NULL OR record_id = %(record)s::bigint)
  AND (%(last)s::bigint IS NULL OR event_id <= %(last)s::bigint)
ORDER BY event_id

-- name: acts_on_range
-- Acts on the records of a range of versions.
SELECT status.entity_id, status.record_id, status.event_id, status.act, status.effective_at, status.cause
FROM ledger_status AS status
JOIN (SELECT DISTINCT entity_id, record_id FROM public.ledger_versions_v1(%(first)s, %(last)s)) AS touched
    USING (entity_id, record_id)

-- name: head_for_act
-- The head of a record, locked so that acts on it stand in line.
SELECT head.dataset_id, head.version_no, head.decided_on
FROM ledger_record AS head
WHERE head.entity_id = %(entity)s AND head.record_id = %(record)s FOR UPDATE

-- name: insert_status_event
-- The act takes its place in the corridor.
INSERT INTO ledger_event (kind, dataset_id) VALUES ('status.recorded', %(dataset)s) RETURNING id, recorded_at

-- name: insert_status
-- The act itself.
INSERT INTO ledger_status (entity_id, record_id, event_id, version_no, effective_at, recorded_at, act, cause, actor, reason,
    basis, rule, answers)
VALUES (%(entity)s, %(record)s, %(event)s, %(version)s, %(effective_at)s, %(recorded_at)s, %(act)s, %(cause)s, %(actor)s,
    %(reason)s, %(basis)s, %(rule)s, %(answers)s)
