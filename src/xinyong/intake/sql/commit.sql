-- name: decide
-- What becomes of each row. The same business key twice in one file: an equal copy changes nothing, a different one
-- contradicts the first. Equal to the newest version of its record: unchanged. Otherwise the next version, or the first
-- of a new record; records and versions are numbered in the order of the file.
CREATE TEMPORARY TABLE decided ON COMMIT DROP AS
SELECT row, dataset_id, source_key, content_hash, decided_on, entity_id, outcome, first_row AS other_row,
    CASE WHEN outcome = 'accepted' THEN coalesce(record_id, nextval('ledger_record_id_seq')) ELSE record_id END AS record_id,
    CASE WHEN outcome = 'accepted' THEN coalesce(version_no, 0) + 1 END AS version_no,
    CASE WHEN outcome = 'accepted' THEN count(*) FILTER (WHERE outcome = 'accepted') OVER (ORDER BY row) END AS ordinal
FROM (
    SELECT ranked.*, head.record_id, head.version_no,
        CASE
            WHEN ranked.entity_id IS NULL THEN 'unresolved'
            WHEN ranked.place > 1 AND ranked.content_hash = ranked.first_hash THEN 'unchanged'
            WHEN ranked.place > 1 THEN 'contradiction'
            WHEN head.content_hash = ranked.content_hash THEN 'unchanged'
            ELSE 'accepted'
        END AS outcome
    FROM (
        SELECT resolved.row, resolved.entity_id, stage.dataset_id, stage.source_key, stage.content_hash, stage.decided_on,
            row_number() OVER by_key AS place,
            first_value(stage.content_hash) OVER by_key AS first_hash,
            first_value(resolved.row) OVER by_key AS first_row
        FROM resolved JOIN stage USING (row)
        WINDOW by_key AS (PARTITION BY resolved.entity_id, stage.dataset_id, stage.source_key ORDER BY resolved.row)
    ) AS ranked
    LEFT JOIN ledger_record AS head
        ON head.entity_id = ranked.entity_id AND head.dataset_id = ranked.dataset_id
        AND head.source_key = ranked.source_key
    ORDER BY ranked.row
) AS judged

-- name: insert_heads
-- Heads of new records.
INSERT INTO ledger_record (entity_id, record_id, dataset_id, version_no, department_id, recorded_at, decided_on,
    source_key, content_hash)
SELECT entity_id, record_id, dataset_id, 1, %(department)s, transaction_timestamp(), decided_on, source_key, content_hash
FROM decided WHERE outcome = 'accepted' AND version_no = 1
ORDER BY entity_id, record_id

-- name: move_heads
-- Heads of records that received a further version.
UPDATE ledger_record AS head SET version_no = decided.version_no, department_id = %(department)s,
    recorded_at = transaction_timestamp(), decided_on = decided.decided_on, content_hash = decided.content_hash
FROM decided
WHERE decided.outcome = 'accepted' AND decided.version_no > 1
  AND head.entity_id = decided.entity_id AND head.record_id = decided.record_id

-- name: insert_versions
-- The versions themselves, in one contiguous range of version numbers.
INSERT INTO ledger_version (entity_id, record_id, version_id, delivery_id, department_id, edition_id, received_at,
    recorded_at, version_no, source_row, decided_on, content_hash, payload)
SELECT decided.entity_id, decided.record_id, %(first_version)s + decided.ordinal - 1, %(delivery)s, %(department)s,
    stage.edition_id, %(received_at)s, transaction_timestamp(), decided.version_no, decided.row, decided.decided_on,
    decided.content_hash, stage.payload
FROM decided JOIN stage USING (row)
WHERE decided.outcome = 'accepted'

-- name: insert_events
-- One event per dataset of the delivery, written last so that event order is commit order.
INSERT INTO ledger_event (kind, delivery_id, dataset_id, version_from, version_to)
SELECT 'versions.appended', %(delivery)s, dataset_id, %(first_version)s, %(last_version)s
FROM decided WHERE outcome = 'accepted' GROUP BY dataset_id ORDER BY dataset_id

-- name: retire_names
-- A registered name replaced by another becomes a former name.
UPDATE registry_name AS name SET kind = 'former', until = transaction_timestamp()
FROM stage JOIN decided USING (row)
WHERE decided.outcome = 'accepted' AND stage.registers AND stage.subject_name IS NOT NULL
  AND name.entity_id = decided.entity_id AND name.kind = 'registered' AND name.name <> stage.subject_name

-- name: store_registered_names
-- Names from the register; a name that comes back is registered again.
INSERT INTO registry_name (entity_id, name, name_key, kind, first_delivery_id, since)
SELECT decided.entity_id, stage.subject_name, coalesce(stage.name_key, ''), 'registered', %(delivery)s,
    transaction_timestamp()
FROM stage JOIN decided USING (row)
WHERE decided.outcome = 'accepted' AND stage.registers AND stage.subject_name IS NOT NULL
ON CONFLICT (entity_id, name) DO UPDATE SET kind = 'registered', until = NULL

-- name: store_reported_names
-- Names other departments wrote beside a valid code.
INSERT INTO registry_name (entity_id, name, name_key, kind, first_delivery_id, since)
SELECT DISTINCT ON (decided.entity_id, stage.subject_name) decided.entity_id, stage.subject_name,
    coalesce(stage.name_key, ''), 'reported', %(delivery)s, transaction_timestamp()
FROM stage JOIN decided USING (row)
WHERE decided.outcome = 'accepted' AND NOT stage.registers AND stage.subject_name IS NOT NULL
ORDER BY decided.entity_id, stage.subject_name
ON CONFLICT (entity_id, name) DO NOTHING

-- name: update_entities
-- The registry follows the newest registration row.
UPDATE registry_entity AS entity SET registered = true,
    kind = stage.subject_kind,
    name = coalesce(stage.subject_name, entity.name),
    name_key = coalesce(stage.name_key, entity.name_key),
    status = coalesce(stage.payload ->> %(status_field)s, entity.status),
    place = coalesce(nullif(concat_ws(' ', stage.payload ->> %(place_field)s, stage.payload ->> %(place_field_2)s), ''), entity.place)
FROM stage JOIN decided USING (row)
WHERE decided.outcome = 'accepted' AND stage.registers AND entity.id = decided.entity_id

-- name: find_name_differences
-- A name beside a valid code that the register does not know for it: a remark, the row stands.
INSERT INTO stage_finding
SELECT stage.row, 'name', 'name-differs', 'warning', %(name_field)s, %(name_column)s, left(stage.subject_name, 200),
    '与代码登记名称不一致（登记：' || entity.name || '）', 'Differs from the name registered for this code (' || entity.name || ')',
    '采用登记名称，或核对统一社会信用代码', 'Use the registered name, or check the credit code', entity.name
FROM stage JOIN decided USING (row) JOIN registry_entity AS entity ON entity.id = decided.entity_id
WHERE decided.outcome IN ('accepted', 'unchanged') AND NOT stage.registers AND entity.registered AND entity.name <> ''
  AND stage.name_key <> '' AND stage.subject_code IS NOT NULL
  AND NOT EXISTS (
    SELECT FROM registry_name AS name WHERE name.entity_id = entity.id AND name.name_key = stage.name_key
      AND name.kind IN ('registered', 'former'))

-- name: find_contradictions
-- Two rows of one file that say different things under one key.
INSERT INTO stage_finding
SELECT stage.row, 'duplicate', 'contradicts-row', 'error', %(key_field)s, %(key_column)s,
    left(coalesce(stage.subject_code, stage.registration_number, stage.subject_name, ''), 200),
    '与本文件第 ' || decided.other_row || ' 行是同一记录，但内容不同；已采用先出现的一行',
    'Is the same record as row ' || decided.other_row || ' of this file with other content; the earlier row was taken',
    '请核对两行，只保留正确的一行后重新报送', 'Compare the two rows, keep the right one and deliver again', ''
FROM stage JOIN decided USING (row) WHERE decided.outcome = 'contradiction'

-- name: store_findings
-- Findings of the delivery, in the order of the file.
INSERT INTO intake_finding (delivery_id, row, kind, code, severity, field, "column", value, reason_zh, reason_en,
    suggestion_zh, suggestion_en, fix)
SELECT %(delivery)s, row, kind, code, severity, field, "column", value, reason_zh, reason_en, suggestion_zh,
    suggestion_en, fix
FROM stage_finding ORDER BY row, severity, kind, code

-- name: tally
-- What became of the staged rows; late: decided before the day from which the shortest deadline was still running.
SELECT count(*) FILTER (WHERE outcome = 'accepted'),
    count(*) FILTER (WHERE outcome IN ('unresolved', 'contradiction')),
    count(*) FILTER (WHERE outcome = 'unchanged'),
    min(decided_on) FILTER (WHERE outcome = 'accepted'),
    count(*) FILTER (WHERE outcome = 'accepted' AND decided_on < %(late_before)s)
FROM decided

-- name: seal_delivery
-- The receipt, and its trace in the audit trail.
WITH sealed AS (
    UPDATE intake_delivery SET state = 'committed', encoding = %(encoding)s, layout = %(layout)s,
        committed_at = %(now)s, seconds = %(seconds)s, read = %(read)s, accepted = %(accepted)s,
        rejected = %(rejected)s, unchanged = %(unchanged)s, warnings = %(warnings)s, entities_created = %(created)s,
        late_rows = %(late)s, oldest_decision = %(oldest)s, notes = %(notes)s::jsonb
    WHERE id = %(delivery)s
)
INSERT INTO audit_auditentry (at, actor, deed, target, purpose, detail)
VALUES (%(now)s, %(actor)s, 'delivery.committed', %(number)s, '', jsonb_build_object('read', %(read)s::int,
    'accepted', %(accepted)s::int, 'rejected', %(rejected)s::int, 'unchanged', %(unchanged)s::int))
