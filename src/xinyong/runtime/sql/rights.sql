-- name: tables_and_their_kind
-- Tables of the schema: whether append-only (by trigger, their own or their parent's), and whether a partition of such.
WITH RECURSIVE refusing AS (
    SELECT DISTINCT trigger.tgrelid AS oid
    FROM pg_trigger AS trigger JOIN pg_proc AS function ON function.oid = trigger.tgfoid
    WHERE function.proname ~ '_refuse_change_'
    UNION
    SELECT part.inhrelid FROM pg_inherits AS part JOIN refusing ON refusing.oid = part.inhparent
)
SELECT class.relname::text, refusing.oid IS NOT NULL, class.relispartition
FROM pg_class AS class
JOIN pg_namespace AS space ON space.oid = class.relnamespace AND space.nspname = 'public'
LEFT JOIN refusing ON refusing.oid = class.oid
WHERE class.relkind IN ('r', 'p', 'v', 'm')
  AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = class.oid AND deptype = 'e')
ORDER BY class.relname

-- name: excess_rights
-- Append-only tables with what the present role could do to them beyond reading and adding.
SELECT class.relname::text, pg_has_role(class.relowner, 'USAGE'),
    has_table_privilege(class.oid, 'UPDATE') OR has_table_privilege(class.oid, 'DELETE')
    OR has_table_privilege(class.oid, 'TRUNCATE') OR has_table_privilege(class.oid, 'TRIGGER')
    OR has_any_column_privilege(class.oid, 'UPDATE')
FROM pg_class AS class
WHERE class.oid IN (
    SELECT trigger.tgrelid FROM pg_trigger AS trigger JOIN pg_proc AS function ON function.oid = trigger.tgfoid
    WHERE function.proname ~ '_refuse_change_')
ORDER BY class.relname
