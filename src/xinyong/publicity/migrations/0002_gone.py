from django.db import migrations, models

TABLE = """
CREATE TABLE publicity_gone (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    entity_id bigint NOT NULL,
    record_id bigint NOT NULL,
    dataset_id integer NOT NULL,
    cause varchar(10) NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT publicity_gone_cause_v1 CHECK (cause IN ('act', 'expiry'))
);
CREATE INDEX publicity_gone_entity_v1 ON publicity_gone (entity_id);
CREATE INDEX publicity_gone_record_v1 ON publicity_gone (record_id);
CREATE INDEX publicity_gone_at_v1 ON publicity_gone (at);
CREATE TABLE publicity_day (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    closed_through date NOT NULL
);
INSERT INTO publicity_day (closed_through) VALUES ((now() AT TIME ZONE 'Asia/Shanghai')::date - 1);
CREATE INDEX publicity_window_until_v1 ON publicity_window (public_until) WHERE public_until IS NOT NULL;

CREATE FUNCTION publicity_note_deleted_v1() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM held) THEN
        RETURN NULL;
    END IF;
    -- Order of numbers is order of commit: a reader that has seen one has seen all before it.
    PERFORM pg_advisory_xact_lock(728451, 3);
    INSERT INTO publicity_gone (entity_id, record_id, dataset_id, cause, at)
    SELECT entity_id, record_id, dataset_id, 'act', now() FROM held
    WHERE public_from <= (now() AT TIME ZONE 'Asia/Shanghai')::date
      AND (public_until IS NULL OR public_until > (SELECT closed_through FROM publicity_day));
    RETURN NULL;
END $$;
CREATE FUNCTION publicity_note_shortened_v1() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM held) THEN
        RETURN NULL;
    END IF;
    -- Order of numbers is order of commit: a reader that has seen one has seen all before it.
    PERFORM pg_advisory_xact_lock(728451, 3);
    INSERT INTO publicity_gone (entity_id, record_id, dataset_id, cause, at)
    SELECT held.entity_id, held.record_id, held.dataset_id, 'act', now()
    FROM held JOIN given USING (entity_id, record_id)
    WHERE held.public_from <= (now() AT TIME ZONE 'Asia/Shanghai')::date
      AND (held.public_until IS NULL OR held.public_until > (SELECT closed_through FROM publicity_day))
      AND (given.public_from > (now() AT TIME ZONE 'Asia/Shanghai')::date
           OR given.public_until <= (SELECT closed_through FROM publicity_day));
    RETURN NULL;
END $$;
CREATE TRIGGER publicity_window_deleted_v1 AFTER DELETE ON publicity_window
    REFERENCING OLD TABLE AS held FOR EACH STATEMENT EXECUTE FUNCTION publicity_note_deleted_v1();
CREATE TRIGGER publicity_window_shortened_v1 AFTER UPDATE ON publicity_window
    REFERENCING OLD TABLE AS held NEW TABLE AS given FOR EACH STATEMENT EXECUTE FUNCTION publicity_note_shortened_v1();
"""

UNDO = """
DROP TRIGGER publicity_window_shortened_v1 ON publicity_window;
DROP TRIGGER publicity_window_deleted_v1 ON publicity_window;
DROP FUNCTION publicity_note_shortened_v1();
DROP FUNCTION publicity_note_deleted_v1();
DROP INDEX publicity_window_until_v1;
DROP TABLE publicity_day;
DROP TABLE publicity_gone;
"""


class Migration(migrations.Migration):
    dependencies = [("publicity", "0001_initial")]

    operations = [
        migrations.RunSQL(
            TABLE,
            UNDO,
            state_operations=[
                migrations.CreateModel(
                    name="Gone",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True)),
                        ("entity_id", models.BigIntegerField()),
                        ("record_id", models.BigIntegerField()),
                        ("dataset_id", models.IntegerField()),
                        ("cause", models.CharField(max_length=10)),
                        ("at", models.DateTimeField()),
                    ],
                    options={"managed": False, "db_table": "publicity_gone"},
                )
            ],
        ),
    ]
