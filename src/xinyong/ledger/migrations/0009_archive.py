from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("ledger", "0008_found_by_number"), ("audit", "0003_record_function")]

    operations = [
        migrations.CreateModel(
            name="Archived",
            fields=[
                ("version_id", models.BigIntegerField(help_text="The version whose payload went.", primary_key=True, serialize=False)),
                ("entity_id", models.BigIntegerField(help_text="Registry entity.")),
                ("record_id", models.BigIntegerField(help_text="Record.")),
                ("version_no", models.IntegerField(help_text="Version of the record.")),
                ("payload_hash", models.BinaryField(help_text="SHA-256 of the payload, as in the leaf of the log.")),
                ("sealed", models.BinaryField(help_text="The sealed payload; empty once it was destroyed.", null=True)),
                ("rule", models.CharField(help_text="Row of retention.yml it went by.", max_length=30)),
                ("run_id", models.BigIntegerField(help_text="Run that moved it.")),
                ("archived_at", models.DateTimeField(help_text="When it was moved.")),
                ("destroy_rule", models.CharField(blank=True, help_text="Row it was destroyed by.", max_length=30)),
                ("destroy_run_id", models.BigIntegerField(help_text="Run that destroyed it.", null=True)),
                ("destroyed_at", models.DateTimeField(help_text="When it was destroyed.", null=True)),
            ],
            options={"db_table": "ledger_archive", "indexes": [models.Index(fields=["record_id"], name="ledger_archive_record_v1")]},
        ),
        migrations.RunSQL(
            """
            ALTER TABLE ledger_archive ALTER COLUMN sealed SET STORAGE EXTERNAL;

            -- What a version said may leave its row for the closed archive, and nothing else of it may change: the hash stays, so
            -- that the leaf of the log and every proof stand.
            CREATE FUNCTION ledger_version_refuse_change_v2() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF TG_OP = 'UPDATE' AND NEW.payload::text = '{"_archived":true}'
                    AND NEW.payload_hash = COALESCE(OLD.payload_hash, sha256(convert_to(OLD.payload::text, 'UTF8')))
                    AND to_jsonb(NEW) - 'payload' - 'payload_hash' = to_jsonb(OLD) - 'payload' - 'payload_hash'
                    AND EXISTS (SELECT FROM ledger_archive AS kept WHERE kept.version_id = NEW.version_id
                        AND kept.payload_hash = NEW.payload_hash AND octet_length(kept.sealed) > 0)
                THEN
                    RETURN NEW;
                END IF;
                RAISE EXCEPTION '% on % is refused: the ledger is append-only', TG_OP, TG_TABLE_NAME
                    USING ERRCODE = 'integrity_constraint_violation',
                          HINT = 'What happens to a record later is a new version or a dated event.';
            END $$;
            DROP TRIGGER ledger_version_append_only_v1 ON ledger_version;
            CREATE TRIGGER ledger_version_append_only_v2 BEFORE UPDATE OR DELETE ON ledger_version
                FOR EACH ROW EXECUTE FUNCTION ledger_version_refuse_change_v2();

            CREATE FUNCTION ledger_archive_refuse_change_v1() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF TG_OP = 'UPDATE' AND OLD.sealed IS NOT NULL AND NEW.sealed IS NULL AND NEW.destroyed_at IS NOT NULL
                    AND NEW.destroy_run_id IS NOT NULL AND NEW.destroy_rule <> ''
                    AND to_jsonb(NEW) - 'sealed' - 'destroyed_at' - 'destroy_run_id' - 'destroy_rule'
                      = to_jsonb(OLD) - 'sealed' - 'destroyed_at' - 'destroy_run_id' - 'destroy_rule'
                THEN
                    RETURN NEW;
                END IF;
                RAISE EXCEPTION '% on % is refused: the archive is append-only', TG_OP, TG_TABLE_NAME
                    USING ERRCODE = 'integrity_constraint_violation';
            END $$;
            CREATE TRIGGER ledger_archive_append_only_v1 BEFORE UPDATE OR DELETE ON ledger_archive
                FOR EACH ROW EXECUTE FUNCTION ledger_archive_refuse_change_v1();
            CREATE TRIGGER ledger_archive_no_truncate_v1 BEFORE TRUNCATE ON ledger_archive
                FOR EACH STATEMENT EXECUTE FUNCTION ledger_archive_refuse_change_v1();

            -- The application owns neither table and may change no version; this is the one door, and it asks for an act
            -- 'archived' on the record first. Returns how many versions went.
            CREATE FUNCTION ledger_archive_v1(of_entity bigint, of_record bigint, versions bigint[], contents bytea[],
                by_rule text, by_run bigint)
            RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
            DECLARE
                went integer;
            BEGIN
                INSERT INTO ledger_archive (version_id, entity_id, record_id, version_no, payload_hash, sealed, rule, run_id,
                    archived_at, destroy_rule)
                SELECT version.version_id, version.entity_id, version.record_id, version.version_no,
                    COALESCE(version.payload_hash, sha256(convert_to(version.payload::text, 'UTF8'))), given.content, by_rule,
                    by_run, now(), ''
                FROM unnest(versions, contents) AS given(version_id, content)
                JOIN ledger_version AS version ON version.entity_id = of_entity AND version.record_id = of_record
                    AND version.version_id = given.version_id
                WHERE version.payload::text <> '{"_archived":true}'
                    AND EXISTS (SELECT FROM ledger_status AS done WHERE done.entity_id = version.entity_id
                        AND done.record_id = version.record_id AND done.act = 'archived');
                UPDATE ledger_version AS version SET payload = '{"_archived":true}', payload_hash = kept.payload_hash
                FROM ledger_archive AS kept
                WHERE kept.version_id = ANY(versions) AND kept.run_id = by_run AND version.entity_id = of_entity
                    AND version.record_id = of_record AND version.version_id = kept.version_id AND version.payload::text <> '{"_archived":true}';
                GET DIAGNOSTICS went = ROW_COUNT;
                RETURN went;
            END $$;

            -- What the archive held is destroyed; that it was there, its hash, and by which rule it went stay.
            CREATE FUNCTION ledger_archive_destroy_v1(versions bigint[], by_rule text, by_run bigint)
            RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
            DECLARE
                went integer;
            BEGIN
                UPDATE ledger_archive SET sealed = NULL, destroyed_at = now(), destroy_rule = by_rule, destroy_run_id = by_run
                WHERE version_id = ANY(versions) AND sealed IS NOT NULL;
                GET DIAGNOSTICS went = ROW_COUNT;
                RETURN went;
            END $$;
            """,
            """
            DROP FUNCTION ledger_archive_destroy_v1(bigint[], text, bigint);
            DROP FUNCTION ledger_archive_v1(bigint, bigint, bigint[], bytea[], text, bigint);
            DROP TRIGGER ledger_archive_no_truncate_v1 ON ledger_archive;
            DROP TRIGGER ledger_archive_append_only_v1 ON ledger_archive;
            DROP FUNCTION ledger_archive_refuse_change_v1();
            DROP TRIGGER ledger_version_append_only_v2 ON ledger_version;
            DROP FUNCTION ledger_version_refuse_change_v2();
            CREATE TRIGGER ledger_version_append_only_v1 BEFORE UPDATE OR DELETE ON ledger_version
                FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change_v1();
            """,
        ),
    ]
