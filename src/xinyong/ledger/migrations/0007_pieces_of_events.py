"""An effect may be in the midst of a large event, and may have read small ones behind it."""

from typing import ClassVar

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    """Two columns of the position, both empty, and the words of the third."""

    dependencies: ClassVar[list[tuple[str, str]]] = [("ledger", "0006_acts_are_leaves")]

    operations: ClassVar[list[migrations.operations.base.Operation]] = [
        migrations.AlterField(
            model_name="effectposition",
            name="event_id",
            field=models.BigIntegerField(default=0, help_text="Last event it has taken in, and all before it."),
        ),
        migrations.AddField(
            model_name="effectposition",
            name="version_id",
            field=models.BigIntegerField(
                help_text="Versions of the next event up to this one are taken in; empty where none is.", null=True
            ),
        ),
        migrations.AddField(
            model_name="effectposition",
            name="ahead",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.BigIntegerField(),
                help_text="Later events it has taken in before their turn.",
                null=True,
                size=None,
            ),
        ),
    ]
