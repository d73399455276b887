-- name: resolve
-- Which entity? The credit code; without one the registration number; without both a registered name that exactly one
-- entity of the register bears (closed world). A valid code is never overruled; what stays empty is not certain.
-- Each lateral search is one look into an index, whatever the size of the register.
INSERT INTO resolved (row, entity_id)
SELECT stage.row,
    CASE
        WHEN stage.subject_code IS NOT NULL THEN by_code.entity_id
        WHEN stage.registration_number IS NOT NULL THEN by_number.entity_id
        ELSE by_name.entity_id
    END
FROM stage
LEFT JOIN LATERAL (
    SELECT entity_id FROM registry_identifier WHERE type = 'credit_code' AND value = stage.subject_code LIMIT 1
) AS by_code ON true
LEFT JOIN LATERAL (
    SELECT entity_id FROM registry_identifier
    WHERE stage.subject_code IS NULL AND type = 'registration_number' AND value = stage.registration_number LIMIT 1
) AS by_number ON true
LEFT JOIN LATERAL (
    SELECT CASE WHEN min(entity_id) = max(entity_id) THEN min(entity_id) END AS entity_id FROM registry_name
    WHERE stage.subject_code IS NULL AND stage.registration_number IS NULL AND stage.resolve_name
      AND stage.name_key <> '' AND name_key = stage.name_key AND kind = 'registered'
) AS by_name ON true

-- name: create_entities_by_code
-- Entities first named by these rows, one per credit code, in the order of the codes. Who comes second to a number that
-- another loader is just storing waits for it and takes its entity.
WITH fresh AS MATERIALIZED (
    SELECT named.*, nextval(pg_get_serial_sequence('registry_entity', 'id')) AS id
    FROM (
        SELECT DISTINCT ON (stage.subject_code) stage.subject_code, stage.subject_kind, stage.subject_name, stage.name_key
        FROM resolved JOIN stage USING (row)
        WHERE resolved.entity_id IS NULL AND stage.subject_code IS NOT NULL
        ORDER BY stage.subject_code, stage.registers DESC, stage.row
    ) AS named
), numbered AS (
    INSERT INTO registry_identifier (entity_id, type, value, first_delivery_id)
    SELECT id, 'credit_code', subject_code, %(delivery)s FROM fresh ORDER BY subject_code
    ON CONFLICT (type, value) DO NOTHING
    RETURNING entity_id
)
INSERT INTO registry_entity (id, kind, credit_code, name, name_key, status, place, registered, first_delivery_id, created_at)
SELECT id, subject_kind, subject_code, coalesce(subject_name, ''), coalesce(name_key, ''), '', '', false,
    %(delivery)s, transaction_timestamp()
FROM fresh WHERE id IN (SELECT entity_id FROM numbered)

-- name: create_entities_by_registration_number
-- Individual businesses and old enterprises that never received a credit code.
WITH fresh AS MATERIALIZED (
    SELECT named.*, nextval(pg_get_serial_sequence('registry_entity', 'id')) AS id
    FROM (
        SELECT DISTINCT ON (stage.registration_number) stage.registration_number, stage.subject_kind, stage.subject_name,
            stage.name_key
        FROM resolved JOIN stage USING (row)
        WHERE resolved.entity_id IS NULL AND stage.subject_code IS NULL AND stage.registration_number IS NOT NULL
        ORDER BY stage.registration_number, stage.row
    ) AS named
), numbered AS (
    INSERT INTO registry_identifier (entity_id, type, value, first_delivery_id)
    SELECT id, 'registration_number', registration_number, %(delivery)s FROM fresh ORDER BY registration_number
    ON CONFLICT (type, value) DO NOTHING
    RETURNING entity_id
)
INSERT INTO registry_entity (id, kind, credit_code, name, name_key, status, place, registered, first_delivery_id, created_at)
SELECT id, subject_kind, NULL, coalesce(subject_name, ''), coalesce(name_key, ''), '', '', false,
    %(delivery)s, transaction_timestamp()
FROM fresh WHERE id IN (SELECT entity_id FROM numbered)

-- name: resolve_created
-- Rows of entities that were stored just now, here or by another loader.
UPDATE resolved SET entity_id = known.entity_id
FROM stage CROSS JOIN LATERAL (
    SELECT entity_id FROM registry_identifier
    WHERE type = CASE WHEN stage.subject_code IS NULL THEN 'registration_number' ELSE 'credit_code' END
      AND value = coalesce(stage.subject_code, stage.registration_number) LIMIT 1
) AS known
WHERE resolved.entity_id IS NULL AND stage.row = resolved.row

-- name: add_registration_numbers
-- Crosswalk: a row that gives both numbers ties them; a number tied elsewhere stays there.
INSERT INTO registry_identifier (entity_id, type, value, first_delivery_id)
SELECT DISTINCT ON (stage.registration_number) decided.entity_id, 'registration_number', stage.registration_number,
    %(delivery)s
FROM stage JOIN decided USING (row)
LEFT JOIN LATERAL (
    SELECT true AS yes FROM registry_identifier
    WHERE type = 'registration_number' AND value = stage.registration_number LIMIT 1
) AS known ON true
WHERE stage.subject_code IS NOT NULL AND stage.registration_number IS NOT NULL AND known.yes IS NULL
  AND decided.outcome = 'accepted'
ORDER BY stage.registration_number, stage.row
ON CONFLICT (type, value) DO NOTHING

-- name: find_unresolved
-- Rows whose entity is not certain.
INSERT INTO stage_finding
SELECT stage.row, 'subject', CASE WHEN coalesce(same.bearers, 0) > 1 THEN 'name-not-unique' ELSE 'subject-unknown' END,
    'error', %(name_field)s, %(name_column)s, left(coalesce(stage.subject_name, ''), 200),
    CASE WHEN coalesce(same.bearers, 0) > 1 THEN '登记库中有 ' || same.bearers || ' 个同名主体，仅凭名称不能确定'
         ELSE '没有代码，登记库中也没有这一名称的主体' END,
    CASE WHEN coalesce(same.bearers, 0) > 1 THEN same.bearers || ' registered entities bear this name; the name alone cannot decide'
         ELSE 'No code is given, and no registered entity bears this name' END,
    '请补充统一社会信用代码后重新报送', 'Add the unified social credit code and deliver the row again', ''
FROM stage JOIN decided USING (row) LEFT JOIN LATERAL (
    SELECT count(DISTINCT name.entity_id) AS bearers FROM registry_name AS name
    WHERE name.name_key = stage.name_key AND name.kind = 'registered'
) AS same ON true
WHERE decided.outcome = 'unresolved'
ORDER BY stage.row
