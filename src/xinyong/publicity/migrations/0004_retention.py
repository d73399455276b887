import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('publicity', '0003_rules'),
        ('ledger', '0009_archive'),
    ]

    operations = [
        migrations.CreateModel(
            name='ArchiveReader',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('username', models.CharField(help_text='The officer.', max_length=60)),
                ('reason', models.TextField(help_text='Why, with the document.')),
                ('until', models.DateField(help_text='Last day.')),
                ('named_by', models.CharField(help_text='Who named them.', max_length=120)),
                ('named_at', models.DateTimeField(help_text='When.')),
                ('ended_at', models.DateTimeField(help_text='When it was ended before its day.', null=True)),
                ('ended_by', models.CharField(blank=True, help_text='By whom.', max_length=120)),
            ],
        ),
        migrations.CreateModel(
            name='RetentionRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField(help_text='Day the rules were asked for.')),
                ('actor', models.CharField(help_text='Who ran it.', max_length=120)),
                ('profile', models.CharField(help_text='Whose local rules it went by.', max_length=20)),
                ('reason', models.TextField(blank=True, help_text="Why it was carried out, in the officer's words.")),
                ('begun_at', models.DateTimeField(help_text='When it was begun.')),
                ('done_at', models.DateTimeField(help_text='When it was done; empty: it was interrupted, and goes on.', null=True)),
                ('counts', models.JSONField(default=dict, help_text='By rule: planned, went, kept.')),
                ('cut', models.BooleanField(default=False, help_text='There was more than one run takes.')),
                ('plan', models.OneToOneField(help_text='Carried out; empty: a plan.', null=True, on_delete=django.db.models.deletion.PROTECT, to='publicity.retentionrun')),
            ],
        ),
        migrations.CreateModel(
            name='RetentionLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('rule', models.CharField(help_text='Row of retention.yml.', max_length=30)),
                ('article', models.CharField(help_text='Its article.', max_length=100)),
                ('target', models.CharField(help_text='What kind of thing.', max_length=30)),
                ('key', models.BigIntegerField(help_text='Record, version or row.')),
                ('entity_id', models.BigIntegerField(help_text='Registry entity, of a record.', null=True)),
                ('dataset', models.CharField(help_text='Dataset, or the table it lies in.', max_length=60)),
                ('ended_on', models.DateField(help_text='Day its time began to run.')),
                ('outcome', models.CharField(help_text='planned, went or kept.', max_length=10)),
                ('why', models.TextField(blank=True, help_text='Why it was kept.')),
                ('pieces', models.IntegerField(default=0, help_text='Versions or values that went.')),
                ('at', models.DateTimeField(help_text='When.')),
                ('run', models.ForeignKey(help_text='The run.', on_delete=django.db.models.deletion.PROTECT, to='publicity.retentionrun')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('run', 'target', 'key'), name='publicity_retention_line_v1')],
            },
        ),
        migrations.RunSQL(
            """
            CREATE FUNCTION publicity_retention_refuse_change_v1() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                RAISE EXCEPTION '% on % is refused: reports of retention are append-only', TG_OP, TG_TABLE_NAME
                    USING ERRCODE = 'integrity_constraint_violation';
            END $$;
            CREATE TRIGGER publicity_retention_append_only_v1 BEFORE UPDATE OR DELETE ON publicity_retentionline
                FOR EACH ROW EXECUTE FUNCTION publicity_retention_refuse_change_v1();
            CREATE TRIGGER publicity_retention_no_truncate_v1 BEFORE TRUNCATE ON publicity_retentionline
                FOR EACH STATEMENT EXECUTE FUNCTION publicity_retention_refuse_change_v1();
            """,
            """
            DROP TRIGGER publicity_retention_no_truncate_v1 ON publicity_retentionline;
            DROP TRIGGER publicity_retention_append_only_v1 ON publicity_retentionline;
            DROP FUNCTION publicity_retention_refuse_change_v1();
            """,
        ),
    ]
