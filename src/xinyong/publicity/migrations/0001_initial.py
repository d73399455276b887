from django.db import migrations, models

PARTITIONS = 16

TABLE = """
CREATE TABLE publicity_window (
    entity_id bigint NOT NULL,
    record_id bigint NOT NULL,
    dataset_id integer NOT NULL,
    decided_on date,
    public_from date NOT NULL,
    public_until date,
    earliest_repair date,
    severity varchar(10) NOT NULL DEFAULT '',
    rule varchar(60) NOT NULL,
    CONSTRAINT publicity_window_pk_v1 PRIMARY KEY (entity_id, record_id),
    CONSTRAINT publicity_window_order_v1 CHECK (
        (public_until IS NULL OR public_from <= public_until)
        AND (earliest_repair IS NULL OR public_until IS NULL OR earliest_repair <= public_until)
    )
) PARTITION BY HASH (entity_id);
CREATE INDEX publicity_window_latest_v1 ON publicity_window (dataset_id, decided_on DESC);
"""

PARTS = "\n".join(
    f"CREATE TABLE publicity_window_p{part:02d} PARTITION OF publicity_window "
    f"FOR VALUES WITH (MODULUS {PARTITIONS}, REMAINDER {part});"
    for part in range(PARTITIONS)
)


class Migration(migrations.Migration):
    initial = True
    dependencies: list[tuple[str, str]] = []

    operations = [
        migrations.RunSQL(
            TABLE + PARTS,
            "DROP TABLE publicity_window;",
            state_operations=[
                migrations.CreateModel(
                    name="Window",
                    fields=[("id", models.BigAutoField(primary_key=True))],
                    options={"managed": False, "db_table": "publicity_window"},
                )
            ],
        ),
    ]
