from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_append_only")]

    operations = [
        migrations.RunSQL(
            """
            -- The one door to the audit trail for writers that work inside the database: rows as a JSON list.
            CREATE FUNCTION audit_record_v1(given jsonb) RETURNS void LANGUAGE sql AS $$
                INSERT INTO audit_auditentry (at, actor, deed, target, purpose, detail)
                SELECT clock_timestamp(), row.actor, row.deed, row.target, COALESCE(row.purpose, ''), COALESCE(row.detail, '{}')
                FROM jsonb_to_recordset(given) AS row(actor text, deed text, target text, purpose text, detail jsonb)
            $$;
            """,
            "DROP FUNCTION audit_record_v1(jsonb);",
        )
    ]
