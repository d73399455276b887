-- name: create_stage
-- One session's working tables. They are temporary: a killed loader leaves nothing behind.
CREATE TEMPORARY TABLE stage (
    row integer NOT NULL,
    dataset_id integer NOT NULL,
    edition_id bigint NOT NULL,
    subject_code text,
    registration_number text,
    organisation_code text,
    subject_name text,
    name_key text,
    subject_kind text NOT NULL,
    source_key bytea NOT NULL,
    decided_on date,
    content_hash bytea NOT NULL,
    payload jsonb NOT NULL,
    resolve_name boolean NOT NULL,
    registers boolean NOT NULL
) ON COMMIT PRESERVE ROWS;
CREATE TEMPORARY TABLE stage_finding (
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
) ON COMMIT PRESERVE ROWS

-- name: copy_stage
-- Text rows from the checks; the loader fills what is the same for the whole dataset.
COPY stage (row, dataset_id, edition_id, subject_code, registration_number, organisation_code, subject_name, name_key,
    subject_kind, source_key, decided_on, content_hash, payload, resolve_name, registers)
FROM STDIN WITH (FORMAT csv, NULL '\N')

-- name: copy_findings
-- Findings of one batch.
COPY stage_finding (row, kind, code, severity, field, "column", value, reason_zh, reason_en, suggestion_zh,
    suggestion_en, fix)
FROM STDIN WITH (FORMAT csv, NULL '\N')
