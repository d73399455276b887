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
    reached bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(3380);
    SELECT * INTO before FROM ledger_event ORDER BY id DESC LIMIT 1;
    NEW.id := coalesce(before.id, 0) + 1;
    NEW.recorded_at := greatest(clock_timestamp(), before.recorded_at + interval '1 microsecond');
    IF NEW.version_from IS NOT NULL THEN
        SELECT event.version_to INTO reached FROM ledger_event AS event
        WHERE event.version_from IS NOT NULL ORDER BY event.version_from DESC LIMIT 1;
        IF NEW.version_from <= reached AND NOT (NEW.version_to = reached AND EXISTS (
            SELECT FROM ledger_event AS event
            WHERE event.version_from = NEW.version_from AND event.version_to = NEW.version_to
              AND event.delivery_id = NEW.delivery_id)) THEN
            RAISE EXCEPTION 'versions % to % come after %: events and versions must be numbered in one order',
                NEW.version_from, NEW.version_to, reached USING ERRCODE = 'integrity_constraint_violation';
        END IF;
    END IF;
    RETURN NEW;
END $$;
COMMENT ON FUNCTION ledger_event_in_order_v1() IS 'Numbers and times events in the order of their commits. Lock 3380 = 0x0D34.';
CREATE TRIGGER ledger_event_in_order_v1 BEFORE INSERT ON ledger_event
    FOR EACH ROW EXECUTE FUNCTION ledger_event_in_order_v1();

-- The last event, and the last version, committed no later than a moment; NULL for a moment that has not come yet.
CREATE FUNCTION ledger_horizon_v1(moment timestamptz, OUT event_id bigint, OUT version_id bigint)
LANGUAGE plpgsql AS $$
BEGIN
    IF moment > clock_timestamp() THEN
        RETURN;
    END IF;
    PERFORM pg_advisory_xact_lock_shared(3380);
    SELECT coalesce(max(event.id), 0) INTO event_id FROM ledger_event AS event
    WHERE event.id = (SELECT id FROM ledger_event WHERE recorded_at <= moment ORDER BY recorded_at DESC LIMIT 1);
    SELECT coalesce((SELECT event.version_to FROM ledger_event AS event
        WHERE event.version_from IS NOT NULL AND event.recorded_at <= moment
        ORDER BY event.version_from DESC LIMIT 1), 0) INTO version_id;
END $$;
"""

UNORDER = """
DROP FUNCTION ledger_horizon_v1(timestamptz);
DROP TRIGGER ledger_event_in_order_v1 ON ledger_event;
DROP FUNCTION ledger_event_in_order_v1();
DROP INDEX ledger_event_time_v1, ledger_event_versions_v1;
ALTER TABLE ledger_event ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY;
"""

# A log of the first leaf format ends where it was signed; the installation gets a new name, and its log a new origin.
LEAF = """
ALTER TABLE ledger_version ADD COLUMN payload_hash bytea
    CONSTRAINT ledger_version_payload_hash_v1 CHECK (octet_length(payload_hash) = 32);
COMMENT ON COLUMN ledger_version.payload_hash IS 'SHA-256 of the payload as canonical text; empty: computed when it is logged.';
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
"""

UNLEAF = """
DROP INDEX ledger_log_range_signed_v1;
ALTER TABLE ledger_version DROP COLUMN payload_hash;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0002_log")]

    operations = [migrations.RunSQL(ORDER, UNORDER), migrations.RunSQL(LEAF, UNLEAF)]
