-- name: create_asked
-- What the loader asks about rows with a credit code; empty again after each question.
CREATE TEMPORARY TABLE IF NOT EXISTS asked_code (
    place integer NOT NULL,
    code text NOT NULL,
    kind text,
    name text,
    name_key text
) ON COMMIT DELETE ROWS;
CREATE TEMPORARY TABLE IF NOT EXISTS asked_head (
    place integer NOT NULL,
    entity_id bigint NOT NULL,
    source_key bytea NOT NULL
) ON COMMIT DELETE ROWS;
CREATE TEMPORARY TABLE IF NOT EXISTS asked_number (
    place integer NOT NULL,
    entity_id bigint NOT NULL,
    number text NOT NULL
) ON COMMIT DELETE ROWS

-- name: copy_unknown_codes
-- Codes nobody holds, with what their first rows say of the entity.
COPY asked_code (place, code, kind, name, name_key) FROM STDIN

-- name: copy_asked_heads
-- Each record once, in the order of the index.
COPY asked_head (place, entity_id, source_key) FROM STDIN (FORMAT binary)

-- name: copy_asked_numbers
-- Registration numbers beside codes, each pair once in a delivery.
COPY asked_number (place, entity_id, number) FROM STDIN

-- name: copy_decided_rows
-- What the loader decided of rows that other statements look at.
COPY decided (row, entity_id, record_id, version_no, other_row, outcome) FROM STDIN

-- name: find_codes
-- Who holds each code (its place counts from 1); whether the entry is one of several merged into one; the name the register
-- knows. Columns in one row: a row of a result for each code costs the loader more than the rest.
SELECT array_agg(asked.place), array_agg(held.entity_id), array_agg(entity.canonical_id IS NOT NULL OR members.yes IS NOT NULL),
    array_agg(CASE WHEN entity.registered AND entity.name <> '' THEN entity.name_key END)
FROM unnest(%(codes)s::text[]) WITH ORDINALITY AS asked (code, place)
CROSS JOIN LATERAL (
    SELECT entity_id FROM registry_identifier WHERE type = 'credit_code' AND value = asked.code LIMIT 1
) AS held
CROSS JOIN LATERAL (
    SELECT canonical_id, registered, name, name_key FROM registry_entity WHERE id = held.entity_id LIMIT 1
) AS entity
LEFT JOIN LATERAL (
    SELECT true AS yes FROM registry_entity WHERE canonical_id = held.entity_id LIMIT 1
) AS members ON true

-- name: create_entities_of_codes
-- Entities first named by these rows, in the order of their codes. Who comes second to a code that another loader is just
-- storing waits for it, and its row is missing here.
WITH fresh AS MATERIALIZED (
    SELECT asked_code.*, nextval(pg_get_serial_sequence('registry_entity', 'id')) AS id FROM asked_code
), numbered AS (
    INSERT INTO registry_identifier (entity_id, type, value, first_delivery_id)
    SELECT id, 'credit_code', code, %(delivery)s FROM fresh
    ON CONFLICT (type, value) DO NOTHING
    RETURNING entity_id
), stored AS (
    INSERT INTO registry_entity (id, kind, credit_code, name, name_key, status, place, registered, first_delivery_id,
        created_at)
    SELECT id, kind, code, coalesce(name, ''), coalesce(name_key, ''), '', '', false, %(delivery)s, transaction_timestamp()
    FROM fresh WHERE id IN (SELECT entity_id FROM numbered)
)
SELECT place, id FROM fresh WHERE id IN (SELECT entity_id FROM numbered)

-- name: find_heads
-- Heads of the records asked for, those that there are, end to end in one value: place, record, version, delivery, hash.
SELECT string_agg(int4send(asked.place) || int8send(head.record_id) || int4send(head.version_no) || int4send(head.delivery_id)
    || head.content_hash, ''::bytea)
FROM asked_head AS asked
CROSS JOIN LATERAL (
    SELECT record_id, version_no, delivery_id, content_hash FROM ledger_record
    WHERE entity_id = asked.entity_id AND dataset_id = %(dataset)s AND source_key = asked.source_key LIMIT 1
) AS head

-- name: add_numbers_beside_codes
-- Crosswalk: a row that gives both numbers ties them; a number tied elsewhere stays there.
INSERT INTO registry_identifier (entity_id, type, value, first_delivery_id)
SELECT DISTINCT ON (asked.number) asked.entity_id, 'registration_number', asked.number, %(delivery)s
FROM asked_number AS asked
LEFT JOIN LATERAL (
    SELECT true AS yes FROM registry_identifier
    WHERE type = 'registration_number' AND value = asked.number LIMIT 1
) AS known ON true
WHERE known.yes IS NULL
ORDER BY asked.number, asked.place
ON CONFLICT (type, value) DO NOTHING

-- name: numbers_tied_elsewhere
-- Pairs whose number leads to another entry.
SELECT asked.place
FROM asked_number AS asked
CROSS JOIN LATERAL (
    SELECT entity_id FROM registry_identifier WHERE type = 'registration_number' AND value = asked.number LIMIT 1
) AS held
WHERE held.entity_id <> asked.entity_id
