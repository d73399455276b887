"""``xinyong release-rule``: may good rows enter by themselves, and does a second person look first?"""

from __future__ import annotations

from datetime import datetime

import click

from xinyong.runtime.command import command, emit, setup_django


@click.command()
@click.option("--department", "slug", help="Department code; without it the rule is for every department.")
@click.option("--dataset", default="", help="Dataset or bundle; without it the rule is for all of them.")
@click.option(
    "--good-rows",
    type=click.Choice(["at_once", "on_release", "whole"]),
    help="Good rows of a delivery with wrong ones: enter at once, wait for a person, or only the whole delivery enters.",
)
@click.option("--four-eyes/--no-four-eyes", default=False, help="Somebody other than the uploader must release it.")
@click.option("--from", "since", type=click.DateTime(["%Y-%m-%d"]), help="First day it governs; default today.")
@click.option("--reason", default="", help="The department's rule or order behind it; needed to write a rule.")
@command
def release_rule(
    slug: str | None,
    dataset: str,
    good_rows: str | None,
    four_eyes: bool,
    since: datetime | None,
    reason: str,
    *,
    as_json: bool,
) -> None:
    """Write a release rule, or list the rules when neither --good-rows nor --four-eyes is given.

    Of the rules in force the most exact one governs: department and dataset, then department, then dataset.
    """
    setup_django()
    from django.utils import timezone

    from xinyong.accounts import selectors as accounts
    from xinyong.intake.models import ReleaseRule
    from xinyong.intake.release import actions as release_actions

    if good_rows is None and not four_eyes:
        rules = list(ReleaseRule.objects.select_related("department").order_by("-id"))
        for rule in rules:
            _show(rule, as_json=as_json)
        if not rules:
            emit(
                {"rules": 0}, as_json=as_json, text="没有放行规则：正确的行立即入库。No rule: good rows enter at once."
            )
        return
    if not reason.strip():
        raise click.UsageError("--reason is needed: the rule or order of the department")
    rule = release_actions.lay_down(
        department=accounts.department(slug) if slug else None,
        dataset=dataset,
        good_rows=ReleaseRule.GoodRows(good_rows or "at_once"),
        four_eyes=four_eyes,
        effective_from=since.date() if since else timezone.localdate(),
        reason=reason.strip(),
        acting="command release-rule",
    )
    _show(rule, as_json=as_json)


def _show(rule: object, *, as_json: bool) -> None:
    from xinyong.intake.models import ReleaseRule

    assert isinstance(rule, ReleaseRule)
    department = rule.department.slug if rule.department else "*"
    values = {
        "department": department,
        "dataset": rule.dataset_code or "*",
        "good_rows": rule.good_rows,
        "four_eyes": rule.four_eyes,
        "from": rule.effective_from.isoformat(),
        "reason": rule.reason,
        "set_by": rule.set_by,
    }
    eyes = "，双人复核 four eyes" if rule.four_eyes else ""
    emit(
        values,
        as_json=as_json,
        text=f"{department:<20}{rule.dataset_code or '*':<24}{rule.good_rows:<12}{rule.effective_from}{eyes}  {rule.reason}",
    )
