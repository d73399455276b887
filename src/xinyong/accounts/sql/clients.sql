-- name: use_quota
-- Adds requests and rows to a client's present minute and day; a window that is over starts again from nothing.
INSERT INTO accounts_apiusage AS used (client_id, "window", starts_at, requests, rows)
VALUES
    (%(client)s, 'minute', %(minute)s, %(requests)s, %(rows)s),
    (%(client)s, 'day', %(day)s, %(requests)s, %(rows)s)
ON CONFLICT (client_id, "window") DO UPDATE SET
    starts_at = excluded.starts_at,
    requests = excluded.requests + CASE WHEN used.starts_at = excluded.starts_at THEN used.requests ELSE 0 END,
    rows = excluded.rows + CASE WHEN used.starts_at = excluded.starts_at THEN used.rows ELSE 0 END
RETURNING "window", requests, rows

-- name: clients_stamp
-- What clients, their keys and their departments come to, uses left out: the same as long as nobody changed one.
SELECT hashtextextended(coalesce(string_agg(line, E'\n' ORDER BY line), ''), 0) FROM (
    SELECT 'client ' || to_jsonb(client)::text AS line FROM accounts_apiclient AS client
    UNION ALL
    SELECT 'key ' || (to_jsonb(key) - 'last_used_at')::text FROM accounts_apikey AS key
    UNION ALL
    SELECT 'signing ' || (to_jsonb(signing) - 'last_used_at')::text FROM accounts_apisigningkey AS signing
    UNION ALL
    SELECT 'department ' || to_jsonb(department)::text FROM accounts_department AS department
) AS lines;
