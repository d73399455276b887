-- name: create_entities_by_code
-- Entities first named by this delivery, one per credit code, in the order of the codes.
WITH fresh AS (
    SELECT DISTINCT ON (stage.subject_code) stage.subject_code, stage.subject_kind, stage.subject_name, stage.name_key
    FROM stage
    LEFT JOIN registry_identifier AS known ON known.type = 'credit_code' AND known.value = stage.subject_code
    WHERE stage.subject_code IS NOT NULL AND known.id IS NULL
    ORDER BY stage.subject_code, stage.registers DESC, stage.row
), made AS (
    INSERT INTO registry_entity (kind, credit_code, name, name_key, status, place, registered, first_delivery_id, created_at)
    SELECT subject_kind, subject_code, coalesce(subject_name, ''), coalesce(name_key, ''), '', '', false,
        %(delivery)s, transaction_timestamp()
    FROM fresh ORDER BY subject_code
    RETURNING id, credit_code
)
INSERT INTO registry_identifier (entity_id, type, value, first_delivery_id)
SELECT id, 'credit_code', credit_code, %(delivery)s FROM made

-- name: add_registration_numbers
-- Crosswalk: a row that gives both numbers ties them, the first row of a record only; a number tied elsewhere stays there.
INSERT INTO registry_identifier (entity_id, type, value, first_delivery_id)
SELECT DISTINCT ON (registration_number) entity_id, 'registration_number', registration_number, %(delivery)s
FROM (
    SELECT known.entity_id, stage.registration_number, stage.row,
        row_number() OVER (PARTITION BY known.entity_id, stage.dataset_id, stage.source_key ORDER BY stage.row) AS place
    FROM stage
    JOIN registry_identifier AS known ON known.type = 'credit_code' AND known.value = stage.subject_code
) AS tied
WHERE place = 1 AND registration_number IS NOT NULL
ORDER BY registration_number, row
ON CONFLICT (type, value) DO NOTHING

-- name: create_entities_by_registration_number
-- Individual businesses and old enterprises that never received a credit code.
WITH fresh AS (
    SELECT DISTINCT ON (stage.registration_number) stage.registration_number, stage.subject_kind, stage.subject_name,
        stage.name_key, nextval(pg_get_serial_sequence('registry_entity', 'id')) AS id
    FROM stage
    LEFT JOIN registry_identifier AS known
        ON known.type = 'registration_number' AND known.value = stage.registration_number
    WHERE stage.subject_code IS NULL AND stage.registration_number IS NOT NULL AND known.id IS NULL
    ORDER BY stage.registration_number, stage.row
), made AS (
    INSERT INTO registry_entity (id, kind, credit_code, name, name_key, status, place, registered, first_delivery_id, created_at)
    SELECT id, subject_kind, NULL, coalesce(subject_name, ''), coalesce(name_key, ''), '', '', false,
        %(delivery)s, transaction_timestamp()
    FROM fresh ORDER BY registration_number
)
INSERT INTO registry_identifier (entity_id, type, value, first_delivery_id)
SELECT id, 'registration_number', registration_number, %(delivery)s FROM fresh

-- name: resolve
-- Which entity? The credit code; without one the registration number; without both a registered name that exactly one
-- entity of the register bears (closed world). A valid code is never overruled; what stays empty is not certain.
CREATE TEMPORARY TABLE resolved ON COMMIT DROP AS
SELECT stage.row,
    CASE
        WHEN stage.subject_code IS NOT NULL THEN by_code.entity_id
        WHEN stage.registration_number IS NOT NULL THEN by_number.entity_id
        ELSE by_name.entity_id
    END AS entity_id
FROM stage
LEFT JOIN registry_identifier AS by_code ON by_code.type = 'credit_code' AND by_code.value = stage.subject_code
LEFT JOIN registry_identifier AS by_number
    ON stage.subject_code IS NULL AND by_number.type = 'registration_number'
    AND by_number.value = stage.registration_number
LEFT JOIN (
    SELECT name.name_key, min(name.entity_id) AS entity_id
    FROM registry_name AS name
    JOIN (
        SELECT DISTINCT name_key FROM stage
        WHERE subject_code IS NULL AND registration_number IS NULL AND resolve_name AND name_key <> ''
    ) AS wanted USING (name_key)
    WHERE name.kind = 'registered'
    GROUP BY name.name_key
    HAVING count(DISTINCT name.entity_id) = 1
) AS by_name
    ON stage.subject_code IS NULL AND stage.registration_number IS NULL AND stage.resolve_name
    AND by_name.name_key = stage.name_key

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
