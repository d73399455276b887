from django.db import migrations, models

TABLE = """
CREATE TABLE ledger_status (
    entity_id bigint NOT NULL,
    record_id bigint NOT NULL,
    event_id bigint NOT NULL,
    version_no integer NOT NULL,
    effective_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    act varchar(30) NOT NULL,
    cause varchar(30) NOT NULL,
    actor varchar(120) NOT NULL,
    reason text NOT NULL CHECK (reason <> ''),
    basis text NOT NULL,
    rule varchar(60) NOT NULL,
    answers bigint,
    CONSTRAINT ledger_status_pk_v1 PRIMARY KEY (entity_id, record_id, event_id),
    CONSTRAINT ledger_status_event_v1 UNIQUE (event_id)
);
CREATE INDEX ledger_status_record_v1 ON ledger_status (record_id);
CREATE TRIGGER ledger_status_append_only_v1 BEFORE UPDATE OR DELETE ON ledger_status
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change_v1();
CREATE TRIGGER ledger_status_no_truncate_v1 BEFORE TRUNCATE ON ledger_status
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change_v1();
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0003_commit_order_and_leaf")]

    operations = [
        migrations.RunSQL(
            TABLE,
            "DROP TABLE ledger_status;",
            state_operations=[
                migrations.CreateModel(
                    name="Status",
                    fields=[("id", models.BigAutoField(primary_key=True))],
                    options={"managed": False, "db_table": "ledger_status"},
                )
            ],
        )
    ]
