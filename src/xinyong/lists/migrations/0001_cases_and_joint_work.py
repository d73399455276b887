import django.db.models.deletion
from django.db import migrations, models


APPEND_ONLY = """
CREATE FUNCTION lists_refuse_change_v1() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused: steps of a procedure are append-only', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER lists_case_step_append_only_v1 BEFORE UPDATE OR DELETE ON lists_casestep
    FOR EACH ROW EXECUTE FUNCTION lists_refuse_change_v1();
CREATE TRIGGER lists_case_step_no_truncate_v1 BEFORE TRUNCATE ON lists_casestep
    FOR EACH STATEMENT EXECUTE FUNCTION lists_refuse_change_v1();
CREATE TRIGGER lists_joint_step_append_only_v1 BEFORE UPDATE OR DELETE ON lists_jointstep
    FOR EACH ROW EXECUTE FUNCTION lists_refuse_change_v1();
CREATE TRIGGER lists_joint_step_no_truncate_v1 BEFORE TRUNCATE ON lists_jointstep
    FOR EACH STATEMENT EXECUTE FUNCTION lists_refuse_change_v1();
"""
REVERSE = """
DROP TRIGGER lists_joint_step_no_truncate_v1 ON lists_jointstep;
DROP TRIGGER lists_joint_step_append_only_v1 ON lists_jointstep;
DROP TRIGGER lists_case_step_no_truncate_v1 ON lists_casestep;
DROP TRIGGER lists_case_step_append_only_v1 ON lists_casestep;
DROP FUNCTION lists_refuse_change_v1();
"""


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0003_department_datasets'),
        ('intake', '0007_one_release_rule'),
        ('registry', '0007_act_event'),
    ]

    operations = [
        migrations.CreateModel(
            name='Case',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('list_code', models.CharField(help_text='The list, a code of datapacks/lists.', max_length=40)),
                ('list_digest', models.CharField(help_text='The text of its configuration when the case was opened.', max_length=16)),
                ('rules', models.CharField(help_text='Version of the procedures when it was opened.', max_length=20)),
                ('origin', models.CharField(choices=[('own', '本平台办理'), ('imported', '外部报送')], help_text='Run here, or taken over from an imported record.', max_length=10)),
                ('variant', models.CharField(choices=[('list', '列入名单'), ('mark', '标记状态')], help_text='Listed, or marked where the list marks this kind of entity.', max_length=10)),
                ('state', models.CharField(help_text='Where it is now: a state of the procedures.', max_length=20)),
                ('seq', models.IntegerField(help_text='Number of its last step; who decides names the one they saw.')),
                ('opened_at', models.DateTimeField(help_text='When it was opened.')),
                ('opened_by', models.CharField(help_text='Who opened it.', max_length=60)),
                ('moved_at', models.DateTimeField(help_text='When its last step was taken.')),
                ('listed_on', models.DateField(help_text='Day of the entry.', null=True)),
                ('planned_end', models.DateField(help_text='Last day of its period; empty: until it is removed.', null=True)),
                ('record_entity_id', models.BigIntegerField(help_text='Entity under which the record is kept.', null=True)),
                ('record_id', models.BigIntegerField(help_text='The entry in the ledger.', null=True)),
                ('trouble', models.TextField(blank=True, help_text='Why the delivery did not store it.')),
                ('department', models.ForeignKey(help_text='The organ that decides.', on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.department')),
                ('entity', models.ForeignKey(help_text='Whom it is about; never a person.', on_delete=django.db.models.deletion.PROTECT, related_name='+', to='registry.entity')),
                ('sent', models.ForeignKey(help_text='The delivery being taken in.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='intake.delivery')),
            ],
        ),
        migrations.CreateModel(
            name='CaseStep',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('seq', models.IntegerField(help_text='1 for the first, without gaps.')),
                ('step', models.CharField(help_text='A step of the procedures.', max_length=30)),
                ('from_state', models.CharField(blank=True, help_text='State before.', max_length=20)),
                ('to_state', models.CharField(help_text='State after.', max_length=20)),
                ('actor', models.CharField(help_text='Who took it; platform where it follows from a deed before.', max_length=60)),
                ('at', models.DateTimeField(help_text='When it was recorded.')),
                ('facts', models.JSONField(help_text='Facts it rests on: documents, dates, service, basis.')),
                ('reason', models.TextField(help_text="Why, in the officer's words.")),
                ('event_id', models.BigIntegerField(help_text='The act it recorded in the ledger.', null=True)),
                ('case', models.ForeignKey(help_text='The case.', on_delete=django.db.models.deletion.PROTECT, related_name='steps', to='lists.case')),
            ],
            options={
                'ordering': ['case', 'seq'],
            },
        ),
        migrations.CreateModel(
            name='Joint',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('record_entity_id', models.BigIntegerField(help_text='Entity under which the record behind it is kept.')),
                ('record_id', models.BigIntegerField(help_text='The entry or decision it follows from.')),
                ('list_code', models.CharField(blank=True, help_text='The list of that entry; empty: a decision.', max_length=40)),
                ('measure', models.CharField(help_text='The row of the measures.', max_length=20)),
                ('measure_digest', models.CharField(help_text='The text of its list when it was decided.', max_length=16)),
                ('favourable', models.BooleanField(help_text='An incentive.')),
                ('scene', models.CharField(help_text='Where it was asked for.', max_length=30)),
                ('matter', models.CharField(help_text='The matter at hand, as the unit calls it.', max_length=200)),
                ('state', models.CharField(help_text='Where it is now: a state of joint.yml.', max_length=20)),
                ('seq', models.IntegerField(help_text='Number of its last message.')),
                ('opened_at', models.DateTimeField(help_text='When it was decided.')),
                ('moved_at', models.DateTimeField(help_text='When its last message came.')),
                ('until', models.DateField(help_text='Last day it can stand; empty: as long as the entry does.', null=True)),
                ('due_on', models.DateField(help_text='Last day for the next message of the executor.', null=True)),
                ('reminders', models.IntegerField(default=0, help_text='Reminders sent for it.')),
                ('department', models.ForeignKey(help_text='The executor.', on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.department')),
                ('entity', models.ForeignKey(help_text='Whom it is about; never a person.', on_delete=django.db.models.deletion.PROTECT, related_name='+', to='registry.entity')),
            ],
        ),
        migrations.CreateModel(
            name='JointStep',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('seq', models.IntegerField(help_text='1 for the first, without gaps.')),
                ('message', models.CharField(help_text='M3, M4, M5, M6, reminder or escalation.', max_length=20)),
                ('to_state', models.CharField(help_text='State after.', max_length=20)),
                ('actor', models.CharField(help_text='Who sent it; platform for M5 and reminders.', max_length=60)),
                ('at', models.DateTimeField(help_text='When it was recorded.')),
                ('facts', models.JSONField(help_text='What the message carries.')),
                ('reason', models.TextField(blank=True, help_text="Why, in the officer's words.")),
                ('joint', models.ForeignKey(help_text='The piece of work.', on_delete=django.db.models.deletion.PROTECT, related_name='steps', to='lists.joint')),
            ],
            options={
                'ordering': ['joint', 'seq'],
            },
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(fields=['state', 'moved_at'], name='lists_case_state_v1'),
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(fields=['department', 'state'], name='lists_case_department_v1'),
        ),
        migrations.AddConstraint(
            model_name='case',
            constraint=models.UniqueConstraint(condition=models.Q(('record_id__isnull', False)), fields=('record_id',), name='lists_case_record_v1'),
        ),
        migrations.AddConstraint(
            model_name='casestep',
            constraint=models.UniqueConstraint(fields=('case', 'seq'), name='lists_case_step_v1'),
        ),
        migrations.AddIndex(
            model_name='joint',
            index=models.Index(fields=['state', 'due_on'], name='lists_joint_due_v1'),
        ),
        migrations.AddIndex(
            model_name='joint',
            index=models.Index(fields=['entity', 'state'], name='lists_joint_entity_v1'),
        ),
        migrations.AddIndex(
            model_name='joint',
            index=models.Index(fields=['department', 'state'], name='lists_joint_department_v1'),
        ),
        migrations.AddConstraint(
            model_name='joint',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['applied', 'executed', 'lift_due'])), fields=('record_id', 'measure', 'department', 'matter'), name='lists_joint_once_v1'),
        ),
        migrations.AddConstraint(
            model_name='jointstep',
            constraint=models.UniqueConstraint(fields=('joint', 'seq'), name='lists_joint_step_v1'),
        ),
        migrations.RunSQL(APPEND_ONLY, REVERSE),
    ]
