"""A finished piece of joint work as the draft of a typical case (典型案例): what was done and why, without saying about whom.

The name is left out on purpose: an entry that was lifted or repaired is public no longer, and a case would say it again. The
draft is for an editor, who owns every word of it; what may not stand in it is refused when it is saved.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from xinyong.accounts.models import User
from xinyong.lists import joint, measures, selectors
from xinyong.lists import registry as lists
from xinyong.lists.errors import ListUnknown, MeasureRefused
from xinyong.lists.models import Joint, JointStep
from xinyong.registry import selectors as entities
from xinyong.standards import names, redaction

#: Stands for the entity.
SOMEBODY: Final = "某单位"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """Texts of an article in Chinese."""

    title: str
    summary: str
    source: str
    body: str


def finished(work: Joint) -> bool:
    """A measure once it is lifted; an incentive once it was carried out."""
    return work.state == "lifted" or (work.favourable and work.state in ("executed", "lift_due"))


def draft(user: User, number: int) -> Draft:
    """The draft. Raises ListUnknown for work that is not to be seen, MeasureRefused for work that is not finished."""
    work = finished_of(user, number)
    hidden = _names(work)
    row = measures.book().rows.get(work.measure)
    config = lists.by_code(work.list_code) if work.list_code else None
    scene = measures.book().scenes.get(work.scene)
    word = "激励" if work.favourable else "措施"
    label = row.zh if row is not None else work.measure
    said: list[tuple[str, list[str]]] = [
        (
            "案由",
            [
                f"{work.department.name_zh}在办理“{work.matter}”（{scene.zh if scene is not None else work.scene}）时查询信用信息，"
                f"{SOMEBODY}{'在' + config.name_zh if config is not None else '有正在公示的信用记录'}，可以考虑的{word}为“{label}”。"
            ],
        ),
        (f"{word}与依据", [row.means_zh, "；".join(base.words("zh") for base in row.bases)] if row is not None else []),
        *((_heading(step), _told(step)) for step in JointStep.objects.filter(joint=work).order_by("seq") if _heading(step)),
    ]  # fmt: skip
    body = "\n\n".join(f"## {heading}\n\n" + "\n\n".join(filter(None, parts)) for heading, parts in said if parts)
    end = "并依法解除" if work.state == "lifted" else "并落实"
    return Draft(
        title=_without(
            f"{work.department.name_zh}依法{'给予激励' if work.favourable else '采取措施'}{end}：{label}", hidden
        )[:200],
        summary=_without(f"{scene.zh if scene is not None else work.scene}：{label}", hidden)[:400],
        source=work.department.name_zh[:200],
        body=_without(body, hidden),
    )


def refusal(number: int, texts: Sequence[str]) -> tuple[str, str] | None:
    """Why a case made from this work may not be saved, in Chinese and English: a text names the entity. Raises ListUnknown."""
    work = Joint.objects.select_related("entity").filter(pk=number).first()
    if work is None:
        raise ListUnknown(name=f"joint {number}")
    for name in _names(work):
        for text in texts:
            if name in text:
                return (
                    f"典型案例中出现了主体名称或者代码“{name}”，请删去：已解除的名单、已修复的处罚不得再次公开",
                    f"the case names the entity ('{name}'): take it out, what was lifted or repaired is not published again",
                )
    return None


def finished_of(user: User, number: int) -> Joint:
    """Work a case may be made of. Raises ListUnknown for work that is not to be seen, MeasureRefused for unfinished work."""
    work = selectors.visible(user, number)
    if not finished(work):
        raise MeasureRefused(
            why_zh="这件联合奖惩还没有办完，办完并解除后才能作为典型案例",
            why_en="this piece of joint work is not finished; a case is made of it once it is lifted",
        )
    return work


def _names(work: Joint) -> list[str]:
    """By what the entity is known, longest first: code, name as registered, what distinguishes the name."""
    found: set[str] = set()
    for entity in {work.entity, entities.canonical(work.entity)}:
        found |= {str(entity.credit_code or ""), entity.name, names.core(entity.name)}
        found |= {name.name for name in entities.former_names(entity)}
    return sorted((name for name in found if len(name) > 1), key=len, reverse=True)


def _without(text: str, hidden: Sequence[str]) -> str:
    for name in hidden:
        text = text.replace(name, SOMEBODY)
    text = re.sub(f"(?:{SOMEBODY}){{2,}}", SOMEBODY, text)
    return redaction.redact(text).text


def _heading(step: JointStep) -> str:
    return joint.table().messages[step.message].zh if step.message in ("M3", "M4", "M5", "M6") else ""


def _told(step: JointStep) -> list[str]:
    facts: dict[str, Any] = step.facts
    trigger = joint.table().triggers.get(str(facts.get("trigger", "")))
    found = [step.reason]
    if facts.get("relation"):
        found.append(f"关联与相当：{facts['relation']}")
    if facts.get("notice_served_on"):
        found.append(f"告知书于 {facts['notice_served_on']} 送达。")
    for key, words in (("executed_on", "执行"), ("lifted_on", "解除")):
        if facts.get(key):
            found.append(f"{words}日期：{facts[key]}。")
    if trigger is not None:
        found.append(f"解除原因：{trigger.zh}。")
    return [text for text in found if text]
