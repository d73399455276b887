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
