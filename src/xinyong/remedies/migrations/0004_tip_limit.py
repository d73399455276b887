from django.db import migrations, models

from xinyong.remedies.numbers import tip_number


def number_them(apps, schema_editor):
    """Tips from before have a number of the same form."""
    for tip in apps.get_model("remedies", "Tip").objects.iterator():
        tip.number = tip_number(tip.at)
        tip.save(update_fields=["number"])


class Migration(migrations.Migration):
    dependencies = [("remedies", "0003_write_function")]

    operations = [
        migrations.AddField(
            "tip",
            "rule",
            models.CharField(
                blank=True, default="", max_length=30, help_text="Row of timers.yml its limit comes from; empty: none ran."
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            "tip",
            "due_on",
            models.DateField(null=True, help_text="Last day to deal with it; empty: no limit ran when it came."),
        ),
        migrations.AddField(
            "tip",
            "number",
            models.CharField(
                max_length=24, null=True, help_text="Number told to whoever gave it, who asks with it; it cannot be guessed."
            ),
        ),
        migrations.RunPython(number_them, migrations.RunPython.noop, elidable=True),
        migrations.AlterField(
            "tip",
            "number",
            models.CharField(
                max_length=24, unique=True, help_text="Number told to whoever gave it, who asks with it; it cannot be guessed."
            ),
        ),
    ]
