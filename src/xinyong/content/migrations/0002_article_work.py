from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("content", "0001_initial")]

    operations: ClassVar[list[migrations.operations.base.Operation]] = [
        migrations.AddField(
            "article",
            "work",
            models.BigIntegerField(
                null=True, help_text="Piece of joint work a typical case was made of: no revision may name its entity."
            ),
        )
    ]
