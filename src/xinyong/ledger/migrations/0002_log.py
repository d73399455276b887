from django.db import migrations

TABLES = """
CREATE TABLE ledger_installation (
    id varchar(32) PRIMARY KEY CHECK (id ~ '^[0-9a-f]{32}$'),
    single boolean NOT NULL DEFAULT true UNIQUE CHECK (single),
    created_at timestamptz NOT NULL DEFAULT transaction_timestamp()
);
COMMENT ON TABLE ledger_installation IS 'The one random name of this database; the log in XINYONG_HOME/log/<id> belongs to it.';
COMMENT ON COLUMN ledger_installation.id IS '128 random bits in hexadecimal, drawn once, on first use.';
COMMENT ON COLUMN ledger_installation.single IS 'Always true: there is one row.';
COMMENT ON COLUMN ledger_installation.created_at IS 'When it was drawn.';

CREATE TABLE ledger_log_range (
    event_id bigint PRIMARY KEY,
    delivery_id bigint NOT NULL,
    version_from bigint NOT NULL UNIQUE,
    version_to bigint NOT NULL,
    first_leaf bigint NOT NULL UNIQUE CHECK (first_leaf >= 0),
    leaves bigint NOT NULL CHECK (leaves >= 1 AND leaves = version_to - version_from + 1),
    root bytea NOT NULL CHECK (octet_length(root) = 32),
    note text NOT NULL,
    signed_at timestamptz NOT NULL DEFAULT transaction_timestamp()
);
CREATE INDEX ledger_log_range_delivery_v1 ON ledger_log_range (delivery_id);
COMMENT ON TABLE ledger_log_range IS 'One row a delivery: its leaves in the transparency log, and the checkpoint signed after them.';
COMMENT ON COLUMN ledger_log_range.event_id IS 'The event of the corridor it was taken from.';
COMMENT ON COLUMN ledger_log_range.delivery_id IS 'The delivery.';
COMMENT ON COLUMN ledger_log_range.version_from IS 'First version_id of the delivery.';
COMMENT ON COLUMN ledger_log_range.version_to IS 'Last version_id of the delivery.';
COMMENT ON COLUMN ledger_log_range.first_leaf IS 'Leaf of version_from; the others follow in the order of version_id.';
COMMENT ON COLUMN ledger_log_range.leaves IS 'Number of leaves; the tree has first_leaf + leaves after them.';
COMMENT ON COLUMN ledger_log_range.root IS 'Root hash of the tree of that size.';
COMMENT ON COLUMN ledger_log_range.note IS 'The signed checkpoint of that size.';
COMMENT ON COLUMN ledger_log_range.signed_at IS 'When it was signed.';

-- A proof is asked for by record alone. Records arrive in the order of their numbers, later versions are outliers.
CREATE INDEX ledger_version_record_v1 ON ledger_version USING brin (record_id int8_minmax_multi_ops);
"""

TRIGGERS = "".join(
    f"""
CREATE TRIGGER {table}_append_only_v1 BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change_v1();
CREATE TRIGGER {table}_no_truncate_v1 BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change_v1();
"""
    for table in ("ledger_installation", "ledger_log_range")
)


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]

    operations = [
        migrations.RunSQL(
            TABLES + TRIGGERS,
            "DROP INDEX ledger_version_record_v1; DROP TABLE ledger_log_range, ledger_installation;",
        )
    ]
