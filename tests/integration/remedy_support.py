"""Firms, officers and records for the tests of cases."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from xinyong.accounts import actions as accounts
from xinyong.accounts.models import Department, Role, User
from xinyong.ledger import selectors as ledger
from xinyong.remedies import actions
from xinyong.remedies.applicant import ALL_RIGHTS, Applicant, ApplicantRight, Material
from xinyong.remedies.models import Step

PDF = b"%PDF-1.7 receipt of payment"
PROOF = Material(kind="proof", name="缴款凭证.pdf", content=PDF)
MET = {"performed": "met", "corrected": "met", "harm_removed": "met", "other_rules": "met", "no_repeat": "met"}


def person(username: str, role: Role, department: str | None) -> User:
    """An officer."""
    return accounts.create_user(
        username=username,
        display_name=username,
        department=Department.objects.get(slug=department) if department else None,
        role=role,
        password="a-long-password-1",
        acting="test",
    )


def stock(desk: Any, numbers: range) -> None:
    """A penalty of 200 days ago for each number, in two deliveries: :func:`penalty` finds it."""
    firms = [(desk.code(number), f"示例{number}救济有限公司", number) for number in numbers]
    desk.take([desk.registration(code, name) for code, name, _ in firms])
    day = (date.today() - timedelta(days=200)).isoformat()
    desk.take(
        [desk.penalty(code, name, CF_WSH=f"救{number}-200", CF_JDRQ=day) for code, name, number in firms], "penalty"
    )
    desk.catch_up()


def penalty(desk: Any, number: int, days: int = 200, **more: str) -> tuple[int, int]:
    """(entity, record) of a public penalty decided so many days ago."""
    code, name = desk.code(number), f"示例{number}救济有限公司"
    found = desk.rows(
        "SELECT version.entity_id, version.record_id FROM ledger_version AS version JOIN registry_entity AS entity "
        "ON entity.id = version.entity_id WHERE entity.credit_code = %s AND payload->>'CF_WSH' = %s",
        code,
        f"救{number}-{days}",
    )
    if found and not more:
        return int(found[0][0]), int(found[0][1])
    if not desk.one("SELECT count(*) FROM registry_entity WHERE credit_code = %s", code):
        desk.take([desk.registration(code, name)])
    day = (date.today() - timedelta(days=days)).isoformat()
    document = more.pop("CF_WSH", f"救{number}-{days}")
    desk.take([desk.penalty(code, name, CF_WSH=document, CF_JDRQ=day, **more)], "penalty")
    desk.catch_up()
    entity = desk.one("SELECT id FROM registry_entity WHERE credit_code = %s", code)
    record = desk.one(
        "SELECT record_id FROM ledger_record JOIN ledger_version USING (entity_id, record_id) "
        "WHERE entity_id = %s AND payload->>'CF_WSH' = %s",
        entity,
        document,
    )
    return entity, record


def applicant(entity: int, *rights: ApplicantRight, account: int = 7) -> Applicant:
    """An account of the firm; every right unless named."""
    return Applicant.acting(
        entity_id=entity, account_id=account, name="示例经办人", rights=frozenset(rights) or ALL_RIGHTS
    )


def objection(entity: int, record: int, **more: Any) -> int:
    """An objection to the record."""
    given = {"ground": "factual", "statement": "金额与决定书不符。", **more}
    return actions.open_objection(applicant(entity), record, **given)


def handed_in(entity: int, record: int) -> int:
    """An application for repair that lies with the unit."""
    case = actions.open_repair(applicant(entity), record, materials=[PROOF], commitment=True)
    actions.submit_repair(applicant(entity), case)
    return case


def stranger_of() -> User:
    """An officer who decides for another unit than the one the records came from."""
    accounts.register_department(slug="elsewhere", name_zh="别处单位", acting="test")
    return person("remedy-stranger", Role.SUPERVISOR, "elsewhere")


def states(record: int) -> set[str]:
    """What a record carries now."""
    return set(ledger.record(record).states())


def acts(case: int) -> list[str]:
    """The steps of a case, in order."""
    return list(Step.objects.filter(case_id=case).order_by("number").values_list("act", flat=True))
