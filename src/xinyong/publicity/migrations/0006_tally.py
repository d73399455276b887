"""How many records have which window, kept with the windows: totals read some thousand rows instead of every window."""

from typing import ClassVar

from django.db import migrations, models

FORWARD = """
CREATE TABLE publicity_tally (
    dataset_id integer NOT NULL,
    month date NOT NULL,
    public_from date NOT NULL,
    public_until date NOT NULL,
    records bigint NOT NULL,
    CONSTRAINT publicity_tally_pk_v1 PRIMARY KEY (dataset_id, month, public_from, public_until)
);
COMMENT ON TABLE publicity_tally IS
    'Windows by dataset, month of the decision (0001-01-01: none) and span (until 9999-12-31: for good); written by triggers only.';

-- One writer of windows works at a time (the lock of the effect's position), so two never wait for each other here.
CREATE FUNCTION publicity_tally_given_v1() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO publicity_tally AS tally (dataset_id, month, public_from, public_until, records)
    SELECT dataset_id, coalesce(date_trunc('month', decided_on)::date, '0001-01-01'), public_from,
        coalesce(public_until, '9999-12-31'), count(*)
    FROM given GROUP BY 1, 2, 3, 4
    ON CONFLICT ON CONSTRAINT publicity_tally_pk_v1 DO UPDATE SET records = tally.records + EXCLUDED.records;
    RETURN NULL;
END $$;
CREATE FUNCTION publicity_tally_held_v1() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO publicity_tally AS tally (dataset_id, month, public_from, public_until, records)
    SELECT dataset_id, coalesce(date_trunc('month', decided_on)::date, '0001-01-01'), public_from,
        coalesce(public_until, '9999-12-31'), -count(*)
    FROM held GROUP BY 1, 2, 3, 4
    ON CONFLICT ON CONSTRAINT publicity_tally_pk_v1 DO UPDATE SET records = tally.records + EXCLUDED.records;
    DELETE FROM publicity_tally AS tally USING (
        SELECT DISTINCT dataset_id, coalesce(date_trunc('month', decided_on)::date, '0001-01-01') AS month, public_from,
            coalesce(public_until, '9999-12-31') AS public_until
        FROM held
    ) AS gone
    WHERE tally.dataset_id = gone.dataset_id AND tally.month = gone.month AND tally.public_from = gone.public_from
      AND tally.public_until = gone.public_until AND tally.records = 0;
    RETURN NULL;
END $$;
CREATE FUNCTION publicity_tally_emptied_v1() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    TRUNCATE publicity_tally;
    RETURN NULL;
END $$;
CREATE TRIGGER publicity_window_tally_inserted_v1 AFTER INSERT ON publicity_window
    REFERENCING NEW TABLE AS given FOR EACH STATEMENT EXECUTE FUNCTION publicity_tally_given_v1();
CREATE TRIGGER publicity_window_tally_deleted_v1 AFTER DELETE ON publicity_window
    REFERENCING OLD TABLE AS held FOR EACH STATEMENT EXECUTE FUNCTION publicity_tally_held_v1();
CREATE TRIGGER publicity_window_tally_b_held_v1 AFTER UPDATE ON publicity_window
    REFERENCING OLD TABLE AS held FOR EACH STATEMENT EXECUTE FUNCTION publicity_tally_held_v1();
CREATE TRIGGER publicity_window_tally_a_given_v1 AFTER UPDATE ON publicity_window
    REFERENCING NEW TABLE AS given FOR EACH STATEMENT EXECUTE FUNCTION publicity_tally_given_v1();
CREATE TRIGGER publicity_window_tally_emptied_v1 AFTER TRUNCATE ON publicity_window
    FOR EACH STATEMENT EXECUTE FUNCTION publicity_tally_emptied_v1();

INSERT INTO publicity_tally (dataset_id, month, public_from, public_until, records)
SELECT dataset_id, coalesce(date_trunc('month', decided_on)::date, '0001-01-01'), public_from,
    coalesce(public_until, '9999-12-31'), count(*)
FROM publicity_window GROUP BY 1, 2, 3, 4;
"""

BACK = """
DROP TRIGGER publicity_window_tally_emptied_v1 ON publicity_window;
DROP TRIGGER publicity_window_tally_a_given_v1 ON publicity_window;
DROP TRIGGER publicity_window_tally_b_held_v1 ON publicity_window;
DROP TRIGGER publicity_window_tally_deleted_v1 ON publicity_window;
DROP TRIGGER publicity_window_tally_inserted_v1 ON publicity_window;
DROP FUNCTION publicity_tally_emptied_v1();
DROP FUNCTION publicity_tally_held_v1();
DROP FUNCTION publicity_tally_given_v1();
DROP TABLE publicity_tally;
"""


class Migration(migrations.Migration):
    """Counts the windows once; about a second for each million."""

    dependencies: ClassVar[list[tuple[str, str]]] = [("publicity", "0005_sheets")]

    operations: ClassVar[list[migrations.operations.base.Operation]] = [
        migrations.RunSQL(
            FORWARD,
            BACK,
            state_operations=[
                migrations.CreateModel(
                    name="Tally",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "dataset_id",
                                "month",
                                "public_from",
                                "public_until",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("dataset_id", models.IntegerField()),
                        ("month", models.DateField()),
                        ("public_from", models.DateField()),
                        ("public_until", models.DateField()),
                        ("records", models.BigIntegerField()),
                    ],
                    options={"managed": False, "db_table": "publicity_tally"},
                )
            ],
        ),
    ]
