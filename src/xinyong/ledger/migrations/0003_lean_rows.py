"""Rows made for bulk: the payload as the very text that was hashed, narrow numbers, heads that name their delivery."""

from django.db import migrations

FORWARD = """
-- The text is stored as it was written, so it can be hashed again as it is; nothing is parsed and built anew.
ALTER TABLE ledger_version
    ALTER COLUMN payload TYPE json USING payload::text::json,
    ALTER COLUMN delivery_id TYPE integer,
    ALTER COLUMN department_id TYPE integer,
    ALTER COLUMN edition_id TYPE integer;

-- A head names the delivery of its newest version; department and time are those of the delivery.
ALTER TABLE ledger_record ADD COLUMN delivery_id integer;
UPDATE ledger_record AS head SET delivery_id = version.delivery_id FROM ledger_version AS version
    WHERE version.entity_id = head.entity_id AND version.record_id = head.record_id
      AND version.version_no = head.version_no;
ALTER TABLE ledger_record ALTER COLUMN delivery_id SET NOT NULL, DROP COLUMN department_id, DROP COLUMN recorded_at;

-- Loaders side by side take whole ranges; between nextval and setval nobody else may take one.
CREATE FUNCTION ledger_take_v1(sequence regclass, amount bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    first bigint;
BEGIN
    PERFORM pg_advisory_lock(3379, sequence::oid::integer);
    first := nextval(sequence);
    PERFORM setval(sequence, first + amount - 1);
    PERFORM pg_advisory_unlock(3379, sequence::oid::integer);
    RETURN first;
END $$;
"""

BACKWARD = """
DROP FUNCTION ledger_take_v1(regclass, bigint);
ALTER TABLE ledger_record ADD COLUMN department_id bigint, ADD COLUMN recorded_at timestamptz;
UPDATE ledger_record AS head SET department_id = version.department_id, recorded_at = version.recorded_at
    FROM ledger_version AS version
    WHERE version.entity_id = head.entity_id AND version.record_id = head.record_id
      AND version.version_no = head.version_no;
ALTER TABLE ledger_record ALTER COLUMN department_id SET NOT NULL, ALTER COLUMN recorded_at SET NOT NULL,
    DROP COLUMN delivery_id;
ALTER TABLE ledger_version
    ALTER COLUMN payload TYPE jsonb USING payload::text::jsonb,
    ALTER COLUMN delivery_id TYPE bigint,
    ALTER COLUMN department_id TYPE bigint,
    ALTER COLUMN edition_id TYPE bigint;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0002_log")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
