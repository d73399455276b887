from django.db import migrations

TABLE = """
CREATE UNLOGGED TABLE api_fairuse (
    who bytea NOT NULL,
    kind smallint NOT NULL,
    begins bigint NOT NULL,
    spent integer NOT NULL,
    CONSTRAINT api_fairuse_pk_v1 PRIMARY KEY (who, kind, begins)
) WITH (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.05);
COMMENT ON COLUMN api_fairuse.who IS 'Hash of the visitor, with a key of the day.';
COMMENT ON COLUMN api_fairuse.kind IS 'Which limit of fair-use.yml.';
COMMENT ON COLUMN api_fairuse.begins IS 'Begin of the window, seconds since 1970.';
COMMENT ON COLUMN api_fairuse.spent IS 'Units used in it.';
"""


class Migration(migrations.Migration):
    dependencies = [("api", "0001_keyed_requests")]
    operations = [migrations.RunSQL(TABLE, "DROP TABLE api_fairuse;")]
