"""Acts become leaves of the log, registry acts take their place in the corridor, functions look in one schema only."""

from django.db import migrations

# A range of the log is a delivery's versions, or one act. Acts recorded before this have no leaf yet: the log appends them
# before anything else, in the order of their events, up to the position it had reached.
LEAVES = """
ALTER TABLE ledger_log_range
    ALTER COLUMN delivery_id DROP NOT NULL,
    ALTER COLUMN version_from DROP NOT NULL,
    ALTER COLUMN version_to DROP NOT NULL,
    ADD CONSTRAINT ledger_log_range_kind_v1 CHECK (
        num_nulls(delivery_id, version_from, version_to) IN (0, 3) AND (version_from IS NOT NULL OR leaves = 1));
COMMENT ON TABLE ledger_log_range IS 'One row a delivery or an act: its leaves in the log, the root after them, what was signed.';
COMMENT ON COLUMN ledger_log_range.delivery_id IS 'The delivery; empty for an act, which is that of the event.';
CREATE INDEX ledger_log_range_act_v1 ON ledger_log_range (event_id) WHERE version_from IS NULL;

ALTER TABLE ledger_installation ADD COLUMN acts_before bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN ledger_installation.acts_before IS
    'Acts up to this event were recorded when acts were no leaves; the log appends them before it goes on.';
ALTER TABLE ledger_installation DISABLE TRIGGER USER;
UPDATE ledger_installation SET acts_before = coalesce(
    (SELECT event_id FROM ledger_effect_position WHERE effect = 'log'), 0);
ALTER TABLE ledger_installation ENABLE TRIGGER USER;
"""

UNLEAVES = """
ALTER TABLE ledger_installation DROP COLUMN acts_before;
DROP INDEX ledger_log_range_act_v1;
ALTER TABLE ledger_log_range DROP CONSTRAINT ledger_log_range_kind_v1,
    ALTER COLUMN version_to SET NOT NULL, ALTER COLUMN version_from SET NOT NULL, ALTER COLUMN delivery_id SET NOT NULL;
"""

# An act on the registry that comes into force is an event like any other: numbered and timed in the order of commits. The
# trigger is deferred, so that the lock of the corridor is taken last and nobody can forget it.
ACTED = """
CREATE FUNCTION ledger_registry_acted_v1() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    event bigint;
BEGIN
    PERFORM FROM registry_act WHERE id = NEW.id AND state = 'in_force' AND event_id IS NULL;
    IF FOUND THEN
        INSERT INTO ledger_event (kind) VALUES ('registry.acted') RETURNING id INTO event;
        UPDATE registry_act SET event_id = event WHERE id = NEW.id;
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION ledger_registry_acted_v1() IS 'Gives an act on the registry its place in the order of commits.';
CREATE CONSTRAINT TRIGGER ledger_registry_acted_v1 AFTER INSERT OR UPDATE OF state ON registry_act
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.state = 'in_force')
    EXECUTE FUNCTION ledger_registry_acted_v1();
"""

UNACTED = """
DROP TRIGGER ledger_registry_acted_v1 ON registry_act;
DROP FUNCTION ledger_registry_acted_v1();
"""

# Whatever a session puts into a schema it may write to, a function of the ledger reads the ledger's own tables.
FUNCTIONS = (
    "audit_refuse_change_v1()",
    "ledger_refuse_change_v1()",
    "ledger_event_in_order_v1()",
    "ledger_horizon_v1(timestamptz)",
    "ledger_event_of_v1(bigint)",
    "ledger_take_v1(regclass, bigint)",
    "ledger_block_v1()",
    "ledger_await_blocks_v1(bigint)",
    "registry_of_entity_v1()",
    "registry_entity_stays_v1()",
)
PATHS = "".join(f"ALTER FUNCTION {function} SET search_path = public, pg_temp;\n" for function in FUNCTIONS)
UNPATHS = "".join(f"ALTER FUNCTION {function} RESET search_path;\n" for function in FUNCTIONS)


class Migration(migrations.Migration):
    dependencies = [("ledger", "0005_lean_rows"), ("registry", "0007_act_event"), ("audit", "0002_append_only")]

    operations = [
        migrations.RunSQL(LEAVES, UNLEAVES),
        migrations.RunSQL(ACTED, UNACTED),
        migrations.RunSQL(PATHS, UNPATHS),
    ]
