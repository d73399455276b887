-- name: keep_profile
-- What the delivery looks like as a whole; the newest try says it.
INSERT INTO intake_deliveryprofile (delivery_id, rows, rejected, fill, "values", unknown)
VALUES (%(delivery)s, %(rows)s, %(rejected)s, %(fill)s::jsonb, %(values)s::jsonb, %(unknown)s::jsonb)
ON CONFLICT (delivery_id) DO UPDATE SET rows = excluded.rows, rejected = excluded.rejected, fill = excluded.fill,
    "values" = excluded."values", unknown = excluded.unknown
