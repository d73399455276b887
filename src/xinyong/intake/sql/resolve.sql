-- name: find_leads
-- Rows without a credit code: which entity the other numbers of the row lead to. "roots" above one: they disagree.
-- Positions 9 to 17 of a credit code are the organisation code, so that number leads by the code itself. A number that led
-- to another entity before counts for decisions of that time.
INSERT INTO resolve_lead (row, entity_id, root, roots, type, value)
WITH number AS (
    SELECT row, type, value FROM stage_number
    UNION ALL
    SELECT row, 'organisation_code', organisation_code FROM stage
    WHERE subject_code IS NULL AND organisation_code IS NOT NULL
), led AS (
    SELECT number.row, number.type, number.value, coalesce(past.entity_id, held.entity_id) AS entity_id
    FROM number CROSS JOIN LATERAL (
        SELECT entity_id FROM registry_identifier WHERE type = number.type AND value = number.value LIMIT 1
    ) AS held
    JOIN stage ON stage.row = number.row
    LEFT JOIN registry_formerholder AS past ON past.type = number.type AND past.value = number.value
        AND stage.decided_on <= past.valid_until AND (past.valid_from IS NULL OR stage.decided_on >= past.valid_from)
    UNION
    SELECT number.row, number.type, number.value, entity.id
    FROM number CROSS JOIN LATERAL (
        SELECT id FROM registry_entity WHERE substring(credit_code, 9, 9) = number.value OFFSET 0
    ) AS entity
    WHERE number.type = 'organisation_code'
)
SELECT led.row, min(led.entity_id) AS entity_id, min(coalesce(entity.canonical_id, entity.id)) AS root,
    count(DISTINCT coalesce(entity.canonical_id, entity.id)) AS roots,
    (array_agg(led.type ORDER BY led.type))[1] AS type, (array_agg(led.value ORDER BY led.type))[1] AS value
FROM led CROSS JOIN LATERAL (SELECT id, canonical_id FROM registry_entity WHERE id = led.entity_id LIMIT 1) AS entity
GROUP BY led.row

-- name: resolve
-- Which entity? The credit code; without one the registration number, then the other numbers; without any number a
-- registered name that exactly one entity of the register bears (closed world), then what a person decided for this name
-- of this department. A valid code is never overruled; what stays empty is not certain. "rule" says how it was told.
-- Each lateral search is one look into an index, whatever the size of the register.
INSERT INTO resolved (row, entity_id, rule, reference)
SELECT stage.row,
    CASE
        WHEN stage.subject_code IS NOT NULL THEN by_code.entity_id
        WHEN by_number.entity_id IS NOT NULL THEN by_number.entity_id
        WHEN lead.row IS NOT NULL THEN CASE WHEN lead.roots = 1 THEN lead.entity_id END
        ELSE coalesce(by_name.entity_id, by_rule.entity_id)
    END,
    CASE
        WHEN stage.subject_code IS NOT NULL THEN 'credit_code'
        WHEN by_number.entity_id IS NOT NULL THEN 'registration_number'
        WHEN lead.row IS NOT NULL THEN CASE WHEN lead.roots = 1 THEN lead.type ELSE 'disagree' END
        WHEN by_name.entity_id IS NOT NULL THEN 'name'
        WHEN by_rule.entity_id IS NOT NULL THEN 'rule'
        ELSE ''
    END,
    by_rule.id
FROM stage
LEFT JOIN LATERAL (
    SELECT entity_id FROM registry_identifier WHERE type = 'credit_code' AND value = stage.subject_code LIMIT 1
) AS by_code ON true
LEFT JOIN LATERAL (
    SELECT entity_id FROM registry_identifier
    WHERE stage.subject_code IS NULL AND type = 'registration_number' AND value = stage.registration_number LIMIT 1
) AS by_number ON true
LEFT JOIN resolve_lead AS lead ON lead.row = stage.row
LEFT JOIN LATERAL (
    SELECT CASE WHEN min(coalesce(bearer.canonical_id, bearer.id)) = max(coalesce(bearer.canonical_id, bearer.id))
        THEN min(bearer.id) END AS entity_id
    FROM registry_name AS name JOIN registry_entity AS bearer ON bearer.id = name.entity_id
    WHERE stage.subject_code IS NULL AND stage.registration_number IS NULL AND stage.resolve_name
      AND stage.name_key <> '' AND name.name_key = stage.name_key AND name.kind = 'registered'
) AS by_name ON true
LEFT JOIN LATERAL (
    SELECT held.id, held.entity_id FROM registry_namingrule AS held
    WHERE stage.subject_code IS NULL AND stage.registration_number IS NULL AND stage.resolve_name
      AND held.department_id = %(department)s AND held.name_key = stage.name_key AND held.revoked_by IS NULL
      AND (%(received_at)s::timestamptz AT TIME ZONE 'Asia/Shanghai')::date BETWEEN held.valid_from AND held.valid_until
    LIMIT 1
) AS by_rule ON true

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
-- Individual businesses and old enterprises that never received a credit code, where no other number is known either.
WITH fresh AS MATERIALIZED (
    SELECT named.*, nextval(pg_get_serial_sequence('registry_entity', 'id')) AS id
    FROM (
        SELECT DISTINCT ON (stage.registration_number) stage.registration_number, stage.subject_kind, stage.subject_name,
            stage.name_key
        FROM resolved JOIN stage USING (row)
        WHERE resolved.entity_id IS NULL AND stage.subject_code IS NULL AND stage.registration_number IS NOT NULL
          AND resolved.rule <> 'disagree'
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
UPDATE resolved SET entity_id = known.entity_id,
    rule = CASE WHEN stage.subject_code IS NULL THEN 'registration_number' ELSE 'credit_code' END
FROM stage CROSS JOIN LATERAL (
    SELECT entity_id FROM registry_identifier
    WHERE type = CASE WHEN stage.subject_code IS NULL THEN 'registration_number' ELSE 'credit_code' END
      AND value = coalesce(stage.subject_code, stage.registration_number) LIMIT 1
) AS known
WHERE resolved.entity_id IS NULL AND resolved.rule <> 'disagree' AND stage.row = resolved.row

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
SELECT stage.row, 'subject',
    CASE WHEN resolved.rule = 'disagree' THEN 'subject-contradiction'
         WHEN coalesce(same.bearers, 0) > 1 THEN 'name-not-unique' ELSE 'subject-unknown' END,
    'error', %(name_field)s, %(name_column)s, left(coalesce(stage.subject_name, ''), 200),
    CASE WHEN resolved.rule = 'disagree' THEN '本行的号码与名称指向不同的主体，不能确定'
         WHEN coalesce(same.bearers, 0) > 1 THEN '登记库中有 ' || same.bearers || ' 个同名主体，仅凭名称不能确定'
         ELSE '没有代码，登记库中也没有这一名称的主体' END,
    CASE WHEN resolved.rule = 'disagree' THEN 'The numbers and the name of this row lead to different entities'
         WHEN coalesce(same.bearers, 0) > 1 THEN same.bearers || ' registered entities bear this name; the name alone cannot decide'
         ELSE 'No code is given, and no registered entity bears this name' END,
    '请补充统一社会信用代码后重新报送', 'Add the unified social credit code and deliver the row again', ''
FROM stage JOIN decided USING (row) JOIN resolved USING (row) LEFT JOIN LATERAL (
    SELECT count(DISTINCT coalesce(bearer.canonical_id, bearer.id)) AS bearers
    FROM registry_name AS name JOIN registry_entity AS bearer ON bearer.id = name.entity_id
    WHERE name.name_key = stage.name_key AND name.kind = 'registered'
) AS same ON true
WHERE decided.outcome = 'unresolved'
ORDER BY stage.row

-- name: resolve_former_holders
-- A registration number that led to another entity when the decision was made leads there for that decision.
UPDATE resolved SET entity_id = past.entity_id
FROM stage JOIN registry_formerholder AS past
    ON past.type = 'registration_number' AND past.value = stage.registration_number
WHERE stage.subject_code IS NULL AND resolved.row = stage.row
  AND stage.decided_on <= past.valid_until AND (past.valid_from IS NULL OR stage.decided_on >= past.valid_from)

-- name: resolve_decided
-- Rows sent again because a person decided whom they mean. A credit code in the row still goes before.
UPDATE resolved SET entity_id = assigned.entity_id, rule = 'decided', reference = assigned.case_id
FROM stage, intake_delivery AS delivery
JOIN registry_assignment AS assigned ON assigned.sha256 = delivery.sha256 AND assigned.parent_id = delivery.parent_id
WHERE delivery.id = %(delivery)s AND resolved.row = assigned.row AND stage.row = resolved.row
  AND stage.subject_code IS NULL

-- name: veto_other_numbers
-- The registration number leads to one entity, another number of the same row to a different one: nobody guesses.
UPDATE resolved SET entity_id = NULL, rule = 'disagree'
FROM resolve_lead AS lead, registry_entity AS entity
WHERE lead.row = resolved.row AND resolved.rule = 'registration_number' AND entity.id = resolved.entity_id
  AND (lead.roots > 1 OR lead.root <> coalesce(entity.canonical_id, entity.id))

-- name: veto_names
-- A number leads to one entity, but the name written is the registered name of another one that has a code of its own.
UPDATE resolved SET entity_id = NULL, rule = 'disagree'
FROM stage, registry_entity AS entity
WHERE stage.row = resolved.row AND stage.subject_code IS NULL AND stage.name_key <> ''
  AND resolved.rule NOT IN ('credit_code', 'name', 'rule', 'decided', 'disagree', '')
  AND entity.id = resolved.entity_id AND entity.name_key <> stage.name_key
  AND EXISTS (
    SELECT FROM registry_name AS name JOIN registry_entity AS other ON other.id = name.entity_id
    WHERE name.name_key = stage.name_key AND name.kind = 'registered' AND other.credit_code IS NOT NULL
      AND coalesce(other.canonical_id, other.id) <> coalesce(entity.canonical_id, entity.id))
  AND NOT EXISTS (
    SELECT FROM registry_name AS own JOIN registry_entity AS bearer ON bearer.id = own.entity_id
    WHERE own.name_key = stage.name_key AND own.kind <> 'reported'
      AND coalesce(bearer.canonical_id, bearer.id) = coalesce(entity.canonical_id, entity.id))

-- name: follow_members
-- Entries merged into one: a record that one of them holds already goes on there, so that it is never doubled.
WITH grouped AS (
    SELECT id, canonical_id AS root FROM registry_entity WHERE canonical_id IS NOT NULL
    UNION SELECT canonical_id, canonical_id FROM registry_entity WHERE canonical_id IS NOT NULL
), moved AS (
    SELECT DISTINCT ON (resolved.row) resolved.row, head.entity_id
    FROM resolved JOIN stage USING (row)
    JOIN grouped AS own ON own.id = resolved.entity_id
    JOIN grouped AS member ON member.root = own.root
    CROSS JOIN LATERAL (
        SELECT entity_id FROM ledger_record
        WHERE entity_id = member.id AND dataset_id = stage.dataset_id AND source_key = stage.source_key LIMIT 1
    ) AS head
    ORDER BY resolved.row, head.entity_id <> resolved.entity_id, head.entity_id
)
UPDATE resolved SET entity_id = moved.entity_id FROM moved
WHERE moved.row = resolved.row AND moved.entity_id <> resolved.entity_id

-- name: find_numbers_of_others
-- A registration number beside a valid code that leads to another entity: the code stands, the number is remarked.
INSERT INTO stage_finding
SELECT stage.row, 'subject', 'number-of-another', 'warning', %(key_field)s, %(key_column)s,
    left(stage.registration_number, 200),
    '注册号属于另一主体（' || other.name || '）；以统一社会信用代码为准，注册号未采用',
    'The registration number leads to another entity (' || other.name || '); the credit code stands, the number was not used',
    '请核对注册号', 'Check the registration number', ''
FROM stage JOIN decided USING (row)
CROSS JOIN LATERAL (
    SELECT entity_id FROM registry_identifier WHERE type = 'registration_number' AND value = stage.registration_number LIMIT 1
) AS held
CROSS JOIN LATERAL (SELECT id, canonical_id, name FROM registry_entity WHERE id = held.entity_id LIMIT 1) AS other
CROSS JOIN LATERAL (SELECT id, canonical_id FROM registry_entity WHERE id = decided.entity_id LIMIT 1) AS entity
WHERE decided.outcome = 'accepted' AND stage.subject_code IS NOT NULL AND held.entity_id <> decided.entity_id
  AND coalesce(other.canonical_id, other.id) <> coalesce(entity.canonical_id, entity.id)

-- name: remember_links
-- How each accepted row without a credit code was tied to its entity.
INSERT INTO registry_link (delivery_id, row, entity_id, rule, value, reference)
SELECT %(delivery)s, stage.row, decided.entity_id, resolved.rule,
    left(coalesce(CASE WHEN resolved.rule = 'registration_number' THEN stage.registration_number
         WHEN resolved.rule IN ('name', 'rule', 'decided') THEN stage.subject_name ELSE lead.value END, ''), 400),
    resolved.reference
FROM stage JOIN decided USING (row) JOIN resolved USING (row) LEFT JOIN resolve_lead AS lead USING (row)
WHERE decided.outcome = 'accepted' AND stage.subject_code IS NULL
ON CONFLICT (delivery_id, row) DO NOTHING
