-- name: decide
-- What becomes of each row. The same business key twice: an equal copy changes nothing, a different one contradicts the
-- first. Equal to the newest version of its record: unchanged. Otherwise the next version, or the first of a new record.
-- A head that this very delivery wrote is an earlier row of the same file.
INSERT INTO decided (row, entity_id, record_id, version_no, other_row, outcome)
SELECT ranked.row, ranked.entity_id, head.record_id, coalesce(head.version_no, 0) + 1, ranked.first_row,
    CASE
        WHEN ranked.entity_id IS NULL THEN 'unresolved'
        WHEN ranked.place > 1 AND ranked.content_hash = ranked.first_hash THEN 'unchanged'
        WHEN ranked.place > 1 THEN 'contradiction'
        WHEN head.content_hash = ranked.content_hash THEN 'unchanged'
        WHEN head.delivery_id = %(delivery)s THEN 'contradiction'
        ELSE 'accepted'
    END
FROM (
    SELECT resolved.row, resolved.entity_id, stage.source_key, stage.content_hash,
        row_number() OVER by_key AS place,
        first_value(stage.content_hash) OVER by_key AS first_hash,
        first_value(resolved.row) OVER by_key AS first_row
    FROM resolved JOIN stage USING (row)
    WINDOW by_key AS (PARTITION BY resolved.entity_id, stage.source_key ORDER BY resolved.row)
) AS ranked
LEFT JOIN LATERAL (
    SELECT record_id, version_no, content_hash, delivery_id FROM ledger_record
    WHERE entity_id = ranked.entity_id AND dataset_id = %(dataset)s AND source_key = ranked.source_key LIMIT 1
) AS head ON true

-- name: contradict
-- Rows that differ from the ledger although an earlier row of the same file was equal to it: they contradict that row.
UPDATE decided SET outcome = 'contradiction', other_row = earlier.other_row
FROM unnest(%(rows)s::int[], %(others)s::int[]) AS earlier (row, other_row)
WHERE decided.row = earlier.row

-- name: find_written_rows
-- The row of this file that wrote the version a later row contradicts.
UPDATE decided SET other_row = coalesce((
    SELECT source_row FROM ledger_version
    WHERE entity_id = decided.entity_id AND record_id = decided.record_id AND version_no = decided.version_no - 1
      AND delivery_id = %(delivery)s LIMIT 1), other_row)
WHERE outcome = 'contradiction' AND record_id IS NOT NULL

-- name: move_heads
-- Heads of records that receive a further version; a head that another loader moved meanwhile is not counted.
UPDATE ledger_record AS head SET version_no = decided.version_no, delivery_id = %(delivery)s,
    decided_on = stage.decided_on, content_hash = stage.content_hash
FROM decided JOIN stage USING (row)
WHERE decided.outcome = 'accepted' AND decided.version_no > 1
  AND head.entity_id = decided.entity_id AND head.record_id = decided.record_id
  AND head.version_no = decided.version_no - 1

-- name: retire_names
-- A registered name replaced by another becomes a former name.
UPDATE registry_name AS name SET kind = 'former', until = transaction_timestamp()
FROM (SELECT DISTINCT ON (entity_id) entity_id, name FROM fresh_name WHERE registers ORDER BY entity_id, row DESC) AS fresh
WHERE name.entity_id = fresh.entity_id AND name.kind = 'registered' AND name.name <> fresh.name

-- name: store_registered_names
-- Names from the register; a name that comes back is registered again.
INSERT INTO registry_name AS held (entity_id, name, name_key, kind, first_delivery_id, since)
SELECT DISTINCT ON (entity_id) entity_id, name, name_key, 'registered', %(delivery)s, transaction_timestamp()
FROM fresh_name WHERE registers
ORDER BY entity_id, row DESC
ON CONFLICT (entity_id, name) DO UPDATE SET kind = 'registered', until = NULL
WHERE held.kind <> 'registered' OR held.until IS NOT NULL

-- name: store_reported_names
-- Names other departments wrote beside a valid code.
INSERT INTO registry_name (entity_id, name, name_key, kind, first_delivery_id, since)
SELECT DISTINCT ON (entity_id, name) entity_id, name, name_key, 'reported', %(delivery)s, transaction_timestamp()
FROM fresh_name WHERE NOT registers
ORDER BY entity_id, name
ON CONFLICT (entity_id, name) DO NOTHING

-- name: update_entities
-- The registry follows the newest registration row.
UPDATE registry_entity AS entity SET registered = true, kind = fresh.kind, name = fresh.name,
    name_key = CASE WHEN fresh.name_key <> '' THEN fresh.name_key ELSE entity.name_key END,
    status = coalesce(fresh.status, entity.status),
    place = coalesce(nullif(fresh.place, ''), entity.place)
FROM (SELECT DISTINCT ON (entity_id) * FROM fresh_name WHERE registers ORDER BY entity_id, row DESC) AS fresh
WHERE entity.id = fresh.entity_id

-- name: update_nameless_entities
-- The same for rows of the register that give no name: an individual business may have none by law.
UPDATE registry_entity AS entity SET registered = true, kind = stage.subject_kind,
    status = coalesce(stage.status, entity.status),
    place = coalesce(nullif(stage.place, ''), entity.place)
FROM stage JOIN decided USING (row)
WHERE decided.outcome = 'accepted' AND stage.registers AND stage.subject_name IS NULL AND entity.id = decided.entity_id

-- name: find_name_differences
-- A name beside a valid code that the register does not know for it: a remark, the row stands.
INSERT INTO stage_finding
SELECT stage.row, 'name', 'name-differs', 'warning', %(name_field)s, %(name_column)s, left(stage.subject_name, 200),
    '与代码登记名称不一致（登记：' || entity.name || '）', 'Differs from the name registered for this code (' || entity.name || ')',
    '采用登记名称，或核对统一社会信用代码', 'Use the registered name, or check the credit code', entity.name
FROM stage JOIN decided USING (row) CROSS JOIN LATERAL (
    SELECT id, name, name_key FROM registry_entity
    WHERE id = decided.entity_id AND registered AND name <> '' LIMIT 1
) AS entity
WHERE decided.outcome IN ('accepted', 'unchanged') AND NOT stage.registers AND entity.name_key <> stage.name_key
  AND stage.name_key <> '' AND stage.subject_code IS NOT NULL
  AND NOT EXISTS (
    SELECT FROM registry_name AS name WHERE name.entity_id = entity.id AND name.name_key = stage.name_key
      AND name.kind IN ('registered', 'former'))
ORDER BY stage.row

-- name: find_contradictions
-- Two rows of one file that say different things under one key.
INSERT INTO stage_finding
SELECT stage.row, 'duplicate', 'contradicts-row', 'error', %(key_field)s, %(key_column)s,
    left(coalesce(stage.subject_code, stage.registration_number, stage.subject_name, ''), 200),
    '与本文件第 ' || decided.other_row || ' 行是同一记录，但内容不同；已采用第 ' || decided.other_row || ' 行',
    'Is the same record as row ' || decided.other_row || ' of this file with other content; that row was taken',
    '请核对两行，只保留正确的一行后重新报送', 'Compare the two rows, keep the right one and deliver again', ''
FROM stage JOIN decided USING (row) WHERE decided.outcome = 'contradiction'
ORDER BY stage.row

-- name: refuse_rows
-- Rows a judge does not let in.
UPDATE decided SET outcome = 'refused' WHERE row = ANY(%(rows)s) AND outcome = 'accepted' RETURNING row

-- name: stage_one_finding
-- What a judge has against one row.
INSERT INTO stage_finding
VALUES (%(row)s, %(kind)s, %(code)s, %(severity)s, %(field)s, %(column)s, left(%(value)s, 200), %(reason_zh)s,
    %(reason_en)s, %(suggestion_zh)s, %(suggestion_en)s, %(fix)s)

-- name: store_findings
-- Findings of the statements above, behind those of the checks.
INSERT INTO intake_finding (delivery_id, row, kind, code, severity, field, "column", value, reason_zh, reason_en,
    suggestion_zh, suggestion_en, fix)
SELECT %(delivery)s, row, kind, code, severity, field, "column", value, reason_zh, reason_en, suggestion_zh,
    suggestion_en, fix
FROM stage_finding ORDER BY row, severity, kind, code

-- name: last_version
-- The highest version number of the corridor; whoever asks holds the line.
SELECT version_to FROM ledger_event WHERE version_from IS NOT NULL ORDER BY version_from DESC LIMIT 1

-- name: insert_event
-- Versions of one dataset in one range, written last, so that event order is commit order.
INSERT INTO ledger_event (kind, delivery_id, dataset_id, version_from, version_to, recorded_at)
VALUES ('versions.appended', %(delivery)s, %(dataset)s, %(first)s, %(last)s, clock_timestamp())

-- name: store_counts
-- The receipt.
UPDATE intake_delivery SET state = %(state)s, encoding = %(encoding)s, layout = %(layout)s,
    committed_at = %(committed_at)s, seconds = %(seconds)s, read = %(read)s, accepted = %(accepted)s,
    rejected = %(rejected)s, unchanged = %(unchanged)s, warnings = %(warnings)s, entities_created = %(created)s,
    late_rows = %(late)s, oldest_decision = %(oldest)s, notes = %(notes)s::jsonb, read_under = %(under)s
WHERE id = %(delivery)s

-- name: audit_delivery
-- Its trace in the audit trail.
INSERT INTO audit_auditentry (at, actor, deed, target, purpose, detail)
VALUES (%(now)s, %(actor)s, %(deed)s, %(number)s, '', jsonb_build_object('read', %(read)s::int,
    'accepted', %(accepted)s::int, 'rejected', %(rejected)s::int, 'unchanged', %(unchanged)s::int))
