-- name: sitemap_parts
-- Parts of the sitemap that hold at least one entity: blocks of entity numbers.
SELECT part
FROM generate_series(0, (SELECT coalesce(max(id), 0) FROM registry_entity) / %(size)s) AS part
WHERE EXISTS (
    SELECT FROM registry_entity
    WHERE id > part * %(size)s AND id <= (part + 1) * %(size)s AND canonical_id IS NULL AND kind = ANY(%(kinds)s))
ORDER BY part

-- name: sitemap_part
-- Entities of one part; a merged entry has no page of its own.
SELECT id, credit_code FROM registry_entity
WHERE id > %(part)s::bigint * %(size)s AND id <= (%(part)s::bigint + 1) * %(size)s AND canonical_id IS NULL
  AND kind = ANY(%(kinds)s)
ORDER BY id
