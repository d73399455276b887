-- name: spend
-- Count units of a visitor in every window at once, and say what each has now.
INSERT INTO api_fairuse (who, kind, begins, spent)
SELECT %(who)s, kind, begins, %(units)s FROM unnest(%(kinds)s::smallint[], %(begins)s::bigint[]) AS span (kind, begins)
ON CONFLICT (who, kind, begins) DO UPDATE SET spent = api_fairuse.spent + EXCLUDED.spent
RETURNING kind, spent

-- name: sweep
-- Drop what is over: minutes after two of them, everything after two days.
DELETE FROM api_fairuse WHERE begins < %(before)s OR (kind = 0 AND begins < %(minute)s)
