-- name: search_names
-- Entities whose name equals the key, or begins with it; one row an entity with the best reason and the whole count.
-- A merged entry is found under the entry that speaks for it, once.
WITH hit AS (
    SELECT DISTINCT ON (coalesce(bearer.canonical_id, name.entity_id))
        coalesce(bearer.canonical_id, name.entity_id) AS entity_id, name.name,
        CASE WHEN name.name_key <> %(key)s THEN 'prefix'
             WHEN name.kind = 'registered' THEN 'name'
             WHEN name.kind = 'former' THEN 'former'
             ELSE 'reported' END AS reason,
        CASE WHEN name.name_key <> %(key)s THEN 3 WHEN name.kind = 'registered' THEN 0
             WHEN name.kind = 'former' THEN 1 ELSE 2 END AS rank
    FROM registry_name AS name JOIN registry_entity AS bearer ON bearer.id = name.entity_id
    WHERE name.name_key >= %(key)s AND name.name_key < %(after)s
    ORDER BY coalesce(bearer.canonical_id, name.entity_id), rank, name.id
)
SELECT hit.entity_id, hit.reason, hit.name, count(*) OVER ()
FROM hit JOIN registry_entity AS entity ON entity.id = hit.entity_id
ORDER BY hit.rank, char_length(hit.name), entity.credit_code, hit.entity_id
LIMIT %(limit)s OFFSET %(offset)s
