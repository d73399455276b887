"""Fewer indexes, and one look at the entities of many rows instead of one for each.

Nothing reads entities by name key or codes by pattern; names of an entity are found by the index that keeps them unique; a
number is found by its value, whatever its kind. That numbers and names have their entity is looked at by triggers once a
statement, and no entity is removed or numbered anew that has some.
"""

import django.db.models.deletion
from django.db import migrations, models

FORWARD = """
ALTER TABLE registry_entity RENAME CONSTRAINT registry_entity_credit_code_key TO registry_entity_code_v1;
DROP INDEX registry_entity_name_v1;
CREATE UNIQUE INDEX registry_identifier_v2 ON registry_identifier (value, type);
ALTER TABLE registry_identifier DROP CONSTRAINT registry_identifier_v1,
    ADD CONSTRAINT registry_identifier_v2 UNIQUE USING INDEX registry_identifier_v2;

-- Names that Django gave, by what they are.
DO $$
DECLARE
    item record;
BEGIN
    FOR item IN
        SELECT format('DROP INDEX %I', class.relname) AS deed
        FROM pg_index AS held JOIN pg_class AS class ON class.oid = held.indexrelid
        WHERE (held.indrelid = 'registry_entity'::regclass AND class.relname LIKE '%credit_code%like')
           OR (held.indrelid = 'registry_name'::regclass AND NOT held.indisunique
               AND pg_get_indexdef(held.indexrelid) LIKE '%(entity_id)')
        UNION ALL
        SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) FROM pg_constraint
        WHERE contype = 'f' AND confrelid = 'registry_entity'::regclass
          AND conrelid IN ('registry_identifier'::regclass, 'registry_name'::regclass)
    LOOP
        EXECUTE item.deed;
    END LOOP;
END $$;

CREATE FUNCTION registry_of_entity_v1() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM fresh WHERE NOT EXISTS (SELECT FROM registry_entity AS entity WHERE entity.id = fresh.entity_id)) THEN
        RAISE EXCEPTION 'rows of % name an entity that is not there', TG_TABLE_NAME USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION registry_of_entity_v1() IS 'What a foreign key to registry_entity says, looked at once a statement.';
CREATE FUNCTION registry_entity_stays_v1() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.id = OLD.id THEN
        RETURN NEW;
    END IF;
    IF EXISTS (SELECT FROM registry_identifier WHERE entity_id = OLD.id)
        OR EXISTS (SELECT FROM registry_name WHERE entity_id = OLD.id) THEN
        RAISE EXCEPTION 'entity % has numbers or names', OLD.id USING ERRCODE = 'foreign_key_violation';
    END IF;
    IF TG_OP = 'UPDATE' THEN
        RETURN NEW;
    END IF;
    RETURN OLD;
END $$;
COMMENT ON FUNCTION registry_entity_stays_v1() IS 'An entity that has numbers or names is not removed or numbered anew.';
CREATE TRIGGER registry_entity_stays_v1 BEFORE DELETE OR UPDATE OF id ON registry_entity
    FOR EACH ROW EXECUTE FUNCTION registry_entity_stays_v1();
"""
TRIGGERS = "".join(
    f"""
CREATE TRIGGER {table}_of_entity_{deed.lower()}_v1 AFTER {deed} ON {table}
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION registry_of_entity_v1();
"""
    for table in ("registry_identifier", "registry_name")
    for deed in ("INSERT", "UPDATE")
)

BACKWARD = """
DROP TRIGGER registry_entity_stays_v1 ON registry_entity;
DROP TRIGGER registry_identifier_of_entity_insert_v1 ON registry_identifier;
DROP TRIGGER registry_identifier_of_entity_update_v1 ON registry_identifier;
DROP TRIGGER registry_name_of_entity_insert_v1 ON registry_name;
DROP TRIGGER registry_name_of_entity_update_v1 ON registry_name;
DROP FUNCTION registry_of_entity_v1();
DROP FUNCTION registry_entity_stays_v1();
ALTER TABLE registry_identifier DROP CONSTRAINT registry_identifier_v2,
    ADD CONSTRAINT registry_identifier_v1 UNIQUE (type, value),
    ADD FOREIGN KEY (entity_id) REFERENCES registry_entity (id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE registry_name ADD FOREIGN KEY (entity_id) REFERENCES registry_entity (id) DEFERRABLE INITIALLY DEFERRED;
CREATE INDEX registry_name_entity_v0 ON registry_name (entity_id);
CREATE INDEX registry_entity_name_v1 ON registry_entity (name_key);
CREATE INDEX registry_entity_credit_code_v0_like ON registry_entity (credit_code varchar_pattern_ops);
ALTER TABLE registry_entity RENAME CONSTRAINT registry_entity_code_v1 TO registry_entity_credit_code_key;
"""


class Migration(migrations.Migration):
    dependencies = [("registry", "0005_pending_links")]

    operations = [
        migrations.RunSQL(
            FORWARD + TRIGGERS,
            BACKWARD,
            state_operations=[
                migrations.RemoveIndex(model_name="entity", name="registry_entity_name_v1"),
                migrations.AlterField(
                    model_name="entity",
                    name="credit_code",
                    field=models.CharField(help_text="Unified social credit code; empty where none was ever issued.", max_length=18, null=True),
                ),
                migrations.AddConstraint(
                    model_name="entity",
                    constraint=models.UniqueConstraint(fields=("credit_code",), name="registry_entity_code_v1"),
                ),
                migrations.RemoveConstraint(model_name="identifier", name="registry_identifier_v1"),
                migrations.AddConstraint(
                    model_name="identifier",
                    constraint=models.UniqueConstraint(fields=("value", "type"), name="registry_identifier_v2"),
                ),
                migrations.AlterField(
                    model_name="identifier",
                    name="entity",
                    field=models.ForeignKey(db_constraint=False, help_text="Whose number it is.", on_delete=django.db.models.deletion.PROTECT, to="registry.entity"),
                ),
                migrations.AlterField(
                    model_name="name",
                    name="entity",
                    field=models.ForeignKey(db_constraint=False, db_index=False, help_text="Whose name it is.", on_delete=django.db.models.deletion.PROTECT, to="registry.entity"),
                ),
            ],
        )
    ]
