-- name: back_flow_shared
-- Whether another department has delivered a version of a record that would get a further one now.
SELECT EXISTS (
    SELECT FROM decided CROSS JOIN LATERAL (
        SELECT department_id FROM ledger_version WHERE entity_id = decided.entity_id AND record_id = decided.record_id OFFSET 0
    ) AS version
    WHERE decided.outcome = 'accepted' AND decided.version_no > 1 AND version.department_id <> %(department)s)

-- name: back_flow_table
-- Which decided row is a copy of which version. "own": the department's own earlier content, replaced by another since.
CREATE TEMPORARY TABLE back_flow (
    row integer PRIMARY KEY,
    own boolean NOT NULL,
    record_id bigint NOT NULL,
    version_no integer NOT NULL,
    delivery_id bigint NOT NULL,
    source_row integer NOT NULL
) ON COMMIT DROP

-- name: back_flow_of_records
-- Further versions that are none: what another department delivered for the same record comes back, whole or in part; or
-- the department repeats what another has replaced since, which would go to and fro for ever.
INSERT INTO back_flow
SELECT DISTINCT ON (decided.row) decided.row, version.department_id = %(department)s, version.record_id, version.version_no,
    version.delivery_id, version.source_row
FROM decided
JOIN stage USING (row)
JOIN stage_payload USING (row)
CROSS JOIN LATERAL (
    SELECT * FROM ledger_version WHERE entity_id = decided.entity_id AND record_id = decided.record_id OFFSET 0
) AS version
WHERE decided.outcome = 'accepted' AND decided.version_no > 1
  AND CASE WHEN version.department_id = %(department)s
      THEN version.content_hash = stage.content_hash AND EXISTS (
        SELECT FROM ledger_version AS later WHERE later.entity_id = version.entity_id
          AND later.record_id = version.record_id AND later.version_no > version.version_no
          AND later.department_id <> %(department)s)
      ELSE intake_says_nothing_new_v1(stage_payload.payload, version.payload::jsonb, %(ignored)s::text[] || %(key)s::text[])
      END
ORDER BY decided.row, version.department_id = %(department)s, version.version_no DESC

-- name: back_flow_without_key
-- Copies in a layout that has no column for a part of the key: found by entity and date, told by what they say.
INSERT INTO back_flow
SELECT DISTINCT ON (decided.row) decided.row, false, version.record_id, version.version_no, version.delivery_id,
    version.source_row
FROM decided
JOIN stage USING (row)
JOIN stage_payload USING (row)
CROSS JOIN LATERAL (
    SELECT entity_id, record_id FROM ledger_record
    WHERE entity_id = decided.entity_id AND dataset_id = %(dataset)s AND decided_on IS NOT DISTINCT FROM stage.decided_on
    OFFSET 0
) AS head
CROSS JOIN LATERAL (
    SELECT * FROM ledger_version WHERE entity_id = head.entity_id AND record_id = head.record_id OFFSET 0
) AS version
WHERE decided.outcome = 'accepted' AND decided.version_no = 1 AND NOT stage_payload.payload ?| %(unsaid)s::text[]
  AND intake_says_nothing_new_v1(stage_payload.payload, version.payload::jsonb, %(ignored)s::text[])
ORDER BY decided.row, version.version_no DESC
ON CONFLICT DO NOTHING

-- name: back_flow_unchanged
-- Copies make no version.
UPDATE decided SET outcome = 'unchanged', record_id = back_flow.record_id
FROM back_flow WHERE decided.row = back_flow.row

-- name: back_flow_findings
-- Every copy is told, with the delivery it is a copy of.
INSERT INTO stage_finding
SELECT back_flow.row, 'duplicate', CASE WHEN back_flow.own THEN 'replaced-by-another' ELSE 'back-flow' END, 'warning',
    %(number_field)s, %(number_column)s, left(coalesce(stage_payload.payload ->> %(number_field)s, ''), 200),
    CASE WHEN back_flow.own
        THEN '与本部门此前报送的内容（批次 ' || source.number || ' 第 ' || back_flow.source_row || ' 行）相同，其后已由其他部门更新；未产生新版本'
        ELSE '数据回流：与批次 ' || source.number || ' 第 ' || back_flow.source_row || ' 行（' || department.name_zh || '）已报送的记录相同；未产生新版本' END,
    CASE WHEN back_flow.own
        THEN 'Equal to what this department delivered before (' || source.number || ', row ' || back_flow.source_row
            || '); another department has replaced it since. No new version was made'
        ELSE 'A copy that came back: equal to the record delivered as row ' || back_flow.source_row || ' of '
            || source.number || '; no new version was made' END,
    CASE WHEN back_flow.own THEN '请与更新该记录的部门核对；确需恢复的，请另行更正' ELSE '无需处理；内容确有更正的，请由原报送部门报送' END,
    CASE WHEN back_flow.own THEN 'Settle it with the department that replaced it, then deliver a correction'
        ELSE 'Nothing to do; a correction comes from the department that delivered the record' END, ''
FROM back_flow
JOIN stage_payload USING (row)
JOIN intake_delivery AS source ON source.id = back_flow.delivery_id
JOIN accounts_department AS department ON department.id = source.department_id

-- name: back_flow_tally
-- The copies stand on the receipt, as a part of the unchanged rows.
UPDATE intake_delivery SET back_flow = copies.rows
FROM (SELECT count(DISTINCT row) AS rows FROM intake_finding
      WHERE delivery_id = %(delivery)s AND kind = 'duplicate' AND code = 'back-flow') AS copies
WHERE id = %(delivery)s AND back_flow <> copies.rows

-- name: back_flow_hints
-- New records that say what an old one of the same entity and day says under another number, which is not in this
-- delivery itself: perhaps the number was corrected, and the old record should be withdrawn.
INSERT INTO stage_finding
SELECT DISTINCT ON (decided.row) decided.row, 'duplicate', 'looks-like-correction', 'warning', %(number_field)s,
    %(number_column)s, left(coalesce(stage_payload.payload ->> %(number_field)s, ''), 200),
    '除编号外与已有记录 ' || head.record_id || '（' || coalesce(version.payload::jsonb ->> %(number_field)s, '') || '，批次 '
        || source.number || ' 第 ' || version.source_row || ' 行）完全相同，疑为该记录的更正；已作为新记录入库',
    'Equal to record ' || head.record_id || ' (row ' || version.source_row || ' of ' || source.number
        || ') in everything but its number, so it looks like a correction of that record; stored as a new record',
    '如为更正编号，请同时撤回原记录；如确为两个决定，无需处理',
    'If the number was corrected, withdraw the old record as well; if these are two decisions, there is nothing to do', ''
FROM decided
JOIN stage USING (row)
JOIN stage_payload USING (row)
CROSS JOIN LATERAL (
    SELECT entity_id, record_id, version_no FROM ledger_record
    WHERE entity_id = decided.entity_id AND dataset_id = %(dataset)s AND decided_on IS NOT DISTINCT FROM stage.decided_on
      AND delivery_id <> %(delivery)s AND delivery_id IS DISTINCT FROM %(repeats)s::integer
    OFFSET 0
) AS head
CROSS JOIN LATERAL (
    SELECT * FROM ledger_version
    WHERE entity_id = head.entity_id AND record_id = head.record_id AND version_no = head.version_no OFFSET 0
) AS version
JOIN intake_delivery AS source ON source.id = version.delivery_id
WHERE decided.outcome = 'accepted' AND decided.version_no = 1
  AND intake_says_nothing_new_v1(stage_payload.payload, version.payload::jsonb, %(ignored)s::text[] || %(number_field)s::text)
  AND intake_says_nothing_new_v1(version.payload::jsonb, stage_payload.payload, %(ignored)s::text[] || %(number_field)s::text)
  AND NOT EXISTS (
    SELECT FROM decided AS repeated WHERE repeated.entity_id = head.entity_id AND repeated.record_id = head.record_id)
ORDER BY decided.row, head.record_id DESC
