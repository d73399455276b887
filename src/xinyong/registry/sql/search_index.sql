-- name: search_table
-- A table of search rows; {name} is the live one or the one being built.
CREATE TABLE {name} (
    name_id bigint NOT NULL, entity_id bigint NOT NULL, body text COLLATE "C" NOT NULL, short text COLLATE "C" NOT NULL,
    initials text COLLATE "C" NOT NULL, sounds text COLLATE "C" NOT NULL, grams integer[] NOT NULL
)

-- name: search_indexes
-- Every way into the search rows; built after a bulk load, all at once.
CREATE UNIQUE INDEX {name}_pkey ON {name} (name_id);
ALTER TABLE {name} ADD PRIMARY KEY USING INDEX {name}_pkey;
CREATE INDEX {name}_grams_v1 ON {name} USING gin (grams);
CREATE INDEX {name}_short_v1 ON {name} (short);
CREATE INDEX {name}_sounds_v1 ON {name} (sounds);
CREATE INDEX {name}_initials_v1 ON {name} (initials);
CREATE INDEX {name}_brief_v1 ON {name} (right(initials, char_length(short)))

-- name: search_gram_table
-- A table of term counts; {name} is the live one or the one being built.
CREATE TABLE {name}_gram (gram integer NOT NULL, names integer NOT NULL, CONSTRAINT {name}_gram_pkey PRIMARY KEY (gram))

-- name: search_swap
-- Put the built tables in the place of the live ones.
DROP TABLE registry_search, registry_search_gram;
ALTER TABLE {name} RENAME TO registry_search;
ALTER TABLE {name}_gram RENAME TO registry_search_gram;
ALTER INDEX {name}_pkey RENAME TO registry_search_pkey;
ALTER INDEX {name}_gram_pkey RENAME TO registry_search_gram_pkey;
ALTER INDEX {name}_grams_v1 RENAME TO registry_search_grams_v1;
ALTER INDEX {name}_short_v1 RENAME TO registry_search_short_v1;
ALTER INDEX {name}_sounds_v1 RENAME TO registry_search_sounds_v1;
ALTER INDEX {name}_initials_v1 RENAME TO registry_search_initials_v1;
ALTER INDEX {name}_brief_v1 RENAME TO registry_search_brief_v1

-- name: search_missing_names
-- Names not in the index yet: of the entities an event names, and young ones that something else wrote.
WITH wanted AS (
    SELECT name.id FROM registry_name AS name WHERE name.id > %(seen)s - %(window)s
    UNION
    SELECT name.id
    FROM (SELECT DISTINCT entity_id FROM public.ledger_versions_v1(%(first)s, %(last)s)) AS touched
    JOIN registry_name AS name ON name.entity_id = touched.entity_id
)
SELECT name.id, name.entity_id, name.name_key FROM wanted JOIN registry_name AS name ON name.id = wanted.id
WHERE NOT EXISTS (SELECT FROM registry_search AS known WHERE known.name_id = name.id)
ORDER BY name.id

-- name: search_count_terms
-- Add the counts of new rows.
INSERT INTO registry_search_gram AS held (gram, names) SELECT gram, names FROM fresh_gram
ON CONFLICT (gram) DO UPDATE SET names = held.names + EXCLUDED.names
