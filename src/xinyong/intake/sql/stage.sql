-- name: create_stage
-- The working tables of a loading session, empty for each transaction: a killed loader leaves nothing behind, and a session
-- that takes in one record after another makes them once.
CREATE TEMPORARY TABLE IF NOT EXISTS stage (
    row integer NOT NULL,
    dataset_id integer NOT NULL,
    subject_code text,
    registration_number text,
    organisation_code text,
    subject_name text,
    name_key text,
    subject_kind text NOT NULL,
    source_key bytea NOT NULL,
    decided_on date,
    content_hash bytea NOT NULL,
    status text,
    place text,
    resolve_name boolean NOT NULL,
    registers boolean NOT NULL
) ON COMMIT DELETE ROWS;
CREATE TEMPORARY TABLE IF NOT EXISTS stage_number (
    row integer NOT NULL,
    type text NOT NULL,
    value text NOT NULL
) ON COMMIT DELETE ROWS;
CREATE TEMPORARY TABLE IF NOT EXISTS resolve_lead (
    row integer NOT NULL,
    entity_id bigint NOT NULL,
    root bigint NOT NULL,
    roots integer NOT NULL,
    type text NOT NULL,
    value text NOT NULL
) ON COMMIT DELETE ROWS;
CREATE TEMPORARY TABLE IF NOT EXISTS resolved (
    row integer NOT NULL,
    entity_id bigint,
    rule text NOT NULL DEFAULT '',
    reference bigint
) ON COMMIT DELETE ROWS;
CREATE TEMPORARY TABLE IF NOT EXISTS decided (
    row integer NOT NULL,
    entity_id bigint,
    record_id bigint,
    version_no integer,
    other_row integer,
    outcome text NOT NULL
) ON COMMIT DELETE ROWS;
CREATE TEMPORARY TABLE IF NOT EXISTS stage_finding (
    row integer NOT NULL,
    kind text NOT NULL,
    code text NOT NULL,
    severity text NOT NULL,
    field text NOT NULL,
    "column" text NOT NULL,
    value text NOT NULL,
    reason_zh text NOT NULL,
    reason_en text NOT NULL,
    suggestion_zh text NOT NULL,
    suggestion_en text NOT NULL,
    fix text NOT NULL
) ON COMMIT DELETE ROWS;
CREATE TEMPORARY TABLE IF NOT EXISTS stage_payload (
    row integer NOT NULL,
    payload jsonb NOT NULL
) ON COMMIT DELETE ROWS;
CREATE TEMPORARY TABLE IF NOT EXISTS fresh_name (
    row integer NOT NULL,
    entity_id bigint NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    name_key text NOT NULL,
    status text,
    place text,
    registers boolean NOT NULL
) ON COMMIT DELETE ROWS

-- name: copy_stage
-- Text rows from the checks: what the resolution and the decision need, without the payload.
COPY stage (row, dataset_id, subject_code, registration_number, organisation_code, subject_name, name_key,
    subject_kind, source_key, decided_on, content_hash, status, place, resolve_name, registers)
FROM STDIN

-- name: copy_payloads
-- Payloads of the few rows a judge wants to look at.
COPY stage_payload (row, payload) FROM STDIN

-- name: copy_names
-- Names these rows give, kept back until all rows are in: their rows in the registry stay free for other loaders.
COPY fresh_name (row, entity_id, kind, name, name_key, status, place, registers) FROM STDIN

-- name: copy_decided
-- What became of each row: 1 accepted, 2 unchanged, 3 unresolved, 4 contradiction, 5 refused by a judge.
COPY (
    SELECT row, coalesce(entity_id, 0), coalesce(record_id, 0), version_no,
        CASE outcome WHEN 'accepted' THEN 1 WHEN 'unchanged' THEN 2 WHEN 'unresolved' THEN 3 WHEN 'refused' THEN 5
            ELSE 4 END
    FROM decided
) TO STDOUT (FORMAT binary)

-- name: copy_heads
-- Heads of new records.
COPY ledger_record (decided_on, entity_id, record_id, dataset_id, version_no, delivery_id, source_key, content_hash)
FROM STDIN (FORMAT binary)

-- name: copy_versions
-- Versions, with the payload exactly as it was hashed.
COPY ledger_version (decided_on, entity_id, record_id, version_id, delivery_id, department_id, edition_id, received_at,
    recorded_at, version_no, source_row, content_hash, payload_hash, payload)
FROM STDIN (FORMAT binary)

-- name: copy_findings
-- Findings of one batch.
COPY intake_finding (delivery_id, row, kind, code, severity, field, "column", value, reason_zh, reason_en, suggestion_zh,
    suggestion_en, fix)
FROM STDIN

-- name: save_findings
-- Findings of a delivery on their way round a rollback.
COPY (
    SELECT delivery_id, row, kind, code, severity, field, "column", value, reason_zh, reason_en, suggestion_zh,
        suggestion_en, fix
    FROM intake_finding WHERE delivery_id = {} ORDER BY id
) TO STDOUT

-- name: copy_numbers
-- Numbers of other kinds in rows without a credit code.
COPY stage_number (row, type, value) FROM STDIN
