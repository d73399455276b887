from django.db import migrations, models

PARTITIONS = 16

TABLES = """
CREATE SEQUENCE ledger_record_id_seq;
CREATE SEQUENCE ledger_version_id_seq;

CREATE TABLE ledger_record (
    entity_id bigint NOT NULL,
    record_id bigint NOT NULL,
    dataset_id integer NOT NULL,
    version_no integer NOT NULL,
    department_id bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    decided_on date,
    source_key bytea NOT NULL,
    content_hash bytea NOT NULL,
    CONSTRAINT ledger_record_pk_v1 PRIMARY KEY (entity_id, record_id),
    CONSTRAINT ledger_record_key_v1 UNIQUE (entity_id, dataset_id, source_key)
) PARTITION BY HASH (entity_id);

CREATE TABLE ledger_version (
    entity_id bigint NOT NULL,
    record_id bigint NOT NULL,
    version_id bigint NOT NULL,
    delivery_id bigint NOT NULL,
    department_id bigint NOT NULL,
    edition_id bigint NOT NULL,
    received_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    version_no integer NOT NULL CHECK (version_no >= 1),
    source_row integer NOT NULL,
    decided_on date,
    content_hash bytea NOT NULL CHECK (octet_length(content_hash) = 32),
    payload jsonb NOT NULL,
    CONSTRAINT ledger_version_pk_v1 PRIMARY KEY (entity_id, record_id, version_no)
) PARTITION BY HASH (entity_id);

-- Versions arrive in the order of version_id, so a block index finds an event's range at almost no cost.
CREATE INDEX ledger_version_order_v1 ON ledger_version USING brin (version_id);

CREATE TABLE ledger_event (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind varchar(60) NOT NULL,
    delivery_id bigint,
    dataset_id integer,
    version_from bigint,
    version_to bigint,
    recorded_at timestamptz NOT NULL DEFAULT transaction_timestamp()
);

CREATE FUNCTION ledger_refuse_change_v1() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused: the ledger is append-only', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation',
              HINT = 'What happens to a record later is a new version or a dated event.';
END $$;

CREATE TRIGGER ledger_version_append_only_v1 BEFORE UPDATE OR DELETE ON ledger_version
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change_v1();
CREATE TRIGGER ledger_event_append_only_v1 BEFORE UPDATE OR DELETE ON ledger_event
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change_v1();
CREATE TRIGGER ledger_event_no_truncate_v1 BEFORE TRUNCATE ON ledger_event
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change_v1();
CREATE TRIGGER ledger_version_no_truncate_v1 BEFORE TRUNCATE ON ledger_version
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change_v1();
"""


def partitions() -> str:
    lines = []
    for table in ("ledger_record", "ledger_version"):
        for part in range(PARTITIONS):
            name = f"{table}_p{part:02d}"
            lines.append(
                f"CREATE TABLE {name} PARTITION OF {table} FOR VALUES WITH (MODULUS {PARTITIONS}, REMAINDER {part});"
            )
            if table == "ledger_version":
                lines.append(
                    f"CREATE TRIGGER {name}_no_truncate_v1 BEFORE TRUNCATE ON {name} "
                    "FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change_v1();"
                )
    return "\n".join(lines)


DROP = """
DROP TABLE ledger_version, ledger_record, ledger_event;
DROP FUNCTION ledger_refuse_change_v1();
DROP SEQUENCE ledger_record_id_seq, ledger_version_id_seq;
"""


class Migration(migrations.Migration):
    initial = True
    dependencies: list[tuple[str, str]] = []

    operations = [
        migrations.RunSQL(
            TABLES + partitions(),
            DROP,
            state_operations=[
                migrations.CreateModel(name=name, fields=[("id", models.BigAutoField(primary_key=True))], options={"managed": False, "db_table": table, **more})
                for name, table, more in (
                    ("Record", "ledger_record", {}),
                    ("Version", "ledger_version", {}),
                    ("Event", "ledger_event", {"ordering": ["id"]}),
                )
            ],
        ),
        migrations.CreateModel(
            name="EffectPosition",
            fields=[
                ("effect", models.CharField(help_text="Name of the effect.", max_length=60, primary_key=True, serialize=False)),
                ("event_id", models.BigIntegerField(default=0, help_text="Last event it has taken in.")),
            ],
            options={"db_table": "ledger_effect_position"},
        ),
    ]
