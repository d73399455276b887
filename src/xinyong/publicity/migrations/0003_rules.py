import django.db.models.deletion
from django.db import migrations, models

APPEND_ONLY = """
CREATE FUNCTION publicity_refuse_change_v1() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused: acts on rules are append-only', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER publicity_ruleact_append_only_v1 BEFORE UPDATE OR DELETE ON publicity_ruleact
    FOR EACH ROW EXECUTE FUNCTION publicity_refuse_change_v1();
CREATE TRIGGER publicity_ruleact_no_truncate_v1 BEFORE TRUNCATE ON publicity_ruleact
    FOR EACH STATEMENT EXECUTE FUNCTION publicity_refuse_change_v1();
"""

BACK = """
DROP TRIGGER publicity_ruleact_no_truncate_v1 ON publicity_ruleact;
DROP TRIGGER publicity_ruleact_append_only_v1 ON publicity_ruleact;
DROP FUNCTION publicity_refuse_change_v1();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('publicity', '0002_gone'),
    ]

    operations = [
        migrations.CreateModel(
            name='Turn',
            fields=[
                ('day', models.DateField(help_text='The day that began, in China.', primary_key=True, serialize=False)),
                ('ended', models.BigIntegerField(help_text='Records whose last public day was the day before.')),
                ('began', models.BigIntegerField(help_text='Records whose first public day this is, known before.')),
                ('by_dataset', models.JSONField(default=dict, help_text='The same by dataset: [ended, began].')),
                ('taken_at', models.DateTimeField(help_text='When it was taken; later than midnight after a pause.')),
            ],
        ),
        migrations.CreateModel(
            name='RuleVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('label', models.CharField(help_text='Name of the version; records carry it.', max_length=40)),
                ('state', models.CharField(choices=[('draft', 'Being written'), ('comparing', 'Being compared with the ledger'), ('compared', 'Compared, may be put in force'), ('scheduled', 'Takes force on its day'), ('in_force', 'In force'), ('replaced', 'Was in force'), ('dropped', 'Given up')], help_text='Where it stands.', max_length=10)),
                ('base_digest', models.CharField(help_text='Packaged rules it rests on.', max_length=64)),
                ('changes', models.JSONField(default=dict, help_text='Values officers set, by row; over all versions so far.')),
                ('content', models.JSONField(help_text='The whole rules, once in force; as they were.', null=True)),
                ('takes_force_on', models.DateField(help_text='First day it counts.', null=True)),
                ('reason', models.TextField(blank=True, help_text='Why, in the words of whoever put it in force.')),
                ('actor', models.CharField(help_text='Who began it, or confirmed.', max_length=120)),
                ('made_at', models.DateTimeField(help_text='When it was begun.')),
                ('put_by', models.CharField(blank=True, help_text='Who put it in force.', max_length=120)),
                ('put_at', models.DateTimeField(help_text='When it was put in force.', null=True)),
                ('compared_digest', models.CharField(blank=True, help_text='Content that was compared.', max_length=64)),
                ('compared_with', models.BigIntegerField(help_text='Version it was compared with; empty: the packaged.', null=True)),
                ('comparison', models.JSONField(default=dict, help_text='Counts of the comparison by dataset and effect.')),
                ('done_to', models.BigIntegerField(default=0, help_text='Last version_id compared, or recomputed once in force.')),
                ('work_to', models.BigIntegerField(help_text='Version_id at which that work ends; empty: not begun.', null=True)),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('state', 'in_force')), fields=('state',), name='publicity_one_in_force_v1'), models.UniqueConstraint(models.Value(1), condition=models.Q(('state__in', ['draft', 'comparing', 'compared', 'scheduled'])), name='publicity_one_waiting_v1')],
            },
        ),
        migrations.CreateModel(
            name='RuleAct',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('row', models.CharField(help_text='Number of the rule; empty for the version as a whole.', max_length=30)),
                ('kind', models.CharField(help_text='confirmed, replaced, taken_back, compared, put_in_force, dropped.', max_length=20)),
                ('before', models.JSONField(default=dict, help_text='Values before.')),
                ('after', models.JSONField(default=dict, help_text='Values after.')),
                ('reason', models.TextField(help_text="Why, in the officer's words.")),
                ('basis', models.TextField(blank=True, help_text='Document it rests on: number, date, authority.')),
                ('actor', models.CharField(help_text='Who decided.', max_length=120)),
                ('at', models.DateTimeField(help_text='When.')),
                ('version', models.ForeignKey(help_text='Version it belongs to.', on_delete=django.db.models.deletion.PROTECT, to='publicity.ruleversion')),
            ],
        ),
        migrations.CreateModel(
            name='RuleDifference',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('entity_id', models.BigIntegerField(help_text='Registry entity.')),
                ('record_id', models.BigIntegerField(help_text='Record.')),
                ('dataset_id', models.IntegerField(help_text='Catalogue dataset.')),
                ('effect', models.CharField(help_text='appears, vanishes, earlier, later, other.', max_length=12)),
                ('old_from', models.DateField(help_text='First public day now; empty: not public.', null=True)),
                ('old_until', models.DateField(help_text='Last public day now.', null=True)),
                ('new_from', models.DateField(help_text='First public day then; empty: not public.', null=True)),
                ('new_until', models.DateField(help_text='Last public day then.', null=True)),
                ('old_rule', models.CharField(blank=True, help_text='Rules behind the dates now.', max_length=60)),
                ('new_rule', models.CharField(blank=True, help_text='Rules behind the dates then.', max_length=60)),
                ('version', models.ForeignKey(help_text='The waiting version.', on_delete=django.db.models.deletion.CASCADE, to='publicity.ruleversion')),
            ],
            options={
                'indexes': [models.Index(fields=['version', 'effect', 'id'], name='publicity_difference_v1')],
            },
        ),
        migrations.RunSQL(APPEND_ONLY, BACK),
    ]
