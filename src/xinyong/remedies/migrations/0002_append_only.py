from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("remedies", "0001_initial")]

    operations = [
        migrations.RunSQL(
            """
            CREATE FUNCTION remedies_refuse_change_v1() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                RAISE EXCEPTION '% on % is refused: steps of a case are append-only', TG_OP, TG_TABLE_NAME
                    USING ERRCODE = 'integrity_constraint_violation';
            END $$;
            CREATE TRIGGER remedies_step_append_only_v1 BEFORE UPDATE OR DELETE ON remedies_step
                FOR EACH ROW EXECUTE FUNCTION remedies_refuse_change_v1();
            CREATE TRIGGER remedies_step_no_truncate_v1 BEFORE TRUNCATE ON remedies_step
                FOR EACH STATEMENT EXECUTE FUNCTION remedies_refuse_change_v1();
            -- What is sealed does not shrink; kept outside the row as it is.
            ALTER TABLE remedies_casefile ALTER COLUMN content SET STORAGE EXTERNAL;
            """,
            """
            DROP TRIGGER remedies_step_no_truncate_v1 ON remedies_step;
            DROP TRIGGER remedies_step_append_only_v1 ON remedies_step;
            DROP FUNCTION remedies_refuse_change_v1();
            """,
        )
    ]
