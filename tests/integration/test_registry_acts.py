"""Merge, split, succession and numbers as acts: who speaks for whom, what pages show, and that a split restores all."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone, translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

REASON = {"reason": "同一主体两次登记", "evidence": "（示）登记〔2026〕1号"}


@pytest.fixture(scope="module")
def officers(desk: Any) -> dict[str, Any]:
    """Two officers with the right, one without."""
    from xinyong.accounts import actions as accounts
    from xinyong.accounts.models import Role

    return {
        name: accounts.create_user(
            username=name, password="a-long-password-1", display_name=name, role=role, department=None, acting="test"
        )
        for name, role in (("first", Role.OPERATOR), ("second", Role.OPERATOR), ("plain", Role.REPORTER))
    }


@pytest.fixture(scope="module")
def world(desk: Any) -> dict[str, Any]:
    """Four registered companies, and an old enterprise known by its registration number only; each with a penalty."""
    names = {"甲": 1, "乙": 2, "丙": 3, "丁": 4}
    codes = {name: desk.code(number) for name, number in names.items()}
    receipt = desk.take([desk.registration(codes[name], f"示例{name}有限公司") for name in names])
    assert receipt.accepted == 4
    rows = [
        desk.penalty(code, f"示例{name}有限公司", CF_WSH=f"（示）罚〔2026〕{number}号")
        for number, (name, code) in enumerate(codes.items(), start=1)
    ]
    rows.append(
        desk.penalty(
            "", "示例甲有限公司", CF_XDR_GSZC="410700600000014", CF_WSH="（示）罚〔2026〕9号", CF_XDR_LB="个体工商户"
        )
    )
    receipt = desk.take(rows, "penalty")
    assert receipt.accepted == 5, desk.findings(receipt.delivery)
    desk.catch_up()
    ids = {
        name: desk.one("SELECT id FROM registry_entity WHERE credit_code = %s", code) for name, code in codes.items()
    }
    ids["旧"] = desk.one("SELECT entity_id FROM registry_identifier WHERE value = '410700600000014'")
    return {"codes": codes, "ids": ids}


def entity(world: dict[str, Any], name: str) -> Any:
    from xinyong.registry.models import Entity

    return Entity.objects.get(pk=world["ids"][name])


def everything(world: dict[str, Any]) -> dict[str, Any]:
    """Every read a merge could touch, of every entity: pages by public key, search, counts, members, names, numbers."""
    from xinyong.ledger import selectors as ledger
    from xinyong.publicity import searching
    from xinyong.publicity import selectors as publicity
    from xinyong.registry import selectors as registry

    with translation.override("zh-hans"):  # whatever a request before this left active
        reads: dict[str, Any] = {"figures": publicity.site_figures(), "latest": publicity.latest_double_publicity(20)}
        reads["search"] = searching.search("示例", 1)
    client = Client(headers={"accept-language": "zh-CN"})
    for name in world["ids"]:
        item = entity(world, name)
        for key in {registry.own_key(item), registry.keys.public_key(item.pk)}:
            answer = client.get(f"/entities/{key}")
            reads[f"page {key}"] = (answer.status_code, answer.headers.get("Location"), _steady(answer.content))
        reads[f"members {name}"] = registry.members(item)
        reads[f"names {name}"] = [row.name for row in registry.former_names(item)]
        reads[f"numbers {name}"] = [(row.type, row.value) for row in registry.identifiers(item)]
        reads[f"ledger {name}"] = ledger.records_of_entity(item.pk)
        reads[f"count {name}"] = publicity.public_record_count(item, timezone.localdate())
        reads[f"row {name}"] = {key: value for key, value in vars(item).items() if key != "_state"}
    return reads


def _steady(content: bytes) -> bytes:
    """A page without what differs on each answer, and without the newest checkpoint: acts are leaves of the log too."""
    import re

    content = re.sub(rb'name="csrfmiddlewaretoken" value="[^"]+"', b"", content)
    content = re.sub(rb"<time data-volatile [^<]*</time>", b"", content)
    return re.sub(rb'(<a href="[^"]*/checkpoint">)[^<]*', rb"\1", content)


def test_merge_gathers_the_records_and_leads_old_addresses_on(desk: Any, world: Any, officers: Any) -> None:
    from xinyong.publicity import selectors as publicity
    from xinyong.registry import actions, keys
    from xinyong.registry import selectors as registry

    before = everything(world)
    old, kept = entity(world, "旧"), entity(world, "甲")
    versions = desk.rows("SELECT * FROM ledger_version ORDER BY version_id")
    total = publicity.site_figures().entities
    act = actions.merge(officers["first"], old.pk, kept.pk, **REASON)

    assert desk.rows("SELECT * FROM ledger_version ORDER BY version_id") == versions, "evidence is never rewritten"
    assert publicity.site_figures().entities == total - 1
    assert registry.members(entity(world, "甲")) == (kept.pk, old.pk)
    client = Client(headers={"accept-language": "zh-CN"})
    for key in (keys.public_key(old.pk), "410700600000014"):
        answer = client.get(f"/entities/{key}?page-penalty=1")
        assert (answer.status_code, answer.headers["Location"]) == (308, f"/entities/{world['codes']['甲']}")
        assert "no-cache" in answer.headers["Cache-Control"], "a split must not meet a browser that still redirects"
    page = client.get(f"/entities/{world['codes']['甲']}").content.decode()
    assert "（示）罚〔2026〕1号" in page and "（示）罚〔2026〕9号" in page
    assert publicity.public_record_count(entity(world, "甲"), timezone.localdate()) == 3
    found = registry.search("410700600000014")
    assert [item.entity.pk for item in found.matches] == [kept.pk]
    hits = registry.search("示例甲有限公司")
    listed = [item.entity.pk for item in hits.matches]
    assert listed[0] == kept.pk and old.pk not in listed and len(listed) == len(set(listed)) == hits.total
    assert desk.one("SELECT detail ->> 'key' FROM audit_auditentry WHERE target = %s", f"act {act.pk}")

    actions.split(officers["second"], old.pk, **REASON)
    assert everything(world) == before
    act.refresh_from_db()
    assert act.state == "undone"


def test_two_codes_never_merge_without_a_recorded_change(desk: Any, world: Any, officers: Any) -> None:
    from xinyong.registry import actions
    from xinyong.registry.errors import ActRefused, MergeRefused
    from xinyong.registry.models import Succession

    before = everything(world)
    one, two = world["ids"]["甲"], world["ids"]["乙"]
    with pytest.raises(MergeRefused, match="different valid credit codes"):
        actions.merge(officers["first"], one, two, **REASON)
    for kind in ("conversion", "absorption"):  # each stays a subject of its own
        actions.record_succession(officers["first"], kind, one, two, effective_on=date(2026, 1, 1), **REASON)
        with pytest.raises(MergeRefused):
            actions.merge(officers["first"], one, two, **REASON)
    actions.record_succession(officers["first"], "code_change", one, two, effective_on=date(2026, 1, 1), **REASON)
    with pytest.raises(MergeRefused, match="new code must be the one kept"):
        actions.merge(officers["first"], two, one, **REASON)
    actions.merge(officers["first"], one, two, **REASON)
    change = Succession.objects.get(kind="code_change", predecessor=one)
    with pytest.raises(ActRefused, match="split the entries first"):
        actions.revoke_succession(officers["first"], change.pk, **REASON)
    actions.split(officers["first"], one, **REASON)
    for held in Succession.objects.filter(revoked_by=None):
        actions.revoke_succession(officers["first"], held.pk, **REASON)
    assert everything(world) == before


def test_a_deed_needs_the_right_a_reason_and_evidence(world: Any, officers: Any) -> None:
    from xinyong.accounts.selectors import RightMissing
    from xinyong.registry import actions
    from xinyong.registry.errors import ActRefused

    one, two = world["ids"]["旧"], world["ids"]["乙"]
    with pytest.raises(RightMissing):
        actions.merge(officers["plain"], one, two, **REASON)
    for reason, evidence in (("", "x"), ("x", "  ")):
        with pytest.raises(ActRefused, match="reason and the evidence"):
            actions.merge(officers["first"], one, two, reason=reason, evidence=evidence)


def test_a_preview_that_is_no_longer_true_is_refused(world: Any, officers: Any) -> None:
    from xinyong.registry import actions, selectors
    from xinyong.registry.errors import ActOvertaken

    old, first, third = entity(world, "旧"), entity(world, "甲"), entity(world, "丙")
    seen = selectors.fingerprint(old, first)
    actions.merge(officers["second"], old.pk, third.pk, **REASON)
    with pytest.raises(ActOvertaken):
        actions.merge(officers["first"], old.pk, first.pk, seen=seen, **REASON)
    actions.split(officers["first"], old.pk, **REASON)
    with pytest.raises(ActOvertaken, match="split already"):
        actions.split(officers["second"], old.pk, **REASON)
    actions.merge(officers["first"], old.pk, first.pk, seen=selectors.fingerprint(entity(world, "旧"), first), **REASON)
    actions.split(officers["first"], old.pk, **REASON)


def test_two_at_once_one_wins(world: Any, officers: Any, desk: Any) -> None:
    from xinyong.errors import XinyongError
    from xinyong.registry import actions

    outcome: list[str] = []
    gate = threading.Barrier(2)

    def attempt(deed: Callable[[], Any]) -> None:
        gate.wait()
        try:
            deed()
            outcome.append("done")
        except XinyongError as error:
            outcome.append(error.message("zh"))
        finally:
            connection.close()

    ids = world["ids"]
    for deeds in (
        (
            lambda: actions.merge(officers["first"], ids["旧"], ids["甲"], **REASON),
            lambda: actions.merge(officers["second"], ids["旧"], ids["乙"], **REASON),
        ),
        (
            lambda: actions.split(officers["first"], ids["旧"], **REASON),
            lambda: actions.split(officers["second"], ids["旧"], **REASON),
        ),
    ):
        outcome.clear()
        threads = [threading.Thread(target=attempt, args=(deed,)) for deed in deeds]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert outcome.count("done") == 1, outcome
        (message,) = [text for text in outcome if text != "done"]
        assert "没有作任何改动" in message


def test_a_second_person_must_be_another(world: Any, officers: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from xinyong.registry import actions
    from xinyong.registry.errors import ActOvertaken, ActRefused

    monkeypatch.setenv("XINYONG_SECOND_PERSON", "merge, split")
    before = everything(world)
    act = actions.merge(officers["first"], world["ids"]["旧"], world["ids"]["甲"], **REASON)
    assert act.state == "proposed" and everything(world) == before
    with pytest.raises(ActRefused, match="second person"):
        actions.decide(officers["first"], act.pk, agree=True)
    refused = actions.decide(officers["second"], act.pk, agree=False, note="不是同一主体")
    assert refused.state == "refused" and everything(world) == before
    with pytest.raises(ActOvertaken):
        actions.decide(officers["second"], act.pk, agree=True)
    act = actions.merge(officers["first"], world["ids"]["旧"], world["ids"]["甲"], **REASON)
    actions.decide(officers["second"], act.pk, agree=True)
    assert entity(world, "旧").canonical_id == world["ids"]["甲"]
    act = actions.split(officers["second"], world["ids"]["旧"], **REASON)
    actions.decide(officers["first"], act.pk, agree=True)
    assert everything(world) == before


def test_a_number_may_lead_elsewhere_from_a_day_on(world: Any, officers: Any, desk: Any) -> None:
    from xinyong.registry import actions, selectors
    from xinyong.registry.errors import ActOvertaken, ActRefused

    ids = world["ids"]
    actions.enter_number(officers["first"], ids["丙"], "tax_number", "41070012345678X", issuer="示例市税务局", **REASON)
    assert selectors.found("41070012345678X").pk == ids["丙"]
    with pytest.raises(ActOvertaken):
        actions.enter_number(officers["first"], ids["丙"], "tax_number", "41070012345678X", **REASON)
    with pytest.raises(ActRefused, match="give the day"):
        actions.enter_number(officers["first"], ids["丁"], "tax_number", "41070012345678X", **REASON)
    for type_, value in (("credit_code", desk.code(77)), ("unheard-of", "1"), ("tax_number", " ")):
        with pytest.raises(ActRefused, match="not on the list"):
            actions.enter_number(officers["first"], ids["丙"], type_, value, **REASON)
    day = date(2026, 6, 1)
    actions.enter_number(officers["first"], ids["丁"], "tax_number", "41070012345678x", valid_from=day, **REASON)
    assert selectors.found("41070012345678X").pk == ids["丁"]
    (past,) = selectors.former_numbers(entity(world, "丙"))
    assert (past.value, past.valid_until) == ("41070012345678X", date(2026, 5, 31))


steps = st.lists(st.tuples(st.sampled_from("甲乙丙丁旧"), st.sampled_from("甲乙丙丁旧")), min_size=1, max_size=10)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=steps, order=st.randoms(use_true_random=False))
def test_property_any_merges_taken_back_in_any_order_restore_everything(
    desk: Any, world: Any, officers: Any, steps: Any, order: Any
) -> None:
    """And on the way, whoever speaks has every member's records once, and nobody else's."""
    from xinyong.errors import XinyongError
    from xinyong.publicity import selectors as publicity
    from xinyong.registry import actions, selectors
    from xinyong.registry.models import Succession

    ids = world["ids"]
    before = everything(world)
    own = {name: publicity.public_record_count(entity(world, name), timezone.localdate()) for name in ids}
    for one, two in ((a, b) for a in "甲乙丙丁" for b in "甲乙丙丁" if a < b):
        actions.record_succession(officers["first"], "code_change", ids[one], ids[two], effective_on=None, **REASON)
    merged = []
    for one, two in steps:
        try:
            actions.merge(officers["first"], ids[one], ids[two], **REASON)
            merged.append(one)
        except XinyongError:
            continue
        roots = {name: selectors.root_id(entity(world, name)) for name in ids}
        for name in ids:
            if roots[name] == ids[name]:
                group = [other for other in ids if roots[other] == ids[name]]
                assert set(selectors.members(entity(world, name))) == {ids[other] for other in group}
                count = publicity.public_record_count(entity(world, name), timezone.localdate())
                assert count == sum(own[other] for other in group)
    order.shuffle(merged)
    for name in merged:
        actions.split(officers["second"], ids[name], **REASON)
    for held in Succession.objects.filter(revoked_by=None):
        actions.revoke_succession(officers["first"], held.pk, **REASON)
    assert everything(world) == before
