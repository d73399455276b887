-- name: search_terms
-- How many names have each term.
SELECT gram, names FROM registry_search_gram WHERE gram = ANY(%(terms)s::integer[])

-- name: search_exact
-- Names whose matching key is the one typed: from the registry itself, so that a name is found before it is indexed.
SELECT id, name_key, name_key FROM registry_name WHERE name_key = %(key)s ORDER BY id LIMIT %(limit)s

-- name: search_short
-- Names of this short form, those that name the place first.
SELECT name_id, body, short FROM registry_search WHERE short = ANY(%(shorts)s)
ORDER BY strpos(body, %(place)s) = 0, char_length(body), name_id LIMIT %(limit)s

-- name: search_begin
-- Names whose short form begins with what was typed, in the order of the index, so that any page is cheap.
SELECT name_id, body, short FROM registry_search WHERE short >= %(text)s AND short < %(after)s
ORDER BY short, name_id LIMIT %(limit)s

-- name: search_sounds
-- Names whose short form sounds as typed, or begins so.
SELECT name_id, body, short FROM registry_search WHERE sounds >= %(text)s AND sounds < %(after)s
ORDER BY sounds, name_id LIMIT %(limit)s

-- name: search_brief
-- Names whose short form begins with these initials.
SELECT name_id, body, short FROM registry_search
WHERE right(initials, char_length(short)) >= %(text)s AND right(initials, char_length(short)) < %(after)s
ORDER BY right(initials, char_length(short)), name_id LIMIT %(limit)s

-- name: search_initials
-- Names that begin with these initials, the region included.
SELECT name_id, body, short FROM registry_search WHERE initials >= %(text)s AND initials < %(after)s
ORDER BY initials, name_id LIMIT %(limit)s

-- name: search_part
-- Names that have what was typed as it is, best first; one row an entity. The rarest terms keep the work bounded.
WITH hit AS (
    SELECT DISTINCT ON (coalesce(merged.canonical_id, found.entity_id))
        found.name_id, found.body, found.short,
        CASE WHEN found.body = %(text)s THEN 0 WHEN found.short = %(text)s THEN 1
             WHEN starts_with(found.short, %(text)s) THEN 2 WHEN starts_with(found.body, %(text)s) THEN 3 ELSE 4 END AS place
    FROM registry_search AS found
    LEFT JOIN registry_entity AS merged ON merged.id = found.entity_id AND merged.canonical_id IS NOT NULL
    WHERE found.grams @> %(terms)s::integer[] AND strpos(found.body, %(text)s) > 0
    ORDER BY coalesce(merged.canonical_id, found.entity_id), place, char_length(found.body), found.name_id
)
SELECT name_id, body, short, count(*) OVER () FROM hit
ORDER BY place, char_length(body), name_id LIMIT %(limit)s OFFSET %(offset)s

-- name: search_scan
-- Names that have a very common text anywhere: the first ones found, in the order of the table.
SELECT name_id, body, short FROM registry_search WHERE body LIKE '%%' || %(text)s || '%%' LIMIT %(limit)s

-- name: search_details
-- What a hit shows, under the entity that speaks for the bearer of the name.
SELECT name.id, name.name, name.name_key, name.kind, speaks.id, speaks.name, speaks.credit_code, speaks.kind,
    speaks.status, speaks.place, name.entity_id
FROM registry_name AS name
JOIN registry_entity AS bearer ON bearer.id = name.entity_id
JOIN registry_entity AS speaks ON speaks.id = coalesce(bearer.canonical_id, bearer.id)
WHERE name.id = ANY(%(names)s::bigint[])

-- name: search_facts
-- What a list of hits is narrowed by.
SELECT name.id, speaks.kind, speaks.status, speaks.place
FROM registry_name AS name
JOIN registry_entity AS bearer ON bearer.id = name.entity_id
JOIN registry_entity AS speaks ON speaks.id = coalesce(bearer.canonical_id, bearer.id)
WHERE name.id = ANY(%(names)s::bigint[])

-- name: link_register
-- Every name, under the entity that speaks for its bearer; registered only while it is that entity's present name.
SELECT coalesce(bearer.canonical_id, bearer.id), name.name_key, name.kind = 'registered' AND bearer.canonical_id IS NULL
FROM registry_name AS name JOIN registry_entity AS bearer ON bearer.id = name.entity_id
WHERE name.name_key <> ''

-- name: link_facts
-- Address and date of establishment by the newest registration record.
SELECT DISTINCT ON (head.entity_id) head.entity_id, version.payload ->> 'DOM', version.payload ->> 'ESTDATE'
FROM ledger_record AS head
JOIN catalogue_dataset AS dataset ON dataset.id = head.dataset_id AND dataset.code = 'registration'
JOIN ledger_version AS version USING (entity_id, record_id, version_no)
WHERE head.entity_id = ANY(%(entities)s)
ORDER BY head.entity_id, version.version_id DESC
