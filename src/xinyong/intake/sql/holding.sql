-- name: keep_profile
-- What the delivery looks like as a whole; the newest try says it.
INSERT INTO intake_deliveryprofile (delivery_id, rows, rejected, fill, "values", unknown)
VALUES (%(delivery)s, %(rows)s, %(rejected)s, %(fill)s::jsonb, %(values)s::jsonb, %(unknown)s::jsonb)
ON CONFLICT (delivery_id) DO UPDATE SET rows = excluded.rows, rejected = excluded.rejected, fill = excluded.fill,
    "values" = excluded."values", unknown = excluded.unknown

-- name: hold_delivery
-- Held, with its reasons and its trace, unless another try has begun meanwhile.
WITH held AS (
    UPDATE intake_delivery SET state = 'held', hold = %(hold)s::jsonb, released_by = '', released_at = NULL,
        release_note = '', progress = %(progress)s::jsonb, encoding = %(encoding)s, layout = %(layout)s,
        seconds = %(seconds)s, notes = %(notes)s::jsonb
    WHERE id = %(delivery)s AND state = 'reading' AND attempts = %(attempts)s
    RETURNING id
)
INSERT INTO audit_auditentry (at, actor, deed, target, purpose, detail)
SELECT %(now)s, %(actor)s, 'delivery.held', %(number)s, '', jsonb_build_object('reasons', %(reasons)s::jsonb) FROM held
