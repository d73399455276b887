-- name: correction_subjects
-- What a commit would say of the subjects of corrected rows; only reads. Columns: row, code, bearers, registered, given.
SELECT given.row,
    CASE WHEN given.subject_code IS NOT NULL THEN 'name-differs'
         WHEN coalesce(same.bearers, 0) > 1 THEN 'name-not-unique' ELSE 'subject-unknown' END,
    coalesce(same.bearers, 0), coalesce(entity.name, ''), coalesce(given.subject_name, '')
FROM unnest(%(row)s::int[], %(subject_code)s::text[], %(registration_number)s::text[], %(name_key)s::text[],
    %(subject_name)s::text[]) AS given(row, subject_code, registration_number, name_key, subject_name)
LEFT JOIN registry_identifier AS code ON code.type = 'credit_code' AND code.value = given.subject_code
LEFT JOIN registry_entity AS entity ON entity.id = code.entity_id
LEFT JOIN LATERAL (
    SELECT count(DISTINCT name.entity_id) AS bearers FROM registry_name AS name
    WHERE name.name_key = given.name_key AND name.kind = 'registered'
) AS same ON given.subject_code IS NULL
WHERE (given.subject_code IS NULL AND given.registration_number IS NULL
       AND NOT (%(resolve_name)s AND coalesce(same.bearers, 0) = 1))
   OR (given.subject_code IS NOT NULL AND NOT %(registers)s AND entity.registered AND entity.name <> ''
       AND given.name_key <> '' AND NOT EXISTS (
           SELECT FROM registry_name AS name WHERE name.entity_id = entity.id AND name.name_key = given.name_key
             AND name.kind IN ('registered', 'former')))

-- name: correction_accept_all
-- Edits of a draft from every suggestion of a kind, or of all: one per cell that has no open edit. Only open rows take part:
-- none given up, corrected or closed. "columns" ties what a finding names to the column of the file.
INSERT INTO intake_correctionedit (delivery_id, row, "column", old_value, new_value, finding_id, act, made_by, made_at,
    undone_by)
SELECT %(delivery)s, finding.row, target.file_column, finding.value, finding.fix, finding.id, %(act)s, %(actor)s, %(now)s, ''
FROM (
    SELECT DISTINCT ON (finding.row, finding."column", finding.field) finding.*
    FROM intake_finding AS finding
    WHERE finding.delivery_id = %(delivery)s AND finding.severity = 'error' AND finding.fix <> ''
      AND (%(kind)s = '' OR finding.kind = %(kind)s)
    ORDER BY finding.row, finding."column", finding.field, finding.id
) AS finding
JOIN unnest(%(said)s::text[], %(field)s::text[], %(column)s::text[]) AS target(said, field, file_column)
    ON target.said = finding."column" AND target.field = finding.field
JOIN intake_fates_v1(%(delivery)s) AS fate ON fate.row = finding.row AND fate.fate IN ('open', 'draft')
WHERE NOT EXISTS (
    SELECT FROM intake_correctionedit AS edit WHERE edit.delivery_id = %(delivery)s AND edit.row = finding.row
      AND edit."column" = target.file_column AND edit.undone_at IS NULL AND edit.sent_in_id IS NULL)

-- name: correction_counts
-- Returned rows of a delivery by what became of them.
SELECT fate, count(*) FROM intake_fates_v1(%(delivery)s) GROUP BY fate

-- name: correction_open_edits
-- The edits of a draft that count: per cell the newest that is neither undone nor sent.
SELECT DISTINCT ON (row, "column") id, row, "column", new_value
FROM intake_correctionedit
WHERE delivery_id = %(delivery)s AND undone_at IS NULL AND sent_in_id IS NULL
  AND (%(every)s OR row = ANY(%(rows)s))
ORDER BY row, "column", id DESC
