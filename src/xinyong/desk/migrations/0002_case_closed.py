import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("intake", "0007_one_release_rule"), ("desk", "0001_initial")]

    operations = [
        migrations.AddField(
            "case",
            "closed_in",
            models.ForeignKey(
                help_text="The correction in which the department answered the row itself.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="intake.delivery",
            ),
        ),
        migrations.AddField(
            "case", "closed_row", models.IntegerField(help_text="Row of that correction.", null=True)
        ),
        migrations.AddField(
            "case", "closed_why", models.TextField(blank=True, default="", help_text="Why the department gave the row up."), preserve_default=False
        ),
        migrations.AddField(
            "case",
            "closed_at",
            models.DateTimeField(help_text="When the department's own deed ended the case.", null=True),
        ),
    ]
