"""Functions that came after 0006 look in one schema only as well.

The function of a range keeps no setting, which would stop the planner from reading its text as part of the statement; its
body is bound to the tables when it is made instead.
"""

from typing import ClassVar

from django.db import migrations

FUNCTIONS = (
    "audit_record_v1(jsonb)",
    "ledger_archive_refuse_change_v1()",
    "ledger_version_refuse_change_v2()",
)

FORWARD = """
CREATE OR REPLACE FUNCTION ledger_versions_v1(first bigint, last bigint) RETURNS SETOF ledger_version LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT * FROM public.ledger_version
    WHERE version_id >> 10 BETWEEN first >> 10 AND last >> 10 AND version_id BETWEEN first AND last;
END;
""" + "".join(f"ALTER FUNCTION {function} SET search_path = public, pg_temp;\n" for function in FUNCTIONS)

BACK = """
CREATE OR REPLACE FUNCTION ledger_versions_v1(first bigint, last bigint) RETURNS SETOF ledger_version LANGUAGE sql STABLE AS $$
    SELECT * FROM public.ledger_version
    WHERE version_id >> 10 BETWEEN first >> 10 AND last >> 10 AND version_id BETWEEN first AND last
$$;
""" + "".join(f"ALTER FUNCTION {function} RESET search_path;\n" for function in FUNCTIONS)


class Migration(migrations.Migration):
    """Definitions of functions only."""

    dependencies: ClassVar[list[tuple[str, str]]] = [("ledger", "0009_archive"), ("audit", "0003_record_function")]

    operations: ClassVar[list[migrations.operations.base.Operation]] = [migrations.RunSQL(FORWARD, BACK)]
