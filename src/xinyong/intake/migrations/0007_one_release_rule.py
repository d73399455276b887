"""Four eyes has one source, the release rules: what stood with a duty becomes a rule of that department and dataset."""

from django.db import migrations
from django.db.models import Q
from django.utils import timezone


def to_rules(apps, schema_editor):
    duties = apps.get_model("intake", "Duty").objects.filter(four_eyes=True)
    rules = apps.get_model("intake", "ReleaseRule").objects
    today = timezone.localdate()
    for duty in duties:
        governing = max(
            rules.filter(
                Q(department=None) | Q(department=duty.department_id),
                dataset_code__in=["", duty.dataset_code],
                effective_from__lte=today,
            ),
            key=lambda rule: (rule.department_id is not None, rule.dataset_code != "", rule.effective_from, rule.pk),
            default=None,
        )
        rules.create(
            department_id=duty.department_id,
            dataset_code=duty.dataset_code,
            good_rows=governing.good_rows if governing else "at_once",
            four_eyes=True,
            effective_from=min(duty.since, today),
            reason=duty.reason[:400] or "two persons, as the duty of the department said",
            set_by="migration",
        )


class Migration(migrations.Migration):
    dependencies = [("intake", "0006_read_under")]

    operations = [
        migrations.RunPython(to_rules, migrations.RunPython.noop),
        migrations.RemoveField("duty", "four_eyes"),
    ]
