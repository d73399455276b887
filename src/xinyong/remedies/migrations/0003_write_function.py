from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("remedies", "0002_append_only"), ("audit", "0003_record_function")]

    operations = [
        migrations.RunSQL(
            """
            -- Steps that were judged, written in one round trip: one a case. A case that is no longer at the revision it was
            -- judged at is left alone, with everything that belongs to it; who was written is returned.
            CREATE FUNCTION remedies_write_v1(given jsonb) RETURNS bigint[] LANGUAGE plpgsql AS $$
            DECLARE
                done bigint[];
            BEGIN
                WITH wanted AS (
                    SELECT row."case" AS id, row.revision, row."set"
                    FROM jsonb_to_recordset(given -> 'cases') AS row("case" bigint, revision integer, "set" jsonb)
                ), written AS (
                    UPDATE remedies_case AS held
                    SET (state, revision, paused_on, due_on, escalated, closed_at, answer, basis, gaps, gaps_told, checks,
                        remedy, outcome, signed_at, signed_text, suspended, marks, reviewed, assignee, barred_until,
                        account_id, acting_name, statement)
                      = (SELECT new.state, new.revision, new.paused_on, new.due_on, new.escalated, new.closed_at, new.answer,
                            new.basis, new.gaps, new.gaps_told, new.checks, new.remedy, new.outcome, new.signed_at,
                            new.signed_text, new.suspended, new.marks, new.reviewed, new.assignee, new.barred_until,
                            new.account_id, new.acting_name, new.statement
                        FROM jsonb_populate_record(held, wanted."set") AS new)
                    FROM wanted WHERE held.id = wanted.id AND held.revision = wanted.revision
                    RETURNING held.id
                )
                SELECT array_agg(id) INTO done FROM written;
                IF done IS NULL THEN
                    RETURN '{}';
                END IF;
                -- In the order of the table's constraint: what ends makes room for what begins.
                IF given ? 'ended' THEN
                    UPDATE remedies_limit AS running SET ended_on = row.day, met = row.met
                    FROM jsonb_to_recordset(given -> 'ended') AS row("case" bigint, timer text, day date, met boolean)
                    WHERE running.case_id = row."case" AND running.timer = row.timer AND running.ended_on IS NULL
                        AND row."case" = ANY(done);
                END IF;
                IF given ? 'moved' THEN
                    UPDATE remedies_limit AS running
                    SET due_on = row.due_on, extended = row.extended, spans = row.spans
                    FROM jsonb_to_recordset(given -> 'moved')
                        AS row("case" bigint, timer text, due_on date, extended boolean, spans jsonb)
                    WHERE running.case_id = row."case" AND running.timer = row.timer AND running.ended_on IS NULL
                        AND row."case" = ANY(done);
                END IF;
                IF given ? 'begun' THEN
                    INSERT INTO remedies_limit (case_id, timer, row, starts_on, due_on, extended, spans)
                    SELECT row."case", row.timer, row.row, row.starts_on, row.due_on, false, '[]'
                    FROM jsonb_to_recordset(given -> 'begun')
                        AS row("case" bigint, timer text, row text, starts_on date, due_on date)
                    WHERE row."case" = ANY(done);
                END IF;
                INSERT INTO remedies_step
                    (case_id, number, act, party, actor, reason, state_before, state_after, at, event_id, detail)
                SELECT row."case", row.number, row.act, row.party, row.actor, row.reason, row.before, row.after, row.at,
                    row.event, row.detail
                FROM jsonb_to_recordset(given -> 'steps') AS row("case" bigint, number integer, act text, party text,
                    actor text, reason text, before text, after text, at timestamptz, event bigint, detail jsonb)
                WHERE row."case" = ANY(done);
                IF given ? 'audit' THEN
                    PERFORM audit_record_v1(COALESCE((
                        SELECT jsonb_agg(row.entry) FROM jsonb_to_recordset(given -> 'audit') AS row("case" bigint, entry jsonb)
                        WHERE row."case" = ANY(done)), '[]'));
                END IF;
                RETURN done;
            END $$;
            """,
            "DROP FUNCTION remedies_write_v1(jsonb);",
        )
    ]
