"""Tables of the name search, made by the statements that also build them anew."""

from django.db import migrations, models

from xinyong.runtime import sql

STATE = """
CREATE TABLE registry_search_state (id smallint PRIMARY KEY CHECK (id = 1), name_id bigint NOT NULL, built_at timestamptz);
INSERT INTO registry_search_state (id, name_id) VALUES (1, 0);
"""
TABLE = "registry_search"


def statements() -> str:
    names = ("search_table", "search_gram_table", "search_indexes")
    return ";\n".join(sql.statement("registry", name).format(name=TABLE) for name in names) + ";" + STATE


class Migration(migrations.Migration):
    dependencies = [("registry", "0002_acts_and_crosswalk")]

    operations = [
        migrations.RunSQL(
            statements(),
            "DROP TABLE registry_search, registry_search_gram, registry_search_state",
            state_operations=[
                migrations.CreateModel(name=name, fields=[("id", models.BigAutoField(primary_key=True))], options={"managed": False, "db_table": table})
                for name, table in (("SearchName", "registry_search"), ("SearchGram", "registry_search_gram"), ("SearchState", "registry_search_state"))
            ],
        )
    ]
