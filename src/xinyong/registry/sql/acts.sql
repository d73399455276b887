-- name: refresh_members
-- Who speaks for whom, worked out again for everything below these entries from the links in force.
WITH RECURSIVE tree (id, root) AS (
    SELECT id, id FROM registry_entity WHERE id = ANY(%(roots)s) AND merged_into_id IS NULL
    UNION ALL
    SELECT entity.id, tree.root FROM registry_entity AS entity JOIN tree ON entity.merged_into_id = tree.id
)
UPDATE registry_entity AS entity SET canonical_id = nullif(tree.root, tree.id)
FROM tree
WHERE entity.id = tree.id AND entity.canonical_id IS DISTINCT FROM nullif(tree.root, tree.id)
