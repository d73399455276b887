from django.db import migrations, models

#: Days the deletion feed had closed and nobody had turned yet: they are told next.
FORWARD = """
UPDATE publicity_turn SET told_at = taken_at;
INSERT INTO publicity_turn (day, ended, began, by_dataset, taken_at)
SELECT series.day::date, 0, 0, '{}', now()
FROM generate_series(
    (SELECT max(day) + 1 FROM publicity_turn)::timestamp, (SELECT closed_through + 1 FROM publicity_day)::timestamp, '1 day'
) AS series(day);
"""


class Migration(migrations.Migration):
    dependencies = [("publicity", "0006_tally")]

    operations = [
        migrations.AddField(
            "turn", "told_at", models.DateTimeField(null=True, help_text="When the rooms had been told; empty: not yet.")
        ),
        migrations.RunSQL(FORWARD, migrations.RunSQL.noop, elidable=True),
    ]
