"""What a firm has to do, with the day by which: cases that wait for it, delegates and authorisations that run out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.urls import reverse

from xinyong.centre import authorisations, selectors
from xinyong.centre.rules import State
from xinyong.centre.selectors import Seat
from xinyong.commitments import selectors as commitments
from xinyong.remedies.pages import ApplicantCase

SOON = timedelta(days=14)


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A line of the home page. ``when``: the deadline or what it waits for, in words."""

    when: str
    tone: str
    words: str
    note: str
    url: str
    due_on: date


def of(seat: Seat, running: Sequence[ApplicantCase], today: date, language: str) -> tuple[Task, ...]:
    """Tasks of the person for the firm, the most urgent first."""
    english = language == "en"
    tasks: list[Task] = []
    for case in running:
        acts = case.may & {"answer_gap", "submit"}
        if not acts:
            continue
        gap = "answer_gap" in acts
        due = case.line.due_on
        tasks.append(
            Task(
                when=str(due) if due else ("Waits for you" if english else "待您办理"),
                tone="red" if due and due <= today + timedelta(days=3) else "amber",
                words=(
                    (f"Answer the gaps of {case.line.number}" if gap else f"Finish and submit {case.line.number}")
                    if english
                    else (f"补正 {case.line.number}" if gap else f"完成并提交 {case.line.number}")
                ),
                note=case.line.title,
                url=reverse("centre-case", args=[case.line.case_id]),
                due_on=due or today,
            )
        )
    for promise in commitments.to_sign(seat.firm.members):
        tasks.append(
            Task(
                when="To be signed" if english else "待签署",
                tone="blue",
                words=f"Commitment: {promise.matter}" if english else f"{promise.matter} 承诺书",
                note=promise.department.name_zh,
                url=reverse("centre-commitment", args=[promise.pk]),
                due_on=today + SOON,
            )
        )
    for promise in commitments.awaiting_papers(seat.firm.members):
        due = promise.check_on or today
        tasks.append(
            Task(
                when=str(due),
                tone="red" if due <= today + timedelta(days=3) else "amber",
                words=f"Hand in the missing papers: {promise.matter}" if english else f"补齐材料：{promise.matter}",
                note=promise.department.name_zh,
                url=reverse("centre-commitment", args=[promise.pk]),
                due_on=due,
            )
        )
    if seat.leads:
        for row in selectors.mandates_of_firm(seat.firm):
            if row.state is State.ASKED:
                tasks.append(
                    Task(
                        when="Waits for you" if english else "待您确认",
                        tone="violet",
                        words="Give a delegate rights, or not" if english else "是否授权认证平台登记的经办人",
                        note=row.name,
                        url=reverse("centre-delegates"),
                        due_on=today + SOON,
                    )
                )
            elif row.state is State.ACTIVE and row.until and date.fromisoformat(row.until) <= today + SOON:
                tasks.append(
                    Task(
                        when=f"until {row.until}" if english else f"{row.until} 到期",
                        tone="amber",
                        words="A delegation runs out" if english else "经办人授权即将到期",
                        note=row.name,
                        url=reverse("centre-delegates"),
                        due_on=date.fromisoformat(row.until),
                    )
                )
        for grant in authorisations.of_firm(seat.firm, language):
            if grant.state == "active" and grant.valid_until <= today + SOON:
                tasks.append(
                    Task(
                        when=f"until {grant.valid_until}" if english else f"{grant.valid_until} 到期",
                        tone="blue",
                        words="An authorisation runs out" if english else "查询授权即将到期",
                        note=grant.institution,
                        url=reverse("centre-authorisations"),
                        due_on=grant.valid_until,
                    )
                )
    return tuple(sorted(tasks, key=lambda task: task.due_on))
