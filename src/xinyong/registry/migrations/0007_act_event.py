from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("registry", "0006_lean_indexes")]

    operations = [
        migrations.AddField(
            "act",
            "event_id",
            models.BigIntegerField(
                null=True,
                unique=True,
                editable=False,
                help_text="Its place in the corridor once it stands; given by the database at the commit.",
            ),
        )
    ]
