-- name: repeated_delivery
-- The delivery that took in the same file, read the same way, and wrote most.
SELECT earlier.id
FROM intake_delivery AS earlier
WHERE earlier.sha256 = %(sha256)s AND earlier.department_id = %(department)s AND earlier.dataset_code = %(dataset)s
  AND earlier.parent_id IS NULL AND earlier.id < %(delivery)s AND earlier.state = 'committed'
  AND earlier.read_under = %(under)s AND earlier.accepted > 0
ORDER BY earlier.accepted DESC, earlier.id LIMIT 1

-- name: versions_of_delivery
-- The ranges of versions it wrote.
SELECT version_from, version_to FROM ledger_event
WHERE delivery_id = %(source)s AND kind = 'versions.appended' ORDER BY version_from

-- name: registered_since
-- Ranges of versions by which the register has spoken of entities since that delivery began to be read.
SELECT version_from, version_to FROM ledger_event
WHERE recorded_at >= (SELECT taken_at FROM intake_delivery WHERE id = %(source)s)
  AND dataset_id = ANY(%(registers)s) AND version_from IS NOT NULL

-- name: create_moved_entities
-- Entities of which something else was said since: by the register, or by an act of an officer.
CREATE TEMPORARY TABLE moved_entity (entity_id bigint NOT NULL) ON COMMIT DROP;
INSERT INTO moved_entity
SELECT entity_id FROM registry_act UNION SELECT other_id FROM registry_act WHERE other_id IS NOT NULL

-- name: add_moved_entities
-- The entities of a range of versions.
INSERT INTO moved_entity SELECT DISTINCT entity_id FROM public.ledger_versions_v1(%(first)s, %(last)s)

-- name: appended_since
-- Ranges of versions that anyone else has appended since: the events stand in the order of the commits.
SELECT version_from, version_to FROM ledger_event
WHERE id > (SELECT min(id) FROM ledger_event WHERE delivery_id = %(source)s AND kind = 'versions.appended')
  AND version_from IS NOT NULL AND delivery_id IS DISTINCT FROM %(source)s

-- name: create_overtaken_records
-- Records whose newest version is no longer that delivery's.
CREATE TEMPORARY TABLE overtaken_record (record_id bigint NOT NULL) ON COMMIT DROP

-- name: add_records_appended
-- Where little was appended since: every record of it.
INSERT INTO overtaken_record SELECT record_id FROM public.ledger_versions_v1(%(first)s, %(last)s)

-- name: add_records_overtaken
-- Where much was: the head of each record is looked at, in the order of the index.
INSERT INTO overtaken_record
SELECT version.record_id
FROM (
    SELECT entity_id, record_id, version_no FROM public.ledger_versions_v1(%(first)s, %(last)s)
    WHERE delivery_id = %(source)s
    ORDER BY entity_id, record_id OFFSET 0
) AS version
LEFT JOIN LATERAL (
    SELECT TRUE AS found FROM ledger_record WHERE entity_id = version.entity_id AND record_id = version.record_id
      AND version_no = version.version_no AND delivery_id = %(source)s LIMIT 1
) AS newest ON TRUE
WHERE newest.found IS NULL

-- name: settled_rows
-- Rows whose version is still the newest of its record, told by their code, without any finding, of entities that stayed: row and
-- record of each, four and eight bytes, in one value (a row of a result for each costs the client more than all the rest).
SELECT string_agg(int4send(source_row) || int8send(record_id), ''::bytea)
FROM public.ledger_versions_v1(%(first)s, %(last)s)
WHERE delivery_id = %(source)s
  AND record_id NOT IN (SELECT record_id FROM overtaken_record)
  AND source_row NOT IN (SELECT row FROM intake_finding WHERE delivery_id = %(source)s)
  AND source_row NOT IN (SELECT row FROM registry_link WHERE delivery_id = %(source)s)
  AND entity_id NOT IN (SELECT entity_id FROM moved_entity)
