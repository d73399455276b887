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
ALTER TABLE ledger_record RENAME TO ledger_record_before;
ALTER TABLE ledger_record_before DROP CONSTRAINT ledger_record_pk_v1, DROP CONSTRAINT ledger_record_key_v1;
{rename}
CREATE TABLE ledger_record (
    entity_id bigint NOT NULL,
    record_id bigint NOT NULL,
    dataset_id integer NOT NULL,
    version_no integer NOT NULL,
    delivery_id integer NOT NULL,
    decided_on date,
    source_key bytea NOT NULL,
    content_hash bytea NOT NULL,
    CONSTRAINT ledger_record_pk_v1 PRIMARY KEY (entity_id, record_id),
    CONSTRAINT ledger_record_key_v1 UNIQUE (entity_id, dataset_id, source_key)
) PARTITION BY HASH (entity_id);
{parts}
INSERT INTO ledger_record (entity_id, record_id, dataset_id, version_no, delivery_id, decided_on, source_key, content_hash)
SELECT head.entity_id, head.record_id, head.dataset_id, head.version_no, version.delivery_id, head.decided_on,
    head.source_key, head.content_hash
FROM ledger_record_before AS head JOIN ledger_version AS version USING (entity_id, record_id, version_no);
DROP TABLE ledger_record_before;

-- Loaders side by side take whole ranges of record numbers; between nextval and setval nobody else may take one.
CREATE FUNCTION ledger_take_v1(sequence regclass, amount bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    first bigint;
BEGIN
    PERFORM pg_advisory_lock(3379, 1);
    first := nextval(sequence);
    PERFORM setval(sequence, first + amount - 1);
    PERFORM pg_advisory_unlock(3379, 1);
    RETURN first;
END $$;
COMMENT ON FUNCTION ledger_take_v1(regclass, bigint) IS 'First of a range of numbers of its own. Lock 3379 = 0x0D33.';

-- Versions are numbered in the order of the commits. A delivery of many rows writes them long before it commits, so it
-- takes a block of numbers above all that are in use; what commits in the meantime is numbered below it.
CREATE SEQUENCE ledger_block_seq;
CREATE FUNCTION ledger_block_v1() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    block bigint;
    reached bigint;
BEGIN
    PERFORM pg_advisory_lock(3379, 2);
    SELECT coalesce(max(version_to), 0) INTO reached FROM ledger_event;
    LOOP
        block := nextval('ledger_block_seq');
        EXIT WHEN block << 32 > reached;
    END LOOP;
    PERFORM pg_advisory_xact_lock(3381, block::integer);
    PERFORM pg_advisory_unlock(3379, 2);
    RETURN block;
END $$;
COMMENT ON FUNCTION ledger_block_v1() IS
    'A block of version numbers, from block << 32 on, held by lock 3381 = 0x0D35 until the transaction ends.';

-- Blocks are committed in their order: who holds a later one waits for those before it to commit or give up.
CREATE FUNCTION ledger_await_blocks_v1(before bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    block bigint;
BEGIN
    FOR block IN SELECT objid::bigint FROM pg_locks
        WHERE locktype = 'advisory' AND classid = 3381 AND objsubid = 2 AND objid::bigint < before
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        ORDER BY 1
    LOOP
        PERFORM pg_advisory_xact_lock_shared(3381, block::integer);
    END LOOP;
END $$;
"""

BACKWARD = """
DROP FUNCTION ledger_await_blocks_v1(bigint);
DROP FUNCTION ledger_block_v1();
DROP SEQUENCE ledger_block_seq;
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


PARTITIONS = 16
RENAME = "\n".join(
    f"ALTER TABLE ledger_record_p{part:02d} RENAME TO ledger_record_before_p{part:02d};" for part in range(PARTITIONS)
)
PARTS = "\n".join(
    f"CREATE TABLE ledger_record_p{part:02d} PARTITION OF ledger_record "
    f"FOR VALUES WITH (MODULUS {PARTITIONS}, REMAINDER {part});"
    for part in range(PARTITIONS)
)


class Migration(migrations.Migration):
    dependencies = [("ledger", "0004_status")]

    operations = [migrations.RunSQL(FORWARD.replace("{rename}", RENAME).replace("{parts}", PARTS), BACKWARD)]
