from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]

    operations = [
        migrations.RunSQL(
            """
            CREATE FUNCTION audit_refuse_change_v1() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                RAISE EXCEPTION '% on % is refused: the audit trail is append-only', TG_OP, TG_TABLE_NAME
                    USING ERRCODE = 'integrity_constraint_violation';
            END $$;
            CREATE TRIGGER audit_append_only_v1 BEFORE UPDATE OR DELETE ON audit_auditentry
                FOR EACH ROW EXECUTE FUNCTION audit_refuse_change_v1();
            CREATE TRIGGER audit_no_truncate_v1 BEFORE TRUNCATE ON audit_auditentry
                FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change_v1();
            """,
            """
            DROP TRIGGER audit_no_truncate_v1 ON audit_auditentry;
            DROP TRIGGER audit_append_only_v1 ON audit_auditentry;
            DROP FUNCTION audit_refuse_change_v1();
            """,
        )
    ]
