from django.db import migrations

# The time of an event is taken behind a lock that is held until the transaction ends, so the order of ids, the order of
# times and the order of commits are one. Whoever asks how things stood at a moment waits behind the same lock.
ORDER = """
ALTER TABLE ledger_event ALTER COLUMN id DROP IDENTITY;
CREATE INDEX ledger_event_time_v1 ON ledger_event (recorded_at);
CREATE INDEX ledger_event_versions_v1 ON ledger_event (version_from);

CREATE FUNCTION ledger_event_in_order_v1() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    before ledger_event%ROWTYPE;
    nearest ledger_event%ROWTYPE;
BEGIN
    PERFORM pg_advisory_xact_lock(3380);
    SELECT * INTO before FROM ledger_event ORDER BY id DESC LIMIT 1;
    NEW.id := coalesce(before.id, 0) + 1;
    NEW.recorded_at := greatest(clock_timestamp(), before.recorded_at + interval '1 microsecond');
    -- Loaders number their versions side by side, so ranges come in any order; two of them never share a version.
    -- Only the datasets of one delivery may name one range together.
    IF NEW.version_from IS NOT NULL THEN
        SELECT * INTO nearest FROM ledger_event AS event
        WHERE event.version_from <= NEW.version_to ORDER BY event.version_from DESC LIMIT 1;
        IF nearest.version_to >= NEW.version_from AND (nearest.version_from, nearest.version_to, nearest.delivery_id)
            IS DISTINCT FROM (NEW.version_from, NEW.version_to, NEW.delivery_id) THEN
            RAISE EXCEPTION 'versions % to % belong to event % already', NEW.version_from, NEW.version_to, nearest.id
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
    END IF;
    RETURN NEW;
END $$;
COMMENT ON FUNCTION ledger_event_in_order_v1() IS 'Numbers and times events in the order of their commits. Lock 3380 = 0x0D34.';
CREATE TRIGGER ledger_event_in_order_v1 BEFORE INSERT ON ledger_event
    FOR EACH ROW EXECUTE FUNCTION ledger_event_in_order_v1();

-- The last event committed no later than a moment (0: none); NULL for a moment that has not come yet.
CREATE FUNCTION ledger_horizon_v1(moment timestamptz) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    IF moment > clock_timestamp() THEN
        RETURN NULL;
    END IF;
    PERFORM pg_advisory_xact_lock_shared(3380);
    RETURN coalesce((SELECT id FROM ledger_event WHERE recorded_at <= moment ORDER BY recorded_at DESC LIMIT 1), 0);
END $$;

-- The event that brought a version: ranges do not overlap, so it is the nearest one that begins at or before it.
CREATE FUNCTION ledger_event_of_v1(version bigint) RETURNS bigint STABLE LANGUAGE sql AS $$
    SELECT id FROM (
        SELECT id, version_to FROM ledger_event WHERE version_from <= version ORDER BY version_from DESC, id LIMIT 1
    ) AS nearest WHERE version_to >= version
$$;
"""

UNORDER = """
DROP FUNCTION ledger_horizon_v1(timestamptz);
DROP FUNCTION ledger_event_of_v1(bigint);
DROP TRIGGER ledger_event_in_order_v1 ON ledger_event;
DROP FUNCTION ledger_event_in_order_v1();
DROP INDEX ledger_event_time_v1, ledger_event_versions_v1;
ALTER TABLE ledger_event ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY;
"""

# A log of the first leaf format ends where it was signed; the installation gets a new name, and its log a new origin.
LEAF = """
ALTER TABLE ledger_version ADD COLUMN payload_hash bytea
    CONSTRAINT ledger_version_payload_hash_v1 CHECK (octet_length(payload_hash) = 32);
COMMENT ON COLUMN ledger_version.payload_hash IS 'SHA-256 of the text of the payload; empty: computed when it is logged.';
ALTER TABLE ledger_log_range ALTER COLUMN note DROP NOT NULL;
COMMENT ON COLUMN ledger_log_range.note IS 'The signed checkpoint of that size; empty where several deliveries were signed at once.';
CREATE INDEX ledger_log_range_signed_v1 ON ledger_log_range (first_leaf) WHERE note IS NOT NULL;
ALTER TABLE ledger_log_range DISABLE TRIGGER USER;
ALTER TABLE ledger_installation DISABLE TRIGGER USER;
DELETE FROM ledger_log_range;
DELETE FROM ledger_installation;
DELETE FROM ledger_effect_position WHERE effect = 'log';
ALTER TABLE ledger_log_range ENABLE TRIGGER USER;
ALTER TABLE ledger_installation ENABLE TRIGGER USER;
-- In leaf order no longer: the range that holds a version is the nearest one that begins at or before it.
"""

UNLEAF = """
DROP INDEX ledger_log_range_signed_v1;
ALTER TABLE ledger_version DROP COLUMN payload_hash;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0002_log")]

    operations = [migrations.RunSQL(ORDER, UNORDER), migrations.RunSQL(LEAF, UNLEAF)]
