import django.db.models.deletion
from django.db import migrations, models

#: What daily messages had not spoken of yet, as it was found before: by number.
CARRY = """
INSERT INTO notices_gathered (notice_id, subscription_id)
SELECT notice.id, held.id
FROM notices_subscription AS held
JOIN registry_entity AS firm ON firm.id = held.entity_id
JOIN registry_entity AS entry ON entry.id = COALESCE(firm.canonical_id, firm.id)
    OR entry.canonical_id = COALESCE(firm.canonical_id, firm.id)
JOIN notices_notice AS notice ON notice.entity_id = entry.id AND notice.id > held.digested_to
JOIN unnest(%s::text[], %s::text[]) AS known(kind, "group") ON known.kind = notice.kind
WHERE held.rhythm = 'daily' AND held.confirmed_at IS NOT NULL AND held.ended_at IS NULL AND held.groups ? known."group"
"""


def carry(apps, schema_editor):
    from xinyong.notices import texts

    known = [(code, kind.group) for code, kind in texts.packaged().kinds.items() if code != "daily-digest"]
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(CARRY, [[code for code, _ in known], [group for _, group in known]])


class Migration(migrations.Migration):
    dependencies = [("notices", "0002_digest")]

    operations = [
        migrations.CreateModel(
            name="Gathered",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "notice",
                    models.ForeignKey(
                        help_text="What has to be told.",
                        on_delete=django.db.models.deletion.PROTECT,
                        to="notices.notice",
                    ),
                ),
                (
                    "subscription",
                    models.ForeignKey(
                        help_text="Whose message of the day it waits for.",
                        on_delete=django.db.models.deletion.PROTECT,
                        to="notices.subscription",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("subscription", "notice"), name="notices_gathered_once_v1")
                ],
            },
        ),
        migrations.RunPython(carry, migrations.RunPython.noop, elidable=True),
        migrations.RemoveField("subscription", "digested_to"),
    ]
