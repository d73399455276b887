"""That rows have their entity is looked up in the index, row by row, whatever the statistics say.

A trigger's plan is kept for the session. One made after an ANALYZE in the middle of a large first delivery (no row of it
counts yet) read the whole register for each row: 300 000 rows took seven minutes instead of fifteen seconds. A scalar
subquery is never turned into a join, and without sequential scans the index is what is left.
"""

from django.db import migrations

FORWARD = """
CREATE OR REPLACE FUNCTION registry_of_entity_v1() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp SET enable_seqscan = off AS $$
BEGIN
    IF EXISTS (
        SELECT FROM fresh
        WHERE (SELECT entity.id FROM registry_entity AS entity WHERE entity.id = fresh.entity_id) IS NULL
    ) THEN
        RAISE EXCEPTION 'rows of % name an entity that is not there', TG_TABLE_NAME USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NULL;
END $$;
"""
BACKWARD = """
CREATE OR REPLACE FUNCTION registry_of_entity_v1() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM fresh WHERE NOT EXISTS (SELECT FROM registry_entity AS entity WHERE entity.id = fresh.entity_id)) THEN
        RAISE EXCEPTION 'rows of % name an entity that is not there', TG_TABLE_NAME USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("registry", "0007_act_event")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
