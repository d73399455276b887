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

-- name: settled_rows
-- Rows whose version is still the newest of its record, told by their code, without any finding, of entities that stayed.
COPY (
    SELECT version.source_row, version.record_id
    FROM (
        SELECT entity_id, record_id, version_no, source_row FROM public.ledger_versions_v1(%(first)s, %(last)s)
        WHERE delivery_id = %(source)s
        ORDER BY entity_id, record_id OFFSET 0
    ) AS version
    CROSS JOIN LATERAL (
        SELECT FROM ledger_record WHERE entity_id = version.entity_id AND record_id = version.record_id
          AND version_no = version.version_no AND delivery_id = %(source)s LIMIT 1
    ) AS newest
    WHERE version.source_row NOT IN (SELECT row FROM intake_finding WHERE delivery_id = %(source)s)
      AND version.source_row NOT IN (SELECT row FROM registry_link WHERE delivery_id = %(source)s)
      AND version.entity_id NOT IN (SELECT entity_id FROM moved_entity)
) TO STDOUT (FORMAT binary)
